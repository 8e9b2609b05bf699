//! Calls that go on, as a line each at the top of the window: what one needs most, wherever the window of calls is. It is also
//! where a screen reader finds calls, since eframe tells it of an app's first window alone.

use egui::{Frame, Margin, Panel, Ui};

use super::theme::{self, palette, space};
use super::widgets::{Button, Kind};
use super::{call, clock, keypad, words};
use crate::app::msg::{CallMsg, Msg};
use crate::app::state::{Call, CallNo, CallPhase, Now};

/// What the bar keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Whose pad is open.
    pad: Option<CallNo>,
}

/// A line for each call; without calls it takes no room.
pub(super) fn call_bar_ui(
    ui: &mut Ui,
    calls: &[Call],
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let goes_on = |no: &CallNo| {
        let mut all = calls.iter().filter(|call| call.no == *no);
        all.any(|call| matches!(call.phase, CallPhase::Talking { .. }) && !call.held)
    };
    draft.pad = draft.pad.filter(goes_on);
    if calls.is_empty() {
        return;
    }
    let frame = Frame::new()
        .fill(palette(ui).soft)
        .inner_margin(Margin::symmetric(20, 8));
    Panel::top("calls")
        .frame(frame)
        .show_separator_line(false)
        .show(ui, |ui| {
            for call in calls {
                ui.horizontal_wrapped(|ui| line_ui(ui, call, now, draft, out));
                if draft.pad == Some(call.no) {
                    ui.add_space(space::ONE);
                    keypad::keypad_ui(ui, |key| out.push(Msg::Call(CallMsg::Key(call.no, key))));
                }
            }
        });
    call::tick(ui, calls, now);
}

fn line_ui(ui: &mut Ui, call: &Call, now: Now, draft: &mut Draft, out: &mut Vec<Msg>) {
    let peer = call.name.as_str();
    let state = match &call.phase {
        CallPhase::Calling => format!("Calling {peer}…"),
        CallPhase::RingingThere => format!("Ringing {peer}…"),
        CallPhase::Answering => format!("Answering {peer}…"),
        CallPhase::RingingHere => format!("{peer} is calling you"),
        CallPhase::Talking { since } => {
            let talked = clock::length(now.at.saturating_duration_since(*since));
            let state = if call.held { "On hold" } else { "In a call" };
            format!("{state} with {peer} · {talked}")
        }
        CallPhase::Ended { outcome, .. } => {
            format!("{peer}: {}", words::outcome(outcome, &call.peer).0)
        }
    };
    ui.label(theme::small_strong(state));
    if !call.keys_heard.is_empty() {
        ui.label(theme::small(format!(
            "They pressed {}",
            call::spaced(&call.keys_heard)
        )));
    }
    let mut button = |ui: &mut Ui, kind, name: String, msg| {
        if Button::new(kind, &name).show(ui) {
            out.push(Msg::Call(msg));
        }
    };
    let no = call.no;
    match &call.phase {
        CallPhase::RingingHere => {
            button(
                ui,
                Kind::Primary,
                format!("Answer {peer}"),
                CallMsg::Answer(no),
            );
            button(
                ui,
                Kind::Danger,
                format!("Decline {peer}"),
                CallMsg::Decline(no),
            );
        }
        CallPhase::Talking { .. } => {
            if call.held {
                button(
                    ui,
                    Kind::Primary,
                    format!("Resume with {peer}"),
                    CallMsg::Resume(no),
                );
            } else {
                pad_ui(ui, no, draft);
            }
            button(
                ui,
                Kind::Danger,
                format!("Hang up on {peer}"),
                CallMsg::End(no),
            );
        }
        CallPhase::Calling | CallPhase::RingingThere | CallPhase::Answering => {
            button(
                ui,
                Kind::Danger,
                format!("Stop calling {peer}"),
                CallMsg::End(no),
            );
        }
        CallPhase::Ended { .. } => {
            button(
                ui,
                Kind::Quiet,
                format!("Close the call with {peer}"),
                CallMsg::Dismiss(no),
            );
        }
    }
}

fn pad_ui(ui: &mut Ui, no: CallNo, draft: &mut Draft) {
    let open = draft.pad == Some(no);
    let name = if open {
        "Hide the keys"
    } else {
        "Show the keys"
    };
    if Button::new(Kind::Quiet, name).show(ui) {
        draft.pad = (!open).then_some(no);
    }
}
