//! A desk of the test's own: nothing of the computer's display, buses, sounds or secrets is used.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::programs::{Running, bus_config, said, wait};

/// Where Debian and others keep what listens for screen readers.
const LAUNCHERS: [&str; 2] = [
    "/usr/libexec/at-spi-bus-launcher",
    "/usr/lib/at-spi2-core/at-spi-bus-launcher",
];

/// How long a step of mouse or keyboard may take, in seconds.
const PATIENCE: &str = "30";

/// A display with a window manager, a bus, notifications, and what screen readers listen to.
pub(super) struct Desk {
    display: String,
    bus: String,
    /// Ended in this order: whoever is drawn goes before the display.
    _programs: Vec<Running>,
    folder: tempfile::TempDir,
}

impl Desk {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let config = bus_config(folder.path());
        let dunst = folder.path().join("dunstrc");
        // A click with the left button is the click on Answer: this daemon draws no buttons.
        let rules = "[global]\nidle_threshold = 0\nmouse_left_click = do_action\nwidth = 400\n\n\
            [callsign]\nappname = Callsign\naction_name = answer\n";
        std::fs::write(&dunst, rules).expect("written");
        let (screen, display) = Running::display("3600x800x24");
        let mut bus = Running::start(
            Command::new("dbus-daemon")
                .args(["--nofork", "--print-address=1", "--config-file"])
                .arg(&config)
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let mut desk = Self {
            display,
            bus: bus.first_line(),
            _programs: Vec::new(),
            folder,
        };
        let launcher = LAUNCHERS.into_iter().find(|path| Path::new(path).exists());
        let launcher = launcher.expect("at-spi2-core (tests/run.sh installs it)");
        for (program, arguments) in [
            (launcher, &["--launch-immediately", "--a11y=1"][..]),
            ("openbox", &["--sm-disable"]),
            ("dunst", &["-config", dunst.to_str().expect("a path")]),
        ] {
            let mut command = desk.command(program);
            command.args(arguments).stdout(Stdio::null());
            desk._programs
                .push(Running::start(command.stderr(Stdio::null())));
        }
        desk._programs.extend([bus, screen]);
        wait("the window manager", || {
            said(desk.command("xdotool").arg("get_num_desktops")).is_some()
        });
        wait("the notification daemon", || {
            said(desk.command("dunstctl").arg("is-paused")).is_some()
        });
        desk
    }

    /// A program that sees this desk alone.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("PULSE_SERVER");
        command
    }

    pub(super) fn bus(&self) -> &str {
        &self.bus
    }

    /// Where everything is kept that the Callsigns of this desk keep.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Moves the mouse and types.
    #[track_caller]
    pub(super) fn xdotool(&self, arguments: &[&str]) -> String {
        // Some of what it can wait for never comes; that is to fail, and to say what it was.
        let mut command = self.command("timeout");
        said(command.args([PATIENCE, "xdotool"]).args(arguments))
            .unwrap_or_else(|| panic!("xdotool {arguments:?}"))
    }

    /// Clicks on the notification that is on the screen, as soon as there is one.
    pub(super) fn click_notification(&self) {
        let search = ["search", "--sync", "--onlyvisible", "--class", "dunst"];
        let window = self.xdotool(&search);
        let window = window.lines().next().expect("a number");
        self.xdotool(&["mousemove", "--window", window, "60", "20", "click", "1"]);
    }
}
