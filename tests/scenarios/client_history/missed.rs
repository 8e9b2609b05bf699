//! Who misses what: comebacks, gaps, lost answers and killed servers; whoever comes back is told at least how much they did not hear.

use std::time::Duration;

use callsign::client::core::{Action, Command};
use callsign::client::event::ChannelEvent;
use callsign::protocol::{AttrName, Request};
use serde_json::json;

use super::{
    A_MOMENT, A_WHILE, GIVEN_UP, all, in_room, join, misses_no_more_than_told, rejoined, say,
    signed_in, signs_out, texts, told,
};
use crate::support::lab::{Delay, Lab, channel};

#[test]
fn it_all_survives_a_restart() {
    let mut lab = in_room(&["alice", "bob"]);
    say(&mut lab, "alice", &["heard"]);
    signs_out(&mut lab, "bob");
    say(&mut lab, "alice", &["one", "two"]);
    let before = all(&mut lab, "alice");
    lab.kill_server();
    lab.run(A_WHILE);
    // Its client says how far it has heard, over the restart.
    assert_eq!(rejoined(&lab, "alice").unread, Some(0));
    say(&mut lab, "alice", &["three"]);
    signed_in(&mut lab, &["bob"]);
    let after = all(&mut lab, "bob");
    assert_eq!(after[..3], before[..]);
    assert_eq!(texts(&after[3..]), ["three"]);
    assert_eq!(join(&mut lab, "bob"), Some(3));
}

/// Rather too much than too little: what was said right before the kill may not have come.
#[test]
fn whoever_was_there_when_the_server_was_killed_is_told_the_last_minutes() {
    let mut lab = in_room(&["alice", "bob"]);
    say(&mut lab, "alice", &["long before"]);
    lab.run(Duration::from_secs(200));
    say(&mut lab, "alice", &["right before"]);
    // Not as one who comes back, but as one who begins anew.
    lab.serving = false;
    lab.kill_server();
    lab.run(A_MOMENT);
    signs_out(&mut lab, "bob");
    lab.serving = true;
    signed_in(&mut lab, &["bob"]);
    assert_eq!(join(&mut lab, "bob"), Some(1));
}

/// Not those who were there at the kill before and never came since.
#[test]
fn whoever_was_there_at_a_kill_and_stayed_away_misses_all_since_also_after_the_next() {
    let mut lab = in_room(&["alice", "bob"]);
    lab.serving = false;
    lab.kill_server();
    lab.run(A_MOMENT);
    signs_out(&mut lab, "bob");
    lab.serving = true;
    lab.run(A_WHILE);
    lab.run(A_WHILE);
    say(&mut lab, "alice", &["one", "two"]);
    lab.run(Duration::from_secs(200));
    say(&mut lab, "alice", &["three"]);
    lab.kill_server();
    lab.run(A_WHILE);
    signed_in(&mut lab, &["bob"]);
    assert_eq!(join(&mut lab, "bob"), Some(3));
}

#[test]
fn an_orderly_stop_keeps_how_far_everybody_has_heard() {
    let mut lab = in_room(&["alice", "bob"]);
    say(&mut lab, "alice", &["one", "two"]);
    lab.run(Duration::from_secs(25));
    lab.serving = false;
    lab.drain_server();
    lab.run(A_MOMENT);
    lab.command("bob", Command::Logout { session: None });
    lab.kill_server_after_all_is_kept();
    lab.serving = true;
    lab.run(A_WHILE);
    signed_in(&mut lab, &["bob"]);
    assert_eq!(join(&mut lab, "bob"), Some(0));
}

#[test]
fn a_lost_link_that_is_not_taken_up_in_time_misses_what_was_said_since() {
    let mut lab = in_room(&["alice", "bob"]);
    say(&mut lab, "alice", &["heard"]);
    lab.run(A_MOMENT);
    lab.hush("bob");
    say(&mut lab, "alice", &["into", "the", "void"]);
    lab.serving = false;
    lab.run(Duration::from_secs(30) + GIVEN_UP);
    say(&mut lab, "alice", &["and more"]);
    lab.serving = true;
    lab.run(Duration::from_secs(60));
    assert_eq!(rejoined(&lab, "bob").unread, Some(4));
}

#[test]
fn a_session_that_is_taken_up_with_a_gap_learns_how_much_is_missing() {
    let mut lab = in_room(&["alice", "bob"]);
    say(&mut lab, "alice", &["heard"]);
    lab.hush("bob");
    // More than is remembered for those who come back.
    let mut words = 0;
    while words < 300 {
        lab.says_in("alice", "room", "void");
        lab.run(Duration::from_millis(20));
        words += 1;
    }
    lab.run(Duration::from_secs(25));
    let view = rejoined(&lab, "bob");
    assert_eq!(view.unread, Some(words));
}

/// The answer to a join may be lost, and the session be taken up as if nothing were missing.
#[test]
fn what_a_lost_answer_told_is_told_again() {
    for frames in 0..10 {
        let mut lab = in_room(&["alice", "bob"]);
        lab.hush("bob");
        let topic = Request::ChannelSetAttr {
            channel: channel("room"),
            name: AttrName::try_from("topic").expect("a name"),
            value: json!("tea"),
        };
        lab.does("alice", Action::Invoke(topic));
        say(&mut lab, "alice", &["one", "two"]);
        lab.kill_server();
        lab.cut_after("bob", frames);
        lab.run(Duration::from_secs(60));
        let view = rejoined(&lab, "bob");
        assert_eq!(view.unread, Some(2), "after {frames} frames");
        assert_eq!(view.attrs["topic"], "tea");
    }
}

/// Runs until a link is cut that is about to be.
fn until_cut(lab: &mut Lab, name: &str, frames: usize) {
    let cuts = lab.cuts;
    lab.cut_after(name, frames);
    for _ in 0..100 {
        if lab.cuts > cuts {
            break;
        }
        lab.run(Duration::from_millis(100));
    }
}

/// What else comes before the answer to a join does not say how much was missed.
#[test]
fn what_is_heard_before_the_answer_to_a_join_hides_nothing_that_was_missed() {
    for first in 0..12 {
        for second in 0..8 {
            let mut lab = in_room(&["alice", "bob"]);
            lab.hush("bob");
            say(&mut lab, "alice", &["missed"]);
            lab.kill_server();
            until_cut(&mut lab, "bob", first);
            lab.says_in("alice", "room", "heard");
            until_cut(&mut lab, "bob", second);
            lab.kill_server();
            lab.run(Duration::from_secs(60));
            lab.says_in("alice", "room", "last");
            lab.run(Duration::from_secs(5));
            let kept = all(&mut lab, "alice");
            let story = first * 100 + second;
            misses_no_more_than_told(&told(&lab, "bob"), &kept, story as u64);
        }
    }
}

/// The same for who joins for the first time in this session, where another room is heard.
#[test]
fn what_is_heard_elsewhere_before_the_answer_to_a_join_hides_nothing() {
    for first in 0..6 {
        for second in 0..8 {
            let mut lab = in_room(&["alice", "bob"]);
            signs_out(&mut lab, "bob");
            say(&mut lab, "alice", &["missed"]);
            signed_in(&mut lab, &["bob"]);
            for name in ["alice", "bob"] {
                lab.joins(name, "elsewhere");
                lab.run(A_MOMENT);
            }
            lab.says_in("alice", "elsewhere", "hello");
            lab.run(A_MOMENT);
            lab.joins("bob", "room");
            until_cut(&mut lab, "bob", first);
            lab.says_in("alice", "elsewhere", "again");
            until_cut(&mut lab, "bob", second);
            lab.kill_server();
            lab.run(Duration::from_secs(60));
            lab.says_in("alice", "room", "last");
            lab.run(Duration::from_secs(5));
            let kept = all(&mut lab, "alice");
            let since = kept.iter().position(|(_, text)| text == "missed");
            let since = since.expect("is kept");
            let story = first * 100 + second;
            let told = told(&lab, "bob");
            misses_no_more_than_told(&told, &kept[since..], story as u64);
        }
    }
}

/// The answer to a join is lost, and nobody asks again until long after the session was taken up.
#[test]
fn what_a_join_that_was_given_up_would_have_told_is_told_by_the_next() {
    let mut lab = in_room(&["alice", "bob"]);
    signs_out(&mut lab, "bob");
    say(&mut lab, "alice", &["one", "two", "three"]);
    signed_in(&mut lab, &["bob"]);
    let asked = lab.joins("bob", "room");
    lab.run(Duration::from_millis(15));
    lab.hush("bob");
    lab.run(Duration::from_secs(25));
    assert!(matches!(lab.answer("bob", asked), Some(Err(_))), "given up");
    lab.run(Duration::from_secs(30));
    say(&mut lab, "alice", &["four"]);
    lab.run(Duration::from_secs(30));
    assert_eq!(join(&mut lab, "bob"), Some(4));
    lab.run(Duration::from_secs(25));
    assert_eq!(join(&mut lab, "bob"), Some(0), "now it is told");
}

/// The answer is only late: the server takes it to have come, and tells from then on what is said.
#[test]
fn what_a_join_that_was_given_up_tells_late_is_told() {
    let mut lab = in_room(&["alice", "bob"]);
    signs_out(&mut lab, "bob");
    say(&mut lab, "alice", &["one", "two", "three"]);
    signed_in(&mut lab, &["bob"]);
    lab.delay = Delay::Even(Duration::from_millis(10_500));
    let asked = lab.joins("bob", "room");
    lab.run(Duration::from_millis(20_900));
    assert!(matches!(lab.answer("bob", asked), Some(Err(_))), "given up");
    assert!(told(&lab, "bob").last().is_some_and(is_left), "as before");
    lab.delay = Delay::Even(Duration::from_millis(10));
    lab.run(A_WHILE);
    let joined = told(&lab, "bob").pop();
    let Some(ChannelEvent::Joined(view)) = joined else {
        panic!("is not in: {joined:?}");
    };
    assert_eq!(view.unread, Some(3));
    // What else was slow has come as well.
    lab.run(Duration::from_secs(30));
    say(&mut lab, "alice", &["four"]);
    lab.run(Duration::from_secs(60));
    let kept = all(&mut lab, "alice");
    let told = told(&lab, "bob");
    misses_no_more_than_told(&told, &kept, 0);
    let last = told.last();
    assert!(
        matches!(last, Some(ChannelEvent::MessageReceive { msg, .. }) if msg == "four"),
        "{last:?}"
    );
}

fn is_left(event: &ChannelEvent) -> bool {
    matches!(event, ChannelEvent::Left { .. })
}
