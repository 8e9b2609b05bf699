//! The inbox: polls it, acknowledges it, and shows each message once (protocol page, section 8).
//!
//! A version is good for one login only, and the server may give again what it had not yet forgotten, even after it said that
//! it had, if it was killed in between. So messages are known again by sender and id; where they have none, by version, sender,
//! time and text.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use super::cx::Cx;
use super::pending::Purpose;
use super::session::Session;
use super::timers::Timer;
use crate::client::event::SessionEvent;
use crate::protocol::{Account, Code, Envelope, EnvelopeKind, Push, Request, Uid, limits};

/// How long what was shown may wait for its acknowledgement, which is the next poll.
pub const ACK_DELAY: Duration = Duration::from_millis(250);
/// How often an inbox is polled of which nothing was heard.
pub const POLL_EVERY: Duration = Duration::from_secs(60);
/// Messages that are known again if they come again. When full, the oldest is forgotten; the server gives again at most
/// what it had not acknowledged, a page, or what it acknowledged right before it was killed.
pub const SHOWN_KEPT: usize = 4096;

/// What is known of the inbox.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// The latest version shown since login.
    seen: u64,
    /// Up to here the server has said that it has forgotten.
    acked: u64,
    /// The latest version that the server has told of.
    notified: u64,
    /// Whether a poll is on its way.
    polling: bool,
    /// Whether a poll is due as soon as the application has taken events.
    held: bool,
    pub(super) shown: Shown,
}

/// By what a message is known again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Print {
    ver: u64,
    sent_ms: u64,
    source: Account,
    rest: u64,
}

/// The messages that were shown lately. It outlives a session, since the next one of the account may be given them again.
#[derive(Debug, Default)]
pub(super) struct Shown {
    known: HashSet<Print>,
    order: VecDeque<Print>,
}

impl Shown {
    /// Whether a message is shown for the first time.
    fn is_new(&mut self, ver: u64, envelope: &Envelope) -> bool {
        let mut rest = DefaultHasher::new();
        let (ver, sent_ms) = match envelope.message_id() {
            // Good over every login and restart.
            Some(id) => {
                (envelope.kind, id).hash(&mut rest);
                (0, 0)
            }
            None => {
                (envelope.kind, &envelope.content).hash(&mut rest);
                (ver, envelope.sent_ms)
            }
        };
        let print = Print {
            ver,
            sent_ms,
            source: envelope.source.clone(),
            rest: rest.finish(),
        };
        if !self.known.insert(print.clone()) {
            return false;
        }
        self.order.push_back(print);
        if self.order.len() > SHOWN_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl Session {
    /// The session stands: versions count anew.
    pub(super) fn inbox_opened(&mut self, cx: &mut Cx) {
        let inbox = &mut self.inbox;
        (inbox.seen, inbox.acked, inbox.notified) = (0, 0, 0);
        (inbox.polling, inbox.held) = (false, false);
        self.poll(cx);
    }

    /// The server says that there is something.
    pub(super) fn inbox_pushed(&mut self, cx: &mut Cx, push: Push) {
        match push {
            Push::Msg { ver } => self.inbox_reaches(cx, ver),
            Push::RecvMsg { ver, envelope } => {
                let next = ver == self.inbox.seen + 1;
                if !next || self.inbox.polling || cx.is_paused() {
                    return self.inbox_reaches(cx, ver);
                }
                self.inbox.seen = ver;
                self.show(cx, ver, &envelope);
                cx.timers.set_by(Timer::Poll, cx.now + ACK_DELAY);
            }
            // An inbox in set mode, which we never ask for.
            Push::RecvMsgByMsgId { .. } => self.poll(cx),
            Push::Channel2 { .. }
            | Push::Presence(_)
            | Push::Receipt(_)
            | Push::Typing(_)
            | Push::Attr(_)
            | Push::Unknown { .. } => {}
        }
    }

    fn inbox_reaches(&mut self, cx: &mut Cx, ver: u64) {
        self.inbox.notified = ver.max(self.inbox.notified);
        self.poll(cx);
    }

    /// Asks for what is new, and acknowledges what was shown; later, if a poll is on its way or the application is slow.
    pub(super) fn poll(&mut self, cx: &mut Cx) {
        if !self.is_in() || self.inbox.polling {
            return;
        }
        cx.set_timer(Timer::Poll, POLL_EVERY);
        if cx.is_paused() {
            self.inbox.held = true;
            return;
        }
        self.inbox.polling = true;
        self.inbox.held = false;
        let request = Request::UserGetMsg {
            ver_clear: self.inbox.seen,
            max: limits::POLL_MESSAGES,
        };
        self.ask(cx, request, Purpose::Poll);
    }

    /// What acknowledges the rest of what was shown, when nothing more is to be shown.
    pub(super) fn last_acknowledgement(&self) -> Option<Request> {
        let Inbox { seen, acked, .. } = self.inbox;
        (seen > acked).then_some(Request::UserGetMsg {
            ver_clear: seen,
            max: 1,
        })
    }

    /// The application has taken events.
    pub(super) fn inbox_resumed(&mut self, cx: &mut Cx) {
        if self.inbox.held {
            self.poll(cx);
        }
    }

    /// A page came.
    pub(super) fn page(&mut self, cx: &mut Cx, ver_clear: u64, msgs: Vec<(u64, Envelope)>) {
        self.inbox.polling = false;
        self.inbox.acked = ver_clear;
        self.inbox.seen = ver_clear.max(self.inbox.seen);
        let full = msgs.len() >= limits::POLL_MESSAGES;
        let empty = msgs.is_empty();
        for (ver, envelope) in msgs {
            if ver > self.inbox.seen {
                self.inbox.seen = ver;
                self.show(cx, ver, &envelope);
            }
        }
        let inbox = &mut self.inbox;
        if empty {
            // What was told of is gone: withdrawn, or over.
            inbox.notified = inbox.seen;
        }
        if full || inbox.notified > inbox.seen {
            self.poll(cx);
        } else if inbox.seen > inbox.acked {
            cx.set_timer(Timer::Poll, ACK_DELAY);
        }
    }

    /// A poll came to nothing; the next one comes by itself.
    pub(super) fn poll_failed(&mut self, cx: &mut Cx, code: Code, text: String) {
        self.inbox.polling = false;
        cx.tell(SessionEvent::Error { code, text });
        cx.set_timer(Timer::Poll, RETRY_POLL);
    }

    fn show(&mut self, cx: &mut Cx, ver: u64, envelope: &Envelope) {
        if !self.inbox.shown.is_new(ver, envelope) {
            return;
        }
        match envelope.kind {
            EnvelopeKind::Instant => cx.tell(SessionEvent::MessageInstantReceive {
                account: envelope.source.clone(),
                uid: Uid(0),
                msg: envelope.content.clone(),
                sent_ms: envelope.sent_ms,
                id: envelope.message_id(),
            }),
            EnvelopeKind::MissedCall => self.call_missed(cx, envelope),
            EnvelopeKind::Receipt => self.receipt_kept(cx, envelope),
            EnvelopeKind::Voip(_) | EnvelopeKind::VoipInviteFailed => self.voip_said(cx, envelope),
            // Events of channels do not come this way.
            EnvelopeKind::ChannelMsg
            | EnvelopeKind::ChannelUserJoin
            | EnvelopeKind::ChannelUserLeave
            | EnvelopeKind::ChannelAttrUpdate => {}
        }
    }
}

/// How soon a poll that failed is tried again.
const RETRY_POLL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(sent_ms: u64) -> Envelope {
        format!("msg-v2 a b v1:E:9 instant {sent_ms} hello")
            .parse()
            .expect("an envelope")
    }

    #[test]
    fn a_message_is_known_again_and_one_like_it_is_not() {
        let mut shown = Shown::default();
        assert!(shown.is_new(1, &envelope(5)));
        assert!(!shown.is_new(1, &envelope(5)));
        assert!(shown.is_new(2, &envelope(5)), "the same said twice");
        assert!(shown.is_new(1, &envelope(6)), "versions counted anew");
    }

    #[test]
    fn a_message_with_an_id_is_known_again_whatever_its_version() {
        let mut shown = Shown::default();
        let with_id = |line: &str| line.parse().expect("an envelope");
        let first = with_id("msg-v3 m-1 a b v1:E:9 instant 5 hello");
        assert!(shown.is_new(1, &first));
        assert!(!shown.is_new(9, &first));
        let second = with_id("msg-v3 m-2 a b v1:E:9 instant 5 hello");
        assert!(shown.is_new(1, &second), "the same said twice");
        let other = with_id("msg-v3 m-1 c b v1:E:9 instant 5 hello");
        assert!(shown.is_new(1, &other), "an id is its sender's own");
    }

    #[test]
    fn what_is_known_is_bounded() {
        let mut shown = Shown::default();
        for ver in 0..=u64::try_from(SHOWN_KEPT).expect("a small number") {
            assert!(shown.is_new(ver, &envelope(5)));
        }
        assert_eq!(shown.known.len(), SHOWN_KEPT);
        assert_eq!(shown.order.len(), SHOWN_KEPT);
    }
}
