//! Reads kept messages of channels while the server runs: a thread and a connection of its own, so that no commit waits for a
//! read.
//!
//! **When too much is asked**, [`Reader::ask`] says so at once and nothing is queued. A read that fails is reported as such, and
//! the server goes on: what cannot be read now is not lost, and a disk that cannot be written stops the writing thread.

use std::path::Path;
use std::thread::JoinHandle;

use rusqlite::{Connection, Statement, params};
use tokio::sync::mpsc;

use super::load::{LoadError, name, unsigned};
use super::{DATABASE, Durability, OpenError, number, open};
use crate::hub::{ChannelMessage, HistoryError, HistoryPage, HistoryQuery};
use crate::protocol::{Uid, limits};

/// Questions that wait for the thread, and answers that wait for the driver. When full, the next question is refused.
const WAITING: usize = 256;

/// An answer, with the number of its question.
pub(in crate::server) type Answered = (u64, Result<HistoryPage, HistoryError>);

/// The way to the thread; none where nothing is kept.
#[derive(Debug, Default)]
pub(in crate::server) struct Reader(Option<Thread>);

#[derive(Debug)]
struct Thread {
    queries_tx: mpsc::Sender<HistoryQuery>,
    answers_rx: mpsc::Receiver<Answered>,
    handle: JoinHandle<()>,
}

impl Reader {
    /// Opens a second connection to a database, and starts to read.
    pub(super) fn start(dir: &Path, durability: Durability) -> Result<Self, OpenError> {
        let connection = open(dir, durability)?;
        connection
            .pragma_update(None, "query_only", true)
            .map_err(|source| OpenError::Database {
                path: dir.join(DATABASE),
                source,
            })?;
        let (queries_tx, queries_rx) = mpsc::channel(WAITING);
        let (answers_tx, answers_rx) = mpsc::channel(WAITING);
        let handle = std::thread::Builder::new()
            .name("callsign-reader".to_owned())
            .spawn(move || answer_all(&connection, queries_rx, &answers_tx))
            .map_err(OpenError::Thread)?;
        Ok(Self(Some(Thread {
            queries_tx,
            answers_rx,
            handle,
        })))
    }

    /// Asks. Everything that was committed before stands in the answer.
    ///
    /// # Errors
    /// If it will not be answered: there are too many questions, or nobody to answer.
    pub(in crate::server) fn ask(&self, query: HistoryQuery) -> Result<(), HistoryError> {
        let Some(thread) = &self.0 else {
            return Err(HistoryError::Unreadable);
        };
        thread
            .queries_tx
            .try_send(query)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => HistoryError::Busy,
                mpsc::error::TrySendError::Closed(_) => HistoryError::Unreadable,
            })
    }

    /// The next answer. Never returns if there is none; nothing is lost if the future is dropped.
    pub(in crate::server) async fn answered(&mut self) -> Answered {
        if let Some(thread) = &mut self.0
            && let Some(answer) = thread.answers_rx.recv().await
        {
            return answer;
        }
        std::future::pending().await
    }

    /// Ends the thread and closes its connection.
    pub(in crate::server) async fn finish(self) {
        let Some(mut thread) = self.0 else { return };
        drop(thread.queries_tx);
        while thread.answers_rx.recv().await.is_some() {}
        if thread.handle.join().is_err() {
            tracing::warn!("the thread that reads kept messages ended badly");
        }
    }
}

fn answer_all(
    connection: &Connection,
    mut queries_rx: mpsc::Receiver<HistoryQuery>,
    answers_tx: &mpsc::Sender<Answered>,
) {
    let mut statement = None;
    while let Some(query) = queries_rx.blocking_recv() {
        let page = page_of(connection, &mut statement, &query).map_err(|error| {
            match error {
                LoadError::Database(error) => {
                    tracing::warn!(%error, "kept messages cannot be read");
                }
                LoadError::Corrupt(what) => {
                    tracing::warn!(what, "a kept message holds what is not one");
                }
            }
            HistoryError::Unreadable
        });
        if answers_tx.blocking_send((query.number, page)).is_err() {
            return;
        }
    }
}

fn page_of<'c>(
    connection: &'c Connection,
    statement: &mut Option<Statement<'c>>,
    query: &HistoryQuery,
) -> Result<HistoryPage, LoadError> {
    let statement = match statement {
        Some(statement) => statement,
        None => statement.insert(connection.prepare(
            "SELECT msgid, sender, uid, id, sent_ms, text FROM history
             WHERE app = ? AND channel = ? AND msgid >= ? AND msgid < ? AND sent_ms > ?
             ORDER BY msgid DESC LIMIT ?",
        )?),
    };
    let mut rows = statement.query(params![
        query.app.as_str(),
        query.channel.as_str(),
        number(query.from),
        query.before.map_or(i64::MAX, number),
        number(query.since_ms),
        // One more, to know whether there are more.
        number(query.max as u64).saturating_add(1),
    ])?;
    let mut page = HistoryPage::default();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if page.messages.len() >= query.max || bytes >= limits::HISTORY_PAGE_BYTES {
            page.more = true;
            break;
        }
        let message = ChannelMessage {
            app: query.app.clone(),
            channel: query.channel.clone(),
            msgid: unsigned(row, 0)?,
            sender: name(row, 1)?,
            uid: Uid(row.get(2)?),
            id: name(row, 3)?,
            sent_ms: unsigned(row, 4)?,
            text: row.get(5)?,
        };
        bytes += message.text.len();
        page.messages.push(message);
    }
    Ok(page)
}
