//! Instant messages: from one account to another's inbox.

use std::time::Duration;

use crate::protocol::{
    Account, Cap, Code, Envelope, EnvelopeKind, EnvelopeVersion, MessageId, Push, Reply, limits,
};

use super::app::App;
use super::cx::{Answer, Cx, fail};
use super::inbox::{Inbox, Keep};
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
        if let Some(first) = self.repeated(cx, from, message_id.as_ref()) {
            return Ok(first);
        }
        self.room_for(cx, from, &peer)
            .or_else(|why| fail(Code::SendMessageOther, why))?;
        let id = self.remember_id(cx, from, message_id);
        if self.blocks.has(&peer, from) {
            return Ok(self.sent(from, id, cx.now.unix_ms));
        }
        self.keep(
            cx,
            StoredMessage {
                app: self.id.clone(),
                account: peer,
                ver: 0,
                id: id.clone(),
                kind: EnvelopeKind::Instant,
                sender: from.clone(),
                // What lives for no time at all is over before it can be polled.
                ttl_s: ttl.as_secs().max(1),
                sent_ms: cx.now.unix_ms,
                content,
            },
        );
        Ok(self.sent(from, id, cx.now.unix_ms))
    }

    /// Puts a message that survives restarts into an inbox; its version is given here.
    pub(super) fn keep(&mut self, cx: &mut Cx<'_>, message: StoredMessage) {
        let account = message.account.clone();
        let (envelope, keep) = unpack(message.clone());
        let ver = self.put(cx, &account, envelope, keep);
        cx.store(StoreOp::PutMessage(StoredMessage { ver, ..message }));
    }

    /// The answer to a message that was accepted.
    pub(super) fn sent(&self, from: &Account, id: MessageId, sent_ms: u64) -> Reply {
        if self.has_cap(from, Cap::V3) {
            Reply::Sent { id, sent_ms }
        } else {
            Reply::Done
        }
    }

    /// Whether something of a sender's may go into an inbox; if not, why.
    pub(super) fn room_for(
        &self,
        cx: &Cx<'_>,
        sender: &Account,
        account: &Account,
    ) -> Result<(), String> {
        let limit = cx.limits.inbox as usize;
        let waiting = self.inboxes.get(account).map_or(0, Inbox::len);
        if limit > 0 && waiting >= limit {
            return Err(format!("the inbox of {account} is full"));
        }
        if cx.totals.message_bytes >= limits::INBOXES_BYTES {
            return Err("the server holds no more messages now".to_owned());
        }
        let own = self.waiting_of.get(sender).copied().unwrap_or(0);
        if own >= limits::INBOXES_BYTES_PER_SENDER {
            return Err("too many of your messages wait for their receivers".to_owned());
        }
        Ok(())
    }

    /// The answer that a sender's message had, if it was accepted before.
    pub(super) fn repeated(
        &self,
        cx: &Cx<'_>,
        from: &Account,
        id: Option<&MessageId>,
    ) -> Option<Reply> {
        let id = id?;
        let forget_at_ms = self.sent_ids.forget_at(from, id, cx.now.unix_ms)?;
        let sent_ms = forget_at_ms.saturating_sub(millis(limits::SENT_ID_KEPT));
        Some(self.sent(from, id.clone(), sent_ms))
    }

    /// Remembers that a message is accepted, if its sender gave it an id; if not, it gets one.
    pub(super) fn remember_id(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        id: Option<MessageId>,
    ) -> MessageId {
        let Some(id) = id else {
            return MessageId::numbered(self.next_msgid());
        };
        let now_ms = cx.now.unix_ms;
        let forget_at_ms = now_ms + millis(limits::SENT_ID_KEPT);
        self.sent_ids.remember(from, id.clone(), forget_at_ms);
        self.watch_sent_ids(cx);
        cx.store(StoreOp::PutSentId {
            app: self.id.clone(),
            sender: from.clone(),
            id: id.clone(),
            forget_at_ms,
        });
        id
    }

    /// Looks now and then for ids that may be forgotten, while there are any.
    pub(super) fn watch_sent_ids(&self, cx: &mut Cx<'_>) {
        let at = cx.instant() + limits::SENT_IDS_SWEEP;
        cx.timers
            .set_earlier(at, Timer::SentIdsExpire(self.id.clone()));
    }

    pub(super) fn sent_ids_expire(&mut self, cx: &mut Cx<'_>) {
        self.sent_ids.expire(cx.now.unix_ms);
        if !self.sent_ids.is_empty() {
            self.watch_sent_ids(cx);
        }
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
        let sender = envelope.source.clone();
        let inbox = self.inboxes.entry(account.clone()).or_default();
        let (ver, bytes) = inbox.put(envelope, keep);
        self.count_put(cx, account, sender, bytes, keep);
        if let Some(session) = self.sessions.get_mut(account)
            && !session.announced
        {
            session.announced = true;
            cx.notify(session.link, Push::Msg { ver });
        }
        ver
    }

    /// Puts something into an inbox for a session that may come back; nobody is told, since it polls when it does.
    pub(super) fn put_for_return(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        envelope: Envelope,
        keep: Keep,
    ) {
        let sender = envelope.source.clone();
        let inbox = self.inboxes.entry(account.clone()).or_default();
        let (_, bytes) = inbox.put_for_return(envelope, keep);
        self.count_put(cx, account, sender, bytes, keep);
    }

    /// Keeps the books of something that was put into an inbox.
    fn count_put(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        sender: Account,
        bytes: usize,
        keep: Keep,
    ) {
        cx.totals.messages += 1;
        cx.totals.message_bytes += bytes;
        *self.waiting_of.entry(sender).or_default() += bytes;
        if let Keep::Until(until_ms) = keep {
            let left_ms = until_ms.saturating_sub(cx.now.unix_ms);
            self.watch_expiry(cx, account, Duration::from_millis(left_ms));
        }
    }

    /// Takes back a message that an earlier process kept.
    pub(super) fn restore_message(&mut self, cx: &mut Cx<'_>, message: StoredMessage) {
        let (account, ver) = (message.account.clone(), message.ver);
        let (envelope, keep) = unpack(message);
        let sender = envelope.source.clone();
        let inbox = self.inboxes.entry(account.clone()).or_default();
        let (_, bytes) = inbox.restore(ver, envelope, keep);
        self.count_put(cx, &account, sender, bytes, keep);
    }

    /// The next message of an inbox is over.
    pub(super) fn message_expires(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let Some(inbox) = self.inboxes.get_mut(account) else {
            return;
        };
        let freed = inbox.expire(cx.now.unix_ms);
        let next = inbox.next_expiry(cx.now.unix_ms);
        if let Some(after) = next {
            self.watch_expiry(cx, account, after);
        }
        self.dropped(cx, account, freed);
    }

    fn watch_expiry(&self, cx: &mut Cx<'_>, account: &Account, after: Duration) {
        // Not too often, for a burst of messages that expire one by one.
        let at = cx.instant() + after.max(EXPIRY_STEP);
        let timer = Timer::MessageExpires(self.id.clone(), account.clone());
        cx.timers.set_earlier(at, timer);
    }
}

/// How often an inbox is looked through for what is over, at most. Until then it is kept, but no longer shown.
const EXPIRY_STEP: Duration = Duration::from_secs(1);

/// The envelope and the end of a message that waits.
fn unpack(message: StoredMessage) -> (Envelope, Keep) {
    let until_ms = message.sent_ms + millis(Duration::from_secs(message.ttl_s));
    let envelope = Envelope {
        version: EnvelopeVersion::V3 { id: message.id },
        source: message.sender,
        destination: Some(message.account),
        ttl_s: message.ttl_s,
        kind: message.kind,
        sent_ms: message.sent_ms,
        content: message.content,
    };
    (envelope, Keep::Until(until_ms))
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
