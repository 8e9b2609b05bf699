//! No acknowledged message is lost to `kill -9` in the middle of a load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::raw::{Incoming, Raw};
use crate::server::Server;

const SENDERS: usize = 4;
/// Messages of one sender on their way at a time.
const WINDOW: usize = 32;
/// After so many acknowledgements the server is killed; the senders do not stop for it.
const KILL_AFTER: usize = 2_000;
/// All of them fit the inbox, which holds 10,000.
const MESSAGES_PER_SENDER: usize = 2_400;

/// What one sender knows at the end.
struct Sent {
    /// How many it sent, 0, 1, 2 ...
    sent: usize,
    /// Which of them were acknowledged.
    acknowledged: Vec<usize>,
}

#[test]
fn every_acknowledged_message_is_there_in_order_and_once() {
    every_acknowledged_message_survives("");
}

/// What gives up safety from power cuts does not give up this.
#[test]
fn every_acknowledged_message_is_there_without_waiting_for_the_disk() {
    every_acknowledged_message_survives("[server]\ndurability = \"process\"\n");
}

fn every_acknowledged_message_survives(config: &str) {
    let mut server = Server::to_be_restarted(config);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let (enough_tx, enough_rx) = std::sync::mpsc::channel();
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let mut raw = Raw::signed_in(&server, &format!("sender-{sender}"));
            let acknowledged = Arc::clone(&acknowledged);
            let enough_tx = enough_tx.clone();
            thread::spawn(move || {
                load(&mut raw, || {
                    if acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == KILL_AFTER {
                        enough_tx.send(()).expect("the test waits for it");
                    }
                })
            })
        })
        .collect();
    enough_rx.recv().expect("a sender says so");
    server.kill9();
    let sent: Vec<Sent> = senders
        .into_iter()
        .map(|sender| sender.join().expect("a sender ends with the server"))
        .collect();
    let unfinished = sent
        .iter()
        .any(|sent| sent.acknowledged.len() < MESSAGES_PER_SENDER);
    assert!(unfinished, "the load was over before the server was killed");

    server.restart();
    let kept = inbox(&server, "receiver");
    for (sender, sent) in sent.iter().enumerate() {
        let kept = kept
            .get(&format!("sender-{sender}"))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let rising = kept.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(
            rising,
            "sender {sender}: not in order, or not once: {kept:?}"
        );
        assert!(
            kept.iter().all(|n| *n < sent.sent),
            "sender {sender}: never sent"
        );
        let lost: Vec<_> = sent
            .acknowledged
            .iter()
            .filter(|n| kept.binary_search(n).is_err())
            .collect();
        assert!(
            lost.is_empty(),
            "sender {sender}: acknowledged and lost: {lost:?}"
        );
    }
}

/// Sends until it is told enough, or the server is gone.
fn load(raw: &mut Raw, acknowledge: impl Fn()) -> Sent {
    let mut sent = 0;
    let mut acknowledged = Vec::new();
    // Calls are numbered from 1, messages from 0, and nothing else is called.
    let mut calls = BTreeMap::new();
    loop {
        while calls.len() < WINDOW && sent < MESSAGES_PER_SENDER {
            let message = json!({"peer": "receiver", "flag": "v1:E:3600", "t": "instant", "content": sent.to_string()});
            let Ok(id) = raw.try_start("user_sendmsg", message) else {
                // The server is gone; what it answered before may still be there to read.
                break;
            };
            calls.insert(id, sent);
            sent += 1;
        }
        if calls.is_empty() {
            return Sent { sent, acknowledged };
        }
        let Incoming::Frame(frame) = raw.read() else {
            return Sent { sent, acknowledged };
        };
        if frame[0] != "call2-ret" {
            continue;
        }
        let id = frame[1][0].as_i64().expect("a call's number");
        let n = calls.remove(&id).expect("one answer to each call");
        assert_eq!(frame[1][1], "", "message {n} was refused: {frame}");
        acknowledged.push(n);
        acknowledge();
    }
}

/// All messages of an inbox, by sender, taken page by page as a client does (section 8).
fn inbox(server: &Server, account: &str) -> BTreeMap<String, Vec<usize>> {
    let mut raw = Raw::signed_in(server, account);
    let mut kept = BTreeMap::<String, Vec<usize>>::new();
    let mut seen = 0;
    loop {
        let page = raw.ok("user_getmsg", json!({"ver_clear": seen, "max": 30}));
        let messages = page["msgs"].as_array().expect("a list");
        if messages.is_empty() {
            return kept;
        }
        for message in messages {
            let version = message[0].as_u64().expect("a number");
            assert!(version > seen, "versions rise");
            seen = version;
            let (source, content) = source_and_content(&message[1]);
            kept.entry(source)
                .or_default()
                .push(content.parse().expect("our own content"));
        }
    }
}

/// Of `msg-v2 <source> <destination> <flag> <type> <time> <content>`.
fn source_and_content(envelope: &Value) -> (String, String) {
    let fields: Vec<&str> = envelope.as_str().expect("a text").splitn(7, ' ').collect();
    assert_eq!(
        (fields.len(), fields[0], fields[4]),
        (7, "msg-v2", "instant")
    );
    (fields[1].to_owned(), fields[6].to_owned())
}
