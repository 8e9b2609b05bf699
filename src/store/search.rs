//! Finds words in messages, in one conversation or in all, the newest first.
//!
//! Each word of a query must occur in the text, anywhere and in any case. The index holds three characters in a row at
//! a time, which needs no spaces between words (Chinese, Japanese, Thai). A word of one or two characters is looked for
//! in the messages themselves, some thousands a page, so that a page never takes long.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::code::{self, MESSAGE_PLACE, MESSAGE_TEXT, message_columns};
use super::error::StoreError;
use super::message::{Conversation, Message, Place};
use super::{Store, conversations};

/// How many characters the index holds together.
const INDEXED: usize = 3;
/// How many messages a page reads at most to find what no index holds.
const LOOKED_AT: usize = 20_000;
/// How many messages a page has at most, whatever was asked for.
const MOST: usize = 200;
/// The character from which those count that stand for a conversation; there are [`MARKS`] of them.
const FIRST_MARK: u32 = 0xE000;
/// All characters that Unicode leaves to private use within its first plane.
const MARKS: i64 = 6400;

/// Some of the messages that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The newest first.
    pub messages: Vec<Message>,
    /// Where to go on, if there may be more. A page may have few messages, or none, and still have a next one.
    pub next: Option<Place>,
}

impl Store {
    /// Messages in which all words of a query occur, the newest first, at most 200 at a time: in one conversation or in
    /// all, and only those before a place ([`Place::LAST`] at first, then [`Found::next`]).
    pub async fn search(
        &self,
        query: &str,
        within: Option<Conversation>,
        before: Place,
        n: usize,
    ) -> Result<Found, StoreError> {
        let words = Words::of(query);
        self.read_slowly(move |connection| {
            let id = match &within {
                None => None,
                Some(conversation) => match conversations::find(connection, conversation)? {
                    None => return Ok(Found::default()),
                    id @ Some(_) => id,
                },
            };
            search(connection, &words, id, before, n.clamp(1, MOST))
        })
        .await
    }
}

/// What is looked for.
struct Words {
    /// Found by the index.
    long: Vec<String>,
    /// Looked for in the messages, folded.
    short: Vec<String>,
}

impl Words {
    fn of(query: &str) -> Self {
        // The database ends a text where it has a zero.
        let words = query.split(|c: char| c.is_whitespace() || c == '\0');
        let words = words.filter(|word| !word.is_empty());
        let (long, short): (Vec<_>, Vec<_>) =
            words.partition(|word| word.chars().count() >= INDEXED);
        Self {
            long: long.into_iter().map(str::to_owned).collect(),
            short: short.into_iter().map(folded).collect(),
        }
    }

    /// Whether a message has what the index cannot find. Nothing else of it is read for that.
    fn short_ones_are_in(&self, message: &Row<'_>) -> Result<bool, StoreError> {
        if self.short.is_empty() {
            return Ok(true);
        }
        let text = message.get_ref(MESSAGE_TEXT)?.as_str();
        let text = folded(text.map_err(rusqlite::Error::from)?);
        Ok(self.short.iter().all(|word| text.contains(word)))
    }

    /// The long ones as the index wants to be asked.
    fn expression(&self, conversation: Option<i64>) -> String {
        let words = self.long.iter().map(|word| quoted(word));
        let words = words.collect::<Vec<_>>().join(" AND ");
        let mark = conversation.map(|id| format!(" AND conversation : {}", quoted(&mark(id))));
        format!("text : ({words}){}", mark.unwrap_or_default())
    }
}

/// A word in which nothing has a meaning of its own.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

/// The three characters that stand for a conversation, as resources/sql/app/001_start.sql makes them.
fn mark(id: i64) -> String {
    let digits = [id / (MARKS * MARKS) % MARKS, id / MARKS % MARKS, id % MARKS];
    let character = |digit: i64| char::from_u32(FIRST_MARK + u32::try_from(digit).ok()?);
    digits.into_iter().filter_map(character).collect()
}

/// A text without its capitals, as the index compares.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn search(
    connection: &Connection,
    words: &Words,
    conversation: Option<i64>,
    before: Place,
    n: usize,
) -> Result<Found, StoreError> {
    let mut query = concat!("SELECT ", message_columns!(), " FROM ").to_owned();
    let mut values = vec![Value::from(before.0)];
    let ordered_by = if words.long.is_empty() {
        if words.short.is_empty() {
            return Ok(Found::default());
        }
        query += "messages m CROSS JOIN conversations c ON c.id = m.conversation
                  WHERE m.place < ?1 AND m.kind = 0";
        "m.place"
    } else {
        query += "words CROSS JOIN messages m ON m.place = words.rowid
                  CROSS JOIN conversations c ON c.id = m.conversation
                  WHERE words.rowid < ?1 AND words MATCH ?2";
        values.push(Value::from(words.expression(conversation)));
        "words.rowid"
    };
    if let Some(id) = conversation {
        values.push(Value::from(id));
        query += &format!(" AND m.conversation = ?{}", values.len());
    }
    query += &format!(" ORDER BY {ordered_by} DESC");
    let mut statement = connection.prepare_cached(&query)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Found::default();
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        if words.short_ones_are_in(row)? {
            found.messages.push(code::message(row, 0)?);
        }
        if found.messages.len() == n || looked_at == LOOKED_AT {
            found.next = Some(Place(row.get(MESSAGE_PLACE)?));
            break;
        }
    }
    Ok(found)
}
