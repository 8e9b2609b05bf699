//! The cards of calls: ringing, talking, over. They lie above everything else in the window.

use std::collections::HashSet;
use std::time::Duration;

use egui::{Align, Area, Frame, Layout, Margin, Order, Ui};

use super::icons::Icon;
use super::theme::{self, palette, radius, size, space};
use super::widgets::{Avatar, Button, Kind, icon_button, round_button};
use super::{clock, keypad, words};
use crate::app::msg::{CallMsg, Msg};
use crate::app::state::{CALL_CHANNEL, Call, CallNo, CallPhase, Calls, Now, Presence};

/// What the views of calls keep.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Whose pad is open.
    pads: HashSet<CallNo>,
}

/// All cards, the newest in front.
pub(super) fn calls_ui(ui: &Ui, calls: &Calls, now: Now, draft: &mut Draft, out: &mut Vec<Msg>) {
    draft
        .pads
        .retain(|no| calls.all().iter().any(|call| call.no == *no));
    for (place, call) in calls.all().iter().enumerate() {
        let at = u8::try_from(place).map_or(0.0, f32::from) * space::THREE;
        let area = Area::new(egui::Id::unique(("call", call.no.0)))
            .order(Order::Foreground)
            .anchor(
                egui::Align2::RIGHT_TOP,
                egui::vec2(-space::TWO - at, space::TWO + at),
            );
        area.show(ui.ctx(), |ui| card_ui(ui, call, now, draft, out));
    }
}

fn card_ui(ui: &mut Ui, call: &Call, now: Now, draft: &mut Draft, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let pad = draft.pads.contains(&call.no);
    let wanted = if pad { size::CALL_WITH_PAD } else { size::CALL };
    let room = ui.ctx().content_rect().size() - egui::Vec2::splat(2.0 * space::TWO);
    let frame = Frame::new()
        .fill(palette.bg1)
        .stroke(palette.divider())
        .corner_radius(radius::CARD)
        .shadow(palette.shadow())
        .inner_margin(Margin::same(24));
    frame.show(ui, |ui| {
        let inner = wanted.min(room) - egui::Vec2::splat(2.0 * space::THREE);
        ui.set_width(inner.x);
        ui.set_height(inner.y);
        match &call.phase {
            CallPhase::RingingHere => ringing_here_ui(ui, call, out),
            CallPhase::Calling => calling_ui(ui, call, "Calling…", "", out),
            CallPhase::RingingThere => {
                calling_ui(ui, call, "Ringing…", "their device has the call", out);
            }
            CallPhase::Answering => calling_ui(ui, call, "Answering…", "", out),
            CallPhase::Talking { since } => {
                let talked = now.at.saturating_duration_since(*since);
                // The timer moves on by itself, and nothing else does.
                let part = Duration::from_nanos(u64::from(talked.subsec_nanos()));
                ui.ctx()
                    .request_repaint_after(Duration::from_secs(1).saturating_sub(part));
                talking_ui(ui, call, talked, pad, draft, out);
            }
            CallPhase::Ended { outcome, talked } => {
                let (sentence, small_print) = words::outcome(outcome);
                let mut about = small_print.unwrap_or_default();
                if let Some(talked) = talked {
                    about = format!("{} {about}", clock::length(*talked));
                }
                face_ui(ui, call, &sentence, about.trim());
                foot_ui(ui, |ui| {
                    if Button::new(Kind::Quiet, "Close").wide(ui).show(ui) {
                        out.push(Msg::Call(CallMsg::Dismiss(call.no)));
                    }
                });
            }
        }
    });
}

/// The face, the name, what happens, and a word about it.
fn face_ui(ui: &mut Ui, call: &Call, what: &str, about: &str) {
    let palette = palette(ui);
    ui.vertical_centered(|ui| {
        let peer = call.peer.as_str();
        Avatar::person(peer, Presence::Unknown).show(ui, size::LARGE_AVATAR);
        ui.add_space(space::ONE);
        ui.label(theme::title(peer));
        ui.label(theme::body(what).color(palette.muted));
        if !about.is_empty() {
            ui.label(theme::small(about).color(palette.muted));
        }
    });
}

fn foot_ui(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
        ui.horizontal(add);
    });
}

fn ringing_here_ui(ui: &mut Ui, call: &Call, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    face_ui(ui, call, "is calling you", &about(call));
    foot_ui(ui, |ui| {
        let between = ui.available_width() - 2.0 * (size::ROUND + space::THREE);
        if round_button(ui, Icon::HANG_UP, "Decline", palette.bad) {
            out.push(Msg::Call(CallMsg::Decline(call.no)));
        }
        ui.add_space((between - 2.0 * ui.spacing().item_spacing.x).max(0.0));
        if round_button(ui, Icon::CALL, "Answer", palette.ok) {
            out.push(Msg::Call(CallMsg::Answer(call.no)));
        }
    });
}

fn calling_ui(ui: &mut Ui, call: &Call, what: &str, about: &str, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    face_ui(ui, call, what, about);
    foot_ui(ui, |ui| {
        ui.add_space((ui.available_width() - size::ROUND - space::THREE) / 2.0);
        if round_button(ui, Icon::HANG_UP, "Cancel", palette.bad) {
            out.push(Msg::Call(CallMsg::End(call.no)));
        }
    });
}

fn talking_ui(
    ui: &mut Ui,
    call: &Call,
    talked: Duration,
    pad: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    ui.horizontal(|ui| {
        let peer = call.peer.as_str();
        Avatar::person(peer, Presence::Unknown).show(ui, size::MIDDLE_AVATAR);
        ui.add_space(space::HALF);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add_space(space::HALF);
            ui.label(theme::strong(peer));
            let timer = format!("Connected · {}", clock::length(talked));
            ui.label(theme::small(timer).color(palette.muted));
        });
    });
    digits_ui(ui, call);
    if pad {
        keypad::keypad_ui(ui, |key| out.push(Msg::Call(CallMsg::Key(call.no, key))));
    }
    ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
        let end = Button::new(Kind::Danger, "End")
            .icon(Icon::HANG_UP)
            .wide(ui);
        if end.show(ui) {
            out.push(Msg::Call(CallMsg::End(call.no)));
        }
        ui.add_space(space::ONE);
        ui.horizontal(|ui| {
            ui.add_space((ui.available_width() - size::CONTROL) / 2.0);
            if icon_button(ui, Icon::KEYPAD, "Keypad", pad).clicked() {
                if pad {
                    draft.pads.remove(&call.no);
                } else {
                    draft.pads.insert(call.no);
                }
            }
        });
    });
}

/// The keys so far: ours large, theirs with a word.
fn digits_ui(ui: &mut Ui, call: &Call) {
    let palette = palette(ui);
    ui.vertical_centered(|ui| {
        if !call.keys_sent.is_empty() {
            ui.add(egui::Label::new(theme::number(spaced(&call.keys_sent))).truncate());
        }
        if !call.keys_heard.is_empty() {
            let heard = format!("They pressed {}", spaced(&call.keys_heard));
            ui.label(theme::small(heard).color(palette.muted));
        }
        if let Some(trouble) = &call.trouble {
            let text = format!("A key did not get through ({}).", trouble.small_print());
            ui.label(theme::small(text).color(palette.bad));
        }
    });
}

/// On which channel, where that is a room and not made up for this call; and the number that the caller sent.
fn about(call: &Call) -> String {
    let channel = call.channel.as_str();
    let room = (!channel.starts_with(CALL_CHANNEL)).then(|| format!("on {channel}"));
    let words = [room, call.number.clone()].into_iter().flatten();
    words.collect::<Vec<_>>().join(" · ")
}

fn spaced(keys: &str) -> String {
    keys.chars().map(String::from).collect::<Vec<_>>().join(" ")
}
