//! Stories over the state alone: what happened in, what is to be done out.

mod calls;
mod chats;
mod gaps;
mod identity;
mod keeping;
mod people;
mod ringing;
mod settings;
mod talk;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::conversation::WINDOW;
use super::*;
use crate::app::effect::Step;
use crate::app::kept::{Overview, Page, StoreEffect};
use crate::app::msg::{CallMsg, ChatMsg, Credentials, Failure, NavMsg, Place, RoomMsg, SignInMsg};
use crate::client::event::{
    CallEvent, CallRef, ChannelEvent, ChannelView, EndReason, Event, SessionEvent,
};
use crate::protocol::{
    Account, Additions, Cap, Caps, ChannelName, Code, Dtmf, GrantedLimits, ServerInfo, Uid,
};
use crate::store::{self, MessageRow, NewMessage, Put, Way, Window};

/// A state, its time, and a history that answers at once.
pub(crate) struct Story {
    pub(crate) state: State,
    pub(crate) now: Now,
    history: History,
}

/// As much of a history as the stories take, in memory.
#[derive(Default)]
struct History {
    kept: Vec<store::Message>,
    rooms: Vec<store::Room>,
    /// What else was asked of it.
    asked: Vec<StoreEffect>,
}

impl History {
    fn answer(&mut self, effect: StoreEffect) -> Option<StoreMsg> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the rest is only written down"
        )]
        match effect {
            StoreEffect::Put(message) => Some(StoreMsg::Kept(self.put(*message))),
            StoreEffect::Sent(row, server_ms) => {
                let message = self.kept.iter_mut().find(|kept| kept.row == row)?;
                message.content.way = Way::Out(store::Delivery::Sent);
                message.content.server_ms = server_ms;
                Some(StoreMsg::Changed(vec![message.clone()]))
            }
            StoreEffect::Load(of, page) => {
                let mut messages = self.kept.clone();
                messages.retain(|kept| kept.content.conversation == of);
                let at = match page {
                    Page::Before(place) => messages.partition_point(|kept| kept.place < place),
                    Page::Latest => messages.len(),
                    Page::After(_) | Page::Around(_) | Page::At(_) => panic!("{page:?}"),
                };
                messages.truncate(at);
                let from = at.saturating_sub(200);
                let window = Window {
                    messages: messages.split_off(from),
                    older: from > 0,
                    newer: false,
                };
                Some(StoreMsg::Page(of, page, window))
            }
            StoreEffect::Account(Some(_)) => {
                let outbox = self
                    .kept
                    .iter()
                    .filter(|kept| kept.content.way == Way::Out(store::Delivery::Pending));
                let outbox = outbox.cloned().collect();
                let overview = Overview {
                    outbox,
                    rooms: self.rooms.clone(),
                    ..Overview::default()
                };
                Some(StoreMsg::Account(Box::new(overview), None))
            }
            other => {
                self.asked.push(other);
                None
            }
        }
    }

    fn put(&mut self, content: NewMessage) -> Put {
        let same = |kept: &&store::Message| {
            content.id.is_some()
                && kept.content.id == content.id
                && kept.content.source == content.source
        };
        if let Some(known) = self.kept.iter().find(same) {
            return Put::Known(known.clone());
        }
        let number = i64::try_from(self.kept.len()).expect("not that many") + 1;
        let place = store::Place(store::Place::at(content.local_ms).0 + number);
        let message = store::Message {
            row: MessageRow(number),
            place,
            content,
        };
        self.kept.push(message.clone());
        Put::New(message)
    }
}

impl Story {
    pub(crate) fn new() -> Self {
        let now = Now {
            at: Instant::now(),
            unix_ms: 1_700_000_000_000,
        };
        let mut story = Self {
            state: State::new(7, None),
            now,
            history: History::default(),
        };
        let opened = StoreMsg::Opened(BTreeMap::new(), None);
        assert!(story.tell(Msg::Store(opened)).is_empty());
        story
    }

    /// What the history was asked for and did not answer.
    pub(crate) fn asked(&self) -> &[StoreEffect] {
        &self.history.asked
    }

    /// The history finds its latest messages, whatever was looked for last.
    pub(crate) fn finds(&mut self) {
        let Some(StoreEffect::Search { no, .. }) = self.asked().last() else {
            panic!("not looked for: {:?}", self.asked());
        };
        let found = store::Found {
            messages: self.history.kept.iter().rev().take(4).cloned().collect(),
            next: None,
        };
        let no = *no;
        self.tell(Msg::Store(StoreMsg::Found(no, found)));
    }

    /// Ann is signed in.
    pub(crate) fn home() -> Self {
        let mut story = Self::new();
        let credentials = Credentials {
            account: account("ann"),
            place: Place::ThisComputer,
        };
        let effects = story.tell(Msg::SignIn(SignInMsg::Submitted(credentials.clone())));
        assert_eq!(effects, [Effect::SignIn(credentials)]);
        assert!(story.tell(Msg::SignIn(SignInMsg::Done)).is_empty());
        story
    }

    /// The server lets Ann in, and grants these.
    pub(crate) fn granted(&mut self, caps: &[Cap]) -> Vec<Effect> {
        let additions = Additions {
            caps: caps.iter().fold(Caps::default(), |all, cap| all.with(*cap)),
            resume: None,
            resumed: None,
            time_ms: 0,
            server: ServerInfo::default(),
            limits: GrantedLimits::default(),
            ice: Vec::new(),
        };
        self.hear(SessionEvent::LoginSuccess {
            uid: Uid(1),
            again: false,
            additions: Some(Box::new(additions)),
        })
    }

    /// What is to be done, but for what the history does.
    pub(crate) fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        let mut others = Vec::new();
        let mut waiting = VecDeque::from(self.state.update(self.now, msg));
        while let Some(effect) = waiting.pop_front() {
            let Effect::Store(effect) = effect else {
                others.push(effect);
                continue;
            };
            if let Some(answer) = self.history.answer(effect) {
                waiting.extend(self.state.update(self.now, Msg::Store(answer)));
            }
        }
        others
    }

    pub(crate) fn open(&mut self, of: &ConversationId) {
        self.tell(Msg::Nav(NavMsg::Opened(of.clone())));
    }

    pub(crate) fn come_in(&mut self, name: &str) {
        self.hear(Event::Channel {
            channel: room(name),
            event: ChannelEvent::Joined(ChannelView::default()),
        });
    }

    pub(crate) fn hear(&mut self, event: impl Into<Event>) -> Vec<Effect> {
        self.tell(Msg::Happened(event.into()))
    }

    pub(crate) fn here(&self) -> &Home {
        match self.state.phase() {
            Phase::Home(home) => home,
            Phase::Opening => panic!("nothing is open yet"),
            Phase::Out(card) => panic!("signed out: {card:?}"),
        }
    }

    pub(crate) fn deliveries(&self, to: &ConversationId) -> Vec<Delivery> {
        let conversation = self.here().chats.get(to).expect("a conversation");
        let messages = conversation.messages();
        messages.map(|message| message.delivery.clone()).collect()
    }

    pub(crate) fn send(&mut self, to: &ConversationId, text: &str) -> crate::protocol::MessageId {
        self.open(to);
        let (to, text) = (to.clone(), text.to_owned());
        match self.tell(Msg::Chat(ChatMsg::Send { to, text })).pop() {
            Some(Effect::Send { id, .. }) => id,
            other => panic!("not sent: {other:?}"),
        }
    }
}

pub(crate) fn account(name: &str) -> Account {
    Account::try_from(name).expect("an account")
}

pub(crate) fn room(name: &str) -> ChannelName {
    ChannelName::try_from(name).expect("a room")
}

pub(crate) fn bob() -> ConversationId {
    ConversationId::Person(account("bob"))
}

pub(crate) fn failure(code: Code) -> Failure {
    let detail = String::new();
    Failure { code, detail }
}

/// Each step of a call without which it cannot go on fails.
pub(crate) fn steps_fail(no: CallNo, failure: &Failure) -> [Msg; 3] {
    let steps = [Step::Accept, Step::Refuse, Step::End];
    steps.map(|step| Msg::Call(CallMsg::StepFailed(no, step, failure.clone())))
}

/// A key does not get through.
pub(crate) fn key_fails(no: CallNo, failure: Failure) -> Msg {
    Msg::Call(CallMsg::StepFailed(no, Step::Key(Dtmf::ALL[0]), failure))
}

/// The history says that something is wrong with it.
pub(crate) fn history_fails(why: &str) -> Msg {
    Msg::Store(StoreMsg::Trouble(why.to_owned()))
}

pub(crate) fn says(from: &str, msg: &str) -> SessionEvent {
    SessionEvent::MessageInstantReceive {
        account: account(from),
        uid: Uid(0),
        msg: msg.to_owned(),
        sent_ms: 1_700_000_000_001,
        id: None,
    }
}

pub(crate) fn says_in(channel: &str, from: &str, msg: &str) -> Event {
    let event = ChannelEvent::MessageReceive {
        account: account(from),
        uid: Uid(1),
        msg: msg.to_owned(),
        sent_ms: 1_700_000_000_002,
        msgid: 1,
        id: None,
    };
    let channel = room(channel);
    Event::Channel { channel, event }
}

pub(crate) fn calls(at: u64, glare: bool) -> SessionEvent {
    SessionEvent::InviteReceived {
        call: CallRef(at),
        channel: room("ops"),
        peer: account("bob"),
        extra: r#"{"srcNum":"+442079460958"}"#.to_owned(),
        glare,
    }
}

pub(crate) fn in_call(at: u64, event: CallEvent) -> Event {
    let call = CallRef(at);
    Event::Call { call, event }
}
