//! Work on the file itself, in steps of milliseconds and only when nobody waits: what was deleted also leaves the index
//! of words and the log. A step that the process does not live to do is done after the next start.

use rusqlite::{Connection, OptionalExtension as _};

use super::error::StoreError;

/// How many pages of the index one step writes, about.
const PAGES: i64 = 32;
/// The index is to be rewritten from its beginning.
const REWRITE: &str = "rewrite";
/// The index is being rewritten.
const REWRITING: &str = "rewriting";
/// The log still holds what the database does not.
const LOG: &str = "log";

/// Remembers that something was deleted, within the transaction that deletes it.
pub(super) fn deleted(connection: &Connection) -> Result<(), StoreError> {
    add(connection, REWRITE)
}

/// Does a step of whatever is due. Returns whether there may be more.
pub(super) fn step(connection: &Connection) -> bool {
    match try_step(connection) {
        Ok(more) => more,
        Err(error) => {
            // It is still due, and whatever is wrong will be told to those who ask for something.
            tracing::debug!(%error, "work on the history waits");
            false
        }
    }
}

fn try_step(connection: &Connection) -> Result<bool, StoreError> {
    // In the order of the alphabet: the log comes when its turn is the only one.
    let due: Option<String> = connection
        .prepare_cached("SELECT name FROM chores ORDER BY name = 'log', name LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    match due.as_deref() {
        None => return Ok(false),
        Some(REWRITE) => {
            let transaction = connection.unchecked_transaction()?;
            merge(&transaction, -PAGES)?;
            remove(&transaction, REWRITE)?;
            add(&transaction, REWRITING)?;
            transaction.commit()?;
        }
        Some(REWRITING) => {
            let transaction = connection.unchecked_transaction()?;
            if !merge(&transaction, PAGES)? {
                remove(&transaction, REWRITING)?;
                add(&transaction, LOG)?;
            }
            transaction.commit()?;
        }
        Some(_) => {
            remove(connection, LOG)?;
            // Where a reader is at work the log stays for now; it is overwritten from its beginning later.
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
    }
    Ok(true)
}

/// Rewrites a part of the index; negative pages begin anew. Returns whether there was something to do: then SQLite
/// counts at least two changes.
fn merge(connection: &Connection, pages: i64) -> Result<bool, StoreError> {
    let before = connection.total_changes();
    connection
        .prepare_cached("INSERT INTO words (words, rank) VALUES ('merge', ?)")?
        .execute([pages])?;
    Ok(connection.total_changes() - before >= 2)
}

fn add(connection: &Connection, chore: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO chores (name) VALUES (?)")?
        .execute([chore])?;
    Ok(())
}

fn remove(connection: &Connection, chore: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM chores WHERE name = ?")?
        .execute([chore])?;
    Ok(())
}
