//! What is done while the link is away, and what comes of it when it is back: hanging up, rooms, watches, messages.

use std::time::Duration;

use callsign::client::core::{Action, Answer, Command, CommandError, EVENTS_MAX, Input, Status};
use callsign::client::event::{
    CallEvent, CallPhase, CallRef, ChannelEvent, EndReason, Event, SessionEvent,
};
use callsign::protocol::{Addition, Caps, Request, Show};

use crate::support::lab::{Delay, Lab, account, channel, unlimited};

const S: Duration = Duration::from_secs(1);
const A_MOMENT: Duration = Duration::from_millis(500);

/// Alice and Bob, whose clients never give up.
fn pair() -> Lab {
    let mut lab = Lab::new(Delay::Even(Duration::from_millis(10)), 1);
    lab.caps = Caps::ALL;
    for name in ["alice", "bob"] {
        lab.sign_in(name, unlimited());
    }
    lab.run(A_MOMENT);
    lab
}

fn phase(lab: &mut Lab, name: &str, call: CallRef) -> Option<CallPhase> {
    let request = lab.does(name, Action::CallView(call));
    match lab.answer(name, request) {
        Some(Ok(Answer::Call(view))) => view.as_ref().map(|view| view.phase.clone()),
        other => panic!("no view: {other:?}"),
    }
}

/// Alice calls Bob, whose device rings.
fn ringing(lab: &mut Lab) -> (CallRef, CallRef) {
    let theirs = lab.invites("alice", "call", "bob");
    lab.run(A_MOMENT);
    let ours = lab.invitation("bob").expect("an invitation");
    (theirs, ours)
}

fn accepts(lab: &mut Lab, call: CallRef) {
    let extra = String::new();
    lab.does("bob", Action::Accept { call, extra });
    lab.run(A_MOMENT);
}

/// The server cannot be reached for a while.
fn away(lab: &mut Lab, name: &str, seconds: u32) {
    lab.cut(name);
    lab.serving = false;
    lab.run(seconds * S);
    lab.serving = true;
}

#[test]
fn hanging_up_without_a_link_is_heard_when_it_is_back() {
    let mut lab = pair();
    let (theirs, ours) = ringing(&mut lab);
    accepts(&mut lab, ours);
    lab.serving = false;
    lab.cut("alice");
    lab.run(S);
    let (call, extra) = (theirs, None);
    let ended = lab.does("alice", Action::End { call, extra });
    // Longer than most answers are waited for, and short enough for the session to be taken up.
    lab.run(21 * S);
    assert_eq!(lab.answer("alice", ended), None);
    lab.serving = true;
    lab.run(10 * S);
    assert_eq!(lab.answer("alice", ended), Some(&Ok(Answer::Done)));
    assert_eq!(phase(&mut lab, "bob", ours), None);
}

#[test]
fn the_end_of_a_call_is_told_to_both_however_long_the_link_is_away() {
    for (who, refused) in [("alice", false), ("bob", false), ("bob", true)] {
        for seconds in [0, 15, 19, 21, 24, 26] {
            let mut lab = pair();
            let (theirs, ours) = ringing(&mut lab);
            if refused {
                let extra = String::new();
                lab.does("bob", Action::Refuse { call: ours, extra });
            } else {
                accepts(&mut lab, ours);
                let call = if who == "alice" { theirs } else { ours };
                lab.does(who, Action::End { call, extra: None });
            }
            lab.run(Duration::from_millis(5));
            away(&mut lab, who, seconds);
            lab.run(100 * S);
            let phases = (
                phase(&mut lab, "alice", theirs),
                phase(&mut lab, "bob", ours),
            );
            assert_eq!(phases, (None, None), "{who} {refused} {seconds}");
        }
    }
}

#[test]
fn an_invitation_without_an_answer_does_not_ring_for_ever() {
    // The invitation arrives, and its answer does not; the caller's client gives it up while it is away.
    let mut lab = pair();
    let theirs = lab.invites("alice", "call", "bob");
    lab.run(Duration::from_millis(15));
    away(&mut lab, "alice", 21);
    lab.run(10 * S);
    let ours = lab.invitation("bob").expect("an invitation");
    assert_eq!(phase(&mut lab, "bob", ours), None);
    let of_call = lab.of_call("alice", theirs);
    assert_eq!(of_call, [CallEvent::Ended(EndReason::LinkLost)]);
}

/// An invitation that never left is not taken back, or the call by which the peer asks on the same channel would be.
#[test]
fn an_invitation_that_never_left_takes_no_call_of_the_peer_away() {
    let mut lab = pair();
    lab.serving = false;
    lab.cut("alice");
    lab.run(S);
    let theirs = lab.invites("alice", "call", "bob");
    lab.run(15 * S);
    let ours = lab.invites("bob", "call", "alice");
    lab.run(6 * S);
    let of_call = lab.of_call("alice", theirs);
    assert_eq!(of_call, [CallEvent::Ended(EndReason::LinkLost)]);
    lab.serving = true;
    lab.run(10 * S);
    assert_eq!(phase(&mut lab, "bob", ours), Some(CallPhase::RingingThere));
}

/// The codes with which a client was told to be out of channels; 0 stands for being in again.
fn ins_and_outs(lab: &Lab, name: &str) -> Vec<u16> {
    let events = lab.sdks[name].events.iter();
    events
        .filter_map(|event| match event {
            Event::Channel {
                event: ChannelEvent::Left { code },
                ..
            } => Some(code.number()),
            Event::Channel {
                event: ChannelEvent::Rejoined(_),
                ..
            } => Some(0),
            Event::Channel { .. } | Event::Call { .. } | Event::Session(_) => None,
        })
        .collect()
}

/// As many rooms as one may be in, which are more than may be joined in a second.
#[test]
fn fifty_rooms_are_joined_again_after_the_server_was_killed() {
    let mut lab = pair();
    for room in 0..50 {
        lab.joins("alice", &format!("room{room:02}"));
        lab.run(Duration::from_millis(100));
    }
    lab.run(S);
    lab.kill_server_after_all_is_kept();
    // Somebody speaks in a room that is joined last, at once.
    let said = lab.says_in("alice", "room49", "here");
    lab.run(30 * S);
    for room in 0..50 {
        let room = format!("room{room:02}");
        assert!(lab.view("alice", &room).is_some(), "{room}");
    }
    assert_eq!(ins_and_outs(&lab, "alice"), [0; 50]);
    assert!(matches!(
        lab.answer("alice", said),
        Some(Ok(Answer::Sent(_)))
    ));
}

#[test]
fn a_rejoin_refused_for_the_rate_is_tried_again() {
    let mut lab = pair();
    for room in 0..20 {
        lab.joins("alice", &format!("room{room:02}"));
        lab.run(Duration::from_millis(100));
    }
    lab.run(S);
    lab.kill_server_after_all_is_kept();
    // Joins of the application's own, as soon as it can: they use up the rate before the rest of the rooms.
    lab.run(900 * Duration::from_millis(1));
    for room in 20..40 {
        lab.joins("alice", &format!("room{room:02}"));
    }
    lab.run(30 * S);
    assert_eq!(ins_and_outs(&lab, "alice"), [0; 20]);
}

#[test]
fn a_room_that_is_being_left_is_not_joined_again() {
    for killed in [false, true] {
        for frames in 0..8 {
            let mut lab = pair();
            lab.joins("alice", "room");
            lab.joins("bob", "room");
            lab.run(S);
            lab.cut_after("alice", frames);
            lab.does("alice", Action::ChannelLeave(channel("room")));
            if killed {
                lab.run(Duration::from_millis(5));
                lab.kill_server();
            }
            lab.run(10 * S);
            assert_eq!(ins_and_outs(&lab, "alice"), [602], "{killed} {frames}");
            assert!(lab.view("alice", "room").is_none());
            let users = lab.view("bob", "room").expect("to be in").users;
            assert_eq!(users.len(), 1, "{killed} {frames}");
        }
    }
}

/// 150 messages, more than the server takes in a second, none of which is refused, and in order.
#[test]
fn what_was_written_without_a_link_is_not_refused() {
    for shared in [false, true] {
        let mut lab = pair();
        for name in ["alice", "bob"] {
            lab.joins(name, "room");
        }
        lab.run(S);
        let settings = lab.settings();
        // The channel's own rate, of which others may have used some.
        settings.limits.channel_messages = if shared { 40 } else { 200 };
        lab.kill_server_after_all_is_kept();
        lab.serving = false;
        let mut asked = Vec::new();
        for text in 0..150 {
            asked.push(lab.says_in("alice", "room", &text.to_string()));
            lab.run(Duration::from_millis(100));
        }
        lab.serving = true;
        lab.run(if shared { 10 * S } else { 6 * S });
        // Written while the rest still goes out, or after it.
        asked.push(lab.says_in("alice", "room", "150"));
        lab.run(20 * S);
        for (text, request) in asked.iter().enumerate() {
            let answer = lab.answer("alice", *request);
            assert!(
                matches!(answer, Some(Ok(Answer::Sent(_)))),
                "{shared} {text}: {answer:?}"
            );
        }
        let events = lab.sdks["bob"].events.iter();
        let heard: Vec<usize> = events
            .filter_map(|event| match event {
                Event::Channel {
                    event: ChannelEvent::MessageReceive { msg, .. },
                    ..
                } => msg.parse().ok(),
                Event::Channel { .. } | Event::Call { .. } | Event::Session(_) => None,
            })
            .collect();
        if shared {
            assert_eq!(heard.len(), 151);
        } else {
            assert_eq!(heard, (0..151).collect::<Vec<_>>());
        }
    }
}

#[test]
fn what_is_written_too_fast_with_a_link_is_refused_at_once() {
    let mut lab = pair();
    lab.joins("alice", "room");
    lab.run(S);
    let asked: Vec<_> = (0..61).map(|_| lab.says_in("alice", "room", "!")).collect();
    lab.run(A_MOMENT);
    let refused = |request| matches!(lab.answer("alice", request), Some(Err(_)));
    let refused = asked.into_iter().filter(|request| refused(*request));
    assert_eq!(refused.count(), 1);
}

fn asks(lab: &mut Lab, name: &str, addition: Addition) {
    lab.does(name, Action::Invoke(Request::Addition(addition)));
}

fn shows(show: Show) -> Addition {
    Addition::PresenceSet {
        show,
        text: String::new(),
        except: Vec::new(),
    }
}

/// What a client was last told of another.
fn shown(lab: &Lab, name: &str, of: &str) -> Option<Show> {
    let events = lab.sdks[name].events.iter().rev();
    let mut states = events.filter_map(|event| match event {
        Event::Session(SessionEvent::Presence(states)) => Some(states),
        Event::Channel { .. } | Event::Call { .. } | Event::Session(_) => None,
    });
    states.find_map(|states| {
        let state = states.iter().find(|state| state.account.as_str() == of);
        state.map(|state| state.show)
    })
}

/// The server is killed, and the link that comes back is cut at any frame: the new session is asked again for everything.
#[test]
fn presence_is_asked_for_again_until_it_was_answered() {
    for frames in 0..14 {
        let mut lab = pair();
        lab.joins("alice", "room");
        for (name, other) in [("alice", "bob"), ("bob", "alice")] {
            let accounts = vec![account(other)];
            asks(&mut lab, name, Addition::PresenceWatch { accounts });
        }
        asks(&mut lab, "alice", shows(Show::Dnd));
        lab.run(S);
        lab.kill_server();
        lab.cut_after("alice", frames);
        lab.run(20 * S);
        asks(&mut lab, "bob", shows(Show::Busy));
        lab.run(5 * S);
        assert_eq!(shown(&lab, "alice", "bob"), Some(Show::Busy), "{frames}");
        assert_eq!(shown(&lab, "bob", "alice"), Some(Show::Dnd), "{frames}");
    }
}

/// The link is lost again and again while the application takes nothing.
#[test]
fn a_link_that_comes_and_goes_does_not_fill_the_memory() {
    let mut lab = pair();
    for room in 0..20 {
        lab.joins("alice", &format!("room{room:02}"));
        lab.run(Duration::from_millis(100));
    }
    lab.run(S);
    lab.sdk("alice").takes_events = false;
    for _ in 0..100 {
        lab.kill_server_after_all_is_kept();
        lab.run(6 * S);
    }
    let waiting = lab.sdks["alice"].events.len();
    // What came before, and the other events of one comeback.
    assert!(waiting < EVENTS_MAX + 64, "{waiting} events wait");
    // Somebody comes whom it is not told of.
    lab.joins("bob", "room00");
    lab.run(S);
    assert_eq!(lab.sdks["alice"].events.len(), waiting);
    lab.sdk("alice").takes_events = true;
    lab.takes_all("alice");
    let told = &lab.sdks["alice"].events[waiting..];
    let is_back = |event: &Event| {
        matches!(
            event,
            Event::Session(SessionEvent::LoginSuccess { again: true, .. })
        )
    };
    let is_in = |event: &Event| {
        let Event::Channel { event, .. } = event else {
            return false;
        };
        matches!(event, ChannelEvent::Rejoined(_))
    };
    let missed = |event: &Event| matches!(event, Event::Session(SessionEvent::Missed { .. }));
    assert_eq!(
        told.iter().filter(|event| is_back(event)).count(),
        1,
        "{told:?}"
    );
    assert_eq!(
        told.iter().filter(|event| is_in(event)).count(),
        20,
        "{told:?}"
    );
    assert_eq!(
        told.iter().filter(|event| missed(event)).count(),
        1,
        "{told:?}"
    );
    assert!(told.len() <= 23, "{told:?}");
}

/// Whoever signs out learns of each message whether it can have been heard.
#[test]
fn signing_out_tells_what_was_sent_from_what_never_left() {
    let mut lab = pair();
    lab.hush("alice");
    let sent = lab.says("alice", "bob", "sent, perhaps in vain");
    lab.run(S);
    lab.serving = false;
    lab.cut("alice");
    lab.run(S);
    let kept = lab.says("alice", "bob", "never left");
    lab.command("alice", Command::Logout { session: None });
    lab.run(5 * S);
    let interrupted = Err(CommandError::Interrupted);
    assert_eq!(lab.answer("alice", sent), Some(&interrupted));
    assert_eq!(
        lab.answer("alice", kept),
        Some(&Err(CommandError::NotLoggedIn))
    );
}

/// A link that was being opened on a network that is gone is not waited for.
#[test]
fn waking_begins_anew_what_was_under_way() {
    for hushed_at in [0, 15, 25] {
        let mut lab = Lab::new(Delay::Even(Duration::from_millis(10)), 1);
        lab.caps = Caps::ALL;
        lab.sign_in("alice", unlimited());
        lab.run(S);
        lab.cut("alice");
        // The first try comes a moment after the loss; then nothing arrives.
        while lab.sdks["alice"].dialled() < 2 {
            lab.run(Duration::from_millis(1));
        }
        lab.run(Duration::from_millis(hushed_at));
        lab.hush("alice");
        lab.run(S);
        assert_eq!(lab.sdks["alice"].status(), Status::LoggingIn, "{hushed_at}");
        lab.input("alice", Input::Woke);
        lab.run(A_MOMENT);
        assert_eq!(lab.sdks["alice"].status(), Status::LoggedIn, "{hushed_at}");
    }
}
