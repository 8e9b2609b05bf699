//! Sessions that are taken up again after a lost link (protocol page, section 18): nobody notices, and nothing is missing.

use std::time::Duration;

use callsign::client::core::{Action, Answer, Command};
use callsign::client::event::{
    CallEvent, CallPhase, CallRef, ChannelEvent, Event, Sent, SessionEvent,
};
use callsign::protocol::{Caps, Dtmf, InviteMsg, MessageId, limits};

use crate::support::lab::{Lab, account, channel, unlimited};

const A_MOMENT: Duration = Duration::from_millis(500);
/// Until a client has noticed that its link is dead, and is back.
const A_WHILE: Duration = Duration::from_secs(2);

/// Clients that ask for everything, in a room called `room`.
fn in_room(names: &[&str]) -> Lab {
    let mut lab = Lab::with_caps(names, Caps::ALL);
    for name in names {
        lab.joins(name, "room");
        lab.run(A_MOMENT);
    }
    lab
}

fn told(lab: &Lab, name: &str, room: &str) -> Vec<ChannelEvent> {
    let events = lab.sdks[name].events.iter();
    let told = events.filter_map(|event| match event {
        Event::Channel { channel, event } if channel.as_str() == room => Some(event.clone()),
        Event::Channel { .. } | Event::Session(_) | Event::Call { .. } => None,
    });
    told.collect()
}

fn heard(lab: &Lab, name: &str, room: &str) -> Vec<String> {
    let told = told(lab, name, room).into_iter();
    told.filter_map(|event| {
        if let ChannelEvent::MessageReceive { msg, .. } = event {
            Some(msg)
        } else {
            None
        }
    })
    .collect()
}

/// For each time that the session stood, whether it was the one before.
fn resumed(lab: &Lab, name: &str) -> Vec<bool> {
    let events = lab.sdks[name].events.iter();
    events
        .filter_map(|event| {
            if let Event::Session(SessionEvent::LoginSuccess { additions, .. }) = event {
                let additions = additions.as_ref().expect("a server of ours");
                Some(additions.resumed.is_some())
            } else {
                None
            }
        })
        .collect()
}

fn left(lab: &Lab, name: &str) -> usize {
    let left = |event: &ChannelEvent| matches!(event, ChannelEvent::UserLeft { .. });
    told(lab, name, "room")
        .iter()
        .filter(|event| left(event))
        .count()
}

fn rejoined(lab: &Lab, name: &str) -> usize {
    let again = |event: &ChannelEvent| matches!(event, ChannelEvent::Rejoined(_));
    told(lab, name, "room")
        .iter()
        .filter(|event| again(event))
        .count()
}

#[test]
fn nobody_notices_a_link_that_comes_back_soon() {
    let mut lab = in_room(&["alice", "bob"]);
    lab.serving = false;
    lab.cut("alice");
    lab.run(A_WHILE);
    for text in ["one", "two", "three"] {
        lab.says_in("bob", "room", text);
        lab.run(A_MOMENT);
    }
    lab.joins("bob", "other");
    lab.run(A_MOMENT);
    lab.serving = true;
    lab.run(Duration::from_secs(5));
    assert_eq!(resumed(&lab, "alice"), [false, true]);
    assert_eq!(heard(&lab, "alice", "room"), ["one", "two", "three"]);
    assert_eq!((left(&lab, "bob"), rejoined(&lab, "alice")), (0, 0));
    let view = lab.view("alice", "room").expect("a member");
    assert_eq!(view, lab.view("bob", "room").expect("a member"));
}

/// The answer to the login that takes a session up is lost with its link as well.
#[test]
fn a_link_that_is_lost_again_while_it_comes_back_costs_nothing() {
    for frames in 0..8 {
        let mut lab = in_room(&["alice", "bob"]);
        lab.cut("alice");
        lab.cut_after("alice", frames);
        lab.says_in("bob", "room", "while away");
        lab.run(Duration::from_secs(20));
        assert_eq!(heard(&lab, "alice", "room"), ["while away"], "{frames}");
        assert_eq!(left(&lab, "bob"), 0, "{frames}");
        assert!(!resumed(&lab, "alice")[1..].contains(&false), "{frames}");
    }
}

#[test]
fn comings_and_goings_meanwhile_are_told_in_order() {
    let mut lab = in_room(&["alice", "bob", "carol"]);
    lab.serving = false;
    lab.cut("alice");
    lab.run(A_WHILE);
    lab.says_in("bob", "room", "before");
    lab.run(A_MOMENT);
    lab.does("carol", Action::ChannelLeave(channel("room")));
    lab.run(A_MOMENT);
    lab.says_in("bob", "room", "after");
    lab.run(A_MOMENT);
    lab.serving = true;
    lab.run(Duration::from_secs(5));
    let told = told(&lab, "alice", "room");
    let last: Vec<_> = told.iter().rev().take(3).rev().collect();
    assert!(
        matches!(
            last.as_slice(),
            [
                ChannelEvent::MessageReceive { .. },
                ChannelEvent::UserLeft { .. },
                ChannelEvent::MessageReceive { .. },
            ]
        ),
        "{told:?}"
    );
}

#[test]
fn more_than_the_server_remembers_is_a_gap() {
    let mut lab = in_room(&["alice", "bob"]);
    lab.serving = false;
    lab.cut("alice");
    lab.run(A_WHILE);
    let said = limits::RING_EVENTS + 10;
    for number in 0..said {
        lab.says_in("bob", "room", &number.to_string());
        lab.run(Duration::from_millis(20));
    }
    lab.serving = true;
    lab.run(Duration::from_secs(10));
    assert_eq!(resumed(&lab, "alice"), [false, true]);
    // What is remembered comes, and then how the room is now.
    assert_eq!(heard(&lab, "alice", "room").len(), limits::RING_EVENTS);
    assert_eq!((left(&lab, "bob"), rejoined(&lab, "alice")), (0, 1));
}

#[test]
fn a_session_that_nobody_takes_up_is_over_after_30_seconds() {
    let mut lab = in_room(&["alice", "bob"]);
    lab.sign_in("carol", unlimited());
    lab.run(A_MOMENT);
    lab.joins("carol", "room");
    lab.run(A_MOMENT);
    lab.serving = false;
    lab.cut("carol");
    lab.run(limits::RESUME_KEPT - Duration::from_secs(1));
    assert_eq!(left(&lab, "bob"), 0);
    lab.run(A_WHILE);
    assert_eq!(left(&lab, "bob"), 1);
    lab.serving = true;
    lab.run(Duration::from_secs(40));
    assert_eq!(resumed(&lab, "carol"), [false, false]);
    assert_eq!(rejoined(&lab, "carol"), 1);
}

/// The server has not noticed that the old link is dead.
#[test]
fn a_link_that_died_without_a_word_is_replaced() {
    let mut lab = in_room(&["alice", "bob"]);
    lab.hush("alice");
    lab.run(Duration::from_secs(1));
    lab.says_in("bob", "room", "into the void");
    lab.run(Duration::from_secs(40));
    assert_eq!(resumed(&lab, "alice"), [false, true]);
    assert_eq!(heard(&lab, "alice", "room"), ["into the void"]);
    assert_eq!(left(&lab, "bob"), 0);
}

#[test]
fn a_displaced_session_stays_out_and_its_key_is_void() {
    let mut lab = in_room(&["alice", "bob"]);
    lab.serving = false;
    lab.cut("alice");
    lab.run(A_MOMENT);
    lab.serving = true;
    lab.sign_in("alice/2", unlimited());
    lab.run(Duration::from_secs(10));
    // Whoever has the key of a session that is no more has a new session, and displaces in turn; the displaced one stays out.
    let out: Vec<_> = ["alice", "alice/2"]
        .into_iter()
        .filter(|name| lab.sdks[*name].session.is_none() || logged_out(&lab, name))
        .collect();
    assert_eq!(out.len(), 1, "{}", lab.transcript());
    assert!(!resumed(&lab, "alice").contains(&true) || out == ["alice/2"]);
}

fn logged_out(lab: &Lab, name: &str) -> bool {
    let mut events = lab.sdks[name].events.iter();
    events.any(|event| matches!(event, Event::Session(SessionEvent::Logout { code, .. }) if code.number() == 103))
}

#[test]
fn a_server_that_was_killed_is_joined_anew() {
    let mut lab = in_room(&["alice", "bob"]);
    lab.kill_server();
    lab.run(Duration::from_secs(5));
    assert_eq!(resumed(&lab, "alice"), [false, false]);
    assert_eq!(rejoined(&lab, "alice"), 1);
    lab.says_in("bob", "room", "still here");
    lab.run(A_MOMENT);
    assert_eq!(heard(&lab, "alice", "room"), ["still here"]);
}

/// A call between two, who are talking.
fn talking(lab: &mut Lab) -> (CallRef, CallRef) {
    let theirs = lab.invites("alice", "call", "bob");
    lab.run(A_MOMENT);
    let ours = lab.invitation("bob").expect("an invitation");
    let (call, extra) = (ours, String::new());
    lab.does("bob", Action::Accept { call, extra });
    lab.run(A_MOMENT);
    (theirs, ours)
}

fn phase(lab: &mut Lab, name: &str, call: CallRef) -> Option<CallPhase> {
    let request = lab.does(name, Action::CallView(call));
    match lab.answer(name, request) {
        Some(Ok(Answer::Call(view))) => view.as_ref().map(|view| view.phase.clone()),
        other => panic!("no answer: {other:?}"),
    }
}

#[test]
fn a_call_goes_on_and_keys_pressed_meanwhile_arrive_once() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    let (theirs, ours) = talking(&mut lab);
    lab.cut_after("alice", 1);
    for key in [Dtmf::ALL[1], Dtmf::ALL[2], Dtmf::ALL[3]] {
        let msg = InviteMsg::Dtmf(vec![key]);
        lab.does("alice", Action::Say { call: theirs, msg });
        lab.run(Duration::from_millis(15));
    }
    lab.run(Duration::from_secs(5));
    assert_eq!(lab.cuts, 1);
    let keys: Vec<_> = (lab.of_call("bob", ours).into_iter())
        .filter_map(|event| {
            if let CallEvent::Msg(InviteMsg::Dtmf(keys)) = event {
                Some(keys)
            } else {
                None
            }
        })
        .flatten()
        .collect();
    assert_eq!(keys, Dtmf::ALL[1..4]);
    assert_eq!(phase(&mut lab, "alice", theirs), Some(CallPhase::Talking));
    assert_eq!(phase(&mut lab, "bob", ours), Some(CallPhase::Talking));
}

#[test]
fn a_call_is_over_for_both_when_a_party_stays_away() {
    let mut lab = Lab::with_caps(&["bob"], Caps::ALL);
    lab.sign_in("alice", unlimited());
    lab.run(A_MOMENT);
    let (theirs, ours) = talking(&mut lab);
    lab.serving = false;
    lab.cut("alice");
    lab.run(limits::RESUME_KEPT + A_WHILE);
    assert_eq!(phase(&mut lab, "bob", ours), None);
    lab.serving = true;
    lab.run(Duration::from_secs(40));
    assert_eq!(phase(&mut lab, "alice", theirs), None);
}

#[test]
fn many_rooms_at_once_up_to_the_limit() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    for name in ["alice", "bob"] {
        for room in ["red", "green"] {
            lab.joins(name, room);
            lab.run(A_MOMENT);
        }
    }
    lab.says_in("bob", "red", "in red");
    lab.says_in("bob", "green", "in green");
    lab.run(A_MOMENT);
    assert_eq!(heard(&lab, "alice", "red"), ["in red"]);
    assert_eq!(heard(&lab, "alice", "green"), ["in green"]);
    let limit = 50;
    let mut refused = 0;
    for number in 2..=limit {
        let request = lab.joins("alice", &format!("room {number}"));
        lab.run(A_MOMENT);
        refused += usize::from(matches!(lab.answer("alice", request), Some(Err(_))));
    }
    assert_eq!(refused, 1, "the 51st");
}

#[test]
fn a_repeated_message_is_answered_as_the_first_was() {
    let mut lab = in_room(&["alice", "bob"]);
    let id = MessageId::try_from("m-1").expect("an id");
    let mut answers = Vec::new();
    for _ in 0..2 {
        let (peer, msg, id) = (account("bob"), "hello".to_owned(), Some(id.clone()));
        let request = lab.does("alice", Action::MessageSend { peer, msg, id });
        lab.run(Duration::from_secs(3));
        answers.push(lab.answer("alice", request).cloned());
    }
    assert_eq!(answers[0], answers[1]);
    assert!(
        matches!(&answers[0], Some(Ok(Answer::Sent(Sent { id: sent, sent_ms: Some(_) }))) if *sent == id),
        "{answers:?}"
    );
    assert_eq!(lab.heard("bob", "alice"), ["hello"]);
}

/// Signing out while nobody hears it, and in again: nothing of the old session is left.
#[test]
fn signing_out_ends_a_session_that_could_be_taken_up() {
    let mut lab = in_room(&["alice", "bob"]);
    lab.command("alice", Command::Logout { session: None });
    lab.run(A_MOMENT);
    assert_eq!(left(&lab, "bob"), 1);
    lab.sign_in("alice", unlimited());
    lab.run(A_MOMENT);
    assert_eq!(resumed(&lab, "alice"), [false, false]);
    assert!(lab.view("alice", "room").is_none());
}
