//! The data directory and the database in it: who may use them, and what shape they have. Knows no table's meaning.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::Durability;
use crate::net::private;

/// The name of the database within the data directory.
pub(crate) const DATABASE: &str = "callsign.db";
/// The name of the file within the data directory that a server locks for its life.
const LOCK: &str = "lock";
/// The name of the file that is locked while the database is being opened.
const OPENING: &str = "callsign.db-opening";
/// How long another process may take to open the database; it needs milliseconds, and only its first start more.
const OPENING_TIME: Duration = Duration::from_secs(10);
/// How long a connection waits while another process writes; the command line tools do so for milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a running server waits for another process to end its write, such as a tool of the operator's that holds a
/// lock: stopping would help nobody. Nothing is acknowledged meanwhile.
const PATIENCE: Duration = Duration::from_secs(600);
/// After how long that is told, ...
const TELL_AFTER: Duration = Duration::from_secs(5);
/// ... and how long there is between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What a write-ahead log that once grew may keep of the disk: 64 MiB.
const LOG_BYTES: i64 = 64 << 20;
/// The database's shape, one step a version: `PRAGMA user_version` counts the steps that were taken.
const MIGRATIONS: [&str; 4] = [
    include_str!("../../../resources/sql/server/001_start.sql"),
    include_str!("../../../resources/sql/server/002_message_ids.sql"),
    include_str!("../../../resources/sql/server/003_history.sql"),
    include_str!("../../../resources/sql/server/004_accounts.sql"),
];

/// Why a data directory or its database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory or a file in it cannot be made or opened.
    #[error("cannot use {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another server uses the directory.
    #[error("the data directory {path} is in use by another server")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// Another process has been opening the database for long.
    #[error("another process has {path} locked and does not let go", path = .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The database cannot be opened, read or given its shape.
    #[error("cannot use the database {path}")]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A later version of this program has been here.
    #[error(
        "the database {path} is of a later version (its format is {found}, this program knows {known})"
    )]
    Later {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: usize,
        /// The latest format that this program knows.
        known: usize,
    },
    /// The database holds what this program would never have written.
    #[error("the database holds a {what} that is not one")]
    Corrupt {
        /// What it should be.
        what: &'static str,
    },
    /// The thread that writes cannot be started.
    #[error("cannot start the thread that writes to the database")]
    Thread(#[source] io::Error),
}

/// A data directory that is this process's alone for as long as the value lives.
///
/// The command line tools open the database beside a running server; only servers exclude each other.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Locked; the system releases it when the file is closed, also after `kill -9`.
    _lock: File,
}

impl DataDir {
    /// Takes a directory, which is made (mode 0700) where it is missing.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if another process has it, [`OpenError::File`] if it cannot be made or written.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        private::make_directory(path).map_err(in_file(path))?;
        let lock_path = path.join(LOCK);
        let lock = private::open(&lock_path).map_err(in_file(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(OpenError::File {
                path: lock_path,
                source,
            }),
        }
    }

    /// Where it is.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens the database of a data directory, for reading and writing, and gives it its present shape. Directory and
/// file are made (modes 0700 and 0600) where they are missing. Several processes may do so at once, and threads too.
///
/// With [`Durability::None`] no file is touched: the database is an empty one in memory, gone with the connection.
///
/// # Errors
/// All of [`OpenError`] but `InUse`, `Corrupt` and `Thread`.
pub(crate) fn open(dir: &Path, durability: Durability) -> Result<Connection, OpenError> {
    if durability == Durability::None {
        return set_up(Connection::open_in_memory(), durability, dir);
    }
    private::make_directory(dir).map_err(in_file(dir))?;
    // A new database must not be found half made, and cannot be given its log while others look at it.
    let opening = dir.join(OPENING);
    let lock = private::open(&opening).map_err(in_file(&opening))?;
    take_lock(&lock, opening, OPENING_TIME)?;
    let path = dir.join(DATABASE);
    // For its mode, which the database gives to its log, too. Opening one that is there and closing it again would end the
    // locks that other connections of this process have on it (POSIX file locks belong to the process).
    private::make_file(&path).map_err(in_file(&path))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    set_up(Connection::open_with_flags(&path, flags), durability, &path)
}

/// Takes a lock that others have only for a moment. The system's own way of waiting has no end.
fn take_lock(lock: &File, path: PathBuf, time: Duration) -> Result<(), OpenError> {
    let latest = Instant::now() + time;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < latest => {
                std::thread::sleep(LOOK_EVERY);
            }
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(OpenError::File { path, source }),
        }
    }
}

/// Makes a connection wait for other processes as long as a running server does.
pub(super) fn wait_long(connection: &mut Connection) -> rusqlite::Result<()> {
    let mut wait = Wait::new(Instant::now());
    connection.busy_handler(Some(move |looks| {
        let goes_on = wait.goes_on(looks, Instant::now());
        if goes_on {
            std::thread::sleep(LOOK_EVERY);
        }
        goes_on
    }))
}

/// A wait for another process.
struct Wait {
    since: Instant,
    told: bool,
}

impl Wait {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            told: false,
        }
    }

    /// Whether to look again, after so many looks in vain.
    fn goes_on(&mut self, looks: i32, now: Instant) -> bool {
        if looks == 0 {
            *self = Self::new(now);
        }
        let waited = now.saturating_duration_since(self.since);
        if waited >= TELL_AFTER && !std::mem::replace(&mut self.told, true) {
            tracing::warn!(
                "another process has locked the database: nothing is acknowledged until it lets go"
            );
        }
        waited < PATIENCE
    }
}

fn set_up(
    connection: rusqlite::Result<Connection>,
    durability: Durability,
    path: &Path,
) -> Result<Connection, OpenError> {
    let in_database = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let mut connection = connection.map_err(in_database)?;
    configure(&connection, durability).map_err(in_database)?;
    match migrate(&mut connection).map_err(in_database)? {
        found if found > MIGRATIONS.len() => Err(OpenError::Later {
            path: path.to_owned(),
            found,
            known: MIGRATIONS.len(),
        }),
        _ => Ok(connection),
    }
}

fn configure(connection: &Connection, durability: Durability) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    // FULL syncs the log at each commit. NORMAL leaves that to the system, and a power cut takes the last commits
    // whole; the database stays sound in both.
    let synchronous = match durability {
        Durability::Disk => "full",
        Durability::Process | Durability::None => "normal",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // Where an ordinary sync stops at the drive's own cache (macOS), ask for the one that does not.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "temp_store", "memory")
}

/// Takes the steps that are missing; returns the version that was found.
fn migrate(connection: &mut Connection) -> rusqlite::Result<usize> {
    let found = version(connection)?;
    if found < MIGRATIONS.len() {
        let steps = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for step in MIGRATIONS.iter().skip(found) {
            steps.execute_batch(step)?;
        }
        steps.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
        steps.commit()?;
    }
    Ok(found)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// What the system says of a file, as our error.
fn in_file(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    |source| OpenError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_directory_belongs_to_one_server_at_a_time() {
        let temp = tempfile::tempdir().expect("a directory");
        let dir = temp.path().join("a/b");
        let taken = DataDir::take(&dir).expect("is free");
        assert!(matches!(
            DataDir::take(&dir),
            Err(OpenError::InUse { path }) if path == dir
        ));
        drop(taken);
        DataDir::take(&dir).expect("is free again");
    }

    #[cfg(unix)]
    #[test]
    fn directory_and_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let temp = tempfile::tempdir().expect("a directory");
        let dir = temp.path().join("data");
        let _data = DataDir::take(&dir).expect("is free");
        let connection = open(&dir, Durability::Disk).expect("opens");
        connection
            .execute_batch("CREATE TABLE something (x)")
            .expect("writes");
        let mode = |path: &Path| {
            let metadata = fs::metadata(path).expect("is there");
            metadata.permissions().mode() & 0o777
        };
        assert_eq!(mode(&dir), 0o700);
        for file in [
            "lock",
            DATABASE,
            OPENING,
            "callsign.db-wal",
            "callsign.db-shm",
        ] {
            assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
        }
    }

    #[test]
    fn an_opening_that_does_not_end_is_told_with_its_file() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join(OPENING);
        let other = private::open(&path).expect("is made");
        other.try_lock().expect("is free");
        let lock = private::open(&path).expect("opens");
        let short = Duration::from_millis(1);
        let error = take_lock(&lock, path, short).expect_err("is locked");
        assert!(error.to_string().contains(OPENING), "{error}");
    }

    #[test]
    fn several_connections_open_one_new_database_at_once() {
        let temp = tempfile::tempdir().expect("a directory");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| open(temp.path(), Durability::Process).expect("opens"));
            }
        });
    }

    /// Whether other processes find the database in use.
    #[cfg(target_os = "linux")]
    #[test]
    fn opening_it_again_leaves_the_locks_of_other_connections_alone() {
        use std::os::unix::fs::MetadataExt as _;
        let temp = tempfile::tempdir().expect("a directory");
        let first = open(temp.path(), Durability::Process).expect("opens");
        first.execute_batch("SELECT * FROM acked").expect("reads");
        drop(open(temp.path(), Durability::Process).expect("opens"));
        let metadata = fs::metadata(temp.path().join(DATABASE)).expect("is there");
        let locks = fs::read_to_string("/proc/locks").expect("reads");
        let file = format!(":{} ", metadata.ino());
        let held = |line: &str| line.contains("POSIX") && line.contains(&file);
        assert!(locks.lines().any(held), "{locks}");
    }

    #[test]
    fn a_running_server_waits_ten_minutes_for_a_lock_and_warns_once() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut wait = Wait::new(start);
        assert!(wait.goes_on(0, after(100)) && !wait.told);
        assert!(wait.goes_on(1, after(104)) && !wait.told);
        assert!(wait.goes_on(2, after(105)) && wait.told);
        assert!(wait.goes_on(3, after(699)));
        assert!(!wait.goes_on(4, after(700)));
        assert!(wait.goes_on(0, after(800)) && !wait.told, "another wait");
    }

    #[test]
    fn each_durability_has_its_way_of_syncing() {
        let temp = tempfile::tempdir().expect("a directory");
        let synchronous = |durability| -> i64 {
            open(temp.path(), durability)
                .expect("opens")
                .query_row("PRAGMA synchronous", [], |row| row.get(0))
                .expect("is a number")
        };
        assert_eq!(synchronous(Durability::Disk), 2);
        assert_eq!(synchronous(Durability::Process), 1);
    }

    #[test]
    fn without_durability_there_is_no_file() {
        let temp = tempfile::tempdir().expect("a directory");
        let dir = temp.path().join("data");
        open(&dir, Durability::None).expect("opens");
        assert!(!dir.exists());
    }

    #[test]
    fn a_database_of_a_later_version_is_left_alone() {
        let temp = tempfile::tempdir().expect("a directory");
        let connection = open(temp.path(), Durability::Process).expect("opens");
        connection
            .pragma_update(None, "user_version", 1000)
            .expect("writes");
        assert!(matches!(
            open(temp.path(), Durability::Process),
            Err(OpenError::Later { found: 1000, .. })
        ));
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let temp = tempfile::tempdir().expect("a directory");
        fs::write(temp.path().join(DATABASE), "not a database at all").expect("writes");
        assert!(matches!(
            open(temp.path(), Durability::Disk),
            Err(OpenError::Database { .. })
        ));
    }
}
