//! Both sides may use nothing but the relay of our server, which tells them of it as they sign in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use callsign::client::core::LoginOptions;
use callsign::client::event::{Event, SessionEvent};
use callsign::client::{Events, Session, Signal};
use callsign::net::ws;
use callsign::protocol::token::Token;
use callsign::protocol::{Account, AppId, IceServer};
use callsign::server::config::Peers;
use callsign::server::{Config, Server, TurnConfig};
use callsign::voice::RATE;
use callsign::voice::link::{GATHER, Link, Policy};
use callsign::voice::peer::{Peer, PeerEvent, Reach};
use callsign::voice::processing::Switches;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::delay::{bursts, delay};
use crate::likeness::likeness;
use crate::side::{bind, talk};

/// A server with a relay, from which nothing but its own relays is reached.
async fn server(listen: &str) -> Server {
    let config = Config {
        turn: Some(TurnConfig {
            listen: listen.parse().expect("an address"),
            peers: Peers::Public,
        }),
        ..Config::default()
    };
    Server::bind(config).await.expect("a server")
}

async fn sign_in(server: &str, name: &str) -> (Session, Vec<IceServer>) {
    let server = ws::Server::at(server).expect("an address");
    let app = AppId::try_from("callsign-tests").expect("an app");
    let account = Account::try_from(name).expect("an account");
    let token = Token::new("_no_need_token");
    let login = Signal::new(app, server).login(&account, token, LoginOptions::default());
    let (session, mut events): (Session, Events) = login.await.expect("signed in");
    loop {
        let event = events.next().await.expect("the session goes on");
        if let Event::Session(SessionEvent::LoginSuccess { additions, .. }) = event {
            return (session, additions.expect("more than 1.x").ice);
        }
    }
}

/// The link of somebody who tells nobody where they are.
async fn hidden(ice: &[IceServer]) -> Link {
    let mut link = bind().await;
    let before = Instant::now();
    link.gather(ice, Policy::RelayOnly, GATHER * 10).await;
    println!("lent after {:?}", before.elapsed());
    let reach = link.reach();
    assert!(matches!(reach[..], [Reach::Relayed { .. }]), "{reach:?}");
    link
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sides_behind_the_relay_hear_each_other() {
    let server = server("127.0.0.1:0").await;
    let plain = server.plain_addr();
    let url = format!("ws://{}", server.plain_addr());
    let serving = tokio::spawn(server.serve());
    let (alice, of_alice) = sign_in(&url, "alice").await;
    let (bob, of_bob) = sign_in(&url, "bob").await;
    assert_ne!(of_alice, of_bob, "each has credentials of its own");
    let links = [hidden(&of_alice).await, hidden(&of_bob).await];
    let now = Instant::now();
    let (mut caller, offer) = Peer::offer(now, &links[0].reach()).expect("an offer");
    assert_eq!(offer.matches("a=candidate").count(), 1, "{offer}");
    let (callee, answer) = Peer::answer(now, &links[1].reach(), &offer).expect("an answer");
    // What is to be sent at once is told again by ICE.
    drop(caller.accept(now, &answer).expect("it is accepted"));
    let says = [bursts(6, 1), bursts(6, 2)];
    let switches = Switches {
        echo: false,
        noise: false,
        gain: false,
    };
    let [one, other] = links;
    let sides = [(caller, one), (callee, other)];
    let time = Duration::from_secs(7);
    let heard = talk(sides, [&says[0], &says[1]], time, switches).await;
    for side in 0..2 {
        let events = &heard[side].events;
        assert!(events.contains(&PeerEvent::Connected), "{events:?}");
        assert!(!events.contains(&PeerEvent::Silent), "{events:?}");
        let at = 4 * RATE as usize + 24_000;
        let part = &says[1 - side][at..at + 24_000];
        // A computer that does much else lets a side miss its turn, and that stays in its file.
        let samples = &heard[side].samples[at - 24_000..at + 72_000];
        let lag = delay(part, samples);
        let alike = likeness(part, &samples[lag..lag + part.len()]);
        println!("side {side}: {alike}, {:?}", heard[side].stats);
        // Its tempo is adjusted on the way; what somebody else says is not alike at all.
        assert!(alike > 0.3, "{alike}");
    }
    assert!(gives_back(plain).await, "what is lent is given back");
    drop((alice, bob));
    serving.abort();
}

/// Whether nothing is lent any more, soon.
async fn gives_back(server: SocketAddr) -> bool {
    for _ in 0..200 {
        let mut stream = TcpStream::connect(server).await.expect("connected");
        let asked = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        asked.await.expect("asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("answered");
        assert!(
            text.contains("callsign_turn_allocations_made_total 2\n"),
            "{text}"
        );
        if text.contains("callsign_turn_allocations 0\n") {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn a_relay_lends_addresses_of_version_6() {
    if tokio::net::UdpSocket::bind("[::1]:0").await.is_err() {
        println!("this computer has no IPv6");
        return;
    }
    let server = server("[::1]:0").await;
    let url = format!("ws://{}", server.plain_addr());
    let serving = tokio::spawn(server.serve());
    let (_alice, ice) = sign_in(&url, "alice").await;
    let here = "::1".parse().expect("an address");
    let mut link = Link::at(&[here]).await.expect("a socket");
    link.gather(&ice, Policy::RelayOnly, GATHER * 10).await;
    let reach = link.reach();
    let [Reach::Relayed { lent, .. }] = reach[..] else {
        panic!("{reach:?}")
    };
    assert!(lent.is_ipv6(), "{lent}");
    serving.abort();
}

/// What is not there is not waited for.
#[tokio::test]
async fn a_server_that_does_not_answer_costs_little() {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await;
    let silent = silent.expect("a socket");
    let at = silent.local_addr().expect("an address");
    let server = IceServer {
        urls: vec![format!("stun:{at}"), format!("turn:{at}?transport=udp")],
        username: "1:a".to_owned(),
        credential: "b".to_owned(),
        ttl: 1,
    };
    let mut link = bind().await;
    let before = Instant::now();
    link.gather(&[server], Policy::Any, GATHER).await;
    let took = before.elapsed();
    assert!((GATHER..GATHER * 3).contains(&took), "{took:?}");
    assert!(matches!(link.reach()[..], [Reach::Host(_)]));
}

#[tokio::test]
async fn a_wrong_credential_lends_nothing() {
    let server = server("127.0.0.1:0").await;
    let at = server.turn_addr().expect("a relay");
    let serving = tokio::spawn(server.serve());
    let wrong = IceServer {
        urls: vec![format!("stun:{at}"), format!("turn:{at}?transport=udp")],
        username: "99999999999:alice".to_owned(),
        credential: "guessed".to_owned(),
        ttl: 1,
    };
    let mut link = bind().await;
    let before = Instant::now();
    link.gather(&[wrong], Policy::Any, Duration::from_secs(20))
        .await;
    assert!(
        before.elapsed() < Duration::from_secs(10),
        "it is told soon"
    );
    assert!(
        matches!(link.reach()[..], [Reach::Host(_)]),
        "{:?}",
        link.reach()
    );
    serving.abort();
}
