//! How a client finds the server (section 2), and that nothing leaves this machine on the way.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::peer::{Peer, Sdk};
use crate::server::Server;

fn web_signs_in(server: &Server, options: Value) -> Peer {
    let mut alice = Peer::new(Sdk::Web, server, "alice");
    alice.login(options);
    alice.next("onLoginSuccess");
    alice.message("alice", "note to self");
    alice.expect_message("alice", "note to self");
    assert_eq!(alice.count("leak"), 0);
    alice
}

fn urls(peer: &Peer, event: &str, which: usize) -> Vec<String> {
    (0..peer.count(event))
        .map(|_| {
            peer.next(event).args[which]
                .as_str()
                .expect("a URL")
                .to_owned()
        })
        .collect()
}

#[test]
fn web_finds_the_server_by_the_makers_names() {
    let server = Server::start();
    let alice = web_signs_in(&server, json!({}));
    let mut asked = urls(&alice, "request", 1);
    asked.sort();
    // Two at once, one of each pair.
    assert_eq!(asked.len(), 2);
    for (asked, pair) in asked.iter().zip([["1", "2"], ["3", "4"]]) {
        assert!(
            pair.iter()
                .any(|n| *asked
                    == format!("https://lbs-{n}-sig.agora.io/getaddr?vid=callsign-tests")),
            "{asked}"
        );
    }
    let socket = format!("wss://127-0-0-1-sig-web.agora.io:{}/", server.tls_port());
    assert_eq!(urls(&alice, "socketMade", 0), [socket.clone(), socket]);
}

#[test]
fn web_finds_the_server_by_an_address_service_of_ones_own() {
    let server = Server::start();
    for (path, host) in [("", "127-0-0-1-sig-web.agora.io"), ("/url", "127.0.0.1")] {
        let lbs = format!("https://localhost:{}{path}", server.tls_port());
        let alice = web_signs_in(&server, json!({"lbs": lbs}));
        for asked in urls(&alice, "request", 1) {
            assert_eq!(asked, format!("{lbs}/getaddr?vid=callsign-tests"));
        }
        let socket = format!("wss://{host}:{}/", server.tls_port());
        assert_eq!(urls(&alice, "socketMade", 0), [socket.clone(), socket]);
    }
}

#[test]
fn web_can_be_given_the_socket_itself() {
    let server = Server::start();
    let socket = format!("wss://localhost:{}/", server.tls_port());
    let alice = web_signs_in(&server, json!({"ap_url": socket}));
    assert_eq!(alice.count("request"), 0);
    assert_eq!(urls(&alice, "socketMade", 0), [socket]);
}

#[test]
fn python_finds_the_server_by_the_makers_name() {
    let server = Server::start();
    let mut alice = Peer::new(Sdk::Python, &server, "alice");
    alice.login(json!({"by_lbs": true}));
    alice.next("onLoginSuccess");
    assert_eq!(alice.count("request"), 1);
    alice.message("alice", "note to self");
    alice.expect_message("alice", "note to self");
}

/// The web SDK reports each login, with account and token, to its maker. The peer swallows that; the server is not asked.
#[test]
fn the_statistics_of_the_web_sdk_go_nowhere() {
    let server = Server::start();
    let alice = web_signs_in(&server, json!({}));
    let report = alice.next("statistics");
    assert_eq!(report.args, json!(["https:///wsrp-sig.agora.io/", "alice"]));
    assert_eq!(alice.count("statistics"), 1);
}

#[test]
fn the_address_list_is_what_every_client_reads() {
    let server = Server::start();
    let port = server.port();
    for path in ["/getaddr", "/getaddr?vid=", "/getaddr?vid=any%20app"] {
        let (head, body) = get(&server, path);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let head = head.to_ascii_lowercase();
        assert!(
            head.contains("\r\naccess-control-allow-origin: *\r\n"),
            "{head}"
        );
        // At least two entries, or SDK 1.2 throws.
        assert_eq!(
            body,
            json!({"web": [["127.0.0.1", port], ["127.0.0.1", port]]})
        );
    }
    let (_, body) = get(&server, "/url/getaddr?vid=app");
    let url = format!("wss://127.0.0.1:{}/", server.tls_port());
    assert_eq!(body, json!({"web": [url, url]}));
}

fn get(server: &Server, path: &str) -> (String, Value) {
    let mut socket =
        TcpStream::connect(("127.0.0.1", server.port())).expect("the server takes connections");
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nHost: lbs.sig.agora.io\r\nConnection: close\r\n\r\n"
    )
    .expect("it reads");
    let mut answer = String::new();
    socket
        .read_to_string(&mut answer)
        .expect("it answers with text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (
        format!("{head}\r\n"),
        serde_json::from_str(body).expect("JSON"),
    )
}
