//! Typing: who is told that somebody writes, and how often.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::raw::Raw;

const TYPING: &[&str] = &["typing"];

const NOTHING: Vec<Value> = Vec::new();

#[test]
fn a_peer_is_told_once_in_three_seconds() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", TYPING), raw.login("bob", TYPING));
    let to_bob = json!({ "peer": "bob" });
    raw.does(alice, "user_typing", to_bob.clone());
    assert_eq!(
        raw.heard(bob),
        [json!(["notify", ["typing", { "peer": "alice" }]])]
    );
    raw.advance(Duration::from_millis(2999));
    raw.does(alice, "user_typing", to_bob.clone());
    assert_eq!(raw.heard(bob), NOTHING);
    raw.advance(Duration::from_millis(1));
    raw.does(alice, "user_typing", to_bob);
    assert_eq!(raw.heard(bob).len(), 1);
    // Another one is told independently of that.
    let carol = raw.login("carol", TYPING);
    raw.does(alice, "user_typing", json!({ "peer": "carol" }));
    assert_eq!(raw.heard(carol).len(), 1);
    assert_eq!(raw.heard(alice), NOTHING);
}

#[test]
fn whoever_does_not_read_it_or_is_away_is_told_nothing() {
    let mut raw = Raw::new();
    let alice = raw.login("alice", TYPING);
    let old = raw.login("bob", &[]);
    raw.does(alice, "user_typing", json!({ "peer": "bob" }));
    raw.does(alice, "user_typing", json!({ "peer": "nobody" }));
    assert_eq!(raw.heard(old), NOTHING);
    assert_eq!(
        raw.fails(old, "user_typing", json!({ "peer": "alice" })),
        1002
    );
    let nobody = raw.login("nobody", TYPING);
    assert_eq!(raw.polls(nobody), NOTHING, "it is never kept");
}

#[test]
fn members_of_a_channel_are_told_but_not_oneself() {
    let mut raw = Raw::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| raw.login(name, TYPING));
    let old = raw.login("dave", &[]);
    for link in [alice, bob, old] {
        raw.does(link, "channel_join", json!({ "name": "room" }));
    }
    for link in [alice, bob, carol, old] {
        raw.heard(link);
    }
    let in_room = json!({ "name": "room" });
    raw.does(alice, "user_typing", in_room.clone());
    let typing = json!(["typing", { "name": "room", "account": "alice" }]);
    assert_eq!(raw.notified(bob), [typing]);
    for link in [alice, carol, old] {
        assert_eq!(raw.heard(link), NOTHING);
    }
    // To a channel and to a peer are two things; who is not a member has nothing to say there.
    raw.does(alice, "user_typing", json!({ "peer": "bob" }));
    assert_eq!(raw.heard(bob).len(), 1);
    assert_eq!(raw.fails(carol, "user_typing", in_room), 400);
}

#[test]
fn a_busy_channel_is_told_of_some() {
    let mut raw = Raw::new();
    let listener = raw.login("listener", TYPING);
    raw.does(listener, "channel_join", json!({ "name": "room" }));
    for n in 0..30 {
        let link = raw.login(&format!("a{n}"), TYPING);
        raw.does(link, "channel_join", json!({ "name": "room" }));
        raw.does(link, "user_typing", json!({ "name": "room" }));
    }
    let mut heard = raw.notified(listener);
    heard.retain(|push| push[0] == "typing");
    assert_eq!(heard.len(), 20);
}
