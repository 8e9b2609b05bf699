//! A running program, and what the system says of it.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::desk::Desk;
use super::{empty, fill};

/// A program with a window; it ends with this.
pub(super) struct App<'a> {
    child: Child,
    _desk: &'a Desk,
}

impl<'a> App<'a> {
    /// Callsign, with what is kept there.
    pub(super) fn start(desk: &'a Desk, data: &Path) -> Self {
        let mut command = desk.command(env!("CARGO_BIN_EXE_callsign"));
        command
            .args(["--profile", fill::NAME, "--theme", "light", "--data"])
            .arg(data);
        Self::spawn(desk, command)
    }

    /// A window with nothing in it.
    pub(super) fn empty(desk: &'a Desk) -> Self {
        let this = std::env::current_exe().expect("this program");
        let mut command = desk.command(this.to_str().expect("a path"));
        command.arg(empty::ARGUMENT);
        Self::spawn(desk, command)
    }

    fn spawn(desk: &'a Desk, mut command: std::process::Command) -> Self {
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            child: command.spawn().expect("started"),
            _desk: desk,
        }
    }

    /// Its proportional share of memory, in MB.
    pub(super) fn memory(&self) -> f64 {
        let text = self.read("smaps_rollup");
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|kb| kb.parse::<f64>().ok())
            .expect("a number")
            / 1024.0
    }

    /// How many ticks of the processor it takes meanwhile.
    pub(super) fn ticks_in(&self, desk: &Desk, time: Duration) -> u64 {
        let before = self.ticks();
        desk.pass(time);
        self.ticks() - before
    }

    /// Of all its threads, as the user and as the system (proc(5), `stat`, fields 14 and 15).
    fn ticks(&self) -> u64 {
        let text = self.read("stat");
        let (_, fields) = text.rsplit_once(')').expect("a name in brackets");
        let fields: Vec<_> = fields.split_whitespace().collect();
        let field = |number: usize| fields[number - 3].parse::<u64>().expect("a number");
        field(14) + field(15)
    }

    fn read(&self, name: &str) -> String {
        let path = format!("/proc/{}/{name}", self.child.id());
        std::fs::read_to_string(path).expect("it runs")
    }
}

impl Drop for App<'_> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
