//! Microphones and speakers of a computer that is painted.

use super::stories::talking;
use crate::app::msg::{AudioMsg, Msg};
use crate::app::state::tests::Story;
use crate::app::state::{AudioDevice, Place};

/// Two of each, one of them chosen, and one that was chosen and is not there.
pub(super) fn known(mut story: Story) -> Story {
    let device = |name: &str, description: &str, microphone, preferred| AudioDevice {
        name: name.to_owned(),
        description: description.to_owned(),
        microphone,
        preferred,
    };
    let devices = vec![
        device(
            "alsa_input.pci-0000_00_1f.3.analog-stereo",
            "Built-in Audio Analog Stereo",
            true,
            true,
        ),
        device(
            "alsa_input.usb-Plantronics_Blackwire_3220-00.mono-fallback",
            "Plantronics Blackwire 3220 Series Mono",
            true,
            false,
        ),
        device(
            "alsa_output.pci-0000_00_1f.3.analog-stereo",
            "Built-in Audio Analog Stereo",
            false,
            true,
        ),
        device(
            "alsa_output.usb-Plantronics_Blackwire_3220-00.analog-stereo",
            "Plantronics Blackwire 3220 Series Analog Stereo",
            false,
            false,
        ),
    ];
    let mut set = story.state.audio().set().clone();
    set.microphone = Some(devices[1].name.clone());
    set.speaker = Some("alsa_output.usb-Jabra_EVOLVE_30-00.analog-stereo".to_owned());
    story.tell(Msg::Audio(AudioMsg::Set(set)));
    story.tell(Msg::Audio(AudioMsg::Devices(Ok(devices))));
    story
}

/// They are listed in a call.
pub(super) fn listed(place: Place) -> Story {
    let mut story = talking();
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Audio(AudioMsg::List(Some((no, place)))));
    known(story)
}

/// No sound server.
pub(super) fn none(mut story: Story) -> Story {
    let why =
        "There is no sound server. Start PulseAudio or PipeWire, and devices show here.".to_owned();
    story.tell(Msg::Audio(AudioMsg::Devices(Err(why))));
    story
}
