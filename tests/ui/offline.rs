//! The server goes and comes back while somebody writes.

use std::net::SocketAddr;

use callsign::server::{Config, Server, ShutdownHandle};

use crate::window::{Bell, Window};

/// A server that keeps nothing, in a thread of its own.
struct Own {
    address: SocketAddr,
    shutdown: ShutdownHandle,
    thread: std::thread::JoinHandle<()>,
}

impl Own {
    fn start(listen: SocketAddr) -> Self {
        let (told, ready) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let config = Config {
                    listen,
                    ..Config::default()
                };
                let server = Server::bind(config).await.expect("a server");
                let here = (server.plain_addr(), server.shutdown_handle());
                told.send(here).expect("the test waits");
                server.serve().await.expect("served to its end");
            });
        });
        let (address, shutdown) = ready.recv().expect("a server");
        Self {
            address,
            shutdown,
            thread,
        }
    }

    fn stop(self) {
        self.shutdown.shutdown();
        self.thread.join().expect("an orderly end");
    }
}

#[test]
fn what_is_written_offline_goes_out_when_the_server_is_back() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Own::start("127.0.0.1:0".parse().expect("an address"));
    let address = server.address;
    let mut ann = Window::open("ann", data.path(), &Bell::default());
    ann.fill("Your callsign", "ann");
    ann.press("Other address…");
    ann.fill("Address", &format!("ws://{address}"));
    ann.press("Sign in");
    ann.write_to("bob");

    server.stop();
    ann.see_part("Offline.");
    ann.type_text("are you there?");
    ann.press("Send");
    ann.see("waiting for the connection");

    let server = Own::start(address);
    ann.see("sent");
    ann.see("You: ann, online");
    assert!(!ann.shows_part("Offline."));
    drop(ann);
    server.stop();
}
