//! What is heard: a sound that is there, or a tone of the line, made of a sine.

use std::f32::consts::TAU;

use super::ringtone::Samples;

/// Samples in a second, of one channel.
pub(super) const RATE: u32 = 48_000;
/// Beginnings and ends are softened over so many samples (5 ms), or they would click.
const SOFT: u32 = RATE / 200;
/// Between a file and its next time, in samples: a second.
const REST: usize = RATE as usize;
/// How much of a file is heard when it is tried, in samples: 8 s.
const TRIED: usize = RATE as usize * 8;
/// How loud a tone of the line is, of 1.
const QUIET: f32 = 0.12;
/// The tone of lines in most of Europe (ETSI TS 101 041), in Hz.
const LINE: f32 = 425.0;

/// What is played.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Made of a sine.
    Made(Sound),
    /// Samples.
    Sampled {
        /// All of them, of [`RATE`].
        samples: Samples,
        /// Which one comes next.
        at: usize,
        /// Whether it begins anew at its end, after [`REST`].
        repeats: bool,
    },
}

impl Source {
    /// As a ring.
    pub(super) fn ring(samples: Samples) -> Self {
        Self::Sampled {
            samples,
            at: 0,
            repeats: true,
        }
    }

    /// Once, and for [`TRIED`] at most.
    pub(super) fn once(samples: Samples) -> Self {
        let tried = samples.get(..TRIED).map(Samples::from);
        Self::Sampled {
            samples: tried.unwrap_or(samples),
            at: 0,
            repeats: false,
        }
    }
}

impl Iterator for Source {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        match self {
            Self::Made(sound) => sound.next(),
            Self::Sampled {
                samples,
                at,
                repeats,
            } => {
                if *repeats && *at >= samples.len() + REST {
                    *at = 0;
                }
                let sample = samples.get(*at).copied();
                *at += 1;
                if *repeats { sample.or(Some(0)) } else { sample }
            }
        }
    }
}

/// A tone that goes on and off, one sample after the other, without end.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    /// How long it is on, and how long it is off, in samples.
    on: u32,
    off: u32,
    at: u32,
}

impl Sound {
    /// Somebody else calls: a fifth of a second of five.
    pub(super) fn waiting() -> Self {
        Self::new(200, 4800)
    }

    /// It rings there: one second of five.
    pub(super) fn ringing() -> Self {
        Self::new(1000, 4000)
    }

    fn new(on_ms: u32, off_ms: u32) -> Self {
        let ms = |ms: u32| RATE / 1000 * ms;
        Self {
            on: ms(on_ms),
            off: ms(off_ms),
            at: 0,
        }
    }
}

impl Iterator for Sound {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        let at = self.at;
        self.at = (at + 1) % (self.on + self.off);
        if at >= self.on {
            return Some(0);
        }
        let edge = at.min(self.on - 1 - at).min(SOFT);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (soft, seconds) = (edge as f32 / SOFT as f32, at as f32 / RATE as f32);
        let sine = (TAU * LINE * seconds).sin();
        #[expect(clippy::cast_possible_truncation, reason = "within the range")]
        let sample = (sine * soft * QUIET * f32::from(i16::MAX)) as i16;
        Some(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_of_the_line_go_on_and_off() {
        let second = usize::try_from(RATE).expect("small");
        for (sound, on) in [(Sound::waiting(), second / 5), (Sound::ringing(), second)] {
            let samples: Vec<_> = sound.take(second * 6).collect();
            for (begin, end, heard) in [
                (0, on, true),
                (on, 5 * second, false),
                (5 * second, 5 * second + on, true),
            ] {
                let part = &samples[begin..end];
                let loudest = part.iter().map(|sample| sample.unsigned_abs()).max();
                assert_eq!(loudest.expect("samples") > 3000, heard, "{begin}");
            }
        }
    }

    #[test]
    fn a_ring_rings_again_after_a_rest_and_once_when_it_is_tried() {
        let samples = Samples::from([7, 8, 9]);
        let ring: Vec<_> = Source::ring(samples.clone()).take(REST + 6).collect();
        assert_eq!(&ring[..4], [7, 8, 9, 0]);
        assert_eq!(&ring[REST + 2..], [0, 7, 8, 9]);
        assert_eq!(Source::once(samples).count(), 3);
        let long = Samples::from(vec![1; TRIED + 5]);
        assert_eq!(Source::once(long).count(), TRIED);
    }
}
