//! A hub and the clients of the field in simulated time: every frame is text, as on the wire, and a story's transcript is what
//! the applications are told.

mod client;
pub(crate) mod lab;
pub(crate) mod raw;
mod store;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use callsign::hub::{
    AppRules, Apps, HistoryQuery, Hub, Input, LinkId, Now, Output, Settings, Snapshot, Stats,
    StoreOp, Unreadable,
};
use callsign::protocol::codec;

pub(crate) use client::{Client, Generation};
pub(crate) use store::Store;

/// The app that every client signs in to.
pub(crate) const APP: &str = "0123456789abcdef0123456789abcdef";

/// When every story begins: 2023-11-14, in ms since the Unix epoch.
pub(crate) const START_MS: u64 = 1_700_000_000_000;

/// Settings of a server for [`APP`] alone.
pub(crate) fn one_app(rules: AppRules) -> Settings {
    let apps = [(APP.try_into().expect("an app"), rules)].into();
    Settings {
        apps: Apps::Listed(apps),
        ..Settings::open([7; 32])
    }
}

/// How often web clients look whether there is something to do.
const TICK: Duration = Duration::from_millis(100);

pub(crate) struct World {
    settings: Settings,
    hub: Hub,
    start: Instant,
    elapsed: Duration,
    clients: BTreeMap<String, Client>,
    links: BTreeMap<LinkId, String>,
    next_link: u64,
    /// Frames on their way, in order.
    wire: VecDeque<Wire>,
    transcript: String,
    /// What the hub wanted kept, in order.
    pub(crate) ops: Vec<StoreOp>,
    /// What is kept.
    pub(crate) store: Store,
    /// What the hub asks for and has not been told, in order.
    queries: VecDeque<HistoryQuery>,
}

enum Wire {
    ToHub(LinkId, String),
    ToClient(LinkId, String),
    Closed(LinkId),
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_settings(Settings::open([7; 32]))
    }

    pub(crate) fn with_settings(settings: Settings) -> Self {
        let start = Instant::now();
        let now = Now {
            instant: start,
            unix_ms: START_MS,
        };
        Self {
            hub: Hub::new(settings.clone(), now),
            settings,
            start,
            elapsed: Duration::ZERO,
            clients: BTreeMap::new(),
            links: BTreeMap::new(),
            next_link: 0,
            wire: VecDeque::new(),
            transcript: String::new(),
            ops: Vec::new(),
            store: Store::default(),
            queries: VecDeque::new(),
        }
    }

    /// A world in which these accounts are signed in with 1.4.0.
    pub(crate) fn with(accounts: &[&str]) -> Self {
        let mut world = Self::new();
        for account in accounts {
            world.sign_in(account, Generation::V14);
        }
        world.transcript.clear();
        world
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            instant: self.start + self.elapsed,
            unix_ms: START_MS + u64::try_from(self.elapsed.as_millis()).expect("a short story"),
        }
    }

    /// Signs an account in without a token, under its own name.
    pub(crate) fn sign_in(&mut self, account: &str, generation: Generation) {
        self.sign_in_as(account, account, "_no_need_token", generation);
    }

    /// Signs in a client called `name`.
    pub(crate) fn sign_in_as(
        &mut self,
        name: &str,
        account: &str,
        token: &str,
        generation: Generation,
    ) {
        let client = Client::new(account, token, generation);
        self.clients.insert(name.to_owned(), client);
        self.connect(name);
        self.settle();
    }

    /// Signs in a client that does not poll, with what it was told left out.
    pub(crate) fn sign_in_deaf(&mut self, account: &str) {
        let mut client = Client::new(account, "", Generation::V14);
        client.turns_deaf();
        self.clients.insert(account.to_owned(), client);
        self.connect(account);
        self.settle();
    }

    /// Lets things happen until a client's call of a function is answered, and holds them there.
    pub(crate) fn settle_until(&mut self, name: &str, function: &str) {
        let link = self.clients[name].link;
        while let Some(wire) = self.wire.pop_front() {
            let called = matches!(&wire, Wire::ToHub(from, text) if Some(*from) == link && text.contains(function));
            self.pass(wire);
            if called {
                // The answer is lost on its way.
                self.wire
                    .retain(|wire| !matches!(wire, Wire::ToClient(to, _) if Some(*to) == link));
                return;
            }
        }
        panic!("{name} never calls {function}");
    }

    fn connect(&mut self, name: &str) {
        self.next_link += 1;
        let link = LinkId(self.next_link);
        self.links.insert(link, name.to_owned());
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.handle(Input::Opened { link, peer });
        let client = self.clients.get_mut(name).expect("a client of that name");
        client.opened(link);
        self.collect(name);
    }

    /// Lets a client do something, and everything that follows from it happen.
    pub(crate) fn does(&mut self, name: &str, act: impl FnOnce(&mut Client)) {
        act(self.clients.get_mut(name).expect("a client of that name"));
        self.collect(name);
        self.settle();
    }

    pub(crate) fn client(&self, name: &str) -> &Client {
        self.clients.get(name).expect("a client of that name")
    }

    /// What a client was told last, of a kind.
    pub(crate) fn last(&self, name: &str, callback: &str) -> Option<String> {
        let told = &self.clients.get(name).expect("a client of that name").told;
        told.iter()
            .rev()
            .find(|line| line.starts_with(callback))
            .cloned()
    }

    /// How often a client was told something of a kind.
    pub(crate) fn count(&self, name: &str, callback: &str) -> usize {
        let told = &self.clients.get(name).expect("a client of that name").told;
        told.iter()
            .filter(|line| line.starts_with(callback))
            .count()
    }

    /// What broke a client for good, if anything did.
    pub(crate) fn broken(&self) -> Vec<String> {
        let clients = self.clients.iter();
        clients
            .filter_map(|(name, client)| Some(format!("{name}: {}", client.broken.as_ref()?)))
            .collect()
    }

    /// Lets several clients do something at once, before anything that follows from it happens.
    pub(crate) fn at_once(&mut self, name: &str, act: impl FnOnce(&mut Client)) {
        act(self.clients.get_mut(name).expect("a client of that name"));
        self.collect(name);
    }

    /// Cuts a client's link: no frame, no goodbye.
    pub(crate) fn cut(&mut self, name: &str) {
        self.cut_now(name);
        self.settle();
    }

    /// Cuts a client's link with whatever is on its way.
    pub(crate) fn cut_now(&mut self, name: &str) {
        let link = self.clients[name].link.expect("a link");
        self.handle(Input::Closed { link });
        self.wire.push_back(Wire::Closed(link));
    }

    /// Stops the server in order.
    pub(crate) fn drain(&mut self) {
        self.handle(Input::Drain);
        self.settle();
    }

    /// The process is killed, and another takes over with what was kept.
    pub(crate) fn restart(&mut self) {
        self.restart_with(self.store.snapshot());
    }

    pub(crate) fn restart_with(&mut self, kept: Snapshot) {
        let now = self.now();
        self.queries.clear();
        self.hub = Hub::new(self.settings.clone(), now);
        for op in self.hub.restore(now, kept) {
            self.keep(op);
        }
        for link in std::mem::take(&mut self.links).into_keys() {
            self.links.insert(link, String::new());
        }
    }

    /// Opens a connection from afar, on which nothing is sent.
    pub(crate) fn open_silently(&mut self) -> LinkId {
        self.next_link += 1;
        let link = LinkId(self.next_link);
        self.links.insert(link, String::new());
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        self.handle(Input::Opened { link, peer });
        self.settle();
        link
    }

    pub(crate) fn is_open(&self, link: LinkId) -> bool {
        self.links.contains_key(&link)
    }

    pub(crate) fn next_wakeup(&self) -> Option<Duration> {
        let wakeup = self.hub.next_wakeup();
        wakeup.map(|at| at.duration_since(self.start))
    }

    pub(crate) fn stats(&self) -> Stats {
        self.hub.stats()
    }

    fn keep(&mut self, op: StoreOp) {
        self.store.apply(op.clone());
        self.ops.push(op);
    }

    /// Lets time pass, and happen what is due.
    pub(crate) fn advance(&mut self, duration: Duration) {
        let until = self.elapsed + duration;
        while self.elapsed < until {
            let tick = self.elapsed + TICK;
            let wakeup = self
                .hub
                .next_wakeup()
                .map(|at| at.duration_since(self.start));
            let next = wakeup.map_or(tick, |at| at.clamp(self.elapsed, tick));
            self.elapsed = next.min(until);
            self.handle(Input::Tick);
            let elapsed = self.elapsed;
            for name in self.clients.keys().cloned().collect::<Vec<_>>() {
                let client = self.clients.get_mut(&name).expect("a client of that name");
                let reconnects = client.tick(elapsed);
                if reconnects {
                    self.connect(&name);
                }
                self.collect(&name);
            }
            self.settle();
        }
    }

    /// What the applications were told, each with its second.
    pub(crate) fn transcript(&self) -> &str {
        &self.transcript
    }

    /// Leaves out what was told so far.
    pub(crate) fn forget(&mut self) {
        self.transcript.clear();
    }

    /// Puts what a client sends on the wire, and what it was told into the transcript.
    fn collect(&mut self, name: &str) {
        let client = self.clients.get_mut(name).expect("a client of that name");
        if let Some(link) = client.link {
            let sent = client.outgoing.drain(..);
            self.wire.extend(sent.map(|text| Wire::ToHub(link, text)));
            if client.closes {
                client.closes = false;
                client.link = None;
                self.wire.push_back(Wire::Closed(link));
            }
        }
        for line in client.untold() {
            let seconds = self.elapsed.as_secs_f64();
            writeln!(self.transcript, "{seconds:.3} {name}: {line}").expect("room in memory");
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        let outputs = self.hub.handle(now, input);
        for output in outputs {
            match output {
                Output::Send { link, frame } => {
                    let text = codec::encode_server(&frame);
                    self.wire.push_back(Wire::ToClient(link, text));
                }
                Output::Fan { links, frame } => {
                    let text = codec::encode_server(&frame);
                    let frames = links
                        .into_iter()
                        .map(|link| Wire::ToClient(link, text.clone()));
                    self.wire.extend(frames);
                }
                Output::Close { link, .. } => self.wire.push_back(Wire::Closed(link)),
                Output::Store(op) => self.keep(op),
                Output::Query(query) => self.queries.push_back(query),
            }
        }
    }

    /// Everything that is on its way arrives; the store answers last.
    fn settle(&mut self) {
        loop {
            if let Some(wire) = self.wire.pop_front() {
                self.pass(wire);
            } else if let Some(query) = self.queries.pop_front() {
                let page = Ok(self.store.page(&query));
                let query = query.number;
                self.handle(Input::History { query, page });
            } else {
                return;
            }
        }
    }

    fn pass(&mut self, wire: Wire) {
        match wire {
            Wire::ToHub(link, text) => self.handle(match codec::decode_client(&text) {
                Ok(frame) => Input::Frame { link, frame },
                Err(error) => Input::Unreadable {
                    link,
                    what: Unreadable::NotAFrame(error.to_string()),
                },
            }),
            Wire::ToClient(link, text) => {
                self.client_hears(link, |client, now| client.frame(&text, now))
            }
            Wire::Closed(link) => {
                self.handle(Input::Closed { link });
                self.client_hears(link, |client, now| client.closed(now));
                self.links.remove(&link);
            }
        }
    }

    fn client_hears(&mut self, link: LinkId, act: impl FnOnce(&mut Client, Duration)) {
        let Some(name) = self.links.get(&link).cloned() else {
            return;
        };
        let elapsed = self.elapsed;
        if let Some(client) = self.clients.get_mut(&name)
            && client.link == Some(link)
        {
            act(client, elapsed);
            self.collect(&name);
        }
    }
}
