//! Receipts: how a sender learns that a message was delivered and read, here or when they come back.

use std::time::Duration;

use callsign::hub::LinkId;
use serde_json::{Value, json};

use crate::support::raw::Raw;

const RECEIPTS: &[&str] = &["v3", "receipts"];
const RESUMABLE: &[&str] = &["v3", "resume", "receipts"];
const NOTHING: Vec<Value> = Vec::new();

/// Says something under an id of the sender's.
fn say(raw: &mut Raw, from: LinkId, peer: &str, id: &str) {
    let args = json!({ "peer": peer, "content": id, "flag": "v1:E:3600", "t": "instant", "messageID": id });
    raw.does(from, "user_sendmsg", args);
}

fn receipt(peer: &str, ids: &[&str], state: &str) -> Value {
    json!({ "peer": peer, "ids": ids, "state": state })
}

fn push(peer: &str, ids: &[&str], state: &str) -> Value {
    json!(["receipt", receipt(peer, ids, state)])
}

/// The receipts among what an inbox held, each with its source.
fn kept(msgs: &[Value]) -> Vec<(String, Value)> {
    let lines = msgs.iter().map(|msg| msg[1].as_str().expect("a line"));
    let fields = lines.map(|line| line.splitn(8, ' ').collect::<Vec<_>>());
    fields
        .filter(|fields| fields[5] == "receipt")
        .map(|fields| {
            let content = serde_json::from_str(fields[7]).expect("JSON");
            (fields[2].to_owned(), content)
        })
        .collect()
}

#[test]
fn a_sender_learns_what_receivers_of_all_generations_acknowledge() {
    for caps in [RECEIPTS, &[]] {
        let mut raw = Raw::new();
        let (alice, bob) = (raw.login("alice", RECEIPTS), raw.login("bob", caps));
        for id in ["m1", "m2", "m3"] {
            say(&mut raw, alice, "bob", id);
        }
        let page = |ver: u64, max: u64| json!({ "ver_clear": ver, "max": max });
        raw.does(bob, "user_getmsg", page(0, 2));
        assert_eq!(raw.notified(alice), NOTHING, "given is not acknowledged");
        raw.does(bob, "user_getmsg", page(1, 2));
        assert_eq!(raw.notified(alice), [push("bob", &["m1"], "delivered")]);
        raw.does(bob, "user_getmsg", page(3, 2));
        let rest = push("bob", &["m2", "m3"], "delivered");
        assert_eq!(
            raw.notified(alice),
            [rest],
            "one push for one acknowledgement"
        );
        raw.does(bob, "user_getmsg", page(3, 2));
        assert_eq!(raw.notified(alice), NOTHING);
        assert_eq!(raw.notified(bob), NOTHING);
    }
}

#[test]
fn each_sender_learns_of_their_own_messages() {
    let mut raw = Raw::new();
    let (alice, carol) = (raw.login("alice", RECEIPTS), raw.login("carol", RECEIPTS));
    let (old, bob) = (raw.login("dave", &[]), raw.login("bob", RECEIPTS));
    say(&mut raw, alice, "bob", "m1");
    say(&mut raw, carol, "bob", "m1");
    say(&mut raw, old, "bob", "m2");
    say(&mut raw, alice, "bob", "m3");
    raw.polls(bob);
    assert_eq!(
        raw.notified(alice),
        [push("bob", &["m1", "m3"], "delivered")]
    );
    assert_eq!(raw.notified(carol), [push("bob", &["m1"], "delivered")]);
    assert_eq!(raw.heard(old), NOTHING);
}

#[test]
fn many_messages_are_several_receipts() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", RECEIPTS), raw.login("bob", &[]));
    for n in 0..150 {
        say(&mut raw, alice, "bob", &format!("m{n}"));
    }
    for ver in [0, 100] {
        raw.does(bob, "user_getmsg", json!({ "ver_clear": ver, "max": 100 }));
    }
    raw.notified(alice);
    raw.does(bob, "user_getmsg", json!({ "ver_clear": 150, "max": 100 }));
    assert_eq!(raw.notified(alice).len(), 1);
    // Without a page in between, what nobody was given is not delivered.
    for n in 0..150 {
        say(&mut raw, alice, "bob", &format!("n{n}"));
    }
    raw.does(bob, "user_getmsg", json!({ "ver_clear": 150, "max": 10 }));
    raw.does(bob, "user_getmsg", json!({ "ver_clear": 300, "max": 10 }));
    let told = raw.notified(alice);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0][1]["ids"].as_array().map(Vec::len), Some(10));
}

#[test]
fn a_receiver_tells_what_was_read() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", RECEIPTS), raw.login("bob", RECEIPTS));
    let old = raw.login("carol", &[]);
    raw.does(bob, "user_receipt", receipt("alice", &["m1", "m2"], "read"));
    assert_eq!(raw.notified(alice), [push("bob", &["m1", "m2"], "read")]);
    raw.does(bob, "user_receipt", receipt("carol", &["m1"], "read"));
    raw.does(bob, "user_receipt", receipt("nobody", &["m1"], "read"));
    raw.does(bob, "user_receipt", receipt("alice", &[], "read"));
    assert_eq!((raw.heard(old), raw.heard(alice)), (NOTHING, NOTHING));
    assert_eq!(
        raw.fails(old, "user_receipt", receipt("alice", &["m1"], "read")),
        1002
    );
    let wrong = receipt("alice", &["m1"], "eaten");
    assert_eq!(raw.fails(bob, "user_receipt", wrong), 1004);
    let many: Vec<_> = (0..101).map(|n| n.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(
        raw.fails(bob, "user_receipt", receipt("alice", &many, "read")),
        1005
    );
}

#[test]
fn a_sender_who_is_away_finds_receipts_in_the_inbox() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", RECEIPTS), raw.login("bob", RECEIPTS));
    for id in ["m1", "m2"] {
        say(&mut raw, alice, "bob", id);
    }
    raw.close(alice);
    raw.does(bob, "user_getmsg", json!({ "ver_clear": 0, "max": 9 }));
    raw.does(bob, "user_getmsg", json!({ "ver_clear": 1, "max": 9 }));
    raw.does(bob, "user_getmsg", json!({ "ver_clear": 2, "max": 9 }));
    raw.does(bob, "user_receipt", receipt("alice", &["m1"], "read"));
    raw.restart();
    let alice = raw.login("alice", RECEIPTS);
    let found = kept(&raw.polls(alice));
    // What the same receiver said in a row is one message.
    let expected = [
        ("bob".to_owned(), receipt("bob", &["m1", "m2"], "delivered")),
        ("bob".to_owned(), receipt("bob", &["m1"], "read")),
    ];
    assert_eq!(found, expected);
    assert_eq!(raw.polls(alice), NOTHING);
}

/// Receipts are no messages: nobody is told that one was delivered.
#[test]
fn there_are_no_receipts_for_receipts() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", RECEIPTS), raw.login("bob", RECEIPTS));
    say(&mut raw, alice, "bob", "m1");
    raw.close(alice);
    raw.polls(bob);
    let alice = raw.login("alice", RECEIPTS);
    assert_eq!(kept(&raw.polls(alice)).len(), 1);
    assert_eq!(raw.notified(bob), NOTHING);
}

#[test]
fn an_account_whose_last_login_did_not_read_receipts_finds_none() {
    for caps in [&[], &["v3"][..]] {
        let mut raw = Raw::new();
        let (alice, bob) = (raw.login("alice", caps), raw.login("bob", RECEIPTS));
        say(&mut raw, alice, "bob", "m1");
        raw.close(alice);
        raw.polls(bob);
        raw.does(bob, "user_receipt", receipt("alice", &["m1"], "read"));
        assert_eq!(raw.store.inbox_rows(), 1, "how far bob's is acknowledged");
        let alice = raw.login("alice", RECEIPTS);
        assert_eq!(raw.polls(alice), NOTHING);
    }
}

/// An old client breaks on what it does not know, so whatever waited for a newer one goes.
#[test]
fn an_old_client_finds_nothing_that_it_cannot_read() {
    for restarts in [false, true] {
        let mut raw = Raw::new();
        let (alice, bob) = (raw.login("alice", RECEIPTS), raw.login("bob", RECEIPTS));
        say(&mut raw, alice, "bob", "m1");
        raw.close(alice);
        raw.polls(bob);
        say(&mut raw, bob, "alice", "hello");
        let bob = if restarts {
            raw.restart();
            raw.login("bob", RECEIPTS)
        } else {
            bob
        };
        let alice = raw.login("alice", &[]);
        let msgs = raw.polls(alice);
        assert_eq!(msgs.len(), 1);
        let line = msgs[0][1].as_str().expect("a line");
        assert!(
            line.starts_with("msg-v2 bob alice v1:E:3600 instant "),
            "{line}"
        );
        // From now on nothing more comes for it.
        raw.does(bob, "user_receipt", receipt("alice", &["m1"], "read"));
        raw.close(alice);
        raw.does(bob, "user_receipt", receipt("alice", &["m1"], "read"));
        let alice = raw.login("alice", RECEIPTS);
        assert_eq!(raw.polls(alice), NOTHING);
    }
}

#[test]
fn receipts_wait_for_a_month_at_most() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", RECEIPTS), raw.login("bob", RECEIPTS));
    raw.close(alice);
    raw.does(bob, "user_receipt", receipt("alice", &["m1"], "read"));
    raw.advance(Duration::from_secs(31 * 24 * 3600));
    assert_eq!(raw.store.snapshot(), callsign::hub::Snapshot::default());
}

#[test]
fn nothing_is_heard_of_whom_one_blocks() {
    let mut raw = Raw::new();
    let caps = &["v3", "receipts", "block"];
    let (alice, bob) = (raw.login("alice", caps), raw.login("bob", caps));
    // What was in the inbox before is a message like any other; what came after was never delivered.
    say(&mut raw, alice, "bob", "m1");
    raw.does(bob, "user_block", json!({ "accounts": ["alice"] }));
    say(&mut raw, alice, "bob", "m2");
    raw.polls(bob);
    assert_eq!(raw.notified(alice), [push("bob", &["m1"], "delivered")]);
    raw.does(alice, "user_receipt", receipt("bob", &["x"], "read"));
    assert_eq!(raw.notified(bob), NOTHING);
    say(&mut raw, bob, "alice", "n1");
    raw.polls(alice);
    assert_eq!(raw.notified(bob), NOTHING, "not even that it arrived");
    raw.close(bob);
    raw.does(alice, "user_receipt", receipt("bob", &["x"], "read"));
    let bob = raw.login("bob", caps);
    assert_eq!(raw.polls(bob), NOTHING);
}

/// A link may have been dying when it was told, and nobody knows how much of it arrived.
#[test]
fn what_was_told_on_a_dying_link_comes_again_with_the_session() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", RESUMABLE), raw.login("bob", RECEIPTS));
    raw.does(bob, "user_receipt", receipt("alice", &["m0"], "read"));
    for seconds in [60, 61] {
        raw.advance(Duration::from_secs(seconds));
        for link in [alice, bob] {
            assert_eq!(raw.polls(link), NOTHING);
        }
    }
    raw.does(bob, "user_receipt", receipt("alice", &["m1"], "read"));
    raw.close(alice);
    raw.does(bob, "user_receipt", receipt("alice", &["m2"], "read"));
    let back = raw.takes_up(alice);
    assert_eq!(raw.notified(back), [push("bob", &["m1"], "read")]);
    let found = kept(&raw.polls(back));
    assert_eq!(found, [("bob".to_owned(), receipt("bob", &["m2"], "read"))]);
}

#[test]
fn what_was_told_on_a_dying_link_waits_for_the_next_session() {
    for (caps, waits) in [(RESUMABLE, 31), (RESUMABLE, 0), (RECEIPTS, 0)] {
        let mut raw = Raw::new();
        let (alice, bob) = (raw.login("alice", caps), raw.login("bob", RECEIPTS));
        for id in ["m1", "m2"] {
            raw.does(bob, "user_receipt", receipt("alice", &[id], "read"));
        }
        raw.close(alice);
        raw.advance(Duration::from_secs(waits));
        let alice = raw.login("alice", caps);
        assert_eq!(raw.notified(alice), NOTHING);
        let found = kept(&raw.polls(alice));
        assert_eq!(
            found,
            [("bob".to_owned(), receipt("bob", &["m1", "m2"], "read"))]
        );
    }
}

#[test]
fn whoever_logs_out_has_read_everything() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", RECEIPTS), raw.login("bob", RECEIPTS));
    raw.does(bob, "user_receipt", receipt("alice", &["m1"], "read"));
    raw.does(alice, "user_logout", json!({}));
    let alice = raw.login("alice", RECEIPTS);
    assert_eq!(raw.polls(alice), NOTHING);
}
