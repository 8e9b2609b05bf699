//! A little more or a little less time for the same sound, at the same pitch: one period of the voice is taken out or said
//! twice, where the wave repeats itself (waveform similarity overlap-add).

use super::level_of;

/// The shortest period that is taken, in samples: 2.5 ms, a voice at 400 Hz.
const SHORTEST: usize = 120;
/// The longest: 12.5 ms, a voice at 80 Hz.
pub(super) const LONGEST: usize = 600;
/// Over how many samples one becomes the other: 7.5 ms.
const OVERLAP: usize = 360;
/// What must be at hand to find a period and leave it out or say it twice.
pub(super) const NEEDED: usize = LONGEST + OVERLAP;
/// The search first looks at each fourth sample, then at each near the best.
const COARSE: usize = 4;
/// Quieter than this nothing is heard of a cut, in dBFS.
const QUIET: f32 = -55.0;

/// Shorter or longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    Shorter,
    Longer,
}

/// Makes `samples[..length]` shorter or longer by a period, in place, and returns its new length; as it was if it has no
/// period of at most `longest` that is like the next by at least `alike` (of 1.0), or too little is there. For longer,
/// `samples` must have room for [`LONGEST`] more.
pub(super) fn stretch(
    how: Stretch,
    samples: &mut [f32],
    length: usize,
    longest: usize,
    alike: f32,
) -> usize {
    let room = match how {
        Stretch::Shorter => length,
        Stretch::Longer => length + LONGEST,
    };
    if length < NEEDED || samples.len() < room {
        return length;
    }
    let longest = longest.min(LONGEST);
    let Some(period) = period(&samples[..length], longest, alike) else {
        return length;
    };
    match how {
        Stretch::Shorter => {
            // From the start of one period into the start of the next.
            let mut next = [0.0; OVERLAP];
            next.copy_from_slice(&samples[period..period + OVERLAP]);
            blend(&mut samples[..OVERLAP], &next);
            samples.copy_within(period + OVERLAP..length, OVERLAP);
            length - period
        }
        Stretch::Longer => {
            // After the first period it goes over into that period's own start, and on from there.
            let mut start = [0.0; OVERLAP];
            start.copy_from_slice(&samples[..OVERLAP]);
            samples.copy_within(OVERLAP..length, period + OVERLAP);
            blend(&mut samples[period..period + OVERLAP], &start);
            length + period
        }
    }
}

/// One goes over into the other.
fn blend(samples: &mut [f32], into: &[f32]) {
    for (i, (sample, next)) in samples.iter_mut().zip(into).enumerate() {
        let share = (i as f32 + 0.5) / OVERLAP as f32;
        *sample = *sample * (1.0 - share) + next * share;
    }
}

/// The length after which the wave is most like itself, if it is so enough.
fn period(samples: &[f32], longest: usize, alike: f32) -> Option<usize> {
    if level_of(samples) < QUIET {
        return Some(longest);
    }
    let coarse = (SHORTEST..=longest)
        .step_by(COARSE)
        .max_by(|a, b| likeness(samples, *a, COARSE).total_cmp(&likeness(samples, *b, COARSE)))?;
    let near = coarse.saturating_sub(COARSE).max(SHORTEST)..=(coarse + COARSE).min(longest);
    let best = near.max_by(|a, b| likeness(samples, *a, 1).total_cmp(&likeness(samples, *b, 1)))?;
    (likeness(samples, best, 1) >= alike).then_some(best)
}

/// How like the wave is to itself a lag later: 1.0 the same, 0.0 nothing to do with it.
fn likeness(samples: &[f32], lag: usize, step: usize) -> f32 {
    let (mut both, mut first, mut second) = (0.0_f32, 1e-9_f32, 1e-9_f32);
    for i in (0..OVERLAP).step_by(step) {
        let (a, b) = (samples[i], samples[i + lag]);
        both += a * b;
        first += a * a;
        second += b * b;
    }
    both / (first * second).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::{FRAME, RATE};

    fn hum(hertz: f32, length: usize) -> Vec<f32> {
        (0..length)
            .map(|i| {
                let phase = i as f32 * hertz / RATE as f32 * std::f32::consts::TAU;
                0.3 * phase.sin() + 0.2 * (2.0 * phase + 1.0).sin()
            })
            .collect()
    }

    /// The greatest step from one sample to the next.
    fn step(samples: &[f32]) -> f32 {
        samples
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max)
    }

    #[test]
    fn a_voice_loses_or_gains_whole_periods_and_no_click_is_heard() {
        for hertz in [90.0, 125.0, 210.0, 330.0] {
            for how in [Stretch::Shorter, Stretch::Longer] {
                let mut samples = hum(hertz, FRAME + LONGEST);
                let smooth = step(&samples);
                let length = stretch(how, &mut samples, FRAME, LONGEST, 0.8);
                let changed = length.abs_diff(FRAME) as f32;
                let periods = changed * hertz / RATE as f32;
                assert!(periods > 0.9, "{hertz} Hz {how:?}: {changed} samples");
                assert!((periods - periods.round()).abs() < 0.05, "{periods}");
                assert!(step(&samples[..length]) < smooth * 1.1, "{hertz} {how:?}");
            }
        }
    }

    #[test]
    fn what_has_no_period_stays_as_it_is_and_silence_goes_at_once() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut noise: Vec<f32> = (0..FRAME).map(|_| random.f32() - 0.5).collect();
        assert_eq!(
            stretch(Stretch::Shorter, &mut noise, FRAME, LONGEST, 0.7),
            FRAME
        );
        let mut silence = vec![0.0; FRAME];
        let length = stretch(Stretch::Shorter, &mut silence, FRAME, LONGEST, 0.7);
        assert_eq!(length, FRAME - LONGEST);
        assert_eq!(
            stretch(Stretch::Longer, &mut silence, FRAME, LONGEST, 0.7),
            FRAME
        );
    }
}
