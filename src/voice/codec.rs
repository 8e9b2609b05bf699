//! Opus (RFC 6716): 20 ms of samples to a packet, and back. Knows nothing of networks, only how much of it is lost.

use ropus::{Application, Bandwidth, Bitrate, Channels, DecodeMode, InbandFec, Signal};

use super::{FRAME, RATE};

/// The longest packet of one frame, in bytes (RFC 6716 §3.4).
pub const PACKET_MAX: usize = 1275;
/// The longest time that a packet may cover: 120 ms (RFC 6716 §3.4), in samples.
pub const PACKET_SAMPLES: usize = 5760;
/// What a call uses on a clean network, in bits a second.
pub const BITS: u32 = 32_000;
/// With fewer than [`BITS`] they are spent on what lies below 8 kHz: there speech is.
const NARROWED: Bandwidth = Bandwidth::Wideband;
/// With all of them below 12 kHz: the octave above costs more of speech than it adds to it (by PESQ 3.7 against 3.9).
const WIDEST: Bandwidth = Bandwidth::Superwideband;
/// How hard the encoder thinks, of 10. At 5 a frame takes 0.2 ms of a desktop's core.
const COMPLEXITY: u8 = 5;
/// A packet of this length or less says that nothing is said (discontinuous transmission).
pub const SILENT: usize = 2;

/// Why there is no codec, or no packet.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// It could not be set up as wished.
    #[error("the codec could not be set up")]
    Setup,
    /// The samples were not taken.
    #[error("the codec did not take the samples")]
    Encode,
    /// These bytes are no packet.
    #[error("not an Opus packet")]
    Packet,
}

/// Samples to packets.
pub struct Encoder {
    opus: ropus::Encoder,
    samples: Box<[i16; FRAME]>,
    bits: u32,
    loss: u8,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Encoder({} bit/s)", self.bits)
    }
}

impl Encoder {
    /// One for speech, at [`BITS`] a second, silent in silence.
    pub fn new() -> Result<Self, CodecError> {
        let opus = ropus::Encoder::builder(RATE, Channels::Mono, Application::Voip)
            .bitrate(Bitrate::Bits(BITS))
            .complexity(COMPLEXITY)
            .signal(Signal::Voice)
            .vbr(true)
            .inband_fec(InbandFec::Enabled)
            .packet_loss_perc(0)
            .dtx(true)
            .max_bandwidth(WIDEST)
            .build()
            .map_err(|_| CodecError::Setup)?;
        Ok(Self {
            opus,
            samples: Box::new([0; FRAME]),
            bits: BITS,
            loss: 0,
        })
    }

    /// What it aims at, in bits a second.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// From now on so many bits a second, and, where `loss` of a hundred packets do not arrive, within them what the packet
    /// before said once more, coarsely (forward error correction).
    pub fn tune(&mut self, bits: u32, loss: u8) -> Result<(), CodecError> {
        if bits != self.bits {
            self.opus
                .set_bitrate(Bitrate::Bits(bits))
                .map_err(|_| CodecError::Setup)?;
            let bandwidth = if bits < BITS { NARROWED } else { WIDEST };
            self.opus
                .set_max_bandwidth(bandwidth)
                .map_err(|_| CodecError::Setup)?;
            self.bits = bits;
        }
        if loss != self.loss {
            self.opus
                .set_packet_loss_perc(loss.min(100))
                .map_err(|_| CodecError::Setup)?;
            self.loss = loss;
        }
        Ok(())
    }

    /// The packet of 20 ms of samples (-1.0 to 1.0; what is louder is cut), and its length.
    pub fn encode(
        &mut self,
        samples: &[f32; FRAME],
        packet: &mut [u8; PACKET_MAX],
    ) -> Result<usize, CodecError> {
        for (whole, sample) in self.samples.iter_mut().zip(samples) {
            *whole = to_i16(*sample);
        }
        self.opus
            .encode(&self.samples[..], packet)
            .map_err(|_| CodecError::Encode)
    }
}

/// Packets to samples.
pub struct Decoder {
    opus: ropus::Decoder,
    samples: Box<[i16; PACKET_SAMPLES]>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Decoder")
    }
}

impl Decoder {
    /// A fresh one.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self {
            opus: ropus::Decoder::new(RATE, Channels::Mono).map_err(|_| CodecError::Setup)?,
            samples: Box::new([0; PACKET_SAMPLES]),
        })
    }

    /// What a packet says. Returns how many samples were written.
    pub fn decode(&mut self, packet: &[u8], out: &mut [f32]) -> Result<usize, CodecError> {
        let length = samples_in(packet).ok_or(CodecError::Packet)?;
        self.run(packet, length, DecodeMode::Normal, out)
    }

    /// What the packet before this one said, coarsely; see [`carries_correction`].
    pub fn correct(
        &mut self,
        next: &[u8],
        length: usize,
        out: &mut [f32],
    ) -> Result<usize, CodecError> {
        self.run(next, length, DecodeMode::Fec, out)
    }

    /// Goes on for `length` samples (a multiple of 2.5 ms) with what sounded last, softer and softer.
    pub fn conceal(&mut self, length: usize, out: &mut [f32]) -> Result<usize, CodecError> {
        self.run(&[], length, DecodeMode::Normal, out)
    }

    fn run(
        &mut self,
        packet: &[u8],
        length: usize,
        mode: DecodeMode,
        out: &mut [f32],
    ) -> Result<usize, CodecError> {
        let room = length.min(PACKET_SAMPLES).min(out.len());
        let written = self
            .opus
            .decode(packet, &mut self.samples[..room], mode)
            .map_err(|_| CodecError::Packet)?
            .min(room);
        for (sample, whole) in out.iter_mut().zip(&self.samples[..written]) {
            *sample = f32::from(*whole) / 32_768.0;
        }
        Ok(written)
    }
}

/// How many samples at [`RATE`] a packet stands for (RFC 6716 §3.1); `None` if it is none.
#[must_use]
pub fn samples_in(packet: &[u8]) -> Option<usize> {
    let toc = *packet.first()?;
    let config = toc >> 3;
    let frame = match config {
        0..=11 => [480, 960, 1920, 2880][usize::from(config % 4)],
        12..=15 => [480, 960][usize::from(config % 2)],
        16..=u8::MAX => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(packet.get(1)? & 0x3f),
    };
    let samples = frame * frames;
    (1..=PACKET_SAMPLES).contains(&samples).then_some(samples)
}

/// Whether a packet says the one before it once more (the LBRR flag, RFC 6716 §4.2.4). Only packets of one frame of mono are
/// looked into: no other is sent for speech.
#[must_use]
pub fn carries_correction(packet: &[u8]) -> bool {
    let [toc, first, ..] = packet else {
        return false;
    };
    let (celt, stereo, single) = (toc & 0x80 != 0, toc & 0x04 != 0, toc & 3 == 0);
    if celt || stereo || !single {
        return false;
    }
    let inner = match toc >> 3 {
        config @ 0..=11 => [1, 1, 2, 3][usize::from(config % 4)],
        _ => 1,
    };
    (first >> (7 - inner)) & 1 == 1
}

fn to_i16(sample: f32) -> i16 {
    // A cast from float to integer saturates, and takes what is no number for 0.
    (sample * 32_768.0).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::level_of;

    fn voice_like(from: usize) -> [f32; FRAME] {
        std::array::from_fn(|i| {
            let t = (from + i) as f32 / RATE as f32;
            let wave = |hertz: f32| (t * hertz * std::f32::consts::TAU).sin();
            0.2 * wave(140.0) + 0.1 * wave(280.0) + 0.1 * wave(700.0) * wave(3.0)
        })
    }

    #[test]
    fn what_is_said_is_heard_at_its_level() {
        let (mut encoder, mut decoder) = (
            Encoder::new().expect("a codec"),
            Decoder::new().expect("a codec"),
        );
        let (mut packet, mut out) = ([0; PACKET_MAX], [0.0; PACKET_SAMPLES]);
        let mut bytes = 0;
        for i in 0..50 {
            let samples = voice_like(i * FRAME);
            let length = encoder.encode(&samples, &mut packet).expect("a packet");
            bytes += length;
            assert_eq!(samples_in(&packet[..length]), Some(FRAME));
            let written = decoder
                .decode(&packet[..length], &mut out)
                .expect("a packet");
            assert_eq!(written, FRAME);
            if i > 5 {
                let (said, heard) = (level_of(&samples), level_of(&out[..written]));
                assert!((said - heard).abs() < 2.0, "{said} dBFS became {heard}");
            }
        }
        let bits = bytes * 8;
        assert!((20_000..40_000).contains(&bits), "{bits} bit/s");
    }

    #[test]
    fn a_lost_packet_is_corrected_by_the_next() {
        let (mut encoder, mut decoder) = (
            Encoder::new().expect("a codec"),
            Decoder::new().expect("a codec"),
        );
        encoder.tune(24_000, 20).expect("a packet");
        let mut packets = Vec::new();
        for i in 0..30 {
            let mut packet = [0; PACKET_MAX];
            let length = encoder
                .encode(&voice_like(i * FRAME), &mut packet)
                .expect("a packet");
            packets.push(packet[..length].to_vec());
        }
        let mut out = [0.0; PACKET_SAMPLES];
        for packet in &packets[..20] {
            decoder.decode(packet, &mut out).expect("a packet");
        }
        assert!(carries_correction(&packets[21]));
        let written = decoder
            .correct(&packets[21], FRAME, &mut out)
            .expect("a packet");
        assert_eq!(written, FRAME);
        let said = level_of(&voice_like(20 * FRAME));
        let heard = level_of(&out[..written]);
        assert!((said - heard).abs() < 4.0, "{said} dBFS became {heard}");
    }

    #[test]
    fn silence_is_not_sent() {
        let mut encoder = Encoder::new().expect("a codec");
        let mut packet = [0; PACKET_MAX];
        let mut silent = 0;
        for _ in 0..100 {
            let length = encoder
                .encode(&[0.0; FRAME], &mut packet)
                .expect("a packet");
            silent += usize::from(length <= SILENT);
        }
        assert!(silent > 60, "{silent} of 100 packets are silent");
    }

    #[test]
    fn garbage_is_refused() {
        let mut decoder = Decoder::new().expect("a codec");
        let mut out = [0.0; PACKET_SAMPLES];
        assert!(decoder.decode(&[], &mut out).is_err());
        // 48 frames of 20 ms: longer than any packet may be.
        assert!(decoder.decode(&[0xfb, 0x30, 1, 2, 3], &mut out).is_err());
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let bytes: Vec<u8> = (0..random.usize(0..200)).map(|_| random.u8(..)).collect();
            // Whatever comes out, nothing breaks.
            drop(decoder.decode(&bytes, &mut out));
            drop(decoder.correct(&bytes, FRAME, &mut out));
            assert!(bytes.len() > 1 || !carries_correction(&bytes));
        }
        assert_eq!(decoder.conceal(480, &mut out).expect("a packet"), 480);
    }
}
