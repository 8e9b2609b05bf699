//! A network between two sides of a call: what one sends to the relay comes to the other, as well as it is allowed to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// What happens to packets of sound. What sets up the call passes unharmed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    /// The share that is lost.
    pub(crate) loss: f64,
    /// How many in a row are lost at least, each time.
    pub(crate) burst: u32,
    /// Each takes something between nothing and this.
    pub(crate) jitter: Duration,
}

/// The relay; it ends when this is gone.
pub(crate) struct Relay {
    /// Where the first side is to be found by the second, and the second by the first.
    fronts: [SocketAddr; 2],
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Between two sides that are there.
    pub(crate) async fn start(sides: [SocketAddr; 2], line: Line, seed: u64) -> Self {
        let any = (IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let first = Arc::new(UdpSocket::bind(any).await.expect("a socket"));
        let second = Arc::new(UdpSocket::bind(any).await.expect("a socket"));
        let front = |socket: &UdpSocket| socket.local_addr().expect("an address");
        let fronts = [front(&first), front(&second)];
        let mut tasks = JoinSet::new();
        // What comes to the first side's front goes on to the first side, from the second's.
        let (to_first, to_second) = ((sides[0], seed), (sides[1], seed + 1));
        tasks.spawn(pass(
            Arc::clone(&first),
            Arc::clone(&second),
            to_first,
            line,
        ));
        tasks.spawn(pass(second, first, to_second, line));
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

async fn pass(from: Arc<UdpSocket>, by: Arc<UdpSocket>, to: (SocketAddr, u64), line: Line) {
    let (to, seed) = to;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut buffer = [0; 2048];
    let mut losing = 0;
    let mut under_way = JoinSet::new();
    loop {
        let received = tokio::select! {
            received = from.recv_from(&mut buffer) => received,
            Some(_) = under_way.join_next() => continue,
        };
        let Ok((length, _)) = received else { continue };
        let bytes = buffer[..length].to_vec();
        // RFC 7983: the first byte tells sound from all else.
        if !(128..192).contains(&bytes[0]) {
            drop(by.send_to(&bytes, to).await);
            continue;
        }
        let burst = line.burst.max(1);
        if losing > 0 {
            losing -= 1;
            continue;
        }
        if random.f64() < line.loss / f64::from(burst) {
            losing = burst - 1;
            continue;
        }
        let delay = line.jitter.mul_f64(random.f64());
        if delay.is_zero() {
            drop(by.send_to(&bytes, to).await);
            continue;
        }
        let by = Arc::clone(&by);
        under_way.spawn(async move {
            tokio::time::sleep(delay).await;
            drop(by.send_to(&bytes, to).await);
        });
    }
}
