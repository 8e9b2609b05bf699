//! The sockets of a call: one UDP socket for each address of this computer, so that each datagram's own address is known.
//! Where servers are known that help, there are also the addresses at which these see us, and those that they lend.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep_until, timeout_at};

use super::gather::{Helpers, Output};
use super::peer::Reach;
use crate::protocol::IceServer;

/// Datagrams that wait to be looked at. When full, further ones are lost, as they are on networks.
const WAITING: usize = 256;
/// The longest datagram: longer ones are cut off, and are of no use then.
const LONGEST: usize = 2048;
/// The most sockets: a computer with more addresses has enough of them with these.
const SOCKETS: usize = 8;

/// How long it is waited for servers before a call is offered or answered. What is not there then comes with a later
/// [`Order::Restart`](super::call::Order::Restart).
pub const GATHER: Duration = Duration::from_millis(300);
/// How long it is waited for a relay where there is no other way: 3 s, time for a request that was lost to be sent again.
pub(super) const RELAY: Duration = Duration::from_secs(3);
/// With so many sockets an address is asked to be lent, since not each reaches the server: a computer may be in two networks.
const BORROWING: usize = 2;
/// The servers that are asked at most.
const SERVERS: usize = 4;
/// The port of servers that name none (RFC 7064 §3.2).
const PORT: u16 = 3478;

/// Which ways a call may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The best that there is.
    #[default]
    Any,
    /// Only through a relay: the other side learns nothing of where we are.
    RelayOnly,
}

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
    helpers: Helpers,
    /// The servers that were found; they are asked again from each new socket.
    servers: Vec<Server>,
    policy: Policy,
    /// What came, and was not asked for yet.
    early: VecDeque<Datagram>,
}

/// A server that helps, and where it is.
#[derive(Debug)]
struct Server {
    says: IceServer,
    lends: bool,
    at: Vec<SocketAddr>,
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
            helpers: Helpers::new(Instant::now()),
            servers: Vec::new(),
            policy: Policy::Any,
            early: VecDeque::new(),
        };
        link.bind(addresses).await?;
        Ok(link)
    }

    /// Looks whether this computer's addresses are still the same; if not, sockets come and go as they do, and it says so. What
    /// servers said of a socket goes with it, and they are asked again from those that came: see [`Link::is_settled`].
    pub async fn follow(&mut self) -> io::Result<bool> {
        let Some(scope) = self.scope else {
            return Ok(false);
        };
        let wanted = addresses(scope)?;
        let before = self.sockets.len();
        self.sockets.retain(|bound| wanted.contains(&bound.at.ip()));
        let left = self.sockets.len();
        let there = |address: &IpAddr| self.sockets.iter().any(|bound| bound.at.ip() == *address);
        let new: Vec<IpAddr> = wanted.into_iter().filter(|new| !there(new)).collect();
        if let Err(error) = self.bind(&new).await {
            // It may be there but not be of use yet; the next look tells.
            tracing::debug!(%error, "no socket at an address that came");
        }
        let changed = left < before || self.sockets.len() > left;
        if changed {
            let sockets = &self.sockets;
            self.helpers
                .forget(|base| !sockets.iter().any(|bound| bound.at == base));
            self.ask(left);
        }
        Ok(changed)
    }

    /// Whether all servers have answered that were asked, or are not going to.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.helpers.is_done()
    }

    /// Asks those servers again that lend nothing at present. Whether there is one to ask.
    pub fn borrow_again(&mut self) -> bool {
        self.ask(0);
        !self.is_settled()
    }

    /// Adds sockets.
    async fn bind(&mut self, addresses: &[IpAddr]) -> io::Result<()> {
        let mut failed = None;
        for address in addresses {
            match UdpSocket::bind((*address, 0)).await {
                Ok(socket) => {
                    // Until it is known to take something, it takes nothing.
                    socket.writable().await?;
                    let (at, socket) = (socket.local_addr()?, Arc::new(socket));
                    let reading = read(at, Arc::clone(&socket), self.datagrams_tx.clone());
                    let reader = tokio::spawn(reading).abort_handle();
                    self.sockets.push(Bound { at, socket, reader });
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if self.sockets.is_empty() => Err(error),
            _ => Ok(()),
        }
    }

    /// Finds out by servers, those of the login as a rule, where else this is reached. Returns when all have answered, or
    /// after the time that is given, as [`GATHER`]. Where nothing but a relay may be used, it waits longer for the first to
    /// lend an address.
    pub async fn gather(&mut self, servers: &[IceServer], policy: Policy, time: Duration) {
        self.policy = policy;
        self.servers.clear();
        let begun = Instant::now();
        let (until, latest) = match policy {
            Policy::Any => (begun + time, begun + time),
            Policy::RelayOnly => (begun + time, begun + time.max(RELAY)),
        };
        for server in servers.iter().take(SERVERS) {
            for url in &server.urls {
                let Some((lends, host, port)) = parse(url) else {
                    tracing::debug!(%url, "a server that is not known how to ask");
                    continue;
                };
                if !lends && policy == Policy::RelayOnly {
                    continue;
                }
                let found = timeout_at(latest.into(), tokio::net::lookup_host((host, port)));
                match found.await {
                    Ok(Ok(found)) => self.servers.push(Server {
                        says: server.clone(),
                        lends,
                        at: found.collect(),
                    }),
                    Ok(Err(error)) => tracing::info!(%error, %host, "a server was not found"),
                    Err(_) => tracing::info!(%host, "a server was not found in time"),
                }
            }
        }
        self.ask(0);
        while !self.helpers.is_done() {
            let until = match self.reach().is_empty() {
                true => latest,
                false => until,
            };
            let wake = self.helpers.next_wakeup().map_or(until, |at| at.min(until));
            tokio::select! {
                Some(datagram) = self.datagrams_rx.recv() => self.take(datagram),
                () = sleep_until(wake.into()) => {
                    if Instant::now() >= until {
                        return;
                    }
                    self.tick();
                }
            }
        }
    }

    /// Asks all servers from the sockets from this one on, each at one of its addresses of each family.
    fn ask(&mut self, first: usize) {
        let now = Instant::now();
        let bases = self.sockets.get(first..).unwrap_or_default();
        let bases: Vec<SocketAddr> = bases.iter().map(|bound| bound.at).collect();
        for server in &self.servers {
            for v4 in [true, false] {
                let Some(at) = server.at.iter().copied().find(|at| at.is_ipv4() == v4) else {
                    continue;
                };
                for base in bases.iter().copied().filter(|base| base.is_ipv4() == v4) {
                    if !server.lends {
                        self.helpers.ask(now, base, at);
                    } else if self.helpers.lenders(at) < BORROWING {
                        let proof = [
                            server.says.username.as_str(),
                            server.says.credential.as_str(),
                        ];
                        self.helpers.borrow(now, base, at, proof);
                    }
                }
            }
        }
        self.tick();
    }

    /// Where these are reached.
    #[must_use]
    pub fn reach(&self) -> Vec<Reach> {
        let host = |bound: &Bound| Reach::Host(bound.at);
        let own = self.sockets.iter().map(host);
        let all = own.chain(self.helpers.reach());
        all.filter(|reach| match (self.policy, reach) {
            (Policy::Any, _) | (Policy::RelayOnly, Reach::Relayed { .. }) => true,
            (Policy::RelayOnly, Reach::Host(_) | Reach::Reflexive { .. }) => false,
        })
        .collect()
    }

    /// Sends at once, or not at all: sound that waits is of no use.
    pub fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if self.helpers.is_lent(from) {
            let outputs = self.helpers.send(Instant::now(), from, to, bytes);
            self.perform(outputs);
        } else {
            self.put(from, to, bytes);
        }
    }

    /// The next that comes. Cancel-safe.
    pub async fn receive(&mut self) -> Datagram {
        loop {
            if let Some(datagram) = self.early.pop_front() {
                return datagram;
            }
            let wake = self.helpers.next_wakeup();
            let wait = async {
                match wake {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                datagram = self.datagrams_rx.recv() => match datagram {
                    Some(datagram) => self.take(datagram),
                    // No socket is left; whoever waits has other things to wait for.
                    None => std::future::pending().await,
                },
                () = wait => self.tick(),
            }
        }
    }

    fn tick(&mut self) {
        let outputs = self.helpers.tick(Instant::now());
        self.perform(outputs);
    }

    fn take(&mut self, datagram: Datagram) {
        let Datagram { from, to, bytes } = &datagram;
        match self.helpers.came(Instant::now(), *from, *to, bytes) {
            Some(outputs) => self.perform(outputs),
            None => match self.policy {
                Policy::Any => self.keep(datagram),
                // Whoever has found us is not answered.
                Policy::RelayOnly => {}
            },
        }
    }

    fn keep(&mut self, datagram: Datagram) {
        if self.early.len() < WAITING {
            self.early.push_back(datagram);
        }
    }

    fn perform(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send { from, to, bytes } => self.put(from, to, &bytes),
                Output::Came { from, lent, bytes } => self.keep(Datagram {
                    from,
                    to: lent,
                    bytes,
                }),
            }
        }
    }

    fn put(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let Some(bound) = self.sockets.iter().find(|bound| bound.at == from) else {
            tracing::debug!(%from, "no such socket");
            return;
        };
        if let Err(error) = bound.socket.try_send_to(bytes, to) {
            tracing::trace!(%error, "a datagram was not sent");
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let outputs = self.helpers.end(Instant::now());
        self.perform(outputs);
    }
}

/// A URL of a server that is spoken to by UDP (RFC 7064, RFC 7065): whether it lends addresses, its host and port.
fn parse(url: &str) -> Option<(bool, &str, u16)> {
    let (scheme, rest) = url.split_once(':')?;
    let lends = match scheme {
        "stun" => false,
        "turn" => true,
        _ => return None,
    };
    let (authority, query) = rest.split_once('?').unwrap_or((rest, "transport=udp"));
    if query != "transport=udp" {
        return None;
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = port.map_or(Some(PORT), |port| port.parse().ok())?;
    (!host.is_empty()).then_some((lends, host, port))
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
    use turn_client_proto::types::stun::attribute::XorMappedAddress;
    use turn_client_proto::types::stun::message::{Message, MessageWriteVec};
    use turn_client_proto::types::stun::prelude::{MessageWrite as _, MessageWriteExt as _};

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
        let mut one = one.expect("one");
        let (from, to) = (one.sockets[0].at, other.sockets[0].at);
        one.send(from, to, b"hello");
        let datagram = other.receive().await;
        assert_eq!((datagram.from, datagram.to), (from, to));
        assert_eq!(datagram.bytes, b"hello");
    }

    /// Answers each question of where one is seen with the next port of an address elsewhere.
    async fn outside(socket: UdpSocket) {
        let mut buffer = [0; LONGEST];
        for port in 1.. {
            let (length, from) = socket.recv_from(&mut buffer).await.expect("a question");
            let question = Message::from_bytes(&buffer[..length]).expect("of STUN");
            let mut answer = Message::builder_success(&question, MessageWriteVec::new());
            let seen = SocketAddr::from(([198, 51, 100, 7], port));
            let seen = XorMappedAddress::new(seen, question.transaction_id());
            answer.add_attribute(&seen).expect("fits");
            let sent = socket.send_to(&answer.finish(), from).await;
            sent.expect("answered");
        }
    }

    #[tokio::test]
    async fn after_the_network_has_changed_servers_are_asked_where_we_are_now() {
        let server = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let url = format!("stun:{}", server.local_addr().expect("bound"));
        let server = tokio::spawn(outside(server));
        let mut link = Link::at(&[IpAddr::from([127, 0, 0, 1])])
            .await
            .expect("one");
        link.scope = Some(Scope::ThisComputerToo);
        let servers = [IceServer {
            urls: vec![url],
            username: String::new(),
            credential: String::new(),
            ttl: 0,
        }];
        link.gather(&servers, Policy::Any, GATHER).await;
        let seen = |link: &Link| {
            let mut reach = link.reach().into_iter();
            reach.find_map(|reach| match reach {
                Reach::Reflexive { seen, base } => Some((seen.port(), base)),
                Reach::Host(_) | Reach::Relayed { .. } => None,
            })
        };
        let (_, base) = seen(&link).expect("it was said");
        // The address goes and comes back, which is another socket.
        link.sockets.clear();
        assert!(link.follow().await.expect("a look"));
        assert_eq!(seen(&link), None, "what was said of the one that is gone");
        assert!(!link.is_settled());
        while !link.is_settled() {
            let datagram = tokio::time::timeout(Duration::from_millis(10), link.receive()).await;
            assert!(datagram.is_err(), "nobody else sends: {datagram:?}");
        }
        let (_, now) = seen(&link).expect("it is said again");
        assert_ne!(now, base);
        assert!(link.sockets.iter().any(|bound| bound.at == now));
        server.abort();
    }

    #[test]
    fn servers_are_named_by_urls() {
        for (url, what) in [
            ("stun:example.org", Some((false, "example.org", 3478))),
            ("stun:192.0.2.1:5000", Some((false, "192.0.2.1", 5000))),
            (
                "turn:[2001:db8::1]:3478?transport=udp",
                Some((true, "2001:db8::1", 3478)),
            ),
            ("turn:[::1]", Some((true, "::1", 3478))),
            ("turn:example.org?transport=tcp", None),
            ("turns:example.org", None),
            ("turn:example.org:port", None),
            ("turn:", None),
            ("nothing", None),
        ] {
            assert_eq!(parse(url), what, "{url}");
        }
    }
}
