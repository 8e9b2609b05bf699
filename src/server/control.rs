//! What an administrator may do while the server runs: see who is there, end a session, give it a name.

use tokio::sync::watch;

use super::handle::{HubHandle, Order};
use crate::protocol::{Account, AppId};

/// What an administrator may do with a running server. Cheap to clone; it does not keep the server running.
#[derive(Clone, Debug)]
pub struct Control(HubHandle);

/// The server does not run any more, or has more orders than it can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server does not take orders now")]
pub struct Busy;

impl Control {
    pub(super) fn new(hub: HubHandle) -> Self {
        Self(hub)
    }

    /// Who is signed in with a link, by app and name: now, and every change of it. It ends with the server.
    #[must_use]
    pub fn online(&self) -> watch::Receiver<Vec<(AppId, Account)>> {
        self.0.online()
    }

    /// Ends somebody's session (103): its client does not come back by itself. Nothing happens if there is none.
    ///
    /// # Errors
    /// The server does not take orders.
    pub fn send_away(&self, app: AppId, account: Account) -> Result<(), Busy> {
        self.order(Order::SendAway(app, account))
    }

    /// Calls the server otherwise, as who signs in from now on is told. Not kept over a restart.
    ///
    /// # Errors
    /// The server does not take orders.
    pub fn rename(&self, name: String) -> Result<(), Busy> {
        self.order(Order::Rename(name))
    }

    fn order(&self, order: Order) -> Result<(), Busy> {
        match self.0.order(order) {
            true => Ok(()),
            false => Err(Busy),
        }
    }
}
