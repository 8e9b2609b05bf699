//! Beside a conversation: who is in the room and what it is about, or who the person is.

use egui::{Key, Margin, ScrollArea, Ui};

use super::icons::Icon;
use super::people;
use super::theme::{self, palette, size, space};
use super::widgets::{
    Avatar, Button, Field, Kind, Row, failure_ui, field_ui, icon_button, link_button,
};
use super::words;
use crate::app::msg::{ContactMsg, InspectMsg, Msg, NavMsg, RoomMsg};
use crate::app::state::{ConversationId, Home, Membership, Now, Presence, Room};
use crate::protocol::{Account, AttrSubject, ChannelName};

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    person: people::Draft,
    /// Which room's topic is being changed, and what is typed.
    topic: Option<(ChannelName, String)>,
}

/// The details.
pub(super) fn details_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    match id {
        ConversationId::Person(account) => {
            let frame = egui::Frame::new().inner_margin(Margin::same(16));
            ScrollArea::vertical()
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    frame.show(ui, |ui| {
                        people::person_ui(ui, home, account, now, &mut draft.person, out);
                    });
                });
        }
        ConversationId::Room(name) => {
            if let Some(room) = home.rooms.get(name) {
                room_ui(ui, home, name, room, now, draft, out);
            }
        }
    }
}

fn room_ui(
    ui: &mut Ui,
    home: &Home,
    name: &ChannelName,
    room: &Room,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    let heading = Margin {
        left: 16,
        right: 16,
        top: 20,
        bottom: 8,
    };
    egui::Frame::new().inner_margin(heading).show(ui, |ui| {
        topic_ui(ui, name, room, draft, out);
        if link_button(ui, Some(Icon::INSPECT), "Show the room's attributes") {
            let subject = AttrSubject::Channel(name.clone());
            out.push(Msg::Inspect(InspectMsg::Look(subject)));
        }
        ui.add_space(space::TWO);
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

/// What the room is about, and how to change it.
fn topic_ui(ui: &mut Ui, name: &ChannelName, room: &Room, draft: &mut Draft, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    ui.label(theme::small_strong("Topic").color(palette.muted));
    let typing = draft.topic.as_mut().filter(|(of, _)| of == name);
    let Some((_, typed)) = typing else {
        match room.topic() {
            Some(topic) => ui.label(theme::body(topic)),
            None => ui.label(theme::body("None yet").color(palette.muted)),
        };
        let within = room.membership == Membership::In;
        if within && link_button(ui, Some(Icon::EDIT), "Change the topic") {
            let topic = room.topic().unwrap_or_default().to_owned();
            draft.topic = Some((name.clone(), topic));
        }
        if let Some(failure) = &room.no_topic {
            failure_ui(ui, failure);
        }
        return;
    };
    let field = Field {
        name: "What the room is about",
        hint: "empty for no topic",
        wrong: None,
        secret: false,
    };
    let response = field_ui(ui, &field, typed);
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let (mut save, mut cancel) = (enter, false);
    ui.horizontal(|ui| {
        save |= Button::new(Kind::Primary, "Save topic").show(ui);
        cancel = Button::new(Kind::Quiet, "Cancel").show(ui);
    });
    if save {
        let topic = RoomMsg::Topic(name.clone(), typed.clone());
        out.push(Msg::Room(topic));
    }
    if save || cancel {
        draft.topic = None;
    }
}

fn member_ui(ui: &mut Ui, home: &Home, account: &Account, now: Now, out: &mut Vec<Msg>) {
    let me = account == home.me();
    let addable = !me && home.contacts.get(account).is_none();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let add = if addable { size::CONTROL } else { 0.0 };
        let width = ui.available_width() - add;
        ui.scope(|ui| {
            ui.set_max_width(width);
            member_row_ui(ui, home, account, me, now, out);
        });
        let name = format!("Add {account} to people");
        if addable && icon_button(ui, Icon::ADD_PERSON, &name, false).clicked() {
            out.push(Msg::Contact(ContactMsg::Add(account.clone())));
        }
    });
}

fn member_row_ui(
    ui: &mut Ui,
    home: &Home,
    account: &Account,
    me: bool,
    now: Now,
    out: &mut Vec<Msg>,
) {
    let status = home.people.status(account);
    // Whoever is in the room is online at least.
    let (presence, state) = match (me, status.presence) {
        (true, _) => (home.me.shown().0.into(), None),
        (false, Presence::Unknown | Presence::Offline) => (Presence::Online, None),
        (false, presence) => (presence, words::status(status, now)),
    };
    let name = home.contacts.name(account);
    let row = Row {
        avatar: Avatar::person(name, presence),
        name: if me { "You" } else { name },
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
