//! Which file something goes to or comes from: by the system's dialog, or by a path where there is none.

use std::path::PathBuf;

use super::{ConversationId, Cx, Home, Settings};
use crate::app::effect::Effect;
use crate::app::msg::{ChatMsg, FileMsg, Ringtone, SettingsMsg};
use crate::protocol::AttrSubject;
use crate::store::Format;

/// What a file is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To write what was said in a conversation.
    History {
        /// In which.
        of: ConversationId,
        /// By how many minutes the clock here is ahead of UTC.
        utc_offset_min: i32,
    },
    /// To write attributes.
    WriteAttrs(AttrSubject),
    /// To read some.
    ReadAttrs(AttrSubject),
    /// To write frames of the link, one a line.
    Console(String),
    /// To write what was logged.
    Log,
    /// To ring with.
    Ringtone,
}

impl Purpose {
    /// What is asked.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::History { .. } => "Export the conversation",
            Self::WriteAttrs(_) => "Export attributes",
            Self::ReadAttrs(_) => "Import attributes",
            Self::Console(_) => "Save the console",
            Self::Log => "Save the log",
            Self::Ringtone => "Choose a ringtone",
        }
    }

    /// What the button says that does it.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Self::History { .. } => "Export",
            Self::WriteAttrs(_) => "Write file",
            Self::ReadAttrs(_) => "Read file",
            Self::Console(_) | Self::Log => "Save file",
            Self::Ringtone => "Use this file",
        }
    }

    /// Whether a file is written, rather than read.
    pub(crate) fn writes(&self) -> bool {
        match self {
            Self::History { .. } | Self::WriteAttrs(_) | Self::Console(_) | Self::Log => true,
            Self::ReadAttrs(_) | Self::Ringtone => false,
        }
    }

    /// The endings of such files, the usual one first, and what they are.
    pub(crate) fn kinds(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::History { .. } => &[("txt", "Text"), ("json", "JSON")],
            Self::WriteAttrs(_) | Self::ReadAttrs(_) => &[("json", "JSON")],
            Self::Console(_) | Self::Log => &[("txt", "Text")],
            Self::Ringtone => &[("wav", "WAV")],
        }
    }

    /// A name for a file that is written.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::History { of, .. } => format!("{}.txt", safe(&conversation(of))),
            Self::WriteAttrs(of) | Self::ReadAttrs(of) => {
                format!("attributes-{}.json", safe(&subject(of)))
            }
            Self::Console(_) => "callsign-console.txt".to_owned(),
            Self::Log => "callsign-log.txt".to_owned(),
            Self::Ringtone => "ringtone.wav".to_owned(),
        }
    }
}

/// Files that are being chosen.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The number of the system's dialog that is open, or about to be.
    asked: Option<u64>,
    typed: Option<Purpose>,
}

impl Files {
    /// What a path is to be typed for.
    pub(crate) fn typed(&self) -> Option<&Purpose> {
        self.typed.as_ref()
    }
}

pub(super) fn update(home: &mut Home, set: &mut Settings, cx: &mut Cx<'_>, msg: FileMsg) {
    match msg {
        // One at a time: the dialog is there already.
        FileMsg::Ask(_) if home.files.asked.is_some() => {}
        FileMsg::Ask(purpose) => {
            let no = cx.ids.number();
            home.files.asked = Some(no);
            cx.effects.push(Effect::ChooseFile(no, purpose));
        }
        FileMsg::Dialog(no, said) if home.files.asked == Some(no) => update(home, set, cx, *said),
        // It was opened for somebody who is not in any more.
        FileMsg::Dialog(..) => {}
        FileMsg::NoDialog(purpose) => {
            home.files = Files {
                asked: None,
                typed: Some(purpose),
            };
        }
        FileMsg::Cancelled => home.files = Files::default(),
        FileMsg::Chosen(purpose, path) => {
            home.files = Files::default();
            chosen(home, set, cx, purpose, path);
        }
        FileMsg::Written(purpose, written) => match purpose {
            Purpose::Console(_) => home.console.saved(written),
            Purpose::WriteAttrs(_) | Purpose::ReadAttrs(_) => home.inspector.written(written),
            Purpose::Log => home.logged = Some(written),
            // The history says so itself, and nothing is written to a ringtone.
            Purpose::History { .. } | Purpose::Ringtone => {}
        },
    }
}

fn chosen(home: &mut Home, set: &mut Settings, cx: &mut Cx<'_>, purpose: Purpose, path: PathBuf) {
    match purpose {
        Purpose::History { of, utc_offset_min } => {
            let is_json = path.extension().is_some_and(|ending| ending == "json");
            let export = ChatMsg::Export {
                conversation: of,
                format: match is_json {
                    true => Format::Json,
                    false => Format::Text { utc_offset_min },
                },
                path,
            };
            home.chats.update(cx, export);
        }
        // Whoever looks at somebody else by now does not get their attributes under this name.
        Purpose::WriteAttrs(of) if of != *home.inspector.subject() => {}
        Purpose::WriteAttrs(_) => home.inspector.write_to(cx, path),
        Purpose::ReadAttrs(of) => home.inspector.read_from(cx, of, path),
        Purpose::Console(text) => {
            let purpose = Purpose::Console(String::new());
            cx.effects.push(Effect::WriteFile(purpose, path, text));
        }
        Purpose::Log => cx.effects.push(Effect::WriteLog(path)),
        Purpose::Ringtone => set.update(cx, SettingsMsg::Ringtone(Ringtone::File(path))),
    }
}

fn conversation(of: &ConversationId) -> String {
    match of {
        ConversationId::Person(account) => account.to_string(),
        ConversationId::Room(name) => name.to_string(),
    }
}

fn subject(of: &AttrSubject) -> String {
    match of {
        AttrSubject::Account(account) => account.to_string(),
        AttrSubject::Channel(name) => name.to_string(),
    }
}

/// Letters that every system takes in the name of a file.
fn safe(name: &str) -> String {
    let fits = |c: &char| c.is_alphanumeric() || "-_.".contains(*c);
    name.chars().filter(fits).collect()
}
