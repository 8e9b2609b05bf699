//! What an operator decides: [`Config`], and how it is put together from flags, environment, file and defaults.
//!
//! The sources are in `sources.rs` and `file.rs`; this file knows only what they add up to, and which sums are refused.

mod advertise;
mod file;
mod sources;
mod turn;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::hub::{AppRules, Apps, Settings};
use crate::protocol::AppId;
use crate::protocol::limits::{self, Limits};

pub use super::store::Durability;
pub(crate) use advertise::url_host;
pub use advertise::{Advertise, AdvertiseError};
pub use file::{FileError, apps_in};
pub use sources::{ConfigArgs, LimitKeys, ServerKeys, default_data_dir};
pub use turn::{TurnConfig, TurnKey};

pub use super::turn::Peers;

/// What a server is called that was given no name.
const DEFAULT_NAME: &str = "Callsign";
/// Where the server listens unless told otherwise: for this machine alone.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7800);
/// Clients send a ping every 10 s; one that is a second late must not end the session.
pub const SHORTEST_IDLE_TIMEOUT: Duration = Duration::from_secs(11);

/// Nobody waits longer for a client that is gone: a day.
pub const LONGEST_IDLE_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// A certificate with fewer characters can be guessed; the API's own have 32.
const SHORTEST_CERTIFICATE: usize = 16;

/// Everything a server needs to know before it starts.
///
/// The default is for embedding and for tests: free ports on loopback, any app id, no token, nothing on disk.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where plain connections are taken; TLS ones are on the next port. Port 0 picks two free neighbours.
    pub listen: SocketAddr,
    /// The directory for everything that outlives the process; `None` keeps nothing at all.
    pub data: Option<PathBuf>,
    /// What a message that was acknowledged survives. Without `data`, nothing is kept whatever this says.
    pub durability: Durability,
    /// The host that clients are told, where it is not the local address of their own connection.
    pub advertise: Option<Advertise>,
    /// Whether WebSocket connections without TLS are taken off loopback, as the Python SDK needs.
    pub allow_plain: bool,
    /// The operator's own certificate and key; else a self-signed one is kept in `data`, or in memory.
    pub tls: Option<TlsFiles>,
    /// A session without any frame for so long is taken offline; from [`SHORTEST_IDLE_TIMEOUT`] to
    /// [`LONGEST_IDLE_TIMEOUT`].
    pub idle_timeout: Duration,
    /// Whether a session ends (105) when its token expires.
    pub end_at_token_expiry: bool,
    /// The apps served. None listed: any app id, no token, loopback only.
    pub apps: Vec<App>,
    /// Sizes and rates.
    pub limits: Limits,
    /// What the server is called, for people.
    pub name: String,
    /// The relay for voice, if there is to be one.
    pub turn: Option<TurnConfig>,
}

/// One app and its rules.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its rules. Tokens are made with the first certificate and verified with any.
    pub rules: AppRules,
}

/// An operator's own certificate (chain) and key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then its chain.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is nowhere to keep data.
    #[error("this system names no directory for data: say one with --data DIR")]
    NoDataDirectory,
    /// A token is required that nobody can make.
    #[error(
        "app {app} requires a token but has no certificate to verify one with: add one to `certificates`"
    )]
    TokenWithoutCertificate {
        /// Which app.
        app: AppId,
    },
    /// An app stands there twice.
    #[error("app {app} is configured twice")]
    DuplicateApp {
        /// Which one.
        app: AppId,
    },
    /// Open to the network, and open to everybody.
    #[error(
        "listening on {listen} without any [[app]] would let everybody on the network in under any name: \
         configure an [[app]], or listen on 127.0.0.1"
    )]
    OpenOffLoopback {
        /// The address.
        listen: SocketAddr,
    },
    /// One half of a key pair.
    #[error("`tls_cert` and `tls_key` go together: give both or neither")]
    HalfTls,
    /// Too short for clients to stay, or longer than makes sense.
    #[error(
        "`idle_timeout` must be from {} to {} seconds, since clients send a ping every 10 seconds",
        SHORTEST_IDLE_TIMEOUT.as_secs(),
        LONGEST_IDLE_TIMEOUT.as_secs()
    )]
    IdleTimeout,
    /// There is no port for TLS.
    #[error("port {port} leaves no next port for TLS: choose a lower one")]
    LastPort {
        /// The port.
        port: u16,
    },
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: None,
            durability: Durability::None,
            advertise: None,
            allow_plain: false,
            tls: None,
            idle_timeout: limits::IDLE_TIMEOUT,
            end_at_token_expiry: false,
            apps: Vec::new(),
            limits: Limits::default(),
            name: DEFAULT_NAME.to_owned(),
            turn: None,
        }
    }
}

impl Config {
    /// What does not fit together in it.
    ///
    /// # Errors
    /// The first thing that must be changed before a server may start.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut seen = std::collections::HashSet::new();
        for App { id, rules } in &self.apps {
            if !seen.insert(id) {
                return Err(ConfigError::DuplicateApp { app: id.clone() });
            }
            if rules.token_required && rules.certificates.is_empty() {
                return Err(ConfigError::TokenWithoutCertificate { app: id.clone() });
            }
        }
        if self.apps.is_empty() && !self.listen.ip().to_canonical().is_loopback() {
            return Err(ConfigError::OpenOffLoopback {
                listen: self.listen,
            });
        }
        if !(SHORTEST_IDLE_TIMEOUT..=LONGEST_IDLE_TIMEOUT).contains(&self.idle_timeout) {
            return Err(ConfigError::IdleTimeout);
        }
        if self.listen.port() == u16::MAX {
            return Err(ConfigError::LastPort { port: u16::MAX });
        }
        Ok(())
    }

    /// The rules for the hub. `line_seed` must be random and new for each start.
    #[must_use]
    pub fn settings(&self, line_seed: [u8; 32]) -> Settings {
        let apps = if self.apps.is_empty() {
            Apps::Any
        } else {
            let listed: HashMap<_, _> = self
                .apps
                .iter()
                .map(|app| (app.id.clone(), app.rules.clone()))
                .collect();
            Apps::Listed(listed)
        };
        Settings {
            apps,
            limits: self.limits.clone(),
            idle_timeout: self.idle_timeout,
            end_at_token_expiry: self.end_at_token_expiry,
            line_seed,
            server_name: self.name.clone(),
            keeps: self.keeps(),
        }
    }

    /// Whether anything outlives the process.
    fn keeps(&self) -> bool {
        self.data.is_some() && self.durability != Durability::None
    }

    /// Who may sign in that should not, one sentence each with its remedy.
    #[must_use]
    pub fn dangers(&self) -> Vec<String> {
        let local = self.listen.ip().to_canonical().is_loopback();
        let dangers = self.apps.iter().flat_map(|App { id, rules }| {
            let open = !local && !rules.token_required;
            let weak = rules.certificates.iter().any(|certificate| {
                certificate.expose().len() < SHORTEST_CERTIFICATE
            });
            let open = open.then(|| {
                format!("app {id} lets everybody on the network in under any name: give it `certificates`, and leave `token_required` true")
            });
            let weak = weak.then(|| {
                format!("app {id} has a certificate of fewer than {SHORTEST_CERTIFICATE} characters, which can be guessed: make one with `openssl rand -hex 16`")
            });
            open.into_iter().chain(weak)
        });
        let relay = self.turn.filter(|turn| {
            turn.peers == Peers::Any && !turn.listen.ip().to_canonical().is_loopback()
        });
        let relay = relay.map(|_| {
            "through the relay everybody who is signed in reaches what listens on this machine's loopback: \
             set `turn_peers` to `public`, or to `private` for callers of one private network".to_owned()
        });
        dangers.chain(relay).collect()
    }

    /// What an operator should know though it stops nothing, one sentence each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let (
            Limits {
                history,
                history_days,
                ..
            },
            usual,
        ) = (&self.limits, Limits::default());
        let asked = [
            ("history", *history, usual.history),
            ("history_days", *history_days, usual.history_days),
        ];
        asked
            .into_iter()
            .filter(|(_, value, usual)| !self.keeps() && value != usual)
            .map(|(key, ..)| format!("limits.{key} has no effect: nothing outlives this server"))
            .collect()
    }
}

#[cfg(test)]
impl App {
    /// One for tests, with these certificates and default rules.
    pub(crate) fn of(id: &str, certificates: &[&str]) -> Self {
        let certificate = |text: &&str| crate::protocol::token::Certificate::new(*text);
        Self {
            id: AppId::try_from(id).expect("an app id"),
            rules: AppRules {
                certificates: certificates.iter().map(certificate).collect(),
                ..AppRules::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(id: &str, certificates: &[&str], token_required: bool) -> App {
        let mut app = App::of(id, certificates);
        app.rules.token_required = token_required;
        app
    }

    #[test]
    fn the_default_is_open_on_loopback_and_keeps_nothing() {
        let config = Config::default();
        config.check().expect("fit to start");
        assert!(matches!(config.settings([0; 32]).apps, Apps::Any));
        assert_eq!(config.data, None);
        assert!(config.warnings().is_empty());
    }

    #[test]
    fn a_listed_app_closes_the_door_to_others() {
        let config = Config {
            apps: vec![app("one", &["secret"], true)],
            ..Config::default()
        };
        config.check().expect("fit to start");
        let Apps::Listed(apps) = config.settings([0; 32]).apps else {
            panic!("apps are listed");
        };
        assert_eq!(apps.len(), 1);
        assert!(apps.values().all(|rules| rules.token_required));
    }

    #[test]
    fn off_loopback_needs_an_app() {
        for listen in ["0.0.0.0:7800", "192.0.2.1:7800", "[::]:7800"] {
            let mut config = Config {
                listen: listen.parse().expect("an address"),
                ..Config::default()
            };
            let error = config.check().expect_err("refused");
            assert!(error.to_string().contains("[[app]]"), "{error}");
            config.apps.push(app("one", &[], false));
            config.check().expect("an app was configured");
        }
        for listen in ["127.0.0.2:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            let config = Config {
                listen: listen.parse().expect("an address"),
                ..Config::default()
            };
            config.check().expect("loopback");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let refused = |config: Config| config.check().expect_err("refused").to_string();
        let text = refused(Config {
            apps: vec![app("one", &[], true)],
            ..Config::default()
        });
        assert!(text.contains("app one requires a token"), "{text}");
        let text = refused(Config {
            apps: vec![app("one", &[], false), app("one", &[], false)],
            ..Config::default()
        });
        assert!(text.contains("configured twice"), "{text}");
        let text = refused(Config {
            idle_timeout: Duration::from_secs(10),
            ..Config::default()
        });
        assert!(text.contains("from 11 to"), "{text}");
        let text = refused(Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, u16::MAX)),
            ..Config::default()
        });
        assert!(text.contains("65535"), "{text}");
    }

    #[test]
    fn no_certificate_is_ever_shown() {
        let config = Config {
            apps: vec![app("one", &["very secret"], true)],
            ..Config::default()
        };
        let shown = format!("{config:?}");
        assert!(!shown.contains("very secret"), "{shown}");
    }

    #[test]
    fn who_lets_everybody_in_is_told_so() {
        let open = App::of("open", &[]);
        let mut guarded = App::of("guarded", &["fedcba9876543210"]);
        guarded.rules.token_required = true;
        let mut weak = App::of("weak", &["secret"]);
        weak.rules.token_required = true;
        let mut config = Config {
            listen: SocketAddr::from(([0, 0, 0, 0], 7800)),
            apps: vec![open, guarded, weak],
            ..Config::default()
        };
        let dangers = config.dangers();
        assert!(
            dangers[0].starts_with("app open lets everybody"),
            "{dangers:?}"
        );
        assert!(
            dangers[1].starts_with("app weak has a certificate"),
            "{dangers:?}"
        );
        assert_eq!(dangers.len(), 2);
        assert!(!dangers[1].contains("secret"));
        config.listen = DEFAULT_LISTEN;
        assert_eq!(config.dangers().len(), 1, "on this machine alone");
        config.turn = Some(TurnConfig {
            listen: SocketAddr::from(([0, 0, 0, 0], 3478)),
            peers: Peers::Any,
        });
        assert!(config.dangers()[1].contains("turn_peers"));
    }
}
