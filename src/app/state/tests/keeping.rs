//! What is said to be kept, and when.

use super::*;
use crate::app::msg::TakenIn;

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
