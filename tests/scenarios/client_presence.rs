//! Presence, receipts, typing and blocking between client cores: what applications are told, over lost links, killed servers and
//! slow consumers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use callsign::client::core::{
    Action, Answer, Command, CommandError, EVENTS_MAX, LoginOptions, RequestNo, TYPING_PAUSE,
};
use callsign::client::event::{Event, SessionEvent};
use callsign::protocol::{
    Account, Addition, Caps, Code, Presence, ReceiptState, Reply, Request, Show, Typing, TypingTo,
};

use crate::support::lab::{Delay, Lab, account, channel, unlimited};

const SECOND: Duration = Duration::from_secs(1);

/// Clients that never give up and ask for everything, over a network with delays.
fn lab(names: &[&str], seed: u64) -> Lab {
    let mut lab = Lab::new(Delay::UpTo(Duration::from_millis(40)), seed);
    lab.caps = Caps::ALL;
    for name in names {
        lab.sign_in(name, unlimited());
    }
    lab.run(SECOND);
    lab
}

fn asks(lab: &mut Lab, name: &str, addition: Addition) -> RequestNo {
    lab.does(name, Action::Invoke(Request::Addition(addition)))
}

fn accounts(names: &[&str]) -> Vec<Account> {
    names.iter().map(|name| account(name)).collect()
}

fn watches(lab: &mut Lab, name: &str, whom: &[&str]) -> RequestNo {
    let accounts = accounts(whom);
    asks(lab, name, Addition::PresenceWatch { accounts })
}

fn shows(lab: &mut Lab, name: &str, show: Show, text: &str) -> RequestNo {
    let text = text.to_owned();
    let except = Vec::new();
    asks(lab, name, Addition::PresenceSet { show, text, except })
}

/// Every push of presence that a client was told.
fn pushes(lab: &Lab, name: &str) -> Vec<Vec<Presence>> {
    let events = lab.sdks[name].events.iter();
    events
        .filter_map(|event| match event {
            Event::Session(SessionEvent::Presence(states)) => Some(states.clone()),
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
        })
        .collect()
}

/// How a client believes others to be.
fn seen(lab: &Lab, name: &str) -> BTreeMap<String, (Show, String)> {
    let states = pushes(lab, name).into_iter().flatten();
    states
        .map(|state| (state.account.to_string(), (state.show, state.text)))
        .collect()
}

fn saw(lab: &Lab, name: &str, whom: &str) -> Show {
    seen(lab, name)[whom].0
}

/// The ids of a client's messages that have come so far, as it was told.
fn receipts(lab: &Lab, name: &str, state: ReceiptState) -> BTreeSet<String> {
    let events = lab.sdks[name].events.iter();
    let receipts = events.filter_map(|event| match event {
        Event::Session(SessionEvent::Receipt(receipt)) if receipt.state == state => Some(receipt),
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
    });
    let ids = receipts.flat_map(|receipt| &receipt.ids);
    ids.map(ToString::to_string).collect()
}

fn typings(lab: &Lab, name: &str) -> Vec<Typing> {
    let events = lab.sdks[name].events.iter();
    events
        .filter_map(|event| match event {
            Event::Session(SessionEvent::Typing(typing)) => Some(typing.clone()),
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
        })
        .collect()
}

/// The id of a message that was acknowledged.
fn id_of(lab: &Lab, name: &str, request: RequestNo) -> String {
    match lab.answer(name, request) {
        Some(Ok(Answer::Sent(sent))) => sent.id.to_string(),
        other => panic!("not sent: {other:?}"),
    }
}

#[test]
fn who_watches_is_told_how_it_is_and_what_changes() {
    let mut lab = lab(&["alice", "bob"], 1);
    watches(&mut lab, "alice", &["bob", "carol"]);
    lab.run(SECOND);
    assert_eq!(pushes(&lab, "alice").len(), 1);
    assert_eq!(saw(&lab, "alice", "bob"), Show::Available);
    assert_eq!(saw(&lab, "alice", "carol"), Show::Offline);
    shows(&mut lab, "bob", Show::Busy, "in a call");
    lab.run(SECOND);
    assert_eq!(
        seen(&lab, "alice")["bob"],
        (Show::Busy, "in a call".to_owned())
    );
    lab.command("bob", Command::Logout { session: None });
    lab.run(SECOND);
    assert_eq!(saw(&lab, "alice", "bob"), Show::Offline);
}

/// A link that is lost and comes back is nobody's business.
#[test]
fn a_lost_link_is_seen_by_nobody_if_it_comes_back() {
    let mut lab = lab(&["alice", "bob"], 2);
    watches(&mut lab, "alice", &["bob"]);
    shows(&mut lab, "bob", Show::Dnd, "asleep");
    lab.run(SECOND);
    let before = pushes(&lab, "alice").len();
    lab.cut("bob");
    lab.run(Duration::from_secs(20));
    assert_eq!(pushes(&lab, "alice").len(), before);
    // Who was away oneself is told how it is now.
    lab.cut("alice");
    lab.run(Duration::from_secs(20));
    assert_eq!(pushes(&lab, "alice").len(), before + 1);
    assert_eq!(saw(&lab, "alice", "bob"), Show::Dnd);
}

#[test]
fn a_client_that_stays_away_is_offline_after_half_a_minute() {
    let mut lab = lab(&["alice", "bob"], 3);
    watches(&mut lab, "alice", &["bob"]);
    lab.run(SECOND);
    lab.hush("bob");
    lab.cut("bob");
    lab.serving = false;
    lab.run(Duration::from_secs(25));
    assert_eq!(saw(&lab, "alice", "bob"), Show::Available);
    lab.run(Duration::from_secs(10));
    assert_eq!(saw(&lab, "alice", "bob"), Show::Offline);
    lab.serving = true;
    lab.run(Duration::from_secs(40));
    assert_eq!(saw(&lab, "alice", "bob"), Show::Available);
}

/// Whatever happens to links and server, in the end everybody sees everybody as they are.
#[test]
fn watchers_agree_with_those_they_watch_whatever_happens() {
    let names = ["alice", "bob", "carol"];
    for seed in 0..25 {
        let mut lab = lab(&names, seed);
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut shown: BTreeMap<&str, (Show, String)> = BTreeMap::new();
        let mut watched: BTreeSet<(&str, &str)> = BTreeSet::new();
        for step in 0..40 {
            let (name, other) = (names[rng.usize(..3)], names[rng.usize(..3)]);
            match rng.u8(..12) {
                0..4 => {
                    let show = Show::SETTABLE[rng.usize(..4)];
                    shows(&mut lab, name, show, &step.to_string());
                    shown.insert(name, (show, step.to_string()));
                }
                4..7 => {
                    watches(&mut lab, name, &[other]);
                    watched.insert((name, other));
                }
                7 => {
                    let accounts = accounts(&[other]);
                    asks(&mut lab, name, Addition::PresenceUnwatch { accounts });
                    watched.remove(&(name, other));
                }
                8 | 9 => lab.cut(name),
                10 if rng.bool() => lab.kill_server(),
                _ => {
                    lab.serving = rng.bool();
                }
            }
            lab.run(Duration::from_millis(rng.u64(0..400)));
        }
        lab.serving = true;
        lab.run(Duration::from_secs(45));
        let standard = (Show::Available, String::new());
        for (watcher, other) in watched {
            let truth = shown.get(other).unwrap_or(&standard);
            assert_eq!(
                seen(&lab, watcher).get(other),
                Some(truth),
                "{watcher} of {other}, seed {seed}\n{}",
                lab.transcript()
            );
        }
    }
}

#[test]
fn what_is_refused_is_not_asked_for_again() {
    let mut lab = Lab::with_caps(&["alice"], Caps::ALL);
    for hundred in 0..10 {
        lab.run(SECOND);
        let names: Vec<_> = (0..100).map(|n| format!("a{hundred}-{n}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        watches(&mut lab, "alice", &names);
    }
    lab.run(SECOND);
    let refused = watches(&mut lab, "alice", &["bob"]);
    lab.run(SECOND);
    let error = lab.answer("alice", refused).expect("an answer").as_ref();
    assert_eq!(error.expect_err("too many").code(), Code::GeneralLargeParam);
    lab.kill_server();
    lab.run(Duration::from_secs(10));
    let errors = lab.sdks["alice"].events.iter();
    let errors = errors.filter(|event| matches!(event, Event::Session(SessionEvent::Error { .. })));
    assert_eq!(errors.count(), 0);
    let last: usize = pushes(&lab, "alice")
        .iter()
        .rev()
        .take(10)
        .map(Vec::len)
        .sum();
    assert_eq!(last, 1000, "all are watched again");
}

#[test]
fn a_slow_application_is_told_the_latest_when_it_takes_events_again() {
    let mut lab = Lab::with_caps(&["alice", "bob", "carol"], Caps::ALL);
    for name in ["alice", "carol"] {
        lab.joins(name, "room");
    }
    watches(&mut lab, "alice", &["bob"]);
    lab.run(SECOND);
    lab.sdk("alice").takes_events = false;
    for n in 0..EVENTS_MAX + 20 {
        lab.says_in("carol", "room", &n.to_string());
        lab.run(Duration::from_millis(20));
    }
    let before = pushes(&lab, "alice").len();
    for show in [Show::Away, Show::Busy, Show::Dnd] {
        shows(&mut lab, "bob", show, "");
        lab.does("bob", Action::Typing(TypingTo::Peer(account("alice"))));
        let receipt = Addition::UserReceipt {
            peer: account("alice"),
            ids: vec!["m1".try_into().expect("an id")],
            state: ReceiptState::Read,
        };
        asks(&mut lab, "bob", receipt);
        lab.run(Duration::from_secs(5));
    }
    assert_eq!(pushes(&lab, "alice").len(), before, "no room");
    lab.sdk("alice").takes_events = true;
    lab.takes_all("alice");
    let after = pushes(&lab, "alice");
    assert_eq!(after.len(), before + 1, "one for all");
    assert_eq!(saw(&lab, "alice", "bob"), Show::Dnd);
    assert_eq!(typings(&lab, "alice"), []);
    let missed = lab.sdks["alice"]
        .events
        .iter()
        .find_map(|event| match event {
            Event::Session(SessionEvent::Missed { events }) => Some(*events),
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
        });
    assert!(
        missed.is_some_and(|missed| missed >= 3),
        "receipts are counted: {missed:?}"
    );
}

#[test]
fn a_sender_learns_that_messages_were_delivered_and_read() {
    let mut lab = lab(&["alice", "bob"], 5);
    let said = lab.says("alice", "bob", "hello");
    lab.run(SECOND);
    let id = id_of(&lab, "alice", said);
    let only: BTreeSet<_> = [id.clone()].into();
    assert_eq!(receipts(&lab, "alice", ReceiptState::Delivered), only);
    assert_eq!(receipts(&lab, "alice", ReceiptState::Read), BTreeSet::new());
    let receipt = Addition::UserReceipt {
        peer: account("alice"),
        ids: vec![id.as_str().try_into().expect("an id")],
        state: ReceiptState::Read,
    };
    asks(&mut lab, "bob", receipt);
    lab.run(SECOND);
    assert_eq!(receipts(&lab, "alice", ReceiptState::Read), only);
}

/// The sender's or the receiver's link is lost after every single frame in turn, for good or for a while.
#[test]
fn receipts_come_whatever_happens_to_links() {
    for who in ["alice", "bob"] {
        for logs_out in [false, true] {
            for frames in 0.. {
                let mut lab = lab(&["alice", "bob"], frames as u64);
                lab.cut_after(who, frames);
                let mut said = Vec::new();
                for text in ["one", "two", "three"] {
                    said.push(lab.says("alice", "bob", text));
                    lab.run(Duration::from_millis(15));
                }
                lab.run(Duration::from_millis(200));
                let stays_away = logs_out && lab.cuts > 0;
                if stays_away {
                    lab.serving = false;
                    lab.run(Duration::from_secs(35));
                    lab.serving = true;
                }
                lab.run(Duration::from_secs(45));
                let sent = said.into_iter().map(|said| id_of(&lab, "alice", said));
                assert_eq!(
                    receipts(&lab, "alice", ReceiptState::Delivered),
                    sent.collect::<BTreeSet<_>>(),
                    "{who} {frames}\n{}",
                    lab.transcript()
                );
                if lab.cuts == 0 {
                    assert!(frames > 6, "few frames to cut at: {frames}");
                    break;
                }
            }
        }
    }
}

#[test]
fn a_sender_who_was_away_learns_at_the_next_login() {
    let mut lab = lab(&["alice", "bob"], 6);
    let said = lab.says("alice", "carol", "hello");
    lab.run(SECOND);
    let id = id_of(&lab, "alice", said);
    lab.command("alice", Command::Logout { session: None });
    lab.run(SECOND);
    lab.sign_in("carol", LoginOptions::default());
    lab.run(SECOND);
    lab.kill_server();
    lab.sign_in("alice", LoginOptions::default());
    lab.run(Duration::from_secs(10));
    let delivered = receipts(&lab, "alice", ReceiptState::Delivered);
    assert_eq!(delivered, [id].into());
}

#[test]
fn typing_is_said_now_and_then_and_only_while_there_is_a_link() {
    let mut lab = lab(&["alice", "bob"], 7);
    for name in ["alice", "bob"] {
        lab.joins(name, "room");
    }
    let to_bob = || Action::Typing(TypingTo::Peer(account("bob")));
    // A key pressed each 100 ms for 20 s: said at 0, 3.5, 7, 10.5, 14 and 17.5 s, whatever the network does.
    for _ in 0..200 {
        lab.does("alice", to_bob());
        lab.run(Duration::from_millis(100));
    }
    assert_eq!(typings(&lab, "bob").len(), 6);
    lab.does("alice", Action::Typing(TypingTo::Channel(channel("room"))));
    lab.run(SECOND);
    let last = typings(&lab, "bob").pop().expect("told");
    assert_eq!(last.channel, Some(channel("room")));
    assert_eq!(typings(&lab, "alice"), []);
    // Without a link it is answered, and dropped.
    let before = typings(&lab, "bob").len();
    lab.run(TYPING_PAUSE);
    lab.cut("alice");
    lab.run(Duration::from_millis(50));
    let request = lab.does("alice", to_bob());
    assert_eq!(lab.answer("alice", request), Some(&Ok(Answer::Done)));
    lab.run(Duration::from_secs(10));
    assert_eq!(typings(&lab, "bob").len(), before);
}

#[test]
fn what_the_server_does_not_grant_fails() {
    let mut lab = Lab::with(&["alice"]);
    let to_bob = Action::Typing(TypingTo::Peer(account("bob")));
    let typing = lab.does("alice", to_bob);
    let watch = watches(&mut lab, "alice", &["bob"]);
    lab.run(SECOND);
    for request in [typing, watch] {
        let answer = lab.answer("alice", request).expect("an answer");
        assert_eq!(
            answer.as_ref().map_err(CommandError::code),
            Err(Code::GeneralUnknown)
        );
    }
}

#[test]
fn nothing_is_heard_of_the_blocked_until_they_are_no_more() {
    let mut lab = lab(&["alice", "bob"], 8);
    let of = || accounts(&["alice"]);
    let blocked = asks(&mut lab, "bob", Addition::UserBlock { accounts: of() });
    lab.run(SECOND);
    let list = Answer::Reply(Reply::Blocked { accounts: of() });
    assert_eq!(lab.answer("bob", blocked), Some(&Ok(list)));
    let unheard = lab.says("alice", "bob", "unheard");
    lab.does("alice", Action::Typing(TypingTo::Peer(account("bob"))));
    let call = lab.invites("alice", "room", "bob");
    lab.run(SECOND);
    lab.kill_server();
    lab.run(Duration::from_secs(10));
    lab.says("alice", "bob", "unheard as well");
    lab.run(SECOND);
    id_of(&lab, "alice", unheard);
    assert_eq!(
        receipts(&lab, "alice", ReceiptState::Delivered),
        BTreeSet::new()
    );
    assert_eq!(lab.heard("bob", "alice"), Vec::<String>::new());
    assert_eq!(typings(&lab, "bob"), []);
    assert_eq!(lab.invitation("bob"), None);
    let ended = format!("{:?}", lab.of_call("alice", call));
    assert!(ended.contains("InviteCantRecv"), "{ended}");
    asks(&mut lab, "bob", Addition::UserUnblock { accounts: of() });
    lab.run(SECOND);
    lab.says("alice", "bob", "heard");
    lab.run(SECOND);
    assert_eq!(lab.heard("bob", "alice"), ["heard"]);
}
