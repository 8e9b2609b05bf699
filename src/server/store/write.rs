//! Writes what the hub wants kept: several batches of ops in one transaction, in order, all or nothing.

use rusqlite::{Connection, Statement, params};

use crate::hub::{AttrOwner, ChannelMessage, LastLogin, StoreOp, StoredMessage};
use crate::protocol::{Account, AppId, limits};

use super::{Batch, number, purge};

/// The number of users' attributes in column `kind`.
pub(super) const USER: i64 = 0;
/// The number of channels' attributes in column `kind`.
pub(super) const CHANNEL: i64 = 1;

/// The statements of a connection, prepared once.
pub(super) struct Writer<'c> {
    connection: &'c Connection,
    put_message: Statement<'c>,
    drop_message: Statement<'c>,
    drop_acked: Statement<'c>,
    put_acked: Statement<'c>,
    forget_acked: Statement<'c>,
    put_attr: Statement<'c>,
    drop_attr: Statement<'c>,
    drop_attrs: Statement<'c>,
    put_emptied: Statement<'c>,
    drop_emptied: Statement<'c>,
    put_channel_message: Statement<'c>,
    trim_history: Statement<'c>,
    put_member: Statement<'c>,
    mark_member: Statement<'c>,
    drop_member: Statement<'c>,
    put_sent_id: Statement<'c>,
    drop_old_sent_ids: Statement<'c>,
    put_account: Statement<'c>,
    drop_account: Statement<'c>,
    put_block: Statement<'c>,
    drop_block: Statement<'c>,
    /// When to look next for what is over, in ms since the Unix epoch.
    purge_at_ms: u64,
}

impl<'c> Writer<'c> {
    /// Prepares a connection, from which `purge::at_start` has just taken what was over at `now_ms`.
    pub(super) fn new(connection: &'c Connection, now_ms: u64) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            put_message: connection.prepare(
                "INSERT OR REPLACE INTO inbox (app, account, ver, sender, ttl_s, sent_ms, content, id, kind)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            drop_message: connection
                .prepare("DELETE FROM inbox WHERE app = ? AND account = ? AND ver = ?")?,
            drop_acked: connection
                .prepare("DELETE FROM inbox WHERE app = ? AND account = ? AND ver <= ?")?,
            put_acked: connection.prepare(
                "INSERT INTO acked (app, account, ver) VALUES (?, ?, ?)
                 ON CONFLICT DO UPDATE SET ver = max(ver, excluded.ver)",
            )?,
            forget_acked: connection.prepare("DELETE FROM acked WHERE app = ? AND account = ?")?,
            put_attr: connection.prepare(
                "INSERT INTO attrs (app, kind, owner, name, value, time_ms, author)
                 VALUES (?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET value = excluded.value, time_ms = excluded.time_ms,
                     author = excluded.author",
            )?,
            drop_attr: connection.prepare(
                "DELETE FROM attrs WHERE app = ? AND kind = ? AND owner = ? AND name = ?",
            )?,
            drop_attrs: connection
                .prepare("DELETE FROM attrs WHERE app = ? AND kind = ? AND owner = ?")?,
            put_emptied: connection.prepare(
                "INSERT INTO emptied (app, name, since_ms) VALUES (?, ?, ?)
                 ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms",
            )?,
            drop_emptied: connection.prepare("DELETE FROM emptied WHERE app = ? AND name = ?")?,
            put_channel_message: connection.prepare(
                "INSERT INTO history (app, channel, msgid, sender, uid, id, sent_ms, text)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            trim_history: connection
                .prepare("DELETE FROM history WHERE app = ? AND channel = ? AND msgid <= ?")?,
            put_member: connection.prepare(
                "INSERT INTO members (app, channel, account) VALUES (?, ?, ?)
                 ON CONFLICT DO UPDATE SET heard = NULL",
            )?,
            mark_member: connection.prepare(
                "UPDATE members SET heard = ?4 WHERE app = ?1 AND channel = ?2 AND account = ?3",
            )?,
            drop_member: connection
                .prepare("DELETE FROM members WHERE app = ? AND channel = ? AND account = ?")?,
            put_sent_id: connection.prepare(
                "INSERT INTO sent_ids (app, sender, n, id, forget_at_ms)
                 SELECT ?1, ?2, coalesce(max(n), 0) + 1, ?3, ?4
                 FROM sent_ids WHERE app = ?1 AND sender = ?2
                 RETURNING n",
            )?,
            drop_old_sent_ids: connection
                .prepare("DELETE FROM sent_ids WHERE app = ? AND sender = ? AND n <= ?")?,
            put_account: connection.prepare(
                "INSERT OR REPLACE INTO accounts (app, account, caps, since_ms, away)
                 VALUES (?, ?, ?, ?, ?)",
            )?,
            drop_account: connection
                .prepare("DELETE FROM accounts WHERE app = ? AND account = ?")?,
            put_block: connection
                .prepare("INSERT OR IGNORE INTO blocks (app, account, peer) VALUES (?, ?, ?)")?,
            drop_block: connection
                .prepare("DELETE FROM blocks WHERE app = ? AND account = ? AND peer = ?")?,
            purge_at_ms: now_ms + purge::EVERY_MS,
        })
    }

    /// Writes batches and whatever else is due. After an error none of it is kept.
    pub(super) fn commit(&mut self, batches: &[Batch]) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let written = self
            .write(batches)
            .and_then(|()| self.connection.execute_batch("COMMIT"));
        if written.is_err()
            && !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            // The transaction ends with the connection then, as it does with the process.
            tracing::debug!(%error, "a failed transaction cannot be rolled back");
        }
        written
    }

    fn write(&mut self, batches: &[Batch]) -> rusqlite::Result<()> {
        for op in batches.iter().flat_map(|batch| &batch.ops) {
            self.apply(op)?;
        }
        let now_ms = batches.iter().map(|batch| batch.unix_ms).max().unwrap_or(0);
        if now_ms >= self.purge_at_ms && purge::some(self.connection, now_ms)? {
            self.purge_at_ms = now_ms + purge::EVERY_MS;
        }
        Ok(())
    }

    fn apply(&mut self, op: &StoreOp) -> rusqlite::Result<()> {
        match op {
            StoreOp::PutMessage(message) => self.put_message(message)?,
            StoreOp::AckInbox { app, account, ver } => {
                let (app, account, ver) = (app.as_str(), account.as_str(), number(*ver));
                self.drop_acked.execute(params![app, account, ver])?;
                self.put_acked.execute(params![app, account, ver])?
            }
            StoreOp::DropInbox { app, account } => {
                let (app, account) = (app.as_str(), account.as_str());
                self.drop_acked.execute(params![app, account, i64::MAX])?;
                self.forget_acked.execute([app, account])?
            }
            StoreOp::DropMessages { app, account, vers } => {
                for ver in vers {
                    self.drop_message.execute(params![
                        app.as_str(),
                        account.as_str(),
                        number(*ver)
                    ])?;
                }
                vers.len()
            }
            StoreOp::SetAttr { owner, name, entry } => {
                let (app, kind, owner) = key(owner);
                // A JSON value always has a text.
                let value = entry.value.to_string();
                let (time_ms, by) = (number(entry.time_ms), entry.by.as_ref());
                let by = by.map(|account| account.as_str());
                let name = name.as_str();
                self.put_attr
                    .execute(params![app, kind, owner, name, value, time_ms, by])?
            }
            StoreOp::DelAttr { owner, name } => {
                let (app, kind, owner) = key(owner);
                self.drop_attr
                    .execute(params![app, kind, owner, name.as_str()])?
            }
            StoreOp::ClearAttrs { owner } => {
                let (app, kind, owner) = key(owner);
                self.drop_attrs.execute(params![app, kind, owner])?
            }
            StoreOp::ChannelEmptied {
                app,
                name,
                since_ms: Some(since_ms),
            } => {
                self.put_emptied
                    .execute(params![app.as_str(), name.as_str(), number(*since_ms)])?
            }
            StoreOp::ChannelEmptied {
                app,
                name,
                since_ms: None,
            } => self.drop_emptied.execute([app.as_str(), name.as_str()])?,
            StoreOp::PutChannelMessage(message) => self.put_channel_message(message)?,
            StoreOp::TrimHistory {
                app,
                channel,
                up_to,
            } => self.trim_history.execute(params![
                app.as_str(),
                channel.as_str(),
                number(*up_to)
            ])?,
            StoreOp::PutMember {
                app,
                channel,
                account,
            } => self
                .put_member
                .execute([app.as_str(), channel.as_str(), account.as_str()])?,
            StoreOp::MarkMember {
                app,
                channel,
                account,
                heard,
            } => {
                let heard = heard.map(number);
                let (app, channel) = (app.as_str(), channel.as_str());
                self.mark_member
                    .execute(params![app, channel, account.as_str(), heard])?
            }
            StoreOp::DropMember {
                app,
                channel,
                account,
            } => self
                .drop_member
                .execute([app.as_str(), channel.as_str(), account.as_str()])?,
            StoreOp::PutSentId {
                app,
                sender,
                id,
                forget_at_ms,
            } => {
                let (app, sender) = (app.as_str(), sender.as_str());
                let n: i64 = self.put_sent_id.query_row(
                    params![app, sender, id.as_str(), number(*forget_at_ms)],
                    |row| row.get(0),
                )?;
                let oldest_kept = n - limits::SENT_IDS_PER_SENDER as i64;
                self.drop_old_sent_ids
                    .execute(params![app, sender, oldest_kept])?
            }
            StoreOp::PutAccount(login) => self.put_account(login)?,
            StoreOp::DropAccount { app, account } => self
                .drop_account
                .execute([app.as_str(), account.as_str()])?,
            StoreOp::PutBlocks {
                app,
                account,
                peers,
            } => pairs(&mut self.put_block, app, account, peers)?,
            StoreOp::DropBlocks {
                app,
                account,
                peers,
            } => pairs(&mut self.drop_block, app, account, peers)?,
        };
        Ok(())
    }

    fn put_account(&mut self, login: &LastLogin) -> rusqlite::Result<usize> {
        let caps: Vec<_> = login.caps.names().collect();
        self.put_account.execute(params![
            login.app.as_str(),
            login.account.as_str(),
            caps.join(" "),
            number(login.since_ms),
            login.away,
        ])
    }

    fn put_message(&mut self, message: &StoredMessage) -> rusqlite::Result<usize> {
        self.put_message.execute(params![
            message.app.as_str(),
            message.account.as_str(),
            number(message.ver),
            message.sender.as_str(),
            number(message.ttl_s),
            number(message.sent_ms),
            message.content,
            message.id.as_str(),
            message.kind.name(),
        ])
    }
}

impl Writer<'_> {
    fn put_channel_message(&mut self, message: &ChannelMessage) -> rusqlite::Result<usize> {
        self.put_channel_message.execute(params![
            message.app.as_str(),
            message.channel.as_str(),
            number(message.msgid),
            message.sender.as_str(),
            message.uid.0,
            message.id.as_str(),
            number(message.sent_ms),
            message.text,
        ])
    }
}

/// Executes a statement for an account and each of its peers.
fn pairs(
    statement: &mut Statement<'_>,
    app: &AppId,
    account: &Account,
    peers: &[Account],
) -> rusqlite::Result<usize> {
    for peer in peers {
        statement.execute([app.as_str(), account.as_str(), peer.as_str()])?;
    }
    Ok(peers.len())
}

/// The first three columns of an attribute.
fn key(owner: &AttrOwner) -> (&str, i64, &str) {
    match owner {
        AttrOwner::User(app, account) => (app.as_str(), USER, account.as_str()),
        AttrOwner::Channel(app, name) => (app.as_str(), CHANNEL, name.as_str()),
    }
}
