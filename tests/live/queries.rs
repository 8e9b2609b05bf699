//! The eleven functions that the reference lists for `invoke`, with the results it documents (section 7).

use serde_json::{Value, json};

use crate::peer::{Peer, Sdk};
use crate::server::Server;

/// Bob asks; alice and carol are in the room, carol came last.
struct Room {
    bob: Peer,
    alice: Peer,
    carol: Peer,
    alice_uid: Value,
    carol_uid: Value,
    _server: Server,
}

fn room(asker: Sdk) -> Room {
    let server = Server::start();
    let mut alice = Peer::signed_in(Sdk::Web, &server, "alice");
    alice.join("room");
    let mut carol = Peer::signed_in(Sdk::Web, &server, "carol");
    let (_, list) = carol.join("room");
    let (alice_uid, carol_uid) = (list[0][1].clone(), list[1][1].clone());
    alice.expect(
        "channel 1",
        "onChannelUserJoined",
        json!(["carol", carol_uid]),
    );
    let bob = Peer::signed_in(asker, &server, "bob");
    Room {
        bob,
        alice,
        carol,
        alice_uid,
        carol_uid,
        _server: server,
    }
}

fn all_eleven_answer_as_documented(asker: Sdk) {
    let mut room = room(asker);
    let members = json!([["alice", room.alice_uid], ["carol", room.carol_uid]]);
    let bob = &mut room.bob;

    let answer = bob.query("user_query_user_status", json!({"account": "alice"}));
    assert_eq!(
        (&answer["account"], &answer["status"]),
        (&json!("alice"), &json!(1))
    );
    let answer = bob.query("user_query_user_status", json!({"account": "nobody"}));
    assert_eq!(answer["status"], json!(0));

    bob.query("user_set_attr", json!({"name": "mood", "value": "fine"}));
    bob.query("user_set_attr", json!({"name": "desk", "value": "42"}));
    let answer = bob.query("user_get_attr", json!({"account": "bob", "name": "mood"}));
    assert_eq!(answer["value"], "fine");
    let answer = bob.query(
        "user_get_attr",
        json!({"account": "bob", "name": "never set"}),
    );
    assert_eq!(answer["value"], "");
    let answer = bob.query("user_get_attr_all", json!({"account": "bob"}));
    assert_eq!(answer["json"], json!({"mood": "fine", "desk": "42"}));
    let answer = bob.query("user_get_attr_all", json!({"account": "nobody"}));
    assert_eq!(answer["json"], json!({}));

    let answer = bob.query("channel_query_num", json!({"name": "room"}));
    assert_eq!(
        (&answer["name"], &answer["num"]),
        (&json!("room"), &json!(2))
    );
    let answer = bob.query("channel_query_num", json!({"name": "no such room"}));
    assert_eq!(answer["num"], json!(0));

    let answer = bob.query(
        "channel_query_user_isin",
        json!({"name": "room", "account": "alice"}),
    );
    assert_eq!(answer["isin"], json!(1));
    let answer = bob.query(
        "channel_query_user_isin",
        json!({"name": "room", "account": "bob"}),
    );
    assert_eq!(answer["isin"], json!(0));

    let answer = bob.query("channel_query_userlist", json!({"name": "room"}));
    assert_eq!((&answer["num"], &answer["list"]), (&json!(2), &members));
    let answer = bob.query("channel_query_userlist_all", json!({"name": "room"}));
    assert_eq!((&answer["num"], &answer["list"]), (&json!(2), &members));
    let answer = bob.query(
        "channel_query_userlist_all",
        json!({"name": "room", "num": 1}),
    );
    assert_eq!(
        (&answer["num"], &answer["list"]),
        (&json!(2), &json!([members[1]]))
    );

    // The three that change a channel work from outside, and its members hear of it.
    bob.query(
        "channel_set_attr",
        json!({"channel": "room", "name": "topic", "value": "tea"}),
    );
    bob.query(
        "channel_set_attr",
        json!({"channel": "room", "name": "host", "value": "alice"}),
    );
    bob.query(
        "channel_del_attr",
        json!({"channel": "room", "name": "topic"}),
    );
    bob.query("channel_clear_attr", json!({"channel": "room"}));
    for member in [&room.alice, &room.carol] {
        for change in [
            json!(["topic", "tea", "update"]),
            json!(["host", "alice", "update"]),
            json!(["topic", "", "del"]),
            json!(["", "", "clear"]),
        ] {
            member.expect("channel 1", "onChannelAttrUpdated", change);
        }
    }
}

#[test]
fn all_eleven_answer_web_as_documented() {
    all_eleven_answer_as_documented(Sdk::Web);
}

#[test]
fn all_eleven_answer_python_as_documented() {
    all_eleven_answer_as_documented(Sdk::Python);
}

#[test]
fn pythons_own_query_tells_who_is_online() {
    let server = Server::start();
    let _alice = Peer::signed_in(Sdk::Web, &server, "alice");
    let mut bob = Peer::signed_in(Sdk::Python, &server, "bob");
    for (account, online) in [("alice", 1), ("bob", 1), ("nobody", 0)] {
        assert_eq!(
            bob.ask("query_user_status", json!({"account": account})),
            json!(["", online])
        );
    }
}

#[test]
fn a_failing_function_tells_its_reason_to_either_sdk() {
    let server = Server::start();
    for sdk in [Sdk::Web, Sdk::Python] {
        let mut alice = Peer::signed_in(sdk, &server, "alice");
        for (function, args, code) in [
            ("no_such_function", json!({}), 1002),
            ("channel_query_num", json!({}), 1004),
            (
                "user_get_attr",
                json!({"account": "bo b", "name": "mood"}),
                1004,
            ),
            (
                "user_set_attr",
                json!({"name": "mood", "value": "x".repeat(8193)}),
                1005,
            ),
        ] {
            let (error, answer) = alice.invoke(function, args);
            // The web SDK finds its error in the slot or in `data.result`; the Python SDK hands over the slot as it is.
            let reason = match sdk {
                Sdk::Web => &error,
                Sdk::Python => &answer["reason"],
            };
            assert!(
                reason.as_str().is_some_and(|reason| !reason.is_empty()),
                "{function}: {error} {answer}"
            );
            assert_eq!(answer["result"], "failed", "{function}");
            assert_eq!(answer["code"], code, "{function}: {answer}");
        }
    }
}
