//! Speech for tests, made by arithmetic: syllables with a melody, vowels, hisses and pauses.

use super::{RATE, factor, level_of};

/// So many seconds of somebody, with an active level of about -20 dBFS.
pub(super) fn speech(seconds: f32, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    let length = (seconds * RATE as f32) as usize;
    let mut out = Vec::with_capacity(length);
    let base = 95.0 + 60.0 * random.f32();
    let mut phase = 0.0_f32;
    while out.len() < length {
        for _ in 0..random.usize(2..6) {
            let syllable = (RATE as f32 * (0.12 + 0.16 * random.f32())) as usize;
            let (first, second) = (300.0 + 500.0 * random.f32(), 900.0 + 1500.0 * random.f32());
            let hertz = base * (0.85 + 0.4 * random.f32());
            let hiss = if random.u8(..3) == 0 { syllable / 4 } else { 0 };
            let mut last = 0.0;
            for i in 0..syllable {
                let at = i as f32 / syllable as f32;
                let envelope = (at * std::f32::consts::PI).sin().powf(0.6);
                if i < hiss {
                    let noise = random.f32() - 0.5;
                    out.push(0.25 * (noise - last) * envelope.max(0.2));
                    last = noise;
                    continue;
                }
                phase = (phase + hertz * (1.1 - 0.2 * at) / RATE as f32).fract();
                let mut sample = 0.0;
                for harmonic in 1..24 {
                    let f = hertz * harmonic as f32;
                    let near = |centre: f32, width: f32| (-((f - centre) / width).powi(2)).exp();
                    let strength = 0.05 + near(first, 150.0) + 0.5 * near(second, 250.0);
                    sample += strength * (phase * harmonic as f32 * std::f32::consts::TAU).sin();
                }
                out.push(0.1 * sample * envelope);
            }
        }
        let pause = (RATE as f32 * (0.15 + 0.5 * random.f32())) as usize;
        out.extend(std::iter::repeat_n(0.0, pause));
    }
    out.truncate(length);
    out
}

/// The same at an active level, in dBFS.
pub(super) fn speech_at(seconds: f32, seed: u64, level: f32) -> Vec<f32> {
    let mut said = speech(seconds, seed);
    let gain = factor(level - active_level(&said));
    for sample in &mut said {
        *sample *= gain;
    }
    said
}

/// The level of what is not pause: of the 20 ms that are within 25 dB of the loudest.
pub(super) fn active_level(samples: &[f32]) -> f32 {
    let levels: Vec<f32> = samples.chunks(960).map(level_of).collect();
    let loudest = levels.iter().copied().fold(-120.0, f32::max);
    let active: Vec<f32> = levels
        .into_iter()
        .filter(|level| *level > loudest - 25.0)
        .collect();
    let power: f32 = active.iter().map(|level| 10.0_f32.powf(level / 10.0)).sum();
    10.0 * (power / active.len().max(1) as f32).max(1e-12).log10()
}
