//! What comes in and makes no sense: a clear error or an orderly close, and nobody else notices.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::raw::{Incoming, Raw, login_frame};
use crate::server::Server;

/// Another session, which must work all the time.
struct Witness {
    raw: Raw,
    notes: u64,
    seen: u64,
}

impl Witness {
    fn new(server: &Server) -> Self {
        Self {
            raw: Raw::signed_in(server, "witness"),
            notes: 0,
            seen: 0,
        }
    }

    /// Sends itself a message and reads it from its inbox.
    fn echo(&mut self) {
        self.notes += 1;
        let note = format!("note {}", self.notes);
        let message = json!({"peer": "witness", "flag": "v1:E:3600", "t": "instant", "content": note});
        self.raw.ok("user_sendmsg", message);
        let page = self.raw.ok("user_getmsg", json!({"ver_clear": self.seen, "max": 30}));
        let messages = page["msgs"].as_array().expect("a list");
        assert_eq!(messages.len(), 1, "{page}");
        self.seen = messages[0][0].as_u64().expect("a number");
        let envelope = messages[0][1].as_str().expect("a text");
        assert!(envelope.ends_with(&format!(" {note}")), "{envelope}");
    }
}

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
        "[\"login\", \"\\ud800\"]",
        "[\"login\", {}] trailing",
        "\u{0}",
    ]
    .map(str::to_owned)
    .into();
    texts.push("[".repeat(60_000));
    texts.push("{\"a\":".repeat(10_000));
    texts.push(format!("[\"login\", {}{}]", "[".repeat(20_000), "]".repeat(20_000)));
    texts.push(format!("[\"login\", {{\"vid\": {}}}]", "9".repeat(50_000)));
    texts
}

/// The connection ends, with a close frame, and with an answer before it or none.
fn closes_orderly(raw: &mut Raw, what: &str) {
    let what: String = what.chars().take(60).collect();
    let (frames, end) = raw.end();
    assert!(matches!(end, Incoming::Closed(Some(_))), "{end:?} after {what}, with {frames:?}");
    assert!(frames.iter().all(|frame| frame[0] == "login_ret" || frame[0] == "close"), "{frames:?} after {what}");
    for frame in frames.iter().filter(|frame| frame[0] == "login_ret") {
        assert_ne!(frame[1][0], "", "a refusal fills the error slot");
    }
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
        let status = witness.raw.ok("user_query_user_status", json!({"account": "mallory"}));
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
        ("account", [json!(""), json!("al ice"), json!("al\tice"), json!("al\u{0}ice"), json!("al\u{7f}ice")]),
        ("account", [json!("a".repeat(129)), json!({}), json!([]), json!(null), json!(true)]),
        ("vid", [json!(""), json!("a b"), json!({}), json!(null), json!([1])]),
    ] {
        for value in values {
            let mut frame = login_frame("alice");
            frame[1][key] = value;
            frames.push(frame);
        }
    }
    for frame in frames {
        let mut raw = Raw::connect(&server);
        raw.send(&frame);
        closes_orderly(&mut raw, &frame.to_string());
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
        assert_eq!((&body["result"], &body["code"]), (&json!("failed"), &json!(209)));
    }
}

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
        ("channel_sendmsg", json!({"name": "room", "msg": long_text, "force": true}), 1005),
        ("channel_sendmsg", json!({"name": "room", "force": true}), 1004),
        ("channel_set_attr", json!({"channel": "room", "name": "a"}), 1004),
        ("channel_set_attr", json!({"channel": "room", "name": long_name, "value": ""}), 1005),
        ("channel_set_attr", json!({"channel": "room", "name": "a", "value": long_text}), 1005),
        ("channel_set_attr", json!({"channel": "room", "name": "_member_num", "value": "1"}), 1004),
        ("channel_set_attr", json!({"channel": "room", "name": "_userNotification", "value": "2"}), 1004),
        ("channel_query_user_isin", json!({"name": "room"}), 1004),
        ("channel_query_userlist_all", json!({"name": "room", "num": "many"}), 1004),
        ("user_sendmsg", json!({"peer": "al ice", "content": "x"}), 1004),
        ("user_sendmsg", json!({"peer": "al\u{1}ice", "content": "x"}), 1004),
        ("user_sendmsg", json!({"peer": "", "content": "x"}), 1004),
        ("user_sendmsg", json!({"peer": long_name, "content": "x"}), 1005),
        ("user_sendmsg", json!({"peer": "alice"}), 1004),
        ("user_sendmsg", json!({"peer": "alice", "content": long_text}), 1005),
        ("user_query_user_status", json!({"account": []}), 1004),
        ("user_get_attr", json!({"account": "alice"}), 1004),
        ("user_set_attr", json!({"name": "", "value": "x"}), 1004),
        ("user_getmsg", json!({"ver_clear": "zero", "max": 30}), 1004),
        ("user_getmsg", json!({"ver_clear": {}, "max": 30}), 1004),
        ("voip_invite", json!({"channelName": "room", "extra": ""}), 1004),
        ("voip_invite", json!({"channelName": "room", "peer": "al ice", "extra": ""}), 1004),
        ("voip_invite", json!({"channelName": "room", "peer": "alice", "extra": long_text}), 1005),
        ("voip_invite_accept", json!({"peer": "alice"}), 1004),
    ] {
        let answer = raw.call(function, args.clone());
        assert_eq!(answer.code(), code, "{function} {args:.80}: {answer:?}");
        witness.echo();
    }
    // Nothing of it had an effect.
    assert_eq!(raw.ok("channel_query_num", json!({"name": "room"}))["num"], 0);
    assert_eq!(raw.ok("user_getmsg", json!({"ver_clear": 0, "max": 30}))["msgs"], json!([]));
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
        ("user_getmsg", json!({"ver_clear": u64::MAX, "max": u64::MAX})),
        ("user_getmsg", json!({"ver_clear": 0, "max": 0})),
        ("user_sendmsg", json!({"peer": 4711, "content": 42, "flag": 7})),
        ("user_sendmsg", json!({"peer": "alice", "content": "x", "flag": "v1:E:-5"})),
        ("user_sendmsg", json!({"peer": "alice", "content": "x", "flag": "v1:E:99999999999999999999"})),
        ("channel_query_userlist_all", json!({"name": "room", "num": "10"})),
        ("channel_query_userlist_all", json!({"name": "room", "num": -1})),
        ("channel_query_num", json!({"name": 4711})),
        ("user_set_attr", json!({"name": 1, "value": 2})),
        ("voip_invite", json!({"channelName": 1, "peer": 2, "extra": 3})),
    ] {
        let answer = raw.call(function, args.clone());
        assert!(answer.is_ok() || answer.code() == 1004, "{function} {args}: {answer:?}");
        witness.echo();
    }
    // Versions that never were acknowledge nothing to come.
    witness.raw.ok("user_sendmsg", json!({"peer": "mallory", "t": "instant", "flag": "v1:E:60", "content": "hi"}));
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
    for line in [json!(stolen), json!("no such line"), json!(""), json!(null), json!(7), json!([])] {
        for (function, mut args) in [
            ("user_set_attr", json!({"name": "mood", "value": "stolen"})),
            ("user_getmsg", json!({"ver_clear": 1_000_000, "max": 30})),
            ("channel_join", json!({"name": "room"})),
            ("user_logout", json!({})),
        ] {
            args["line"] = line.clone();
            assert_eq!(mallory.call(function, args).code(), 1003, "{function} as {line}");
            witness.echo();
        }
    }
    let attributes = |account: &str, raw: &mut Raw| raw.ok("user_get_attr_all", json!({"account": account}))["json"].take();
    assert_eq!(attributes("witness", &mut mallory), json!({}));
    assert_eq!(attributes("mallory", &mut mallory), json!({}));
    assert_eq!(mallory.ok("channel_query_num", json!({"name": "room"}))["num"], 0);

    // Nor does one who has not signed in.
    let mut nobody = Raw::connect(&server);
    nobody.send(&json!(["call2", ["user_set_attr", 1, {"line": stolen, "name": "mood", "value": "stolen"}]]));
    match nobody.read() {
        Incoming::Frame(frame) => {
            assert_eq!((&frame[0], &frame[1][0]), (&json!("call2-ret"), &json!(1)));
            let body: Value = serde_json::from_str(frame[1][2].as_str().expect("a text")).expect("JSON");
            assert_eq!(body["code"], 1003, "{frame}");
        }
        Incoming::Closed(_) => {}
        Incoming::Cut => panic!("cut without a word"),
    }
    assert_eq!(attributes("witness", &mut mallory), json!({}));
    witness.echo();
}

#[test]
fn binary_frames_end_the_connection() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    for bytes in [vec![], vec![0xff; 100], login_frame("mallory").to_string().into_bytes()] {
        for mut raw in [Raw::connect(&server), Raw::signed_in(&server, "mallory")] {
            raw.try_send(Message::binary(bytes.clone())).expect("the server reads");
            closes_orderly(&mut raw, "a binary frame");
            witness.echo();
        }
    }
}

#[test]
fn a_frame_of_a_megabyte_ends_the_connection() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let megabyte = json!(["login", {"vid": "callsign-tests", "account": "x".repeat(1 << 20)}]).to_string();
    for message in [Message::text(megabyte), Message::binary(vec![0; 1 << 20])] {
        for mut raw in [Raw::connect(&server), Raw::signed_in(&server, "mallory")] {
            // The server need not read to the end of it, so the connection may break while it is sent.
            drop(raw.try_send(message.clone()));
            let (frames, end) = raw.end();
            assert!(matches!(end, Incoming::Closed(Some(1009)) | Incoming::Cut), "{end:?} {frames:?}");
            witness.echo();
        }
    }
}

#[test]
fn garbage_below_the_websocket_ends_the_connection() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    for garbage in [
        // Text that is not masked, an unknown opcode, a reserved bit, a fragmented ping, a length beyond all bounds.
        &b"\x81\x02[]"[..],
        b"\x83\x80\0\0\0\0",
        b"\xc1\x80\0\0\0\0",
        b"\x09\x80\0\0\0\0",
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
        // Text that is not UTF-8.
        b"\x81\x82\0\0\0\0\xff\xff",
    ] {
        let mut raw = Raw::signed_in(&server, "mallory");
        raw.socket().write_all(garbage).expect("the server reads");
        let (frames, _) = raw.end();
        assert!(frames.iter().all(|frame| frame[0] == "close"), "{frames:?}");
        witness.echo();
    }
}

/// Real time is in this one: the server gives a handshake 10 s.
#[test]
fn half_open_handshakes_hold_up_nobody() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let started = Instant::now();
    let mut half_open = Vec::new();
    for _ in 0..20 {
        for (port, bytes) in [
            (server.port(), &b""[..]),
            (server.port(), b"GET / HTT"),
            (server.port(), b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"),
            (server.tls_port(), b""),
            (server.tls_port(), b"\x16\x03\x01\x02\x00\x01"),
        ] {
            let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("the server takes connections");
            socket.write_all(bytes).expect("a few bytes pass");
            half_open.push(socket);
        }
        witness.echo();
    }
    // New ones still get through.
    Raw::signed_in(&server, "alice").ok("channel_query_num", json!({"name": "room"}));
    for mut socket in half_open {
        let left = Duration::from_secs(25).saturating_sub(started.elapsed());
        socket.set_read_timeout(Some(left.max(Duration::from_millis(1)))).expect("a timeout can be set");
        // An answer, the end or a reset: anything but silence.
        if let Err(error) = socket.read_to_end(&mut Vec::new()) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
    }
    witness.echo();
}

#[test]
fn what_is_no_request_is_answered_or_cut() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let endless = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    for bytes in [
        &b"\r\n\r\n\r\n"[..],
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"POST /invite HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        endless.as_bytes(),
    ] {
        for port in [server.port(), server.tls_port()] {
            let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("the server takes connections");
            socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
            // The server may answer and close before it has read all.
            drop(socket.write_all(bytes));
            let mut answer = Vec::new();
            if let Err(error) = socket.read_to_end(&mut answer) {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
            }
            if port == server.port() && !answer.is_empty() {
                assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
            }
            witness.echo();
        }
    }
}

/// Many logins from one address are the means here, not the subject.
fn unlimited_logins() -> Server {
    Server::with_config("[limits]\nlogins_per_address = 0\nqueries_per_user = 0\n")
}
