//! The ids that senders gave their messages, so that a message sent twice is delivered once.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::protocol::{Account, MessageId, limits};

/// The remembered ids of one app.
#[derive(Debug, Default)]
pub(super) struct SentIds {
    by_sender: HashMap<Account, Sender>,
}

/// The ids of one sender; at most [`limits::SENT_IDS_PER_SENDER`], and the oldest goes first.
#[derive(Debug, Default)]
struct Sender {
    known: HashSet<MessageId>,
    /// With the time at which each may be forgotten, in ms since the Unix epoch; oldest first.
    order: VecDeque<(u64, MessageId)>,
}

impl SentIds {
    pub(super) fn knows(&self, sender: &Account, id: &MessageId, now_ms: u64) -> bool {
        self.by_sender.get(sender).is_some_and(|ids| {
            ids.known.contains(id)
                // What is over goes when the next one comes; until then it must not count.
                && ids.order.iter().any(|(until, known)| known == id && *until > now_ms)
        })
    }

    pub(super) fn remember(&mut self, sender: &Account, id: MessageId, until_ms: u64, now_ms: u64) {
        let ids = self.by_sender.entry(sender.clone()).or_default();
        while let Some((until, _)) = ids.order.front()
            && (*until <= now_ms || ids.order.len() >= limits::SENT_IDS_PER_SENDER)
            && let Some((_, oldest)) = ids.order.pop_front()
        {
            ids.known.remove(&oldest);
        }
        if ids.known.insert(id.clone()) {
            ids.order.push_back((until_ms, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_for_its_sender_until_its_time_is_over() {
        let mut ids = SentIds::default();
        let alice = Account::try_from("alice").expect("a name");
        let bob = Account::try_from("bob").expect("a name");
        let id = MessageId::try_from("m1").expect("an id");
        ids.remember(&alice, id.clone(), 100, 0);
        assert!(ids.knows(&alice, &id, 99));
        assert!(!ids.knows(&alice, &id, 100));
        assert!(!ids.knows(&bob, &id, 0));
    }

    #[test]
    fn the_oldest_of_too_many_is_forgotten() {
        let mut ids = SentIds::default();
        let alice = Account::try_from("alice").expect("a name");
        let id = |n: usize| MessageId::try_from(format!("m{n}").as_str()).expect("an id");
        for n in 0..=limits::SENT_IDS_PER_SENDER {
            ids.remember(&alice, id(n), 100, 0);
        }
        assert!(!ids.knows(&alice, &id(0), 0));
        assert!(ids.knows(&alice, &id(1), 0));
    }
}
