//! Beside a conversation: who is in the room and what it is about, or who the person is; and the attributes of either.

use egui::{Align, Frame, Key, Layout, Margin, ScrollArea, Ui};

use super::icons::Icon;
use super::people;
use super::theme::{self, palette, size, space};
use super::widgets::{
    Act, Avatar, Button, Field, Kind, Row, divider, failure_ui, field_ui, icon_button, link_button,
    tab_ui,
};
use super::{inspect_table, inspector, menu, words};
use crate::app::msg::{ChatMsg, InspectMsg, Msg, RoomMsg};
use crate::app::state::{ConversationId, Home, Membership, Now, Presence, Room};
use crate::protocol::{Account, AttrSubject, ChannelName};

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Whether attributes are wanted, and not the other page.
    attributes: bool,
    /// Whether attributes are shown in this frame.
    pub(super) shown: bool,
    /// Whose details were shown last.
    of: Option<ConversationId>,
    table: inspect_table::Draft,
    person: people::Draft,
    /// Which room's topic is being changed, and what is typed.
    topic: Option<(ChannelName, String)>,
    /// Whom to invite, or that somebody is to be invited.
    invite: Option<String>,
}

/// Whose attributes these are.
pub(super) fn subject(id: &ConversationId) -> AttrSubject {
    match id {
        ConversationId::Person(account) => AttrSubject::Account(account.clone()),
        ConversationId::Room(name) => AttrSubject::Channel(name.clone()),
    }
}

/// The details. `covers` says that they hide the conversation, and so have a way back; whether it was taken.
pub(super) fn details_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    now: Now,
    covers: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) -> bool {
    if draft.of.as_ref() != Some(id) {
        *draft = Draft {
            attributes: draft.attributes,
            of: Some(id.clone()),
            ..Draft::default()
        };
    }
    let back = head_ui(ui, id, covers, draft);
    if draft.attributes {
        let frame = Frame::new().inner_margin(Margin::same(16));
        frame.show(ui, |ui| attributes_ui(ui, home, id, now, draft, out));
        return back;
    }
    match id {
        ConversationId::Person(account) => {
            let frame = Frame::new().inner_margin(Margin::same(16));
            ScrollArea::vertical()
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    frame.show(ui, |ui| {
                        ui.spacing_mut().item_spacing.y = 0.0;
                        people::person_ui(ui, home, account, now, &mut draft.person, out);
                        mute_ui(ui, home, id, out);
                        invite_to_ui(ui, home, account, draft, out);
                    });
                });
        }
        ConversationId::Room(name) => {
            if let Some(room) = home.rooms.get(name) {
                room_ui(ui, home, id, (name, room), now, draft, out);
            }
        }
    }
    back
}

/// The pages. Whether the way back was taken.
fn head_ui(ui: &mut Ui, id: &ConversationId, covers: bool, draft: &mut Draft) -> bool {
    let mut back = false;
    ui.spacing_mut().item_spacing.y = 0.0;
    let line = egui::vec2(ui.available_width(), size::HEAD - theme::stroke::LINE);
    ui.allocate_ui_with_layout(line, Layout::left_to_right(Align::Max), |ui| {
        ui.set_min_size(line);
        ui.add_space(space::ONE);
        if covers {
            back = icon_button(ui, Icon::BACK, "Back to the conversation", false).clicked();
        }
        let first = match id {
            ConversationId::Person(_) => "Person",
            ConversationId::Room(_) => "Members",
        };
        if tab_ui(ui, first, !draft.attributes) {
            draft.attributes = false;
        }
        if tab_ui(ui, "Attributes", draft.attributes) {
            draft.attributes = true;
        }
    });
    let line = palette(ui).divider();
    divider(ui, line);
    ui.spacing_mut().item_spacing.y = space::ONE;
    back
}

/// Attributes, live.
fn attributes_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    draft.shown = true;
    let subject = subject(id);
    if *home.inspector.subject() != subject {
        // They are asked for.
        return;
    }
    ui.horizontal(|ui| {
        let add = Button::new(Kind::Quiet, "Add attribute").icon(Icon::ADD);
        if home.inspector.editable() && add.show(ui) {
            draft.table.add();
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            inspect_table::clear_button_ui(ui, home, &mut draft.table);
            if icon_button(ui, Icon::INSPECT, "Open in the inspector", false).clicked() {
                out.push(Msg::Inspect(InspectMsg::Look(subject)));
            }
        });
    });
    inspector::said_ui(ui, home);
    inspect_table::table_ui(ui, home, now, &mut draft.table, out);
}

fn room_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    (name, room): (&ChannelName, &Room),
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let heading = Margin {
        left: 16,
        right: 16,
        top: 16,
        bottom: 8,
    };
    Frame::new().inner_margin(heading).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        topic_ui(ui, name, room, draft, out);
        mute_ui(ui, home, id, out);
        if room.membership == Membership::In {
            invite_ui(ui, name, draft, out);
        }
        if room.membership == Membership::In {
            ui.add_space(space::TWO);
            let members = format!("Members · {}", room.members.len());
            ui.label(theme::small_strong(members).color(palette(ui).muted));
        } else {
            let text = "Who is here is told to members.";
            ui.label(theme::body(text).color(palette(ui).muted));
        }
    });
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show_rows(ui, size::ROW, room.members.len(), |ui, seen| {
            Frame::new()
                .inner_margin(Margin::symmetric(8, 0))
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for account in room.members.get(seen).unwrap_or_default() {
                        member_ui(ui, home, account, now, out);
                    }
                });
        });
}

/// Whether the conversation is silent.
fn mute_ui(ui: &mut Ui, home: &Home, id: &ConversationId, out: &mut Vec<Msg>) {
    let muted = home.chats.get(id).is_some_and(|of| of.muted);
    let (icon, label) = match (id, muted) {
        (ConversationId::Room(_), false) => (Icon::MUTED, "Mute this room"),
        (ConversationId::Room(_), true) => (Icon::LOUD, "Unmute this room"),
        (ConversationId::Person(_), false) => (Icon::MUTED, "Mute this conversation"),
        (ConversationId::Person(_), true) => (Icon::LOUD, "Unmute this conversation"),
    };
    if Act::new(icon, label).flush().show(ui) {
        out.push(Msg::Chat(ChatMsg::Mute(id.clone(), !muted)));
    }
}

/// A message whose room is joined by a click.
fn invitation(to: &Account, room: &ChannelName) -> Msg {
    Msg::Chat(ChatMsg::Send {
        to: ConversationId::Person(to.clone()),
        text: format!("You are invited to #{room}"),
    })
}

/// Invites somebody to the room.
fn invite_ui(ui: &mut Ui, room: &ChannelName, draft: &mut Draft, out: &mut Vec<Msg>) {
    let Some(typed) = &mut draft.invite else {
        if Act::new(Icon::ADD_PERSON, "Invite to this room")
            .flush()
            .show(ui)
        {
            draft.invite = Some(String::new());
        }
        return;
    };
    let account = Account::try_from(typed.trim());
    let wrong = match &account {
        Err(error) if !typed.trim().is_empty() => Some(format!(
            "A callsign has 1 to 128 visible characters: this {error}."
        )),
        Ok(_) | Err(_) => None,
    };
    let field = Field {
        name: "Whom to invite",
        hint: "their callsign",
        wrong,
        secret: false,
    };
    ui.add_space(space::ONE);
    let response = field_ui(ui, &field, typed);
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let (mut invite, mut cancel) = (enter, false);
    ui.add_space(space::ONE);
    ui.horizontal(|ui| {
        invite |= Button::new(Kind::Primary, "Invite")
            .enabled(account.is_ok())
            .show(ui);
        cancel = Button::new(Kind::Quiet, "Cancel").show(ui);
    });
    if let (true, Ok(account)) = (invite, &account) {
        out.push(invitation(account, room));
    }
    if cancel || invite && account.is_ok() {
        draft.invite = None;
    }
}

/// Invites the person to one of the rooms that one is in.
fn invite_to_ui(
    ui: &mut Ui,
    home: &Home,
    account: &Account,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let rooms = home.chats.rooms();
    let rooms: Vec<_> = rooms
        .into_iter()
        .filter_map(|(id, _)| match id {
            ConversationId::Room(name) => Some(name),
            ConversationId::Person(_) => None,
        })
        .filter(|name| {
            let room = home.rooms.get(name);
            room.is_some_and(|room| room.membership == Membership::In)
        })
        .collect();
    if rooms.is_empty() || account == home.me() {
        return;
    }
    if draft.invite.is_none() {
        if Act::new(Icon::ADD_PERSON, "Invite to a room")
            .flush()
            .show(ui)
        {
            draft.invite = Some(String::new());
        }
        return;
    }
    ui.spacing_mut().item_spacing.y = space::ONE;
    ui.add_space(space::ONE);
    ui.label(theme::small_strong("Which room?").color(palette(ui).muted));
    for name in rooms {
        let label = format!("Invite to #{name}");
        if Button::new(Kind::Quiet, &label).wide(ui).show(ui) {
            out.push(invitation(account, name));
            draft.invite = None;
        }
    }
    if link_button(ui, None, "Invite to none") {
        draft.invite = None;
    }
}

/// What the room is about, and how to change it.
fn topic_ui(ui: &mut Ui, name: &ChannelName, room: &Room, draft: &mut Draft, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let typing = draft.topic.as_mut().filter(|(of, _)| of == name);
    let Some((_, typed)) = typing else {
        ui.label(theme::small_strong("Topic").color(palette.muted));
        ui.add_space(space::HALF);
        match room.topic() {
            Some(topic) => ui.label(theme::body(topic)),
            None => ui.label(theme::body("None yet").color(palette.muted)),
        };
        ui.add_space(space::ONE);
        let within = room.membership == Membership::In;
        let change = Act::new(Icon::EDIT, "Change the topic").flush();
        if within && change.show(ui) {
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
    ui.add_space(space::ONE);
    ui.horizontal(|ui| {
        save |= Button::new(Kind::Primary, "Save topic").show(ui);
        cancel = Button::new(Kind::Quiet, "Cancel").show(ui);
    });
    ui.add_space(space::ONE);
    if save {
        let topic = RoomMsg::Topic(name.clone(), typed.clone());
        out.push(Msg::Room(topic));
    }
    if save || cancel {
        draft.topic = None;
    }
}

/// Somebody in the room, and what one can do about them.
fn member_ui(ui: &mut Ui, home: &Home, account: &Account, now: Now, out: &mut Vec<Msg>) {
    let me = account == home.me();
    let status = home.people.status(account);
    // Whoever is in the room is online at least.
    let (presence, state) = match (me, status.presence) {
        (true, _) => {
            let presence = Presence::from(home.me.shown().0);
            (presence, words::presence(presence).map(str::to_owned))
        }
        (false, Presence::Unknown | Presence::Offline) => (Presence::Online, None),
        (false, presence) => (presence, words::status(status, now)),
    };
    let name = words::who(home, account);
    let state = state.unwrap_or_else(|| "online".to_owned());
    let row = Row {
        avatar: Avatar::person(account.as_str(), presence).called(home.contacts.name(account)),
        name,
        spoken: format!("Member {name}, {state}"),
        about: match name == account.as_str() {
            true => state,
            false => format!("{account} · {state}"),
        },
        when: String::new(),
        count: 0,
        selected: false,
    };
    let response = row.show(ui);
    if me {
        return;
    }
    menu::menu_of(&response).show(|ui| {
        menu::menu_frame(ui);
        menu::person_acts_ui(ui, home, account, out);
    });
}
