//! How far messages have come (protocol page, section 18, `receipts`): told to a sender who is there, kept for one who is away and
//! reads receipts, and dropped for everybody else.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use crate::protocol::{
    Account, Cap, EnvelopeKind, MessageId, Push, Receipt, ReceiptState, Reply, limits,
};

use super::StoredMessage;
use super::app::App;
use super::cx::{Answer, Cx};
use super::inbox::{Freed, Inbox};

/// Receipts that a session was told of lately, in case its link was dying: the latest [`limits::RECEIPTS_RECENT`] of the last
/// [`limits::RING_KEPT`]. When full, the oldest is taken for read.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(Instant, Receipt)>);

impl Recent {
    fn push(&mut self, now: Instant, receipt: Receipt) {
        self.expire(now);
        self.0.push_back((now, receipt));
        let ids = |recent: &VecDeque<(Instant, Receipt)>| -> usize {
            recent.iter().map(|(_, receipt)| receipt.ids.len()).sum()
        };
        while ids(&self.0) > limits::RECEIPTS_RECENT {
            self.0.pop_front();
        }
    }

    /// Forgets what a client that is still heard of has read.
    pub(super) fn expire(&mut self, now: Instant) {
        let old = |told: &Instant| now.duration_since(*told) > limits::RING_KEPT;
        while self.0.front().is_some_and(|(told, _)| old(told)) {
            self.0.pop_front();
        }
        if self.0.is_empty() {
            self.0 = VecDeque::new();
        }
    }

    /// What may not have been read, in order.
    pub(super) fn unread(&mut self, now: Instant) -> impl Iterator<Item = &Receipt> {
        self.expire(now);
        self.0.iter().map(|(_, receipt)| receipt)
    }
}

impl App {
    /// Tells a sender how far a receiver has come with their messages.
    pub(super) fn user_receipt(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        peer: &Account,
        ids: Vec<MessageId>,
        state: ReceiptState,
    ) -> Answer {
        if !ids.is_empty() {
            let receipt = Receipt {
                peer: from.clone(),
                ids,
                state,
            };
            self.pass_receipt(cx, peer, receipt);
        }
        Ok(Reply::Done)
    }

    /// The messages that a poll acknowledges and whose senders read receipts, by sender.
    pub(super) fn newly_seen(&self, receiver: &Account, ver: u64) -> Seen {
        let mut seen = Seen::new();
        if !self.accounts.is_empty()
            && let Some(inbox) = self.inboxes.get(receiver)
        {
            for (sender, id) in inbox.shown_up_to(ver) {
                if self.accounts.last_caps(sender).has(Cap::Receipts) {
                    let ids = seen.entry(sender.clone()).or_default();
                    ids.push(id.clone());
                }
            }
        }
        seen
    }

    /// Tells senders that a receiver's device has their messages.
    pub(super) fn tell_delivered(&mut self, cx: &mut Cx<'_>, receiver: &Account, seen: Seen) {
        for (sender, ids) in seen {
            for ids in ids.chunks(limits::RECEIPT_IDS) {
                let receipt = Receipt {
                    peer: receiver.clone(),
                    ids: ids.to_vec(),
                    state: ReceiptState::Delivered,
                };
                self.pass_receipt(cx, &sender, receipt);
            }
        }
    }

    fn pass_receipt(&mut self, cx: &mut Cx<'_>, to: &Account, receipt: Receipt) {
        let reads = self.accounts.last_caps(to).has(Cap::Receipts);
        if !reads || self.blocks.has(to, &receipt.peer) {
            return;
        }
        let session = self.sessions.get_mut(to);
        match session.and_then(|session| Some((session.live()?, session))) {
            Some((link, session)) => {
                session.receipts.push(cx.now.instant, receipt.clone());
                cx.notify(link, Push::Receipt(receipt));
            }
            None => self.keep_receipt(cx, to, receipt),
        }
    }

    /// Keeps a receipt for a sender who is away, in one message with what the same receiver just said. If the inbox is full,
    /// it is dropped.
    fn keep_receipt(&mut self, cx: &mut Cx<'_>, to: &Account, mut receipt: Receipt) {
        if self.room_for(cx, &receipt.peer, to).is_err() {
            return;
        }
        let inbox = self.inboxes.get_mut(to);
        if let Some((ids, freed)) = inbox.and_then(|inbox| make_room(inbox, &receipt)) {
            self.dropped(cx, to, freed);
            let new = std::mem::replace(&mut receipt.ids, ids);
            receipt.ids.extend(new);
        }
        let message = StoredMessage {
            app: self.id.clone(),
            account: to.clone(),
            ver: 0,
            id: MessageId::numbered(self.next_msgid()),
            kind: EnvelopeKind::Receipt,
            sender: receipt.peer.clone(),
            ttl_s: limits::RECEIPT_KEPT.as_secs(),
            sent_ms: cx.now.unix_ms,
            content: serde_json::to_string(&receipt).unwrap_or_default(),
        };
        self.keep(cx, message);
    }

    /// A session was taken up: what it was told lately may have been lost with its link.
    pub(super) fn receipts_resumed(&mut self, cx: &mut Cx<'_>, account: &Account) {
        if let Some(session) = self.sessions.get_mut(account) {
            for receipt in session.receipts.unread(cx.now.instant) {
                cx.notify(session.link, Push::Receipt(receipt.clone()));
            }
        }
    }

    /// A session was lost with its link: what it was told lately is kept for the next one.
    pub(super) fn receipts_lost(&mut self, cx: &mut Cx<'_>, account: &Account, mut lost: Recent) {
        let mut all: BTreeMap<(&Account, ReceiptState), Vec<MessageId>> = BTreeMap::new();
        for receipt in lost.unread(cx.now.instant) {
            let ids = all.entry((&receipt.peer, receipt.state)).or_default();
            ids.extend_from_slice(&receipt.ids);
        }
        for ((peer, state), ids) in all {
            for ids in ids.chunks(limits::RECEIPT_IDS) {
                let receipt = Receipt {
                    peer: peer.clone(),
                    ids: ids.to_vec(),
                    state,
                };
                self.keep_receipt(cx, account, receipt);
            }
        }
    }
}

/// Messages by their sender.
type Seen = BTreeMap<Account, Vec<MessageId>>;

/// Takes an unread receipt out of an inbox that another one can be added to, and gives its ids back; else, if there are too many,
/// the oldest, which is forgotten.
fn make_room(inbox: &mut Inbox, receipt: &Receipt) -> Option<(Vec<MessageId>, Freed)> {
    let mut count = 0;
    let mut found = None;
    let mut oldest = None;
    for (ver, envelope) in inbox.unread_of(EnvelopeKind::Receipt) {
        count += 1;
        oldest.get_or_insert(ver);
        if envelope.source != receipt.peer {
            continue;
        }
        let earlier: Receipt = serde_json::from_str(&envelope.content).ok()?;
        let fits = earlier.ids.len() + receipt.ids.len() <= limits::RECEIPT_IDS;
        if fits && earlier.state == receipt.state {
            found = Some((ver, earlier.ids));
        }
    }
    if let Some((ver, ids)) = found {
        return Some((ids, inbox.drop_one(ver)));
    }
    let oldest = oldest.filter(|_| count >= limits::RECEIPTS_WAITING)?;
    Some((Vec::new(), inbox.drop_one(oldest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn receipt(number: usize) -> Receipt {
        Receipt {
            peer: Account::try_from("bob").expect("a name"),
            ids: vec![MessageId::numbered(number as u64)],
            state: ReceiptState::Delivered,
        }
    }

    fn unread(recent: &mut Recent, now: Instant) -> Vec<Receipt> {
        recent.unread(now).cloned().collect()
    }

    #[test]
    fn the_latest_of_two_minutes_are_remembered() {
        let (now, mut recent) = (Instant::now(), Recent::default());
        recent.push(now, receipt(1));
        let later = now + limits::RING_KEPT;
        recent.push(later, receipt(2));
        assert_eq!(unread(&mut recent, later), [receipt(1), receipt(2)]);
        let too_late = later + Duration::from_millis(1);
        assert_eq!(unread(&mut recent, too_late), [receipt(2)]);
        for number in 0..limits::RECEIPTS_RECENT + 5 {
            recent.push(later, receipt(number));
        }
        let left = unread(&mut recent, later);
        assert_eq!(
            (left.len(), &left[0]),
            (limits::RECEIPTS_RECENT, &receipt(5))
        );
    }
}
