//! The list of conversations.

use egui::{Margin, ScrollArea, Ui};

use super::dialogs::{self, Dialog};
use super::icons::Icon;
use super::theme::{self, palette, space};
use super::widgets::{Avatar, Row, icon_button};
use super::{clock, words};
use crate::app::msg::{Msg, NavMsg};
use crate::app::state::{Conversation, ConversationId, Home, Now, Presence};

/// The list. `alone` says that there is nothing beside it.
pub(super) fn chats_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    alone: bool,
    dialog: &mut Option<Dialog>,
    out: &mut Vec<Msg>,
) {
    head_ui(ui, dialog);
    let (rooms, people) = (home.chats.rooms(), home.chats.people());
    if rooms.is_empty() && people.is_empty() {
        empty_ui(ui, alone, dialog);
        return;
    }
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            group_ui(ui, home, now, "Rooms", &rooms, out);
            group_ui(ui, home, now, "People", &people, out);
        });
}

fn head_ui(ui: &mut Ui, dialog: &mut Option<Dialog>) {
    let margin = Margin {
        left: 16,
        right: 16,
        top: 14,
        bottom: 6,
    };
    egui::Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(theme::title("Chats"));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if icon_button(ui, Icon::WRITE, "New message", false).clicked() {
                    *dialog = Some(Dialog::message());
                }
                if icon_button(ui, Icon::ROOM, "Join a room", false).clicked() {
                    *dialog = Some(Dialog::room());
                }
            });
        });
    });
}

fn empty_ui(ui: &mut Ui, alone: bool, dialog: &mut Option<Dialog>) {
    let palette = palette(ui);
    egui::Frame::new()
        .inner_margin(Margin::same(16))
        .show(ui, |ui| {
            ui.label(theme::strong("No conversations yet"));
            let about = "Those you begin, and those that others begin with you, are listed here.";
            ui.label(theme::body(about).color(palette.muted));
            if alone {
                ui.add_space(space::ONE);
                dialogs::openers_ui(ui, dialog);
            }
        });
}

fn group_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    name: &str,
    conversations: &[(&ConversationId, &Conversation)],
    out: &mut Vec<Msg>,
) {
    if conversations.is_empty() {
        return;
    }
    let heading = Margin {
        left: 16,
        right: 16,
        top: 12,
        bottom: 6,
    };
    egui::Frame::new().inner_margin(heading).show(ui, |ui| {
        let colour = palette(ui).muted;
        ui.label(theme::small_strong(name).color(colour));
    });
    egui::Frame::new()
        .inner_margin(Margin::symmetric(8, 0))
        .show(ui, |ui| {
            for (id, conversation) in conversations {
                row_ui(ui, home, now, id, conversation, out);
            }
        });
}

fn row_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    id: &ConversationId,
    conversation: &Conversation,
    out: &mut Vec<Msg>,
) {
    let (name, presence) = match id {
        ConversationId::Person(account) => (account.as_str(), home.people.presence(account)),
        ConversationId::Room(room) => (room.as_str(), Presence::Unknown),
    };
    let last = conversation.last();
    let row = Row {
        avatar: Avatar::of(id, presence),
        name,
        spoken: spoken(id, presence, conversation),
        about: words::preview(home, id, conversation),
        when: last.map_or_else(String::new, |last| clock::short(last.at_ms, now.unix_ms)),
        count: conversation.unread,
        selected: home.chats.opened() == Some(id),
    };
    if row.show(ui).clicked() {
        out.push(Msg::Nav(NavMsg::Opened((*id).clone())));
    }
}

/// A row for the ear: who, whether they are there, how much is new.
fn spoken(id: &ConversationId, presence: Presence, conversation: &Conversation) -> String {
    let mut spoken = match id {
        ConversationId::Person(account) => account.to_string(),
        ConversationId::Room(room) => format!("Room {room}"),
    };
    if let Some(word) = words::presence(presence) {
        spoken.push_str(", ");
        spoken.push_str(word);
    }
    let (unread, mentions) = (conversation.unread, conversation.mentions);
    if unread > 0 {
        spoken.push_str(&format!(", {unread} unread"));
    }
    if mentions > 0 {
        spoken.push_str(", you are mentioned");
    }
    if conversation.muted {
        spoken.push_str(", muted");
    }
    spoken
}
