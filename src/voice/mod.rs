//! The sound of a call: from a microphone to the network, and back to a speaker.
//!
//! The pure part reads no clock and opens nothing: samples, packets and the time go in, samples and packets come out. What
//! touches sockets and devices stands beside it, and decides nothing about sound.
//!
//! | module | what it is |
//! |---|---|
//! | [`engine`] | one call's sound, both ways |
//! | [`codec`] | Opus: 20 ms of samples to a packet, and back |
//! | [`jitter`] | packets come as they like, samples leave evenly |
//! | [`peer`] | the way to the other side: ICE, DTLS-SRTP, RTP, keys of the pad |
//! | [`processing`] | echo, noise and level of a microphone |
//! | [`level`], [`mixer`], [`tone`] | meters, sums, and the tones of telephones |
//! | [`wav`] | files of sound |
//! | [`record`] | a call, kept in such a file |
//!
//! | beside it | what it is |
//! |---|---|
//! | [`call`] | the loop that brings engine, peer, sockets and devices together |
//! | [`device`] | microphones and speakers, and files in their place |
//! | [`link`] | UDP sockets, and the addresses that servers lend |

pub mod call;
pub mod codec;
mod comfort;
mod crypto;
mod delay;
pub mod device;
pub mod engine;
mod gain;
mod gather;
pub mod jitter;
pub mod level;
pub mod link;
pub mod mixer;
pub mod peer;
pub mod processing;
pub mod record;
mod redundancy;
mod slots;
mod stretch;
mod telephone;
#[cfg(test)]
mod testing;
pub mod tone;
pub mod wav;

/// Samples a second, everywhere in this room (RFC 7587 §4.1: the clock of Opus over RTP, whatever is inside).
pub const RATE: u32 = 48_000;
/// Samples of one block of 10 ms: what devices and processing pass around.
pub const BLOCK: usize = 480;
/// Samples of one packet of 20 ms.
pub const FRAME: usize = 960;

/// Decibels below full scale as a factor.
fn factor(decibels: f32) -> f32 {
    10.0_f32.powf(decibels / 20.0)
}

/// The level of some samples, in dBFS: root of the mean square, full scale 1.0. -120 for silence.
fn level_of(samples: &[f32]) -> f32 {
    if samples.is_empty() {
        return SILENCE;
    }
    let square: f32 = samples.iter().map(|sample| sample * sample).sum();
    let power = square / samples.len() as f32;
    (10.0 * power.max(1e-12).log10()).max(SILENCE)
}

/// The level that stands for no sound at all, in dBFS.
const SILENCE: f32 = -120.0;
