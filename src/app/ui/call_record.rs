//! Keeping what is said in a call: the question before it, that it goes on, and where it is.

use egui::Ui;

use super::icons::Icon;
use super::theme::{self, palette, space};
use super::widgets::{Button, Kind, link_button};
use crate::app::msg::{Msg, RecordMsg, SoundMsg};
use crate::app::state::{Call, CallPhase, Recording};

/// Whether it can be switched, and whether it is on.
pub(super) fn switch(call: &Call) -> Option<bool> {
    if !matches!(call.phase, CallPhase::Talking { .. }) || !call.sound.there() {
        return None;
    }
    Some(match call.sound.recording {
        Recording::Telling | Recording::On => true,
        Recording::Off
        | Recording::Asked
        | Recording::Ending
        | Recording::Kept { .. }
        | Recording::Failed(_) => false,
    })
}

/// The switch was pressed while it was so.
pub(super) fn pressed(call: &Call, on: bool, out: &mut Vec<Msg>) {
    let msg = if on { RecordMsg::Stop } else { RecordMsg::Ask };
    out.push(Msg::Sound(SoundMsg::Record(call.no, msg)));
}

/// How much room what is said of it takes in the window of calls.
pub(super) fn height(call: &Call) -> f32 {
    let own = match call.sound.recording {
        Recording::Off => 0.0,
        Recording::Asked => 5.0,
        Recording::Telling | Recording::On | Recording::Ending => 2.0,
        Recording::Kept { note: None, .. } | Recording::Failed(_) => 5.0,
        Recording::Kept { note: Some(_), .. } => 10.0,
    };
    let theirs = if call.sound.they_record { 2.0 } else { 0.0 };
    (own + theirs) * space::TWO
}

/// The question at the foot, if it is asked: says whether it is.
pub(super) fn consent_ui(ui: &mut Ui, call: &Call, out: &mut Vec<Msg>) -> bool {
    if call.sound.recording != Recording::Asked {
        return false;
    }
    let mut say = |msg| out.push(Msg::Sound(SoundMsg::Record(call.no, msg)));
    // The last comes first, since all stands at the foot.
    if Button::new(Kind::Quiet, "Do not record").wide(ui).show(ui) {
        say(RecordMsg::Stop);
    }
    let start = Button::new(Kind::Primary, "Start recording").icon(Icon::RECORD);
    if start.wide(ui).show(ui) {
        say(RecordMsg::Agree);
    }
    ui.label(theme::body("They are told that you record."));
    true
}

/// The question in a line of its own.
pub(super) fn consent_line_ui(ui: &mut Ui, call: &Call, out: &mut Vec<Msg>) {
    if call.sound.recording != Recording::Asked {
        return;
    }
    let mut say = |msg| out.push(Msg::Sound(SoundMsg::Record(call.no, msg)));
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::small_strong("They are told that you record."));
        let start = Button::new(Kind::Primary, "Start recording").icon(Icon::RECORD);
        let name = format!("Start recording the call with {}", call.name);
        if start.named(&name).show(ui) {
            say(RecordMsg::Agree);
        }
        let not = format!("Do not record the call with {}", call.name);
        if Button::new(Kind::Raised, "Do not").named(&not).show(ui) {
            say(RecordMsg::Stop);
        }
    });
}

/// That it goes on, what went wrong, or where it is.
pub(super) fn recording_ui(ui: &mut Ui, call: &Call, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let show = || Msg::Sound(SoundMsg::Record(call.no, RecordMsg::Show));
    match &call.sound.recording {
        Recording::Off | Recording::Asked => {}
        Recording::Telling => {
            ui.label(theme::small("They are being told that you record…").color(palette.muted));
        }
        Recording::On => {
            ui.label(theme::small_strong("Recording").color(palette.bad));
        }
        Recording::Ending => {
            ui.label(theme::small("The recording is being finished…").color(palette.muted));
        }
        Recording::Kept { path, note } => {
            let file = path.file_name().unwrap_or(path.as_os_str());
            let kept = format!("Recorded: {}", file.to_string_lossy());
            ui.add(egui::Label::new(theme::small(kept)).truncate())
                .on_hover_text(path.display().to_string());
            if let Some(note) = note {
                ui.label(theme::small(note).color(palette.bad));
                // Whatever hinders the button, the path helps.
                ui.label(theme::small(path.display().to_string()).color(palette.muted));
            }
            if link_button(ui, None, "Show the recording") {
                out.push(show());
            }
        }
        Recording::Failed(why) => {
            ui.label(theme::small(why).color(palette.bad));
        }
    }
}
