//! A conversation: its head, what was said, and the composer.

use std::collections::HashMap;

use egui::{CentralPanel, Frame, Margin, Panel, Rect, ScrollArea, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Avatar, Button, Kind, divider, failure_ui, icon_button};
use super::{clock, composer, home, message, words};
use crate::app::msg::{CallMsg, Msg, NavMsg, RoomMsg};
use crate::app::state::{Conversation, ConversationId, Home, Membership, Message, Now, Presence};

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    composer: composer::Draft,
    /// How high each line came out, so that what is out of sight is not laid out again. For one width.
    heights: HashMap<u64, f32>,
    width: f32,
}

/// The conversation. `alone` says that it covers the list or the details, which then have their own way back.
pub(super) fn conversation_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    now: Now,
    alone: bool,
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
            let room = Room { narrow, alone };
            head_ui(ui, (home, now), id, room, &mut draft.details, out);
        });
    let Some(conversation) = home.chats.get(id) else {
        return;
    };
    let foot = pane.inner_margin(Margin {
        left: 20,
        right: 20,
        top: 8,
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
            if may_speak(ui, home, id, out) {
                composer::composer_ui(ui, id, conversation, &mut draft.conversation.composer, out);
            }
        });
    let body = pane.inner_margin(Margin::symmetric(if narrow { 8 } else { 20 }, 0));
    CentralPanel::default().frame(body).show(ui, |ui| {
        lines_ui(
            ui,
            id,
            conversation,
            home,
            now,
            &mut draft.conversation,
            out,
        );
    });
}

/// How much room there is.
#[derive(Clone, Copy)]
struct Room {
    /// For one thing at a time.
    narrow: bool,
    /// For nothing beside it.
    alone: bool,
}

fn head_ui(
    ui: &mut Ui,
    (home, now): (&Home, Now),
    id: &ConversationId,
    Room { narrow, alone }: Room,
    details: &mut bool,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    let (name, about, presence) = match id {
        ConversationId::Person(account) => {
            let presence = home.people.presence(account);
            let about = words::status(home.people.status(account), now).unwrap_or_default();
            (account.as_str(), about, presence)
        }
        ConversationId::Room(name) => {
            let about = home.rooms.get(name).map_or_else(String::new, words::room);
            (name.as_str(), about, Presence::Unknown)
        }
    };
    ui.horizontal_centered(|ui| {
        if narrow && icon_button(ui, Icon::BACK, "Back to the list", false).clicked() {
            out.push(Msg::Nav(NavMsg::Closed));
        }
        Avatar::of(id, presence).show(ui, size::AVATAR);
        ui.add_space(space::HALF);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if !alone && icon_button(ui, Icon::DETAILS, "Details", *details).clicked() {
                *details = !*details;
            }
            match id {
                ConversationId::Person(peer) => {
                    let busy = home.calls.with(peer).is_some();
                    let name = format!("Call {peer}");
                    if !busy && icon_button(ui, Icon::CALL, &name, false).clicked() {
                        out.push(Msg::Call(CallMsg::Place(peer.clone())));
                    }
                }
                ConversationId::Room(room) => {
                    let inside = home.rooms.get(room).map(|room| &room.membership);
                    if inside == Some(&Membership::In)
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

/// Whether there is something to type into; else what stands in the way.
fn may_speak(ui: &mut Ui, home: &Home, id: &ConversationId, out: &mut Vec<Msg>) -> bool {
    let ConversationId::Room(name) = id else {
        return true;
    };
    let membership = home.rooms.get(name).map(|room| &room.membership);
    match membership {
        Some(Membership::In) => true,
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
            failure_ui(ui, failure);
            if Button::new(Kind::Primary, "Join again").show(ui) {
                out.push(Msg::Room(RoomMsg::Join(name.clone())));
            }
            false
        }
    }
}

/// What was said. Only what can be seen is laid out; of the rest the height is known from when it could.
fn lines_ui(
    ui: &mut Ui,
    id: &ConversationId,
    conversation: &Conversation,
    home: &Home,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    if conversation.messages().len() == 0 {
        empty_ui(ui, id);
        return;
    }
    let width = ui.available_width();
    if (draft.width - width).abs() > 0.5 {
        draft.heights.clear();
        draft.width = width;
    }
    let heights = &mut draft.heights;
    let area = ScrollArea::vertical()
        .id_salt(("lines", id))
        .auto_shrink([false, false]);
    area.stick_to_bottom(true).show_viewport(ui, |ui, seen| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let top = ui.cursor().top();
        // Short conversations stand at the bottom, where one types.
        let known = |line: &Message| heights.get(&line.no).copied();
        let all: Option<f32> = conversation.messages().map(known).sum();
        if let Some(all) = all {
            ui.add_space((seen.height() - all - space::TWO).max(0.0));
        }
        let mut before: Option<&Message> = None;
        for line in conversation.messages() {
            let at = ui.cursor().top() - top;
            let known = heights.get(&line.no).copied();
            let hidden = known.is_some_and(|height| {
                at + height < seen.top() - size::ROW || at > seen.bottom() + size::ROW
            });
            if let (true, Some(height)) = (hidden, known) {
                ui.add_space(height);
            } else {
                let shown = ui.scope_builder(egui::UiBuilder::new().id_salt(line.no), |ui| {
                    marks_ui(ui, conversation, before, line, now);
                    message::message_ui(ui, home, id, before, line, out);
                });
                let rect: Rect = shown.response.rect;
                if known.is_none_or(|known| (known - rect.height()).abs() > 0.5) {
                    heights.insert(line.no, rect.height());
                    // What is above was placed with another height in mind.
                    ui.ctx().request_discard("a line has a new height");
                }
            }
            before = Some(line);
        }
        ui.add_space(space::ONE);
    });
    if draft.heights.len() > 4 * crate::app::state::WINDOW {
        draft.heights.clear();
    }
}

/// The day, and where what is new begins.
fn marks_ui(
    ui: &mut Ui,
    conversation: &Conversation,
    before: Option<&Message>,
    line: &Message,
    now: Now,
) {
    let palette = palette(ui);
    let day = clock::day(line.at_ms);
    if before.is_none_or(|before| clock::day(before.at_ms) != day) {
        let name = clock::day_name(day, clock::day(now.unix_ms));
        mark_ui(ui, &name, palette.muted, palette.divider());
    }
    if conversation.new_from == Some(line.no) {
        let stroke = egui::Stroke::new(theme::stroke::LINE, palette.bad);
        mark_ui(ui, "New", palette.bad, stroke);
    }
}

fn mark_ui(ui: &mut Ui, name: &str, colour: egui::Color32, stroke: egui::Stroke) {
    ui.add_space(space::TWO);
    ui.horizontal(|ui| {
        let text = theme::small(name).color(colour);
        let words = egui::WidgetText::from(text.clone()).into_galley(
            ui,
            None,
            f32::INFINITY,
            egui::TextStyle::Small,
        );
        let side = ((ui.available_width() - words.size().x) / 2.0 - space::TWO).max(0.0);
        ui.scope(|ui| {
            ui.set_width(side);
            ui.centered_and_justified(|ui| divider(ui, stroke));
        });
        ui.add_space(space::HALF);
        ui.label(text);
        ui.add_space(space::HALF);
        divider(ui, stroke);
    });
    ui.add_space(space::ONE);
}

fn empty_ui(ui: &mut Ui, id: &ConversationId) {
    let palette = palette(ui);
    let about = match id {
        ConversationId::Person(peer) => format!(
            "This is the beginning of your conversation with {peer}. What you write waits for them if they are away."
        ),
        ConversationId::Room(room) => format!("Nothing has been said in {room} since you came in."),
    };
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() / 3.0);
        ui.label(theme::body(about).color(palette.muted));
    });
}
