//! Forgets what is over. Knows the tables, and no more of the service than when something in them ends.

use rusqlite::{Connection, params};

use super::{codes, number};
use crate::protocol::limits;

/// How often a running server looks for what is over: each hour.
pub(super) const EVERY_MS: u64 = 3600 * 1000;
/// How many ids one commit forgets at most, so that no commit takes long; the next ones go on.
const IDS_AT_ONCE: usize = 1000;

/// Forgets everything that ended while no server ran.
pub(super) fn at_start(connection: &Connection, now_ms: u64) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM inbox WHERE sent_ms + ttl_s * 1000 <= ?",
        [number(now_ms)],
    )?;
    connection.execute(
        "DELETE FROM sent_ids WHERE forget_at_ms <= ?",
        [number(now_ms)],
    )?;
    let kept_ms = i64::try_from(limits::ACCOUNT_KEPT.as_millis()).unwrap_or(i64::MAX);
    connection.execute(
        "DELETE FROM accounts WHERE away AND since_ms <= ?",
        [number(now_ms) - kept_ms],
    )?;
    forget_rest(connection, now_ms)
}

/// Forgets some of what has ended since; the hub says itself which messages have. Returns whether that was all.
pub(super) fn some(connection: &Connection, now_ms: u64) -> rusqlite::Result<bool> {
    let ids = connection.execute(
        "DELETE FROM sent_ids WHERE (app, sender, n) IN (
             SELECT app, sender, n FROM sent_ids WHERE forget_at_ms <= ? ORDER BY forget_at_ms LIMIT ?
         )",
        params![number(now_ms), IDS_AT_ONCE as i64],
    )?;
    forget_rest(connection, now_ms)?;
    Ok(ids < IDS_AT_ONCE)
}

fn forget_rest(connection: &Connection, now_ms: u64) -> rusqlite::Result<()> {
    codes::purge(connection, now_ms)?;
    // Only a channel with attributes or kept messages outlives its last member.
    connection.execute(
        "DELETE FROM emptied WHERE NOT EXISTS (
             SELECT 1 FROM attrs WHERE attrs.app = emptied.app AND kind = 1 AND owner = emptied.name
         ) AND NOT EXISTS (
             SELECT 1 FROM history WHERE history.app = emptied.app AND channel = emptied.name
         )",
        [],
    )?;
    Ok(())
}
