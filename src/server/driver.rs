//! The hub's loop, on one task: what links tell goes in, what the hub puts out is done. Decides nothing about the
//! protocol; knows what must be durable before it is told.
//!
//! **The hold rule.** Behind a [`Output::Store`] that cannot wait, everything that goes to links is held in one line
//! until the store has committed it ([`Held`]). Ops that can wait share the next commit ([`Batches`]).
//!
//! **When too much is held or uncommitted**, no inputs are taken until a commit comes; links then wait for room in the
//! queue of inputs ([`limits::HUB_INPUTS`]), and TCP slows their senders.
//!
//! **When the store fails**, the loop ends with the error: what is held is never told, and every link is cut.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::hub::{Hub, Input, LinkId, Output, Settings, StoreOp};
use crate::protocol::{ServerFrame, codec, limits};

use super::batches::Batches;
use super::clock::Clock;
use super::event::{Event, What};
use super::handle::{HubHandle, Shared};
use super::held::{Delivery, Held};
use super::outbox::{Closing, OutboxTx};
use super::store::{CommitError, Store};

/// How many events are handled before other tasks get their turn.
const EVENTS_AT_ONCE: usize = 128;
/// How long clients may take to close after a drain has begun; who has not by then is cut.
const DRAIN_GRACE: Duration = Duration::from_secs(5);

/// Why a hub stopped without having been asked to.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DriverError {
    /// Something cannot be kept; whatever was waiting for it has not been acknowledged.
    #[error("stopped, since messages can no longer be kept")]
    Store(#[from] CommitError),
}

/// Starts a hub in the present runtime, with what the store kept. The task ends after [`HubHandle::drain`], or when
/// something can no longer be kept.
#[must_use]
pub fn start(
    settings: Settings,
    mut store: Store,
    mut clock: Clock,
) -> (HubHandle, JoinHandle<Result<(), DriverError>>) {
    let now = clock.now();
    let mut hub = Hub::new(settings, now);
    hub.restore(now, store.take_snapshot());
    let (events_tx, events_rx) = mpsc::channel(limits::HUB_INPUTS);
    let shared = Arc::new(Shared::default());
    let driver = Driver::new(hub, clock, store, Arc::clone(&shared));
    let task = tokio::spawn(driver.run(events_rx));
    (HubHandle::new(shared, events_tx), task)
}

struct Driver {
    hub: Hub,
    clock: Clock,
    store: Store,
    shared: Arc<Shared>,
    /// Links that the hub knows. Taking one out cuts it.
    links: HashMap<LinkId, OutboxTx>,
    /// Links without room for what they were sent.
    slow: Vec<LinkId>,
    held: Held,
    batches: Batches,
    /// When a drain is over at the latest, once it has begun.
    drained_at: Option<Instant>,
}

impl Driver {
    fn new(hub: Hub, clock: Clock, store: Store, shared: Arc<Shared>) -> Self {
        Self {
            hub,
            clock,
            store,
            shared,
            links: HashMap::new(),
            slow: Vec::new(),
            held: Held::default(),
            batches: Batches::new(),
            drained_at: None,
        }
    }

    async fn run(mut self, mut events_rx: mpsc::Receiver<Event>) -> Result<(), DriverError> {
        let shared = Arc::clone(&self.shared);
        let mut events = Vec::with_capacity(EVENTS_AT_ONCE);
        while !self.is_drained() {
            let wakeup = self.next_wakeup();
            tokio::select! {
                biased;
                committed = self.store.progress() => self.committed(committed?),
                () = shared.drain.notified() => self.drain(),
                count = events_rx.recv_many(&mut events, EVENTS_AT_ONCE), if !self.is_full() => {
                    if count == 0 {
                        // Nobody holds a handle or serves a link any more.
                        break;
                    }
                    for event in events.drain(..) {
                        self.take(event);
                    }
                }
                () = until(wakeup) => {}
            }
            self.tick();
            self.cut_slow_links();
            self.hand_over();
            self.publish();
            tokio::task::yield_now().await;
        }
        self.finish().await
    }

    /// What happened on a link goes to the hub, unless the link has been cut before.
    fn take(&mut self, event: Event) {
        let Event { link, what } = event;
        let input = match what {
            What::Opened { peer, outbox } => {
                self.links.insert(link, outbox);
                Input::Opened { link, peer }
            }
            _ if !self.links.contains_key(&link) => return,
            What::Frame(frame) => {
                self.shared.counters.frames_in.add(1);
                Input::Frame { link, frame }
            }
            What::Unreadable(what) => Input::Unreadable { link, what },
            What::Closed => {
                self.links.remove(&link);
                Input::Closed { link }
            }
        };
        self.input(input);
    }

    fn input(&mut self, input: Input) {
        let now = self.clock.now();
        let outputs = self.hub.handle(now, input);
        self.perform(outputs, now.instant);
    }

    fn perform(&mut self, outputs: Vec<Output>, now: Instant) {
        for output in outputs {
            match output {
                Output::Send { link, frame } => {
                    let text = self.encode(&frame);
                    self.offer(Delivery::Send(link, text));
                }
                Output::Fan { links, frame } => {
                    let text = self.encode(&frame);
                    self.offer(Delivery::Fan(links, text));
                }
                Output::Close {
                    link,
                    linger,
                    status,
                } => self.offer(Delivery::Close(link, Closing { linger, status })),
                Output::Store(op) => self.keep(op, now),
            }
        }
    }

    fn encode(&self, frame: &ServerFrame) -> Utf8Bytes {
        self.shared.counters.frames_out.add(1);
        Utf8Bytes::from(codec::encode_server(frame))
    }

    fn keep(&mut self, op: StoreOp, now: Instant) {
        if self.store.keeps()
            && let Some(batch) = self.batches.add(op, now)
        {
            self.held.wait_for(batch);
        }
    }

    fn offer(&mut self, delivery: Delivery) {
        if let Some(delivery) = self.held.offer(delivery) {
            self.deliver(delivery);
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Send(link, text) => self.push(link, text),
            Delivery::Fan(links, text) => {
                for link in links {
                    self.push(link, text.clone());
                }
            }
            Delivery::Close(link, closing) => {
                if let Some(outbox) = self.links.get(&link) {
                    outbox.close(closing);
                }
            }
        }
    }

    fn push(&mut self, link: LinkId, text: Utf8Bytes) {
        let Some(outbox) = self.links.get(&link) else {
            return;
        };
        match outbox.push(text) {
            Ok(()) => self.shared.counters.deliveries.add(1),
            Err(_) => self.slow.push(link),
        }
    }

    /// Cuts links without room, now that the outputs that overfilled them are done.
    fn cut_slow_links(&mut self) {
        // The hub may say to others that they are gone, and so find the next one without room.
        while let Some(link) = self.slow.pop() {
            if self.links.remove(&link).is_some() {
                tracing::debug!(link = link.0, "a link that read too slowly is cut");
                self.shared.counters.slow_links_closed.add(1);
                self.input(Input::Closed { link });
            }
        }
    }

    fn committed(&mut self, batch: u64) {
        self.shared.counters.commits.add(1);
        self.batches.committed(batch);
        self.held.committed(batch);
        while let Some(delivery) = self.held.release() {
            self.deliver(delivery);
        }
    }

    /// Hands the open batch to the store, if it is due and the store has room.
    fn hand_over(&mut self) {
        let now = self.clock.now();
        if self.batches.due().is_some_and(|due| due <= now.instant) && self.store.has_room() {
            self.store.put(self.batches.take(now.unix_ms));
        }
    }

    /// After what came in, so that nobody is idle whose frame is waiting.
    fn tick(&mut self) {
        let now = self.clock.now();
        if !self.is_full() && self.hub.next_wakeup().is_some_and(|at| at <= now.instant) {
            self.input(Input::Tick);
        }
    }

    /// When to go on if nothing happens before.
    fn next_wakeup(&self) -> Option<Instant> {
        let tick = self.hub.next_wakeup().filter(|_| !self.is_full());
        let batch = self.batches.due().filter(|_| self.store.has_room());
        [tick, batch, self.drained_at].into_iter().flatten().min()
    }

    fn is_full(&self) -> bool {
        self.held.is_full() || self.batches.is_full()
    }

    fn publish(&self) {
        self.shared.set_hub_stats(self.hub.stats());
        self.shared.counters.held.set(self.held.len() as u64);
    }

    fn drain(&mut self) {
        let now = self.clock.now();
        self.drained_at.get_or_insert(now.instant + DRAIN_GRACE);
        self.input(Input::Drain);
    }

    fn is_drained(&self) -> bool {
        self.drained_at.is_some_and(|latest| {
            (self.links.is_empty() && self.held.is_empty()) || latest <= Instant::now()
        })
    }

    /// The last commits. Links that are left are cut, so that the hub can say what it keeps of their sessions.
    async fn finish(mut self) -> Result<(), DriverError> {
        let left: Vec<_> = self.links.drain().map(|(link, _)| link).collect();
        for link in left {
            self.input(Input::Closed { link });
        }
        while !self.batches.is_empty() {
            if self.batches.due().is_some() && self.store.has_room() {
                let unix_ms = self.clock.now().unix_ms;
                self.store.put(self.batches.take(unix_ms));
            }
            let committed = self.store.progress().await?;
            self.committed(committed);
        }
        self.publish();
        Ok(self.store.finish().await?)
    }
}

/// Waits until a time; for ever without one.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
