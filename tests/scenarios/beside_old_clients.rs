//! What a 1.x client is told beside clients that ask for everything: byte for byte what it was told beside clients that ask for
//! nothing (protocol page, section 18).

use std::time::Duration;

use callsign::hub::LinkId;
use serde_json::{Value, json};

use crate::support::raw::Raw;

const NOTHING: &[&str] = &[];
const EVERYTHING: &[&str] = &[
    "rooms", "v3", "resume", "presence", "receipts", "typing", "attrs", "history", "block",
];

/// Signs two in with `caps`, lets them do all that everybody can, and, if they can more, that as well; returns every frame that
/// two 1.x clients got, but for the answers to their logins, of which the lines are random.
fn told_beside(caps: &[&str]) -> [Vec<Value>; 2] {
    let mut raw = Raw::new();
    let old = ["carol", "dave"].map(|name| raw.login(name, NOTHING));
    let mut told = [Vec::new(), Vec::new()];
    let [alice, bob] = ["alice", "bob"].map(|name| raw.login(name, caps));
    let can_more = !caps.is_empty();
    for link in [old[0], old[1], alice, bob] {
        told_answer(
            &mut raw,
            &old,
            &mut told,
            link,
            "channel_join",
            json!({ "name": "room" }),
        );
    }
    let everybody = json!(["alice", "bob", "carol", "dave"]);
    if can_more {
        for link in [alice, bob] {
            raw.does(link, "presence_watch", json!({ "accounts": everybody }));
            raw.does(
                link,
                "presence_set",
                json!({ "show": "busy", "text": "in a call" }),
            );
        }
    }
    for (from, text) in [(alice, "one"), (old[0], "two"), (bob, "three")] {
        if can_more && from != old[0] {
            raw.does(from, "user_typing", json!({ "name": "room" }));
            raw.does(from, "user_typing", json!({ "peer": "carol" }));
        }
        let args = json!({ "name": "room", "msg": text, "msgID": text });
        told_answer(&mut raw, &old, &mut told, from, "channel_sendmsg", args);
        let args = json!({ "peer": "carol", "content": text, "flag": "v1:E:3600", "t": "instant", "messageID": format!("to-carol-{text}") });
        told_answer(&mut raw, &old, &mut told, from, "user_sendmsg", args);
        raw.advance(Duration::from_millis(700));
        told[0].extend(raw.polls(old[0]));
    }
    if can_more {
        let args = json!({ "peer": "carol", "ids": ["two"], "state": "read" });
        raw.does(alice, "user_receipt", args);
        raw.does(alice, "user_block", json!({ "accounts": ["mallory"] }));
        raw.does(alice, "attr_watch", json!({ "channel": "room" }));
        raw.does(bob, "attr_watch", json!({ "account": "carol" }));
    }
    let args = json!({ "channel": "room", "name": "topic", "value": "tea" });
    told_answer(&mut raw, &old, &mut told, alice, "channel_set_attr", args);
    let args = json!({ "name": "colour", "value": "red" });
    told_answer(&mut raw, &old, &mut told, bob, "user_set_attr", args);
    let call = json!({ "channelName": "call", "peer": "carol", "extra": "{}" });
    told_answer(
        &mut raw,
        &old,
        &mut told,
        alice,
        "voip_invite",
        call.clone(),
    );
    told[0].extend(raw.polls(old[0]));
    let answer = json!({ "channelName": "call", "peer": "alice", "extra": "" });
    for step in ["voip_invite_ack", "voip_invite_accept"] {
        told_answer(&mut raw, &old, &mut told, old[0], step, answer.clone());
        raw.polls(alice);
    }
    if can_more {
        // A link that is lost and comes back in between.
        raw.close(bob);
        raw.advance(Duration::from_secs(2));
        let bob = raw.takes_up(bob);
        raw.does(bob, "presence_set", json!({ "show": "away", "text": "" }));
    } else {
        raw.advance(Duration::from_secs(2));
    }
    told_answer(&mut raw, &old, &mut told, alice, "voip_invite_bye", call);
    told[0].extend(raw.polls(old[0]));
    for (place, name) in [(0, "alice"), (1, "nobody")] {
        let args = json!({ "account": name });
        let link = old[place];
        told_answer(
            &mut raw,
            &old,
            &mut told,
            link,
            "user_query_user_status",
            args.clone(),
        );
        told_answer(&mut raw, &old, &mut told, link, "user_get_attr_all", args);
        let args = json!({ "name": "room" });
        told_answer(
            &mut raw,
            &old,
            &mut told,
            link,
            "channel_query_userlist",
            args,
        );
    }
    told_answer(&mut raw, &old, &mut told, alice, "user_logout", json!({}));
    for (place, link) in old.into_iter().enumerate() {
        told[place].extend(raw.heard(link));
    }
    told
}

/// Calls a function, and writes down the answer if an old client called.
fn told_answer(
    raw: &mut Raw,
    old: &[LinkId; 2],
    told: &mut [Vec<Value>; 2],
    link: LinkId,
    function: &str,
    args: Value,
) {
    let answer = raw.does(link, function, args);
    if let Some(place) = old.iter().position(|own| *own == link) {
        told[place].push(answer);
    }
}

#[test]
fn old_clients_are_told_the_same_whatever_others_ask_for() {
    let plain = told_beside(NOTHING);
    let beside = told_beside(EVERYTHING);
    assert!(plain.iter().all(|told| told.len() >= 11), "{plain:?}");
    assert_eq!(plain, beside);
}
