//! LAYER 3. The server: the hub on real sockets and a real disk. Binds, serves, shuts down; embeds in three lines.
//!
//! ```no_run
//! # async fn embed() -> Result<(), Box<dyn std::error::Error>> {
//! use callsign::server::{Config, Server};
//!
//! let server = Server::bind(Config::default()).await?;
//! println!("{}", server.ready_line());
//! server.serve().await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Config::default`] listens on free ports of loopback, takes any app id without a token, and keeps nothing on disk. What
//! an operator runs is in [`cli`].
//!
//! A connection's way from its port to the hub, and the hub's answers' way back:
//!
//! ```text
//! accept -> TLS -> http: head read -> a page, or accept_websocket -> HubHandle::serve_link
//!
//! socket -> one task a link -> queue of inputs -> driver -> Hub
//! socket <- one task a link <- its outbox <------ driver <- Hub
//!                                                 driver <-> store (its own thread)
//! ```
//!
//! Beside it, on sockets of its own, stands the relay for voice ([`turn`]), where one is asked for.

pub mod cli;
pub mod config;
pub mod turn;

mod accept;
mod batches;
mod clock;
mod control;
mod driver;
mod edge;
mod event;
mod handle;
mod held;
mod http;
mod invitation;
mod link;
mod lobby;
mod metrics;
mod outbox;
mod outside;
mod own;
mod store;
mod ws;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::net::tls::{Identity, TlsError};
use crate::net::{addresses, private};
use accept::Listeners;
use clock::Clock;
use edge::Edge;
use handle::{HubHandle, ServerStats};
use http::{AdminToken, Desk, Site};
use store::{DataDir, Store};
use turn::{Door, Grants, Relay, Secret};
use ws::accept_websocket;

pub use config::{Config, ConfigError, TurnConfig};
pub use control::{Busy, Control};
pub use driver::DriverError;
pub use store::{CommitError, OpenError};

/// The directory of the TLS identity within the data directory.
pub const TLS_DIR: &str = "tls";
/// The file of the admin token within the data directory.
pub const ADMIN_TOKEN_FILE: &str = "admin-token";

/// A server that holds its ports and its data, and serves once it is told to.
#[derive(Debug)]
pub struct Server {
    listeners: Listeners,
    plain: SocketAddr,
    tls: SocketAddr,
    identity: Identity,
    edge: Arc<Edge>,
    relay: Option<Relay>,
    driver: JoinHandle<Result<(), DriverError>>,
    shutdown: ShutdownHandle,
}

/// Asks a server to stop in good order. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ShutdownHandle(Arc<Notify>);

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The configuration does not fit together.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A port is in use.
    #[error("cannot listen on {address}: another program uses this port")]
    PortTaken {
        /// The address.
        address: SocketAddr,
    },
    /// A port cannot be had for another reason.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// There is no port for TLS.
    #[error("port {port} leaves no next port for TLS: choose a lower one")]
    NoNextPort {
        /// The port.
        port: u16,
    },
    /// The system does not say which port it gave us.
    #[error("the system does not tell the listener's address")]
    Address(#[source] io::Error),
    /// No TLS identity.
    #[error("TLS cannot be served")]
    Tls(#[from] TlsError),
    /// The data cannot be used.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// Reading what was kept ended badly.
    #[error("reading the data ended badly")]
    Task(#[from] tokio::task::JoinError),
    /// The admin token cannot be read or made.
    #[error("the admin token in {path} cannot be read or made", path = .path.display())]
    AdminToken {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
}

/// Why a server stopped though nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What drives the hub had to stop, so that nothing is acknowledged that is not kept.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// It ended badly.
    #[error("the server's own task ended badly")]
    Task(#[from] tokio::task::JoinError),
}

impl Server {
    /// Takes the ports and the data directory, and reads what was kept. Connections wait until [`Self::serve`].
    ///
    /// # Errors
    /// A configuration that does not fit together, a port or a data directory in use, a certificate that cannot be used.
    pub async fn bind(config: Config) -> Result<Self, BindError> {
        config.check()?;
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        let listeners = Listeners::bind(config.listen).await?;
        let plain = listeners.plain.local_addr().map_err(BindError::Address)?;
        let tls = listeners.tls.local_addr().map_err(BindError::Address)?;

        let reading = {
            let config = config.clone();
            move || Kept::read(&config)
        };
        let kept = tokio::task::spawn_blocking(reading).await??;
        let (relay, grants) = relay(&config, [plain.port(), tls.port()]).await?.unzip();
        let (hub, driver) = kept.hub.granting(grants).start();
        let site = Site {
            plain_port: plain.port(),
            tls_port: tls.port(),
            advertise: config.advertise.clone(),
            allow_plain: config.allow_plain,
            admin_token: kept.admin_token,
        };
        let desk = match (&config.data, config.durability) {
            (Some(dir), config::Durability::Disk | config::Durability::Process) => {
                Desk::new(dir.clone(), config.durability, &config.apps)
            }
            (Some(_), config::Durability::None) | (None, _) => Desk::closed(),
        };
        let mut edge = Edge::new(hub, site, desk);
        edge.relay = relay.as_ref().map(Relay::figures);
        Ok(Self {
            listeners,
            plain,
            tls,
            identity: kept.identity,
            edge: Arc::new(edge),
            relay,
            driver,
            shutdown: ShutdownHandle::default(),
        })
    }

    /// Where plain connections are taken.
    #[must_use]
    pub fn plain_addr(&self) -> SocketAddr {
        self.plain
    }

    /// Where TLS connections are taken.
    #[must_use]
    pub fn tls_addr(&self) -> SocketAddr {
        self.tls
    }

    /// Where STUN is answered and voice is relayed, if it is.
    #[must_use]
    pub fn turn_addr(&self) -> Option<SocketAddr> {
        self.relay.as_ref().map(Relay::at)
    }

    /// Who the server is to TLS clients.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What scripts wait for: `ready ws://127.0.0.1:7800 wss://127.0.0.1:7801`.
    #[must_use]
    pub fn ready_line(&self) -> String {
        format!("ready ws://{} wss://{}", self.plain, self.tls)
    }

    /// What an administrator may do with it.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(self.edge.hub.clone())
    }

    /// What ends [`Self::serve`].
    #[must_use]
    pub fn shutdown_handle(&self) -> ShutdownHandle {
        self.shutdown.clone()
    }

    /// Serves until asked to stop; then sends everybody away in the way that lets them come back, and keeps what must be kept.
    ///
    /// Dropping the future stops likewise, in the background: the ports are free at once, the data directory when everybody
    /// has been sent away and all is kept, for which the runtime must go on.
    ///
    /// # Errors
    /// The data could not be kept any more, so the server stopped rather than acknowledge what it may lose.
    pub async fn serve(self) -> Result<(), ServeError> {
        let acceptor = TlsAcceptor::from(self.identity.server_config());
        let plain = accept::accept(self.listeners.plain, None, Arc::clone(&self.edge));
        let tls = accept::accept(self.listeners.tls, Some(acceptor), Arc::clone(&self.edge));
        let relay = async {
            match self.relay {
                Some(relay) => relay.run().await,
                None => std::future::pending().await,
            }
        };
        let drain = Drain(self.edge.hub.clone());
        let stop = async {
            self.shutdown.0.notified().await;
            drain.0.drain();
            // The driver ends when all is done. Until then `/healthz` goes on answering.
            std::future::pending::<()>().await;
        };
        // Whichever way the driver ends, the listeners and all connections end with it.
        tokio::select! {
            ended = self.driver => Ok(ended??),
            () = plain => Ok(()),
            () = tls => Ok(()),
            () = relay => Ok(()),
            () = stop => Ok(()),
        }
    }
}

/// Drains the hub when dropped.
struct Drain(HubHandle);

impl Drop for Drain {
    fn drop(&mut self) {
        self.0.drain();
    }
}

impl ShutdownHandle {
    /// Asks the server to stop. It does so once it serves; asking again changes nothing.
    pub fn shutdown(&self) {
        self.0.notify_one();
    }
}

/// What comes from the disk.
struct Kept {
    hub: driver::Prepared,
    identity: Identity,
    admin_token: Option<AdminToken>,
}

impl Kept {
    /// Takes the data directory and reads what was kept. Waits for the disk.
    fn read(config: &Config) -> Result<Self, BindError> {
        let mut line_seed = [0; 32];
        getrandom::fill(&mut line_seed)?;
        tracing::debug!("opening the data");
        let mut clock = Clock::new();
        // The store comes before all other files, since it makes sure that no other process uses the directory.
        let store = match &config.data {
            Some(dir) => {
                let now_ms = clock.now().unix_ms;
                Store::start(DataDir::take(dir)?, config.durability, now_ms)?
            }
            None => Store::none(),
        };
        let hub = driver::prepare(config.settings(line_seed), store, clock);
        let admin_token = match &config.data {
            Some(dir) => Some(admin_token(dir)?),
            None => None,
        };
        Ok(Self {
            hub,
            identity: identity(config)?,
            admin_token,
        })
    }
}

/// The relay that a configuration asks for, and what hands out its credentials.
async fn relay(config: &Config, ports: [u16; 2]) -> Result<Option<(Relay, Grants)>, BindError> {
    let Some(TurnConfig { listen, peers }) = config.turn else {
        return Ok(None);
    };
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    let secret = Secret::new(secret);
    let relay = Relay::bind(Door {
        listen,
        peers,
        outside: outside::outside(config.advertise.as_ref()).await,
        ports: ports.into(),
        secret: secret.clone(),
    });
    let relay = relay.await?;
    let grants = Grants::new(secret, relay.at(), config.advertise.clone());
    Ok(Some((relay, grants)))
}

/// The TLS identity that a configuration asks for.
pub(crate) fn identity(config: &Config) -> Result<Identity, TlsError> {
    if let Some(files) = &config.tls {
        return Identity::from_files(&files.cert, &files.key);
    }
    let told = config.advertise.as_ref().map(ToString::to_string);
    let names = addresses::certificate_names(told.as_deref());
    match &config.data {
        Some(dir) => Identity::kept_in(&dir.join(TLS_DIR), &names, unix_s()),
        None => Identity::in_memory(&names, unix_s()),
    }
}

/// The wall clock, in seconds since the Unix epoch.
pub(crate) fn unix_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The admin token of a data directory, made at the first start, and anew where its file is empty.
fn admin_token(dir: &Path) -> Result<AdminToken, BindError> {
    let path = dir.join(ADMIN_TOKEN_FILE);
    let in_file = |source| BindError::AdminToken {
        path: path.clone(),
        source,
    };
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(AdminToken::new(&text)),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(in_file(source)),
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    private::replace(&path, format!("{text}\n").as_bytes()).map_err(in_file)?;
    Ok(AdminToken::new(&text))
}

#[cfg(test)]
mod tests;
