//! Beside a conversation: who is in the room, or who the person is.

use egui::{Margin, ScrollArea, Ui};

use super::theme::{self, palette, size, space};
use super::widgets::{Avatar, Row};
use super::words;
use crate::app::msg::{Msg, NavMsg};
use crate::app::state::{ConversationId, Home, Now, Presence, Room};
use crate::protocol::Account;

/// The details.
pub(super) fn details_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    now: Now,
    out: &mut Vec<Msg>,
) {
    match id {
        ConversationId::Person(account) => person_ui(ui, home, account, now),
        ConversationId::Room(name) => {
            if let Some(room) = home.rooms.get(name) {
                room_ui(ui, home, room, now, out);
            }
        }
    }
}

fn person_ui(ui: &mut Ui, home: &Home, account: &Account, now: Now) {
    let palette = palette(ui);
    let presence = home.people.presence(account);
    ui.vertical_centered(|ui| {
        ui.add_space(space::FOUR);
        Avatar::person(account.as_str(), presence).show(ui, size::LARGE_AVATAR);
        ui.add_space(space::ONE);
        ui.label(theme::title(account.as_str()));
        let about = words::status(home.people.status(account), now);
        let about = about.unwrap_or_else(|| "not known whether they are online".to_owned());
        ui.label(theme::body(about).color(palette.muted));
    });
}

fn room_ui(ui: &mut Ui, home: &Home, room: &Room, now: Now, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let heading = Margin {
        left: 16,
        right: 16,
        top: 20,
        bottom: 8,
    };
    egui::Frame::new().inner_margin(heading).show(ui, |ui| {
        let members = format!("Members · {}", room.members.len());
        ui.label(theme::small_strong(members).color(palette.muted));
    });
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show_rows(ui, size::ROW, room.members.len(), |ui, seen| {
            egui::Frame::new()
                .inner_margin(Margin::symmetric(8, 0))
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for account in room.members.get(seen).unwrap_or_default() {
                        member_ui(ui, home, account, now, out);
                    }
                });
        });
}

fn member_ui(ui: &mut Ui, home: &Home, account: &Account, now: Now, out: &mut Vec<Msg>) {
    let me = account == home.me();
    let status = home.people.status(account);
    // Whoever is in the room is online at least.
    let (presence, state) = match (me, status.presence) {
        (true, _) => (home.me.shown().0.into(), None),
        (false, Presence::Unknown | Presence::Offline) => (Presence::Online, None),
        (false, presence) => (presence, words::status(status, now)),
    };
    let row = Row {
        avatar: Avatar::person(account.as_str(), presence),
        name: if me { "You" } else { account.as_str() },
        spoken: if me {
            format!("You, {account}")
        } else {
            format!("Message {account}")
        },
        about: if me {
            account.to_string()
        } else {
            state.unwrap_or_else(|| "online".to_owned())
        },
        when: String::new(),
        count: 0,
        selected: false,
    };
    if row.show(ui).clicked() && !me {
        let person = ConversationId::Person(account.clone());
        out.push(Msg::Nav(NavMsg::Opened(person)));
    }
}
