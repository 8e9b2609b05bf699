//! What every connection needs: the hub, the site, and the figures.

use std::sync::{Arc, Mutex, PoisonError};

use super::HubHandle;
use super::http::{Desk, Site};
use super::lobby::Lobby;
use super::metrics::EdgeCounters;
use super::turn::Figures;

/// Shared by all connections of a server.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) hub: HubHandle,
    pub(super) site: Site,
    pub(super) desk: Desk,
    pub(super) lobby: Arc<Lobby>,
    pub(super) counters: EdgeCounters,
    /// What the relay counts, where there is one.
    pub(super) relay: Option<Arc<Mutex<Figures>>>,
}

impl Edge {
    pub(super) fn new(hub: HubHandle, site: Site, desk: Desk) -> Self {
        Self {
            hub,
            site,
            desk,
            lobby: Arc::default(),
            counters: EdgeCounters::default(),
            relay: None,
        }
    }

    /// What the relay has done.
    pub(super) fn relayed(&self) -> Option<Figures> {
        let figures = self.relay.as_ref()?.lock();
        Some(*figures.unwrap_or_else(PoisonError::into_inner))
    }
}
