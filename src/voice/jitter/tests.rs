//! The buffer in simulated time: what it does with what networks do.

use std::collections::BinaryHeap;
use std::time::Duration;

use super::*;
use crate::voice::codec::{Encoder, PACKET_MAX};
use crate::voice::{FRAME, level_of};

const MS: i64 = 48;

/// A voice that never pauses, so that a gap is heard at once; with syllables, so that it is no noise.
fn voice(frames: usize, loss: u8) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new().expect("a codec");
    encoder.tune(32_000, loss).expect("a packet");
    let mut phase = 0.0_f32;
    (0..frames)
        .map(|frame| {
            let samples = std::array::from_fn(|i| {
                let t = (frame * FRAME + i) as f32 / RATE as f32;
                let hertz = 130.0 + 20.0 * (t * 2.1).sin();
                phase = (phase + hertz / RATE as f32).fract();
                let wave = |n: f32| (phase * n * std::f32::consts::TAU).sin();
                let syllable = 0.6 + 0.4 * (t * 4.3 * std::f32::consts::TAU).sin();
                let vowel = 0.5 + 0.5 * (t * 2.9 * std::f32::consts::TAU).sin();
                let bright = wave(6.0) * vowel + wave(9.0) * (1.0 - vowel);
                syllable * (0.25 * wave(1.0) + 0.15 * wave(2.0) + 0.1 * wave(3.0) + 0.1 * bright)
            });
            let mut packet = [0; PACKET_MAX];
            let length = encoder.encode(&samples, &mut packet).expect("a packet");
            packet[..length].to_vec()
        })
        .collect()
}

/// What a network did with a call, and what was heard.
struct Heard {
    stats: JitterStats,
    /// The softest and the loudest 20 ms after the first second, in dBFS.
    softest: f32,
    loudest: f32,
    /// The greatest delay against the fastest way, after ten seconds, in ms.
    delay: i64,
    /// All delays, 200 a second, in ms.
    delays: Vec<i64>,
}

impl Heard {
    /// The greatest in these seconds.
    fn delay_in(&self, seconds: std::ops::Range<f64>) -> i64 {
        let place = |second: f64| (second * 200.0) as usize;
        let delays = &self.delays[place(seconds.start)..place(seconds.end)];
        delays.iter().copied().max().unwrap_or_default()
    }
}

/// Sends packet after packet for so long over a network that says how many ms each takes, or loses it; the sender's clock
/// runs faster by so many millionths. With copies, each packet brings the one before as well.
fn call(
    packets: &[Vec<u8>],
    seconds: u64,
    ppm: f64,
    copies: bool,
    network: impl FnMut(u64) -> Option<f64>,
) -> Heard {
    call_to(packets, seconds, ppm, copies, network, |_| true)
}

/// The same with a speaker that says at which ms of the call it takes what it wants, and else nothing.
fn call_to(
    packets: &[Vec<u8>],
    seconds: u64,
    ppm: f64,
    copies: bool,
    mut network: impl FnMut(u64) -> Option<f64>,
    plays: impl Fn(u64) -> bool,
) -> Heard {
    let start = Instant::now();
    let mut jitter = Jitter::new().expect("a codec");
    let mut under_way = BinaryHeap::new();
    let mut sent = 0_u64;
    let mut window = Vec::new();
    let mut out = [0.0; 240];
    let mut heard = Heard {
        stats: JitterStats::default(),
        softest: 0.0,
        loudest: -120.0,
        delay: 0,
        delays: Vec::new(),
    };
    let micros = |sent: u64| (sent as f64 * 20_000.0 / (1.0 + ppm / 1e6)) as u64;
    for tick in 0..seconds * 200 {
        let now = tick * 5_000;
        while micros(sent) <= now {
            if let Some(delay) = network(sent) {
                let arrives = micros(sent) + (delay * 1_000.0) as u64;
                under_way.push(std::cmp::Reverse((arrives, sent)));
            }
            sent += 1;
        }
        while let Some(std::cmp::Reverse((arrives, number))) = under_way.peek().copied() {
            if arrives > now {
                break;
            }
            under_way.pop();
            let at = start + Duration::from_micros(arrives);
            let time = 1_000_000 + number * FRAME as u64;
            let packet = |number: u64| &packets[number as usize % packets.len()];
            if copies && number > 0 {
                jitter.insert(
                    at,
                    number - 1,
                    time - FRAME as u64,
                    true,
                    packet(number - 1),
                );
            }
            jitter.insert(at, number, time, false, packet(number));
        }
        if plays(tick * 5) {
            jitter.pull(start + Duration::from_micros(now), &mut out);
        }
        heard.delays.push(jitter.stats().delay / MS);
        if tick > 200 {
            window.extend_from_slice(&out);
        }
        if window.len() >= FRAME {
            let level = level_of(&window);
            heard.softest = heard.softest.min(level);
            heard.loudest = heard.loudest.max(level);
            window.clear();
        }
        if tick > 2_000 {
            heard.delay = heard.delay.max(jitter.stats().delay / MS);
        }
    }
    heard.stats = jitter.stats();
    heard
}

#[test]
fn a_clean_line_adds_little_delay_and_changes_nothing() {
    let heard = call(&voice(500, 0), 20, 0.0, false, |_| Some(20.0));
    assert_eq!(heard.stats.concealed, 0);
    assert_eq!(heard.stats.late, 0);
    assert!(heard.delay <= 20, "{} ms", heard.delay);
    assert!(heard.softest > -32.0, "{} dBFS", heard.softest);
    assert!(heard.loudest < -3.0, "{} dBFS", heard.loudest);
}

#[test]
fn uneven_packets_leave_no_gap() {
    for spread in [10.0, 30.0, 60.0, 100.0] {
        let mut random = fastrand::Rng::with_seed(5);
        let heard = call(&voice(500, 0), 60, 0.0, false, |_| {
            Some(random.f64() * spread)
        });
        let stats = heard.stats;
        assert!(heard.softest > -34.0, "{spread} ms: {}", heard.softest);
        let late = stats.late as f64 / stats.packets as f64;
        assert!(late < 0.03, "{spread} ms: {stats:?}");
        assert!(
            heard.delay < spread as i64 + 35,
            "{spread}: {}",
            heard.delay
        );
    }
}

#[test]
fn lost_packets_are_made_up_or_corrected() {
    for (share, limit) in [(0.05, 0.02), (0.10, 0.04), (0.20, 0.09)] {
        let mut random = fastrand::Rng::with_seed(9);
        let packets = voice(500, 20);
        let corrected = packets.iter().filter(|p| carries_correction(p)).count();
        assert!(corrected > 400, "{corrected} of 500 carry a correction");
        let heard = call(&packets, 60, 0.0, false, |_| {
            (random.f64() >= share).then_some(20.0)
        });
        let stats = heard.stats;
        let frames = 3_000.0;
        let recovered = stats.recovered as f64 / frames;
        assert!(recovered > share * 0.5, "{share}: {stats:?}");
        let concealed = stats.concealed as f64 / frames;
        assert!(concealed < limit, "{share}: {stats:?}");
        assert!(heard.delay < 80, "{share}: {} ms", heard.delay);
    }
}

#[test]
fn copies_beside_later_packets_stand_in_for_lost_ones() {
    let mut random = fastrand::Rng::with_seed(2);
    let heard = call(&voice(500, 0), 60, 0.0, true, |_| {
        (random.f64() >= 0.1).then_some(20.0)
    });
    let stats = heard.stats;
    assert!((200..400).contains(&stats.recovered), "{stats:?}");
    assert!(stats.concealed < 50, "{stats:?}");
}

#[test]
fn bursts_and_disorder_are_survived() {
    let mut random = fastrand::Rng::with_seed(4);
    let heard = call(&voice(500, 0), 60, 0.0, false, |number| {
        // Every five seconds 100 ms are lost; every seven a stall of 150 ms lets packets come at once.
        let in_stall = number % 350 < 8;
        let stall = if in_stall {
            160.0 - (number % 350) as f64 * 20.0
        } else {
            0.0
        };
        let swapped = if random.u8(..) < 40 { 25.0 } else { 0.0 };
        (number % 250 >= 5).then_some(10.0 + stall + swapped)
    });
    let stats = heard.stats;
    assert!(stats.concealed <= 12 * 6, "{stats:?}");
    assert!(heard.delay < 220, "{} ms", heard.delay);
    assert!(heard.loudest < -3.0, "{} dBFS", heard.loudest);
}

#[test]
fn ten_minutes_with_a_fast_sender_neither_drifts_nor_leaves_gaps() {
    ten_minutes(200.0);
}

#[test]
fn ten_minutes_with_a_slow_sender_neither_drifts_nor_leaves_gaps() {
    ten_minutes(-200.0);
}

/// The bench `voice` has the hour.
fn ten_minutes(ppm: f64) {
    let mut random = fastrand::Rng::with_seed(6);
    let heard = call(&voice(500, 0), 600, ppm, false, |_| {
        Some(15.0 + random.f64() * 5.0)
    });
    let stats = heard.stats;
    assert!(stats.starved < 2_400, "{ppm}: {stats:?}");
    assert!(heard.delay < 40, "{ppm}: {} ms", heard.delay);
    assert_eq!(stats.concealed, 0, "{stats:?}");
    // 200 ppm of ten minutes are 0.12 s, to be left out where the sender's clock is the faster one.
    let made_good = (stats.removed as f64 - (stats.added + stats.starved) as f64) / f64::from(RATE);
    let expected = 600.0 * ppm / 1e6;
    assert!(
        (made_good - expected).abs() < 0.05,
        "{made_good} s at {ppm}"
    );
}

#[test]
fn a_pause_of_the_sender_is_filled_with_quiet_and_costs_no_delay() {
    let mut packets = voice(400, 0);
    // He says that he is silent, and then sends nothing for two seconds.
    packets[200] = vec![packets[0][0]];
    let heard = call(&packets, 30, 0.0, false, |number| {
        let in_pause = (201..300).contains(&(number % 400));
        (!in_pause).then_some(20.0)
    });
    assert_eq!(heard.stats.concealed, 0, "{:?}", heard.stats);
    assert!(heard.delay < 30, "{} ms", heard.delay);
    assert!(heard.softest < -40.0);
}

#[test]
fn after_a_long_sleep_it_goes_on_with_the_latest() {
    let heard = call(&voice(500, 0), 60, 0.0, false, |number| {
        // Between 20 s and 21.2 s nothing moves, then everything comes at once.
        let at = number * 20;
        let stuck = (20_000..21_200).contains(&at);
        Some(if stuck { (21_200 - at) as f64 } else { 20.0 })
    });
    assert!(heard.stats.removed > 0);
    assert!(heard.stats.delay / MS < 30, "{} ms", heard.stats.delay / MS);
}

/// What is late because of one event is punctual again two seconds later.
#[track_caller]
fn assert_as_before(heard: &Heard, event: f64, ends: f64) {
    let before = heard.delay_in(event - 3.0..event);
    let after = heard.delay_in(ends + 2.0..ends + 6.0);
    let soon: Vec<i64> = heard.delays[(ends * 200.0) as usize..]
        .iter()
        .step_by(40)
        .take(20)
        .copied()
        .collect();
    println!("{before} ms before, {after} ms after: {soon:?}");
    assert!(after <= before + 20, "{before} ms before, {after} ms after");
}

#[test]
fn a_stall_of_200_ms_delays_for_two_seconds_at_most() {
    let heard = call(&voice(500, 0), 30, 0.0, false, |number| {
        let at = number * 20;
        let stuck = (15_000..15_200).contains(&at);
        Some(20.0 + if stuck { (15_200 - at) as f64 } else { 0.0 })
    });
    assert_as_before(&heard, 15.0, 15.2);
}

#[test]
fn a_computer_that_was_busy_for_seconds_is_forgotten_two_seconds_later() {
    let heard = call(&voice(500, 0), 30, 0.0, false, |number| {
        // From 12 s to 15 s everything comes in bunches of 160 ms.
        let at = number * 20;
        let wait = if (12_000..15_000).contains(&at) {
            160 - at % 160
        } else {
            0
        };
        Some(20.0 + wait as f64)
    });
    assert_as_before(&heard, 12.0, 15.0);
}

#[test]
fn a_speaker_that_is_gone_for_a_second_leaves_no_delay() {
    let gone = 15_000..16_000;
    let heard = call_to(
        &voice(500, 0),
        30,
        0.0,
        false,
        |_| Some(20.0),
        |ms| !gone.contains(&ms),
    );
    assert_as_before(&heard, 15.0, 16.0);
}

#[test]
fn a_microphone_that_is_gone_for_a_second_leaves_no_delay() {
    // Its sender counts no time meanwhile, so that all packets after it come a second later than before.
    let gone = |number: u64| number >= 750;
    let heard = call(&voice(500, 0), 30, 0.0, false, |number| {
        Some(if gone(number) { 1_020.0 } else { 20.0 })
    });
    assert_as_before(&heard, 15.0, 16.0);
    let stats = heard.stats;
    assert!(stats.starved < 55_000, "{stats:?}");
    assert!(stats.removed < 9_600, "{stats:?}");
}

#[test]
fn who_was_held_for_two_seconds_is_heard_as_soon_as_before() {
    let mut packets = voice(2_000, 0);
    // It says that it is silent, sends nothing for a second, then some tone, and then nothing again.
    packets[750] = vec![packets[0][0]];
    packets[825] = vec![packets[0][0]];
    let heard = call(&packets, 30, 0.0, false, |number| {
        let nothing = (751..800).contains(&number) || (826..850).contains(&number);
        (!nothing).then_some(20.0)
    });
    assert_as_before(&heard, 15.0, 17.0);
}

#[test]
fn a_sender_that_counts_anew_is_heard_again() {
    let packets = voice(500, 0);
    let start = Instant::now();
    let mut jitter = Jitter::new().expect("a codec");
    let mut out = [0.0; FRAME];
    for (round, base) in [5_000_000_000_u64, 77, 9_000_000].into_iter().enumerate() {
        for number in 0..100_u64 {
            let at = start + Duration::from_millis(round as u64 * 2_000 + number * 20);
            let time = base + number * FRAME as u64;
            jitter.insert(at, base + number, time, false, &packets[number as usize]);
            jitter.pull(at, &mut out);
        }
        assert!(level_of(&out) > -20.0, "round {round}");
    }
}

#[test]
fn garbage_breaks_nothing() {
    let start = Instant::now();
    let mut random = fastrand::Rng::with_seed(8);
    let mut jitter = Jitter::new().expect("a codec");
    let mut out = [0.0; 480];
    for i in 0..20_000_u64 {
        let at = start + Duration::from_millis(i * 3);
        let bytes: Vec<u8> = (0..random.usize(0..60)).map(|_| random.u8(..)).collect();
        let time = match random.u8(..4) {
            0 => random.u64(..),
            1 => u64::MAX - random.u64(..3_000),
            2..=u8::MAX => i * 144 + random.u64(..5_000),
        };
        jitter.insert(at, random.u64(..), time, random.bool(), &bytes);
        jitter.pull(at, &mut out);
        assert!(out.iter().all(|sample| sample.abs() <= 1.0));
    }
}
