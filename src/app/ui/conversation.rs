//! A conversation: its head, what was said, and the composer.

use egui::{CentralPanel, Frame, Margin, Panel, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Avatar, Button, Kind, failure_ui, icon_button};
use super::{composer, home, lines, menu, words};
use crate::app::msg::{CallMsg, Msg, NavMsg, PanesMsg, RoomMsg};
use crate::app::state::{ConversationId, Home, Link, Membership, Now, Pane, Panes, Presence, Room};
use crate::protocol::Code;

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    composer: composer::Draft,
    lines: lines::Lines,
}

/// What there is beside a conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides<'a> {
    /// The panes, as they are wanted.
    pub(super) panes: &'a Panes,
    /// Whether there is room for the details; else they cover the conversation.
    pub(super) room: bool,
}

/// The conversation.
pub(super) fn conversation_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    now: Now,
    sides: Sides<'_>,
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    let narrow = ui.ctx().content_rect().width() < size::NARROW;
    let pane = Frame::new().fill(palette.bg1);
    let head = pane.inner_margin(Margin::symmetric(if narrow { 8 } else { 20 }, 0));
    Panel::top("head")
        .exact_size(size::HEAD)
        .frame(head)
        .show(ui, |ui| {
            head_ui(ui, (home, now), id, sides, draft, out);
        });
    let Some(conversation) = home.chats.get(id) else {
        return;
    };
    let foot = pane.inner_margin(Margin {
        left: 20,
        right: 20,
        top: 0,
        bottom: 20,
    });
    let foot = if narrow {
        foot.inner_margin(Margin::same(8))
    } else {
        foot
    };
    Panel::bottom("composer")
        .frame(foot)
        .show_separator_line(false)
        .show(ui, |ui| {
            typing_ui(ui, home, id, now);
            if may_speak(ui, home, id, out) {
                let composer = &mut draft.conversation.composer;
                composer::composer_ui(ui, home, id, conversation, composer, out);
            }
        });
    let body = pane.inner_margin(Margin::symmetric(if narrow { 8 } else { 20 }, 0));
    CentralPanel::default().frame(body).show(ui, |ui| {
        let lines = &mut draft.conversation.lines;
        lines::lines_ui(ui, home, id, conversation, now, lines, out);
    });
}

fn head_ui(
    ui: &mut Ui,
    (home, now): (&Home, Now),
    id: &ConversationId,
    sides: Sides<'_>,
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    let narrow = ui.ctx().content_rect().width() < size::NARROW;
    let (name, about, presence) = match id {
        ConversationId::Person(account) => {
            let presence = home.people.presence(account);
            let name = home.contacts.name(account);
            let callsign = (name != account.as_str()).then(|| account.to_string());
            let status = words::status(home.people.status(account), now);
            let about: Vec<_> = callsign.into_iter().chain(status).collect();
            (name, about.join(" · "), presence)
        }
        ConversationId::Room(name) => {
            let about = home.rooms.get(name).map_or_else(String::new, words::room);
            (name.as_str(), about, Presence::Unknown)
        }
    };
    ui.horizontal_centered(|ui| {
        let Panes { list, details } = *sides.panes;
        if narrow && icon_button(ui, Icon::BACK, "Back to the list", false).clicked() {
            out.push(Msg::Nav(NavMsg::Closed));
        }
        if !narrow && !list.shown && icon_button(ui, Icon::LIST, "Show the list", false).clicked() {
            let shown = true;
            out.push(Msg::Panes(PanesMsg::List(Pane { shown, ..list })));
        }
        Avatar::of(id, presence).called(name).show(ui, size::AVATAR);
        ui.add_space(space::HALF);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let shown = sides.room && details.shown;
            if icon_button(ui, Icon::DETAILS, "Details", shown).clicked() {
                if sides.room {
                    let shown = !details.shown;
                    out.push(Msg::Panes(PanesMsg::Details(Pane { shown, ..details })));
                } else {
                    draft.covered = Some(id.clone());
                }
            }
            menu::conversation_menu_ui(ui, home, id, draft, out);
            match id {
                ConversationId::Person(peer) => {
                    let busy = home.calls.with(peer).is_some();
                    let name = format!("Call {name}");
                    if !busy && icon_button(ui, Icon::CALL, &name, false).clicked() {
                        out.push(Msg::Call(CallMsg::Place(peer.clone())));
                    }
                }
                ConversationId::Room(room) => {
                    if home.rooms.get(room).is_some_and(Room::stays)
                        && icon_button(ui, Icon::LEAVE, "Leave the room", false).clicked()
                    {
                        out.push(Msg::Room(RoomMsg::Leave(room.clone())));
                    }
                }
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let height = if about.is_empty() {
                        space::PANE
                    } else {
                        size::AVATAR
                    };
                    ui.add_space((ui.available_height() - height) / 2.0);
                    ui.add(egui::Label::new(theme::strong(name)).truncate());
                    if !about.is_empty() {
                        let about = theme::small(about).color(palette.muted);
                        ui.add(egui::Label::new(about).truncate());
                    }
                });
            });
        });
    });
}

/// Who is writing. The line has its place whether somebody does or not, so that nothing jumps.
fn typing_ui(ui: &mut Ui, home: &Home, id: &ConversationId, now: Now) {
    ui.spacing_mut().item_spacing.y = space::HALF;
    let writers = home.typing.of(id, now.at);
    let text = words::typing(home, &writers).unwrap_or_default();
    let text = theme::small(text).color(palette(ui).muted);
    let line = egui::vec2(ui.available_width(), space::TWO);
    ui.allocate_ui(line, |ui| {
        ui.set_min_size(line);
        ui.add(egui::Label::new(text).truncate());
    });
}

/// Whether there is something to type into; else what stands in the way.
fn may_speak(ui: &mut Ui, home: &Home, id: &ConversationId, out: &mut Vec<Msg>) -> bool {
    let ConversationId::Room(name) = id else {
        return true;
    };
    let room = home.rooms.get(name);
    if let Some(failure) = room.and_then(|room| room.not_left.as_ref()) {
        failure_ui(ui, failure);
    }
    let membership = room.map(|room| &room.membership);
    match membership {
        Some(Membership::In) => true,
        // Whoever was in will be again, and what is written waits for that.
        Some(Membership::Joining | Membership::Out(_))
            if home.link != Link::Up && home.rooms.get(name).is_some_and(|room| room.kept) =>
        {
            true
        }
        Some(Membership::Joining) if home.rooms.get(name).is_some_and(|room| room.kept) => true,
        Some(Membership::Joining | Membership::Leaving) | None => {
            ui.horizontal(|ui| {
                ui.add(
                    egui::Spinner::new()
                        .size(size::ICON)
                        .color(palette(ui).accent),
                );
                let text = home.rooms.get(name).map_or_else(String::new, words::room);
                ui.label(theme::body(text));
            });
            false
        }
        Some(Membership::Out(failure)) => {
            // Nothing is wrong where one went by oneself.
            if failure.code == Code::LeaveChannelByUser {
                let text = "You left this room. What was said until then stays here.";
                ui.label(theme::body(text).color(palette(ui).muted));
            } else {
                failure_ui(ui, failure);
            }
            if Button::new(Kind::Primary, "Join again").show(ui) {
                out.push(Msg::Room(RoomMsg::Join(name.clone())));
            }
            false
        }
    }
}
