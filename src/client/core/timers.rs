//! Every time that a core waits for.

use std::collections::BTreeMap;
use std::time::Instant;

use super::LinkNo;
use crate::client::event::CallRef;

/// What is due. Each is set at most once at a time; setting it again moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The link should stand by now.
    Connect,
    /// The login should be answered by now.
    Login,
    /// A ping is to be sent.
    Ping,
    /// Something should have been heard by now.
    Silence,
    /// The link is tried again.
    Retry,
    /// Coming back has taken too long.
    GiveUp,
    /// A request should be answered by now.
    Answer,
    /// The inbox is polled.
    Poll,
    /// More channels are joined again.
    Rejoin,
    /// More of what was written without a link goes out.
    Late,
    /// Watches that were refused for the moment are begun again.
    Rewatch,
    /// A call has rung long enough.
    Ring(CallRef),
    /// A logout should be answered by now.
    Logout(LinkNo),
}

/// The timers that are set.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeMap<Timer, Instant>);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0.insert(timer, at);
    }

    /// Sets it unless it is due earlier already.
    pub(super) fn set_by(&mut self, timer: Timer, at: Instant) {
        let due = self.0.entry(timer).or_insert(at);
        *due = at.min(*due);
    }

    pub(super) fn cancel(&mut self, timer: Timer) {
        self.0.remove(&timer);
    }

    /// Forgets all that a session waits for.
    pub(super) fn end_session(&mut self) {
        self.0.retain(|timer, _| matches!(timer, Timer::Logout(_)));
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }

    /// The earliest that is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let (&timer, &at) = self.0.iter().min_by_key(|(_, at)| **at)?;
        (at <= now).then(|| {
            self.0.remove(&timer);
            timer
        })
    }
}
