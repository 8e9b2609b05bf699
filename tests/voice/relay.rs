//! A network between two sides of a call: what one sends to the relay comes to the other.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// The relay; it ends when this is gone.
pub(crate) struct Relay {
    /// Where the first side is to be found by the second, and the second by the first.
    fronts: [SocketAddr; 2],
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Between two sides that are there.
    pub(crate) async fn start(sides: [SocketAddr; 2]) -> Self {
        let any = (IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let first = Arc::new(UdpSocket::bind(any).await.expect("a socket"));
        let second = Arc::new(UdpSocket::bind(any).await.expect("a socket"));
        let front = |socket: &UdpSocket| socket.local_addr().expect("an address");
        let fronts = [front(&first), front(&second)];
        let mut tasks = JoinSet::new();
        // What comes to the first side's front goes on to the first side, from the second's.
        tasks.spawn(pass(Arc::clone(&first), Arc::clone(&second), sides[0]));
        tasks.spawn(pass(second, first, sides[1]));
        Self {
            fronts,
            _tasks: tasks,
        }
    }

    /// The same description, with the side's front in the place of its own address.
    pub(crate) fn disguise(&self, side: usize, own: SocketAddr, sdp: &str) -> String {
        let (own, front) = (words(own), words(self.fronts[side]));
        assert!(sdp.contains(&own), "{own} in {sdp}");
        sdp.replace(&own, &front)
    }
}

fn words(address: SocketAddr) -> String {
    format!("{} {} typ", address.ip(), address.port())
}

async fn pass(from: Arc<UdpSocket>, by: Arc<UdpSocket>, to: SocketAddr) {
    let mut buffer = [0; 2048];
    loop {
        // What an earlier datagram met is told here as well.
        if let Ok((length, _)) = from.recv_from(&mut buffer).await {
            drop(by.send_to(&buffer[..length], to).await);
        }
    }
}
