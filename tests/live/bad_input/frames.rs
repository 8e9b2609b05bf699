//! Messages that are no frames, frames that are too large, logins of the wrong form.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{Witness, closes_orderly, unlimited_logins};
use crate::raw::{Incoming, Raw, login_frame};
use crate::server::Server;

/// No frames at all, or no frames that could be answered.
fn unreadable_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        "hello",
        "{",
        "null",
        "7",
        "\"login\"",
        "{}",
        "[]",
        "[\"login\"",
        "[7, {}]",
        "[[\"login\"], {}]",
        "[\"login\", {}] trailing",
        "\u{0}",
    ]
    .map(str::to_owned)
    .into();
    texts.push("[".repeat(60_000));
    texts.push("{\"a\":".repeat(10_000));
    texts.push(format!(
        "[\"login\", {}{}]",
        "[".repeat(20_000),
        "]".repeat(20_000)
    ));
    texts.push(format!("[\"login\", {{\"vid\": {}}}]", "9".repeat(50_000)));
    texts
}

#[test]
fn what_is_no_frame_ends_the_connection_before_login() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    for text in unreadable_texts() {
        let mut raw = Raw::connect(&server);
        raw.try_send_text(&text).expect("the server reads");
        closes_orderly(&mut raw, &text);
        witness.echo();
    }
}

#[test]
fn what_is_no_frame_ends_the_session_after_login() {
    let server = unlimited_logins();
    let mut witness = Witness::new(&server);
    for text in unreadable_texts() {
        let mut raw = Raw::signed_in(&server, "mallory");
        raw.try_send_text(&text).expect("the server reads");
        closes_orderly(&mut raw, &text);
        witness.echo();
        let status = witness
            .raw
            .ok("user_query_user_status", json!({"account": "mallory"}));
        assert_eq!(status["status"], 0, "after {text:.60}");
    }
}

#[test]
fn unknown_events_are_ignored() {
    let server = Server::start();
    let mut raw = Raw::connect(&server);
    raw.send(&json!(["hello", {"any": "thing"}]));
    raw.send(&json!(["login_ret", ["", "{}"]]));
    let (error, body) = raw.login("alice");
    assert_eq!((error.as_str(), &body["result"]), ("", &json!("ok")));
    raw.send(&json!(["notify", ["msg", 7]]));
    raw.send(&json!(["ping", 7]));
    assert_eq!(raw.frame(), json!(["pong", 7]));
}

#[test]
fn logins_of_the_wrong_form_are_refused() {
    let server = unlimited_logins();
    let mut witness = Witness::new(&server);
    let mut frames = vec![
        json!(["login", {}]),
        json!(["login", {"account": "alice"}]),
        json!(["login", null]),
        json!(["login", []]),
        json!(["login", "alice"]),
    ];
    for (key, values) in [
        (
            "account",
            [
                json!(""),
                json!("al ice"),
                json!("al\tice"),
                json!("al\u{0}ice"),
                json!("al\u{7f}ice"),
            ],
        ),
        (
            "account",
            [
                json!("a".repeat(129)),
                json!({}),
                json!([]),
                json!(null),
                json!(true),
            ],
        ),
        (
            "vid",
            [json!(""), json!("a b"), json!({}), json!(null), json!([1])],
        ),
    ] {
        for value in values {
            let mut frame = login_frame("alice");
            frame[1][key] = value;
            frames.push(frame);
        }
    }
    let mut texts: Vec<String> = frames.iter().map(Value::to_string).collect();
    // Half of a character, which JSON can write and text cannot hold.
    texts.push(r#"["login", "\ud800"]"#.to_owned());
    for text in texts {
        let mut raw = Raw::connect(&server);
        raw.try_send_text(&text).expect("the server reads");
        closes_orderly(&mut raw, &text);
        witness.echo();
    }
}

#[test]
fn a_wrong_account_is_called_so() {
    let server = Server::start();
    for account in ["al ice", "al\u{1}ice", ""] {
        let mut raw = Raw::connect(&server);
        let (error, body) = raw.login(account);
        // The words from which the web SDK makes its code.
        assert!(error.starts_with("wrong account"), "{error}");
        assert_eq!(
            (&body["result"], &body["code"]),
            (&json!("failed"), &json!(209))
        );
    }
}

#[test]
fn binary_frames_end_the_connection() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    for bytes in [
        vec![],
        vec![0xff; 100],
        login_frame("mallory").to_string().into_bytes(),
    ] {
        for mut raw in [Raw::connect(&server), Raw::signed_in(&server, "mallory")] {
            raw.try_send(Message::binary(bytes.clone()))
                .expect("the server reads");
            closes_orderly(&mut raw, "a binary frame");
            witness.echo();
        }
    }
}

#[test]
fn a_frame_of_a_megabyte_ends_the_connection() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let megabyte =
        json!(["login", {"vid": "callsign-tests", "account": "x".repeat(1 << 20)}]).to_string();
    for message in [Message::text(megabyte), Message::binary(vec![0; 1 << 20])] {
        for mut raw in [Raw::connect(&server), Raw::signed_in(&server, "mallory")] {
            // The server need not read to the end of it, so the connection may break while it is sent.
            drop(raw.try_send(message.clone()));
            let (frames, end) = raw.end();
            assert!(
                matches!(end, Incoming::Closed(Some(1009)) | Incoming::Cut),
                "{end:?} {frames:?}"
            );
            witness.echo();
        }
    }
}
