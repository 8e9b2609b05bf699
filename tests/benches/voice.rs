//! What calls cost and how they sound: `cargo bench --bench voice --no-default-features --features voice`, and behind `--`
//! nothing for all, or some of these.
//!
//! | word | what it tells |
//! |---|---|
//! | `cost` | engines and peers for a minute of sound, against the clock |
//! | `delay` | from microphone to speaker, over real sockets |
//! | `hour` | an hour of the jitter buffer, with clocks that run 200 ppm faster and slower |
//! | `table` | PESQ over lines that lose, delay and mix up; needs what `tests/run.sh` installs |

#[path = "../voice/delay.rs"]
mod delay;
#[path = "../voice/relay.rs"]
mod relay;
#[path = "../voice/side.rs"]
mod side;
#[path = "../voice/speech.rs"]
mod speech;
#[path = "../voice/world.rs"]
mod world;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use callsign::voice::codec::{Encoder, PACKET_MAX};
use callsign::voice::engine::Engine;
use callsign::voice::jitter::Jitter;
use callsign::voice::peer::{Peer, PeerInput, PeerOutput, Reach};
use callsign::voice::processing::Switches;
use callsign::voice::{BLOCK, FRAME, RATE};

/// How much sound.
const SECONDS: u64 = 60;

fn main() {
    // Cargo adds `--bench`.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let parts: [(&str, fn()); 4] = [
        ("cost", cost),
        ("delay", delay_of_sockets),
        ("hour", hours),
        ("table", table),
    ];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            part();
        }
    }
}

fn delay_of_sockets() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let delays = runtime.block_on(delay::measure());
    println!("from microphone to speaker: {delays:?} ms");
}

/// How speech sounds over all lines.
fn table() {
    let uneven = |ms| world::Line {
        jitter: Duration::from_millis(ms),
        ..world::Line::default()
    };
    let all = Switches::default();
    for (name, line, switches) in [
        ("clean", speech::lossy(0.0, 1), speech::OFF),
        ("clean, all processing", speech::lossy(0.0, 1), all),
        ("5 %", speech::lossy(0.05, 1), speech::OFF),
        ("10 %", speech::lossy(0.10, 1), speech::OFF),
        ("20 %", speech::lossy(0.20, 1), speech::OFF),
        ("10 % by threes", speech::lossy(0.10, 3), speech::OFF),
        ("0-30 ms of jitter", uneven(30), speech::OFF),
        ("0-60 ms of jitter", uneven(60), speech::OFF),
        ("0-100 ms of jitter", uneven(100), speech::OFF),
    ] {
        speech::score(name, line, switches);
    }
}

fn hours() {
    for ppm in [200.0, -200.0] {
        hour(ppm);
    }
}

/// An hour of packets on an even line, of a sender whose clock runs faster by so many millionths. What is left out must be
/// what the clocks differ by.
fn hour(ppm: f64) {
    let sound = noise();
    let mut encoder = Encoder::new().expect("a codec");
    let packets: Vec<Vec<u8>> = sound
        .as_chunks::<FRAME>()
        .0
        .iter()
        .map(|frame| {
            let mut packet = [0; PACKET_MAX];
            let length = encoder.encode(frame, &mut packet).expect("a packet");
            packet[..length].to_vec()
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(6);
    let mut jitter = Jitter::new().expect("a codec");
    let start = Instant::now();
    let (mut sent, mut most) = (0_u64, 0);
    let mut block = [0.0; BLOCK];
    for tick in 0..3_600 * 100_u64 {
        let now = tick as f64 / 100.0;
        loop {
            let arrives = sent as f64 * 0.02 / (1.0 + ppm / 1e6) + 0.015;
            if arrives > now {
                break;
            }
            let at = start + Duration::from_secs_f64(arrives + random.f64() * 0.005);
            let packet = &packets[sent as usize % packets.len()];
            jitter.insert(at, sent, 1_000_000 + sent * FRAME as u64, false, packet);
            sent += 1;
        }
        jitter.pull(start + Duration::from_secs_f64(now), &mut block);
        if tick > 1_000 {
            most = most.max(jitter.stats().delay / 48);
        }
    }
    let stats = jitter.stats();
    let left_out = stats.removed as f64 - (stats.added + stats.starved) as f64;
    let left_out = left_out / f64::from(RATE);
    let expected = 3_600.0 * ppm / 1e6;
    println!(
        "an hour at {ppm:+} ppm: {left_out:+.3} s left out, at most {most} ms of delay, {stats:?}"
    );
    assert!((left_out - expected).abs() < 0.1, "{expected:+} s wanted");
    assert!(most < 40 && stats.concealed == 0, "{stats:?}");
}

fn cost() {
    let noise = noise();
    for (name, switches) in [
        ("all processing", Switches::default()),
        (
            "none",
            Switches {
                echo: false,
                noise: false,
                gain: false,
            },
        ),
    ] {
        let took = minute(&noise, switches);
        let share = took.as_secs_f64() / SECONDS as f64 / 2.0 * 100.0;
        println!("a side of a call, {name}: {share:.2} % of a core");
    }
}

/// Something with syllables, so that it counts as speech.
fn noise() -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..48_000 * 10)
        .map(|i| {
            let t = i as f32 / 48_000.0;
            let wave = |hertz: f32| (t * hertz * std::f32::consts::TAU).sin();
            let syllable = 0.5 + 0.5 * wave(3.7);
            syllable * (0.2 * wave(150.0) + 0.1 * wave(300.0) + 0.1 * wave(900.0))
                + 0.01 * (random.f32() - 0.5)
        })
        .collect()
}

/// Two sides speak at once, for so long in their own time. Returns how long that took in ours.
fn minute(sound: &[f32], switches: Switches) -> Duration {
    let start = Instant::now();
    let address = |text: &str| -> SocketAddr { text.parse().expect("an address") };
    let addresses = [address("10.0.0.1:4000"), address("10.0.0.2:4000")];
    let reach = addresses.map(Reach::Host);
    let (mut caller, offer) = Peer::offer(start, &reach[..1]).expect("an offer");
    let (callee, answer) = Peer::answer(start, &reach[1..], &offer).expect("an answer");
    let mut wire: Vec<(usize, Vec<u8>)> = Vec::new();
    let outputs = caller.accept(start, &answer).expect("it fits");
    let engine = || Engine::new(switches).expect("an engine");
    let mut sides = [(caller, engine()), (callee, engine())];
    take(&mut sides[0].1, &mut wire, 0, start, outputs);
    let began = Instant::now();
    for ms in 0..SECONDS * 1_000 {
        let now = start + Duration::from_millis(ms);
        for (to, bytes) in std::mem::take(&mut wire) {
            let input = PeerInput::Datagram {
                from: addresses[1 - to],
                to: addresses[to],
                bytes: &bytes,
            };
            let (peer, engine) = &mut sides[to];
            let outputs = peer.handle(now, input);
            take(engine, &mut wire, to, now, outputs);
        }
        for (i, (peer, engine)) in sides.iter_mut().enumerate() {
            if peer.next_wakeup() <= now {
                let outputs = peer.handle(now, PeerInput::Tick);
                take(engine, &mut wire, i, now, outputs);
            }
            if ms % 10 != 0 {
                continue;
            }
            let mut block = [0.0; BLOCK];
            engine.speaker(now, &mut block);
            let at = (ms / 10) as usize * BLOCK % sound.len();
            block.copy_from_slice(&sound[at..at + BLOCK]);
            let packet = engine.microphone(&block).expect("a packet");
            let outputs = packet.map(|packet| {
                let input = PeerInput::Audio {
                    time: packet.time,
                    first: packet.first,
                    payload: packet.payload,
                };
                peer.handle(now, input)
            });
            take(engine, &mut wire, i, now, outputs.unwrap_or_default());
        }
    }
    began.elapsed()
}

fn take(
    engine: &mut Engine,
    wire: &mut Vec<(usize, Vec<u8>)>,
    side: usize,
    now: Instant,
    outputs: Vec<PeerOutput>,
) {
    for output in outputs {
        match output {
            PeerOutput::Send { bytes, .. } => wire.push((1 - side, bytes)),
            PeerOutput::Audio {
                sequence,
                time,
                copy,
                payload,
            } => engine.packet(now, sequence, time, copy, &payload),
            PeerOutput::Event(_) => {}
        }
    }
}
