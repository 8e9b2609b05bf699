//! What the store promises, tried on real files.

use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::protocol::{Account, ChannelName, Code, MessageId, NameError};

/// The time at which these tests play, in ms since the Unix epoch.
const NOW: u64 = 1_700_000_000_000;

fn name<T: for<'a> TryFrom<&'a str, Error = NameError>>(text: &str) -> T {
    T::try_from(text).expect("a name")
}

fn ann() -> Conversation {
    Conversation::Person(name("ann"))
}

fn ops() -> Conversation {
    Conversation::Room(name("ops"))
}

/// A history in a folder that goes with it.
struct Home {
    folder: tempfile::TempDir,
    store: Store,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Self::open(folder.path().join("history.db"));
        Self { folder, store }
    }

    fn open(path: PathBuf) -> Store {
        let opened = Store::open(&path).expect("opens");
        assert_eq!(opened.set_aside, None);
        opened.store
    }

    /// What another process finds.
    async fn reopened(self) -> Self {
        self.store.close().await;
        let store = Self::open(self.folder.path().join("history.db"));
        Self { store, ..self }
    }

    /// Does what is to be done when nothing else is, and looks for words in all files.
    async fn without(self, words: &[&str]) -> Self {
        // Not within a transaction, so not as a command that writes.
        let step = || self.store.read(|connection| Ok(upkeep::step(connection)));
        while step().await.expect("done") {}
        let log = self.folder.path().join("history.db-wal");
        let log = std::fs::metadata(log).expect("is there");
        assert_eq!(log.len(), 0, "the log holds nothing either");
        self.store.close().await;
        for entry in std::fs::read_dir(self.folder.path()).expect("a folder") {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("is there");
            for word in words {
                let found = bytes
                    .windows(word.len())
                    .any(|part| part == word.as_bytes());
                assert!(!found, "{word} is still in {}", path.display());
            }
        }
        let store = Self::open(self.folder.path().join("history.db"));
        Self { store, ..self }
    }

    async fn put(&self, message: NewMessage) -> Message {
        match self.store.put_message(message).await {
            Ok(Put::New(message)) => message,
            other => panic!("not kept: {other:?}"),
        }
    }
}

fn incoming(conversation: Conversation, id: &str, server_ms: u64, text: &str) -> NewMessage {
    NewMessage {
        conversation,
        id: Some(name(id)),
        source: name("ann"),
        way: Way::In(Attention::Unread),
        kind: MessageKind::Text,
        text: text.to_owned(),
        server_ms: Some(server_ms),
        local_ms: NOW,
        reply_to: None,
    }
}

fn outgoing(conversation: Conversation, id: &str, local_ms: u64, text: &str) -> NewMessage {
    NewMessage {
        source: name("me"),
        way: Way::Out(Delivery::Pending),
        server_ms: None,
        local_ms,
        ..incoming(conversation, id, NOW, text)
    }
}

fn texts(messages: &[Message]) -> Vec<&str> {
    let messages = messages.iter();
    messages
        .map(|message| message.content.text.as_str())
        .collect()
}

#[tokio::test]
async fn everything_that_is_known_of_a_message_comes_back() {
    let home = Home::new();
    let mut messages = vec![
        incoming(ops(), "1", NOW, "plain"),
        outgoing(ops(), "2", NOW + 1, "zero \0 and \"quotes\""),
    ];
    let failed = Delivery::Failed {
        code: Code::SendMessageTimeout,
        reason: "no answer".to_owned(),
    };
    let ways = [
        Way::In(Attention::Seen),
        Way::In(Attention::Mention),
        Way::Out(Delivery::Sent),
        Way::Out(Delivery::Delivered),
        Way::Out(Delivery::Read),
        Way::Out(failed),
    ];
    let kinds = [
        MessageKind::Text,
        MessageKind::Call,
        MessageKind::Joined,
        MessageKind::Left,
    ];
    for (n, way) in ways.into_iter().enumerate() {
        for kind in kinds {
            messages.push(NewMessage {
                way: way.clone(),
                kind,
                id: None,
                reply_to: Some(ReplyTo {
                    source: name("bob"),
                    id: name("an-id"),
                }),
                ..incoming(ops(), "x", NOW + 10 + n as u64, &format!("{n} {kind:?}"))
            });
        }
    }
    let puts = home
        .store
        .put_messages(messages.clone())
        .await
        .expect("kept");
    let home = home.reopened().await;
    let window = home.store.latest(ops(), 100).await.expect("read");
    let mut contents: Vec<_> = window.messages.iter().map(|m| m.content.clone()).collect();
    assert_eq!(contents.len(), messages.len());
    contents.sort_by_key(|content| messages.iter().position(|sent| sent == content));
    assert_eq!(contents, messages);
    for put in puts {
        let Put::New(message) = put else {
            panic!("not new: {put:?}")
        };
        let found = home.store.message(message.row).await.expect("read");
        assert_eq!(found, Some(message));
    }
}

#[tokio::test]
async fn a_message_is_kept_once_for_ever() {
    let home = Home::new();
    let first = home.put(incoming(ann(), "1", NOW, "hello")).await;
    let repeat = incoming(ann(), "1", NOW + 5, "hello again");
    let put = home.store.put_message(repeat.clone()).await.expect("asked");
    assert_eq!(put, Put::Known(first.clone()));
    home.put(incoming(ops(), "1", NOW, "the same id elsewhere"))
        .await;
    assert!(home.store.delete_message(first.row).await.expect("deleted"));
    assert!(!home.store.delete_message(first.row).await.expect("asked"));
    let home = home.reopened().await;
    let put = home.store.put_message(repeat).await.expect("asked");
    assert_eq!(put, Put::Forgotten);
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(window, Window::default());
}

#[tokio::test]
async fn a_message_without_an_id_is_kept_once_too() {
    let home = Home::new();
    let message = NewMessage {
        id: None,
        ..incoming(ann(), "x", NOW, "hello")
    };
    let first = home.put(message.clone()).await;
    let put = home
        .store
        .put_message(message.clone())
        .await
        .expect("asked");
    assert_eq!(put, Put::Known(first));
    let later = NewMessage {
        server_ms: Some(NOW + 1),
        ..message
    };
    home.put(later).await;
}

#[tokio::test]
async fn the_order_is_that_of_the_server_and_then_of_arrival() {
    let home = Home::new();
    for (id, time, text) in [("1", 5, "c"), ("2", 3, "a"), ("3", 5, "d"), ("4", 4, "b")] {
        home.put(incoming(ann(), id, NOW + time, text)).await;
    }
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_flood_within_one_millisecond_keeps_its_order() {
    let home = Home::new();
    let flood = (0..2500).map(|n| incoming(ann(), &n.to_string(), NOW, &n.to_string()));
    home.store
        .put_messages(flood.collect())
        .await
        .expect("kept");
    let window = home.store.latest(ann(), 1000).await.expect("read");
    let expected: Vec<_> = (1500..2500).map(|n| n.to_string()).collect();
    assert_eq!(texts(&window.messages), expected);
    assert!(window.older && !window.newer);
}

#[tokio::test]
async fn what_is_typed_comes_last_whatever_the_clock_says_and_moves_when_the_server_has_it() {
    let home = Home::new();
    home.put(incoming(ann(), "1", NOW, "question")).await;
    let mine = home.put(outgoing(ann(), "2", NOW - 60_000, "answer")).await;
    home.put(incoming(ann(), "3", NOW + 10, "thanks")).await;
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["question", "answer", "thanks"]);
    let mine = home
        .store
        .sent(mine.row, Some(NOW + 20))
        .await
        .expect("kept");
    let mine = mine.expect("is there");
    assert_eq!(mine.content.way, Way::Out(Delivery::Sent));
    assert_eq!(mine.place.time_ms(), NOW + 20);
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["question", "thanks", "answer"]);
    let found = home
        .store
        .search("answer", None, Place::LAST, 9)
        .await
        .expect("found");
    assert_eq!(found.messages, [mine], "and the search knows where it is");
}

#[tokio::test]
async fn the_outbox_comes_back_in_the_order_of_typing() {
    let home = Home::new();
    for (id, text) in [("1", "one"), ("2", "two"), ("3", "three"), ("4", "four")] {
        home.put(outgoing(ops(), id, NOW, text)).await;
    }
    let home = home.reopened().await;
    let outbox = home.store.outbox().await.expect("read");
    assert_eq!(texts(&outbox), ["one", "two", "three", "four"]);
    home.store.sent(outbox[1].row, None).await.expect("kept");
    let reason = "too large".to_owned();
    let code = Code::GeneralLargeParam;
    home.store
        .failed(outbox[2].row, code, reason)
        .await
        .expect("kept");
    home.store
        .delete_message(outbox[3].row)
        .await
        .expect("deleted");
    let rest = home.store.outbox().await.expect("read");
    assert_eq!(texts(&rest), ["one"]);
    home.store.retry(outbox[2].row).await.expect("kept");
    let rest = home.store.outbox().await.expect("read");
    assert_eq!(texts(&rest), ["one", "three"]);
}

#[tokio::test]
async fn an_echo_of_ones_own_message_acknowledges_it() {
    let home = Home::new();
    let mine = home.put(outgoing(ops(), "1", NOW, "hello")).await;
    let echo = NewMessage {
        way: Way::Out(Delivery::Sent),
        server_ms: Some(NOW + 7),
        ..outgoing(ops(), "1", NOW, "hello")
    };
    let put = home.store.put_message(echo).await.expect("kept");
    let Put::Known(now) = put else {
        panic!("not known: {put:?}")
    };
    assert_eq!((now.row, now.place), (mine.row, Place::at(NOW + 7)));
    assert_eq!(now.content.way, Way::Out(Delivery::Sent));
    assert_eq!(home.store.outbox().await.expect("read"), []);
}

#[tokio::test]
async fn a_delivery_never_goes_back() {
    let home = Home::new();
    let mine = home.put(outgoing(ann(), "1", NOW, "hello")).await;
    let ids = vec![name::<MessageId>("1"), name("unknown")];
    let receipt = |receipt| home.store.receipt(ann(), name("me"), ids.clone(), receipt);
    let read = receipt(Receipt::Read).await.expect("kept");
    assert_eq!(read[0].content.way, Way::Out(Delivery::Read));
    assert_eq!(receipt(Receipt::Delivered).await.expect("kept"), []);
    assert_eq!(receipt(Receipt::Read).await.expect("kept"), []);
    let late = home
        .store
        .failed(mine.row, Code::SendMessageTimeout, String::new())
        .await;
    assert_eq!(late.expect("asked").as_ref(), Some(&read[0]));
    let late = home.store.sent(mine.row, None).await.expect("asked");
    assert_eq!(late.as_ref(), Some(&read[0]));
    // Somebody else's message has no delivery.
    let theirs = home.put(incoming(ann(), "1", NOW, "hi")).await;
    let same = home.store.sent(theirs.row, None).await.expect("asked");
    assert_eq!(same, Some(theirs));
}

#[tokio::test]
async fn windows_are_without_gaps_and_tell_what_lies_beyond() {
    let home = Home::new();
    for n in 0..10 {
        home.put(incoming(
            ann(),
            &n.to_string(),
            NOW + n * 1000,
            &n.to_string(),
        ))
        .await;
        home.put(incoming(ops(), &n.to_string(), NOW + n * 1000, "elsewhere"))
            .await;
    }
    let store = &home.store;
    let check = |window: &Window, expected: &[&str], older, newer| {
        assert_eq!(texts(&window.messages), expected);
        assert_eq!((window.older, window.newer), (older, newer), "{expected:?}");
    };
    let latest = store.latest(ann(), 3).await.expect("read");
    check(&latest, &["7", "8", "9"], true, false);
    check(
        &store.latest(ann(), 10).await.expect("read"),
        &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        false,
        false,
    );
    let above = store
        .before(ann(), latest.messages[0].place, 4)
        .await
        .expect("read");
    check(&above, &["3", "4", "5", "6"], true, true);
    let top = store
        .before(ann(), above.messages[0].place, 4)
        .await
        .expect("read");
    check(&top, &["0", "1", "2"], false, true);
    let below = store
        .after(ann(), top.messages[2].place, 2)
        .await
        .expect("read");
    check(&below, &["3", "4"], true, true);
    let end = store
        .after(ann(), latest.messages[1].place, 5)
        .await
        .expect("read");
    check(&end, &["9"], true, false);
    let around = store.around(above.messages[1].row, 5).await.expect("read");
    check(
        &around.expect("is there"),
        &["2", "3", "4", "5", "6"],
        true,
        true,
    );
    let day = store.at_time(ann(), NOW + 4500, 4).await.expect("read");
    check(&day, &["3", "4", "5", "6"], true, true);
    let past = store.at_time(ann(), 0, 4).await.expect("read");
    check(&past, &["0", "1"], false, true);
    let future = store.at_time(ann(), u64::MAX, 4).await.expect("read");
    check(&future, &["8", "9"], true, false);
    let nobody = Conversation::Person(name("nobody"));
    assert_eq!(
        store.latest(nobody, 4).await.expect("read"),
        Window::default()
    );
}

/// No sorting and no walk through a table, so the cost does not grow with the history.
#[tokio::test]
async fn windows_and_lists_are_read_by_index() {
    let home = Home::new();
    let queries = [
        windows::OLDER,
        windows::NEWER,
        "SELECT max(place) FROM messages WHERE conversation = ?1 AND place <= ?2",
        "SELECT source, message_id FROM messages
         WHERE conversation = ?1 AND direction = 0 AND state > 0 AND place <= ?2 ORDER BY place",
        "SELECT id FROM messages WHERE direction = 1 AND state = 0 ORDER BY id",
        "SELECT id FROM calls WHERE (started_ms, id) < (?, ?) ORDER BY started_ms DESC, id DESC LIMIT ?",
        "SELECT count(*) FROM calls WHERE seen = 0",
    ];
    for query in queries {
        let plan = home.store.read(move |connection| {
            let explain = format!("EXPLAIN QUERY PLAN {query}");
            let mut statement = connection.prepare(&explain)?;
            let values = vec![1_i64; statement.parameter_count()];
            let values = rusqlite::params_from_iter(values);
            let steps = statement.query_map(values, |row| row.get::<_, String>(3))?;
            Ok(steps.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        for step in plan.await.expect("read") {
            assert!(!step.contains("TEMP B-TREE"), "{query}: {step}");
            assert!(
                step.contains("INDEX") || step.contains("PRIMARY KEY"),
                "{query}: {step}"
            );
        }
    }
}

#[tokio::test]
async fn a_list_shows_what_is_unread_and_what_was_said_last() {
    let home = Home::new();
    home.store
        .begin_conversation(ops(), NOW - 9)
        .await
        .expect("kept");
    let first = home.put(incoming(ann(), "1", NOW, "one")).await;
    let mention = NewMessage {
        way: Way::In(Attention::Mention),
        ..incoming(ann(), "2", NOW + 1, "two, @me")
    };
    let mention = home.put(mention).await;
    let joined = NewMessage {
        kind: MessageKind::Joined,
        way: Way::In(Attention::Seen),
        id: None,
        ..incoming(ann(), "x", NOW + 2, "")
    };
    home.put(joined).await;
    home.store
        .set_draft(ann(), "half a".to_owned(), NOW)
        .await
        .expect("kept");
    home.store.set_muted(ops(), true, NOW).await.expect("kept");
    let home = home.reopened().await;
    let list = home.store.conversations().await.expect("read");
    let [with_ann, in_ops] = list.as_slice() else {
        panic!("{list:?}")
    };
    let expected = ConversationView {
        conversation: ann(),
        draft: "half a".to_owned(),
        muted: false,
        active_ms: NOW + 1,
        read_mark: None,
        first_unread: Some(first.place),
        unread: 2,
        mentions: 1,
        last: Some(mention.clone()),
    };
    assert_eq!(with_ann, &expected);
    assert_eq!(
        (&in_ops.conversation, in_ops.muted, in_ops.active_ms),
        (&ops(), true, NOW - 9)
    );
    assert_eq!(in_ops.last, None);

    let read = home
        .store
        .mark_read(ann(), first.place)
        .await
        .expect("kept");
    assert_eq!(read, [(name("ann"), name("1"))]);
    let view = home
        .store
        .conversation(ann())
        .await
        .expect("read")
        .expect("is there");
    assert_eq!((view.unread, view.mentions), (1, 1));
    assert_eq!(
        (view.read_mark, view.first_unread),
        (Some(first.place), Some(mention.place))
    );
    home.store
        .mark_read(ann(), Place::LAST)
        .await
        .expect("kept");
    // The mark stands where messages are, so what comes later is unread.
    home.put(incoming(ann(), "3", NOW + 3, "three")).await;
    let home = home.reopened().await;
    let view = home
        .store
        .conversation(ann())
        .await
        .expect("read")
        .expect("is there");
    assert_eq!((view.unread, view.mentions), (1, 0));
    home.store
        .mark_read(ann(), first.place)
        .await
        .expect("kept");
    let view = home
        .store
        .conversation(ann())
        .await
        .expect("read")
        .expect("is there");
    assert_eq!(view.unread, 1);
    assert!(
        view.read_mark > Some(mention.place),
        "the mark never goes back"
    );
}

#[tokio::test]
async fn an_erased_conversation_leaves_nothing_and_nothing_comes_back() {
    let home = Home::new();
    for n in 0..300 {
        home.put(incoming(
            ann(),
            &n.to_string(),
            NOW + n,
            "tausendfuessler 龘靐齉 secret",
        ))
        .await;
    }
    let kept = home.put(incoming(ops(), "1", NOW, "something else")).await;
    home.store
        .set_draft(ann(), "tausendfuessler".to_owned(), NOW)
        .await
        .expect("kept");
    home.store.set_muted(ann(), true, NOW).await.expect("kept");
    home.store.erase_conversation(ann()).await.expect("erased");
    let view = home
        .store
        .conversation(ann())
        .await
        .expect("read")
        .expect("is there");
    assert_eq!(
        (view.muted, view.draft.as_str(), view.last, view.unread),
        (true, "", None, 0)
    );
    let again = incoming(ann(), "7", NOW + 7, "tausendfuessler 龘靐齉 secret");
    assert_eq!(
        home.store.put_message(again).await.expect("asked"),
        Put::Forgotten
    );
    let found = home
        .store
        .search("secret", None, Place::LAST, 9)
        .await
        .expect("found");
    assert_eq!(found, Found::default());
    let found = home
        .store
        .search("something", None, Place::LAST, 9)
        .await
        .expect("found");
    assert_eq!(found.messages, [kept]);

    let home = home
        .without(&["ausendf", "靐齉", "龘靐齉", " secret"])
        .await;
    home.store
        .remove_conversation(ann())
        .await
        .expect("removed");
    assert_eq!(home.store.conversation(ann()).await.expect("read"), None);
    assert_eq!(home.store.conversations().await.expect("read").len(), 1);
}

#[tokio::test]
async fn one_message_among_many_leaves_nothing_either() {
    let home = Home::new();
    let mut gone = None;
    for n in 0..600 {
        let text = if n == 300 {
            "龘靐齉"
        } else {
            "the build is green"
        };
        let message = home
            .put(incoming(ann(), &n.to_string(), NOW + n, text))
            .await;
        if n == 300 {
            gone = Some(message.row);
        }
    }
    let gone = gone.expect("was kept");
    assert!(home.store.delete_message(gone).await.expect("deleted"));
    // Of a word that begins as another one does, the index holds the rest alone.
    let home = home.without(&["龘靐齉", "靐齉"]).await;
    let found = home.store.search("build", None, Place::LAST, 200).await;
    assert_eq!(found.expect("found").messages.len(), 200);
}

#[tokio::test]
async fn words_are_found_in_any_script_and_case() {
    let home = Home::new();
    let said = [
        "The build is GREEN",
        "greenhouse, built",
        "今天的会议改到下午三点",
        "ПРИВЕТ, мир",
        "100% \"quoted\" AND (this) *",
        "ok",
    ];
    for (n, text) in said.iter().enumerate() {
        home.put(incoming(ann(), &n.to_string(), NOW + n as u64, text))
            .await;
    }
    for (query, expected) in [
        ("green", vec![1, 0]),
        ("GREEN build", vec![0]),
        ("green  is", vec![0]),
        ("会议改", vec![2]),
        ("三点", vec![2]),
        ("会", vec![2]),
        ("привет", vec![3]),
        ("\"quoted\"", vec![4]),
        ("AND", vec![4]),
        ("(this)", vec![4]),
        ("0%", vec![4]),
        ("OK", vec![5]),
        ("i", vec![4, 1, 0]),
        ("NOTHING", vec![]),
        ("  ", vec![]),
        ("", vec![]),
    ] {
        for within in [None, Some(ann())] {
            let found = home
                .store
                .search(query, within, Place::LAST, 99)
                .await
                .expect("found");
            let expected: Vec<_> = expected.iter().map(|n: &usize| said[*n]).collect();
            assert_eq!(texts(&found.messages), expected, "{query:?}");
        }
        let elsewhere = home.store.search(query, Some(ops()), Place::LAST, 99).await;
        assert_eq!(elsewhere.expect("found"), Found::default(), "{query:?}");
    }
}

#[tokio::test]
async fn a_search_goes_on_page_by_page_in_the_order_of_time() {
    let home = Home::new();
    // Arrival is not the order: this is a history that was fetched later.
    for n in (0..25).rev() {
        let conversation = if n % 2 == 0 { ann() } else { ops() };
        home.put(incoming(
            conversation,
            &n.to_string(),
            NOW + n,
            &format!("number {n}"),
        ))
        .await;
    }
    for (query, within, expected) in [
        ("number", None, (0..25).rev().collect::<Vec<_>>()),
        ("nu", None, (0..25).rev().collect()),
        (
            "number",
            Some(ops()),
            (0..25).rev().filter(|n| n % 2 == 1).collect(),
        ),
        (
            "nu",
            Some(ops()),
            (0..25).rev().filter(|n| n % 2 == 1).collect(),
        ),
    ] {
        let (mut before, mut all) = (Place::LAST, Vec::new());
        loop {
            let page = home
                .store
                .search(query, within.clone(), before, 4)
                .await
                .expect("found");
            all.extend(
                page.messages
                    .iter()
                    .map(|message| message.content.text.clone()),
            );
            match page.next {
                Some(next) => before = next,
                None => break,
            }
        }
        let expected: Vec<_> = expected.iter().map(|n| format!("number {n}")).collect();
        assert_eq!(all, expected, "{query}");
    }
}

#[tokio::test]
async fn calls_are_kept_with_how_they_ended() {
    let home = Home::new();
    let call = |n: u64, outgoing| NewCall {
        outgoing,
        peer: name("bob"),
        channel: name("call-1"),
        number: (n == 1).then(|| "+123".to_owned()),
        started_ms: NOW + n,
    };
    let failed = Outcome::Failed {
        code: Code::InvitePeerOffline,
        reason: "offline".to_owned(),
    };
    let outcomes = [
        Outcome::Talked,
        Outcome::Missed,
        Outcome::Declined,
        Outcome::Refused,
        Outcome::Cancelled,
        Outcome::NoAnswer,
        failed,
    ];
    let mut expected = Vec::new();
    for (n, outcome) in (0..).zip(outcomes) {
        let row = home
            .store
            .call_started(call(n, n % 2 == 0))
            .await
            .expect("kept");
        if outcome == Outcome::Talked {
            assert!(home.store.call_answered(row, NOW + 50).await.expect("kept"));
            assert!(
                !home
                    .store
                    .call_answered(row, NOW + 60)
                    .await
                    .expect("asked")
            );
        }
        let ended = home.store.call_ended(row, NOW + 100, outcome.clone()).await;
        let ended = ended.expect("kept").expect("is there");
        assert_eq!(ended.call, call(n, n % 2 == 0));
        assert_eq!(
            ended.answered_ms,
            (outcome == Outcome::Talked).then_some(NOW + 50)
        );
        assert_eq!(
            (ended.ended_ms, &ended.outcome),
            (Some(NOW + 100), &Some(outcome.clone()))
        );
        assert_eq!(ended.seen, outcome != Outcome::Missed);
        let again = home.store.call_ended(row, NOW + 200, Outcome::Talked).await;
        assert_eq!(
            again.expect("asked").as_ref(),
            Some(&ended),
            "the first end counts"
        );
        expected.insert(0, ended);
    }
    let open = home.store.call_started(call(99, true)).await.expect("kept");
    let home = home.reopened().await;
    let found = home.store.calls(None, 1).await.expect("read");
    assert_eq!(
        (found[0].row, &found[0].outcome),
        (open, &Some(Outcome::Interrupted))
    );
    assert!(home.store.delete_call(open).await.expect("deleted"));
    let mut calls = home.store.calls(None, 3).await.expect("read");
    loop {
        let more = home.store.calls(calls.last(), 3).await.expect("read");
        if more.is_empty() {
            break;
        }
        calls.extend(more);
    }
    assert_eq!(calls, expected);
    assert_eq!(home.store.missed_calls().await.expect("read"), 1);
    home.store.calls_seen().await.expect("kept");
    assert_eq!(home.store.missed_calls().await.expect("read"), 0);
    home.store.erase_calls().await.expect("erased");
    assert_eq!(home.store.calls(None, 9).await.expect("read"), []);
}

#[tokio::test]
async fn people_rooms_and_settings_come_back() {
    let home = Home::new();
    let person = |account: &str| Person {
        account: name(account),
        name: String::new(),
        added_ms: Some(NOW),
        blocked: false,
    };
    for account in ["ann", "bob", "cy", "dan"] {
        home.store.put_person(person(account)).await.expect("kept");
    }
    let cy = Person {
        name: "Cy the Great".to_owned(),
        added_ms: None,
        blocked: true,
        ..person("cy")
    };
    home.store.put_person(cy.clone()).await.expect("kept");
    let order = vec![name("dan"), name("nobody"), name("ann")];
    home.store.order_people(order).await.expect("kept");
    home.store.put_person(person("eve")).await.expect("kept");
    assert!(
        home.store
            .remove_person(name("bob"))
            .await
            .expect("removed")
    );
    assert!(!home.store.remove_person(name("bob")).await.expect("asked"));
    let room = |name: ChannelName, joined, since_ms| Room {
        name,
        joined,
        since_ms,
    };
    home.store
        .put_room(room(name("ops"), true, NOW))
        .await
        .expect("kept");
    home.store
        .put_room(room(name("a b"), true, NOW + 1))
        .await
        .expect("kept");
    home.store
        .put_room(room(name("ops"), false, NOW + 2))
        .await
        .expect("kept");
    home.store
        .put_room(room(name("old"), false, 1))
        .await
        .expect("kept");
    home.store.remove_room(name("old")).await.expect("removed");
    let value = json!({"dark": true, "sizes": [1, 2.5, null]});
    home.store
        .put_setting("theme".to_owned(), json!(1))
        .await
        .expect("kept");
    home.store
        .put_setting("theme".to_owned(), value.clone())
        .await
        .expect("kept");
    home.store
        .put_setting("gone".to_owned(), json!("x"))
        .await
        .expect("kept");
    home.store
        .remove_setting("gone".to_owned())
        .await
        .expect("removed");

    let home = home.reopened().await;
    let people = home.store.people().await.expect("read");
    assert_eq!(people, [person("dan"), person("ann"), cy, person("eve")]);
    let rooms = home.store.rooms().await.expect("read");
    assert_eq!(
        rooms,
        [
            room(name("ops"), false, NOW + 2),
            room(name("a b"), true, NOW + 1)
        ]
    );
    let settings = home.store.settings().await.expect("read");
    assert_eq!(
        settings.into_iter().collect::<Vec<_>>(),
        [("theme".to_owned(), value)]
    );
}

#[tokio::test]
async fn an_export_has_every_message() {
    let home = Home::new();
    home.put(incoming(ann(), "1", NOW, "two\nlines")).await;
    home.put(outgoing(ann(), "2", NOW + 1000, "mine")).await;
    home.put(incoming(ops(), "3", NOW, "in the room")).await;
    let path = home.folder.path().join("export");
    let text = Format::Text { utc_offset_min: 60 };
    let count = home
        .store
        .export(Some(ann()), text, &path)
        .await
        .expect("written");
    assert_eq!(count, 2);
    let written = std::fs::read_to_string(&path).expect("is there");
    assert_eq!(
        written,
        "=== ann ===\n\n\
         2023-11-14 23:13:20 +01:00  ann: two\n    lines\n\
         2023-11-14 23:13:21 +01:00  me: mine (not sent yet)\n"
    );
    let count = home
        .store
        .export(None, Format::Json, &path)
        .await
        .expect("written");
    assert_eq!(count, 3);
    let written = std::fs::read_to_string(&path).expect("is there");
    let written: serde_json::Value = serde_json::from_str(&written).expect("is JSON");
    let conversations = written["conversations"].as_array().expect("a list");
    assert_eq!(conversations[0]["person"], "ann");
    assert_eq!(conversations[0]["messages"][0]["text"], "two\nlines");
    assert_eq!(conversations[0]["messages"][1]["state"], "pending");
    assert_eq!(conversations[1]["room"], "ops");
    assert_eq!(conversations[1]["messages"][0]["time"], NOW);
    assert_eq!(
        std::fs::read_dir(home.folder.path())
            .expect("a folder")
            .filter(|entry| {
                entry
                    .as_ref()
                    .is_ok_and(|entry| entry.path().to_string_lossy().ends_with(".part"))
            })
            .count(),
        0
    );

    let nowhere = home.folder.path().join("no/such/folder");
    let error = home
        .store
        .export(None, Format::Json, &nowhere)
        .await
        .expect_err("fails");
    assert!(matches!(error, ExportError::File { .. }), "{error}");
    assert!(error.to_string().contains("no/such/folder"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_costs_nothing_that_was_kept() {
    let home = Home::new();
    home.put(incoming(ann(), "kept", NOW, "kept before")).await;
    let limit_pages = |pages: i64| {
        home.store.read(move |connection| {
            let pragma = format!("PRAGMA max_page_count = {pages}");
            Ok(connection.query_row(&pragma, [], |row| row.get::<_, i64>(0))?)
        })
    };
    limit_pages(1).await.expect("asked");
    let large = |n: u64| incoming(ann(), &n.to_string(), NOW + n, &"x".repeat(8000));
    let mut kept = 0;
    let error = loop {
        match home.store.put_message(large(kept)).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1000, "the limit has no effect");
    };
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    // Several at once: all are told.
    let (one, two) = tokio::join!(
        home.store.put_message(large(5001)),
        home.store.put_message(large(5002)),
    );
    assert!(one.is_err() && two.is_err());
    let count = home
        .store
        .latest(ann(), 1000)
        .await
        .expect("read")
        .messages
        .len() as u64;
    assert_eq!(count, kept + 1);
    limit_pages(100_000).await.expect("asked");
    home.put(large(5001)).await;
    let home = home.reopened().await;
    let count = home
        .store
        .latest(ann(), 1000)
        .await
        .expect("read")
        .messages
        .len() as u64;
    assert_eq!(count, kept + 2);
}

#[tokio::test]
async fn one_command_that_fails_takes_no_other_with_it() {
    let home = Home::new();
    let broken = home.store.write(|connection| {
        connection.execute("INSERT INTO rooms VALUES ('half', 1, 1)", [])?;
        Ok(connection.execute("INSERT INTO no_such_table VALUES (1)", [])?)
    });
    let (one, broken, two) = tokio::join!(
        home.store.put_message(incoming(ann(), "1", NOW, "one")),
        broken,
        home.store.put_message(incoming(ann(), "2", NOW, "two")),
    );
    assert!(matches!(broken, Err(StoreError::Disk(_))), "{broken:?}");
    assert!(one.is_ok() && two.is_ok());
    let home = home.reopened().await;
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["one", "two"]);
    assert_eq!(home.store.rooms().await.expect("read"), []);
}

#[tokio::test]
async fn a_closed_history_says_so_and_can_be_opened_again() {
    let home = Home::new();
    let other = home.store.clone();
    let last = other.put_message(incoming(ann(), "1", NOW, "the last"));
    let (last, ()) = tokio::join!(last, home.store.close());
    last.expect("what was asked for before is done");
    assert!(matches!(
        other.conversations().await,
        Err(StoreError::Closed)
    ));
    let search = other.search("last", None, Place::LAST, 1).await;
    assert!(matches!(search, Err(StoreError::Closed)));
    home.store.close().await;
    let home = home.reopened().await;
    let window = home.store.latest(ann(), 1).await.expect("read");
    assert_eq!(texts(&window.messages), ["the last"]);
    assert!(!home.folder.path().join("history.db.examine").exists());
}

#[tokio::test]
async fn a_command_goes_on_when_nobody_waits_for_it_any_more() {
    let home = Home::new();
    {
        let put = home.store.put_message(incoming(ann(), "1", NOW, "one"));
        tokio::pin!(put);
        // Asked for, and dropped.
        tokio::select! {
            biased;
            _ = &mut put => {}
            () = std::future::ready(()) => {}
        }
    }
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["one"]);
}

#[tokio::test]
async fn what_was_never_written_by_us_is_told() {
    let home = Home::new();
    let message = home.put(incoming(ann(), "1", NOW, "one")).await;
    let spoil = "UPDATE messages SET source = 'with a space'";
    home.store
        .write(move |connection| Ok(connection.execute(spoil, [])?))
        .await
        .expect("done");
    let read = home.store.message(message.row).await;
    assert!(
        matches!(read, Err(StoreError::Unreadable { what: "name" })),
        "{read:?}"
    );
}

/// The account of a message's source never needs to be another's.
#[tokio::test]
async fn a_message_is_found_by_its_senders_id() {
    let home = Home::new();
    let message = home.put(incoming(ops(), "1", NOW, "one")).await;
    let find = |source: Account| home.store.find_message(ops(), source, name("1"));
    assert_eq!(find(name("ann")).await.expect("read"), Some(message));
    assert_eq!(find(name("bob")).await.expect("read"), None);
}
