//! What every topic of the hub has at hand while it handles one input: the time, the limits, and where outputs go.

use std::time::{Duration, Instant};

use crate::protocol::limits::Limits;
use crate::protocol::{Code, Failure, Push, Reply, ServerFrame};

use super::timers::{Timer, Timers};
use super::{CloseStatus, LinkId, Now, Output, StoreOp};

/// What a function of the API is answered with.
pub(super) type Answer = Result<Reply, Failure>;

/// A failing answer.
pub(super) fn fail<T>(code: Code, reason: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::new(code, reason))
}

/// What is kept in memory over all apps: sums that are asked for all the time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) messages: usize,
    pub(super) message_bytes: usize,
    pub(super) attr_bytes: usize,
    /// What all channels remember for members who come back.
    pub(super) ring_bytes: usize,
    /// Messages of channels that the store keeps.
    pub(super) kept: usize,
    pub(super) blocked: usize,
}

/// The surroundings of one input.
pub(super) struct Cx<'a> {
    pub(super) now: Now,
    pub(super) limits: &'a Limits,
    pub(super) timers: &'a mut Timers,
    pub(super) out: &'a mut Vec<Output>,
    /// What to keep; done before everything in `out`.
    pub(super) ops: &'a mut Vec<StoreOp>,
    pub(super) totals: &'a mut Totals,
}

impl Cx<'_> {
    pub(super) fn send(&mut self, link: LinkId, frame: ServerFrame) {
        self.out.push(Output::Send { link, frame });
    }

    pub(super) fn notify(&mut self, link: LinkId, push: Push) {
        self.send(link, ServerFrame::Notify(push));
    }

    /// One frame to many; nothing if there are none.
    pub(super) fn fan(&mut self, links: Vec<LinkId>, push: Push) {
        if !links.is_empty() {
            let frame = ServerFrame::Notify(push);
            self.out.push(Output::Fan { links, frame });
        }
    }

    pub(super) fn close(&mut self, link: LinkId, linger: Duration, status: CloseStatus) {
        self.out.push(Output::Close {
            link,
            linger,
            status,
        });
    }

    pub(super) fn store(&mut self, op: StoreOp) {
        self.ops.push(op);
    }

    pub(super) fn set_timer(&mut self, after: Duration, timer: Timer) {
        self.timers.set(self.now.instant + after, timer);
    }

    pub(super) fn instant(&self) -> Instant {
        self.now.instant
    }
}
