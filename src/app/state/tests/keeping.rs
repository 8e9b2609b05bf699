//! What is said to be kept, and when.

use super::*;
use crate::app::msg::{HeardMessage, HeardPage, TakenIn};

const TAKEN: TakenIn = TakenIn {
    session: 1,
    events: 7,
};

#[test]
fn what_came_is_said_to_be_kept_behind_all_that_was_asked_of_the_history() {
    let mut story = Story::home();
    let now = story.now;
    let came = Msg::Happened(says("bob", "hello").into());
    let mut effects = story.state.update(now, came);
    effects.extend(story.state.update(now, Msg::TakenIn(TAKEN)));
    let place = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted);
    let put = place(|effect| matches!(effect, Effect::Store(StoreEffect::Put(_))));
    let confirm = place(|effect| *effect == Effect::Confirm(TAKEN));
    assert!(put.is_some() && put < confirm, "{effects:?}");
    assert_eq!(confirm, Some(effects.len() - 1));
}

/// It is in no history, so the next session is to bring it again.
#[test]
fn what_came_for_somebody_who_has_left_is_not_said_to_be_kept() {
    let mut story = Story::home();
    story.tell(Msg::SignIn(SignInMsg::SignOut));
    let effects = story.tell(Msg::Happened(says("bob", "hello").into()));
    assert!(effects.is_empty(), "{effects:?}");
    assert!(story.tell(Msg::TakenIn(TAKEN)).is_empty());
}

#[test]
fn a_missed_call_that_is_told_again_is_one_call() {
    let mut story = Story::home();
    let missed = |time_ms| SessionEvent::MissedCall {
        peer: account("bob"),
        channel: room("call"),
        extra: "{}".to_owned(),
        time_ms,
    };
    for _ in 0..2 {
        story.hear(missed(1000));
        assert_eq!(story.here().calls.log.missed(), 1);
    }
    story.hear(missed(2000));
    assert_eq!(story.here().calls.log.missed(), 2);
    let asked = story.asked().iter();
    let kept = asked.filter(|asked| matches!(asked, StoreEffect::CallMissed(..)));
    assert_eq!(kept.count(), 2);
}

/// What the history of a room is asked for, from which event on.
fn asks(effects: &[Effect]) -> Vec<(ChannelName, Option<u64>)> {
    let asked = effects.iter().filter_map(|effect| {
        let Effect::History { room, before } = effect else {
            return None;
        };
        Some((room.clone(), *before))
    });
    asked.collect()
}

fn joined(unread: u64) -> Event {
    let view = ChannelView {
        unread: Some(unread),
        ..ChannelView::default()
    };
    Event::Channel {
        channel: room("ops"),
        event: ChannelEvent::Joined(view),
    }
}

fn page(before: Option<u64>, event: u64) -> Msg {
    let heard = HeardMessage {
        event,
        id: None,
        from: account("bob"),
        text: "one".to_owned(),
        at_ms: 1,
    };
    let page = HeardPage {
        before,
        messages: vec![heard],
        more: true,
    };
    Msg::Room(RoomMsg::Heard(room("ops"), page))
}

#[test]
fn what_came_since_one_is_in_a_room_again_does_not_end_the_search_for_what_was_missed() {
    let mut story = Story::home();
    let ops = ConversationId::Room(room("ops"));
    story.hear(says_in("ops", "bob", "before"));
    story.now.unix_ms += 1000;
    assert_eq!(asks(&story.hear(joined(300))), [(room("ops"), None)]);
    story.hear(says_in("ops", "bob", "since"));
    let [before, since] = [0, 1].map(|at| Put::Known(story.history.kept[at].clone()));
    story.tell(page(None, 30));
    let effects = story.tell(Msg::Store(StoreMsg::Filled(ops.clone(), vec![since])));
    assert_eq!(asks(&effects), [(room("ops"), Some(30))]);
    story.tell(page(Some(30), 20));
    let effects = story.tell(Msg::Store(StoreMsg::Filled(ops, vec![before])));
    assert_eq!(asks(&effects), []);
}

#[test]
fn rooms_are_looked_up_again_when_events_were_missed() {
    let mut story = Story::home();
    let missed = || SessionEvent::Missed { events: 5 };
    assert_eq!(asks(&story.hear(missed())), []);
    story.hear(joined(0));
    assert_eq!(asks(&story.hear(missed())), [(room("ops"), None)]);
    story.hear(Event::Channel {
        channel: room("ops"),
        event: ChannelEvent::Left {
            code: Code::LeaveChannelByUser,
        },
    });
    assert_eq!(asks(&story.hear(missed())), []);
}

#[test]
fn a_page_that_could_not_be_kept_ends_the_search() {
    let mut story = Story::home();
    let ops = ConversationId::Room(room("ops"));
    story.hear(joined(3));
    story.hear(says_in("ops", "bob", "since"));
    story.open(&ops);
    story.tell(page(None, 30));
    assert_eq!(story.here().older(&ops), Older::No, "first what is new");
    story.tell(Msg::Store(StoreMsg::NotFilled(ops.clone())));
    assert_eq!(
        story.here().older(&ops),
        Older::Perhaps,
        "not asked for ever"
    );
}
