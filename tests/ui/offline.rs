//! The server goes and comes back while somebody writes.

use crate::server::Own;
use crate::window::{Bell, Window};

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
