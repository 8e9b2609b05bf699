//! What shows that people are at the other end: who writes, who has called, what they are called.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::app::effect::{InspectEffect, NoticeId};
use crate::app::msg::{ContactMsg, HeardMessage, HeardPage, InspectMsg};
use crate::protocol::{AppId, AttrSubject, Cap, Typing, limits};

/// Ann is signed in at a server that passes on who is writing.
fn granted() -> Story {
    let mut story = Story::home();
    story.granted(&[Cap::Typing]);
    story
}

fn types(story: &mut Story, to: &ConversationId, text: &str) -> Vec<Effect> {
    let (to, text) = (to.clone(), text.to_owned());
    let effects = story.tell(Msg::Chat(ChatMsg::Draft { to, text }));
    let typing = |effect: &Effect| matches!(effect, Effect::Typing(_));
    effects.into_iter().filter(typing).collect()
}

fn writes(channel: Option<&str>) -> SessionEvent {
    SessionEvent::Typing(Typing {
        account: account("bob"),
        channel: channel.map(room),
    })
}

#[test]
fn whoever_writes_is_said_to_for_a_while_and_until_it_is_said() {
    let mut story = granted();
    let ops = ConversationId::Room(room("ops"));
    let who = |story: &Story, of: &ConversationId| {
        let writers = story.here().typing.of(of, story.now.at);
        writers.into_iter().cloned().collect::<Vec<_>>()
    };
    story.hear(writes(None));
    story.hear(writes(Some("ops")));
    assert_eq!(who(&story, &bob()), [account("bob")]);
    assert_eq!(who(&story, &ops), [account("bob")]);
    story.hear(says("bob", "done"));
    assert_eq!(who(&story, &bob()), []);
    assert_eq!(who(&story, &ops), [account("bob")]);

    // Whoever goes on says so in time.
    let left = story.here().typing.next(story.now.at).expect("a time");
    assert!(left > limits::TYPING_EVERY);
    story.now.at += left;
    assert_eq!(who(&story, &ops), []);
    assert_eq!(story.here().typing.next(story.now.at), None);
    // Oneself, with another client.
    story.hear(SessionEvent::Typing(Typing {
        account: account("ann"),
        channel: Some(room("ops")),
    }));
    assert_eq!(who(&story, &ops), []);
    assert!(story.history.kept.len() == 1, "nothing of it is kept");
}

#[test]
fn one_says_that_one_writes_no_oftener_than_the_server_wants() {
    let mut story = granted();
    story.open(&bob());
    assert_eq!(types(&mut story, &bob(), "h"), [Effect::Typing(bob())]);
    assert_eq!(types(&mut story, &bob(), "he"), []);
    story.now.at += limits::TYPING_EVERY;
    assert_eq!(types(&mut story, &bob(), "hel"), []);
    story.now.at += Duration::from_millis(500);
    assert_eq!(types(&mut story, &bob(), "hell"), [Effect::Typing(bob())]);
    // Whoever deletes everything writes nothing.
    story.now.at += 2 * limits::TYPING_EVERY;
    assert_eq!(types(&mut story, &bob(), " "), []);
    // Nobody would hear it.
    story.hear(SessionEvent::LinkLost);
    assert_eq!(types(&mut story, &bob(), "hello"), []);
}

#[test]
fn a_server_that_does_not_pass_it_on_is_not_told() {
    let mut story = Story::home();
    story.open(&bob());
    assert_eq!(types(&mut story, &bob(), "h"), []);
}

#[test]
fn calls_stand_in_the_conversation_with_whoever_they_were_with() {
    let mut story = Story::home();
    story.open(&bob());
    let bodies = |story: &Story| {
        let conversation = story.here().chats.get(&bob()).expect("there");
        let lines = conversation.messages();
        lines.map(|line| line.body.clone()).collect::<Vec<_>>()
    };
    let call = |text: &str| Body::Call(text.to_owned());
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    story.now.at += Duration::from_secs(3 * 60 + 20);
    let extra = String::new();
    story.hear(in_call(1, CallEvent::Ended(EndReason::EndByPeer { extra })));
    assert_eq!(bodies(&story), [call("Call, 3 min")]);

    story.tell(Msg::Nav(NavMsg::Closed));
    story.hear(calls(2, false));
    story.hear(in_call(2, CallEvent::Ended(EndReason::NoAnswer)));
    // The badge of calls tells of it, and no second one.
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.unread, 0);
    assert_eq!(
        conversation.last().map(|last| last.body.clone()),
        Some(call(MISSED_CALL))
    );
    story.open(&bob());
    assert_eq!(bodies(&story), [call("Call, 3 min"), call(MISSED_CALL)]);
}

#[test]
fn whoever_has_a_name_here_bears_it_in_calls_and_notices() {
    let mut story = Story::home();
    story.tell(Msg::Nav(NavMsg::Focus(false)));
    let rename = ContactMsg::Rename(account("bob"), "Bo Karlsson".to_owned());
    story.tell(Msg::Contact(rename));
    let effects = story.hear(says("bob", "hello"));
    let title = |effects: &[Effect], of: &dyn Fn(&NoticeId) -> bool| {
        effects.iter().find_map(|effect| {
            let Effect::Notify(notice) = effect else {
                return None;
            };
            of(&notice.id).then(|| notice.title.clone())
        })
    };
    let chat = |id: &NoticeId| matches!(id, NoticeId::Chat(_));
    assert_eq!(title(&effects, &chat).as_deref(), Some("Bo Karlsson"));
    let effects = story.hear(calls(1, false));
    let ring = |id: &NoticeId| matches!(id, NoticeId::Call(_));
    assert_eq!(
        title(&effects, &ring).as_deref(),
        Some("Bo Karlsson is calling you")
    );
    assert_eq!(story.here().calls.all()[0].name, "Bo Karlsson");
}

#[test]
fn older_messages_of_a_room_are_asked_for_when_all_that_is_kept_is_seen() {
    let mut story = Story::home();
    let ops = ConversationId::Room(room("ops"));
    let asks = |effects: Vec<Effect>| {
        let asked = effects.into_iter().filter_map(|effect| {
            let Effect::History { before, .. } = effect else {
                return None;
            };
            Some(before)
        });
        asked.collect::<Vec<_>>()
    };
    let page = |before: Option<u64>, event: Option<u64>, more: bool| {
        let heard = event.map(|event| HeardMessage {
            event,
            id: None,
            from: account("bob"),
            text: "one".to_owned(),
            at_ms: 1,
        });
        let page = HeardPage {
            before,
            messages: heard.into_iter().collect(),
            more,
        };
        Msg::Room(RoomMsg::Heard(room("ops"), page))
    };
    let view = ChannelView {
        unread: Some(0),
        ..ChannelView::default()
    };
    let effects = story.hear(Event::Channel {
        channel: room("ops"),
        event: ChannelEvent::Joined(view),
    });
    assert_eq!(asks(effects), [None]);
    story.hear(says_in("ops", "bob", "one"));
    story.open(&ops);
    // What came is known, so that nothing was missed; there is more before it.
    let more = || {
        Msg::Chat(ChatMsg::More {
            of: ConversationId::Room(room("ops")),
            above: true,
        })
    };
    assert_eq!(asks(story.tell(more())), [], "first what is new");
    story.tell(page(None, Some(10), true));
    let known = Put::Known(story.history.kept[0].clone());
    let filled = StoreMsg::Filled(ops.clone(), vec![known.clone()]);
    assert_eq!(asks(story.tell(Msg::Store(filled))), []);
    assert_eq!(story.here().older(&ops), Older::Perhaps);

    assert_eq!(asks(story.tell(more())), [Some(10)]);
    assert_eq!(story.here().older(&ops), Older::Asked);
    assert_eq!(asks(story.tell(more())), [], "once at a time");
    // What is known goes by, until there is something else.
    story.tell(page(Some(10), Some(4), true));
    let filled = StoreMsg::Filled(ops.clone(), vec![known]);
    assert_eq!(asks(story.tell(Msg::Store(filled))), [Some(4)]);
    story.tell(page(Some(4), None, false));
    let filled = StoreMsg::Filled(ops.clone(), Vec::new());
    assert_eq!(asks(story.tell(Msg::Store(filled))), []);
    assert_eq!(story.here().older(&ops), Older::No);
    // Without a link nobody can tell.
    story.hear(SessionEvent::LinkLost);
    assert_eq!(asks(story.tell(more())), []);
}

#[test]
fn whoever_signs_in_elsewhere_is_told_once_where_messages_live() {
    let told = |place: Place, settings: BTreeMap<String, Value>| {
        let mut story = Story::new();
        let account = account("ann");
        let credentials = Credentials { account, place };
        story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
        // Before the history in these stories answers: it has no settings.
        let effects = story.state.update(story.now, Msg::SignIn(SignInMsg::Done));
        let opens =
            |effect: &Effect| matches!(effect, Effect::Store(StoreEffect::Account(Some(_))));
        assert!(effects.iter().any(opens));
        let overview = Overview {
            settings,
            ..Overview::default()
        };
        let effects = story.state.update(
            story.now,
            Msg::Store(StoreMsg::Account(Box::new(overview), None)),
        );
        let kept = effects.into_iter().find_map(|effect| {
            let Effect::Store(StoreEffect::Setting(name, Some(value))) = effect else {
                return None;
            };
            Some((name, value))
        });
        (story.here().note.is_some(), kept)
    };
    let elsewhere = || Place::Address {
        url: "wss://example.org".to_owned(),
        app: AppId::try_from("own").expect("an app"),
        token: None,
    };
    let (noted, kept) = told(elsewhere(), BTreeMap::new());
    assert!(noted);
    let settings = kept.into_iter().collect();
    assert_eq!(told(elsewhere(), settings), (false, None));
    // On this computer there is no other one.
    assert_eq!(told(Place::ThisComputer, BTreeMap::new()), (false, None));
}

#[test]
fn attributes_are_watched_beside_a_conversation_as_long_as_they_are_shown() {
    let mut story = Story::home();
    let ops = || AttrSubject::Channel(room("ops"));
    let beside = |subject| Msg::Inspect(InspectMsg::Beside(subject));
    let watch = |subject| Effect::Inspect(InspectEffect::Watch(subject));
    let unwatch = |subject| Effect::Inspect(InspectEffect::Unwatch(subject));
    let people = AttrSubject::Account(account("bob"));
    assert_eq!(story.tell(beside(Some(ops()))), [watch(ops())]);
    let effects = story.tell(beside(Some(people.clone())));
    assert_eq!(effects, [unwatch(ops()), watch(people.clone())]);
    // Nobody sees them on another screen; back at the conversation somebody does.
    let went = |screen| Msg::Nav(NavMsg::Went(screen));
    assert_eq!(story.tell(went(Screen::People)), [unwatch(people.clone())]);
    assert_eq!(story.tell(went(Screen::Chats)), [watch(people.clone())]);
    assert_eq!(story.tell(beside(None)), [unwatch(people)]);
}

#[test]
fn what_was_on_its_way_when_the_session_ended_goes_out_with_the_next() {
    let mut story = Story::home();
    let id = story.send(&bob(), "one");
    let over = Err(failure(Code::GeneralNotLogin));
    story.tell(Msg::Chat(ChatMsg::Sent {
        to: bob(),
        id: id.clone(),
        result: over,
    }));
    assert_eq!(story.deliveries(&bob()), [Delivery::Waiting]);
    let refused = |asked: &StoreEffect| matches!(asked, StoreEffect::Refused(..));
    assert!(!story.asked().iter().any(refused));
    let (code, reason) = (Code::LogoutKicked, String::new());
    story.hear(SessionEvent::Logout { code, reason });
    let credentials = Credentials {
        account: account("ann"),
        place: Place::ThisComputer,
    };
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    let effects = story.tell(Msg::SignIn(SignInMsg::Done));
    let again = |effect: &Effect| matches!(effect, Effect::Send { id: of, .. } if *of == id);
    assert!(effects.iter().any(again), "{effects:?}");
}

#[test]
fn a_room_that_is_taken_from_the_list_is_left() {
    let mut story = Story::home();
    story.come_in("ops");
    let ops = ConversationId::Room(room("ops"));
    story.open(&ops);
    let effects = story.tell(Msg::Chat(ChatMsg::Remove(ops.clone())));
    assert_eq!(effects, [Effect::Leave(room("ops"))]);
    let last = story.asked().iter().rev();
    let kept = last.filter_map(|asked| {
        if let StoreEffect::Room(room) = asked {
            Some(room.joined)
        } else {
            None
        }
    });
    assert_eq!(kept.take(1).collect::<Vec<_>>(), [false]);
    // What is said there until the server has heard it brings nothing back.
    story.hear(says_in("ops", "bob", "late"));
    assert!(story.here().chats.get(&ops).is_none());
}

#[test]
fn a_room_that_refuses_can_be_given_up() {
    let mut story = Story::home();
    story.come_in("ops");
    let code = Code::LeaveChannelDisconn;
    story.hear(Event::Channel {
        channel: room("ops"),
        event: ChannelEvent::Left { code },
    });
    let refused = RoomMsg::NotJoined(room("ops"), failure(Code::JoinChannelOther));
    story.tell(Msg::Room(refused));
    assert!(story.here().rooms.get(&room("ops")).expect("a room").kept);
    assert!(
        story
            .tell(Msg::Room(RoomMsg::Leave(room("ops"))))
            .is_empty()
    );
    assert!(!story.here().rooms.get(&room("ops")).expect("a room").kept);
    let given_up = |asked: &StoreEffect| matches!(asked, StoreEffect::Room(room) if !room.joined);
    assert!(story.asked().iter().any(given_up));
}
