//! The way of events from the driver to the application: one queue a session.
//!
//! It is bounded by the core, which alone puts something in: [`EVENTS_PAUSE`](crate::client::core::EVENTS_PAUSE) says what happens
//! when the application is slow.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::event::Event;
use super::handle::Handle;

/// The driver's end.
#[derive(Clone, Debug)]
pub(super) struct EventsTx(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something came, or the session is over.
    came: Notify,
    /// The application took something, or keeps it.
    taken: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Event>,
    /// How many the application has taken.
    taken: u64,
    /// How many of those it keeps.
    kept: u64,
    over: bool,
}

/// What happens in a session, in order: messages, calls, channels, the session itself.
///
/// Take events as they come. **If the application is slow**, nothing blocks: at 512 waiting events the client stops asking
/// for messages, which wait on the server (calls with them, until they time out), and goes on at 256. Events of
/// channels, which no 1.x server keeps, receipts and errors are dropped at 1024, and
/// [`SessionEvent::Missed`](super::event::SessionEvent::Missed) says how many. From then on what has only a latest waits for room:
/// presence is told in one event, each account's latest; a link that was lost and came back again and again is told as lost
/// and back once; of each channel that was joined again the latest view is told. That somebody is typing is told only while fewer than 512 wait.
///
/// Keeping this alone keeps the session alive.
#[derive(Debug)]
pub struct Events {
    shared: Arc<Shared>,
    /// So that a session that is only listened to goes on.
    _handle: Handle,
}

/// The two ends; `taken` tells the driver that there is room again.
pub(super) fn channel(taken: Arc<Notify>, handle: Handle) -> (EventsTx, Events) {
    let shared = Arc::new(Shared {
        queue: Mutex::default(),
        came: Notify::new(),
        taken,
    });
    let tx = EventsTx(Arc::clone(&shared));
    let events = Events {
        shared,
        _handle: handle,
    };
    (tx, events)
}

/// Says which events of a session the application keeps: only then the server may forget what they tell. Cheap to clone; without
/// [`Acknowledge::Kept`](crate::client::core::Acknowledge::Kept) in the login, and after the session, it is of no consequence.
#[derive(Clone, Debug)]
pub struct Keeper(Arc<Shared>);

impl Keeper {
    /// What the first `events` events of the session tell is where it survives the application, as counted by [`Events::taken`]; or
    /// it cannot be kept, and is not to come again. At once and in any order: the highest number counts, and not more than were taken.
    pub fn kept(&self, events: u64) {
        {
            let mut queue = self.0.queue();
            queue.kept = events.min(queue.taken).max(queue.kept);
        }
        self.0.taken.notify_one();
    }
}

impl Queue {
    fn take(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        self.taken += 1;
        Some(event)
    }
}

impl Shared {
    /// Nothing that holds the lock can panic in between.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventsTx {
    pub(super) fn push(&self, event: Event) {
        self.0.queue().events.push_back(event);
        self.0.came.notify_one();
    }

    /// How many wait for the application, and how many it keeps.
    pub(super) fn waiting_and_kept(&self) -> (usize, u64) {
        let queue = self.0.queue();
        (queue.events.len(), queue.kept)
    }

    pub(super) fn end(&self) {
        self.0.queue().over = true;
        self.0.came.notify_one();
    }
}

impl Events {
    /// The next event, when there is one; `None` after the session's last.
    ///
    /// Safe to drop while waiting, as `select!` does: no event is lost.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            {
                let mut queue = self.shared.queue();
                if let Some(event) = queue.take() {
                    self.shared.taken.notify_one();
                    return Some(event);
                }
                if queue.over {
                    return None;
                }
            }
            self.shared.came.notified().await;
        }
    }

    /// The next event, if one is there.
    #[must_use]
    pub fn try_next(&mut self) -> Option<Event> {
        let event = self.shared.queue().take()?;
        self.shared.taken.notify_one();
        Some(event)
    }

    /// How many events of the session have been taken: what [`Keeper::kept`] is told when all of them are kept.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.shared.queue().taken
    }

    /// What says that events are kept, for a login with [`Acknowledge::Kept`](crate::client::core::Acknowledge::Kept).
    #[must_use]
    pub fn keeper(&self) -> Keeper {
        Keeper(Arc::clone(&self.shared))
    }
}
