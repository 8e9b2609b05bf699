//! The sound of calls: the devices that are chosen, and what is told of it.

#[cfg(target_os = "linux")]
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::session::Desk;
use super::{Out, recording};
use crate::app::effect::SoundStep;
use crate::app::msg::{Msg, SoundMsg, SoundWord};
use crate::app::state::{Quality, RecordWord};
use crate::calls::{
    Devices, NoSound, Order, PrepareError, SoundNews, SoundOptions, Sounds, SoundsTold,
};
use crate::client::Session;
use crate::client::event::CallRef;
#[cfg(not(target_os = "linux"))]
use crate::voice::device::NoDevice;
#[cfg(target_os = "linux")]
use crate::voice::device::pulse::PulseDevice;
use crate::voice::link::Policy;
use crate::voice::peer::Line;
use crate::voice::processing::Switches;

/// Which microphone and which speaker, now and later.
#[cfg(target_os = "linux")]
pub(super) type Chosen = watch::Receiver<crate::voice::device::pulse::Choice>;
/// There is no choice yet.
#[cfg(not(target_os = "linux"))]
pub(super) type Chosen = ();

/// Microphone and speaker of this computer.
#[cfg(target_os = "linux")]
pub(super) type Opened = PulseDevice;
/// There is no way to them yet.
#[cfg(not(target_os = "linux"))]
pub(super) type Opened = NoDevice;

/// Opens them.
#[cfg(target_os = "linux")]
pub(super) fn open(chosen: Chosen) -> Opened {
    PulseDevice::open(chosen)
}

/// Nothing is opened.
#[cfg(not(target_os = "linux"))]
pub(super) fn open((): Chosen) -> Opened {
    NoDevice::default()
}

/// The computer's microphone and speaker, as they are chosen now and later.
#[derive(Debug)]
pub(super) struct OwnDevices {
    chosen: Chosen,
}

impl Devices for OwnDevices {
    type Device = Opened;

    fn open(&self, _call: CallRef) -> Self::Device {
        #[cfg_attr(
            not(target_os = "linux"),
            expect(clippy::clone_on_copy, reason = "it is none elsewhere")
        )]
        open(self.chosen.clone())
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
    switches: Switches,
    policy: Policy,
}

impl Voice {
    /// Nothing is opened before a call is answered.
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            chosen_tx: watch::Sender::default(),
            switches: Switches::default(),
            policy: Policy::Any,
        }
    }

    /// These from now on, also in calls that go on; the ways in those to come.
    pub(super) fn choose(
        &mut self,
        microphone: Option<String>,
        speaker: Option<String>,
        switches: Switches,
        policy: Policy,
    ) {
        self.switches = switches;
        self.policy = policy;
        #[cfg(target_os = "linux")]
        self.chosen_tx.send_if_modified(|choice| {
            let wanted = crate::voice::device::pulse::Choice {
                microphone,
                speaker,
            };
            let other = *choice != wanted;
            *choice = wanted;
            other
        });
        #[cfg(not(target_os = "linux"))]
        drop((microphone, speaker));
    }

    /// Which devices, now and later.
    pub(super) fn device(&self) -> Chosen {
        #[cfg(target_os = "linux")]
        return self.chosen_tx.subscribe();
    }

    /// What is done with the microphone's sound.
    pub(super) fn switches(&self) -> Switches {
        self.switches
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
            chosen: self.device(),
        };
        let options = SoundOptions {
            switches: self.switches,
            policy: self.policy,
            ..options
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
            SoundStep::Record(Some((me, with))) => {
                Order::Record(Some(self.new_recording(&me, &with)))
            }
            SoundStep::Record(None) => Order::Record(None),
        };
        if let Some(sounds) = self.call_sounds() {
            sounds.order(call, order);
        }
    }
}

async fn tell(mut told: SoundsTold, out: Out) {
    while let Some((call, news)) = told.recv().await {
        out.tell(Msg::Sound(SoundMsg::Told(call, word(news)))).await;
    }
}

fn word(news: SoundNews) -> SoundWord {
    match news {
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
        SoundNews::Recording => SoundWord::Record(RecordWord::On),
        SoundNews::Recorded(over) => SoundWord::Record(recording::word(over)),
        SoundNews::None(why) => SoundWord::Without(sentence(&why)),
        SoundNews::Over => SoundWord::Over,
    }
}

/// A level as part of a bar: from the least that is seen to full scale.
pub(super) fn part(level: f32) -> f32 {
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
        NoSound::Here(PrepareError::NoRelay) => {
            "No sound: your address is to be hidden, and the server has no relay. Ask its operator for one, or \
             switch off “Hide my address in calls” in Settings, Audio."
                .to_owned()
        }
        NoSound::Here(PrepareError::Sockets(_) | PrepareError::Description) => {
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
