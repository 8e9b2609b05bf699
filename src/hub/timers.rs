//! What is to happen later: at most one timer of each kind for each thing.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use crate::protocol::{Account, AppId, ChannelName};

use super::LinkId;
use super::channel::Counted;

/// One thing that happens later; also the key under which it is set, moved and cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Timer {
    /// A connection has had its time to sign in.
    LoginDue(LinkId),
    /// Logins that were too many in their second are looked at again.
    LoginsWait,
    /// A session may have been silent for too long.
    IdleDue(LinkId),
    /// A session that lost its link has waited long enough.
    ResumeExpires(AppId, Account),
    /// The token of a session expires.
    TokenExpires(LinkId),
    /// The next message of an inbox has outlived its time.
    MessageExpires(AppId, Account),
    /// Messages of channels may have been kept long enough.
    HistoryExpires(AppId),
    /// Message ids that senders gave may be forgotten.
    SentIdsExpire(AppId),
    /// Accounts that stay away may be forgotten.
    AccountsExpire(AppId),
    /// An invitation was not acknowledged in time.
    InviteExpires(AppId, u64),
    /// A party of a call has been without a link for too long.
    PartyLost(AppId, u64, Account),
    /// What a channel remembers for members who come back may be too old.
    RingExpires(AppId, ChannelName),
    /// A channel has been empty for too long.
    ChannelExpires(AppId, ChannelName),
    /// A number of a channel's members may be told again.
    NumDue(AppId, ChannelName, Counted),
}

/// All timers, by their time.
#[derive(Debug, Default)]
pub(super) struct Timers {
    by_time: BTreeMap<Place, Timer>,
    places: HashMap<Timer, Place>,
    next: u64,
}

/// The time of a timer, and a number that keeps timers of one moment in the order in which they were set.
type Place = (Instant, u64);

impl Timers {
    /// Sets a timer, wherever it was before.
    pub(super) fn set(&mut self, at: Instant, timer: Timer) {
        self.cancel(&timer);
        let place = (at, self.next);
        self.next += 1;
        self.places.insert(timer.clone(), place);
        self.by_time.insert(place, timer);
    }

    /// Sets a timer, unless it fires as early already.
    pub(super) fn set_earlier(&mut self, at: Instant, timer: Timer) {
        if self.places.get(&timer).is_none_or(|(due, _)| at < *due) {
            self.set(at, timer);
        }
    }

    pub(super) fn cancel(&mut self, timer: &Timer) {
        if let Some(place) = self.places.remove(timer) {
            self.by_time.remove(&place);
        }
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.by_time.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next timer that is due, taken out.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let entry = self.by_time.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let timer = entry.remove();
        self.places.remove(&timer);
        Some(timer)
    }

    /// How many are set.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_time.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_timer_is_set_once_and_can_be_moved_and_cancelled() {
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        let timer = Timer::IdleDue(LinkId(1));
        let mut timers = Timers::default();
        timers.set(later(5), timer.clone());
        timers.set_earlier(later(9), timer.clone());
        assert_eq!(timers.next_due(), Some(later(5)));
        timers.set_earlier(later(3), timer.clone());
        timers.set(later(7), timer.clone());
        assert_eq!((timers.next_due(), timers.len()), (Some(later(7)), 1));
        assert_eq!(timers.pop_due(later(6)), None);
        assert_eq!(timers.pop_due(later(7)), Some(timer.clone()));
        timers.set(later(8), timer.clone());
        timers.cancel(&timer);
        assert_eq!(timers.pop_due(later(9)), None);
    }

    #[test]
    fn timers_of_one_moment_fire_in_the_order_in_which_they_were_set() {
        let now = Instant::now();
        let mut timers = Timers::default();
        for link in [3, 1, 2] {
            timers.set(now, Timer::IdleDue(LinkId(link)));
        }
        let fired: Vec<_> = std::iter::from_fn(|| timers.pop_due(now)).collect();
        assert_eq!(fired, [3, 1, 2].map(|link| Timer::IdleDue(LinkId(link))));
    }
}
