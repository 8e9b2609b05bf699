//! What the pictures show: a day at work of Ann's.

use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use serde_json::json;

use super::Stage;
use crate::app::msg::{CallMsg, ChatMsg, ContactMsg, InspectMsg, Msg, NavMsg, SignInMsg};
use crate::app::msg::{Credentials, Place};
use crate::app::state::tests::{Story, account, bob, calls, failure, in_call, room};
use crate::app::state::{ConversationId, Screen};
use crate::client::event::{CallEvent, ChannelEvent, ChannelView, Event, SessionEvent};
use crate::protocol::{
    Additions, AttrEntry, AttrName, AttrSubject, Cap, Caps, Code, Dtmf, GrantedLimits, Presence,
    ServerInfo, Show, Uid,
};

/// A screen to be shown.
pub(super) struct Scene {
    pub(super) name: &'static str,
    /// What has happened.
    pub(super) story: fn() -> Story,
    /// What a person does then.
    pub(super) act: fn(&mut Harness<'static, Stage>),
}

/// All screens of the window.
pub(super) const SCENES: [Scene; 15] = [
    scene("sign-in", Story::new, still),
    scene("sign-in-address", Story::new, |harness| {
        press(harness, "Other address…")
    }),
    scene("sign-in-refused", refused, still),
    scene("nothing-yet", online, still),
    scene("room", at_work, still),
    scene("person", person, still),
    scene("offline", offline, still),
    scene("new-message", at_work, |harness| key(harness, Key::N)),
    scene("join", at_work, |harness| key(harness, Key::J)),
    scene("find", at_work, |harness| key(harness, Key::K)),
    scene("people", people, still),
    scene("calls", past_calls, still),
    scene("inspector", inspector, still),
    scene("settings", || on(Screen::Settings), still),
    scene("call", talking, still),
];

const fn scene(
    name: &'static str,
    story: fn() -> Story,
    act: fn(&mut Harness<'static, Stage>),
) -> Scene {
    Scene { name, story, act }
}

fn still(_: &mut Harness<'static, Stage>) {}

fn press(harness: &mut Harness<'static, Stage>, name: &str) {
    harness.get_by_label(name).click();
}

fn key(harness: &mut Harness<'static, Stage>, key: Key) {
    harness.key_press_modifiers(Modifiers::COMMAND, key);
}

fn refused() -> Story {
    let mut story = Story::new();
    let credentials = Credentials {
        account: account("ann"),
        place: Place::ThisComputer,
    };
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    let why = failure(Code::LoginTokenExpired);
    story.tell(Msg::SignIn(SignInMsg::Failed(why)));
    story
}

/// Ann is signed in, by a server that tells how people are.
fn online() -> Story {
    let mut story = Story::home();
    let additions = Additions {
        caps: Caps::default().with(Cap::Presence).with(Cap::Block),
        resume: None,
        resumed: None,
        time_ms: 0,
        server: ServerInfo::default(),
        limits: GrantedLimits::default(),
        ice: Vec::new(),
    };
    story.hear(SessionEvent::LoginSuccess {
        uid: Uid(1),
        again: false,
        additions: Some(Box::new(additions)),
    });
    story
}

fn ops() -> ConversationId {
    ConversationId::Room(room("ops"))
}

/// Somebody says something in a room, some minutes after what was said before.
fn said_in(story: &mut Story, name: &str, from: &str, text: &str, minutes: u64) {
    pass(story, minutes);
    let event = ChannelEvent::MessageReceive {
        account: account(from),
        uid: Uid(2),
        msg: text.to_owned(),
        sent_ms: story.now.unix_ms,
        msgid: story.now.unix_ms,
        id: None,
    };
    let channel = room(name);
    story.hear(Event::Channel { channel, event });
}

/// Somebody says something to Ann.
fn said(story: &mut Story, from: &str, text: &str, minutes: u64) {
    pass(story, minutes);
    story.hear(SessionEvent::MessageInstantReceive {
        account: account(from),
        uid: Uid(2),
        msg: text.to_owned(),
        sent_ms: story.now.unix_ms,
        id: None,
    });
}

/// Ann says something.
fn says(story: &mut Story, to: ConversationId, text: &str, minutes: u64) {
    pass(story, minutes);
    let id = story.send(&to, text);
    let result = Ok(Some(story.now.unix_ms));
    story.tell(Msg::Chat(ChatMsg::Sent { to, id, result }));
}

fn pass(story: &mut Story, minutes: u64) {
    story.now.unix_ms += minutes * 60_000;
    story.now.at += Duration::from_secs(minutes * 60);
}

fn comes_in(story: &mut Story, name: &str, others: &[&str]) {
    let all = ["ann"].iter().chain(others);
    let users = all.map(|name| (account(name), Uid(3))).collect();
    let event = ChannelEvent::Joined(ChannelView {
        users,
        attrs: serde_json::Map::from_iter([("topic".to_owned(), json!("shipping 2.4"))]),
        unread: None,
    });
    let channel = room(name);
    story.hear(Event::Channel { channel, event });
}

fn is(story: &mut Story, states: &[(&str, Show, &str)]) {
    let states = states.iter().map(|(name, show, text)| Presence {
        account: account(name),
        show: *show,
        text: (*text).to_owned(),
        since_ms: story.now.unix_ms,
    });
    let states = states.collect();
    story.hear(SessionEvent::Presence(states));
}

/// A room with people in it, and more in the list.
fn at_work() -> Story {
    let mut story = online();
    for (name, others) in [
        ("ops", &["bob", "cy", "dana"][..]),
        ("support", &["bob", "erik"]),
        ("announcements", &["cy"]),
    ] {
        comes_in(&mut story, name, others);
    }
    is(
        &mut story,
        &[
            ("bob", Show::Busy, ""),
            ("cy", Show::Available, ""),
            ("dana", Show::Away, "lunch"),
            ("erik", Show::Offline, ""),
        ],
    );
    said(
        &mut story,
        "erik",
        "can you look at the invoice before noon?",
        3,
    );
    said(&mut story, "dana", "the slides are in the usual place", 4);
    said_in(
        &mut story,
        "announcements",
        "cy",
        "Maintenance on Friday at 22:00.",
        2,
    );
    story.open(&ops());
    said_in(
        &mut story,
        "ops",
        "bob",
        "the build is green on both targets",
        9,
    );
    said_in(&mut story, "ops", "bob", "shipping at ten?", 0);
    says(&mut story, ops(), "yes. cy takes the release notes", 1);
    said_in(
        &mut story,
        "ops",
        "cy",
        "on it: https://example.org/notes/2.4",
        2,
    );
    said_in(
        &mut story,
        "ops",
        "dana",
        "One thing before we ship: the new keypad swallows the second tone when two digits come within 40 ms. I have a fix, and would like somebody to listen to it.",
        6,
    );
    said_in(
        &mut story,
        "ops",
        "bob",
        "@ann can you call me when you are at your desk?",
        1,
    );
    said_in(
        &mut story,
        "support",
        "erik",
        "two more tickets about the same thing",
        1,
    );
    story
}

fn person() -> Story {
    let mut story = at_work();
    story.open(&bob());
    said(&mut story, "bob", "are you there?", 20);
    says(&mut story, bob(), "back in five minutes", 1);
    said(&mut story, "bob", "good. bring the headset", 1);
    says(&mut story, bob(), "and the numbers", 0);
    story.tell(Msg::Chat(ChatMsg::Send {
        to: bob(),
        text: "one that is still on its way".to_owned(),
    }));
    story
}

fn offline() -> Story {
    let mut story = at_work();
    story.hear(SessionEvent::LinkLost);
    story
}

fn on(screen: Screen) -> Story {
    let mut story = at_work();
    story.tell(Msg::Nav(NavMsg::Went(screen)));
    story
}

fn people() -> Story {
    let mut story = on(Screen::People);
    for name in ["bob", "cy", "dana", "erik"] {
        story.tell(Msg::Contact(ContactMsg::Add(account(name))));
    }
    let name = "Bob Karlsson".to_owned();
    story.tell(Msg::Contact(ContactMsg::Rename(account("bob"), name)));
    story.tell(Msg::Contact(ContactMsg::Open(account("bob"))));
    story
}

fn past_calls() -> Story {
    let mut story = at_work();
    story.hear(calls(1, false));
    pass(&mut story, 1);
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    pass(&mut story, 4);
    story.tell(Msg::Call(CallMsg::End(no)));
    story.tell(Msg::Call(CallMsg::Dismiss(no)));
    for (minutes, peer) in [(12, "dana"), (30, "erik"), (1, "erik")] {
        pass(&mut story, minutes);
        story.hear(SessionEvent::MissedCall {
            peer: account(peer),
            channel: room("call-1"),
            extra: String::new(),
            time_ms: story.now.unix_ms,
        });
    }
    story.tell(Msg::Nav(NavMsg::Went(Screen::Calls)));
    story
}

fn inspector() -> Story {
    let mut story = at_work();
    let subject = AttrSubject::Channel(room("ops"));
    story.tell(Msg::Inspect(InspectMsg::Look(subject.clone())));
    let values = [
        ("_channel_ttl", json!(3600)),
        ("_sendmsg_limit", json!(60)),
        ("topic", json!("shipping 2.4")),
        (
            "release",
            json!({"version": "2.4.0", "targets": ["linux", "mac"], "green": true}),
        ),
        ("rota", json!(["ann", "bob", "cy"])),
    ];
    let entries = values.into_iter().map(|(name, value)| {
        let entry = AttrEntry {
            value,
            time_ms: story.now.unix_ms - 100_000,
            by: Some(account("bob")),
        };
        (AttrName::try_from(name).expect("a name"), entry)
    });
    let entries = entries.collect();
    story.hear(SessionEvent::AttrEntries { subject, entries });
    story
}

/// In a call with Bob, who has pressed keys.
pub(super) fn talking() -> Story {
    let mut story = at_work();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    for key in ['4', '7', '#'] {
        let key = Dtmf::from_char(key).expect("a key");
        story.tell(Msg::Call(CallMsg::Key(no, key)));
    }
    story.now.at += Duration::from_secs(257);
    story
}
