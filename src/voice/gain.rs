//! Automatic gain: soft and loud talkers are heard at one level, and pauses are not turned up.

use super::mixer::{fade, soften};
use super::{BLOCK, factor, level_of};

/// The level at which speech leaves, in dBFS.
pub(super) const TARGET: f32 = -20.0;
/// The most that is turned up, in decibels.
const UP: f32 = 26.0;
/// The most that is turned down.
const DOWN: f32 = -14.0;
/// Speech is so much louder than what lies under it, in decibels.
const OVER_FLOOR: f32 = 12.0;
/// Quieter than this nothing counts as speech, in dBFS.
const SOFTEST: f32 = -58.0;
/// The background may rise to this by being turned up, in dBFS.
const NOISE: f32 = -50.0;
/// How fast the gain may change, in decibels a block: 60 a second down, 12 up, and 80 up in the first second of speech.
const CHANGE: (f32, f32, f32) = (0.6, 0.12, 0.8);
/// The first second of speech, in blocks.
const FIRST: u32 = 100;

/// One talker's gain.
#[derive(Debug)]
pub(super) struct Gain {
    /// What lies under the speech, in dBFS.
    floor: f32,
    /// The power of the speech of late.
    speech: f32,
    blocks: u32,
    gain: f32,
}

impl Gain {
    pub(super) fn new() -> Self {
        Self {
            floor: -70.0,
            speech: 0.0,
            blocks: 0,
            gain: 0.0,
        }
    }

    /// Turns a block up or down. `echo` says that what is heard may be what the speaker played: then nothing is learnt.
    pub(super) fn apply(&mut self, block: &mut [f32; BLOCK], echo: bool) {
        let level = level_of(block);
        self.floor = if level < self.floor {
            self.floor + (level - self.floor) * 0.2
        } else {
            (self.floor + 0.02).min(level)
        };
        let before = self.gain;
        if level > SOFTEST && level > self.floor + OVER_FLOOR && !echo {
            self.learn(level);
        }
        fade(block, factor(before), factor(self.gain));
        soften(block);
    }

    fn learn(&mut self, level: f32) {
        let power = 10.0_f32.powf(level / 10.0);
        // The mean at first, then what was said in the last seconds; louder blocks count sooner.
        self.blocks = self.blocks.saturating_add(1);
        let slow = if power > self.speech { 60.0 } else { 250.0 };
        let share = 1.0 / (self.blocks as f32).min(slow);
        self.speech += (power - self.speech) * share;
        let speech = 10.0 * self.speech.max(1e-12).log10();
        let quiet = (NOISE - self.floor).max(0.0);
        let wanted = (TARGET - speech).clamp(DOWN, UP.min(quiet));
        let (down, up, first) = CHANGE;
        let up = if self.blocks < FIRST { first } else { up };
        self.gain += (wanted - self.gain).clamp(-down, up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::testing;

    /// Speech at this level goes through; at which level does it come out after two seconds?
    fn leaves(level: f32) -> f32 {
        let mut gain = Gain::new();
        let said = testing::speech_at(8.0, 3, level);
        let mut heard = Vec::new();
        for block in said.chunks_exact(BLOCK) {
            let mut block: [f32; BLOCK] = block.try_into().expect("a block");
            gain.apply(&mut block, false);
            heard.extend_from_slice(&block);
        }
        testing::active_level(&heard[96_000..])
    }

    #[test]
    fn soft_and_loud_talkers_leave_at_one_level() {
        for level in [-40.0, -30.0, -20.0, -10.0] {
            let out = leaves(level);
            assert!((out - TARGET).abs() < 3.0, "{level} dBFS leaves at {out}");
        }
    }

    #[test]
    fn noise_alone_is_not_turned_up() {
        let mut gain = Gain::new();
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..1_000 {
            let mut block = std::array::from_fn(|_| 0.002 * (random.f32() - 0.5));
            let before = level_of(&block);
            gain.apply(&mut block, false);
            assert!(level_of(&block) < before + 1.0);
        }
    }
}
