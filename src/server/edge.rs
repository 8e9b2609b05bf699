//! What every connection needs: the hub, the site, and the figures.

use std::sync::Arc;

use super::HubHandle;
use super::http::{Desk, Site};
use super::lobby::Lobby;
use super::metrics::EdgeCounters;

/// Shared by all connections of a server.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) hub: HubHandle,
    pub(super) site: Site,
    pub(super) desk: Desk,
    pub(super) lobby: Arc<Lobby>,
    pub(super) counters: EdgeCounters,
}

impl Edge {
    pub(super) fn new(hub: HubHandle, site: Site, desk: Desk) -> Self {
        Self {
            hub,
            site,
            desk,
            lobby: Arc::default(),
            counters: EdgeCounters::default(),
        }
    }
}
