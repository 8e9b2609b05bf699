//! Stories over the state alone: people, the inspector, settings.

use super::*;
use serde_json::{Value, json};

use crate::app::effect::{AttrStep, InspectEffect, PersonEffect};
use crate::app::msg::{ContactMsg, InspectMsg, NavMsg, SettingsMsg};
use crate::client::event::SessionEvent;
use crate::protocol::{AttrChanged, AttrEntry, AttrName, AttrSubject, Code, WatchedChange};

fn attr(name: &str) -> AttrName {
    AttrName::try_from(name).expect("a name")
}

fn ops() -> AttrSubject {
    AttrSubject::Channel(room("ops"))
}

fn watch(subject: AttrSubject) -> Effect {
    Effect::Inspect(InspectEffect::Watch(subject))
}

fn unwatch(subject: AttrSubject) -> Effect {
    Effect::Inspect(InspectEffect::Unwatch(subject))
}

fn change(subject: AttrSubject, step: AttrStep) -> Effect {
    Effect::Inspect(InspectEffect::Change(subject, step))
}

fn entries(subject: AttrSubject, name: &str, value: Value) -> SessionEvent {
    let entry = AttrEntry {
        value,
        time_ms: 5,
        by: Some(account("bob")),
    };
    let entries = [(attr(name), entry)].into();
    SessionEvent::AttrEntries { subject, entries }
}

fn changed(subject: AttrSubject, change: WatchedChange) -> SessionEvent {
    SessionEvent::AttrChanged(AttrChanged {
        subject,
        change,
        time_ms: 6,
        by: None,
    })
}

#[test]
fn a_name_given_here_goes_before_the_one_of_their_own() {
    let mut story = Story::home();
    let bob = account("bob");
    let effects = story.tell(Msg::Contact(ContactMsg::Add(bob.clone())));
    let ask = Effect::Person(PersonEffect::AskName(bob.clone()));
    assert!(effects.contains(&ask), "{effects:?}");
    assert_eq!(story.here().contacts.name(&bob), "bob");
    let named = ContactMsg::Named(bob.clone(), "Bob Karlsson".to_owned());
    assert!(story.tell(Msg::Contact(named)).is_empty());
    assert_eq!(story.here().contacts.name(&bob), "Bob Karlsson");
    let rename = |name: &str| Msg::Contact(ContactMsg::Rename(account("bob"), name.to_owned()));
    assert!(story.tell(rename("  Bobby ")).is_empty());
    assert_eq!(story.here().contacts.name(&bob), "Bobby");
    assert!(story.tell(rename(" ")).is_empty());
    assert_eq!(story.here().contacts.name(&bob), "Bob Karlsson");
}

#[test]
fn somebody_is_blocked_once_the_server_says_so() {
    let mut story = Story::home();
    let bob = account("bob");
    let effects = story.tell(Msg::Contact(ContactMsg::Block(bob.clone(), true)));
    let block = Effect::Person(PersonEffect::Block(bob.clone()));
    assert_eq!(effects, [block]);
    assert!(!story.here().contacts.is_blocked(&bob));
    let refused = ContactMsg::NotBlocked(bob.clone(), failure(Code::GeneralUnknown));
    assert!(story.tell(Msg::Contact(refused)).is_empty());
    assert!(story.here().contacts.trouble(&bob).is_some());
    assert!(story.here().contacts.trouble(&account("cy")).is_none());
    let all = ContactMsg::Blocked(vec![bob.clone()]);
    assert!(story.tell(Msg::Contact(all)).is_empty());
    assert!(story.here().contacts.is_blocked(&bob));
}

#[test]
fn only_what_is_looked_at_is_watched() {
    let mut story = Story::home();
    let me = AttrSubject::Account(account("ann"));
    let went = |screen| Msg::Nav(NavMsg::Went(screen));
    assert_eq!(
        story.tell(went(Screen::Inspector)),
        [Effect::Listen(true), watch(me.clone())]
    );
    let look = Msg::Inspect(InspectMsg::Look(ops()));
    assert_eq!(story.tell(look), [unwatch(me), watch(ops())]);
    let left = story.tell(went(Screen::Chats));
    assert_eq!(left, [Effect::Listen(false), unwatch(ops())]);
    // What is shown from elsewhere brings the screen with it.
    let look = Msg::Inspect(InspectMsg::Look(ops()));
    assert_eq!(story.tell(look), [Effect::Listen(true), watch(ops())]);
    assert_eq!(story.here().screen, Screen::Inspector);
}

#[test]
fn the_table_follows_what_is_told() {
    let mut story = Story::home();
    let look = story.tell(Msg::Inspect(InspectMsg::Look(ops())));
    assert_eq!(look, [Effect::Listen(true), watch(ops())]);
    assert_eq!(*story.here().inspector.known(), Known::Asked);
    // Of somebody else, on its way when one looked away.
    let other = AttrSubject::Account(account("cy"));
    assert!(story.hear(entries(other, "name", json!("Cy"))).is_empty());
    assert!(story.here().inspector.entries().is_empty());
    assert!(story.hear(entries(ops(), "topic", json!("one"))).is_empty());
    assert_eq!(*story.here().inspector.known(), Known::Live);

    let (name, value) = (attr("topic"), json!("two"));
    let update = WatchedChange::Update { name, value };
    assert!(story.hear(changed(ops(), update)).is_empty());
    let topic = story.here().inspector.entries().get(&attr("topic"));
    let topic = topic.expect("a topic");
    assert_eq!((&topic.value, topic.time_ms), (&json!("two"), 6));
    let del = WatchedChange::Del {
        name: attr("topic"),
    };
    assert!(story.hear(changed(ops(), del)).is_empty());
    assert!(story.here().inspector.entries().is_empty());
    assert_eq!(story.here().inspector.changes().count(), 2);
}

#[test]
fn a_file_sets_all_but_what_the_server_keeps() {
    let mut story = Story::home();
    drop(story.tell(Msg::Inspect(InspectMsg::Look(ops()))));
    let Value::Object(attrs) = json!({"topic": "x", "_member_num": 4, "_channel_ttl": 60}) else {
        panic!("no object");
    };
    let effects = story.tell(Msg::Inspect(InspectMsg::Imported(ops(), Ok(attrs))));
    let set = |name: &str, value| change(ops(), AttrStep::Set(attr(name), value));
    assert_eq!(
        effects,
        [set("_channel_ttl", json!(60)), set("topic", json!("x"))]
    );
    // One bad name, and nothing is set.
    let Value::Object(attrs) = json!({"topic": "y", "": 1}) else {
        panic!("no object");
    };
    let effects = story.tell(Msg::Inspect(InspectMsg::Imported(ops(), Ok(attrs))));
    assert_eq!(effects, []);
    assert!(matches!(
        story.here().inspector.trouble(),
        Some(Trouble::File(_))
    ));
}

#[test]
fn what_is_typed_becomes_a_value() {
    let value = |name: &str, text: &str| value_of(&ops(), name, text);
    assert_eq!(value("topic", "Releases"), Ok(json!("Releases")));
    assert_eq!(value("topic", "\"7\""), Ok(json!("7")));
    assert_eq!(value("topic", " 7 "), Ok(json!(7)));
    assert_eq!(value("oncall", "{\"a\": [1]}"), Ok(json!({"a": [1]})));
    assert!(value("oncall", "{\"a\": ").is_err());
    assert_eq!(value("_channel_ttl", "60"), Ok(json!(60)));
    assert!(value("_channel_ttl", "604801").is_err());
    assert!(value("_member_num", "3").is_err());
    // Only channels have built-in ones.
    let me = AttrSubject::Account(account("ann"));
    assert_eq!(value_of(&me, "_member_num", "3"), Ok(json!(3)));
}

#[test]
fn questions_get_their_own_answers() {
    let mut story = Story::home();
    let query = || Query::Members(room("ops"));
    let ask = || Msg::Inspect(InspectMsg::Ask(query()));
    assert_eq!(
        story.tell(ask()),
        [Effect::Inspect(InspectEffect::Ask(query()))]
    );
    drop(story.tell(ask()));
    let first = InspectMsg::Answered(query(), Ok("1".to_owned()));
    drop(story.tell(Msg::Inspect(first)));
    let answers: Vec<_> = story.here().inspector.answers().collect();
    assert_eq!(answers[0].1, Some(Ok("1".to_owned())));
    assert_eq!(answers[1].1, None);
}

#[test]
fn settings_outlast_a_session() {
    let mut story = Story::home();
    let dark = SettingsMsg::Theme(Some(Look::Dark));
    drop(story.tell(Msg::Settings(dark)));
    drop(story.tell(Msg::Settings(SettingsMsg::Scale(150))));
    // No view offers this.
    drop(story.tell(Msg::Settings(SettingsMsg::Scale(999))));
    drop(story.tell(Msg::SignIn(crate::app::msg::SignInMsg::SignOut)));
    assert_eq!(story.state.settings().theme, Some(Look::Dark));
    assert_eq!(story.state.settings().scale, 150);
}
