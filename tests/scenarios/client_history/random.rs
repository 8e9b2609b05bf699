//! Random accidents to links and the server while something is said: nothing that was acknowledged is missing, and nobody misses
//! more than they are told. `CALLSIGN_SEED` repeats a run, and `SHOW` prints what happened.

use std::time::Duration;

use callsign::client::core::Command;
use callsign::protocol::Caps;
use fastrand::Rng;

use super::{
    A_WHILE, GIVEN_UP, all, ask, misses_no_more_than_told, settings, signed_in, texts, told,
};
use crate::support::lab::{Delay, Lab, unlimited};

/// Whatever happens to links and the server: what was acknowledged is in the history, once and in order; and whoever comes back
/// is told at least how much they did not hear.
#[test]
fn nothing_that_was_acknowledged_is_missing_and_nobody_misses_more_than_told() {
    let seed = std::env::var("CALLSIGN_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("CALLSIGN_SEED={seed}");
    for round in 0..20 {
        random_story(seed.wrapping_add(round));
    }
}

fn random_story(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let delay = Delay::UpTo(Duration::from_millis(200));
    let mut lab = Lab::with_settings(settings(), delay, rng.u64(..));
    lab.caps = Caps::ALL;
    lab.reading = Duration::from_millis(rng.u64(..500));
    signed_in(&mut lab, &["alice", "bob"]);
    lab.run(A_WHILE);
    for name in ["alice", "bob"] {
        lab.joins(name, "room");
        lab.run(A_WHILE);
    }
    let (mut sent, mut bobs) = (Vec::new(), 0);
    for _ in 0..80 {
        let who = ["alice", "bob"][rng.usize(..2)];
        match rng.u8(..30) {
            0..3 => lab.cut(who),
            3 => lab.cut_after(who, rng.usize(..6)),
            4 => lab.hush(who),
            5 => lab.kill_server(),
            6 => lab.run(GIVEN_UP),
            7 => lab.serving = !lab.serving,
            8 if lab.sdks[who].session.is_some() => drop(ask(&mut lab, who, None, 100)),
            9 if lab.sdks["bob"].session.is_some() => {
                lab.command("bob", Command::Logout { session: None });
            }
            9 | 10 if lab.sdks["bob"].session.is_none() => {
                lab.sign_in("bob", unlimited());
                bobs += 1;
            }
            _ => {
                let text = format!("{}", sent.len());
                sent.push((lab.says_in("alice", "room", &text), text));
            }
        }
        lab.run(Duration::from_millis(rng.u64(..1500)));
        for name in ["alice", "bob"] {
            rejoin(&mut lab, name);
        }
    }
    lab.serving = true;
    lab.run(Duration::from_secs(150));
    // A link may still be about to be cut.
    while lab.sdks["bob"].session.is_none() {
        lab.sign_in("bob", unlimited());
        lab.run(A_WHILE);
    }
    for name in ["alice", "bob"] {
        rejoin(&mut lab, name);
    }
    lab.run(Duration::from_secs(10));
    let kept = all(&mut lab, "alice");
    let acknowledged: Vec<_> = sent
        .iter()
        .filter(|(said, _)| matches!(lab.answer("alice", *said), Some(Ok(_))))
        .map(|(_, text)| text.as_str())
        .collect();
    if std::env::var("SHOW").is_ok() {
        println!("{}", lab.transcript());
        println!("{kept:?}");
    }
    let texts = texts(&kept);
    let of_acknowledged: Vec<_> = texts
        .iter()
        .filter(|text| acknowledged.contains(text))
        .copied()
        .collect();
    assert_eq!(
        of_acknowledged, acknowledged,
        "seed {seed}, {bobs} sessions"
    );
    for name in ["alice", "bob"] {
        misses_no_more_than_told(&told(&lab, name), &kept, seed);
    }
}

/// As an application does that knows its rooms.
fn rejoin(lab: &mut Lab, name: &str) {
    if lab.sdks[name].session.is_some() && lab.view(name, "room").is_none() {
        lab.joins(name, "room");
    }
}
