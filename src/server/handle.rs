//! What the rest of the server holds of the running hub: links go in, figures come out, and it can be told to stop.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc, watch};
use tokio_tungstenite::WebSocketStream;

use crate::hub::{self, LinkId};
use crate::net::addresses::network;
use crate::protocol::{Account, AppId};

use super::event::{Event, What};
use super::link;
use super::outbox::outbox;

/// A hub that runs. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct HubHandle {
    shared: Arc<Shared>,
    events_tx: mpsc::Sender<Event>,
    orders_tx: mpsc::Sender<Order>,
}

/// Between which addresses a connection is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// The client's.
    pub(super) peer: IpAddr,
    /// Ours.
    pub(super) local: IpAddr,
}

/// What an administrator wants.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// End somebody's session.
    SendAway(AppId, Account),
    /// Call the server so.
    Rename(String),
    /// Somebody wants to know who is online.
    Look,
}

/// Figures of a running hub; what counts up does so from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerStats {
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
    /// Logins that were refused.
    pub logins_refused: u64,
    /// Calls that were answered with a failure.
    pub calls_failed: u64,
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
    /// Who is online, as long as somebody wants to know.
    pub(super) online: watch::Sender<Vec<(AppId, Account)>>,
}

/// What the driver counts.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) frames_in: Counter,
    pub(super) frames_out: Counter,
    pub(super) deliveries: Counter,
    pub(super) commits: Counter,
    pub(super) slow_links_closed: Counter,
    pub(super) logins_refused: Counter,
    pub(super) calls_failed: Counter,
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
    pub(super) fn new(
        shared: Arc<Shared>,
        events_tx: mpsc::Sender<Event>,
        orders_tx: mpsc::Sender<Order>,
    ) -> Self {
        Self {
            shared,
            events_tx,
            orders_tx,
        }
    }

    /// Gives an order. `false` if the hub does not run any more, or has more to do than it can.
    pub(super) fn order(&self, order: Order) -> bool {
        self.orders_tx.try_send(order).is_ok()
    }

    /// Who is online, now and from now on.
    pub(super) fn online(&self) -> watch::Receiver<Vec<(AppId, Account)>> {
        let online = self.shared.online.subscribe();
        // A hub that has ended has nobody online.
        self.order(Order::Look);
        online
    }

    /// Serves a WebSocket connection, in a task of its own, until either side ends it.
    ///
    /// Waits for nothing, so that whoever accepted the connection can end its own task, and free what that holds.
    pub(super) fn serve_link<S>(&self, ws: WebSocketStream<S>, ends: Ends)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let link = LinkId(self.shared.next_link.fetch_add(1, Ordering::Relaxed));
        tokio::spawn(serve(self.events_tx.clone(), link, ws, ends));
    }

    /// The figures now.
    #[must_use]
    pub(super) fn stats(&self) -> ServerStats {
        let counters = &self.shared.counters;
        let hub_stats = self.shared.hub_stats.lock();
        ServerStats {
            hub: *hub_stats.unwrap_or_else(PoisonError::into_inner),
            frames_in: counters.frames_in.get(),
            frames_out: counters.frames_out.get(),
            deliveries: counters.deliveries.get(),
            commits: counters.commits.get(),
            slow_links_closed: counters.slow_links_closed.get(),
            logins_refused: counters.logins_refused.get(),
            calls_failed: counters.calls_failed.get(),
            held: counters.held.get(),
        }
    }

    /// Begins an orderly stop: every client is sent away in the way that lets it come back, everything is committed,
    /// and the driver ends. Calling it again changes nothing.
    pub(super) fn drain(&self) {
        if !self.shared.draining.swap(true, Ordering::Relaxed) {
            self.shared.drain.notify_one();
        }
    }

    /// Whether [`Self::drain`] has been called.
    #[must_use]
    pub(super) fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Relaxed)
    }
}

async fn serve<S>(
    events_tx: mpsc::Sender<Event>,
    link: LinkId,
    ws: WebSocketStream<S>,
    Ends { peer, local }: Ends,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (outbox_tx, outbox_rx) = outbox();
    let opened = What::Opened {
        peer: network(peer),
        local,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Settings;
    use crate::protocol::limits;
    use crate::server::clock::Clock;
    use crate::server::driver::{self, DriverError};
    use crate::server::store::{DATABASE, DataDir, Durability, Store};
    use crate::server::ws::tests::client;
    use futures_util::{SinkExt as _, StreamExt as _};
    use serde_json::{Value, json};
    use std::net::Ipv4Addr;
    use std::path::Path;
    use tokio::io::DuplexStream;
    use tokio::task::JoinHandle;
    use tokio_tungstenite::tungstenite::Message;

    /// A running hub with what is kept in a directory, or with nothing kept.
    struct World {
        handle: HubHandle,
        task: JoinHandle<Result<(), DriverError>>,
    }

    impl World {
        fn new(dir: Option<&Path>) -> Self {
            let mut clock = Clock::new();
            let store = match dir {
                Some(dir) => {
                    let data = DataDir::take(dir).expect("is free");
                    let now_ms = clock.now().unix_ms;
                    Store::start(data, Durability::Disk, now_ms).expect("starts")
                }
                None => Store::none(),
            };
            let mut settings = Settings::open([0; 32]);
            settings.limits.channel_messages = 0;
            settings.limits.channel_messages_per_user = 0;
            let (handle, task) = driver::prepare(settings, store, clock).start();
            Self { handle, task }
        }

        /// A client that has signed in. `room` is how much its socket holds on the way, in bytes.
        async fn client(&self, account: &str, room: usize) -> Client {
            let (ws, server) = client(room).await;
            let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let ends = Ends {
                peer: here,
                local: here,
            };
            self.handle.serve_link(server, ends);
            let mut client = Client {
                ws,
                line: String::new(),
                calls: 0,
            };
            let login = json!({"vid": "demo", "account": account, "uid": 0,
                "token": "_no_need_token", "device": "websdk", "ip": ""});
            client.send(json!(["login", login])).await;
            let answer = client.next("login_ret").await;
            let grant = inner(&answer[1]);
            let line = grant["line"].as_str().expect("is granted");
            client.line = line.to_owned();
            client
        }

        /// Stops in order.
        async fn stop(self) {
            self.handle.drain();
            self.task.await.expect("ends").expect("nothing is lost");
        }
    }

    struct Client {
        ws: WebSocketStream<DuplexStream>,
        line: String,
        calls: u64,
    }

    impl Client {
        async fn send(&mut self, frame: Value) {
            let sent = self.ws.send(Message::text(frame.to_string())).await;
            sent.expect("is sent");
        }

        /// The payload of the next frame of an event; others are passed over.
        async fn next(&mut self, event: &str) -> Value {
            loop {
                let message = self.ws.next().await.expect("comes").expect("is sound");
                let frame: Value =
                    serde_json::from_str(message.to_text().expect("is text")).expect("is JSON");
                if frame[0] == event {
                    return frame[1].clone();
                }
            }
        }

        async fn call(&mut self, function: &str, mut args: Value) -> Value {
            self.calls += 1;
            args["line"] = self.line.as_str().into();
            self.send(json!(["call2", [function, self.calls, args]]))
                .await;
            let answer = self.next("call2-ret").await;
            assert_eq!(answer[0], self.calls);
            inner(&answer[2])
        }

        async fn tell(&mut self, peer: &str, content: &str) {
            let args =
                json!({"peer": peer, "flag": "v1:E:3600", "t": "instant", "content": content});
            assert_eq!(self.call("user_sendmsg", args).await["result"], "ok");
        }

        /// What waits in its inbox, as envelopes.
        async fn poll(&mut self) -> Vec<String> {
            let answer = self
                .call("user_getmsg", json!({"ver_clear": 0, "max": 30}))
                .await;
            let msgs = answer["msgs"].as_array().expect("is a list");
            let envelope = |msg: &Value| msg[1].as_str().expect("is text").to_owned();
            msgs.iter().map(envelope).collect()
        }
    }

    /// JSON within a string of JSON.
    fn inner(text: &Value) -> Value {
        serde_json::from_str(text.as_str().expect("is text")).expect("is JSON")
    }

    #[tokio::test]
    async fn clients_reach_each_other() {
        let world = World::new(None);
        let mut alice = world.client("alice", 1 << 20).await;
        let mut bob = world.client("bob", 1 << 20).await;
        alice.tell("bob", "hello").await;
        bob.next("notify").await;
        let messages = bob.poll().await;
        assert!(messages[0].ends_with("hello"), "{messages:?}");
        let stats = world.handle.stats();
        assert_eq!(stats.frames_in, 4);
        assert!(stats.deliveries >= 5);
        drop((alice, bob));
        world.stop().await;
    }

    #[tokio::test]
    async fn what_was_acknowledged_survives_a_kill() {
        let temp = tempfile::tempdir().expect("a directory");
        let (dir, copy) = (temp.path().join("data"), temp.path().join("copy"));
        let world = World::new(Some(&dir));
        let mut alice = world.client("alice", 1 << 20).await;
        let attr = json!({"name": "name", "value": "Alice"});
        assert_eq!(alice.call("user_set_attr", attr).await["result"], "ok");
        for n in 0..5 {
            alice.tell("bob", &format!("message {n}")).await;
        }
        // The files as they are right after the last answer: what `kill -9` leaves.
        std::fs::create_dir(&copy).expect("is made");
        for file in [DATABASE.to_owned(), format!("{DATABASE}-wal")] {
            std::fs::copy(dir.join(&file), copy.join(&file)).expect("is copied");
        }
        let after = World::new(Some(&copy));
        let mut bob = after.client("bob", 1 << 20).await;
        let messages = bob.poll().await;
        assert_eq!(messages.len(), 5);
        assert!(messages[4].ends_with("message 4"), "{messages:?}");
        let whose = json!({"account": "alice", "name": "name"});
        assert_eq!(bob.call("user_get_attr", whose).await["value"], "Alice");
        drop((alice, bob));
        world.stop().await;
        after.stop().await;
    }

    #[tokio::test]
    async fn a_stop_sends_everybody_away_and_keeps_everything() {
        let temp = tempfile::tempdir().expect("a directory");
        let world = World::new(Some(temp.path()));
        let mut alice = world.client("alice", 1 << 20).await;
        alice.tell("bob", "hello").await;
        let stopping = tokio::spawn(world.stop());
        let mut last = None;
        while let Some(Ok(message)) = alice.ws.next().await {
            last = Some(message);
        }
        assert!(
            matches!(&last, Some(Message::Close(Some(frame))) if u16::from(frame.code) == 1001),
            "{last:?}"
        );
        stopping.await.expect("stops");
        let world = World::new(Some(temp.path()));
        let mut bob = world.client("bob", 1 << 20).await;
        assert_eq!(bob.poll().await.len(), 1);
        drop(bob);
        world.stop().await;
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_cut_and_nobody_waits_for_it() {
        let world = World::new(None);
        let channel = json!({"name": "room"});
        let mut slow = world.client("slow", 256).await;
        slow.call("channel_join", channel.clone()).await;
        let mut quick = world.client("quick", 1 << 20).await;
        quick.call("channel_join", channel).await;
        let mut writer = world.client("writer", 1 << 20).await;
        let mut messages = 0;
        while world.handle.stats().slow_links_closed == 0 {
            let args = json!({"name": "room", "msg": "x".repeat(8000), "force": true});
            let answer = writer.call("channel_sendmsg", args).await;
            assert_eq!(answer["result"], "ok");
            quick.next("notify").await;
            messages += 1;
            assert!(messages <= limits::OUTBOX_FRAMES + 10, "it is never cut");
        }
        let args = json!({"account": "slow"});
        let answer = quick.call("user_query_user_status", args).await;
        assert_eq!(answer["status"], 0);
        drop((slow, quick, writer));
        world.stop().await;
    }
}
