//! Which microphone and which speaker: a list of each, in the settings and in a call.

use egui::{ScrollArea, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::Choice;
use crate::app::msg::{AudioMsg, Msg};
use crate::app::state::{Audio, AudioDevice, AudioSet};

/// What a device is chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// To be heard.
    Microphone,
    /// To hear.
    Speaker,
    /// To be rung by.
    Ring,
}

impl Use {
    fn name(self) -> &'static str {
        match self {
            Self::Microphone => "Microphone",
            Self::Speaker => "Speaker",
            Self::Ring => "Rings at",
        }
    }

    fn icon(self) -> Icon {
        match self {
            Self::Microphone => Icon::MICROPHONE,
            Self::Speaker => Icon::SPEAKER,
            Self::Ring => Icon::LOUD,
        }
    }

    fn chosen(self, set: &AudioSet) -> Option<&str> {
        match self {
            Self::Microphone => set.microphone.as_deref(),
            Self::Speaker => set.speaker.as_deref(),
            Self::Ring => set.ring.as_deref(),
        }
    }

    /// The same with another device.
    fn choose(self, set: &AudioSet, device: Option<String>) -> AudioSet {
        let mut set = set.clone();
        match self {
            Self::Microphone => set.microphone = device,
            Self::Speaker => set.speaker = device,
            Self::Ring => set.ring = device,
        }
        set
    }
}

/// Lists for these, once the devices are known.
pub(super) fn devices_ui(ui: &mut Ui, audio: &Audio, uses: &[Use], out: &mut Vec<Msg>) {
    match audio.devices() {
        None => {
            ui.label(theme::small("Looking for devices…").color(palette(ui).muted));
        }
        Some(Err(why)) => {
            ui.label(theme::small(why).color(palette(ui).bad));
        }
        Some(Ok(devices)) => {
            for of in uses {
                if let Some(chosen) = list_ui(ui, *of, audio.set(), devices) {
                    let set = of.choose(audio.set(), chosen);
                    out.push(Msg::Audio(AudioMsg::Set(set)));
                }
            }
        }
    }
}

/// Lists for a call that goes on, no higher than this.
pub(super) fn in_call_ui(ui: &mut Ui, audio: &Audio, height: f32, out: &mut Vec<Msg>) {
    ScrollArea::vertical()
        .id_salt("devices")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            // The bar of the list, and the ring of what has the keyboard, need room as well.
            let wide = ui.available_width().min(size::TEXT) - space::ONE_AND_HALF;
            ui.set_max_width(wide);
            devices_ui(ui, audio, &[Use::Microphone, Use::Speaker], out);
            ui.add_space(space::HALF);
        });
}

/// The system's own and each device; one that was chosen and is not there says so. What was chosen just now, if anything.
fn list_ui(
    ui: &mut Ui,
    of: Use,
    set: &AudioSet,
    devices: &[AudioDevice],
) -> Option<Option<String>> {
    ui.add_space(space::TWO);
    ui.label(theme::small_strong(of.name()).color(palette(ui).muted));
    let mut all = devices
        .iter()
        .filter(|device| device.microphone == (of == Use::Microphone));
    let preferred = all.clone().find(|device| device.preferred);
    let (icon, wanted, mut chosen) = (of.icon(), of.chosen(set), None);
    let about = preferred.map_or("none at present", |device| device.description.as_str());
    let choice = Choice {
        icon,
        name: "Follow the system",
        about,
        chosen: wanted.is_none(),
    };
    if choice.show_for(ui, of.name()) {
        chosen = Some(None);
    }
    // By its name for the system where that tells one from another.
    let alike = |device: &AudioDevice| {
        let same = |other: &AudioDevice| other.description == device.description;
        all.clone().filter(|other| same(other)).count() > 1
    };
    for device in all.clone() {
        let choice = Choice {
            icon,
            name: &device.description,
            about: if alike(device) { &device.name } else { "" },
            chosen: wanted == Some(device.name.as_str()),
        };
        if choice.show_for(ui, of.name()) {
            chosen = Some(Some(device.name.clone()));
        }
    }
    if let Some(gone) = wanted
        && !all.any(|device| device.name == gone)
    {
        let choice = Choice {
            icon,
            name: gone,
            about: "not there at present",
            chosen: true,
        };
        choice.show_for(ui, of.name());
    }
    chosen
}
