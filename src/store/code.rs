//! How words of ours stand in the database: each kind, state and outcome has a number, and a name is checked again when
//! it is read.

use rusqlite::{Connection, Params, Row};

use crate::protocol::{Code, NameError};

use super::error::StoreError;
use super::message::{
    Attention, Conversation, Delivery, Message, MessageKind, MessageRow, NewMessage, Place,
    ReplyTo, Way,
};

/// Somebody else's: `direction` of messages and calls.
pub(super) const IN: i64 = 0;
/// One's own.
pub(super) const OUT: i64 = 1;

/// `state` of one's own message.
pub(super) const PENDING: i64 = 0;
const SENT: i64 = 1;
const DELIVERED: i64 = 2;
const READ: i64 = 3;
const FAILED: i64 = 4;

/// A message, in the order that [`message`] reads; every query that uses it names its tables `m` and `c`.
macro_rules! message_columns {
    () => {
        "m.id, m.place, c.kind, c.name, m.message_id, m.source, m.direction, m.kind, m.text, m.server_ms,
         m.local_ms, m.state, m.failure_code, m.failure_reason, m.reply_source, m.reply_id"
    };
}
pub(super) use message_columns;

/// Which of these columns is the place.
pub(super) const MESSAGE_PLACE: usize = 1;
/// Which of these columns is the text.
pub(super) const MESSAGE_TEXT: usize = 8;

/// All rows of a query, each read by a function.
pub(super) fn all<T>(
    connection: &Connection,
    query: &str,
    params: impl Params,
    item: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(params)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(item(row)?);
    }
    Ok(items)
}

/// The first row of a query, if there is one.
pub(super) fn first<T>(
    connection: &Connection,
    query: &str,
    params: impl Params,
    item: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(item).transpose()
}

/// Runs a statement that changes something; returns how many rows it changed.
pub(super) fn change(
    connection: &Connection,
    statement: &str,
    params: impl Params,
) -> Result<usize, StoreError> {
    Ok(connection.prepare_cached(statement)?.execute(params)?)
}

/// `kind` and `name` of a conversation.
pub(super) fn key(conversation: &Conversation) -> (i64, &str) {
    match conversation {
        Conversation::Person(account) => (0, account.as_str()),
        Conversation::Room(room) => (1, room.as_str()),
    }
}

/// Two columns, as of [`key`].
pub(super) fn conversation(row: &Row<'_>, column: usize) -> Result<Conversation, StoreError> {
    match row.get(column)? {
        0 => Ok(Conversation::Person(name(row, column + 1)?)),
        1 => Ok(Conversation::Room(name(row, column + 1)?)),
        _ => Err(unreadable("kind of conversation")),
    }
}

/// A message whose columns begin at one.
pub(super) fn message(row: &Row<'_>, at: usize) -> Result<Message, StoreError> {
    let reply_to = match (opt_name(row, at + 14)?, opt_name(row, at + 15)?) {
        (Some(source), Some(id)) => Some(ReplyTo { source, id }),
        (_, _) => None,
    };
    Ok(Message {
        row: MessageRow(row.get(at)?),
        place: Place(row.get(at + 1)?),
        content: NewMessage {
            conversation: conversation(row, at + 2)?,
            id: opt_name(row, at + 4)?,
            source: name(row, at + 5)?,
            way: way(row, at)?,
            kind: kind(row.get(at + 7)?)?,
            text: row.get(at + 8)?,
            server_ms: opt_unsigned(row, at + 9)?,
            local_ms: unsigned(row, at + 10)?,
            reply_to,
        },
    })
}

fn way(row: &Row<'_>, at: usize) -> Result<Way, StoreError> {
    match (row.get(at + 6)?, row.get(at + 11)?) {
        (IN, 0) => Ok(Way::In(Attention::Seen)),
        (IN, 1) => Ok(Way::In(Attention::Unread)),
        (IN, 2) => Ok(Way::In(Attention::Mention)),
        (OUT, PENDING) => Ok(Way::Out(Delivery::Pending)),
        (OUT, SENT) => Ok(Way::Out(Delivery::Sent)),
        (OUT, DELIVERED) => Ok(Way::Out(Delivery::Delivered)),
        (OUT, READ) => Ok(Way::Out(Delivery::Read)),
        (OUT, FAILED) => Ok(Way::Out(Delivery::Failed {
            code: code(row, at + 12)?,
            reason: row.get(at + 13)?,
        })),
        (_, _) => Err(unreadable("state of a message")),
    }
}

/// `direction` and `state` of a message.
pub(super) fn way_numbers(way: &Way) -> (i64, i64) {
    match way {
        Way::In(Attention::Seen) => (IN, 0),
        Way::In(Attention::Unread) => (IN, 1),
        Way::In(Attention::Mention) => (IN, 2),
        Way::Out(delivery) => (OUT, delivery_number(delivery)),
    }
}

fn delivery_number(delivery: &Delivery) -> i64 {
    match delivery {
        Delivery::Pending => PENDING,
        Delivery::Sent => SENT,
        Delivery::Delivered => DELIVERED,
        Delivery::Read => READ,
        Delivery::Failed { .. } => FAILED,
    }
}

/// `failure_code` and `failure_reason` of a message.
pub(super) fn failure(way: &Way) -> (Option<u16>, Option<&str>) {
    match way {
        Way::Out(Delivery::Failed { code, reason }) => (Some(code.number()), Some(reason)),
        Way::Out(Delivery::Pending | Delivery::Sent | Delivery::Delivered | Delivery::Read)
        | Way::In(_) => (None, None),
    }
}

fn kind(number: i64) -> Result<MessageKind, StoreError> {
    match number {
        0 => Ok(MessageKind::Text),
        1 => Ok(MessageKind::Call),
        2 => Ok(MessageKind::Joined),
        3 => Ok(MessageKind::Left),
        _ => Err(unreadable("kind of message")),
    }
}

/// `kind` of a message.
pub(super) fn kind_number(kind: MessageKind) -> i64 {
    match kind {
        MessageKind::Text => 0,
        MessageKind::Call => 1,
        MessageKind::Joined => 2,
        MessageKind::Left => 3,
    }
}

/// A name, checked as at the edge.
pub(super) fn name<T>(row: &Row<'_>, column: usize) -> Result<T, StoreError>
where
    T: for<'a> TryFrom<&'a str, Error = NameError>,
{
    opt_name(row, column)?.ok_or_else(|| unreadable("name"))
}

/// A name, or none.
pub(super) fn opt_name<T>(row: &Row<'_>, column: usize) -> Result<Option<T>, StoreError>
where
    T: for<'a> TryFrom<&'a str, Error = NameError>,
{
    let text = row.get_ref(column)?.as_str_or_null();
    let text = text.map_err(rusqlite::Error::from)?;
    let name = text.map(T::try_from).transpose();
    name.map_err(|_| unreadable("name"))
}

/// A code of the API.
pub(super) fn code(row: &Row<'_>, column: usize) -> Result<Code, StoreError> {
    let number: i64 = row.get(column)?;
    let code = u16::try_from(number).ok().and_then(Code::from_number);
    code.ok_or_else(|| unreadable("code"))
}

/// A number that is never negative.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    opt_unsigned(row, column)?.ok_or_else(|| unreadable("number"))
}

/// A number that is never negative, or none.
pub(super) fn opt_unsigned(row: &Row<'_>, column: usize) -> Result<Option<u64>, StoreError> {
    let number: Option<i64> = row.get(column)?;
    let number = number.map(u64::try_from).transpose();
    number.map_err(|_| unreadable("number"))
}

/// A number as the database holds it. What is larger than it can hold means "never" wherever it occurs.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How many rows to ask for.
pub(super) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn unreadable(what: &'static str) -> StoreError {
    StoreError::Unreadable { what }
}
