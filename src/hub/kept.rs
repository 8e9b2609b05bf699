//! Which messages of a channel the store keeps, by their numbers alone, and for which accounts. Knows neither texts nor sessions.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use crate::protocol::{Account, Resume, ResumeKey, limits};

/// What a channel keeps for those who are members also while they are away.
#[derive(Debug, Default)]
pub(super) struct Lasting {
    members: HashMap<Account, Mark>,
    pub(super) kept: Kept,
}

/// How far a lasting member has heard what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The number of the last event that they certainly heard, before they came.
    pub(super) heard: u64,
    pub(super) state: MarkState,
}

/// How a mark came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MarkState {
    /// They are here and hear everything that was said since.
    Here { since: Instant },
    /// They went away, or have missed something.
    Away {
        /// By what the session would have been taken up with which they were here last.
        last: Option<ResumeKey>,
    },
    /// They were here when the server was killed.
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

    /// How far a member has heard.
    pub(super) fn mark(&self, account: &Account) -> Option<&Mark> {
        self.members.get(account)
    }

    /// How many kept messages a member has not heard who comes; `before` is what its client says of the session that it had.
    /// Rather too many than too few: a client knows by its number what it has shown.
    pub(super) fn comes(
        &mut self,
        now: Instant,
        account: &Account,
        before: Option<&Resume>,
        certain: Certain,
    ) -> Option<u64> {
        let mark = self.members.get_mut(account)?;
        let heard = match (&mark.state, before) {
            (MarkState::Here { since }, _) if certain.is_after(*since) => return Some(0),
            // Perhaps the answer to its join was lost.
            (MarkState::Here { .. }, _) => mark.heard,
            // The client was here with that session, and knows best.
            (MarkState::Killed, Some(before)) => before.seen,
            (MarkState::Away { last: Some(last) }, Some(before)) if *last == before.key => {
                before.seen
            }
            (MarkState::Away { .. }, Some(before)) => mark.heard.min(before.seen),
            (MarkState::Away { .. } | MarkState::Killed, None) => mark.heard,
        };
        mark.heard = heard;
        if !matches!(mark.state, MarkState::Here { .. }) {
            mark.state = MarkState::Here { since: now };
        }
        Some(self.kept.after(heard))
    }

    /// A member is away, whose session heard so much; returns the number to remember, if it is one.
    pub(super) fn goes(
        &mut self,
        account: &Account,
        last: Option<&ResumeKey>,
        certain: Certain,
    ) -> Option<u64> {
        let mark = self.members.get_mut(account)?;
        // What was missed before is still missed, and so is what the answer to its join told, if that is not sure to have come.
        if let MarkState::Here { since } = mark.state {
            if certain.is_after(since) {
                mark.heard = certain.heard;
            }
            mark.state = MarkState::Away {
                last: last.cloned(),
            };
        }
        Some(mark.heard)
    }

    /// Whether a member who is here may not have heard the answer to its join.
    pub(super) fn is_unsure(&self, account: &Account, certain: Certain) -> bool {
        let state = self.mark(account).map(|mark| &mark.state);
        matches!(state, Some(MarkState::Here { since }) if !certain.is_after(*since))
    }

    /// A member who is here, and came after the event `since`, has missed what came after `seen`, and will join again to learn how
    /// much.
    pub(super) fn misses(&mut self, account: &Account, seen: u64, since: u64, certain: Certain) {
        if let Some(mark) = self.members.get_mut(account)
            && let MarkState::Here { since: at } = mark.state
        {
            // Who has heard nothing since may not have heard the answer to its join either, and what that told.
            let heard = if seen > since || certain.is_after(at) {
                seen.max(since)
            } else {
                mark.heard
            };
            let state = MarkState::Away { last: None };
            *mark = Mark { heard, state };
        }
    }
}

/// What a session is certain to have heard: what it was told [`limits::ON_ITS_WAY`] or longer before something came from its
/// client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Certain {
    /// The number of the last event that it certainly heard, ...
    pub(super) heard: u64,
    /// ... and when that was the last of all.
    at: Option<Instant>,
    /// The same for what it will certainly have heard.
    next: (u64, Instant),
}

impl Certain {
    /// A session begins.
    pub(super) fn new(now: Instant, msgid: u64) -> Self {
        Self {
            heard: msgid,
            at: None,
            next: (msgid, now),
        }
    }

    /// Something came from its client; the last event until now is `msgid`.
    pub(super) fn came(&mut self, now: Instant, msgid: u64) {
        let (next, at) = self.next;
        if now.duration_since(at) >= limits::ON_ITS_WAY {
            (self.heard, self.at) = (next, Some(at));
            self.next = (msgid, now);
        }
    }

    /// It is taken up on another link, the last event until now being `msgid`: what comes there tells nothing about what was on its
    /// way on the link before.
    pub(super) fn resumed(&mut self, now: Instant, msgid: u64) {
        self.next = (msgid, now);
    }

    /// Whether what it was told at a time has come.
    fn is_after(&self, time: Instant) -> bool {
        self.at.is_some_and(|at| at >= time)
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

    fn alice() -> Account {
        Account::try_from("alice").expect("a name")
    }

    /// A channel in which 10, 20 and 30 were said, with one lasting member.
    fn with_member(heard: u64, state: MarkState) -> Lasting {
        let mut lasting = Lasting {
            kept: kept(&[(10, 0), (20, 0), (30, 0)]),
            ..Lasting::default()
        };
        lasting.add(&alice(), Mark { heard, state });
        lasting
    }

    #[test]
    fn what_was_not_heard_is_rather_too_much_than_too_little() {
        let now = Instant::now();
        let unread = |heard, state, before: Option<(&str, u64)>| {
            let before = before.map(|(key, seen)| Resume {
                key: ResumeKey::new(key),
                seen,
            });
            let certain = Certain::new(now, 30);
            with_member(heard, state).comes(now, &alice(), before.as_ref(), certain)
        };
        let away = || MarkState::Away {
            last: Some(ResumeKey::new("last")),
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
        let nobody = Account::try_from("bob").expect("a name");
        let mut lasting = with_member(10, old());
        let certain = Certain::new(now, 30);
        assert_eq!(lasting.comes(now, &nobody, None, certain), None);
    }

    #[test]
    fn who_is_here_has_heard_what_certainly_came() {
        let start = Instant::now();
        let later = |times: u32| start + times * limits::ON_ITS_WAY;
        let mut lasting = with_member(10, MarkState::Away { last: None });
        let mut certain = Certain::new(start, 10);
        let unread = lasting.comes(later(1), &alice(), None, certain);
        assert_eq!(unread, Some(2));
        // Its answer may have been lost.
        certain.came(later(1), 30);
        let again = lasting.comes(later(1), &alice(), None, certain);
        assert_eq!((again, certain.heard), (Some(2), 10));
        assert_eq!(lasting.goes(&alice(), None, certain), Some(10));
        assert_eq!(lasting.comes(later(1), &alice(), None, certain), Some(2));
        // Something came from it long enough afterwards.
        certain.came(later(2), 40);
        let now = lasting.comes(later(2), &alice(), None, certain);
        assert_eq!((now, certain.heard), (Some(0), 30));
        certain.came(later(3), 50);
        assert_eq!(lasting.goes(&alice(), None, certain), Some(40));
        assert_eq!(lasting.goes(&alice(), None, certain), Some(40));
    }

    #[test]
    fn what_was_missed_first_is_still_missed() {
        let now = Instant::now();
        let mut lasting = with_member(0, MarkState::Here { since: now });
        let certain = Certain::new(now, 30);
        lasting.misses(&alice(), 10, 5, certain);
        lasting.misses(&alice(), 20, 5, certain);
        assert_eq!(lasting.goes(&alice(), None, certain), Some(10));
        assert_eq!(lasting.comes(now, &alice(), None, certain), Some(2));
    }

    #[test]
    fn what_a_join_told_whose_answer_may_be_lost_is_still_missed() {
        let now = Instant::now();
        let unread = |seen, certain: Certain| {
            let mut lasting = with_member(10, MarkState::Here { since: now });
            lasting.misses(&alice(), seen, 20, certain);
            lasting.comes(now, &alice(), None, certain)
        };
        let mut certain = Certain::new(now, 20);
        assert_eq!(unread(0, certain), Some(2));
        assert_eq!(unread(20, certain), Some(2));
        assert_eq!(unread(25, certain), Some(1), "it has heard of it since");
        // Something came long enough afterwards, but on another link.
        certain.resumed(now + limits::ON_ITS_WAY, 30);
        certain.came(now + limits::ON_ITS_WAY, 30);
        assert_eq!(unread(20, certain), Some(2));
        certain.came(now + 2 * limits::ON_ITS_WAY, 30);
        assert_eq!(unread(20, certain), Some(1));
    }
}
