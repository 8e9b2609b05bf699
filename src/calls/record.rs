//! Keeping what is said in a call. The other side is told before it begins, and when it ends.

use std::fs::{File, OpenOptions};
use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::voice::record::{Recorded, Recorder};

/// What was kept, in a file that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Where it is.
    pub path: PathBuf,
    /// How much of it is silence in the place of sound, since the disk was too slow.
    pub missed: Duration,
}

/// Why a call is not kept, or no longer. The call itself goes on.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The other side could not be told, and without that nothing is kept.
    #[error("they could not be told")]
    NotTold,
    /// The disk does not take it. What it took until then is there.
    #[error("{}: {error}", path.display())]
    Disk {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
}

/// How far it is.
#[derive(Debug, Default)]
pub(super) enum Keeping {
    /// Nothing is kept.
    #[default]
    Off,
    /// They are being told.
    Telling(PathBuf, oneshot::Receiver<bool>),
    /// It is kept.
    On(PathBuf, Recorded),
}

/// What happened with it.
pub(super) enum Step {
    /// They know: this is to be handed to the sound.
    Begin(Recorder),
    /// It is over.
    Over(Result<Recording, RecordError>),
}

impl Keeping {
    /// Whether it goes on, or is about to.
    pub(super) fn is_on(&self) -> bool {
        match self {
            Self::Off => false,
            Self::Telling(..) | Self::On(..) => true,
        }
    }

    /// The next that happens. Cancel-safe.
    pub(super) async fn next(&mut self) -> Step {
        let (now, step) = match self {
            Self::Off => pending().await,
            Self::Telling(path, told) => match told.await {
                Ok(true) => {
                    let (path, at) = (path.clone(), path.clone());
                    let (recorder, recorded) = Recorder::start(move || make(&at));
                    (Self::On(path, recorded), Step::Begin(recorder))
                }
                Ok(false) | Err(_) => (Self::Off, Step::Over(Err(RecordError::NotTold))),
            },
            Self::On(path, recorded) => {
                let ended = recorded.await.unwrap_or_else(|error| Err(error.into()));
                let path = path.clone();
                let over = match ended {
                    Ok(missed) => Ok(Recording { path, missed }),
                    Err(error) => Err(RecordError::Disk { path, error }),
                };
                (Self::Off, Step::Over(over))
            }
        };
        *self = now;
        step
    }

    /// Waits until the file is whole, once nothing more comes for it.
    pub(super) async fn end(mut self) -> Option<Result<Recording, RecordError>> {
        match &self {
            Self::Off | Self::Telling(..) => None,
            Self::On(..) => match self.next().await {
                Step::Over(over) => Some(over),
                Step::Begin(_) => None,
            },
        }
    }
}

/// A file that nobody else may read, and that was not there before.
fn make(path: &Path) -> io::Result<File> {
    let mut new = OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        new.mode(0o600);
    }
    new.open(path)
}
