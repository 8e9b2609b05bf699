//! Microphone, speaker, where it rings, and a test in which one hears oneself.

use egui::Ui;

use super::{group_ui, note_ui, wrong_ui};
use crate::app::msg::{AudioMsg, Msg};
use crate::app::state::{Audio, AudioDevice, AudioSet, AudioTest};
use crate::app::ui::call_sound::level_ui;
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::size;
use crate::app::ui::widgets::{Button, Choice, Kind, switch_ui};

/// The section.
pub(super) fn audio_ui(ui: &mut Ui, audio: &Audio, out: &mut Vec<Msg>) {
    let set = audio.set();
    match audio.devices() {
        None => note_ui(ui, "Looking for devices…"),
        Some(Err(why)) => wrong_ui(ui, why),
        Some(Ok(devices)) => devices_ui(ui, set, devices, out),
    }
    test_ui(ui, audio.test(), out);
    group_ui(ui, "What others hear of you");
    for (name, on, change) in [
        (
            "Take away the echo of the speaker",
            set.echo,
            AudioSet {
                echo: !set.echo,
                ..set.clone()
            },
        ),
        (
            "Take away noise",
            set.noise,
            AudioSet {
                noise: !set.noise,
                ..set.clone()
            },
        ),
        (
            "Keep your voice at one level",
            set.gain,
            AudioSet {
                gain: !set.gain,
                ..set.clone()
            },
        ),
    ] {
        if switch_ui(ui, name, on) {
            out.push(Msg::Audio(AudioMsg::Set(change)));
        }
    }
    note_ui(ui, "A call that goes on follows every change at once.");
    group_ui(ui, "What others learn of you");
    if switch_ui(ui, "Hide my address in calls", set.hide) {
        let change = AudioSet {
            hide: !set.hide,
            ..set.clone()
        };
        out.push(Msg::Audio(AudioMsg::Set(change)));
    }
    note_ui(
        ui,
        "From the next call on, sound goes through the server's relay alone. Where the server has none, calls are without sound.",
    );
}

fn devices_ui(ui: &mut Ui, set: &AudioSet, devices: &[AudioDevice], out: &mut Vec<Msg>) {
    let mut choose = |ui: &mut Ui, of: &Of<'_>, change: &dyn Fn(Option<String>) -> AudioSet| {
        if let Some(chosen) = choices_ui(ui, of, devices) {
            out.push(Msg::Audio(AudioMsg::Set(change(chosen))));
        }
    };
    let of = Of {
        name: "Microphone",
        icon: Icon::MICROPHONE,
        microphone: true,
        chosen: set.microphone.as_deref(),
    };
    choose(ui, &of, &|microphone| AudioSet {
        microphone,
        ..set.clone()
    });
    let of = Of {
        name: "Speaker",
        icon: Icon::SPEAKER,
        microphone: false,
        chosen: set.speaker.as_deref(),
    };
    choose(ui, &of, &|speaker| AudioSet {
        speaker,
        ..set.clone()
    });
    let of = Of {
        name: "Rings at",
        icon: Icon::LOUD,
        microphone: false,
        chosen: set.ring.as_deref(),
    };
    choose(ui, &of, &|ring| AudioSet {
        ring,
        ..set.clone()
    });
}

/// What a device is chosen for.
struct Of<'a> {
    name: &'a str,
    icon: Icon,
    microphone: bool,
    chosen: Option<&'a str>,
}

/// The system's own and each device; one that was chosen and is not there says so. What was chosen just now, if anything.
fn choices_ui(ui: &mut Ui, of: &Of<'_>, devices: &[AudioDevice]) -> Option<Option<String>> {
    group_ui(ui, of.name);
    let mut all = devices
        .iter()
        .filter(|device| device.microphone == of.microphone);
    let preferred = all.clone().find(|device| device.preferred);
    let (icon, mut chosen) = (of.icon, None);
    let about = preferred.map_or("none at present", |device| device.description.as_str());
    let choice = Choice {
        icon,
        name: "Follow the system",
        about,
        chosen: of.chosen.is_none(),
    };
    if choice.show(ui) {
        chosen = Some(None);
    }
    for device in all.clone() {
        let choice = Choice {
            icon,
            name: &device.description,
            about: &device.name,
            chosen: of.chosen == Some(device.name.as_str()),
        };
        if choice.show(ui) {
            chosen = Some(Some(device.name.clone()));
        }
    }
    if let Some(gone) = of.chosen
        && !all.any(|device| device.name == gone)
    {
        let choice = Choice {
            icon,
            name: gone,
            about: "not there at present",
            chosen: true,
        };
        choice.show(ui);
    }
    chosen
}

fn test_ui(ui: &mut Ui, test: AudioTest, out: &mut Vec<Msg>) {
    group_ui(ui, "Hear yourself");
    let going = matches!(test, AudioTest::Speaking(_) | AudioTest::Playing(_));
    let name = if going { "Stop the test" } else { "Test" };
    if Button::new(Kind::Quiet, name)
        .icon(Icon::MICROPHONE)
        .show(ui)
    {
        out.push(Msg::Audio(AudioMsg::Test(!going)));
    }
    let bar = size::DIAL.min(ui.available_width());
    match test {
        AudioTest::Off => note_ui(
            ui,
            "Speak for four seconds, then hear what others would hear.",
        ),
        AudioTest::Speaking(level) => {
            level_ui(ui, bar, Icon::MICROPHONE, "How loud you are", level);
            note_ui(ui, "Say something…");
        }
        AudioTest::Playing(level) => {
            level_ui(ui, bar, Icon::SPEAKER, "How loud it is", level);
            note_ui(ui, "This is how you sound.");
        }
        AudioTest::NoMicrophone => {
            wrong_ui(ui, "There is no microphone. Plug one in, and try again.");
        }
        AudioTest::NoSpeaker => {
            wrong_ui(
                ui,
                "There is no speaker to hear it at. Plug one in, and try again.",
            );
        }
    }
}
