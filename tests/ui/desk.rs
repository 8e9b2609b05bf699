//! A desk with a real notification daemon and a real sound server, or with a real keyring: the test starts itself anew within a
//! D-Bus session, a display and a sound server of its own, so that nothing of the computer's own is used.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::programs::{self, Running, bus_config, wait};

/// Says to the test, started anew, where its desk is.
const DESK: &str = "DESK_OF_THIS_TEST";
/// Where it is written what each notification says when it comes or changes.
const SHOWN: &str = "shown";

/// What a test sees of its desk.
pub(crate) struct Desk {
    _dunst: Running,
    shown: PathBuf,
}

/// Runs a test at a desk; `name` is the test's own, and `action` is what a click on a call's notification does.
pub(crate) fn at_a_desk(name: &str, action: &str, test: impl FnOnce(&Desk)) {
    if let Some(folder) = std::env::var_os(DESK) {
        test(&Desk::within(&PathBuf::from(folder)));
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let script = folder.path().join("shown.sh");
    let shown = folder.path().join(SHOWN);
    let lines = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$DUNST_BODY\" >> {}\n",
        shown.display()
    );
    std::fs::write(&script, lines).expect("written");
    std::fs::set_permissions(&script, Permissions::from_mode(0o700)).expect("made a program");
    let config = format!(
        "[global]\nidle_threshold = 0\n\n[callsign]\nappname = Callsign\naction_name = {action}\nscript = {}\n",
        script.display()
    );
    std::fs::write(folder.path().join("dunstrc"), config).expect("written");
    let (_screen, display) = Running::display("800x600x24");
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
        .env("DISPLAY", display)
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
    let bus = bus_config(folder);
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
        let desk = Self {
            _dunst: dunst,
            shown: folder.join(SHOWN),
        };
        wait("the notification daemon", || {
            said("dunstctl", &["is-paused"]).is_some()
        });
        wait("the sound server", || said("pactl", &["info"]).is_some());
        desk
    }

    /// Waits until so many notifications are on the screen, and a click on them is heard.
    #[track_caller]
    pub(crate) fn see(&self, notifications: usize) {
        let wanted = notifications.to_string();
        wait(&format!("{wanted} notifications"), || {
            said("dunstctl", &["count", "displayed"]).as_deref() == Some(&wanted)
                && listeners() >= notifications
        });
    }

    /// Waits until the newest notification says this, and a click on it is heard.
    #[track_caller]
    pub(crate) fn see_text(&self, text: &str) {
        wait(&format!("\"{text}\" in a notification"), || {
            let shown = std::fs::read_to_string(&self.shown).unwrap_or_default();
            // Each form of a notification is shown and heard over a connection of its own.
            shown.lines().next_back() == Some(text) && listeners() >= shown.lines().count()
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

    /// Plugs in a speaker, or a microphone that hears nothing. Their names are those that people see, too.
    pub(crate) fn plug(&self, module: &str, name: &str) {
        let kind = module.trim_start_matches("module-null-");
        let names = [
            format!("{kind}_name={name}"),
            format!("{kind}_properties=device.description={name}"),
            format!("description={name}"),
        ];
        // A microphone takes its description by itself.
        let names = match kind {
            "sink" => &names[..2],
            _ => &[names[0].clone(), names[2].clone()],
        };
        let mut words = vec!["load-module", module];
        words.extend(names.iter().map(String::as_str));
        assert!(said("pactl", &words).is_some(), "{words:?}");
    }

    /// What the system prefers from now on; `kind` is sink or source.
    pub(crate) fn prefer(&self, kind: &str, name: &str) {
        let word = format!("set-default-{kind}");
        assert!(said("pactl", &[&word, name]).is_some(), "{word} {name}");
    }

    /// How many sounds are played at a speaker, or recorded at a microphone.
    pub(crate) fn used(&self, name: &str) -> usize {
        let list = |what: &str| said("pactl", &["list", "short", what]).unwrap_or_default();
        let devices = list("sinks") + "\n" + &list("sources");
        let mut devices = devices.lines().map(|line| line.split('\t'));
        let number = devices.find_map(|mut line| {
            let number = line.next()?;
            (line.next() == Some(name)).then(|| number.to_owned())
        });
        // A sink and a source may have the same number.
        let what = match list("sinks").contains(&format!("\t{name}\t")) {
            true => "sink-inputs",
            false => "source-outputs",
        };
        let streams = list(what);
        let at = streams.lines().map(|line| line.split('\t').nth(1));
        at.filter(|at| at.is_some() && *at == number.as_deref())
            .count()
    }

    /// Waits until so many sounds are played there, or recorded.
    #[track_caller]
    pub(crate) fn use_of(&self, name: &str, sounds: usize) {
        wait(&format!("{sounds} sounds at {name}"), || {
            self.used(name) == sounds
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

/// How many connections to the bus wait for what is done with a notification: notify-rust begins to listen once it has shown one, and
/// a program that clicks at once, as no person can, might not be heard.
fn listeners() -> usize {
    let stats = "org.freedesktop.DBus.Debug.Stats.GetAllMatchRules";
    let bus = "--dest=org.freedesktop.DBus";
    let path = "/org/freedesktop/DBus";
    said(
        "dbus-send",
        &["--session", "--print-reply", bus, path, stats],
    )
    .map_or(0, |rules| {
        rules.matches("member='NotificationClosed'").count()
    })
}

/// What a program says of this desk, if it does what it should.
pub(crate) fn said(program: &str, arguments: &[&str]) -> Option<String> {
    programs::said(Command::new(program).args(arguments))
}
