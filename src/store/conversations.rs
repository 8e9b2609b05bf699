//! Conversations as a list shows them: draft, read mark, what is unread, and the last message.

use rusqlite::{Connection, Row, params};

use super::code::{self, all, change, first, key, message_columns};
use super::error::StoreError;
use super::message::{Conversation, Message, Place};
use super::{Store, gaps, upkeep};
use crate::protocol::{Account, MessageId};

/// A conversation, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationView {
    /// Which.
    pub conversation: Conversation,
    /// What was typed and not sent.
    pub draft: String,
    /// Whether it raises no notification.
    pub muted: bool,
    /// When something was last said in it, or else when it began, in ms since the Unix epoch.
    pub active_ms: u64,
    /// Up to where it has been read.
    pub read_mark: Option<Place>,
    /// The first message that has not been read: above it stands the line "new messages".
    pub first_unread: Option<Place>,
    /// How many messages have not been read.
    pub unread: u64,
    /// How many of those name the person who is to read them.
    pub mentions: u64,
    /// The last message, or note of a call; none in a new conversation, and in one that was erased.
    pub last: Option<Message>,
}

/// A conversation and its last message, which is found by the index. People come and go by the hundred, so notes of
/// that are passed over.
const VIEW: &str = concat!(
    "SELECT v.draft, v.muted, v.active_ms, v.read_place, v.kind, v.name,
            (SELECT min(place) FROM messages WHERE conversation = v.id AND direction = 0 AND state > 0),
            (SELECT count(*) FROM messages WHERE conversation = v.id AND direction = 0 AND state > 0),
            (SELECT count(*) FROM messages WHERE conversation = v.id AND direction = 0 AND state > 0 AND state = 2),
            ",
    message_columns!(),
    " FROM conversations v
      LEFT JOIN messages m ON m.id = (
          SELECT id FROM messages WHERE conversation = v.id AND kind <= 1 ORDER BY place DESC LIMIT 1
      )
      LEFT JOIN conversations c ON c.id = m.conversation"
);

impl Store {
    /// All conversations, the one that was active last first.
    pub async fn conversations(&self) -> Result<Vec<ConversationView>, StoreError> {
        self.read(|connection| {
            let query = format!("{VIEW} ORDER BY v.active_ms DESC, v.id DESC");
            all(connection, &query, [], view)
        })
        .await
    }

    /// One conversation; none if nothing was ever said, typed or set in it.
    pub async fn conversation(
        &self,
        conversation: Conversation,
    ) -> Result<Option<ConversationView>, StoreError> {
        self.read(move |connection| {
            let query = format!("{VIEW} WHERE v.kind = ? AND v.name = ?");
            first(connection, &query, key(&conversation), view)
        })
        .await
    }

    /// Begins a conversation, if it is not there: it is in the list from now on, though nothing was said.
    pub async fn begin_conversation(
        &self,
        conversation: Conversation,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        self.write(move |connection| make(connection, &conversation, now_ms).map(drop))
            .await
    }

    /// Keeps what was typed and not sent; an empty text for nothing.
    pub async fn set_draft(
        &self,
        conversation: Conversation,
        draft: String,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let id = make(connection, &conversation, now_ms)?;
            let statement = "UPDATE conversations SET draft = ? WHERE id = ?";
            change(connection, statement, params![draft, id]).map(drop)
        })
        .await
    }

    /// Says whether a conversation raises notifications.
    pub async fn set_muted(
        &self,
        conversation: Conversation,
        muted: bool,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let id = make(connection, &conversation, now_ms)?;
            let statement = "UPDATE conversations SET muted = ? WHERE id = ?";
            change(connection, statement, params![muted, id]).map(drop)
        })
        .await
    }

    /// Marks everything up to a place as read. Returns which messages that were not, for their receipts, oldest first.
    pub async fn mark_read(
        &self,
        conversation: Conversation,
        up_to: Place,
    ) -> Result<Vec<(Account, MessageId)>, StoreError> {
        self.write(move |connection| mark_read(connection, &conversation, up_to))
            .await
    }

    /// Deletes everything that was said in a conversation, its draft and its read mark. What is delivered again of it
    /// stays away; the conversation itself stays, muted or not.
    pub async fn erase_conversation(&self, conversation: Conversation) -> Result<(), StoreError> {
        self.write(move |connection| erase(connection, &conversation))
            .await
    }

    /// Erases a conversation, and takes it from the list until something is said in it again.
    pub async fn remove_conversation(&self, conversation: Conversation) -> Result<(), StoreError> {
        self.write(move |connection| {
            erase(connection, &conversation)?;
            let statement = "DELETE FROM conversations WHERE kind = ? AND name = ?";
            change(connection, statement, key(&conversation)).map(drop)
        })
        .await
    }
}

/// The number of a conversation, if it is there.
pub(super) fn find(
    connection: &Connection,
    conversation: &Conversation,
) -> Result<Option<i64>, StoreError> {
    let query = "SELECT id FROM conversations WHERE kind = ? AND name = ?";
    first(connection, query, key(conversation), |row| Ok(row.get(0)?))
}

/// The number of a conversation, which is made where it is missing.
pub(super) fn make(
    connection: &Connection,
    conversation: &Conversation,
    now_ms: u64,
) -> Result<i64, StoreError> {
    if let Some(id) = find(connection, conversation)? {
        return Ok(id);
    }
    let (kind, name) = key(conversation);
    let statement = "INSERT INTO conversations (kind, name, active_ms) VALUES (?, ?, ?)";
    change(
        connection,
        statement,
        params![kind, name, code::number(now_ms)],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Moves a conversation up in the list.
pub(super) fn active(connection: &Connection, id: i64, time_ms: u64) -> Result<(), StoreError> {
    let statement = "UPDATE conversations SET active_ms = ?1 WHERE id = ?2 AND active_ms < ?1";
    change(connection, statement, params![code::number(time_ms), id]).map(drop)
}

fn mark_read(
    connection: &Connection,
    conversation: &Conversation,
    up_to: Place,
) -> Result<Vec<(Account, MessageId)>, StoreError> {
    let Some(id) = find(connection, conversation)? else {
        return Ok(Vec::new());
    };
    // A mark behind the last message would swallow whatever comes.
    let last = "SELECT max(place) FROM messages WHERE conversation = ? AND place <= ?";
    let last: Option<i64> = first(
        connection,
        last,
        params![id, up_to.0],
        |row| Ok(row.get(0)?),
    )?
    .flatten();
    let Some(mark) = last else {
        return Ok(Vec::new());
    };
    let statement = "UPDATE conversations SET read_place = ?1
                     WHERE id = ?2 AND coalesce(read_place, ?1 - 1) < ?1";
    change(connection, statement, params![mark, id])?;
    let query = "SELECT source, message_id FROM messages
                 WHERE conversation = ?1 AND direction = 0 AND state > 0 AND place <= ?2 ORDER BY place";
    let read = all(connection, query, params![id, mark], |row| {
        Ok((code::name(row, 0)?, code::opt_name(row, 1)?))
    })?;
    let statement = "UPDATE messages SET state = 0
                     WHERE conversation = ?1 AND direction = 0 AND state > 0 AND place <= ?2";
    change(connection, statement, params![id, mark])?;
    let with_id = |(account, id): (Account, Option<MessageId>)| Some((account, id?));
    Ok(read.into_iter().filter_map(with_id).collect())
}

fn erase(connection: &Connection, conversation: &Conversation) -> Result<(), StoreError> {
    gaps::erased(connection, conversation)?;
    let Some(id) = find(connection, conversation)? else {
        return Ok(());
    };
    let statement = "INSERT OR IGNORE INTO forgotten (dedup)
                     SELECT dedup FROM messages WHERE conversation = ? AND dedup IS NOT NULL";
    change(connection, statement, [id])?;
    if change(
        connection,
        "DELETE FROM messages WHERE conversation = ?",
        [id],
    )? > 0
    {
        upkeep::deleted(connection)?;
    }
    let statement = "UPDATE conversations SET draft = '', read_place = NULL WHERE id = ?";
    change(connection, statement, [id]).map(drop)
}

fn view(row: &Row<'_>) -> Result<ConversationView, StoreError> {
    /// Where the columns of the last message begin.
    const LAST: usize = 9;
    let last: Option<i64> = row.get(LAST)?;
    let place = |column| -> Result<Option<Place>, StoreError> {
        let place: Option<i64> = row.get(column)?;
        Ok(place.map(Place))
    };
    Ok(ConversationView {
        draft: row.get(0)?,
        muted: row.get(1)?,
        active_ms: code::unsigned(row, 2)?,
        read_mark: place(3)?,
        conversation: code::conversation(row, 4)?,
        first_unread: place(6)?,
        unread: code::unsigned(row, 7)?,
        mentions: code::unsigned(row, 8)?,
        last: last.map(|_| code::message(row, LAST)).transpose()?,
    })
}
