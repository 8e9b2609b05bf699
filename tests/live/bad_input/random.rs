//! Frames that were right, broken at random. `CALLSIGN_SEED` repeats a run.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Witness, unlimited_logins};
use crate::raw::{Incoming, Raw, login_frame};

const FRAMES: i64 = 1_500;

#[test]
fn frames_broken_at_random_trouble_nobody() {
    let seed = std::env::var("CALLSIGN_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("CALLSIGN_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let server = unlimited_logins();
    let mut witness = Witness::new(&server);
    let mut raw = Raw::signed_in(&server, "mallory");
    for n in 0..FRAMES {
        let text = broken_frame(&mut random, raw.line());
        if !survives(&mut raw, &text, n) {
            raw = Raw::signed_in(&server, "mallory");
        }
        if n % 50 == 0 {
            witness.echo();
        }
    }
    witness.echo();
}

/// Whether the session goes on. Nothing but an orderly close may end it.
fn survives(raw: &mut Raw, text: &str, n: i64) -> bool {
    let _told = ToldOnPanic(text);
    raw.try_send_text(text).expect("the server reads");
    // It may close instead.
    drop(raw.try_send_text(&json!(["ping", n]).to_string()));
    loop {
        match raw.read() {
            Incoming::Frame(frame) if frame == json!(["pong", n]) => return true,
            Incoming::Frame(_) => {}
            Incoming::Closed(Some(_)) => return false,
            end @ (Incoming::Closed(None) | Incoming::Cut) => panic!("{end:?} after {text}"),
        }
    }
}

/// Names the frame at fault.
struct ToldOnPanic<'a>(&'a str);

impl Drop for ToldOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- after {}", self.0);
        }
    }
}

fn broken_frame(random: &mut Rng, line: &str) -> String {
    let mut frame = right_frame(random, line);
    // Mostly the arguments alone, since whatever else is broken ends the session, and that takes its time.
    let arguments_alone = random.u8(..10) != 0;
    for _ in 0..random.usize(0..3) {
        match frame.pointer_mut("/1/2") {
            Some(arguments) if arguments_alone => break_somewhere(random, arguments),
            Some(_) | None => break_somewhere(random, &mut frame),
        }
    }
    let text = frame.to_string();
    if random.u8(..20) != 0 {
        return text;
    }
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..characters.len());
        match random.u8(..3) {
            0 => characters.truncate(at.max(1)),
            1 => characters.insert(at, random.char(..)),
            _ => {
                characters[at] = *random
                    .choice(&['"', '[', '}', '\\', '\u{0}', '9', ','])
                    .expect("some")
            }
        }
    }
    characters.into_iter().collect()
}

fn right_frame(random: &mut Rng, line: &str) -> Value {
    let (function, mut args) = match random.u8(..20) {
        0 => ("user_getmsg", json!({"ver_clear": 0, "max": 30})),
        1 => ("user_getmsg2", json!({"clear_msgs": [], "max": 30})),
        2 => (
            "user_sendmsg",
            json!({"peer": "alice", "flag": "v1:E:60", "t": "instant", "content": "x"}),
        ),
        3 => ("user_query_user_status", json!({"account": "alice"})),
        4 => ("user_set_attr", json!({"name": "mood", "value": "fine"})),
        5 => ("user_get_attr_all", json!({"account": "alice"})),
        6 => ("channel_join", json!({"name": "room"})),
        7 => ("channel_leave", json!({"name": "room"})),
        8 => (
            "channel_sendmsg",
            json!({"name": "room", "msg": "x", "msgID": 7, "force": true}),
        ),
        9 => (
            "channel_set_attr",
            json!({"channel": "room", "name": "_channel_ttl", "value": "60"}),
        ),
        10 => ("channel_clear_attr", json!({"channel": "room"})),
        11 => (
            "channel_query_userlist_all",
            json!({"name": "room", "num": 10}),
        ),
        12 => (
            "voip_invite",
            json!({"channelName": "room", "peer": "alice", "extra": "{\"_timeout\":1}"}),
        ),
        13 => (
            "voip_invite_bye",
            json!({"channelName": "room", "peer": "alice", "extra": ""}),
        ),
        14 => (
            "voip_invite_msg",
            json!({"channelName": "room", "peer": "mallory", "extra": "{}"}),
        ),
        15 => (
            "user_ext_call",
            json!({"package": "p", "func": "f", "args": "", "callid": ""}),
        ),
        16 => return login_frame("mallory"),
        17 => return json!(["set_flag", {"binary": 1}]),
        18 => return json!(["ping", 1]),
        _ => return json!(["line_login", {"line": line}]),
    };
    args["line"] = json!(line);
    json!(["call2", [function, random.i32(..), args]])
}

/// Puts junk in the place of something within, or of the whole.
fn break_somewhere(random: &mut Rng, node: &mut Value) {
    let mut children: Vec<&mut Value> = match node {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    // The frame as a whole now and then, its parts as a rule.
    if children.is_empty() || random.u8(..16) == 0 {
        *node = junk(random);
        return;
    }
    let at = random.usize(..children.len());
    break_somewhere(random, children.swap_remove(at));
}

fn junk(random: &mut Rng) -> Value {
    match random.u8(..12) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(random.u64(..)),
        4 => json!(random.f64() * 1e300),
        5 => json!(""),
        6 => json!(random.i64(..).to_string()),
        7 => json!("x".repeat(random.usize(..10_000))),
        8 => json!(
            std::iter::repeat_with(|| random.char(..))
                .take(20)
                .collect::<String>()
        ),
        9 => json!([[], {}, null]),
        10 => json!({"account": ["alice"], "": {"": {}}}),
        _ => (0..random.usize(..100)).fold(json!(0), |inner, _| json!([inner])),
    }
}
