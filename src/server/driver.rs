//! The hub's loop, on one task: what links tell goes in, what the hub puts out is done. Decides nothing about the
//! protocol; knows what must be durable before it is told.
//!
//! **The hold rule.** Behind a [`Output::Store`] that cannot wait, everything that goes to links is held in one line
//! until the store has committed it (`held.rs`). Ops that can wait share the next commit (`batches.rs`). What a commit
//! sets free is released a part at a time, so that links write meanwhile; inputs wait until all of it is out.
//!
//! **When too much is held or uncommitted**, no inputs are taken until a commit comes; links then wait for room in the
//! queue of inputs ([`limits::HUB_INPUTS`]), and TCP slows their senders.
//!
//! **When the store fails**, the loop ends with the error: what is held is never told, and every link is cut.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::hub::{HistoryError, Hub, Input, LinkId, Output, Settings, StoreOp};
use crate::protocol::{CallRet, Failure, LoginRet, ServerFrame, codec, limits};

use super::batches::Batches;
use super::clock::Clock;
use super::event::{Event, What};
use super::handle::{HubHandle, Order, Shared};
use super::held::{Delivery, Held};
use super::outbox::{Closing, OutboxTx};
use super::store::{CommitError, Reader, Store};
use super::turn::Grants;

/// Orders of administrators that wait. When full, the next is refused.
const ORDERS: usize = 16;
/// How many events are handled before other tasks get their turn.
const EVENTS_AT_ONCE: usize = 128;
/// How many of the deliveries that a commit sets free are done before other tasks get their turn.
const RELEASED_AT_ONCE: usize = 128;
/// How long clients may take to close after a drain has begun; who has not by then is cut.
const DRAIN_GRACE: Duration = Duration::from_secs(5);

/// How long a link that is being closed may take beyond the time its client has to close it first. A link that is read
/// needs less; who does not read is cut.
const CLOSING_GRACE: Duration = Duration::from_secs(3);

/// Why a hub stopped without having been asked to.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DriverError {
    /// Something cannot be kept; whatever was waiting for it has not been acknowledged.
    #[error("stopped, since messages can no longer be kept")]
    Store(#[from] CommitError),
}

/// A hub that has taken up what was kept, and does not run yet.
pub(super) struct Prepared {
    driver: Driver,
    now: Instant,
    ops: Vec<StoreOp>,
}

/// Makes a hub of what the store kept. That may be much, so an asynchronous caller does it on a thread for such work.
#[must_use]
pub(super) fn prepare(settings: Settings, mut store: Store, mut clock: Clock) -> Prepared {
    let now = clock.now();
    let mut hub = Hub::new(settings, now);
    let ops = hub.restore(now, store.take_snapshot());
    Prepared {
        driver: Driver::new(hub, clock, store, Arc::default()),
        now: now.instant,
        ops,
    }
}

impl Prepared {
    /// With what is handed out to those who sign in and ask for more than 1.x, where there is a relay.
    #[must_use]
    pub(super) fn granting(mut self, grants: Option<Grants>) -> Self {
        self.driver.grants = grants;
        self
    }

    /// Starts the hub in the present runtime. The task ends after [`HubHandle::drain`], when all handles are gone, or when
    /// something can no longer be kept.
    #[must_use]
    pub(super) fn start(self) -> (HubHandle, JoinHandle<Result<(), DriverError>>) {
        let mut driver = self.driver;
        for op in self.ops {
            driver.keep(op, self.now);
        }
        driver.publish();
        let (events_tx, events_rx) = mpsc::channel(limits::HUB_INPUTS);
        let (orders_tx, orders_rx) = mpsc::channel(ORDERS);
        let shared = Arc::clone(&driver.shared);
        let task = tokio::spawn(driver.run(events_rx, orders_rx));
        (HubHandle::new(shared, events_tx, orders_tx), task)
    }
}

struct Driver {
    hub: Hub,
    clock: Clock,
    store: Store,
    reader: Reader,
    /// Questions that will not be answered, and why.
    unasked: Vec<(u64, HistoryError)>,
    shared: Arc<Shared>,
    /// Links that the hub knows. Taking one out cuts it.
    links: HashMap<LinkId, OutboxTx>,
    /// Links without room for what they were sent.
    slow: Vec<LinkId>,
    /// Links that are being closed, by the time at which they are cut; those that have ended by themselves among them.
    closing: BTreeSet<(Instant, LinkId)>,
    held: Held,
    batches: Batches,
    grants: Option<Grants>,
    /// By which address of ours those came who have not signed in, where that is of use.
    reached: HashMap<LinkId, IpAddr>,
    /// When a drain is over at the latest, once it has begun.
    drained_at: Option<Instant>,
}

impl Driver {
    fn new(hub: Hub, clock: Clock, mut store: Store, shared: Arc<Shared>) -> Self {
        Self {
            reader: store.take_reader(),
            unasked: Vec::new(),
            hub,
            clock,
            store,
            shared,
            links: HashMap::new(),
            slow: Vec::new(),
            closing: BTreeSet::new(),
            held: Held::default(),
            batches: Batches::new(),
            grants: None,
            reached: HashMap::new(),
            drained_at: None,
        }
    }

    async fn run(
        mut self,
        mut events_rx: mpsc::Receiver<Event>,
        mut orders_rx: mpsc::Receiver<Order>,
    ) -> Result<(), DriverError> {
        let shared = Arc::clone(&self.shared);
        let mut events = Vec::with_capacity(EVENTS_AT_ONCE);
        while !self.is_drained() {
            let wakeup = self.next_wakeup();
            tokio::select! {
                biased;
                committed = self.store.progress() => self.committed(committed?),
                () = shared.drain.notified() => self.drain(),
                () = std::future::ready(()), if self.held.has_free() => self.release(),
                count = events_rx.recv_many(&mut events, EVENTS_AT_ONCE), if !self.is_full() => {
                    if count == 0 {
                        // Nobody holds a handle or serves a link any more.
                        break;
                    }
                    for event in events.drain(..) {
                        self.take(event);
                    }
                }
                (query, page) = self.reader.answered(), if !self.is_full() => {
                    self.input(Input::History { query, page });
                }
                Some(order) = orders_rx.recv(), if !self.is_full() => self.ordered(order),
                () = until(wakeup) => {}
            }
            self.tick();
            self.answer_unasked();
            self.cut_slow_links();
            self.cut_overdue_links();
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
            What::Opened {
                peer,
                local,
                outbox,
            } => {
                self.links.insert(link, outbox);
                if self.grants.is_some() {
                    self.reached.insert(link, local);
                }
                Input::Opened { link, peer }
            }
            _ if !self.links.contains_key(&link) => return,
            What::Frame(frame) => {
                self.shared.counters.frames_in.add(1);
                Input::Frame { link, frame }
            }
            What::Unreadable(what) => Input::Unreadable { link, what },
            What::Closed => {
                self.forget(link);
                Input::Closed { link }
            }
        };
        self.input(input);
    }

    fn ordered(&mut self, order: Order) {
        match order {
            Order::SendAway(app, account) => self.input(Input::SendAway { app, account }),
            Order::Rename(name) => self.input(Input::Rename { name }),
            // Told below, like everything else that has changed.
            Order::Look => {}
        }
    }

    fn input(&mut self, input: Input) {
        let now = self.clock.now();
        let outputs = self.hub.handle(now, input);
        self.perform(outputs, now.instant);
    }

    fn perform(&mut self, outputs: Vec<Output>, now: Instant) {
        for output in outputs {
            match output {
                Output::Send { link, mut frame } => {
                    self.count(link, &frame);
                    self.grant(link, &mut frame);
                    let text = self.encode(&frame);
                    self.offer(Delivery::Send(link, text), now);
                }
                Output::Fan { links, frame } => {
                    let text = self.encode(&frame);
                    self.offer(Delivery::Fan(links, text), now);
                }
                Output::Close {
                    link,
                    linger,
                    status,
                } => self.offer(Delivery::Close(link, Closing { linger, status }), now),
                Output::Store(op) => self.keep(op, now),
                Output::Query(query) => self.offer(Delivery::Ask(query), now),
            }
        }
    }

    /// Tells whoever has just signed in, and asked for more than 1.x, of the relay.
    fn grant(&mut self, link: LinkId, frame: &mut ServerFrame) {
        let ServerFrame::LoginRet(LoginRet::Granted(grant)) = frame else {
            return;
        };
        let (Some(grants), Some(additions)) = (&self.grants, &mut grant.additions) else {
            return;
        };
        let reached = self.reached.remove(&link);
        if let (Some(reached), Some((app, account))) = (reached, self.hub.signed_in(link)) {
            let now_ms = self.clock.now().unix_ms;
            additions.ice = vec![grants.ice(reached, app, account, now_ms)];
        }
    }

    /// What an operator wants to know of failures. Reasons never hold a token, nor what a message says.
    fn count(&self, link: LinkId, frame: &ServerFrame) {
        let counters = &self.shared.counters;
        match frame {
            ServerFrame::LoginRet(LoginRet::Refused { reason, code }) => {
                counters.logins_refused.add(1);
                tracing::debug!(link = link.0, code = code.number(), %reason, "login refused");
            }
            ServerFrame::CallRet(CallRet {
                result: Err(failure),
                ..
            }) => {
                counters.calls_failed.add(1);
                let Failure { code, reason, .. } = failure;
                tracing::trace!(link = link.0, code = code.number(), %reason, "call failed");
            }
            ServerFrame::LoginRet(LoginRet::Granted(_))
            | ServerFrame::CallRet(_)
            | ServerFrame::Pong(_)
            | ServerFrame::Notify(_)
            | ServerFrame::Close(_)
            | ServerFrame::Kick(_)
            | ServerFrame::Multi(_)
            | ServerFrame::Unknown { .. } => {}
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

    fn offer(&mut self, delivery: Delivery, now: Instant) {
        if let Some(delivery) = self.held.offer(delivery) {
            self.deliver(delivery, now);
        }
    }

    fn deliver(&mut self, delivery: Delivery, now: Instant) {
        match delivery {
            Delivery::Send(link, text) => self.push(link, text, now),
            Delivery::Fan(links, text) => {
                for link in links {
                    self.push(link, text.clone(), now);
                }
            }
            Delivery::Ask(query) => {
                let number = query.number;
                if let Err(error) = self.reader.ask(query) {
                    self.unasked.push((number, error));
                }
            }
            Delivery::Close(link, closing) => {
                if let Some(outbox) = self.links.get(&link) {
                    let latest = now + closing.linger + CLOSING_GRACE;
                    self.closing.insert((latest, link));
                    outbox.close(closing);
                }
            }
        }
    }

    fn push(&mut self, link: LinkId, text: Utf8Bytes, now: Instant) {
        let Some(outbox) = self.links.get(&link) else {
            return;
        };
        match outbox.push(text, now) {
            Ok(()) => self.shared.counters.deliveries.add(1),
            Err(_) => self.slow.push(link),
        }
    }

    /// Answers the questions that could not be asked.
    fn answer_unasked(&mut self) {
        for (query, error) in std::mem::take(&mut self.unasked) {
            let page = Err(error);
            self.input(Input::History { query, page });
        }
    }

    /// Whether a link was there; it is cut by this.
    fn forget(&mut self, link: LinkId) -> bool {
        self.reached.remove(&link);
        self.links.remove(&link).is_some()
    }

    /// Cuts links without room, now that the outputs that overfilled them are done.
    fn cut_slow_links(&mut self) {
        // The hub may say to others that they are gone, and so find the next one without room.
        while let Some(link) = self.slow.pop() {
            if self.forget(link) {
                tracing::debug!(link = link.0, "a link that read too slowly is cut");
                self.shared.counters.slow_links_closed.add(1);
                self.input(Input::Closed { link });
            }
        }
    }

    /// Cuts links that should have ended by now: their clients do not read.
    fn cut_overdue_links(&mut self) {
        if self.closing.is_empty() {
            return;
        }
        let now = self.clock.now().instant;
        while let Some((latest, link)) = self.closing.pop_first() {
            if latest > now {
                self.closing.insert((latest, link));
                return;
            }
            if self.forget(link) {
                tracing::debug!(link = link.0, "a link that did not close in time is cut");
                self.input(Input::Closed { link });
            }
        }
    }

    fn committed(&mut self, batch: u64) {
        self.shared.counters.commits.add(1);
        self.batches.committed(batch);
        self.held.committed(batch);
        self.release();
    }

    /// Some of what is held without need, in its order.
    fn release(&mut self) {
        let now = self.clock.now().instant;
        for _ in 0..RELEASED_AT_ONCE {
            let Some(delivery) = self.held.release() else {
                return;
            };
            self.deliver(delivery, now);
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
        let overdue = self.closing.first().map(|(latest, _)| *latest);
        [tick, batch, overdue, self.drained_at]
            .into_iter()
            .flatten()
            .min()
    }

    fn is_full(&self) -> bool {
        self.held.is_full() || self.batches.is_full()
    }

    fn publish(&self) {
        self.shared.set_hub_stats(self.hub.stats());
        self.shared.counters.held.set(self.held.len() as u64);
        let online = &self.shared.online;
        if online.receiver_count() > 0 {
            let now = self.hub.online();
            online.send_if_modified(|told| {
                let news = *told != now;
                *told = now;
                news
            });
        }
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
        self.reader.finish().await;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{CloseStatus, Snapshot, StoredMessage};
    use crate::protocol::{Account, AppId};
    use crate::server::outbox::{Next, OutboxRx, PATIENCE, outbox};
    use crate::server::store::{DataDir, Durability, open};
    use std::net::{IpAddr, Ipv4Addr};
    use std::path::Path;

    fn store(dir: &Path) -> Store {
        let data = DataDir::take(dir).expect("is free");
        Store::start(data, Durability::Disk, 0).expect("starts")
    }

    fn driver(store: Store) -> Driver {
        let mut clock = Clock::new();
        let hub = Hub::new(Settings::open([0; 32]), clock.now());
        Driver::new(hub, clock, store, Arc::default())
    }

    /// A link of a driver, as its task sees it.
    fn link(driver: &mut Driver, number: u64) -> OutboxRx {
        let (outbox, outbox_rx) = outbox();
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        driver.take(Event {
            link: LinkId(number),
            what: What::Opened {
                peer,
                local: peer,
                outbox,
            },
        });
        outbox_rx
    }

    fn pong(link: u64, number: i64) -> Output {
        Output::Send {
            link: LinkId(link),
            frame: ServerFrame::Pong(number),
        }
    }

    fn message(ver: u64) -> StoredMessage {
        StoredMessage {
            app: AppId::try_from("demo").expect("a name"),
            id: crate::protocol::MessageId::numbered(7),
            kind: crate::protocol::EnvelopeKind::Instant,
            account: Account::try_from("alice").expect("a name"),
            ver,
            sender: Account::try_from("bob").expect("a name"),
            ttl_s: u64::from(u32::MAX),
            sent_ms: 0,
            content: "hello".to_owned(),
        }
    }

    fn urgent(ver: u64) -> Output {
        Output::Store(StoreOp::PutMessage(message(ver)))
    }

    fn patient() -> Output {
        Output::Store(StoreOp::AckInbox {
            app: AppId::try_from("demo").expect("a name"),
            account: Account::try_from("alice").expect("a name"),
            ver: 0,
        })
    }

    impl Driver {
        fn done(&mut self, outputs: Vec<Output>) {
            self.perform(outputs, Instant::now());
            self.hand_over();
        }
    }

    /// What waits in an outbox, as text.
    fn waiting(outbox: &OutboxRx) -> Vec<String> {
        std::iter::from_fn(|| outbox.next_frame())
            .map(|(frame, _)| frame.as_str().to_owned())
            .collect()
    }

    fn text(number: i64) -> String {
        codec::encode_server(&ServerFrame::Pong(number))
    }

    #[tokio::test]
    async fn what_is_told_behind_a_message_waits_until_that_is_kept() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut driver = driver(store(temp.path()));
        let (alice, bob) = (link(&mut driver, 1), link(&mut driver, 2));
        driver.done(vec![pong(1, 1), urgent(1), pong(1, 2)]);
        driver.done(vec![Output::Fan {
            links: vec![LinkId(1), LinkId(2)],
            frame: ServerFrame::Pong(3),
        }]);
        driver.done(vec![Output::Close {
            link: LinkId(2),
            linger: Duration::ZERO,
            status: CloseStatus::Normal,
        }]);
        assert_eq!(waiting(&alice), [text(1)]);
        assert_eq!(waiting(&bob), [""; 0]);
        let batch = driver.store.progress().await.expect("is kept");
        driver.committed(batch);
        assert_eq!(waiting(&alice), [text(2), text(3)]);
        assert_eq!(waiting(&bob), [text(3)]);
        assert!(matches!(bob.next().await, Next::Close(_)));
        driver.done(vec![pong(1, 4)]);
        assert_eq!(waiting(&alice), [text(4)]);
    }

    #[tokio::test]
    async fn nothing_waits_for_what_can_wait() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut driver = driver(store(temp.path()));
        let alice = link(&mut driver, 1);
        driver.done(vec![patient(), pong(1, 1)]);
        assert_eq!(waiting(&alice), [text(1)]);
        assert!(!driver.batches.is_empty());
        driver.finish().await.expect("is kept");
    }

    #[tokio::test]
    async fn nothing_waits_where_nothing_is_kept() {
        let mut driver = driver(Store::none());
        let alice = link(&mut driver, 1);
        driver.done(vec![urgent(1), pong(1, 1)]);
        assert_eq!(waiting(&alice), [text(1)]);
        assert!(driver.batches.is_empty());
    }

    #[tokio::test]
    async fn a_store_that_fails_stops_the_hub_and_nothing_held_is_told() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut driver = driver(store(temp.path()));
        open(temp.path(), Durability::Process)
            .expect("opens")
            .execute_batch(
                "CREATE TRIGGER full_disk BEFORE INSERT ON inbox
                 BEGIN SELECT RAISE(FAIL, 'as if the disk were full'); END",
            )
            .expect("writes");
        let alice = link(&mut driver, 1);
        driver.done(vec![urgent(1), pong(1, 1)]);
        let (_events_tx, events_rx) = mpsc::channel(1);
        let error = driver
            .run(events_rx, mpsc::channel(1).1)
            .await
            .expect_err("stops");
        assert!(matches!(
            error,
            DriverError::Store(CommitError::Database(_))
        ));
        alice.cut().await;
        assert_eq!(waiting(&alice), [""; 0]);
    }

    #[tokio::test]
    async fn a_link_that_does_not_read_is_cut_and_others_are_not() {
        let mut driver = driver(Store::none());
        let (alice, bob) = (link(&mut driver, 1), link(&mut driver, 2));
        let start = Instant::now();
        let fan = |driver: &mut Driver, at| {
            let links = vec![LinkId(1), LinkId(2)];
            let frame = ServerFrame::Pong(1);
            driver.perform(vec![Output::Fan { links, frame }], at);
            driver.cut_slow_links();
        };
        for n in 0..=limits::OUTBOX_FRAMES {
            fan(&mut driver, start);
            assert_eq!(waiting(&bob).len(), 1, "frame {n}");
        }
        assert_eq!(driver.links.len(), 2, "not before it had time to read");
        fan(&mut driver, start + PATIENCE);
        alice.cut().await;
        assert_eq!(driver.links.len(), 1);
        let handle = HubHandle::new(
            Arc::clone(&driver.shared),
            mpsc::channel(1).0,
            mpsc::channel(1).0,
        );
        assert_eq!(handle.stats().slow_links_closed, 1);
    }

    #[tokio::test]
    async fn what_a_commit_sets_free_is_released_in_parts_and_nothing_overtakes() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut driver = driver(store(temp.path()));
        let alice = link(&mut driver, 1);
        let held = RELEASED_AT_ONCE + 1;
        let numbers = 0..i64::try_from(held).expect("is small");
        driver.done(vec![urgent(1)]);
        driver.done(numbers.clone().map(|n| pong(1, n)).collect());
        let batch = driver.store.progress().await.expect("is kept");
        driver.committed(batch);
        let first = waiting(&alice);
        assert_eq!(first.len(), RELEASED_AT_ONCE);
        driver.done(vec![pong(1, numbers.end)]);
        assert_eq!(waiting(&alice), [""; 0]);
        while driver.held.has_free() {
            driver.release();
        }
        let all: Vec<_> = first.into_iter().chain(waiting(&alice)).collect();
        assert_eq!(all, (0..=numbers.end).map(text).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_link_whose_client_does_not_read_is_cut_when_it_should_be_closed() {
        let mut driver = driver(Store::none());
        let (alice, bob) = (link(&mut driver, 1), link(&mut driver, 2));
        let linger = Duration::from_secs(2);
        let close = |link| Output::Close {
            link: LinkId(link),
            linger,
            status: CloseStatus::GoingAway,
        };
        let now = Instant::now();
        let longer = linger + CLOSING_GRACE;
        driver.perform(vec![pong(1, 1), close(1)], now - longer);
        driver.perform(vec![pong(2, 1), close(2)], now);
        driver.cut_overdue_links();
        alice.cut().await;
        assert_eq!(waiting(&bob), [text(1)]);
        assert!(matches!(bob.next().await, Next::Close(_)));
        assert_eq!(driver.next_wakeup(), Some(now + longer));
    }

    #[tokio::test]
    async fn a_link_that_was_cut_is_not_heard_any_more() {
        let mut driver = driver(Store::none());
        let _alice = link(&mut driver, 1);
        driver.links.clear();
        driver.take(Event {
            link: LinkId(1),
            what: What::Frame(crate::protocol::ClientFrame::Ping(1)),
        });
        let handle = HubHandle::new(
            Arc::clone(&driver.shared),
            mpsc::channel(1).0,
            mpsc::channel(1).0,
        );
        assert_eq!(handle.stats().frames_in, 0);
    }

    #[tokio::test]
    async fn inputs_wait_while_too_much_is_held() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut driver = driver(store(temp.path()));
        let _alice = link(&mut driver, 1);
        driver.done(vec![urgent(1)]);
        assert!(!driver.is_full());
        let large = Utf8Bytes::from("x".repeat(crate::server::held::HELD_BYTES));
        driver.offer(Delivery::Send(LinkId(1), large), Instant::now());
        assert!(driver.is_full());
        let batch = driver.store.progress().await.expect("is kept");
        driver.committed(batch);
        assert!(!driver.is_full());
    }

    #[tokio::test]
    async fn a_drain_keeps_everything_and_ends() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut first = driver(store(temp.path()));
        first.done(vec![urgent(1), patient(), urgent(2)]);
        let (events_tx, events_rx) = mpsc::channel(1);
        let handle = HubHandle::new(Arc::clone(&first.shared), events_tx, mpsc::channel(1).0);
        handle.drain();
        assert!(handle.is_draining());
        first
            .run(events_rx, mpsc::channel(1).1)
            .await
            .expect("everything is kept");
        let mut store = store(temp.path());
        let Snapshot { messages, .. } = store.take_snapshot();
        assert_eq!(messages, [message(1), message(2)]);
    }

    #[tokio::test]
    async fn it_ends_when_nobody_holds_it() {
        let settings = Settings::open([0; 32]);
        let (handle, task) = prepare(settings, Store::none(), Clock::new()).start();
        drop(handle);
        task.await.expect("ends").expect("nothing is lost");
    }
}
