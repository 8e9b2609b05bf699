//! A call that is over: why, what is to be known of it, and what one may want next.

use std::time::Duration;

use egui::{Align, Frame, Layout, Margin, Ui};

use super::icons::Icon;
use super::theme::{self, palette, radius, space};
use super::{call, call_record, clock, words};
use crate::app::msg::{CallMsg, Msg};
use crate::app::state::{Call, Now, Outcome};

/// The call, in front of others.
pub(super) fn ended_ui(
    ui: &mut Ui,
    call: &Call,
    outcome: &Outcome,
    talked: Option<Duration>,
    now: Now,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    let (sentence, small_print) = words::outcome(outcome, &call.peer);
    let failed = small_print.is_some();
    call::face_ui(ui, call, &sentence, &small_print.unwrap_or_default());
    // What went wrong, and what to do about it, takes the room.
    if !failed {
        ui.add_space(space::TWO);
        facts_ui(ui, &facts(call, talked, now));
    }
    ui.add_space(space::ONE);
    ui.vertical_centered(|ui| call_record::recording_ui(ui, call, out));
    let (close, write) = (CallMsg::Dismiss(call.no), CallMsg::Write(call.no));
    let again = CallMsg::Place(call.peer.clone());
    let buttons = [
        (Icon::CLOSE, "Close", palette.bg2, close),
        (Icon::MESSAGE, "Message", palette.bg2, write),
        (Icon::CALL, "Call again", palette.ok, again),
    ];
    out.extend(call::rounds_ui(ui, buttons).map(Msg::Call));
}

/// What is to be known of it, each with its name. A fact more is a line more.
fn facts(call: &Call, talked: Option<Duration>, now: Now) -> Vec<(&'static str, String)> {
    let way = if call.outgoing {
        "You called"
    } else {
        "They called"
    };
    let length = talked.map(|talked| ("Length", clock::length(talked)));
    let mut facts: Vec<_> = length.into_iter().collect();
    facts.push((way, clock::short(call.started_ms, now.unix_ms)));
    if !call.keys_heard.is_empty() {
        facts.push(("They pressed", call::spaced(&call.keys_heard)));
    }
    facts
}

/// Names at the left, values at the right.
fn facts_ui(ui: &mut Ui, facts: &[(&str, String)]) {
    let palette = palette(ui);
    let frame = Frame::new()
        .fill(palette.bg2)
        .corner_radius(radius::COMPOSER)
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::ONE;
        // There is nothing to click.
        ui.spacing_mut().interact_size.y = 0.0;
        for (name, value) in facts {
            ui.horizontal(|ui| {
                ui.label(theme::small(*name).color(palette.muted));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.add(egui::Label::new(theme::small_strong(value)).truncate());
                });
            });
        }
    });
}
