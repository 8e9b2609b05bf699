//! What the clients before 1.4.0 need, one fact of the protocol page after the other. A version that cannot be had any more is
//! stood for by the model in `support/client.rs`, which breaks of whatever the page says that it breaks of.

use std::time::Duration;

use callsign::hub::{AppRules, Settings};
use serde_json::json;

use crate::assert_story;
use crate::support::{Generation, World, one_app};

const OLD: [Generation; 4] = [
    Generation::V11,
    Generation::V12,
    Generation::V13,
    Generation::Py,
];

/// Sections 4, 6, 8, 9 and 10 in one day of each client's life, with 1.4.0 on the other side.
#[test]
fn a_whole_day_breaks_no_client() {
    for generation in OLD {
        let mut world = World::with(&["new"]);
        world.sign_in("old", generation);
        world.does("new", |new| new.join("room"));
        world.does("old", |old| old.join("room"));
        world.does("old", |old| old.say("hello"));
        world.does("old", |old| old.set_attr("room", "topic", json!("x")));
        world.does("new", |new| {
            new.call("channel_clear_attr", json!({ "channel": "room" }))
        });
        world.does("old", |old| old.message("new", "hello"));
        world.does("new", |new| new.message("old", "hello"));
        for (caller, callee) in [("old", "new"), ("new", "old")] {
            world.does(caller, |client| client.invite("call", callee, "{}"));
            world.does(callee, |client| {
                client.voip("voip_invite_accept", "call", caller, "")
            });
            world.does(caller, |client| {
                client.voip("voip_invite_bye", "call", callee, "")
            });
            world.does(caller, |client| client.invite("call", callee, "{}"));
            world.does(callee, |client| {
                client.voip("voip_invite_refuse", "call", caller, "")
            });
        }
        world.does("old", |old| old.invite("call", "nobody", "{}"));
        world.advance(Duration::from_secs(300));
        world.does("old", |old| old.call("user_teleport", json!({})));
        world.does("old", |old| old.leave());
        world.does("old", |old| old.call("user_logout", json!({})));
        assert_eq!(world.broken(), Vec::<String>::new(), "{generation:?}");
        assert_eq!(
            world.count("old", "onInviteAcceptedByPeer"),
            1,
            "{generation:?}"
        );
        assert_eq!(world.count("old", "onInviteFailed"), 1, "{generation:?}");
        assert_eq!(
            world.last("old", "onLogout").as_deref(),
            Some("onLogout(101)")
        );
    }
}

/// Section 6: 1.1.3 looks at the error slot only.
#[test]
fn the_oldest_client_learns_of_failures_from_the_slot() {
    let mut world = World::new();
    world.sign_in("old", Generation::V11);
    world.does("old", |old| {
        old.invite("call", "nobody", r#"{"_require_peer_online":1}"#)
    });
    world.does("old", |old| old.join("_agora_user_online"));
    assert_story!(world);
}

/// Section 8: clients before 1.3 compare no versions; a poll that crosses a message must not deliver it twice.
#[test]
fn a_client_that_compares_nothing_gets_nothing_twice() {
    for generation in [Generation::V11, Generation::V12, Generation::Py] {
        let mut world = World::with(&["alice"]);
        world.sign_in("old", generation);
        for round in 0..20 {
            world.does("alice", |alice| {
                alice.message("old", &format!("{round} a"));
                alice.message("old", &format!("{round} b"));
            });
            world.advance(Duration::from_millis(700));
        }
        assert_eq!(
            world.count("old", "onMessageInstantReceive"),
            40,
            "{generation:?}"
        );
    }
}

/// Section 9: membership ends with the connection, and an event after it would break every client.
#[test]
fn nobody_is_told_of_a_channel_that_they_did_not_join_in_this_login() {
    for generation in OLD {
        let mut world = World::with(&["alice"]);
        world.sign_in("old", generation);
        world.does("alice", |alice| alice.join("room"));
        world.does("old", |old| old.join("room"));
        world.sign_in_as("old again", "old", "", generation);
        world.does("alice", |alice| alice.say("hello"));
        assert_eq!(world.broken(), Vec::<String>::new(), "{generation:?}");
    }
}

/// Section 10: 1.3.0 and older show the callee `peeruid` in the place of `extra`; an app may have it repaired.
#[test]
fn the_extra_of_an_invitation_reaches_old_callees_where_the_app_asks_for_it() {
    let rules = AppRules {
        extra_as_peeruid: true,
        ..AppRules::default()
    };
    let mut world = World::with_settings(one_app(rules));
    world.sign_in("alice", Generation::V14);
    world.sign_in("old", Generation::V13);
    world.sign_in("python", Generation::Py);
    world.forget();
    world.does("alice", |alice| alice.invite("call", "old", "from alice"));
    world.does("alice", |alice| {
        alice.invite("call", "python", "from alice")
    });
    assert_story!(world);
}

/// Section 11: 1.3.0 learns of a lost session only from `close`.
#[test]
fn a_silent_1_3_client_is_told_that_it_is_offline() {
    let mut world = World::with_settings(Settings {
        idle_timeout: Duration::from_secs(30),
        ..Settings::open([7; 32])
    });
    world.sign_in("old", Generation::V13);
    world.does("old", |old| old.silent = true);
    world.advance(Duration::from_secs(31));
    assert_story!(world);
}

/// Section 14: the letter of the reference says that uids are 0.
#[test]
fn uids_are_0_where_the_app_asks_for_it() {
    let rules = AppRules {
        uid_zero: true,
        ..AppRules::default()
    };
    let mut world = World::with_settings(one_app(rules));
    world.sign_in("alice", Generation::V13);
    world.does("alice", |alice| alice.join("room"));
    world.does("alice", |alice| alice.say("hello"));
    assert_story!(world);
}
