//! How alike two sounds are.

/// Sample by sample, as far as the shorter goes: 1 for the same, 0 for sounds that have nothing to do with each other.
pub(crate) fn likeness(one: &[f32], other: &[f32]) -> f32 {
    let length = one.len().min(other.len());
    let (one, other) = (&one[..length], &other[..length]);
    let product = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    product(one, other) / (product(one, one) * product(other, other)).sqrt()
}
