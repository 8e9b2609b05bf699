//! Staying signed in (section 5). Real time is the subject.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::peer::{Peer, Sdk};
use crate::raw::{Incoming, Raw};
use crate::server::Server;

/// The server lets go of who is silent for 15 s; who pings stays for longer than 30 s, with each number answered by itself.
#[test]
fn who_pings_stays_and_who_is_silent_is_let_go() {
    let server = Server::with_config("[server]\nidle_timeout = 15\n");
    let started = Instant::now();
    let mut silent = Raw::signed_in(&server, "silent");
    let mut web = Peer::signed_in(Sdk::Web, &server, "web");
    let mut python = Peer::signed_in(Sdk::Python, &server, "python");
    python.join("room");
    web.join("room");
    python.next("onChannelUserJoined");

    let (_, end) = silent.end();
    let took = started.elapsed().as_secs_f64();
    assert!((14.0..20.0).contains(&took), "let go after {took} s");
    assert_ne!(end, Incoming::Cut, "an orderly close");

    // The web SDK pings at login and then every 10 s, the Python one after 10 s for the first time.
    for n in 1..=4 {
        assert_eq!(
            web.next_within("pong", Duration::from_secs(15)).args,
            json!([n])
        );
    }
    for n in 0..=2 {
        assert_eq!(
            python.next_within("pong", Duration::from_secs(15)).args,
            json!([n])
        );
    }
    assert!(started.elapsed() > Duration::from_secs(30));
    web.message("python", "still there?");
    python.expect_message("web", "still there?");
    python.message("web", "yes");
    web.expect_message("python", "yes");
    for peer in [&web, &python] {
        peer.expect_no_more("onLogout");
        peer.expect_no_more("onChannelUserLeaved");
        assert_eq!(peer.count("onLoginSuccess"), 1);
    }
}
