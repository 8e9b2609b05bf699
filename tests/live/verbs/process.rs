//! A verb at work: a process with two streams of lines.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::server::Server;

/// A build to try in the place of the debug one.
const OTHER_BUILD: &str = "APP_UNDER_TEST";
pub(super) const APP: &str = "callsign-tests";
/// How long anything that must happen may take.
const DEADLINE: Duration = Duration::from_secs(40);

/// A verb at work. It is killed with what owns it.
pub(super) struct Verb {
    child: Child,
    lines_rx: Receiver<String>,
    complaints_rx: Receiver<String>,
    /// Results, so far.
    pub(super) said: Vec<String>,
    complained: Vec<String>,
}

impl Verb {
    /// For an account of this server.
    pub(super) fn start(server: &Server, account: &str, arguments: &[&str]) -> Self {
        Self::start_at(server.port(), account, arguments)
    }

    /// The same, for whatever listens at this port.
    pub(super) fn start_at(port: u16, account: &str, arguments: &[&str]) -> Self {
        let build = std::env::var(OTHER_BUILD);
        let build = build.as_deref().unwrap_or(env!("CARGO_BIN_EXE_callsign"));
        let url = format!("ws://127.0.0.1:{port}");
        let mut command = Command::new(build);
        for name in [
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "PULSE_SERVER",
            "XDG_RUNTIME_DIR",
        ] {
            command.env_remove(name);
        }
        let mut child = command
            .args(arguments)
            .args(["--server", &url, "--app", APP, "--account", account])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("callsign");
        let lines_rx = lines(child.stdout.take().expect("piped"));
        let complaints_rx = lines(child.stderr.take().expect("piped"));
        Self {
            child,
            lines_rx,
            complaints_rx,
            said: Vec::new(),
            complained: Vec::new(),
        }
    }

    /// Waits for a line.
    #[track_caller]
    pub(super) fn wait(&mut self, wanted: &str) {
        wait_in(&self.lines_rx, &mut self.said, wanted);
    }

    /// Waits for a line of what it does not count as a result.
    #[track_caller]
    pub(super) fn wait_complaint(&mut self, wanted: &str) {
        wait_in(&self.complaints_rx, &mut self.complained, wanted);
    }

    /// Sends it a signal, by its name without SIG.
    pub(super) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &process]).status();
        assert!(kill.expect("kill").success());
    }

    /// Waits for its end. Returns how it ended, what it said, and what it complained of.
    #[track_caller]
    pub(super) fn end(mut self) -> (ExitStatus, Vec<String>, String) {
        let latest = Instant::now() + DEADLINE;
        rest(&self.lines_rx, &mut self.said, latest);
        rest(&self.complaints_rx, &mut self.complained, latest);
        let status = self.child.wait().expect("over");
        (
            status,
            std::mem::take(&mut self.said),
            self.complained.join("\n"),
        )
    }
}

impl Drop for Verb {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Each line as it comes, until the end.
fn lines(of: impl Read + Send + 'static) -> Receiver<String> {
    let (lines_tx, lines_rx) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(of).lines().map_while(Result::ok) {
            // Nobody listens any more once a test is over.
            drop(lines_tx.send(line));
        }
    });
    lines_rx
}

#[track_caller]
fn wait_in(lines_rx: &Receiver<String>, before: &mut Vec<String>, wanted: &str) {
    let latest = Instant::now() + DEADLINE;
    loop {
        let left = latest.saturating_duration_since(Instant::now());
        let Ok(line) = lines_rx.recv_timeout(left) else {
            panic!("no {wanted:?} after {before:?}");
        };
        let found = line == wanted;
        before.push(line);
        if found {
            return;
        }
    }
}

#[track_caller]
fn rest(lines_rx: &Receiver<String>, before: &mut Vec<String>, latest: Instant) {
    loop {
        let left = latest.saturating_duration_since(Instant::now());
        match lines_rx.recv_timeout(left) {
            Ok(line) => before.push(line),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => panic!("no end after {before:?}"),
        }
    }
}
