//! A desk with a real notification daemon and a real sound server, or with a real keyring: the test starts itself anew within a
//! D-Bus session, a display and a sound server of its own, so that nothing of the computer's own is used.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Says to the test, started anew, where its desk is.
const DESK: &str = "DESK_OF_THIS_TEST";
/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Programs that end with the desk.
pub(crate) struct Running(Child);

impl Running {
    #[track_caller]
    fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_owned();
        Self(
            command
                .stdin(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{name:?}: {error} (tests/run.sh installs it)")),
        )
    }
}

impl Running {
    /// With something to read.
    #[track_caller]
    pub(crate) fn fed(command: &mut Command, input: Option<&[u8]>) -> Self {
        let name = command.get_program().to_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name:?}: {error} (tests/run.sh installs it)"));
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.unwrap_or_default()).expect("read");
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What a test sees of its desk.
pub(crate) struct Desk {
    _dunst: Running,
}

/// Runs a test at a desk; `name` is the test's own, and `action` is what a click on a call's notification does.
pub(crate) fn at_a_desk(name: &str, action: &str, test: impl FnOnce(&Desk)) {
    if let Some(folder) = std::env::var_os(DESK) {
        test(&Desk::within(&PathBuf::from(folder)));
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let config = format!(
        "[global]\nidle_threshold = 0\n\n[callsign]\nappname = Callsign\naction_name = {action}\n"
    );
    std::fs::write(folder.path().join("dunstrc"), config).expect("written");
    let mut display = Running::start(
        Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "800x600x24"])
            .args(["-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    );
    let mut number = String::new();
    let told = display.0.stdout.take().expect("piped");
    BufReader::new(told).read_line(&mut number).expect("a line");
    let socket = folder.path().join("sound.socket");
    let _sound = Running::start(
        Command::new("pulseaudio")
            .args([
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
            ])
            .arg("--load=module-null-sink")
            .arg(format!(
                "--load=module-native-protocol-unix auth-anonymous=1 socket={}",
                socket.display()
            ))
            .env("HOME", folder.path())
            .env("XDG_RUNTIME_DIR", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let mut session = session(name, folder.path());
    session
        .env("DISPLAY", format!(":{}", number.trim()))
        .env("PULSE_SERVER", format!("unix:{}", socket.display()));
    succeed(&mut session);
}

/// Runs a test on a bus of its own, where nothing is yet; it is given a folder of its own, too.
pub(crate) fn on_a_bus(name: &str, test: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(DESK) {
        test(&PathBuf::from(folder));
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let mut session = session(name, folder.path());
    // There is nobody whom the keyring could ask.
    session.env_remove("DISPLAY");
    succeed(&mut session);
}

/// This test again, on a bus of its own.
fn session(name: &str, folder: &Path) -> Command {
    let bus = folder.join("bus.conf");
    std::fs::write(&bus, BUS).expect("written");
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new("dbus-run-session");
    command
        .arg("--config-file")
        .arg(&bus)
        .arg("--")
        .arg(this)
        .args([name, "--exact", "--nocapture"])
        .env_remove("WAYLAND_DISPLAY")
        .env("HOME", folder)
        .env("XDG_RUNTIME_DIR", folder)
        .env(DESK, folder);
    command
}

#[track_caller]
fn succeed(session: &mut Command) {
    let status = session.status();
    let status = status.expect("dbus-run-session (tests/run.sh installs it)");
    assert!(status.success(), "at the desk: {status}");
}

impl Desk {
    fn within(folder: &Path) -> Self {
        let dunst = Running::start(
            Command::new("dunst")
                .arg("-config")
                .arg(folder.join("dunstrc"))
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let desk = Self { _dunst: dunst };
        wait("the notification daemon", || {
            said("dunstctl", &["is-paused"]).is_some()
        });
        wait("the sound server", || said("pactl", &["info"]).is_some());
        desk
    }

    /// Waits until so many notifications are on the screen.
    #[track_caller]
    pub(crate) fn see(&self, notifications: usize) {
        let wanted = notifications.to_string();
        wait(&format!("{wanted} notifications"), || {
            said("dunstctl", &["count", "displayed"]).as_deref() == Some(&wanted)
        });
    }

    /// Clicks on the newest one.
    pub(crate) fn click(&self) {
        assert!(said("dunstctl", &["action", "0"]).is_some(), "no click");
    }

    /// Clicks on what is there until something holds.
    #[track_caller]
    pub(crate) fn click_until(&self, mut holds: impl FnMut() -> bool) {
        wait("effect of a click", || {
            self.click();
            holds()
        });
    }

    /// Waits until so many sounds are played.
    #[track_caller]
    pub(crate) fn hear(&self, sounds: usize) {
        wait(&format!("{sounds} sounds"), || {
            said("pactl", &["list", "short", "sink-inputs"])
                .is_some_and(|list| list.lines().filter(|line| !line.is_empty()).count() == sounds)
        });
    }
}

/// What a program says, if it does what it should.
pub(crate) fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.trim().to_owned())
}

/// Asks again and again; each time takes as long as a program takes to start.
#[track_caller]
pub(crate) fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let latest = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < latest, "no {what}");
    }
}
