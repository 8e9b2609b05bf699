//! The two listeners, and what happens to a connection until it is known what it is for.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::BindError;
use super::edge::Edge;
use super::http::{self, Visit};
use super::lobby::Place;

/// How long a TLS handshake may take.
pub(super) const TLS_TIME: Duration = Duration::from_secs(10);
/// How long to wait after the system could not give us a connection, as when too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How many free ports are tried in search of one whose next is free, too.
const PAIR_TRIES: u32 = 64;

/// The listeners: plain, and TLS on the next port.
#[derive(Debug)]
pub(super) struct Listeners {
    pub(super) plain: TcpListener,
    pub(super) tls: TcpListener,
}

impl Listeners {
    /// Takes both ports. Port 0 picks two free neighbours.
    pub(super) async fn bind(listen: SocketAddr) -> Result<Self, BindError> {
        let mut tries = if listen.port() == 0 { PAIR_TRIES } else { 1 };
        loop {
            tries -= 1;
            match Self::try_bind(listen).await {
                Err(_) if tries > 0 => {}
                result => return result,
            }
        }
    }

    async fn try_bind(listen: SocketAddr) -> Result<Self, BindError> {
        let plain = bind(listen).await?;
        let mut next = plain.local_addr().map_err(BindError::Address)?;
        let port = next.port();
        next.set_port(port.checked_add(1).ok_or(BindError::NoNextPort { port })?);
        let tls = bind(next).await?;
        Ok(Self { plain, tls })
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| {
        if source.kind() == io::ErrorKind::AddrInUse {
            BindError::PortTaken { address }
        } else {
            BindError::Listen { address, source }
        }
    })
}

/// Takes connections until dropped, which also ends those that it took and that are no WebSocket yet.
///
/// It never waits for those: how many there may be, and who goes when there are more, is the lobby's.
pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, edge: Arc<Edge>) {
    let mut connections = JoinSet::new();
    let mut refused = false;
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => {
                refused = false;
                accepted
            }
            Err(error) => {
                // Told once, since it may go on for long.
                if !std::mem::replace(&mut refused, true) {
                    tracing::warn!(%error, "connections cannot be taken for now");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while let Some(ended) = connections.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "a connection's task ended badly");
            }
        }
        let Some(visit) = greet(&stream, peer, tls.is_some()) else {
            continue;
        };
        let place = edge.lobby.enter(peer.ip());
        let edge = Arc::clone(&edge);
        // Two tasks of their own size: a plain connection need not pay for TLS. A WebSocket leaves both when it is
        // handed over, and the place comes back.
        match &tls {
            None => {
                edge.counters.plain_connections.inc();
                connections.spawn(in_place(place, http::serve(stream, visit, edge)));
            }
            Some(acceptor) => {
                edge.counters.tls_connections.inc();
                let acceptor = acceptor.clone();
                connections.spawn(in_place(place, secure(stream, acceptor, visit, edge)));
            }
        }
    }
}

/// Serves a connection for as long as it has its place.
async fn in_place(mut place: Place, serving: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = serving => {}
        () = place.shown_out() => tracing::debug!("a connection that said nothing made room for another"),
    }
}

/// What is known of a connection at once; `None` if it is gone already.
fn greet(stream: &TcpStream, peer: SocketAddr, secure: bool) -> Option<Visit> {
    // Frames are small and each is awaited by a person.
    stream.set_nodelay(true).ok()?;
    Some(Visit {
        local: stream.local_addr().ok()?,
        peer,
        secure,
    })
}

async fn secure(stream: TcpStream, acceptor: TlsAcceptor, visit: Visit, edge: Arc<Edge>) {
    let handshake = Box::pin(acceptor.accept(stream));
    match tokio::time::timeout(TLS_TIME, handshake).await {
        Ok(Ok(stream)) => http::serve(stream, visit, edge).await,
        Ok(Err(error)) => {
            edge.counters.tls_failures.inc();
            tracing::debug!(%error, "a TLS handshake failed");
        }
        Err(_) => {
            edge.counters.tls_failures.inc();
            tracing::debug!("a TLS handshake took too long");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Settings;
    use crate::server::clock::Clock;
    use crate::server::http::{Desk, Site};
    use crate::server::lobby::Lobby;
    use crate::server::{driver, store::Store};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn silent_connections_do_not_shut_a_port() {
        let (hub, _driver) =
            driver::prepare(Settings::open([0; 32]), Store::none(), Clock::new()).start();
        let site = Site {
            plain_port: 1,
            tls_port: 2,
            advertise: None,
            allow_plain: false,
            admin_token: None,
        };
        let mut edge = Edge::new(hub, site, Desk::closed());
        edge.lobby = Arc::new(Lobby::new(4, 4));
        let edge = Arc::new(edge);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let accepting = tokio::spawn(accept(listener, None, Arc::clone(&edge)));
        let mut silent = Vec::new();
        for _ in 0..6 {
            silent.push(TcpStream::connect(address).await.expect("connected"));
        }
        let mut client = TcpStream::connect(address).await.expect("connected");
        let request = b"GET /healthz HTTP/1.1\r\n\r\n";
        client.write_all(request).await.expect("sent");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("answered");
        assert!(answer.ends_with("ok\n"), "{answer}");
        let ended = silent[0].read(&mut [0; 1]).await.expect("ended in order");
        assert_eq!(ended, 0, "the oldest made room");
        assert_eq!(edge.lobby.shown_out(), 3);
        accepting.abort();
    }

    #[tokio::test]
    async fn port_0_picks_two_neighbours() {
        let listen = "127.0.0.1:0".parse().expect("an address");
        let listeners = Listeners::bind(listen).await.expect("bound");
        let plain = listeners.plain.local_addr().expect("bound").port();
        let tls = listeners.tls.local_addr().expect("bound").port();
        assert_eq!(tls, plain + 1);
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_whichever_of_the_two_it_is() {
        let listen = "127.0.0.1:0".parse().expect("an address");
        let mut held = Listeners::bind(listen).await.expect("bound");
        let plain = held.plain.local_addr().expect("bound");
        let tls = held.tls.local_addr().expect("bound");
        let error = Listeners::bind(plain).await.expect_err("taken");
        assert!(error.to_string().contains(&plain.to_string()), "{error}");
        held.plain = TcpListener::bind(listen).await.expect("bound");
        let error = Listeners::bind(plain).await.expect_err("taken");
        assert!(error.to_string().contains(&tls.to_string()), "{error}");
    }
}
