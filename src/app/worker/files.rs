//! Files: lets somebody choose one in the system's own dialog, and writes texts.
//!
//! The dialog cannot say that there is none: it answers as if somebody had pressed Cancel. So the desktop is asked first, and
//! an answer that came faster than a hand can press Cancel counts as none, too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::Out;
use super::session::Desk;
use crate::app::msg::{FileMsg, Msg};
use crate::app::state::Purpose;
use crate::net::private;

/// No hand is faster than this.
const HAND: Duration = Duration::from_millis(300);
/// How long a desktop may take to say whether it has dialogs; it may have to start them.
#[cfg(target_os = "linux")]
const PORTAL: Duration = Duration::from_secs(5);

impl Desk {
    pub(super) fn choose_file(&self, no: u64, purpose: Purpose) {
        let out = self.out.clone();
        tokio::spawn(async move { choose(no, purpose, out).await });
    }

    pub(super) fn write_file(&self, purpose: Purpose, path: PathBuf, text: String) {
        let out = self.out.clone();
        tokio::spawn(async move {
            let written = write(path, text).await;
            out.say(Msg::File(FileMsg::Written(purpose, written))).await;
        });
    }
}

async fn choose(no: u64, purpose: Purpose, out: Out) {
    let msg = match dialogs_here().await {
        true => ask(purpose).await,
        false => FileMsg::NoDialog(purpose),
    };
    out.say(Msg::File(FileMsg::Dialog(no, Box::new(msg)))).await;
}

/// Shows the dialog, which has a thread of its own.
async fn ask(purpose: Purpose) -> FileMsg {
    let mut dialog = rfd::AsyncFileDialog::new().set_title(purpose.title());
    for (ending, name) in purpose.kinds() {
        dialog = dialog.add_filter(*name, &[*ending]);
    }
    if let Some(home) = std::env::home_dir() {
        dialog = dialog.set_directory(home);
    }
    let asked = Instant::now();
    let chosen = if purpose.writes() {
        dialog.set_file_name(purpose.name()).save_file().await
    } else {
        dialog.pick_file().await
    };
    match chosen {
        Some(file) => FileMsg::Chosen(purpose, file.path().to_owned()),
        None if asked.elapsed() < HAND => FileMsg::NoDialog(purpose),
        None => FileMsg::Cancelled,
    }
}

/// Whether the desktop has a dialog for files. The portal is started by the question, where there is one.
#[cfg(target_os = "linux")]
async fn dialogs_here() -> bool {
    let asked = async {
        let bus = zbus::Connection::session().await?;
        let portal = zbus::fdo::PropertiesProxy::new(
            &bus,
            "org.freedesktop.portal.Desktop",
            "/org/freedesktop/portal/desktop",
        );
        let dialogs = zbus::names::InterfaceName::try_from("org.freedesktop.portal.FileChooser")?;
        portal.await?.get(dialogs, "version").await?;
        Ok::<_, zbus::Error>(())
    };
    match tokio::time::timeout(PORTAL, asked).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the desktop has no dialog for files");
            false
        }
        Err(_) => {
            tracing::debug!("the desktop does not say whether it has a dialog for files");
            false
        }
    }
}

/// These systems always have them.
#[cfg(not(target_os = "linux"))]
async fn dialogs_here() -> bool {
    true
}

/// A sentence says that it is done, or why not.
pub(super) async fn write(path: PathBuf, text: String) -> Result<String, String> {
    let path = in_home(path);
    let shown = path.display().to_string();
    let write = move || private::replace(&path, text.as_bytes());
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(())) => Ok(format!("Written to {shown}.")),
        Ok(Err(error)) => Err(format!(
            "{shown} cannot be written: {error}. Choose another place, then try again."
        )),
        Err(error) => Err(format!("{shown} cannot be written: {error}. Try again.")),
    }
}

/// A path as a person writes it: `~/ops.json` is in their folder.
pub(super) fn in_home(path: PathBuf) -> PathBuf {
    let rest = path.strip_prefix("~").map(Path::to_owned);
    match (rest, std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}
