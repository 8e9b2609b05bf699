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
use crate::voice::processing::{Processing, Switches};

/// How often devices are looked for while somebody looks at them.
const LOOK: Duration = Duration::from_secs(1);
/// How long one speaks in the test, in blocks of 10 ms.
const SPEAKS: usize = 400;
/// How long a microphone may take to be there.
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
                self.voice.choose(set.microphone, set.speaker, switches);
                if let Some(calls) = self.call_sounds() {
                    calls.process(switches);
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
            out.say(Msg::Audio(AudioMsg::Devices(found))).await;
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
    let tell = |test| out.say(Msg::Audio(AudioMsg::TestIs(test)));
    let mut processing = Processing::new(switches);
    let mut said: Vec<[f32; BLOCK]> = Vec::with_capacity(SPEAKS);
    let (mut meter, mut played) = (Meter::default(), 0);
    let start = Instant::now();
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
        while device.capture(now, &mut block) {
            if there && said.len() < SPEAKS {
                processing.heard(&mut block);
                meter.feed(&block);
                said.push(block);
            }
        }
        if !there && said.len() < SPEAKS && now.duration_since(start) > PATIENCE {
            tell(AudioTest::Deaf).await;
            return;
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
