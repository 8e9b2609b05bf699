//! Attributes watched from outside (protocol page, section 18, `attrs`): entries, changes, and what lost links, restarts and
//! slow applications do to them.

use std::collections::BTreeMap;
use std::time::Duration;

use callsign::client::core::{Action, Answer, EVENTS_MAX, RequestNo};
use callsign::client::event::{ChannelEvent, Event, SessionEvent};
use callsign::hub::{AppRules, Settings};
use callsign::protocol::{
    Addition, AttrEntries, AttrEntry, AttrName, AttrSubject, Caps, Code, Reply, Request,
    WatchedChange, limits,
};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::support::lab::{Delay, Lab, account, channel, unlimited};
use crate::support::{START_MS, one_app};

const A_MOMENT: Duration = Duration::from_millis(500);
/// Until a client has noticed that its link is dead, and is back.
const A_WHILE: Duration = Duration::from_secs(2);

fn attr(name: &str) -> AttrName {
    AttrName::try_from(name).expect("a name")
}

fn of(name: &str) -> AttrSubject {
    AttrSubject::Account(account(name))
}

fn room(name: &str) -> AttrSubject {
    AttrSubject::Channel(channel(name))
}

fn invoke(lab: &mut Lab, name: &str, request: Request) -> RequestNo {
    let asked = lab.does(name, Action::Invoke(request));
    lab.run(A_MOMENT);
    asked
}

fn set(lab: &mut Lab, name: &str, of: &str, value: Value) {
    let name_of = attr(of);
    invoke(
        lab,
        name,
        Request::UserSetAttr {
            name: name_of,
            value,
        },
    );
}

fn set_in(lab: &mut Lab, name: &str, room: &str, of: &str, value: Value) {
    let request = Request::ChannelSetAttr {
        channel: channel(room),
        name: attr(of),
        value,
    };
    invoke(lab, name, request);
}

/// Begins to watch, and what the server answers.
fn watch(lab: &mut Lab, name: &str, subject: AttrSubject) -> AttrEntries {
    let asked = lab.does(name, Action::AttrWatch(subject));
    lab.run(2 * A_MOMENT);
    match lab.answer(name, asked) {
        Some(Ok(Answer::Reply(Reply::AttrEntries { entries }))) => entries.clone(),
        other => panic!("no entries: {other:?}"),
    }
}

fn refused(lab: &Lab, name: &str, asked: RequestNo) -> u16 {
    let answer = lab.answer(name, asked).expect("an answer");
    let error = answer.as_ref().expect_err("is refused");
    error.code().number()
}

/// What a client believes of the attributes that it watches, as its events say.
fn mirrors(lab: &Lab, name: &str) -> BTreeMap<AttrSubject, BTreeMap<String, AttrEntry>> {
    let mut mirrors: BTreeMap<AttrSubject, BTreeMap<String, AttrEntry>> = BTreeMap::new();
    for event in &lab.sdks[name].events {
        let Event::Session(event) = event else {
            continue;
        };
        if let SessionEvent::AttrEntries { subject, entries } = event {
            let entries = entries.iter();
            let entries = entries.map(|(name, entry)| (name.to_string(), entry.clone()));
            mirrors.insert(subject.clone(), entries.collect());
        }
        if let SessionEvent::AttrChanged(changed) = event {
            let mirror = mirrors.get_mut(&changed.subject).expect("is watched");
            match &changed.change {
                WatchedChange::Update { name, value } => {
                    let entry = AttrEntry {
                        value: value.clone(),
                        time_ms: changed.time_ms,
                        by: changed.by.clone(),
                    };
                    mirror.insert(name.to_string(), entry);
                }
                WatchedChange::Del { name } => drop(mirror.remove(name.as_str())),
                WatchedChange::Clear => mirror.clear(),
            }
        }
    }
    mirrors
}

fn changes(lab: &Lab, name: &str) -> usize {
    let events = lab.sdks[name].events.iter();
    let changed = |event: &&Event| matches!(event, Event::Session(SessionEvent::AttrChanged(_)));
    events.filter(changed).count()
}

#[test]
fn entries_have_their_time_and_author_and_changes_follow() {
    let mut lab = Lab::with_caps(&["alice", "bob", "carol"], Caps::ALL);
    set(&mut lab, "bob", "name", json!("Bob"));
    set_in(&mut lab, "bob", "room", "topic", json!({ "a": 1 }));
    let entries = watch(&mut lab, "alice", of("bob"));
    let entry = &entries[&attr("name")];
    assert_eq!(entry.value, json!("Bob"));
    assert_eq!(entry.by, Some(account("bob")));
    assert!((START_MS..START_MS + 2000).contains(&entry.time_ms));
    let entries = watch(&mut lab, "alice", room("room"));
    assert_eq!(entries[&attr("topic")].by, Some(account("bob")));
    let nothing = watch(&mut lab, "alice", room("nowhere"));
    assert_eq!(nothing, AttrEntries::new());

    set_in(&mut lab, "carol", "room", "topic", json!("tea"));
    set_in(
        &mut lab,
        "carol",
        "nowhere",
        "topic",
        json!("now somewhere"),
    );
    set(&mut lab, "bob", "colour", json!("red"));
    let name = attr("name");
    let delete = Request::Addition(Addition::UserDelAttr { name });
    invoke(&mut lab, "bob", delete.clone());
    assert_eq!(changes(&lab, "alice"), 4);
    invoke(&mut lab, "bob", delete);
    assert_eq!(changes(&lab, "alice"), 4, "nothing changed");
    let known = mirrors(&lab, "alice");
    assert_eq!(known[&room("room")]["topic"].by, Some(account("carol")));
    assert!(known[&room("nowhere")].contains_key("topic"));
    let names: Vec<_> = known[&of("bob")].keys().collect();
    assert_eq!(names, ["colour"]);

    invoke(&mut lab, "bob", Request::Addition(Addition::UserClearAttr));
    assert!(mirrors(&lab, "alice")[&of("bob")].is_empty());
    assert_eq!(changes(&lab, "bob") + changes(&lab, "carol"), 0);
}

#[test]
fn what_is_watched_no_longer_is_not_told() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    watch(&mut lab, "alice", of("bob"));
    let asked = lab.does("alice", Action::AttrUnwatch(of("bob")));
    lab.run(A_MOMENT);
    assert_eq!(lab.answer("alice", asked), Some(&Ok(Answer::Done)));
    set(&mut lab, "bob", "name", json!("Bob"));
    assert_eq!(changes(&lab, "alice"), 0);
    // Nor after a lost link.
    lab.cut("alice");
    lab.run(A_WHILE);
    set(&mut lab, "bob", "name", json!("Robert"));
    assert_eq!(mirrors(&lab, "alice")[&of("bob")].len(), 0);
}

#[test]
fn a_member_who_watches_is_told_both() {
    let mut lab = Lab::with_caps(&["alice"], Caps::ALL);
    lab.joins("alice", "room");
    watch(&mut lab, "alice", room("room"));
    set_in(&mut lab, "alice", "room", "topic", json!("tea"));
    assert_eq!(changes(&lab, "alice"), 1);
    let updated = lab.sdks["alice"].events.iter().filter(|event| {
        let update = |event: &ChannelEvent| matches!(event, ChannelEvent::AttrUpdated { .. });
        matches!(event, Event::Channel { event, .. } if update(event))
    });
    assert_eq!(updated.count(), 1);
}

#[test]
fn a_client_of_1x_is_told_nothing_and_finds_no_such_function() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    lab.caps = Caps::NONE;
    lab.sign_in("old", unlimited());
    lab.run(A_MOMENT);
    watch(&mut lab, "alice", of("old"));
    let before = lab.sdks["old"].events.len();
    set(&mut lab, "old", "name", json!("Old"));
    assert_eq!(mirrors(&lab, "alice")[&of("old")]["name"].value, "Old");
    for asked in [Action::AttrWatch(of("bob")), Action::AttrUnwatch(of("bob"))] {
        let asked = lab.does("old", asked);
        lab.run(A_MOMENT);
        let unknown = Code::GeneralUnknown.number();
        assert_eq!(refused(&lab, "old", asked), unknown);
    }
    for addition in [
        Addition::UserClearAttr,
        Addition::UserDelAttr { name: attr("name") },
    ] {
        let asked = invoke(&mut lab, "old", Request::Addition(addition));
        let unknown = Code::GeneralUnknown.number();
        assert_eq!(refused(&lab, "old", asked), unknown);
    }
    set(&mut lab, "bob", "name", json!("Bob"));
    assert_eq!(lab.sdks["old"].events.len(), before);
}

/// The numbers that the server keeps, and the end of a channel, are by nobody.
#[test]
fn what_the_service_does_is_by_nobody() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    set_in(&mut lab, "bob", "room", "_auto_update_num", json!(2));
    let entries = watch(&mut lab, "alice", room("room"));
    assert_eq!(entries[&attr("_member_num")].value, json!(0));
    assert_eq!(entries[&attr("_member_num")].by, None);
    lab.joins("bob", "room");
    lab.run(Duration::from_secs(5));
    let known = mirrors(&lab, "alice");
    assert_eq!(known[&room("room")]["_member_num"].value, json!(1));
    assert_eq!(known[&room("room")]["_member_num"].by, None);
    lab.does("bob", Action::ChannelLeave(channel("room")));
    lab.run(Duration::from_secs(7300));
    assert!(mirrors(&lab, "alice")[&room("room")].is_empty());
    let last = lab.sdks["alice"].events.iter().rev();
    let mut changed = last.filter_map(|event| match event {
        Event::Session(SessionEvent::AttrChanged(changed)) => Some(changed),
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
    });
    let last = changed.next().expect("a change");
    assert_eq!((&last.change, &last.by), (&WatchedChange::Clear, &None));
}

#[test]
fn after_a_lost_link_everything_is_known_again() {
    for killed in [false, true] {
        let mut lab = Lab::with_caps(&["bob"], Caps::ALL);
        lab.sign_in("alice", unlimited());
        lab.run(A_MOMENT);
        watch(&mut lab, "alice", of("bob"));
        watch(&mut lab, "alice", room("room"));
        set_in(&mut lab, "bob", "room", "topic", json!("tea"));
        set(&mut lab, "bob", "old", json!(1));
        if killed {
            lab.kill_server();
        }
        // Two dead links, the second while it asks again.
        lab.cut_after("alice", 3);
        lab.cut("alice");
        lab.run(Duration::from_millis(100));
        let name = attr("old");
        lab.does(
            "bob",
            Action::Invoke(Request::Addition(Addition::UserDelAttr { name })),
        );
        set(&mut lab, "bob", "name", json!("Bob"));
        lab.run(Duration::from_secs(5));
        set(&mut lab, "bob", "more", json!(2));
        lab.run(A_WHILE);
        let known = mirrors(&lab, "alice");
        let names: Vec<_> = known[&of("bob")].keys().collect();
        assert_eq!(names, ["more", "name"], "killed: {killed}");
        let topic = &known[&room("room")]["topic"];
        assert_eq!(topic.by, Some(account("bob")), "over a restart, too");
        assert!(topic.time_ms >= START_MS);
    }
}

#[test]
fn a_watch_that_waits_for_its_answer_survives_the_link() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    set(&mut lab, "bob", "name", json!("Bob"));
    lab.cut_after("alice", 1);
    let asked = lab.does("alice", Action::AttrWatch(of("bob")));
    lab.run(A_WHILE);
    assert!(matches!(lab.answer("alice", asked), Some(Ok(_))));
    set(&mut lab, "bob", "name", json!("Robert"));
    let known = mirrors(&lab, "alice");
    assert_eq!(known[&of("bob")]["name"].value, "Robert");
}

#[test]
fn one_session_watches_so_many_and_no_more_and_has_them_back() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    for n in 0..limits::WATCHED {
        lab.does("alice", Action::AttrWatch(of(&format!("account-{n}"))));
        lab.run(Duration::from_millis(2));
    }
    lab.run(A_WHILE);
    let asked = lab.does("alice", Action::AttrWatch(of("bob")));
    lab.run(A_MOMENT);
    let too_many = Code::GeneralLargeParam.number();
    assert_eq!(refused(&lab, "alice", asked), too_many);
    // What is watched already may be asked for again, and one that ends makes room.
    watch(&mut lab, "alice", of("account-7"));
    lab.does("alice", Action::AttrUnwatch(of("account-7")));
    watch(&mut lab, "alice", of("bob"));
    let before = lab.sdks["alice"].events.len();
    lab.kill_server();
    lab.run(Duration::from_secs(10));
    let told = lab.sdks["alice"].events[before..].iter();
    let entries =
        |event: &&Event| matches!(event, Event::Session(SessionEvent::AttrEntries { .. }));
    assert_eq!(told.filter(entries).count(), limits::WATCHED);
}

/// Large tables come back as fast as their rate allows, without an error.
#[test]
fn what_is_too_much_at_once_comes_back_bit_by_bit() {
    let mut lab = Lab::with_caps(&["alice"], Caps::ALL);
    let value = json!("x".repeat(limits::VALUE_BYTES));
    let subjects = 40;
    for n in 0..subjects {
        let name = format!("rich-{n}");
        lab.sign_in(&name, unlimited());
        lab.run(A_MOMENT);
        for m in 0..30 {
            let (name_of, value) = (attr(&format!("a{m}")), value.clone());
            let request = Request::UserSetAttr {
                name: name_of,
                value,
            };
            lab.does(&name, Action::Invoke(request));
        }
        watch(&mut lab, "alice", of(&name));
    }
    let before = lab.sdks["alice"].events.len();
    lab.cut("alice");
    lab.run(Duration::from_secs(10));
    let told = &lab.sdks["alice"].events[before..];
    let error = |event: &Event| matches!(event, Event::Session(SessionEvent::Error { .. }));
    assert!(!told.iter().any(error));
    let entries =
        |event: &&Event| matches!(event, Event::Session(SessionEvent::AttrEntries { .. }));
    assert_eq!(told.iter().filter(entries).count(), subjects);
}

#[test]
fn only_observers_watch_special_channels() {
    let rules = AppRules {
        observers: [account("alice")].into(),
        ..AppRules::default()
    };
    let mut lab = Lab::with_settings(one_app(rules), Delay::Even(A_MOMENT / 50), 1);
    lab.caps = Caps::ALL;
    for name in ["alice", "bob"] {
        lab.sign_in(name, unlimited());
    }
    lab.run(A_WHILE);
    let subject = room("_agora_user_online");
    assert!(watch(&mut lab, "alice", subject.clone()).is_empty());
    let asked = lab.does("bob", Action::AttrWatch(subject));
    lab.run(A_MOMENT);
    let no = Code::GeneralFailed.number();
    assert_eq!(refused(&lab, "bob", asked), no);
}

/// Changes may be left out for an application that takes no events, but not what they lead to.
#[test]
fn a_slow_application_is_told_the_latest_in_the_end() {
    let mut lab = Lab::with_caps(&["alice", "bob"], Caps::ALL);
    watch(&mut lab, "alice", of("bob"));
    lab.sdk("alice").takes_events = false;
    for n in 0..EVENTS_MAX + 100 {
        let request = Request::UserSetAttr {
            name: attr("count"),
            value: json!(n),
        };
        lab.does("bob", Action::Invoke(request));
        lab.run(Duration::from_millis(20));
    }
    assert!(changes(&lab, "alice") <= EVENTS_MAX);
    lab.sdk("alice").takes_events = true;
    lab.takes_all("alice");
    lab.run(A_MOMENT);
    let known = mirrors(&lab, "alice");
    let last = json!(EVENTS_MAX + 99);
    assert_eq!(known[&of("bob")]["count"].value, last);
}

/// Whatever happens to links and the server, a watcher's mirror is what the server has, once what is on its way has come.
#[test]
fn random_changes_and_cuts_leave_the_mirror_right() {
    let seed = std::env::var("CALLSIGN_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("CALLSIGN_SEED={seed}");
    for round in 0..10 {
        let mut rng = Rng::with_seed(seed.wrapping_add(round));
        let delay = Delay::UpTo(Duration::from_millis(300));
        let mut lab = Lab::with_settings(Settings::open([7; 32]), delay, rng.u64(..));
        lab.caps = Caps::ALL;
        for name in ["alice", "bob"] {
            lab.sign_in(name, unlimited());
        }
        lab.run(A_WHILE);
        let subjects = [of("alice"), of("bob"), room("red"), room("green")];
        for subject in &subjects {
            watch(&mut lab, "alice", subject.clone());
        }
        lab.run(A_WHILE);
        for _ in 0..80 {
            random_step(&mut lab, &mut rng);
            lab.run(Duration::from_millis(rng.u64(..400)));
        }
        lab.run(Duration::from_secs(60));
        let believed = mirrors(&lab, "alice");
        for subject in subjects {
            let entries = watch(&mut lab, "bob", subject.clone());
            let entries = entries.into_iter();
            let right: BTreeMap<_, _> = entries.map(|(name, e)| (name.to_string(), e)).collect();
            assert_eq!(believed[&subject], right, "{subject:?}");
        }
    }
}

fn random_step(lab: &mut Lab, rng: &mut Rng) {
    let who = ["alice", "bob"][rng.usize(..2)];
    let name = attr(["a", "b", "topic"][rng.usize(..3)]);
    let channel = channel(["red", "green"][rng.usize(..2)]);
    let value = json!(rng.u8(..));
    let request = match rng.u8(..10) {
        0 => return lab.cut(who),
        1 if rng.u8(..4) == 0 => return lab.kill_server(),
        1 => return lab.cut_after(who, rng.usize(..4)),
        2 => Request::UserSetAttr { name, value },
        3 => Request::Addition(Addition::UserDelAttr { name }),
        4 => Request::Addition(Addition::UserClearAttr),
        5 => Request::ChannelDelAttr { channel, name },
        6 => Request::ChannelClearAttr { channel },
        _ => Request::ChannelSetAttr {
            channel,
            name,
            value,
        },
    };
    lab.does(who, Action::Invoke(request));
}
