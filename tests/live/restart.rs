//! What a restart leaves (sections 11 and 20): SDK 1.4.0 comes back by itself and finds what was acknowledged.

use std::time::Duration;

use serde_json::json;

use crate::peer::{Peer, Sdk};
use crate::server::Server;

/// The SDK tries 10 times, with up to 2 s between.
const COMES_BACK: Duration = Duration::from_secs(30);

#[test]
fn after_an_orderly_restart_web_comes_back_by_itself() {
    let mut server = Server::to_be_restarted("");
    let mut alice = Peer::signed_in(Sdk::Web, &server, "alice");
    let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
    let mut carol = Peer::signed_in(Sdk::Python, &server, "carol");
    let (at_alice, _) = alice.join("room");
    bob.join("room");
    carol.join("room");
    alice.ask(
        "set_attr",
        json!({"on": at_alice, "name": "topic", "value": "tea"}),
    );

    let status = server.terminate();
    assert!(status.success(), "{status}");
    server.restart();

    for peer in [&mut alice, &mut bob] {
        peer.next_within("onLoginSuccess", COMES_BACK);
        peer.expect_no_more("onLogout");
        assert_eq!(peer.run("status", json!({})), 2);
    }
    // This one has no way back, and no callback for it.
    while carol.next("state").args != json!([3]) {}

    alice.message("bob", "after");
    bob.expect_message("alice", "after");
    // Nobody is in the room until he joins it again; what is written there stayed.
    let (at_bob, list) = bob.join("room");
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    bob.expect(
        &format!("channel {at_bob}"),
        "onChannelAttrUpdated",
        json!(["topic", "tea", "update"]),
    );
    let (at_alice, _) = alice.join("room");
    alice.ask("broadcast", json!({"on": at_alice, "text": "all here"}));
    assert_eq!(bob.next("onMessageChannelReceive").args[2], "all here");
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let mut server = Server::to_be_restarted("");
    let mut alice = Peer::signed_in(Sdk::Web, &server, "alice");
    let (at_alice, _) = alice.join("room");
    for n in 0..40 {
        alice.message("bob", &format!("stored {n}"));
    }
    alice.ask(
        "set_attr",
        json!({"on": at_alice, "name": "topic", "value": "tea"}),
    );
    alice.query("user_set_attr", json!({"name": "mood", "value": "fine"}));
    server.kill9();
    server.restart();

    let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
    for n in 0..40 {
        bob.expect_message("alice", &format!("stored {n}"));
    }
    let (at_bob, _) = bob.join("room");
    bob.expect(
        &format!("channel {at_bob}"),
        "onChannelAttrUpdated",
        json!(["topic", "tea", "update"]),
    );
    let mood = bob.query("user_get_attr", json!({"account": "alice", "name": "mood"}));
    assert_eq!(mood["value"], "fine");

    alice.next_within("onLoginSuccess", COMES_BACK);
    alice.message("bob", "and on it goes");
    bob.expect_message("alice", "and on it goes");
    bob.settle();
    bob.expect_no_more("onMessageInstantReceive");
}
