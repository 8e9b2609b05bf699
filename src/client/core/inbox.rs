//! The inbox: polls it, acknowledges it, and shows each message once (protocol page, section 8).
//!
//! A version is good for one login only, and the server may give again what it had not yet forgotten, even after it said that
//! it had, if it was killed in between. So messages are known again by sender and id; where they have none, by version, sender,
//! time and text.
//!
//! Where the application says what it keeps ([`Acknowledge::Kept`]), no more than that is acknowledged, and what it was told in
//! one session and did not keep is shown again in the next.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use super::Acknowledge;
use super::cx::{Cx, EVENTS_PAUSE};
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

/// Messages that were told and are not kept, with which an inbox asks for more all the same: calls come this way, too, and do
/// not wait for a slow disk. With more, it waits until some are kept; so there are never more than this and a page, or,
/// of a server that sends messages unasked, [`EVENTS_PAUSE`] and a page.
pub const UNKEPT_PAUSE: usize = limits::POLL_MESSAGES / 2;

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
    /// Whether a poll is due as soon as the application has taken or kept events.
    held: bool,
    /// What came on this link and is not kept yet, with rising versions. Empty unless the application says what it keeps.
    unkept: VecDeque<Unkept>,
    /// How many events of the session the application keeps.
    kept: u64,
    pub(super) shown: Shown,
}

/// A message that the application was told and does not keep yet.
#[derive(Debug)]
struct Unkept {
    ver: u64,
    /// The event that told it, counted from the session's first.
    event: u64,
}

/// By what a message is known again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Print {
    ver: u64,
    sent_ms: u64,
    source: Account,
    rest: u64,
}

/// The messages that were shown lately, each with the event that told it, or 0 for one of an earlier session. It outlives a session,
/// since the next one of the account may be given them again.
#[derive(Debug, Default)]
pub(super) struct Shown {
    known: HashMap<Print, u64>,
    order: VecDeque<Print>,
}

impl Print {
    fn of(ver: u64, envelope: &Envelope) -> Self {
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
        Self {
            ver,
            sent_ms,
            source: envelope.source.clone(),
            rest: rest.finish(),
        }
    }
}

impl Shown {
    /// The event that showed a message, if one did.
    fn event_of(&self, print: &Print) -> Option<u64> {
        self.known.get(print).copied()
    }

    /// A message was shown for the first time.
    fn add(&mut self, print: Print, event: u64) {
        self.known.insert(print.clone(), event);
        self.order.push_back(print);
        if self.order.len() > SHOWN_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// For the next session: forgets what was told after the first so many events of this one.
    fn only_up_to(&mut self, kept: u64) {
        self.known.retain(|_, event| *event <= kept);
        self.order.retain(|print| self.known.contains_key(print));
        self.known.values_mut().for_each(|event| *event = 0);
    }
}

impl Inbox {
    /// Up to here the server may forget.
    fn done(&self) -> u64 {
        let first = self.unkept.front();
        first.map_or(self.seen, |first| first.ver.saturating_sub(1))
    }

    /// Whether a poll would acknowledge nothing new, and is not to bring anything new.
    fn waits_for_keeping(&self) -> bool {
        let news = self.notified > self.seen && self.unkept.len() < UNKEPT_PAUSE;
        !self.unkept.is_empty() && self.done() <= self.acked && !news
    }
}

impl Session {
    /// The session stands: versions count anew.
    pub(super) fn inbox_opened(&mut self, cx: &mut Cx) {
        let inbox = &mut self.inbox;
        (inbox.seen, inbox.acked, inbox.notified) = (0, 0, 0);
        (inbox.polling, inbox.held) = (false, false);
        inbox.unkept.clear();
        self.poll(cx);
    }

    /// The server says that there is something.
    pub(super) fn inbox_pushed(&mut self, cx: &mut Cx, push: Push) {
        match push {
            Push::Msg { ver } => self.inbox_reaches(cx, ver),
            Push::RecvMsg { ver, envelope } => {
                let next = ver == self.inbox.seen + 1;
                let full = self.inbox.unkept.len() >= EVENTS_PAUSE;
                if !next || self.inbox.polling || cx.is_paused() || full {
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

    /// Asks for what is new, and acknowledges what was shown or is kept; later, if a poll is on its way or the application is slow.
    pub(super) fn poll(&mut self, cx: &mut Cx) {
        if !self.is_in() || self.inbox.polling {
            return;
        }
        cx.set_timer(Timer::Poll, POLL_EVERY);
        if cx.is_paused() || self.inbox.waits_for_keeping() {
            self.inbox.held = true;
            return;
        }
        self.inbox.polling = true;
        self.inbox.held = false;
        let request = Request::UserGetMsg {
            ver_clear: self.inbox.done(),
            max: limits::POLL_MESSAGES,
        };
        self.ask(cx, request, Purpose::Poll);
    }

    /// What acknowledges the rest of what was shown or is kept, when nothing more is to be shown.
    pub(super) fn last_acknowledgement(&self) -> Option<Request> {
        let ver_clear = self.inbox.done();
        (ver_clear > self.inbox.acked).then_some(Request::UserGetMsg { ver_clear, max: 1 })
    }

    /// The application keeps so many events of the session.
    pub(super) fn inbox_kept(&mut self, cx: &mut Cx, kept: u64) {
        let inbox = &mut self.inbox;
        let kept = kept.min(cx.told());
        if kept <= inbox.kept {
            return;
        }
        inbox.kept = kept;
        while inbox
            .unkept
            .pop_front_if(|first| first.event <= kept)
            .is_some()
        {}
        self.inbox_resumed(cx);
    }

    /// What the next session of the account need not be shown again.
    pub(super) fn into_shown(self) -> (Account, Shown) {
        let mut shown = self.inbox.shown;
        shown.only_up_to(match self.options.acknowledge {
            Acknowledge::Told => u64::MAX,
            Acknowledge::Kept => self.inbox.kept,
        });
        (self.account, shown)
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
        let news = msgs.iter().any(|(ver, _)| *ver > self.inbox.seen);
        for (ver, envelope) in msgs {
            if ver > self.inbox.seen {
                self.inbox.seen = ver;
                self.show(cx, ver, &envelope);
            }
        }
        let inbox = &mut self.inbox;
        if !news {
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
        let print = Print::of(ver, envelope);
        let event = self.inbox.shown.event_of(&print).unwrap_or_else(|| {
            self.tell_of(cx, envelope);
            self.inbox.shown.add(print, cx.told());
            cx.told()
        });
        let asked = self.options.acknowledge == Acknowledge::Kept;
        if asked && is_kept(envelope.kind) && event > self.inbox.kept {
            self.inbox.unkept.push_back(Unkept { ver, event });
        }
    }

    fn tell_of(&mut self, cx: &mut Cx, envelope: &Envelope) {
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

/// Whether it is of use to an application that was started after it came. A call is not: the server knows what its invitation was.
fn is_kept(kind: EnvelopeKind) -> bool {
    match kind {
        EnvelopeKind::Instant | EnvelopeKind::MissedCall | EnvelopeKind::Receipt => true,
        EnvelopeKind::Voip(_)
        | EnvelopeKind::VoipInviteFailed
        | EnvelopeKind::ChannelMsg
        | EnvelopeKind::ChannelUserJoin
        | EnvelopeKind::ChannelUserLeave
        | EnvelopeKind::ChannelAttrUpdate => false,
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

    fn is_new(shown: &mut Shown, ver: u64, envelope: &Envelope) -> bool {
        let print = Print::of(ver, envelope);
        let is_new = shown.event_of(&print).is_none();
        if is_new {
            shown.add(print, ver);
        }
        is_new
    }

    #[test]
    fn a_message_is_known_again_and_one_like_it_is_not() {
        let mut shown = Shown::default();
        assert!(is_new(&mut shown, 1, &envelope(5)));
        assert!(!is_new(&mut shown, 1, &envelope(5)));
        assert!(is_new(&mut shown, 2, &envelope(5)), "the same said twice");
        assert!(is_new(&mut shown, 1, &envelope(6)), "versions counted anew");
    }

    #[test]
    fn a_message_with_an_id_is_known_again_whatever_its_version() {
        let mut shown = Shown::default();
        let with_id = |line: &str| line.parse().expect("an envelope");
        let first = with_id("msg-v3 m-1 a b v1:E:9 instant 5 hello");
        assert!(is_new(&mut shown, 1, &first));
        assert!(!is_new(&mut shown, 9, &first));
        let second = with_id("msg-v3 m-2 a b v1:E:9 instant 5 hello");
        assert!(is_new(&mut shown, 1, &second), "the same said twice");
        let other = with_id("msg-v3 m-1 c b v1:E:9 instant 5 hello");
        assert!(is_new(&mut shown, 1, &other), "an id is its sender's own");
    }

    #[test]
    fn what_is_known_is_bounded() {
        let mut shown = Shown::default();
        for ver in 0..=u64::try_from(SHOWN_KEPT).expect("a small number") {
            assert!(is_new(&mut shown, ver, &envelope(5)));
        }
        assert_eq!(shown.known.len(), SHOWN_KEPT);
        assert_eq!(shown.order.len(), SHOWN_KEPT);
    }

    #[test]
    fn what_was_told_and_not_kept_is_shown_again_in_the_next_session() {
        let mut shown = Shown::default();
        for event in 1..=3 {
            assert!(is_new(&mut shown, event, &envelope(5)));
        }
        shown.only_up_to(2);
        assert_eq!(shown.order.len(), 2);
        let again: Vec<_> = (1..=3)
            .map(|ver| is_new(&mut shown, ver, &envelope(5)))
            .collect();
        assert_eq!(again, [false, false, true]);
    }

    #[test]
    fn only_what_is_kept_is_acknowledged() {
        let mut inbox = Inbox {
            seen: 7,
            ..Inbox::default()
        };
        assert_eq!(inbox.done(), 7);
        inbox
            .unkept
            .extend([Unkept { ver: 4, event: 9 }, Unkept { ver: 6, event: 11 }]);
        assert_eq!(inbox.done(), 3);
        assert!(!inbox.waits_for_keeping(), "3 can be acknowledged");
        inbox.acked = 3;
        assert!(inbox.waits_for_keeping());
        inbox.notified = 8;
        assert!(!inbox.waits_for_keeping(), "there is something new");
    }
}
