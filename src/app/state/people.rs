//! Other accounts: who is there.

use std::collections::BTreeMap;

use crate::app::msg::PeopleMsg;
use crate::protocol::Account;

/// What is known of other accounts.
#[derive(Debug, Default)]
pub(crate) struct People {
    presence: BTreeMap<Account, Presence>,
}

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Not known, such as without a link.
    #[default]
    Unknown,
    /// Signed in.
    Online,
    /// Not signed in. Messages wait for them.
    Offline,
}

impl People {
    /// What is known of one.
    pub(crate) fn presence(&self, account: &Account) -> Presence {
        self.presence.get(account).copied().unwrap_or_default()
    }

    pub(super) fn update(&mut self, msg: PeopleMsg) {
        match msg {
            PeopleMsg::Online(account, true) => self.know(account, Presence::Online),
            PeopleMsg::Online(account, false) => self.know(account, Presence::Offline),
        }
    }

    pub(super) fn know(&mut self, account: Account, presence: Presence) {
        self.presence.insert(account, presence);
    }

    /// The link is gone: what was known may not hold any more.
    pub(super) fn forget(&mut self) {
        self.presence.clear();
    }
}
