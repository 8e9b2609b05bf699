//! `kill -9` while an app catches up on what waited for it: everything is in its history in the end, once and in order.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use callsign::client::{Session, Signal};
use callsign::protocol::AppId;
use callsign::store::{Conversation, Place, Store};
use fastrand::Rng;
use futures_util::future::try_join_all;
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Runtime;

use super::desk::Desk;
use super::eyes::Eyes;
use super::person::Person;
use super::programs::wait;
use crate::ours;
use crate::server::Server;

/// What waits, which the server's inbox has room for.
const MESSAGES: usize = 3_000;
/// How many are on their way to the server at a time.
const AT_ONCE: usize = 100;
/// How often the app is killed.
const KILLS: usize = 5;
/// How many more messages than before the history has when it is killed, at most.
const FURTHEST: usize = 500;
/// How many come at least while somebody has patience.
const STEP: usize = 200;

#[test]
fn what_waited_is_there_once_and_in_order_however_often_it_is_killed() {
    let seed = seed();
    eprintln!("seed {seed}");
    let mut random = Rng::with_seed(seed);
    let (desk, server) = (Desk::new(), Server::start());
    let eyes = Eyes::open(&desk);
    let address = format!("ws://127.0.0.1:{}", server.port());
    Person::signed_in_by(&desk, &eyes, "bob", &address).terminate();
    let history = history(&desk.data().join("profiles/bob"));
    assert_eq!(kept(&history), Some(0));
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(send(server.port()));

    let mut had = 0;
    for _ in 0..KILLS {
        let wanted = had + random.usize(1..=FURTHEST);
        let mut app = Person::launch(&desk, "bob", |_| {});
        wait(&format!("message {wanted} in the history"), || {
            kept(&history).is_some_and(|kept| kept >= wanted)
        });
        app.0.kill().expect("it runs");
        app.0.wait().expect("over");
        let has = kept(&history).expect("a history after a kill");
        eprintln!("killed at {wanted}: {has} are kept");
        assert!(has >= wanted, "{has} of {wanted} outlived the kill");
        had = has;
    }
    assert!(had < MESSAGES, "all were there before the last kill");

    let bob = Person::open(&desk, &eyes, "bob", 0);
    // However slow the computer is, it goes on.
    for some in (had..MESSAGES).step_by(STEP).chain([MESSAGES]) {
        wait(&format!("message {some} in the history"), || {
            kept(&history).is_some_and(|kept| kept >= some)
        });
    }
    bob.see(&text(MESSAGES - 1));
    // It is open before Bob, who has looked since.
    bob.turn_to();
    bob.see_no_part("unread");
    bob.terminate();
    let found = runtime.block_on(read(&history));
    let sent: Vec<String> = (0..MESSAGES).map(text).collect();
    assert!(found == sent, "not in order, or not once: {found:?}");
}

/// Another one each time; it is printed, for whoever has to try it again.
fn seed() -> u64 {
    let named = std::env::var("SEED").ok();
    named.and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |now| now.as_secs())
    })
}

fn text(n: usize) -> String {
    format!("message {n}")
}

/// Ann sends what is to wait. The server has all of it for good then.
async fn send(port: u16) {
    let app = AppId::try_from("callsign").expect("an app");
    let signal = Signal::new(app, ours::plain(port));
    let (ann, _events) = ours::login(&signal, "ann").await.expect("signed in");
    let bob = ours::account("bob");
    let send = |ann: &Session, n| ann.message_instant_send(&bob, &text(n));
    for first in (0..MESSAGES).step_by(AT_ONCE) {
        let sent = (first..first + AT_ONCE).map(|n| send(&ann, n));
        try_join_all(sent).await.expect("the server has them");
    }
}

/// The history of the only account that signed in at a profile.
fn history(profile: &Path) -> PathBuf {
    let files = std::fs::read_dir(profile).expect("a profile");
    let mut paths = files.map(|file| file.expect("a file").path());
    paths
        .find(|path| path.extension().is_some_and(|ending| ending == "db"))
        .expect("a history")
}

/// How many messages a history has, also while an app writes it; none while it cannot be read.
fn kept(history: &Path) -> Option<usize> {
    let connection = Connection::open_with_flags(history, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let query = "SELECT count(*) FROM messages";
    let kept: i64 = connection.query_row(query, [], |row| row.get(0)).ok()?;
    usize::try_from(kept).ok()
}

/// What Ann wrote, from the top of the conversation to its end.
async fn read(history: &Path) -> Vec<String> {
    let store = Store::open(history).expect("nobody else has it").store;
    let ann = Conversation::Person(ours::account("ann"));
    let (mut texts, mut place) = (Vec::new(), Place::FIRST);
    loop {
        let window = store
            .after(ann.clone(), place, 1_000)
            .await
            .expect("a page");
        let Some(last) = window.messages.last() else {
            return texts;
        };
        place = last.place;
        texts.extend(
            window
                .messages
                .into_iter()
                .map(|message| message.content.text),
        );
    }
}
