//! Stories over the state alone: what happened in, what is to be done out.

use std::time::{Duration, Instant};

use super::*;
use crate::app::effect::Step;
use crate::app::msg::{CallMsg, ChatMsg, Credentials, Failure, NavMsg, Place, RoomMsg, SignInMsg};
use crate::client::event::{
    CallEvent, CallRef, ChannelEvent, ChannelView, EndReason, Event, SessionEvent,
};
use crate::protocol::{Account, ChannelName, Code, Dtmf, Uid};

/// A state, and its time.
pub(super) struct Story {
    pub(super) state: State,
    pub(super) now: Now,
}

impl Story {
    fn new() -> Self {
        let now = Now {
            at: Instant::now(),
            unix_ms: 1_700_000_000_000,
        };
        Self {
            state: State::new(7, None),
            now,
        }
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

    pub(super) fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        self.state.update(self.now, msg)
    }

    pub(super) fn hear(&mut self, event: impl Into<Event>) -> Vec<Effect> {
        self.tell(Msg::Happened(event.into()))
    }

    pub(super) fn here(&self) -> &Home {
        match self.state.phase() {
            Phase::Home(home) => home,
            Phase::Out(card) => panic!("signed out: {card:?}"),
        }
    }

    fn deliveries(&self, to: &ConversationId) -> Vec<Delivery> {
        let conversation = self.here().chats.get(to).expect("a conversation");
        let messages = conversation.messages();
        messages.map(|message| message.delivery.clone()).collect()
    }

    fn send(&mut self, to: &ConversationId, text: &str) -> crate::protocol::MessageId {
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
    let (to, result) = (bob(), Ok(()));
    story.tell(Msg::Chat(ChatMsg::Sent { to, id, result }));
    assert_eq!(story.deliveries(&bob()), [Delivery::Sent]);
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
    let first = conversation.messages().next().expect("a message").no;
    assert_eq!(conversation.new_from, Some(first));
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
    for at in 0..WINDOW + 10 {
        story.hear(says("bob", &at.to_string()));
    }
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.messages().len(), WINDOW);
    let last = conversation.messages().next_back().expect("a message");
    assert_eq!(last.body, Body::Text((WINDOW + 9).to_string()));
}

#[test]
fn what_a_room_repeats_to_its_sender_stands_once() {
    let mut story = Story::home();
    let ops = ConversationId::Room(room("ops"));
    let first = story.send(&ops, "ok");
    let second = story.send(&ops, "ok");
    // The first is repeated before it is answered, the second after.
    story.hear(says_in("ops", "ann", "ok"));
    assert_eq!(story.deliveries(&ops), [Delivery::Sent, Delivery::Pending]);
    for id in [first, second] {
        let (to, result) = (ops.clone(), Ok(()));
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
