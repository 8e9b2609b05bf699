//! Accounts whose last login asked for more than 1.x: what they read, and since when they are away. It survives restarts, so
//! that what waits for them waits in a form that they read. Accounts of 1.x clients leave nothing here.

use std::collections::HashMap;

use crate::protocol::{Account, Cap, Caps, EnvelopeKind, limits};

use super::app::App;
use super::cx::Cx;
use super::inbox::Freed;
use super::messages::millis;
use super::timers::Timer;
use super::{LastLogin, StoreOp};

/// The accounts of one app.
#[derive(Debug, Default)]
pub(super) struct Accounts(HashMap<Account, Known>);

/// One account.
#[derive(Clone, Copy, Debug)]
struct Known {
    caps: Caps,
    /// When its last session began, or ended.
    since_ms: u64,
    away: bool,
}

impl Accounts {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the last login of an account asked for more than 1.x, and was not too long ago.
    pub(super) fn knows(&self, account: &Account) -> bool {
        self.0.contains_key(account)
    }

    /// What the last login of an account was granted.
    pub(super) fn last_caps(&self, account: &Account) -> Caps {
        self.0.get(account).map_or(Caps::NONE, |known| known.caps)
    }

    /// When an account without a session went, in ms since the Unix epoch; 0 if that is not known.
    pub(super) fn went_ms(&self, account: &Account) -> u64 {
        let known = self.0.get(account).filter(|known| known.away);
        known.map_or(0, |known| known.since_ms)
    }
}

impl App {
    /// A session is about to begin. What its client could not read is dropped from its inbox: an old client breaks on it.
    pub(super) fn account_came(&mut self, cx: &mut Cx<'_>, account: &Account, caps: Caps) {
        if !caps.is_empty() {
            let known = Known {
                caps,
                since_ms: cx.now.unix_ms,
                away: false,
            };
            self.know(cx, account, known);
        } else if self.accounts.0.remove(account).is_some() {
            self.drop_account(cx, account);
        }
        if let Some(inbox) = self.inboxes.get_mut(account) {
            let freed = inbox.drop_kinds(|kind| !reads(caps, kind));
            if freed != Freed::default() {
                self.dropped(cx, account, freed);
            }
        }
    }

    /// The session of an account has ended.
    pub(super) fn account_went(&mut self, cx: &mut Cx<'_>, account: &Account) {
        if let Some(known) = self.accounts.0.get(account).copied() {
            let known = Known {
                since_ms: cx.now.unix_ms,
                away: true,
                ..known
            };
            self.know(cx, account, known);
        }
    }

    fn know(&mut self, cx: &mut Cx<'_>, account: &Account, known: Known) {
        self.accounts.0.insert(account.clone(), known);
        cx.store(StoreOp::PutAccount(LastLogin {
            app: self.id.clone(),
            account: account.clone(),
            caps: known.caps,
            since_ms: known.since_ms,
            away: known.away,
        }));
        self.watch_accounts(cx);
    }

    fn drop_account(&self, cx: &mut Cx<'_>, account: &Account) {
        cx.store(StoreOp::DropAccount {
            app: self.id.clone(),
            account: account.clone(),
        });
    }

    /// Takes back what an earlier process knew.
    pub(super) fn restore_account(&mut self, cx: &mut Cx<'_>, login: LastLogin) {
        let LastLogin {
            account,
            caps,
            since_ms,
            away,
            ..
        } = login;
        // Whoever was here when the server was killed is away from now on, as far as anybody knows.
        let since_ms = if away { since_ms } else { cx.now.unix_ms };
        let known = Known {
            caps,
            since_ms,
            away,
        };
        self.accounts.0.insert(account, known);
        self.watch_accounts(cx);
    }

    /// Looks now and then for accounts that stay away, while any are known.
    fn watch_accounts(&self, cx: &mut Cx<'_>) {
        let at = cx.instant() + limits::ACCOUNTS_SWEEP;
        let timer = Timer::AccountsExpire(self.id.clone());
        cx.timers.set_earlier(at, timer);
    }

    /// Forgets who stays away: nothing waits for them any more.
    pub(super) fn accounts_expire(&mut self, cx: &mut Cx<'_>) {
        let kept_ms = millis(limits::ACCOUNT_KEPT);
        let known = self.accounts.0.iter();
        let mut over: Vec<_> = known
            .filter(|(account, known)| {
                known.since_ms.saturating_add(kept_ms) <= cx.now.unix_ms
                    && !self.sessions.contains_key(*account)
            })
            .map(|(account, _)| account.clone())
            .collect();
        over.sort();
        for account in over {
            self.accounts.0.remove(&account);
            self.drop_account(cx, &account);
            self.forget_memberships(cx, &account);
        }
        if !self.accounts.is_empty() {
            self.watch_accounts(cx);
        }
    }
}

/// Whether a client reads messages of a kind in its inbox.
fn reads(caps: Caps, kind: EnvelopeKind) -> bool {
    match kind {
        EnvelopeKind::MissedCall => caps.has(Cap::V3),
        EnvelopeKind::Receipt => caps.has(Cap::Receipts),
        EnvelopeKind::Instant
        | EnvelopeKind::Voip(_)
        | EnvelopeKind::VoipInviteFailed
        | EnvelopeKind::ChannelMsg
        | EnvelopeKind::ChannelUserJoin
        | EnvelopeKind::ChannelUserLeave
        | EnvelopeKind::ChannelAttrUpdate => true,
    }
}
