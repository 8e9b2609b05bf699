//! Blocking: nothing is heard of whom one blocks, and they are not told so.

use serde_json::{Value, json};

use crate::support::raw::Raw;

const BLOCK: &[&str] = &["block"];
const NOTHING: Vec<Value> = Vec::new();

fn say(peer: &str, text: &str, id: &str) -> Value {
    json!({ "peer": peer, "content": text, "flag": "v1:E:3600", "t": "instant", "messageID": id })
}

#[test]
fn the_whole_list_is_answered_in_order() {
    let mut raw = Raw::new();
    let alice = raw.login("alice", BLOCK);
    let list = |answer: Value| answer["accounts"].clone();
    let block = |names: Value| json!({ "accounts": names });
    let answer = raw.does(alice, "user_block", block(json!(["carol", "bob", "carol"])));
    assert_eq!(list(answer), json!(["bob", "carol"]));
    let answer = raw.does(alice, "user_block", block(json!([])));
    assert_eq!(list(answer), json!(["bob", "carol"]));
    let answer = raw.does(alice, "user_unblock", block(json!(["bob", "dave"])));
    assert_eq!(list(answer), json!(["carol"]));
    let answer = raw.does(alice, "user_unblock", block(json!(["carol"])));
    assert_eq!(list(answer), json!([]));
    assert_eq!(raw.store.snapshot().blocks, []);
    assert_eq!(
        raw.fails(alice, "user_block", block(json!(["alice"]))),
        1004
    );
}

#[test]
fn a_blocked_message_is_answered_as_any_other_and_dropped() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", &[]), raw.login("bob", BLOCK));
    raw.does(alice, "user_sendmsg", say("bob", "before", "m1"));
    raw.does(bob, "user_block", json!({ "accounts": ["alice"] }));
    let before = raw.call(alice, "user_sendmsg", say("bob", "before", "m1"));
    let blocked = raw.call(alice, "user_sendmsg", say("bob", "unheard", "m2"));
    assert_eq!(before, blocked);
    let texts = |msgs: Vec<Value>| -> Vec<String> {
        let lines = msgs.iter().map(|msg| msg[1].as_str().expect("a line"));
        lines
            .map(|line| line.rsplit(' ').next().expect("a word").to_owned())
            .collect()
    };
    assert_eq!(texts(raw.polls(bob)), ["before"]);
    // Once it was taken, it is not delivered later either.
    raw.does(bob, "user_unblock", json!({ "accounts": ["alice"] }));
    raw.does(alice, "user_sendmsg", say("bob", "unheard", "m2"));
    raw.does(alice, "user_sendmsg", say("bob", "after", "m3"));
    assert_eq!(texts(raw.polls(bob)), ["after"]);
}

/// What fails for everybody fails for those who are blocked, or they could tell.
#[test]
fn a_full_inbox_refuses_the_blocked_as_well() {
    let mut settings = callsign::hub::Settings::open([7; 32]);
    settings.limits.inbox = 1;
    let mut raw = Raw::with_settings(settings);
    let (alice, bob) = (raw.login("alice", &[]), raw.login("bob", BLOCK));
    raw.does(bob, "user_block", json!({ "accounts": ["alice"] }));
    raw.does(bob, "user_sendmsg", say("bob", "a note", "n1"));
    assert_eq!(
        raw.fails(alice, "user_sendmsg", say("bob", "hi", "m1")),
        400
    );
}

#[test]
fn an_invitation_of_the_blocked_fails_as_if_one_did_not_want_to_be_disturbed() {
    let mut raw = Raw::new();
    let (alice, bob) = (
        raw.login("alice", &[]),
        raw.login("bob", &["presence", "block"]),
    );
    let invite = json!({ "channelName": "room", "peer": "bob", "extra": "{}" });
    raw.does(bob, "user_block", json!({ "accounts": ["alice"] }));
    let blocked = raw.call(alice, "voip_invite", invite.clone());
    assert_eq!(blocked["code"], 705);
    raw.does(bob, "user_unblock", json!({ "accounts": ["alice"] }));
    raw.does(bob, "presence_set", json!({ "show": "dnd", "text": "" }));
    assert_eq!(raw.call(alice, "voip_invite", invite.clone()), blocked);
    assert_eq!(raw.polls(bob), NOTHING);
    // Away is away for everybody.
    raw.does(bob, "user_block", json!({ "accounts": ["alice"] }));
    raw.close(bob);
    let online_only =
        json!({ "channelName": "room", "peer": "bob", "extra": r#"{"_require_peer_online":1}"# });
    assert_eq!(raw.fails(alice, "voip_invite", online_only), 703);
    assert_eq!(raw.fails(alice, "voip_invite", invite), 705);
}

/// A refused invitation must not end the call that the two are in.
#[test]
fn a_call_goes_on_when_one_does_not_want_to_be_disturbed_any_more() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", &[]), raw.login("bob", &["presence"]));
    let of = |peer: &str| json!({ "channelName": "room", "peer": peer, "extra": "{}" });
    raw.does(alice, "voip_invite", of("bob"));
    raw.polls(bob);
    raw.does(bob, "voip_invite_accept", of("alice"));
    raw.does(bob, "presence_set", json!({ "show": "dnd", "text": "" }));
    assert_eq!(raw.fails(alice, "voip_invite", of("bob")), 705);
    raw.does(alice, "voip_invite_msg", of("bob"));
    assert_eq!(raw.polls(bob).len(), 1);
}

#[test]
fn the_blocked_are_not_seen_typing() {
    let mut raw = Raw::new();
    let caps = &["typing", "block"];
    let (alice, bob) = (raw.login("alice", caps), raw.login("bob", caps));
    raw.does(bob, "user_block", json!({ "accounts": ["alice"] }));
    for link in [alice, bob] {
        raw.does(link, "channel_join", json!({ "name": "room" }));
    }
    raw.heard(bob);
    raw.does(alice, "user_typing", json!({ "peer": "bob" }));
    raw.does(alice, "user_typing", json!({ "name": "room" }));
    assert_eq!(raw.heard(bob), NOTHING);
    // What is said in a channel is for everybody there.
    raw.does(
        alice,
        "channel_sendmsg",
        json!({ "name": "room", "msg": "hi" }),
    );
    assert_eq!(raw.heard(bob).len(), 1);
}

#[test]
fn blocks_survive_a_restart_and_a_logout() {
    let mut raw = Raw::new();
    let bob = raw.login("bob", BLOCK);
    raw.does(bob, "user_block", json!({ "accounts": ["alice", "carol"] }));
    raw.does(bob, "user_unblock", json!({ "accounts": ["carol"] }));
    raw.does(bob, "user_logout", json!({}));
    raw.restart();
    let (alice, carol) = (raw.login("alice", &[]), raw.login("carol", &[]));
    raw.does(alice, "user_sendmsg", say("bob", "unheard", "m1"));
    raw.does(carol, "user_sendmsg", say("bob", "heard", "m1"));
    let bob = raw.login("bob", BLOCK);
    assert_eq!(raw.polls(bob).len(), 1);
    let answer = raw.does(bob, "user_block", json!({ "accounts": [] }));
    assert_eq!(answer["accounts"], json!(["alice"]));
}

#[test]
fn too_many_are_refused_as_a_whole() {
    let mut raw = Raw::new();
    let bob = raw.login("bob", BLOCK);
    for hundred in 0..10 {
        let names: Vec<_> = (0..100).map(|n| format!("a{hundred}-{n}")).collect();
        raw.does(bob, "user_block", json!({ "accounts": names }));
    }
    let args = json!({ "accounts": ["a0-0", "alice"] });
    assert_eq!(raw.fails(bob, "user_block", args), 1005);
    let answer = raw.does(bob, "user_block", json!({ "accounts": ["a0-0"] }));
    assert_eq!(answer["accounts"].as_array().map(Vec::len), Some(1000));
}
