//! `doctor`: one line a check, `ok ...` or `problem ...: remedy`. Changes nothing; only where a server was killed may the
//! database's library make the index of its log anew.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags};

use super::{open_files, with_sources};
use crate::net::tls::{CERT_FILE, CertificateFacts, Identity, KEY_FILE, RENEW_BEFORE};
use crate::net::{addresses, private};
use crate::server::config::{Advertise, Config, ConfigArgs};
use crate::server::{ADMIN_TOKEN_FILE, TLS_DIR, outside, store};

/// How long a server on this machine may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(2);
/// No clock that is right shows an earlier time: 2026-01-01.
const NOT_BEFORE_S: u64 = 1_767_225_600;
/// ... nor a later one: 2100-01-01, after which 32 bits of seconds in a token soon end.
const NOT_AFTER_S: u64 = 4_102_444_800;
/// How far in the future the data may have been written before the clock is doubted.
const CLOCK_SLACK: Duration = Duration::from_secs(24 * 3600);

/// Permission bits that others must not have on what is its owner's alone, ...
const OTHERS_AND_GROUP: u32 = 0o077;
/// ... and on an operator's own files, which a group of theirs may read.
const OTHERS: u32 = 0o007;

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    Ok(String),
    Problem { what: String, remedy: String },
}

pub(super) fn run(args: ConfigArgs) -> ExitCode {
    let file = args.config.clone();
    let findings = match Config::load(args) {
        Ok(config) => examine(&config, file.as_deref()),
        Err(error) => vec![problem(
            with_sources(&error),
            "correct the configuration, then run doctor again",
        )],
    };
    let mut healthy = true;
    for finding in findings {
        match finding {
            Finding::Ok(what) => println!("ok {what}"),
            Finding::Problem { what, remedy } => {
                healthy = false;
                println!("problem {what}: {remedy}");
            }
        }
    }
    if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What others than the owner may read and should not, each with its remedy.
pub(super) fn exposed(config: &Config, file: Option<&Path>) -> Vec<String> {
    let exposed = |finding| match finding {
        Finding::Ok(_) => None,
        Finding::Problem { what, remedy } => Some(format!("{what}: {remedy}")),
    };
    privacy(config, file)
        .into_iter()
        .filter_map(exposed)
        .collect()
}

fn examine(config: &Config, file: Option<&Path>) -> Vec<Finding> {
    let now_s = crate::server::unix_s();
    let mut findings = vec![configuration(config, file)];
    findings.extend(config.warnings().into_iter().map(Finding::Ok));
    findings.extend(config.dangers().into_iter().map(|danger| {
        let (what, remedy) = danger.split_once(": ").unwrap_or((&danger, ""));
        Finding::Problem {
            what: what.to_owned(),
            remedy: remedy.to_owned(),
        }
    }));
    findings.extend(privacy(config, file));
    if let Some(dir) = &config.data {
        findings.push(database(&dir.join(store::DATABASE)));
    }
    findings.extend(certificate(config, now_s));
    findings.extend(ports(config.listen));
    findings.extend(relay(config));
    findings.extend(lent(config));
    findings.extend(open_files::most().map(files));
    findings.push(clock(now_s, config.data.as_deref()));
    findings
}

fn configuration(config: &Config, file: Option<&Path>) -> Finding {
    let apps = match config.apps.len() {
        0 => "any app id, without token, on this machine only".to_owned(),
        1 => "1 app".to_owned(),
        number => format!("{number} apps"),
    };
    Finding::Ok(match file {
        Some(path) => format!("configuration {}: {apps}", path.display()),
        None => format!("no configuration file: {apps}"),
    })
}

fn has_certificates(config: &Config) -> bool {
    config
        .apps
        .iter()
        .any(|app| !app.rules.certificates.is_empty())
}

/// Who may read what holds secrets.
fn privacy(config: &Config, file: Option<&Path>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(file) = file.filter(|_| has_certificates(config)) {
        findings.extend(private_file(file, OTHERS));
    }
    if let Some(dir) = &config.data {
        findings.extend(data_directory(dir));
    }
    if let Some(files) = &config.tls {
        findings.extend(private_file(&files.key, OTHERS));
    }
    findings
}

fn data_directory(dir: &Path) -> Vec<Finding> {
    if !dir.exists() {
        let what = format!(
            "data directory {} is made at the first start",
            dir.display()
        );
        return vec![Finding::Ok(what)];
    }
    let tls = dir.join(TLS_DIR);
    let mut findings = vec![private_directory(dir)];
    if tls.exists() {
        findings.push(private_directory(&tls));
    }
    for file in [
        tls.join(KEY_FILE),
        dir.join(ADMIN_TOKEN_FILE),
        dir.join(store::DATABASE),
    ] {
        findings.extend(private_file(&file, OTHERS_AND_GROUP));
    }
    findings
}

fn private_directory(path: &Path) -> Finding {
    if !path.is_dir() {
        let what = format!("{} is no directory", path.display());
        return problem(what, "move it away, or choose another with --data");
    }
    permissions(path, OTHERS_AND_GROUP, "700")
}

/// A file that is not there is no problem: it is made when it is needed.
fn private_file(path: &Path, forbidden: u32) -> Option<Finding> {
    path.exists().then(|| permissions(path, forbidden, "600"))
}

fn permissions(path: &Path, forbidden: u32, wanted: &str) -> Finding {
    let shown = path.display();
    match private::mode(path) {
        Ok(Some(mode)) if mode & forbidden != 0 => problem(
            format!("others may read {shown} (mode {mode:o})"),
            &format!("chmod {wanted} {shown}"),
        ),
        Ok(Some(mode)) => Finding::Ok(format!("{shown} is private (mode {mode:o})")),
        Ok(None) => Finding::Ok(format!("{shown} is there")),
        Err(error) => problem(
            format!("{shown} cannot be looked at ({error})"),
            "run doctor as the user that runs the server",
        ),
    }
}

fn database(path: &Path) -> Finding {
    let shown = path.display();
    if !path.exists() {
        return Finding::Ok(format!("database {shown} is made at the first start"));
    }
    let broken = |why: String| {
        problem(
            format!("database {shown} is damaged ({why})"),
            "stop the server and restore the data directory from a backup",
        )
    };
    let checked = open_to_look(path).and_then(|database| {
        database.query_row("PRAGMA integrity_check(1)", [], |row| {
            row.get::<_, String>(0)
        })
    });
    match checked {
        Ok(answer) if answer == "ok" => Finding::Ok(format!("database {shown} is sound")),
        Ok(answer) => broken(answer),
        Err(error) => broken(error.to_string()),
    }
}

/// Opens a database without a trace. Nobody has one open that has no log beside it, and only then may it be taken as
/// immutable, which keeps the library from making a log.
fn open_to_look(path: &Path) -> rusqlite::Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match path.to_str() {
        Some(text) if !Path::new(&log).exists() => {
            let escaped = text
                .replace('%', "%25")
                .replace('?', "%3f")
                .replace('#', "%23");
            let uri = format!("file:{escaped}?immutable=1");
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        }
        Some(_) | None => Connection::open_with_flags(path, flags),
    }
}

fn certificate(config: &Config, now_s: u64) -> Vec<Finding> {
    let (cert, key) = match (&config.tls, &config.data) {
        (Some(files), _) => (files.cert.clone(), files.key.clone()),
        (None, Some(dir)) => {
            let dir = dir.join(TLS_DIR);
            (dir.join(CERT_FILE), dir.join(KEY_FILE))
        }
        (None, None) => return Vec::new(),
    };
    let shown = cert.display().to_string();
    if config.tls.is_none() && !cert.exists() {
        let what = format!("certificate {shown} is made at the first start");
        return vec![Finding::Ok(what)];
    }
    let identity = match Identity::from_files(&cert, &key) {
        Ok(identity) => identity,
        Err(error) => {
            return vec![problem(
                with_sources(&error),
                "put a certificate and its own key there, both PEM",
            )];
        }
    };
    let facts = identity.facts();
    vec![
        validity(&shown, facts, now_s),
        coverage(&shown, facts, config),
    ]
}

fn validity(shown: &str, facts: &CertificateFacts, now_s: u64) -> Finding {
    let remedy = if facts.ours {
        "restart the server: it makes a new one, with the same key"
    } else {
        "renew it and restart the server"
    };
    let left_s = facts.not_after_s - i64::try_from(now_s).unwrap_or(i64::MAX);
    let days = left_s / (24 * 3600);
    if !facts.is_good_at(now_s) {
        return problem(format!("certificate {shown} is not valid now"), remedy);
    }
    if !facts.is_good_at(now_s + RENEW_BEFORE.as_secs()) {
        let what = format!("certificate {shown} runs out in {days} days");
        return problem(what, remedy);
    }
    Finding::Ok(format!("certificate {shown} is valid for {days} days"))
}

fn coverage(shown: &str, facts: &CertificateFacts, config: &Config) -> Finding {
    let told = config.advertise.as_ref().map(ToString::to_string);
    let (wanted, remedy) = if facts.ours {
        let wanted = addresses::certificate_names(told.as_deref());
        (wanted, "restart the server: it makes one that does")
    } else {
        // An operator's own certificate need not name this machine's addresses, only where clients are sent.
        let wanted = told.into_iter().collect();
        (wanted, "get one that does: clients check it")
    };
    let missing = facts.missing(&wanted).join(", ");
    if missing.is_empty() {
        Finding::Ok(format!("certificate {shown} has the names it needs"))
    } else {
        let what = format!("certificate {shown} does not name {missing}");
        problem(what, remedy)
    }
}

fn ports(listen: SocketAddr) -> Vec<Finding> {
    if listen.port() == 0 {
        let what = "two free ports are picked at each start".to_owned();
        return vec![Finding::Ok(what)];
    }
    if answers(listen) {
        return vec![Finding::Ok(format!("a server answers on {listen}"))];
    }
    [listen.port(), listen.port() + 1]
        .map(|port| free(SocketAddr::new(listen.ip(), port)))
        .into()
}

/// The port of the relay.
fn relay(config: &Config) -> Option<Finding> {
    let at = config.turn?.listen;
    if at.port() == 0 {
        let what = "a free port for the relay is picked at each start";
        return Some(Finding::Ok(what.to_owned()));
    }
    if config.listen.port() != 0 && answers(config.listen) {
        let what = format!("the relay's port {at} is the running server's to hold");
        return Some(Finding::Ok(what));
    }
    Some(match UdpSocket::bind(at) {
        Ok(_) => Finding::Ok(format!("{at} is free for the relay (UDP)")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => problem(
            format!("another program uses {at} (UDP)"),
            "stop it, or choose another port with --turn",
        ),
        Err(error) => problem(
            format!("{at} cannot be listened on by UDP ({error})"),
            "choose an address of this machine with --turn",
        ),
    })
}

/// Which addresses the relay lends, where a name is to tell.
fn lent(config: &Config) -> Option<Finding> {
    let (Some(_), Some(Advertise::Name(name))) = (&config.turn, &config.advertise) else {
        return None;
    };
    Some(match outside::look(name) {
        Ok(Some(ip)) => Finding::Ok(format!("the relay lends {ip}, to which {name} leads")),
        Ok(None) => Finding::Ok(format!(
            "{name} leads to this machine: the relay lends its own addresses"
        )),
        Err(error) => problem(
            format!(
                "{}: callers from elsewhere may be lent addresses that they cannot reach",
                with_sources(&error)
            ),
            "advertise the address at which others reach this machine, or mend the name",
        ),
    })
}

fn free(address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::Ok(format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => problem(
            format!("another program uses {address}"),
            "stop it, or choose another port with --listen",
        ),
        Err(error) => problem(
            format!("{address} cannot be listened on ({error})"),
            "choose an address of this machine with --listen",
        ),
    }
}

fn files(most: u64) -> Finding {
    let shown = if most == u64::MAX {
        "any number of".to_owned()
    } else {
        most.to_string()
    };
    let what = format!("a server may have {shown} open files, of which each connection is one");
    if most < open_files::ENOUGH {
        problem(what, open_files::REMEDY)
    } else {
        Finding::Ok(what)
    }
}

/// Whether a server that listens on this address says that it is up.
fn answers(listen: SocketAddr) -> bool {
    let ask = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&reachable(listen), ANSWER_TIME)?;
        stream.set_read_timeout(Some(ANSWER_TIME))?;
        stream.set_write_timeout(Some(ANSWER_TIME))?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask()
        .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok\n"))
}

/// Where something that listens on all addresses can be reached.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        specified @ (IpAddr::V4(_) | IpAddr::V6(_)) => specified,
    };
    SocketAddr::new(ip, listen.port())
}

fn clock(now_s: u64, data: Option<&Path>) -> Finding {
    const REMEDY: &str = "set it, best by a time service: tokens and times to live depend on it";
    if !(NOT_BEFORE_S..NOT_AFTER_S).contains(&now_s) {
        return problem(format!("the clock is wrong ({now_s} s since 1970)"), REMEDY);
    }
    let newest = data.and_then(newest_file);
    let limit = UNIX_EPOCH + Duration::from_secs(now_s) + CLOCK_SLACK;
    if newest.is_some_and(|written| written > limit) {
        return problem(
            "the clock is behind: the data was written in what it calls the future".to_owned(),
            REMEDY,
        );
    }
    Finding::Ok("the clock is plausible".to_owned())
}

fn newest_file(dir: &Path) -> Option<SystemTime> {
    fs::read_dir(dir)
        .ok()?
        .filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok())
        .max()
}

fn problem(what: String, remedy: &str) -> Finding {
    Finding::Problem {
        what,
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Durability;
    use crate::server::config::{Peers, TurnConfig};

    struct Installation {
        config: Config,
        _dir: tempfile::TempDir,
    }

    /// As a first start leaves it.
    fn installation() -> Installation {
        let dir = tempfile::tempdir().expect("a directory");
        let config = Config {
            data: Some(dir.path().join("data")),
            durability: Durability::Process,
            ..Config::default()
        };
        let data = config.data.as_deref().expect("given");
        drop(store::open(data, config.durability).expect("opened"));
        crate::server::identity(&config).expect("made");
        crate::server::admin_token(data).expect("made");
        Installation { config, _dir: dir }
    }

    fn problems(config: &Config) -> Vec<String> {
        examine(config, None)
            .into_iter()
            .filter_map(|finding| match finding {
                Finding::Ok(_) => None,
                Finding::Problem { what, remedy } => Some(format!("{what}: {remedy}")),
            })
            .collect()
    }

    fn only_problem(config: &Config) -> String {
        let mut problems = problems(config);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }

    #[test]
    fn a_relay_whose_port_is_taken_is_found() {
        let taken = UdpSocket::bind("127.0.0.1:0").expect("bound");
        let listen = taken.local_addr().expect("bound");
        let mut config = Config::default();
        assert_eq!(relay(&config), None);
        config.turn = Some(TurnConfig {
            listen,
            peers: Peers::Public,
        });
        let found = relay(&config);
        assert!(matches!(found, Some(Finding::Problem { .. })), "{found:?}");
        drop(taken);
        let found = relay(&config);
        assert!(matches!(found, Some(Finding::Ok(_))), "{found:?}");
    }

    #[test]
    fn a_relay_behind_a_name_that_leads_nowhere_is_found() {
        let mut config = Config {
            advertise: Some(Advertise::Name("localhost".to_owned())),
            ..Config::default()
        };
        assert_eq!(lent(&config), None, "there is no relay");
        config.turn = Some(TurnConfig {
            listen: "127.0.0.1:0".parse().expect("an address"),
            peers: Peers::Public,
        });
        let found = lent(&config);
        assert!(matches!(found, Some(Finding::Problem { .. })), "{found:?}");
        config.advertise = Some("203.0.113.7".parse().expect("an address"));
        assert_eq!(lent(&config), None, "an address needs no looking up");
    }

    #[test]
    fn a_fresh_installation_and_none_at_all_are_healthy() {
        assert_eq!(problems(&installation().config), [""; 0]);
        let dir = tempfile::tempdir().expect("a directory");
        let config = Config {
            data: Some(dir.path().join("none")),
            ..Config::default()
        };
        assert_eq!(problems(&config), [""; 0]);
        assert!(!dir.path().join("none").exists(), "nothing is changed");
    }

    #[test]
    fn nothing_is_changed() {
        let world = installation();
        let data = world.config.data.as_deref().expect("given");
        let files = || {
            let mut files: Vec<_> = fs::read_dir(data)
                .expect("read")
                .map(|entry| {
                    let entry = entry.expect("read");
                    let changed = entry.metadata().and_then(|file| file.modified());
                    (entry.file_name(), changed.expect("read"))
                })
                .collect();
            files.sort();
            files
        };
        let before = files();
        assert_eq!(problems(&world.config), [""; 0]);
        assert_eq!(files(), before);
        let open = store::open(data, Durability::Process).expect("opened");
        let before = files();
        assert_eq!(problems(&world.config), [""; 0]);
        assert_eq!(files(), before, "beside a server");
        drop(open);
    }

    #[cfg(unix)]
    #[test]
    fn what_others_may_read_is_found() {
        use std::os::unix::fs::PermissionsExt as _;
        let world = installation();
        let data = world.config.data.clone().expect("given");
        for (path, mode) in [
            (data.join("tls/key.pem"), 0o640),
            (data.join(ADMIN_TOKEN_FILE), 0o604),
            (data.join(store::DATABASE), 0o644),
            (data.join("tls"), 0o755),
            (data, 0o755),
        ] {
            let before = fs::metadata(&path).expect("there").permissions();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changed");
            let found = only_problem(&world.config);
            let remedy = format!("{}", path.display());
            assert!(
                found.contains(": chmod ") && found.ends_with(&remedy),
                "{found}"
            );
            assert_eq!(exposed(&world.config, None), [found], "serve says so, too");
            fs::set_permissions(&path, before).expect("changed back");
        }
    }

    #[test]
    fn a_damaged_database_is_found() {
        let world = installation();
        let path = world
            .config
            .data
            .as_deref()
            .expect("given")
            .join(store::DATABASE);
        let whole = fs::read(&path).expect("read");
        fs::write(&path, &whole[..whole.len() / 2]).expect("written");
        assert!(only_problem(&world.config).contains("is damaged"));
        fs::write(&path, b"this is something else altogether").expect("written");
        assert!(only_problem(&world.config).contains("is damaged"));
    }

    #[test]
    fn a_certificate_that_clients_will_refuse_is_found() {
        let mut world = installation();
        world.config.advertise = Some("sig.example.org".parse().expect("a host"));
        assert!(only_problem(&world.config).contains("does not name sig.example.org"));
        world.config.advertise = None;
        let key = world
            .config
            .data
            .as_deref()
            .expect("given")
            .join("tls/key.pem");
        fs::write(&key, "no key").expect("written");
        assert!(only_problem(&world.config).contains("no readable private key"));
    }

    #[test]
    fn a_certificate_near_its_end_is_found() {
        let world = installation();
        let identity = crate::server::identity(&world.config).expect("kept");
        let end_s = u64::try_from(identity.facts().not_after_s).expect("after 1970");
        let at = |now_s| validity("x", identity.facts(), now_s);
        assert!(matches!(
            at(end_s - RENEW_BEFORE.as_secs() - 1),
            Finding::Ok(_)
        ));
        let near = at(end_s - 24 * 3600 - 1);
        assert!(
            matches!(&near, Finding::Problem { what, .. } if what.ends_with("in 1 days")),
            "{near:?}"
        );
        let over = at(end_s + 1);
        assert!(
            matches!(&over, Finding::Problem { what, .. } if what.ends_with("not valid now")),
            "{over:?}"
        );
    }

    #[test]
    fn a_port_of_another_program_is_found() {
        let mut world = installation();
        let held = TcpListener::bind("127.0.0.1:0").expect("bound");
        let tls = held.local_addr().expect("bound");
        world.config.listen = SocketAddr::new(tls.ip(), tls.port() - 1);
        let found = problems(&world.config);
        let expected = format!("another program uses {tls}: stop it");
        assert!(
            found.iter().any(|problem| problem.starts_with(&expected)),
            "{found:?}"
        );
    }

    #[test]
    fn a_low_limit_of_open_files_is_found() {
        assert!(matches!(files(open_files::ENOUGH), Finding::Ok(_)));
        assert!(matches!(files(u64::MAX), Finding::Ok(_)));
        let low = files(open_files::ENOUGH - 1);
        assert!(
            matches!(&low, Finding::Problem { what, .. } if what.contains("4095 open files")),
            "{low:?}"
        );
    }

    #[test]
    fn a_clock_that_is_wrong_is_found() {
        let world = installation();
        let data = world.config.data.as_deref();
        let now_s = crate::server::unix_s();
        assert!(matches!(clock(now_s, data), Finding::Ok(_)));
        for wrong_s in [0, NOT_BEFORE_S - 1, NOT_AFTER_S] {
            let found = clock(wrong_s, None);
            assert!(matches!(found, Finding::Problem { .. }), "{found:?}");
        }
        let behind = clock(now_s - 3 * 24 * 3600, data);
        assert!(matches!(behind, Finding::Problem { .. }), "{behind:?}");
    }
}
