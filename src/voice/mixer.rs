//! Several sounds in one, without the harshness of samples that are cut off.

/// Above this a sample is bent towards, and never over, full scale: -3 dBFS.
const KNEE: f32 = 0.7;

/// Adds one sound to another.
pub fn add(out: &mut [f32], sound: &[f32], gain: f32) {
    for (sample, more) in out.iter_mut().zip(sound) {
        *sample += gain * more;
    }
}

/// Bends what is too loud, so that nothing leaves full scale; what is no number becomes silence.
pub fn soften(out: &mut [f32]) {
    for sample in out {
        let size = sample.abs();
        if !size.is_finite() {
            *sample = 0.0;
        } else if size > KNEE {
            let over = (size - KNEE) / (1.0 - KNEE);
            *sample = (KNEE + (1.0 - KNEE) * over.tanh()).copysign(*sample);
        }
    }
}

/// Turns a sound up or down, evenly from one gain to the other, so that it does not click.
pub fn fade(out: &mut [f32], from: f32, to: f32) {
    let length = out.len().max(1) as f32;
    for (i, sample) in out.iter_mut().enumerate() {
        *sample *= from + (to - from) * (i as f32 + 1.0) / length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_soft_stays_and_what_is_loud_fits() {
        let mut out = [0.5, -0.5, 0.9, -0.9];
        add(&mut out, &[0.1, -0.1, 2.0, -9.0], 1.0);
        soften(&mut out);
        assert_eq!(out[..2], [0.6, -0.6]);
        assert!(out[2] > 0.9 && out[2] <= 1.0 && out[3] >= -1.0, "{out:?}");
        let mut none = [f32::NAN, f32::INFINITY];
        soften(&mut none);
        assert_eq!(none, [0.0, 0.0]);
    }

    #[test]
    fn a_fade_ends_where_it_should() {
        let mut out = [1.0; 4];
        fade(&mut out, 1.0, 0.0);
        assert_eq!(out, [0.75, 0.5, 0.25, 0.0]);
    }
}
