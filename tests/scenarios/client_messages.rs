//! Instant messages between client cores: nothing lost, nothing twice, in order, whatever happens to links and server.

use std::time::Duration;

use callsign::client::core::{Answer, Command, CommandError, LoginOptions, MESSAGE_TIMEOUT};
use callsign::client::event::{Event, SessionEvent};
use callsign::protocol::Code;

use crate::support::lab::{Delay, KINDS, Lab, unlimited};

/// Two clients that never give up, over a network with delays; with an odd seed they ask for everything beyond 1.x.
fn pair(seed: u64) -> Lab {
    let mut lab = Lab::new(Delay::UpTo(Duration::from_millis(40)), seed);
    lab.caps = KINDS[usize::from(seed % 2 == 1)];
    for name in ["alice", "bob"] {
        lab.sign_in(name, unlimited());
    }
    lab.run(Duration::from_secs(1));
    lab
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[test]
fn messages_arrive_once_and_in_order() {
    let mut lab = pair(1);
    let asked: Vec<_> = (numbers(300).iter())
        .map(|text| lab.says("alice", "bob", text))
        .collect();
    lab.run(Duration::from_secs(5));
    assert_eq!(lab.heard("bob", "alice"), numbers(300));
    for request in asked {
        let answer = lab.answer("alice", request);
        assert!(matches!(answer, Some(Ok(Answer::Sent(_)))), "{answer:?}");
    }
}

/// The link of either side is lost after every single frame in turn.
#[test]
fn a_link_lost_at_any_step_loses_and_doubles_nothing() {
    for who in ["alice", "bob"] {
        for (seed, frames) in (0..).map(|seed| (seed, seed / 2)) {
            let mut lab = pair(seed as u64);
            lab.cut_after(who, frames);
            let mut asked = Vec::new();
            for text in numbers(12) {
                asked.push(lab.says("alice", "bob", &text));
                lab.run(Duration::from_millis(15));
            }
            lab.run(Duration::from_secs(40));
            assert_eq!(
                lab.heard("bob", "alice"),
                numbers(12),
                "{who} {frames}\n{}",
                lab.transcript()
            );
            for request in asked {
                let answer = lab.answer("alice", request);
                assert!(matches!(answer, Some(Ok(Answer::Sent(_)))), "{answer:?}");
            }
            if lab.cuts == 0 {
                assert!(frames > 12, "few frames to cut at: {frames}");
                break;
            }
        }
    }
}

#[test]
fn links_lost_again_and_again_lose_and_double_nothing() {
    for seed in 0..30 {
        let mut lab = pair(seed);
        let mut rng = fastrand::Rng::with_seed(seed);
        for text in numbers(60) {
            lab.says("alice", "bob", &text);
            lab.says("bob", "alice", &text);
            lab.run(Duration::from_millis(rng.u64(0..60)));
            if rng.u8(0..6) == 0 {
                let who = if rng.bool() { "alice" } else { "bob" };
                lab.cut(who);
            }
        }
        lab.run(Duration::from_secs(45));
        assert_eq!(lab.heard("bob", "alice"), numbers(60), "{seed}");
        assert_eq!(lab.heard("alice", "bob"), numbers(60), "{seed}");
    }
}

#[test]
fn a_server_killed_in_the_middle_of_a_burst_loses_and_doubles_nothing() {
    for seed in 0..30 {
        let mut lab = pair(seed);
        let mut rng = fastrand::Rng::with_seed(seed);
        for (place, text) in numbers(60).iter().enumerate() {
            lab.says("alice", "bob", text);
            lab.run(Duration::from_millis(rng.u64(0..50)));
            if place % 20 == 10 {
                lab.kill_server();
                lab.serving = false;
                lab.run(Duration::from_millis(rng.u64(0..3000)));
                lab.serving = true;
            }
        }
        lab.run(Duration::from_secs(45));
        assert_eq!(lab.heard("bob", "alice"), numbers(60), "{seed}");
    }
}

#[test]
fn messages_wait_for_whoever_is_away() {
    let mut lab = Lab::with(&["alice"]);
    for text in numbers(250) {
        lab.says("alice", "bob", &text);
    }
    lab.run(Duration::from_secs(1));
    lab.sign_in("bob", LoginOptions::default());
    lab.run(Duration::from_secs(1));
    assert_eq!(lab.heard("bob", "alice"), numbers(250));
}

/// What was shown is acknowledged a moment later; a logout, a kill or a lost link may come before that.
#[test]
fn what_one_session_showed_the_next_does_not() {
    for ends in 0..3 {
        let mut lab = Lab::with(&["alice", "bob"]);
        lab.says("alice", "bob", "hello");
        lab.run(Duration::from_millis(60));
        assert_eq!(lab.heard("bob", "alice"), ["hello"]);
        if ends > 0 {
            lab.serving = false;
            lab.cut("bob");
        }
        lab.run(Duration::from_secs(if ends > 1 { 60 } else { 0 }));
        lab.command("bob", Command::Logout { session: None });
        lab.serving = true;
        lab.sign_in("bob", LoginOptions::default());
        lab.run(Duration::from_secs(5));
        lab.says("alice", "bob", "again");
        lab.run(Duration::from_secs(5));
        assert_eq!(lab.heard("bob", "alice"), ["hello", "again"], "{ends}");
    }
}

#[test]
fn a_message_that_nobody_acknowledges_fails_with_401() {
    let mut lab = Lab::with(&["bob"]);
    lab.sign_in("alice", unlimited());
    lab.run(Duration::from_secs(1));
    lab.serving = false;
    lab.cut("alice");
    let request = lab.says("alice", "bob", "hello");
    lab.run(MESSAGE_TIMEOUT - Duration::from_secs(1));
    assert_eq!(lab.answer("alice", request), None);
    lab.run(Duration::from_secs(2));
    let error = CommandError::TimedOut {
        code: Code::SendMessageTimeout,
    };
    assert_eq!(lab.answer("alice", request), Some(&Err(error)));
}

#[test]
fn what_is_too_large_is_never_sent() {
    let mut lab = Lab::with(&["alice"]);
    let request = lab.says("alice", "bob", &"x".repeat(8193));
    let answer = lab.answer("alice", request).expect("an answer at once");
    let code = answer.as_ref().expect_err("refused").code();
    assert_eq!(code, Code::GeneralLargeParam);
    let request = lab.says("alice", "bob", &"x".repeat(8192));
    lab.run(Duration::from_secs(1));
    assert!(matches!(lab.answer("alice", request), Some(Ok(_))));
}

/// The consequence of a slow consumer: messages wait on the server.
#[test]
fn a_slow_application_finds_its_messages_on_the_server() {
    let mut lab = Lab::with(&["alice", "bob"]);
    lab.sdk("bob").takes_events = false;
    for text in numbers(900) {
        lab.says("alice", "bob", &text);
    }
    lab.run(Duration::from_secs(90));
    let told = lab.heard("bob", "alice").len();
    assert!((500..700).contains(&told), "{told}");
    lab.sdk("bob").takes_events = true;
    lab.takes_all("bob");
    lab.run(Duration::from_secs(2));
    assert_eq!(lab.heard("bob", "alice"), numbers(900));
}

#[test]
fn a_slow_application_misses_events_of_channels_and_is_told_so() {
    let mut lab = Lab::with(&["alice", "bob"]);
    for name in ["alice", "bob"] {
        lab.joins(name, "room");
    }
    lab.run(Duration::from_secs(1));
    lab.sdk("bob").takes_events = false;
    for _ in 0..1100 {
        lab.says_in("alice", "room", "hello");
        lab.run(Duration::from_millis(20));
    }
    lab.run(Duration::from_secs(2));
    lab.sdk("bob").takes_events = true;
    lab.takes_all("bob");
    let missed = lab.sdks["bob"].events.iter().find_map(|event| {
        if let Event::Session(SessionEvent::Missed { events }) = event {
            Some(*events)
        } else {
            None
        }
    });
    let heard = lab.sdks["bob"].events.iter().filter(|event| {
        matches!(
            event,
            Event::Channel {
                event: callsign::client::event::ChannelEvent::MessageReceive { .. },
                ..
            }
        )
    });
    let missed = missed.expect("told that something is missing");
    assert_eq!(heard.count() as u64 + missed, 1100);
}
