//! What rings, what is shown and kept of calls, and what others see meanwhile.

use super::*;
use std::time::Duration;

use crate::app::effect::{Effect, NoticeId, Ring, Step};
use crate::app::kept::{Overview, StoreEffect, StoreMsg};
use crate::app::msg::{CallMsg, ContactMsg, MeMsg, Msg, NavMsg, NoticeMsg, SignInMsg};
use crate::client::event::{CallEvent, CallRef, EndReason, SessionEvent};
use crate::protocol::{self, Cap, ChannelName, Code, Show};

fn answered() -> CallEvent {
    let extra = String::new();
    CallEvent::AcceptedByPeer { extra }
}

fn hung_up() -> CallEvent {
    let extra = String::new();
    CallEvent::Ended(EndReason::EndByPeer { extra })
}

/// Cy calls, as the SDK's call of this number.
fn cy_calls(at: u64) -> SessionEvent {
    SessionEvent::InviteReceived {
        call: CallRef(at),
        channel: room("call-2"),
        peer: account("cy"),
        extra: String::new(),
        glare: false,
    }
}

/// Ann talks to Bob, whose call is number 1.
fn talking() -> Story {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    story
}

fn granted(story: &mut Story) -> Vec<Effect> {
    story.granted(&[Cap::Presence])
}

fn rings(effects: &[Effect]) -> Vec<Ring> {
    let ring = |effect: &Effect| {
        if let Effect::Ring(ring) = effect {
            Some(*ring)
        } else {
            None
        }
    };
    effects.iter().filter_map(ring).collect()
}

fn notices(effects: &[Effect]) -> Vec<(&str, &str)> {
    let mut notices = Vec::new();
    for effect in effects {
        if let Effect::Notify(notice) = effect {
            notices.push((notice.title.as_str(), notice.text.as_str()));
        }
    }
    notices
}

fn closed(effects: &[Effect]) -> usize {
    let close = |effect: &&Effect| matches!(effect, Effect::Unnotify(_));
    effects.iter().filter(close).count()
}

#[test]
fn a_call_rings_and_is_shown_until_it_is_answered() {
    let mut story = Story::home();
    let effects = story.hear(calls(1, false));
    assert_eq!(rings(&effects), [Ring::Here]);
    let title = "bob is calling you";
    assert_eq!(notices(&effects), [(title, "on ops · +442079460958")]);
    let no = story.here().calls.all()[0].no;
    let effects = story.tell(Msg::Notice(NoticeMsg::Answered(NoticeId::Call(no))));
    assert_eq!(rings(&effects), [Ring::Silent]);
    assert!(effects.contains(&Effect::Unnotify(NoticeId::Call(no))));
    let (at, step) = (CallRef(1), Step::Accept);
    assert!(effects.contains(&Effect::Step { call: no, at, step }));
}

#[test]
fn a_call_is_declined_from_its_notification() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    let effects = story.tell(Msg::Notice(NoticeMsg::Declined(NoticeId::Call(no))));
    let (at, step) = (CallRef(1), Step::Refuse);
    for effect in [
        Effect::Step { call: no, at, step },
        // At once, and not when the server has answered.
        Effect::Ring(Ring::Silent),
        Effect::Unnotify(NoticeId::Call(no)),
    ] {
        assert!(effects.contains(&effect), "{effects:?}");
    }
    story.hear(in_call(1, CallEvent::Ended(EndReason::RefusedByMyself)));
    assert!(story.here().calls.all().is_empty());
    assert_eq!(story.here().calls.log.all()[0].ending, Ending::Declined);
    assert_eq!(story.here().calls.log.missed(), 0);
}

/// How many calls the history was given.
fn kept_calls(story: &Story) -> usize {
    let calls = story.asked().iter();
    calls
        .filter(|asked| matches!(asked, StoreEffect::CallEnded(..)))
        .count()
}

/// What the history was told of calls, in order.
fn told_of_calls(story: &Story) -> Vec<&'static str> {
    let mut told = Vec::new();
    for asked in story.asked() {
        if matches!(asked, StoreEffect::CallBegan(..)) {
            told.push("began");
        } else if matches!(asked, StoreEffect::CallAnswered(..)) {
            told.push("answered");
        } else if matches!(asked, StoreEffect::CallEnded(..)) {
            told.push("ended");
        } else if matches!(asked, StoreEffect::CallGone(_)) {
            told.push("gone");
        }
    }
    told
}

#[test]
fn a_call_is_in_the_history_from_its_first_ring() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    assert_eq!(told_of_calls(&story), ["began"]);
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    assert_eq!(told_of_calls(&story), ["began", "answered"]);
    story.hear(in_call(1, hung_up()));
    assert_eq!(told_of_calls(&story), ["began", "answered", "ended"]);

    // The same of one that is made from here, and nothing stays of one that another stands for.
    let mut story = Story::home();
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    assert_eq!(told_of_calls(&story), ["began"]);
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Placed(no, CallRef(1))));
    story.hear(in_call(1, CallEvent::Ended(EndReason::Glare)));
    assert_eq!(told_of_calls(&story), ["began", "gone"]);
}

#[test]
fn everybody_in_the_list_is_watched_after_a_start() {
    let mut story = Story::home();
    story.hear(says("bob", "one"));
    story.now.unix_ms += 10;
    story.hear(says("cy", "two"));
    let watched: Vec<crate::protocol::Account> = granted(&mut story)
        .into_iter()
        .filter_map(|effect| {
            if let Effect::Watch(some) = effect {
                Some(some)
            } else {
                None
            }
        })
        .flatten()
        .collect();
    assert_eq!(watched.len(), 2, "{watched:?}");
}

#[test]
fn what_was_missed_before_the_start_is_no_news() {
    let mut story = Story::home();
    let mut overview = Overview::default();
    overview.calls.push(store::CallRecord {
        row: store::CallRow(1),
        call: store::NewCall {
            outgoing: false,
            peer: account("bob"),
            channel: room("ops"),
            number: None,
            started_ms: 1,
        },
        answered_ms: None,
        ended_ms: Some(2),
        outcome: Some(store::Outcome::Missed),
        seen: false,
    });
    let effects = story.tell(Msg::Store(StoreMsg::Account(Box::new(overview), None)));
    assert!(notices(&effects).is_empty(), "{effects:?}");
    assert_eq!(story.here().calls.log.missed(), 1);
    // The next one is.
    story.hear(calls(1, false));
    let about = ("Missed call from bob", "Click to see your calls");
    assert_eq!(notices(&story.hear(in_call(1, hung_up()))), [about]);
}

#[test]
fn people_are_back_at_the_next_start() {
    let mut story = Story::home();
    story.tell(Msg::Contact(ContactMsg::Rename(
        account("cy"),
        "Cyrus".to_owned(),
    )));
    let mut overview = Overview::default();
    for asked in story.asked() {
        if let StoreEffect::Person(person) = asked {
            overview.people.push(person.clone());
        }
    }
    let mut next = Story::home();
    next.tell(Msg::Store(StoreMsg::Account(Box::new(overview), None)));
    let cy = account("cy");
    assert_eq!(next.here().contacts.name(&cy), "Cyrus");
}

#[test]
fn a_call_that_nobody_answers_is_missed_until_somebody_looks() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let effects = story.hear(in_call(1, hung_up()));
    assert_eq!(rings(&effects), [Ring::Silent]);
    assert_eq!(closed(&effects), 1);
    let about = ("Missed call from bob", "Click to see your calls");
    assert_eq!(notices(&effects), [about]);
    assert_eq!(kept_calls(&story), 1);
    // The window of calls is gone with the call.
    assert!(story.here().calls.all().is_empty());
    story.hear(SessionEvent::MissedCall {
        peer: account("bob"),
        channel: room("ops"),
        extra: String::new(),
        time_ms: 1,
    });
    assert_eq!(story.here().calls.log.missed(), 2);
    assert_eq!(story.here().calls.log.all()[1].started_ms, 1);
    let effects = story.tell(Msg::Nav(NavMsg::Went(Screen::Calls)));
    assert_eq!(closed(&effects), 1);
    assert_eq!(story.here().calls.log.missed(), 0);
}

#[test]
fn the_ringing_at_the_other_end_is_heard_and_stops() {
    let mut story = Story::home();
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Placed(no, CallRef(3))));
    let extra = String::new();
    let effects = story.hear(in_call(3, CallEvent::ReceivedByPeer { extra }));
    assert_eq!(rings(&effects), [Ring::There]);
    assert_eq!(rings(&story.hear(in_call(3, answered()))), [Ring::Silent]);
    story.now.at += Duration::from_secs(61);
    story.hear(in_call(3, hung_up()));
    let log = &story.here().calls.log.all()[0];
    assert!(log.outgoing);
    assert_eq!(log.ending, Ending::Talked(Duration::from_secs(61)));
}

#[test]
fn a_second_call_waits_softly_and_the_first_is_held_for_it() {
    let mut story = talking();
    let effects = story.hear(cy_calls(2));
    assert_eq!(rings(&effects), [Ring::Waiting]);
    let (first, second) = (
        story.here().calls.all()[0].no,
        story.here().calls.all()[1].no,
    );
    story.tell(Msg::Call(CallMsg::Answer(second)));
    story.hear(in_call(2, CallEvent::Accepted));
    let held = |story: &Story| -> Vec<bool> {
        let calls = story.here().calls.all();
        calls.iter().map(|call| call.held).collect()
    };
    assert_eq!(held(&story), [true, false]);
    // Each is one tap away from the other.
    story.tell(Msg::Call(CallMsg::Resume(first)));
    assert_eq!(held(&story), [false, true]);
    // Whoever is called is talked to first.
    story.tell(Msg::Call(CallMsg::Place(account("dee"))));
    assert_eq!(held(&story), [true, true, false]);
}

#[test]
fn declining_with_a_message_does_both() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    let text = "later".to_owned();
    let effects = story.tell(Msg::Call(CallMsg::DeclineWith(no, text)));
    let sent = |effect: &Effect| matches!(effect, Effect::Send { to, text, .. } if *to == bob() && text == "later");
    assert!(effects.iter().any(sent), "{effects:?}");
    let (at, step) = (CallRef(1), Step::Refuse);
    assert!(effects.contains(&Effect::Step { call: no, at, step }));
}

#[test]
fn how_a_call_failed_is_kept() {
    for code in [
        Code::InviteOther,
        Code::InviteReinvite,
        Code::InviteNet,
        Code::InvitePeerOffline,
        Code::InviteTimeout,
        Code::InviteCantRecv,
    ] {
        let mut story = Story::home();
        story.tell(Msg::Call(CallMsg::Place(account("bob"))));
        let no = story.here().calls.all()[0].no;
        story.tell(Msg::Call(CallMsg::Placed(no, CallRef(1))));
        let extra = String::new();
        let failed = CallEvent::Ended(EndReason::Failed { code, extra });
        story.hear(in_call(1, failed));
        assert_eq!(
            story.here().calls.log.all()[0].ending,
            Ending::Failed(failure(code))
        );
        assert!(story.here().calls.all()[0].over());
    }
}

#[test]
fn messages_are_shown_by_conversation_to_whoever_does_not_read_them() {
    let mut story = Story::home();
    assert_eq!(notices(&story.hear(says("bob", "one"))), [("bob", "one")]);
    let effects = story.hear(says("bob", "two"));
    assert_eq!(notices(&effects), [("bob (2 new)", "two")]);
    // A room only when it speaks to one.
    assert!(notices(&story.hear(says_in("ops", "cy", "hello"))).is_empty());
    let effects = story.hear(says_in("ops", "cy", "hello @Ann"));
    assert_eq!(notices(&effects), [("ops", "cy: hello @Ann")]);
    // Reading takes it away, and what is read is not shown.
    let effects = story.tell(Msg::Nav(NavMsg::Opened(bob())));
    assert!(effects.contains(&Effect::Unnotify(NoticeId::Chat(bob()))));
    assert!(notices(&story.hear(says("bob", "three"))).is_empty());
    story.tell(Msg::Nav(NavMsg::Focus(false)));
    assert_eq!(notices(&story.hear(says("bob", "four"))), [("bob", "four")]);
    // A click on the other brings it up.
    let wanted = story.state.wanted();
    let ops = ConversationId::Room(ChannelName::try_from("ops").expect("a room"));
    story.tell(Msg::Notice(NoticeMsg::Opened(NoticeId::Chat(ops.clone()))));
    assert_eq!(story.here().chats.opened(), Some(&ops));
    assert_eq!(story.state.wanted(), wanted + 1);
}

#[test]
fn nothing_disturbs_whoever_does_not_want_to_be() {
    let mut story = Story::home();
    granted(&mut story);
    let effects = story.tell(Msg::Me(MeMsg::Chose(Show::Dnd)));
    let (show, text) = (Show::Dnd, String::new());
    assert_eq!(effects, [Effect::ShowMe { show, text }]);
    for effects in [
        story.hear(says("bob", "hello")),
        story.hear(calls(1, false)),
        story.hear(in_call(1, hung_up())),
    ] {
        assert!(rings(&effects).is_empty() && notices(&effects).is_empty());
    }
    // What happened meanwhile is told afterwards.
    let effects = story.tell(Msg::Me(MeMsg::Chose(Show::Available)));
    assert_eq!(notices(&effects).len(), 2);
}

#[test]
fn others_see_a_call_and_an_empty_chair() {
    let mut story = Story::home();
    granted(&mut story);
    let shown = |effects: Vec<Effect>| {
        let mut shown = effects.into_iter().filter_map(|effect| {
            if let Effect::ShowMe { show, text } = effect {
                Some((show, text))
            } else {
                None
            }
        });
        shown.next()
    };
    let away = story.tell(Msg::Me(MeMsg::Idle(true)));
    assert_eq!(shown(away), Some((Show::Away, String::new())));
    // Whoever calls talks, whatever their hands do.
    let calling = story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    assert_eq!(shown(calling), Some((Show::Busy, "in a call".to_owned())));
    let no = story.here().calls.all()[0].no;
    let over = story.tell(Msg::Call(CallMsg::End(no)));
    assert_eq!(shown(over), Some((Show::Away, String::new())));
    let back = story.tell(Msg::Me(MeMsg::Idle(false)));
    assert_eq!(shown(back), Some((Show::Available, String::new())));
    let said = story.tell(Msg::Me(MeMsg::Said(" lunch ".to_owned())));
    assert_eq!(shown(said), Some((Show::Available, "lunch".to_owned())));
    assert_eq!(
        shown(story.tell(Msg::Me(MeMsg::Said("lunch".to_owned())))),
        None
    );
}

#[test]
fn who_is_looked_at_is_watched_once() {
    let mut story = Story::home();
    granted(&mut story);
    let effects = story.tell(Msg::Nav(NavMsg::Opened(bob())));
    assert_eq!(effects, [Effect::Watch(vec![account("bob")])]);
    assert!(story.tell(Msg::Nav(NavMsg::Opened(bob()))).is_empty());
    story.hear(SessionEvent::Presence(vec![protocol::Presence {
        account: account("bob"),
        show: Show::Away,
        text: "lunch".to_owned(),
        since_ms: 5,
    }]));
    let status = story.here().people.status(&account("bob"));
    assert_eq!((status.presence, status.since_ms), (Presence::Away, 5));
    // Saying something does not bring anybody back to their chair.
    story.hear(says("bob", "soon"));
    assert_eq!(
        story.here().people.presence(&account("bob")),
        Presence::Away
    );
}

#[test]
fn signing_out_silences_everything() {
    let mut story = talking();
    story.hear(cy_calls(2));
    let effects = story.tell(Msg::SignIn(SignInMsg::SignOut));
    assert_eq!(rings(&effects), [Ring::Silent]);
    assert_eq!(closed(&effects), 1);
    assert_eq!(kept_calls(&story), 2);
    assert!(story.state.calls().is_empty());
}

#[test]
fn keys_go_to_the_call_that_one_talks_in() {
    let mut story = talking();
    let no = story.here().calls.all()[0].no;
    let key = protocol::Dtmf::from_char('5').expect("a key");
    let effects = story.tell(Msg::Call(CallMsg::Key(no, key)));
    let (at, step) = (CallRef(1), Step::Key(key));
    assert_eq!(
        effects,
        [Effect::Tone(key), Effect::Step { call: no, at, step }]
    );
    assert!(matches!(
        story.here().calls.all()[0].phase,
        CallPhase::Talking { .. }
    ));
}
