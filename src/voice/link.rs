//! The sockets of a call: one UDP socket for each address of this computer, so that each datagram's own address is known.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::peer::Reach;

/// Datagrams that wait to be looked at. When full, further ones are lost, as they are on networks.
const WAITING: usize = 256;
/// The longest datagram: longer ones are cut off, and are of no use then.
const LONGEST: usize = 2048;
/// The most sockets: a computer with more addresses has enough of them with these.
const SOCKETS: usize = 8;

/// A datagram that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// Our address to which it came.
    pub to: SocketAddr,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// Which addresses of this computer are of use to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that others can reach; where there are none, those of this computer alone.
    Network,
    /// All: the other side may be on this computer, too.
    ThisComputerToo,
}

/// The sockets. They are closed when this is gone.
#[derive(Debug)]
pub struct Link {
    sockets: Vec<Bound>,
    /// Which addresses are followed as they come and go; none where they were given.
    scope: Option<Scope>,
    datagrams_tx: mpsc::Sender<Datagram>,
    datagrams_rx: mpsc::Receiver<Datagram>,
}

/// One of them, and who reads it.
#[derive(Debug)]
struct Bound {
    at: SocketAddr,
    socket: Arc<UdpSocket>,
    reader: AbortHandle,
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Link {
    /// One at each address of this computer that is of use.
    pub async fn everywhere(scope: Scope) -> io::Result<Self> {
        let mut link = Self::at(&addresses(scope)?).await?;
        link.scope = Some(scope);
        Ok(link)
    }

    /// One at each of these addresses, at any port. An address that cannot be used is left out, but not if it is the last.
    pub async fn at(addresses: &[IpAddr]) -> io::Result<Self> {
        let (datagrams_tx, datagrams_rx) = mpsc::channel(WAITING);
        let mut link = Self {
            sockets: Vec::new(),
            scope: None,
            datagrams_tx,
            datagrams_rx,
        };
        link.bind(addresses).await?;
        Ok(link)
    }

    /// Looks whether this computer's addresses are still the same; if not, sockets come and go as they do, and it says so.
    /// Cancel-safe.
    pub async fn follow(&mut self) -> io::Result<bool> {
        let Some(scope) = self.scope else {
            return Ok(false);
        };
        let wanted = addresses(scope)?;
        let before = self.sockets.len();
        self.sockets.retain(|bound| wanted.contains(&bound.at.ip()));
        let there = |address: &IpAddr| self.sockets.iter().any(|bound| bound.at.ip() == *address);
        let new: Vec<IpAddr> = wanted.into_iter().filter(|new| !there(new)).collect();
        let came = self.bind(&new).await.unwrap_or_else(|error| {
            // It may be there but not be of use yet; the next look tells.
            tracing::debug!(%error, "no socket at an address that came");
            0
        });
        Ok(came > 0 || self.sockets.len() - came < before)
    }

    /// Adds sockets. Tells how many.
    async fn bind(&mut self, addresses: &[IpAddr]) -> io::Result<usize> {
        let (mut came, mut failed) = (0, None);
        for address in addresses {
            match UdpSocket::bind((*address, 0)).await {
                Ok(socket) => {
                    // Else the first datagram would not be sent: nothing is, before the system has said that it can be.
                    socket.writable().await?;
                    let (at, socket) = (socket.local_addr()?, Arc::new(socket));
                    let reading = read(at, Arc::clone(&socket), self.datagrams_tx.clone());
                    let reader = tokio::spawn(reading).abort_handle();
                    self.sockets.push(Bound { at, socket, reader });
                    came += 1;
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if self.sockets.is_empty() => Err(error),
            _ => Ok(came),
        }
    }

    /// Where these are reached.
    #[must_use]
    pub fn reach(&self) -> Vec<Reach> {
        let host = |bound: &Bound| Reach::Host(bound.at);
        self.sockets.iter().map(host).collect()
    }

    /// Sends at once, or not at all: sound that waits is of no use.
    pub fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let Some(bound) = self.sockets.iter().find(|bound| bound.at == from) else {
            tracing::debug!(%from, "no such socket");
            return;
        };
        if let Err(error) = bound.socket.try_send_to(bytes, to) {
            tracing::trace!(%error, "a datagram was not sent");
        }
    }

    /// The next that comes. Cancel-safe.
    pub async fn receive(&mut self) -> Datagram {
        match self.datagrams_rx.recv().await {
            Some(datagram) => datagram,
            // No socket is left; whoever waits has other things to wait for.
            None => std::future::pending().await,
        }
    }
}

async fn read(to: SocketAddr, socket: Arc<UdpSocket>, datagrams_tx: mpsc::Sender<Datagram>) {
    let mut buffer = [0; LONGEST];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                let bytes = buffer[..length].to_vec();
                if let Err(mpsc::error::TrySendError::Closed(_)) =
                    datagrams_tx.try_send(Datagram { from, to, bytes })
                {
                    return;
                }
            }
            // What an earlier datagram met is told here; the socket itself stays. A fault that stays must not spin.
            Err(error) => {
                tracing::trace!(%error, "a socket could not be read");
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
    }
}

/// This computer's addresses that are of use: those of version 4 first, since they are so more often.
fn addresses(scope: Scope) -> io::Result<Vec<IpAddr>> {
    let all = if_addrs::get_if_addrs()?;
    let all = all.into_iter().map(|interface| interface.ip());
    let (own, mut addresses): (Vec<IpAddr>, Vec<IpAddr>) = all
        .filter(|address| !link_local(address))
        .partition(IpAddr::is_loopback);
    if addresses.is_empty() || scope == Scope::ThisComputerToo {
        addresses.extend(own);
    }
    addresses.sort_by_key(|address| (address.is_ipv6(), address.is_loopback()));
    addresses.dedup();
    addresses.truncate(SOCKETS);
    Ok(addresses)
}

/// Addresses that mean something only together with an interface.
fn link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_computer_is_reached_by_itself_where_that_is_wanted_and_addresses_are_followed() {
        let mut link = Link::everywhere(Scope::ThisComputerToo)
            .await
            .expect("sockets");
        let own = |link: &Link| link.sockets.iter().any(|bound| bound.at.ip().is_loopback());
        assert!(own(&link));
        assert!(!link.follow().await.expect("a look"), "nothing changed");
        // An address that comes back is one that went and one that came.
        let before = link.reach();
        link.sockets.remove(0);
        assert!(link.follow().await.expect("a look"));
        assert_eq!(link.reach().len(), before.len());
        assert_ne!(link.reach(), before);
    }

    #[tokio::test]
    async fn what_is_sent_comes_to_the_address_that_was_meant() {
        let here = [IpAddr::from([127, 0, 0, 1])];
        let (one, mut other) = (Link::at(&here).await, Link::at(&here).await.expect("two"));
        let one = one.expect("one");
        let (from, to) = (one.sockets[0].at, other.sockets[0].at);
        one.send(from, to, b"hello");
        let datagram = other.receive().await;
        assert_eq!((datagram.from, datagram.to), (from, to));
        assert_eq!(datagram.bytes, b"hello");
    }
}
