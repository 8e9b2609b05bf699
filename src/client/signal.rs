//! [`Signal`]: the client of one app on one server, from which everything begins.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::core::{Answer, ClientCore, Command, LoginOptions, Settings, Status};
use super::driver::Driver;
use super::error::{AlreadyLoggedOut, LoginError};
use super::events::{self, Events};
use super::handle::{Handle, Shared, ToDriver};
use super::session::Session;
use crate::net::link::Connect;
use crate::protocol::token::Token;
use crate::protocol::{Account, AppId, Code};

/// The client of one app. Cheap to clone: all clones are the same client, with one session at a time.
///
/// When the last clone and the last handle made from it are gone, the client signs out.
#[derive(Clone)]
pub struct Signal {
    handle: Handle,
    idle: Arc<Mutex<Option<Idle>>>,
}

/// What becomes the driver at the first login.
struct Idle {
    app: AppId,
    server: Arc<dyn Connect>,
    commands: mpsc::Receiver<ToDriver>,
}

/// How much `set_do_log` logs, by `tracing`. Names of frames and functions are logged, never what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What failed.
    Warning = 1,
    /// Links and sessions as well.
    Info = 2,
    /// Every frame as well.
    Debug = 3,
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({:?})", self.get_status())
    }
}

impl Signal {
    /// `Signal(appid)`: a client of an app on a server, such as [`Server::at`](crate::net::ws::Server::at). Connects to
    /// nothing yet.
    #[must_use]
    pub fn new(app: AppId, server: impl Connect + 'static) -> Self {
        let (handle, commands) = Handle::new(Arc::new(Shared::default()));
        let idle = Idle {
            app,
            server: Arc::new(server),
            commands,
        };
        Self {
            handle,
            idle: Arc::new(Mutex::new(Some(idle))),
        }
    }

    /// `login`: signs in. The session comes back by itself after a lost link, as the options say.
    ///
    /// With the session comes the queue of everything that happens in it, which is to be emptied: see [`Events`].
    ///
    /// # Errors
    /// As future: no server, a refusal, a `logout` meanwhile, or somebody is signed in already.
    ///
    /// # Panics
    /// Outside of a tokio runtime, at the first login, since that is where the client lives from then on.
    pub fn login(
        &self,
        account: &Account,
        token: Token,
        options: LoginOptions,
    ) -> impl Future<Output = Result<(Session, Events), LoginError>> + Send + use<> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(idle) = idle {
            self.start(idle);
        }
        let taken = Arc::clone(&self.handle.shared.taken);
        let (events_tx, events) = events::channel(taken, self.handle.clone());
        let command = Command::Login {
            account: account.clone(),
            token,
            options,
        };
        let answered = self.handle.command(command, Some(events_tx));
        let handle = self.handle.clone();
        async move {
            match answered.await? {
                Answer::LoggedIn { session, uid } => {
                    Ok((Session::new(handle, session, uid), events))
                }
                Answer::Done
                | Answer::Sent(_)
                | Answer::Reply(_)
                | Answer::Channel(_)
                | Answer::Invited { .. }
                | Answer::Call(_) => Err(LoginError::Refused {
                    code: Code::LoginOther,
                    reason: "the client's own answer has not the form of the question".to_owned(),
                }),
            }
        }
    }

    /// `logout`: ends the session, or cancels a login on its way. Done when the server has answered; a login may follow
    /// at once.
    ///
    /// # Errors
    /// As future: there is no session.
    pub fn logout(&self) -> impl Future<Output = Result<(), AlreadyLoggedOut>> + Send + use<> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        let command = Command::Logout { session: None };
        let answered = (!idle).then(|| self.handle.command(command, None));
        async {
            let answered = answered.ok_or(AlreadyLoggedOut)?;
            answered.await.map(drop).map_err(|_| AlreadyLoggedOut)
        }
    }

    /// `getStatus`.
    #[must_use]
    pub fn get_status(&self) -> Status {
        self.handle.shared.status()
    }

    /// `getSDKVersion`.
    #[must_use]
    pub fn get_sdk_version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// `setDoLog`: whether to log what the client does, and how much. At first it logs nothing.
    pub fn set_do_log(&self, enabled: bool, level: LogLevel) {
        self.handle.shared.set_log(enabled.then_some(level));
    }

    /// Says that the network came back or the computer woke: a lost link is tried again at once, also where a try
    /// is under way, and one that may have
    /// died in sleep is put to the test.
    pub fn woke(&self) {
        self.handle.woke();
    }

    fn start(&self, idle: Idle) {
        let Idle {
            app,
            server,
            commands,
        } = idle;
        let settings = Settings {
            app: app.clone(),
            device: concat!("callsign/", env!("CARGO_PKG_VERSION")).to_owned(),
            seed: seed(),
        };
        let core = ClientCore::new(settings, Instant::now().into_std());
        let shared = Arc::clone(&self.handle.shared);
        tokio::spawn(Driver::run(core, app, server, shared, commands));
    }
}

/// Chance that two clients never share: the standard library's hashers are keyed by the system's random numbers.
fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}
