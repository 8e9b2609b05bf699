//! The people whom a profile has added or blocked, and its rooms.

use rusqlite::{Connection, Row, params};

use super::Store;
use super::code::{self, all, change};
use super::error::StoreError;
use crate::protocol::{Account, ChannelName};

/// Somebody whom this profile knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub account: Account,
    /// What they are called here; empty for their own name.
    pub name: String,
    /// When they were added, in ms since the Unix epoch; none for somebody who was only blocked.
    pub added_ms: Option<u64>,
    /// Whether they are blocked.
    pub blocked: bool,
}

/// A room that was joined once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which.
    pub name: ChannelName,
    /// Whether it is to be joined at the next start.
    pub joined: bool,
    /// When it was joined or left last, in ms since the Unix epoch.
    pub since_ms: u64,
}

impl Store {
    /// Everybody, in the order that was given them; whoever is new comes last.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.read(|connection| {
            let query =
                "SELECT account, name, added_ms, blocked FROM people ORDER BY position, account";
            all(connection, query, [], person)
        })
        .await
    }

    /// Keeps somebody, new or changed; their place in the order stays.
    pub async fn put_person(&self, person: Person) -> Result<(), StoreError> {
        self.write(move |connection| {
            let statement = "INSERT INTO people (account, name, added_ms, blocked, position)
                             VALUES (?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM people))
                             ON CONFLICT DO UPDATE SET name = excluded.name, added_ms = excluded.added_ms,
                                 blocked = excluded.blocked";
            let values = params![
                person.account.as_str(),
                person.name,
                person.added_ms.map(code::number),
                person.blocked,
            ];
            change(connection, statement, values).map(drop)
        })
        .await
    }

    /// Forgets somebody. Returns whether they were known.
    pub async fn remove_person(&self, account: Account) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let statement = "DELETE FROM people WHERE account = ?";
            Ok(change(connection, statement, [account.as_str()])? > 0)
        })
        .await
    }

    /// Puts people into an order. Whoever is not named follows, in the order before.
    pub async fn order_people(&self, accounts: Vec<Account>) -> Result<(), StoreError> {
        self.write(move |connection| order(connection, &accounts))
            .await
    }

    /// Rooms, those that are joined and those that once were, the latest first.
    pub async fn rooms(&self) -> Result<Vec<Room>, StoreError> {
        self.read(|connection| {
            let query = "SELECT name, joined, since_ms FROM rooms ORDER BY since_ms DESC, name";
            all(connection, query, [], |row| {
                Ok(Room {
                    name: code::name(row, 0)?,
                    joined: row.get(1)?,
                    since_ms: code::unsigned(row, 2)?,
                })
            })
        })
        .await
    }

    /// Keeps whether a room is joined, since now.
    pub async fn put_room(&self, room: Room) -> Result<(), StoreError> {
        self.write(move |connection| {
            let statement = "INSERT INTO rooms (name, joined, since_ms) VALUES (?, ?, ?)
                             ON CONFLICT DO UPDATE SET joined = excluded.joined, since_ms = excluded.since_ms";
            let since_ms = code::number(room.since_ms);
            let values = params![room.name.as_str(), room.joined, since_ms];
            change(connection, statement, values).map(drop)
        })
        .await
    }

    /// Forgets that a room was ever joined. Returns whether it was known.
    pub async fn remove_room(&self, name: ChannelName) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let statement = "DELETE FROM rooms WHERE name = ?";
            Ok(change(connection, statement, [name.as_str()])? > 0)
        })
        .await
    }
}

fn order(connection: &Connection, accounts: &[Account]) -> Result<(), StoreError> {
    // Everybody behind those who are named, and then those one by one.
    let statement = "UPDATE people SET position = position + ?";
    change(connection, statement, [code::limit(accounts.len())])?;
    for (position, account) in accounts.iter().enumerate() {
        let statement = "UPDATE people SET position = ? WHERE account = ?";
        change(
            connection,
            statement,
            params![code::limit(position), account.as_str()],
        )?;
    }
    Ok(())
}

fn person(row: &Row<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        account: code::name(row, 0)?,
        name: row.get(1)?,
        added_ms: code::opt_unsigned(row, 2)?,
        blocked: row.get(3)?,
    })
}
