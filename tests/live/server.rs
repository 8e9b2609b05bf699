//! The server under test: the real binary, with a data directory of its own, started, killed and started again.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// How long the server may take to be ready, or to be gone.
const DEADLINE: Duration = Duration::from_secs(20);

/// A running server. Killed, and its directory removed, when dropped.
pub(crate) struct Server {
    running: Running,
    directory: PathBuf,
    log: Arc<Mutex<String>>,
}

/// A process that has said that it is ready.
struct Running {
    child: Child,
    port: u16,
    /// At the end of the process, what it wrote to stdout after that.
    ended: mpsc::Receiver<String>,
}

impl Server {
    /// With no configuration: any app, no token.
    pub(crate) fn start() -> Self {
        Self::with_config("")
    }

    /// With this configuration file, unless it is empty.
    pub(crate) fn with_config(config: &str) -> Self {
        let directory = new_directory(config);
        let log = Arc::default();
        let running = spawn(&directory, 0, &log).expect("the server starts on any free ports");
        Self {
            running,
            directory,
            log,
        }
    }

    /// On ports that nobody is given by chance while the server is down, so that it can come back on them.
    pub(crate) fn to_be_restarted(config: &str) -> Self {
        let directory = new_directory(config);
        let log = Arc::default();
        // Below the range from which systems hand out ports of their own accord.
        let first = 10_000 + u16::try_from(std::process::id() % 10_000).expect("below 10,000") * 2;
        let running = (first..first + 200)
            .step_by(2)
            .find_map(|port| spawn(&directory, port, &log))
            .expect("one of a hundred pairs of ports is free");
        Self {
            running,
            directory,
            log,
        }
    }

    /// The plain port; TLS is on the next.
    pub(crate) fn port(&self) -> u16 {
        self.running.port
    }

    pub(crate) fn tls_port(&self) -> u16 {
        self.running.port + 1
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.join("data/tls/cert.pem")
    }

    /// The configuration file.
    pub(crate) fn config(&self) -> PathBuf {
        self.directory.join("config.toml")
    }

    /// Ends the server without a chance to say anything.
    pub(crate) fn kill9(&mut self) {
        self.running.child.kill().expect("the server runs");
        self.running.child.wait().expect("a killed server ends");
    }

    /// Asks the server to stop, and waits until it has.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let asked = Command::new("sh")
            .args([
                "-c",
                "kill -TERM \"$1\"",
                "sh",
                &self.running.child.id().to_string(),
            ])
            .status()
            .expect("a shell");
        assert!(asked.success(), "the server ended before it was asked to");
        let rest = self
            .running
            .ended
            .recv_timeout(DEADLINE)
            .expect("the server stops");
        assert_eq!(rest, "", "scripts rely on one line alone");
        self.running.child.wait().expect("the server is our child")
    }

    /// Starts again on the same ports and data.
    pub(crate) fn restart(&mut self) {
        let running = spawn(&self.directory, self.running.port, &self.log)
            .expect("the server starts on its former ports");
        self.running = running;
    }

    /// Sends it a signal, by its name without SIG.
    #[cfg(feature = "voice")]
    pub(crate) fn signal(&self, name: &str) {
        let process = self.running.child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &process]).status();
        assert!(kill.expect("kill").success());
    }

    fn said(&self) -> String {
        self.log.lock().expect("nobody panics with the log").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        drop(self.running.child.kill());
        drop(self.running.child.wait());
        drop(fs::remove_dir_all(&self.directory));
        let said = self.said();
        if thread::panicking() {
            eprintln!("--- the server on port {} said:\n{said}", self.running.port);
        } else {
            assert!(
                !said.contains("panicked at"),
                "the server panicked:\n{said}"
            );
        }
    }
}

/// A `callsign-server` command, untouched by the environment of whoever runs the tests.
pub(crate) fn callsign_server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsign-server"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CALLSIGN_") {
            command.env_remove(name);
        }
    }
    command
}

fn new_directory(config: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("live-{}-{count}", std::process::id()));
    if directory.exists() {
        fs::remove_dir_all(&directory).expect("what an earlier run left can be removed");
    }
    fs::create_dir_all(&directory).expect("a directory for the server");
    if !config.is_empty() {
        fs::write(directory.join("config.toml"), config).expect("a configuration file");
    }
    directory
}

/// `None` if the server ends instead of being ready.
fn spawn(directory: &Path, port: u16, log: &Arc<Mutex<String>>) -> Option<Running> {
    let mut command = callsign_server();
    command
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(directory.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let config = directory.join("config.toml");
    if config.exists() {
        command.arg("--config").arg(config);
    }
    let mut child = command.spawn().expect("callsign-server can be run");

    let stderr = child.stderr.take().expect("piped");
    let log = Arc::clone(log);
    let kept = Arc::clone(&log);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("nobody panics with the log");
            log.push_str(&line);
            log.push('\n');
        }
    });

    let (ready_tx, ready_rx) = mpsc::channel();
    let (ended_tx, ended) = mpsc::channel();
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    thread::spawn(move || {
        let mut line = String::new();
        let mut rest = String::new();
        // An error reads as the end. Nobody listens any more once a deadline is over.
        drop(stdout.read_line(&mut line));
        drop(ready_tx.send(line));
        drop(stdout.read_to_string(&mut rest));
        drop(ended_tx.send(rest));
    });
    let line = ready_rx.recv_timeout(DEADLINE).unwrap_or_default();
    if line.is_empty() {
        drop(child.kill());
        child.wait().expect("a killed server ends");
        let log = kept.lock().expect("nobody panics with the log");
        eprintln!("the server on port {port} is not ready:\n{log}");
        return None;
    }
    let port = ready_port(&line);
    Some(Running { child, port, ended })
}

/// Of `ready ws://127.0.0.1:7800 wss://127.0.0.1:7801` (section 20).
fn ready_port(line: &str) -> u16 {
    let port = line
        .strip_prefix("ready ws://127.0.0.1:")
        .and_then(|rest| rest.split(' ').next())
        .and_then(|port| port.parse().ok())
        .unwrap_or_else(|| panic!("not a ready line: {line}"));
    assert_eq!(
        line,
        format!("ready ws://127.0.0.1:{port} wss://127.0.0.1:{}\n", port + 1)
    );
    port
}
