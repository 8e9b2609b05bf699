//! Stories of what is set: each setting is kept at once, and something is different for it.

use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::app::effect::{AudioEffect, InspectEffect, NoticeId, Ring, ServerEffect};
use crate::app::msg::{
    CallMsg, ConsoleMsg, Direction, FileMsg, InspectMsg, MeMsg, Ringtone, ServerMsg, SettingsMsg,
    Tune, WireFrame,
};
use crate::app::state::{Purpose, Raise, Screen, Sound, Tab, Who};
use crate::protocol::{AttrSubject, Dtmf, Show};

fn set(story: &mut Story, msg: SettingsMsg) -> Vec<Effect> {
    story.tell(Msg::Settings(msg))
}

fn went(story: &mut Story, screen: Screen) -> Vec<Effect> {
    story.tell(Msg::Nav(NavMsg::Went(screen)))
}

/// What a start after this one finds of the settings.
fn kept(story: &Story) -> Overview {
    let mut overview = Overview::default();
    for asked in story.asked() {
        if let StoreEffect::Setting(name, Some(value)) = asked {
            overview.settings.insert(name.clone(), value.clone());
        }
    }
    overview
}

fn again(story: &Story) -> (State, Vec<Effect>) {
    let mut state = State::new(8, None);
    let overview = kept(story);
    let opened = StoreMsg::Opened(overview.settings.clone(), None);
    let mut effects = state.update(story.now, Msg::Store(opened));
    let account = StoreMsg::Account(Box::new(overview), None);
    effects.extend(state.update(story.now, Msg::Store(account)));
    (state, effects)
}

fn frame(text: &str) -> Msg {
    Msg::Console(ConsoleMsg::Frames(vec![WireFrame {
        direction: Direction::Sent,
        at_ms: 1,
        bytes: text.len(),
        text: text.to_owned(),
        missed: 0,
    }]))
}

#[test]
fn only_what_is_to_raise_a_notification_does() {
    let notifies = |effects: &[Effect]| {
        let notify = |effect: &Effect| matches!(effect, Effect::Notify(_));
        effects.iter().any(notify)
    };
    for (what, happens) in [
        (Raise::Message, Event::from(says("bob", "hi"))),
        (Raise::Mention, says_in("ops", "bob", "ann?")),
        (Raise::Call, calls(1, false).into()),
    ] {
        let mut story = Story::home();
        story.come_in("ops");
        drop(story.tell(Msg::Nav(NavMsg::Focus(false))));
        drop(set(&mut story, SettingsMsg::Raise(what, false)));
        assert!(!notifies(&story.hear(happens)), "{what:?}");
        // It is there as soon as it is wanted, and goes with the wish.
        assert!(
            notifies(&set(&mut story, SettingsMsg::Raise(what, true))),
            "{what:?}"
        );
        let gone = set(&mut story, SettingsMsg::Raise(what, false));
        assert!(
            matches!(gone[..], [Effect::Unnotify(_)]),
            "{what:?}: {gone:?}"
        );
        let (state, _) = again(&story);
        for other in Raise::ALL {
            assert_eq!(state.settings().raises(other), other != what);
        }
    }
}

#[test]
fn a_missed_call_is_told_if_that_is_wanted() {
    let mut story = Story::home();
    drop(set(&mut story, SettingsMsg::Raise(Raise::Missed, false)));
    drop(story.hear(calls(1, false)));
    let ended = crate::client::event::EndReason::NoAnswer;
    let effects = story.hear(in_call(1, CallEvent::Ended(ended)));
    let missed = |effect: &Effect| matches!(effect, Effect::Notify(notice) if matches!(notice.id, NoticeId::Missed(_)));
    assert!(!effects.iter().any(missed), "{effects:?}");
    let effects = set(&mut story, SettingsMsg::Raise(Raise::Missed, true));
    assert!(effects.iter().any(missed), "{effects:?}");
}

#[test]
fn the_ring_and_the_tones_of_keys_can_be_silent() {
    let mut story = Story::home();
    let touch = || Msg::Call(CallMsg::Touched(Dtmf::ALL[0]));
    assert_eq!(story.tell(touch()).len(), 1);
    drop(set(&mut story, SettingsMsg::Hear(Sound::Keys, false)));
    assert_eq!(story.tell(touch()), []);
    drop(set(&mut story, SettingsMsg::Hear(Sound::Ring, false)));
    let effects = story.hear(calls(1, false));
    let rings = |effect: &Effect| matches!(effect, Effect::Ring(_));
    assert!(!effects.iter().any(rings), "{effects:?}");
    let effects = set(&mut story, SettingsMsg::Hear(Sound::Ring, true));
    assert_eq!(effects, [Effect::Ring(Ring::Here)]);
    let (state, _) = again(&story);
    assert!(state.settings().hears(Sound::Ring) && !state.settings().hears(Sound::Keys));
}

#[test]
fn not_to_be_disturbed_is_kept() {
    let mut story = Story::home();
    drop(story.tell(Msg::Me(MeMsg::Chose(Show::Dnd))));
    drop(story.tell(Msg::Me(MeMsg::Said("writing".to_owned()))));
    let (state, _) = again(&story);
    let Phase::Home(home) = state.phase() else {
        panic!("signed out");
    };
    assert!(home.me.dnd());
    assert_eq!(home.me.text(), "writing");
    // Another account of the profile does not say that of itself.
    let credentials = Credentials {
        account: account("bob"),
        place: Place::ThisComputer,
    };
    let mut other = Story::new();
    other.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    drop(other.state.update(other.now, Msg::SignIn(SignInMsg::Done)));
    let filled = StoreMsg::Account(Box::new(kept(&story)), None);
    drop(other.state.update(other.now, Msg::Store(filled)));
    assert_eq!(other.here().me.text(), "");
    assert!(!other.here().me.dnd());
}

#[test]
fn an_own_ringtone_is_kept_and_what_is_no_sound_says_so() {
    let mut story = Story::home();
    let path = PathBuf::from("/tmp/ring.wav");
    let chosen = FileMsg::Chosen(Purpose::Ringtone, path.clone());
    let ring = Effect::Ringtone(Ringtone::File(path.clone()));
    assert_eq!(story.tell(Msg::File(chosen)), std::slice::from_ref(&ring));
    let (state, effects) = again(&story);
    assert_eq!(state.settings().ringtone(), &Ringtone::File(path.clone()));
    assert!(effects.contains(&ring), "{effects:?}");
    // Another file's trouble is no trouble.
    let other = SettingsMsg::NoRingtone("/x.wav".into(), "no".to_owned());
    drop(set(&mut story, other));
    assert_eq!(story.state.settings().no_ringtone(), None);
    let why = SettingsMsg::NoRingtone(path, "it is no sound".to_owned());
    drop(set(&mut story, why));
    assert_eq!(story.state.settings().no_ringtone(), Some("it is no sound"));
    assert_eq!(
        set(&mut story, SettingsMsg::TryRingtone),
        [Effect::TryRingtone]
    );
    let bell = Ringtone::Tune(Tune::Bell);
    let chosen = set(&mut story, SettingsMsg::Ringtone(bell.clone()));
    assert_eq!(chosen, [Effect::Ringtone(bell.clone())]);
    let (state, effects) = again(&story);
    assert_eq!(state.settings().ringtone(), &bell);
    assert!(effects.contains(&Effect::Ringtone(bell)), "{effects:?}");
    assert_eq!(story.state.settings().no_ringtone(), None);
}

#[test]
fn frames_are_told_only_while_somebody_looks_at_them_or_wants_them_all() {
    let mut story = Story::home();
    let on = |on| Effect::Listen(on);
    assert!(went(&mut story, Screen::Inspector).contains(&on(true)));
    drop(story.tell(Msg::Inspect(InspectMsg::Tab(Tab::Console))));
    drop(story.tell(frame("one")));
    assert_eq!(
        story.tell(Msg::Console(ConsoleMsg::Pause(true))),
        [on(false)]
    );
    drop(story.tell(frame("two")));
    assert_eq!(story.here().console.held(), 1);
    assert_eq!(
        story.tell(Msg::Console(ConsoleMsg::Pause(false))),
        [on(true)]
    );
    assert!(went(&mut story, Screen::Chats).contains(&on(false)));
    drop(went(&mut story, Screen::Inspector));
    assert_eq!(story.tell(Msg::Console(ConsoleMsg::Always(true))), []);
    assert!(!went(&mut story, Screen::Chats).contains(&on(false)));
    let out = story.tell(Msg::SignIn(SignInMsg::SignOut));
    assert!(out.contains(&on(false)), "{out:?}");
}

#[test]
fn a_file_is_chosen_in_a_dialog_or_by_its_path() {
    let mut story = Story::home();
    let subject = AttrSubject::Account(account("ann"));
    let purpose = || Purpose::ReadAttrs(subject.clone());
    let ask = || Msg::File(FileMsg::Ask(purpose()));
    let asked = |effects: Vec<Effect>| match &effects[..] {
        [Effect::ChooseFile(no, of)] if *of == purpose() => *no,
        other => panic!("no dialog: {other:?}"),
    };
    let first = asked(story.tell(ask()));
    // The dialog is there already.
    assert_eq!(story.tell(ask()), []);
    drop(story.tell(Msg::File(FileMsg::Cancelled)));
    let second = asked(story.tell(ask()));
    let none = |no| Msg::File(FileMsg::Dialog(no, Box::new(FileMsg::NoDialog(purpose()))));
    // One that was opened for somebody else, or before, is not listened to any more.
    drop(story.tell(none(first)));
    assert_eq!(story.here().files.typed(), None);
    drop(story.tell(none(second)));
    assert_eq!(story.here().files.typed(), Some(&purpose()));
    let chosen = FileMsg::Chosen(purpose(), "a.json".into());
    let import = InspectEffect::Import(subject.clone(), "a.json".into());
    assert_eq!(story.tell(Msg::File(chosen)), [Effect::Inspect(import)]);
    assert_eq!(story.here().files.typed(), None);

    let chosen = FileMsg::Chosen(Purpose::Console("frames".to_owned()), "c.txt".into());
    let effects = story.tell(Msg::File(chosen));
    let purpose = Purpose::Console(String::new());
    let text = "frames".to_owned();
    let write = Effect::WriteFile(purpose.clone(), "c.txt".into(), text);
    assert_eq!(effects, [write]);
    let written = FileMsg::Written(purpose, Err("the disk is full".to_owned()));
    drop(story.tell(Msg::File(written)));
    assert!(story.here().console.note().is_some_and(Result::is_err));
}

#[test]
fn a_conversation_is_written_as_its_ending_says() {
    let mut story = Story::home();
    for (path, format) in [
        ("a.json", crate::store::Format::Json),
        ("a.txt", crate::store::Format::Text { utc_offset_min: 60 }),
    ] {
        let purpose = Purpose::History {
            of: bob(),
            utc_offset_min: 60,
        };
        drop(story.tell(Msg::File(FileMsg::Chosen(purpose, path.into()))));
        let export = StoreEffect::Export {
            conversation: bob(),
            format,
            path: path.into(),
        };
        assert_eq!(story.asked().last(), Some(&export));
    }
}

#[test]
fn the_server_is_looked_at_only_where_its_settings_are() {
    let mut story = Story::home();
    let server = |effect| [Effect::Server(effect)];
    let watch = |on| {
        [
            Effect::Server(ServerEffect::Watch(on)),
            Effect::Audio(AudioEffect::Watch(on)),
        ]
    };
    assert_eq!(went(&mut story, Screen::Settings), watch(true));
    let who = Who::We {
        address: "127.0.0.1:7800".to_owned(),
        name: "Callsign".to_owned(),
        data: PathBuf::from("/data"),
        online: vec![account("ann"), account("bob")],
    };
    drop(story.tell(Msg::Server(ServerMsg::Is(who))));
    assert_eq!(story.here().serving.others(&account("ann")), 1);
    let failed = ServerMsg::Failed("no".to_owned());
    drop(story.tell(Msg::Server(failed)));
    assert_eq!(story.here().serving.trouble(), Some("no"));
    let off = Msg::Server(ServerMsg::Turn(false));
    assert_eq!(story.tell(off), server(ServerEffect::Turn(false)));
    assert_eq!(story.here().serving.trouble(), None);
    assert!(
        !story.here().serving.is_on(true),
        "nobody has told of it yet"
    );
    let data = PathBuf::from("/data");
    drop(story.tell(Msg::Server(ServerMsg::Is(Who::Off { data }))));
    assert!(!story.here().serving.is_on(false));
    let on = Msg::Server(ServerMsg::Turn(true));
    assert_eq!(story.tell(on), server(ServerEffect::Turn(true)));
    assert!(story.here().serving.is_on(false));
    let failed = ServerMsg::Failed("no".to_owned());
    drop(story.tell(Msg::Server(failed)));
    assert!(
        !story.here().serving.is_on(false),
        "it could not be turned on"
    );
    assert_eq!(went(&mut story, Screen::Chats), watch(false));
    // Nor at the card.
    went(&mut story, Screen::Settings);
    let effects = story.tell(Msg::SignIn(SignInMsg::SignOut));
    assert!(effects.contains(&Effect::Server(ServerEffect::Watch(false))));
}

#[test]
fn settings_say_where_one_is_signed_in() {
    let story = Story::home();
    assert_eq!(story.here().server(), None);
    assert_eq!(kept(&story).settings["signed_in"]["place"], json!(null));
}
