//! One call's sound: blocks of a microphone in, packets out; packets in, blocks for a speaker out. The peer and the devices
//! stand beside it, and this knows neither.
//!
//! Both ways go by blocks of 10 ms, at the pace of the devices. Where there is no microphone, silence is given for it.

use std::time::Instant;

use super::codec::{BITS, CodecError, Encoder, PACKET_MAX, SILENT};
use super::jitter::{Jitter, JitterStats};
use super::level::Meter;
use super::mixer::{add, fade, soften};
use super::processing::{Processing, Switches};
use super::tone::{Player, Tone};
use super::{BLOCK, FRAME};
use crate::protocol::Dtmf;

/// What is aimed at while packets bring copies of one or two before, in bits a second: all copies, their headers and those
/// of the network stay below 80 kbit/s.
pub const BITS_COPIED: [u32; 2] = [24_000, 16_000];
/// How often it is said that nothing is said: should one be lost, the other side would wait for what does not come.
const SAID: u32 = 3;
/// How loud one's own keys are, against what the other side hears of them.
const OWN_KEYS: f32 = 0.3;

/// What its owner wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The other side hears nothing of the microphone, or does again.
    Mute(bool),
    /// The other side hears a tone from time to time and we hear nothing, or both hear each other again.
    Hold(bool),
    /// A key is pressed: one hears it.
    Key {
        /// Which.
        key: Dtmf,
        /// Whether the other side is to hear it as well, since it does not understand keys in another way.
        aloud: bool,
    },
    /// Parts of the processing are switched on or off.
    Processing(Switches),
    /// Each packet brings so many of those before along: [`PeerEvent::Redundancy`](super::peer::PeerEvent::Redundancy).
    Redundancy(u8),
}

/// A packet to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its first sample.
    pub time: u32,
    /// Whether it is the first after a silence.
    pub first: bool,
    /// What it says.
    pub payload: &'a [u8],
}

/// How loud both sides are, in dBFS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// What the other side hears of us.
    pub microphone: f32,
    /// What we hear of them.
    pub speaker: f32,
}

/// The sound of one call.
pub struct Engine {
    processing: Processing,
    encoder: Encoder,
    jitter: Jitter,
    frame: Box<[f32; FRAME]>,
    /// Samples of `frame` that are there.
    filled: usize,
    packet: Box<[u8; PACKET_MAX]>,
    time: u32,
    /// Packets since somebody said something.
    silent: u32,
    muted: bool,
    held: bool,
    /// How much of the microphone passes, and how much of the other side, after the last block.
    passes: (f32, f32),
    hold: Player,
    own_key: Option<Player>,
    sent_key: Option<Player>,
    meters: (Meter, Meter),
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Engine(muted: {}, held: {})", self.muted, self.held)
    }
}

impl Engine {
    /// For one call.
    pub fn new(switches: Switches) -> Result<Self, CodecError> {
        Ok(Self {
            processing: Processing::new(switches),
            encoder: Encoder::new()?,
            jitter: Jitter::new()?,
            frame: Box::new([0.0; FRAME]),
            filled: 0,
            packet: Box::new([0; PACKET_MAX]),
            time: 0,
            silent: SAID,
            muted: false,
            held: false,
            passes: (1.0, 1.0),
            hold: Player::new(Tone::Held),
            own_key: None,
            sent_key: None,
            meters: (Meter::default(), Meter::default()),
        })
    }

    /// Its owner wants something.
    pub fn control(&mut self, control: Control) -> Result<(), CodecError> {
        match control {
            Control::Mute(muted) => self.muted = muted,
            Control::Hold(held) => self.hold(held),
            Control::Key { key, aloud } => self.key(key, aloud),
            Control::Processing(switches) => self.processing.switch(switches),
            Control::Redundancy(copies) => return self.redundancy(copies),
        }
        Ok(())
    }

    /// The microphone heard this. Every second block makes a packet, unless nobody says anything.
    pub fn microphone(&mut self, block: &[f32; BLOCK]) -> Result<Option<Packet<'_>>, CodecError> {
        let place = self.filled..self.filled + BLOCK;
        let mut heard = *block;
        self.processing.heard(&mut heard);
        let passes = if self.muted || self.held { 0.0 } else { 1.0 };
        if passes < 1.0 || self.passes.0 < 1.0 {
            fade(&mut heard, self.passes.0, passes);
            self.passes.0 = passes;
        }
        if self.held {
            self.hold.add(&mut heard);
        }
        play(&mut self.sent_key, &mut heard, 1.0);
        soften(&mut heard);
        self.meters.0.feed(&heard);
        self.frame[place].copy_from_slice(&heard);
        self.filled += BLOCK;
        if self.filled < FRAME {
            return Ok(None);
        }
        self.filled = 0;
        let time = self.time;
        self.time = time.wrapping_add(FRAME as u32);
        let length = self.encoder.encode(&self.frame, &mut self.packet)?;
        // The first packets of a silence say so; the others need not be sent.
        let before = self.silent;
        let silent = length <= SILENT;
        self.silent = if silent { before.saturating_add(1) } else { 0 };
        if self.silent > SAID {
            return Ok(None);
        }
        Ok(Some(Packet {
            time,
            first: before > 0 && !silent,
            payload: &self.packet[..length],
        }))
    }

    /// What the other side hears of the last block of the microphone.
    #[must_use]
    pub fn said(&self) -> &[f32; BLOCK] {
        let (first, second) = self.frame.split_at(BLOCK);
        let said = if self.filled == BLOCK { first } else { second };
        said.first_chunk().unwrap_or(&[0.0; BLOCK])
    }

    /// A packet has come; see [`Jitter::insert`].
    pub fn packet(&mut self, now: Instant, sequence: u64, time: u64, copy: bool, payload: &[u8]) {
        self.jitter.insert(now, sequence, time, copy, payload);
    }

    /// The speaker wants its next block.
    pub fn speaker(&mut self, now: Instant, block: &mut [f32; BLOCK]) {
        self.jitter.pull(now, block);
        let passes = if self.held { 0.0 } else { 1.0 };
        if passes < 1.0 || self.passes.1 < 1.0 {
            fade(block, self.passes.1, passes);
            self.passes.1 = passes;
        }
        self.meters.1.feed(block);
        play(&mut self.own_key, block, OWN_KEYS);
        soften(block);
        self.processing.played(block);
    }

    /// How loud both sides are.
    #[must_use]
    pub fn levels(&self) -> Levels {
        Levels {
            microphone: self.meters.0.level(),
            speaker: self.meters.1.level(),
        }
    }

    /// What the jitter buffer did.
    #[must_use]
    pub fn stats(&self) -> JitterStats {
        self.jitter.stats()
    }

    fn hold(&mut self, held: bool) {
        if held && !self.held {
            self.hold = Player::new(Tone::Held);
        }
        self.held = held;
    }

    fn key(&mut self, key: Dtmf, aloud: bool) {
        let player = Player::new(Tone::Key(key));
        self.own_key = Some(player);
        if aloud {
            self.sent_key = Some(player);
        }
    }

    fn redundancy(&mut self, copies: u8) -> Result<(), CodecError> {
        let bits = match copies {
            0 => BITS,
            1 => BITS_COPIED[0],
            2..=u8::MAX => BITS_COPIED[1],
        };
        // The copies are better than what the codec would put into the next packet.
        self.encoder.tune(bits, 0)
    }
}

/// Adds what a player plays, if one does.
fn play(player: &mut Option<Player>, block: &mut [f32; BLOCK], gain: f32) {
    let Some(playing) = player else { return };
    let mut sound = [0.0; BLOCK];
    let more = playing.add(&mut sound);
    add(block, &sound, gain);
    if !more {
        *player = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::voice::level_of;
    use crate::voice::testing::{active_level, speech_at};

    /// Two engines, with nothing but 30 ms between them.
    struct World {
        start: Instant,
        block: u64,
        sides: [Engine; 2],
        under_way: Vec<(u64, usize, u64, u64, Vec<u8>)>,
        packets: [u64; 2],
        bytes: usize,
    }

    impl World {
        fn new() -> Self {
            let engine = || Engine::new(Switches::default()).expect("an engine");
            Self {
                start: Instant::now(),
                block: 0,
                sides: [engine(), engine()],
                under_way: Vec::new(),
                packets: [0; 2],
                bytes: 0,
            }
        }

        /// One side says this and the other nothing; returns what each hears.
        fn say(&mut self, said: &[f32]) -> [Vec<f32>; 2] {
            let mut heard = [Vec::new(), Vec::new()];
            for block in said.chunks_exact(BLOCK) {
                let now = self.start + Duration::from_millis(self.block * 10);
                for (side, heard) in heard.iter_mut().enumerate() {
                    let mut out = [0.0; BLOCK];
                    self.sides[side].speaker(now, &mut out);
                    heard.extend_from_slice(&out);
                    let block: [f32; BLOCK] = if side == 0 {
                        block.try_into().expect("a block")
                    } else {
                        [0.0; BLOCK]
                    };
                    let packet = self.sides[side].microphone(&block).expect("a packet");
                    if let Some(packet) = packet {
                        self.packets[side] += 1;
                        self.bytes += packet.payload.len();
                        self.under_way.push((
                            self.block + 3,
                            1 - side,
                            self.packets[side],
                            u64::from(packet.time),
                            packet.payload.to_vec(),
                        ));
                    }
                }
                self.block += 1;
                let due = self.block;
                for (_, side, sequence, time, payload) in
                    self.under_way.extract_if(.., |packet| packet.0 <= due)
                {
                    self.sides[side].packet(now, sequence, time, false, &payload);
                }
            }
            heard
        }
    }

    #[test]
    fn what_one_says_the_other_hears() {
        let mut world = World::new();
        let said = speech_at(6.0, 1, -26.0);
        let [own, heard] = world.say(&said);
        assert!(level_of(&own[48_000..]) < -45.0, "nothing of oneself");
        let level = active_level(&heard[2 * 48_000..]);
        assert!((-26.0..-16.0).contains(&level), "{level} dBFS");
        assert!(
            world.packets[1] < 110,
            "{} packets of silence",
            world.packets[1]
        );
        assert!(world.bytes * 8 < 34_000 * 6, "{} bytes", world.bytes);
    }

    #[test]
    fn who_is_muted_is_not_heard_and_then_is_again() {
        let mut world = World::new();
        let said = speech_at(4.0, 2, -20.0);
        world.say(&said);
        world.sides[0].control(Control::Mute(true)).expect("muted");
        let [_, heard] = world.say(&said);
        let level = level_of(&heard[24_000..]);
        assert!(level < -60.0, "{level} dBFS");
        assert!(world.sides[0].levels().microphone < -60.0);
        world.sides[0].control(Control::Mute(false)).expect("heard");
        let [_, heard] = world.say(&said);
        assert!(active_level(&heard) > -28.0);
    }

    #[test]
    fn who_is_held_hears_a_tone_and_is_not_heard() {
        let mut world = World::new();
        let said = speech_at(6.0, 3, -20.0);
        world.say(&said);
        // The second side holds: the first hears its tone, and is not heard by it.
        world.sides[1].control(Control::Hold(true)).expect("held");
        let [tone, heard] = world.say(&said);
        assert!(level_of(&heard[4_800..]) < -60.0);
        let loudest = tone.chunks(4_800).map(level_of).fold(-120.0, f32::max);
        assert!((-45.0..-28.0).contains(&loudest), "{loudest} dBFS");
        world.sides[1].control(Control::Hold(false)).expect("back");
        let [_, heard] = world.say(&said);
        assert!(active_level(&heard) > -28.0);
    }

    #[test]
    fn ones_own_key_is_heard_and_where_wished_by_the_other() {
        let mut world = World::new();
        let key = Dtmf::from_char('7').expect("a key");
        let silence = [0.0; 24_000];
        world.say(&silence);
        let control = Control::Key { key, aloud: false };
        world.sides[0].control(control).expect("pressed");
        let [own, other] = world.say(&silence);
        assert!(level_of(&own[..4_800]) > -30.0);
        assert!(level_of(&other) < -60.0);
        let control = Control::Key { key, aloud: true };
        world.sides[0].control(control).expect("pressed");
        let [_, other] = world.say(&silence);
        let loudest = other.chunks(2_400).map(level_of).fold(-120.0, f32::max);
        assert!(loudest > -20.0, "{loudest} dBFS");
    }
}
