//! Small dialogs: to whom to write, which room to join, and whom to add.

use egui::{Key, Ui};

use super::home::{JOIN, NEW};
use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Button, Field, Kind, Width, field_ui, modal_ui};
use crate::app::msg::{ChatMsg, ContactMsg, Msg, NavMsg, RoomMsg};
use crate::app::state::ConversationId;
use crate::protocol::{Account, ChannelName, NameError};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Question {
    /// To whom to write.
    Message,
    /// Which room to join.
    Room,
    /// Whom to add.
    Person,
    /// Whether to erase a conversation.
    Erase(ConversationId),
}

/// A dialog that is open.
#[derive(Debug)]
pub(super) struct Dialog {
    question: Question,
    name: String,
    /// It is new: the field gets the keyboard.
    fresh: bool,
}

/// Whether a dialog is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Yes,
    No,
}

impl Dialog {
    /// To whom to write?
    pub(super) fn message() -> Self {
        Self::new(Question::Message)
    }

    /// Which room to join?
    pub(super) fn room() -> Self {
        Self::new(Question::Room)
    }

    /// Whom to add?
    pub(super) fn person() -> Self {
        Self::new(Question::Person)
    }

    /// Whether to erase a conversation?
    pub(super) fn erase(of: ConversationId) -> Self {
        Self::new(Question::Erase(of))
    }

    fn new(question: Question) -> Self {
        Self {
            question,
            name: String::new(),
            fresh: true,
        }
    }

    /// What the answer does.
    fn answer(&self) -> Result<Msg, NameError> {
        let name = self.name.trim();
        Ok(match &self.question {
            Question::Message => {
                let person = ConversationId::Person(Account::try_from(name)?);
                Msg::Nav(NavMsg::Opened(person))
            }
            Question::Room => {
                let name = name.strip_prefix('#').unwrap_or(name);
                Msg::Room(RoomMsg::Join(ChannelName::try_from(name)?))
            }
            Question::Person => Msg::Contact(ContactMsg::Add(Account::try_from(name)?)),
            Question::Erase(of) => Msg::Chat(ChatMsg::Erase(of.clone())),
        })
    }
}

/// The two buttons that lead here, where there is nothing else.
pub(super) fn openers_ui(ui: &mut Ui, dialog: &mut Option<Dialog>) {
    let format = |shortcut| ui.ctx().format_shortcut(shortcut);
    let (new, join) = (format(&NEW), format(&JOIN));
    let width = size::MENU.min(ui.available_width());
    if Button::new(Kind::Primary, "Write a message")
        .icon(Icon::WRITE)
        .width(width)
        .show(ui)
    {
        *dialog = Some(Dialog::message());
    }
    if Button::new(Kind::Quiet, "Enter a room")
        .icon(Icon::ROOM)
        .width(width)
        .show(ui)
    {
        *dialog = Some(Dialog::room());
    }
    let keys = format!("{new} and {join} do the same");
    let colour = palette(ui).faint;
    ui.label(theme::small(keys).color(colour));
}

/// Shows it above everything else.
pub(super) fn dialog_ui(ui: &Ui, dialog: &mut Dialog, out: &mut Vec<Msg>) -> Done {
    let (done, close) = modal_ui(ui, "dialog", Width::Usual, |ui| content_ui(ui, dialog, out));
    if close { Done::Yes } else { done }
}

fn content_ui(ui: &mut Ui, dialog: &mut Dialog, out: &mut Vec<Msg>) -> Done {
    ui.spacing_mut().item_spacing.y = space::TWO;
    let (title, name, hint, action) = match &dialog.question {
        Question::Erase(of) => return erase_ui(ui, of, out),
        Question::Message => ("New message", "Callsign", "whom to write to", "Write"),
        Question::Room => ("Join a room", "Name of the room", "such as ops", "Join"),
        Question::Person => ("Add a person", "Callsign", "whom to add", "Add"),
    };
    ui.label(theme::title(title));
    let answer = dialog.answer();
    let wrong = match &answer {
        Ok(_) | Err(NameError::Empty) => None,
        Err(error) => Some(format!(
            "A name has 1 to 128 visible characters: this {error}."
        )),
    };
    let field = Field {
        name,
        hint,
        wrong,
        secret: false,
    };
    let response = field_ui(ui, &field, &mut dialog.name);
    if std::mem::take(&mut dialog.fresh) {
        response.request_focus();
    }
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.horizontal(|ui| {
        let pressed = Button::new(Kind::Primary, action)
            .enabled(answer.is_ok())
            .show(ui);
        let cancelled = Button::new(Kind::Quiet, "Cancel").show(ui);
        match dialog.answer() {
            Ok(msg) if pressed || enter => {
                out.push(msg);
                Done::Yes
            }
            Ok(_) | Err(_) if cancelled => Done::Yes,
            Ok(_) | Err(_) => Done::No,
        }
    })
    .inner
}

/// What was said cannot be had back, so it is asked first.
fn erase_ui(ui: &mut Ui, of: &ConversationId, out: &mut Vec<Msg>) -> Done {
    ui.label(theme::title("Erase this conversation?"));
    ui.label(theme::body(
        "Everything that was said in it is deleted on this computer, and cannot be had back. Others keep what they have.",
    ));
    let mut done = Done::No;
    for (kind, label, msg) in [
        (Kind::Danger, "Erase", Some(ChatMsg::Erase(of.clone()))),
        (
            Kind::Quiet,
            "Erase and take from the list",
            Some(ChatMsg::Remove(of.clone())),
        ),
        (Kind::Quiet, "Cancel", None),
    ] {
        if Button::new(kind, label).wide(ui).show(ui) {
            out.extend(msg.map(Msg::Chat));
            done = Done::Yes;
        }
    }
    done
}
