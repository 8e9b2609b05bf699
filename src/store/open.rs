//! The file: who may use it, what shape it has, and what becomes of it when it is broken. Knows no table's meaning.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::is_damage;

/// How long a connection waits for the other one of this process, which holds a lock for milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What a write-ahead log that once grew may keep of the disk: 8 MiB.
const LOG_BYTES: i64 = 8 << 20;
/// What each connection remembers of the file: 1 MiB. A window of messages takes some dozens of KiB.
const CACHE_KIB: i64 = 1024;
/// How many statements each connection keeps ready; it has about as many.
const STATEMENTS: usize = 64;
/// The file's shape, one step a version: `PRAGMA user_version` counts the steps that were taken.
const MIGRATIONS: &[&str] = &[
    include_str!("../../resources/sql/app/001_start.sql"),
    include_str!("../../resources/sql/app/002_gaps.sql"),
];

/// Why a history cannot be opened. What is in it stays untouched.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or a file in it cannot be made, opened or moved.
    #[error("cannot use {}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is open already, in this process or another.
    #[error("the history {} is in use", .path.display())]
    InUse {
        /// The history.
        path: PathBuf,
    },
    /// The disk is full, or does not do what it should.
    #[error("cannot use the history {}", .path.display())]
    Database {
        /// The history.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A later version of this program has been here. That one can read it.
    #[error(
        "the history {} is of a later version (its format is {found}, this program knows {known})",
        .path.display()
    )]
    Later {
        /// The history.
        path: PathBuf,
        /// Its format.
        found: usize,
        /// The latest format that this program knows.
        known: usize,
    },
    /// A thread cannot be started.
    #[error("cannot start the thread of the history")]
    Thread(#[source] io::Error),
}

/// A history that could not be read, and was put aside for a new one. Nothing of it was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now. Files whose names only begin so belong to it.
    pub to: PathBuf,
    /// What was wrong with it, in the words of the database.
    pub why: String,
}

/// The files of a history, this process's alone for as long as the value lives.
#[derive(Debug)]
pub(super) struct Files {
    database: PathBuf,
    /// Locked; the system releases it when the file is closed, also after `kill -9`.
    _lock: File,
}

impl Files {
    /// Takes the files, and makes their folder (mode 0700) where it is missing.
    pub(super) fn take(database: &Path) -> Result<Self, OpenError> {
        if let Some(folder) = database.parent() {
            make_folder(folder).map_err(in_file(folder))?;
        }
        let path = beside(database, ".lock");
        let lock = private(&path, |options| options.create(true).truncate(false))
            .map_err(in_file(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                database: database.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                path: database.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(OpenError::File { path, source }),
        }
    }

    /// Has the file looked through, from its first page to its last, when it is opened the next time.
    pub(super) fn examine_at_next_start(&self) {
        let path = self.mark();
        if let Err(error) = private(&path, |options| options.create(true).truncate(false)) {
            tracing::warn!(%error, "cannot note that the history is damaged");
        }
    }

    /// The file that says that the history is to be looked through.
    fn mark(&self) -> PathBuf {
        beside(&self.database, ".examine")
    }
}

/// What is done with a database before anybody else sees it.
pub(super) type First = fn(&Connection) -> rusqlite::Result<()>;

/// Opens the database for reading and writing, gives it its present shape and does what is first. One that is found
/// to be broken by then is put aside for a new one.
pub(super) fn writer(
    files: &Files,
    first: First,
) -> Result<(Connection, Option<SetAside>), OpenError> {
    let error = match open_sound(files, first) {
        Ok(connection) => return Ok((connection, None)),
        Err(Unusable::Error(error)) => return Err(error),
        Err(Unusable::Damaged(error)) => error,
    };
    let to = set_aside(&files.database)?;
    let mark = files.mark();
    if let Err(source) = fs::remove_file(&mark)
        && source.kind() != io::ErrorKind::NotFound
    {
        return Err(in_file(&mark)(source));
    }
    let why = error.to_string();
    match open_sound(files, first) {
        Ok(connection) => Ok((connection, Some(SetAside { to, why }))),
        Err(Unusable::Error(error)) => Err(error),
        Err(Unusable::Damaged(source)) => Err(OpenError::Database {
            path: files.database.clone(),
            source,
        }),
    }
}

/// Opens the database for reading, after [`writer`] has.
pub(super) fn reader(files: &Files) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&files.database, flags)?;
    adjust(&connection)?;
    Ok(connection)
}

/// Why a database is not opened.
enum Unusable {
    /// It is not as it was written.
    Damaged(rusqlite::Error),
    /// Another reason, which lies outside.
    Error(OpenError),
}

fn open_sound(files: &Files, first: First) -> Result<Connection, Unusable> {
    let path = &files.database;
    let unusable = |source: rusqlite::Error| {
        if source.sqlite_error_code().is_some_and(is_damage) {
            Unusable::Damaged(source)
        } else {
            let path = path.clone();
            Unusable::Error(OpenError::Database { path, source })
        }
    };
    // For its mode, which the database gives to its log, too.
    match private(path, |options| options.create_new(true)) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Unusable::Error(in_file(path)(source)));
        }
        Ok(_) | Err(_) => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(unusable)?;
    configure(&connection).map_err(unusable)?;
    let found = version(&connection).map_err(unusable)?;
    if found > MIGRATIONS.len() {
        return Err(Unusable::Error(OpenError::Later {
            path: path.clone(),
            found,
            known: MIGRATIONS.len(),
        }));
    }
    let mark = files.mark();
    if mark.exists() {
        examine(&connection).map_err(unusable)?;
        fs::remove_file(&mark).map_err(|source| Unusable::Error(in_file(&mark)(source)))?;
    }
    migrate(&mut connection, found, MIGRATIONS).map_err(unusable)?;
    first(&connection).map_err(unusable)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    adjust(connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    // A commit is in the system's hands when it returns. FULL would also sync it to the disk each time.
    connection.pragma_update(None, "synchronous", "normal")?;
    // Where an ordinary sync stops at the drive's own cache (macOS), ask for the one that does not.
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // What is deleted is overwritten.
    connection.pragma_update(None, "secure_delete", true)
}

/// What holds for each connection, whatever it is for.
fn adjust(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "memory")
}

/// Looks through the whole file: some hundred milliseconds for a large one.
fn examine(connection: &Connection) -> rusqlite::Result<()> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(rusqlite::Error::SqliteFailure(code, Some(found)))
}

/// Takes the steps that are missing, all or none.
fn migrate(connection: &mut Connection, found: usize, steps: &[&str]) -> rusqlite::Result<()> {
    if found >= steps.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in steps.iter().skip(found) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len() as i64)?;
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Gives the database and what belongs to it other names; returns the database's.
fn set_aside(database: &Path) -> Result<PathBuf, OpenError> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let mut number = now.map_or(0, |since| since.as_millis());
    let mut to = beside(database, &format!(".damaged-{number}"));
    while to.exists() {
        number += 1;
        to = beside(database, &format!(".damaged-{number}"));
    }
    // The log first: a new database must never find the log of another one beside it.
    for part in ["-wal", "-shm", ""] {
        let (from, to) = (beside(database, part), beside(&to, part));
        match fs::rename(&from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(in_file(&from)(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(to)
}

/// A path whose name is that of another and some more.
fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match path.as_os_str().is_empty() {
        true => Ok(()),
        false => builder.create(path),
    }
}

/// Opens a file for writing that only its owner may read, where the system has such a notion.
pub(super) fn private(
    path: &Path,
    how: impl FnOnce(&mut OpenOptions) -> &mut OpenOptions,
) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    how(&mut options).open(path)
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

    fn nothing(_: &Connection) -> rusqlite::Result<()> {
        Ok(())
    }

    fn opened(path: &Path) -> (Connection, Option<SetAside>) {
        let files = Files::take(path).expect("is free");
        writer(&files, nothing).expect("opens")
    }

    #[test]
    fn a_history_belongs_to_one_process_at_a_time() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("a/b/history.db");
        let files = Files::take(&path).expect("is free");
        let again = Files::take(&path);
        assert!(matches!(again, Err(OpenError::InUse { path: found }) if found == path));
        drop(files);
        Files::take(&path).expect("is free again");
    }

    #[cfg(unix)]
    #[test]
    fn folder_and_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let temp = tempfile::tempdir().expect("a folder");
        let folder = temp.path().join("profile");
        let (_connection, _) = opened(&folder.join("history.db"));
        let mode = |path: &Path| {
            let metadata = fs::metadata(path).expect("is there");
            metadata.permissions().mode() & 0o777
        };
        assert_eq!(mode(&folder), 0o700);
        for name in [
            "history.db",
            "history.db-wal",
            "history.db-shm",
            "history.db.lock",
        ] {
            assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
        }
    }

    #[test]
    fn steps_are_taken_once_and_all_or_none() {
        let temp = tempfile::tempdir().expect("a folder");
        let (mut connection, _) = opened(&temp.path().join("history.db"));
        let mut steps = MIGRATIONS.to_vec();
        steps.extend(["CREATE TABLE more (x) STRICT", "no SQL at all"]);
        let found = version(&connection).expect("a number");
        assert_eq!(found, MIGRATIONS.len());
        migrate(&mut connection, found, &steps).expect_err("the last step is none");
        assert_eq!(version(&connection).expect("a number"), found);
        steps.truncate(found);
        steps.push("CREATE TABLE more (x INTEGER) STRICT");
        for _ in 0..2 {
            let found = version(&connection).expect("a number");
            migrate(&mut connection, found, &steps).expect("all are good");
        }
        assert_eq!(version(&connection).expect("a number"), found + 1);
        connection
            .execute_batch("SELECT x FROM more")
            .expect("is there");
    }

    #[test]
    fn a_history_of_a_later_version_is_left_alone() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("history.db");
        let (connection, _) = opened(&path);
        connection
            .pragma_update(None, "user_version", 1000)
            .expect("writes");
        drop(connection);
        let files = Files::take(&path).expect("is free");
        let error = writer(&files, nothing).expect_err("is of a later version");
        assert!(
            matches!(error, OpenError::Later { found: 1000, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("later version"), "{error}");
        assert!(path.exists());
    }

    #[test]
    fn what_is_no_database_is_put_aside_with_all_that_belongs_to_it() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("history.db");
        let broken = "not a database at all, ".repeat(100);
        fs::write(&path, &broken).expect("writes");
        fs::write(beside(&path, "-wal"), "nor a log").expect("writes");
        let (connection, aside) = opened(&path);
        let aside = aside.expect("is broken");
        assert_eq!(fs::read_to_string(&aside.to).expect("is there"), broken);
        assert!(aside.why.contains("not a database"), "{}", aside.why);
        connection
            .execute_batch("SELECT * FROM messages")
            .expect("is new");
        drop(connection);
        assert_eq!(opened(&path).1, None, "the new one is sound");
    }

    #[test]
    fn a_file_that_was_cut_off_is_put_aside() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("history.db");
        drop(opened(&path));
        let length = fs::metadata(&path).expect("is there").len();
        let file = OpenOptions::new().write(true).open(&path).expect("opens");
        file.set_len(length / 2).expect("is cut");
        assert!(opened(&path).1.is_some());
    }

    #[test]
    fn damage_that_showed_itself_is_looked_for_at_the_next_start() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("history.db");
        let (connection, _) = opened(&path);
        let fill = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000)
                    INSERT INTO rooms SELECT 'room ' || x, 1, x FROM n";
        connection.execute_batch(fill).expect("writes");
        drop(connection);
        // The pages in the middle, which nothing reads at a start.
        let mut bytes = fs::read(&path).expect("is there");
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(0x55);
        fs::write(&path, bytes).expect("writes");
        let files = Files::take(&path).expect("is free");
        assert!(
            writer(&files, nothing).expect("opens").1.is_none(),
            "a start reads little"
        );
        files.examine_at_next_start();
        assert!(writer(&files, nothing).expect("opens").1.is_some());
        assert!(
            writer(&files, nothing).expect("opens").1.is_none(),
            "the new one is sound"
        );
        assert!(!files.mark().exists());
    }

    #[test]
    fn a_sound_history_that_is_looked_through_stays() {
        let temp = tempfile::tempdir().expect("a folder");
        let files = Files::take(&temp.path().join("history.db")).expect("is free");
        drop(writer(&files, nothing).expect("opens"));
        files.examine_at_next_start();
        assert!(writer(&files, nothing).expect("opens").1.is_none());
        assert!(!files.mark().exists());
    }

    #[test]
    fn what_shows_to_be_broken_by_the_first_work_is_put_aside() {
        /// Breaks off where it finds a room, as a broken page would.
        fn first(connection: &Connection) -> rusqlite::Result<()> {
            let rooms: i64 =
                connection.query_row("SELECT count(*) FROM rooms", [], |row| row.get(0))?;
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            match rooms {
                0 => Ok(()),
                _ => Err(rusqlite::Error::SqliteFailure(code, None)),
            }
        }
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("history.db");
        let (connection, _) = opened(&path);
        let room = "INSERT INTO rooms VALUES ('ops', 1, 1)";
        connection.execute_batch(room).expect("writes");
        drop(connection);
        let files = Files::take(&path).expect("is free");
        let (_, aside) = writer(&files, first).expect("opens");
        assert!(aside.expect("is broken").to.exists());
    }
}
