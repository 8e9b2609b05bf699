//! Calls with wrong arguments, in a wrong form, or without the right to them.

use serde_json::{Value, json};

use super::{Witness, unlimited_logins};
use crate::raw::{Incoming, Raw, login_frame};
use crate::server::Server;

#[test]
fn calls_of_the_wrong_form_fail_and_the_session_goes_on() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let mut raw = Raw::signed_in(&server, "mallory");
    let long_name = "n".repeat(129);
    let long_text = "x".repeat(8193);
    for (function, args, code) in [
        ("no_such_function", json!({}), 1002),
        ("", json!({}), 1002),
        ("CHANNEL_JOIN", json!({"name": "room"}), 1002),
        ("channel_join", json!({}), 1004),
        ("channel_join", json!({"name": null}), 1004),
        ("channel_join", json!({"name": ["room"]}), 1004),
        ("channel_join", json!({"name": ""}), 1004),
        ("channel_join", json!({"name": "ro\nom"}), 1004),
        ("channel_join", json!({"name": long_name}), 1005),
        ("channel_leave", json!({"name": {}}), 1004),
        (
            "channel_sendmsg",
            json!({"name": "room", "msg": long_text, "force": true}),
            1005,
        ),
        (
            "channel_sendmsg",
            json!({"name": "room", "force": true}),
            1004,
        ),
        (
            "channel_set_attr",
            json!({"channel": "room", "name": "a"}),
            1004,
        ),
        (
            "channel_set_attr",
            json!({"channel": "room", "name": long_name, "value": ""}),
            1005,
        ),
        (
            "channel_set_attr",
            json!({"channel": "room", "name": "a", "value": long_text}),
            1005,
        ),
        (
            "channel_set_attr",
            json!({"channel": "room", "name": "_member_num", "value": "1"}),
            1004,
        ),
        (
            "channel_set_attr",
            json!({"channel": "room", "name": "_userNotification", "value": "2"}),
            1004,
        ),
        ("channel_query_user_isin", json!({"name": "room"}), 1004),
        (
            "channel_query_userlist_all",
            json!({"name": "room", "num": "many"}),
            1004,
        ),
        (
            "user_sendmsg",
            json!({"peer": "al ice", "content": "x"}),
            1004,
        ),
        (
            "user_sendmsg",
            json!({"peer": "al\u{1}ice", "content": "x"}),
            1004,
        ),
        ("user_sendmsg", json!({"peer": "", "content": "x"}), 1004),
        (
            "user_sendmsg",
            json!({"peer": long_name, "content": "x"}),
            1005,
        ),
        ("user_sendmsg", json!({"peer": "alice"}), 1004),
        (
            "user_sendmsg",
            json!({"peer": "alice", "content": long_text}),
            1005,
        ),
        ("user_query_user_status", json!({"account": []}), 1004),
        ("user_get_attr", json!({"account": "alice"}), 1004),
        ("user_set_attr", json!({"name": "", "value": "x"}), 1004),
        ("user_getmsg", json!({"ver_clear": "zero", "max": 30}), 1004),
        ("user_getmsg", json!({"ver_clear": {}, "max": 30}), 1004),
        (
            "voip_invite",
            json!({"channelName": "room", "extra": ""}),
            1004,
        ),
        (
            "voip_invite",
            json!({"channelName": "room", "peer": "al ice", "extra": ""}),
            1004,
        ),
        (
            "voip_invite",
            json!({"channelName": "room", "peer": "alice", "extra": long_text}),
            1005,
        ),
        ("voip_invite_accept", json!({"peer": "alice"}), 1004),
    ] {
        let answer = raw.call(function, args.clone());
        assert_eq!(answer.code(), code, "{function} {args:.80}: {answer:?}");
        witness.echo();
    }
    // Nothing of it had an effect.
    assert_eq!(
        raw.ok("channel_query_num", json!({"name": "room"}))["num"],
        0
    );
    assert_eq!(
        raw.ok("user_getmsg", json!({"ver_clear": 0, "max": 30}))["msgs"],
        json!([])
    );
}

/// Numbers as strings, and names as numbers: taken as meant, or refused with 1004; answered in any case.
#[test]
fn numbers_as_strings_are_answered() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let mut raw = Raw::signed_in(&server, "mallory");
    for (function, args) in [
        ("user_getmsg", json!({"ver_clear": "0", "max": "30"})),
        ("user_getmsg", json!({"ver_clear": -1, "max": -30})),
        ("user_getmsg", json!({"ver_clear": 0.5, "max": 1e300})),
        (
            "user_getmsg",
            json!({"ver_clear": u64::MAX, "max": u64::MAX}),
        ),
        ("user_getmsg", json!({"ver_clear": 0, "max": 0})),
        (
            "user_sendmsg",
            json!({"peer": 4711, "content": 42, "flag": 7}),
        ),
        (
            "user_sendmsg",
            json!({"peer": "alice", "content": "x", "flag": "v1:E:-5"}),
        ),
        (
            "user_sendmsg",
            json!({"peer": "alice", "content": "x", "flag": "v1:E:99999999999999999999"}),
        ),
        (
            "channel_query_userlist_all",
            json!({"name": "room", "num": "10"}),
        ),
        (
            "channel_query_userlist_all",
            json!({"name": "room", "num": -1}),
        ),
        ("channel_query_num", json!({"name": 4711})),
        ("user_set_attr", json!({"name": 1, "value": 2})),
        (
            "voip_invite",
            json!({"channelName": 1, "peer": 2, "extra": 3}),
        ),
    ] {
        let answer = raw.call(function, args.clone());
        assert!(
            answer.is_ok() || answer.code() == 1004,
            "{function} {args}: {answer:?}"
        );
        witness.echo();
    }
    // Versions that never were acknowledge nothing to come.
    witness.raw.ok(
        "user_sendmsg",
        json!({"peer": "mallory", "t": "instant", "flag": "v1:E:60", "content": "hi"}),
    );
    let page = raw.ok("user_getmsg", json!({"ver_clear": 0, "max": 30}));
    assert_eq!(page["msgs"].as_array().map(Vec::len), Some(1), "{page}");
}

/// A call that could not be answered, by its form, is no frame.
#[test]
fn calls_that_cannot_be_answered_end_the_session_or_get_an_error() {
    let server = unlimited_logins();
    let mut witness = Witness::new(&server);
    for frame in [
        json!(["call2", {}]),
        json!(["call2", []]),
        json!(["call2", ["channel_query_num"]]),
        json!(["call2", ["channel_query_num", "seven", {}]]),
        json!(["call2", ["channel_query_num", null, {}]]),
        json!(["call2", ["channel_query_num", 1.5, {}]]),
        json!(["call2", ["channel_query_num", 1, []]]),
        json!(["call2", ["channel_query_num", 1]]),
        json!(["call2", [7, 1, {}]]),
        json!(["ping", "seven"]),
        json!(["ping", {}]),
        json!(["set_flag", 5]),
        json!(["set_flag", {"binary": "yes"}]),
        json!(["line_login", {"line": "any"}]),
        login_frame("mallory"),
    ] {
        let mut raw = Raw::signed_in(&server, "mallory");
        raw.send(&frame);
        // What the server makes of the bad frame comes before the answer to this one, if there is one.
        raw.send(&json!(["ping", 4711]));
        loop {
            match raw.read() {
                Incoming::Frame(got) if got == json!(["pong", 4711]) => break,
                Incoming::Frame(_) => {}
                Incoming::Closed(status) => {
                    assert!(status.is_some(), "{frame}");
                    break;
                }
                Incoming::Cut => panic!("cut without a word after {frame}"),
            }
        }
        witness.echo();
    }
}

#[test]
fn a_call_without_a_session_or_in_the_name_of_another_does_nothing() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let stolen = witness.raw.line().to_owned();
    let mut mallory = Raw::signed_in(&server, "mallory");
    for line in [
        json!(stolen),
        json!("no such line"),
        json!(""),
        json!(null),
        json!(7),
        json!([]),
    ] {
        for (function, mut args) in [
            ("user_set_attr", json!({"name": "mood", "value": "stolen"})),
            ("user_getmsg", json!({"ver_clear": 1_000_000, "max": 30})),
            ("channel_join", json!({"name": "room"})),
            ("user_logout", json!({})),
        ] {
            args["line"] = line.clone();
            assert_eq!(
                mallory.call(function, args).code(),
                1003,
                "{function} as {line}"
            );
            witness.echo();
        }
    }
    let attributes = |account: &str, raw: &mut Raw| {
        raw.ok("user_get_attr_all", json!({"account": account}))["json"].take()
    };
    assert_eq!(attributes("witness", &mut mallory), json!({}));
    assert_eq!(attributes("mallory", &mut mallory), json!({}));
    assert_eq!(
        mallory.ok("channel_query_num", json!({"name": "room"}))["num"],
        0
    );

    // Nor does one who has not signed in.
    let mut nobody = Raw::connect(&server);
    nobody.send(&json!(["call2", ["user_set_attr", 1, {"line": stolen, "name": "mood", "value": "stolen"}]]));
    match nobody.read() {
        Incoming::Frame(frame) => {
            assert_eq!((&frame[0], &frame[1][0]), (&json!("call2-ret"), &json!(1)));
            let body: Value =
                serde_json::from_str(frame[1][2].as_str().expect("a text")).expect("JSON");
            assert_eq!(body["code"], 1003, "{frame}");
        }
        Incoming::Closed(_) => {}
        Incoming::Cut => panic!("cut without a word"),
    }
    assert_eq!(attributes("witness", &mut mallory), json!({}));
    witness.echo();
}
