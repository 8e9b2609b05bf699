//! The way to the history: what is asked of it is done in order, and who asked need not wait.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::Out;
use super::keep::Desk;
use crate::app::kept::StoreEffect;
use crate::client::Keeper;

/// What waits for the history. When full, the worker waits, which takes a disk that stands still.
pub(super) const ASKS: usize = 1024;

/// The way to the history. When it is dropped, everything that was asked for is still done.
#[derive(Clone)]
pub(super) struct Keep {
    asks_tx: mpsc::Sender<Ask>,
    /// What was asked for and is not done.
    left: Arc<AtomicUsize>,
}

/// The task that keeps what is asked for.
pub(super) struct Kept {
    task: JoinHandle<()>,
    left: Arc<AtomicUsize>,
}

impl Kept {
    /// Comes back when everything is kept that was asked for, after the last way to it is gone; or when that takes too long, as with a
    /// disk that stands still. Then the log says how much is lost.
    pub(super) async fn end(self, most: Duration) {
        if tokio::time::timeout(most, self.task).await.is_err() {
            let left = self.left.load(Ordering::Relaxed);
            tracing::error!(
                left,
                "the history did not take everything in time: the last changes (what was sent, typed, read or set) are lost; messages that came will come again"
            );
        }
    }
}

/// One thing for the history to do.
enum Ask {
    /// What the state wants.
    Perform(StoreEffect),
    /// Say that so many events are kept. Also where something could not be: that has been told to whoever looks, and the server's
    /// telling it again would not change it.
    Confirm(Keeper, u64),
    /// Say when all before is done.
    Settle(oneshot::Sender<()>),
}

impl Keep {
    /// Opens a profile, and does what is asked of its histories. The handle of the task ends after the last way to it
    /// is gone and everything is kept.
    pub(super) fn start(folder: PathBuf, out: Out) -> (Self, Kept) {
        let (asks_tx, asks_rx) = mpsc::channel(ASKS);
        let left = Arc::default();
        let task = tokio::spawn(run(folder, asks_rx, out, Arc::clone(&left)));
        let kept = Kept {
            task,
            left: Arc::clone(&left),
        };
        (Self { asks_tx, left }, kept)
    }

    /// Asks for something.
    pub(super) async fn perform(&self, effect: StoreEffect) {
        self.ask(Ask::Perform(effect)).await;
    }

    /// Tells a session, when all that was asked so far is done, that so many of its events are kept.
    pub(super) async fn confirm(&self, keeper: Keeper, events: u64) {
        self.ask(Ask::Confirm(keeper, events)).await;
    }

    /// Done when all that was asked so far is.
    pub(super) async fn settled(&self) {
        let (done_tx, done) = oneshot::channel();
        self.ask(Ask::Settle(done_tx)).await;
        // If the task is gone, it does nothing more.
        drop(done.await);
    }

    async fn ask(&self, ask: Ask) {
        self.left.fetch_add(1, Ordering::Relaxed);
        // It ends after us.
        drop(self.asks_tx.send(ask).await);
    }
}

async fn run(folder: PathBuf, mut asks_rx: mpsc::Receiver<Ask>, out: Out, left: Arc<AtomicUsize>) {
    let mut desk = Desk::open(folder, out).await;
    while let Some(ask) = asks_rx.recv().await {
        match ask {
            Ask::Perform(effect) => desk.perform(effect).await,
            Ask::Confirm(keeper, events) => keeper.kept(events),
            // Whoever asked may have no time to wait.
            Ask::Settle(done) => drop(done.send(())),
        }
        left.fetch_sub(1, Ordering::Relaxed);
    }
    desk.leave().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a limit this test would never end.
    #[tokio::test]
    async fn a_history_that_stands_still_does_not_hold_up_the_end() {
        let kept = Kept {
            task: tokio::spawn(std::future::pending()),
            left: Arc::default(),
        };
        kept.end(Duration::from_millis(1)).await;
    }
}
