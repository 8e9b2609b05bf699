//! Moves what the write-ahead log holds into the database, beside the thread that writes: a commit that had to do so itself
//! would keep everybody waiting for several milliseconds.
//!
//! Nothing depends on it. What it cannot move, SQLite moves at a later commit or at the next start.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

/// Ops after which the log is looked after: about a megabyte of it.
const EVERY_OPS: usize = 256;
/// Pages of the log (4 KiB each) at which a commit does it after all, since under load there may never be a moment in which
/// all of it has been moved and the log can begin anew. By then, little is left to move.
const AT_LAST_PAGES: i64 = 4096;

/// The thread. It ends when this is dropped.
pub(super) struct Checkpointer {
    ops: usize,
    /// Room for one: that it is due once more is known already when full.
    due_tx: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// For the database of a connection that writes, with another connection to it.
    pub(super) fn start(writer: &Connection, own: Connection) -> rusqlite::Result<Self> {
        writer.pragma_update(None, "wal_autocheckpoint", AT_LAST_PAGES)?;
        let (due_tx, due_rx) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("callsign-checkpoint".to_owned())
            .spawn(move || run(&own, &due_rx));
        if let Err(error) = &thread {
            tracing::debug!(%error, "the log is moved by commits alone");
        }
        Ok(Self {
            ops: 0,
            due_tx: Some(due_tx),
            thread: thread.ok(),
        })
    }

    /// So many ops were committed.
    pub(super) fn committed(&mut self, ops: usize) {
        self.ops += ops;
        if self.ops >= EVERY_OPS
            && let Some(due_tx) = &self.due_tx
        {
            self.ops = 0;
            // Full: it is due already. Closed: nobody is there to do it.
            due_tx.try_send(()).unwrap_or_default();
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.due_tx = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run(connection: &Connection, due_rx: &Receiver<()>) {
    while due_rx.recv().is_ok() {
        // Moves what can be moved without anybody waiting for it.
        let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = moved {
            tracing::debug!(%error, "the log could not be moved; a commit will");
        }
    }
}
