//! The sounds that come with the program: the tunes that ring, and the tones of keys. `resources/dev/sounds.py` made them.

use super::ringtone::{Samples, bundled};
use crate::app::msg::Tune;
use crate::protocol::Dtmf;

/// The bytes of a sound.
macro_rules! sound {
    ($name:literal) => {
        include_bytes!(concat!("../../../assets/sounds/", $name, ".wav"))
    };
}

/// A tune, as its samples. It is read anew for each ring: nothing of it stays in memory.
pub(super) fn tune(tune: Tune) -> Samples {
    bundled(match tune {
        Tune::Thirds => sound!("thirds"),
        Tune::Marimba => sound!("marimba"),
        Tune::Bell => sound!("bell"),
    })
}

/// The tone of a key, as its samples.
pub(super) fn key(key: Dtmf) -> Samples {
    let place = Dtmf::ALL.iter().position(|other| *other == key);
    place
        .and_then(|place| KEYS.get(place))
        .map_or_else(|| Samples::from([]), |bytes| bundled(bytes))
}

/// In the order of [`Dtmf::ALL`].
const KEYS: [&[u8]; 16] = [
    sound!("key-1"),
    sound!("key-2"),
    sound!("key-3"),
    sound!("key-a"),
    sound!("key-4"),
    sound!("key-5"),
    sound!("key-6"),
    sound!("key-b"),
    sound!("key-7"),
    sound!("key-8"),
    sound!("key-9"),
    sound!("key-c"),
    sound!("key-star"),
    sound!("key-0"),
    sound!("key-pound"),
    sound!("key-d"),
];

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::super::tones::RATE;
    use super::*;

    /// The two frequencies of a key, in Hz (ITU-T Q.23).
    const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

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
        for (place, one) in Dtmf::ALL.into_iter().enumerate() {
            let samples = key(one);
            let milliseconds = samples.len() * 1000 / usize::try_from(RATE).expect("small");
            assert!((119..=121).contains(&milliseconds), "{milliseconds}");
            for frequency in ROWS.iter().chain(&COLUMNS) {
                let is = strength(&samples, *frequency) > 0.01;
                let row = (*frequency - ROWS[place / 4]).abs() < 0.1;
                let column = (*frequency - COLUMNS[place % 4]).abs() < 0.1;
                assert_eq!(is, row || column, "{one:?} {frequency}");
            }
        }
    }

    #[test]
    fn every_tune_is_as_loud_as_the_others_and_short_enough_to_be_answered_in() {
        for one in Tune::ALL {
            let samples = tune(one);
            let seconds = samples.len() as f32 / RATE as f32;
            assert!((1.0..4.0).contains(&seconds), "{one:?}: {seconds}");
            let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max();
            let loudest = loudest.expect("samples");
            assert!((9_000..=10_000).contains(&loudest), "{one:?}: {loudest}");
        }
    }
}
