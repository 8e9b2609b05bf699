//! What comes in and makes no sense: a clear error or an orderly close, and nobody else notices.

mod calls;
mod frames;
mod handshakes;
mod random;

use serde_json::json;

use crate::raw::{Incoming, Raw};
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
        let message =
            json!({"peer": "witness", "flag": "v1:E:3600", "t": "instant", "content": note});
        self.raw.ok("user_sendmsg", message);
        let page = self
            .raw
            .ok("user_getmsg", json!({"ver_clear": self.seen, "max": 30}));
        let messages = page["msgs"].as_array().expect("a list");
        assert_eq!(messages.len(), 1, "{page}");
        self.seen = messages[0][0].as_u64().expect("a number");
        let envelope = messages[0][1].as_str().expect("a text");
        assert!(envelope.ends_with(&format!(" {note}")), "{envelope}");
    }
}

/// The connection ends, with a close frame, and with an answer before it or none.
fn closes_orderly(raw: &mut Raw, what: &str) {
    let what: String = what.chars().take(60).collect();
    let (frames, end) = raw.end();
    assert!(
        matches!(end, Incoming::Closed(Some(_))),
        "{end:?} after {what}, with {frames:?}"
    );
    assert!(
        frames
            .iter()
            .all(|frame| frame[0] == "login_ret" || frame[0] == "close"),
        "{frames:?} after {what}"
    );
    for frame in frames.iter().filter(|frame| frame[0] == "login_ret") {
        assert_ne!(frame[1][0], "", "a refusal fills the error slot");
    }
}

/// Many logins from one address are the means here, not the subject.
fn unlimited_logins() -> Server {
    Server::with_config("[limits]\nlogins_per_address = 0\nqueries_per_user = 0\n")
}
