//! Windows onto a conversation: some messages in their order, around a place. Each is two looks into an index, so that it
//! costs the same in a conversation of 100 messages and of 100,000.

use rusqlite::{Connection, params};

use super::code::{self, all, first, message_columns};
use super::error::StoreError;
use super::message::{Conversation, Message, MessageRow, Place};
use super::{Store, conversations};

/// How many messages a window has at most, whatever was asked for.
const MOST: usize = 1000;

/// Some messages of a conversation, without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub older: bool,
    /// Whether there are newer ones.
    pub newer: bool,
}

pub(super) const OLDER: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM messages m JOIN conversations c ON c.id = m.conversation
      WHERE m.conversation = ?1 AND m.place < ?2 ORDER BY m.place DESC LIMIT ?3"
);
pub(super) const NEWER: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM messages m JOIN conversations c ON c.id = m.conversation
      WHERE m.conversation = ?1 AND m.place >= ?2 ORDER BY m.place LIMIT ?3"
);

/// What a window is to show around a place; each at most [`MOST`].
#[derive(Clone, Copy)]
struct View {
    place: Place,
    /// Messages before the place.
    before: usize,
    /// Messages from the place on.
    from: usize,
}

impl Store {
    /// The latest messages of a conversation, at most 1,000.
    pub async fn latest(&self, conversation: Conversation, n: usize) -> Result<Window, StoreError> {
        self.before(conversation, Place::LAST, n).await
    }

    /// The messages before a place, at most 1,000: what comes above when one scrolls up.
    pub async fn before(
        &self,
        conversation: Conversation,
        place: Place,
        n: usize,
    ) -> Result<Window, StoreError> {
        let (before, from) = (n, 0);
        let view = View {
            place,
            before,
            from,
        };
        self.window(conversation, view).await
    }

    /// The messages behind a place, at most 1,000: what comes below when one scrolls down.
    pub async fn after(
        &self,
        conversation: Conversation,
        place: Place,
        n: usize,
    ) -> Result<Window, StoreError> {
        let place = Place(place.0.saturating_add(1));
        let (before, from) = (0, n);
        let view = View {
            place,
            before,
            from,
        };
        self.window(conversation, view).await
    }

    /// The messages around a time in ms since the Unix epoch, at most 1,000: half of them before it.
    pub async fn at_time(
        &self,
        conversation: Conversation,
        time_ms: u64,
        n: usize,
    ) -> Result<Window, StoreError> {
        let view = View::around(Place::at(time_ms), n);
        self.window(conversation, view).await
    }

    /// The messages around one of them, at most 1,000: half of them before it. None if it is not there.
    pub async fn around(&self, row: MessageRow, n: usize) -> Result<Option<Window>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT conversation, place FROM messages WHERE id = ?";
            let found = first(connection, query, [row.0], |row| {
                Ok((row.get(0)?, Place(row.get(1)?)))
            })?;
            found
                .map(|(id, place)| window(connection, id, View::around(place, n.max(1))))
                .transpose()
        })
        .await
    }

    async fn window(&self, conversation: Conversation, view: View) -> Result<Window, StoreError> {
        self.read(move |connection| {
            let id = conversations::find(connection, &conversation)?;
            let window = id.map(|id| window(connection, id, view)).transpose()?;
            Ok(window.unwrap_or_default())
        })
        .await
    }
}

impl View {
    fn around(place: Place, n: usize) -> Self {
        let before = n / 2;
        let from = n - before;
        Self {
            place,
            before,
            from,
        }
    }
}

fn window(connection: &Connection, id: i64, view: View) -> Result<Window, StoreError> {
    let (mut messages, older) = some(connection, OLDER, id, view.place, view.before)?;
    messages.reverse();
    let (newer_messages, newer) = some(connection, NEWER, id, view.place, view.from)?;
    messages.extend(newer_messages);
    Ok(Window {
        messages,
        older,
        newer,
    })
}

/// Messages in one direction, and whether there are more.
fn some(
    connection: &Connection,
    query: &str,
    id: i64,
    place: Place,
    n: usize,
) -> Result<(Vec<Message>, bool), StoreError> {
    let n = n.min(MOST);
    let values = params![id, place.0, code::limit(n + 1)];
    let mut messages = all(connection, query, values, |row| code::message(row, 0))?;
    let more = messages.len() > n;
    messages.truncate(n);
    Ok((messages, more))
}
