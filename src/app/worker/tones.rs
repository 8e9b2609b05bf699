//! What is heard, made of sines: the ring, the tones of a telephone, and those of its keys. No file is needed.

use std::f32::consts::TAU;

use super::ringtone::Samples;
use crate::app::effect::Ring;
use crate::protocol::Dtmf;

/// Samples in a second, of one channel.
pub(super) const RATE: u32 = 48_000;
/// How long a key is heard, in samples: 120 ms.
const KEY: u32 = RATE * 12 / 100;
/// Beginnings and ends are softened over so many samples (5 ms), or they would click.
const SOFT: u32 = RATE / 200;
/// Between a file and its next time, in samples: a second.
const REST: usize = RATE as usize;
/// How much of a file is heard when it is tried, in samples: 8 s.
const TRIED: usize = RATE as usize * 8;
/// How loud a key or a tone is, of 1.
const QUIET: f32 = 0.12;
/// How loud the ring is.
const LOUD: f32 = 0.3;

/// The two frequencies of a key, in Hz (ITU-T Q.23).
const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

/// What is played: made here, or from a file.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Made of sines.
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
    /// A file, as a ring.
    pub(super) fn file(samples: Samples) -> Self {
        Self::Sampled {
            samples,
            at: 0,
            repeats: true,
        }
    }

    /// The same, but only once, and for [`TRIED`] at most.
    pub(super) fn once(self) -> Self {
        match self {
            Self::Made(sound) => Self::Made(Sound {
                repeats: false,
                ..sound
            }),
            Self::Sampled { samples, at, .. } => {
                let tried = samples.get(..TRIED).map(Samples::from);
                Self::Sampled {
                    samples: tried.unwrap_or(samples),
                    at,
                    repeats: false,
                }
            }
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

/// A sound, one sample after the other.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    /// Bursts: how many samples each lasts, and its frequencies; none for silence.
    bursts: Vec<(u32, Vec<f32>)>,
    volume: f32,
    repeats: bool,
    burst: usize,
    at: u32,
}

impl Sound {
    /// What is heard as long as it rings so; none for silence.
    pub(super) fn ring(ring: Ring) -> Option<Self> {
        let ms = |ms: u32| RATE / 1000 * ms;
        let (bursts, volume) = match ring {
            Ring::Silent => return None,
            // Two rising thirds, then a rest: friendly, and not to be missed.
            Ring::Here => (
                vec![
                    (ms(180), vec![659.3, 1318.5]),
                    (ms(180), vec![830.6, 1661.2]),
                    (ms(320), vec![987.8, 1975.5]),
                    (ms(220), Vec::new()),
                    (ms(180), vec![659.3, 1318.5]),
                    (ms(180), vec![830.6, 1661.2]),
                    (ms(320), vec![987.8, 1975.5]),
                    (ms(1800), Vec::new()),
                ],
                LOUD,
            ),
            Ring::Waiting => (vec![(ms(200), vec![425.0]), (ms(4800), Vec::new())], QUIET),
            // The ringing tone of most of Europe: 425 Hz, one second of five.
            Ring::There => (vec![(ms(1000), vec![425.0]), (ms(4000), Vec::new())], QUIET),
        };
        Some(Self::new(bursts, volume, true))
    }

    /// A key of the pad.
    pub(super) fn key(key: Dtmf) -> Self {
        let place = Dtmf::ALL.iter().position(|other| *other == key);
        let place = place.unwrap_or_default();
        let pair = [ROWS.get(place / 4), COLUMNS.get(place % 4)];
        let pair = pair.into_iter().flatten().copied().collect();
        Self::new(vec![(KEY, pair)], QUIET, false)
    }

    fn new(bursts: Vec<(u32, Vec<f32>)>, volume: f32, repeats: bool) -> Self {
        Self {
            bursts,
            volume,
            repeats,
            burst: 0,
            at: 0,
        }
    }
}

impl Iterator for Sound {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        if self.burst == self.bursts.len() && self.repeats {
            self.burst = 0;
        }
        let (length, frequencies) = self.bursts.get(self.burst)?;
        let at = self.at;
        let edge = at.min(length - 1 - at).min(SOFT);
        self.at += 1;
        if self.at == *length {
            self.at = 0;
            self.burst += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (soft, seconds) = (edge as f32 / SOFT as f32, at as f32 / RATE as f32);
        let sines = frequencies
            .iter()
            .map(|frequency| (TAU * frequency * seconds).sin());
        let sum: f32 = sines.sum();
        let parts = frequencies.len().max(1);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "at most two parts, and the product is within the range"
        )]
        let sample = (sum / parts as f32 * soft * self.volume * f32::from(i16::MAX)) as i16;
        Some(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How strong a frequency is in some samples (Goertzel).
    fn strength(samples: &[i16], frequency: f32) -> f32 {
        let w = TAU * frequency / RATE as f32;
        let (mut one, mut two) = (0.0_f32, 0.0_f32);
        for sample in samples {
            let next = f32::from(*sample) / 32_768.0 + 2.0 * w.cos() * one - two;
            (two, one) = (one, next);
        }
        (one * one + two * two - 2.0 * w.cos() * one * two).sqrt() / samples.len() as f32
    }

    #[test]
    fn each_key_has_its_two_frequencies_and_no_other() {
        for (place, key) in Dtmf::ALL.into_iter().enumerate() {
            let samples: Vec<_> = Sound::key(key).collect();
            assert_eq!(samples.len(), usize::try_from(KEY).expect("small"));
            let all = ROWS.iter().chain(&COLUMNS);
            for frequency in all {
                let is = strength(&samples, *frequency) > 0.01;
                let row = (*frequency - ROWS[place / 4]).abs() < 0.1;
                let column = (*frequency - COLUMNS[place % 4]).abs() < 0.1;
                assert_eq!(is, row || column, "{key:?} {frequency}");
            }
        }
    }

    #[test]
    fn rings_go_on_and_nothing_is_too_loud() {
        for ring in [Ring::Here, Ring::Waiting, Ring::There] {
            let seconds = usize::try_from(RATE).expect("small") * 12;
            let samples: Vec<_> = Sound::ring(ring).expect("a sound").take(seconds).collect();
            assert_eq!(samples.len(), seconds);
            let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(
                (1000..=11_000).contains(&loudest.expect("samples")),
                "{loudest:?}"
            );
        }
        assert!(Sound::ring(Ring::Silent).is_none());
    }

    #[test]
    fn a_file_rings_again_after_a_rest_and_once_when_it_is_tried() {
        let samples = Samples::from([7, 8, 9]);
        let ring: Vec<_> = Source::file(samples.clone()).take(REST + 6).collect();
        assert_eq!(&ring[..4], [7, 8, 9, 0]);
        assert_eq!(&ring[REST + 2..], [0, 7, 8, 9]);
        assert_eq!(Source::file(samples).once().count(), 3);
        let long = Samples::from(vec![1; TRIED + 5]);
        assert_eq!(Source::file(long).once().count(), TRIED);
        let made = Sound::ring(Ring::Here).expect("a sound");
        assert!(Source::Made(made).once().count() < TRIED);
    }
}
