//! Random inputs into a client core: it never panics, answers each command once, and keeps its books bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use callsign::client::core::{
    Acknowledge, Action, Answer, ClientCore, Command, EVENTS_MAX, Input, LinkNo, LoginOptions,
    Output, PENDING_MAX, Reconnect, RequestNo, SessionRef, Settings,
};
use callsign::client::event::{CallRef, Event, SessionEvent};
use callsign::protocol::token::Token;
use callsign::protocol::{
    Additions, CallId, CallRet, Caps, ClientFrame, Code, Failure, GrantedLimits, InviteMsg,
    LoginGrant, LoginRet, MessageId, Presence, Push, Receipt, ReceiptState, Reply, Request,
    ServerFrame, ServerInfo, SessionLine, Show, Typing, TypingTo, Uid,
};
use fastrand::Rng;
use serde_json::{Map, json};

use crate::random_people;
use crate::support::lab::{account, channel};

const ACCOUNTS: [&str; 3] = ["alice", "bob", "carol"];
const ROOMS: [&str; 2] = ["red", "green"];

struct Fuzz {
    rng: Rng,
    core: ClientCore,
    now: Instant,
    asked: u64,
    open: BTreeSet<RequestNo>,
    session: SessionRef,
    over: BTreeSet<SessionRef>,
    links: BTreeSet<LinkNo>,
    calls: Vec<CallId>,
    waiting: usize,
    in_flight: BTreeMap<i64, Request>,
}

#[test]
fn random_inputs_break_no_promise() {
    let seed = std::env::var("CALLSIGN_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("CALLSIGN_SEED={seed}");
    for round in 0..60 {
        Fuzz::new(seed.wrapping_add(round)).run(2000);
    }
}

/// Everything, in a new session each time.
fn granted() -> Additions {
    Additions {
        caps: Caps::ALL,
        resume: None,
        resumed: None,
        time_ms: 5,
        server: ServerInfo::default(),
        limits: GrantedLimits::default(),
        ice: Vec::new(),
    }
}

impl Fuzz {
    fn new(seed: u64) -> Self {
        let now = Instant::now();
        let settings = Settings {
            app: "app".try_into().expect("an app"),
            device: "fuzz".to_owned(),
            seed: u128::from(seed),
        };
        Self {
            rng: Rng::with_seed(seed),
            core: ClientCore::new(settings, now),
            now,
            asked: 0,
            open: BTreeSet::new(),
            session: SessionRef(0),
            over: BTreeSet::new(),
            links: BTreeSet::new(),
            calls: Vec::new(),
            waiting: 0,
            in_flight: BTreeMap::new(),
        }
    }

    fn run(mut self, steps: usize) {
        for _ in 0..steps {
            let input = self.input();
            self.feed(input);
        }
        // In the end everything is answered, whatever the server does.
        let command = Command::Logout { session: None };
        let request = self.request();
        self.feed(Input::Command { request, command });
        for _ in 0..100 {
            self.now += Duration::from_secs(5);
            self.feed(Input::Tick);
        }
        assert_eq!(self.open, BTreeSet::new(), "never answered");
        assert_eq!(self.core.next_wakeup(), None);
    }

    fn request(&mut self) -> RequestNo {
        self.asked += 1;
        self.open.insert(RequestNo(self.asked));
        RequestNo(self.asked)
    }

    fn feed(&mut self, input: Input) {
        for output in self.core.handle(self.now, input) {
            match output {
                Output::OpenLink { link } => assert!(self.links.insert(link), "numbered anew"),
                Output::Send { link, frame } => {
                    assert!(self.links.contains(&link), "sent on a closed link");
                    if let ClientFrame::Call(call) = frame {
                        self.calls.push(call.id);
                        self.in_flight
                            .insert(call.id.0, call.request.expect("a request"));
                    }
                }
                Output::CloseLink { link } => assert!(self.links.remove(&link), "closed twice"),
                Output::Answer { request, answer } => {
                    assert!(self.open.remove(&request), "answered twice");
                    if let Ok(Answer::LoggedIn { session, .. }) = answer {
                        self.session = session;
                        self.waiting = 0;
                    }
                }
                Output::Event { session, event } => {
                    assert!(!self.over.contains(&session), "an event after the end");
                    if !matches!(event, Event::Session(SessionEvent::LoginSuccess { .. })) {
                        assert_eq!(session, self.session);
                    }
                    self.waiting += 1;
                }
                Output::SessionOver { session } => assert!(self.over.insert(session)),
            }
        }
        assert!(self.open.len() <= PENDING_MAX + 200, "{}", self.open.len());
        assert!(self.waiting <= EVENTS_MAX + 500, "{}", self.waiting);
        let due = self.core.next_wakeup();
        assert!(due.is_none_or(|due| due > self.now), "a timer that is due");
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.rng.usize(0..of.len())].clone())
    }

    fn link(&mut self) -> LinkNo {
        let links: Vec<_> = self.links.iter().copied().collect();
        if self.rng.u8(0..10) == 0 {
            return LinkNo(self.rng.u64(0..50));
        }
        self.pick(&links).unwrap_or(LinkNo(0))
    }

    fn input(&mut self) -> Input {
        match self.rng.u8(0..20) {
            0..6 => {
                let request = self.request();
                let command = self.command();
                Input::Command { request, command }
            }
            6 | 7 => Input::LinkOpened { link: self.link() },
            8..15 => {
                let link = self.link();
                let frame = self.frame(2);
                Input::Frame { link, frame }
            }
            15 => Input::Unreadable {
                link: self.link(),
                reason: "garbage".to_owned(),
            },
            16 if self.rng.u8(0..4) == 0 => {
                let link = self.link();
                self.links.remove(&link);
                let reason = "gone".to_owned();
                Input::LinkClosed { link, reason }
            }
            17 if self.rng.u8(0..4) == 0 => Input::Woke,
            18 => {
                self.waiting = self.rng.usize(0..=self.waiting);
                Input::EventsTaken {
                    session: self.session,
                    waiting: self.waiting,
                    kept: self.rng.u64(0..50),
                }
            }
            _ => {
                let most = [50, 500, 20_000][self.rng.usize(0..3)];
                self.now += Duration::from_millis(self.rng.u64(0..most));
                Input::Tick
            }
        }
    }

    fn command(&mut self) -> Command {
        match self.rng.u8(0..12) {
            0 | 1 => Command::Login {
                account: account(ACCOUNTS[self.rng.usize(0..3)]),
                token: Token::new(""),
                options: LoginOptions {
                    reconnect: if self.rng.bool() {
                        Reconnect::Unlimited
                    } else {
                        Reconnect::default()
                    },
                    acknowledge: if self.rng.bool() {
                        Acknowledge::Kept
                    } else {
                        Acknowledge::Told
                    },
                    ..LoginOptions::default()
                },
            },
            2 if self.rng.u8(0..6) == 0 => Command::Logout { session: None },
            _ => Command::Act {
                session: self.session,
                action: self.action(),
            },
        }
    }

    fn action(&mut self) -> Action {
        let channel = channel(ROOMS[self.rng.usize(0..2)]);
        let peer = account(ACCOUNTS[self.rng.usize(0..3)]);
        let call = CallRef(self.rng.u64(0..30));
        let extra = "{}".to_owned();
        match self.rng.u8(0..16) {
            12 => Action::Typing(TypingTo::Peer(peer)),
            13.. => {
                let room = TypingTo::Channel(channel);
                let addition = random_people::addition(&mut self.rng, &peer, room);
                Action::Invoke(Request::Addition(addition))
            }
            0 | 1 => Action::MessageSend {
                peer,
                msg: "hello".to_owned(),
                id: None,
            },
            2 => Action::ChannelJoin(channel),
            3 => Action::ChannelLeave(channel),
            4 => Action::ChannelSend {
                channel,
                msg: "hello".to_owned(),
                id: None,
            },
            5 => Action::ChannelView(channel),
            6 => Action::Invite {
                channel,
                peer,
                extra,
            },
            7 => Action::Accept { call, extra },
            8 => Action::Refuse { call, extra },
            9 => Action::Say {
                call,
                msg: InviteMsg::Other(extra),
            },
            10 => Action::End { call, extra: None },
            _ => Action::Invoke(Request::ChannelClearAttr { channel }),
        }
    }

    fn frame(&mut self, depth: u8) -> ServerFrame {
        match self.rng.u8(0..20) {
            0 | 1 => ServerFrame::LoginRet(if self.rng.u8(0..4) > 0 {
                LoginRet::Granted(LoginGrant {
                    line: SessionLine::new("line"),
                    uid: Uid(7),
                    additions: self.rng.bool().then(|| Box::new(granted())),
                })
            } else {
                LoginRet::Refused {
                    reason: "no".to_owned(),
                    code: self.pick(Code::ALL).expect("a code"),
                }
            }),
            2 => ServerFrame::Pong(1),
            3..10 => {
                let id = match self.in_flight.pop_last() {
                    Some((id, _)) if self.rng.bool() => CallId(id),
                    _ => {
                        let calls = self.calls.clone();
                        self.pick(&calls).unwrap_or(CallId(0))
                    }
                };
                let result = if self.rng.u8(0..3) > 0 {
                    Ok(self.reply())
                } else {
                    let code = self.pick(Code::ALL).expect("a code");
                    Err(Failure::new(code, "no"))
                };
                ServerFrame::CallRet(CallRet { id, result })
            }
            10..17 => ServerFrame::Notify(self.push()),
            17 if self.rng.u8(0..8) == 0 => ServerFrame::Close("{}".to_owned()),
            18 if self.rng.u8(0..8) == 0 => ServerFrame::Kick(r#"{"code":105}"#.to_owned()),
            19 if depth > 0 => ServerFrame::Multi((0..3).map(|_| self.frame(depth - 1)).collect()),
            _ => ServerFrame::Unknown {
                event: "new".to_owned(),
            },
        }
    }

    fn reply(&mut self) -> Reply {
        match self.rng.u8(0..4) {
            0 => Reply::Done,
            1 => Reply::Joined {
                list: vec![(account("alice"), Uid(1))],
                attrs: Map::new(),
                unread: None,
            },
            _ => {
                let from = self.rng.u64(0..50);
                let msgs = (0..self.rng.u64(0..4)).map(|more| {
                    let kinds = [
                        "instant",
                        "voip_invite",
                        "voip_invite_bye",
                        "voip_invite_accept",
                        "receipt",
                        "missed_call",
                        "channel_msg",
                    ];
                    let kind = kinds[self.rng.usize(0..kinds.len())];
                    (from + more, self.line(kind).parse().expect("an envelope"))
                });
                let msgs = msgs.collect();
                Reply::Messages {
                    ver_clear: from,
                    msgs,
                }
            }
        }
    }

    fn line(&self, kind: &str) -> String {
        let mut rng = self.rng.clone();
        let room = ROOMS[rng.usize(0..2)];
        let peer = ACCOUNTS[rng.usize(0..3)];
        let content = match rng.u8(0..4) {
            0 => "not json".to_owned(),
            _ => json!({
                "channel": room, "peer": peer, "peeruid": 1, "extra": "{}",
                "account": peer, "uid": 1, "msg": "hello",
            })
            .to_string(),
        };
        format!("msg-v2 {peer} alice v1:E:9 {kind} 5 {content}")
    }

    fn push(&mut self) -> Push {
        let number = self.rng.u64(0..60);
        let account = account(ACCOUNTS[self.rng.usize(0..3)]);
        match self.rng.u8(0..7) {
            4 => Push::Presence(vec![Presence {
                account,
                show: Show::Busy,
                text: String::new(),
                since_ms: number,
            }]),
            5 => Push::Receipt(Receipt {
                peer: account,
                ids: vec![MessageId::numbered(number)],
                state: ReceiptState::Read,
            }),
            6 => Push::Typing(Typing {
                account,
                channel: None,
            }),
            0 => Push::Msg { ver: number },
            1 => Push::RecvMsg {
                ver: number,
                envelope: self.line("instant").parse().expect("an envelope"),
            },
            2 => Push::Unknown {
                op: "new".to_owned(),
            },
            _ => {
                let kinds = ["channel_msg", "channel_user_join", "channel_user_leave"];
                let kind = kinds[self.rng.usize(0..3)];
                Push::Channel2 {
                    cid: channel("red"),
                    msgid: number,
                    envelope: self.line(kind).parse().expect("an envelope"),
                }
            }
        }
    }
}
