//! Calls between client cores: every phase, both roles, every way to end.

use std::time::Duration;

use callsign::client::core::{Action, Answer, Command, LoginOptions};
use callsign::client::event::{CallEvent, CallPhase, CallRef, EndReason, Event, SessionEvent};
use callsign::protocol::{Caps, Code, Dtmf, InviteMsg};

use crate::support::lab::{Delay, Lab, account, channel, unlimited};

const A_MOMENT: Duration = Duration::from_millis(500);

/// Alice calls Bob, whose device rings.
fn ringing() -> (Lab, CallRef, CallRef) {
    let mut lab = Lab::with(&["alice", "bob"]);
    let theirs = lab.invites("alice", "room", "bob");
    lab.run(A_MOMENT);
    let ours = lab.invitation("bob").expect("an invitation");
    (lab, theirs, ours)
}

fn talking() -> (Lab, CallRef, CallRef) {
    let (mut lab, theirs, ours) = ringing();
    let extra = "yes".to_owned();
    lab.does("bob", Action::Accept { call: ours, extra });
    lab.run(A_MOMENT);
    (lab, theirs, ours)
}

fn phase(lab: &mut Lab, name: &str, call: CallRef) -> Option<CallPhase> {
    let request = lab.does(name, Action::CallView(call));
    match lab.answer(name, request) {
        Some(Ok(Answer::Call(view))) => view.clone().map(|view| view.phase),
        other => panic!("no view: {other:?}"),
    }
}

/// Why a call ended for a client; nothing follows.
fn end(lab: &Lab, name: &str, call: CallRef) -> EndReason {
    match lab.of_call(name, call).last() {
        Some(CallEvent::Ended(reason)) => reason.clone(),
        other => panic!("{name}: {other:?}\n{}", lab.transcript()),
    }
}

#[test]
fn a_call_is_answered_talked_in_and_ended() {
    let (mut lab, theirs, ours) = ringing();
    assert_eq!(
        phase(&mut lab, "alice", theirs),
        Some(CallPhase::RingingThere)
    );
    assert_eq!(phase(&mut lab, "bob", ours), Some(CallPhase::RingingHere));
    let extra = "yes".to_owned();
    lab.does("bob", Action::Accept { call: ours, extra });
    assert_eq!(phase(&mut lab, "bob", ours), Some(CallPhase::Answering));
    lab.run(A_MOMENT);
    assert_eq!(phase(&mut lab, "alice", theirs), Some(CallPhase::Talking));
    assert_eq!(phase(&mut lab, "bob", ours), Some(CallPhase::Talking));
    let keys = "12#".chars().filter_map(Dtmf::from_char).collect();
    let msg = InviteMsg::Dtmf(keys);
    lab.does(
        "alice",
        Action::Say {
            call: theirs,
            msg: msg.clone(),
        },
    );
    lab.run(A_MOMENT);
    lab.does(
        "bob",
        Action::End {
            call: ours,
            extra: None,
        },
    );
    lab.run(A_MOMENT);
    assert_eq!(
        lab.of_call("bob", ours),
        [
            CallEvent::Accepted,
            CallEvent::Msg(msg),
            CallEvent::Ended(EndReason::EndByMyself)
        ]
    );
    assert_eq!(
        lab.of_call("alice", theirs),
        [
            CallEvent::ReceivedByPeer {
                extra: String::new()
            },
            CallEvent::AcceptedByPeer {
                extra: "yes".to_owned()
            },
            CallEvent::Ended(EndReason::EndByPeer {
                extra: String::new()
            }),
        ]
    );
    lab.run(Duration::from_secs(120));
    assert_eq!(phase(&mut lab, "alice", theirs), None);
}

#[test]
fn a_call_is_declined() {
    let (mut lab, theirs, ours) = ringing();
    let extra = "busy".to_owned();
    lab.does(
        "bob",
        Action::Refuse {
            call: ours,
            extra: extra.clone(),
        },
    );
    lab.run(A_MOMENT);
    assert_eq!(
        end(&lab, "alice", theirs),
        EndReason::RefusedByPeer { extra }
    );
    assert_eq!(end(&lab, "bob", ours), EndReason::RefusedByMyself);
}

#[test]
fn a_caller_who_gives_up_says_cancelled() {
    let (mut lab, theirs, ours) = ringing();
    lab.does(
        "alice",
        Action::End {
            call: theirs,
            extra: None,
        },
    );
    lab.run(A_MOMENT);
    let extra = r#"{"reason":"cancelled"}"#.to_owned();
    assert_eq!(end(&lab, "bob", ours), EndReason::EndByPeer { extra });
    let late = lab.does(
        "bob",
        Action::Accept {
            call: ours,
            extra: String::new(),
        },
    );
    let answer = lab.answer("bob", late).expect("an answer");
    assert_eq!(
        answer.as_ref().expect_err("too late").code(),
        Code::InviteOther
    );
}

#[test]
fn a_call_rings_for_a_minute() {
    let (mut lab, theirs, ours) = ringing();
    lab.run(Duration::from_secs(61));
    assert_eq!(end(&lab, "alice", theirs), EndReason::NoAnswer);
    let extra = r#"{"reason":"no_answer"}"#.to_owned();
    assert_eq!(end(&lab, "bob", ours), EndReason::EndByPeer { extra });
}

#[test]
fn a_peer_who_is_offline_fails_after_twenty_seconds_or_at_once() {
    let mut lab = Lab::with(&["alice"]);
    let patient = lab.invites("alice", "room", "bob");
    lab.run(Duration::from_secs(21));
    assert_eq!(end(&lab, "alice", patient).code(), Code::InviteTimeout);
    let request = lab.does(
        "alice",
        Action::Invite {
            channel: channel("room"),
            peer: account("bob"),
            extra: r#"{"_require_peer_online":1}"#.to_owned(),
        },
    );
    let Some(Ok(Answer::Invited { call })) = lab.answer("alice", request).cloned() else {
        panic!("no call")
    };
    lab.run(A_MOMENT);
    assert_eq!(end(&lab, "alice", call).code(), Code::InvitePeerOffline);
}

#[test]
fn nobody_invites_twice_or_themselves() {
    let (mut lab, _, _) = ringing();
    let invite = |peer: &str| Action::Invite {
        channel: channel("room"),
        peer: account(peer),
        extra: String::new(),
    };
    let twice = lab.does("alice", invite("bob"));
    let answer = lab.answer("alice", twice).expect("an answer");
    assert_eq!(
        answer.as_ref().expect_err("refused").code(),
        Code::InviteReinvite
    );
    let own = lab.invites("alice", "room", "alice");
    lab.run(A_MOMENT);
    assert_eq!(end(&lab, "alice", own).code(), Code::InviteCantRecv);
}

/// Of two who call each other, the account that sorts first is the caller, on one channel or on two.
#[test]
fn two_who_call_each_other_have_one_call() {
    for rooms in [["room", "room"], ["a", "b"]] {
        let mut lab = Lab::with(&["alice", "bob"]);
        let stands = lab.invites("alice", rooms[0], "bob");
        let yields = lab.invites("bob", rooms[1], "alice");
        lab.run(A_MOMENT);
        assert_eq!(end(&lab, "bob", yields), EndReason::Glare);
        assert_eq!(lab.invitation("alice"), None);
        let events = &lab.sdks["bob"].events;
        assert!(events.iter().any(|event| {
            matches!(
                event,
                Event::Session(SessionEvent::InviteReceived { glare: true, .. })
            )
        }));
        let ours = lab.invitation("bob").expect("an invitation");
        lab.does(
            "bob",
            Action::Accept {
                call: ours,
                extra: String::new(),
            },
        );
        lab.run(A_MOMENT);
        assert_eq!(phase(&mut lab, "alice", stands), Some(CallPhase::Talking));
        assert_eq!(phase(&mut lab, "bob", ours), Some(CallPhase::Talking));
        lab.does(
            "alice",
            Action::End {
                call: stands,
                extra: None,
            },
        );
        lab.run(A_MOMENT);
        assert_eq!(end(&lab, "bob", ours).code(), Code::Success);
    }
}

#[test]
fn a_call_goes_on_when_the_link_comes_back() {
    for who in ["alice", "bob"] {
        let (mut lab, theirs, ours) = talking();
        lab.cut(who);
        lab.run(Duration::from_secs(60));
        assert_eq!(
            phase(&mut lab, "alice", theirs),
            Some(CallPhase::Talking),
            "{who}"
        );
        assert_eq!(
            phase(&mut lab, "bob", ours),
            Some(CallPhase::Talking),
            "{who}"
        );
        lab.does(
            "alice",
            Action::End {
                call: theirs,
                extra: Some("bye".to_owned()),
            },
        );
        lab.run(A_MOMENT);
        let extra = "bye".to_owned();
        assert_eq!(end(&lab, "bob", ours), EndReason::EndByPeer { extra });
    }
}

#[test]
fn a_link_lost_while_calling_ends_the_call() {
    let (mut lab, theirs, ours) = ringing();
    lab.cut("alice");
    lab.run(Duration::from_secs(5));
    assert_eq!(end(&lab, "alice", theirs).code(), Code::InviteNet);
    assert_eq!(end(&lab, "bob", ours).code(), Code::InviteNet);
}

/// A server that was killed knows no calls, and one of 1.x does not say so; the caller does not come back to say it either.
#[test]
fn what_rings_ends_when_the_server_was_killed_and_the_caller_is_gone() {
    for caps in [Caps::NONE, Caps::ALL] {
        for back in [true, false] {
            let mut lab = Lab::new(Delay::Even(Duration::from_millis(10)), 1);
            lab.caps = caps;
            for name in ["alice", "bob"] {
                lab.sign_in(name, unlimited());
            }
            lab.run(A_MOMENT);
            lab.invites("alice", "room", "bob");
            lab.run(A_MOMENT);
            let ours = lab.invitation("bob").expect("an invitation");
            lab.serving = false;
            lab.kill_server();
            lab.gone("alice");
            lab.run(Duration::from_secs(5));
            lab.serving = back;
            lab.run(Duration::from_secs(50));
            if caps == Caps::NONE || !back {
                // The caller may still be there, for all one knows.
                assert_eq!(phase(&mut lab, "bob", ours), Some(CallPhase::RingingHere));
            }
            lab.run(Duration::from_secs(10));
            assert_eq!(end(&lab, "bob", ours), EndReason::LinkLost, "{back}");
        }
    }
}

#[test]
fn what_rings_rings_on_when_its_server_is_there_again() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    let forever = LoginOptions {
        ring_timeout: None,
        ..unlimited()
    };
    lab.command("alice", Command::Logout { session: None });
    lab.run(A_MOMENT);
    lab.sign_in("alice", forever);
    lab.run(A_MOMENT);
    lab.invites("alice", "room", "bob");
    lab.run(A_MOMENT);
    let ours = lab.invitation("bob").expect("an invitation");
    lab.cut("bob");
    lab.run(Duration::from_secs(100));
    assert_eq!(phase(&mut lab, "bob", ours), Some(CallPhase::RingingHere));
}

#[test]
fn a_call_made_without_a_link_waits_for_it() {
    let mut lab = Lab::with(&["alice", "bob"]);
    lab.cut("alice");
    lab.run(Duration::from_millis(20));
    let call = lab.invites("alice", "room", "bob");
    lab.run(Duration::from_secs(5));
    assert_eq!(
        phase(&mut lab, "alice", call),
        Some(CallPhase::RingingThere)
    );
}

#[test]
fn a_call_withdrawn_before_it_was_sent_reaches_nobody() {
    let mut lab = Lab::with(&["alice", "bob"]);
    lab.cut("alice");
    lab.run(Duration::from_millis(20));
    let call = lab.invites("alice", "room", "bob");
    lab.does("alice", Action::End { call, extra: None });
    lab.run(Duration::from_secs(30));
    assert_eq!(end(&lab, "alice", call), EndReason::EndByMyself);
    assert_eq!(lab.invitation("bob"), None);
}

#[test]
fn logging_out_ends_the_call_for_both() {
    let (mut lab, theirs, ours) = talking();
    lab.command("bob", Command::Logout { session: None });
    lab.run(A_MOMENT);
    assert_eq!(end(&lab, "bob", ours), EndReason::LoggedOut);
    let extra = r#"{"code":700,"reason":"disconnected"}"#.to_owned();
    assert_eq!(end(&lab, "alice", theirs), EndReason::EndByPeer { extra });
}

#[test]
fn losing_the_link_for_good_ends_the_call_for_both() {
    let (mut lab, theirs, ours) = talking();
    lab.serving = false;
    lab.cut("bob");
    lab.run(Duration::from_secs(65));
    assert_eq!(end(&lab, "bob", ours), EndReason::LinkLost);
    assert_eq!(end(&lab, "alice", theirs).code(), Code::InviteNet);
}

/// Whatever frame the link is lost at, on either side: both end up with the same.
#[test]
fn a_link_lost_at_any_step_leaves_no_call_half_open() {
    for who in ["alice", "bob"] {
        for (seed, frames) in (0..28).map(|seed| (seed, seed / 2)) {
            let mut lab = Lab::new(Delay::Even(Duration::from_millis(10)), 1);
            lab.caps = crate::support::lab::KINDS[seed % 2];
            for name in ["alice", "bob"] {
                lab.sign_in(name, unlimited());
            }
            lab.run(A_MOMENT);
            lab.cut_after(who, frames);
            let theirs = lab.invites("alice", "room", "bob");
            lab.run(A_MOMENT);
            lab.run(Duration::from_secs(5));
            if let Some(ours) = lab.invitation("bob") {
                lab.does(
                    "bob",
                    Action::Accept {
                        call: ours,
                        extra: String::new(),
                    },
                );
            }
            lab.run(Duration::from_secs(5));
            lab.does(
                "alice",
                Action::End {
                    call: theirs,
                    extra: None,
                },
            );
            lab.run(Duration::from_secs(90));
            assert_eq!(phase(&mut lab, "alice", theirs), None, "{who} {frames}");
            // A hang-up that was on its way in that very moment is not said again to a client that asked for nothing beyond
            // 1.x: then hanging up here ends the call.
            if let Some(ours) = lab.invitation("bob")
                && phase(&mut lab, "bob", ours) == Some(CallPhase::Talking)
            {
                assert_eq!(
                    (who, lab.cuts, lab.caps),
                    ("bob", 1, Caps::NONE),
                    "{frames}\n{}",
                    lab.transcript()
                );
                let (call, extra) = (ours, None);
                lab.does("bob", Action::End { call, extra });
                lab.run(A_MOMENT);
            }
            if let Some(ours) = lab.invitation("bob") {
                assert_eq!(phase(&mut lab, "bob", ours), None, "{who} {frames}");
            }
        }
    }
}
