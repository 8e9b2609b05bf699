//! A call from its first ring to its end.

use super::*;
use crate::app::effect::{AudioEffect, SoundStep};
use crate::app::msg::{AudioMsg, RecordMsg, SoundMsg, SoundWord};
use crate::app::state::{Place, RecordWord, Recording};
use crate::protocol::InviteMsg;

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
fn whoever_was_called_is_written_to_from_the_card_of_the_call_or_called_again() {
    let mut story = Story::home();
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Placed(no, CallRef(1))));
    story.hear(in_call(1, CallEvent::Ended(EndReason::NoAnswer)));
    story.tell(Msg::Nav(NavMsg::Went(Screen::Settings)));
    let wanted = story.state.wanted();
    story.tell(Msg::Call(CallMsg::Write(no)));
    assert!(story.here().calls.all().is_empty());
    assert_eq!(story.here().screen, Screen::Chats);
    assert_eq!(story.here().chats.opened(), Some(&bob()));
    assert_eq!(story.state.wanted(), wanted + 1, "the window comes forward");
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    let calls = story.here().calls.all();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].phase, CallPhase::Calling);
}

#[test]
fn a_call_that_is_muted_or_held_says_so_and_a_key_by_two_ways_counts_once() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    let at = CallRef(1);
    let told = |word| Msg::Sound(SoundMsg::Told(at, word));
    story.tell(told(SoundWord::Connected));
    let effects = story.tell(Msg::Sound(SoundMsg::Mute(no, true)));
    assert_eq!(effects, [Effect::Sound(at, SoundStep::Mute(true))]);
    let effects = story.tell(Msg::Sound(SoundMsg::Hold(no)));
    assert_eq!(effects, [Effect::Sound(at, SoundStep::Hold(true))]);
    assert!(
        story.tell(Msg::Sound(SoundMsg::Hold(no))).is_empty(),
        "it is"
    );
    let effects = story.tell(Msg::Call(CallMsg::Resume(no)));
    assert_eq!(effects, [Effect::Sound(at, SoundStep::Hold(false))]);
    let key = Dtmf::from_char('7').expect("a key");
    story.tell(told(SoundWord::Key(key)));
    story.hear(in_call(1, CallEvent::Msg(InviteMsg::Dtmf(vec![key, key]))));
    let call = &story.here().calls.all()[0];
    assert!(call.sound.muted && call.sound.there());
    assert_eq!(call.keys_heard, "77");
}

#[test]
fn devices_are_looked_for_while_they_are_listed_in_a_call_and_no_longer() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    let list = |listed| Msg::Audio(AudioMsg::List(listed));
    let watch = |looks| Effect::Audio(AudioEffect::Watch(looks));
    let effects = story.tell(Msg::Call(CallMsg::Answer(no)));
    assert!(!effects.contains(&watch(true)));
    story.hear(in_call(1, CallEvent::Accepted));
    let effects = story.tell(list(Some((no, Place::Window))));
    assert_eq!(effects, [watch(true)]);
    // At another place there is nothing new to look for.
    assert_eq!(story.tell(list(Some((no, Place::Bar)))), []);
    let call = story.here().calls.all()[0].clone();
    let audio = story.state.audio();
    assert!(audio.listed_in(&call, Place::Bar) && !audio.listed_in(&call, Place::Window));
    assert_eq!(story.tell(list(None)), [watch(false)]);
    story.tell(list(Some((no, Place::Window))));
    story.tell(Msg::Audio(AudioMsg::Devices(Ok(Vec::new()))));
    let effects = story.tell(Msg::Call(CallMsg::End(no)));
    assert!(effects.contains(&watch(false)), "{effects:?}");
    assert_eq!(story.state.audio().devices(), None);
    // In a call that is over there is nothing to choose.
    let effects = story.tell(list(Some((no, Place::Window))));
    assert_eq!(effects.last(), Some(&watch(false)));
}

#[test]
fn whoever_answers_while_one_talks_waits() {
    let mut story = Story::home();
    story.tell(Msg::Call(CallMsg::Place(account("cy"))));
    let first = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Placed(first, CallRef(1))));
    story.hear(calls(2, false));
    let second = story.here().calls.all()[1].no;
    story.tell(Msg::Call(CallMsg::Answer(second)));
    story.hear(in_call(2, CallEvent::Accepted));
    let accepted = CallEvent::AcceptedByPeer {
        extra: String::new(),
    };
    let effects = story.hear(in_call(1, accepted));
    let held = Effect::Sound(CallRef(1), SoundStep::Hold(true));
    assert!(effects.contains(&held), "{effects:?}");
    let held: Vec<_> = story
        .here()
        .calls
        .all()
        .iter()
        .map(|call| call.held)
        .collect();
    assert_eq!(held, [true, false]);
}

#[test]
fn sound_that_ends_in_a_call_is_told() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    for word in [SoundWord::Connected, SoundWord::Over] {
        story.tell(Msg::Sound(SoundMsg::Told(CallRef(1), word)));
    }
    let call = &story.here().calls.all()[0];
    let trouble = call.sound.trouble(call.talked(story.now.at));
    assert!(trouble.is_some_and(|text| text.contains("The sound has ended")));
}

/// In a call with Bob that is recorded, and the word that it is.
fn recorded() -> (Story, CallNo) {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    story.tell(told(SoundWord::Connected));
    let record = |msg| Msg::Sound(SoundMsg::Record(no, msg));
    assert!(story.tell(record(RecordMsg::Agree)).is_empty(), "not asked");
    assert!(story.tell(record(RecordMsg::Ask)).is_empty(), "not agreed");
    assert_eq!(recording(&story), Recording::Asked);
    let effects = story.tell(record(RecordMsg::Agree));
    let both = (account("ann"), account("bob"));
    let step = SoundStep::Record(Some(both));
    assert_eq!(effects, [Effect::Sound(CallRef(1), step)]);
    assert_eq!(recording(&story), Recording::Telling);
    story.tell(told(SoundWord::Record(RecordWord::On)));
    assert_eq!(recording(&story), Recording::On);
    (story, no)
}

fn told(word: SoundWord) -> Msg {
    Msg::Sound(SoundMsg::Told(CallRef(1), word))
}

fn recording(story: &Story) -> Recording {
    story.here().calls.all()[0].sound.recording.clone()
}

fn kept() -> Recording {
    Recording::Kept {
        path: "/rec/bob.wav".into(),
        note: None,
    }
}

fn over() -> Msg {
    let over = RecordWord::Over(Ok(("/rec/bob.wav".into(), None)));
    told(SoundWord::Record(over))
}

#[test]
fn a_call_is_recorded_after_consent_and_its_file_is_told_after_its_end() {
    let (mut story, no) = recorded();
    // One's own hanging up closes a call, but not one whose file is not told yet.
    story.tell(Msg::Call(CallMsg::End(no)));
    assert_eq!(recording(&story), Recording::Ending);
    story.tell(over());
    assert_eq!(recording(&story), kept());
    let show = Msg::Sound(SoundMsg::Record(no, RecordMsg::Show));
    let effects = story.tell(show);
    assert_eq!(effects, [Effect::ShowFile(no, "/rec/bob.wav".into())]);
    story.tell(Msg::Call(CallMsg::Dismiss(no)));
    assert!(story.here().calls.all().is_empty());
}

#[test]
fn a_recording_is_stopped_or_fails_and_the_call_goes_on() {
    let (mut story, no) = recorded();
    let record = |msg| Msg::Sound(SoundMsg::Record(no, msg));
    let effects = story.tell(record(RecordMsg::Stop));
    assert_eq!(
        effects,
        [Effect::Sound(CallRef(1), SoundStep::Record(None))]
    );
    assert_eq!(recording(&story), Recording::Ending);
    story.tell(over());
    assert_eq!(recording(&story), kept());
    // Another, which the disk does not take.
    story.tell(record(RecordMsg::Ask));
    story.tell(record(RecordMsg::Agree));
    story.tell(told(SoundWord::Record(RecordWord::On)));
    let full = RecordWord::Over(Err("The recording ended.".to_owned()));
    story.tell(told(SoundWord::Record(full)));
    assert!(matches!(recording(&story), Recording::Failed(_)));
    assert!(matches!(
        story.here().calls.all()[0].phase,
        CallPhase::Talking { .. }
    ));
}

#[test]
fn a_recording_that_was_not_agreed_to_ends_with_its_call() {
    let mut story = Story::home();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    story.tell(Msg::Sound(SoundMsg::Record(no, RecordMsg::Ask)));
    story.tell(Msg::Call(CallMsg::End(no)));
    assert!(story.here().calls.all().is_empty());
}
