//! Presence: who sees what of whom, when, and how often.

use std::time::Duration;

use callsign::hub::{AppRules, LinkId};
use serde_json::{Value, json};

use crate::support::raw::Raw;
use crate::support::{START_MS, one_app};

const PRESENCE: &[&str] = &["presence"];
const SECOND: Duration = Duration::from_secs(1);

fn watch(raw: &mut Raw, link: LinkId, accounts: Value) {
    raw.does(link, "presence_watch", json!({ "accounts": accounts }));
}

fn set(raw: &mut Raw, link: LinkId, show: &str, text: &str) {
    raw.does(link, "presence_set", json!({ "show": show, "text": text }));
}

/// One notification of these states.
fn told(states: Value) -> Vec<Value> {
    vec![json!(["presence", states])]
}

#[test]
fn the_present_state_of_all_comes_at_once_right_after_the_answer() {
    let mut raw = Raw::new();
    let bob = raw.login("bob", PRESENCE);
    raw.advance(SECOND);
    raw.login("carol", &[]);
    set(&mut raw, bob, "busy", "in a call");
    let alice = raw.login("alice", PRESENCE);
    raw.advance(SECOND);
    watch(&mut raw, alice, json!(["bob", "carol", "dave", "bob"]));
    let expected = told(json!([
        ["bob", "busy", "in a call", START_MS + 1000],
        ["carol", "available", "", START_MS + 1000],
        ["dave", "offline", "", 0],
    ]));
    assert_eq!(raw.notified(alice), expected);
}

#[test]
fn changes_are_told_until_one_does_not_watch_any_more() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", PRESENCE), raw.login("bob", PRESENCE));
    watch(&mut raw, alice, json!(["bob"]));
    raw.heard(alice);
    raw.advance(SECOND);
    set(&mut raw, bob, "away", "");
    let away = told(json!([["bob", "away", "", START_MS + 1000]]));
    assert_eq!(raw.notified(alice), away);
    assert_eq!(raw.heard(bob), Vec::<Value>::new(), "nobody watches alice");
    // The same again is no change.
    set(&mut raw, bob, "away", "");
    assert_eq!(raw.notified(alice), Vec::<Value>::new());
    set(&mut raw, bob, "away", "lunch");
    assert_eq!(raw.notified(alice).len(), 1);
    raw.does(alice, "presence_unwatch", json!({ "accounts": ["bob"] }));
    set(&mut raw, bob, "available", "");
    assert_eq!(raw.notified(alice), Vec::<Value>::new());
}

#[test]
fn coming_and_going_is_told_of_clients_of_all_generations() {
    for caps in [PRESENCE, &[]] {
        let mut raw = Raw::new();
        let alice = raw.login("alice", PRESENCE);
        watch(&mut raw, alice, json!(["bob"]));
        assert_eq!(
            raw.notified(alice),
            told(json!([["bob", "offline", "", 0]]))
        );
        raw.advance(SECOND);
        let bob = raw.login("bob", caps);
        let came = told(json!([["bob", "available", "", START_MS + 1000]]));
        assert_eq!(raw.notified(alice), came);
        raw.advance(SECOND);
        raw.does(bob, "user_logout", json!({}));
        let went = told(json!([["bob", "offline", "", START_MS + 2000]]));
        assert_eq!(raw.notified(alice), went);
        // A lost link without `resume` is a logout.
        let bob = raw.login("bob", caps);
        raw.heard(alice);
        raw.advance(SECOND);
        raw.close(bob);
        let lost = told(json!([["bob", "offline", "", START_MS + 3000]]));
        assert_eq!(raw.notified(alice), lost);
    }
}

/// Both ends of it happen within one input, and are one piece of news.
#[test]
fn a_login_elsewhere_is_told_once() {
    let mut raw = Raw::new();
    let alice = raw.login("alice", PRESENCE);
    let bob = raw.login("bob", PRESENCE);
    set(&mut raw, bob, "busy", "");
    watch(&mut raw, alice, json!(["bob"]));
    raw.heard(alice);
    raw.advance(SECOND);
    raw.login("bob", PRESENCE);
    let afresh = told(json!([["bob", "available", "", START_MS + 1000]]));
    assert_eq!(raw.notified(alice), afresh);
}

/// Several sessions that end in one moment are one push for each watcher.
#[test]
fn changes_of_one_moment_are_one_push() {
    let mut raw = Raw::new();
    let watchers = ["alice", "zoe"].map(|name| raw.login(name, PRESENCE));
    let names = ["bob", "carol", "dave"];
    for name in names {
        raw.login(name, &[]);
    }
    watch(&mut raw, watchers[0], json!(["bob", "carol", "dave"]));
    watch(&mut raw, watchers[1], json!(["dave", "bob"]));
    raw.advance(Duration::from_secs(60));
    for link in watchers {
        raw.does(link, "user_getmsg", json!({ "ver_clear": 0, "max": 1 }));
        raw.heard(link);
    }
    // The three fall silent together, and their sessions end at the same time.
    raw.advance(Duration::from_secs(60));
    let offline = |name: &str| json!([name, "offline", "", START_MS + 120_000]);
    let of_all = told(json!([offline("bob"), offline("carol"), offline("dave")]));
    assert_eq!(raw.notified(watchers[0]), of_all);
    let of_two = told(json!([offline("bob"), offline("dave")]));
    assert_eq!(raw.notified(watchers[1]), of_two);
}

#[test]
fn watching_ends_with_the_session() {
    let mut raw = Raw::new();
    let alice = raw.login("alice", PRESENCE);
    watch(&mut raw, alice, json!(["bob"]));
    raw.close(alice);
    let alice = raw.login("alice", PRESENCE);
    raw.login("bob", &[]);
    assert_eq!(raw.notified(alice), Vec::<Value>::new());
}

#[test]
fn what_one_shows_ends_with_the_session() {
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", PRESENCE), raw.login("bob", PRESENCE));
    set(&mut raw, bob, "dnd", "asleep");
    raw.close(bob);
    let bob = raw.login("bob", PRESENCE);
    watch(&mut raw, alice, json!(["bob"]));
    let fresh = told(json!([["bob", "available", "", START_MS]]));
    assert_eq!(raw.notified(alice), fresh);
    assert_eq!(raw.heard(bob), Vec::<Value>::new());
}

#[test]
fn too_many_watched_accounts_are_refused_as_a_whole() {
    let mut raw = Raw::new();
    let alice = raw.login("alice", PRESENCE);
    for hundred in 0..10 {
        raw.advance(SECOND);
        let names: Vec<_> = (0..100).map(|n| format!("a{hundred}-{n}")).collect();
        watch(&mut raw, alice, json!(names));
    }
    raw.heard(alice);
    let args = json!({ "accounts": ["a0-0", "bob"] });
    assert_eq!(raw.fails(alice, "presence_watch", args), 1005);
    raw.login("bob", &[]);
    assert_eq!(raw.notified(alice), Vec::<Value>::new());
    // Those that are watched already may be named again.
    watch(&mut raw, alice, json!(["a0-0", "a9-99"]));
    assert_eq!(raw.notified(alice).len(), 1);
    raw.does(alice, "presence_unwatch", json!({ "accounts": ["a0-0"] }));
    watch(&mut raw, alice, json!(["bob"]));
}

#[test]
fn changes_that_come_too_fast_are_refused() {
    let mut raw = Raw::new();
    let alice = raw.login("alice", PRESENCE);
    for n in 0..20 {
        set(&mut raw, alice, "away", &n.to_string());
    }
    let args = json!({ "show": "away", "text": "once more" });
    assert_eq!(raw.fails(alice, "presence_set", args.clone()), 1001);
    raw.advance(SECOND);
    raw.does(alice, "presence_set", args);
}

#[test]
fn what_has_the_wrong_form_is_refused() {
    let mut raw = Raw::new();
    let alice = raw.login("alice", PRESENCE);
    for (args, code) in [
        (json!({ "show": "offline" }), 1004),
        (json!({ "show": "sleepy" }), 1004),
        (json!({}), 1004),
        (json!({ "show": "away", "text": "x".repeat(513) }), 1005),
        (json!({ "show": "dnd", "except": ["no account"] }), 1004),
    ] {
        assert_eq!(
            raw.fails(alice, "presence_set", args.clone()),
            code,
            "{args}"
        );
    }
    let many: Vec<_> = (0..101).map(|n| n.to_string()).collect();
    let args = json!({ "accounts": many });
    assert_eq!(raw.fails(alice, "presence_watch", args), 1005);
    assert_eq!(raw.fails(alice, "presence_watch", json!({})), 1004);
}

#[test]
fn whoever_was_granted_nothing_has_no_such_function() {
    let mut raw = Raw::new();
    let old = raw.login("alice", &[]);
    let other = raw.login("bob", &["typing"]);
    for link in [old, other] {
        for function in ["presence_watch", "presence_unwatch", "presence_set"] {
            let args = json!({ "accounts": ["bob"], "show": "away" });
            assert_eq!(raw.fails(link, function, args), 1002);
        }
    }
}

/// When they went is known of accounts that go beyond 1.x, also after a restart; not of those that it ended.
#[test]
fn when_somebody_went_is_known_after_a_restart() {
    let mut raw = Raw::new();
    let bob = raw.login("bob", PRESENCE);
    raw.login("carol", PRESENCE);
    let dave = raw.login("dave", &[]);
    raw.advance(SECOND);
    raw.close(bob);
    raw.close(dave);
    raw.advance(SECOND);
    raw.restart();
    let alice = raw.login("alice", PRESENCE);
    watch(&mut raw, alice, json!(["bob", "carol", "dave"]));
    let expected = told(json!([
        ["bob", "offline", "", START_MS + 1000],
        ["carol", "offline", "", 0],
        ["dave", "offline", "", 0],
    ]));
    assert_eq!(raw.notified(alice), expected);
}

#[test]
fn whoever_stays_away_for_a_month_is_forgotten() {
    let mut raw = Raw::new();
    let bob = raw.login("bob", PRESENCE);
    raw.close(bob);
    raw.advance(Duration::from_secs(29 * 24 * 3600));
    assert_eq!(raw.store.snapshot().accounts.len(), 1);
    raw.advance(Duration::from_secs(2 * 24 * 3600));
    assert_eq!(raw.store.snapshot().accounts.len(), 0);
}

#[test]
fn an_account_of_1_x_leaves_nothing_behind() {
    let mut raw = Raw::new();
    let bob = raw.login("bob", &[]);
    raw.close(bob);
    assert_eq!(raw.store.snapshot(), callsign::hub::Snapshot::default());
    // One that was more and is 1.x now is known no longer.
    raw.login("bob", PRESENCE);
    assert_eq!(raw.store.snapshot().accounts.len(), 1);
    raw.login("bob", &[]);
    assert_eq!(raw.store.snapshot(), callsign::hub::Snapshot::default());
}

fn invite(peer: &str) -> Value {
    json!({ "channelName": "room", "peer": peer, "extra": "{}" })
}

#[test]
fn who_does_not_want_to_be_disturbed_is_called_by_exceptions_alone() {
    for legacy_codes in [false, true] {
        let rules = AppRules {
            legacy_codes,
            ..AppRules::default()
        };
        let mut raw = Raw::with_settings(one_app(rules));
        let bob = raw.login("bob", PRESENCE);
        let dnd = json!({ "show": "dnd", "text": "", "except": ["carol"] });
        raw.does(bob, "presence_set", dnd);
        let (alice, carol) = (raw.login("alice", &[]), raw.login("carol", &[]));
        let code = if legacy_codes { 700 } else { 705 };
        assert_eq!(raw.fails(alice, "voip_invite", invite("bob")), code);
        let refused = raw.call(alice, "voip_invite", invite("bob"));
        assert_eq!(refused["reason"], "bob does not want to be disturbed");
        raw.does(carol, "voip_invite", invite("bob"));
        assert_eq!(raw.polls(bob).len(), 1);
        // Messages disturb nobody.
        raw.does(
            alice,
            "user_sendmsg",
            json!({ "peer": "bob", "content": "hi" }),
        );
        assert_eq!(raw.polls(bob).len(), 1);
        set(&mut raw, bob, "available", "");
        raw.does(alice, "voip_invite", invite("bob"));
        assert_eq!(raw.polls(bob).len(), 1);
    }
}

/// Nobody notices a link that is lost and comes back, and who comes back sees how things are now.
#[test]
fn a_session_that_is_taken_up_keeps_what_it_shows_and_watches() {
    let caps = &["resume", "presence"];
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", caps), raw.login("bob", caps));
    watch(&mut raw, alice, json!(["bob", "carol"]));
    watch(&mut raw, bob, json!(["alice"]));
    set(&mut raw, alice, "busy", "writing");
    raw.heard(bob);
    raw.close(alice);
    raw.advance(Duration::from_secs(29));
    raw.login("carol", &[]);
    let back = raw.takes_up(alice);
    assert_eq!(raw.heard(bob), Vec::<Value>::new());
    let now = told(json!([
        ["bob", "available", "", START_MS],
        ["carol", "available", "", START_MS + 29_000],
    ]));
    assert_eq!(raw.notified(back), now);
    set(&mut raw, bob, "away", "");
    assert_eq!(raw.notified(back).len(), 1);
}

#[test]
fn a_session_that_nobody_takes_up_is_offline_after_a_while() {
    let caps = &["resume", "presence"];
    let mut raw = Raw::new();
    let (alice, bob) = (raw.login("alice", PRESENCE), raw.login("bob", caps));
    watch(&mut raw, alice, json!(["bob"]));
    raw.heard(alice);
    raw.close(bob);
    raw.advance(Duration::from_secs(30) - Duration::from_millis(1));
    assert_eq!(raw.heard(alice), Vec::<Value>::new());
    raw.advance(Duration::from_millis(1));
    let offline = told(json!([["bob", "offline", "", START_MS + 30_000]]));
    assert_eq!(raw.notified(alice), offline);
}
