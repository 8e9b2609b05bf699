//! The jitter buffer: packets come early, late, twice, in disorder or not at all; sound leaves evenly.
//!
//! Each packet's turn comes a little after the fastest way that packets took (`delay`). Where that is too
//! soon or too late, the voice is made a period longer or shorter (`stretch`): there are no gaps, and
//! clocks that run at different speeds are met in the same way. What is lost is taken from the next packet where that
//! carries it, or from a copy beside it, or made up from what sounded before.
//!
//! Nothing is allocated by [`Jitter::insert`] and [`Jitter::pull`]; the decoder within may take memory of its own.

use std::time::Instant;

use super::codec::{CodecError, Decoder, PACKET_SAMPLES, SILENT, carries_correction, samples_in};
use super::comfort::Comfort;
use super::delay::Delay;
use super::slots::Slots;
use super::stretch::{LONGEST, NEEDED, Stretch, stretch};
use super::{FRAME, RATE};

/// The most that is asked for at once, in samples.
pub const PULL_MAX: usize = 960;
/// What is made at once where nothing is there, in samples: 5 ms.
const PIECE: usize = 240;
/// Decoded sound that waits: a packet, what is left of the one before, and what stretching adds.
const ROOM: usize = PACKET_SAMPLES + 2 * PULL_MAX;
/// So much later than wanted, in samples, packets are left out instead of made shorter: 400 ms.
const FAR: i64 = 19_200;
/// So much later the voice is hurried: 60 ms.
const LATE: i64 = 2_880;
/// So much later it is made shorter, now and then, and never by more than that: 5 ms.
const LATISH: i64 = 240;
/// So much sooner it is made longer: 2.5 ms.
const SOON: i64 = -120;
/// Copies that come later than this after their packet are not waited for, in samples: 60 ms.
const REACH: u64 = 2_880;
/// Frames between two stretches that are not urgent.
const PAUSE: u32 = 3;
/// After so long with nothing, in samples, the next packet counts as a new beginning: 1 s.
const NOTHING: i64 = 48_000;
/// A packet this far from what is due belongs to another count of the sender: 10 s.
const ELSEWHERE: u64 = 480_000;
/// Later than this no time is, of senders that count from anything that fits 32 bits.
const TIME_MAX: u64 = 1 << 60;
/// So many frames after redundancy was last seen the next packet is no longer waited for: 10 s.
const REDUNDANT: u32 = 500;

/// What the buffer did, counted from its beginning. Samples are at [`RATE`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct JitterStats {
    /// Packets that came, copies not counted.
    pub packets: u64,
    /// Of those, how many came after their turn.
    pub late: u64,
    /// Frames that were missing when their turn came, and were made up from what sounded before.
    pub concealed: u64,
    /// Frames that were missing and were taken from a later packet.
    pub recovered: u64,
    /// Packets that could not be decoded.
    pub broken: u64,
    /// Samples that were made up since a packet came too late. Sound is later by so much.
    pub starved: u64,
    /// Samples that were added to wait longer.
    pub added: u64,
    /// Samples that were left out to wait less.
    pub removed: u64,
    /// The present delay after the fastest way, in samples.
    pub delay: i64,
    /// The delay that is aimed at.
    pub target: i64,
    /// The jitter of RFC 3550 §6.4.1, in samples.
    pub jitter: f32,
    /// The share of frames that were missing of late, recovered ones included.
    pub loss: f32,
}

/// The buffer for what one peer says.
pub struct Jitter {
    decoder: Decoder,
    slots: Slots,
    delay: Delay,
    comfort: Comfort,
    stats: JitterStats,
    start: Option<Instant>,
    /// The time of the next packet whose turn comes; `None` before the first.
    next: Option<u64>,
    /// The number of the last that was decoded.
    sequence: u64,
    /// Decoded and not yet pulled: `pcm[..filled]`.
    pcm: Box<[f32; ROOM]>,
    filled: usize,
    /// Samples that were made up since `next` was due and was not there.
    stalled: i64,
    /// The sender says nothing at present, as it told.
    quiet: bool,
    /// The present delay, smoothed over pulls.
    lag: f32,
    since_stretch: u32,
    since_redundancy: u32,
    /// How much later than a packet its last copy comes, in samples, and the oldest copy that came just now.
    reach: u64,
    oldest_copy: Option<u64>,
}

impl std::fmt::Debug for Jitter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Jitter({:?})", self.stats)
    }
}

impl Jitter {
    /// An empty one.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self {
            decoder: Decoder::new()?,
            slots: Slots::new(),
            delay: Delay::new(),
            comfort: Comfort::new(),
            stats: JitterStats::default(),
            start: None,
            next: None,
            sequence: 0,
            pcm: Box::new([0.0; ROOM]),
            filled: 0,
            stalled: 0,
            quiet: false,
            lag: 0.0,
            since_stretch: 0,
            since_redundancy: REDUNDANT,
            reach: 0,
            oldest_copy: None,
        })
    }

    /// A packet has come. `time` is its RTP time and `sequence` its number, both extended so that they do not wrap. A `copy`
    /// came beside a later packet (RFC 2198).
    pub fn insert(&mut self, now: Instant, sequence: u64, time: u64, copy: bool, payload: &[u8]) {
        if time > TIME_MAX || samples_in(payload).is_none() {
            self.stats.broken += u64::from(!copy);
            return;
        }
        if self
            .next
            .is_some_and(|next| next.abs_diff(time) > ELSEWHERE)
        {
            if copy {
                return;
            }
            self.restart();
        }
        if copy {
            let oldest = self.oldest_copy.get_or_insert(time);
            *oldest = time.min(*oldest);
        } else {
            let known = self.slots.holds(time);
            let way = self.clock(now) - signed(time);
            self.stats.packets += 1;
            self.delay.arrived(way);
            let over = self.next.is_some_and(|next| time < next);
            self.stats.late += u64::from(over && !known);
            self.look_for_copies(time, payload);
        }
        if self.next.is_none_or(|next| time >= next) {
            self.slots.insert(time, sequence, copy, payload);
        }
    }

    /// The next samples, at most [`PULL_MAX`] of them, for a speaker that wants them now.
    pub fn pull(&mut self, now: Instant, out: &mut [f32]) {
        let now = self.clock(now);
        let wanted = out.len().min(PULL_MAX);
        while self.filled < wanted {
            self.refill(now);
        }
        self.measure(now);
        out[..wanted].copy_from_slice(&self.pcm[..wanted]);
        out[wanted..].fill(0.0);
        self.pcm.copy_within(wanted..self.filled, 0);
        self.filled -= wanted;
    }

    /// What it did so far.
    #[must_use]
    pub fn stats(&self) -> JitterStats {
        JitterStats {
            delay: self.lag as i64,
            target: self.target(),
            jitter: self.delay.jitter(),
            ..self.stats
        }
    }

    /// How late sound is, in samples, against the fastest way of packets.
    fn measure(&mut self, now: i64) {
        let Some(next) = self.next else { return };
        let first = signed(next) - self.filled as i64;
        let lag = (now - first - self.delay.fastest()) as f32;
        self.lag += (lag - self.lag) / 4.0;
    }

    fn target(&self) -> i64 {
        let made_up = self.stats.loss > 0.005 && self.since_redundancy < REDUNDANT;
        self.delay.target(if made_up { self.reach } else { 0 })
    }

    /// How long must be waited for what can stand in for this packet, if it is lost?
    fn look_for_copies(&mut self, time: u64, payload: &[u8]) {
        let copied = self
            .oldest_copy
            .take()
            .map(|oldest| time.saturating_sub(oldest));
        let corrected = carries_correction(payload).then_some(FRAME as u64);
        let reach = copied.max(corrected).filter(|reach| *reach <= REACH);
        if let Some(reach) = reach {
            self.since_redundancy = 0;
            self.reach = reach;
        }
    }

    /// Puts at least one more piece behind what waits.
    fn refill(&mut self, now: i64) {
        let Some(next) = self.next else {
            return self.begin(now);
        };
        self.slots.forget_before(next);
        let Some((time, sequence)) = self.slots.first().map(|slot| (slot.time, slot.sequence))
        else {
            return self.wait(now, next);
        };
        let gap = time - next;
        if gap == 0 {
            self.play(time, sequence);
        } else if self.quiet || sequence == self.sequence.wrapping_add(1) {
            self.fill_pause(gap);
        } else {
            self.make_up(time, gap);
        }
    }

    /// Before the first packet, and after a long time with none.
    fn begin(&mut self, now: i64) {
        if let Some(first) = self.slots.first() {
            let waited = now - signed(first.time) - self.delay.fastest();
            if waited >= self.target() {
                self.next = Some(first.time);
                self.sequence = first.sequence.wrapping_sub(1);
                self.stalled = 0;
                self.lag = waited as f32;
                return;
            }
        }
        self.background(PIECE);
    }

    /// The packet that is due is decoded.
    fn play(&mut self, time: u64, sequence: u64) {
        let Some(slot) = self.slots.first() else {
            return;
        };
        let payload = self.slots.payload(slot);
        let (copy, silent) = (slot.copy, payload.len() <= SILENT);
        let length = samples_in(payload).unwrap_or(PIECE);
        self.sequence = sequence;
        self.stalled = 0;
        if silent {
            self.quiet = true;
            self.slots.forget_before(time + 1);
            self.next = Some(time + PIECE as u64);
            self.background(PIECE);
            return;
        }
        self.quiet = false;
        let end = (self.filled + length).min(ROOM);
        let decoded = self
            .decoder
            .decode(payload, &mut self.pcm[self.filled..end]);
        self.slots.forget_before(time + 1);
        self.next = Some(time + length as u64);
        let Ok(written) = decoded else {
            self.stats.broken += 1;
            self.conceal(length);
            return;
        };
        self.comfort
            .listen(&self.pcm[self.filled..self.filled + written]);
        self.heard(copy);
        self.stats.recovered += u64::from(copy);
        self.adjust(written);
    }

    /// Nothing is there, and nothing later either.
    fn wait(&mut self, now: i64, next: u64) {
        if self.quiet {
            // Time goes on; the next packet is awaited at its own time, with the delay that is wanted by then.
            let first = signed(next) - self.filled as i64;
            let due = now - first - self.delay.fastest() >= self.target() - PIECE as i64;
            let long_due = self.lag as i64 > self.target() + LATISH;
            if due && long_due {
                self.next = Some(next + 2 * PIECE as u64);
                self.stats.removed = self.stats.removed.saturating_add(PIECE as u64);
            } else if due {
                self.next = Some(next + PIECE as u64);
            } else {
                self.stats.added += PIECE as u64;
            }
            self.background(PIECE);
            return;
        }
        if self.stalled > NOTHING {
            self.next = None;
            self.background(PIECE);
            return;
        }
        self.stalled += PIECE as i64;
        self.stats.starved += PIECE as u64;
        self.conceal(PIECE);
    }

    /// The sender paused, and `gap` samples are left of that.
    fn fill_pause(&mut self, gap: u64) {
        if gap > ELSEWHERE {
            self.next = self.next.map(|next| next + gap);
            return;
        }
        // What was waited beyond what is wanted by now is simply not waited.
        let too_late = u64::try_from(self.lag as i64 - self.target()).unwrap_or(0);
        let skipped = if too_late > PIECE as u64 {
            too_late.min(gap)
        } else {
            0
        };
        self.lag -= skipped as f32;
        self.stats.removed = self.stats.removed.saturating_add(skipped);
        let piece = (gap - skipped).min(PIECE as u64);
        self.next = self.next.map(|next| next + skipped + piece);
        self.background(piece as usize);
    }

    /// `gap` samples are missing before the packet of this time.
    fn make_up(&mut self, time: u64, gap: u64) {
        let stalled = u64::try_from(self.stalled).unwrap_or(0).min(gap);
        self.stalled = 0;
        if gap > NOTHING as u64 {
            self.next = Some(time);
            return;
        }
        // What was made up while nothing was there has been heard in the place of what is missing.
        if gap > stalled && gap <= 2 * FRAME as u64 {
            let length = (gap as usize).min(FRAME);
            if gap as usize == length && self.correct(length, stalled as usize) {
                self.next = Some(time);
                self.stats.starved -= stalled.min(self.stats.starved);
                return;
            }
        }
        self.stats.starved -= stalled.min(self.stats.starved);
        let piece = (gap - stalled).min(FRAME as u64) as usize;
        self.next = self.next.map(|next| next + stalled + piece as u64);
        if piece > 0 {
            self.stats.concealed += 1;
            self.missed();
            self.conceal(piece);
        }
    }

    /// Takes what is missing from the packet after it, less what was heard instead.
    fn correct(&mut self, length: usize, heard: usize) -> bool {
        let Some(slot) = self.slots.first() else {
            return false;
        };
        let payload = self.slots.payload(slot);
        if !carries_correction(payload) || !length.is_multiple_of(120) {
            return false;
        }
        let from = self.filled;
        let end = (from + length).min(ROOM);
        let corrected = self
            .decoder
            .correct(payload, length, &mut self.pcm[from..end]);
        let Ok(written) = corrected else { return false };
        let heard = heard.min(written);
        self.pcm.copy_within(from + heard..from + written, from);
        self.filled += written - heard;
        self.stats.recovered += 1;
        self.missed();
        true
    }

    /// A frame of the voice goes behind what waits: shorter or longer, if it is time for that.
    fn adjust(&mut self, written: usize) {
        let from = self.filled;
        self.filled += written;
        self.since_stretch = self.since_stretch.saturating_add(1);
        let off = self.lag as i64 - self.target();
        if off > FAR {
            self.leap();
            return;
        }
        let how = if off > LATISH {
            Stretch::Shorter
        } else if off < SOON {
            Stretch::Longer
        } else {
            return;
        };
        let urgent = !(-LATE..=LATE).contains(&off);
        if !urgent && self.since_stretch < PAUSE {
            return;
        }
        // What waits from before may be used as well, where one frame is too short.
        let from = if written < NEEDED { 0 } else { from };
        let before = self.filled - from;
        let alike = if urgent { 0.5 } else { 0.75 };
        // What is too late at most becomes punctual; what is too soon may wait for a whole period.
        let longest = match how {
            Stretch::Shorter => usize::try_from(off).unwrap_or(0),
            Stretch::Longer => LONGEST,
        };
        let after = stretch(how, &mut self.pcm[from..], before, longest, alike);
        self.filled = from + after;
        if after != before {
            self.since_stretch = 0;
        }
        self.lag += after as f32 - before as f32;
        let (more, less) = (after.saturating_sub(before), before.saturating_sub(after));
        self.stats.added = self.stats.added.saturating_add(more as u64);
        self.stats.removed = self.stats.removed.saturating_add(less as u64);
    }

    /// Far too much waits, as after a computer slept: on with the latest.
    fn leap(&mut self) {
        let (Some(next), Some(last)) = (self.next, self.slots.last()) else {
            return;
        };
        let excess = u64::try_from(self.lag as i64 - self.target()).unwrap_or(0);
        let leap = excess.min(last.saturating_sub(next));
        let Some(to) = self.slots.first_from(next + leap) else {
            return;
        };
        self.stats.removed = self.stats.removed.saturating_add(to - next);
        self.lag -= (to - next) as f32;
        self.next = Some(to);
        self.slots.forget_before(to);
    }

    fn conceal(&mut self, length: usize) {
        let end = (self.filled + length).min(ROOM);
        // The codec goes on by multiples of 2.5 ms.
        let whole = (length / 120).max(1) * 120;
        let made = self
            .decoder
            .conceal(whole, &mut self.pcm[self.filled..end])
            .unwrap_or(0);
        self.filled += made;
        if made < length {
            self.background(length - made);
        }
    }

    fn background(&mut self, length: usize) {
        let end = (self.filled + length).min(ROOM);
        self.comfort.fill(&mut self.pcm[self.filled..end]);
        self.filled = end;
    }

    fn heard(&mut self, copy: bool) {
        let missing = if copy { 0.01 } else { 0.0 };
        self.stats.loss = self.stats.loss * 0.99 + missing;
        self.since_redundancy = self.since_redundancy.saturating_add(1);
    }

    fn missed(&mut self) {
        self.stats.loss = self.stats.loss * 0.99 + 0.01;
        self.since_redundancy = self.since_redundancy.saturating_add(1);
    }

    fn restart(&mut self) {
        self.slots.clear();
        self.delay.restart();
        self.next = None;
        self.quiet = false;
    }

    /// Our clock, in samples since the first time that it was asked for.
    fn clock(&mut self, now: Instant) -> i64 {
        let start = *self.start.get_or_insert(now);
        let since = now.saturating_duration_since(start);
        (since.as_secs_f64() * f64::from(RATE)) as i64
    }
}

/// A time of a sender, which is at most [`TIME_MAX`].
fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests;
