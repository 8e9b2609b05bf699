//! Programs that tests start beside the app: a display, buses, daemons. They end with what owns them.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A bus that starts nothing by itself.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Writes down what such a bus is like, and says where.
pub(crate) fn bus_config(folder: &Path) -> PathBuf {
    let config = folder.join("bus.conf");
    std::fs::write(&config, BUS).expect("written");
    config
}

/// A program that ends with what owns it.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    #[track_caller]
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(spawn(command.stdin(Stdio::null())))
    }

    /// A display, and its name.
    #[track_caller]
    pub(crate) fn display(screen: &str) -> (Self, String) {
        let mut display = Self::start(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", screen])
                .args(["-nolisten", "tcp", "-noreset"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let name = format!(":{}", display.first_line());
        (display, name)
    }

    /// The first line that it writes.
    #[track_caller]
    pub(crate) fn first_line(&mut self) -> String {
        let told = self.0.stdout.take().expect("piped");
        let mut line = String::new();
        BufReader::new(told).read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts a program, or says where it comes from.
#[track_caller]
pub(crate) fn spawn(command: &mut Command) -> Child {
    let name = command.get_program().to_owned();
    let child = command.spawn();
    child.unwrap_or_else(|error| panic!("{name:?}: {error} (tests/run.sh installs it)"))
}

/// What a program says, if it does what it should.
#[track_caller]
pub(crate) fn said(command: &mut Command) -> Option<String> {
    let name = command.get_program().to_owned();
    let output = command.stdin(Stdio::null()).output();
    let output =
        output.unwrap_or_else(|error| panic!("{name:?}: {error} (tests/run.sh installs it)"));
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.trim().to_owned())
}

/// Asks again and again; each time takes as long as a program takes to answer.
#[track_caller]
pub(crate) fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let latest = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < latest, "no {what}");
    }
}
