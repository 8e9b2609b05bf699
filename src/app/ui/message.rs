//! A line of a conversation. Lines of one sender within some minutes stand under one name.

use egui::text::{LayoutJob, TextFormat};
use egui::{TextStyle, Ui};

use super::icons::Icon;
use super::text::{self, Piece};
use super::theme::{self, palette, size, space};
use super::widgets::{Avatar, failure_ui, icon_ui, link_button, named_icon_ui};
use super::{clock, words};
use crate::app::msg::{ChatMsg, Msg, RoomMsg};
use crate::app::state::{Body, ConversationId, Delivery, Home, Message, Presence};

/// Lines of one sender this close together, in ms, stand under one name: 5 minutes.
const TOGETHER_MS: u64 = 5 * 60 * 1000;

/// A line.
pub(super) fn message_ui(
    ui: &mut Ui,
    home: &Home,
    of: &ConversationId,
    before: Option<&Message>,
    line: &Message,
    out: &mut Vec<Msg>,
) {
    // Lines are as high as their letters.
    ui.spacing_mut().interact_size.y = 0.0;
    match &line.body {
        Body::Call(text) => notice_ui(ui, words::call_icon(text), text, line),
        Body::Came => notice_ui(
            ui,
            Icon::CAME,
            &words::came(words::who(home, &line.from)),
            line,
        ),
        Body::Went => notice_ui(
            ui,
            Icon::WENT,
            &words::went(words::who(home, &line.from)),
            line,
        ),
        Body::Text(text) => {
            let together = before.is_some_and(|before| together(before, line));
            ui.add_space(if together { 0.0 } else { space::ONE_AND_HALF });
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::ONE_AND_HALF;
                if together {
                    ui.add_space(size::AVATAR + space::ONE_AND_HALF);
                } else {
                    let presence = Presence::Unknown;
                    Avatar::person(line.from.as_str(), presence)
                        .called(home.contacts.name(&line.from))
                        .show(ui, size::AVATAR);
                }
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing = egui::vec2(space::ONE, 0.0);
                    if !together {
                        name_ui(ui, home, line);
                    }
                    text_ui(ui, of, line, text, out);
                });
            });
        }
    }
}

fn together(before: &Message, line: &Message) -> bool {
    matches!(before.body, Body::Text(_))
        && before.from == line.from
        && line.at_ms.saturating_sub(before.at_ms) < TOGETHER_MS
        && clock::day(before.at_ms) == clock::day(line.at_ms)
}

fn name_ui(ui: &mut Ui, home: &Home, line: &Message) {
    let palette = palette(ui);
    ui.horizontal(|ui| {
        let name = words::who(home, &line.from);
        let shown = ui.label(theme::strong(name));
        if name != line.from.as_str() {
            shown.on_hover_text(line.from.as_str());
        }
        let when = theme::small(clock::time(line.at_ms));
        ui.label(when.color(palette.faint));
    });
}

/// The words, and after the last of them how far they are.
fn text_ui(ui: &mut Ui, of: &ConversationId, line: &Message, text: &str, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let mark = match &line.delivery {
        Delivery::Received => None,
        Delivery::Waiting => Some((Icon::PENDING, "waiting for the connection", palette.faint)),
        Delivery::Pending => Some((Icon::PENDING, "sending", palette.faint)),
        Delivery::Sent => Some((Icon::SENT, "sent", palette.faint)),
        Delivery::Delivered => Some((Icon::DELIVERED, "delivered", palette.faint)),
        Delivery::Read => Some((Icon::DELIVERED, "read", palette.accent)),
        Delivery::Failed(_) => Some((Icon::FAILED, "not sent", palette.bad)),
    };
    let clickable = text.contains("://") || text.contains('#');
    let mut rows: Vec<Vec<Piece<'_>>> = match clickable {
        true => text.lines().map(text::pieces).collect(),
        false => vec![vec![Piece::Words(text)]],
    };
    let last = rows.pop().unwrap_or_default();
    ui.set_max_width(ui.available_width().min(size::TEXT));
    for row in &rows {
        if row.is_empty() {
            // It is as high as another.
            ui.add_space(space::PANE);
        } else {
            ui.horizontal_wrapped(|ui| pieces_ui(ui, row, out));
        }
    }
    ui.horizontal_wrapped(|ui| {
        pieces_ui(ui, &last, out);
        if let Some((icon, name, colour)) = mark {
            ui.add_space(space::HALF);
            named_icon_ui(ui, icon, size::SMALL_ICON, colour, name);
        }
    });
    if let (Delivery::Failed(failure), Some(id)) = (&line.delivery, &line.id) {
        failure_ui(ui, failure);
        if link_button(ui, Some(Icon::RETRY), "Retry") {
            let (to, id) = (of.clone(), id.clone());
            out.push(Msg::Chat(ChatMsg::Retry { to, id }));
        }
    }
}

/// A row of what somebody wrote. Words without a link are one label, which whoever looks for them finds.
fn pieces_ui(ui: &mut Ui, pieces: &[Piece<'_>], out: &mut Vec<Msg>) {
    ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
    let palette = palette(ui);
    for piece in pieces {
        match piece {
            Piece::Words(words) => {
                let format = TextFormat {
                    font_id: TextStyle::Body.resolve(ui.style()),
                    color: palette.text,
                    line_height: Some(space::PANE),
                    ..TextFormat::default()
                };
                let mut job = LayoutJob::default();
                text::append(&mut job, words, &format);
                ui.add(egui::Label::new(job).selectable(true));
            }
            Piece::Link(link) => {
                let shown = theme::body(*link).color(palette.accent);
                ui.hyperlink_to(shown, *link);
            }
            Piece::Room(name, room) => {
                let shown = theme::body(*name).color(palette.accent);
                if ui.link(shown).on_hover_text("Join this room").clicked() {
                    out.push(Msg::Room(RoomMsg::Join(room.clone())));
                }
            }
        }
    }
}

fn notice_ui(ui: &mut Ui, icon: Icon, text: &str, line: &Message) {
    let palette = palette(ui);
    ui.add_space(space::ONE);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::HALF;
        ui.add_space(size::AVATAR + space::ONE);
        icon_ui(ui, icon, size::SMALL_ICON, palette.faint);
        let when = clock::time(line.at_ms);
        ui.label(theme::small(format!("{text} · {when}")).color(palette.muted));
    });
}
