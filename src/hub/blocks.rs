//! Whom accounts do not want to hear from (protocol page, section 18, `block`). Those who are blocked are never told so.

use std::collections::{BTreeSet, HashMap};

use crate::protocol::{Account, Code, Reply, limits};

use super::StoreOp;
use super::app::App;
use super::cx::{Answer, Cx, fail};

/// The blocked accounts of one app, by who blocks them.
#[derive(Debug, Default)]
pub(super) struct Blocks(HashMap<Account, BTreeSet<Account>>);

impl Blocks {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an account does not want to hear from another.
    pub(super) fn has(&self, account: &Account, peer: &Account) -> bool {
        let blocked = self.0.get(account);
        blocked.is_some_and(|blocked| blocked.contains(peer))
    }

    fn add(&mut self, account: &Account, peer: Account) {
        self.0.entry(account.clone()).or_default().insert(peer);
    }

    /// Whether it was blocked.
    fn remove(&mut self, account: &Account, peer: &Account) -> bool {
        let Some(blocked) = self.0.get_mut(account) else {
            return false;
        };
        let was = blocked.remove(peer);
        if blocked.is_empty() {
            self.0.remove(account);
        }
        was
    }

    /// All whom an account blocks, in the order of their names.
    fn of(&self, account: &Account) -> Vec<Account> {
        let blocked = self.0.get(account).into_iter().flatten();
        blocked.cloned().collect()
    }
}

impl App {
    /// From now on nothing is heard of these accounts; all of them or, if they are too many, none.
    pub(super) fn user_block(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        accounts: Vec<Account>,
    ) -> Answer {
        self.allow_own_change(cx, from)?;
        if accounts.contains(from) {
            return fail(Code::GeneralWrongParam, "nobody can block themselves");
        }
        let mut new: BTreeSet<_> = accounts.into_iter().collect();
        new.retain(|peer| !self.blocks.has(from, peer));
        let max = limits::BLOCKED;
        if self.blocks.of(from).len() + new.len() > max {
            let reason = format!("more than {max} blocked accounts");
            return fail(Code::GeneralLargeParam, reason);
        }
        if cx.totals.blocked + new.len() > limits::ALL_BLOCKED {
            let reason = "the server holds no more blocked accounts now";
            return fail(Code::GeneralLargeParam, reason);
        }
        if !new.is_empty() {
            cx.totals.blocked += new.len();
            new.iter()
                .for_each(|peer| self.blocks.add(from, peer.clone()));
            cx.store(StoreOp::PutBlocks {
                app: self.id.clone(),
                account: from.clone(),
                peers: new.into_iter().collect(),
            });
        }
        self.blocked(from)
    }

    /// These accounts are heard again. What they said meanwhile is gone.
    pub(super) fn user_unblock(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        accounts: Vec<Account>,
    ) -> Answer {
        self.allow_own_change(cx, from)?;
        let mut peers = accounts;
        peers.retain(|peer| self.blocks.remove(from, peer));
        if !peers.is_empty() {
            cx.totals.blocked -= peers.len();
            cx.store(StoreOp::DropBlocks {
                app: self.id.clone(),
                account: from.clone(),
                peers,
            });
        }
        self.blocked(from)
    }

    fn blocked(&self, from: &Account) -> Answer {
        let accounts = self.blocks.of(from);
        Ok(Reply::Blocked { accounts })
    }

    /// Takes back a block of an earlier process.
    pub(super) fn restore_block(&mut self, cx: &mut Cx<'_>, account: &Account, peer: Account) {
        cx.totals.blocked += 1;
        self.blocks.add(account, peer);
    }
}
