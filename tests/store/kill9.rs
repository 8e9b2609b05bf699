//! No answer is a lie: whatever was answered is there after `kill -9` at any moment.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use callsign::store::{Delivery, Place, Store, Way};

use crate::{NOW, ann, incoming, name, outgoing};

/// Where the child finds its history.
const HISTORY: &str = "CALLSIGN_TEST_HISTORY";
/// How often a child is killed; each goes on with the history of those before.
const KILLS: u64 = 8;
/// How many answers a child gives at least before it is killed; some of the later ones live longer.
const ANSWERS: u64 = 150;

/// Is run once as the test, and by it as the child, too.
#[test]
fn whatever_was_answered_is_there_after_kill_9() {
    if let Some(path) = std::env::var_os(HISTORY) {
        return child(Path::new(&path));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    let mut answered = Answered::default();
    for round in 0..KILLS {
        let before = answered.clone();
        run_and_kill(&path, ANSWERS + round * 17, &mut answered);
        assert!(answered.messages > before.messages);
        let kept = kept(&path);
        assert!(kept.messages >= answered.messages, "{kept:?} {answered:?}");
        assert!(kept.draft >= answered.draft, "{kept:?} {answered:?}");
        assert!(kept.sent >= answered.sent, "{kept:?} {answered:?}");
        assert!(kept.read >= answered.read, "{kept:?} {answered:?}");
        answered = kept;
    }
}

/// How far the child has come: the number of the last step of each kind.
#[derive(Clone, Debug, Default)]
struct Answered {
    messages: u64,
    sent: u64,
    draft: u64,
    read: u64,
}

fn run_and_kill(path: &Path, answers: u64, answered: &mut Answered) {
    let program = std::env::current_exe().expect("a path");
    let mut child = Command::new(program)
        .args([
            "--exact",
            "kill9::whatever_was_answered_is_there_after_kill_9",
            "--nocapture",
        ])
        .env(HISTORY, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let stdout = BufReader::new(child.stdout.take().expect("is piped"));
    let mut count = 0;
    // To the end, since the child may have said more until it was killed.
    for line in stdout.lines() {
        let line = line.expect("text");
        let Some((what, number)) = line.split_once(' ') else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        match what {
            "message" => answered.messages = number,
            "sent" => answered.sent = number,
            "draft" => answered.draft = number,
            "read" => answered.read = number,
            _ => continue,
        }
        count += 1;
        if count == answers {
            child.kill().expect("is killed");
        }
    }
    let status = child.wait().expect("has ended");
    assert!(!status.success(), "the child was over before it was killed");
    assert!(count >= answers, "the child died of something else");
}

/// Writes for ever, and says each step that was answered.
fn child(path: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(path).expect("opens").store;
        let start = store.latest(ann(), 1).await.expect("read");
        let start = start
            .messages
            .last()
            .map_or(0, |last| last.content.text.parse().expect("a number"));
        for n in start + 1.. {
            let text = format!("{n:05}");
            // One comes in and one goes out; both within one commit, or in two.
            let (put, mine) = tokio::join!(
                store.put_message(incoming(&text, NOW + n, &text)),
                store.put_message(outgoing(&text, NOW + n, &text)),
            );
            put.expect("kept");
            mine.expect("kept");
            say("message", n);
            let outbox = store.outbox().await.expect("read");
            for message in outbox {
                store.sent(message.row, None).await.expect("kept");
            }
            say("sent", n);
            store.set_draft(ann(), text, NOW).await.expect("kept");
            say("draft", n);
            store.mark_read(ann(), Place::LAST).await.expect("kept");
            say("read", n);
        }
    });
}

fn say(what: &str, number: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {number}")
        .and_then(|()| out.flush())
        .expect("somebody reads");
}

/// What is there, and whether it is whole.
fn kept(path: &Path) -> Answered {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let opened = Store::open(path).expect("opens");
        assert_eq!(opened.set_aside, None);
        let store = opened.store;
        let view = store
            .conversation(ann())
            .await
            .expect("read")
            .expect("is there");
        let mut messages = Vec::new();
        let mut place = Place::LAST;
        loop {
            let window = store.before(ann(), place, 500).await.expect("read");
            match window.messages.first() {
                None => break,
                Some(first) => place = first.place,
            }
            messages.splice(0..0, window.messages);
        }
        let number = |text: &str| text.parse::<u64>().expect("a number");
        let theirs: Vec<u64> = messages
            .iter()
            .filter(|message| message.content.source == name("ann"))
            .map(|message| number(&message.content.text))
            .collect();
        let expected: Vec<u64> = (1..=theirs.len() as u64).collect();
        assert_eq!(theirs, expected, "all, once and in order");
        let mine = messages
            .iter()
            .filter(|message| message.content.source == name("me"));
        let mine: Vec<_> = mine.collect();
        assert!(
            theirs.len().abs_diff(mine.len()) <= 1,
            "a child that was killed between the two"
        );
        let sent = mine
            .iter()
            .filter(|message| message.content.way == Way::Out(Delivery::Sent));
        let sent = sent.count() as u64;
        let last = messages.last().expect("the child has begun");
        let found = store.search(&last.content.text, None, Place::LAST, 9).await;
        let found = found.expect("found").messages;
        assert!(found.contains(last), "the words are there, too");
        let read = view
            .first_unread
            .map_or(theirs.len() as u64, |place| place.time_ms() - NOW - 1);
        let kept = Answered {
            messages: theirs.len().min(mine.len()) as u64,
            sent,
            draft: if view.draft.is_empty() {
                0
            } else {
                number(&view.draft)
            },
            read,
        };
        store.close().await;
        kept
    })
}
