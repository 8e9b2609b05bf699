//! A TCP proxy between clients and a server, which cuts links where a test wants it: in the middle of a frame as well.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Bytes between two cuts: more than what it takes to sign in.
const BETWEEN_CUTS: std::ops::Range<usize> = 40_000..250_000;

/// A running proxy. It takes no more links when dropped, and closes those it has.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: u16,
    links: Mutex<Links>,
}

#[derive(Default)]
struct Links {
    sockets: Vec<TcpStream>,
    /// How many more bytes pass before everything is cut, and chance for the time after that.
    left: Option<(usize, fastrand::Rng)>,
    cuts: usize,
    over: bool,
}

impl Proxy {
    /// In front of a server on loopback.
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            server,
            links: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if serving.lock().over {
                    return;
                }
                serving.join(client.expect("a client"));
            }
        });
        Self { port, shared }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts all links again and again, each time after a random number of bytes in either direction.
    pub(crate) fn cut_at_random(&self, rng: fastrand::Rng) {
        self.shared.lock().left = Some((usize::MAX, rng));
        self.shared.lock().draw();
    }

    /// How often links were cut.
    pub(crate) fn cuts(&self) -> usize {
        self.shared.lock().cuts
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut links = self.shared.lock();
        links.over = true;
        links.cut();
        drop(links);
        // Wakes the thread that waits for clients; it need not succeed.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Links> {
        self.links.lock().expect("no thread of the proxy panics")
    }

    fn join(self: &Arc<Self>, client: TcpStream) {
        // A server that is not there is a link that ends at once.
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)) else {
            return;
        };
        for (from, to) in [(&client, &server), (&server, &client)] {
            let copy = |socket: &TcpStream| socket.try_clone().expect("another handle");
            let (from, to) = (copy(from), copy(to));
            self.lock().sockets.push(copy(&from));
            let shared = Arc::clone(self);
            thread::spawn(move || shared.pass(from, to));
        }
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 512];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let allowed = self.lock().take(read);
            if to.write_all(&buffer[..allowed]).is_err() {
                break;
            }
            if allowed < read {
                self.lock().cut();
            }
        }
        for socket in [&from, &to] {
            // It may be closed already.
            drop(socket.shutdown(Shutdown::Both));
        }
    }
}

impl Links {
    /// How many of some bytes may still pass.
    fn take(&mut self, bytes: usize) -> usize {
        let Some((left, _)) = &mut self.left else {
            return bytes;
        };
        let allowed = bytes.min(*left);
        *left -= allowed;
        if allowed < bytes {
            self.cuts += 1;
            self.draw();
        }
        allowed
    }

    fn draw(&mut self) {
        if let Some((left, rng)) = &mut self.left {
            *left = rng.usize(BETWEEN_CUTS);
        }
    }

    fn cut(&mut self) {
        for socket in self.sockets.drain(..) {
            drop(socket.shutdown(Shutdown::Both));
        }
    }
}
