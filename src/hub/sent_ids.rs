//! The ids that senders gave their messages, so that a message sent twice is delivered once.

use std::collections::{HashMap, VecDeque};

use crate::protocol::{Account, MessageId, limits};

/// The remembered ids of one app.
#[derive(Debug, Default)]
pub(super) struct SentIds {
    by_sender: HashMap<Account, Sender>,
}

/// The ids of one sender; at most [`limits::SENT_IDS_PER_SENDER`], and the oldest goes first.
#[derive(Debug, Default)]
struct Sender {
    /// With the time at which each may be forgotten, in ms since the Unix epoch.
    known: HashMap<MessageId, u64>,
    /// Oldest first.
    order: VecDeque<MessageId>,
}

impl SentIds {
    pub(super) fn is_empty(&self) -> bool {
        self.by_sender.is_empty()
    }

    /// Until when an id is remembered, in ms since the Unix epoch; `None` if it is not known (any more).
    pub(super) fn forget_at(&self, sender: &Account, id: &MessageId, now_ms: u64) -> Option<u64> {
        let until_ms = self.by_sender.get(sender)?.known.get(id)?;
        (*until_ms > now_ms).then_some(*until_ms)
    }

    pub(super) fn remember(&mut self, sender: &Account, id: MessageId, until_ms: u64) {
        let ids = self.by_sender.entry(sender.clone()).or_default();
        if ids.known.insert(id.clone(), until_ms).is_none() {
            ids.order.push_back(id);
        }
        if ids.order.len() > limits::SENT_IDS_PER_SENDER {
            ids.forget_oldest();
        }
    }

    /// Forgets what is over.
    pub(super) fn expire(&mut self, now_ms: u64) {
        self.by_sender.retain(|_, ids| {
            while ids
                .oldest_until()
                .is_some_and(|until_ms| until_ms <= now_ms)
            {
                ids.forget_oldest();
            }
            !ids.order.is_empty()
        });
    }
}

impl Sender {
    fn oldest_until(&self) -> Option<u64> {
        self.known.get(self.order.front()?).copied()
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front() {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> MessageId {
        MessageId::try_from(format!("m{n}").as_str()).expect("an id")
    }

    #[test]
    fn an_id_is_known_for_its_sender_until_its_time_is_over() {
        let mut ids = SentIds::default();
        let alice = Account::try_from("alice").expect("a name");
        let bob = Account::try_from("bob").expect("a name");
        ids.remember(&alice, id(1), 100);
        assert!(ids.forget_at(&alice, &id(1), 99).is_some());
        assert!(ids.forget_at(&alice, &id(1), 100).is_none());
        assert!(ids.forget_at(&bob, &id(1), 0).is_none());
    }

    #[test]
    fn what_is_over_is_forgotten_with_its_sender() {
        let mut ids = SentIds::default();
        let alice = Account::try_from("alice").expect("a name");
        ids.remember(&alice, id(1), 100);
        ids.remember(&alice, id(2), 200);
        ids.expire(100);
        assert!(!ids.is_empty() && ids.forget_at(&alice, &id(2), 100) == Some(200));
        ids.expire(200);
        assert!(ids.is_empty());
    }

    #[test]
    fn the_oldest_of_too_many_is_forgotten() {
        let mut ids = SentIds::default();
        let alice = Account::try_from("alice").expect("a name");
        for n in 0..=limits::SENT_IDS_PER_SENDER {
            ids.remember(&alice, id(n), 100);
        }
        assert!(ids.forget_at(&alice, &id(0), 0).is_none());
        assert!(ids.forget_at(&alice, &id(1), 0).is_some());
    }
}
