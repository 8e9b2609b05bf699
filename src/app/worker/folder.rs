//! What a profile has in its folder: the settings of the profile, and a history for each account that signed in there, so that
//! nobody sees what is another's.
//!
//! ```text
//! profile.lock        held while a Callsign has the profile open
//! profile.json        settings, whoever is signed in
//! history-ann-*.db    what one account of one server has; * is made of both
//! history.db          as it was before accounts had their own; becomes that of the account it was of
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::keep::opened;
use crate::app::kept::SIGNED_IN;
use crate::app::msg::Identity;
use crate::net::private;
use crate::store::{OpenError, SetAside, StoreError};

/// Whose holder has the profile.
const LOCK: &str = "profile.lock";
/// What belongs to the profile, whoever is signed in.
const PROFILE: &str = "profile.json";
/// Where a profile that cannot be read is put aside.
const DAMAGED: &str = "profile.json.damaged";
/// The history of all accounts together, until each had its own.
const OLD_HISTORY: &str = "history.db";
/// How many letters of an account's name a file's name shows, for people who look into the folder.
const SHOWN_CHARS: usize = 32;
/// How many bytes of a hash a file's name has; two accounts never share as many.
const HASH_BYTES: usize = 12;

/// Why a profile's folder cannot be used. What is in it stays untouched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    /// Another Callsign has it open.
    #[error("the profile is in use")]
    InUse,
    /// It cannot be made, read or written.
    #[error("cannot use {}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The history of before cannot be opened.
    #[error(transparent)]
    History(#[from] OpenError),
    /// The history of before cannot be read.
    #[error("cannot read the history")]
    Unreadable(#[from] StoreError),
}

/// The folder of a profile, this process's alone for as long as the value lives.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    profile: Profile,
    _lock: File,
}

/// A folder that was opened.
pub(super) struct OpenedFolder {
    pub(super) folder: Folder,
    /// What had to be put aside, since it could not be read.
    pub(super) set_aside: Option<SetAside>,
}

/// What stands in the profile's file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Profile {
    /// By name.
    settings: BTreeMap<String, Value>,
    /// The history of before, until it is somebody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old_history: Option<OldHistory>,
}

/// A history in which all accounts of a profile were together.
#[derive(Debug, Serialize, Deserialize)]
struct OldHistory {
    /// Whose it is: who was signed in last, or who wrote last; nobody's, if nobody was or did.
    account: Option<String>,
}

impl Folder {
    /// Opens the folder of a profile, which is made where it is missing.
    pub(super) async fn open(dir: PathBuf) -> Result<OpenedFolder, FolderError> {
        private::make_directory(&dir).map_err(in_file(&dir))?;
        let lock = lock(&dir.join(LOCK))?;
        let (profile, set_aside) = read(&dir)?;
        let mut folder = Self {
            dir,
            profile: Profile::default(),
            _lock: lock,
        };
        let mut opened = None;
        match profile {
            Some(profile) => folder.profile = profile,
            None => {
                let found = folder.before().await?;
                opened = found.1;
                folder.profile = found.0;
                folder.write()?;
            }
        }
        let set_aside = set_aside.or(opened);
        Ok(OpenedFolder { folder, set_aside })
    }

    /// What is set for the profile.
    pub(super) fn settings(&self) -> &BTreeMap<String, Value> {
        &self.profile.settings
    }

    /// Keeps a setting, or forgets it. Never a token: the file is not encrypted.
    pub(super) fn set(&mut self, name: String, value: Option<Value>) -> Result<(), FolderError> {
        match value {
            Some(value) => drop(self.profile.settings.insert(name, value)),
            None => drop(self.profile.settings.remove(&name)),
        }
        self.write()
    }

    /// Where the history of an account is. One of before that is this account's is taken over.
    pub(super) async fn history(&mut self, of: &Identity) -> PathBuf {
        let path = self.dir.join(file_name(of));
        let Some(before) = &self.profile.old_history else {
            return path;
        };
        let whose = before.account.as_deref();
        if path.exists() || whose.is_some_and(|whose| whose != of.account.as_str()) {
            return path;
        }
        let old = self.dir.join(OLD_HISTORY);
        match self.take_over(&old, &path).await {
            Ok(()) => path,
            Err(error) => {
                // It is opened where it is, and moved another time.
                tracing::warn!(%error, "a history cannot be moved");
                old
            }
        }
    }

    /// What a folder of before has, whose settings were in its history.
    async fn before(&self) -> Result<(Profile, Option<SetAside>), FolderError> {
        let path = self.dir.join(OLD_HISTORY);
        if !path.exists() {
            return Ok((Profile::default(), None));
        }
        let opened = opened(&path).await?;
        let settings = opened.store.settings().await?;
        let wrote = opened.store.last_author().await?;
        opened.store.close().await;
        let signed_in = settings
            .get(SIGNED_IN)
            .and_then(|who| who["account"].as_str());
        let account = signed_in.map_or_else(
            || wrote.map(|account| account.as_str().to_owned()),
            |account| Some(account.to_owned()),
        );
        let profile = Profile {
            settings,
            old_history: Some(OldHistory { account }),
        };
        Ok((profile, opened.set_aside))
    }

    /// Makes the history of before that of an account.
    async fn take_over(&mut self, old: &Path, new: &Path) -> Result<(), FolderError> {
        // Closed well, it is one file, and a move is wholly done or not at all.
        opened(old).await?.store.close().await;
        if fs::metadata(beside(old, "-wal")).is_ok_and(|log| log.len() > 0) {
            let source = io::Error::other("the log is not empty");
            return Err(in_file(old)(source));
        }
        fs::rename(old, new).map_err(in_file(new))?;
        drop(fs::remove_file(beside(old, ".lock")));
        self.profile.old_history = None;
        self.write()
    }

    fn write(&self) -> Result<(), FolderError> {
        let path = self.dir.join(PROFILE);
        let text = serde_json::to_vec_pretty(&self.profile)
            .map_err(|error| in_file(&path)(error.into()))?;
        private::replace(&path, &text).map_err(in_file(&path))
    }
}

fn lock(path: &Path) -> Result<File, FolderError> {
    let file = private::open(path).map_err(in_file(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FolderError::InUse),
        Err(TryLockError::Error(source)) => Err(in_file(path)(source)),
    }
}

/// The profile's file; none where there is none, or where it is damaged and was put aside.
fn read(dir: &Path) -> Result<(Option<Profile>, Option<SetAside>), FolderError> {
    let path = dir.join(PROFILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, None)),
        Err(source) => return Err(in_file(&path)(source)),
    };
    match serde_json::from_slice(&text) {
        Ok(profile) => Ok((Some(profile), None)),
        Err(error) => {
            let to = dir.join(DAMAGED);
            fs::rename(&path, &to).map_err(in_file(&to))?;
            let why = error.to_string();
            Ok((None, Some(SetAside { to, why })))
        }
    }
}

/// A name that no other account of any server has, and that any file system takes.
fn file_name(of: &Identity) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || *c == '-' || *c == '_';
    let shown: String = of
        .account
        .as_str()
        .chars()
        .filter(fits)
        .take(SHOWN_CHARS)
        .collect();
    let mut hash = Sha256::new();
    hash.update(of.account.as_str());
    if let Some(server) = &of.server {
        // No name has a line break.
        for part in ["\n", server.app.as_str(), "\n", &server.url] {
            hash.update(part);
        }
    }
    let hash = hash.finalize();
    let digits: String = hash
        .iter()
        .take(HASH_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("history-{shown}-{digits}.db")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn in_file(path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
    let path = path.to_owned();
    |source| FolderError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::msg::ServerAt;
    use crate::protocol::{Account, AppId};

    fn identity(account: &str, url: Option<&str>) -> Identity {
        let server = url.map(|url| ServerAt {
            url: url.to_owned(),
            app: AppId::try_from("callsign").expect("an app"),
        });
        let account = Account::try_from(account).expect("an account");
        Identity { account, server }
    }

    #[test]
    fn every_account_of_every_server_has_a_file_of_its_own() {
        let one = "wss://one.example";
        let names = [
            file_name(&identity("ann", None)),
            file_name(&identity("bob", None)),
            file_name(&identity("ann", Some(one))),
            file_name(&identity("ann", Some("wss://two.example"))),
            file_name(&identity("../ann", None)),
            file_name(&identity("李雷", None)),
        ];
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name}");
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            assert!(name.chars().all(fits), "{name}");
        }
        assert!(names[0].starts_with("history-ann-"), "{}", names[0]);
    }

    #[test]
    fn a_damaged_profile_is_put_aside() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(async {
            let dir = tempfile::tempdir().expect("a directory");
            fs::write(dir.path().join(PROFILE), "{").expect("written");
            let opened = Folder::open(dir.path().to_owned()).await.expect("opened");
            assert!(opened.set_aside.is_some() && opened.folder.settings().is_empty());
            let mut folder = opened.folder;
            folder
                .set("look".to_owned(), Some(Value::Bool(true)))
                .expect("kept");
            // Nobody else may have it meanwhile.
            let other = Folder::open(dir.path().to_owned()).await;
            assert!(matches!(other, Err(FolderError::InUse)));
            drop(folder);
            let opened = Folder::open(dir.path().to_owned()).await.expect("opened");
            assert!(opened.set_aside.is_none());
            assert_eq!(opened.folder.settings()["look"], Value::Bool(true));
        });
    }
}
