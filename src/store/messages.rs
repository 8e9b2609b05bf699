//! Keeps messages, each once, and what becomes of them. How they are read in order is in `windows`.

use rusqlite::{Connection, params};

use super::code::{self, all, change, first, message_columns};
use super::error::StoreError;
use super::message::{
    Conversation, Dedup, Delivery, Message, MessageKind, MessageRow, NewMessage, Place, Put, Way,
    dedup,
};
use super::{Store, conversations, upkeep};
use crate::protocol::{Account, Code, MessageId};

/// What a receiver says of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The device has them.
    Delivered,
    /// They have been read.
    Read,
}

const MESSAGE: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM messages m JOIN conversations c ON c.id = m.conversation "
);

impl Store {
    /// Keeps a message, once. What came before with the same sender and id, or was deleted here, is not kept again.
    ///
    /// What goes out pending is in the outbox from now on, so: keep it first, then send it.
    pub async fn put_message(&self, message: NewMessage) -> Result<Put, StoreError> {
        self.write(move |connection| put(connection, &message))
            .await
    }

    /// Keeps several messages at once, as a page of a room's history, all or none.
    pub async fn put_messages(&self, messages: Vec<NewMessage>) -> Result<Vec<Put>, StoreError> {
        self.write(move |connection| {
            let messages = messages.iter();
            messages.map(|message| put(connection, message)).collect()
        })
        .await
    }

    /// Messages that were typed and neither acknowledged nor refused, in the order of typing: to be sent again, under
    /// their own ids, by a process that starts.
    pub async fn outbox(&self) -> Result<Vec<Message>, StoreError> {
        self.read(|connection| {
            let query = format!("{MESSAGE} WHERE m.direction = 1 AND m.state = 0 ORDER BY m.id");
            all(connection, &query, [], |row| code::message(row, 0))
        })
        .await
    }

    /// Who wrote here last: whose history it is, if anybody did.
    pub async fn last_author(&self) -> Result<Option<Account>, StoreError> {
        self.read(|connection| {
            let query = "SELECT source FROM messages WHERE direction = 1 ORDER BY id DESC LIMIT 1";
            first(connection, query, [], |row| code::name(row, 0))
        })
        .await
    }

    /// The server has a message; with its time, where that is known, which gives the message its place. Returns how it
    /// looks now, or none if it is not there.
    pub async fn sent(
        &self,
        row: MessageRow,
        server_ms: Option<u64>,
    ) -> Result<Option<Message>, StoreError> {
        self.write(move |connection| {
            advance(connection, row, &Delivery::Sent)?;
            if let Some(server_ms) = server_ms {
                settle(connection, row, server_ms)?;
            }
            by_row(connection, row)
        })
        .await
    }

    /// A message was refused. Returns how it looks now, or none if it is not there.
    pub async fn failed(
        &self,
        row: MessageRow,
        code: Code,
        reason: String,
    ) -> Result<Option<Message>, StoreError> {
        self.write(move |connection| {
            advance(connection, row, &Delivery::Failed { code, reason })?;
            by_row(connection, row)
        })
        .await
    }

    /// Puts a message that was refused into the outbox again, where it stands. Returns how it looks now, or none if it
    /// is not there.
    pub async fn retry(&self, row: MessageRow) -> Result<Option<Message>, StoreError> {
        self.write(move |connection| {
            advance(connection, row, &Delivery::Pending)?;
            by_row(connection, row)
        })
        .await
    }

    /// A receiver has messages that an account of this profile sent, or has read them. Returns those that this changed.
    pub async fn receipt(
        &self,
        conversation: Conversation,
        source: Account,
        ids: Vec<MessageId>,
        receipt: Receipt,
    ) -> Result<Vec<Message>, StoreError> {
        let delivery = match receipt {
            Receipt::Delivered => Delivery::Delivered,
            Receipt::Read => Delivery::Read,
        };
        self.write(move |connection| {
            let mut changed = Vec::new();
            for id in &ids {
                let known = by_dedup(connection, &dedup(&conversation, &source, id))?;
                if let Some(message) = known
                    && advance(connection, message.row, &delivery)?
                {
                    changed.extend(by_row(connection, message.row)?);
                }
            }
            Ok(changed)
        })
        .await
    }

    /// A message by its number.
    pub async fn message(&self, row: MessageRow) -> Result<Option<Message>, StoreError> {
        self.read(move |connection| by_row(connection, row)).await
    }

    /// A message by its sender's id, such as one that another answers.
    pub async fn find_message(
        &self,
        conversation: Conversation,
        source: Account,
        id: MessageId,
    ) -> Result<Option<Message>, StoreError> {
        self.read(move |connection| by_dedup(connection, &dedup(&conversation, &source, &id)))
            .await
    }

    /// Deletes a message on this computer alone; it stays away when it is delivered again. A pending one is not sent any
    /// more after the next start. Returns whether it was there.
    pub async fn delete_message(&self, row: MessageRow) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let statement = "INSERT OR IGNORE INTO forgotten (dedup)
                             SELECT dedup FROM messages WHERE id = ? AND dedup IS NOT NULL";
            change(connection, statement, [row.0])?;
            let deleted = change(connection, "DELETE FROM messages WHERE id = ?", [row.0])? > 0;
            if deleted {
                upkeep::deleted(connection)?;
            }
            Ok(deleted)
        })
        .await
    }
}

/// See [`Store::put_message`].
pub(super) fn put(connection: &Connection, message: &NewMessage) -> Result<Put, StoreError> {
    let dedup = message.dedup();
    if let Some(dedup) = &dedup {
        if let Some(known) = by_dedup(connection, dedup)? {
            return echo(connection, known, message.server_ms);
        }
        let query = "SELECT 1 FROM forgotten WHERE dedup = ?";
        if first(connection, query, [dedup], |_| Ok(()))?.is_some() {
            return Ok(Put::Forgotten);
        }
    }
    let id = conversations::make(connection, &message.conversation, message.local_ms)?;
    let place = free_place(connection, time(connection, id, message)?)?;
    let (direction, state) = code::way_numbers(&message.way);
    let (failure_code, failure_reason) = code::failure(&message.way);
    let reply_to = message.reply_to.as_ref();
    let statement = "INSERT INTO messages (conversation, place, dedup, message_id, source, direction, kind, text,
                         server_ms, local_ms, state, failure_code, failure_reason, reply_source, reply_id)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        id,
        place.0,
        dedup,
        message.id.as_ref().map(MessageId::as_str),
        message.source.as_str(),
        direction,
        code::kind_number(message.kind),
        message.text,
        message.server_ms.map(code::number),
        code::number(message.local_ms),
        state,
        failure_code,
        failure_reason,
        reply_to.map(|reply| reply.source.as_str()),
        reply_to.map(|reply| reply.id.as_str()),
    ];
    change(connection, statement, values)?;
    let row = MessageRow(connection.last_insert_rowid());
    match message.kind {
        MessageKind::Text | MessageKind::Call => {
            conversations::active(connection, id, place.time_ms())?;
        }
        MessageKind::Joined | MessageKind::Left => {}
    }
    Ok(Put::New(Message {
        row,
        place,
        content: message.clone(),
    }))
}

/// A message that is there comes again. For one's own that is the server's word that it has it.
fn echo(
    connection: &Connection,
    known: Message,
    server_ms: Option<u64>,
) -> Result<Put, StoreError> {
    match (&known.content.way, known.content.server_ms, server_ms) {
        (Way::Out(_), None, Some(server_ms)) => {
            advance(connection, known.row, &Delivery::Sent)?;
            settle(connection, known.row, server_ms)?;
            let now = by_row(connection, known.row)?;
            Ok(Put::Known(now.unwrap_or(known)))
        }
        (Way::Out(_) | Way::In(_), _, _) => Ok(Put::Known(known)),
    }
}

/// When a message is to stand among the others, in ms since the Unix epoch. What is just being typed comes last,
/// whatever this computer's clock says.
fn time(connection: &Connection, id: i64, message: &NewMessage) -> Result<u64, StoreError> {
    if let Some(server_ms) = message.server_ms {
        return Ok(server_ms);
    }
    match &message.way {
        Way::Out(_) => {
            let query = "SELECT max(place) FROM messages WHERE conversation = ?";
            let last: Option<i64> =
                first(connection, query, [id], |row| Ok(row.get(0)?))?.flatten();
            let last = last.map_or(0, |place| Place(place).time_ms());
            Ok(last.max(message.local_ms))
        }
        Way::In(_) => Ok(message.local_ms),
    }
}

/// The first free place of a millisecond, behind all that arrived in it.
fn free_place(connection: &Connection, time_ms: u64) -> Result<Place, StoreError> {
    let mut place = Place::at(time_ms);
    loop {
        let next = place.next_ms();
        let query = "SELECT max(place) FROM messages WHERE place >= ? AND place < ?";
        let last: Option<i64> =
            first(connection, query, [place.0, next.0], |row| Ok(row.get(0)?))?.flatten();
        match last {
            None => return Ok(place),
            Some(last) if last + 1 < next.0 => return Ok(Place(last + 1)),
            Some(_) => place = next,
        }
    }
}

/// Gives a message its time on the server, and the place that belongs to it.
fn settle(connection: &Connection, row: MessageRow, server_ms: u64) -> Result<(), StoreError> {
    let query = "SELECT place FROM messages WHERE id = ?";
    let place: Option<i64> = first(connection, query, [row.0], |row| Ok(row.get(0)?))?;
    let Some(place) = place.map(Place) else {
        return Ok(());
    };
    let place = match place.time_ms() == server_ms {
        true => place,
        false => free_place(connection, server_ms)?,
    };
    let statement = "UPDATE messages SET place = ?, server_ms = ? WHERE id = ?";
    let values = params![place.0, code::number(server_ms), row.0];
    change(connection, statement, values).map(drop)
}

/// Takes one's own message a step on, never back. Returns whether that changed it.
fn advance(
    connection: &Connection,
    row: MessageRow,
    delivery: &Delivery,
) -> Result<bool, StoreError> {
    // Pending and failed lead to each other and to everything else; the rest only upwards.
    let from = match delivery {
        Delivery::Pending => "state = 4",
        Delivery::Failed { .. } => "state = 0",
        Delivery::Sent => "state IN (0, 4)",
        Delivery::Delivered => "state IN (0, 1, 4)",
        Delivery::Read => "state IN (0, 1, 2, 4)",
    };
    let way = Way::Out(delivery.clone());
    let (direction, state) = code::way_numbers(&way);
    let (failure_code, failure_reason) = code::failure(&way);
    let statement = format!(
        "UPDATE messages SET state = ?, failure_code = ?, failure_reason = ?
         WHERE id = ? AND direction = ? AND {from}"
    );
    let values = params![state, failure_code, failure_reason, row.0, direction];
    Ok(change(connection, &statement, values)? > 0)
}

fn by_row(connection: &Connection, row: MessageRow) -> Result<Option<Message>, StoreError> {
    let query = format!("{MESSAGE} WHERE m.id = ?");
    first(connection, &query, [row.0], |row| code::message(row, 0))
}

fn by_dedup(connection: &Connection, dedup: &Dedup) -> Result<Option<Message>, StoreError> {
    let query = format!("{MESSAGE} WHERE m.dedup = ?");
    first(connection, &query, [dedup], |row| code::message(row, 0))
}
