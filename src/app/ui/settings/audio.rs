//! Microphone, speaker, where it rings, and a test in which one hears oneself.

use egui::Ui;

use super::{group_ui, note_ui, wrong_ui};
use crate::app::msg::{AudioMsg, Msg};
use crate::app::state::{Audio, AudioSet, AudioTest};
use crate::app::ui::call_sound::level_ui;
use crate::app::ui::devices::{Use, devices_ui};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::size;
use crate::app::ui::widgets::{Button, Kind, switch_ui};

/// The section.
pub(super) fn audio_ui(ui: &mut Ui, audio: &Audio, out: &mut Vec<Msg>) {
    let set = audio.set();
    devices_ui(ui, audio, &[Use::Microphone, Use::Speaker, Use::Ring], out);
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
