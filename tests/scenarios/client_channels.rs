//! Channels of client cores: the mirror is what the server has, whatever happens to links.

use std::time::Duration;

use callsign::client::core::{Action, Answer};
use callsign::client::event::{ChannelEvent, Event};
use callsign::protocol::{AttrName, Code, Reply, Request};
use serde_json::json;

use crate::support::lab::{Delay, KINDS, Lab, account, channel, unlimited};

/// What a client was told of a channel.
fn told(lab: &Lab, name: &str, room: &str) -> Vec<ChannelEvent> {
    let events = lab.sdks[name].events.iter();
    events
        .filter_map(|event| {
            if let Event::Channel { channel, event } = event
                && channel.as_str() == room
            {
                Some(event.clone())
            } else {
                None
            }
        })
        .collect()
}

fn left(lab: &Lab, name: &str, room: &str) -> Vec<u16> {
    let told = told(lab, name, room).into_iter();
    told.filter_map(|event| {
        if let ChannelEvent::Left { code } = event {
            Some(code.number())
        } else {
            None
        }
    })
    .collect()
}

fn set(lab: &mut Lab, name: &str, room: &str, attr: &str, value: serde_json::Value) {
    let request = Request::ChannelSetAttr {
        channel: channel(room),
        name: AttrName::try_from(attr).expect("a name"),
        value,
    };
    lab.does(name, Action::Invoke(request));
}

fn names(lab: &mut Lab, name: &str, room: &str) -> Vec<String> {
    let view = lab.view(name, room).expect("a member");
    view.users
        .into_iter()
        .map(|(account, _)| account.to_string())
        .collect()
}

/// The server's own list.
fn list(lab: &mut Lab, asker: &str, room: &str) -> Vec<String> {
    let request = Request::ChannelQueryUserList {
        name: channel(room),
    };
    let request = lab.does(asker, Action::Invoke(request));
    lab.run(Duration::from_secs(5));
    match lab.answer(asker, request) {
        Some(Ok(Answer::Reply(Reply::ChannelUsers { list, .. }))) => list
            .iter()
            .map(|(account, _)| account.to_string())
            .collect(),
        other => panic!("no list: {other:?}"),
    }
}

#[test]
fn joining_shows_who_is_there_and_who_comes_and_goes() {
    let mut lab = Lab::with(&["alice", "bob", "carol"]);
    for name in ["alice", "bob", "carol"] {
        lab.joins(name, "room");
        lab.run(Duration::from_secs(1));
    }
    assert_eq!(names(&mut lab, "alice", "room"), ["alice", "bob", "carol"]);
    set(&mut lab, "bob", "room", "topic", json!("tea"));
    lab.run(Duration::from_secs(1));
    assert_eq!(
        lab.view("carol", "room").expect("a member").attrs["topic"],
        "tea"
    );
    let leave = lab.does("bob", Action::ChannelLeave(channel("room")));
    lab.run(Duration::from_secs(1));
    assert_eq!(lab.answer("bob", leave), Some(&Ok(Answer::Done)));
    assert_eq!(left(&lab, "bob", "room"), [602]);
    assert_eq!(names(&mut lab, "alice", "room"), ["alice", "carol"]);
}

#[test]
fn joining_another_channel_leaves_the_first() {
    let mut lab = Lab::with(&["alice"]);
    for room in ["red", "green"] {
        lab.joins("alice", room);
        lab.run(Duration::from_secs(1));
    }
    assert_eq!(left(&lab, "alice", "red"), [602]);
    assert_eq!(left(&lab, "alice", "green"), [0; 0]);
    assert_eq!(lab.view("alice", "red"), None);
}

#[test]
fn a_refused_join_says_why() {
    let mut lab = Lab::with(&["alice"]);
    let request = lab.joins("alice", "_agora_user_online");
    lab.run(Duration::from_secs(1));
    let answer = lab.answer("alice", request).expect("an answer");
    assert_eq!(
        answer.as_ref().expect_err("refused").code(),
        Code::JoinChannelOther
    );
}

#[test]
fn a_lost_link_comes_back_into_its_channel() {
    let mut lab = Lab::with(&["alice", "bob"]);
    for name in ["alice", "bob"] {
        lab.joins(name, "room");
    }
    lab.run(Duration::from_secs(1));
    lab.cut("alice");
    lab.run(Duration::from_millis(50));
    set(&mut lab, "bob", "room", "topic", json!("tea"));
    lab.run(Duration::from_secs(2));
    let told = told(&lab, "alice", "room");
    let Some(ChannelEvent::Rejoined(view)) = told.last() else {
        panic!("{told:?}")
    };
    assert_eq!(view.attrs["topic"], "tea");
    assert_eq!(names(&mut lab, "bob", "room"), ["bob", "alice"]);
    let said = lab.says_in("alice", "room", "back");
    lab.run(Duration::from_secs(1));
    assert!(matches!(
        lab.answer("alice", said),
        Some(Ok(Answer::Sent(_)))
    ));
}

#[test]
fn leaving_the_session_leaves_the_channel() {
    let mut lab = Lab::with(&["alice", "bob"]);
    for name in ["alice", "bob"] {
        lab.joins(name, "room");
    }
    lab.run(Duration::from_secs(1));
    lab.command(
        "alice",
        callsign::client::core::Command::Logout { session: None },
    );
    lab.serving = false;
    lab.cut("bob");
    lab.run(Duration::from_secs(60));
    assert_eq!(left(&lab, "alice", "room"), [603]);
    assert_eq!(left(&lab, "bob", "room"), [604]);
}

/// What was said to a channel before the link was lost arrives once, in order, after the client is in again.
#[test]
fn a_link_lost_at_any_step_doubles_no_channel_message() {
    for (seed, frames) in (0..).map(|seed| (seed, seed / 2)) {
        let mut lab = Lab::new(Delay::UpTo(Duration::from_millis(40)), seed as u64);
        lab.caps = KINDS[seed % 2];
        for name in ["alice", "bob"] {
            lab.sign_in(name, unlimited());
            lab.run(Duration::from_secs(1));
            lab.joins(name, "room");
        }
        lab.run(Duration::from_secs(1));
        lab.cut_after("alice", frames);
        let mut asked = Vec::new();
        for number in 0..8 {
            asked.push(lab.says_in("alice", "room", &number.to_string()));
            lab.run(Duration::from_millis(15));
        }
        lab.run(Duration::from_secs(20));
        let heard: Vec<_> = (told(&lab, "bob", "room").into_iter())
            .filter_map(|event| {
                if let ChannelEvent::MessageReceive { account, msg, .. } = event
                    && account.as_str() == "alice"
                {
                    Some(msg)
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(heard, ["0", "1", "2", "3", "4", "5", "6", "7"], "{frames}");
        for request in asked {
            let answer = lab.answer("alice", request);
            assert!(
                matches!(answer, Some(Ok(Answer::Sent(_)))),
                "{frames} {answer:?}"
            );
        }
        if lab.cuts == 0 {
            break;
        }
    }
}

#[test]
fn mirrors_agree_with_the_server_whatever_happens() {
    const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
    for seed in 0..20 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut lab = Lab::new(Delay::UpTo(Duration::from_millis(60)), seed);
        for (place, name) in NAMES.into_iter().enumerate() {
            // Both kinds of clients share the channels.
            lab.caps = KINDS[usize::from(place as u64 % 3 == seed % 3)];
            lab.sign_in(name, unlimited());
        }
        lab.run(Duration::from_secs(1));
        for _ in 0..80 {
            let name = NAMES[rng.usize(0..NAMES.len())];
            let room = ["red", "green"][rng.usize(0..2)];
            match rng.u8(0..6) {
                0 | 1 => drop(lab.joins(name, room)),
                2 => drop(lab.does(name, Action::ChannelLeave(channel(room)))),
                3 => set(&mut lab, name, room, "topic", json!(rng.u8(..))),
                4 => drop(lab.says_in(name, room, "hello")),
                _ => lab.cut(name),
            }
            lab.run(Duration::from_millis(rng.u64(0..80)));
        }
        lab.run(Duration::from_secs(60));
        for room in ["red", "green"] {
            let list = list(&mut lab, "alice", room);
            for name in NAMES {
                match lab.view(name, room) {
                    Some(view) => {
                        let users: Vec<_> = view
                            .users
                            .iter()
                            .map(|(user, _)| user.to_string())
                            .collect();
                        assert_eq!(users, list, "{seed} {name} {room}");
                    }
                    None => assert!(
                        !list.contains(&account(name).to_string()),
                        "{seed} {name} {room}"
                    ),
                }
            }
        }
    }
}
