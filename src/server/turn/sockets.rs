//! The sockets of the relay: those where it listens, one for each address of this machine, so that each answer leaves by the
//! address to which the question came; and one for each address that is lent.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep_until;

use super::machine::{Client, Figures, Input, Output, Rules, Turn};
use super::{Peers, Secret, is_any};
use crate::server::BindError;
use crate::server::clock::Clock;

/// Datagrams that wait. When full, further ones are lost, as they are on networks.
const WAITING: usize = 1024;
/// The longest datagram; longer ones are cut off, and are of no use then.
const LONGEST: usize = 2048;
/// How long to wait after a socket could not be read.
const PAUSE: Duration = Duration::from_millis(10);

/// What has to be known to open a relay.
#[derive(Debug)]
pub(in crate::server) struct Door {
    /// Where to listen; at all addresses of this machine where it is unspecified, and at any port where that is 0.
    pub(in crate::server) listen: SocketAddr,
    pub(in crate::server) peers: Peers,
    /// The address at which others reach this machine, where it has not got it itself.
    pub(in crate::server) outside: Option<IpAddr>,
    /// Other ports of this program.
    pub(in crate::server) ports: Vec<u16>,
    pub(in crate::server) secret: Secret,
}

/// A relay that holds its sockets.
#[derive(Debug)]
pub(in crate::server) struct Relay {
    listening: Vec<(SocketAddr, UdpSocket)>,
    /// Where, as it was asked for; with the port that it is.
    at: SocketAddr,
    door: Door,
    figures: Arc<Mutex<Figures>>,
}

#[derive(Debug)]
struct Datagram {
    /// The socket.
    to: SocketAddr,
    from: SocketAddr,
    bytes: Vec<u8>,
}

/// A relay that runs.
struct Running {
    turn: Turn,
    clock: Clock,
    listening: HashMap<SocketAddr, Arc<UdpSocket>>,
    lent: HashMap<SocketAddr, (Arc<UdpSocket>, AbortHandle)>,
    readers: JoinSet<()>,
    datagrams_tx: mpsc::Sender<Datagram>,
    figures: Arc<Mutex<Figures>>,
}

impl Relay {
    /// Takes the sockets where it listens.
    pub(in crate::server) async fn bind(door: Door) -> Result<Self, BindError> {
        let mut at = door.listen;
        let mut listening: Vec<(SocketAddr, UdpSocket)> = Vec::new();
        for ip in addresses(at.ip()) {
            let address = SocketAddr::new(ip, at.port());
            match UdpSocket::bind(address).await {
                Ok(socket) => {
                    let own = socket.local_addr().map_err(BindError::Address)?;
                    // What was picked for the first is asked for at the others.
                    at.set_port(own.port());
                    listening.push((own, socket));
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(BindError::PortTaken { address });
                }
                // Where all are wanted, one that is about to come or to go may be missing.
                Err(error) if is_any(door.listen.ip()) => {
                    tracing::debug!(%error, %address, "no relay there");
                }
                Err(source) => return Err(BindError::Listen { address, source }),
            }
        }
        if listening.is_empty() {
            let source = io::Error::from(io::ErrorKind::AddrNotAvailable);
            return Err(BindError::Listen {
                address: at,
                source,
            });
        }
        Ok(Self {
            listening,
            at,
            door,
            figures: Arc::default(),
        })
    }

    /// Where it listens.
    pub(in crate::server) fn at(&self) -> SocketAddr {
        self.at
    }

    /// What it counts, while it runs.
    pub(in crate::server) fn figures(&self) -> Arc<Mutex<Figures>> {
        Arc::clone(&self.figures)
    }

    /// Relays until dropped.
    pub(in crate::server) async fn run(self) {
        let (datagrams_tx, mut datagrams_rx) = mpsc::channel(WAITING);
        let mut clock = Clock::new();
        let Door {
            peers,
            outside,
            ports,
            secret,
            listen: _,
        } = self.door;
        let rules = Rules {
            secret,
            peers,
            listens: self.listening.iter().map(|(at, _)| *at).collect(),
            outside,
            ports,
        };
        let mut running = Running {
            turn: Turn::new(clock.now().instant, rules),
            clock,
            listening: HashMap::new(),
            lent: HashMap::new(),
            readers: JoinSet::new(),
            datagrams_tx,
            figures: self.figures,
        };
        for (at, socket) in self.listening {
            let socket = Arc::new(socket);
            running.read(at, Arc::clone(&socket));
            running.listening.insert(at, socket);
        }
        loop {
            let wakeup = running.turn.next_wakeup();
            let wait = async {
                match wakeup {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(datagram) = datagrams_rx.recv() => running.take(&datagram),
                () = wait => running.handle(Input::Tick),
                // Of sockets that were given back.
                Some(_) = running.readers.join_next() => {}
            }
        }
    }
}

impl Running {
    fn read(&mut self, at: SocketAddr, socket: Arc<UdpSocket>) -> AbortHandle {
        let reading = read(at, socket, self.datagrams_tx.clone());
        self.readers.spawn(reading)
    }

    fn take(&mut self, datagram: &Datagram) {
        let Datagram { to, from, bytes } = datagram;
        let input = if self.listening.contains_key(to) {
            let client = Client { at: *from, by: *to };
            Input::Asked { client, bytes }
        } else {
            Input::Came {
                local: *to,
                peer: *from,
                bytes,
            }
        };
        self.handle(input);
    }

    fn handle(&mut self, input: Input<'_>) {
        let mut outputs = self.turn.handle(self.clock.now(), input);
        while !outputs.is_empty() {
            let mut opened = Vec::new();
            for output in outputs {
                match output {
                    Output::Answer { client, bytes } => {
                        send(self.listening.get(&client.by), client.at, &bytes);
                    }
                    Output::Relay { local, peer, bytes } => {
                        send(
                            self.lent.get(&local).map(|(socket, _)| socket),
                            peer,
                            &bytes,
                        );
                    }
                    Output::Open { client, at } => opened.push((client, self.lend(at))),
                    Output::Close { local } => {
                        if let Some((_, reader)) = self.lent.remove(&local) {
                            reader.abort();
                        }
                    }
                }
            }
            outputs = Vec::new();
            for (client, local) in opened {
                let input = Input::Opened { client, local };
                outputs.extend(self.turn.handle(self.clock.now(), input));
            }
        }
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        *figures = self.turn.figures();
    }

    /// A socket at this address.
    fn lend(&mut self, at: IpAddr) -> Option<SocketAddr> {
        let bind = || {
            let socket = std::net::UdpSocket::bind((at, 0))?;
            socket.set_nonblocking(true)?;
            let socket = UdpSocket::from_std(socket)?;
            Ok((socket.local_addr()?, Arc::new(socket)))
        };
        match bind() {
            Ok((local, socket)) => {
                let reader = self.read(local, Arc::clone(&socket));
                self.lent.insert(local, (socket, reader));
                Some(local)
            }
            Err::<_, io::Error>(error) => {
                tracing::warn!(%error, "no socket could be lent");
                None
            }
        }
    }
}

/// Sends at once, or not at all: what waits is of no use.
fn send(socket: Option<&Arc<UdpSocket>>, to: SocketAddr, bytes: &[u8]) {
    let sent = socket.map(|socket| socket.try_send_to(bytes, to));
    if let Some(Err(error)) = sent {
        tracing::trace!(%error, "a datagram was not sent");
    }
}

async fn read(to: SocketAddr, socket: Arc<UdpSocket>, datagrams_tx: mpsc::Sender<Datagram>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                let bytes = buffer[..length].to_vec();
                if let Err(mpsc::error::TrySendError::Closed(_)) =
                    datagrams_tx.try_send(Datagram { to, from, bytes })
                {
                    return;
                }
            }
            // What an earlier datagram met is told here; the socket itself stays. A fault that stays must not spin.
            Err(error) => {
                tracing::trace!(%error, "a socket of the relay could not be read");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The addresses to listen at: this one, or all of this machine.
fn addresses(ip: IpAddr) -> Vec<IpAddr> {
    if !is_any(ip) {
        return vec![ip];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut all: Vec<IpAddr> = interfaces
        .into_iter()
        .map(|interface| interface.ip())
        // As with TCP: `0.0.0.0` is version 4 alone, `[::]` is both.
        .filter(|own| ip.is_ipv6() || own.is_ipv4())
        .filter(|own| !matches!(own, IpAddr::V6(own) if own.is_unicast_link_local()))
        .collect();
    // Where a socket of another family is lent than the client came by, it is the first that others reach.
    all.sort_by_key(IpAddr::is_loopback);
    all.dedup();
    all
}
