//! Devices for sound: which are chosen, which there are, and the test in which one hears oneself.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::Out;
use super::session::{Desk, Ends};
use super::voice::{Opened, open};
use crate::app::effect::AudioEffect;
use crate::app::msg::{AudioMsg, Msg};
use crate::app::state::{AudioDevice, AudioTest};
use crate::voice::BLOCK;
use crate::voice::device::Device as _;
use crate::voice::level::Meter;
use crate::voice::link::Policy;
use crate::voice::processing::{Processing, Switches};

/// How often devices are looked for while somebody looks at them.
const LOOK: Duration = Duration::from_secs(1);
/// How long one speaks in the test, in blocks of 10 ms.
const SPEAKS: usize = 400;
/// How long microphone and speaker may be away, also at the beginning.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is told how loud it is.
const LEVELS: Duration = Duration::from_millis(50);

impl Desk {
    pub(super) fn audio(&mut self, effect: AudioEffect) {
        match effect {
            AudioEffect::Use(set) => {
                self.sounds.ring_at(set.ring.clone());
                let switches = Switches {
                    echo: set.echo,
                    noise: set.noise,
                    gain: set.gain,
                };
                let policy = match set.hide {
                    true => Policy::RelayOnly,
                    false => Policy::Any,
                };
                self.voice
                    .choose(set.microphone, set.speaker, switches, policy);
                if let Some(calls) = self.call_sounds() {
                    calls.process(switches);
                    calls.go_by(policy);
                }
            }
            AudioEffect::Watch(looks) => {
                let out = self.out.clone();
                self.looking = looks.then(|| Ends(tokio::spawn(look(out))));
            }
            AudioEffect::Test(on) => {
                let (device, switches) = (self.voice.device(), self.voice.switches());
                let out = self.out.clone();
                self.testing = on.then(|| Ends(tokio::spawn(test(open(device), switches, out))));
            }
        }
    }
}

/// Tells which devices there are, and every change.
async fn look(out: Out) {
    let mut told = None;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        look.tick().await;
        let found = devices().await;
        if told.as_ref() != Some(&found) {
            told = Some(found.clone());
            out.tell(Msg::Audio(AudioMsg::Devices(found))).await;
        }
    }
}

#[cfg(target_os = "linux")]
async fn devices() -> Result<Vec<AudioDevice>, String> {
    let found = crate::voice::device::pulse::devices().await;
    let found = found.map_err(|_| {
        "There is no sound server. Start PulseAudio or PipeWire, and devices show here.".to_owned()
    })?;
    let devices = found.into_iter().map(|found| AudioDevice {
        name: found.name,
        description: found.description,
        microphone: found.microphone,
        preferred: found.preferred,
    });
    Ok(devices.collect())
}

#[cfg(not(target_os = "linux"))]
async fn devices() -> Result<Vec<AudioDevice>, String> {
    Err("Callsign has no way to the sound of this system yet: calls are without.".to_owned())
}

/// One speaks for some seconds, then hears it as others would.
async fn test(mut device: Opened, switches: Switches, out: Out) {
    let tell = |test| out.tell(Msg::Audio(AudioMsg::TestIs(test)));
    let mut processing = Processing::new(switches);
    let mut said: Vec<[f32; BLOCK]> = Vec::with_capacity(SPEAKS);
    let (mut meter, mut played) = (Meter::default(), 0);
    let mut away = Away::new(Instant::now());
    let mut look = interval(Duration::from_millis(5));
    look.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut levels = interval(LEVELS);
    levels.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while played < SPEAKS {
        tokio::select! {
            _ = look.tick() => {}
            _ = levels.tick() => {
                let level = super::voice::part(meter.level());
                tell(match said.len() < SPEAKS {
                    true => AudioTest::Speaking(level),
                    false => AudioTest::Playing(level),
                }).await;
                continue;
            }
        }
        let now = Instant::now();
        let mut block = [0.0; BLOCK];
        let there = device.present().0;
        if let Some(without) = away.look(now, device.present(), said.len() < SPEAKS) {
            tell(without).await;
            return;
        }
        while device.capture(now, &mut block) {
            if there && said.len() < SPEAKS {
                processing.heard(&mut block);
                meter.feed(&block);
                said.push(block);
            }
        }
        while device.wants(now) {
            // Nothing of it is heard before all of it was said.
            let next = said.get(played).filter(|_| said.len() == SPEAKS);
            let block = next.copied().unwrap_or([0.0; BLOCK]);
            if next.is_some() {
                meter.feed(&block);
                played += 1;
            }
            processing.played(&block);
            device.play(&block);
        }
    }
    // What the device still holds is heard as well.
    tokio::time::sleep(Duration::from_millis(200)).await;
    tell(AudioTest::Off).await;
}

/// Since when microphone and speaker are not there.
struct Away {
    microphone: Instant,
    speaker: Instant,
}

impl Away {
    fn new(now: Instant) -> Self {
        Self {
            microphone: now,
            speaker: now,
        }
    }

    /// What is missing for too long. The speaker is missed from the beginning, so that nobody speaks for nothing.
    fn look(&mut self, now: Instant, present: (bool, bool), speaks: bool) -> Option<AudioTest> {
        // Nobody needs the microphone any more while it is played.
        if present.0 || !speaks {
            self.microphone = now;
        }
        if present.1 {
            self.speaker = now;
        }
        let too_long = |since: Instant| now.duration_since(since) > PATIENCE;
        if too_long(self.microphone) {
            Some(AudioTest::NoMicrophone)
        } else {
            too_long(self.speaker).then_some(AudioTest::NoSpeaker)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::worker::tests::out;

    #[test]
    fn the_test_of_oneself_says_what_is_missing_once_it_is_for_long() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut away = Away::new(start);
        assert_eq!(away.look(at(2_000), (true, false), true), None);
        let gone = away.look(at(3_001), (true, false), true);
        assert_eq!(gone, Some(AudioTest::NoSpeaker));
        let gone = away.look(at(5_002), (false, true), true);
        assert_eq!(gone, None, "it may come back");
        let gone = away.look(at(6_002), (false, true), true);
        assert_eq!(gone, Some(AudioTest::NoMicrophone));
        assert_eq!(away.look(at(6_003), (false, true), false), None);
    }

    /// There may be many of them, and no effect waits for them.
    #[tokio::test]
    async fn levels_and_devices_do_not_take_the_way_of_answers() {
        let (out, mut answers_rx, mut events_rx) = out();
        let looking = Ends(tokio::spawn(look(out.clone())));
        let msg = events_rx.recv().await;
        assert!(matches!(msg, Some(Msg::Audio(AudioMsg::Devices(_)))));
        drop(looking);
        let device = crate::app::worker::voice::Voice::new().device();
        let _testing = Ends(tokio::spawn(test(open(device), Switches::default(), out)));
        let msg = events_rx.recv().await;
        assert!(matches!(msg, Some(Msg::Audio(AudioMsg::TestIs(_)))));
        assert!(answers_rx.try_recv().is_err());
    }
}
