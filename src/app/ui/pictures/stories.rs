//! What has happened before a picture is painted: a day at work of Ann's.

use std::time::Duration;

use serde_json::json;

use crate::app::msg::{
    CallMsg, ChatMsg, ConsoleMsg, ContactMsg, Direction, FileMsg, InspectMsg, Msg, NavMsg,
    ServerMsg, SoundMsg, SoundWord, WireFrame,
};
use crate::app::state::tests::{Story, account, bob, calls, failure, in_call, room};
use crate::app::state::{ConversationId, Purpose, Quality, Query, Screen, Tab, Who};
use crate::client::event::{
    CallEvent, CallRef, ChannelEvent, ChannelView, EndReason, Event, SessionEvent,
};
use crate::protocol::{
    AttrChanged, AttrEntry, AttrName, AttrSubject, Cap, Code, Dtmf, Presence, Show, Typing, Uid,
    WatchedChange,
};

/// Ann is signed in, by a server that tells how people are.
pub(super) fn online() -> Story {
    let mut story = Story::home();
    story.granted(&[Cap::Presence, Cap::Block, Cap::Typing]);
    story
}

pub(super) fn ops() -> ConversationId {
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
pub(super) fn at_work() -> Story {
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

pub(super) fn person() -> Story {
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

/// A conversation whose lines are higher than anybody would guess.
pub(super) fn long() -> Story {
    let mut story = at_work();
    for number in 0..200 {
        let text = format!(
            "Line {number} of MANY {}",
            "WWWW MMMM ".repeat(8 + number % 9 * 8)
        );
        said(&mut story, "bob", &text, 1);
    }
    story.open(&bob());
    story
}

pub(super) fn offline() -> Story {
    let mut story = at_work();
    story.hear(SessionEvent::LinkLost);
    story
}

pub(super) fn on(screen: Screen) -> Story {
    let mut story = at_work();
    story.tell(Msg::Nav(NavMsg::Went(screen)));
    story
}

pub(super) fn people() -> Story {
    let mut story = on(Screen::People);
    for name in ["bob", "cy", "dana", "erik"] {
        story.tell(Msg::Contact(ContactMsg::Add(account(name))));
    }
    let name = "Bob Karlsson".to_owned();
    story.tell(Msg::Contact(ContactMsg::Rename(account("bob"), name)));
    story.tell(Msg::Contact(ContactMsg::Open(account("bob"))));
    story
}

pub(super) fn past_calls() -> Story {
    let mut story = at_work();
    story.hear(calls(1, false));
    pass(&mut story, 1);
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    pass(&mut story, 4);
    story.tell(Msg::Call(CallMsg::End(no)));
    story.tell(Msg::Call(CallMsg::Dismiss(no)));
    for (minutes, peer) in [
        (12, "dana"),
        (30, "erik"),
        (1, "erik"),
        (2, "+86755820011223344556"),
    ] {
        pass(&mut story, minutes);
        missed(&mut story, peer);
    }
    story.tell(Msg::Nav(NavMsg::Went(Screen::Calls)));
    story
}

pub(super) fn inspector() -> Story {
    let mut story = at_work();
    let subject = AttrSubject::Channel(room("ops"));
    story.tell(Msg::Inspect(InspectMsg::Look(subject)));
    entries(&mut story);
    story
}

/// What the room's attributes are.
pub(super) fn entries(story: &mut Story) {
    let subject = AttrSubject::Channel(room("ops"));
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
}

/// In a call with Bob, who has pressed keys.
pub(super) fn talking() -> Story {
    let mut story = at_work();
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    let quality = Quality {
        round_trip_ms: Some(38),
        lost: (Some(0.0), Some(0.0)),
        jitter_ms: Some(3),
        kbits: (33, 31),
    };
    for word in [
        SoundWord::Connected,
        SoundWord::Present(true, true),
        SoundWord::Quality(quality),
        SoundWord::Levels(0.6, 0.35),
    ] {
        story.tell(Msg::Sound(SoundMsg::Told(CallRef(1), word)));
    }
    for key in ['4', '7', '#'] {
        let key = Dtmf::from_char(key).expect("a key");
        story.tell(Msg::Call(CallMsg::Key(no, key)));
    }
    story.now.at += Duration::from_secs(257);
    story
}

/// People write, a room is silent, somebody's call was missed.
pub(super) fn marks() -> Story {
    let mut story = at_work();
    said_in(&mut story, "support", "bob", "@ann have you seen it?", 1);
    let announcements = ConversationId::Room(room("announcements"));
    story.tell(Msg::Chat(ChatMsg::Mute(announcements, true)));
    missed(&mut story, "erik");
    for (name, channel) in [("bob", Some("ops")), ("cy", Some("ops")), ("dana", None)] {
        story.hear(SessionEvent::Typing(Typing {
            account: account(name),
            channel: channel.map(room),
        }));
    }
    story
}

/// A message that the server did not take.
pub(super) fn unsent() -> Story {
    let mut story = person();
    let id = story.send(&bob(), "a line that the server does not take");
    let result = Err(failure(Code::SendMessageTimeout));
    let to = bob();
    story.tell(Msg::Chat(ChatMsg::Sent { to, id, result }));
    story
}

/// A room that Ann has left.
pub(super) fn left() -> Story {
    let mut story = at_work();
    let event = ChannelEvent::Left {
        code: Code::LeaveChannelByUser,
    };
    let channel = room("ops");
    story.hear(Event::Channel { channel, event });
    story
}

/// No file dialog answers.
pub(super) fn no_dialog() -> Story {
    let mut story = at_work();
    let purpose = Purpose::History {
        of: ops(),
        utc_offset_min: 0,
    };
    story.tell(Msg::File(FileMsg::Ask(purpose.clone())));
    story.tell(Msg::File(FileMsg::NoDialog(purpose)));
    story
}

/// A screen with nothing on it yet.
pub(super) fn empty(screen: Screen) -> Story {
    let mut story = online();
    story.tell(Msg::Nav(NavMsg::Went(screen)));
    story
}

/// Another page of the inspector.
pub(super) fn page(tab: Tab) -> Story {
    let mut story = inspector();
    story.tell(Msg::Inspect(InspectMsg::Tab(tab)));
    let answers = [
        (Query::Members(room("ops")), Some(Ok("4".to_owned()))),
        (
            Query::List(room("ops")),
            Some(Err(failure(Code::QueryUserNumTimeout))),
        ),
        (Query::IsIn(room("ops"), account("bob")), None),
    ];
    for (query, answer) in answers {
        story.tell(Msg::Inspect(InspectMsg::Ask(query.clone())));
        if let Some(answer) = answer {
            story.tell(Msg::Inspect(InspectMsg::Answered(query, answer)));
        }
    }
    let name = AttrName::try_from("topic").expect("a name");
    let value = json!("shipping 2.4.1");
    let subject = AttrSubject::Channel(room("ops"));
    for change in [
        WatchedChange::Update {
            name: name.clone(),
            value,
        },
        WatchedChange::Del { name },
        WatchedChange::Clear,
    ] {
        story.hear(SessionEvent::AttrChanged(AttrChanged {
            subject: subject.clone(),
            change,
            time_ms: story.now.unix_ms,
            by: Some(account("bob")),
        }));
    }
    let frames = [
        (
            Direction::Sent,
            r#"{"op":"channel_query_num","ref":38,"args":{"name":"ops"}}"#,
        ),
        (Direction::Received, r#"{"re":38,"ok":{"num":4}}"#),
        (
            Direction::Received,
            r#"{"push":"channel_attr_update","args":{"channel":"ops","name":"topic","value":"shipping 2.4.1","by":"bob"}}"#,
        ),
    ];
    let frames = frames.into_iter().map(|(direction, text)| WireFrame {
        direction,
        at_ms: story.now.unix_ms,
        bytes: text.len(),
        text: text.to_owned(),
        missed: 0,
    });
    let frames = frames.collect();
    story.tell(Msg::Console(ConsoleMsg::Frames(frames)));
    story
}

pub(super) fn serving(who: Who) -> Story {
    let mut story = on(Screen::Settings);
    story.tell(Msg::Server(ServerMsg::Is(who)));
    story
}

/// Ann calls Bob, whose device has the call if it rings.
pub(super) fn calling(rings: bool) -> Story {
    let mut story = at_work();
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Placed(no, CallRef(1))));
    if rings {
        let extra = String::new();
        story.hear(in_call(1, CallEvent::ReceivedByPeer { extra }));
    }
    story
}

/// Ann has pressed Call, and the invitation has not gone out.
pub(super) fn calling_nobody_yet() -> Story {
    let mut story = at_work();
    story.tell(Msg::Call(CallMsg::Place(account("bob"))));
    story
}

pub(super) fn ringing() -> Story {
    let mut story = at_work();
    story.hear(calls(1, false));
    story
}

/// Cy calls while Ann talks to Bob.
pub(super) fn waiting() -> Story {
    let mut story = talking();
    story.hear(SessionEvent::InviteReceived {
        call: CallRef(2),
        channel: room("call-2"),
        peer: account("cy"),
        extra: String::new(),
        glare: false,
    });
    story
}

/// Bob waits while Ann talks to Cy.
pub(super) fn held() -> Story {
    let mut story = waiting();
    let no = story.here().calls.all()[1].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(2, CallEvent::Accepted));
    story
}

pub(super) fn ended() -> Story {
    let mut story = talking();
    let extra = String::new();
    story.hear(in_call(1, CallEvent::Ended(EndReason::EndByPeer { extra })));
    story
}

pub(super) fn unanswered() -> Story {
    let mut story = calling(true);
    story.hear(in_call(1, CallEvent::Ended(EndReason::NoAnswer)));
    story
}

fn missed(story: &mut Story, peer: &str) {
    story.hear(SessionEvent::MissedCall {
        peer: account(peer),
        channel: room("call-1"),
        extra: String::new(),
        time_ms: story.now.unix_ms,
    });
}

/// The same with the list in sight, however narrow the window is.
pub(super) fn closed(mut story: Story) -> Story {
    story.tell(Msg::Nav(NavMsg::Closed));
    story
}
