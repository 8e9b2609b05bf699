//! Below the frames: broken WebSocket bytes, requests that are none, handshakes that never end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Witness;
use crate::raw::Raw;
use crate::server::Server;

#[test]
fn garbage_below_the_websocket_ends_the_connection() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    for garbage in [
        // Text that is not masked, an unknown opcode, a reserved bit, a fragmented ping, a length beyond all bounds.
        &b"\x81\x02[]"[..],
        b"\x83\x80\0\0\0\0",
        b"\xc1\x80\0\0\0\0",
        b"\x09\x80\0\0\0\0",
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
        // Text that is not UTF-8.
        b"\x81\x82\0\0\0\0\xff\xff",
    ] {
        let mut raw = Raw::signed_in(&server, "mallory");
        raw.socket().write_all(garbage).expect("the server reads");
        let (frames, _) = raw.end();
        assert!(frames.iter().all(|frame| frame[0] == "close"), "{frames:?}");
        witness.echo();
    }
}

/// Real time is in this one: the server gives a handshake 10 s.
#[test]
fn half_open_handshakes_hold_up_nobody() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let started = Instant::now();
    let mut half_open = Vec::new();
    for _ in 0..20 {
        for (port, bytes) in [
            (server.port(), &b""[..]),
            (server.port(), b"GET / HTT"),
            (
                server.port(),
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
            ),
            (server.tls_port(), b""),
            (server.tls_port(), b"\x16\x03\x01\x02\x00\x01"),
        ] {
            let mut socket =
                TcpStream::connect(("127.0.0.1", port)).expect("the server takes connections");
            socket.write_all(bytes).expect("a few bytes pass");
            half_open.push(socket);
        }
        witness.echo();
    }
    // New ones still get through.
    Raw::signed_in(&server, "alice").ok("channel_query_num", json!({"name": "room"}));
    for mut socket in half_open {
        let left = Duration::from_secs(25).saturating_sub(started.elapsed());
        socket
            .set_read_timeout(Some(left.max(Duration::from_millis(1))))
            .expect("a timeout can be set");
        // An answer, the end or a reset: anything but silence.
        if let Err(error) = socket.read_to_end(&mut Vec::new()) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
    }
    witness.echo();
}

#[test]
fn what_is_no_request_is_answered_or_cut() {
    let server = Server::start();
    let mut witness = Witness::new(&server);
    let endless = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    for bytes in [
        &b"\r\n\r\n\r\n"[..],
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"POST /invite HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        endless.as_bytes(),
    ] {
        for port in [server.port(), server.tls_port()] {
            let mut socket =
                TcpStream::connect(("127.0.0.1", port)).expect("the server takes connections");
            socket
                .set_read_timeout(Some(Duration::from_secs(20)))
                .expect("a timeout can be set");
            // The server may answer and close before it has read all.
            drop(socket.write_all(bytes));
            let mut answer = Vec::new();
            if let Err(error) = socket.read_to_end(&mut answer) {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
            }
            if port == server.port() && !answer.is_empty() {
                assert!(
                    answer.starts_with(b"HTTP/1.1 4"),
                    "{}",
                    String::from_utf8_lossy(&answer)
                );
            }
            witness.echo();
        }
    }
}
