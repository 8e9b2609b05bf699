//! What a server does with sessions that come back, frame by frame (protocol page, section 18, `resume`).

use callsign::hub::Settings;
use serde_json::{Value, json};

use crate::support::raw::Raw;

fn say(raw: &mut Raw, link: callsign::hub::LinkId, text: &str) {
    raw.does(
        link,
        "channel_sendmsg",
        json!({ "name": "room", "msg": text }),
    );
}

#[test]
fn what_was_missed_comes_in_the_form_that_the_client_reads() {
    for (caps, form) in [(&["resume"][..], "msg-v2"), (&["v3", "resume"], "msg-v3")] {
        let mut raw = Raw::new();
        let (alice, bob) = (raw.login("alice", caps), raw.login("bob", &[]));
        for link in [alice, bob] {
            raw.does(link, "channel_join", json!({ "name": "room" }));
        }
        raw.close(alice);
        say(&mut raw, bob, "missed");
        let alice = raw.takes_up(alice);
        let heard = raw.notified(alice);
        let line = heard.last().expect("an event")[3].as_str().expect("a line");
        assert!(
            line.starts_with(form) && line.contains("missed"),
            "{heard:?}"
        );
    }
}

/// A number is an id of a message, by which its receiver knows it for ever.
#[test]
fn an_app_that_nobody_is_left_of_gives_no_number_twice() {
    let mut raw = Raw::new();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (alice, bob) = (raw.login("alice", &["v3"]), raw.login("bob", &[]));
        let args = json!({ "peer": "alice", "content": "hello", "flag": "v1:E:9", "t": "instant" });
        raw.does(bob, "user_sendmsg", args);
        let msgs = raw.polls(alice);
        ids.push(
            msgs[0][1]
                .as_str()
                .expect("a line")
                .split(' ')
                .nth(1)
                .map(str::to_owned),
        );
        for link in [alice, bob] {
            raw.does(link, "user_logout", json!({}));
        }
        let alice = raw.login("alice", &[]);
        raw.does(alice, "user_logout", json!({}));
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_call_with_a_number_that_was_is_another_call_if_it_asks_something_else() {
    let mut raw = Raw::new();
    let alice = raw.login("alice", &["resume"]);
    raw.does(alice, "user_set_attr", json!({ "name": "a", "value": "1" }));
    raw.close(alice);
    let alice = raw.takes_up(alice);
    raw.count_calls_anew();
    raw.does(alice, "user_set_attr", json!({ "name": "b", "value": "2" }));
    let attrs = raw.does(alice, "user_get_attr_all", json!({ "account": "alice" }));
    assert_eq!(attrs["json"], json!({ "a": "1", "b": "2" }));
}

#[test]
fn a_server_that_stops_only_disconnects_whoever_was_granted_something() {
    for (caps, told) in [
        (&[][..], true),
        (&["resume"], false),
        (&["presence"], false),
    ] {
        let mut raw = Raw::new();
        let alice = raw.login("alice", caps);
        raw.drain();
        let heard = raw.heard(alice);
        assert_eq!(
            heard.iter().any(|frame| frame[0] == "close"),
            told,
            "{caps:?} {heard:?}"
        );
    }
}

/// A computer that slept does not throw out the one at which its user sits now.
#[test]
fn a_displaced_client_stays_out_also_if_it_did_not_hear_of_it() {
    let mut raw = Raw::new();
    let laptop = raw.login("alice", &["resume"]);
    raw.close(laptop);
    let desktop = raw.login("alice", &["resume"]);
    let refused: Value = raw.refused(laptop);
    assert_eq!(refused["code"], 207, "{refused}");
    raw.does(
        desktop,
        "user_query_user_status",
        json!({ "account": "alice" }),
    );
}

/// Where many come back at once, their sessions do not end while they wait for their turn.
#[test]
fn whoever_takes_a_session_up_need_not_wait_for_those_who_sign_in() {
    let mut raw = Raw::with_logins(Settings::open([7; 32]), 20);
    let links: Vec<_> = (0..20)
        .map(|number| raw.login(&format!("user{number}"), &["resume"]))
        .collect();
    for link in links {
        raw.close(link);
        raw.takes_up(link);
    }
}
