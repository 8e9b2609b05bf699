//! Tones of telephones: keys, ringing and busy lines, and what one hears while one is held.

use crate::protocol::Dtmf;

use super::{RATE, factor};

/// How loud each of a key's two tones is, in dBFS.
const KEY_LEVEL: f32 = -14.0;
/// How loud what tells of the line is.
const LINE_LEVEL: f32 = -18.0;
/// How loud the tone of a held call is: it should not tire.
const HOLD_LEVEL: f32 = -30.0;
/// How long a key sounds, and how long it is silent before the next: 100 ms each (ITU-T Q.24 asks for 40 at least).
const KEY_MS: u32 = 100;
/// Tones begin and end within 3 ms, so that they do not click.
const RAMP: u32 = 144;
/// The tone of lines in most of Europe (ETSI TS 101 041), in Hz.
const LINE: f32 = 425.0;

/// Something to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A key of the pad, once (ITU-T Q.23).
    Key(Dtmf),
    /// It rings at the other side: 1 s of 5, until stopped.
    Ringing,
    /// The other side is taken: half a second of each, until stopped.
    Busy,
    /// The call is held: two short soft notes every 5 s, until stopped.
    Held,
}

/// One note, or a rest: two frequencies in Hz, and its length in samples.
struct Note {
    hertz: [f32; 2],
    level: f32,
    length: u32,
}

impl Tone {
    /// The notes of which it is made, and whether they begin anew after the last.
    fn note(self, index: usize) -> Option<Note> {
        let ms = |ms: u32| ms * (RATE / 1000);
        let note = |hertz: [f32; 2], level: f32, length: u32| Note {
            hertz,
            level,
            length: ms(length),
        };
        let rest = |length: u32| note([0.0; 2], 0.0, length);
        let once = match self {
            Self::Key(key) => match index {
                0 => note(frequencies(key), KEY_LEVEL, KEY_MS),
                1 => rest(KEY_MS),
                _ => return None,
            },
            Self::Ringing => match index % 2 {
                0 => note([LINE, 0.0], LINE_LEVEL, 1000),
                _ => rest(4000),
            },
            Self::Busy => match index % 2 {
                0 => note([LINE, 0.0], LINE_LEVEL, 480),
                _ => rest(480),
            },
            Self::Held => match index % 4 {
                0 => note([440.0, 0.0], HOLD_LEVEL, 180),
                1 => rest(60),
                2 => note([554.4, 0.0], HOLD_LEVEL, 180),
                _ => rest(4580),
            },
        };
        Some(once)
    }
}

/// Plays one tone.
#[derive(Clone, Copy, Debug)]
pub struct Player {
    tone: Tone,
    note: usize,
    at: u32,
}

impl Player {
    /// From the beginning.
    #[must_use]
    pub fn new(tone: Tone) -> Self {
        Self {
            tone,
            note: 0,
            at: 0,
        }
    }

    /// What it plays.
    #[must_use]
    pub fn tone(&self) -> Tone {
        self.tone
    }

    /// Adds it to some samples. Says whether there is more to come.
    pub fn add(&mut self, out: &mut [f32]) -> bool {
        for sample in out {
            let Some(note) = self.tone.note(self.note) else {
                return false;
            };
            *sample += note.sample(self.at);
            self.at += 1;
            if self.at >= note.length {
                self.at = 0;
                self.note += 1;
            }
        }
        self.tone.note(self.note).is_some()
    }
}

impl Note {
    fn sample(&self, at: u32) -> f32 {
        let edge = at.min(self.length - at).min(RAMP);
        let gain = factor(self.level) * edge as f32 / RAMP as f32;
        let wave = |hertz: f32| {
            if hertz == 0.0 {
                return 0.0;
            }
            let turns = f64::from(hertz) * f64::from(at) / f64::from(RATE);
            (turns.fract() as f32 * std::f32::consts::TAU).sin()
        };
        gain * (wave(self.hertz[0]) + wave(self.hertz[1]))
    }
}

/// The row's and the column's frequency of a key, in Hz (ITU-T Q.23).
#[must_use]
pub fn frequencies(key: Dtmf) -> [f32; 2] {
    let place = Dtmf::ALL
        .iter()
        .position(|other| *other == key)
        .unwrap_or(0);
    [
        [697.0, 770.0, 852.0, 941.0][place / 4],
        [1209.0, 1336.0, 1477.0, 1633.0][place % 4],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::{SILENCE, level_of};

    /// How much of a frequency is in some samples (Goertzel), in dBFS of a sine's root mean square.
    fn strength(samples: &[f32], hertz: f32) -> f32 {
        let step = std::f32::consts::TAU * hertz / RATE as f32;
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (i, sample) in samples.iter().enumerate() {
            real += sample * (step * i as f32).cos();
            imaginary += sample * (step * i as f32).sin();
        }
        let amplitude = 2.0 * real.hypot(imaginary) / samples.len() as f32;
        20.0 * (amplitude / 2.0_f32.sqrt()).max(1e-6).log10()
    }

    #[test]
    fn each_key_sounds_with_its_two_frequencies_and_no_other() {
        for key in Dtmf::ALL {
            let mut out = vec![0.0; 4800];
            assert!(Player::new(Tone::Key(key)).add(&mut out));
            let own = frequencies(key);
            for hertz in [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0] {
                let strength = strength(&out, hertz);
                let wanted = own.contains(&hertz);
                assert_eq!(strength > -22.0, wanted, "{key:?} {hertz}: {strength}");
            }
        }
    }

    #[test]
    fn a_key_ends_and_a_ringing_line_goes_on() {
        let key = Dtmf::from_char('5').expect("a key");
        let mut player = Player::new(Tone::Key(key));
        assert!(!player.add(&mut [0.0; 9_600]), "200 ms and no more");
        let mut out = vec![0.0; 5 * 48_000];
        assert!(Player::new(Tone::Ringing).add(&mut out));
        assert!(level_of(&out[..48_000]) > -23.0);
        assert_eq!(level_of(&out[48_000..]), SILENCE);
    }

    #[test]
    fn nothing_clicks() {
        for tone in [Tone::Busy, Tone::Held, Tone::Ringing] {
            let mut out = vec![0.0; 96_000];
            Player::new(tone).add(&mut out);
            let step = out
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .fold(0.0, f32::max);
            assert!(step < 0.02, "{tone:?}: {step}");
        }
    }
}
