//! Applications that say what they keep: nothing that a killed one was told and had not kept is lost to the next.

use std::time::Duration;

use callsign::client::core::{Acknowledge, Command, LoginOptions, UNKEPT_PAUSE};
use callsign::client::event::{Event, SessionEvent};
use callsign::protocol::limits;

use crate::support::lab::{Delay, KINDS, Lab, unlimited};

fn keeping() -> LoginOptions {
    LoginOptions {
        acknowledge: Acknowledge::Kept,
        ..unlimited()
    }
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// Alice, and bob, who says what he keeps, and keeps nothing yet.
fn pair() -> Lab {
    let mut lab = Lab::with(&["alice"]);
    lab.add("bob");
    lab.sdk("bob").keeps = false;
    lab.sign_in("bob", keeping());
    lab.run(Duration::from_secs(1));
    lab
}

/// The texts that the first so many events of a client tell.
fn texts(lab: &Lab, name: &str, events: u64) -> Vec<String> {
    let events = lab.sdks[name]
        .events
        .iter()
        .take(usize::try_from(events).expect("few"));
    let texts = events.filter_map(|event| match event {
        Event::Session(SessionEvent::MessageInstantReceive { msg, .. }) => Some(msg.clone()),
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
    });
    texts.collect()
}

#[test]
fn whoever_dies_between_being_told_and_keeping_is_told_again() {
    for (keeps, again) in [(false, vec!["one", "two"]), (true, vec![])] {
        let mut lab = pair();
        lab.sdk("bob").keeps = keeps;
        lab.says("alice", "bob", "one");
        lab.says("alice", "bob", "two");
        lab.run(Duration::from_secs(100));
        assert_eq!(lab.heard("bob", "alice"), ["one", "two"]);
        lab.gone("bob");
        lab.run(Duration::from_secs(1));
        lab.sign_in("bob/next", keeping());
        lab.run(Duration::from_secs(1));
        assert_eq!(lab.heard("bob/next", "alice"), again);
        lab.gone("bob/next");
        lab.run(Duration::from_secs(1));
        lab.sign_in("bob/third", keeping());
        lab.run(Duration::from_secs(1));
        assert!(lab.heard("bob/third", "alice").is_empty(), "kept by now");
    }
}

#[test]
fn whoever_signs_out_before_keeping_is_told_again() {
    for kept in 0..=2 {
        let mut lab = pair();
        let before = lab.told("bob");
        lab.says("alice", "bob", "one");
        lab.says("alice", "bob", "two");
        lab.run(Duration::from_secs(1));
        lab.has_kept("bob", before + kept);
        lab.command("bob", Command::Logout { session: None });
        lab.run(Duration::from_secs(1));
        lab.sign_in("bob", keeping());
        lab.run(Duration::from_secs(1));
        let mut heard = vec!["one", "two"];
        heard.extend(
            ["one", "two"]
                .iter()
                .skip(usize::try_from(kept).expect("few")),
        );
        assert_eq!(lab.heard("bob", "alice"), heard, "{kept} kept");
    }
}

#[test]
fn a_link_lost_before_keeping_shows_nothing_twice_and_loses_nothing() {
    for waits in [0, 40, 300, 2000] {
        let mut lab = pair();
        let before = lab.told("bob");
        for text in numbers(20) {
            lab.says("alice", "bob", &text);
        }
        lab.run(Duration::from_millis(waits));
        lab.cut("bob");
        lab.run(Duration::from_secs(5));
        assert_eq!(lab.heard("bob", "alice"), numbers(20), "{waits}");
        // The first ten of them, in whichever place they are now.
        let tenth = (before..=lab.told("bob")).find(|at| texts(&lab, "bob", *at).len() == 10);
        lab.has_kept("bob", tenth.expect("told"));
        lab.run(Duration::from_secs(1));
        lab.gone("bob");
        lab.run(Duration::from_secs(1));
        lab.sign_in("bob/next", keeping());
        lab.run(Duration::from_secs(1));
        assert_eq!(lab.heard("bob/next", "alice"), numbers(20)[10..], "{waits}");
    }
}

#[test]
fn a_slow_keeper_finds_its_messages_on_the_server() {
    let mut lab = pair();
    let before = lab.told("bob");
    for text in numbers(900) {
        lab.says("alice", "bob", &text);
    }
    lab.run(Duration::from_secs(90));
    let told = lab.heard("bob", "alice").len();
    let most = UNKEPT_PAUSE + limits::POLL_MESSAGES;
    assert!((limits::POLL_MESSAGES..=most).contains(&told), "{told}");
    let mut kept = before;
    while lab.heard("bob", "alice").len() < 900 {
        assert!(kept < lab.told("bob"), "stands still at {kept}");
        kept += 7;
        lab.has_kept("bob", kept);
        lab.run(Duration::from_millis(300));
        let unkept = lab.told("bob").saturating_sub(kept);
        assert!(unkept <= most as u64, "{unkept} are told and not kept");
    }
    assert_eq!(lab.heard("bob", "alice"), numbers(900));
}

#[test]
fn calls_do_not_wait_for_a_slow_keeper() {
    let mut lab = pair();
    lab.says("alice", "bob", "hello");
    lab.run(Duration::from_secs(1));
    lab.invites("alice", "room", "bob");
    lab.run(Duration::from_secs(1));
    assert!(lab.invitation("bob").is_some(), "{}", lab.transcript());
}

/// Without the option the server forgets what was told, as ever.
#[test]
fn whoever_does_not_say_what_it_keeps_is_not_told_again() {
    let mut lab = Lab::with(&["alice"]);
    lab.add("bob");
    lab.sdk("bob").keeps = false;
    lab.sign_in("bob", unlimited());
    lab.run(Duration::from_secs(1));
    lab.says("alice", "bob", "one");
    lab.run(Duration::from_secs(1));
    lab.gone("bob");
    lab.run(Duration::from_secs(1));
    lab.sign_in("bob/next", keeping());
    lab.run(Duration::from_secs(1));
    assert!(lab.heard("bob/next", "alice").is_empty());
}

/// Bob's program is killed again and again, and so are its links and its server; each next one has the history of those before:
/// what they had said to keep.
#[test]
fn programs_killed_again_and_again_have_everything_in_the_end() {
    for seed in 0..40 {
        let mut lab = Lab::new(Delay::UpTo(Duration::from_millis(40)), seed);
        lab.caps = KINDS[usize::from(seed % 2 == 1)];
        let mut rng = fastrand::Rng::with_seed(seed);
        lab.sign_in("alice", unlimited());
        let mut history: Vec<String> = Vec::new();
        let (mut life, mut kept) = (0, 0);
        let mut name = "bob/0".to_owned();
        let begin = |lab: &mut Lab, name: &str| {
            lab.add(name);
            lab.sdk(name).keeps = false;
            lab.sign_in(name, keeping());
        };
        begin(&mut lab, &name);
        lab.run(Duration::from_secs(1));
        for text in numbers(150) {
            lab.says("alice", "bob", &text);
            lab.run(Duration::from_millis(rng.u64(0..120)));
            if rng.u8(0..3) == 0 {
                kept = rng.u64(kept..=lab.told(&name));
                lab.has_kept(&name, kept);
            }
            match rng.u8(0..40) {
                0 => lab.cut(&name),
                1 => {
                    lab.kill_server();
                    lab.run(Duration::from_millis(rng.u64(0..500)));
                }
                2 | 3 => {
                    keep(&mut history, texts(&lab, &name, kept));
                    lab.gone(&name);
                    lab.run(Duration::from_millis(rng.u64(0..500)));
                    (life, kept) = (life + 1, 0);
                    name = format!("bob/{life}");
                    begin(&mut lab, &name);
                }
                _ => {}
            }
        }
        for _ in 0..60 {
            lab.run(Duration::from_secs(1));
            let told = lab.told(&name);
            lab.has_kept(&name, told);
        }
        keep(&mut history, texts(&lab, &name, u64::MAX));
        assert_eq!(history, numbers(150), "{seed}");
        lab.gone(&name);
        lab.run(Duration::from_secs(1));
        lab.sign_in("bob/last", keeping());
        lab.run(Duration::from_secs(2));
        assert!(lab.heard("bob/last", "alice").is_empty(), "{seed}");
    }
}

/// A history knows again what it has.
fn keep(history: &mut Vec<String>, texts: Vec<String>) {
    for text in texts {
        if !history.contains(&text) {
            history.push(text);
        }
    }
}
