//! LAYER 2. What the app keeps on its computer, one SQLite file for each account of a profile: conversations and their messages, calls,
//! people, rooms and settings. Knows the words of the protocol, and nothing of sessions, tasks of the app or screens.
//!
//! [`Store::open`] starts a thread that owns the file. The handle is cheap to clone; each method is one command, done
//! in the order of asking and answered when its outcome is known. A method does nothing until it is polled, and goes
//! on when its future is dropped after that.
//!
//! **What an answer promises.** What was changed is kept from the end of the process, also by `kill -9`, and of the
//! thread alike. A power cut or a crash of the system may cost what was changed since the system last wrote to the
//! disk by itself (on Linux up to about 30 seconds), the latest first; what is older, and the soundness of the file,
//! it never costs. Commands that wait are kept in one commit.
//!
//! **When it fails** (disk full, input/output error), the commands of that commit are answered with the error and
//! nothing of them is kept; everything before stays, and the next command is tried anew. A file that is broken when it is
//! opened is put aside under another name, and said so ([`Opened::set_aside`]). One that turns out to be broken
//! later is looked through at the next start.
//!
//! Searches and exports have a second thread that only reads, so that nobody waits for them. They see everything whose
//! answer came before they were asked for.

mod calls;
mod code;
mod conversations;
mod error;
mod export;
mod gaps;
mod lane;
mod message;
mod messages;
mod open;
mod people;
mod search;
mod settings;
mod upkeep;
mod windows;

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

pub use calls::{CallRecord, CallRow, NewCall, Outcome};
pub use conversations::ConversationView;
pub use error::StoreError;
pub use export::{ExportError, Format};
pub use gaps::Gap;
pub use message::{
    Attention, Conversation, Delivery, Message, MessageKind, MessageRow, NewMessage, Place, Put,
    ReplyTo, Way,
};
pub use messages::Receipt;
pub use open::{OpenError, SetAside};
pub use people::{Person, Room};
pub use search::Found;
pub use windows::Window;

use lane::{Ask, Lane, Source, Work};

/// Commands that wait for the first thread. When full, whoever asks waits: callers are tasks of a worker, never a frame.
const COMMANDS: usize = 1024;
/// Searches and exports that wait for the second thread. When full, whoever asks waits.
const SLOW_COMMANDS: usize = 32;

/// A handle on the history of one account.
///
/// The file is closed, some time later, when the last handle is gone; [`Self::close`] waits for it.
#[derive(Clone, Debug)]
pub struct Store {
    writer_tx: mpsc::Sender<Ask>,
    reader_tx: mpsc::Sender<Ask>,
}

/// A history that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The handle.
    pub store: Store,
    /// What became of the file that was there before, if it was broken. People should be told.
    pub set_aside: Option<SetAside>,
}

impl Store {
    /// Opens the history at a path, which is made where it is missing: the file with mode 0600, its folder with 0700.
    /// Waits for the disk (some milliseconds), so not for a thread that draws.
    ///
    /// # Errors
    /// If another process has it open, a later version wrote it, or the disk does not do what it should.
    pub fn open(path: &Path) -> Result<Opened, OpenError> {
        let files = Arc::new(open::Files::take(path)?);
        let (connection, set_aside) = open::writer(&files, |_| Ok(()))?;
        let writer = Source::Writer(connection);
        let writer_tx = start("callsign-history", COMMANDS, &files, writer)?;
        let reader = Source::Reader(None);
        let reader_tx = start("callsign-search", SLOW_COMMANDS, &files, reader)?;
        let store = Self {
            writer_tx,
            reader_tx,
        };
        Ok(Opened { store, set_aside })
    }

    /// Does what was asked for before, by any handle, and closes the file. Whatever is asked for later is answered with
    /// [`StoreError::Closed`].
    pub async fn close(&self) {
        // The last connection that is closed tidies up the log, and only the writer may.
        for asks_tx in [&self.reader_tx, &self.writer_tx] {
            let (ended_tx, ended_rx) = oneshot::channel();
            // Whether the thread drops it when it ends or has ended before: it is gone then.
            drop(asks_tx.send(Ask::End(ended_tx)).await);
            drop(ended_rx.await);
        }
    }

    /// Changes something.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        ask(&self.writer_tx, true, work).await
    }

    /// Reads what takes less than some milliseconds.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        ask(&self.writer_tx, false, work).await
    }

    /// Reads what may take longer, on the other thread.
    async fn read_slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        ask(&self.reader_tx, false, work).await
    }
}

async fn ask<T: Send + 'static>(
    asks_tx: &mpsc::Sender<Ask>,
    writes: bool,
    work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer_tx, answer_rx) = oneshot::channel();
    let job = Work {
        writes,
        work: Some(work),
        outcome: Err(StoreError::Closed),
        answer_tx,
    };
    let asked = asks_tx.send(Ask::Job(Box::new(job))).await;
    asked.map_err(|_| StoreError::Closed)?;
    answer_rx.await.unwrap_or(Err(StoreError::Closed))
}

fn start(
    name: &str,
    asks: usize,
    files: &Arc<open::Files>,
    connection: Source,
) -> Result<mpsc::Sender<Ask>, OpenError> {
    let (asks_tx, asks_rx) = mpsc::channel(asks);
    let lane = Lane {
        asks_rx,
        files: Arc::clone(files),
        connection,
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || lane.run())
        .map_err(OpenError::Thread)?;
    Ok(asks_tx)
}

#[cfg(test)]
mod tests;
