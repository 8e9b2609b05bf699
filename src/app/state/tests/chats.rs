//! Signing in, conversations, rooms, and a link that goes and comes.

use super::*;
use crate::app::effect::InspectEffect;
use crate::app::msg::InspectMsg;
use crate::protocol::AttrSubject;

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
fn what_comes_while_somebody_begins_to_look_is_read() {
    let mut story = Story::home();
    story.open(&bob());
    story.tell(Msg::Nav(NavMsg::Focus(false)));
    // The history takes its time.
    let said = Msg::Happened(says("bob", "one").into());
    let waiting = story.state.update(story.now, said);
    story.tell(Msg::Nav(NavMsg::Focus(true)));
    for effect in waiting {
        let Effect::Store(effect) = effect else {
            continue;
        };
        if let Some(answer) = story.history.answer(effect) {
            story.tell(Msg::Store(answer));
        }
    }
    assert_eq!(story.here().chats.unread(), 0);
    assert_eq!(story.asked().last(), Some(&StoreEffect::MarkRead(bob())));
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
    let kept = story.history.kept.clone();
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

    let mut story = Story {
        state: State::new(8, None),
        history: History {
            kept,
            rooms,
            ..History::default()
        },
        ..Story::new()
    };
    let opened = StoreMsg::Opened(signed_in.into_iter().collect(), None);
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

#[test]
fn what_comes_while_another_screen_is_shown_is_not_read() {
    let mut story = Story::home();
    story.open(&bob());
    let went = |screen| Msg::Nav(NavMsg::Went(screen));
    story.tell(went(Screen::Settings));
    let effects = story.hear(says("bob", "are you there?"));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Notify(_)))
    );
    assert_eq!(story.here().chats.unread(), 1);
    story.tell(went(Screen::Chats));
    assert_eq!(story.here().chats.unread(), 0);
    assert_eq!(story.asked().last(), Some(&StoreEffect::MarkRead(bob())));
}

#[test]
fn whoever_looked_away_before_signing_in_has_read_nothing() {
    let mut story = Story::new();
    story.tell(Msg::Nav(NavMsg::Focus(false)));
    let credentials = Credentials {
        account: account("ann"),
        place: Place::ThisComputer,
    };
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    story.tell(Msg::SignIn(SignInMsg::Done));
    story.open(&bob());
    story.hear(says("bob", "one"));
    assert_eq!(story.here().chats.unread(), 1);
    story.tell(Msg::Nav(NavMsg::Focus(true)));
    assert_eq!(story.here().chats.unread(), 0);
}

#[test]
fn what_is_erased_is_not_left_where_it_was_typed() {
    let mut story = Story::home();
    story.open(&bob());
    let (to, text) = (bob(), "never mind".to_owned());
    story.tell(Msg::Chat(ChatMsg::Draft { to, text }));
    let drafted = |story: &Story| story.here().chats.get(&bob()).expect("there").drafted;
    let before = drafted(&story);
    story.tell(Msg::Chat(ChatMsg::Erase(bob())));
    assert_ne!(drafted(&story), before, "the view takes the draft anew");
}

#[test]
fn what_was_wanted_before_there_was_a_session_is_asked_for_when_there_is() {
    let story = Story::home();
    let signed_in = story.asked().iter().find_map(|asked| {
        let StoreEffect::Setting(name, Some(value)) = asked else {
            return None;
        };
        Some((name.clone(), value.clone()))
    });
    let mut story = Story {
        state: State::new(8, None),
        ..Story::new()
    };
    let opened = StoreMsg::Opened(signed_in.into_iter().collect(), None);
    story.tell(Msg::Store(opened));
    assert_eq!(story.here().link, Link::Coming);
    story.open(&bob());
    story.tell(Msg::Room(RoomMsg::Join(room("ops"))));
    story.open(&bob());
    let subject = AttrSubject::Account(account("bob"));
    story.tell(Msg::Inspect(InspectMsg::Look(subject.clone())));
    // A call that nobody places would ring for ever.
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    assert!(story.state.calls().is_empty() && story.here().note.is_some());
    let effects = story.hear(SessionEvent::LoginSuccess {
        uid: Uid(1),
        again: false,
        additions: None,
    });
    assert!(effects.contains(&Effect::Join(room("ops"))), "{effects:?}");
    assert!(
        effects.contains(&Effect::AskOnline(account("bob"))),
        "{effects:?}"
    );
    let watch = Effect::Inspect(InspectEffect::Watch(subject));
    assert!(effects.contains(&watch), "{effects:?}");
}
