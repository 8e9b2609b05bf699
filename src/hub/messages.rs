//! Instant messages: from one account to another's inbox.

use std::time::Duration;

use crate::protocol::{
    Account, Code, Envelope, EnvelopeKind, EnvelopeVersion, MessageId, Push, Reply, limits,
};

use super::app::App;
use super::cx::{Answer, Cx, fail};
use super::inbox::Keep;
use super::timers::Timer;
use super::{StoreOp, StoredMessage};

impl App {
    /// Puts a message into the inbox of an account, whether anybody ever signed in under that name or not.
    pub(super) fn user_sendmsg(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        peer: Account,
        ttl: Duration,
        content: String,
        message_id: Option<MessageId>,
    ) -> Answer {
        if self.is_repeat(cx, from, message_id.as_ref()) {
            return Ok(Reply::Done);
        }
        let waiting = self.inboxes.get(&peer).map_or(0, |inbox| inbox.len());
        let limit = cx.limits.inbox;
        if limit > 0 && waiting >= limit as usize {
            return fail(
                Code::SendMessageOther,
                format!("the inbox of {peer} is full"),
            );
        }
        if cx.waiting.bytes >= limits::INBOXES_BYTES {
            return fail(
                Code::SendMessageOther,
                "the server holds no more messages now",
            );
        }
        self.remember_id(cx, from, message_id);
        let message = StoredMessage {
            app: self.id.clone(),
            account: peer,
            ver: 0,
            sender: from.clone(),
            // What lives for no time at all is over before it can be polled.
            ttl_s: ttl.as_secs().max(1),
            sent_ms: cx.now.unix_ms,
            content,
        };
        let (account, envelope, keep) = unpack(&message);
        let ver = self.put(cx, &account, envelope, keep);
        cx.store(StoreOp::PutMessage(StoredMessage { ver, ..message }));
        Ok(Reply::Done)
    }

    /// Whether a sender's message was accepted before.
    pub(super) fn is_repeat(&self, cx: &Cx<'_>, from: &Account, id: Option<&MessageId>) -> bool {
        id.is_some_and(|id| self.sent_ids.knows(from, id, cx.now.unix_ms))
    }

    /// Remembers that a message is accepted.
    pub(super) fn remember_id(&mut self, cx: &mut Cx<'_>, from: &Account, id: Option<MessageId>) {
        let Some(id) = id else { return };
        let now_ms = cx.now.unix_ms;
        let forget_at_ms = now_ms + millis(limits::SENT_ID_KEPT);
        self.sent_ids
            .remember(from, id.clone(), forget_at_ms, now_ms);
        cx.store(StoreOp::PutSentId {
            app: self.id.clone(),
            sender: from.clone(),
            id,
            forget_at_ms,
        });
    }

    /// Puts something into an inbox and says so to its owner. While a session has been told and has not polled
    /// yet, it is not told again: its poll brings everything.
    pub(super) fn put(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        envelope: Envelope,
        keep: Keep,
    ) -> u64 {
        let inbox = self.inboxes.entry(account.clone()).or_default();
        let (ver, bytes) = inbox.put(envelope, keep);
        cx.waiting.add(bytes);
        self.watch_expiry(cx, account);
        if let Some(session) = self.sessions.get_mut(account)
            && !session.announced
        {
            session.announced = true;
            cx.notify(session.link, Push::Msg { ver });
        }
        ver
    }

    /// Takes back a message that an earlier process kept.
    pub(super) fn restore_message(&mut self, cx: &mut Cx<'_>, message: &StoredMessage) {
        let (account, envelope, keep) = unpack(message);
        let inbox = self.inboxes.entry(account.clone()).or_default();
        let (_, bytes) = inbox.restore(message.ver, envelope, keep);
        cx.waiting.add(bytes);
        self.watch_expiry(cx, &account);
    }

    /// The oldest message of an inbox may be over.
    pub(super) fn message_expires(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let Some(inbox) = self.inboxes.get_mut(account) else {
            return;
        };
        inbox.expiry_timer = false;
        let freed = inbox.expire(cx.now.unix_ms);
        self.dropped(cx, account, freed);
        self.watch_expiry(cx, account);
    }

    fn watch_expiry(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let Some(inbox) = self.inboxes.get_mut(account) else {
            return;
        };
        if inbox.expiry_timer {
            return;
        }
        if let Some(after) = inbox.next_expiry(cx.now.unix_ms) {
            inbox.expiry_timer = true;
            // Not too often, for a burst of messages that expire one by one.
            let after = after.max(EXPIRY_STEP);
            cx.set_timer(
                after,
                Timer::MessageExpires(self.id.clone(), account.clone()),
            );
        }
    }
}

/// How often an inbox is looked through for what is over, at most. Until then it is kept, but no longer shown.
const EXPIRY_STEP: Duration = Duration::from_secs(1);

/// The inbox, the envelope and the end of a message that waits.
fn unpack(message: &StoredMessage) -> (Account, Envelope, Keep) {
    let envelope = Envelope {
        version: EnvelopeVersion::V2,
        source: message.sender.clone(),
        destination: Some(message.account.clone()),
        ttl_s: message.ttl_s,
        kind: EnvelopeKind::Instant,
        sent_ms: message.sent_ms,
        content: message.content.clone(),
    };
    let until_ms = message.sent_ms + millis(Duration::from_secs(message.ttl_s));
    (message.account.clone(), envelope, Keep::Until(until_ms))
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
