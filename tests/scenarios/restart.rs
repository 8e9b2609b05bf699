//! A server that stops in order, and another process that takes over.

use std::time::Duration;

use callsign::hub::{AttrOwner, Settings, Snapshot, StoreOp};
use serde_json::json;

use crate::assert_story;
use crate::support::{Generation, World};

/// What a store would give back for these ops, which have no deletions among them.
fn kept(ops: &[StoreOp]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for op in ops.iter().cloned() {
        match op {
            StoreOp::PutMessage(message) => snapshot.messages.push(message),
            StoreOp::SetAttr { owner, name, value } => snapshot.attrs.push((owner, name, value)),
            StoreOp::PutSentId {
                app,
                sender,
                id,
                forget_at_ms,
            } => {
                snapshot.sent_ids.push((app, sender, id, forget_at_ms));
            }
            StoreOp::AckInbox { .. }
            | StoreOp::DropInbox { .. }
            | StoreOp::DropMessages { .. }
            | StoreOp::DelAttr { .. }
            | StoreOp::ClearAttrs { .. }
            | StoreOp::ChannelEmptied { .. } => {}
        }
    }
    snapshot
}

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
    let snapshot = kept(&world.ops);
    world.restart(Settings::open([8; 32]), snapshot);
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
    let mut snapshot = kept(&world.ops);
    for op in &world.ops {
        if let StoreOp::ChannelEmptied {
            app,
            name,
            since_ms: Some(since_ms),
        } = op
        {
            snapshot
                .emptied
                .push((app.clone(), name.clone(), *since_ms));
        }
    }
    world.ops.clear();
    world.cut("alice");
    world.advance(Duration::from_secs(2 * 3600));
    world.ops.clear();
    world.restart(Settings::open([8; 32]), snapshot);
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
    world.sign_in("bob", Generation::V14);
    world.does("bob", |bob| bob.join("room"));
    assert_eq!(
        world.count("bob", "onMessage") + world.count("bob", "onChannelAttr"),
        0
    );
}

/// The counter of channel events rises over restarts, or a client that stays would go deaf.
#[test]
fn channel_events_are_heard_after_a_restart() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.join("room"));
    for n in 0..50 {
        world.does("alice", |alice| alice.say(&format!("{n}")));
    }
    world.advance(Duration::from_millis(100));
    world.restart(Settings::open([8; 32]), Snapshot::default());
    world.sign_in("bob", Generation::V14);
    world.does("bob", |bob| bob.join("room"));
    world.does("bob", |bob| bob.say("heard"));
    assert_eq!(world.count("bob", "onMessageChannelReceive"), 1);
}
