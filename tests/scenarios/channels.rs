//! Channels: joining, leaving, speaking, asking, and the two special ones.

use std::time::Duration;

use callsign::hub::{AppRules, Settings};
use callsign::protocol::Account;
use serde_json::json;

use crate::assert_story;
use crate::support::{Generation, World, one_app};

/// Alice and Bob in one room.
fn room() -> World {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.join("the room"));
    world.does("bob", |bob| bob.join("the room"));
    world.forget();
    world
}

#[test]
fn joining_shows_the_members_and_tells_the_others() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.join("the room"));
    world.does("alice", |alice| {
        alice.set_attr("the room", "topic", json!("ships"))
    });
    world.does("bob", |bob| bob.join("the room"));
    world.does("alice", |alice| alice.leave());
    assert_story!(world);
}

#[test]
fn everybody_hears_a_message_and_so_does_its_sender() {
    let mut world = room();
    world.does("alice", |alice| alice.say("hello"));
    assert_story!(world);
}

#[test]
fn only_members_speak_unless_by_force() {
    let mut world = room();
    world.sign_in("carol", Generation::V14);
    world.forget();
    for force in [false, true] {
        world.does("carol", |carol| {
            carol.call(
                "channel_sendmsg",
                json!({ "name": "the room", "msg": "hello", "force": force }),
            );
        });
    }
    assert_story!(world);
}

/// Protocol page, section 9: a 1.x client has one current channel.
#[test]
fn joining_another_channel_leaves_the_first() {
    let mut world = room();
    world.does("bob", |bob| bob.join("another room"));
    world.does("alice", |alice| alice.say("gone?"));
    assert_story!(world);
}

#[test]
fn joining_twice_is_joining_once() {
    let mut world = room();
    world.does("bob", |bob| bob.join("the room"));
    world.does("bob", |bob| {
        bob.call("channel_query_num", json!({ "name": "the room" }))
    });
    assert_story!(world);
}

#[test]
fn leaving_a_channel_one_is_not_in_fails() {
    let mut world = room();
    world.does("alice", |alice| alice.leave());
    world.does("bob", |bob| {
        bob.call("channel_leave", json!({ "name": "another room" }))
    });
    assert_story!(world);
}

#[test]
fn a_lost_link_leaves_the_channel() {
    let mut world = room();
    world.cut("bob");
    world.advance(Duration::from_secs(1));
    assert_story!(world);
}

/// Protocol page, section 9: with one counter for each channel, a client that moves goes deaf in its new channel.
#[test]
fn a_client_that_moves_during_a_burst_hears_the_new_channel() {
    let mut world = room();
    for n in 0..20 {
        world.does("alice", |alice| alice.say(&format!("burst {n}")));
    }
    world.does("bob", |bob| bob.join("quiet"));
    world.does("bob", |bob| bob.say("hello?"));
    assert!(
        world
            .last("bob", "onMessageChannelReceive")
            .is_some_and(|line| line.contains("hello?"))
    );
}

#[test]
fn the_sixty_first_message_of_a_second_is_refused() {
    let mut world = room();
    world.does("alice", |alice| {
        (0..61).for_each(|n| alice.say(&format!("message {n}")))
    });
    assert_eq!(world.count("bob", "onMessageChannelReceive"), 60);
    assert_eq!(world.count("alice", "channel_sendmsg failed"), 1);
    world.advance(Duration::from_secs(1));
    world.does("alice", |alice| alice.say("the next second"));
    assert_eq!(world.count("bob", "onMessageChannelReceive"), 61);
}

#[test]
fn a_full_channel_refuses_the_next() {
    let mut settings = Settings::open([7; 32]);
    settings.limits.members = 1;
    let mut world = World::with_settings(settings);
    for name in ["alice", "bob"] {
        world.sign_in(name, Generation::V14);
        world.does(name, |client| client.join("the room"));
    }
    assert_story!(world);
}

#[test]
fn every_question_has_its_answer() {
    let mut world = room();
    world.sign_in("carol", Generation::V14);
    world.forget();
    for (function, args) in [
        ("user_query_user_status", json!({ "account": "bob" })),
        ("user_query_user_status", json!({ "account": "nobody" })),
        ("channel_query_num", json!({ "name": "the room" })),
        ("channel_query_num", json!({ "name": "no room" })),
        (
            "channel_query_user_isin",
            json!({ "name": "the room", "account": "bob" }),
        ),
        (
            "channel_query_user_isin",
            json!({ "name": "the room", "account": "carol" }),
        ),
        ("channel_query_userlist", json!({ "name": "the room" })),
        ("channel_query_userlist_all", json!({ "name": "the room" })),
        (
            "channel_query_userlist_all",
            json!({ "name": "the room", "num": 1 }),
        ),
        ("channel_query_userlist", json!({ "name": "no room" })),
    ] {
        world.does("carol", |carol| carol.call(function, args));
    }
    assert_story!(world);
}

#[test]
fn the_hundred_and_first_question_of_a_second_is_refused() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| {
        (0..101).for_each(|_| alice.call("channel_query_num", json!({ "name": "room" })));
    });
    assert_eq!(world.count("alice", "channel_query_num ->"), 100);
    assert_eq!(world.count("alice", "channel_query_num failed"), 1);
}

/// An app whose account `watcher` may join the special channels.
fn watched() -> World {
    let rules = AppRules {
        observers: [Account::try_from("watcher").expect("a name")].into(),
        ..AppRules::default()
    };
    let mut world = World::with_settings(one_app(rules));
    world.sign_in("watcher", Generation::V14);
    world.forget();
    world
}

#[test]
fn observers_see_who_comes_and_goes() {
    let mut world = watched();
    world.does("watcher", |watcher| watcher.join("_agora_user_online"));
    world.sign_in("alice", Generation::V14);
    world.does("alice", |alice| alice.call("user_logout", json!({})));
    assert_story!(world);
}

#[test]
fn observers_see_who_joins_and_leaves_channels() {
    let mut world = watched();
    world.does("watcher", |watcher| watcher.join("__agora_channel_event"));
    world.sign_in("alice", Generation::V14);
    world.does("alice", |alice| alice.join("the room"));
    world.cut("alice");
    assert_story!(world);
}

#[test]
fn special_channels_are_for_observers_and_for_listening() {
    let mut world = watched();
    world.sign_in("alice", Generation::V14);
    world.does("alice", |alice| alice.join("_agora_user_online"));
    world.does("watcher", |watcher| watcher.join("_agora_user_online"));
    world.does("watcher", |watcher| watcher.say("hello"));
    world.does("watcher", |watcher| {
        watcher.set_attr("_agora_user_online", "topic", json!("x"))
    });
    world.does("watcher", |watcher| watcher.join("the room"));
    assert_story!(world);
}

#[test]
fn the_twenty_first_join_of_a_second_is_refused() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| {
        (0..21).for_each(|n| alice.join(&format!("room{n}")))
    });
    assert_eq!(world.count("alice", "onChannelJoined"), 20);
    assert_eq!(
        world.last("alice", "onChannelJoinFailed").as_deref(),
        Some("onChannelJoinFailed(more than 20 joins in a second)")
    );
}

#[test]
fn sending_by_force_has_the_same_rate() {
    let mut world = room();
    world.sign_in("carol", Generation::V14);
    world.does("carol", |carol| {
        let args = json!({ "name": "the room", "msg": "hello", "force": true });
        (0..61).for_each(|_| carol.call("channel_sendmsg", args.clone()));
    });
    assert_eq!(world.count("bob", "onMessageChannelReceive"), 60);
}

/// Protocol page, section 18: sending twice is safe.
#[test]
fn a_repeated_channel_message_is_answered_again_and_heard_once() {
    let mut world = room();
    for _ in 0..2 {
        world.does("alice", |alice| {
            alice.call(
                "channel_sendmsg",
                json!({ "name": "the room", "msg": "once", "msgID": "m1" }),
            );
        });
    }
    assert_eq!(world.count("bob", "onMessageChannelReceive"), 1);
    assert_eq!(world.count("alice", "channel_sendmsg failed"), 0);
}

#[test]
fn lists_show_the_latest_two_hundred() {
    let mut settings = Settings::open([7; 32]);
    settings.limits.logins_per_address = 0;
    let mut world = World::with_settings(settings);
    for n in 0..201 {
        let name = format!("user{n}");
        world.sign_in(&name, Generation::V14);
        world.does(&name, |client| client.join("hall"));
    }
    let list = world.last("user200", "onChannelUserList").expect("a list");
    assert_eq!(list.split(',').count(), 200);
    assert!(list.starts_with("onChannelUserList(user1,"));
}

/// A long list counts for several questions.
#[test]
fn long_lists_use_up_the_rate_of_questions() {
    let mut settings = Settings::open([7; 32]);
    settings.limits.logins_per_address = 0;
    let mut world = World::with_settings(settings);
    for n in 0..200 {
        let name = format!("user{n}");
        world.sign_in(&name, Generation::V14);
        world.does(&name, |client| client.join("hall"));
    }
    world.does("user0", |client| {
        (0..60).for_each(|_| client.call("channel_query_userlist_all", json!({ "name": "hall" })));
    });
    assert_eq!(world.count("user0", "channel_query_userlist_all ->"), 50);
}
