//! Invitations, from the first ring to the end of the call (section 10).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::peer::{Peer, Sdk};
use crate::server::Server;

const PAIRS: [(Sdk, Sdk); 3] = [
    (Sdk::Web, Sdk::Web),
    (Sdk::Web, Sdk::Python),
    (Sdk::Python, Sdk::Web),
];

const EXTRA: &str = r#"{"srcNum":"+123456789","destMediaUid":123}"#;

/// What reaches the other side: the Python SDK sends the invitation's extra, whatever it is given.
fn sent_extra(sdk: Sdk, extra: &'static str) -> &'static str {
    match sdk {
        Sdk::Web => extra,
        Sdk::Python => EXTRA,
    }
}

/// Invites, and the callee's device has it: the numbers of the call on both sides.
fn ring(caller: &mut Peer, caller_sdk: Sdk, callee: &Peer) -> (String, String) {
    let invitation = json!({"channel": "room", "peer": callee.account(), "extra": EXTRA});
    let dialled = caller.run("invite", invitation);
    let received = callee.next("onInviteReceived").args;
    let rung = received[0].clone();
    assert_eq!(received, json!([rung, "room", caller.account(), EXTRA]));
    let at_caller = format!("call {dialled}");
    let nothing_added = match caller_sdk {
        Sdk::Web => json!([""]),
        Sdk::Python => json!([]),
    };
    caller.expect(&at_caller, "onInviteReceivedByPeer", nothing_added);
    (at_caller, format!("call {rung}"))
}

fn act(peer: &mut Peer, op: &str, call: &str, mut fields: Value) {
    let number = call.trim_start_matches("call ");
    fields["on"] = json!(number.parse::<u64>().expect("a call's number"));
    peer.run(op, fields);
}

fn expect_digits(peer: &Peer, call: &str, digits: &str) {
    let event = peer.next("onInviteMsg");
    let extra = event.args[0].as_str().expect("a text");
    let extra: Value = serde_json::from_str(extra).expect("JSON");
    assert_eq!(
        (event.of.as_str(), extra),
        (call, json!({"msgtype": "dtmf", "msgdata": digits}))
    );
}

fn no_more_of_the_call(peers: [&mut Peer; 2]) {
    for peer in peers {
        peer.settle();
        for name in [
            "onInviteReceived",
            "onInviteReceivedByPeer",
            "onInviteAcceptedByPeer",
            "onInviteRefusedByPeer",
            "onInviteFailed",
            "onInviteEndByPeer",
            "onInviteEndByMyself",
            "onInviteMsg",
        ] {
            peer.expect_no_more(name);
        }
    }
}

/// Twice, since a second call of the same two in the same channel is a call of its own.
fn a_call_from_ring_to_end(caller_sdk: Sdk, callee_sdk: Sdk) {
    let server = Server::start();
    let mut alice = Peer::signed_in(caller_sdk, &server, "alice");
    let mut bob = Peer::signed_in(callee_sdk, &server, "bob");
    for caller_ends in [true, false] {
        let (at_alice, at_bob) = ring(&mut alice, caller_sdk, &bob);

        act(
            &mut bob,
            "accept",
            &at_bob,
            json!({"extra": r#"{"yes":1}"#}),
        );
        let accepted = sent_extra(callee_sdk, r#"{"yes":1}"#);
        alice.expect(&at_alice, "onInviteAcceptedByPeer", json!([accepted]));

        act(&mut alice, "dtmf", &at_alice, json!({"digits": "12#"}));
        expect_digits(&bob, &at_bob, "12#");
        act(&mut bob, "dtmf", &at_bob, json!({"digits": "*0"}));
        expect_digits(&alice, &at_alice, "*0");

        let (ender, ender_sdk, its_call, other, others_call) = if caller_ends {
            (&mut alice, caller_sdk, &at_alice, &bob, &at_bob)
        } else {
            (&mut bob, callee_sdk, &at_bob, &alice, &at_alice)
        };
        act(ender, "end", its_call, json!({"extra": ""}));
        ender.expect(its_call, "onInviteEndByMyself", json!([""]));
        other.expect(
            others_call,
            "onInviteEndByPeer",
            json!([sent_extra(ender_sdk, "")]),
        );
        no_more_of_the_call([&mut alice, &mut bob]);
    }
}

#[test]
fn web_calls_web() {
    a_call_from_ring_to_end(Sdk::Web, Sdk::Web);
}

#[test]
fn web_calls_python() {
    a_call_from_ring_to_end(Sdk::Web, Sdk::Python);
}

#[test]
fn python_calls_web() {
    a_call_from_ring_to_end(Sdk::Python, Sdk::Web);
}

#[test]
fn a_call_can_be_refused() {
    for (caller_sdk, callee_sdk) in PAIRS {
        let server = Server::start();
        let mut alice = Peer::signed_in(caller_sdk, &server, "alice");
        let mut bob = Peer::signed_in(callee_sdk, &server, "bob");
        let (at_alice, at_bob) = ring(&mut alice, caller_sdk, &bob);
        act(
            &mut bob,
            "refuse",
            &at_bob,
            json!({"extra": r#"{"busy":1}"#}),
        );
        let refused = sent_extra(callee_sdk, r#"{"busy":1}"#);
        alice.expect(&at_alice, "onInviteRefusedByPeer", json!([refused]));
        no_more_of_the_call([&mut alice, &mut bob]);
    }
}

#[test]
fn a_call_that_requires_the_peer_online_fails_at_once() {
    for sdk in [Sdk::Web, Sdk::Python] {
        let server = Server::start();
        let mut alice = Peer::signed_in(sdk, &server, "alice");
        let asked = Instant::now();
        alice.run(
            "invite",
            json!({"channel": "room", "peer": "bob", "extra": r#"{"_require_peer_online":1}"#}),
        );
        let failed = alice.next("onInviteFailed").args;
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "{:?}",
            asked.elapsed()
        );
        match sdk {
            Sdk::Web => assert!(
                failed[0]
                    .as_str()
                    .is_some_and(|why| why.contains("offline")),
                "{failed}"
            ),
            Sdk::Python => assert_eq!(failed, json!([700])),
        }
        nothing_is_left_for_bob(&server, &mut alice);
    }
}

/// Nobody rings for a call that is over: bob gets what was sent after it, and nothing of it.
fn nothing_is_left_for_bob(server: &Server, alice: &mut Peer) {
    alice.message("bob", "you missed me");
    let mut bob = Peer::signed_in(Sdk::Web, server, "bob");
    bob.expect_message("alice", "you missed me");
    no_more_of_the_call([alice, &mut bob]);
}

#[test]
fn a_call_waits_for_who_comes_online_in_time() {
    let server = Server::start();
    let mut alice = Peer::signed_in(Sdk::Web, &server, "alice");
    alice.run(
        "invite",
        json!({"channel": "room", "peer": "bob", "extra": EXTRA}),
    );
    let mut bob = Peer::signed_in(Sdk::Python, &server, "bob");
    bob.expect(
        "session",
        "onInviteReceived",
        json!([1, "room", "alice", EXTRA]),
    );
    alice.expect("call 1", "onInviteReceivedByPeer", json!([""]));
    no_more_of_the_call([&mut alice, &mut bob]);
}

#[test]
fn a_withdrawn_call_rings_nobody() {
    let server = Server::start();
    let mut alice = Peer::signed_in(Sdk::Web, &server, "alice");
    alice.run(
        "invite",
        json!({"channel": "room", "peer": "bob", "extra": EXTRA}),
    );
    alice.run("end", json!({"on": 1}));
    alice.expect("call 1", "onInviteEndByMyself", json!([""]));
    nothing_is_left_for_bob(&server, &mut alice);
}

/// Real time is the subject: 20 s unless the invitation says otherwise.
#[test]
fn a_call_that_no_device_takes_fails_after_twenty_seconds() {
    let server = Server::start();
    let mut alice = Peer::signed_in(Sdk::Web, &server, "alice");
    let mut carol = Peer::signed_in(Sdk::Python, &server, "carol");
    let mut dave = Peer::signed_in(Sdk::Web, &server, "dave");
    let asked = Instant::now();
    alice.run(
        "invite",
        json!({"channel": "room", "peer": "bob", "extra": r#"{"_require_peer_online":0}"#}),
    );
    carol.run(
        "invite",
        json!({"channel": "room", "peer": "bob", "extra": ""}),
    );
    dave.run(
        "invite",
        json!({"channel": "room", "peer": "bob", "extra": r#"{"_timeout":2}"#}),
    );

    expect_timeout(&dave, asked, 2.0);
    expect_timeout(&alice, asked, 20.0);
    assert_eq!(
        carol
            .next_within("onInviteFailed", Duration::from_secs(5))
            .args,
        json!([700])
    );
    nothing_is_left_for_bob(&server, &mut alice);
}

fn expect_timeout(caller: &Peer, asked: Instant, after_s: f64) {
    let failed = caller.next_within("onInviteFailed", Duration::from_secs(40));
    let took = asked.elapsed().as_secs_f64();
    assert!((after_s - 1.0..=after_s + 3.0).contains(&took), "{took} s");
    let extra = failed.args[0].as_str().expect("a text");
    let extra: Value = serde_json::from_str(extra).expect("JSON");
    assert_eq!(
        (&extra["reason"], &extra["code"]),
        (&json!("timeout"), &json!(704))
    );
}
