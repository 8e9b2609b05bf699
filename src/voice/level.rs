//! How loud it is, for a meter on a screen: fast up, slowly down.

use super::{RATE, SILENCE, level_of};

/// How fast a meter falls, in decibels a second.
const FALL: f32 = 24.0;

/// Follows the level of a stream of samples.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    level: f32,
    peak: f32,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            level: SILENCE,
            peak: SILENCE,
        }
    }
}

impl Meter {
    /// These samples were heard.
    pub fn feed(&mut self, samples: &[f32]) {
        let fall = FALL * samples.len() as f32 / RATE as f32;
        let loudest = samples
            .iter()
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let peak = (20.0 * loudest.max(1e-6).log10()).max(SILENCE);
        self.level = level_of(samples).max(self.level - fall);
        self.peak = peak.max(self.peak - fall);
    }

    /// The level, in dBFS: root of the mean square of some 10 ms, -120 for silence.
    #[must_use]
    pub fn level(&self) -> f32 {
        self.level
    }

    /// The highest sample, in dBFS; 0 means that something is cut off.
    #[must_use]
    pub fn peak(&self) -> f32 {
        self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_at_once_and_falls_slowly() {
        let mut meter = Meter::default();
        assert_eq!(meter.level(), SILENCE);
        meter.feed(&[0.5; 480]);
        assert!((meter.level() + 6.0).abs() < 0.1, "{}", meter.level());
        assert!((meter.peak() + 6.0).abs() < 0.1);
        for _ in 0..50 {
            meter.feed(&[0.0; 480]);
        }
        assert!((meter.level() + 18.0).abs() < 0.5, "{}", meter.level());
    }
}
