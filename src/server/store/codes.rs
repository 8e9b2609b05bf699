//! Invitation codes: each gives one account a token, once. Only their hashes are kept.

use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use super::number;

/// How long a code that is used or over is told apart from one that never was: 30 days.
const TOLD_APART_MS: u64 = 30 * 24 * 3600 * 1000;

/// What a code is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// The app.
    pub app: String,
    /// Who is invited.
    pub account: String,
    /// How long the token is valid, in seconds from when the code is redeemed.
    pub token_valid_s: u64,
    /// Until when the code may be redeemed, in ms since the Unix epoch.
    pub expires_at_ms: u64,
}

/// What came of redeeming a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Redeem {
    /// It was good, and is used up now.
    Redeemed {
        /// The app.
        app: String,
        /// Who was invited.
        account: String,
        /// How long the token is to be valid, in seconds from now.
        token_valid_s: u64,
    },
    /// It was used before, or is too old.
    Gone,
    /// There is no such code.
    Unknown,
}

/// Keeps a code, whose text is a secret that whoever redeems it must know.
///
/// # Errors
/// If the database cannot be written, or holds this very code.
pub(crate) fn put(connection: &Connection, secret: &str, code: &Code) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO invite_codes (code_hash, app, account, token_valid_s, expires_at_ms) VALUES (?, ?, ?, ?, ?)",
        params![
            hash(secret),
            code.app,
            code.account,
            number(code.token_valid_s),
            number(code.expires_at_ms),
        ],
    )?;
    Ok(())
}

/// Uses a code up, if it is good. Of several that try at once, in whichever process, one succeeds.
///
/// # Errors
/// If the database cannot be written.
pub(crate) fn redeem(
    connection: &Connection,
    secret: &str,
    now_ms: u64,
) -> rusqlite::Result<Redeem> {
    let hash = hash(secret);
    let redeemed = connection
        .query_row(
            "UPDATE invite_codes SET used = 1 WHERE code_hash = ? AND used = 0 AND expires_at_ms > ?
             RETURNING app, account, token_valid_s",
            params![hash, number(now_ms)],
            |row| {
                Ok(Redeem::Redeemed {
                    app: row.get(0)?,
                    account: row.get(1)?,
                    token_valid_s: row.get::<_, i64>(2)?.unsigned_abs(),
                })
            },
        )
        .optional()?;
    if let Some(redeemed) = redeemed {
        return Ok(redeemed);
    }
    let known = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM invite_codes WHERE code_hash = ?)",
        [hash],
        |row| row.get(0),
    )?;
    Ok(if known { Redeem::Gone } else { Redeem::Unknown })
}

/// Forgets codes that have been over for long.
pub(super) fn purge(connection: &Connection, now_ms: u64) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM invite_codes WHERE expires_at_ms <= ?",
        [number(now_ms.saturating_sub(TOLD_APART_MS))],
    )
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::{Durability, open};

    fn code() -> Code {
        Code {
            app: "demo".to_owned(),
            account: "alice".to_owned(),
            token_valid_s: 3600,
            expires_at_ms: 1000,
        }
    }

    fn redeemed() -> Redeem {
        Redeem::Redeemed {
            app: "demo".to_owned(),
            account: "alice".to_owned(),
            token_valid_s: 3600,
        }
    }

    #[test]
    fn a_code_works_once_and_in_time() {
        let temp = tempfile::tempdir().expect("a directory");
        let tool = open(temp.path(), Durability::Disk).expect("opens");
        let server = open(temp.path(), Durability::Disk).expect("opens");
        put(&tool, "first", &code()).expect("is kept");
        put(&tool, "second", &code()).expect("is kept");
        let redeem = |secret, now_ms| redeem(&server, secret, now_ms).expect("is looked up");
        assert_eq!(redeem("first", 999), redeemed());
        assert_eq!(redeem("first", 999), Redeem::Gone);
        assert_eq!(redeem("second", 1000), Redeem::Gone);
        assert_eq!(redeem("third", 0), Redeem::Unknown);
    }

    #[test]
    fn of_many_that_redeem_a_code_at_once_one_succeeds() {
        let temp = tempfile::tempdir().expect("a directory");
        let tool = open(temp.path(), Durability::Process).expect("opens");
        put(&tool, "only", &code()).expect("is kept");
        let outcomes = std::thread::scope(|scope| {
            let attempt = || {
                let connection = open(temp.path(), Durability::Process).expect("opens");
                redeem(&connection, "only", 0).expect("is looked up")
            };
            let attempts: Vec<_> = (0..4).map(|_| scope.spawn(attempt)).collect();
            let outcome = |attempt: std::thread::ScopedJoinHandle<'_, Redeem>| {
                attempt.join().expect("does not panic")
            };
            attempts.into_iter().map(outcome).collect::<Vec<_>>()
        });
        let good = outcomes.iter().filter(|outcome| **outcome == redeemed());
        assert_eq!(good.count(), 1, "{outcomes:?}");
    }

    #[test]
    fn the_database_does_not_hold_the_code_itself() {
        let temp = tempfile::tempdir().expect("a directory");
        let connection = open(temp.path(), Durability::Disk).expect("opens");
        put(&connection, "sesame-open-now", &code()).expect("is kept");
        drop(connection);
        let bytes = std::fs::read(temp.path().join(crate::server::store::DATABASE)).expect("reads");
        let found = bytes.windows(15).any(|window| window == b"sesame-open-now");
        assert!(!found);
    }

    #[test]
    fn a_code_that_is_over_is_told_apart_for_a_month() {
        let temp = tempfile::tempdir().expect("a directory");
        let connection = open(temp.path(), Durability::Process).expect("opens");
        put(&connection, "old", &code()).expect("is kept");
        assert_eq!(purge(&connection, 999 + TOLD_APART_MS), Ok(0));
        assert_eq!(purge(&connection, 1000 + TOLD_APART_MS), Ok(1));
    }
}
