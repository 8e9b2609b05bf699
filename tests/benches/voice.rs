//! What one side of a call costs: engines and peers for a minute of sound, against the clock. `cargo bench --bench voice
//! --no-default-features --features voice`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use callsign::voice::BLOCK;
use callsign::voice::engine::Engine;
use callsign::voice::peer::{Peer, PeerInput, PeerOutput, Reach};
use callsign::voice::processing::Switches;

/// How much sound.
const SECONDS: u64 = 60;

fn main() {
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
