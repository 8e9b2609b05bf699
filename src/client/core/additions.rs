//! What comes by the inbox beyond 1.x (protocol page, section 18): missed calls, and receipts for a sender who was away.

use super::cx::Cx;
use super::session::Session;
use crate::client::event::SessionEvent;
use crate::protocol::{Code, Envelope, VoipContent};

impl Session {
    /// Somebody called while the account was away.
    pub(super) fn call_missed(&mut self, cx: &mut Cx, envelope: &Envelope) {
        match VoipContent::from_text(&envelope.content) {
            Some(content) => cx.tell(SessionEvent::MissedCall {
                peer: content.peer,
                channel: content.channel,
                extra: content.extra,
                time_ms: envelope.sent_ms,
            }),
            None => unreadable(cx, envelope),
        }
    }

    /// Messages came further while the account was away.
    pub(super) fn receipt_kept(&mut self, cx: &mut Cx, envelope: &Envelope) {
        match serde_json::from_str(&envelope.content) {
            Ok(receipt) => cx.tell(SessionEvent::Receipt(receipt)),
            Err(_) => unreadable(cx, envelope),
        }
    }
}

fn unreadable(cx: &mut Cx, envelope: &Envelope) {
    cx.tell(SessionEvent::Error {
        code: Code::LogoutPacket,
        text: format!("the content of a {} cannot be read", envelope.kind.name()),
    });
}
