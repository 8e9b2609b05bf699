//! Attributes of channels and users, and what the built-in ones do.

use std::time::Duration;

use callsign::hub::{AppRules, AttrOwner, StoreOp};
use serde_json::json;

use crate::assert_story;
use crate::support::{Generation, World, one_app};

fn room() -> World {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| alice.join("room"));
    world.does("bob", |bob| bob.join("room"));
    world.forget();
    world
}

#[test]
fn every_change_is_told_to_all_members() {
    let mut world = room();
    world.does("alice", |alice| {
        alice.set_attr("room", "topic", json!("ships"))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "seats", json!({ "left": [1, 2] }))
    });
    world.does("bob", |bob| {
        bob.call(
            "channel_del_attr",
            json!({ "channel": "room", "name": "topic" }),
        )
    });
    world.does("bob", |bob| {
        bob.call("channel_clear_attr", json!({ "channel": "room" }))
    });
    assert_story!(world);
}

#[test]
fn nothing_is_told_where_nothing_changes() {
    let mut world = room();
    world.does("bob", |bob| {
        bob.call(
            "channel_del_attr",
            json!({ "channel": "room", "name": "topic" }),
        )
    });
    world.does("bob", |bob| {
        bob.call("channel_clear_attr", json!({ "channel": "room" }))
    });
    world.does("bob", |bob| {
        bob.call("channel_clear_attr", json!({ "channel": "no room" }))
    });
    assert_story!(world);
}

#[test]
fn one_may_set_attributes_of_a_channel_one_is_not_in() {
    let mut world = room();
    world.sign_in("carol", Generation::V14);
    world.forget();
    world.does("carol", |carol| {
        carol.set_attr("room", "topic", json!("ships"))
    });
    world.does("carol", |carol| {
        carol.set_attr("later", "topic", json!("tea"))
    });
    world.does("carol", |carol| carol.join("later"));
    assert_story!(world);
}

#[test]
fn a_quiet_channel_announces_nobody() {
    let mut world = room();
    world.does("alice", |alice| {
        alice.set_attr("room", "_userNotification", json!(0))
    });
    world.sign_in("carol", Generation::V14);
    world.does("carol", |carol| carol.join("room"));
    world.does("carol", |carol| carol.leave());
    world.does("bob", |bob| {
        bob.call(
            "channel_del_attr",
            json!({ "channel": "room", "name": "_userNotification" }),
        )
    });
    world.does("carol", |carol| carol.join("room"));
    assert_story!(world);
}

/// "No change within the interval, no event; many changes, one event."
#[test]
fn the_number_of_members_is_told_as_often_as_asked() {
    let mut world = room();
    world.does("alice", |alice| {
        alice.set_attr("room", "_userNotification", json!(0))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "_auto_update_num", json!("30"))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "_auto_update_total_num", json!(10))
    });
    for name in ["carol", "dave"] {
        world.sign_in(name, Generation::V14);
        world.does(name, |client| client.join("room"));
    }
    world.advance(Duration::from_secs(90));
    world.does("dave", |dave| dave.leave());
    world.advance(Duration::from_secs(60));
    assert_story!(world);
}

#[test]
fn a_channel_with_attributes_outlives_its_members_for_its_time() {
    for (after, kept) in [(7199, true), (7200, false)] {
        let mut world = World::with(&["alice"]);
        world.does("alice", |alice| alice.join("room"));
        world.does("alice", |alice| {
            alice.set_attr("room", "topic", json!("ships"))
        });
        world.does("alice", |alice| alice.leave());
        world.forget();
        // The minute's polls keep the session; only time itself is the subject.
        world.advance(Duration::from_secs(after));
        world.does("alice", |alice| alice.join("room"));
        assert_eq!(
            world.transcript().contains("onChannelAttrUpdated(topic"),
            kept
        );
        let forgotten = world
            .ops
            .iter()
            .any(|op| matches!(op, StoreOp::ClearAttrs { .. }));
        assert_eq!(forgotten, !kept);
    }
}

#[test]
fn a_channel_may_ask_for_another_time_to_live() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.join("room"));
    world.does("alice", |alice| {
        alice.set_attr("room", "_channel_ttl", json!(5))
    });
    world.does("alice", |alice| alice.leave());
    world.advance(Duration::from_secs(5));
    let of_room =
        |owner: &AttrOwner| matches!(owner, AttrOwner::Channel(_, name) if name.as_str() == "room");
    let cleared = |op: &StoreOp| matches!(op, StoreOp::ClearAttrs { owner } if of_room(owner));
    assert!(world.ops.iter().any(cleared));
}

#[test]
fn a_channel_may_set_its_own_limits() {
    let mut world = room();
    world.does("alice", |alice| {
        alice.set_attr("room", "_sendmsg_limit", json!(2))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "_setattr_limit", json!(1))
    });
    world.does("alice", |alice| {
        (0..3).for_each(|n| alice.say(&format!("message {n}")))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "topic", json!("one"))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "topic", json!("two"))
    });
    assert_story!(world);
}

#[test]
fn built_in_attributes_take_only_what_they_mean() {
    let mut world = room();
    for (name, value) in [
        ("_userNotification", json!(2)),
        ("_channel_ttl", json!(-1)),
        ("_member_num", json!(7)),
        ("_auto_update_num", json!("often")),
        ("_sendmsg_limit", json!(10_001)),
    ] {
        world.does("alice", |alice| alice.set_attr("room", name, value));
    }
    assert_story!(world);
}

#[test]
fn attributes_of_users_are_read_by_all() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| {
        alice.call("user_set_attr", json!({ "name": "colour", "value": "red" }))
    });
    world.does("alice", |alice| {
        alice.call("user_set_attr", json!({ "name": "age", "value": 7 }))
    });
    world.does("bob", |bob| {
        bob.call(
            "user_get_attr",
            json!({ "account": "alice", "name": "colour" }),
        )
    });
    world.does("bob", |bob| {
        bob.call(
            "user_get_attr",
            json!({ "account": "alice", "name": "shoe" }),
        )
    });
    world.does("bob", |bob| {
        bob.call("user_get_attr_all", json!({ "account": "alice" }))
    });
    world.does("bob", |bob| {
        bob.call("user_get_attr_all", json!({ "account": "nobody" }))
    });
    assert_story!(world);
}

#[test]
fn names_and_values_have_their_sizes() {
    let mut world = room();
    let (long, large) = ("n".repeat(129), "v".repeat(8193));
    world.does("alice", |alice| alice.set_attr("room", &long, json!(1)));
    world.does("alice", |alice| {
        alice.set_attr("room", "topic", json!(large))
    });
    world.does("alice", |alice| {
        alice.call("user_set_attr", json!({ "name": "colour" }))
    });
    assert_story!(world);
}

#[test]
fn a_shorter_interval_counts_at_once() {
    let mut world = room();
    world.does("alice", |alice| {
        alice.set_attr("room", "_auto_update_num", json!(3600))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "_auto_update_num", json!(5))
    });
    world.forget();
    world.advance(Duration::from_secs(6));
    assert!(
        world
            .transcript()
            .starts_with("5.000 alice: onChannelAttrUpdated(_member_num, 2, update)")
    );
}

/// Distinct accounts are counted, also where all of them are shown as 0.
#[test]
fn all_who_ever_joined_are_counted_by_their_account() {
    let mut world = World::with_settings(one_app(AppRules {
        uid_zero: true,
        ..AppRules::default()
    }));
    for name in ["alice", "bob"] {
        world.sign_in(name, Generation::V14);
        world.does(name, |client| client.join("room"));
    }
    world.does("alice", |alice| {
        alice.set_attr("room", "_auto_update_total_num", json!(1))
    });
    world.does("alice", |alice| {
        alice.set_attr("room", "_auto_update_num", json!(1))
    });
    world.advance(Duration::from_secs(1));
    let told = world.last("alice", "onChannelAttrUpdated(_total_member_num");
    assert_eq!(
        told.as_deref(),
        Some("onChannelAttrUpdated(_total_member_num, 2, update)")
    );
}

#[test]
fn one_user_makes_only_so_many_changes_a_second() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| {
        (0..101).for_each(|n| alice.set_attr(&format!("room{n}"), "topic", json!("x")));
    });
    assert_eq!(
        world.count("alice", "channel_set_attr failed: more than 100 changes"),
        1
    );
}
