//! The sockets of a call: one UDP socket for each address of this computer, so that each datagram's own address is known.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

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

/// The sockets. They are closed when this is gone.
#[derive(Debug)]
pub struct Link {
    sockets: Vec<(SocketAddr, Arc<UdpSocket>)>,
    datagrams_rx: mpsc::Receiver<Datagram>,
    _readers: JoinSet<()>,
}

impl Link {
    /// One at each address of this computer, but for itself.
    pub async fn everywhere() -> io::Result<Self> {
        let mut addresses: Vec<IpAddr> = if_addrs::get_if_addrs()?
            .into_iter()
            .map(|interface| interface.ip())
            .filter(|address| !address.is_loopback() && !link_local(address))
            .collect();
        // Those of version 4 first: they are more often of use.
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses.dedup();
        addresses.truncate(SOCKETS);
        Self::at(&addresses).await
    }

    /// One at each of these addresses, at any port. An address that cannot be used is left out, but not if it is the last.
    pub async fn at(addresses: &[IpAddr]) -> io::Result<Self> {
        let (datagrams_tx, datagrams_rx) = mpsc::channel(WAITING);
        let (mut sockets, mut readers) = (Vec::new(), JoinSet::new());
        let mut failed = None;
        for address in addresses {
            match UdpSocket::bind((*address, 0)).await {
                Ok(socket) => {
                    let (at, socket) = (socket.local_addr()?, Arc::new(socket));
                    readers.spawn(read(at, Arc::clone(&socket), datagrams_tx.clone()));
                    sockets.push((at, socket));
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if sockets.is_empty() => Err(error),
            _ => Ok(Self {
                sockets,
                datagrams_rx,
                _readers: readers,
            }),
        }
    }

    /// Where these are reached.
    #[must_use]
    pub fn reach(&self) -> Vec<Reach> {
        let host = |(at, _): &(SocketAddr, Arc<UdpSocket>)| Reach::Host(*at);
        self.sockets.iter().map(host).collect()
    }

    /// Sends at once, or not at all: sound that waits is of no use.
    pub fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let Some((_, socket)) = self.sockets.iter().find(|(at, _)| *at == from) else {
            tracing::debug!(%from, "no such socket");
            return;
        };
        if let Err(error) = socket.try_send_to(bytes, to) {
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

/// Addresses that mean something only together with an interface.
fn link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}
