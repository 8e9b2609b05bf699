//! Which rooms are not whole: what was said while nobody was here is looked up from the newest on, and whoever is killed on the
//! way has to know at the next start how far it was.

use rusqlite::{Connection, params};

use super::code::{self, all, change};
use super::error::StoreError;
use super::{Conversation, Store};
use crate::protocol::ChannelName;

/// What is missing of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Which room.
    pub room: ChannelName,
    /// The server's number of the oldest message that was looked up; what is newer is here. None if none was.
    pub below: Option<u64>,
    /// What was kept before this time, in ms since the Unix epoch by this computer's clock, has nothing missing between it.
    pub since_ms: u64,
    /// How many of those that are missing nobody has read.
    pub unread: u64,
}

impl Store {
    /// All gaps, at most one a room.
    pub async fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        self.read(|connection| {
            let query = "SELECT room, below, since_ms, unread FROM gaps ORDER BY room";
            all(connection, query, [], |row| {
                Ok(Gap {
                    room: code::name(row, 0)?,
                    below: code::opt_unsigned(row, 1)?,
                    since_ms: code::unsigned(row, 2)?,
                    unread: code::unsigned(row, 3)?,
                })
            })
        })
        .await
    }

    /// Keeps a gap, in the place of that which the room had.
    pub async fn put_gap(&self, gap: Gap) -> Result<(), StoreError> {
        self.write(move |connection| {
            let statement =
                "INSERT OR REPLACE INTO gaps (room, below, since_ms, unread) VALUES (?, ?, ?, ?)";
            let values = params![
                gap.room.as_str(),
                gap.below.map(code::number),
                code::number(gap.since_ms),
                code::number(gap.unread),
            ];
            change(connection, statement, values).map(drop)
        })
        .await
    }

    /// A room has no gap any more.
    pub async fn close_gap(&self, room: ChannelName) -> Result<(), StoreError> {
        self.write(move |connection| close(connection, room.as_str()))
            .await
    }
}

/// Where nothing is kept, nothing is missing between it.
pub(super) fn erased(
    connection: &Connection,
    conversation: &Conversation,
) -> Result<(), StoreError> {
    match conversation {
        Conversation::Room(room) => close(connection, room.as_str()),
        Conversation::Person(_) => Ok(()),
    }
}

fn close(connection: &Connection, room: &str) -> Result<(), StoreError> {
    change(connection, "DELETE FROM gaps WHERE room = ?", [room]).map(drop)
}
