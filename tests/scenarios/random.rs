//! Random inputs into the hub: it never panics, and what each connection is told keeps the promises of the protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use callsign::hub::{
    HistoryError, HistoryQuery, Hub, Input, LinkId, Now, Output, Settings, StoreOp, Unreadable,
};
use callsign::protocol::codec::{decode_client, encode_client, encode_server};
use callsign::protocol::token::Token;
use callsign::protocol::{
    Call, CallId, Cap, Caps, ChannelEvent, ClientFrame, Login, LoginRet, MessageId, Push, Reply,
    Request, ServerFrame, SessionLine, TypingTo, VoipArgs, VoipStep,
};
use fastrand::Rng;
use serde_json::json;

use crate::random_people::{self, People};
use crate::random_rooms::{self, Rooms};
use crate::support::{APP, START_MS, Store};

const ACCOUNTS: [&str; 5] = ["alice", "bob", "carol", "dave", "+123"];
const CHANNELS: [&str; 3] = ["red", "green", "the blue room"];
const ATTRS: [&str; 4] = [
    "topic",
    "_userNotification",
    "_auto_update_num",
    "_channel_ttl",
];

/// What one connection was told, as its client keeps the books.
#[derive(Default)]
struct Told {
    account: String,
    line: Option<SessionLine>,
    closed: bool,
    next_call: i64,
    /// Calls without an answer, and the channel of those that join or leave.
    open: BTreeMap<i64, Request>,
    /// The channels that it is in; one, unless it was granted `rooms`.
    rooms: BTreeMap<String, Room>,
    many: bool,
    last_msgid: u64,
    seen: u64,
}

/// A channel, as lists and events say.
#[derive(Default)]
struct Room {
    members: BTreeSet<String>,
    /// Whether events of joins and leaves have been complete since the list.
    known: bool,
}

struct Fuzz {
    rng: Rng,
    hub: Hub,
    start: Instant,
    elapsed: Duration,
    links: BTreeMap<LinkId, Told>,
    people: People,
    rooms: Rooms,
    store: Store,
    /// What the store was asked and has not answered.
    queries: Vec<HistoryQuery>,
    next_link: u64,
}

#[test]
fn random_inputs_break_no_promise() {
    let seed = seed();
    for round in 0..40 {
        Fuzz::new(seed.wrapping_add(round)).run(1500);
    }
}

/// Printed, so that a failure can be had again: `CALLSIGN_SEED=<seed>`.
fn seed() -> u64 {
    let seed = std::env::var("CALLSIGN_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("CALLSIGN_SEED={seed}");
    seed
}

impl Fuzz {
    fn new(seed: u64) -> Self {
        let mut settings = Settings::open([7; 32]);
        settings.limits.logins_per_address = 0;
        settings.limits.inbox = 50;
        let start = Instant::now();
        let now = Now {
            instant: start,
            unix_ms: START_MS,
        };
        Self {
            rng: Rng::with_seed(seed),
            hub: Hub::new(settings, now),
            start,
            elapsed: Duration::ZERO,
            links: BTreeMap::new(),
            people: People::default(),
            rooms: Rooms::default(),
            store: Store::default(),
            queries: Vec::new(),
            next_link: 0,
        }
    }

    fn run(mut self, steps: usize) {
        for _ in 0..steps {
            if self.rng.u8(..) < 60 {
                self.elapsed += Duration::from_millis(self.rng.u64(0..4000));
            }
            let input = self.input();
            self.handle(input);
            self.check_members();
            self.people.check();
            let (_, lasting) = self.store.channel_rows();
            assert_eq!(lasting, self.rooms.members(), "members that last");
        }
        while let Some(query) = self.queries.pop() {
            let page = Ok(self.store.page(&query));
            let query = query.number;
            self.handle(Input::History { query, page });
        }
        for told in self.links.values().filter(|told| !told.closed) {
            assert!(
                told.open.is_empty(),
                "every call is answered: {:?}",
                told.open
            );
        }
        self.handle(Input::Drain);
        assert!(
            self.links.values().all(|told| told.closed),
            "a drain closes every connection"
        );
        self.elapsed += Duration::from_secs(100_000);
        self.handle(Input::Tick);
    }

    fn now(&self) -> Now {
        let elapsed_ms = u64::try_from(self.elapsed.as_millis()).expect("a short run");
        Now {
            instant: self.start + self.elapsed,
            unix_ms: START_MS + elapsed_ms,
        }
    }

    fn one_of<'a>(&mut self, names: &[&'a str]) -> &'a str {
        names[self.rng.usize(..names.len())]
    }

    fn link(&mut self) -> Option<LinkId> {
        let links: Vec<_> = self
            .links
            .iter()
            .filter(|(_, told)| !told.closed)
            .map(|(link, _)| *link)
            .collect();
        (!links.is_empty()).then(|| links[self.rng.usize(..links.len())])
    }

    fn input(&mut self) -> Input {
        let Some(link) = self.link().filter(|_| self.rng.u8(..) > 12) else {
            self.next_link += 1;
            let link = LinkId(self.next_link);
            self.links.insert(link, Told::default());
            return Input::Opened {
                link,
                peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            };
        };
        match self.rng.u8(..100) {
            0..3 => Input::Closed { link },
            3 => Input::Unreadable {
                link,
                what: Unreadable::Binary,
            },
            4..8 => Input::Tick,
            8..20 if !self.queries.is_empty() => self.answer(),
            _ => Input::Frame {
                link,
                frame: self.frame(link),
            },
        }
    }

    /// The store answers, in whatever order, or cannot.
    fn answer(&mut self) -> Input {
        let query = self.rng.usize(..self.queries.len());
        let query = self.queries.swap_remove(query);
        let page = if self.rng.u8(..10) == 0 {
            Err(HistoryError::Busy)
        } else {
            Ok(self.store.page(&query))
        };
        let query = query.number;
        Input::History { query, page }
    }

    fn frame(&mut self, link: LinkId) -> ClientFrame {
        let signed_in = self.links[&link].line.is_some();
        let frame = match self.rng.u8(..100) {
            choice if (!signed_in && choice < 90) || choice < 2 => {
                let account = self.one_of(&ACCOUNTS).to_owned();
                if !signed_in {
                    let told = self.links.get_mut(&link).expect("a link");
                    told.account.clone_from(&account);
                }
                ClientFrame::Login(Box::new(Login {
                    vid: APP.to_owned(),
                    account,
                    token: Token::new(""),
                    device: "websdk".to_owned(),
                    caps: self.caps(),
                    resume: None,
                    take_over: true,
                }))
            }
            0..6 => ClientFrame::Ping(self.rng.i64(..)),
            6..10 => ClientFrame::SetFlag { binary: true },
            10..12 => ClientFrame::Unknown {
                event: "wave".to_owned(),
            },
            _ => self.call(link),
        };
        // Through the wire, as it would come.
        decode_client(&encode_client(&frame)).expect("our own frame")
    }

    fn caps(&mut self) -> Caps {
        let people = random_people::caps(&mut self.rng);
        let rooms = random_rooms::caps(&mut self.rng);
        let all = Cap::ALL.into_iter();
        let either = all.filter(|cap| people.has(*cap) || rooms.has(*cap));
        either.fold(Caps::NONE, Caps::with)
    }

    fn call(&mut self, link: LinkId) -> ClientFrame {
        let request = self.request(link);
        let wrong_line = self.rng.u8(..) < 5;
        let told = self.links.get_mut(&link).expect("a link");
        let line = told.line.clone().filter(|_| !wrong_line);
        told.next_call += 1;
        told.open.insert(told.next_call, request.clone());
        ClientFrame::Call(Call {
            id: CallId(told.next_call),
            line,
            request: Ok(request),
        })
    }

    fn request(&mut self, link: LinkId) -> Request {
        let account = self.one_of(&ACCOUNTS).try_into().expect("an account");
        let name = self.one_of(&CHANNELS).try_into().expect("a channel");
        let attr = self.one_of(&ATTRS).try_into().expect("an attribute");
        let seen = self.links[&link].seen;
        match self.rng.u8(..48) {
            38.. => Request::Addition(random_rooms::addition(&mut self.rng, &account, &name, attr)),
            26.. => Request::Addition(random_people::addition(
                &mut self.rng,
                &account,
                TypingTo::Channel(name),
            )),
            0..6 => Request::UserGetMsg {
                ver_clear: if self.rng.u8(..) < 10 {
                    self.rng.u64(..)
                } else {
                    seen
                },
                max: self.rng.usize(0..40),
            },
            6..9 => Request::UserSendMsg {
                peer: account,
                ttl: Duration::from_secs(self.rng.u64(0..60)),
                content: self.people.text(),
                message_id: self.message_id(),
            },
            9..12 => Request::ChannelJoin { name },
            12 => Request::ChannelLeave { name },
            13..15 => Request::ChannelSendMsg {
                name,
                msg: "hi".to_owned(),
                msg_id: self.message_id(),
                force: self.rng.bool(),
            },
            15 => Request::ChannelSetAttr {
                channel: name,
                name: attr,
                value: json!(self.rng.u8(0..3)),
            },
            16 => Request::ChannelDelAttr {
                channel: name,
                name: attr,
            },
            17 => Request::ChannelClearAttr { channel: name },
            18 => Request::ChannelQueryUserList { name },
            19 => Request::UserQueryUserStatus { account },
            21 => Request::UserSetAttr {
                name: attr,
                value: json!(self.rng.u8(..)),
            },
            20 if self.rng.u8(..) < 40 => Request::UserLogout,
            _ => {
                let step = VoipStep::ALL[self.rng.usize(..VoipStep::ALL.len())];
                let extra = format!("{{\"_timeout\":{}}}", self.rng.u8(..40));
                Request::Voip(
                    step,
                    VoipArgs {
                        channel: name,
                        peer: account,
                        extra,
                    },
                )
            }
        }
    }

    /// Often none, and sometimes one that was used before.
    fn message_id(&mut self) -> Option<MessageId> {
        let id = format!("m{}", self.rng.u8(..20));
        self.rng
            .bool()
            .then(|| id.as_str().try_into().expect("an id"))
    }

    fn handle(&mut self, input: Input) {
        // Timers that are due come first, so that a closed link may be spoken to once more.
        let mut gone = None;
        if let Input::Closed { link } = input {
            gone = Some(link);
        }
        let now = self.now();
        let outputs = self.hub.handle(now, input);
        let first_said = outputs
            .iter()
            .position(|output| !matches!(output, Output::Store(_)));
        let last_kept = outputs
            .iter()
            .rposition(|output| matches!(output, Output::Store(_)));
        assert!(
            first_said.is_none() || last_kept < first_said,
            "what is kept comes before what is said"
        );
        for output in outputs {
            match output {
                Output::Send { link, frame } => self.hears(link, &frame),
                Output::Fan { links, frame } => {
                    assert_eq!(
                        links.iter().collect::<BTreeSet<_>>().len(),
                        links.len(),
                        "nobody hears it twice"
                    );
                    links.into_iter().for_each(|link| self.hears(link, &frame));
                }
                Output::Close { link, .. } => {
                    self.links.get_mut(&link).expect("a link").closed = true;
                    self.people.went(link);
                    self.rooms.went(link);
                }
                Output::Query(query) => self.queries.push(query),
                Output::Store(op) => {
                    assert!(!matches!(&op, StoreOp::PutMessage(message) if message.ver == 0));
                    self.store.apply(op);
                }
            }
        }
        if let Some(link) = gone {
            self.links.get_mut(&link).expect("a link").closed = true;
            self.people.went(link);
            self.rooms.went(link);
        }
        if let Some(wakeup) = self.hub.next_wakeup() {
            assert!(
                wakeup > self.start + self.elapsed,
                "nothing is left that is due"
            );
        }
    }

    fn hears(&mut self, link: LinkId, frame: &ServerFrame) {
        assert!(!encode_server(frame).is_empty());
        let told = self.links.get_mut(&link).expect("a link that was opened");
        assert!(!told.closed, "nothing is said behind a close: {frame:?}");
        match frame {
            ServerFrame::LoginRet(LoginRet::Granted(grant)) => {
                assert!(
                    told.line.replace(grant.line.clone()).is_none(),
                    "one login a connection"
                );
                let additions = grant.additions.as_ref();
                let caps = additions.map_or(Caps::NONE, |additions| additions.caps);
                told.many = caps.has(Cap::Rooms);
                self.people.came(link, &told.account, caps);
                self.rooms.came(link, &told.account, caps);
            }
            ServerFrame::LoginRet(LoginRet::Refused { .. }) => assert!(
                told.line.is_some(),
                "no login is refused here, but a second one"
            ),
            ServerFrame::CallRet(ret) => {
                let request = told.open.remove(&ret.id.0).expect("one answer a call");
                let account = &told.account;
                if let Request::ChannelLeave { name } = &request
                    && ret.result.is_ok()
                {
                    let there = told.rooms.contains_key(name.as_str());
                    let lasts = self.rooms.lasts(account, name);
                    assert!(there || lasts, "one leaves what one is in");
                }
                self.people.answered(account, &request, &ret.result);
                self.rooms.answered(account, &request, &ret.result);
                told.answered(&request, &ret.result);
            }
            ServerFrame::Notify(push) => {
                assert!(told.line.is_some(), "nothing before login_ret");
                told.notified(push);
                self.people.notified(&told.account, push);
                self.rooms.notified(&told.account, push);
            }
            ServerFrame::Pong(_) | ServerFrame::Close(_) | ServerFrame::Kick(_) => {
                assert!(told.line.is_some(), "nothing before login_ret");
            }
            ServerFrame::Multi(_) | ServerFrame::Unknown { .. } => panic!("never sent: {frame:?}"),
        }
    }

    /// Whoever has been told everything knows the same members as everybody else in the channel.
    fn check_members(&self) {
        let mut by_channel: BTreeMap<&str, &BTreeSet<String>> = BTreeMap::new();
        for told in self.links.values().filter(|told| !told.closed) {
            for (channel, room) in told.rooms.iter().filter(|(_, room)| room.known) {
                assert!(
                    room.members.contains(&told.account),
                    "everybody is in their own list"
                );
                let others = by_channel.entry(channel).or_insert(&room.members);
                assert_eq!(
                    *others, &room.members,
                    "members of {channel} as {} knows them",
                    told.account
                );
            }
        }
    }
}

impl Told {
    fn answered(&mut self, request: &Request, result: &Result<Reply, callsign::protocol::Failure>) {
        match (request, result) {
            (Request::ChannelJoin { name }, Ok(Reply::Joined { list, attrs, .. })) => {
                if !self.many {
                    self.rooms.clear();
                }
                let members: BTreeSet<_> = list
                    .iter()
                    .map(|(account, _)| account.to_string())
                    .collect();
                assert_eq!(members.len(), list.len(), "nobody is in a list twice");
                let known = attrs.get("_userNotification") != Some(&json!(0));
                self.rooms.insert(name.to_string(), Room { members, known });
            }
            (Request::ChannelLeave { name }, Ok(_)) => {
                self.rooms.remove(name.as_str());
            }
            (Request::ChannelQueryUserList { name }, Ok(Reply::ChannelUsers { num, list })) => {
                assert!(*num >= list.len());
                let room = self.rooms.get(name.as_str());
                if let Some(room) = room.filter(|room| room.known) {
                    let listed: BTreeSet<_> = list
                        .iter()
                        .map(|(account, _)| account.to_string())
                        .collect();
                    assert_eq!(listed, room.members, "lists and events agree");
                }
            }
            (Request::UserGetMsg { .. }, Ok(Reply::Messages { ver_clear, msgs })) => {
                self.seen = self.seen.max(*ver_clear);
                for (ver, _) in msgs {
                    assert!(
                        *ver > *ver_clear,
                        "what is acknowledged does not come again"
                    );
                }
                let versions: Vec<_> = msgs.iter().map(|(ver, _)| *ver).collect();
                assert!(
                    versions.is_sorted_by(|a, b| a < b),
                    "versions rise: {versions:?}"
                );
                self.seen = self.seen.max(versions.last().copied().unwrap_or(0));
            }
            _ => {}
        }
    }

    fn notified(&mut self, push: &Push) {
        let Push::Channel2 {
            cid,
            msgid,
            envelope,
        } = push
        else {
            return;
        };
        let room = self.rooms.get_mut(cid.as_str());
        let room = room.expect("no event before join or after leave");
        assert!(
            *msgid > self.last_msgid,
            "event numbers rise over all channels"
        );
        self.last_msgid = *msgid;
        match ChannelEvent::from_content(&envelope.content).expect("an event") {
            ChannelEvent::Member { account, .. } if envelope.kind.name() == "channel_user_join" => {
                let is_new = room.members.insert(account.to_string());
                assert!(is_new || !room.known, "nobody joins twice");
            }
            ChannelEvent::Member { account, .. } => {
                let was_there = room.members.remove(account.as_str());
                assert!(was_there || !room.known, "nobody leaves who was not there");
            }
            ChannelEvent::AttrUpdate { name, value, .. } => {
                // While a channel is quiet, its members miss joins and leaves.
                if name == "_userNotification" && value == json!(0) {
                    room.known = false;
                }
            }
            ChannelEvent::Msg { .. } => {}
        }
    }
}

/// The codec meets what no client of ours would send.
#[test]
fn random_text_is_read_or_refused() {
    let mut rng = Rng::with_seed(seed());
    let samples = [
        r#"["login",{"vid":"app","account":"alice","token":"x"}]"#,
        r#"["call2",["user_sendmsg",1,{"line":"9f","peer":"bob","content":"\ud83d\ude00","flag":"v1:E:1"}]]"#,
        r#"["call2",["voip_invite",1,{"line":"9f","channelName":"c","peer":"bob","extra":"{}"}]]"#,
        r#"["ping",1]"#,
    ];
    for _ in 0..50_000 {
        let mut text = samples[rng.usize(..samples.len())].as_bytes().to_vec();
        for _ in 0..rng.usize(1..6) {
            let at = rng.usize(..text.len());
            match rng.u8(..3) {
                0 => text[at] = b"[]{}\",:\\u0d9e-1 \x07"[rng.usize(..17)],
                1 => drop(text.remove(at)),
                _ => text.insert(at, rng.u8(b' '..0x7f)),
            }
            if text.is_empty() {
                break;
            }
        }
        let text = String::from_utf8_lossy(&text);
        if let Ok(frame) = decode_client(&text) {
            // What was understood can be written and understood again.
            let again = decode_client(&encode_client(&frame));
            assert!(again.is_ok(), "{text} became {frame:?}");
        }
    }
}
