//! Instant messages: stored, announced, polled, acknowledged, forgotten.

use std::time::Duration;

use callsign::hub::{Settings, StoreOp};
use serde_json::json;

use crate::assert_story;
use crate::support::{Generation, World};

#[test]
fn a_message_reaches_its_receiver_at_once() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.message("bob", "hello  bob "));
    world.does("bob", |bob| bob.message("alice", "hello"));
    world.does("bob", |bob| bob.message("bob", "a note to myself"));
    assert_story!(world);
}

#[test]
fn a_message_waits_for_its_receiver() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.message("bob", "are you there?"));
    world.advance(Duration::from_secs(3599));
    world.sign_in("bob", Generation::V14);
    assert_story!(world);
}

#[test]
fn a_message_is_gone_when_its_time_is_over() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.message("bob", "are you there?"));
    world.advance(Duration::from_secs(3600));
    world.sign_in("bob", Generation::V14);
    assert_eq!(world.count("bob", "onMessageInstantReceive"), 0);
    world.advance(Duration::from_secs(2));
    let dropped = world
        .ops
        .iter()
        .any(|op| matches!(op, StoreOp::DropMessages { .. }));
    assert!(dropped, "the store forgets it, too");
}

/// Protocol page, section 8: a full page of 30 does not continue by itself; the Python client has no timer at all.
#[test]
fn seventy_five_stored_messages_come_without_waiting() {
    for generation in [
        Generation::V11,
        Generation::V12,
        Generation::V13,
        Generation::V14,
        Generation::Py,
    ] {
        let mut world = World::with(&["alice"]);
        for n in 0..75 {
            world.does("alice", |alice| {
                alice.message("bob", &format!("message {n}"))
            });
        }
        world.sign_in("bob", generation);
        assert_eq!(world.broken(), Vec::<String>::new());
        assert_eq!(
            world.count("bob", "onMessageInstantReceive"),
            75,
            "{generation:?}"
        );
        assert_eq!(
            world.last("bob", "onMessage").as_deref(),
            Some("onMessageInstantReceive(alice, 0, message 74)")
        );
    }
}

#[test]
fn two_hundred_messages_come_in_order_and_once() {
    for generation in [
        Generation::V11,
        Generation::V12,
        Generation::V13,
        Generation::V14,
        Generation::Py,
    ] {
        let mut world = World::with(&["alice"]);
        world.sign_in("bob", generation);
        world.forget();
        world.does("alice", |alice| {
            for n in 0..200 {
                alice.message("bob", &format!("message {n}"));
            }
        });
        world.advance(Duration::from_secs(120));
        let expected: Vec<String> = (0..200)
            .map(|n| format!("0.000 bob: onMessageInstantReceive(alice, 0, message {n})"))
            .collect();
        assert_eq!(
            world.transcript().lines().collect::<Vec<_>>(),
            expected,
            "{generation:?}"
        );
    }
}

#[test]
fn an_acknowledged_message_does_not_come_again() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.message("bob", "once"));
    world.advance(Duration::from_secs(2));
    world.sign_in("bob", Generation::V14);
    assert_eq!(world.count("bob", "onMessageInstantReceive"), 0);
}

/// At least once: what was delivered but not acknowledged comes again at the next login.
#[test]
fn an_unacknowledged_message_comes_again() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.message("bob", "perhaps twice"));
    world.cut("bob");
    world.sign_in("bob", Generation::V14);
    assert_eq!(world.count("bob", "onMessageInstantReceive"), 1);
}

/// Protocol page, section 18: sending twice is safe.
#[test]
fn a_repeated_message_id_is_answered_again_and_delivered_once() {
    let mut world = World::with(&["alice", "bob"]);
    for _ in 0..2 {
        world.does("alice", |alice| {
            alice.call(
                "user_sendmsg",
                json!({ "peer": "bob", "content": "once", "messageID": "m1" }),
            );
        });
    }
    world.does("bob", |bob| {
        bob.call(
            "user_sendmsg",
            json!({ "peer": "alice", "content": "another's m1", "messageID": "m1" }),
        );
    });
    assert_story!(world);
}

#[test]
fn a_full_inbox_refuses_before_it_acknowledges() {
    let mut settings = Settings::open([7; 32]);
    settings.limits.inbox = 2;
    let mut world = World::with_settings(settings);
    world.sign_in("alice", Generation::V14);
    world.forget();
    for n in 0..3 {
        world.does("alice", |alice| {
            alice.message("bob", &format!("message {n}"))
        });
    }
    world.sign_in("bob", Generation::V14);
    assert_story!(world);
}

#[test]
fn what_is_too_large_or_has_the_wrong_form_is_told_so() {
    let mut world = World::with(&["alice"]);
    let large = "x".repeat(8193);
    world.does("alice", |alice| alice.message("bob", &large));
    world.does("alice", |alice| alice.message("b ob", "hello"));
    world.does("alice", |alice| alice.message(&"b".repeat(129), "hello"));
    world.does("alice", |alice| {
        alice.call("user_sendmsg", json!({ "peer": "bob" }))
    });
    world.does("alice", |alice| {
        alice.call("user_sendmsg", json!({ "peer": "bob", "content": {} }))
    });
    world.does("alice", |alice| {
        alice.call(
            "user_sendmsg",
            json!({ "peer": "bob", "content": "x", "t": "voip_invite" }),
        );
    });
    world.does("alice", |alice| alice.call("user_teleport", json!({})));
    world.does("alice", |alice| {
        alice.call("user_ext_call", json!({ "package": "shop", "func": "buy" }))
    });
    assert_story!(world);
}

/// Protocol page, section 13: older clients send names that are numbers as numbers.
#[test]
fn an_account_that_is_a_number_is_taken_as_its_text() {
    let mut world = World::with(&["alice", "4711"]);
    world.does("alice", |alice| {
        alice.call("user_sendmsg", json!({ "peer": 4711, "content": "hello" }));
    });
    assert_story!(world);
}

/// What is over must not keep an inbox full, whatever else waits there for longer.
#[test]
fn a_full_inbox_has_room_again_when_messages_are_over() {
    let mut settings = Settings::open([7; 32]);
    settings.limits.inbox = 3;
    let mut world = World::with_settings(settings);
    world.sign_in("alice", Generation::V14);
    for seconds in [2_592_000, 60, 60] {
        world.does("alice", |alice| {
            let flag = format!("v1:E:{seconds}");
            alice.call(
                "user_sendmsg",
                json!({ "peer": "bob", "content": "hello", "flag": flag }),
            );
        });
    }
    world.advance(Duration::from_secs(62));
    world.does("alice", |alice| alice.message("bob", "room?"));
    assert_eq!(world.count("alice", "user_sendmsg failed"), 0);
    assert_eq!(world.stats().inbox_messages, 2);
}

#[test]
fn nobody_s_messages_wait_for_longer_than_30_days() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| {
        let args = json!({ "peer": "bob", "content": "hello", "flag": "v1:E:99999999" });
        alice.call("user_sendmsg", args);
    });
    let kept = world.store.snapshot().messages;
    assert_eq!(kept.first().map(|message| message.ttl_s), Some(2_592_000));
}

#[test]
fn one_sender_cannot_take_all_the_room() {
    let mut world = World::with(&["alice", "carol"]);
    let large = "x".repeat(8192);
    world.does("alice", |alice| {
        (0..8000).for_each(|n| alice.message(&format!("nobody{n}"), &large));
    });
    assert!(
        world.count(
            "alice",
            "user_sendmsg failed: too many of your messages wait"
        ) > 0
    );
    world.does("carol", |carol| carol.message("bob", "mine"));
    assert_eq!(world.count("carol", "user_sendmsg failed"), 0);
}

#[test]
fn a_poll_asks_for_so_many_and_no_more() {
    let mut world = World::with(&["alice"]);
    for n in 0..150 {
        world.does("alice", |alice| alice.message("bob", &format!("{n}")));
    }
    world.sign_in_deaf("bob");
    for (max, given) in [(0, 1), (40, 40), (1000, 100)] {
        world.does("bob", |bob| {
            bob.call("user_getmsg", json!({ "ver_clear": 0, "max": max }))
        });
        assert_eq!(world.client("bob").last_page, given, "max {max}");
    }
}

/// Section 6: 1.1.3 learns of a failure from the slot only.
#[test]
fn the_oldest_client_learns_that_a_message_was_refused() {
    let mut world = World::new();
    world.sign_in("old", Generation::V11);
    world.forget();
    let large = "x".repeat(8193);
    world.does("old", |old| old.message("bob", &large));
    assert_story!(world);
}
