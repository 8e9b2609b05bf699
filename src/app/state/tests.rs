//! Stories over the state alone: what happened in, what is to be done out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::conversation::WINDOW;
use super::*;
use crate::app::effect::Step;
use crate::app::kept::{Overview, Page, StoreEffect};
use crate::app::msg::{CallMsg, ChatMsg, Credentials, Failure, NavMsg, Place, RoomMsg, SignInMsg};
use crate::client::event::{
    CallEvent, CallRef, ChannelEvent, ChannelView, EndReason, Event, SessionEvent,
};
use crate::protocol::{Account, ChannelName, Code, Dtmf, Uid};
use crate::store::{self, MessageRow, NewMessage, Put, Way, Window};

/// A state, its time, and a history that answers at once.
pub(super) struct Story {
    pub(super) state: State,
    pub(super) now: Now,
    history: History,
}

/// As much of a history as the stories take, in memory.
#[derive(Default)]
struct History {
    kept: Vec<store::Message>,
    /// What else was asked of it.
    asked: Vec<StoreEffect>,
}

impl History {
    fn answer(&mut self, effect: StoreEffect) -> Option<StoreMsg> {
        #[allow(
            clippy::wildcard_enum_match_arm,
            reason = "whatever is not answered is only written down"
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
            StoreEffect::Overview => {
                let outbox = self
                    .kept
                    .iter()
                    .filter(|kept| kept.content.way == Way::Out(store::Delivery::Pending));
                let outbox = outbox.cloned().collect();
                Some(StoreMsg::Overview(Box::new(Overview {
                    outbox,
                    ..Overview::default()
                })))
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
        let message = store::Message {
            row: MessageRow(number),
            place: store::Place(number),
            content,
        };
        self.kept.push(message.clone());
        Put::New(message)
    }
}

impl Story {
    fn new() -> Self {
        let now = Now {
            at: Instant::now(),
            unix_ms: 1_700_000_000_000,
        };
        let mut story = Self {
            state: State::new(7, None),
            now,
            history: History::default(),
        };
        let opened = StoreMsg::Opened(Box::default(), None);
        assert!(story.tell(Msg::Store(opened)).is_empty());
        story
    }

    /// What the history was asked for and did not answer.
    pub(super) fn asked(&self) -> &[StoreEffect] {
        &self.history.asked
    }

    /// Ann is signed in.
    pub(super) fn home() -> Self {
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

    /// What is to be done, but for what the history does.
    pub(super) fn tell(&mut self, msg: Msg) -> Vec<Effect> {
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

    fn open(&mut self, of: &ConversationId) {
        self.tell(Msg::Nav(NavMsg::Opened(of.clone())));
    }

    fn come_in(&mut self, name: &str) {
        self.hear(Event::Channel {
            channel: room(name),
            event: ChannelEvent::Joined(ChannelView::default()),
        });
    }

    pub(super) fn hear(&mut self, event: impl Into<Event>) -> Vec<Effect> {
        self.tell(Msg::Happened(event.into()))
    }

    pub(super) fn here(&self) -> &Home {
        match self.state.phase() {
            Phase::Home(home) => home,
            Phase::Opening => panic!("nothing is open yet"),
            Phase::Out(card) => panic!("signed out: {card:?}"),
        }
    }

    fn deliveries(&self, to: &ConversationId) -> Vec<Delivery> {
        let conversation = self.here().chats.get(to).expect("a conversation");
        let messages = conversation.messages();
        messages.map(|message| message.delivery.clone()).collect()
    }

    fn send(&mut self, to: &ConversationId, text: &str) -> crate::protocol::MessageId {
        self.open(to);
        let (to, text) = (to.clone(), text.to_owned());
        match self.tell(Msg::Chat(ChatMsg::Send { to, text })).pop() {
            Some(Effect::Send { id, .. }) => id,
            other => panic!("not sent: {other:?}"),
        }
    }
}

pub(super) fn account(name: &str) -> Account {
    Account::try_from(name).expect("an account")
}

pub(super) fn room(name: &str) -> ChannelName {
    ChannelName::try_from(name).expect("a room")
}

pub(super) fn bob() -> ConversationId {
    ConversationId::Person(account("bob"))
}

pub(super) fn failure(code: Code) -> Failure {
    let detail = String::new();
    Failure { code, detail }
}

pub(super) fn says(from: &str, msg: &str) -> SessionEvent {
    SessionEvent::MessageInstantReceive {
        account: account(from),
        uid: Uid(0),
        msg: msg.to_owned(),
        sent_ms: 1_700_000_000_001,
        id: None,
    }
}

pub(super) fn says_in(channel: &str, from: &str, msg: &str) -> Event {
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

pub(super) fn calls(at: u64, glare: bool) -> SessionEvent {
    SessionEvent::InviteReceived {
        call: CallRef(at),
        channel: room("ops"),
        peer: account("bob"),
        extra: r#"{"srcNum":"+442079460958"}"#.to_owned(),
        glare,
    }
}

pub(super) fn in_call(at: u64, event: CallEvent) -> Event {
    let call = CallRef(at);
    Event::Call { call, event }
}

#[test]
fn a_refused_login_says_why_and_keeps_the_name() {
    let mut story = Story::new();
    let credentials = Credentials {
        account: account("ann"),
        place: Place::ThisComputer,
    };
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    story.tell(Msg::SignIn(SignInMsg::Failed(failure(
        Code::LoginTokenExpired,
    ))));
    let Phase::Out(Card::Refused { account: who, .. }) = story.state.phase() else {
        panic!("{:?}", story.state.phase());
    };
    assert_eq!(*who, account("ann"));
}

#[test]
fn whoever_cancels_stays_out_whatever_comes_later() {
    let mut story = Story::new();
    let credentials = Credentials {
        account: account("ann"),
        place: Place::ThisComputer,
    };
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    let effects = story.tell(Msg::SignIn(SignInMsg::Cancelled));
    assert_eq!(effects, [Effect::SignOut]);
    story.tell(Msg::SignIn(SignInMsg::Done));
    assert!(matches!(story.state.phase(), Phase::Out(Card::Empty)));
}

#[test]
fn who_is_displaced_is_told_and_stays_out() {
    let mut story = Story::home();
    let effects = story.hear(SessionEvent::Logout {
        code: Code::LogoutKicked,
        reason: "signed in elsewhere".to_owned(),
    });
    assert!(effects.is_empty());
    assert!(matches!(
        story.state.phase(),
        Phase::Out(Card::Refused { .. })
    ));
}

#[test]
fn a_message_is_pending_then_sent() {
    let mut story = Story::home();
    let id = story.send(&bob(), " hello ");
    assert_eq!(story.deliveries(&bob()), [Delivery::Pending]);
    let (to, result) = (bob(), Ok(Some(1_700_000_000_009)));
    story.tell(Msg::Chat(ChatMsg::Sent { to, id, result }));
    assert_eq!(story.deliveries(&bob()), [Delivery::Sent]);
    let conversation = story.here().chats.get(&bob()).expect("there");
    let line = conversation.line(0).expect("a line");
    assert_eq!(line.at_ms, 1_700_000_000_009);
}

#[test]
fn a_message_that_failed_stays_and_is_tried_again_under_its_id() {
    let mut story = Story::home();
    let id = story.send(&bob(), "hello");
    let why = failure(Code::SendMessageTimeout);
    story.tell(Msg::Chat(ChatMsg::Sent {
        to: bob(),
        id: id.clone(),
        result: Err(why.clone()),
    }));
    assert_eq!(story.deliveries(&bob()), [Delivery::Failed(why)]);
    let retry = ChatMsg::Retry {
        to: bob(),
        id: id.clone(),
    };
    let effects = story.tell(Msg::Chat(retry.clone()));
    let (to, text) = (bob(), "hello".to_owned());
    assert_eq!(effects, [Effect::Send { to, id, text }]);
    assert_eq!(story.deliveries(&bob()), [Delivery::Pending]);
    // Pressed twice.
    assert!(story.tell(Msg::Chat(retry)).is_empty());
}

#[test]
fn what_is_empty_or_too_large_is_not_sent() {
    let mut story = Story::home();
    for text in [" \n ".to_owned(), "x".repeat(8193)] {
        let to = bob();
        assert!(story.tell(Msg::Chat(ChatMsg::Send { to, text })).is_empty());
    }
}

#[test]
fn what_nobody_looks_at_counts_as_unread() {
    let mut story = Story::home();
    story.hear(says("bob", "one"));
    story.hear(says("bob", "two"));
    assert_eq!(story.here().chats.unread(), 2);
    let effects = story.tell(Msg::Nav(NavMsg::Opened(bob())));
    assert!(effects.contains(&Effect::AskOnline(account("bob"))));
    assert_eq!(story.here().chats.unread(), 0);
    let conversation = story.here().chats.get(&bob()).expect("there");
    let first = conversation.messages().next().expect("a message").row;
    assert_eq!(conversation.new_from, Some(first));
    assert_eq!(
        story.history.asked.last(),
        Some(&StoreEffect::MarkRead(bob()))
    );
    // Open, but the window is elsewhere.
    story.hear(says("bob", "three"));
    assert_eq!(story.here().chats.unread(), 0);
    story.tell(Msg::Nav(NavMsg::Focus(false)));
    story.hear(says("bob", "four"));
    assert_eq!(story.here().chats.unread(), 1);
    story.tell(Msg::Nav(NavMsg::Focus(true)));
    assert_eq!(story.here().chats.unread(), 0);
}

#[test]
fn a_conversation_holds_no_more_than_its_window() {
    let mut story = Story::home();
    story.open(&bob());
    for at in 0..WINDOW + 10 {
        story.hear(says("bob", &at.to_string()));
    }
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.messages().len(), WINDOW);
    let last = conversation.messages().next_back().expect("a message");
    assert_eq!(last.body, Body::Text((WINDOW + 9).to_string()));
    assert!(conversation.older() && !conversation.newer());

    // Scrolling up brings older lines, and lets go of the newest.
    let (of, above) = (bob(), true);
    story.tell(Msg::Chat(ChatMsg::More { of, above }));
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.messages().len(), WINDOW);
    assert_eq!(conversation.line(0).expect("a line").text(), Some("0"));
    assert!(!conversation.older() && conversation.newer());
    // What comes now is not in sight, but in the list.
    story.hear(says("bob", "news"));
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.messages().len(), WINDOW);
    assert_eq!(conversation.last().and_then(Message::text), Some("news"));
    // Whoever says something sees it.
    story.send(&bob(), "hello");
    let conversation = story.here().chats.get(&bob()).expect("there");
    let last = conversation.messages().next_back().expect("a message");
    assert_eq!((last.text(), conversation.newer()), (Some("hello"), false));
}

#[test]
fn nothing_is_held_of_what_nobody_looks_at() {
    let mut story = Story::home();
    story.open(&bob());
    story.hear(says("bob", "one"));
    story.tell(Msg::Nav(NavMsg::Closed));
    story.hear(says("bob", "two"));
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.messages().len(), 0);
    story.open(&bob());
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.messages().len(), 2);
    let second = conversation.line(1).expect("a line").row;
    assert_eq!(conversation.new_from, Some(second));
}

#[test]
fn what_comes_twice_stands_once() {
    let mut story = Story::home();
    story.open(&bob());
    let id = crate::protocol::MessageId::try_from("m1").ok();
    for _ in 0..2 {
        story.hear(SessionEvent::MessageInstantReceive {
            account: account("bob"),
            uid: Uid(0),
            msg: "once".to_owned(),
            sent_ms: 1,
            id: id.clone(),
        });
    }
    assert_eq!(story.deliveries(&bob()), [Delivery::Received]);
}

#[test]
fn who_was_in_comes_back_with_what_was_kept_and_sends_what_waits() {
    let mut story = Story::home();
    story.hear(SessionEvent::LinkLost);
    story.open(&bob());
    let (to, text) = (bob(), "wait for me".to_owned());
    story.tell(Msg::Chat(ChatMsg::Send { to, text }));
    let outbox = story.history.kept.clone();
    let signed_in = story.history.asked.iter().find_map(|asked| {
        let StoreEffect::Setting(name, Some(value)) = asked else {
            return None;
        };
        Some((name.clone(), value.clone()))
    });
    let rooms = vec![store::Room {
        name: room("ops"),
        joined: true,
        since_ms: 1,
    }];
    let overview = Overview {
        settings: signed_in.into_iter().collect(),
        outbox,
        rooms,
        ..Overview::default()
    };

    let mut story = Story {
        state: State::new(8, None),
        ..Story::new()
    };
    let opened = StoreMsg::Opened(Box::new(overview), None);
    let effects = story.tell(Msg::Store(opened));
    let credentials = Credentials {
        account: account("ann"),
        place: Place::ThisComputer,
    };
    assert_eq!(effects, [Effect::Return(credentials)]);
    assert_eq!(story.here().link, Link::Coming);
    assert!(story.tell(Msg::SignIn(SignInMsg::Done)).is_empty());
    let (uid, again) = (Uid(1), false);
    let effects = story.hear(SessionEvent::LoginSuccess {
        uid,
        again,
        additions: None,
    });
    let [Effect::Send { text, .. }, Effect::Join(name)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!((text.as_str(), name), ("wait for me", &room("ops")));
}

#[test]
fn a_line_that_is_answered_stands_quoted_before_what_is_typed() {
    let mut story = Story::home();
    story.open(&bob());
    story.hear(says("bob", "> ann: when?\nat ten"));
    let conversation = story.here().chats.get(&bob()).expect("there");
    let row = conversation.line(0).expect("a line").row;
    let (to, text) = (bob(), "fine".to_owned());
    story.tell(Msg::Chat(ChatMsg::Draft { to, text }));
    story.tell(Msg::Chat(ChatMsg::Quote(bob(), row)));
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.draft, "> bob: at ten\nfine");
}

#[test]
fn what_a_room_repeats_to_its_sender_stands_once() {
    let mut story = Story::home();
    let ops = ConversationId::Room(room("ops"));
    story.come_in("ops");
    let first = story.send(&ops, "ok");
    let second = story.send(&ops, "ok");
    // The first is repeated before it is answered, the second after.
    story.hear(says_in("ops", "ann", "ok"));
    assert_eq!(story.deliveries(&ops), [Delivery::Sent, Delivery::Pending]);
    for id in [first, second] {
        let (to, result) = (ops.clone(), Ok(None));
        story.tell(Msg::Chat(ChatMsg::Sent { to, id, result }));
    }
    story.hear(says_in("ops", "ann", "ok"));
    assert_eq!(story.deliveries(&ops), [Delivery::Sent, Delivery::Sent]);
}

#[test]
fn a_room_is_joined_once_and_left_with_its_members() {
    let mut story = Story::home();
    let effects = story.tell(Msg::Room(RoomMsg::Join(room("ops"))));
    assert_eq!(effects, [Effect::Join(room("ops"))]);
    assert!(story.tell(Msg::Room(RoomMsg::Join(room("ops")))).is_empty());
    let mut view = ChannelView::default();
    view.users.push((account("ann"), Uid(1)));
    view.attrs.insert("topic".to_owned(), "releases".into());
    story.hear(Event::Channel {
        channel: room("ops"),
        event: ChannelEvent::Joined(view),
    });
    let ops = story.here().rooms.get(&room("ops")).expect("there");
    assert_eq!(
        (&ops.membership, ops.topic()),
        (&Membership::In, Some("releases"))
    );
    let effects = story.tell(Msg::Room(RoomMsg::Leave(room("ops"))));
    assert_eq!(effects, [Effect::Leave(room("ops"))]);
    story.hear(Event::Channel {
        channel: room("ops"),
        event: ChannelEvent::Left {
            code: Code::LeaveChannelByUser,
        },
    });
    let ops = story.here().rooms.get(&room("ops")).expect("there");
    assert!(matches!(ops.membership, Membership::Out(_)) && ops.members.is_empty());
}

#[test]
fn a_call_goes_from_ringing_to_its_end() {
    let mut story = Story::home();
    let effects = story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    let [Effect::Invite { call, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let no = *call;
    // Whoever is called already is not called twice.
    assert!(
        story
            .tell(Msg::Call(CallMsg::Place(account("bob"))))
            .is_empty()
    );
    // The peer is quicker than our own answer.
    let extra = String::new();
    story.hear(in_call(3, CallEvent::ReceivedByPeer { extra }));
    story.tell(Msg::Call(CallMsg::Placed(no, CallRef(3))));
    assert_eq!(story.here().calls.all()[0].phase, CallPhase::RingingThere);
    let extra = String::new();
    story.hear(in_call(3, CallEvent::AcceptedByPeer { extra }));
    let key = Dtmf::from_char('5').expect("a key");
    let effects = story.tell(Msg::Call(CallMsg::Key(no, key)));
    let (at, step) = (CallRef(3), Step::Key(key));
    let pressed = [Effect::Tone(key), Effect::Step { call: no, at, step }];
    assert_eq!(effects, pressed);
    story.now.at += Duration::from_secs(61);
    let extra = String::new();
    let reason = EndReason::EndByPeer { extra };
    story.hear(in_call(3, CallEvent::Ended(reason.clone())));
    let call = &story.here().calls.all()[0];
    assert_eq!(
        call.phase,
        CallPhase::Ended {
            outcome: Outcome::Ended(reason),
            talked: Some(Duration::from_secs(61)),
        }
    );
    story.tell(Msg::Call(CallMsg::Dismiss(no)));
    assert!(story.here().calls.all().is_empty());
}

#[test]
fn a_call_that_is_given_up_before_it_went_out_is_ended_when_it_has() {
    let mut story = Story::home();
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    let no = story.here().calls.all()[0].no;
    let effects = story.tell(Msg::Call(CallMsg::End(no)));
    let steps = |effect: &Effect| matches!(effect, Effect::Step { .. });
    assert!(!effects.iter().any(steps), "{effects:?}");
    let effects = story.tell(Msg::Call(CallMsg::Placed(no, CallRef(1))));
    let (at, step) = (CallRef(1), Step::End);
    assert_eq!(effects, [Effect::Step { call: no, at, step }]);
}

#[test]
fn two_who_call_each_other_are_connected_at_once() {
    let mut story = Story::home();
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    let own = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Placed(own, CallRef(1))));
    story.hear(in_call(1, CallEvent::Ended(EndReason::Glare)));
    let effects = story.hear(calls(2, true));
    let call = &story.here().calls.all()[0];
    assert_eq!(
        (story.here().calls.all().len(), &call.phase),
        (1, &CallPhase::Answering)
    );
    let (no, at, step) = (call.no, CallRef(2), Step::Accept);
    assert_eq!(effects, [Effect::Step { call: no, at, step }]);
}

#[test]
fn an_incoming_call_shows_the_number_that_was_sent() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let call = &story.here().calls.all()[0];
    assert_eq!(call.number.as_deref(), Some("+442079460958"));
    assert_eq!(call.phase, CallPhase::RingingHere);
}

#[test]
fn a_key_that_does_not_get_through_ends_nothing() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    let key = Dtmf::from_char('5').expect("a key");
    let why = failure(Code::GeneralFailed);
    story.tell(Msg::Call(CallMsg::StepFailed(
        no,
        Step::Key(key),
        why.clone(),
    )));
    let call = &story.here().calls.all()[0];
    assert!(matches!(call.phase, CallPhase::Talking { .. }));
    assert_eq!(call.trouble, Some(why));
}

#[test]
fn without_a_link_nobody_is_known_to_be_there() {
    let mut story = Story::home();
    story.tell(Msg::Nav(NavMsg::Opened(bob())));
    story.hear(says("bob", "hello"));
    assert_eq!(
        story.here().people.presence(&account("bob")),
        Presence::Online
    );
    story.hear(SessionEvent::LinkLost);
    assert_eq!(story.here().link, Link::Lost);
    assert_eq!(
        story.here().people.presence(&account("bob")),
        Presence::Unknown
    );
    let (uid, again) = (Uid(1), true);
    let effects = story.hear(SessionEvent::LoginSuccess {
        uid,
        again,
        additions: None,
    });
    assert_eq!(effects, [Effect::AskOnline(account("bob"))]);
    assert_eq!(story.here().link, Link::Up);
}

#[test]
fn what_is_written_without_a_link_goes_out_with_the_next_in_order() {
    let mut story = Story::home();
    let before = story.send(&bob(), "one");
    story.hear(SessionEvent::LinkLost);
    let ops = ConversationId::Room(room("ops"));
    story.come_in("ops");
    for (to, text) in [(ops.clone(), "two"), (bob(), "three")] {
        let text = text.to_owned();
        assert!(story.tell(Msg::Chat(ChatMsg::Send { to, text })).is_empty());
    }
    // The SDK gives up waiting for an answer that cannot come.
    let why = failure(Code::SendMessageTimeout);
    story.tell(Msg::Chat(ChatMsg::Sent {
        to: bob(),
        id: before.clone(),
        result: Err(why),
    }));
    assert_eq!(
        story.deliveries(&bob()),
        [Delivery::Waiting, Delivery::Waiting]
    );
    let (uid, again) = (Uid(1), true);
    let effects = story.hear(SessionEvent::LoginSuccess {
        uid,
        again,
        additions: None,
    });
    let texts: Vec<_> = effects
        .iter()
        .filter_map(|effect| {
            let Effect::Send { to, id, text } = effect else {
                return None;
            };
            Some((to.clone(), id.clone(), text.as_str()))
        })
        .collect();
    let sent: Vec<_> = texts
        .iter()
        .map(|(to, _, text)| (to.clone(), *text))
        .collect();
    assert_eq!(sent, [(bob(), "one"), (ops, "two"), (bob(), "three")]);
    assert_eq!(texts[0].1, before);
    assert_eq!(
        story.deliveries(&bob()),
        [Delivery::Pending, Delivery::Pending]
    );
}
