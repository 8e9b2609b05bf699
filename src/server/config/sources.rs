//! Where a configuration comes from: flag over environment over file over default.
//!
//! One struct, [`ServerKeys`], is the `[server]` table, the flags and the environment at once, so that none can know a key that
//! another does not.

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Deserializer, de};

use super::file::File;
use super::{
    Advertise, Config, ConfigError, DEFAULT_LISTEN, Durability, Peers, TlsFiles, TurnConfig,
    TurnKey,
};

/// The flags of every command that needs a configuration, each with its environment variable.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// The configuration file (TOML)
    #[arg(long, env = "CALLSIGN_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What `[server]` of the file may say, too.
    #[command(flatten)]
    pub server: ServerKeys,
    /// A limit, as in `[limits]` of the file; may be repeated [env: CALLSIGN_LIMITS=NAME=NUMBER,...]
    #[arg(
        long = "limit",
        value_name = "NAME=NUMBER",
        value_delimiter = ',',
        value_parser = parse_limit
    )]
    pub limits: Vec<LimitKeys>,
    /// The same in the environment, apart so that a flag replaces one limit and not all.
    #[arg(
        long = "limits",
        env = "CALLSIGN_LIMITS",
        value_name = "NAME=NUMBER,...",
        value_delimiter = ',',
        value_parser = parse_limit,
        hide = true
    )]
    pub environment_limits: Vec<LimitKeys>,
}

/// The keys of `[server]`.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerKeys {
    /// What the server is called, for people
    #[arg(long, env = "CALLSIGN_NAME", value_name = "NAME")]
    pub name: Option<String>,
    /// Where to listen: plain on this port, TLS on the next
    #[arg(long, env = "CALLSIGN_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The directory for what outlives the process
    #[arg(long, env = "CALLSIGN_DATA", value_name = "DIR")]
    #[serde(deserialize_with = "path")]
    pub data: Option<PathBuf>,
    /// What acknowledged messages survive: a power cut (disk), a crash of the process (process), nothing (none)
    #[arg(long, env = "CALLSIGN_DURABILITY", value_name = "disk|process|none", value_parser = parse_durability)]
    #[serde(deserialize_with = "durability")]
    pub durability: Option<Durability>,
    /// The host that clients are told
    #[arg(long, env = "CALLSIGN_ADVERTISE", value_name = "HOST")]
    #[serde(deserialize_with = "from_text")]
    pub advertise: Option<Advertise>,
    /// Take WebSockets without TLS off loopback, too
    #[arg(long, env = "CALLSIGN_ALLOW_PLAIN", value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub allow_plain: Option<bool>,
    /// Your own certificate chain (PEM), instead of a self-signed one
    #[arg(long, env = "CALLSIGN_TLS_CERT", value_name = "FILE")]
    #[serde(deserialize_with = "path")]
    pub tls_cert: Option<PathBuf>,
    /// The key of your own certificate (PEM)
    #[arg(long, env = "CALLSIGN_TLS_KEY", value_name = "FILE")]
    #[serde(deserialize_with = "path")]
    pub tls_key: Option<PathBuf>,
    /// Take a session offline after so long without any frame
    #[arg(long, env = "CALLSIGN_IDLE_TIMEOUT", value_name = "SECONDS")]
    pub idle_timeout: Option<u64>,
    /// End a session when its token expires
    #[arg(long, env = "CALLSIGN_END_AT_TOKEN_EXPIRY", value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub end_at_token_expiry: Option<bool>,
    /// Answer STUN and relay voice by TURN, over UDP: `off`, or where to listen, by custom 3478
    #[arg(long, env = "CALLSIGN_TURN", value_name = "[ADDRESS:]PORT")]
    pub turn: Option<TurnKey>,
    /// Which addresses are reached through the relay
    #[arg(long, env = "CALLSIGN_TURN_PEERS", value_name = "public|private|any")]
    #[serde(deserialize_with = "from_text")]
    pub turn_peers: Option<Peers>,
}

/// The keys of `[limits]`; what they mean and their defaults are in [`crate::protocol::limits::Limits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitKeys {
    channel_messages_per_user: Option<u32>,
    channel_messages: Option<u32>,
    attribute_changes: Option<u32>,
    queries_per_user: Option<u32>,
    logins_per_address: Option<u32>,
    inbox: Option<u32>,
    members: Option<u32>,
    rooms: Option<u32>,
    history: Option<u32>,
    history_days: Option<u32>,
}

impl Config {
    /// The configuration of a server process: flag over environment (both are in `args`) over file over default.
    ///
    /// # Errors
    /// A file that cannot be read or understood, or what [`Config::check`] refuses.
    pub fn load(args: ConfigArgs) -> Result<Self, ConfigError> {
        let file = match &args.config {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        let server = args.server.or(file.server.clone());
        let limits = args
            .limits
            .into_iter()
            .rev()
            .chain(args.environment_limits.into_iter().rev())
            .chain([file.limits])
            .fold(LimitKeys::default(), LimitKeys::or);
        let data = server
            .data
            .or_else(default_data_dir)
            .ok_or(ConfigError::NoDataDirectory)?;
        let defaults = Self::default();
        let listen = server.listen.unwrap_or(DEFAULT_LISTEN);
        let turn = server.turn.and_then(|turn| turn.listen(listen));
        let config = Self {
            listen,
            data: Some(data),
            durability: server.durability.unwrap_or(Durability::Disk),
            advertise: server.advertise,
            allow_plain: server.allow_plain.unwrap_or(defaults.allow_plain),
            tls: match (server.tls_cert, server.tls_key) {
                (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
                (None, None) => None,
                (Some(_), None) | (None, Some(_)) => return Err(ConfigError::HalfTls),
            },
            idle_timeout: server
                .idle_timeout
                .map_or(defaults.idle_timeout, Duration::from_secs),
            end_at_token_expiry: server
                .end_at_token_expiry
                .unwrap_or(defaults.end_at_token_expiry),
            apps: file.into_apps(),
            limits: limits.over(defaults.limits),
            name: server.name.unwrap_or(defaults.name),
            turn: turn.map(|listen| TurnConfig {
                listen,
                peers: server.turn_peers.unwrap_or_default(),
            }),
        };
        config.check()?;
        Ok(config)
    }
}

/// A path of the file. An empty one would stand for the file's own directory.
fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(deserializer)?;
    if path.as_os_str().is_empty() {
        return Err(de::Error::custom("is empty: give a path, or leave it out"));
    }
    Ok(Some(path))
}

/// Where the system wants programs to keep their data; `None` where it does not say.
#[must_use]
pub fn default_data_dir() -> Option<PathBuf> {
    const NAME: &str = "callsign-server";
    let dir = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = if cfg!(windows) {
        dir("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        dir("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        dir("XDG_DATA_HOME").or_else(|| dir("HOME").map(|home| home.join(".local/share")))
    };
    base.map(|base| base.join(NAME))
}

impl ServerKeys {
    fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            listen: self.listen.or(other.listen),
            data: self.data.or(other.data),
            durability: self.durability.or(other.durability),
            advertise: self.advertise.or(other.advertise),
            allow_plain: self.allow_plain.or(other.allow_plain),
            tls_cert: self.tls_cert.or(other.tls_cert),
            tls_key: self.tls_key.or(other.tls_key),
            idle_timeout: self.idle_timeout.or(other.idle_timeout),
            end_at_token_expiry: self.end_at_token_expiry.or(other.end_at_token_expiry),
            turn: self.turn.or(other.turn),
            turn_peers: self.turn_peers.or(other.turn_peers),
        }
    }
}

impl LimitKeys {
    fn or(self, other: Self) -> Self {
        Self {
            channel_messages_per_user: self
                .channel_messages_per_user
                .or(other.channel_messages_per_user),
            channel_messages: self.channel_messages.or(other.channel_messages),
            attribute_changes: self.attribute_changes.or(other.attribute_changes),
            queries_per_user: self.queries_per_user.or(other.queries_per_user),
            logins_per_address: self.logins_per_address.or(other.logins_per_address),
            inbox: self.inbox.or(other.inbox),
            members: self.members.or(other.members),
            rooms: self.rooms.or(other.rooms),
            history: self.history.or(other.history),
            history_days: self.history_days.or(other.history_days),
        }
    }

    fn over(self, base: crate::protocol::limits::Limits) -> crate::protocol::limits::Limits {
        crate::protocol::limits::Limits {
            channel_messages_per_user: self
                .channel_messages_per_user
                .unwrap_or(base.channel_messages_per_user),
            channel_messages: self.channel_messages.unwrap_or(base.channel_messages),
            attribute_changes: self.attribute_changes.unwrap_or(base.attribute_changes),
            queries_per_user: self.queries_per_user.unwrap_or(base.queries_per_user),
            logins_per_address: self.logins_per_address.unwrap_or(base.logins_per_address),
            inbox: self.inbox.unwrap_or(base.inbox),
            members: self.members.unwrap_or(base.members),
            rooms: self.rooms.unwrap_or(base.rooms),
            history: self.history.unwrap_or(base.history),
            history_days: self.history_days.unwrap_or(base.history_days),
        }
    }
}

fn durability<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Durability>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_durability(&text).map(Some).map_err(de::Error::custom)
}

fn from_text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

fn parse_durability(text: &str) -> Result<Durability, &'static str> {
    match text {
        "disk" => Ok(Durability::Disk),
        "process" => Ok(Durability::Process),
        "none" => Ok(Durability::None),
        _ => Err("expected `disk`, `process` or `none`"),
    }
}

/// `inbox=5000`, read as a line of `[limits]`, so that both know the same names.
fn parse_limit(text: &str) -> Result<LimitKeys, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::protocol::Account;
    use crate::protocol::limits::Limits;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        config: ConfigArgs,
    }

    fn load(file: &str, flags: &[&str]) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("callsign.toml");
        fs::write(&path, file).expect("written");
        let mut args = Line::try_parse_from(["x"].iter().chain(flags))
            .expect("flags")
            .config;
        args.config = Some(path);
        Config::load(args)
    }

    fn problem(file: &str) -> String {
        load(file, &[]).expect_err("refused").to_string()
    }

    #[test]
    fn without_anything_the_defaults_of_the_protocol_page_hold() {
        let config = load("", &["--data", "/tmp/x"]).expect("loaded");
        assert_eq!(config.listen.to_string(), "127.0.0.1:7800");
        assert_eq!(config.durability, Durability::Disk);
        assert_eq!(config.idle_timeout, Duration::from_secs(120));
        assert_eq!(config.limits, Limits::default());
        assert!(config.apps.is_empty() && !config.allow_plain && !config.end_at_token_expiry);
    }

    #[test]
    fn every_key_is_understood() {
        let config = load(
            r#"
            [server]
            name = "Home"
            listen = "0.0.0.0:9000"
            data = "data"
            durability = "process"
            advertise = "sig.example.org"
            allow_plain = true
            tls_cert = "/etc/tls/cert.pem"
            tls_key = "key.pem"
            idle_timeout = 30
            end_at_token_expiry = true
            turn = 3478
            turn_peers = "private"

            [limits]
            channel_messages_per_user = 1
            channel_messages = 2
            attribute_changes = 3
            queries_per_user = 4
            logins_per_address = 5
            inbox = 6
            members = 0
            rooms = 8
            history = 9
            history_days = 10

            [[app]]
            id = "one"
            certificates = ["fedcba98", "01234567"]
            observers = ["watcher"]
            uid_zero = true
            legacy_codes = true
            extra_as_peeruid = true
            gateway = "phone"

            [[app]]
            id = "two"
            token_required = false
            "#,
            &[],
        )
        .expect("loaded");
        let dir = config
            .data
            .as_deref()
            .and_then(Path::parent)
            .expect("in the file's directory");
        let tls = config.tls.expect("own files");
        assert_eq!(tls.cert, Path::new("/etc/tls/cert.pem"));
        assert_eq!(tls.key, dir.join("key.pem"));
        assert_eq!(
            config.advertise,
            Some(Advertise::Name("sig.example.org".to_owned()))
        );
        assert_eq!(config.durability, Durability::Process);
        assert_eq!(config.idle_timeout, Duration::from_secs(30));
        assert!(config.allow_plain && config.end_at_token_expiry);
        let limits = Limits {
            channel_messages_per_user: 1,
            channel_messages: 2,
            attribute_changes: 3,
            queries_per_user: 4,
            logins_per_address: 5,
            inbox: 6,
            members: 0,
            rooms: 8,
            history: 9,
            history_days: 10,
        };
        assert_eq!(config.limits, limits);
        assert_eq!(config.name, "Home");
        let turn = config.turn.expect("a relay");
        assert_eq!(turn.listen.to_string(), "0.0.0.0:3478");
        assert_eq!(turn.peers, Peers::Private);
        let one = &config.apps[0].rules;
        assert_eq!(one.certificates.len(), 2);
        assert!(one.token_required, "since there are certificates");
        assert!(one.uid_zero && one.legacy_codes && one.extra_as_peeruid);
        assert_eq!(one.observers.len(), 1);
        assert_eq!(one.gateway.as_ref().map(Account::as_str), Some("phone"));
        assert!(!config.apps[1].rules.token_required);
    }

    #[test]
    fn history_that_nothing_keeps_is_told_to_have_no_effect() {
        let kept = load("[limits]\nhistory = 3", &["--data", "/tmp/x"]).expect("loaded");
        assert_eq!(kept.warnings(), [""; 0]);
        let config = load(
            "[limits]\nhistory = 3",
            &["--data", "/tmp/x", "--durability", "none"],
        );
        let config = config.expect("loaded");
        assert_eq!(config.warnings().len(), 1);
        assert!(config.warnings()[0].contains("limits.history"));
    }

    #[test]
    fn a_flag_stands_over_the_file() {
        let file = "[server]\nlisten = \"127.0.0.1:9000\"\nallow_plain = true\n[limits]\ninbox = 6\nmembers = 7";
        let flags = [
            "--listen=127.0.0.1:9100",
            "--allow-plain=false",
            "--limit=inbox=1,members=1",
            "--limit=inbox=2",
            // What the variable stands for.
            "--limits=inbox=3,channel_messages=3",
            "--data=/tmp/x",
        ];
        let config = load(file, &flags).expect("loaded");
        assert_eq!(config.limits.channel_messages, 3);
        assert_eq!(config.listen.port(), 9100);
        assert!(!config.allow_plain);
        assert_eq!((config.limits.inbox, config.limits.members), (2, 1));
        let alone = load(file, &["--allow-plain"]).expect("loaded");
        assert!(alone.allow_plain);
        assert_eq!(alone.listen.port(), 9000);
    }

    #[test]
    fn a_switch_may_be_a_number() {
        for (text, expected) in [("1", true), ("0", false), ("true", true), ("false", false)] {
            let flag = format!("--allow-plain={text}");
            let config = load("", &[&flag, "--data=/tmp/x"]).expect("loaded");
            assert_eq!(config.allow_plain, expected, "{text}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let text = problem("[server]\nlisten = \"127.0.0.1:1\"\nlisen = 3\n");
        assert!(
            text.contains("callsign.toml, line 3: unknown field `lisen`"),
            "{text}"
        );
        for file in [
            "[sever]\n",
            "[limits]\nrate = 1",
            "[[app]]\nid = \"a\"\nkey = 1",
        ] {
            assert!(problem(file).contains("unknown field"), "{file}");
        }
        assert!(Line::try_parse_from(["x", "--limit", "rate=1"]).is_err());
        assert!(Line::try_parse_from(["x", "--lisen", "1"]).is_err());
    }

    #[test]
    fn a_wrong_value_is_told_with_its_key() {
        let text = problem("[[app]]\nid = \"a b\"\n");
        assert!(text.contains("line 2: id: contains white space"), "{text}");
        let text = problem("[server]\ndurability = \"most\"\n");
        assert!(
            text.contains("line 2: durability: expected `disk`"),
            "{text}"
        );
        let text = problem("[server]\nadvertise = \"a:1\"\n");
        assert!(text.contains("without scheme, port or path"), "{text}");
        let text = problem("[limits]\ninbox = -1\n");
        assert!(text.contains("line 2: inbox"), "{text}");
        let text = problem("[server]\ntls_cert = \"a\"\n");
        assert!(text.contains("go together"), "{text}");
        for seconds in ["5", "86401", "9000000000000000000"] {
            let text = problem(&format!("[server]\nidle_timeout = {seconds}\n"));
            assert!(text.contains("idle_timeout"), "{text}");
        }
    }

    #[test]
    fn there_is_no_relay_unless_asked_for() {
        let turn = |file: &str, flags: &[&str]| {
            let flags = [flags, &["--data=/tmp/x"]].concat();
            load(&format!("[server]\n{file}\n"), &flags)
                .expect("loaded")
                .turn
        };
        for off in ["", "turn = false", "turn = \"off\"", "turn = \"\""] {
            assert_eq!(turn(off, &[]), None, "{off}");
        }
        assert_eq!(turn("turn = true", &["--turn=off"]), None);
        let turn = turn("turn = false", &["--turn=3478"]).expect("a relay");
        assert_eq!(turn.listen.to_string(), "127.0.0.1:3478");
        assert_eq!(turn.peers, Peers::Public);
        for wrong in ["70000", "\"yes\"", "{ port = 3478 }", "[1]"] {
            let text = problem(&format!("[server]\nturn = {wrong}\n"));
            assert!(text.contains("expected a port"), "{text}");
        }
        assert!(problem("[server]\nturn_peers = \"all\"\n").contains("`private`"));
    }

    #[test]
    fn an_empty_path_is_an_error() {
        for key in ["data", "tls_cert", "tls_key"] {
            let error = load(&format!("[server]\n{key} = \"\""), &[]).expect_err("refused");
            let text = error.to_string();
            assert!(text.contains(key) && text.contains("is empty"), "{text}");
        }
    }
}
