//! Two peers and a network between them, in simulated time.

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::protocol::Dtmf;
use crate::voice::codec::PACKET_MAX;

/// A peer of the world, what it was told, and which packets it got.
struct Side {
    peer: Peer,
    events: Vec<PeerEvent>,
    audio: Vec<(u64, u64, bool, Vec<u8>)>,
}

/// Which side it is for, from where, to where, and what it says.
type Datagram = (usize, SocketAddr, SocketAddr, Vec<u8>);

struct World {
    start: Instant,
    now: Instant,
    sides: [Side; 2],
    /// Datagrams under way, by when they arrive.
    wire: BTreeMap<(Instant, u64), Datagram>,
    sent: u64,
    random: fastrand::Rng,
    /// The share that is lost, once connected.
    loss: f64,
    /// Whether a side's packets get through at all.
    open: [bool; 2],
    addresses: [SocketAddr; 2],
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

impl World {
    fn new() -> Self {
        let start = Instant::now();
        let addresses = [address("10.0.0.1:4000"), address("10.0.0.2:4000")];
        let (mut caller, offer) =
            Peer::offer(start, &[Reach::Host(addresses[0])]).expect("an offer");
        let (callee, answer) =
            Peer::answer(start, &[Reach::Host(addresses[1])], &offer).expect("an answer");
        assert!(
            offer.len() < 4_000 && answer.len() < 4_000,
            "{}",
            offer.len()
        );
        let out = caller.accept(start, &answer).expect("it is accepted");
        let side = |peer| Side {
            peer,
            events: Vec::new(),
            audio: Vec::new(),
        };
        let mut world = Self {
            start,
            now: start,
            sides: [side(caller), side(callee)],
            wire: BTreeMap::new(),
            sent: 0,
            random: fastrand::Rng::with_seed(1),
            loss: 0.0,
            open: [true; 2],
            addresses,
        };
        world.take(0, out);
        world
    }

    fn take(&mut self, side: usize, out: Vec<PeerOutput>) {
        for output in out {
            match output {
                PeerOutput::Send { from, to, bytes } => {
                    let lost = self.random.f64() < self.loss || !self.open[side];
                    if !lost && self.addresses.contains(&to) && self.addresses[side] == from {
                        let arrives = self.now + Duration::from_millis(15);
                        self.sent += 1;
                        let other = 1 - side;
                        self.wire
                            .insert((arrives, self.sent), (other, from, to, bytes));
                    }
                }
                PeerOutput::Audio {
                    sequence,
                    time,
                    copy,
                    payload,
                } => self.sides[side].audio.push((sequence, time, copy, payload)),
                PeerOutput::Event(event) => self.sides[side].events.push(event),
            }
        }
    }

    fn handle(&mut self, side: usize, input: PeerInput<'_>) {
        let out = self.sides[side].peer.handle(self.now, input);
        self.take(side, out);
    }

    /// Lets time go by, until the world would wait longer than that.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let arrival = self.wire.first_key_value().map(|((at, _), _)| *at);
            let wakes = self.sides.iter().map(|side| side.peer.next_wakeup());
            let next = wakes.chain(arrival).min().unwrap_or(end);
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            if arrival.is_some_and(|at| at <= self.now) {
                if let Some((_, (side, from, to, bytes))) = self.wire.pop_first() {
                    let bytes = &bytes;
                    self.handle(side, PeerInput::Datagram { from, to, bytes });
                }
                continue;
            }
            // Nobody asks to be woken in the past for ever.
            self.now += Duration::from_micros(100);
            for side in 0..2 {
                if self.sides[side].peer.next_wakeup() <= self.now {
                    self.handle(side, PeerInput::Tick);
                }
            }
        }
        self.now = end;
    }

    /// Both sides speak, a packet every 20 ms.
    fn talk(&mut self, packets: u32) {
        for _ in 0..packets {
            let number = (self.now.duration_since(self.start).as_millis() / 20) as u32;
            let payload = [0x78, number as u8, (number >> 8) as u8];
            for side in 0..2 {
                let input = PeerInput::Audio {
                    time: number * 960,
                    first: false,
                    payload: &payload,
                };
                self.handle(side, input);
            }
            self.run(Duration::from_millis(20));
        }
    }

    fn told(&self, side: usize, event: PeerEvent) -> bool {
        self.sides[side].events.contains(&event)
    }
}

#[test]
fn two_sides_meet_and_hear_each_other() {
    let mut world = World::new();
    world.run(Duration::from_millis(600));
    for side in 0..2 {
        assert!(world.told(side, PeerEvent::Connected), "side {side}");
    }
    world.talk(250);
    for side in 0..2 {
        let audio = &world.sides[side].audio;
        assert!(audio.len() >= 249, "{} packets", audio.len());
        let steps: VecDeque<_> = audio.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        assert!(steps.iter().all(|step| *step == 960), "{steps:?}");
        let line = world.sides[side].events.iter().rev().find_map(|event| {
            if let PeerEvent::Line(line) = event {
                Some(*line)
            } else {
                None
            }
        });
        let line = line.expect("how the line is");
        assert!(line.sent > 5_000 && line.received > 5_000, "{line:?}");
        let round_trip = line.round_trip.expect("a round trip");
        assert!((25..40).contains(&round_trip.as_millis()), "{round_trip:?}");
        assert_eq!(line.lost_there, Some(0.0));
        assert!(!world.told(side, PeerEvent::Redundancy(1)));
        assert!(!world.told(side, PeerEvent::Silent));
    }
}

#[test]
fn on_a_lossy_line_each_packet_brings_the_one_before() {
    let mut world = World::new();
    world.run(Duration::from_millis(600));
    world.loss = 0.1;
    world.talk(500);
    for side in 0..2 {
        assert!(world.told(side, PeerEvent::Redundancy(1)));
        let audio = &world.sides[side].audio;
        let own: Vec<u64> = audio.iter().filter(|a| !a.2).map(|a| a.1).collect();
        let copies: Vec<_> = audio.iter().filter(|a| a.2).collect();
        assert!(copies.len() > 250, "{} copies", copies.len());
        for copy in &copies {
            // A copy says what the packet said.
            let number = copy.1 / 960;
            let said = u64::from(copy.3[1]) | u64::from(copy.3[2]) << 8;
            assert_eq!(number & 0xffff, said);
        }
        let late = own.last().copied().unwrap_or(0) - 200 * 960;
        let mut all: Vec<u64> = audio
            .iter()
            .map(|a| a.1)
            .filter(|time| *time > late)
            .collect();
        all.sort_unstable();
        all.dedup();
        assert!(
            all.len() > 190,
            "{} of 200 packets or their copies",
            all.len()
        );
    }
    world.loss = 0.0;
    world.talk(1_000);
    for side in 0..2 {
        assert!(world.told(side, PeerEvent::Redundancy(0)));
    }
}

#[test]
fn keys_are_heard_once_each_even_where_packets_are_lost() {
    let mut world = World::new();
    world.run(Duration::from_millis(600));
    world.loss = 0.2;
    let typed = "1122*#9";
    for label in typed.chars() {
        let key = Dtmf::from_char(label).expect("a key");
        world.handle(0, PeerInput::Key(key));
    }
    world.talk(150);
    let heard: String = world.sides[1]
        .events
        .iter()
        .filter_map(|event| {
            if let PeerEvent::Key(key) = event {
                Some(key.label())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(heard, typed);
}

#[test]
fn who_is_not_heard_for_three_seconds_is_told_of_and_the_direction_with_it() {
    let mut world = World::new();
    world.run(Duration::from_millis(600));
    world.talk(100);
    // What the caller says is lost; what the callee says is not.
    let sound_only = |world: &mut World, packets: u32| {
        for _ in 0..packets {
            let number = (world.now.duration_since(world.start).as_millis() / 20) as u32;
            let input = PeerInput::Audio {
                time: number * 960,
                first: false,
                payload: &[0x78, 1, 2],
            };
            world.handle(1, input);
            world.run(Duration::from_millis(20));
        }
    };
    sound_only(&mut world, 140);
    assert!(!world.told(1, PeerEvent::Silent), "2.8 s");
    sound_only(&mut world, 20);
    assert!(world.told(1, PeerEvent::Silent));
    assert!(!world.told(0, PeerEvent::Silent));
    world.talk(10);
    assert!(world.told(1, PeerEvent::Heard));
}

#[test]
fn a_new_network_is_found_again_by_a_restart() {
    let mut world = World::new();
    world.run(Duration::from_millis(600));
    world.talk(50);
    // The caller has another address now, and nothing reaches the old one.
    world.addresses[0] = address("192.168.7.7:5000");
    world.talk(50);
    let reach = [Reach::Host(world.addresses[0])];
    let offer = world.sides[0].peer.restart(&reach).expect("an offer");
    let reach = [Reach::Host(world.addresses[1])];
    let now = world.now;
    let (answer, out) = world.sides[1]
        .peer
        .renew(now, &reach, &offer)
        .expect("an answer");
    world.take(1, out);
    let out = world.sides[0]
        .peer
        .accept(now, &answer)
        .expect("it is accepted");
    world.take(0, out);
    world.run(Duration::from_secs(1));
    let before = world.sides[0].audio.len();
    world.talk(50);
    let after = world.sides[0].audio.len();
    assert!(after - before >= 48, "{} packets", after - before);
    assert!(world.sides[1].peer.is_connected());
}

#[test]
fn what_is_no_offer_is_refused_and_garbage_breaks_nothing() {
    let now = Instant::now();
    let reach = [Reach::Host(address("10.0.0.1:4000"))];
    let (_, offer) = Peer::offer(now, &reach).expect("an offer");
    for bad in [
        "",
        "hello",
        "v=0\r\n",
        &offer[..offer.len() / 2],
        &"x".repeat(9_000),
    ] {
        assert!(Peer::answer(now, &reach, bad).is_err(), "{bad}");
    }
    let video = offer.replace("m=audio", "m=video");
    assert!(Peer::answer(now, &reach, &video).is_err());
    let mut random = fastrand::Rng::with_seed(4);
    for _ in 0..30 {
        let mut bytes = offer.clone().into_bytes();
        for _ in 0..4 {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(32..127);
        }
        // It may be good or not.
        drop(Peer::answer(now, &reach, &String::from_utf8_lossy(&bytes)));
    }
    let mut world = World::new();
    world.run(Duration::from_millis(600));
    let (from, to) = (world.addresses[1], world.addresses[0]);
    for _ in 0..5_000 {
        let length = world.random.usize(0..PACKET_MAX);
        let bytes: Vec<u8> = (0..length).map(|_| world.random.u8(..)).collect();
        let bytes = &bytes;
        world.handle(0, PeerInput::Datagram { from, to, bytes });
    }
    world.talk(50);
    assert!(world.sides[0].audio.len() >= 48);
}
