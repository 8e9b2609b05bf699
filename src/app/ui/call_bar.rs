//! Calls that go on, as a line each at the top of the window: what one needs most, wherever the window of calls is. It is also
//! where a screen reader finds calls, since eframe tells it of an app's first window alone.

use egui::{Align, Frame, Layout, Margin, Panel, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Button, Kind};
use super::{call, call_record, call_sound, clock, devices, keypad, words};
use crate::app::msg::{AudioMsg, CallMsg, Msg, SoundMsg};
use crate::app::state::{Audio, Call, CallNo, CallPhase, Now, Place};

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
    audio: &Audio,
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
                line_ui(ui, call, audio, now, draft, out);
                if bare(ui) {
                    ui.horizontal_wrapped(|ui| told_ui(ui, call, now, out));
                }
                call_record::consent_line_ui(ui, call, out);
                if audio.listed_in(call, Place::Bar) {
                    devices::in_call_ui(ui, audio, size::DIAL, out);
                }
                if draft.pad == Some(call.no) {
                    ui.add_space(space::HALF);
                    ui.scope(|ui| {
                        let key = |key| out.push(Msg::Call(CallMsg::Key(call.no, key)));
                        keypad::key_line_ui(ui, key);
                    });
                }
            }
        });
    call::tick(ui, calls, now);
}

/// Whether buttons have no words here, and what is told has a line of its own.
fn bare(ui: &Ui) -> bool {
    ui.ctx().content_rect().width() < size::NARROW
}

fn told_ui(ui: &mut Ui, call: &Call, now: Now, out: &mut Vec<Msg>) {
    sound_ui(ui, call, now);
    call_record::recording_ui(ui, call, out);
}

fn line_ui(
    ui: &mut Ui,
    call: &Call,
    audio: &Audio,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let line = egui::vec2(ui.available_width(), size::CONTROL);
    ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
        acts_ui(ui, call, audio, draft, out);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(egui::Label::new(theme::small_strong(state(call, now))).truncate());
            if !call.keys_heard.is_empty() {
                let heard = format!("They pressed {}", call::spaced(&call.keys_heard));
                ui.add(egui::Label::new(theme::small(heard)).truncate());
            }
            if !bare(ui) {
                told_ui(ui, call, now, out);
            }
        });
    });
}

/// How the line is, or what is wrong with it.
fn sound_ui(ui: &mut Ui, call: &Call, now: Now) {
    if !matches!(call.phase, CallPhase::Talking { .. }) {
        return;
    }
    let palette = palette(ui);
    if call.sound.they_record {
        ui.label(theme::small("They record this call.").color(palette.bad));
    }
    match (call.sound.trouble(call.talked(now.at)), &call.sound.quality) {
        (Some(trouble), _) => {
            ui.add(egui::Label::new(theme::small(trouble).color(palette.bad)).truncate());
        }
        (None, _) if call.sound.they_hold => {
            ui.label(theme::small("They put you on hold."));
        }
        (None, Some(quality)) => call_sound::quality_ui(ui, quality),
        (None, None) => {}
    }
}

fn state(call: &Call, now: Now) -> String {
    let peer = call.name.as_str();
    match &call.phase {
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
    }
}

/// What can be done, from right to left. Several calls have the same buttons, so that each says whose it is.
fn acts_ui(ui: &mut Ui, call: &Call, audio: &Audio, draft: &mut Draft, out: &mut Vec<Msg>) {
    let bare = bare(ui);
    let (no, peer) = (call.no, call.name.as_str());
    let mut act = |ui: &mut Ui, kind, icon, label, name: String, msg| {
        let button = Button::new(kind, label).icon(icon).named(&name);
        if button.bare(bare).show(ui) {
            out.push(Msg::Call(msg));
        }
    };
    let end = (Icon::HANG_UP, CallMsg::End(no));
    match &call.phase {
        CallPhase::RingingHere => {
            let (decline, answer) = (CallMsg::Decline(no), CallMsg::Answer(no));
            let name = format!("Decline {peer}");
            act(ui, Kind::Danger, end.0, "Decline", name, decline);
            let name = format!("Answer {peer}");
            act(ui, Kind::Answer, Icon::CALL, "Answer", name, answer);
        }
        CallPhase::Talking { .. } => {
            let name = format!("Hang up on {peer}");
            act(ui, Kind::Danger, end.0, "Hang up", name, end.1);
            if call.held {
                let (name, resume) = (format!("Resume with {peer}"), CallMsg::Resume(no));
                act(ui, Kind::Primary, Icon::CALL, "Resume", name, resume);
            } else {
                pad_ui(ui, no, bare, draft);
                let (icon, label) = match call.sound.muted {
                    true => (Icon::MICROPHONE, "Unmute"),
                    false => (Icon::MICROPHONE_OFF, "Mute"),
                };
                let name = format!("{label} the call with {peer}");
                let button = Button::new(Kind::Raised, label).icon(icon).named(&name);
                if button.bare(bare).show(ui) {
                    out.push(Msg::Sound(SoundMsg::Mute(no, !call.sound.muted)));
                }
                // Without words there is no room for it; the window of calls has it as well.
                let name = format!("Microphone and speaker of the call with {peer}");
                let button = Button::new(Kind::Raised, "Devices").icon(Icon::SETTINGS);
                if !bare && button.named(&name).show(ui) {
                    let listed = audio.listed_in(call, Place::Bar);
                    let list = (!listed).then_some((no, Place::Bar));
                    out.push(Msg::Audio(AudioMsg::List(list)));
                }
                let name = format!("Hold the call with {peer}");
                let button = Button::new(Kind::Raised, "Hold").icon(Icon::HOLD);
                if button.named(&name).bare(bare).show(ui) {
                    out.push(Msg::Sound(SoundMsg::Hold(no)));
                }
                if let Some(on) = call_record::switch(call) {
                    let label = if on { "Stop recording" } else { "Record" };
                    let name = format!("{label} the call with {peer}");
                    let button = Button::new(Kind::Raised, label).icon(Icon::RECORD);
                    if button.named(&name).bare(bare).show(ui) {
                        call_record::pressed(call, on, out);
                    }
                }
            }
        }
        CallPhase::Calling | CallPhase::RingingThere | CallPhase::Answering => {
            let name = format!("Stop calling {peer}");
            act(ui, Kind::Danger, end.0, "Stop", name, end.1);
        }
        CallPhase::Ended { .. } => {
            let (name, close) = (format!("Close the call with {peer}"), CallMsg::Dismiss(no));
            act(ui, Kind::Raised, Icon::CLOSE, "Close", name, close);
            let (name, again) = (
                format!("Call {peer} again"),
                CallMsg::Place(call.peer.clone()),
            );
            act(ui, Kind::Raised, Icon::CALL, "Call again", name, again);
        }
    }
}

fn pad_ui(ui: &mut Ui, no: CallNo, bare: bool, draft: &mut Draft) {
    let open = draft.pad == Some(no);
    let name = if open {
        "Hide the keys"
    } else {
        "Show the keys"
    };
    let button = Button::new(Kind::Raised, "Keys").icon(Icon::KEYPAD);
    if button.named(name).bare(bare).show(ui) {
        draft.pad = (!open).then_some(no);
    }
}
