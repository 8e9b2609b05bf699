//! Channels: who is there, what is said, what is written on the wall (section 9).

use serde_json::{Value, json};

use crate::peer::{Peer, Sdk};
use crate::server::Server;

const PAIRS: [(Sdk, Sdk); 3] = [
    (Sdk::Web, Sdk::Web),
    (Sdk::Web, Sdk::Python),
    (Sdk::Python, Sdk::Web),
];

fn on(channel: u64) -> String {
    format!("channel {channel}")
}

fn expect_attribute(peer: &Peer, channel: u64, name: &str, value: Value, kind: &str) {
    peer.expect(
        &on(channel),
        "onChannelAttrUpdated",
        json!([name, value, kind]),
    );
}

/// The web SDK's callback says when it is done; the Python SDK has none here.
fn set(peer: &mut Peer, channel: u64, name: &str, value: Value) {
    peer.send(
        "set_attr",
        json!({"on": channel, "name": name, "value": value}),
    );
}

#[test]
fn a_joiner_gets_list_and_attributes_and_the_others_hear_of_it() {
    for (first, second) in PAIRS {
        let server = Server::start();
        let mut alice = Peer::signed_in(first, &server, "alice");
        let (at_alice, list) = alice.join("a room");
        let alice_uid = list[0][1].clone();
        assert_eq!(list, json!([["alice", alice_uid]]));
        set(&mut alice, at_alice, "topic", json!("tea"));
        expect_attribute(&alice, at_alice, "topic", json!("tea"), "update");

        let mut bob = Peer::signed_in(second, &server, "bob");
        let (at_bob, list) = bob.join("a room");
        let bob_uid = list[1][1].clone();
        assert_eq!(list, json!([["alice", alice_uid], ["bob", bob_uid]]));
        assert!(bob_uid.as_u64().is_some_and(|uid| uid != 0));
        expect_attribute(&bob, at_bob, "topic", json!("tea"), "update");
        alice.expect(
            &on(at_alice),
            "onChannelUserJoined",
            json!(["bob", bob_uid]),
        );

        bob.run("leave", json!({"on": at_bob}));
        let reason = match second {
            Sdk::Web => 0,
            Sdk::Python => 602,
        };
        bob.expect(&on(at_bob), "onChannelLeaved", json!([reason]));
        alice.expect(
            &on(at_alice),
            "onChannelUserLeaved",
            json!(["bob", bob_uid]),
        );
        // Nobody hears of his own coming and going.
        alice.settle();
        bob.settle();
        for peer in [&alice, &bob] {
            peer.expect_no_more("onChannelUserJoined");
            peer.expect_no_more("onChannelUserLeaved");
            peer.expect_no_more("onChannelAttrUpdated");
        }
    }
}

#[test]
fn what_is_said_reaches_all_members_and_the_speaker_in_order() {
    for (first, second) in PAIRS {
        let server = Server::start();
        let mut alice = Peer::signed_in(first, &server, "alice");
        let mut bob = Peer::signed_in(second, &server, "bob");
        let mut carol = Peer::signed_in(Sdk::Web, &server, "carol");
        let (at_alice, list) = alice.join("room");
        let (at_bob, _) = bob.join("room");
        carol.join("another room");
        // Under the 60 a second that a user may say.
        for n in 0..40 {
            alice.send(
                "broadcast",
                json!({"on": at_alice, "text": format!("line {n}\n\"quoted\" 你好")}),
            );
        }
        for n in 0..40 {
            let said = json!(["alice", list[0][1], format!("line {n}\n\"quoted\" 你好")]);
            alice.expect(&on(at_alice), "onMessageChannelReceive", said.clone());
            bob.expect(&on(at_bob), "onMessageChannelReceive", said);
        }
        carol.settle();
        carol.expect_no_more("onMessageChannelReceive");
    }
}

#[test]
fn who_is_not_a_member_may_speak_by_force() {
    let server = Server::start();
    let mut alice = Peer::signed_in(Sdk::Python, &server, "alice");
    let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
    let (at_bob, _) = bob.join("room");
    let answer = alice.ask(
        "force_send",
        json!({"channel": "room", "text": "from outside"}),
    );
    assert_eq!(answer[0], "");
    let said = bob.next("onMessageChannelReceive");
    assert_eq!(
        (said.of, &said.args[0], &said.args[2]),
        (on(at_bob), &json!("alice"), &json!("from outside"))
    );

    let (error, answer) = alice.invoke(
        "channel_sendmsg",
        json!({"name": "room", "msg": "without force"}),
    );
    assert_ne!((error, answer["result"].clone()), (json!(""), json!("ok")));
    bob.settle();
    bob.expect_no_more("onMessageChannelReceive");
}

#[test]
fn attributes_are_set_deleted_and_cleared_before_all_eyes() {
    for (first, second) in PAIRS {
        let server = Server::start();
        let mut alice = Peer::signed_in(first, &server, "alice");
        let mut bob = Peer::signed_in(second, &server, "bob");
        let (at_alice, _) = alice.join("room");
        let (at_bob, _) = bob.join("room");
        let both_see = |alice: &Peer, bob: &Peer, name: &str, value: Value, kind: &str| {
            expect_attribute(alice, at_alice, name, value.clone(), kind);
            expect_attribute(bob, at_bob, name, value, kind);
        };

        for (name, value) in [
            ("text", json!("tea \"time\"")),
            ("number", json!(30)),
            ("object", json!({"a": [1]})),
        ] {
            set(&mut alice, at_alice, name, value.clone());
            both_see(&alice, &bob, name, value, "update");
        }
        set(&mut bob, at_bob, "text", json!("coffee"));
        both_see(&alice, &bob, "text", json!("coffee"), "update");

        alice.run("del_attr", json!({"on": at_alice, "name": "text"}));
        both_see(&alice, &bob, "text", json!(""), "del");

        bob.run("clear_attr", json!({"on": at_bob}));
        both_see(&alice, &bob, "", json!(""), "clear");

        let mut carol = Peer::signed_in(Sdk::Web, &server, "carol");
        carol.join("room");
        carol.settle();
        carol.expect_no_more("onChannelAttrUpdated");
    }
}

#[test]
fn joining_another_channel_leaves_the_first() {
    for sdk in [Sdk::Web, Sdk::Python] {
        let server = Server::start();
        let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
        let mut alice = Peer::signed_in(sdk, &server, "alice");
        let (at_bob, _) = bob.join("first");
        alice.join("first");
        bob.next("onChannelUserJoined");
        let (there, list) = alice.join("second");
        assert_eq!(list[0][0], "alice");
        let left = bob.next("onChannelUserLeaved");
        assert_eq!((left.of, &left.args[0]), (on(at_bob), &json!("alice")));

        bob.ask("broadcast", json!({"on": at_bob, "text": "alone"}));
        alice.send("broadcast", json!({"on": there, "text": "here"}));
        let heard = alice.next("onMessageChannelReceive");
        assert_eq!(heard.args[2], "here");
        alice.expect_no_more("onMessageChannelReceive");
    }
}
