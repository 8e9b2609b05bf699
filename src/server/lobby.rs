//! Who has connected and is no WebSocket yet: in a TLS handshake, or asking for a page. Knows addresses, no sockets.
//!
//! **When full**, of one network ([`NETWORK_MOST`]) or in all ([`MOST`]), whoever has waited longest is shown out: of the
//! network that came last, or of the one with the most. So a port takes connections always, and silent ones cost only
//! their own network. From loopback only the total counts, since a reverse proxy brings everybody from there.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::net::addresses::network;

/// Connections of all networks.
pub(super) const MOST: usize = 8192;
/// Connections of one network: an office, or one customer of a provider.
pub(super) const NETWORK_MOST: usize = 1024;

/// The connections of both ports.
#[derive(Debug)]
pub(super) struct Lobby {
    guests: Mutex<Guests>,
    most: usize,
    network_most: usize,
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    lobby: Arc<Lobby>,
    network: IpAddr,
    number: u64,
    out_rx: oneshot::Receiver<()>,
}

#[derive(Debug, Default)]
struct Guests {
    /// By network, in the order in which they came. Dropping a sender shows its guest out.
    by_network: HashMap<IpAddr, BTreeMap<u64, oneshot::Sender<()>>>,
    count: usize,
    last: u64,
    shown_out: u64,
}

impl Lobby {
    pub(super) fn new(most: usize, network_most: usize) -> Self {
        Self {
            guests: Mutex::default(),
            most,
            network_most,
        }
    }

    /// A place for a newcomer. There is always one, if need be somebody else's.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Place {
        let network = network(peer);
        let (out_tx, out_rx) = oneshot::channel();
        let mut guests = self.guests();
        guests.last += 1;
        let number = guests.last;
        let own = guests.by_network.entry(network).or_default();
        own.insert(number, out_tx);
        let crowd = own.len() > self.network_most && !network.is_loopback();
        guests.count += 1;
        if crowd {
            guests.show_out(network);
        } else if guests.count > self.most
            && let Some(largest) = guests.largest()
        {
            guests.show_out(largest);
        }
        drop(guests);
        Place {
            lobby: Arc::clone(self),
            network,
            number,
            out_rx,
        }
    }

    /// How many had to go for others.
    pub(super) fn shown_out(&self) -> u64 {
        self.guests().shown_out
    }

    /// A panic elsewhere leaves the list as sound as it was: no change to it can stop half-way.
    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Lobby {
    fn default() -> Self {
        Self::new(MOST, NETWORK_MOST)
    }
}

impl Place {
    /// Returns when somebody else needs the place.
    pub(super) async fn shown_out(&mut self) {
        // Nobody sends: the other end is dropped.
        (&mut self.out_rx).await.ok();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lobby.guests().leave(self.network, self.number);
    }
}

impl Guests {
    fn leave(&mut self, network: IpAddr, number: u64) {
        let Some(own) = self.by_network.get_mut(&network) else {
            return;
        };
        if own.remove(&number).is_some() {
            self.count -= 1;
        }
        if own.is_empty() {
            self.by_network.remove(&network);
        }
    }

    fn show_out(&mut self, network: IpAddr) {
        let oldest = self
            .by_network
            .get(&network)
            .and_then(|own| own.keys().next());
        if let Some(number) = oldest.copied() {
            self.shown_out += 1;
            self.leave(network, number);
        }
    }

    fn largest(&self) -> Option<IpAddr> {
        let networks = self.by_network.iter();
        networks
            .max_by_key(|(_, own)| own.len())
            .map(|(network, _)| *network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn is_out(place: &mut Place) -> bool {
        place.shown_out().now_or_never().is_some()
    }

    #[test]
    fn a_network_that_has_too_many_loses_its_oldest() {
        let lobby = Arc::new(Lobby::new(100, 2));
        let mut other = lobby.enter(address("192.0.2.2"));
        let mut own: Vec<_> = (1..=3)
            .map(|last| lobby.enter(address(&format!("2001:db8::{last}"))))
            .collect();
        assert!(is_out(&mut own[0]), "one /64 is one network");
        assert!(!is_out(&mut own[1]) && !is_out(&mut own[2]) && !is_out(&mut other));
        assert_eq!(lobby.shown_out(), 1);
    }

    #[test]
    fn when_all_is_full_the_largest_network_loses_its_oldest() {
        let lobby = Arc::new(Lobby::new(3, 100));
        let mut one = lobby.enter(address("192.0.2.1"));
        let mut many = [(); 2].map(|()| lobby.enter(address("192.0.2.2")));
        let mut newcomer = lobby.enter(address("192.0.2.3"));
        assert!(is_out(&mut many[0]));
        assert!(!is_out(&mut many[1]) && !is_out(&mut one) && !is_out(&mut newcomer));
    }

    #[test]
    fn loopback_has_as_many_as_there_are() {
        let lobby = Arc::new(Lobby::new(4, 1));
        let mut own = [(); 5].map(|()| lobby.enter(address("127.0.0.1")));
        assert!(is_out(&mut own[0]));
        assert!(!own[1..].iter_mut().any(is_out));
    }

    #[test]
    fn who_leaves_makes_room_and_leaves_nothing_behind() {
        let lobby = Arc::new(Lobby::new(1, 1));
        for _ in 0..3 {
            drop(lobby.enter(address("192.0.2.1")));
        }
        let mut last = lobby.enter(address("192.0.2.1"));
        assert!(!is_out(&mut last));
        drop(last);
        let guests = lobby.guests();
        assert!(guests.by_network.is_empty() && guests.count == 0 && guests.shown_out == 0);
    }
}
