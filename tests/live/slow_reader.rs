//! A member who never reads holds up nobody, and is cut.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::raw::{Incoming, Raw};
use crate::server::Server;

/// Messages of each speaker on their way at a time.
const ROUND: usize = 8;
/// More than the kernel's buffers of one connection and the server's queue for it take together, at 8 KB a message.
const ROUNDS_AT_MOST: usize = 1_500;

#[test]
fn who_never_reads_is_cut_while_the_others_go_on() {
    // The flood is the subject, not the rates.
    let server =
        Server::with_config("[limits]\nchannel_messages_per_user = 0\nchannel_messages = 0\n");
    let mut slow = Raw::signed_in(&server, "slow");
    slow.ok("channel_join", json!({"name": "room"}));
    let mut speakers = ["alice", "bob"].map(|account| Speaker::join(&server, account));

    for round in 0..ROUNDS_AT_MOST {
        for speaker in &mut speakers {
            speaker.speak(round);
        }
        for speaker in &mut speakers {
            speaker.hear(round);
        }
        if speakers.iter().all(|speaker| speaker.slow_left) {
            break;
        }
    }
    for speaker in &mut speakers {
        assert!(
            speaker.slow_left,
            "the member who never reads is still there"
        );
        let members = speaker.raw.ok("channel_query_num", json!({"name": "room"}));
        assert_eq!(members["num"], 2);
    }
    // It reads what was on its way, and then finds its connection gone.
    let (frames, end) = slow.end();
    assert!(!frames.is_empty());
    assert!(matches!(end, Incoming::Closed(_) | Incoming::Cut));
}

struct Speaker {
    raw: Raw,
    calls: VecDeque<i64>,
    slow_left: bool,
}

impl Speaker {
    fn join(server: &Server, account: &str) -> Self {
        let mut raw = Raw::signed_in(server, account);
        raw.ok("channel_join", json!({"name": "room"}));
        Self {
            raw,
            calls: VecDeque::new(),
            slow_left: false,
        }
    }

    fn speak(&mut self, round: usize) {
        for n in 0..ROUND {
            let text = format!("{round} {n} {:x<8000}", "");
            self.calls.push_back(
                self.raw
                    .start("channel_sendmsg", json!({"name": "room", "msg": text})),
            );
        }
    }

    /// Takes the answers to what it said, and what both said, each speaker's words in order.
    fn hear(&mut self, round: usize) {
        let mut heard = [("alice", 0), ("bob", 0)];
        while !self.calls.is_empty() || heard.iter().any(|(_, n)| *n < ROUND) {
            let frame = self.raw.frame();
            if frame[0] == "call2-ret" {
                assert_eq!(
                    frame[1][0],
                    self.calls.pop_front().expect("one answer to each call")
                );
                assert_eq!(frame[1][1], "", "{frame}");
                continue;
            }
            let (kind, content) = channel_event(&frame);
            if kind == "channel_user_leave" {
                assert_eq!(content["account"], "slow");
                self.slow_left = true;
            } else if kind == "channel_msg" {
                let (_, n) = heard
                    .iter_mut()
                    .find(|(account, _)| content["account"] == *account)
                    .expect("only these two speak");
                let text = content["msg"].as_str().expect("a text");
                assert!(
                    text.starts_with(&format!("{round} {n} ")),
                    "out of order: {}",
                    &text[..20]
                );
                *n += 1;
            }
        }
    }
}

/// Type and content of `["notify", ["channel2", cid, msgid, envelope]]` (section 9).
fn channel_event(frame: &Value) -> (String, Value) {
    assert_eq!(
        (&frame[0], &frame[1][0]),
        (&json!("notify"), &json!("channel2")),
        "{frame}"
    );
    let envelope = frame[1][3].as_str().expect("a text");
    let fields: Vec<&str> = envelope.splitn(7, ' ').collect();
    (
        fields[4].to_owned(),
        serde_json::from_str(fields[6]).expect("JSON"),
    )
}
