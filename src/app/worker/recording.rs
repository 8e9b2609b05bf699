//! Where what is said in calls is kept, and how that is shown to whoever looks for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Zoned;

use super::session::Desk;
use crate::app::msg::{Msg, RecordMsg, SoundMsg};
use crate::app::state::{CallNo, RecordWord};
use crate::calls::{RecordError, Recording};
use crate::net::private;
use crate::protocol::Account;

/// What shows a folder.
#[cfg(target_os = "macos")]
const SHOWS: &str = "open";
#[cfg(windows)]
const SHOWS: &str = "explorer";
#[cfg(not(any(target_os = "macos", windows)))]
const SHOWS: &str = "xdg-open";

impl Desk {
    /// A new file for a call of ours with somebody.
    pub(super) fn new_recording(&self, me: &Account, with: &Account) -> PathBuf {
        let path = name(&self.recordings, me, with, &Zoned::now());
        let made = path.parent().map_or(Ok(()), private::make_directory);
        if let Err(error) = made {
            // Nor can a file be made there, which is told.
            tracing::warn!(%error, "there is no folder for a recording");
        }
        path
    }

    /// Opens the folder of a file, in whatever program shows folders here.
    pub(super) fn show_file(&self, no: CallNo, path: PathBuf) {
        let out = self.out.clone();
        tokio::task::spawn_blocking(move || {
            let folder = path.parent().unwrap_or(&path);
            let shown = Command::new(SHOWS)
                .arg(folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            // Explorer has a status of its own for all that it does.
            if !shown.is_ok_and(|status| cfg!(windows) || status.success()) {
                let why = "Nothing here shows folders. Open the file by its path.".to_owned();
                let msg = SoundMsg::Record(no, RecordMsg::NotShown(why));
                out.say_blocking(Msg::Sound(msg));
            }
        });
    }
}

/// `recordings/ann/2026-11-23 22.31.05 bob.wav`; with a number where there is one of that second already.
fn name(folder: &Path, me: &Account, with: &Account, now: &Zoned) -> PathBuf {
    let folder = folder.join(plain(me));
    let time = now.strftime("%Y-%m-%d %H.%M.%S");
    let name = format!("{time} {}", plain(with));
    let mut names = std::iter::once(format!("{name}.wav"))
        .chain((2..100).map(|no| format!("{name} {no}.wav")))
        .map(|name| folder.join(name));
    let free = names.find(|path| !path.exists());
    free.unwrap_or_else(|| folder.join(format!("{name}.wav")))
}

/// As part of a file's name: what file systems may take amiss is left out, and what is long is cut.
fn plain(account: &Account) -> String {
    let keep = |sign: char| match sign {
        sign if sign.is_alphanumeric() || "-_+@".contains(sign) => sign,
        _ => '_',
    };
    account.as_str().chars().map(keep).take(40).collect()
}

/// What came of it, for people.
pub(super) fn word(over: Result<Recording, RecordError>) -> RecordWord {
    RecordWord::Over(match over {
        Ok(Recording { path, missed }) => Ok((path, gap(missed))),
        Err(RecordError::NotTold) => Err(
            "Not recorded: they could not be told of it. Check your network, and try again."
                .to_owned(),
        ),
        Err(RecordError::Disk { path, error }) => Err(format!(
            "The recording ended: {error} ({}). Make room there, and record again.",
            path.display()
        )),
    })
}

fn gap(missed: Duration) -> Option<String> {
    let seconds = missed.as_secs_f32();
    (!missed.is_zero()).then(|| format!("{seconds:.1} s are missing: the disk was too slow."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::tests::account;

    #[test]
    fn a_file_is_called_by_both_and_the_time_and_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let time = jiff::civil::date(2026, 11, 23).at(22, 31, 5, 0);
        let now = time.to_zoned(jiff::tz::TimeZone::UTC).expect("a time");
        let new = || name(folder.path(), &account("ann"), &account("b:o/b"), &now);
        let first = new();
        assert_eq!(
            first,
            folder.path().join("ann/2026-11-23 22.31.05 b_o_b.wav")
        );
        std::fs::create_dir(folder.path().join("ann")).expect("a folder");
        std::fs::write(&first, "").expect("a file");
        assert!(new().ends_with("2026-11-23 22.31.05 b_o_b 2.wav"));
    }
}
