//! The calls of an app: who is in them, how far they are, and under which names their parties know them.

use std::collections::HashMap;

use crate::protocol::{Account, ChannelName};

use super::LinkId;

/// The calls of one app that have not ended.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) by_id: HashMap<u64, Call>,
    by_account: HashMap<Account, Vec<u64>>,
    last_id: u64,
}

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) channel: ChannelName,
    pub(super) caller: Party,
    pub(super) callee: Party,
    /// Whom the caller called: the callee, or the telephone number that a gateway answers for.
    pub(super) dialed: Account,
    pub(super) phase: Phase,
}

/// A party, and the connection on which it came to know of the call.
#[derive(Clone, Debug)]
pub(super) struct Party {
    pub(super) account: Account,
    pub(super) link: Option<LinkId>,
    /// Whether it lost that connection with a client that comes back by itself.
    pub(super) comes_back: bool,
}

impl Party {
    pub(super) fn new(account: Account, link: Option<LinkId>) -> Self {
        Self {
            account,
            link,
            comes_back: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The callee's device has not acknowledged the invitation; a timer runs.
    Sent,
    /// It has; a person is asked, for as long as it takes.
    Ringing,
    /// The callee accepted.
    Talking,
}

/// Which party of a call an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Caller,
    Callee,
}

impl Call {
    pub(super) fn party(&self, role: Role) -> &Party {
        match role {
            Role::Caller => &self.caller,
            Role::Callee => &self.callee,
        }
    }

    pub(super) fn party_mut(&mut self, role: Role) -> &mut Party {
        match role {
            Role::Caller => &mut self.caller,
            Role::Callee => &mut self.callee,
        }
    }

    pub(super) fn role_of(&self, account: &Account) -> Role {
        if self.caller.account == *account {
            Role::Caller
        } else {
            Role::Callee
        }
    }

    /// The name under which a party knows the other.
    pub(super) fn name_across(&self, role: Role) -> &Account {
        match role {
            Role::Caller => &self.dialed,
            Role::Callee => &self.caller.account,
        }
    }
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// A session has been given the invitation of a call: from now on it can be told more of it.
    pub(super) fn invitation_delivered(&mut self, id: u64, link: LinkId) {
        if let Some(call) = self.by_id.get_mut(&id) {
            call.callee.link = Some(link);
        }
    }

    /// A session goes on on another link, and knows its calls still.
    pub(super) fn relink(&mut self, account: &Account, old: LinkId, new: LinkId) {
        for id in self.ids_of(account).to_vec() {
            if let Some(call) = self.by_id.get_mut(&id) {
                let role = call.role_of(account);
                let party = call.party_mut(role);
                if party.link == Some(old) {
                    party.link = Some(new);
                }
            }
        }
    }

    /// Whether the callee's device has not acknowledged the invitation of a call.
    pub(super) fn is_pending(&self, id: u64) -> bool {
        let call = self.by_id.get(&id);
        call.is_some_and(|call| call.phase == Phase::Sent)
    }

    pub(super) fn add(&mut self, call: Call) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        for account in [&call.caller.account, &call.callee.account] {
            self.by_account.entry(account.clone()).or_default().push(id);
        }
        self.by_id.insert(id, call);
        id
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Call> {
        let call = self.by_id.remove(&id)?;
        for account in [&call.caller.account, &call.callee.account] {
            if let Some(ids) = self.by_account.get_mut(account) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    self.by_account.remove(account);
                }
            }
        }
        Some(call)
    }

    pub(super) fn ids_of(&self, account: &Account) -> &[u64] {
        self.by_account.get(account).map_or(&[], Vec::as_slice)
    }

    /// The latest call of an account in a role, under the names by which it knows it.
    pub(super) fn find(
        &self,
        account: &Account,
        role: Role,
        channel: &ChannelName,
        peer: &Account,
    ) -> Option<u64> {
        self.ids_of(account).iter().rev().copied().find(|id| {
            self.by_id.get(id).is_some_and(|call| {
                call.channel == *channel
                    && call.party(role).account == *account
                    && call.name_across(role) == peer
            })
        })
    }
}

impl Role {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}
