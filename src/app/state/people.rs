//! Other accounts: who is there.

use std::collections::{BTreeMap, BTreeSet};

use super::Cx;
use crate::app::effect::Effect;
use crate::app::msg::PeopleMsg;
use crate::protocol::{self, Account, Show, limits};

/// What is known of other accounts.
#[derive(Debug, Default)]
pub(crate) struct People {
    known: BTreeMap<Account, Status>,
    /// Whether the server tells by itself how people are.
    granted: bool,
    watched: BTreeSet<Account>,
}

/// How somebody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Whether they are there.
    pub(crate) presence: Presence,
    /// A few words of theirs.
    pub(crate) text: String,
    /// Since when, in ms since the Unix epoch; 0 if that is not known.
    pub(crate) since_ms: u64,
}

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Not known, such as without a link.
    #[default]
    Unknown,
    /// Signed in.
    Online,
    /// Signed in, but nobody sits there.
    Away,
    /// Signed in and busy, such as in a call.
    Busy,
    /// Signed in, and not to be disturbed.
    Dnd,
    /// Not signed in. Messages wait for them.
    Offline,
}

impl From<Show> for Presence {
    fn from(show: Show) -> Self {
        match show {
            Show::Available => Self::Online,
            Show::Away => Self::Away,
            Show::Busy => Self::Busy,
            Show::Dnd => Self::Dnd,
            Show::Offline => Self::Offline,
        }
    }
}

impl People {
    /// Whether one is there.
    pub(crate) fn presence(&self, account: &Account) -> Presence {
        self.status(account).presence
    }

    /// What is known of one.
    pub(crate) fn status(&self, account: &Account) -> &Status {
        const NOTHING: &Status = &Status {
            presence: Presence::Unknown,
            text: String::new(),
            since_ms: 0,
        };
        self.known.get(account).unwrap_or(NOTHING)
    }

    /// Whether the server tells by itself how people are.
    pub(crate) fn granted(&self) -> bool {
        self.granted
    }

    /// Whether anybody is away, which is told with its length.
    pub(crate) fn any_away(&self) -> bool {
        let away = |status: &Status| status.presence == Presence::Away;
        self.known.values().any(away)
    }

    pub(super) fn update(&mut self, msg: PeopleMsg) {
        match msg {
            PeopleMsg::Online(account, true) => self.speaks(account),
            PeopleMsg::Online(account, false) => self.know(account, Presence::Offline),
        }
    }

    /// The server says what it grants.
    pub(super) fn grant(&mut self, granted: bool) {
        if !granted {
            self.watched.clear();
        }
        self.granted = granted;
    }

    /// Wants to know how somebody is, and from now on if the server tells.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>, account: &Account) {
        if !self.granted {
            cx.effects.push(Effect::AskOnline(account.clone()));
        } else {
            self.watch(cx, [account]);
        }
    }

    /// Wants to be told how these are, as far as the server does that, and for as many.
    pub(super) fn watch<'a>(
        &mut self,
        cx: &mut Cx<'_>,
        accounts: impl IntoIterator<Item = &'a Account>,
    ) {
        if !self.granted {
            return;
        }
        let mut fresh = Vec::new();
        for account in accounts {
            if self.watched.len() < limits::WATCHED && self.watched.insert(account.clone()) {
                fresh.push(account.clone());
            }
        }
        if !fresh.is_empty() {
            cx.effects.push(Effect::Watch(fresh));
        }
    }

    /// The server tells how somebody is.
    pub(super) fn told(&mut self, state: protocol::Presence) {
        let status = Status {
            presence: state.show.into(),
            text: state.text,
            since_ms: state.since_ms,
        };
        self.known.insert(state.account, status);
    }

    /// Who does something is there; how, is not known better than before.
    pub(super) fn speaks(&mut self, account: Account) {
        match self.presence(&account) {
            Presence::Unknown | Presence::Offline => self.know(account, Presence::Online),
            Presence::Online | Presence::Away | Presence::Busy | Presence::Dnd => {}
        }
    }

    fn know(&mut self, account: Account, presence: Presence) {
        let status = Status {
            presence,
            ..Status::default()
        };
        self.known.insert(account, status);
    }

    /// The link is gone: what was known may not hold any more.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}
