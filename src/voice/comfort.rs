//! Comfort noise: what is heard while the other side says nothing and sends nothing. Silence as deep as none makes people ask
//! whether the line is dead.

use super::{SILENCE, factor, level_of};

/// Louder than this is no background, in dBFS.
const LOUDEST: f32 = -45.0;
/// How fast the estimate may rise, in decibels a frame: what lasts is background, what comes and goes is speech.
const RISE: f32 = 0.05;
/// How much of the sample before stays in each, so that it sounds like a room and not like a radio.
const COLOUR: f32 = 0.75;

/// A quiet noise at the level of the background that was heard.
#[derive(Debug)]
pub(super) struct Comfort {
    /// The background, in dBFS.
    level: f32,
    state: u32,
    last: f32,
}

impl Comfort {
    pub(super) fn new() -> Self {
        Self {
            level: LOUDEST,
            state: 0x9e37_79b9,
            last: 0.0,
        }
    }

    /// Learns from a frame that was heard.
    pub(super) fn listen(&mut self, frame: &[f32]) {
        let level = level_of(frame);
        self.level = if level < self.level {
            level
        } else {
            (self.level + RISE).min(LOUDEST)
        };
    }

    /// Writes noise.
    pub(super) fn fill(&mut self, out: &mut [f32]) {
        if self.level <= SILENCE {
            out.fill(0.0);
            return;
        }
        // White noise from -1 to 1 has a power of 1/3; the low-pass leaves (1-c)/(1+c) of it.
        let gain = factor(self.level) * (3.0 * (1.0 + COLOUR) / (1.0 - COLOUR)).sqrt();
        for sample in out {
            // Xorshift: no chance is needed, only noise.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let white = (f64::from(self.state) / f64::from(u32::MAX) * 2.0 - 1.0) as f32;
            self.last = COLOUR * self.last + (1.0 - COLOUR) * white;
            *sample = self.last * gain;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_loud_as_the_background_and_not_as_the_speech() {
        let mut comfort = Comfort::new();
        let mut noise = [0.0; 960];
        let mut random = fastrand::Rng::with_seed(1);
        for i in 0..200 {
            let loud = if i % 10 < 7 { 0.3 } else { 0.002 };
            for sample in &mut noise {
                *sample = loud * (random.f32() * 2.0 - 1.0);
            }
            comfort.listen(&noise);
        }
        let background = 20.0 * (0.002_f32 / 3.0_f32.sqrt()).log10();
        let mut out = [0.0; 9600];
        comfort.fill(&mut out);
        let level = level_of(&out);
        assert!(
            (level - background).abs() < 2.0,
            "{level}, not {background}"
        );
    }

    #[test]
    fn where_nothing_was_heard_nothing_is() {
        let mut comfort = Comfort::new();
        comfort.listen(&[0.0; 960]);
        let mut out = [1.0; 100];
        comfort.fill(&mut out);
        assert_eq!(out, [0.0; 100]);
    }
}
