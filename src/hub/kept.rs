//! Which messages of a channel the store keeps, by their numbers alone, and for which accounts. Knows neither texts nor sessions.

use std::collections::{HashMap, VecDeque};

use crate::protocol::{Account, Resume, ResumeKey};

/// What a channel keeps for those who are members also while they are away.
#[derive(Debug, Default)]
pub(super) struct Lasting {
    members: HashMap<Account, Mark>,
    pub(super) kept: Kept,
}

/// How far a lasting member has heard what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The number of the last event that they certainly heard.
    pub(super) heard: u64,
    /// How far it counts.
    pub(super) state: MarkState,
}

/// How a mark came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MarkState {
    /// They are here and hear everything.
    Here,
    /// They went away, or have missed something, and heard at least so much, if everything came that was sent.
    Away {
        /// By what the session would have been taken up with which they were here last.
        last: Option<ResumeKey>,
    },
    /// They were here when the server was killed, and heard at least so much.
    Killed,
}

impl Lasting {
    pub(super) fn has_members(&self) -> bool {
        !self.members.is_empty()
    }

    pub(super) fn has(&self, account: &Account) -> bool {
        self.members.contains_key(account)
    }

    /// Whether an account is a member from now on that was none.
    pub(super) fn add(&mut self, account: &Account, mark: Mark) -> bool {
        self.members.insert(account.clone(), mark).is_none()
    }

    pub(super) fn remove(&mut self, account: &Account) -> bool {
        self.members.remove(account).is_some()
    }

    pub(super) fn mark(&mut self, account: &Account) -> Option<&mut Mark> {
        self.members.get_mut(account)
    }

    /// How many kept messages a member has not heard who comes; `before` is what its client says of the session that it had.
    /// Rather too many than too few: a client knows by its number what it has shown.
    pub(super) fn comes(&mut self, account: &Account, before: Option<&Resume>) -> Option<u64> {
        let mark = self.members.get_mut(account)?;
        let heard = match (&mark.state, before) {
            (MarkState::Here, _) => return Some(0),
            // The client was here with that session, and knows best.
            (MarkState::Killed, Some(before)) => before.seen,
            (MarkState::Away { last: Some(last) }, Some(before)) if *last == before.key => {
                before.seen
            }
            (MarkState::Away { .. }, Some(before)) => mark.heard.min(before.seen),
            (MarkState::Away { .. } | MarkState::Killed, None) => mark.heard,
        };
        mark.state = MarkState::Here;
        Some(self.kept.after(heard))
    }
}

/// The numbers of the kept messages of one channel, oldest first. 8 bytes a message, so that unread ones are counted without
/// asking the store.
#[derive(Debug, Default)]
pub(super) struct Kept {
    msgids: VecDeque<u64>,
    /// For each hour in which something was said, its end in ms since the Unix epoch and its last number.
    hours: VecDeque<(u64, u64)>,
}

const HOUR_MS: u64 = 3600 * 1000;

impl Kept {
    pub(super) fn len(&self) -> usize {
        self.msgids.len()
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.msgids.front().copied()
    }

    /// One more; numbers rise.
    pub(super) fn push(&mut self, msgid: u64, sent_ms: u64) {
        self.msgids.push_back(msgid);
        let end = (sent_ms / HOUR_MS + 1) * HOUR_MS;
        match self.hours.back_mut() {
            Some((hour, last)) if *hour >= end => *last = msgid,
            Some(_) | None => self.hours.push_back((end, msgid)),
        }
    }

    /// How many came after a number.
    pub(super) fn after(&self, msgid: u64) -> u64 {
        let heard = self.msgids.partition_point(|kept| *kept <= msgid);
        (self.len() - heard) as u64
    }

    /// Forgets all but the latest; returns the last number that is forgotten.
    pub(super) fn trim(&mut self, most: usize) -> Option<u64> {
        let over = self.len().checked_sub(most).filter(|over| *over > 0)?;
        let last = self.msgids.get(over - 1).copied()?;
        self.forget(last);
        Some(last)
    }

    /// Forgets the hours that ended before a time; returns the last number that is forgotten.
    pub(super) fn expire(&mut self, before_ms: u64) -> Option<u64> {
        let over = self.hours.partition_point(|(end, _)| *end <= before_ms);
        let (_, last) = self.hours.get(over.checked_sub(1)?).copied()?;
        self.forget(last);
        Some(last)
    }

    fn forget(&mut self, up_to: u64) {
        let over = self.msgids.partition_point(|msgid| *msgid <= up_to);
        self.msgids.drain(..over);
        let over = self.hours.partition_point(|(_, last)| *last <= up_to);
        self.hours.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(messages: &[(u64, u64)]) -> Kept {
        let mut kept = Kept::default();
        for (msgid, hour) in messages {
            kept.push(*msgid, hour * HOUR_MS + 5);
        }
        kept
    }

    #[test]
    fn unread_ones_are_those_after_a_number() {
        let kept = kept(&[(10, 0), (20, 0), (30, 0)]);
        let after = [0, 10, 15, 29, 30, 99].map(|msgid| kept.after(msgid));
        assert_eq!(after, [3, 2, 2, 1, 0, 0]);
    }

    #[test]
    fn the_oldest_go_first() {
        let mut kept = kept(&[(10, 0), (20, 0), (30, 1), (40, 3)]);
        assert_eq!(kept.trim(4), None);
        assert_eq!(kept.trim(3), Some(10));
        assert_eq!((kept.first(), kept.hours.len()), (Some(20), 3));
        assert_eq!(kept.trim(1), Some(30));
        assert_eq!((kept.first(), kept.hours.len()), (Some(40), 1));
        assert_eq!(kept.trim(0), Some(40));
        assert_eq!((kept.first(), kept.hours.len()), (None, 0));
        assert_eq!(kept.trim(0), None);
    }

    #[test]
    fn whole_hours_expire() {
        let mut kept = kept(&[(10, 0), (20, 0), (30, 1), (40, 3)]);
        assert_eq!(kept.expire(HOUR_MS - 1), None);
        assert_eq!(kept.expire(HOUR_MS), Some(20));
        assert_eq!(kept.expire(3 * HOUR_MS), Some(30));
        assert_eq!(kept.len(), 1);
        assert_eq!(kept.expire(u64::MAX), Some(40));
        assert_eq!(kept.expire(u64::MAX), None);
    }

    #[test]
    fn what_was_not_heard_is_rather_too_much_than_too_little() {
        let account = Account::try_from("alice").expect("a name");
        let key = ResumeKey::new("last");
        let unread = |heard, state, before: Option<(&str, u64)>| {
            let mut lasting = Lasting {
                kept: kept(&[(10, 0), (20, 0), (30, 0)]),
                ..Lasting::default()
            };
            lasting.add(&account, Mark { heard, state });
            let before = before.map(|(key, seen)| Resume {
                key: ResumeKey::new(key),
                seen,
            });
            let unread = lasting.comes(&account, before.as_ref());
            let again = lasting.comes(&account, before.as_ref());
            assert_eq!(again, Some(0), "it is here now");
            unread
        };
        let away = || MarkState::Away {
            last: Some(key.clone()),
        };
        let old = || MarkState::Away { last: None };
        assert_eq!(unread(10, old(), None), Some(2));
        assert_eq!(unread(10, old(), Some(("last", 20))), Some(2));
        assert_eq!(unread(30, old(), Some(("last", 20))), Some(1));
        assert_eq!(unread(10, away(), Some(("last", 20))), Some(1));
        assert_eq!(unread(30, away(), Some(("last", 20))), Some(1));
        assert_eq!(unread(10, away(), Some(("other", 20))), Some(2));
        assert_eq!(unread(10, MarkState::Killed, Some(("x", 20))), Some(1));
        assert_eq!(unread(10, MarkState::Killed, None), Some(2));
        assert_eq!(unread(10, MarkState::Here, Some(("x", 5))), Some(0));
    }
}
