//! Writes messages into a file that people and other programs can read. Takes little memory, however many there are.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::code::{self, all, message_columns};
use super::error::StoreError;
use super::message::{Conversation, Delivery, Message, MessageKind, Way};
use super::{Store, conversations, open};

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A line for each message, with its time, and further lines of the same message indented.
    Text {
        /// How many minutes the clock of the reader is ahead of UTC.
        utc_offset_min: i32,
    },
    /// One JSON object, with everything that is known of each message. Times are in ms since the Unix epoch.
    Json,
}

/// Why nothing was exported. A file that was there before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The messages cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error("cannot write {}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Store {
    /// Writes the messages of one conversation or of all, the oldest first, into a file that only its owner may read; one
    /// that is there is replaced when all is written. Returns how many messages that were.
    ///
    /// # Errors
    /// If the messages cannot be read or the file cannot be written.
    pub async fn export(
        &self,
        conversation: Option<Conversation>,
        format: Format,
        path: &Path,
    ) -> Result<u64, ExportError> {
        let path = path.to_owned();
        let exported = self.read_slowly(move |connection| {
            Ok(export(connection, conversation.as_ref(), format, &path))
        });
        exported.await?
    }
}

fn export(
    connection: &Connection,
    conversation: Option<&Conversation>,
    format: Format,
    path: &Path,
) -> Result<u64, ExportError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let in_file = |path: &Path| {
        let path = path.to_owned();
        |source| ExportError::File { path, source }
    };
    let file = open::private(&part, |options| options.create(true).truncate(true));
    let mut out = BufWriter::new(file.map_err(in_file(&part))?);
    let written = write(connection, conversation, format, &mut out).and_then(|count| {
        finish(out, &part, path).map_err(Stop::File)?;
        Ok(count)
    });
    written.map_err(|stop| {
        if let Err(error) = fs::remove_file(&part) {
            tracing::debug!(%error, "a part of an export stays");
        }
        match stop {
            Stop::Store(error) => ExportError::Store(error),
            Stop::File(source) => in_file(path)(source),
        }
    })
}

fn finish(out: BufWriter<File>, part: &Path, path: &Path) -> io::Result<()> {
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    fs::rename(part, path)
}

/// Why writing stopped.
enum Stop {
    Store(StoreError),
    File(io::Error),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// Writes everything as it is at this moment; what changes meanwhile is not seen.
fn write(
    connection: &Connection,
    conversation: Option<&Conversation>,
    format: Format,
    out: &mut impl Write,
) -> Result<u64, Stop> {
    let _moment = connection.unchecked_transaction()?;
    let listed = match conversation {
        None => all(
            connection,
            "SELECT id, kind, name FROM conversations ORDER BY kind, name",
            [],
            |row| Ok((row.get(0)?, code::conversation(row, 1)?)),
        )?,
        Some(conversation) => conversations::find(connection, conversation)?
            .map(|id| (id, conversation.clone()))
            .into_iter()
            .collect::<Vec<(i64, Conversation)>>(),
    };
    let mut count = 0;
    if format == Format::Json {
        out.write_all(b"{\"conversations\":[")?;
    }
    for (number, (id, conversation)) in listed.iter().enumerate() {
        match format {
            Format::Text { .. } => {
                let gap = if number > 0 { "\n" } else { "" };
                writeln!(out, "{gap}{}\n", title(conversation))?;
            }
            Format::Json => {
                let comma = if number > 0 { "," } else { "" };
                let (kind, name) = words(conversation);
                write!(out, "{comma}\n{{\"{kind}\":{},\"messages\":[", json!(name))?;
            }
        }
        count += write_messages(connection, *id, format, out)?;
        if format == Format::Json {
            out.write_all(b"\n]}")?;
        }
    }
    if format == Format::Json {
        out.write_all(b"\n]}\n")?;
    }
    Ok(count)
}

fn write_messages(
    connection: &Connection,
    id: i64,
    format: Format,
    out: &mut impl Write,
) -> Result<u64, Stop> {
    let query = concat!(
        "SELECT ",
        message_columns!(),
        " FROM messages m JOIN conversations c ON c.id = m.conversation
          WHERE m.conversation = ? ORDER BY m.place"
    );
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([id])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let message = code::message(row, 0)?;
        match format {
            Format::Text { utc_offset_min } => {
                out.write_all(line(&message, utc_offset_min).as_bytes())?;
            }
            Format::Json => {
                out.write_all(if count > 0 { b",\n" } else { b"\n" })?;
                serde_json::to_writer(&mut *out, &object(&message)).map_err(io::Error::from)?;
            }
        }
        count += 1;
    }
    Ok(count)
}

fn title(conversation: &Conversation) -> String {
    match conversation {
        Conversation::Person(account) => format!("=== {account} ==="),
        Conversation::Room(room) => format!("=== #{room} ==="),
    }
}

fn words(conversation: &Conversation) -> (&'static str, &str) {
    match conversation {
        Conversation::Person(account) => ("person", account.as_str()),
        Conversation::Room(room) => ("room", room.as_str()),
    }
}

fn line(message: &Message, utc_offset_min: i32) -> String {
    let time = date_time(message.place.time_ms(), utc_offset_min);
    let content = &message.content;
    let source = &content.source;
    let text = content.text.replace('\n', "\n    ");
    let state = match &content.way {
        Way::Out(Delivery::Pending) => " (not sent yet)",
        Way::Out(Delivery::Failed { .. }) => " (not sent)",
        Way::Out(Delivery::Sent | Delivery::Delivered | Delivery::Read) | Way::In(_) => "",
    };
    match content.kind {
        MessageKind::Text => format!("{time}  {source}: {text}{state}\n"),
        MessageKind::Call => format!("{time}  {source}, call: {text}\n"),
        MessageKind::Joined => format!("{time}  {source} joined\n"),
        MessageKind::Left => format!("{time}  {source} left\n"),
    }
}

fn object(message: &Message) -> Value {
    let content = &message.content;
    let (direction, state) = match &content.way {
        Way::In(_) => ("in", None),
        Way::Out(Delivery::Pending) => ("out", Some("pending")),
        Way::Out(Delivery::Sent) => ("out", Some("sent")),
        Way::Out(Delivery::Delivered) => ("out", Some("delivered")),
        Way::Out(Delivery::Read) => ("out", Some("read")),
        Way::Out(Delivery::Failed { .. }) => ("out", Some("failed")),
    };
    let kind = match content.kind {
        MessageKind::Text => "text",
        MessageKind::Call => "call",
        MessageKind::Joined => "joined",
        MessageKind::Left => "left",
    };
    let failure = match &content.way {
        Way::Out(Delivery::Failed { code, reason }) => {
            json!({"code": code.number(), "reason": reason})
        }
        Way::Out(Delivery::Pending | Delivery::Sent | Delivery::Delivered | Delivery::Read)
        | Way::In(_) => Value::Null,
    };
    let reply_to = content.reply_to.as_ref().map_or(
        Value::Null,
        |reply| json!({"from": reply.source, "id": reply.id}),
    );
    json!({
        "time": message.place.time_ms(),
        "server_time": content.server_ms,
        "local_time": content.local_ms,
        "from": content.source,
        "id": content.id,
        "direction": direction,
        "state": state,
        "failure": failure,
        "kind": kind,
        "text": content.text,
        "reply_to": reply_to,
    })
}

/// A time as people write it, such as `2026-11-23 14:05:31 +01:00`.
fn date_time(unix_ms: u64, utc_offset_min: i32) -> String {
    let seconds = i64::try_from(unix_ms / 1000).unwrap_or(0) + i64::from(utc_offset_min) * 60;
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let sign = if utc_offset_min < 0 { '-' } else { '+' };
    let offset = utc_offset_min.unsigned_abs();
    let (offset_h, offset_min) = (offset / 60, offset % 60);
    format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} {sign}{offset_h:02}:{offset_min:02}"
    )
}

/// Year, month and day of a number of days since 1970-01-01, after H. Hinnant's `civil_from_days`: years that begin in
/// March have their odd day last, so months come from days by one division.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        assert_eq!(date_time(0, 0), "1970-01-01 00:00:00 +00:00");
        assert_eq!(date_time(951_782_400_000, 0), "2000-02-29 00:00:00 +00:00");
        assert_eq!(
            date_time(1_709_251_199_999, 0),
            "2024-02-29 23:59:59 +00:00"
        );
        assert_eq!(
            date_time(1_700_000_000_000, 90),
            "2023-11-14 23:43:20 +01:30"
        );
        assert_eq!(date_time(0, -330), "1969-12-31 18:30:00 -05:30");
        assert_eq!(
            date_time(4_102_444_800_000, 0),
            "2100-01-01 00:00:00 +00:00"
        );
    }
}
