//! Messages from one user to another (section 8).

use serde_json::json;

use crate::peer::{Peer, Sdk};
use crate::server::Server;

const PAIRS: [(Sdk, Sdk); 3] = [
    (Sdk::Web, Sdk::Web),
    (Sdk::Web, Sdk::Python),
    (Sdk::Python, Sdk::Web),
];

fn pass_both_ways(left: Sdk, right: Sdk) {
    let server = Server::start();
    let mut alice = Peer::signed_in(left, &server, "alice");
    let mut bob = Peer::signed_in(right, &server, "bob");
    let longest = "x".repeat(8192);
    for text in [
        "hello bob",
        " spaces  within and at the ends ",
        "{\"json\": [1, \"two\"]}",
        "line\nbreak\ttab \\ \"quotes\" \u{1}",
        "你好 👋🏽 naïve",
        "",
        &longest,
    ] {
        alice.message("bob", text);
        bob.expect_message("alice", text);
        bob.message("alice", text);
        alice.expect_message("bob", text);
    }
}

#[test]
fn messages_pass_both_ways_between_web_and_web() {
    pass_both_ways(Sdk::Web, Sdk::Web);
}

#[test]
fn messages_pass_both_ways_between_web_and_python() {
    pass_both_ways(Sdk::Web, Sdk::Python);
}

#[test]
fn two_hundred_messages_come_in_order_each_once() {
    for (from, to) in PAIRS {
        let server = Server::start();
        let mut alice = Peer::signed_in(from, &server, "alice");
        let mut bob = Peer::signed_in(to, &server, "bob");
        let sent: Vec<u64> = (0..200)
            .map(|n| {
                alice.send(
                    "message",
                    json!({"peer": "bob", "text": format!("message {n}")}),
                )
            })
            .collect();
        for command in sent {
            assert_eq!(alice.callback(command), json!([false]));
        }
        for n in 0..200 {
            bob.expect_message("alice", &format!("message {n}"));
        }
        bob.settle();
        bob.expect_no_more("onMessageInstantReceive");
    }
}

/// More than two pages: an SDK asks for 30 at a time, and the Python one goes on only if it is told to.
fn stored_messages_are_delivered_at_login(sdk: Sdk) {
    let server = Server::start();
    let mut alice = Peer::signed_in(Sdk::Web, &server, "alice");
    for n in 0..75 {
        alice.message("bob", &format!("stored {n}"));
    }
    let mut bob = Peer::signed_in(sdk, &server, "bob");
    for n in 0..75 {
        bob.expect_message("alice", &format!("stored {n}"));
    }
    alice.message("bob", "and a live one");
    bob.expect_message("alice", "and a live one");
    bob.settle();
    bob.expect_no_more("onMessageInstantReceive");
}

#[test]
fn seventy_five_stored_messages_are_delivered_at_login_to_web() {
    stored_messages_are_delivered_at_login(Sdk::Web);
}

#[test]
fn seventy_five_stored_messages_are_delivered_at_login_to_python() {
    stored_messages_are_delivered_at_login(Sdk::Python);
}

#[test]
fn a_message_to_oneself_comes_back() {
    for sdk in [Sdk::Web, Sdk::Python] {
        let server = Server::start();
        let mut alice = Peer::signed_in(sdk, &server, "alice");
        alice.message("alice", "note to self");
        alice.expect_message("alice", "note to self");
        alice.settle();
        alice.expect_no_more("onMessageInstantReceive");
    }
}

#[test]
fn too_long_a_message_fails_and_is_not_delivered() {
    for sdk in [Sdk::Web, Sdk::Python] {
        let server = Server::start();
        let mut alice = Peer::signed_in(sdk, &server, "alice");
        let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
        let failed = alice.ask("message", json!({"peer": "bob", "text": "x".repeat(8193)}));
        assert_eq!(failed, json!([true]));
        alice.message("bob", "short");
        bob.expect_message("alice", "short");
        bob.settle();
        bob.expect_no_more("onMessageInstantReceive");
    }
}
