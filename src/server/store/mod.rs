//! What outlives the server: inboxes, attributes, accepted message ids and invitation codes, in an SQLite database
//! in the data directory. Knows what the hub wants kept, not why.
//!
//! **The promise.** A thread of its own takes everything that waits, writes it in one transaction (group commit)
//! and says up to which batch all is kept. Batches are kept in order, each whole or not at all. What "kept" means
//! is the operator's choice: [`Durability`].
//!
//! **When it fails** (disk full, input/output error), nothing of the failed transaction is ever said to be kept, and
//! nothing is tried again: memory and disk would drift apart. The failure is reported once, and the driver stops the
//! server with it, so that nobody is told "ok" for what would be lost. The next start takes up what was kept. A lock of
//! another process is no failure for ten minutes: the thread waits, and with it all that must be kept.

mod checkpoint;
pub(super) mod codes;
mod load;
mod open;
mod purge;
mod read;
mod write;

use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, watch};

use crate::hub::{Snapshot, StoreOp};

pub use open::OpenError;
pub(super) use open::{DATABASE, DataDir, open};

pub(super) use read::Reader;

use checkpoint::Checkpointer;
use load::LoadError;
use write::Writer;

/// Batches that wait for the thread while it writes. When full, [`Store::has_room`] says so and the driver goes on
/// collecting ops for its next batch, within its own bound.
const WAITING_BATCHES: usize = 1;

/// What an acknowledged message survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: each commit is synced to the disk before anything is answered.
    #[default]
    Disk,
    /// The end of the process, also by `kill -9`. A power cut or a crash of the system may cost the last seconds,
    /// but never the soundness of the database.
    Process,
    /// Nothing: everything is gone with the process, and no file is written.
    None,
}

/// Ops that are kept together.
#[derive(Debug)]
pub(super) struct Batch {
    /// Its number: one more than the one before, from 1 on.
    pub(super) number: u64,
    /// What to keep and to forget, in order.
    pub(super) ops: Vec<StoreOp>,
    /// The time, in ms since the Unix epoch.
    pub(super) unix_ms: u64,
}

/// Why what the hub wanted kept is not.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The database did not take it: the disk is full or broken, or the file is gone.
    #[error("the database cannot be written")]
    Database(#[source] Arc<rusqlite::Error>),
    /// The thread that writes is gone without a word.
    #[error("the thread that writes to the database has ended")]
    Ended,
}

/// How far the thread has come.
#[derive(Clone, Debug, Default)]
struct Progress {
    committed: u64,
    failed: Option<CommitError>,
}

/// The store of a running server, or none where nothing is kept.
#[derive(Debug)]
pub(super) struct Store {
    snapshot: Snapshot,
    reader: Reader,
    thread: Option<Thread>,
    /// Where nothing is written, the directory is still this server's.
    _data: Option<DataDir>,
}

#[derive(Debug)]
struct Thread {
    batches_tx: mpsc::Sender<Batch>,
    progress_rx: watch::Receiver<Progress>,
    handle: JoinHandle<()>,
}

impl Store {
    /// A store that keeps nothing, for a server without a data directory.
    #[must_use]
    pub(super) fn none() -> Self {
        Self {
            snapshot: Snapshot::default(),
            reader: Reader::default(),
            thread: None,
            _data: None,
        }
    }

    /// Opens the database of a data directory, forgets what is over at `now_ms` (since the Unix epoch), reads the
    /// rest and starts to write. With [`Durability::None`] it only holds on to the directory.
    ///
    /// # Errors
    /// If the database cannot be opened or read, or the thread cannot be started.
    pub(super) fn start(
        data: DataDir,
        durability: Durability,
        now_ms: u64,
    ) -> Result<Self, OpenError> {
        if durability == Durability::None {
            return Ok(Self {
                _data: Some(data),
                ..Self::none()
            });
        }
        let mut connection = open(data.path(), durability)?;
        let in_database = |source| OpenError::Database {
            path: data.path().join(DATABASE),
            source,
        };
        purge::at_start(&connection, now_ms).map_err(in_database)?;
        let snapshot = load::load(&connection).map_err(|error| match error {
            LoadError::Database(source) => in_database(source),
            LoadError::Corrupt(what) => OpenError::Corrupt { what },
        })?;
        open::wait_long(&mut connection).map_err(in_database)?;
        let reader = Reader::start(data.path(), durability)?;
        let checkpointer = Checkpointer::start(&connection, open(data.path(), durability)?)
            .map_err(in_database)?;
        let (batches_tx, batches_rx) = mpsc::channel(WAITING_BATCHES);
        let (progress_tx, progress_rx) = watch::channel(Progress::default());
        let handle = std::thread::Builder::new()
            .name("callsign-store".to_owned())
            .spawn(move || {
                write_all(connection, checkpointer, batches_rx, &progress_tx, now_ms);
                drop(data);
            })
            .map_err(OpenError::Thread)?;
        Ok(Self {
            snapshot,
            reader,
            thread: Some(Thread {
                batches_tx,
                progress_rx,
                handle,
            }),
            _data: None,
        })
    }

    /// What earlier processes kept; empty from the second call on.
    pub(super) fn take_snapshot(&mut self) -> Snapshot {
        std::mem::take(&mut self.snapshot)
    }

    /// The way to what is kept while the server runs; one that answers nothing from the second call on. It is to be
    /// finished before the store.
    pub(super) fn take_reader(&mut self) -> Reader {
        std::mem::take(&mut self.reader)
    }

    /// Whether anything is kept.
    pub(super) fn keeps(&self) -> bool {
        self.thread.is_some()
    }

    /// Whether the thread takes another batch now.
    pub(super) fn has_room(&self) -> bool {
        let thread = self.thread.as_ref();
        thread.is_some_and(|thread| thread.batches_tx.capacity() > 0)
    }

    /// Hands a batch to the thread, which must have room. What cannot be kept, [`Self::progress`] tells.
    pub(super) fn put(&self, batch: Batch) {
        if let Some(thread) = &self.thread
            && let Err(error) = thread.batches_tx.try_send(batch)
        {
            debug_assert!(
                matches!(error, mpsc::error::TrySendError::Closed(_)),
                "the thread has no room"
            );
        }
    }

    /// Waits until more is kept; returns the number of the last batch that is. Never returns if nothing is kept.
    /// Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// If something was not kept; then nothing will be any more.
    pub(super) async fn progress(&mut self) -> Result<u64, CommitError> {
        let Some(thread) = &mut self.thread else {
            return std::future::pending().await;
        };
        if thread.progress_rx.changed().await.is_err() {
            return Err(CommitError::Ended);
        }
        let progress = thread.progress_rx.borrow_and_update();
        match &progress.failed {
            None => Ok(progress.committed),
            Some(error) => Err(error.clone()),
        }
    }

    /// Writes what was handed over, closes the database and gives the data directory back.
    ///
    /// # Errors
    /// If something was not kept.
    pub(super) async fn finish(self) -> Result<(), CommitError> {
        let Some(mut thread) = self.thread else {
            return Ok(());
        };
        drop(thread.batches_tx);
        // The thread has let go of the channel when it has closed the database.
        while thread.progress_rx.changed().await.is_ok() {}
        let failed = thread.progress_rx.borrow().failed.clone();
        match (failed, thread.handle.join()) {
            (Some(error), _) => Err(error),
            (None, Err(_)) => Err(CommitError::Ended),
            (None, Ok(())) => Ok(()),
        }
    }
}

/// The thread's work: until nobody can hand over batches any more, or until one cannot be kept.
fn write_all(
    connection: Connection,
    mut checkpointer: Checkpointer,
    mut batches_rx: mpsc::Receiver<Batch>,
    progress_tx: &watch::Sender<Progress>,
    now_ms: u64,
) {
    let failed = match Writer::new(&connection, now_ms) {
        Ok(mut writer) => {
            write_batches(&mut writer, &mut checkpointer, &mut batches_rx, progress_tx)
        }
        Err(error) => Err(error),
    };
    if let Err(error) = failed {
        let error = CommitError::Database(Arc::new(error));
        progress_tx.send_modify(|progress| progress.failed = Some(error));
    }
    // Before the last connection to the log, which clears it away.
    drop(checkpointer);
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the database was not closed in order; it is sound nevertheless");
    }
}

fn write_batches(
    writer: &mut Writer<'_>,
    checkpointer: &mut Checkpointer,
    batches_rx: &mut mpsc::Receiver<Batch>,
    progress_tx: &watch::Sender<Progress>,
) -> rusqlite::Result<()> {
    let mut batches = Vec::new();
    while let Some(batch) = batches_rx.blocking_recv() {
        batches.push(batch);
        while let Ok(batch) = batches_rx.try_recv() {
            batches.push(batch);
        }
        writer.commit(&batches)?;
        checkpointer.committed(batches.iter().map(|batch| batch.ops.len()).sum());
        if let Some(last) = batches.last() {
            progress_tx.send_modify(|progress| progress.committed = last.number);
        }
        batches.clear();
    }
    Ok(())
}

/// A number as the database holds it. What is larger than it can hold means "never" wherever it occurs.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{
        AttrOwner, ChannelMessage, HistoryError, HistoryPage, HistoryQuery, LastLogin,
        LastingChannel, StoredMessage,
    };
    use crate::protocol::{AttrEntry, Caps, Uid, limits};
    use serde_json::json;
    use std::path::Path;

    fn name<T>(text: &str) -> T
    where
        T: for<'a> TryFrom<&'a str, Error = crate::protocol::NameError>,
    {
        T::try_from(text).expect("a name")
    }

    fn message(account: &str, ver: u64) -> StoredMessage {
        StoredMessage {
            app: name("demo"),
            id: crate::protocol::MessageId::numbered(7),
            kind: crate::protocol::EnvelopeKind::Instant,
            account: name(account),
            ver,
            sender: name("bob"),
            ttl_s: 60,
            sent_ms: 1000,
            content: format!("number {ver}"),
        }
    }

    fn user() -> AttrOwner {
        AttrOwner::User(name("demo"), name("alice"))
    }

    fn channel() -> AttrOwner {
        AttrOwner::Channel(name("demo"), name("the red room"))
    }

    fn entry(value: serde_json::Value) -> AttrEntry {
        AttrEntry {
            value,
            time_ms: 1000,
            by: Some(name("bob")),
        }
    }

    fn said(msgid: u64, sent_ms: u64) -> ChannelMessage {
        ChannelMessage {
            app: name("demo"),
            channel: name("the red room"),
            msgid,
            sender: name("bob"),
            uid: Uid(7),
            id: name(&format!("id-{msgid}")),
            sent_ms,
            text: format!("number {msgid}"),
        }
    }

    fn member(account: &str) -> StoreOp {
        StoreOp::PutMember {
            app: name("demo"),
            channel: name("the red room"),
            account: name(account),
        }
    }

    fn mark(account: &str, heard: Option<u64>) -> StoreOp {
        StoreOp::MarkMember {
            app: name("demo"),
            channel: name("the red room"),
            account: name(account),
            heard,
        }
    }

    fn query(before: Option<u64>, max: usize) -> HistoryQuery {
        HistoryQuery {
            number: 1,
            app: name("demo"),
            channel: name("the red room"),
            from: 0,
            before,
            since_ms: 0,
            max,
        }
    }

    async fn read(reader: &mut Reader, query: HistoryQuery) -> (Vec<u64>, bool) {
        reader.ask(query).expect("is asked");
        let (number, page) = reader.answered().await;
        let HistoryPage { messages, more } = page.expect("is read");
        assert_eq!(number, 1);
        for message in &messages {
            assert_eq!(*message, said(message.msgid, message.sent_ms));
        }
        let msgids = messages.iter().map(|message| message.msgid).collect();
        (msgids, more)
    }

    fn set(owner: AttrOwner, attr: &str, value: serde_json::Value) -> StoreOp {
        StoreOp::SetAttr {
            owner,
            name: name(attr),
            entry: entry(value),
        }
    }

    fn sent_id(n: usize, forget_at_ms: u64) -> StoreOp {
        StoreOp::PutSentId {
            app: name("demo"),
            sender: name("bob"),
            id: name(&format!("id-{n}")),
            forget_at_ms,
        }
    }

    fn login(since_ms: u64, away: bool) -> LastLogin {
        LastLogin {
            app: name("demo"),
            account: name("alice"),
            caps: Caps::ALL,
            since_ms,
            away,
        }
    }

    fn blocks(peers: &[&str]) -> StoreOp {
        StoreOp::PutBlocks {
            app: name("demo"),
            account: name("alice"),
            peers: peers.iter().map(|peer| name(peer)).collect(),
        }
    }

    fn start(dir: &Path, now_ms: u64) -> Store {
        let data = DataDir::take(dir).expect("is free");
        Store::start(data, Durability::Disk, now_ms).expect("starts")
    }

    async fn keep(store: &mut Store, number: u64, unix_ms: u64, ops: Vec<StoreOp>) {
        let batch = Batch {
            number,
            ops,
            unix_ms,
        };
        store.put(batch);
        assert_eq!(store.progress().await.expect("is kept"), number);
    }

    /// What a new server finds, after this one was shut down in order.
    async fn after_restart(store: Store, dir: &Path, now_ms: u64) -> Snapshot {
        store.finish().await.expect("everything is kept");
        let mut store = start(dir, now_ms);
        let snapshot = store.take_snapshot();
        store.finish().await.expect("everything is kept");
        snapshot
    }

    #[tokio::test]
    async fn everything_that_is_kept_comes_back() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        assert_eq!(store.take_snapshot(), Snapshot::default());
        let ops = vec![
            StoreOp::PutMessage(message("alice", 2)),
            StoreOp::PutMessage(message("alice", 1)),
            StoreOp::PutMessage(message("carol", 1)),
            set(user(), "name", json!("Alice")),
            set(
                channel(),
                "topic",
                json!({"text": "it's \"red\"", "n": [1, null]}),
            ),
            StoreOp::ChannelEmptied {
                app: name("demo"),
                name: name("the red room"),
                since_ms: Some(7),
            },
            sent_id(2, 5000),
            sent_id(1, 4000),
            StoreOp::PutAccount(login(1500, false)),
            StoreOp::PutAccount(login(1600, true)),
            blocks(&["bob", "李雷"]),
        ];
        keep(&mut store, 1, 0, ops).await;
        let found = after_restart(store, temp.path(), 2000).await;
        assert_eq!(
            found,
            Snapshot {
                acked: Vec::new(),
                messages: vec![
                    message("alice", 1),
                    message("alice", 2),
                    message("carol", 1)
                ],
                attrs: vec![
                    (user(), name("name"), entry(json!("Alice"))),
                    (
                        channel(),
                        name("topic"),
                        entry(json!({"text": "it's \"red\"", "n": [1, null]}))
                    ),
                ],
                emptied: vec![(name("demo"), name("the red room"), 7)],
                lasting: Vec::new(),
                sent_ids: vec![
                    (name("demo"), name("bob"), name("id-1"), 4000),
                    (name("demo"), name("bob"), name("id-2"), 5000),
                ],
                accounts: vec![login(1600, true)],
                blocks: vec![
                    (name("demo"), name("alice"), name("bob")),
                    (name("demo"), name("alice"), name("李雷")),
                ],
            }
        );
    }

    #[tokio::test]
    async fn lasting_members_and_what_was_said_come_back() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        let other = ChannelMessage {
            channel: name("elsewhere"),
            ..said(15, 2)
        };
        let ops = vec![
            member("alice"),
            member("bob"),
            member("carol"),
            mark("alice", Some(10)),
            mark("bob", Some(20)),
            mark("bob", None),
            mark("nobody", Some(1)),
            StoreOp::DropMember {
                app: name("demo"),
                channel: name("the red room"),
                account: name("carol"),
            },
            StoreOp::PutChannelMessage(said(10, 1)),
            StoreOp::PutChannelMessage(other),
            StoreOp::PutChannelMessage(said(20, 2)),
            StoreOp::PutChannelMessage(said(30, 3)),
            StoreOp::TrimHistory {
                app: name("demo"),
                channel: name("the red room"),
                up_to: 10,
            },
            StoreOp::ChannelEmptied {
                app: name("demo"),
                name: name("elsewhere"),
                since_ms: Some(7),
            },
        ];
        keep(&mut store, 1, 0, ops).await;
        let found = after_restart(store, temp.path(), 2000).await;
        let room = LastingChannel {
            app: name("demo"),
            name: name("the red room"),
            members: vec![(name("alice"), Some(10)), (name("bob"), None)],
            messages: vec![(20, 2), (30, 3)],
        };
        let elsewhere = LastingChannel {
            app: name("demo"),
            name: name("elsewhere"),
            members: Vec::new(),
            messages: vec![(15, 2)],
        };
        assert_eq!(found.lasting, [elsewhere, room]);
        assert_eq!(found.emptied, [(name("demo"), name("elsewhere"), 7)]);
    }

    #[tokio::test]
    async fn what_was_said_is_read_newest_first_page_by_page() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        let mut reader = store.take_reader();
        assert_eq!(read(&mut reader, query(None, 9)).await, (vec![], false));
        let messages = (1..=5).map(|n| StoreOp::PutChannelMessage(said(n * 10, n)));
        keep(&mut store, 1, 0, messages.collect()).await;
        let all = vec![50, 40, 30, 20, 10];
        assert_eq!(
            read(&mut reader, query(None, 9)).await,
            (all.clone(), false)
        );
        assert_eq!(read(&mut reader, query(None, 5)).await, (all, false));
        assert_eq!(
            read(&mut reader, query(None, 2)).await,
            (vec![50, 40], true)
        );
        let page = read(&mut reader, query(Some(40), 2)).await;
        assert_eq!(page, (vec![30, 20], true));
        let page = read(&mut reader, query(Some(20), 2)).await;
        assert_eq!(page, (vec![10], false));
        let some = HistoryQuery {
            from: 20,
            since_ms: 2,
            ..query(None, 9)
        };
        assert_eq!(read(&mut reader, some).await, (vec![50, 40, 30], false));
        reader.finish().await;
        store.finish().await.expect("ends");
    }

    #[tokio::test]
    async fn a_page_of_long_messages_is_shorter() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        let mut reader = store.take_reader();
        let long = |msgid| ChannelMessage {
            text: "x".repeat(limits::HISTORY_PAGE_BYTES / 2),
            ..said(msgid, 1)
        };
        let messages = (1..=3).map(|n| StoreOp::PutChannelMessage(long(n)));
        keep(&mut store, 1, 0, messages.collect()).await;
        reader.ask(query(None, 9)).expect("is asked");
        let (_, page) = reader.answered().await;
        let page = page.expect("is read");
        assert_eq!((page.messages.len(), page.more), (2, true));
        reader.finish().await;
        store.finish().await.expect("ends");
    }

    #[tokio::test]
    async fn too_many_questions_are_refused_and_each_other_one_is_answered() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        let mut reader = store.take_reader();
        let mut asked = 0;
        // The thread stops when nobody takes its answers.
        let refused = loop {
            match reader.ask(query(None, 9)) {
                Ok(()) => asked += 1,
                Err(error) => break error,
            }
            assert!(asked < 10_000, "it is never full");
        };
        assert_eq!(refused, HistoryError::Busy);
        for _ in 0..asked {
            reader.answered().await.1.expect("is read");
        }
        reader.finish().await;
        store.finish().await.expect("ends");
        let nobody = Store::none().take_reader().ask(query(None, 9));
        assert_eq!(nobody, Err(HistoryError::Unreadable));
    }

    #[tokio::test]
    async fn attributes_of_the_first_version_have_no_time_and_no_author() {
        let temp = tempfile::tempdir().expect("a directory");
        let data = DataDir::take(temp.path()).expect("is free");
        let first = include_str!("../../../resources/sql/server/001_start.sql");
        let old = Connection::open(temp.path().join(DATABASE)).expect("opens");
        old.execute_batch(first).expect("writes");
        old.execute_batch(
            "INSERT INTO attrs VALUES ('demo', 0, 'alice', 'name', '\"Alice\"');
             PRAGMA user_version = 1",
        )
        .expect("writes");
        drop(old);
        let mut store = Store::start(data, Durability::Disk, 0).expect("starts");
        let known = AttrEntry {
            value: json!("Alice"),
            time_ms: 0,
            by: None,
        };
        let found = store.take_snapshot().attrs;
        assert_eq!(found, [(user(), name("name"), known)]);
        store.finish().await.expect("ends");
    }

    #[tokio::test]
    async fn what_is_forgotten_does_not_come_back() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        let messages = (1..=5).map(|ver| StoreOp::PutMessage(message("alice", ver)));
        keep(&mut store, 1, 0, messages.collect()).await;
        let (app, account) = (name("demo"), name("alice"));
        let ops = vec![
            StoreOp::AckInbox {
                app,
                account,
                ver: 2,
            },
            StoreOp::DropMessages {
                app: name("demo"),
                account: name("alice"),
                vers: vec![3, 5],
            },
            StoreOp::PutMessage(message("dave", 1)),
            StoreOp::AckInbox {
                app: name("demo"),
                account: name("dave"),
                ver: 1,
            },
            StoreOp::DropInbox {
                app: name("demo"),
                account: name("dave"),
            },
            set(user(), "kept", json!(1)),
            set(user(), "kept", json!(2)),
            set(user(), "deleted", json!(1)),
            StoreOp::DelAttr {
                owner: user(),
                name: name("deleted"),
            },
            set(channel(), "topic", json!("red")),
            StoreOp::ClearAttrs { owner: channel() },
            blocks(&["bob", "carol"]),
            StoreOp::DropBlocks {
                app: name("demo"),
                account: name("alice"),
                peers: vec![name("bob")],
            },
            StoreOp::PutAccount(login(1, true)),
            StoreOp::DropAccount {
                app: name("demo"),
                account: name("alice"),
            },
        ];
        keep(&mut store, 2, 0, ops).await;
        let found = after_restart(store, temp.path(), 2000).await;
        assert_eq!(found.acked, [(name("demo"), name("alice"), 2)]);
        assert_eq!(found.messages, [message("alice", 4)]);
        let kept = (user(), name("kept"), entry(json!(2)));
        assert_eq!(found.attrs, [kept]);
        assert_eq!(found.blocks, [(name("demo"), name("alice"), name("carol"))]);
        assert_eq!(found.accounts, []);
    }

    #[tokio::test]
    async fn a_killed_server_leaves_behind_what_it_said_was_kept() {
        let temp = tempfile::tempdir().expect("a directory");
        let (dir, copy) = (temp.path().join("data"), temp.path().join("copy"));
        let mut store = start(&dir, 0);
        for number in 1..=3 {
            let ops = vec![StoreOp::PutMessage(message("alice", number))];
            keep(&mut store, number, 0, ops).await;
        }
        // The files as they are at this moment, the database still open: what `kill -9` leaves.
        std::fs::create_dir(&copy).expect("is made");
        for file in ["callsign.db", "callsign.db-wal"] {
            std::fs::copy(dir.join(file), copy.join(file)).expect("is copied");
        }
        let found = start(&copy, 0).take_snapshot().messages;
        assert_eq!(
            found,
            (1..=3).map(|ver| message("alice", ver)).collect::<Vec<_>>()
        );
        store.finish().await.expect("everything is kept");
    }

    #[tokio::test]
    async fn what_is_over_is_forgotten_at_the_start() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        let ops = vec![
            StoreOp::PutMessage(message("alice", 1)),
            StoreOp::PutMessage(StoredMessage {
                ttl_s: 61,
                ..message("alice", 2)
            }),
            sent_id(1, 61_000),
            sent_id(2, 61_001),
            StoreOp::ChannelEmptied {
                app: name("demo"),
                name: name("without attributes"),
                since_ms: Some(7),
            },
        ];
        keep(&mut store, 1, 0, ops).await;
        let found = after_restart(store, temp.path(), 61_000).await;
        let versions: Vec<_> = found.messages.iter().map(|message| message.ver).collect();
        assert_eq!(versions, [2]);
        assert_eq!(found.sent_ids.len(), 1);
        assert_eq!(found.emptied, []);
    }

    #[tokio::test]
    async fn accounts_that_stayed_away_for_long_are_forgotten_at_the_start() {
        let kept_ms = u64::try_from(limits::ACCOUNT_KEPT.as_millis()).expect("a month");
        for (now_ms, left) in [(kept_ms + 6, 1), (kept_ms + 7, 0)] {
            let temp = tempfile::tempdir().expect("a directory");
            let mut store = start(temp.path(), 0);
            keep(&mut store, 1, 0, vec![StoreOp::PutAccount(login(7, true))]).await;
            let found = after_restart(store, temp.path(), now_ms).await;
            assert_eq!(found.accounts.len(), left);
        }
    }

    #[tokio::test]
    async fn a_running_server_forgets_ids_each_hour() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        keep(&mut store, 1, 0, vec![sent_id(1, 10), sent_id(2, u64::MAX)]).await;
        let count = || -> i64 {
            open(temp.path(), Durability::Process)
                .expect("opens")
                .query_row("SELECT count(*) FROM sent_ids", [], |row| row.get(0))
                .expect("is a number")
        };
        keep(&mut store, 2, purge::EVERY_MS - 1, Vec::new()).await;
        assert_eq!(count(), 2);
        keep(&mut store, 3, purge::EVERY_MS, Vec::new()).await;
        assert_eq!(count(), 1);
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_ids_is_forgotten() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        let most = crate::protocol::limits::SENT_IDS_PER_SENDER;
        let ids = (0..most + 3).map(|n| sent_id(n, 5000));
        keep(&mut store, 1, 0, ids.collect()).await;
        let found = after_restart(store, temp.path(), 0).await.sent_ids;
        assert_eq!(found.len(), most);
        assert_eq!(found.first().map(|id| id.2.as_str()), Some("id-3"));
    }

    #[tokio::test]
    async fn a_batch_that_fails_is_not_kept_at_all_and_is_the_last() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        keep(
            &mut store,
            1,
            0,
            vec![StoreOp::PutMessage(message("alice", 1))],
        )
        .await;
        open(temp.path(), Durability::Process)
            .expect("opens")
            .execute_batch(
                "CREATE TRIGGER full_disk BEFORE INSERT ON attrs
                 BEGIN SELECT RAISE(FAIL, 'as if the disk were full'); END",
            )
            .expect("writes");
        let batch = Batch {
            number: 2,
            ops: vec![
                StoreOp::PutMessage(message("alice", 2)),
                set(user(), "name", json!("Alice")),
            ],
            unix_ms: 0,
        };
        store.put(batch);
        let error = store.progress().await.expect_err("fails");
        assert!(matches!(error, CommitError::Database(_)), "{error}");
        assert!(store.finish().await.is_err());
        let found = start(temp.path(), 0).take_snapshot();
        assert_eq!(found.messages, [message("alice", 1)]);
    }

    #[tokio::test]
    async fn a_lock_of_another_process_is_waited_for() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        let other = open(temp.path(), Durability::Process).expect("opens");
        other.execute_batch("BEGIN IMMEDIATE").expect("locks");
        let ops = vec![StoreOp::PutMessage(message("alice", 1))];
        let mut kept = Box::pin(keep(&mut store, 1, 0, ops));
        let waiting = std::time::Duration::from_millis(100);
        let early = tokio::time::timeout(waiting, &mut kept).await;
        assert!(early.is_err(), "nothing is said to be kept");
        other.execute_batch("ROLLBACK").expect("lets go");
        kept.await;
        store.finish().await.expect("everything is kept");
    }

    #[tokio::test]
    async fn while_the_thread_writes_one_batch_waits() {
        let temp = tempfile::tempdir().expect("a directory");
        let mut store = start(temp.path(), 0);
        // While another connection writes, the thread waits with its batch.
        let other = open(temp.path(), Durability::Process).expect("opens");
        other.execute_batch("BEGIN IMMEDIATE").expect("begins");
        let batch = |number| Batch {
            number,
            ops: Vec::new(),
            unix_ms: 0,
        };
        store.put(batch(1));
        let mut number = 1;
        // It may have taken the first one, and even the second one with it; then the next one waits.
        while store.has_room() {
            number += 1;
            store.put(batch(number));
        }
        assert!(number <= 3, "{number}");
        other.execute_batch("COMMIT").expect("commits");
        while store.progress().await.expect("is kept") < number {}
        store.finish().await.expect("everything is kept");
    }

    #[tokio::test]
    async fn without_durability_nothing_is_kept_but_the_directory() {
        let temp = tempfile::tempdir().expect("a directory");
        let data = DataDir::take(temp.path()).expect("is free");
        let store = Store::start(data, Durability::None, 0).expect("starts");
        assert!(!store.keeps());
        assert!(DataDir::take(temp.path()).is_err());
        assert!(!temp.path().join(DATABASE).exists());
    }

    #[test]
    fn what_was_never_written_is_refused() {
        let temp = tempfile::tempdir().expect("a directory");
        open(temp.path(), Durability::Process)
            .expect("opens")
            .execute_batch("INSERT INTO acked VALUES ('demo', 'no account', 1)")
            .expect("writes");
        let data = DataDir::take(temp.path()).expect("is free");
        assert!(matches!(
            Store::start(data, Durability::Disk, 0),
            Err(OpenError::Corrupt { what: "name" })
        ));
    }
}
