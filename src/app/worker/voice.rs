//! The sound of calls: the devices that are chosen, and what is told of it.

#[cfg(target_os = "linux")]
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Out;
use super::session::Desk;
use crate::app::effect::SoundStep;
use crate::app::msg::{Msg, SoundMsg, SoundWord};
use crate::app::state::Quality;
use crate::calls::{Devices, NoSound, Order, SoundNews, SoundOptions, Sounds, SoundsTold};
use crate::client::Session;
use crate::client::event::CallRef;
#[cfg(not(target_os = "linux"))]
use crate::voice::device::NoDevice;
#[cfg(target_os = "linux")]
use crate::voice::device::pulse::PulseDevice;
use crate::voice::peer::Line;

/// The computer's microphone and speaker, as they are chosen now and later.
#[derive(Debug)]
pub(super) struct OwnDevices {
    #[cfg(target_os = "linux")]
    chosen_rx: watch::Receiver<crate::voice::device::pulse::Choice>,
}

impl Devices for OwnDevices {
    #[cfg(target_os = "linux")]
    type Device = PulseDevice;
    #[cfg(not(target_os = "linux"))]
    type Device = NoDevice;

    fn open(&self, _call: CallRef) -> Self::Device {
        #[cfg(target_os = "linux")]
        return PulseDevice::open(self.chosen_rx.clone());
        #[cfg(not(target_os = "linux"))]
        NoDevice::default()
    }

    fn close(&self, _call: CallRef, device: Self::Device) {
        drop(device);
    }
}

/// What the worker has of the sound of calls.
#[derive(Debug)]
pub(super) struct Voice {
    #[cfg(target_os = "linux")]
    chosen_tx: watch::Sender<crate::voice::device::pulse::Choice>,
}

impl Voice {
    /// Nothing is opened before a call is answered.
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            chosen_tx: watch::Sender::default(),
        }
    }

    /// For the calls of a session. What becomes of them is told by a task.
    pub(super) fn start(
        &self,
        session: Session,
        options: SoundOptions,
        out: Out,
        tasks: &mut JoinSet<()>,
    ) -> Sounds<OwnDevices> {
        let devices = OwnDevices {
            #[cfg(target_os = "linux")]
            chosen_rx: self.chosen_tx.subscribe(),
        };
        let (sounds, told) = Sounds::new(session, options, devices);
        tasks.spawn(tell(told, out));
        sounds
    }
}

impl Desk {
    /// Something about the sound of a call.
    pub(super) fn sound(&mut self, call: CallRef, step: SoundStep) {
        let order = match step {
            SoundStep::Mute(muted) => Order::Mute(muted),
            SoundStep::Hold(held) => Order::Hold(held),
        };
        if let Some(sounds) = self.call_sounds() {
            sounds.order(call, order);
        }
    }
}

async fn tell(mut told: SoundsTold, out: Out) {
    while let Some((call, news)) = told.recv().await {
        if let Some(word) = word(news) {
            out.say(Msg::Sound(SoundMsg::Told(call, word))).await;
        }
    }
}

fn word(news: SoundNews) -> Option<SoundWord> {
    Some(match news {
        SoundNews::Connected => SoundWord::Connected,
        SoundNews::Interrupted => SoundWord::Interrupted,
        SoundNews::Silent => SoundWord::Silent(true),
        SoundNews::Heard => SoundWord::Silent(false),
        SoundNews::Unheard => SoundWord::Unheard(true),
        SoundNews::Arrives => SoundWord::Unheard(false),
        SoundNews::Key(key) => SoundWord::Key(key),
        SoundNews::Line(line) => SoundWord::Quality(quality(&line)),
        SoundNews::Levels(levels, _) => {
            SoundWord::Levels(part(levels.microphone), part(levels.speaker))
        }
        SoundNews::Present {
            microphone,
            speaker,
        } => SoundWord::Present(microphone, speaker),
        SoundNews::TheyHold(held) => SoundWord::TheyHold(held),
        SoundNews::TheyRecord(recorded) => SoundWord::TheyRecord(recorded),
        SoundNews::None(why) => SoundWord::Without(sentence(&why)),
        SoundNews::Over => return None,
    })
}

/// A level as part of a bar: from the least that is seen to full scale.
fn part(level: f32) -> f32 {
    ((level + QUIET) / QUIET).clamp(0.0, 1.0)
}

/// What is no longer seen, in decibels below full scale.
const QUIET: f32 = 60.0;

fn quality(line: &Line) -> Quality {
    let ms = |time: std::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    let percent = |part: f32| part * 100.0;
    Quality {
        round_trip_ms: line.round_trip.map(ms),
        lost: (line.lost_there.map(percent), line.lost_here.map(percent)),
        jitter_ms: line.jitter_here.map(ms),
        kbits: (line.sent / 1_000, line.received / 1_000),
    }
}

/// Why there is no sound, and what to do.
fn sentence(why: &NoSound) -> String {
    match why {
        NoSound::TheirProgram => "No sound: their program carries none.".to_owned(),
        NoSound::Theirs(error) => {
            format!("No sound: {error}. Both may need the same version of Callsign.")
        }
        NoSound::Unfit(_) => {
            "No sound: what their program says of it is of no use. Both may need the same version."
                .to_owned()
        }
        NoSound::Here(_) => {
            "No sound: this computer has no network for it. Check the network and call again."
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_parts_of_a_bar() {
        assert_eq!(part(-120.0), 0.0);
        assert_eq!(part(-30.0), 0.5);
        assert_eq!(part(3.0), 1.0);
    }
}
