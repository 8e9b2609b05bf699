//! A sound that rings: WAV, of ours or somebody's own file, as samples of our own rate, one channel.

use std::path::Path;
use std::sync::Arc;

use super::files::in_home;
use super::session::Desk;
use super::tones::RATE;
use crate::app::msg::{Msg, Ringtone, SettingsMsg, Tune};

/// The longest ring, in seconds: what comes after it in the file is not heard.
const SECONDS: usize = 60;
/// The most bytes of a file: a minute of the finest sound there is, and some more.
const BYTES: u64 = 96 << 20;
/// The most channels that are mixed into one.
const CHANNELS: u16 = 8;
/// Rates that a file may have, in samples a second.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Samples of [`RATE`], one channel.
pub(super) type Samples = Arc<[i16]>;

/// Why a file does not ring.
#[derive(Debug, thiserror::Error)]
pub(super) enum RingtoneError {
    /// It cannot be read at all.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// It is no WAV file, or a damaged one.
    #[error("it is no WAV file ({0})")]
    NoSound(#[from] hound::Error),
    /// It is, but of a kind that nobody uses.
    #[error("it has a rate or a number of channels that cannot be played")]
    Unusual,
    /// There is nothing in it.
    #[error("there is no sound in it")]
    Empty,
    /// It is too large.
    #[error("it has more than {} MB", BYTES >> 20)]
    TooLarge,
}

impl Desk {
    /// Rings with this from now on; with the first of our tunes, if a file is no sound.
    pub(super) fn ring_with(&mut self, ringtone: Ringtone) {
        // Whoever chose another one meanwhile does not get this.
        self.tone = None;
        let path = match ringtone {
            Ringtone::Tune(tune) => return self.sounds.set_tune(tune),
            Ringtone::File(path) => path,
        };
        self.sounds.set_tune(Tune::default());
        let (out, sounds) = (self.out.clone(), self.sounds.clone());
        let reading = tokio::spawn(async move {
            let at = in_home(path.clone());
            let read = tokio::task::spawn_blocking(move || read(&at)).await;
            match read {
                Ok(Ok(samples)) => sounds.set_ringtone(samples),
                Ok(Err(error)) => {
                    let shown = path.display();
                    let why = format!("{shown} does not ring: {error}. A bundled tune rings.");
                    let msg = SettingsMsg::NoRingtone(path, why);
                    out.say(Msg::Settings(msg)).await;
                }
                // It has told of its own panic already.
                Err(_) => {}
            }
        });
        self.tone = Some(super::session::Ends(reading));
    }
}

/// Reads a file, which waits for the disk.
fn read(path: &Path) -> Result<Samples, RingtoneError> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.len() > BYTES {
        return Err(RingtoneError::TooLarge);
    }
    heard(std::io::BufReader::new(file))
}

/// A sound that comes with the program.
pub(super) fn bundled(bytes: &[u8]) -> Samples {
    heard(bytes).unwrap_or_else(|error| {
        tracing::error!(%error, "a sound of ours is damaged");
        Samples::from([])
    })
}

fn heard(source: impl std::io::Read) -> Result<Samples, RingtoneError> {
    let reader = hound::WavReader::new(source)?;
    let spec = reader.spec();
    if !(1..=CHANNELS).contains(&spec.channels) || !RATES.contains(&spec.sample_rate) {
        return Err(RingtoneError::Unusual);
    }
    let wanted = usize::try_from(spec.sample_rate).unwrap_or(usize::MAX) * SECONDS;
    let values = wanted * usize::from(spec.channels);
    let mixed = mixed(reader, values)?;
    if mixed.iter().all(|sample| *sample == 0.0) {
        return Err(RingtoneError::Empty);
    }
    Ok(at_our_rate(&mixed, spec.sample_rate))
}

/// All channels in one, each sample from -1 to 1.
fn mixed(
    mut reader: hound::WavReader<impl std::io::Read>,
    values: usize,
) -> Result<Vec<f32>, hound::Error> {
    let spec = reader.spec();
    let all: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => {
            let values = reader.samples::<f32>().take(values);
            values.collect::<Result<_, _>>()?
        }
        hound::SampleFormat::Int => {
            let full = f64::from(2.0_f32).powi(i32::from(spec.bits_per_sample) - 1);
            let values = reader.samples::<i32>().take(values);
            let part = |value: Result<i32, _>| {
                #[expect(clippy::cast_possible_truncation, reason = "from -1 to 1")]
                value.map(|value| (f64::from(value) / full) as f32)
            };
            values.map(part).collect::<Result<_, _>>()?
        }
    };
    let channels = usize::from(spec.channels);
    let frames = all.chunks_exact(channels);
    let one = f32::from(spec.channels);
    Ok(frames
        .map(|frame| frame.iter().sum::<f32>() / one)
        .collect())
}

/// Straight lines between the samples: a ring needs no more.
fn at_our_rate(samples: &[f32], rate: u32) -> Samples {
    let step = f64::from(rate) / f64::from(RATE);
    let mut at = 0.0_f64;
    let mut out = Vec::new();
    loop {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a minute of samples, from 0"
        )]
        let place = at as usize;
        let Some(first) = samples.get(place) else {
            return out.into();
        };
        let second = samples.get(place + 1).unwrap_or(first);
        #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1")]
        let part = at.fract() as f32;
        let value = first + (second - first) * part;
        #[expect(clippy::cast_possible_truncation, reason = "within the range")]
        out.push((value.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16);
        at += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of so many samples of half the loudness, in every channel.
    fn file(spec: hound::WavSpec, samples: usize) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut writer = hound::WavWriter::create(file.path(), spec).expect("a writer");
        for _ in 0..samples * usize::from(spec.channels) {
            match spec.sample_format {
                hound::SampleFormat::Float => writer.write_sample(0.5_f32).expect("written"),
                hound::SampleFormat::Int => {
                    let half = 1_i32 << (spec.bits_per_sample - 2);
                    writer.write_sample(half).expect("written");
                }
            }
        }
        writer.finalize().expect("written");
        file
    }

    #[test]
    fn wav_files_of_every_kind_are_heard_as_long_and_as_loud_as_they_are() {
        for (channels, sample_rate, bits_per_sample, sample_format) in [
            (1, 8_000, 8, hound::SampleFormat::Int),
            (2, 44_100, 16, hound::SampleFormat::Int),
            (1, 96_000, 24, hound::SampleFormat::Int),
            (2, 48_000, 32, hound::SampleFormat::Float),
        ] {
            let spec = hound::WavSpec {
                channels,
                sample_rate,
                bits_per_sample,
                sample_format,
            };
            let second = usize::try_from(sample_rate).expect("small");
            let samples = read(file(spec, second).path()).expect("a sound");
            let length = i64::try_from(samples.len()).expect("small");
            assert!((length - i64::from(RATE)).abs() <= 8, "{spec:?}: {length}");
            let middle = i32::from(samples[samples.len() / 2]);
            assert!((middle - 16_383).abs() < 300, "{spec:?}: {middle}");
        }
    }

    #[test]
    fn what_is_no_sound_says_so() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "RIFF, but not really").expect("written");
        let error = read(file.path()).expect_err("no sound");
        assert!(error.to_string().contains("no WAV file"), "{error}");
        let gone = read(Path::new("/no/such/file.wav")).expect_err("no file");
        assert!(matches!(gone, RingtoneError::File(_)), "{gone}");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let silent = super::tests::file(spec, 0);
        assert!(matches!(read(silent.path()), Err(RingtoneError::Empty)));
    }
}
