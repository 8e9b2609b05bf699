//! A server beside the windows, in this process.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use callsign::hub::AppRules;
use callsign::protocol::token::{self, Certificate, TokenKind, TokenSpec};
use callsign::protocol::{Account, AppId};
use callsign::server::config::{App, Peers};
use callsign::server::{Config, Server, ShutdownHandle, TurnConfig};

/// What signs tokens.
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";

/// A server that keeps nothing, in a thread of its own.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) address: SocketAddr,
    shutdown: ShutdownHandle,
    thread: std::thread::JoinHandle<()>,
}

impl Own {
    pub(crate) fn start(listen: SocketAddr) -> Self {
        let config = Config {
            listen,
            ..Config::default()
        };
        Self::with(config)
    }

    /// One that relays calls.
    pub(crate) fn with_relay() -> Self {
        Self::with(Config {
            listen: ([127, 0, 0, 1], 0).into(),
            turn: Some(TurnConfig {
                listen: ([127, 0, 0, 1], 0).into(),
                peers: Peers::Public,
            }),
            ..Config::default()
        })
    }

    /// What it counts under a name.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(self.address).expect("connected");
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answered");
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(&format!("callsign_{name} ")));
        line.and_then(|value| value.parse().ok())
            .unwrap_or_else(|| panic!("{name} in {text}"))
    }

    /// One that wants a token for the app `callsign`.
    pub(crate) fn with_tokens() -> Self {
        let rules = AppRules {
            certificates: vec![Certificate::new(CERTIFICATE)],
            token_required: true,
            ..AppRules::default()
        };
        let id = AppId::try_from("callsign").expect("an app");
        Self::with(Config {
            listen: ([127, 0, 0, 1], 0).into(),
            apps: vec![App { id, rules }],
            ..Config::default()
        })
    }

    fn with(config: Config) -> Self {
        let (told, ready) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
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

    pub(crate) fn stop(self) {
        self.shutdown.shutdown();
        self.thread.join().expect("an orderly end");
    }
}

/// A token for an account, which counts for an hour.
pub(crate) fn token(account: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_s = now.expect("after 1970").as_secs();
    let spec = TokenSpec {
        app: &AppId::try_from("callsign").expect("an app"),
        certificate: &Certificate::new(CERTIFICATE),
        account: &Account::try_from(account).expect("an account"),
        issued_s: now_s,
        expires_s: now_s + 3600,
        salt: 1,
    };
    let token = token::build(TokenKind::Signaling, &spec);
    token.expect("any app will do").expose().to_owned()
}
