//! The system's keyring, really: the daemon of a desktop, with a keyring in a folder of the test's own.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use zbus::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::desk::said;
use crate::programs::{Running, spawn, wait};

/// A keyring's daemon, the system's own, whose keyring is in a folder.
pub(crate) struct KeyringDaemon {
    _daemon: Running,
}

/// What it is called on the bus, and what it calls the keyring of a login.
const SERVICE: &str = "org.freedesktop.secrets";
const LOGIN: &str = "/org/freedesktop/secrets/collection/login";
/// What unlocks it.
const PASSWORD: &[u8] = b"of this test";

impl KeyringDaemon {
    /// Starts it, as at a login with a password; without one, nothing is unlocked, and at first there is no keyring at all.
    #[track_caller]
    pub(crate) fn start(folder: &Path, unlock: bool) -> Self {
        let mut command = Self::command(folder);
        command.args(["--foreground", "--components=secrets"]);
        if unlock {
            command.arg("--unlock");
        }
        let mut daemon = spawn(command.stdin(Stdio::piped()));
        let mut stdin = daemon.stdin.take().expect("piped");
        let password = if unlock { PASSWORD } else { &[] };
        stdin.write_all(password).expect("read");
        drop(stdin);
        let daemon = Self {
            _daemon: Running(daemon),
        };
        wait("the keyring's daemon", || {
            let owner = [
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            ];
            let bus = [
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
            ];
            said("dbus-send", &[&bus[..], &owner].concat())
                .is_some_and(|said| said.contains("true"))
        });
        daemon
    }

    /// Locks what it has.
    #[track_caller]
    pub(crate) fn lock(&self) {
        let to = [
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.secrets",
        ];
        let lock = [
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
        ];
        let what = ["array:objpath:/org/freedesktop/secrets/collection/login"];
        let said = said("dbus-send", &[&to[..], &lock, &what].concat());
        assert!(said.is_some(), "not locked");
    }

    /// Unlocks it, as whoever types the password that the desktop asks for.
    #[track_caller]
    pub(crate) fn unlock(&self) {
        let unlocked = zbus::block_on(unlock());
        unlocked.expect("unlocked");
    }

    fn command(folder: &Path) -> Command {
        let control = folder.join("keyring");
        let mut command = Command::new("gnome-keyring-daemon");
        command
            .arg("--control-directory")
            .arg(&control)
            .env("GNOME_KEYRING_CONTROL", &control)
            .env("XDG_DATA_HOME", folder.join("share"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}

async fn unlock() -> zbus::Result<()> {
    let bus = Connection::session().await?;
    let nothing = ("plain", Value::from(""));
    let (service, interface) = ("/org/freedesktop/secrets", "org.freedesktop.Secret.Service");
    let opened = bus
        .call_method(
            Some(SERVICE),
            service,
            Some(interface),
            "OpenSession",
            &nothing,
        )
        .await?;
    let (_, session): (OwnedValue, OwnedObjectPath) = opened.body().deserialize()?;
    let password = (session, Vec::<u8>::new(), PASSWORD.to_vec(), "text/plain");
    let login = ObjectPath::try_from(LOGIN)?;
    bus.call_method(
        Some(SERVICE),
        service,
        Some("org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"),
        "UnlockWithMasterPassword",
        &(login, password),
    )
    .await?;
    Ok(())
}
