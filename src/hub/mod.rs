//! LAYER 1. The server's mind. Time and input in, outputs out: no clock, no socket, no task, no randomness.

mod io;
mod persist;
mod settings;

use std::time::Instant;

pub use io::{CloseStatus, Input, LinkId, Now, Output, Unreadable};
pub use persist::{AttrOwner, Snapshot, StoreOp, StoredMessage};
pub use settings::{AppRules, Apps, Settings};

/// The signaling service of one process.
#[derive(Debug)]
pub struct Hub {}

/// Figures about a hub, for its metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections, signed in or not.
    pub links: usize,
    /// Signed-in sessions.
    pub sessions: usize,
    /// Channels.
    pub channels: usize,
    /// Calls that have not ended.
    pub calls: usize,
    /// Messages waiting in inboxes.
    pub inbox_messages: usize,
    /// Their bytes.
    pub inbox_bytes: usize,
}

impl Hub {
    /// An empty hub. `now` seeds the counter of channel events, so that it rises over restarts.
    #[must_use]
    pub fn new(_settings: Settings, _now: Now) -> Self {
        Self {}
    }

    /// Takes back what an earlier process kept. Only for a hub that has handled nothing.
    pub fn restore(&mut self, _now: Now, _snapshot: Snapshot) {}

    /// What an input leads to, to be done in order.
    #[must_use]
    pub fn handle(&mut self, _now: Now, _input: Input) -> Vec<Output> {
        Vec::new()
    }

    /// When to call [`Self::handle`] with [`Input::Tick`], if nothing else happens before.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Instant> {
        None
    }

    /// Its figures now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::default()
    }
}
