//! What every connection needs: the hub, the site, and the figures.

use std::sync::atomic::{AtomicBool, Ordering};

use super::driver::HubHandle;
use super::http::{Desk, Site};
use super::metrics::EdgeCounters;

/// Shared by all connections of a server.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) hub: HubHandle,
    pub(super) site: Site,
    pub(super) desk: Desk,
    pub(super) counters: EdgeCounters,
    draining: AtomicBool,
}

impl Edge {
    pub(super) fn new(hub: HubHandle, site: Site, desk: Desk) -> Self {
        Self {
            hub,
            site,
            desk,
            counters: EdgeCounters::default(),
            draining: AtomicBool::new(false),
        }
    }

    /// From now on nobody new is let in, and `/healthz` says so.
    pub(super) fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.hub.drain();
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
