//! Calls that go on: ringing, talking, over. In a window of their own where the platform has such, else as a card above
//! everything else. One is in front; each of the others has a line with what can be done about it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use egui::{Align, Area, Color32, Frame, Key, Layout, Margin, Order, Ui, Vec2};

use super::home::ANSWER;
use super::icons::Icon;
use super::theme::{self, palette, radius, size, space};
use super::widgets::{Avatar, Button, Field, Kind, field_ui, round_button, steady_ui};
use super::{call_ended, call_record, call_sound, clock, devices, keypad, words};
use crate::app::msg::{AudioMsg, CallMsg, Msg};
use crate::app::state::{Audio, Call, CallNo, CallPhase, Now, Place, Presence};

/// What the views of calls keep.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Whose pad is open.
    pads: HashSet<CallNo>,
    /// What is to be said to whoever is declined.
    words: HashMap<CallNo, String>,
}

/// What most people say who cannot talk.
const SAYINGS: [&str; 2] = ["Can't talk now, I'll call you back.", "On my way."];

impl Draft {
    /// Whether a call shows its pad.
    fn pad(&self, call: &Call) -> bool {
        let talking = matches!(call.phase, CallPhase::Talking { .. });
        talking && !call.held && self.pads.contains(&call.no)
    }

    /// Forgets calls that are gone.
    fn keep(&mut self, calls: &[Call]) {
        let there = |no: &CallNo| calls.iter().any(|call| call.no == *no);
        self.pads.retain(there);
        self.words.retain(|no, _| there(no));
    }
}

/// The call that is in front: the one that one talks in, else the newest that is not over, else the newest.
fn front(calls: &[Call]) -> Option<&Call> {
    let newest = |wanted: fn(&Call) -> bool| calls.iter().rev().find(|call| wanted(call));
    newest(|call| matches!(call.phase, CallPhase::Talking { .. }) && !call.held)
        .or_else(|| newest(|call| !call.over() && !call.held))
        .or_else(|| newest(|call| !call.over()))
        .or_else(|| calls.last())
}

/// What the window of these calls is called, in the app of this name: whom the one in front is with.
pub(crate) fn titled(calls: &[Call], app: &str) -> String {
    let with = front(calls).map_or("Calls", |call| &call.name);
    format!("{with} - {app}")
}

/// How large the window of these calls should be.
pub(crate) fn wanted(calls: &[Call], audio: &Audio, draft: &Draft) -> Vec2 {
    let opened = |call| draft.pad(call) || audio.listed_in(call, Place::Window);
    let base = match front(calls).is_some_and(opened) {
        true => size::CALL_WITH_PAD,
        false => size::CALL,
    };
    let others = u8::try_from(calls.len().saturating_sub(1)).unwrap_or(u8::MAX);
    let wide = if others > 0 { size::CALL_BESIDE } else { 0.0 };
    let recording = front(calls).map_or(0.0, call_record::height);
    egui::vec2(base.x.max(wide), base.y + recording)
        + egui::vec2(0.0, f32::from(others) * (size::WAITING + space::ONE))
}

/// All calls as one card, above everything else in the window.
pub(super) fn cards_ui(
    ui: &Ui,
    calls: &[Call],
    audio: &Audio,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    if calls.is_empty() {
        return;
    }
    let area = Area::new(egui::Id::unique("calls"))
        .order(Order::Foreground)
        .anchor(egui::Align2::RIGHT_TOP, egui::vec2(-space::TWO, space::TWO));
    let palette = palette(ui);
    let frame = Frame::new()
        .fill(palette.bg1)
        .stroke(palette.divider())
        .corner_radius(radius::CARD)
        .shadow(palette.shadow())
        .inner_margin(Margin::same(24));
    let room = ui.ctx().content_rect().size() - Vec2::splat(2.0 * space::TWO);
    area.show(ui.ctx(), |ui| {
        frame.show(ui, |ui| {
            let inner = wanted(calls, audio, draft).min(room) - Vec2::splat(2.0 * space::THREE);
            ui.set_width(inner.x);
            ui.set_height(inner.y);
            calls_ui(ui, calls, audio, now, draft, out);
        });
    });
}

/// All calls in a window of their own.
pub(crate) fn window_ui(
    ui: &mut Ui,
    calls: &[Call],
    audio: &Audio,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let pressed = ui.input_mut(|input| input.consume_shortcut(&ANSWER));
    let mut ringing = calls.iter().rev();
    if let Some(call) = ringing.find(|call| call.phase == CallPhase::RingingHere)
        && pressed
    {
        out.push(Msg::Call(CallMsg::Answer(call.no)));
    }
    let frame = Frame::new()
        .fill(palette(ui).bg1)
        .inner_margin(Margin::same(24));
    egui::CentralPanel::default()
        .frame(frame)
        .show(ui, |ui| calls_ui(ui, calls, audio, now, draft, out));
}

/// What closing the window of calls means: nothing goes on unseen.
pub(crate) fn closed(calls: &[Call]) -> impl Iterator<Item = Msg> {
    calls.iter().map(|call| {
        Msg::Call(match call.phase {
            CallPhase::RingingHere => CallMsg::Decline(call.no),
            CallPhase::Ended { .. } => CallMsg::Dismiss(call.no),
            CallPhase::Calling
            | CallPhase::RingingThere
            | CallPhase::Answering
            | CallPhase::Talking { .. } => CallMsg::End(call.no),
        })
    })
}

fn calls_ui(
    ui: &mut Ui,
    calls: &[Call],
    audio: &Audio,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    draft.keep(calls);
    let Some(front) = front(calls) else {
        return;
    };
    let talking = calls
        .iter()
        .any(|call| matches!(call.phase, CallPhase::Talking { .. }) && !call.held);
    for call in calls.iter().filter(|call| call.no != front.no) {
        other_ui(ui, call, talking, now, out);
        ui.add_space(space::ONE);
    }
    front_ui(ui, front, audio, now, draft, out);
    tick(ui, calls, now);
}

/// The timers move on by themselves, and nothing else does.
pub(super) fn tick(ui: &Ui, calls: &[Call], now: Now) {
    for call in calls {
        if let CallPhase::Talking { since } = call.phase {
            let talked = now.at.saturating_duration_since(since);
            let part = Duration::from_nanos(u64::from(talked.subsec_nanos()));
            ui.ctx()
                .request_repaint_after(Duration::from_secs(1).saturating_sub(part));
        }
    }
}

/// A call that is not in front: who, how it is, and what can be done.
fn other_ui(ui: &mut Ui, call: &Call, talking: bool, now: Now, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let state = match &call.phase {
        CallPhase::Calling => "Calling…".to_owned(),
        CallPhase::RingingThere => "Ringing…".to_owned(),
        CallPhase::Answering => "Answering…".to_owned(),
        CallPhase::RingingHere => "is calling you as well".to_owned(),
        CallPhase::Talking { since } => {
            let talked = now.at.saturating_duration_since(*since);
            format!("On hold · {}", clock::length(talked))
        }
        CallPhase::Ended { outcome, .. } => words::outcome(outcome, &call.peer).0,
    };
    let frame = Frame::new()
        .fill(palette.bg2)
        .corner_radius(radius::COMPOSER)
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.set_height(size::WAITING - 2.0 * space::ONE);
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add(egui::Label::new(theme::strong(&call.name)).truncate());
        ui.add(egui::Label::new(theme::small(state).color(palette.muted)).truncate());
        ui.add_space(space::HALF);
        ui.horizontal(|ui| match &call.phase {
            CallPhase::RingingHere => {
                let name = if talking { "Hold and answer" } else { "Answer" };
                let (answer, decline) = (CallMsg::Answer(call.no), CallMsg::Decline(call.no));
                say_ui(ui, Kind::Primary, name, answer, out);
                say_ui(ui, Kind::Danger, "Decline this call", decline, out);
            }
            CallPhase::Talking { .. } => {
                let (resume, end) = (CallMsg::Resume(call.no), CallMsg::End(call.no));
                say_ui(ui, Kind::Primary, "Resume", resume, out);
                say_ui(ui, Kind::Danger, "End this call", end, out);
            }
            CallPhase::Calling | CallPhase::RingingThere | CallPhase::Answering => {
                say_ui(ui, Kind::Danger, "Give up", CallMsg::End(call.no), out);
            }
            CallPhase::Ended { .. } => {
                let close = CallMsg::Dismiss(call.no);
                say_ui(ui, Kind::Primary, "Close this call", close, out);
            }
        });
    });
}

fn say_ui(ui: &mut Ui, kind: Kind, name: &str, msg: CallMsg, out: &mut Vec<Msg>) {
    if Button::new(kind, name).show(ui) {
        out.push(Msg::Call(msg));
    }
}

fn front_ui(
    ui: &mut Ui,
    call: &Call,
    audio: &Audio,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    match &call.phase {
        CallPhase::RingingHere => match draft.words.contains_key(&call.no) {
            true => decline_ui(ui, call, draft, out),
            false => ringing_here_ui(ui, call, draft, out),
        },
        CallPhase::Calling => calling_ui(ui, call, "Calling…", "", out),
        CallPhase::RingingThere => {
            calling_ui(ui, call, "Ringing…", "their device has the call", out);
        }
        CallPhase::Answering => calling_ui(ui, call, "Answering…", "", out),
        CallPhase::Talking { since } => {
            let talked = now.at.saturating_duration_since(*since);
            talking_ui(ui, call, audio, talked, draft, out);
        }
        CallPhase::Ended { outcome, talked } => {
            call_ended::ended_ui(ui, call, outcome, *talked, now, out);
        }
    }
}

/// The face, the name, what happens, and a word about it.
pub(super) fn face_ui(ui: &mut Ui, call: &Call, what: &str, about: &str) {
    let palette = palette(ui);
    ui.vertical_centered(|ui| {
        avatar(call).show(ui, size::LARGE_AVATAR);
        ui.add_space(space::ONE);
        ui.add(egui::Label::new(theme::title(&call.name)).truncate());
        if call.name != call.peer.as_str() {
            let callsign = theme::small(call.peer.as_str()).color(palette.muted);
            ui.add(egui::Label::new(callsign).truncate());
        }
        ui.label(theme::body(what).color(palette.muted));
        if !about.is_empty() {
            ui.label(theme::small(about).color(palette.muted));
        }
    });
}

/// Their face, with the initials of their name here.
fn avatar(call: &Call) -> Avatar<'_> {
    Avatar::person(call.peer.as_str(), Presence::Unknown).called(&call.name)
}

/// Round buttons at the foot, from edge to edge; what the one that was pressed is for.
pub(super) fn rounds_ui<T, const N: usize>(
    ui: &mut Ui,
    buttons: [(Icon, &str, Color32, T); N],
) -> Option<T> {
    let above = ui.available_height() - ROUND - ui.spacing().item_spacing.y;
    ui.add_space(above.max(0.0));
    let mut pressed = None;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let free = ui.available_width() - N as f32 * (size::ROUND + space::THREE);
        // One alone stands in the middle.
        let (aside, between) = match N {
            0 | 1 => (free / 2.0, 0.0),
            _ => (0.0, free / (N - 1) as f32),
        };
        ui.add_space(aside.max(0.0));
        for (icon, name, fill, what) in buttons {
            if round_button(ui, icon, name, fill) {
                pressed = Some(what);
            }
            ui.add_space(between.max(0.0));
        }
    });
    pressed
}

/// How high round buttons are with their names.
const ROUND: f32 = size::ROUND + space::ONE + space::TWO;

fn ringing_here_ui(ui: &mut Ui, call: &Call, draft: &mut Draft, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let about = call.about().unwrap_or_default();
    face_ui(ui, call, "is calling you", &about);
    let (decline, answer) = (CallMsg::Decline(call.no), CallMsg::Answer(call.no));
    let pressed = rounds_ui(
        ui,
        [
            (Icon::HANG_UP, "Decline", palette.bad, Some(decline)),
            // What to say comes first.
            (Icon::MESSAGE, "Message", palette.bg2, None),
            (Icon::CALL, "Answer", palette.ok, Some(answer)),
        ],
    );
    match pressed {
        Some(Some(msg)) => out.push(Msg::Call(msg)),
        Some(None) => drop(draft.words.insert(call.no, String::new())),
        None => {}
    }
}

/// Something to say to whoever is declined.
fn decline_ui(ui: &mut Ui, call: &Call, draft: &mut Draft, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let Some(words) = draft.words.get_mut(&call.no) else {
        return;
    };
    ui.label(theme::strong(format!(
        "Decline {} with a message",
        call.name
    )));
    let mut say = None;
    for saying in SAYINGS {
        if Button::new(Kind::Quiet, saying).wide(ui).show(ui) {
            say = Some(saying.to_owned());
        }
    }
    ui.add_space(space::ONE);
    let field = Field {
        name: "Or your own words",
        hint: "they get it as a message",
        ..Field::default()
    };
    let response = field_ui(ui, &field, words);
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let written = !words.trim().is_empty();
    let mut back = ui.input(|input| input.key_pressed(Key::Escape));
    ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = space::ONE;
        back |= Button::new(Kind::Quiet, "Back").wide(ui).show(ui);
        let send = Button::new(Kind::Danger, "Decline and send").wide(ui);
        if (send.enabled(written).show(ui) || enter) && written {
            say = Some(words.trim().to_owned());
        }
        if let Some(failure) = &call.trouble {
            ui.label(theme::small(failure.small_print()).color(palette.bad));
        }
    });
    if let Some(text) = say {
        out.push(Msg::Call(CallMsg::DeclineWith(call.no, text)));
    }
    if back {
        draft.words.remove(&call.no);
    }
}

fn calling_ui(ui: &mut Ui, call: &Call, what: &str, about: &str, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    face_ui(ui, call, what, about);
    let cancel = (Icon::HANG_UP, "Cancel", palette.bad, CallMsg::End(call.no));
    out.extend(rounds_ui(ui, [cancel]).map(Msg::Call));
}

fn talking_ui(
    ui: &mut Ui,
    call: &Call,
    audio: &Audio,
    talked: Duration,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let listed = audio.listed_in(call, Place::Window);
    let pad = draft.pad(call) && !listed;
    let state = if call.held { "On hold" } else { "Connected" };
    let state = format!("{state} · {}", clock::length(talked));
    // The pad takes the room of the face, and so do devices.
    if pad || listed {
        small_face_ui(ui, call, &state);
    } else {
        face_ui(ui, call, &state, "");
    }
    call_sound::sound_ui(ui, call, listed, talked, out);
    if !listed {
        digits_ui(ui, call);
    }
    // From below, where nothing moves it.
    steady_ui(ui, "controls", Layout::bottom_up(Align::Center), |ui| {
        let end = Button::new(Kind::Danger, "End")
            .icon(Icon::HANG_UP)
            .wide(ui);
        if end.show(ui) {
            out.push(Msg::Call(CallMsg::End(call.no)));
        }
        ui.add_space(space::ONE);
        if call.held {
            let resume = Button::new(Kind::Primary, "Resume").icon(Icon::CALL);
            if resume.wide(ui).show(ui) {
                out.push(Msg::Call(CallMsg::Resume(call.no)));
            }
            return;
        }
        let asked = call_record::consent_ui(ui, call, out);
        if !asked && call_sound::tiles_ui(ui, call, pad, out) {
            if pad {
                draft.pads.remove(&call.no);
            } else {
                draft.pads.insert(call.no);
            }
            if listed {
                out.push(Msg::Audio(AudioMsg::List(None)));
            }
        }
        if listed {
            let room = egui::vec2(ui.available_width(), ui.available_height() - space::ONE);
            ui.allocate_ui_with_layout(room, Layout::top_down(Align::Min), |ui| {
                devices::in_call_ui(ui, audio, room.y, out);
            });
        }
        if pad {
            ui.add_space(space::ONE);
            let room = egui::vec2(ui.available_width(), keypad::HEIGHT);
            ui.allocate_ui_with_layout(room, Layout::top_down(Align::Min), |ui| {
                keypad::keypad_ui(ui, |key| out.push(Msg::Call(CallMsg::Key(call.no, key))));
            });
        }
    });
}

/// The face, the name and what happens in a line.
fn small_face_ui(ui: &mut Ui, call: &Call, what: &str) {
    let palette = palette(ui);
    ui.horizontal(|ui| {
        avatar(call).show(ui, size::MIDDLE_AVATAR);
        ui.add_space(space::HALF);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add_space(space::HALF);
            ui.add(egui::Label::new(theme::strong(&call.name)).truncate());
            ui.label(theme::small(what).color(palette.muted));
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
            let text = format!(
                "A key did not get through ({}). Press it again.",
                trouble.small_print()
            );
            ui.label(theme::small(text).color(palette.bad));
        }
    });
}

/// Apart, so that they can be counted.
pub(super) fn spaced(keys: &str) -> String {
    keys.chars().map(String::from).collect::<Vec<_>>().join(" ")
}
