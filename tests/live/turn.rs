//! STUN and TURN: what the server hands out at login, a client by somebody else (aioice), and garbage.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::raw::{Raw, inner};
use crate::server::Server;

/// A relay at any free port.
pub(crate) const RELAY: &str = "[server]\nturn = 0\n";

/// What an account is told of the relay, or nothing.
fn ice(server: &Server, account: &str) -> Option<Value> {
    let mut raw = Raw::connect(server);
    let login = json!({"vid": "demo", "account": account, "uid": 0, "token": "_no_need_token",
        "device": "callsign", "ip": "", "caps": ["v3"]});
    raw.send(&json!(["login", login]));
    let answer = inner(&raw.frame()[1][1]);
    assert_eq!(answer["result"], "ok", "{answer}");
    answer["ice"].get(0).cloned()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Of `turn:127.0.0.1:3478?transport=udp`.
fn port(ice: &Value) -> u16 {
    let url = text(&ice["urls"][1]);
    let rest = url.strip_prefix("turn:127.0.0.1:").expect("where one came");
    let port = rest.strip_suffix("?transport=udp").expect("by UDP");
    port.parse().expect("a port")
}

/// What aioice makes of it: its exit status, and what it says.
fn aioice(port: u16, name: &str, password: &str) -> (Option<i32>, String) {
    let output = Command::new(crate::peer::python())
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/live/sdk/ice_peer.py"
        ))
        .args(["127.0.0.1", &port.to_string(), name, password])
        .output()
        .expect("tests/run.sh has installed it");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    println!("{said}{errors}");
    (output.status.code(), said)
}

fn metrics(server: &Server) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).expect("connected");
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("asked");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answered");
    text
}

/// What the server counts under a name.
pub(crate) fn figure(server: &Server, name: &str) -> u64 {
    let text = metrics(server);
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(&format!("callsign_{name} ")));
    line.and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("{name} in {text}"))
}

#[test]
fn a_client_by_somebody_else_is_relayed() {
    let mut server = Server::with_config(RELAY);
    let ice = ice(&server, "alice").expect("a relay");
    let (name, password) = (text(&ice["username"]), text(&ice["credential"]));
    let (status, said) = aioice(port(&ice), name, password);
    assert_eq!(status, Some(0));
    assert_eq!(said, "seen 127.0.0.1\nheard both ways\n");
    assert_eq!(figure(&server, "turn_allocations"), 0, "all is given back");
    assert_eq!(figure(&server, "turn_allocations_made_total"), 3);
    assert!(figure(&server, "turn_bytes_to_clients_total") > 700);
    assert!(server.terminate().success());
}

#[test]
fn whoever_did_not_sign_in_is_not() {
    let server = Server::with_config(RELAY);
    let ice = ice(&server, "alice").expect("a relay");
    let (name, password) = (text(&ice["username"]), text(&ice["credential"]));
    let (status, said) = aioice(port(&ice), name, "guessed");
    assert_eq!(
        (status, said.as_str()),
        (Some(3), "seen 127.0.0.1\nrefused 401\n")
    );
    // The name of before, to be good for longer.
    let longer = format!("9{name}");
    let (status, _) = aioice(port(&ice), &longer, password);
    assert_eq!(status, Some(3));
    assert!(figure(&server, "turn_refused_total") >= 2);
    assert_eq!(figure(&server, "turn_allocations_made_total"), 0);
}

#[test]
fn nobody_is_told_of_a_relay_that_is_not_there() {
    let server = Server::start();
    assert_eq!(ice(&server, "alice"), None);
    assert!(!metrics(&server).contains("turn"));
}

#[test]
fn garbage_does_the_relay_no_harm() {
    let server = Server::with_config(RELAY);
    let ice = ice(&server, "alice").expect("a relay");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket
        .connect(("127.0.0.1", port(&ice)))
        .expect("connected");
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..5_000 {
        let mut bytes: Vec<u8> = (0..random.usize(0..1_400)).map(|_| random.u8(..)).collect();
        if random.bool() {
            // The beginning of a request.
            let method = [0x01, 0x03, 0x04, 0x06, 0x08, 0x09][random.usize(0..6)];
            let length = bytes.len().saturating_sub(20).min(1_380) / 4 * 4;
            let head = [
                0,
                method,
                (length >> 8) as u8,
                length as u8,
                0x21,
                0x12,
                0xa4,
                0x42,
            ];
            for (byte, head) in bytes.iter_mut().zip(head) {
                *byte = head;
            }
        }
        // What the system does not take is not what this is about.
        drop(socket.send(&bytes));
    }
    socket
        .set_read_timeout(Some(Duration::from_millis(200)))
        .expect("is set");
    let question = *b"\x00\x01\x00\x00\x21\x12\xa4\x42callsigntest";
    let answered = (0..50).any(|_| {
        drop(socket.send(&question));
        let mut answer = [0; 2_000];
        let length = socket.recv(&mut answer).unwrap_or(0);
        length > 20 && answer[..2] == [1, 1] && answer[8..20] == question[8..]
    });
    assert!(answered, "it goes on");
}
