//! All behaviour of the app: what happened goes in, what is to be done comes out, and views read the rest.
//!
//! Knows nothing of egui, tokio, clocks or sockets. `update` only routes; each topic has its file:
//!
//! | file | what |
//! |---|---|
//! | `sign_in` | the card: signed out, signing in, and why not |
//! | `keyring` | the token of a sign-in, which the system's keyring keeps |
//! | `home` | all that a signed-in account has |
//! | `events` | who of it hears which event |
//! | `start` | what is kept is opened, and whoever was in comes back |
//! | `chats` | conversations: who says what where, drafts, unread |
//! | `recording` | keeping what is said in a call |
//! | `conversation`, `message` | a window onto one history, and its lines |
//! | `sending`, `outbox` | saying something, until the server has it |
//! | `search` | looking for words |
//! | `heard` | what was said in rooms while one was away |
//! | `rooms` | which rooms one is in, who else is, their topics |
//! | `typing` | who is writing |
//! | `people` | who is online |
//! | `calls` | calls, from the first ring to the last word |
//! | `contacts` | the people whom one has added, their names, who is blocked |
//! | `inspect` | the attribute inspector |
//! | `console` | the raw frames of the link |
//! | `files` | which file something goes to or comes from |
//! | `serving` | the server on this computer |
//! | `settings` | what is set for this profile |
//! | `panes` | what is shown beside a conversation, and how wide |
//! | `audio` | microphone and speaker |
//! | `call_sound` | what is heard in a call |
//! | `call_log` | the calls that were |
//! | `me` | what others see of oneself |
//! | `news` | what rings, and what is shown to whoever does not look |

mod audio;
mod call_log;
mod call_sound;
mod calls;
mod chats;
mod console;
mod contacts;
mod conversation;
mod events;
mod files;
mod heard;
mod home;
mod inspect;
mod keyring;
mod me;
mod message;
mod news;
mod outbox;
mod panes;
mod people;
mod recording;
mod rooms;
mod search;
mod sending;
mod serving;
mod settings;
mod sign_in;
mod start;
#[cfg(test)]
pub(crate) mod tests;
mod typing;

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use crate::protocol::MessageId;

use super::effect::Effect;
use super::effect::ServerEffect;
use super::kept::{Overview, StoreMsg};
use super::msg::{Msg, NavMsg, SecretMsg};

pub(crate) use audio::{Audio, AudioDevice, AudioSet, AudioTest, Listed, Place};
pub(crate) use call_log::{CALL_INTERRUPTED, CallLog, Ending, MISSED_CALL, PastCall};
pub(crate) use call_sound::{CallSound, Quality};
pub(crate) use calls::{Call, CallNo, CallPhase, Calls, Outcome};
pub(crate) use chats::ConversationId;
pub(crate) use console::Console;
pub(crate) use contacts::{Contacts, NAME_CHARS};
pub(crate) use conversation::{Conversation, JumpTo};
pub(crate) use files::{Files, Purpose};
pub(crate) use heard::Older;
pub(crate) use home::{Home, Link, Screen};
pub(crate) use inspect::{Inspector, Known, Query, Tab, Trouble, may_set, value_of};
pub(crate) use keyring::{Keyring, TokenWanted};
pub(crate) use me::{IN_A_CALL, Me};
pub(crate) use message::{Body, Delivery, Message};
pub(crate) use panes::{Pane, Panes};
pub(crate) use people::{People, Presence, Status};
pub(crate) use recording::{RecordWord, Recording};
pub(crate) use rooms::{Membership, Room, Rooms, TOPIC};
pub(crate) use serving::{Serving, Who};
pub(crate) use settings::{Look, Raise, SCALES, Settings, Sound};
pub(crate) use sign_in::{Card, Refusal};
pub(crate) use typing::Typing;

/// The number of a line in the history.
pub(crate) use crate::store::MessageRow as Row;

/// The state of one profile's app.
#[derive(Debug)]
pub(crate) struct State {
    ids: Ids,
    phase: Phase,
    /// Who comes back by themselves, as soon as their history is open.
    coming: Option<start::Coming>,
    settings: Settings,
    keyring: Keyring,
    panes: Panes,
    audio: Audio,
    /// What is to be said of the history once somebody is in.
    note: Option<String>,
    told: news::Told,
    /// Whether the frames of the link are being told.
    listens: bool,
    /// Whether the server on this computer is being looked at.
    looks: bool,
    /// Whether the window has the keyboard, whoever is signed in.
    focused: bool,
}

/// Where the app is.
#[derive(Debug)]
pub(crate) enum Phase {
    /// What is kept on this computer is being opened, for some milliseconds.
    Opening,
    /// The sign-in card is shown.
    Out(Card),
    /// Somebody is signed in, with or without a link at the moment.
    Home(Box<Home>),
}

/// The time, on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// For durations.
    pub(crate) at: Instant,
    /// For what people read: ms since the Unix epoch.
    pub(crate) unix_ms: u64,
}

/// What topics may use of the outside while they handle something.
#[derive(Debug)]
pub(crate) struct Cx<'a> {
    /// The time.
    pub(crate) now: Now,
    /// Whether the window has the keyboard.
    pub(crate) focused: bool,
    /// For new ids.
    pub(crate) ids: &'a mut Ids,
    /// What is to be done.
    pub(crate) effects: &'a mut Vec<Effect>,
}

/// A source of ids that no other client has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    prefix: u64,
    last: u64,
}

impl Ids {
    /// The next number; never 0, and never the same.
    pub(crate) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The next name that no other client uses.
    pub(crate) fn name(&mut self, kind: &str) -> String {
        let number = self.number();
        format!("{kind}{:016x}-{number:x}", self.prefix)
    }

    /// The id of a new message. `None` would take an id that is no id, which a hexadecimal number is not.
    pub(crate) fn message(&mut self) -> Option<MessageId> {
        MessageId::try_from(self.name("")).ok()
    }
}

impl State {
    /// What is kept is not open yet. `seed` must differ from that of any other start of any client.
    pub(crate) fn new(seed: u64, theme: Option<Look>) -> Self {
        Self {
            ids: Ids {
                prefix: seed,
                last: 0,
            },
            phase: Phase::Opening,
            coming: None,
            settings: Settings::new(theme),
            keyring: Keyring::default(),
            panes: Panes::default(),
            audio: Audio::default(),
            note: None,
            told: news::Told::default(),
            listens: false,
            looks: false,
            focused: true,
        }
    }

    /// What is set for this profile.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What this profile has to do with the system's keyring.
    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// What is shown beside a conversation.
    pub(crate) fn panes(&self) -> &Panes {
        &self.panes
    }

    /// Microphone and speaker.
    pub(crate) fn audio(&self) -> &Audio {
        &self.audio
    }

    /// Where the app is.
    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Every call that is to be shown, the newest last.
    pub(crate) fn calls(&self) -> &[Call] {
        match &self.phase {
            Phase::Opening | Phase::Out(_) => &[],
            Phase::Home(home) => home.calls.all(),
        }
    }

    /// How often somebody wanted to see the window, from outside of it, such as by a click on a notification.
    pub(crate) fn wanted(&self) -> u64 {
        match &self.phase {
            Phase::Opening | Phase::Out(_) => 0,
            Phase::Home(home) => home.wanted,
        }
    }

    /// Takes in what happened, and says what is to be done.
    #[must_use]
    pub(crate) fn update(&mut self, now: Now, msg: Msg) -> Vec<Effect> {
        if let Msg::Nav(NavMsg::Focus(focused)) = &msg {
            self.focused = *focused;
        }
        let mut effects = Vec::new();
        // Apart from the state while it is told.
        let mut ids = self.ids;
        let mut cx = Cx {
            now,
            focused: self.focused,
            ids: &mut ids,
            effects: &mut effects,
        };
        self.route(&mut cx, msg);
        self.settle(&mut cx);
        self.ids = ids;
        effects
    }

    /// Each topic hears its own.
    fn route(&mut self, cx: &mut Cx<'_>, msg: Msg) {
        match (msg, &mut self.phase) {
            (Msg::SignIn(msg), phase) => sign_in::update(phase, &mut self.keyring, cx, msg),
            (Msg::Secret(msg), _) => self.secret(cx, msg),
            (Msg::Happened(event), phase) => events::happened(phase, cx, event),
            (Msg::Nav(msg), Phase::Home(home)) => home.nav(cx, msg),
            (Msg::Chat(msg), Phase::Home(home)) => home.chat(cx, msg),
            (Msg::Room(msg), Phase::Home(home)) => home.room(cx, msg),
            (Msg::People(msg), Phase::Home(home)) => home.people.update(msg),
            (Msg::Call(msg), Phase::Home(home)) => home.call(cx, msg),
            (Msg::Me(msg), Phase::Home(home)) => home.me.update(cx, msg),
            (Msg::Notice(msg), Phase::Home(home)) => home.notice(cx, msg),
            (Msg::Contact(msg), Phase::Home(home)) => home.contact(cx, msg),
            (Msg::Inspect(msg), Phase::Home(home)) => home.inspect(cx, msg),
            (Msg::Settings(msg), _) => self.settings.update(cx, msg),
            (Msg::Panes(msg), _) => self.panes.update(cx, msg),
            (Msg::Store(StoreMsg::Opened(settings, note)), _) => self.opened(cx, &settings, note),
            (Msg::Store(StoreMsg::Account(overview, note)), _) => self.filled(cx, *overview, note),
            (Msg::Console(msg), Phase::Home(home)) => home.console.update(msg),
            (Msg::File(msg), Phase::Home(home)) => files::update(home, &mut self.settings, cx, msg),
            (Msg::Server(msg), Phase::Home(home)) => home.serving.update(cx, msg),
            (Msg::Store(msg), Phase::Home(home)) => home.stored(cx, msg),
            (Msg::Search(msg), Phase::Home(home)) => home.search.update(cx, msg),
            (Msg::Sound(msg), Phase::Home(home)) => home.calls.sound(cx, msg),
            (Msg::Audio(msg), _) => self.audio.update(cx, msg),
            (Msg::TakenIn(taken), Phase::Home(_)) => cx.effects.push(Effect::Confirm(taken)),
            // What a session had to say that is over by now. What it told is in no history, so the server is to tell it again.
            (
                Msg::TakenIn(_)
                | Msg::Nav(_)
                | Msg::Chat(_)
                | Msg::Room(_)
                | Msg::People(_)
                | Msg::Call(_)
                | Msg::Me(_)
                | Msg::Notice(_)
                | Msg::Contact(_)
                | Msg::Inspect(_)
                | Msg::Store(_)
                | Msg::Search(_)
                | Msg::Console(_)
                | Msg::File(_)
                | Msg::Server(_)
                | Msg::Sound(_),
                Phase::Opening | Phase::Out(_),
            ) => {}
        }
    }

    fn secret(&mut self, cx: &mut Cx<'_>, msg: SecretMsg) {
        let (phase, coming) = (&mut self.phase, &mut self.coming);
        keyring::update(phase, &mut self.keyring, coming, cx, msg);
    }

    /// What is kept for this profile is open.
    fn opened(
        &mut self,
        cx: &mut Cx<'_>,
        settings: &BTreeMap<String, Value>,
        note: Option<String>,
    ) {
        self.note = note;
        self.settings.fill(cx, settings);
        self.panes.fill(settings);
        self.audio.fill(cx, settings);
        self.keyring.fill(cx, settings);
        let (phase, coming) = (&mut self.phase, &mut self.coming);
        start::opened(phase, coming, &self.keyring, cx, settings);
    }

    /// What is kept of an account is there.
    fn filled(&mut self, cx: &mut Cx<'_>, overview: Overview, note: Option<String>) {
        self.note = note.or(self.note.take());
        start::filled(&mut self.phase, &mut self.coming, cx, overview);
    }

    /// What follows from how everything is now.
    fn settle(&mut self, cx: &mut Cx<'_>) {
        if let (Phase::Home(home), Some(_)) = (&mut self.phase, &self.note) {
            home.note = self.note.take();
        }
        match &mut self.phase {
            Phase::Opening | Phase::Out(_) => self.told.leave(cx),
            Phase::Home(home) => self.told.settle(cx, home, &self.settings),
        }
        let looks = matches!(&self.phase, Phase::Home(home) if home.serving.looking());
        if self.looks != looks {
            self.looks = looks;
            let watch = Effect::Server(ServerEffect::Watch(looks));
            cx.effects.push(watch);
            self.audio.show(cx, looks);
        }
        let calls = match &self.phase {
            Phase::Opening | Phase::Out(_) => &[],
            Phase::Home(home) => home.calls.all(),
        };
        self.audio.settle(cx, calls);
        let listens = matches!(&self.phase, Phase::Home(home) if home.listens());
        if self.listens != listens {
            self.listens = listens;
            // First, so that what one begins with is heard, too.
            cx.effects.insert(0, Effect::Listen(listens));
        }
        if !self.settings.hears(Sound::Keys) {
            cx.effects
                .retain(|effect| !matches!(effect, Effect::Tone(_)));
        }
    }
}
