//! What is left of a call to somebody who was away (protocol page, section 18): a record, for clients that read it.

use std::time::Duration;

use callsign::hub::LinkId;
use callsign::protocol::limits;
use serde_json::{Value, json};

use crate::support::raw::Raw;

const V3: &[&str] = &["v3", "resume"];

fn calls(raw: &mut Raw, from: LinkId, peer: &str) {
    let args = json!({ "channelName": "room", "peer": peer, "extra": r#"{"srcNum":"+1"}"# });
    raw.does(from, "voip_invite", args);
}

/// The type, the source and the content of everything that waits in an inbox.
fn inbox(raw: &mut Raw, link: LinkId) -> Vec<(String, String, Value)> {
    let msgs = raw.polls(link);
    let lines = msgs.iter().map(|msg| msg[1].as_str().expect("a line"));
    lines
        .map(|line| {
            let fields: Vec<_> = line.splitn(8, ' ').collect();
            assert_eq!(fields[0], "msg-v3", "{line}");
            let content = serde_json::from_str(fields[7]).expect("JSON");
            (fields[5].to_owned(), fields[2].to_owned(), content)
        })
        .collect()
}

fn record() -> (String, String, Value) {
    let mut raw = Raw::new();
    let alice = raw.login("alice", &[]);
    let uid = raw.does(alice, "channel_join", json!({ "name": "room" }))["list"][0][1].clone();
    let content = json!({
        "channel": "room", "peer": "alice", "peeruid": uid, "extra": r#"{"srcNum":"+1"}"#,
    });
    ("missed_call".to_owned(), "alice".to_owned(), content)
}

/// Signed in once, and gone for longer than a session waits.
fn was_here(raw: &mut Raw, account: &str, caps: &[&str]) {
    let link = raw.login(account, caps);
    raw.close(link);
    raw.advance(limits::RESUME_KEPT + Duration::from_secs(1));
}

#[test]
fn a_call_that_timed_out_while_one_was_away_leaves_a_record() {
    let mut raw = Raw::new();
    was_here(&mut raw, "bob", V3);
    let alice = raw.login("alice", &[]);
    calls(&mut raw, alice, "bob");
    raw.advance(limits::INVITE_TIMEOUT + Duration::from_secs(1));
    let bob = raw.login("bob", V3);
    assert_eq!(inbox(&mut raw, bob), [record()]);
    assert_eq!(inbox(&mut raw, bob), [], "once");
}

#[test]
fn a_call_that_was_withdrawn_while_one_was_away_leaves_a_record_over_restarts() {
    let mut raw = Raw::new();
    was_here(&mut raw, "bob", V3);
    let alice = raw.login("alice", V3);
    calls(&mut raw, alice, "bob");
    let args =
        json!({ "channelName": "room", "peer": "bob", "extra": r#"{"reason":"cancelled"}"# });
    raw.does(alice, "voip_invite_bye", args);
    raw.restart();
    let bob = raw.login("bob", V3);
    assert_eq!(inbox(&mut raw, bob), [record()]);
}

#[test]
fn a_caller_who_goes_away_leaves_a_record() {
    let mut raw = Raw::new();
    was_here(&mut raw, "bob", V3);
    let alice = raw.login("alice", &[]);
    calls(&mut raw, alice, "bob");
    raw.does(alice, "user_logout", json!({}));
    let bob = raw.login("bob", V3);
    assert_eq!(inbox(&mut raw, bob), [record()]);
}

#[test]
fn a_call_that_was_seen_leaves_none() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", &[]), raw.login("bob", V3));
    calls(&mut raw, alice, "bob");
    let kinds = |raw: &mut Raw| {
        let inbox = inbox(raw, bob).into_iter();
        inbox.map(|(kind, ..)| kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&mut raw), ["voip_invite"]);
    raw.advance(limits::INVITE_TIMEOUT + Duration::from_secs(1));
    assert_eq!(kinds(&mut raw), ["voip_invite_bye"]);
}

/// An old client breaks on a kind that it does not know.
#[test]
fn old_clients_are_left_nothing() {
    for (before, after) in [(&[][..], &[][..]), (V3, &[])] {
        let mut raw = Raw::new();
        was_here(&mut raw, "bob", before);
        let alice = raw.login("alice", &[]);
        calls(&mut raw, alice, "bob");
        raw.advance(limits::INVITE_TIMEOUT + Duration::from_secs(1));
        let bob = raw.login("bob", after);
        assert_eq!(raw.polls(bob), Vec::<Value>::new());
    }
}
