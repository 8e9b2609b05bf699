//! What the rest of the server holds of the running hub: links go in, figures come out, and it can be told to stop.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::WebSocketStream;

use crate::hub::{self, LinkId};

use super::event::{Event, What};
use super::link;
use super::outbox::outbox;

/// A hub that runs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HubHandle {
    shared: Arc<Shared>,
    events_tx: mpsc::Sender<Event>,
}

/// Figures of a running hub; what counts up does so from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// What the hub says about itself.
    pub hub: hub::Stats,
    /// Frames that came in.
    pub frames_in: u64,
    /// Frames that were put out, each counted once however many links got it.
    pub frames_out: u64,
    /// Frames that were handed to links.
    pub deliveries: u64,
    /// Commits of the store.
    pub commits: u64,
    /// Links that were cut since they read too slowly.
    pub slow_links_closed: u64,
    /// Outputs that wait for a commit now.
    pub held: u64,
}

/// What the handles and the driver share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    next_link: AtomicU64,
    draining: AtomicBool,
    /// Tells the driver to drain.
    pub(super) drain: Notify,
    pub(super) counters: Counters,
    hub_stats: Mutex<hub::Stats>,
}

/// What the driver counts.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) frames_in: Counter,
    pub(super) frames_out: Counter,
    pub(super) deliveries: Counter,
    pub(super) commits: Counter,
    pub(super) slow_links_closed: Counter,
    pub(super) held: Counter,
}

/// A number that one task writes and any may read.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Shared {
    pub(super) fn set_hub_stats(&self, stats: hub::Stats) {
        *self
            .hub_stats
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = stats;
    }
}

impl HubHandle {
    pub(super) fn new(shared: Arc<Shared>, events_tx: mpsc::Sender<Event>) -> Self {
        Self { shared, events_tx }
    }

    /// Serves a WebSocket connection, in a task of its own, until either side ends it. `peer` is the client's address.
    ///
    /// Waits for nothing, so that whoever accepted the connection can end its own task, and free what that holds.
    pub fn serve_link<S>(&self, ws: WebSocketStream<S>, peer: IpAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let link = LinkId(self.shared.next_link.fetch_add(1, Ordering::Relaxed));
        tokio::spawn(serve(self.events_tx.clone(), link, ws, peer));
    }

    /// The figures now.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        let counters = &self.shared.counters;
        let hub_stats = self.shared.hub_stats.lock();
        ServerStats {
            hub: *hub_stats.unwrap_or_else(PoisonError::into_inner),
            frames_in: counters.frames_in.get(),
            frames_out: counters.frames_out.get(),
            deliveries: counters.deliveries.get(),
            commits: counters.commits.get(),
            slow_links_closed: counters.slow_links_closed.get(),
            held: counters.held.get(),
        }
    }

    /// Begins an orderly stop: every client is sent away in the way that lets it come back, everything is committed,
    /// and the driver ends. Calling it again changes nothing.
    pub fn drain(&self) {
        if !self.shared.draining.swap(true, Ordering::Relaxed) {
            self.shared.drain.notify_one();
        }
    }

    /// Whether [`Self::drain`] has been called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Relaxed)
    }
}

async fn serve<S>(
    events_tx: mpsc::Sender<Event>,
    link: LinkId,
    ws: WebSocketStream<S>,
    peer: IpAddr,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (outbox_tx, outbox_rx) = outbox();
    let opened = What::Opened {
        // One client, one address, whichever way the listener writes it.
        peer: peer.to_canonical(),
        outbox: outbox_tx,
    };
    let event = |what| Event { link, what };
    if events_tx.send(event(opened)).await.is_err() {
        return;
    }
    link::run(ws, link, &events_tx, &outbox_rx).await;
    drop(outbox_rx);
    // Nobody is left to be told if the driver has ended.
    events_tx.send(event(What::Closed)).await.ok();
}
