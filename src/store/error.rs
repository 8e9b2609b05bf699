//! Why something was not kept or cannot be read. What a disk does is no operation's own, so all of them share this.

use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why the store did not do what it was asked to. What was kept before is still kept, and the next command is tried
/// as if nothing had happened: a disk that has room again is written again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No room: nothing of the command was kept. Free some and try again.
    #[error("the disk is full")]
    Full(#[source] Arc<rusqlite::Error>),
    /// The disk or the file does not do what it should. Nothing of the command was kept.
    #[error("the history cannot be read or written")]
    Disk(#[source] Arc<rusqlite::Error>),
    /// The file is not as it was written. At the next start it is looked through, and set aside if it is broken.
    #[error("the history is damaged")]
    Damaged(#[source] Arc<rusqlite::Error>),
    /// The file holds what this program would never have written.
    #[error("the history holds a {what} that is not one")]
    Unreadable {
        /// What it should be.
        what: &'static str,
    },
    /// The store was closed before the command reached it, or its thread has ended.
    #[error("the history is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let source = Arc::new(error);
        if code == Some(ErrorCode::DiskFull) {
            Self::Full(source)
        } else if code.is_some_and(is_damage) {
            Self::Damaged(source)
        } else {
            Self::Disk(source)
        }
    }
}

/// Whether SQLite says that the file is not as it was written.
pub(super) fn is_damage(code: ErrorCode) -> bool {
    code == ErrorCode::DatabaseCorrupt || code == ErrorCode::NotADatabase
}
