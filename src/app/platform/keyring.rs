//! The system's keyring, in which tokens are kept: the Secret Service on Linux, the keychain on macOS, the credential manager on
//! Windows. Nowhere else is a token written.
//!
//! It has a thread of its own, because it waits for whoever is asked to unlock it, however long that takes. Nothing else
//! waits for the thread, but for a moment when the program ends.
//!
//! A keyring that is locked may hide what is in it and says that it is locked only when something is written. So where a
//! token is not found, we try to write.

use keyring::{Entry, Error};
use tokio::sync::{mpsc, oneshot};

use crate::app::effect::SecretEffect;
use crate::app::msg::{Identity, KeyringTrouble, SecretMsg};
use crate::app::options::Profile;
use crate::protocol::token::Token;

/// What is to be done. When full, which takes a keyring that lets us wait, the newest is dropped and said to have failed.
const ORDERS: usize = 16;
/// The name under which the keyring shows what is ours.
const SERVICE: &str = "callsign";
/// What is written to see whether that is possible, and taken away at once.
const PROBE: &str = "probe";

/// The way to the thread, which ends after this is gone and all is done.
#[derive(Debug)]
pub(in crate::app) struct Keyring {
    orders_tx: mpsc::Sender<SecretEffect>,
    ended_rx: oneshot::Receiver<()>,
}

impl Keyring {
    /// Starts the thread for a profile. It says what came of each order by `tell`, which may wait.
    pub(in crate::app) fn start(
        profile: &Profile,
        tell: impl Fn(SecretMsg) + Send + 'static,
    ) -> Self {
        let (orders_tx, mut orders_rx) = mpsc::channel(ORDERS);
        let (ended_tx, ended_rx) = oneshot::channel();
        let profile = profile.clone();
        let thread = std::thread::Builder::new()
            .name("callsign-keyring".to_owned())
            .spawn(move || {
                while let Some(order) = orders_rx.blocking_recv() {
                    tell(perform(&profile, order));
                }
                drop(ended_tx);
            });
        if let Err(error) = thread {
            tracing::warn!(%error, "no keyring");
        }
        Self {
            orders_tx,
            ended_rx,
        }
    }

    /// Asks for something. If it cannot be asked, that is the answer.
    pub(in crate::app) fn order(&self, order: SecretEffect) -> Option<SecretMsg> {
        let refused = match self.orders_tx.try_send(order) {
            Ok(()) => return None,
            Err(
                mpsc::error::TrySendError::Full(order) | mpsc::error::TrySendError::Closed(order),
            ) => order,
        };
        let why = KeyringTrouble::Failed("it does not answer".to_owned());
        Some(match refused {
            SecretEffect::Find(of) => SecretMsg::Found(of, Err(why)),
            SecretEffect::Keep(of, _) => SecretMsg::Kept(of, Err(why)),
            SecretEffect::Forget(of) => SecretMsg::Forgotten(of, Err(why)),
        })
    }

    /// Comes back when all is done that was asked for.
    pub(in crate::app) async fn end(self) {
        drop(self.orders_tx);
        // A thread that has gone has done all that it will.
        drop(self.ended_rx.await);
    }
}

fn perform(profile: &Profile, order: SecretEffect) -> SecretMsg {
    match order {
        SecretEffect::Find(of) => {
            let found = find(&name(profile, &of));
            SecretMsg::Found(of, found)
        }
        SecretEffect::Keep(of, token) => {
            let kept = keep(&name(profile, &of), &token);
            SecretMsg::Kept(of, kept)
        }
        SecretEffect::Forget(of) => {
            let forgotten = forget(&name(profile, &of));
            SecretMsg::Forgotten(of, forgotten)
        }
    }
}

/// What a token is called in the keyring. No part has a space.
fn name(profile: &Profile, of: &Identity) -> String {
    match &of.server {
        Some(server) => format!("{profile} {} {} {}", of.account, server.app, server.url),
        None => format!("{profile} {}", of.account),
    }
}

fn find(name: &str) -> Result<Option<Token>, KeyringTrouble> {
    match entry(name)?.get_password() {
        Ok(token) => Ok(Some(Token::new(token))),
        Err(Error::NoEntry) => probe().map(|()| None),
        Err(error) => Err(trouble(&error)),
    }
}

fn keep(name: &str, token: &Token) -> Result<(), KeyringTrouble> {
    let kept = entry(name)?.set_password(token.expose());
    kept.map_err(|error| trouble(&error))
}

fn forget(name: &str) -> Result<(), KeyringTrouble> {
    match entry(name)?.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(trouble(&error)),
    }
}

/// Whether something can be written.
fn probe() -> Result<(), KeyringTrouble> {
    let entry = entry(PROBE)?;
    let written = entry.set_password(PROBE);
    written
        .and_then(|()| entry.delete_credential())
        .map_err(|error| trouble(&error))
}

fn entry(name: &str) -> Result<Entry, KeyringTrouble> {
    Entry::new(SERVICE, name).map_err(|error| trouble(&error))
}

/// What people are told of an error. Its debug text is never shown, since it may hold what was read.
fn trouble(error: &Error) -> KeyringTrouble {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library may add others, and which of them it is makes no difference"
    )]
    match error {
        Error::NoStorageAccess(_) => KeyringTrouble::Locked,
        Error::NoDefaultStore => {
            if let Err(why) = Entry::store_status() {
                tracing::info!(%why, "no keyring");
            }
            KeyringTrouble::Missing
        }
        _ => KeyringTrouble::Failed(error.to_string()),
    }
}
