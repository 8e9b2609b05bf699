//! Two sides of a call and the line between them, in simulated time: peers and engines as they are, without sockets and
//! clocks. So what is measured does not depend on what else a computer does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use callsign::voice::BLOCK;
use callsign::voice::engine::{Control, Engine};
use callsign::voice::jitter::JitterStats;
use callsign::voice::peer::{Peer, PeerEvent, PeerInput, PeerOutput, Reach};
use callsign::voice::processing::Switches;

/// What happens to packets of sound. What sets up the call passes unharmed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    /// The share that is lost.
    pub(crate) loss: f64,
    /// How many in a row are lost, each time; 0 is 1.
    pub(crate) burst: u32,
    /// Each takes 20 ms, and something between nothing and this.
    pub(crate) jitter: Duration,
}

/// What the second side heard of what the first said, and what that took.
pub(crate) struct Heard {
    pub(crate) samples: Vec<f32>,
    pub(crate) stats: JitterStats,
    /// The most bits that the first sent in a second, without the headers of IP and UDP.
    pub(crate) most_sent: u32,
    /// The same over the whole call.
    pub(crate) sent: u32,
}

struct Side {
    peer: Peer,
    engine: Engine,
    address: SocketAddr,
    losing: u32,
    most_sent: u32,
    bytes: usize,
}

/// The first side says this; returns when all of it is said, and a second more.
pub(crate) fn call(said: &[f32], line: Line, seed: u64, switches: Switches) -> Heard {
    let start = Instant::now();
    let address = |text: &str| -> SocketAddr { text.parse().expect("an address") };
    let addresses = [address("10.0.0.1:4000"), address("10.0.0.2:4000")];
    let (caller, offer) = Peer::offer(start, &[Reach::Host(addresses[0])]).expect("an offer");
    let (callee, answer) =
        Peer::answer(start, &[Reach::Host(addresses[1])], &offer).expect("an answer");
    let side = |peer, address| Side {
        peer,
        engine: Engine::new(switches).expect("an engine"),
        address,
        losing: 0,
        most_sent: 0,
        bytes: 0,
    };
    let mut sides = [side(caller, addresses[0]), side(callee, addresses[1])];
    let mut net = Net {
        wire: BTreeMap::new(),
        sent: 0,
        random: fastrand::Rng::with_seed(seed),
        line,
    };
    let outputs = sides[0].peer.accept(start, &answer).expect("it fits");
    net.take(&mut sides, 0, start, outputs);
    let mut samples = Vec::new();
    let length = said.len() / BLOCK * 10 + 1_000;
    for ms in 0..length as u64 {
        let now = start + Duration::from_millis(ms);
        while let Some(datagram) = net.due(now) {
            let (at, to, bytes) = datagram;
            let input = PeerInput::Datagram {
                from: sides[1 - to].address,
                to: sides[to].address,
                bytes: &bytes,
            };
            let outputs = sides[to].peer.handle(at, input);
            net.take(&mut sides, to, at, outputs);
        }
        for i in 0..2 {
            if sides[i].peer.next_wakeup() <= now {
                let outputs = sides[i].peer.handle(now, PeerInput::Tick);
                net.take(&mut sides, i, now, outputs);
            }
            if ms % 10 == 0 {
                let mut block = [0.0; BLOCK];
                sides[i].engine.speaker(now, &mut block);
                if i == 1 {
                    samples.extend_from_slice(&block);
                }
                let at = ms as usize / 10 * BLOCK;
                block.fill(0.0);
                if let (0, Some(says)) = (i, said.get(at..at + BLOCK)) {
                    block.copy_from_slice(says);
                }
                let side = &mut sides[i];
                let packet = side.engine.microphone(&block).expect("a packet");
                let outputs = packet.map(|packet| {
                    let input = PeerInput::Audio {
                        time: packet.time,
                        first: packet.first,
                        payload: packet.payload,
                    };
                    side.peer.handle(now, input)
                });
                net.take(&mut sides, i, now, outputs.unwrap_or_default());
            }
        }
    }
    Heard {
        samples,
        stats: sides[1].engine.stats(),
        most_sent: sides[0].most_sent,
        sent: (sides[0].bytes * 8_000 / length) as u32,
    }
}

/// Datagrams under way, by when they arrive: for which side, and what they say.
struct Net {
    wire: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    sent: u64,
    random: fastrand::Rng,
    line: Line,
}

impl Net {
    fn due(&mut self, now: Instant) -> Option<(Instant, usize, Vec<u8>)> {
        let first = self.wire.first_entry()?;
        let at = first.key().0;
        (at <= now).then(|| {
            let (to, bytes) = first.remove();
            (at, to, bytes)
        })
    }

    fn take(&mut self, sides: &mut [Side; 2], i: usize, now: Instant, outputs: Vec<PeerOutput>) {
        for output in outputs {
            let side = &mut sides[i];
            match output {
                PeerOutput::Send { bytes, .. } => {
                    side.bytes += bytes.len();
                    // RFC 7983: the first byte tells sound from all else.
                    let sound = (128..192).contains(&bytes[0]);
                    if sound && self.loses(side) {
                        continue;
                    }
                    let jitter = self.line.jitter.mul_f64(self.random.f64());
                    let delay = if sound { jitter } else { Duration::ZERO };
                    let arrives = now + Duration::from_millis(20) + delay;
                    self.sent += 1;
                    self.wire.insert((arrives, self.sent), (1 - i, bytes));
                }
                PeerOutput::Audio {
                    sequence,
                    time,
                    copy,
                    payload,
                } => side.engine.packet(now, sequence, time, copy, &payload),
                PeerOutput::Event(PeerEvent::Line(line)) => {
                    side.most_sent = side.most_sent.max(line.sent);
                }
                PeerOutput::Event(PeerEvent::Redundancy(copies)) => {
                    let control = Control::Redundancy(copies);
                    side.engine.control(control).expect("it is tuned");
                }
                PeerOutput::Event(_) => {}
            }
        }
    }

    fn loses(&mut self, side: &mut Side) -> bool {
        if side.losing > 0 {
            side.losing -= 1;
            return true;
        }
        let burst = self.line.burst.max(1);
        let begins = self.random.f64() < self.line.loss / f64::from(burst);
        if begins {
            side.losing = burst - 1;
        }
        begins
    }
}
