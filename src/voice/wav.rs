//! Sound files as devices: what a call says comes from one, and what it hears goes into another.

use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::{BLOCK, RATE};

/// The longest sound that is read: an hour of each sample at [`RATE`].
const LONGEST: usize = 3_600 * RATE as usize;
/// How far a sample is felt when the rate changes: so many samples to both sides.
const REACH: f64 = 16.0;

/// Why bytes are no sound.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// They have not the form of a RIFF WAVE file.
    #[error("not a WAV file")]
    Form,
    /// It is compressed, or of a size of samples that is not known: known are 8, 16, 24 and 32 bits, and floats of 32.
    #[error("a WAV file of a kind that is not known")]
    Kind,
    /// Longer than an hour.
    #[error("a WAV file of more than an hour")]
    Long,
}

/// A file in the place of a microphone: what is in it, then silence. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct WavSource {
    samples: Arc<[f32]>,
    at: usize,
}

impl WavSource {
    /// Reads a file's bytes. Any rate will do, and of several channels the mean is taken.
    pub fn read(bytes: &[u8]) -> Result<Self, WavError> {
        let (rate, samples) = parse(bytes)?;
        if samples.len() as u64 * u64::from(RATE) / u64::from(rate) > LONGEST as u64 {
            return Err(WavError::Long);
        }
        Ok(Self {
            samples: resample(&samples, rate).into(),
            at: 0,
        })
    }

    /// The next block. Says whether anything of the file was in it.
    pub fn fill(&mut self, block: &mut [f32; BLOCK]) -> bool {
        let left = &self.samples[self.at..];
        let length = left.len().min(BLOCK);
        block[..length].copy_from_slice(&left[..length]);
        block[length..].fill(0.0);
        self.at += length;
        length > 0
    }

    /// All of it, at [`RATE`].
    #[must_use]
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }
}

/// A file in the place of a speaker: one channel, or two, of 16 bits at [`RATE`]. It is whole after [`WavSink::finish`].
#[derive(Debug)]
pub struct WavSink<W: Write + Seek> {
    file: W,
    channels: u16,
    bytes: u32,
}

impl<W: Write + Seek> WavSink<W> {
    /// Begins one of one channel.
    pub fn new(file: W) -> io::Result<Self> {
        Self::of(file, 1)
    }

    /// Begins one of two channels; samples of the left and of the right one take turns.
    pub fn stereo(file: W) -> io::Result<Self> {
        Self::of(file, 2)
    }

    fn of(mut file: W, channels: u16) -> io::Result<Self> {
        file.write_all(&header(channels, 0))?;
        Ok(Self {
            file,
            channels,
            bytes: 0,
        })
    }

    /// This is heard. What a file can no longer hold, after twelve hours, is left out.
    pub fn write(&mut self, samples: &[f32]) -> io::Result<()> {
        for sample in samples {
            if self.bytes > u32::MAX - 64 {
                return Ok(());
            }
            let whole = (sample * 32_768.0).round() as i16;
            self.file.write_all(&whole.to_le_bytes())?;
            self.bytes += 2;
        }
        Ok(())
    }

    /// Ends it, and gives the file back.
    pub fn finish(mut self) -> io::Result<W> {
        self.make_whole()?;
        Ok(self.file)
    }

    /// The file can be read as it is by now; more may follow.
    pub fn make_whole(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(self.channels, self.bytes))?;
        self.file.seek(SeekFrom::End(0))?;
        self.file.flush()
    }
}

fn header(channels: u16, bytes: u32) -> [u8; 44] {
    let mut header = [0; 44];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"RIFF");
    put(4, &(bytes + 36).to_le_bytes());
    put(8, b"WAVEfmt ");
    put(16, &16_u32.to_le_bytes());
    put(20, &1_u16.to_le_bytes());
    put(22, &channels.to_le_bytes());
    put(24, &RATE.to_le_bytes());
    put(28, &(RATE * 2 * u32::from(channels)).to_le_bytes());
    put(32, &(2 * channels).to_le_bytes());
    put(34, &16_u16.to_le_bytes());
    put(36, b"data");
    put(40, &bytes.to_le_bytes());
    header
}

/// How samples are written.
#[derive(Clone, Copy)]
struct Format {
    float: bool,
    channels: usize,
    rate: u32,
    bytes: usize,
}

fn parse(bytes: &[u8]) -> Result<(u32, Vec<f32>), WavError> {
    let rest = bytes.strip_prefix(b"RIFF").ok_or(WavError::Form)?;
    let mut rest = rest
        .get(4..)
        .and_then(|rest| rest.strip_prefix(b"WAVE"))
        .ok_or(WavError::Form)?;
    let mut format = None;
    while let Some((head, body)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        // A file that is still being written says 0 or the most; then all that is there counts.
        let length = length.min(body.len());
        let (chunk, after) = body.split_at(length);
        match &head[..4] {
            b"fmt " => format = Some(read_format(chunk)?),
            b"data" => {
                let format = format.ok_or(WavError::Form)?;
                return Ok((format.rate, read_samples(format, chunk)));
            }
            _ => {}
        }
        rest = after.get(length % 2..).unwrap_or_default();
    }
    Err(WavError::Form)
}

fn read_format(chunk: &[u8]) -> Result<Format, WavError> {
    let word = |at: usize| {
        let bytes = chunk.get(at..at + 2)?;
        Some(u16::from_le_bytes([bytes[0], bytes[1]]))
    };
    let (Some(kind), Some(channels), Some(low), Some(high), Some(bits)) =
        (word(0), word(2), word(4), word(6), word(14))
    else {
        return Err(WavError::Form);
    };
    // The extensible form names the kind at its end.
    let kind = if kind == 0xfffe {
        word(24).unwrap_or(0)
    } else {
        kind
    };
    let rate = u32::from(low) | u32::from(high) << 16;
    let known = matches!((kind, bits), (1, 8 | 16 | 24 | 32) | (3, 32));
    if !known || !(1..=64).contains(&channels) || !(1_000..=768_000).contains(&rate) {
        return Err(WavError::Kind);
    }
    Ok(Format {
        float: kind == 3,
        channels: usize::from(channels),
        rate,
        bytes: usize::from(bits / 8),
    })
}

fn read_samples(format: Format, data: &[u8]) -> Vec<f32> {
    let sample = |bytes: &[u8]| match (bytes, format.float) {
        ([a, b, c, d], true) => f32::from_le_bytes([*a, *b, *c, *d]).clamp(-1.0, 1.0),
        ([a], _) => (f32::from(*a) - 128.0) / 128.0,
        ([a, b], _) => f32::from(i16::from_le_bytes([*a, *b])) / 32_768.0,
        ([a, b, c], _) => i32::from_le_bytes([0, *a, *b, *c]) as f32 / 2_147_483_648.0,
        ([a, b, c, d], false) => i32::from_le_bytes([*a, *b, *c, *d]) as f32 / 2_147_483_648.0,
        _ => 0.0,
    };
    let share = 1.0 / format.channels as f32;
    data.chunks_exact(format.bytes * format.channels)
        .map(|all| all.chunks_exact(format.bytes).map(sample).sum::<f32>() * share)
        .collect()
}

/// The same sound at [`RATE`]: each sample is a sum of those around it, by a windowed sinc.
fn resample(samples: &[f32], rate: u32) -> Vec<f32> {
    if rate == RATE {
        return samples.to_vec();
    }
    let step = f64::from(rate) / f64::from(RATE);
    // What the lower of both rates cannot hold is left out.
    let cut = step.recip().min(1.0);
    let reach = REACH / cut;
    let length = (samples.len() as f64 / step) as usize;
    (0..length)
        .map(|i| {
            let centre = i as f64 * step;
            let first = (centre - reach).ceil().max(0.0) as usize;
            let last = ((centre + reach) as usize).min(samples.len().saturating_sub(1));
            let sum: f64 = (first..=last)
                .map(|j| {
                    let off = j as f64 - centre;
                    let x = off * cut * std::f64::consts::PI;
                    let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
                    let window = 0.5 + 0.5 * (off / reach * std::f64::consts::PI).cos();
                    f64::from(samples[j]) * sinc * window * cut
                })
                .sum();
            sum as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::voice::level_of;

    fn wave(rate: u32, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
        bytes.extend_from_slice(&channels.to_le_bytes());
        bytes.extend_from_slice(&rate.to_le_bytes());
        bytes.extend_from_slice(&[0; 6]);
        bytes.extend_from_slice(&bits.to_le_bytes());
        bytes.extend_from_slice(b"LIST\x03\0\0\0abc\0data");
        bytes.extend_from_slice(&(data.len() as u32).to_le_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let samples: Vec<f32> = (0..1_000).map(|i| (i as f32 / 20.0).sin() * 0.5).collect();
        let mut sink = WavSink::new(Cursor::new(Vec::new())).expect("a file");
        sink.write(&samples).expect("written");
        let bytes = sink.finish().expect("whole").into_inner();
        assert_eq!(bytes.len(), 2_044);
        let mut source = WavSource::read(&bytes).expect("a sound");
        for (said, heard) in samples.iter().zip(source.samples()) {
            assert!((said - heard).abs() < 0.0001);
        }
        let mut block = [1.0; BLOCK];
        assert!(source.fill(&mut block) && source.fill(&mut block) && source.fill(&mut block));
        assert_eq!(block[40..], [0.0; 440]);
        assert!(!source.fill(&mut block));
        assert_eq!(block, [0.0; BLOCK]);
    }

    #[test]
    fn any_rate_and_any_size_of_samples_will_do() {
        for rate in [8_000_u32, 16_000, 22_050, 44_100, 48_000, 96_000] {
            let tone =
                |i: u32| (f64::from(i) * 440.0 / f64::from(rate) * std::f64::consts::TAU).sin();
            let data: Vec<u8> = (0..rate)
                .flat_map(|i| {
                    let sample = (tone(i) * 16_384.0) as i16;
                    [sample.to_le_bytes(), sample.to_le_bytes()].concat()
                })
                .collect();
            let source = WavSource::read(&wave(rate, 2, 16, &data)).expect("a sound");
            let samples = source.samples();
            assert!(samples.len().abs_diff(48_000) < 2, "{}", samples.len());
            let level = level_of(&samples[1_000..47_000]);
            assert!((level + 9.03).abs() < 0.1, "{rate}: {level} dBFS");
            // 440 Hz cross zero upwards 440 times a second.
            let crossings = samples
                .windows(2)
                .filter(|p| p[0] < 0.0 && p[1] >= 0.0)
                .count();
            assert!((438..=441).contains(&crossings), "{rate}: {crossings}");
        }
        let eight = WavSource::read(&wave(48_000, 1, 8, &[0, 128, 255])).expect("a sound");
        assert_eq!(eight.samples()[1], 0.0);
        let wide = WavSource::read(&wave(48_000, 1, 24, &[0, 0, 0x40])).expect("a sound");
        assert_eq!(wide.samples(), [0.5]);
    }

    #[test]
    fn what_is_no_sound_is_refused() {
        for bad in [
            &b""[..],
            b"RIFF",
            b"RIFF\0\0\0\0WAVE",
            b"RIFF\0\0\0\0WAVEdata\x02\0\0\0aa",
        ] {
            assert!(WavSource::read(bad).is_err());
        }
        assert!(WavSource::read(&wave(48_000, 1, 12, &[0; 4])).is_err());
        assert!(WavSource::read(&wave(0, 1, 16, &[0; 4])).is_err());
        assert!(WavSource::read(&wave(1_000, 0, 16, &[0; 4])).is_err());
        let mut random = fastrand::Rng::with_seed(1);
        let whole = wave(16_000, 1, 16, &[7; 400]);
        for _ in 0..2_000 {
            let mut bytes = whole[..random.usize(..whole.len())].to_vec();
            if let Some(byte) = bytes.get_mut(random.usize(..60)) {
                *byte = random.u8(..);
            }
            drop(WavSource::read(&bytes));
        }
    }
}
