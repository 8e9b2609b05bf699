//! Reads back what earlier processes kept. Says nothing of what is over: that has been purged before.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use crate::hub::{AttrOwner, LastLogin, LastingChannel, Snapshot, StoredMessage};
use crate::protocol::{AppId, AttrEntry, Caps, ChannelName, EnvelopeKind, NameError};

use super::write::{CHANNEL, USER};

/// Why something that was kept cannot be read back.
#[derive(Debug)]
pub(super) enum LoadError {
    /// The database does not answer.
    Database(rusqlite::Error),
    /// What it holds was never written by us; what it should be.
    Corrupt(&'static str),
}

impl From<rusqlite::Error> for LoadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Everything that is kept.
pub(super) fn load(connection: &Connection) -> Result<Snapshot, LoadError> {
    let connection = Source(connection);
    Ok(Snapshot {
        acked: connection.read("SELECT app, account, ver FROM acked", |row| {
            Ok((name(row, 0)?, name(row, 1)?, unsigned(row, 2)?))
        })?,
        messages: connection.read(
            "SELECT app, account, ver, sender, ttl_s, sent_ms, content, id, kind FROM inbox
             ORDER BY app, account, ver",
            message,
        )?,
        attrs: connection.read(
            "SELECT app, owner, name, value, kind, time_ms, author FROM attrs ORDER BY rowid",
            |row| Ok((owner(row)?, name(row, 2)?, entry(row)?)),
        )?,
        emptied: connection.read("SELECT app, name, since_ms FROM emptied", |row| {
            Ok((name(row, 0)?, name(row, 1)?, unsigned(row, 2)?))
        })?,
        lasting: lasting(&connection)?,
        sent_ids: connection.read(
            "SELECT app, sender, id, forget_at_ms FROM sent_ids ORDER BY forget_at_ms, n",
            |row| {
                let (app, sender, id) = (name(row, 0)?, name(row, 1)?, name(row, 2)?);
                Ok((app, sender, id, unsigned(row, 3)?))
            },
        )?,
        accounts: connection.read(
            "SELECT app, account, caps, since_ms, away FROM accounts",
            last_login,
        )?,
        blocks: connection.read("SELECT app, account, peer FROM blocks", |row| {
            Ok((name(row, 0)?, name(row, 1)?, name(row, 2)?))
        })?,
    })
}

struct Source<'c>(&'c Connection);

impl Source<'_> {
    fn read<T>(
        &self,
        query: &str,
        item: impl Fn(&Row<'_>) -> Result<T, LoadError>,
    ) -> Result<Vec<T>, LoadError> {
        let mut items = Vec::new();
        self.each(query, |row| {
            items.push(item(row)?);
            Ok(())
        })?;
        Ok(items)
    }

    fn each(
        &self,
        query: &str,
        mut take: impl FnMut(&Row<'_>) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        let mut statement = self.0.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    }
}

/// Channels with lasting members or kept messages, by their names.
fn lasting(connection: &Source<'_>) -> Result<Vec<LastingChannel>, LoadError> {
    let mut channels = Channels::new();
    connection.each("SELECT app, channel, account, heard FROM members", |row| {
        let heard: Option<i64> = row.get(3)?;
        let heard = heard.map(|number| number.unsigned_abs());
        let member = (name(row, 2)?, heard);
        of_row(&mut channels, row)?.members.push(member);
        Ok(())
    })?;
    connection.each(
        "SELECT app, channel, msgid, sent_ms FROM history ORDER BY app, channel, msgid",
        |row| {
            let message = (unsigned(row, 2)?, unsigned(row, 3)?);
            of_row(&mut channels, row)?.messages.push(message);
            Ok(())
        },
    )?;
    Ok(channels.into_values().collect())
}

type Channels = BTreeMap<(AppId, ChannelName), LastingChannel>;

/// The channel that the first two columns name.
fn of_row<'c>(
    channels: &'c mut Channels,
    row: &Row<'_>,
) -> Result<&'c mut LastingChannel, LoadError> {
    let (app, name) = (name::<AppId>(row, 0)?, name::<ChannelName>(row, 1)?);
    let entry = channels.entry((app.clone(), name.clone()));
    Ok(entry.or_insert_with(|| LastingChannel {
        app,
        name,
        members: Vec::new(),
        messages: Vec::new(),
    }))
}

fn message(row: &Row<'_>) -> Result<StoredMessage, LoadError> {
    Ok(StoredMessage {
        app: name(row, 0)?,
        account: name(row, 1)?,
        ver: unsigned(row, 2)?,
        sender: name(row, 3)?,
        ttl_s: unsigned(row, 4)?,
        sent_ms: unsigned(row, 5)?,
        content: row.get(6)?,
        id: name(row, 7)?,
        kind: kind(row, 8)?,
    })
}

fn last_login(row: &Row<'_>) -> Result<LastLogin, LoadError> {
    let caps = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(LastLogin {
        app: name(row, 0)?,
        account: name(row, 1)?,
        caps: Caps::from_names(caps.split(' ')),
        since_ms: unsigned(row, 3)?,
        away: row.get(4)?,
    })
}

fn kind(row: &Row<'_>, column: usize) -> Result<EnvelopeKind, LoadError> {
    let name = row
        .get_ref(column)?
        .as_str()
        .map_err(rusqlite::Error::from)?;
    EnvelopeKind::from_name(name).ok_or(LoadError::Corrupt("kind of message"))
}

fn owner(row: &Row<'_>) -> Result<AttrOwner, LoadError> {
    match row.get(4)? {
        USER => Ok(AttrOwner::User(name(row, 0)?, name(row, 1)?)),
        CHANNEL => Ok(AttrOwner::Channel(name(row, 0)?, name(row, 1)?)),
        _ => Err(LoadError::Corrupt("kind of attribute")),
    }
}

fn entry(row: &Row<'_>) -> Result<AttrEntry, LoadError> {
    Ok(AttrEntry {
        value: json(row, 3)?,
        time_ms: unsigned(row, 5)?,
        by: optional_name(row, 6)?,
    })
}

fn optional_name<T>(row: &Row<'_>, column: usize) -> Result<Option<T>, LoadError>
where
    T: for<'a> TryFrom<&'a str, Error = NameError>,
{
    let text = row
        .get_ref(column)?
        .as_str_or_null()
        .map_err(rusqlite::Error::from)?;
    let name = text.map(|text| T::try_from(text).map_err(|_| LoadError::Corrupt("name")));
    name.transpose()
}

fn json(row: &Row<'_>, column: usize) -> Result<serde_json::Value, LoadError> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(rusqlite::Error::from)?;
    serde_json::from_str(text).map_err(|_| LoadError::Corrupt("value of an attribute"))
}

pub(super) fn name<T>(row: &Row<'_>, column: usize) -> Result<T, LoadError>
where
    T: for<'a> TryFrom<&'a str, Error = NameError>,
{
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(rusqlite::Error::from)?;
    T::try_from(text).map_err(|_| LoadError::Corrupt("name"))
}

pub(super) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64, LoadError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| LoadError::Corrupt("number"))
}
