//! A server that stops in order, and another process that takes over.

use std::time::Duration;

use callsign::hub::{AttrOwner, Stats, StoreOp};
use serde_json::json;

use crate::assert_story;
use crate::support::{Generation, Store, World};

/// Protocol page, section 11: 1.4.0 comes back by itself after a plain close; the others need `close` to learn of it.
#[test]
fn an_orderly_stop_tells_each_client_what_it_needs() {
    let mut world = World::with(&["alice"]);
    world.sign_in("bob", Generation::V13);
    world.sign_in("carol", Generation::V12);
    world.sign_in("dave", Generation::Py);
    world.forget();
    world.drain();
    assert_story!(world);
}

#[test]
fn messages_attributes_and_ids_come_back_and_calls_do_not() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| {
        alice.call(
            "user_sendmsg",
            json!({ "peer": "bob", "content": "kept", "messageID": "m1" }),
        );
    });
    world.does("alice", |alice| {
        alice.call("user_set_attr", json!({ "name": "colour", "value": "red" }))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "topic", json!("ships"))
    });
    world.does("alice", |alice| alice.invite("room", "bob", "{}"));
    world.restart();
    world.advance(Duration::from_secs(1));
    world.forget();
    world.sign_in("alice", Generation::V14);
    world.does("alice", |alice| {
        alice.call(
            "user_sendmsg",
            json!({ "peer": "bob", "content": "twice?", "messageID": "m1" }),
        );
    });
    world.sign_in("bob", Generation::V14);
    world.does("bob", |bob| bob.join("room"));
    world.does("bob", |bob| {
        bob.call(
            "user_get_attr",
            json!({ "account": "alice", "name": "colour" }),
        )
    });
    world.advance(Duration::from_secs(30));
    assert_story!(world);
}

#[test]
fn times_to_live_go_on_while_the_server_is_down() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.message("bob", "an hour"));
    world.does("alice", |alice| {
        alice.set_attr("room", "topic", json!("two hours"))
    });
    world.cut("alice");
    let kept = world.store.snapshot();
    world.advance(Duration::from_secs(2 * 3600));
    world.store = Store::default();
    world.restart_with(kept);
    assert_eq!(world.stats(), Stats::default());
    let forgotten = |op: &StoreOp| {
        matches!(
            op,
            StoreOp::ClearAttrs {
                owner: AttrOwner::Channel(..)
            }
        )
    };
    assert!(
        world.ops.iter().any(forgotten),
        "what is over is forgotten by the store, too"
    );
}

/// The counter of channel events rises over restarts, or a client that stays would go deaf.
#[test]
fn numbers_of_channel_events_rise_over_restarts() {
    let mut world = World::with(&["alice"]);
    let mut last = 0;
    for _ in 0..3 {
        world.does("alice", |alice| alice.join("room"));
        for n in 0..50 {
            world.does("alice", |alice| alice.say(&format!("{n}")));
        }
        let msgid = world.client("alice").last_msgid();
        assert!(msgid > last, "{msgid} after {last}");
        last = msgid;
        world.advance(Duration::from_millis(100));
        world.restart();
        world.sign_in("alice", Generation::V14);
    }
}

#[test]
fn an_attribute_stays_while_somebody_is_in_the_channel() {
    let mut world = World::with(&["alice", "carol"]);
    world.does("carol", |carol| carol.set_attr("room", "topic", json!("a")));
    world.does("carol", |carol| {
        carol.call(
            "channel_del_attr",
            json!({ "channel": "room", "name": "topic" }),
        )
    });
    world.does("alice", |alice| alice.join("room"));
    world.does("alice", |alice| {
        alice.set_attr("room", "topic", json!("ships"))
    });
    world.advance(Duration::from_secs(3 * 3600));
    world.restart();
    world.sign_in("bob", Generation::V14);
    world.does("bob", |bob| bob.join("room"));
    assert!(world.last("bob", "onChannelAttrUpdated(topic").is_some());
}

#[test]
fn an_acknowledged_message_does_not_come_back() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.message("bob", "once"));
    world.advance(Duration::from_secs(2));
    world.does("alice", |alice| alice.message("bob", "again"));
    world.restart();
    world.sign_in("bob", Generation::V14);
    assert_eq!(world.count("bob", "onMessageInstantReceive"), 1);
    assert!(
        world
            .last("bob", "onMessage")
            .is_some_and(|line| line.contains("again"))
    );
}

#[test]
fn nothing_is_left_of_an_inbox_that_nobody_needs() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.message("bob", "once"));
    world.advance(Duration::from_secs(2));
    assert_eq!(world.store.inbox_rows(), 1, "how far it is acknowledged");
    world.does("bob", |bob| bob.call("user_logout", json!({})));
    assert_eq!(world.store.inbox_rows(), 0);
    // Versions begin anew, and nothing of before is in their way.
    world.does("alice", |alice| alice.message("bob", "twice"));
    world.restart();
    world.sign_in("bob", Generation::V14);
    assert!(
        world
            .last("bob", "onMessage")
            .is_some_and(|line| line.contains("twice"))
    );
}
