//! The connections of a hub: how far each is, and how many of an address have not signed in.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::protocol::{Account, AppId};

use super::LinkId;

/// How far a connection is.
#[derive(Debug)]
pub(super) enum Link {
    /// Nobody has signed in on it.
    Waiting { peer: IpAddr },
    /// Somebody would, but too many do from its address in this second.
    Postponed { peer: IpAddr },
    /// This account has.
    SignedIn { app: AppId, account: Account },
    /// It is being closed; what still comes is not heard.
    Closing,
}

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_id: HashMap<LinkId, Link>,
    /// How many connections of an address have not signed in.
    strangers: HashMap<IpAddr, usize>,
}

impl Link {
    fn stranger(&self) -> Option<IpAddr> {
        match self {
            Self::Waiting { peer } | Self::Postponed { peer } => Some(*peer),
            Self::SignedIn { .. } | Self::Closing => None,
        }
    }
}

impl Links {
    pub(super) fn get(&self, link: LinkId) -> Option<&Link> {
        self.by_id.get(&link)
    }

    pub(super) fn set(&mut self, link: LinkId, state: Link) {
        if let Some(peer) = state.stranger() {
            *self.strangers.entry(peer).or_default() += 1;
        }
        let old = self.by_id.insert(link, state);
        self.left(old);
    }

    /// It is being closed, if it is there.
    pub(super) fn close(&mut self, link: LinkId) {
        if self.by_id.contains_key(&link) {
            self.set(link, Link::Closing);
        }
    }

    pub(super) fn remove(&mut self, link: LinkId) {
        let old = self.by_id.remove(&link);
        self.left(old);
    }

    pub(super) fn strangers_from(&self, peer: IpAddr) -> usize {
        self.strangers.get(&peer).copied().unwrap_or(0)
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All of them, in the order in which they came.
    pub(super) fn in_order(&self) -> Vec<LinkId> {
        let mut links: Vec<_> = self.by_id.keys().copied().collect();
        links.sort();
        links
    }

    fn left(&mut self, old: Option<Link>) {
        let Some(peer) = old.and_then(|old| old.stranger()) else {
            return;
        };
        if let Some(count) = self.strangers.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                self.strangers.remove(&peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn strangers_are_counted_until_they_sign_in_or_go() {
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut links = Links::default();
        for link in 1..=3 {
            links.set(LinkId(link), Link::Waiting { peer });
        }
        links.set(LinkId(1), Link::Postponed { peer });
        assert_eq!(links.strangers_from(peer), 3);
        let app = AppId::try_from("app").expect("a name");
        let account = Account::try_from("alice").expect("a name");
        links.set(LinkId(1), Link::SignedIn { app, account });
        links.close(LinkId(2));
        links.remove(LinkId(2));
        links.remove(LinkId(3));
        links.close(LinkId(4));
        assert_eq!((links.strangers_from(peer), links.len()), (0, 1));
        assert!(links.strangers.is_empty());
    }
}
