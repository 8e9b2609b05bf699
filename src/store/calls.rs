//! The calls of a profile: who called whom, and how it ended.

use rusqlite::{Row, params};

use super::code::{self, IN, OUT, all, change, first, unreadable};
use super::error::StoreError;
use super::message::{Attention, Conversation, Delivery, MessageKind, NewMessage, Way};
use super::{Store, messages};
use crate::protocol::{Account, ChannelName, Code};

/// A call of this store, by a number that is never used again. A later call has a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallRow(pub(crate) i64);

/// A call that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCall {
    /// Whether this side calls.
    pub outgoing: bool,
    /// The other party.
    pub peer: Account,
    /// What it is about.
    pub channel: ChannelName,
    /// The telephone number: that which was dialled, or that which the caller showed.
    pub number: Option<String>,
    /// When it began to ring, in ms since the Unix epoch.
    pub started_ms: u64,
}

/// A call, over or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// Its number in this store.
    pub row: CallRow,
    /// How it began.
    pub call: NewCall,
    /// When it was answered, in ms since the Unix epoch.
    pub answered_ms: Option<u64>,
    /// When it was over, in ms since the Unix epoch. Not known of a call that was interrupted.
    pub ended_ms: Option<u64>,
    /// How it ended; none while it goes on.
    pub outcome: Option<Outcome>,
    /// Whether the person has seen how it ended. Only a missed call asks for that.
    pub seen: bool,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, and somebody hung up.
    Talked,
    /// Nobody answered it here.
    Missed,
    /// It was declined here.
    Declined,
    /// The peer declined it.
    Refused,
    /// The caller, on this side, gave up.
    Cancelled,
    /// The peer did not answer.
    NoAnswer,
    /// The app ended while it went on.
    Interrupted,
    /// It could not be made, or broke off.
    Failed {
        /// The API's code.
        code: Code,
        /// Why, for people.
        reason: String,
    },
}

const CALL: &str =
    "SELECT id, direction, peer, channel, number, started_ms, answered_ms, ended_ms, outcome,
                        failure_code, failure_reason, seen FROM calls ";

impl Store {
    /// Keeps a call that begins.
    pub async fn call_started(&self, call: NewCall) -> Result<CallRow, StoreError> {
        self.write(move |connection| {
            let statement = "INSERT INTO calls (direction, peer, channel, number, started_ms, seen)
                             VALUES (?, ?, ?, ?, ?, 1)";
            let values = params![
                if call.outgoing { OUT } else { IN },
                call.peer.as_str(),
                call.channel.as_str(),
                call.number,
                code::number(call.started_ms),
            ];
            change(connection, statement, values)?;
            Ok(CallRow(connection.last_insert_rowid()))
        })
        .await
    }

    /// Keeps a call that was missed while nobody was here, once: a server may tell of it again. Returns whether it is new.
    pub async fn call_missed(&self, call: NewCall, now_ms: u64) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let (missed, _, _) = outcome_columns(&Outcome::Missed);
            let (peer, channel) = (call.peer.as_str(), call.channel.as_str());
            let started = code::number(call.started_ms);
            let query = "SELECT 1 FROM calls WHERE started_ms = ? AND direction = ? AND peer = ? AND channel = ? AND outcome = ?";
            let values = params![started, IN, peer, channel, missed];
            if first(connection, query, values, |_| Ok(()))?.is_some() {
                return Ok(false);
            }
            let statement = "INSERT INTO calls (direction, peer, channel, number, started_ms, ended_ms, outcome, seen)
                             VALUES (?, ?, ?, ?, ?, ?, ?, 0)";
            let ended = code::number(now_ms);
            let values = params![IN, peer, channel, call.number, started, ended, missed];
            change(connection, statement, values).map(|_| true)
        })
        .await
    }

    /// Ends the calls that an earlier process left open, each with a line of these words in the conversation with its peer; `me` is
    /// whose history it is. To be asked before any call begins. Returns how many there were.
    pub async fn end_open_calls(
        &self,
        me: Account,
        words: &'static str,
    ) -> Result<usize, StoreError> {
        self.write(move |connection| {
            let query = format!("{CALL} WHERE outcome IS NULL ORDER BY id");
            let open = all(connection, &query, [], record)?;
            for CallRecord { row, call, .. } in &open {
                messages::put(connection, &line(call, &me, words))?;
                let (number, _, _) = outcome_columns(&Outcome::Interrupted);
                let statement = "UPDATE calls SET outcome = ? WHERE id = ?";
                change(connection, statement, params![number, row.0])?;
            }
            Ok(open.len())
        })
        .await
    }

    /// A call was answered. Returns whether it was there and waited for that.
    pub async fn call_answered(&self, row: CallRow, now_ms: u64) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let statement = "UPDATE calls SET answered_ms = ?
                             WHERE id = ? AND answered_ms IS NULL AND outcome IS NULL";
            let values = params![code::number(now_ms), row.0];
            Ok(change(connection, statement, values)? > 0)
        })
        .await
    }

    /// A call is over. Returns how it looks now; none if it is not there. The first end counts.
    pub async fn call_ended(
        &self,
        row: CallRow,
        now_ms: u64,
        outcome: Outcome,
    ) -> Result<Option<CallRecord>, StoreError> {
        self.write(move |connection| {
            let (number, code, reason) = outcome_columns(&outcome);
            let seen = outcome != Outcome::Missed;
            let statement = "UPDATE calls SET ended_ms = ?, outcome = ?, failure_code = ?, failure_reason = ?, seen = ?
                             WHERE id = ? AND outcome IS NULL";
            let values = params![code::number(now_ms), number, code, reason, seen, row.0];
            change(connection, statement, values)?;
            first(connection, &format!("{CALL} WHERE id = ?"), [row.0], record)
        })
        .await
    }

    /// Calls, the latest first, from the beginning or behind one that was read already.
    pub async fn calls(
        &self,
        behind: Option<&CallRecord>,
        n: usize,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let last = (i64::MAX, i64::MAX);
        let (started_ms, id) = behind.map_or(last, |record| {
            (code::number(record.call.started_ms), record.row.0)
        });
        self.read(move |connection| {
            let query = format!(
                "{CALL} WHERE (started_ms, id) < (?, ?) ORDER BY started_ms DESC, id DESC LIMIT ?"
            );
            let values = params![started_ms, id, code::limit(n)];
            all(connection, &query, values, record)
        })
        .await
    }

    /// How many missed calls nobody has seen.
    pub async fn missed_calls(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let query = "SELECT count(*) FROM calls WHERE seen = 0";
            let count = first(connection, query, [], |row| code::unsigned(row, 0))?;
            Ok(count.unwrap_or(0))
        })
        .await
    }

    /// The person has seen all missed calls.
    pub async fn calls_seen(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            change(connection, "UPDATE calls SET seen = 1 WHERE seen = 0", []).map(drop)
        })
        .await
    }

    /// Deletes a call from the history. Returns whether it was there.
    pub async fn delete_call(&self, row: CallRow) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Ok(change(connection, "DELETE FROM calls WHERE id = ?", [row.0])? > 0)
        })
        .await
    }

    /// Deletes all calls that are over.
    pub async fn erase_calls(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            let statement = "DELETE FROM calls WHERE outcome IS NOT NULL";
            change(connection, statement, []).map(drop)
        })
        .await
    }
}

/// What stands for a call in the conversation with its peer.
fn line(call: &NewCall, me: &Account, words: &str) -> NewMessage {
    let (source, way) = match call.outgoing {
        true => (me.clone(), Way::Out(Delivery::Sent)),
        false => (call.peer.clone(), Way::In(Attention::Seen)),
    };
    NewMessage {
        conversation: Conversation::Person(call.peer.clone()),
        id: None,
        source,
        way,
        kind: MessageKind::Call,
        text: words.to_owned(),
        server_ms: Some(call.started_ms),
        local_ms: call.started_ms,
        reply_to: None,
    }
}

fn outcome_columns(outcome: &Outcome) -> (i64, Option<u16>, Option<&str>) {
    match outcome {
        Outcome::Talked => (0, None, None),
        Outcome::Missed => (1, None, None),
        Outcome::Declined => (2, None, None),
        Outcome::Refused => (3, None, None),
        Outcome::Cancelled => (4, None, None),
        Outcome::NoAnswer => (5, None, None),
        Outcome::Interrupted => (6, None, None),
        Outcome::Failed { code, reason } => (7, Some(code.number()), Some(reason)),
    }
}

fn outcome(row: &Row<'_>, column: usize) -> Result<Option<Outcome>, StoreError> {
    let number: Option<i64> = row.get(column)?;
    Ok(match number {
        None => None,
        Some(0) => Some(Outcome::Talked),
        Some(1) => Some(Outcome::Missed),
        Some(2) => Some(Outcome::Declined),
        Some(3) => Some(Outcome::Refused),
        Some(4) => Some(Outcome::Cancelled),
        Some(5) => Some(Outcome::NoAnswer),
        Some(6) => Some(Outcome::Interrupted),
        Some(7) => Some(Outcome::Failed {
            code: code::code(row, column + 1)?,
            reason: row.get(column + 2)?,
        }),
        Some(_) => return Err(unreadable("outcome of a call")),
    })
}

fn record(row: &Row<'_>) -> Result<CallRecord, StoreError> {
    Ok(CallRecord {
        row: CallRow(row.get(0)?),
        call: NewCall {
            outgoing: match row.get(1)? {
                IN => false,
                OUT => true,
                _ => return Err(unreadable("direction of a call")),
            },
            peer: code::name(row, 2)?,
            channel: code::name(row, 3)?,
            number: row.get(4)?,
            started_ms: code::unsigned(row, 5)?,
        },
        answered_ms: code::opt_unsigned(row, 6)?,
        ended_ms: code::opt_unsigned(row, 7)?,
        outcome: outcome(row, 8)?,
        seen: row.get(11)?,
    })
}
