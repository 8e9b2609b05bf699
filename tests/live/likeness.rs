//! How loud sounds are, moment by moment, and how alike two are in that: what is the same speech goes up and down alike, however
//! it was coded, cleaned and made louder on the way.

/// Samples a second of all that is compared.
const RATE: usize = 48_000;

/// How loud it is, so many times a second, in decibels; what is hardly heard counts as silence.
pub(crate) fn loudness(samples: &[f32], times: usize) -> Vec<f64> {
    let level = |block: &[f32]| {
        let square: f32 = block.iter().map(|sample| sample * sample).sum();
        (10.0 * f64::from(square / block.len() as f32).max(1e-12).log10()).max(-60.0)
    };
    samples.chunks(RATE / times).map(level).collect()
}

/// How alike two stretches are in their ups and downs: 1 for the same.
pub(crate) fn alike(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product: f64 = a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum();
    let power = |x: &[f64], m: f64| x.iter().map(|x| (x - m) * (x - m)).sum::<f64>();
    product / (power(a, ma) * power(b, mb)).sqrt().max(1e-9)
}
