//! Conversations: the list, the one that is open, and its details, beside each other as far as there is room; else they take
//! turns.

use egui::{CentralPanel, Frame, Panel, Ui};

use super::home::Draft;
use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{icon_ui, side_ui};
use super::{chats, conversation, details, dialogs};
use crate::app::msg::{InspectMsg, Msg, PanesMsg};
use crate::app::state::{ConversationId, Home, Now, Pane, Panes};

/// A pane was made wider or narrower if it differs by more than this, in points.
const MOVED: f32 = 1.0;

/// The screen.
pub(super) fn talk_ui(
    ui: &mut Ui,
    home: &Home,
    panes: &Panes,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    draft.about.shown = false;
    let narrow = ui.ctx().content_rect().width() < size::NARROW;
    let frame = Frame::new().fill(palette(ui).bg1);
    match (narrow, home.chats.opened()) {
        (true, None) => {
            CentralPanel::default().frame(frame).show(ui, |ui| {
                chats::chats_ui(ui, home, None, now, draft, out);
            });
        }
        (true, Some(opened)) => opened_ui(ui, home, panes, opened, now, draft, out),
        (false, opened) => {
            // Without a conversation there is nothing that could bring the list back.
            if panes.list.shown || opened.is_none() {
                let list = Panel::left("list")
                    .default_size(panes.list.width.unwrap_or(size::LIST))
                    .size_range(size::LIST_RANGE)
                    .frame(frame);
                let list = side_ui(ui, list, |ui| {
                    chats::chats_ui(ui, home, Some(panes), now, draft, out);
                });
                if let Some(list) = moved(ui, panes.list, size::LIST, list.response.rect.width()) {
                    out.push(Msg::Panes(PanesMsg::List(list)));
                }
            }
            match opened {
                Some(opened) => opened_ui(ui, home, panes, opened, now, draft, out),
                None => nothing_ui(ui, home, draft),
            }
        }
    }
    watch(home, draft, out);
}

/// The conversation that is open, and its details.
fn opened_ui(
    ui: &mut Ui,
    home: &Home,
    panes: &Panes,
    opened: &ConversationId,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let frame = Frame::new().fill(palette(ui).bg1);
    let room = ui.ctx().content_rect().width() >= size::NO_DETAILS;
    let covered = !room && draft.covered.as_ref() == Some(opened);
    if covered {
        CentralPanel::default().frame(frame).show(ui, |ui| {
            if details::details_ui(ui, home, opened, now, true, &mut draft.about, out) {
                draft.covered = None;
            }
        });
        return;
    }
    if room && panes.details.shown {
        let details = Panel::right("details")
            .default_size(panes.details.width.unwrap_or(size::DETAILS))
            .size_range(size::DETAILS_RANGE)
            .frame(frame);
        let details = side_ui(ui, details, |ui| {
            details::details_ui(ui, home, opened, now, false, &mut draft.about, out);
        });
        let width = details.response.rect.width();
        if let Some(details) = moved(ui, panes.details, size::DETAILS, width) {
            out.push(Msg::Panes(PanesMsg::Details(details)));
        }
    }
    let sides = conversation::Sides { panes, room };
    conversation::conversation_ui(ui, home, opened, now, sides, draft, out);
}

/// How a pane is now, if somebody has made it wider or narrower and let go of it.
fn moved(ui: &Ui, pane: Pane, usual: f32, width: f32) -> Option<Pane> {
    let before = pane.width.unwrap_or(usual);
    let held = ui.input(|input| input.pointer.any_down());
    let width = Some(width);
    let moved = width.is_some_and(|width| (width - before).abs() > MOVED);
    (moved && !held).then_some(Pane { width, ..pane })
}

/// Attributes that are shown are watched, and no others.
fn watch(home: &Home, draft: &Draft, out: &mut Vec<Msg>) {
    let wanted = home.chats.opened().filter(|_| draft.about.shown);
    let wanted = wanted.map(details::subject);
    let inspector = &home.inspector;
    let watched = inspector.is_beside().then(|| inspector.subject().clone());
    if wanted != watched {
        out.push(Msg::Inspect(InspectMsg::Beside(wanted)));
    }
}

/// Nothing is open yet.
fn nothing_ui(ui: &mut Ui, home: &Home, draft: &mut Draft) {
    let palette = palette(ui);
    let (title, about) = if home.chats.is_empty() {
        let about = "Write to somebody by their callsign, or join a room by its name.";
        ("Nobody to talk to yet?", about)
    } else {
        (
            "Your conversations are on the left",
            "Or begin another one.",
        )
    };
    let frame = Frame::new().fill(palette.bg1);
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() / 3.0);
            icon_ui(ui, Icon::CHATS, size::ROUND, palette.faint);
            ui.label(theme::title(title));
            ui.label(theme::body(about).color(palette.muted));
            ui.add_space(space::ONE);
            dialogs::openers_ui(ui, &mut draft.dialog);
        });
    });
}
