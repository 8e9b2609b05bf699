//! Calls: every transition, every timer, every code.

use std::time::Duration;

use callsign::hub::{AppRules, Settings};
use callsign::protocol::Account;
use serde_json::json;

use crate::assert_story;
use crate::support::{Generation, World, one_app};

const DTMF: &str = r#"{"msgtype":"dtmf","msgdata":"12#"}"#;

/// Alice calls Bob, whose device has acknowledged.
fn ringing() -> World {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.invite("room", "bob", r#"{"hi":1}"#));
    world
}

fn talking() -> World {
    let mut world = ringing();
    world.does("bob", |bob| {
        bob.voip("voip_invite_accept", "room", "alice", "yes")
    });
    world
}

#[test]
fn a_call_is_answered_and_hung_up() {
    let mut world = ringing();
    world.does("bob", |bob| {
        bob.voip("voip_invite_accept", "room", "alice", "yes")
    });
    world.does("alice", |alice| {
        alice.voip("voip_invite_msg", "room", "bob", DTMF)
    });
    world.does("bob", |bob| {
        bob.voip("voip_invite_msg", "room", "alice", DTMF)
    });
    world.does("bob", |bob| {
        bob.voip("voip_invite_bye", "room", "alice", "later")
    });
    world.advance(Duration::from_secs(60));
    assert_story!(world);
}

#[test]
fn a_call_is_declined() {
    let mut world = ringing();
    world.does("bob", |bob| {
        bob.voip("voip_invite_refuse", "room", "alice", "busy")
    });
    world.does("bob", |bob| {
        bob.voip("voip_invite_accept", "room", "alice", "after all")
    });
    assert_story!(world);
}

#[test]
fn the_caller_hangs_up_while_it_rings() {
    let mut world = ringing();
    world.does("alice", |alice| {
        alice.voip("voip_invite_bye", "room", "bob", "never mind")
    });
    world.does("bob", |bob| {
        bob.voip("voip_invite_bye", "room", "alice", "")
    });
    assert_story!(world);
}

#[test]
fn ringing_has_no_timer_of_the_server() {
    let mut world = ringing();
    world.advance(Duration::from_secs(600));
    world.does("bob", |bob| {
        bob.voip("voip_invite_accept", "room", "alice", "at last")
    });
    assert_story!(world);
}

#[test]
fn an_offline_peer_fails_at_once_if_asked() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| {
        alice.invite("room", "bob", r#"{"_require_peer_online":1}"#)
    });
    assert_story!(world);
}

#[test]
fn an_offline_peer_fails_after_20_seconds() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.advance(Duration::from_secs(25));
    // "The message is destroyed": nothing rings now.
    world.sign_in("bob", Generation::V14);
    assert_story!(world);
}

#[test]
fn a_peer_who_comes_in_time_is_asked() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.advance(Duration::from_secs(19));
    world.sign_in("bob", Generation::V14);
    world.advance(Duration::from_secs(30));
    assert_story!(world);
}

#[test]
fn the_caller_may_ask_for_another_time_up_to_30_seconds() {
    for (asked, given) in [("5", "5.000"), ("180", "30.000"), ("0", "20.000")] {
        let mut world = World::with(&["alice"]);
        world.does("alice", |alice| {
            alice.invite("room", "bob", &format!(r#"{{"_timeout":{asked}}}"#))
        });
        world.advance(Duration::from_secs(40));
        let expected =
            format!("{given} alice: onInviteFailed({{\"code\":704,\"reason\":\"timeout\"}})\n");
        assert_eq!(world.transcript(), expected);
    }
}

#[test]
fn hanging_up_withdraws_an_invitation_that_nobody_saw() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.does("alice", |alice| {
        alice.voip("voip_invite_bye", "room", "bob", "")
    });
    world.sign_in("bob", Generation::V14);
    world.advance(Duration::from_secs(30));
    assert_story!(world);
}

#[test]
fn inviting_twice_fails_while_the_first_is_pending() {
    let mut world = ringing();
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.does("bob", |bob| {
        bob.voip("voip_invite_accept", "room", "alice", "yes")
    });
    world.does("alice", |alice| alice.invite("room", "bob", "again"));
    assert_story!(world);
}

#[test]
fn nobody_calls_themselves() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.invite("room", "alice", "{}"));
    assert_story!(world);
}

#[test]
fn logging_out_ends_calls_at_once() {
    let mut world = talking();
    world.forget();
    world.does("alice", |alice| alice.call("user_logout", json!({})));
    assert_story!(world);
}

#[test]
fn a_caller_who_logs_out_while_it_rings_ends_the_ringing() {
    let mut world = ringing();
    world.forget();
    world.does("alice", |alice| alice.call("user_logout", json!({})));
    assert_story!(world);
}

#[test]
fn a_displaced_session_ends_its_calls_at_once() {
    let mut world = talking();
    world.forget();
    world.sign_in_as("alice elsewhere", "alice", "", Generation::V14);
    assert_story!(world);
}

#[test]
fn a_lost_link_ends_calls_after_30_seconds() {
    let mut world = World::with(&["alice"]);
    world.sign_in("bob", Generation::Py);
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.does("bob", |bob| {
        bob.voip("voip_invite_accept", "room", "alice", "yes")
    });
    world.forget();
    world.cut("bob");
    world.advance(Duration::from_secs(40));
    assert_story!(world);
}

/// 1.4.0 comes back by itself and keeps its calls.
#[test]
fn a_call_goes_on_when_the_link_comes_back() {
    let mut world = talking();
    world.forget();
    world.cut("bob");
    world.advance(Duration::from_secs(40));
    world.does("alice", |alice| {
        alice.voip("voip_invite_msg", "room", "bob", DTMF)
    });
    world.does("alice", |alice| {
        alice.voip("voip_invite_bye", "room", "bob", "bye")
    });
    assert_story!(world);
}

/// Protocol page, section 10: the Python client dies of an event of a call that it does not know.
#[test]
fn a_fresh_login_hears_nothing_of_calls_before_it() {
    let mut world = World::with(&["alice"]);
    world.sign_in("bob", Generation::Py);
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.does("bob", |bob| {
        bob.voip("voip_invite_accept", "room", "alice", "yes")
    });
    world.cut("bob");
    world.sign_in("bob", Generation::Py);
    world.does("alice", |alice| {
        alice.voip("voip_invite_msg", "room", "bob", DTMF)
    });
    world.does("alice", |alice| {
        alice.voip("voip_invite_bye", "room", "bob", "")
    });
    assert_story!(world);
}

/// The 30 seconds begin anew with each loss of the link.
#[test]
fn a_link_that_comes_and_goes_keeps_its_call() {
    let mut world = talking();
    world.forget();
    world.cut("bob");
    world.advance(Duration::from_secs(29));
    world.cut("bob");
    world.does("bob", |bob| bob.stays_away());
    world.advance(Duration::from_secs(29));
    assert_eq!(world.count("alice", "onInviteEndByPeer"), 0);
    world.advance(Duration::from_secs(1));
    assert_eq!(world.count("alice", "onInviteEndByPeer"), 1);
}

/// 1.4.0 is away for 200 ms, and what is said in the meantime reaches it.
#[test]
fn what_is_said_while_a_party_is_away_waits_for_its_return() {
    let mut world = ringing();
    world.forget();
    world.cut("alice");
    world.does("bob", |bob| {
        bob.voip("voip_invite_accept", "room", "alice", "yes")
    });
    world.advance(Duration::from_secs(1));
    world.cut("bob");
    world.does("alice", |alice| {
        alice.voip("voip_invite_bye", "room", "bob", "later")
    });
    world.advance(Duration::from_secs(1));
    assert_story!(world);
}

/// Protocol page, section 10: the invitation is withdrawn at its timeout, not by a link that is lost before the ack.
#[test]
fn an_invitation_that_was_lost_on_its_way_comes_again() {
    let mut world = World::with(&["alice"]);
    world.sign_in("bob", Generation::V12);
    world.forget();
    world.at_once("alice", |alice| alice.invite("room", "bob", "{}"));
    // The invitation, the notification, and the poll; then the link is gone with the answer.
    world.settle_until("bob", "user_getmsg");
    world.cut("bob");
    world.sign_in("bob", Generation::V12);
    assert_story!(world);
}

#[test]
fn an_invitation_that_was_delivered_but_never_acknowledged_ends_for_both() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("bob", |bob| bob.acks_nothing());
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.advance(Duration::from_secs(21));
    assert_story!(world);
}

#[test]
fn a_caller_who_signs_in_afresh_can_call_again() {
    let mut world = World::with(&["bob"]);
    world.sign_in("alice", Generation::Py);
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.cut("alice");
    world.sign_in("alice", Generation::Py);
    world.forget();
    world.does("alice", |alice| alice.invite("room", "bob", "again"));
    assert_story!(world);
}

/// Alice's invitation waits unseen, Bob's rings: her bye ends both, and he is told.
#[test]
fn hanging_up_ends_both_calls_of_two_who_called_each_other() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.sign_in_deaf("bob");
    world.does("bob", |bob| bob.invite("room", "alice", "{}"));
    world.does("alice", |alice| {
        alice.voip("voip_invite_bye", "room", "bob", "enough")
    });
    world.does("bob", |bob| bob.hears_again());
    world.advance(Duration::from_secs(61));
    assert_eq!(world.count("bob", "onInviteReceived("), 0);
    assert_eq!(world.count("bob", "onInviteEndByPeer"), 1);
    assert_eq!(world.stats().calls, 0);
}

#[test]
fn an_invitation_that_was_answered_unseen_does_not_come_any_more() {
    for (function, ends) in [
        ("voip_invite_bye", true),
        ("voip_invite_refuse", true),
        ("voip_invite_accept", false),
    ] {
        let mut world = World::with(&["alice"]);
        world.does("alice", |alice| alice.invite("room", "bob", "{}"));
        world.sign_in_deaf("bob");
        world.does("bob", |bob| bob.voip(function, "room", "alice", ""));
        world.does("bob", |bob| bob.hears_again());
        world.advance(Duration::from_secs(61));
        assert_eq!(world.count("bob", "onInviteReceived("), 0, "{function}");
        assert_eq!(world.stats().calls, usize::from(!ends), "{function}");
    }
}

#[test]
fn calls_do_not_fill_inboxes_without_end() {
    let mut settings = Settings::open([7; 32]);
    settings.limits.inbox = 10;
    let mut world = World::with_settings(settings);
    world.sign_in("alice", Generation::V14);
    world.sign_in_deaf("bob");
    world.forget();
    for n in 0..20 {
        world.does("alice", |alice| {
            alice.invite(&format!("room{n}"), "bob", "{}")
        });
    }
    assert_eq!(
        world.count("alice", "onInviteFailed(the inbox of bob is full)"),
        10
    );
    world.does("bob", |bob| bob.hears_again());
    world.advance(Duration::from_secs(61));
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    // The ten were withdrawn after 20 seconds.
    assert_eq!(world.count("bob", "onInviteReceived("), 1);
}

#[test]
fn a_gateway_does_not_call_itself() {
    let mut world = World::with_settings(one_app(AppRules {
        gateway: Some(Account::try_from("gate").expect("a name")),
        ..AppRules::default()
    }));
    world.sign_in("gate", Generation::V14);
    world.forget();
    world.does("gate", |gate| gate.invite("room", "+123", "{}"));
    assert_story!(world);
}

#[test]
fn two_who_call_each_other_have_one_call_between_them() {
    let mut world = ringing();
    world.does("bob", |bob| bob.invite("room", "alice", "{}"));
    world.does("alice", |alice| {
        alice.voip("voip_invite_accept", "room", "bob", "yes")
    });
    world.does("bob", |bob| {
        bob.voip("voip_invite_bye", "room", "alice", "")
    });
    world.does("alice", |alice| {
        alice.voip("voip_invite_msg", "room", "bob", DTMF)
    });
    assert_story!(world);
}

#[test]
fn a_number_without_a_gateway_fails() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.invite("room", "+123", "{}"));
    assert_story!(world);
}

#[test]
fn a_number_is_answered_by_the_gateway_under_its_own_name() {
    let mut world = World::with_settings(one_app(AppRules {
        gateway: Some(Account::try_from("gate").expect("a name")),
        ..AppRules::default()
    }));
    world.sign_in("alice", Generation::V14);
    world.sign_in("gate", Generation::V14);
    world.forget();
    world.does("alice", |alice| alice.invite("room", "+123", "{}"));
    world.does("gate", |gate| {
        gate.voip("voip_invite_accept", "room", "alice", "yes")
    });
    world.does("alice", |alice| {
        alice.voip("voip_invite_msg", "room", "+123", DTMF)
    });
    world.does("gate", |gate| {
        gate.voip("voip_invite_bye", "room", "alice", "")
    });
    assert_story!(world);
}

#[test]
fn a_number_with_a_session_of_its_own_answers_itself() {
    let mut world = World::with(&["alice", "+123"]);
    world.does("alice", |alice| alice.invite("room", "+123", "{}"));
    assert_story!(world);
}

#[test]
fn legacy_codes_tell_700_for_all() {
    let mut world = World::with_settings(one_app(AppRules {
        legacy_codes: true,
        ..AppRules::default()
    }));
    world.sign_in("alice", Generation::V14);
    world.forget();
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.does("alice", |alice| {
        alice.call(
            "voip_invite",
            json!({ "channelName": "room", "peer": "bob" }),
        )
    });
    assert_eq!(
        world.client("alice").last_code,
        Some(700),
        "701 of an answer"
    );
    world.advance(Duration::from_secs(20));
    assert_story!(world);
}

#[test]
fn too_many_calls_at_a_time_are_refused() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| {
        (0..101).for_each(|n| alice.invite("room", &format!("peer{n}"), "{}"));
    });
    assert_eq!(
        world.transcript(),
        "0.000 alice: onInviteFailed(too many calls at a time)\n"
    );
}

#[test]
fn a_gateway_may_be_in_many_calls() {
    let mut world = World::with_settings(one_app(AppRules {
        gateway: Some(Account::try_from("gate").expect("a name")),
        ..AppRules::default()
    }));
    for caller in ["alice", "bob"] {
        world.sign_in(caller, Generation::V14);
        world.does(caller, |client| {
            (0..100).for_each(|n| client.invite("room", &format!("+{n}"), "{}"));
        });
        assert_eq!(world.count(caller, "onInviteFailed"), 0);
    }
    assert_eq!(world.stats().calls, 200);
}

#[test]
fn a_callee_takes_only_so_many_calls_at_a_time() {
    let mut world = World::with(&["alice", "carol"]);
    world.does("alice", |alice| {
        (0..100).for_each(|n| alice.invite(&format!("room{n}"), "bob", "{}"));
    });
    world.does("carol", |carol| carol.invite("room", "bob", "{}"));
    assert_eq!(
        world.transcript(),
        "0.000 carol: onInviteFailed(too many calls at a time)\n"
    );
}
