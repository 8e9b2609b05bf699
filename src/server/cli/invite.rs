//! `invite`: prints a link that lets one person sign in.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::duration;
use crate::net::addresses;
use crate::net::tls::{CERT_FILE, TlsError};
use crate::protocol::{Account, AppId};
use crate::server::config::{Config, ConfigArgs, ConfigError, Durability, url_host};
use crate::server::invitation::{self, ExchangeError};
use crate::server::{TLS_DIR, store};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Who is invited
    account: Account,
    /// The app; not needed if there is only one
    #[arg(long, value_name = "ID")]
    app: Option<AppId>,
    /// How long the token is good that the link is exchanged for
    #[arg(long, value_name = "DURATION", default_value_t = Validity::default(), value_parser = validity)]
    valid: Validity,
    #[command(flatten)]
    config: ConfigArgs,
}

/// A duration that shows itself as it is written.
#[derive(Clone, Copy, Debug)]
struct Validity(Duration);

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Choose(#[from] super::ChooseError),
    #[error("invitations are kept on disk, but `durability` is none")]
    NothingKept,
    #[error(
        "no server has run with the data directory {}: start one first, or say the right one with --data", .dir.display()
    )]
    NoServer { dir: PathBuf },
    #[error("the server picks its own port (`listen` has port 0), so no link can name it")]
    NoPort,
    #[error(transparent)]
    Store(#[from] store::OpenError),
    #[error("the server's TLS identity cannot be used")]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Invite(#[from] ExchangeError),
}

pub(super) fn run(args: Args) -> Result<(), Error> {
    let config = Config::load(args.config)?;
    let app = app(&config, args.app)?;
    let link = make(&config, &app, &args.account, args.valid.0)?;
    println!("{link}");
    eprintln!(
        "{} can use this link once, within {} hours.",
        args.account,
        invitation::CODE_LIFE.as_secs() / 3600
    );
    if config.advertise.is_none() && config.listen.ip().to_canonical().is_loopback() {
        eprintln!("It leads to this machine alone, since the server listens on loopback only.");
    }
    Ok(())
}

fn app(config: &Config, asked: Option<AppId>) -> Result<AppId, Error> {
    if !config.apps.is_empty() {
        return Ok(super::choose(&config.apps, asked.as_ref())?.id.clone());
    }
    match asked {
        Some(app) => Ok(app),
        None => Ok(AppId::try_from(invitation::DEFAULT_APP).map_err(ExchangeError::from)?),
    }
}

fn make(
    config: &Config,
    app: &AppId,
    account: &Account,
    validity: Duration,
) -> Result<String, Error> {
    let dir = match (&config.data, config.durability) {
        (Some(dir), Durability::Disk | Durability::Process) => dir,
        (Some(_), Durability::None) | (None, _) => return Err(Error::NothingKept),
    };
    if config.listen.port() == 0 {
        return Err(Error::NoPort);
    }
    if !has_run(config, dir) {
        return Err(Error::NoServer { dir: dir.clone() });
    }
    let now_s = crate::server::unix_s();
    // Made now and thrown away, so that the operator learns here that it cannot be made, and not the invited.
    let expires_s = now_s.saturating_add(validity.as_secs());
    drop(invitation::token_for(
        &config.apps,
        app,
        account,
        now_s,
        expires_s,
    )?);

    let connection = store::open(dir, config.durability)?;
    let identity = crate::server::identity(config)?;
    let code = invitation::invite(&connection, app, account, validity, now_s)?;
    let port = config.listen.port() + 1;
    Ok(invitation::link(
        &host(config),
        port,
        app,
        &code,
        identity.fingerprint(),
    ))
}

/// Whether a server has left its database and its TLS identity; whoever made them here would invite to nowhere.
fn has_run(config: &Config, dir: &Path) -> bool {
    let identity = config.tls.is_some() || dir.join(TLS_DIR).join(CERT_FILE).exists();
    identity && dir.join(store::DATABASE).exists()
}

/// The host of the link: the advertised one, else the address listened on, else the best guess at how others reach this machine.
fn host(config: &Config) -> String {
    if let Some(told) = &config.advertise {
        return told.url_host();
    }
    let listen = config.listen.ip().to_canonical();
    if listen.is_unspecified() {
        let guess = addresses::outward_ipv4().unwrap_or(Ipv4Addr::LOCALHOST);
        return url_host(IpAddr::V4(guess));
    }
    url_host(listen)
}

fn validity(text: &str) -> Result<Validity, String> {
    duration::parse(text).map(Validity)
}

impl Default for Validity {
    fn default() -> Self {
        Self(invitation::TOKEN_VALIDITY)
    }
}

impl std::fmt::Display for Validity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&duration::show(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::App;
    use crate::server::invitation::Code;

    fn config(dir: &tempfile::TempDir, listen: &str) -> Config {
        Config {
            listen: listen.parse().expect("an address"),
            data: Some(dir.path().join("data")),
            durability: Durability::Process,
            apps: vec![App::of("one", &["secret"])],
            ..Config::default()
        }
    }

    /// Leaves what a server leaves.
    fn serve_once(config: &Config) {
        let data = config.data.as_deref().expect("given");
        drop(store::open(data, config.durability).expect("opened"));
        crate::server::identity(config).expect("made");
    }

    #[test]
    fn where_no_server_has_run_nobody_is_invited_and_nothing_is_made() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = config(&dir, "127.0.0.1:7800");
        let one = AppId::try_from("one").expect("an app id");
        let error = make(&config, &one, &alice(), Duration::from_secs(60)).expect_err("refused");
        assert!(matches!(error, Error::NoServer { .. }), "{error}");
        assert!(!dir.path().join("data").exists());
    }

    fn alice() -> Account {
        Account::try_from("alice").expect("a name")
    }

    #[test]
    fn the_link_holds_a_code_that_the_server_exchanges() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = config(&dir, "127.0.0.1:7800");
        let app = app(&config, None).expect("the only one");
        serve_once(&config);
        let link = make(&config, &app, &alice(), Duration::from_secs(60)).expect("made");
        let fingerprint = crate::server::identity(&config)
            .expect("kept")
            .fingerprint()
            .to_owned();
        let rest = link
            .strip_prefix("callsign://127.0.0.1:7801/?app=one&code=")
            .expect("as told");
        let code = rest
            .strip_suffix(&format!("&fp={fingerprint}"))
            .expect("as told");
        let data = config.data.as_deref().expect("given");
        let connection = store::open(data, config.durability).expect("opened");
        let now_s = crate::server::unix_s();
        let got = invitation::exchange(&config.apps, &connection, &Code::new(code), now_s);
        assert_eq!(got.expect("exchanged").account, alice());
    }

    #[test]
    fn the_host_is_the_advertised_or_where_the_server_listens() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = config(&dir, "192.0.2.1:7800");
        assert_eq!(host(&config), "192.0.2.1");
        config.advertise = Some("sig.example.org".parse().expect("a host"));
        assert_eq!(host(&config), "sig.example.org");
    }

    #[test]
    fn without_an_app_the_default_one_is_meant() {
        let config = Config::default();
        assert_eq!(
            app(&config, None).expect("the default").as_str(),
            "callsign"
        );
    }

    #[test]
    fn what_cannot_work_is_refused_at_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let one = AppId::try_from("one").expect("an app id");
        let validity = Duration::from_secs(60);
        let mut config = config(&dir, "127.0.0.1:0");
        let error = make(&config, &one, &alice(), validity).expect_err("refused");
        assert!(matches!(error, Error::NoPort), "{error}");
        config.durability = Durability::None;
        let error = make(&config, &one, &alice(), validity).expect_err("refused");
        assert!(matches!(error, Error::NothingKept), "{error}");
    }
}
