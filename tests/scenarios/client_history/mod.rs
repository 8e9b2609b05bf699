//! What was said in channels while one was away (protocol page, section 18, `history`): lasting membership, pages, unread ones.

mod missed;
mod random;

use std::time::Duration;

use callsign::client::core::{Action, Answer, Command, CommandError, RequestNo};
use callsign::client::event::{ChannelEvent, ChannelView, Event};
use callsign::hub::{Settings, StoreOp};
use callsign::protocol::{Addition, AttrName, Cap, Caps, Code, EnvelopeKind, Reply, Request};
use serde_json::json;

use crate::support::lab::{Delay, Lab, account, channel, unlimited};

const A_MOMENT: Duration = Duration::from_millis(500);
/// Until a client has noticed that its link is dead, and is back.
const A_WHILE: Duration = Duration::from_secs(2);
/// Until a session that lost its link is given up.
const GIVEN_UP: Duration = Duration::from_secs(35);

fn settings() -> Settings {
    let mut settings = Settings::open([7; 32]);
    settings.limits.channel_messages_per_user = 0;
    settings
}

fn lab(settings: Settings) -> Lab {
    let mut lab = Lab::with_settings(settings, Delay::Even(Duration::from_millis(10)), 1);
    lab.caps = Caps::ALL;
    lab
}

fn signed_in(lab: &mut Lab, names: &[&str]) {
    for name in names {
        lab.sign_in(name, unlimited());
    }
    lab.run(A_MOMENT);
}

/// Clients that ask for everything, in a room called `room`.
fn in_room(names: &[&str]) -> Lab {
    let mut lab = lab(settings());
    signed_in(&mut lab, names);
    for name in names {
        lab.joins(name, "room");
        lab.run(A_MOMENT);
    }
    lab
}

/// Signs out once the server knows that everything has come.
fn signs_out(lab: &mut Lab, name: &str) {
    lab.run(Duration::from_secs(25));
    lab.command(name, Command::Logout { session: None });
    lab.run(A_MOMENT);
}

fn say(lab: &mut Lab, name: &str, words: &[&str]) {
    for msg in words {
        let said = lab.says_in(name, "room", msg);
        lab.run(Duration::from_millis(100));
        assert!(matches!(lab.answer(name, said), Some(Ok(_))), "{msg}");
    }
}

/// Joins, and what is unread.
fn join(lab: &mut Lab, name: &str) -> Option<u64> {
    let asked = lab.joins(name, "room");
    lab.run(A_MOMENT);
    match lab.answer(name, asked) {
        Some(Ok(Answer::Channel(view))) => view.unread,
        other => panic!("not joined: {other:?}"),
    }
}

fn leave(lab: &mut Lab, name: &str) -> Result<(), u16> {
    let asked = lab.does(name, Action::ChannelLeave(channel("room")));
    lab.run(A_MOMENT);
    done(lab.answer(name, asked))
}

fn done(answer: Option<&Result<Answer, CommandError>>) -> Result<(), u16> {
    let answer = answer.expect("an answer");
    let answer = answer.as_ref().map(drop);
    answer.map_err(|error| error.code().number())
}

fn ask(lab: &mut Lab, name: &str, before: Option<u64>, max: usize) -> RequestNo {
    let name_of = channel("room");
    let asked = Addition::ChannelHistory {
        name: name_of,
        before,
        max,
    };
    lab.does(name, Action::Invoke(Request::Addition(asked)))
}

/// The texts of a page with the numbers of their events, newest first, and whether there are more.
type Page = (Vec<(u64, String)>, bool);

fn page_in(answer: Option<&Result<Answer, CommandError>>) -> Page {
    let Some(Ok(Answer::Reply(Reply::History { msgs, more }))) = answer else {
        panic!("no page: {answer:?}");
    };
    let msgs = msgs.iter().map(|(msgid, envelope)| {
        assert_eq!(envelope.kind, EnvelopeKind::ChannelMsg);
        let id = envelope.message_id().expect("an id");
        assert!(!id.as_str().is_empty());
        let event = callsign::protocol::ChannelEvent::from_content(&envelope.content);
        let Some(callsign::protocol::ChannelEvent::Msg { msg, .. }) = event else {
            panic!("no message: {event:?}");
        };
        (*msgid, msg)
    });
    (msgs.collect(), *more)
}

fn page(lab: &mut Lab, name: &str, before: Option<u64>, max: usize) -> Page {
    let asked = ask(lab, name, before, max);
    lab.run(A_WHILE);
    page_in(lab.answer(name, asked))
}

/// Everything that is kept, oldest first, read page by page.
fn all(lab: &mut Lab, name: &str) -> Vec<(u64, String)> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let (msgs, more) = page(lab, name, before, 100);
        before = msgs.last().map(|(msgid, _)| *msgid);
        all.extend(msgs);
        if !more {
            break;
        }
    }
    all.reverse();
    assert!(all.is_sorted_by(|a, b| a.0 < b.0), "{all:?}");
    all
}

fn texts(page: &[(u64, String)]) -> Vec<&str> {
    page.iter().map(|(_, text)| text.as_str()).collect()
}

fn told(lab: &Lab, name: &str) -> Vec<ChannelEvent> {
    let events = lab.sdks[name].events.iter();
    let told = events.filter_map(|event| match event {
        Event::Channel { channel, event } if channel.as_str() == "room" => Some(event.clone()),
        Event::Channel { .. } | Event::Session(_) | Event::Call { .. } => None,
    });
    told.collect()
}

/// How the channel looked when a client came back into it last.
fn rejoined(lab: &Lab, name: &str) -> ChannelView {
    let mut told = told(lab, name).into_iter().rev();
    let view = told.find_map(|event| {
        if let ChannelEvent::Rejoined(view) = event {
            Some(view)
        } else {
            None
        }
    });
    view.expect("is in again")
}

fn number(lab: &mut Lab, asker: &str) -> (usize, bool) {
    let num = Request::ChannelQueryNum {
        name: channel("room"),
    };
    let is_in = Request::ChannelQueryUserIsIn {
        name: channel("room"),
        account: account("bob"),
    };
    let (num, is_in) = (
        lab.does(asker, Action::Invoke(num)),
        lab.does(asker, Action::Invoke(is_in)),
    );
    lab.run(A_MOMENT);
    match (lab.answer(asker, num), lab.answer(asker, is_in)) {
        (
            Some(Ok(Answer::Reply(Reply::ChannelNum { num, .. }))),
            Some(Ok(Answer::Reply(Reply::ChannelIsIn { is_in, .. }))),
        ) => (*num, *is_in),
        other => panic!("no answers: {other:?}"),
    }
}

/// Everybody is told at least how much they did not hear, by the answers to their joins.
fn misses_no_more_than_told(told: &[ChannelEvent], kept: &[(u64, String)], seed: u64) {
    let (mut last, mut unread, mut owed) = (0, 0, 0);
    let end = ChannelEvent::MessageReceive {
        account: account("nobody"),
        uid: callsign::protocol::Uid(0),
        msg: String::new(),
        sent_ms: 0,
        msgid: u64::MAX,
        id: None,
    };
    for event in told.iter().chain([&end]) {
        match event {
            ChannelEvent::Joined(view) | ChannelEvent::Rejoined(view) => {
                let more = view.unread.expect("history is kept");
                unread += more.saturating_sub(owed);
                owed = owed.saturating_sub(more);
            }
            ChannelEvent::MessageReceive { msgid, .. } => {
                let between = |(kept, _): &&(u64, String)| *kept > last && kept < msgid;
                let missed = kept.iter().filter(between).count() as u64;
                // What a session that was taken up did not hear may come before the answer to its join.
                owed += missed.saturating_sub(unread);
                (last, unread) = (*msgid, 0);
            }
            ChannelEvent::Left { .. }
            | ChannelEvent::UserJoined { .. }
            | ChannelEvent::UserLeft { .. }
            | ChannelEvent::AttrUpdated { .. } => {}
        }
    }
    assert_eq!(owed, 0, "missed and never told; seed {seed}");
}

#[test]
fn who_was_away_is_told_how_much_was_said_and_what() {
    let mut lab = in_room(&["alice", "bob"]);
    say(&mut lab, "alice", &["heard"]);
    signs_out(&mut lab, "bob");
    say(&mut lab, "alice", &["one", "two", "three"]);
    assert_eq!(number(&mut lab, "alice"), (1, false), "only who is present");
    signed_in(&mut lab, &["bob"]);
    let (before_join, _) = page(&mut lab, "bob", None, 2);
    assert_eq!(texts(&before_join), ["three", "two"], "also while away");
    assert_eq!(join(&mut lab, "bob"), Some(3));
    assert_eq!(join(&mut lab, "bob"), Some(3), "the answer may be lost");
    lab.run(Duration::from_secs(25));
    assert_eq!(join(&mut lab, "bob"), Some(0), "now it is here");
    let (first, more) = page(&mut lab, "bob", None, 3);
    assert_eq!((texts(&first), more), (vec!["three", "two", "one"], true));
    let (second, more) = page(&mut lab, "bob", Some(first[2].0), 3);
    assert_eq!((texts(&second), more), (vec!["heard"], false));
    let (nothing, more) = page(&mut lab, "bob", Some(second[0].0), 3);
    assert_eq!((texts(&nothing), more), (vec![], false));
    // The same numbers as in the events.
    let of_events = told(&lab, "alice").into_iter().filter_map(|event| {
        if let ChannelEvent::MessageReceive { msgid, .. } = event {
            Some(msgid)
        } else {
            None
        }
    });
    let kept: Vec<_> = all(&mut lab, "alice").iter().map(|(id, _)| *id).collect();
    assert_eq!(of_events.collect::<Vec<_>>(), kept);
}

#[test]
fn membership_lasts_until_one_leaves() {
    let mut lab = in_room(&["alice", "bob"]);
    signs_out(&mut lab, "bob");
    signed_in(&mut lab, &["bob"]);
    assert_eq!(leave(&mut lab, "bob"), Ok(()), "also while away");
    let not_a_member = Code::LeaveChannelOther.number();
    assert_eq!(leave(&mut lab, "bob"), Err(not_a_member));
    let asked = ask(&mut lab, "bob", None, 9);
    lab.run(A_MOMENT);
    let refused = Code::JoinChannelOther.number();
    assert_eq!(done(lab.answer("bob", asked)), Err(refused));
    say(&mut lab, "alice", &["missed"]);
    assert_eq!(join(&mut lab, "bob"), Some(0), "a new member");
    assert_eq!(texts(&all(&mut lab, "bob")), ["missed"]);
    assert_eq!(leave(&mut lab, "bob"), Ok(()), "while there");
    assert_eq!(leave(&mut lab, "bob"), Err(not_a_member));
}

#[test]
fn a_channel_without_lasting_members_keeps_nothing() {
    let mut lab = lab(settings());
    lab.caps = Caps::NONE.with(Cap::Rooms).with(Cap::V3).with(Cap::Resume);
    signed_in(&mut lab, &["alice"]);
    // History is for those who are members of many channels.
    lab.caps = Caps::NONE.with(Cap::History);
    signed_in(&mut lab, &["bob"]);
    lab.caps = Caps::NONE;
    signed_in(&mut lab, &["carol"]);
    for name in ["alice", "bob", "carol"] {
        assert_eq!(join(&mut lab, name), None);
        say(&mut lab, name, &["hello"]);
        let asked = ask(&mut lab, name, None, 9);
        lab.run(A_MOMENT);
        let unknown = Code::GeneralUnknown.number();
        assert_eq!(done(lab.answer(name, asked)), Err(unknown));
    }
    assert_eq!(lab.store.channel_rows(), (0, 0));
    // From the first lasting member on it does, whoever speaks.
    lab.caps = Caps::ALL;
    signed_in(&mut lab, &["dave"]);
    assert_eq!(join(&mut lab, "dave"), Some(0));
    for name in ["alice", "bob", "carol"] {
        say(&mut lab, name, &[name]);
    }
    assert_eq!(texts(&all(&mut lab, "dave")), ["alice", "bob", "carol"]);
}

/// What a 1.x client of the same account does is not leaving, unless it says so.
#[test]
fn an_old_client_of_a_lasting_member_sees_nothing_of_it() {
    let mut lab = in_room(&["alice", "bob"]);
    signs_out(&mut lab, "bob");
    say(&mut lab, "alice", &["one"]);
    lab.caps = Caps::NONE;
    signed_in(&mut lab, &["bob"]);
    let not_a_member = Code::LeaveChannelOther.number();
    assert_eq!(leave(&mut lab, "bob"), Err(not_a_member), "as ever");
    assert_eq!(join(&mut lab, "bob"), None);
    say(&mut lab, "alice", &["two"]);
    lab.run(Duration::from_secs(25));
    // It has one current channel.
    lab.joins("bob", "elsewhere");
    lab.run(A_MOMENT);
    say(&mut lab, "alice", &["three"]);
    signs_out(&mut lab, "bob");
    lab.caps = Caps::ALL;
    signed_in(&mut lab, &["bob"]);
    assert_eq!(join(&mut lab, "bob"), Some(1));
    assert_eq!(texts(&all(&mut lab, "bob")), ["one", "two", "three"]);
}

#[test]
fn only_so_many_are_kept_and_only_for_so_long() {
    let mut few = settings();
    few.limits.history = 3;
    few.limits.history_days = 2;
    let mut lab = lab(few);
    signed_in(&mut lab, &["alice", "bob"]);
    for name in ["alice", "bob"] {
        join(&mut lab, name);
    }
    signs_out(&mut lab, "bob");
    say(&mut lab, "alice", &["1", "2", "3", "4", "5"]);
    assert_eq!(texts(&all(&mut lab, "alice")), ["3", "4", "5"]);
    assert_eq!(lab.store.channel_rows().0, 3);
    lab.run(Duration::from_secs(24 * 3600));
    say(&mut lab, "alice", &["6"]);
    assert_eq!(texts(&all(&mut lab, "alice")), ["4", "5", "6"]);
    lab.run(Duration::from_secs(24 * 3600 + 60));
    assert_eq!(texts(&all(&mut lab, "alice")), ["6"], "to the minute");
    lab.run(Duration::from_secs(3600));
    assert_eq!(lab.store.channel_rows().0, 1, "within the hour");
    signed_in(&mut lab, &["bob"]);
    assert_eq!(join(&mut lab, "bob"), Some(1));
    lab.run(Duration::from_secs(26 * 3600));
    assert_eq!(all(&mut lab, "alice"), []);
    assert_eq!(lab.store.channel_rows(), (0, 2));
}

#[test]
fn what_an_operator_no_longer_keeps_goes_at_the_next_start() {
    let mut lab = in_room(&["alice"]);
    say(&mut lab, "alice", &["1", "2", "3"]);
    lab.settings().limits.history = 2;
    lab.kill_server();
    lab.run(A_WHILE);
    assert_eq!(texts(&all(&mut lab, "alice")), ["2", "3"]);
    lab.settings().limits.history = 0;
    lab.kill_server();
    lab.run(A_WHILE);
    assert_eq!(lab.store.channel_rows(), (0, 1));
    assert_eq!(rejoined(&lab, "alice").unread, None);
    say(&mut lab, "alice", &["4"]);
    assert_eq!(lab.store.channel_rows(), (0, 1));
    assert_eq!(leave(&mut lab, "alice"), Ok(()));
}

/// A channel with lasting members does not expire; one that everybody has left does, with all that was said there.
#[test]
fn a_room_ends_some_time_after_everybody_has_left() {
    let mut lab = in_room(&["alice", "bob"]);
    let request = Request::ChannelSetAttr {
        channel: channel("room"),
        name: AttrName::try_from("topic").expect("a name"),
        value: json!("tea"),
    };
    lab.does("alice", Action::Invoke(request));
    say(&mut lab, "alice", &["hello"]);
    for name in ["alice", "bob"] {
        signs_out(&mut lab, name);
    }
    lab.run(Duration::from_secs(3 * 3600));
    lab.kill_server();
    lab.run(Duration::from_secs(3 * 3600));
    signed_in(&mut lab, &["bob"]);
    assert_eq!(leave(&mut lab, "bob"), Ok(()));
    signed_in(&mut lab, &["alice"]);
    join(&mut lab, "alice");
    let view = lab.view("alice", "room").expect("a member");
    assert_eq!(view.attrs["topic"], "tea");
    assert_eq!(leave(&mut lab, "alice"), Ok(()));
    lab.run(Duration::from_secs(3600));
    lab.kill_server();
    lab.run(Duration::from_secs(1800));
    assert_eq!(join(&mut lab, "alice"), Some(0));
    assert_eq!(texts(&all(&mut lab, "alice")), ["hello"], "not yet");
    assert_eq!(leave(&mut lab, "alice"), Ok(()));
    lab.run(Duration::from_secs(7300));
    assert_eq!(lab.store.channel_rows(), (0, 0));
}

#[test]
fn one_account_is_a_lasting_member_of_so_many_channels() {
    let mut few = settings();
    few.limits.rooms = 2;
    let mut lab = lab(few);
    signed_in(&mut lab, &["alice"]);
    for room in ["one", "two"] {
        lab.joins("alice", room);
    }
    lab.run(A_MOMENT);
    signs_out(&mut lab, "alice");
    lab.kill_server();
    signed_in(&mut lab, &["alice"]);
    let asked = lab.joins("alice", "three");
    let again = lab.joins("alice", "two");
    lab.run(A_MOMENT);
    let refused = Code::JoinChannelOther.number();
    assert_eq!(done(lab.answer("alice", asked)), Err(refused));
    assert_eq!(done(lab.answer("alice", again)), Ok(()));
    let left = lab.does("alice", Action::ChannelLeave(channel("one")));
    let asked = lab.joins("alice", "three");
    lab.run(A_MOMENT);
    assert_eq!(done(lab.answer("alice", left)), Ok(()));
    assert_eq!(done(lab.answer("alice", asked)), Ok(()));
}

/// Other things happen while the store reads; the answer comes once, to whoever still waits.
#[test]
fn a_slow_read_holds_nobody_up_and_is_answered_once() {
    let mut lab = in_room(&["alice", "bob"]);
    say(&mut lab, "alice", &["one"]);
    lab.reading = Duration::from_secs(5);
    let asked = ask(&mut lab, "bob", None, 9);
    lab.run(A_MOMENT);
    assert_eq!(lab.answer("bob", asked), None);
    say(&mut lab, "alice", &["two"]);
    let heard = |event: &ChannelEvent| matches!(event, ChannelEvent::MessageReceive { .. });
    assert_eq!(
        told(&lab, "bob")
            .iter()
            .filter(|event| heard(event))
            .count(),
        2
    );
    // The link is lost while it reads: the question goes out again, and the first answer reaches nobody.
    lab.cut("bob");
    lab.run(Duration::from_secs(12));
    let (msgs, more) = page_in(lab.answer("bob", asked));
    assert_eq!((texts(&msgs), more), (vec!["two", "one"], false));
}

#[test]
fn too_much_in_a_second_is_refused() {
    let mut lab = in_room(&["alice"]);
    say(&mut lab, "alice", &["one"]);
    let asked: Vec<_> = (0..50).map(|_| ask(&mut lab, "alice", None, 100)).collect();
    lab.run(A_MOMENT);
    let refused = Err(Code::QueryUserNumOther.number());
    assert_eq!(done(lab.answer("alice", asked[0])), Ok(()));
    assert_eq!(done(lab.answer("alice", asked[49])), refused);
}

/// A message is kept before its sender is told so.
#[test]
fn what_is_acknowledged_is_kept_first() {
    let mut lab = in_room(&["alice"]);
    say(&mut lab, "alice", &["one"]);
    let kept = |op: &&StoreOp| matches!(op, StoreOp::PutChannelMessage(_));
    let op = lab.ops().iter().find(kept).expect("is kept");
    assert!(!op.can_wait(), "its answer waits for the commit");
}
