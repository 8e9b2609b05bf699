//! What a microphone hears becomes what its owner said: without what the speaker plays, without the noise of the room, at
//! one level.

use sonora::config::{
    EchoCanceller, HighPassFilter, MaxProcessingRate, NoiseSuppression, NoiseSuppressionLevel,
    Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use super::gain::Gain;
use super::{BLOCK, RATE, level_of};

/// The speaker counts as playing for so many blocks after it did: 300 ms, the longest way back into a microphone.
const ECHO: u32 = 30;
/// Louder than this the speaker plays something, in dBFS.
const PLAYS: f32 = -50.0;

/// A quiet room before a call, in blocks: 1 s.
const QUIET: u32 = 100;
/// How loud it is, from peak to peak: about -75 dBFS.
const ROOM: f32 = 0.0006;

/// What is done with the sound of the microphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Takes away what the speaker plays.
    pub echo: bool,
    /// Takes away steady noise.
    pub noise: bool,
    /// Brings soft and loud talkers to one level.
    pub gain: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            echo: true,
            noise: true,
            gain: true,
        }
    }
}

/// The processing of one microphone and one speaker.
pub struct Processing {
    audio: AudioProcessing,
    gain: Gain,
    switches: Switches,
    out: Box<[f32; BLOCK]>,
    since_played: u32,
}

impl std::fmt::Debug for Processing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Processing({:?})", self.switches)
    }
}

impl Processing {
    /// With these parts of it.
    #[must_use]
    pub fn new(switches: Switches) -> Self {
        let stream = StreamConfig::new(RATE, 1);
        let audio = AudioProcessing::builder()
            .config(config(switches))
            .capture_config(stream)
            .render_config(stream)
            .build();
        let mut processing = Self {
            audio,
            gain: Gain::new(),
            switches,
            out: Box::new([0.0; BLOCK]),
            since_played: ECHO,
        };
        if switches.noise {
            processing.hear_a_quiet_room();
        }
        processing
    }

    /// What is heard first is taken for noise, and a call begins with a word: so something soft is heard before it.
    fn hear_a_quiet_room(&mut self) {
        let mut random = 1_u32;
        for _ in 0..QUIET {
            let room: [f32; BLOCK] = std::array::from_fn(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ROOM * (random as f32 / u32::MAX as f32 - 0.5)
            });
            let made = self
                .audio
                .process_capture_f32(&[&room], &mut [&mut self.out[..]]);
            if let Err(error) = made {
                tracing::debug!(?error, "a block was not processed");
            }
        }
    }

    /// Switches parts on or off.
    pub fn switch(&mut self, switches: Switches) {
        if switches != self.switches {
            self.audio.apply_config(config(switches));
            self.switches = switches;
        }
    }

    /// The speaker is about to play this.
    pub fn played(&mut self, block: &[f32; BLOCK]) {
        self.since_played = if level_of(block) > PLAYS {
            0
        } else {
            self.since_played.saturating_add(1)
        };
        if self.switches.echo {
            let made = self
                .audio
                .process_render_f32(&[block], &mut [&mut self.out[..]]);
            if let Err(error) = made {
                tracing::debug!(?error, "the echo canceller did not take a block");
            }
        }
    }

    /// The microphone heard this.
    pub fn heard(&mut self, block: &mut [f32; BLOCK]) {
        if self.switches.echo || self.switches.noise {
            let made = self
                .audio
                .process_capture_f32(&[&block[..]], &mut [&mut self.out[..]]);
            match made {
                Ok(()) => block.copy_from_slice(&self.out[..]),
                Err(error) => tracing::debug!(?error, "a block was not processed"),
            }
        }
        if self.switches.gain {
            let echo = self.switches.echo && self.since_played < ECHO;
            self.gain.apply(block, echo);
        }
    }
}

fn config(switches: Switches) -> Config {
    Config {
        pipeline: Pipeline {
            maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
            multi_channel_render: false,
            multi_channel_capture: false,
            ..Pipeline::default()
        },
        high_pass_filter: (switches.echo || switches.noise).then(HighPassFilter::default),
        echo_canceller: switches.echo.then(EchoCanceller::default),
        noise_suppression: switches.noise.then(|| NoiseSuppression {
            level: NoiseSuppressionLevel::High,
            ..NoiseSuppression::default()
        }),
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::factor;
    use crate::voice::gain::TARGET;
    use crate::voice::testing::{active_level, speech_at};

    /// What leaves when the microphone hears `near` and the speaker plays `far`.
    fn process(switches: Switches, near: &[f32], far: &[f32]) -> Vec<f32> {
        let mut processing = Processing::new(switches);
        let mut out = Vec::with_capacity(near.len());
        for (near, far) in near.chunks_exact(BLOCK).zip(far.chunks_exact(BLOCK)) {
            processing.played(far.try_into().expect("a block"));
            let mut block: [f32; BLOCK] = near.try_into().expect("a block");
            processing.heard(&mut block);
            out.extend_from_slice(&block);
        }
        out
    }

    /// A room: 40 ms to the microphone, and an echo that dies away in a tenth of a second.
    fn room(far: &[f32]) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(11);
        let path: Vec<(usize, f32)> = (0..60)
            .map(|i| {
                let at = 1_920 + i * 83;
                let gain = 0.3 * (-(i as f32) / 15.0).exp();
                (at, gain * (random.f32() * 2.0 - 1.0))
            })
            .chain([(1_920, 0.4)])
            .collect();
        let mut echo = vec![0.0; far.len()];
        for (at, gain) in path {
            for i in at..far.len() {
                echo[i] += gain * far[i - at];
            }
        }
        echo
    }

    #[test]
    fn noise_falls_against_speech_by_12_decibels() {
        let mut random = fastrand::Rng::with_seed(2);
        let said = speech_at(15.0, 4, -24.0);
        let level = factor(-34.0) * 3.0_f32.sqrt();
        let near: Vec<f32> = said
            .iter()
            .map(|sample| sample + level * (random.f32() * 2.0 - 1.0))
            .collect();
        let far = vec![0.0; near.len()];
        let out = process(Switches::default(), &near, &far);
        // Between the syllables, in the last seconds.
        let from = 8 * 48_000;
        let (mut noise_in, mut noise_out, mut count) = (0.0, 0.0, 0);
        for at in (from..said.len() - 4_800).step_by(BLOCK) {
            // The processing delays by some ms, so both sides of a pause are left out.
            if level_of(&said[at - 3_840..at + 2 * BLOCK]) < -100.0 {
                noise_in += 10.0_f32.powf(level_of(&near[at..at + BLOCK]) / 10.0);
                noise_out += 10.0_f32.powf(level_of(&out[at..at + BLOCK]) / 10.0);
                count += 1;
            }
        }
        assert!(count > 20, "{count} blocks of noise");
        let turned_up = active_level(&out[from..]) - active_level(&near[from..]);
        let fell = 10.0 * (noise_in / noise_out).log10() + turned_up;
        assert!(fell >= 12.0, "noise falls by {fell} dB");
    }

    #[test]
    fn speech_leaves_at_one_level_with_everything_on() {
        for level in [-40.0, -25.0, -10.0] {
            let said = speech_at(10.0, 6, level);
            let far = vec![0.0; said.len()];
            let out = process(Switches::default(), &said, &far);
            let left = active_level(&out[3 * 48_000..]);
            assert!((left - TARGET).abs() < 6.0, "{level} dBFS leaves at {left}");
        }
    }

    #[test]
    fn the_first_word_leaves_as_loud_as_the_later_ones() {
        // At once, after silence without a single bit, and after that of a room.
        let mut random = fastrand::Rng::with_seed(3);
        for (seconds, room) in [(0, 0.0), (1, 0.0), (1, factor(-65.0)), (4, 0.0)] {
            for seed in 1..4 {
                let mut said = vec![0.0; seconds * 48_000];
                said.extend(speech_at(8.0, seed, -26.0));
                for sample in &mut said {
                    *sample += 3.0_f32.sqrt() * room * (random.f32() * 2.0 - 1.0);
                }
                let out = process(Switches::default(), &said, &vec![0.0; said.len()]);
                let from = seconds * 48_000;
                // How much a stretch is turned up, against what is said later.
                let up = |a: usize, b: usize| active_level(&out[a..b]) - active_level(&said[a..b]);
                let later = up(from + 4 * 48_000, said.len());
                let first = up(from, from + 24_000) - later;
                let next = up(from + 24_000, from + 48_000) - later;
                println!("{seconds} s of {room}, {seed}: {first:.1}, {next:.1} dB");
                assert!(
                    first > -6.0 && next > -6.0,
                    "{first} and {next} dB after {seconds} s of silence"
                );
            }
        }
    }

    #[test]
    fn the_speaker_is_not_heard_and_the_talker_beside_it_is() {
        let far = speech_at(24.0, 1, -20.0);
        let echo = room(&far);
        let out = process(Switches::default(), &echo, &far);
        let from = 6 * 48_000;
        let left = level_of(&echo[from..]) - level_of(&out[from..]);
        assert!(left >= 30.0, "echo return loss {left} dB");

        // The same with somebody talking in the second half: he must be heard as loud as without the echo.
        let switches = Switches {
            gain: false,
            ..Switches::default()
        };
        let half = far.len() / 2;
        let mut near = speech_at(24.0, 9, -20.0);
        near[..half].fill(0.0);
        let both: Vec<f32> = near.iter().zip(&echo).map(|(a, b)| a + b).collect();
        let alone = process(switches, &near, &vec![0.0; far.len()]);
        let double = process(switches, &both, &far);
        let (alone, double) = (active_level(&alone[half..]), active_level(&double[half..]));
        assert!(
            (alone - double).abs() < 4.0,
            "{alone} alone, {double} in double talk"
        );
    }
}
