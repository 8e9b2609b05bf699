//! What one sees of the sound of a call: how the line is, how loud both are, what is wrong, and what can be switched.

use std::time::Duration;

use egui::accesskit::Role;
use egui::{Align, Layout, Rect, Sense, Ui, WidgetInfo};

use super::call_record;
use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{icon_button, tile_button};
use crate::app::msg::{AudioMsg, CallMsg, Msg, SoundMsg};
use crate::app::state::{Call, Place, Quality};

/// From here on a line is worse than good, and from here on bad: there and back in ms, and lost in percent.
const WORSE: (u32, f32) = (250, 2.0);
const BAD: (u32, f32) = (500, 8.0);

/// How the line is, in a few words; all of it where one points at it.
pub(super) fn quality_ui(ui: &mut Ui, quality: &Quality) {
    let palette = palette(ui);
    let colour = match grade(quality) {
        Grade::Good => palette.ok,
        Grade::Worse => palette.warn,
        Grade::Bad => palette.bad,
    };
    ui.label(theme::small(short(quality)).color(colour))
        .on_hover_text(long(quality));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Good,
    Worse,
    Bad,
}

fn grade(quality: &Quality) -> Grade {
    let ms = quality.round_trip_ms.unwrap_or(0);
    let lost = worst(quality).unwrap_or(0.0);
    match (ms, lost) {
        (ms, lost) if ms >= BAD.0 || lost >= BAD.1 => Grade::Bad,
        (ms, lost) if ms >= WORSE.0 || lost >= WORSE.1 => Grade::Worse,
        _ => Grade::Good,
    }
}

/// What is lost on the worse of both ways, in percent.
fn worst(quality: &Quality) -> Option<f32> {
    let (there, here) = quality.lost;
    there.into_iter().chain(here).reduce(f32::max)
}

/// `38 ms · 0 % · Opus`.
fn short(quality: &Quality) -> String {
    let time = quality.round_trip_ms.map(|ms| format!("{ms} ms"));
    let lost = worst(quality).map(|lost| format!("{lost:.0} %"));
    let words = [time, lost, Some("Opus".to_owned())];
    words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn long(quality: &Quality) -> String {
    let percent = |lost: Option<f32>| match lost {
        Some(lost) => format!("{lost:.1} %"),
        None => "not known yet".to_owned(),
    };
    let ms = |ms: Option<u32>| match ms {
        Some(ms) => format!("{ms} ms"),
        None => "not known yet".to_owned(),
    };
    let (there, here) = quality.lost;
    format!(
        "Round trip: {}\nJitter: {}\nLost on the way there: {}\nLost on the way here: {}\n\
         Opus: {} kbit/s out, {} kbit/s in",
        ms(quality.round_trip_ms),
        ms(quality.jitter_ms),
        percent(there),
        percent(here),
        quality.kbits.0,
        quality.kbits.1,
    )
}

/// How the line is, how loud both sides are, and what is wrong.
///
/// `listed` is whether one chooses microphone and speaker.
pub(super) fn sound_ui(
    ui: &mut Ui,
    call: &Call,
    listed: bool,
    talked: Duration,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    let sound = &call.sound;
    if let Some(quality) = sound.quality.as_ref().filter(|_| sound.there()) {
        ui.vertical_centered(|ui| quality_ui(ui, quality));
    }
    if sound.there() {
        ui.horizontal(|ui| {
            let act = if call.held { 0.0 } else { size::CONTROL };
            let half = (ui.available_width() - act - space::TWO) / 2.0;
            let (microphone, speaker) = sound.levels;
            let icon = match sound.muted {
                true => Icon::MICROPHONE_OFF,
                false => Icon::MICROPHONE,
            };
            level_ui(ui, half, icon, "How loud they hear you", microphone);
            level_ui(ui, half, Icon::SPEAKER, "How loud you hear them", speaker);
            if !call.held {
                choose_ui(ui, call, listed, out);
            }
        });
    }
    ui.vertical_centered(|ui| {
        if let Some(trouble) = sound.trouble(talked) {
            ui.label(theme::small(trouble).color(palette.bad));
        } else if sound.they_hold {
            ui.label(theme::small("They put you on hold.").color(palette.muted));
        }
        if sound.they_record {
            ui.label(theme::small("They record this call.").color(palette.bad));
        }
        call_record::recording_ui(ui, call, out);
    });
}

/// Beside what is heard: with which devices.
fn choose_ui(ui: &mut Ui, call: &Call, listed: bool, out: &mut Vec<Msg>) {
    if icon_button(ui, Icon::SETTINGS, "Microphone and speaker", listed).clicked() {
        let list = (!listed).then_some((call.no, Place::Window));
        out.push(Msg::Audio(AudioMsg::List(list)));
    }
}

/// A bar as long as something is loud, so wide.
pub(super) fn level_ui(ui: &mut Ui, width: f32, icon: Icon, name: &str, level: f32) {
    let palette = palette(ui);
    let wanted = egui::vec2(width, size::SMALL_ICON);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::hover());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Meter, true, name);
        info.value = Some(f64::from((level * 100.0).round()));
        info
    });
    let font = Icon::font(size::SMALL_ICON, false);
    ui.painter().text(
        rect.left_center(),
        egui::Align2::LEFT_CENTER,
        icon.text(),
        font,
        palette.muted,
    );
    let left = rect.left() + size::SMALL_ICON + space::HALF;
    let bar = Rect::from_x_y_ranges(
        left..=rect.right(),
        rect.center().y - space::HALF / 2.0..=rect.center().y + space::HALF / 2.0,
    );
    ui.painter()
        .rect_filled(bar, space::HALF / 2.0, palette.bg2);
    let mut full = bar;
    full.set_width(bar.width() * level.clamp(0.0, 1.0));
    ui.painter()
        .rect_filled(full, space::HALF / 2.0, palette.ok);
    response.on_hover_text(name);
}

/// What can be switched in a call; `pad` is whether its keys are shown. Says whether they are to be, or not any more.
pub(super) fn tiles_ui(ui: &mut Ui, call: &Call, pad: bool, out: &mut Vec<Msg>) -> bool {
    let mut toggled = false;
    let height = size::TILE + space::HALF + space::TWO;
    let tile = size::TILE + space::TWO;
    let record = call_record::switch(call).filter(|_| !call.held);
    let count = match (call.held, record) {
        (true, _) => 1.0,
        (false, None) => 3.0,
        (false, Some(_)) => 4.0,
    };
    let room = egui::vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.x = space::HALF;
        let wide = count * tile + (count - 1.0) * space::HALF;
        ui.add_space(((ui.available_width() - wide) / 2.0).max(0.0));
        if !call.held {
            let muted = call.sound.muted;
            if tile_button(ui, Icon::MICROPHONE_OFF, "Mute", muted) {
                out.push(Msg::Sound(SoundMsg::Mute(call.no, !muted)));
            }
        }
        if tile_button(ui, Icon::HOLD, "Hold", call.held) {
            out.push(match call.held {
                true => Msg::Call(CallMsg::Resume(call.no)),
                false => Msg::Sound(SoundMsg::Hold(call.no)),
            });
        }
        if !call.held {
            toggled = tile_button(ui, Icon::KEYPAD, "Keypad", pad);
        }
        if let Some(on) = record
            && tile_button(ui, Icon::RECORD, "Record", on)
        {
            call_record::pressed(call, on, out);
        }
    });
    toggled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_by_its_worst() {
        let mut quality = Quality {
            round_trip_ms: Some(38),
            lost: (Some(0.2), None),
            jitter_ms: Some(4),
            kbits: (33, 31),
        };
        assert_eq!(short(&quality), "38 ms · 0 % · Opus");
        assert_eq!(grade(&quality), Grade::Good);
        quality.lost.1 = Some(3.0);
        assert_eq!(grade(&quality), Grade::Worse);
        assert!(long(&quality).contains("here: 3.0 %"));
        quality.round_trip_ms = Some(700);
        assert_eq!(grade(&quality), Grade::Bad);
    }
}
