//! What is to happen later. A timer is never cancelled: when it fires, whoever set it looks whether it still matters.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::protocol::{Account, AppId, ChannelName};

use super::LinkId;
use super::channel::Counted;

/// One thing that happens later.
#[derive(Clone, Debug)]
pub(super) enum Timer {
    /// A connection has had its time to sign in.
    LoginDue(LinkId),
    /// A session may have been silent for too long.
    IdleDue(LinkId),
    /// The token of a session expires.
    TokenExpires(LinkId),
    /// The oldest message of an inbox may have outlived its time.
    MessageExpires(AppId, Account),
    /// An invitation was not acknowledged in time.
    InviteExpires(AppId, u64),
    /// A party of a call has been without a link for too long.
    PartyLost(AppId, u64, Account),
    /// A channel may have been empty for too long.
    ChannelExpires(AppId, ChannelName),
    /// A number of a channel's members may be told again.
    NumDue(AppId, ChannelName, Counted),
}

/// All timers, by their time.
#[derive(Debug, Default)]
pub(super) struct Timers {
    by_time: BTreeMap<(Instant, u64), Timer>,
    /// Tells timers of one moment apart, and keeps them in the order in which they were set.
    next: u64,
}

impl Timers {
    pub(super) fn set(&mut self, at: Instant, timer: Timer) {
        self.by_time.insert((at, self.next), timer);
        self.next += 1;
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.by_time.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next timer that is due, taken out.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let entry = self.by_time.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}
