//! A hub and real client cores in simulated time, with a network in between: every frame is text, takes its time, and may be
//! lost with its link. A server may be killed, and another takes over with what was kept.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use callsign::client::core::{
    Action, Answer, ClientCore, Command, CommandError, Input, LinkNo, LoginOptions, Output,
    Reconnect, RequestNo, SessionRef, Settings, Status,
};
use callsign::client::event::{CallEvent, CallRef, ChannelView, Event, SessionEvent};
use callsign::hub::{
    HistoryQuery, Hub, Input as HubInput, LinkId, Now, Output as HubOutput,
    Settings as HubSettings, StoreOp,
};
use callsign::protocol::token::Token;
use callsign::protocol::{Account, Caps, ChannelName, codec};
use fastrand::Rng;

use super::{APP, START_MS, Store};

/// How long a frame is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delay {
    /// Always the same.
    Even(Duration),
    /// Up to so long, another each time; frames of one link keep their order.
    UpTo(Duration),
}

/// One client, and what it was told.
pub(crate) struct Sdk {
    core: ClientCore,
    pub(crate) session: Option<SessionRef>,
    pub(crate) events: Vec<Event>,
    pub(crate) answers: BTreeMap<RequestNo, Result<Answer, CommandError>>,
    asked: u64,
    /// Links that it has asked for.
    dialled: usize,
    /// Whether its program has ended without a word: it dials no more.
    gone: bool,
    /// Events that its application has not taken.
    waiting: usize,
    pub(crate) takes_events: bool,
    /// Events of the present session.
    told: u64,
    /// Whether it keeps what it takes.
    pub(crate) keeps: bool,
    /// Frames in either direction after which its link is cut, counted down.
    cut_after: Option<usize>,
}

/// A connection.
struct Wire {
    owner: String,
    link: LinkNo,
    /// Whether the server knows of it.
    open: bool,
    /// Whether it is dead without anybody's having been told.
    hushed: bool,
    up: VecDeque<(Duration, Packet)>,
    down: VecDeque<(Duration, Packet)>,
}

enum Packet {
    Open,
    Text(String),
    Closed,
}

pub(crate) struct Lab {
    hub: Hub,
    start: Instant,
    pub(crate) elapsed: Duration,
    pub(crate) sdks: BTreeMap<String, Sdk>,
    wires: BTreeMap<LinkId, Wire>,
    next_link: u64,
    pub(crate) delay: Delay,
    rng: Rng,
    ops: Vec<StoreOp>,
    /// What they have kept.
    pub(crate) store: Store,
    /// What the hub asks the store for, with the time of the answer.
    queries: VecDeque<(Duration, HistoryQuery)>,
    /// How long the store takes to answer.
    pub(crate) reading: Duration,
    settings: HubSettings,
    /// Whether connections are taken.
    pub(crate) serving: bool,
    transcript: String,
    pub(crate) cuts: usize,
    /// What clients that sign in ask for.
    pub(crate) caps: Caps,
}

/// Clients that ask for nothing beyond 1.x, and such that ask for everything.
pub(crate) const KINDS: [Caps; 2] = [Caps::NONE, Caps::ALL];

pub(crate) fn account(name: &str) -> Account {
    Account::try_from(name).expect("an account")
}

pub(crate) fn channel(name: &str) -> ChannelName {
    ChannelName::try_from(name).expect("a channel")
}

/// Options of a client that never gives up.
pub(crate) fn unlimited() -> LoginOptions {
    LoginOptions {
        reconnect: Reconnect::Unlimited,
        ..LoginOptions::default()
    }
}

impl Sdk {
    pub(crate) fn status(&self) -> Status {
        self.core.status()
    }

    pub(crate) fn dialled(&self) -> usize {
        self.dialled
    }
}

impl Lab {
    pub(crate) fn new(delay: Delay, seed: u64) -> Self {
        Self::with_settings(HubSettings::open([7; 32]), delay, seed)
    }

    pub(crate) fn with_settings(settings: HubSettings, delay: Delay, seed: u64) -> Self {
        let start = Instant::now();
        let now = Now {
            instant: start,
            unix_ms: START_MS,
        };
        let mut settings = settings;
        settings.limits.logins_per_address = 0;
        Self {
            hub: Hub::new(settings.clone(), now),
            store: Store::default(),
            queries: VecDeque::new(),
            reading: Duration::from_millis(1),
            settings,
            start,
            elapsed: Duration::ZERO,
            sdks: BTreeMap::new(),
            wires: BTreeMap::new(),
            next_link: 0,
            delay,
            rng: Rng::with_seed(seed),
            ops: Vec::new(),
            serving: true,
            transcript: String::new(),
            cuts: 0,
            caps: Caps::NONE,
        }
    }

    /// A world without chance in which these accounts are signed in, asking for nothing beyond 1.x.
    pub(crate) fn with(accounts: &[&str]) -> Self {
        Self::with_caps(accounts, Caps::NONE)
    }

    /// The same, with what the clients ask for.
    pub(crate) fn with_caps(accounts: &[&str], caps: Caps) -> Self {
        let mut lab = Self::new(Delay::Even(Duration::from_millis(10)), 1);
        lab.caps = caps;
        for account in accounts {
            lab.sign_in(account, LoginOptions::default());
        }
        lab.run(Duration::from_millis(500));
        lab.transcript.clear();
        lab
    }

    fn now(&self) -> Now {
        Now {
            instant: self.start + self.elapsed,
            unix_ms: START_MS + u64::try_from(self.elapsed.as_millis()).expect("a short story"),
        }
    }

    /// A client that has not signed in.
    pub(crate) fn add(&mut self, name: &str) {
        let number = self.sdks.len() as u128 + 1;
        let settings = Settings {
            app: APP.try_into().expect("an app"),
            device: "callsign/test".to_owned(),
            seed: number << 64 | number,
        };
        let sdk = Sdk {
            core: ClientCore::new(settings, self.start + self.elapsed),
            session: None,
            events: Vec::new(),
            answers: BTreeMap::new(),
            asked: 0,
            dialled: 0,
            gone: false,
            waiting: 0,
            takes_events: true,
            told: 0,
            keeps: true,
            cut_after: None,
        };
        self.sdks.insert(name.to_owned(), sdk);
    }

    /// Begins to sign in under the client's own name.
    pub(crate) fn sign_in(&mut self, name: &str, options: LoginOptions) -> RequestNo {
        if !self.sdks.contains_key(name) {
            self.add(name);
        }
        self.command(
            name,
            Command::Login {
                account: account(name.split('/').next().expect("a name")),
                token: Token::new("_no_need_token"),
                options: LoginOptions {
                    caps: self.caps,
                    ..options
                },
            },
        )
    }

    pub(crate) fn command(&mut self, name: &str, command: Command) -> RequestNo {
        let sdk = self.sdk(name);
        sdk.asked += 1;
        let request = RequestNo(sdk.asked);
        self.input(name, Input::Command { request, command });
        request
    }

    /// Lets an application do something in its present session.
    pub(crate) fn does(&mut self, name: &str, action: Action) -> RequestNo {
        let session = self.sdk(name).session.expect("a session");
        self.command(name, Command::Act { session, action })
    }

    pub(crate) fn says(&mut self, name: &str, peer: &str, msg: &str) -> RequestNo {
        let (peer, msg) = (account(peer), msg.to_owned());
        self.does(
            name,
            Action::MessageSend {
                peer,
                msg,
                id: None,
            },
        )
    }

    pub(crate) fn says_in(&mut self, name: &str, room: &str, msg: &str) -> RequestNo {
        let (channel, msg) = (channel(room), msg.to_owned());
        let action = Action::ChannelSend {
            channel,
            msg,
            id: None,
        };
        self.does(name, action)
    }

    pub(crate) fn joins(&mut self, name: &str, room: &str) -> RequestNo {
        self.does(name, Action::ChannelJoin(channel(room)))
    }

    pub(crate) fn invites(&mut self, name: &str, room: &str, peer: &str) -> CallRef {
        let action = Action::Invite {
            channel: channel(room),
            peer: account(peer),
            extra: "{}".to_owned(),
        };
        let request = self.does(name, action);
        match &self.sdks[name].answers[&request] {
            Ok(Answer::Invited { call }) => *call,
            other => panic!("no call: {other:?}"),
        }
    }

    pub(crate) fn sdk(&mut self, name: &str) -> &mut Sdk {
        self.sdks.get_mut(name).expect("a client of that name")
    }

    pub(crate) fn answer(
        &self,
        name: &str,
        request: RequestNo,
    ) -> Option<&Result<Answer, CommandError>> {
        self.sdks[name].answers.get(&request)
    }

    /// What a client believes of a channel, if it is in it.
    pub(crate) fn view(&mut self, name: &str, room: &str) -> Option<ChannelView> {
        let request = self.does(name, Action::ChannelView(channel(room)));
        match self.answer(name, request) {
            Some(Ok(Answer::Channel(view))) => Some(view.clone()),
            _ => None,
        }
    }

    /// The texts that a client was sent by an account, in order.
    pub(crate) fn heard(&self, name: &str, from: &str) -> Vec<String> {
        let events = self.sdks[name].events.iter();
        events
            .filter_map(|event| {
                if let Event::Session(SessionEvent::MessageInstantReceive { account, msg, .. }) =
                    event
                    && account.as_str() == from
                {
                    Some(msg.clone())
                } else {
                    None
                }
            })
            .collect()
    }

    /// The latest invitation that a client has heard of.
    pub(crate) fn invitation(&self, name: &str) -> Option<CallRef> {
        let mut events = self.sdks[name].events.iter().rev();
        events.find_map(|event| {
            if let Event::Session(SessionEvent::InviteReceived { call, .. }) = event {
                Some(*call)
            } else {
                None
            }
        })
    }

    /// What a client was told of a call.
    pub(crate) fn of_call(&self, name: &str, of: CallRef) -> Vec<CallEvent> {
        let events = self.sdks[name].events.iter();
        events
            .filter_map(|event| {
                if let Event::Call { call, event } = event
                    && *call == of
                {
                    Some(event.clone())
                } else {
                    None
                }
            })
            .collect()
    }

    /// Feeds a core.
    pub(crate) fn input(&mut self, name: &str, input: Input) {
        let now = self.start + self.elapsed;
        let outputs = self.sdk(name).core.handle(now, input);
        for output in outputs {
            self.output(name, output);
        }
        let sdk = self.sdk(name);
        if sdk.takes_events && sdk.waiting > 0 {
            self.takes_all(name);
        }
    }

    /// The application takes all its events, and keeps them if it keeps anything.
    pub(crate) fn takes_all(&mut self, name: &str) {
        let sdk = self.sdk(name);
        sdk.waiting = 0;
        let kept = if sdk.keeps { sdk.told } else { 0 };
        self.has_kept(name, kept);
    }

    /// The application keeps so many events of its session.
    pub(crate) fn has_kept(&mut self, name: &str, kept: u64) {
        let sdk = self.sdk(name);
        let waiting = sdk.waiting;
        if let Some(session) = sdk.session {
            let input = Input::EventsTaken {
                session,
                waiting,
                kept,
            };
            self.input(name, input);
        }
    }

    /// How many events an application was told in its present session.
    pub(crate) fn told(&self, name: &str) -> u64 {
        self.sdks[name].told
    }

    fn output(&mut self, name: &str, output: Output) {
        match output {
            Output::OpenLink { .. } if self.sdk(name).gone => {}
            Output::OpenLink { link } => self.dial(name, link),
            Output::Send { link, frame } => {
                let text = codec::encode_client(&frame);
                if let Some(id) = self.wire_of(name, link) {
                    self.post_up(id, Packet::Text(text));
                }
            }
            Output::CloseLink { link } => {
                if let Some(id) = self.wire_of(name, link) {
                    self.post_up(id, Packet::Closed);
                    let wire = self.wires.get_mut(&id).expect("a wire");
                    wire.down.clear();
                    wire.link = LinkNo(0);
                }
            }
            Output::Answer { request, answer } => {
                if let Ok(Answer::LoggedIn { session, .. }) = &answer {
                    self.sdk(name).session = Some(*session);
                    self.sdk(name).told = 0;
                }
                let line = format!("{request:?} -> {answer:?}");
                self.write(name, &line);
                let before = self.sdk(name).answers.insert(request, answer);
                assert_eq!(before, None, "answered twice");
            }
            Output::Event { session, event } => {
                let sdk = self.sdk(name);
                assert!(sdk.session.is_none_or(|current| current == session), "late");
                sdk.waiting += 1;
                sdk.told += 1;
                sdk.events.push(event.clone());
                self.write(name, &show(&event));
            }
            Output::SessionOver { session } => {
                let sdk = self.sdk(name);
                if sdk.session == Some(session) {
                    sdk.session = None;
                }
                self.write(name, "over");
            }
        }
    }

    fn write(&mut self, name: &str, line: &str) {
        let seconds = self.elapsed.as_secs_f64();
        writeln!(self.transcript, "{seconds:.3} {name}: {line}").expect("room in memory");
    }

    pub(crate) fn transcript(&self) -> &str {
        &self.transcript
    }

    fn wire_of(&self, name: &str, link: LinkNo) -> Option<LinkId> {
        let mut wires = self.wires.iter();
        wires
            .find(|(_, wire)| wire.owner == name && wire.link == link)
            .map(|(id, _)| *id)
    }

    fn dial(&mut self, name: &str, link: LinkNo) {
        self.sdk(name).dialled += 1;
        self.next_link += 1;
        let id = LinkId(self.next_link);
        let wire = Wire {
            owner: name.to_owned(),
            link,
            open: false,
            hushed: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
        };
        self.wires.insert(id, wire);
        self.post_up(id, Packet::Open);
    }

    fn arrival(&mut self, queue_end: Option<Duration>) -> Duration {
        let delay = match self.delay {
            Delay::Even(delay) => delay,
            Delay::UpTo(most) => most.mul_f64(self.rng.f64()),
        };
        (self.elapsed + delay).max(queue_end.unwrap_or_default())
    }

    fn post_up(&mut self, id: LinkId, packet: Packet) {
        let end = self.wires[&id].up.back().map(|(at, _)| *at);
        let at = self.arrival(end);
        let wire = self.wires.get_mut(&id).expect("a wire");
        wire.up.push_back((at, packet));
    }

    fn post_down(&mut self, id: LinkId, packet: Packet) {
        let Some(wire) = self.wires.get(&id) else {
            return;
        };
        let end = wire.down.back().map(|(at, _)| *at);
        let at = self.arrival(end);
        let wire = self.wires.get_mut(&id).expect("a wire");
        wire.down.push_back((at, packet));
    }

    /// Cuts a client's link now: what is on its way is lost, and both ends learn of it after a while.
    pub(crate) fn cut(&mut self, name: &str) {
        let owned = self.wires.iter().filter(|(_, wire)| wire.owner == name);
        for id in owned.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.cuts += 1;
            let wire = self.wires.get_mut(&id).expect("a wire");
            wire.up.clear();
            wire.down.clear();
            self.post_up(id, Packet::Closed);
            self.post_down(id, Packet::Closed);
        }
    }

    /// A client's program ends without a word.
    pub(crate) fn gone(&mut self, name: &str) {
        self.sdk(name).gone = true;
        self.cut(name);
    }

    /// Cuts a client's link when so many more frames have arrived on it, in either direction.
    pub(crate) fn cut_after(&mut self, name: &str, frames: usize) {
        self.sdk(name).cut_after = Some(frames);
    }

    /// A client's link dies without a word: nothing arrives any more, and nobody is told.
    pub(crate) fn hush(&mut self, name: &str) {
        let owned = self.wires.iter_mut().filter(|(_, wire)| wire.owner == name);
        for (_, wire) in owned {
            wire.hushed = true;
        }
    }

    /// A client gets what is no frame.
    pub(crate) fn unreadable(&mut self, name: &str) {
        let wire = self.wires.values().find(|wire| wire.owner == name);
        let link = wire.expect("a link").link;
        let reason = "not a frame".to_owned();
        self.input(name, Input::Unreadable { link, reason });
    }

    /// The server stops in order: it takes nobody in any more.
    pub(crate) fn drain_server(&mut self) {
        self.hub_input(HubInput::Drain);
    }

    /// What the next server is given.
    pub(crate) fn settings(&mut self) -> &mut HubSettings {
        &mut self.settings
    }

    /// What the hub wanted kept, in order.
    pub(crate) fn ops(&self) -> &[StoreOp] {
        &self.ops
    }

    /// The server ends after its last commit. Another one takes over.
    pub(crate) fn kill_server_after_all_is_kept(&mut self) {
        let last = self.ops.len();
        self.take_over(last);
    }

    /// Kills the server: what it had said stays said, what was not yet kept is gone. Another one takes over.
    pub(crate) fn kill_server(&mut self) {
        // What may wait is written with the next thing that may not.
        let kept = self.ops.iter().rposition(|op| !op.can_wait());
        self.take_over(kept.map_or(0, |last| last + 1));
    }

    /// Another server takes over with the first so many ops.
    fn take_over(&mut self, kept: usize) {
        self.ops.truncate(kept);
        let now = self.now();
        self.settings.line_seed[0] += 1;
        self.hub = Hub::new(self.settings.clone(), now);
        self.store = Store::default();
        for op in self.ops.iter().cloned() {
            self.store.apply(op);
        }
        self.queries.clear();
        for op in self.hub.restore(now, self.store.snapshot()) {
            self.keep(op);
        }
        for id in self.wires.keys().copied().collect::<Vec<_>>() {
            let wire = self.wires.get_mut(&id).expect("a wire");
            wire.up.clear();
            wire.down.clear();
            wire.open = false;
            self.post_down(id, Packet::Closed);
        }
    }

    /// Lets time pass, and happen what is due.
    pub(crate) fn run(&mut self, duration: Duration) {
        let until = self.elapsed + duration;
        while self.step(until) {}
        self.elapsed = until;
        self.hub_input(HubInput::Tick);
    }

    /// Lets the next thing happen, if it does so in time.
    fn step(&mut self, until: Duration) -> bool {
        let since = |at: Instant| at.saturating_duration_since(self.start);
        let wires = self.wires.iter().flat_map(|(id, wire)| {
            let up = wire.up.front().map(|(at, _)| (*at, Next::Up(*id)));
            let down = wire.down.front().map(|(at, _)| (*at, Next::Down(*id)));
            up.into_iter().chain(down)
        });
        let hub = self.hub.next_wakeup().map(|at| (since(at), Next::Hub));
        let cores = self.sdks.iter().filter_map(|(name, sdk)| {
            let at = sdk.core.next_wakeup()?;
            Some((since(at), Next::Core(name.clone())))
        });
        let store = self.queries.front().map(|(at, _)| (*at, Next::Store));
        let next = wires
            .chain(hub)
            .chain(store)
            .chain(cores)
            .min_by_key(|(at, _)| *at);
        let Some((at, next)) = next.filter(|(at, _)| *at <= until) else {
            return false;
        };
        self.elapsed = at.max(self.elapsed);
        match next {
            Next::Up(id) => self.arrives_up(id),
            Next::Down(id) => self.arrives_down(id),
            Next::Hub => self.hub_input(HubInput::Tick),
            Next::Store => self.store_answers(),
            Next::Core(name) => self.input(&name, Input::Tick),
        }
        true
    }

    fn arrives_up(&mut self, id: LinkId) {
        let wire = self.wires.get_mut(&id).expect("a wire");
        let (_, packet) = wire.up.pop_front().expect("a packet");
        let owner = wire.owner.clone();
        match packet {
            Packet::Open if wire.hushed => {}
            Packet::Open if self.serving => {
                wire.open = true;
                let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
                self.hub_input(HubInput::Opened { link: id, peer });
                self.post_down(id, Packet::Open);
            }
            Packet::Open => self.post_down(id, Packet::Closed),
            Packet::Text(_) if wire.hushed => {}
            Packet::Text(text) => {
                if self.cuts_now(&owner) {
                    return self.cut(&owner);
                }
                let frame = codec::decode_client(&text).expect("a frame");
                self.hub_input(HubInput::Frame { link: id, frame });
            }
            Packet::Closed => {
                if std::mem::take(&mut wire.open) {
                    self.hub_input(HubInput::Closed { link: id });
                }
                let wire = self.wires.get(&id).expect("a wire");
                if wire.link == LinkNo(0) {
                    self.wires.remove(&id);
                }
            }
        }
    }

    fn arrives_down(&mut self, id: LinkId) {
        let wire = self.wires.get_mut(&id).expect("a wire");
        let (_, packet) = wire.down.pop_front().expect("a packet");
        let (owner, link) = (wire.owner.clone(), wire.link);
        match packet {
            Packet::Open => self.input(&owner, Input::LinkOpened { link }),
            Packet::Text(_) if wire.hushed => {}
            Packet::Text(text) => {
                if self.cuts_now(&owner) {
                    return self.cut(&owner);
                }
                let frame = codec::decode_server(&text).expect("a frame");
                self.input(&owner, Input::Frame { link, frame });
            }
            Packet::Closed => {
                // What the server still has to learn travels on without the client.
                if wire.open {
                    wire.link = LinkNo(0);
                    if wire.up.is_empty() {
                        self.post_up(id, Packet::Closed);
                    }
                } else {
                    self.wires.remove(&id);
                }
                let reason = "cut".to_owned();
                self.input(&owner, Input::LinkClosed { link, reason });
            }
        }
    }

    fn cuts_now(&mut self, name: &str) -> bool {
        let left = &mut self.sdk(name).cut_after;
        match left {
            Some(0) => {
                *left = None;
                true
            }
            Some(frames) => {
                *frames -= 1;
                false
            }
            None => false,
        }
    }

    fn hub_input(&mut self, input: HubInput) {
        let now = self.now();
        for output in self.hub.handle(now, input) {
            match output {
                HubOutput::Send { link, frame } => {
                    self.post_down(link, Packet::Text(codec::encode_server(&frame)));
                }
                HubOutput::Fan { links, frame } => {
                    let text = codec::encode_server(&frame);
                    for link in links {
                        self.post_down(link, Packet::Text(text.clone()));
                    }
                }
                HubOutput::Close { link, .. } => self.post_down(link, Packet::Closed),
                HubOutput::Store(op) => self.keep(op),
                HubOutput::Query(query) => {
                    let at = self.elapsed + self.reading;
                    self.queries.push_back((at, query));
                }
            }
        }
    }

    fn keep(&mut self, op: StoreOp) {
        self.store.apply(op.clone());
        self.ops.push(op);
    }

    /// The store answers the oldest question.
    fn store_answers(&mut self) {
        if let Some((_, query)) = self.queries.pop_front() {
            let page = Ok(self.store.page(&query));
            let query = query.number;
            self.hub_input(HubInput::History { query, page });
        }
    }
}

enum Next {
    Up(LinkId),
    Down(LinkId),
    Hub,
    Store,
    Core(String),
}

fn show(event: &Event) -> String {
    match event {
        // What is granted is the same each time.
        Event::Session(SessionEvent::LoginSuccess {
            again, additions, ..
        }) => {
            let resumed = additions.as_ref().map(|additions| &additions.resumed);
            format!("LoginSuccess again: {again}, resumed: {resumed:?}")
        }
        Event::Session(event) => format!("{event:?}"),
        Event::Channel { channel, event } => format!("{channel}: {event:?}"),
        Event::Call { call, event } => format!("{call:?}: {event:?}"),
    }
}
