//! What every handle holds: the way to the driver. Cheap to clone; nothing in it blocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::{Notify, mpsc, oneshot};

use super::core::{Action, Answer, Command, CommandError, SessionRef, Status};
use super::events::EventsTx;
use super::signal::LogLevel;

/// Commands on their way to the driver. When full, which takes a driver that does not run, the next fails with `TooMany`.
pub(super) const COMMANDS: usize = 1024;

/// What the driver is told.
#[derive(Debug)]
pub(super) enum ToDriver {
    /// A command, and whom to answer. A login brings its queue of events.
    Command {
        command: Command,
        events: Option<EventsTx>,
        answer: oneshot::Sender<Result<Answer, CommandError>>,
    },
    /// The network came back, or the computer woke.
    Woke,
}

/// What handles and driver both look at.
#[derive(Debug, Default)]
pub(super) struct Shared {
    status: AtomicU8,
    log: AtomicU8,
    /// The application took events.
    pub(super) taken: Arc<Notify>,
}

/// The way to the driver.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    to_driver: mpsc::Sender<ToDriver>,
    pub(super) shared: Arc<Shared>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> (Self, mpsc::Receiver<ToDriver>) {
        let (to_driver, commands) = mpsc::channel(COMMANDS);
        (Self { to_driver, shared }, commands)
    }

    /// Hands a command over at once, so that commands keep their order; the future is its answer.
    pub(super) fn command(
        &self,
        command: Command,
        events: Option<EventsTx>,
    ) -> impl Future<Output = Result<Answer, CommandError>> + Send + use<> {
        let (answer, answered) = oneshot::channel();
        let told = self.to_driver.try_send(ToDriver::Command {
            command,
            events,
            answer,
        });
        async move {
            match told {
                Ok(()) => answered.await.unwrap_or(Err(CommandError::NotLoggedIn)),
                Err(mpsc::error::TrySendError::Full(_)) => Err(CommandError::TooMany),
                Err(mpsc::error::TrySendError::Closed(_)) => Err(CommandError::NotLoggedIn),
            }
        }
    }

    pub(super) fn act(
        &self,
        session: SessionRef,
        action: Action,
    ) -> impl Future<Output = Result<Answer, CommandError>> + Send + use<> {
        self.command(Command::Act { session, action }, None)
    }

    pub(super) fn woke(&self) {
        // A driver with a full queue, or none at all, has nothing to be woken from.
        drop(self.to_driver.try_send(ToDriver::Woke));
    }
}

impl Shared {
    pub(super) fn status(&self) -> Status {
        [Status::LoggedOut, Status::LoggingIn, Status::LoggedIn]
            .into_iter()
            .find(|status| *status as u8 == self.status.load(Ordering::Relaxed))
            .unwrap_or_default()
    }

    pub(super) fn set_status(&self, status: Status) {
        self.status.store(status as u8, Ordering::Relaxed);
    }

    pub(super) fn set_log(&self, level: Option<LogLevel>) {
        let level = level.map_or(0, |level| level as u8);
        self.log.store(level, Ordering::Relaxed);
    }

    /// Whether something of this weight is to be logged.
    pub(super) fn logs(&self, level: LogLevel) -> bool {
        self.log.load(Ordering::Relaxed) >= level as u8
    }
}
