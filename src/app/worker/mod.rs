//! The part of the app that touches the world: performs effects with the SDK and the embedded server, on its own threads.
//!
//! Knows no view. What it has to say goes into one bounded queue, and after each word it wakes the window.
//!
//! | file | what |
//! |---|---|
//! | `session`, `login` | signing in, and the session of the account: performs effects, pumps events |
//! | `others` | who is there, what was said in rooms, what was read |
//! | `inspect` | what people and the inspector ask, and files of attributes |
//! | `console` | the frames of the link |
//! | `files` | files that are chosen and written |
//! | `keep`, `folder` | the history: does what is asked of it, in order; whose it is, and the settings of the profile |
//! | `notices` | notifications of the desktop |
//! | `sound`, `tones`, `ringtone`, `bundled` | the ring and the tones of keys |
//! | `log` | what was logged last |
//! | `rules`, `serving` | what is set for the server on this computer, and what is seen of it |
//! | `here` | the server on this computer: starts it, or finds the one that runs |

mod bundled;
mod console;
mod files;
mod folder;
mod here;
mod inspect;
mod keep;
pub(super) mod log;
mod login;
mod notices;
mod others;
mod ringtone;
mod rules;
mod serving;
mod session;
mod sound;
mod tones;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;

use super::effect::Effect;
use super::msg::Msg;
use super::options::Profile;

/// Messages on their way to the window. When full, which takes a window that draws no frame, the worker waits, and so does
/// the SDK, whose own queue then says what happens.
const MSGS: usize = 1024;
/// Effects on their way to the worker. When full, the rest waits in [`Worker::waiting`] for the next frame.
const EFFECTS: usize = 256;
/// Messages that a frame takes in; the next one takes in the rest.
const A_FRAME: usize = 256;
/// The same while effects wait. Not none: whoever performs effects waits for room for what comes of them, and would wait for
/// ever. So [`Worker::waiting`] grows by what these few make, each a few, and by what people do by hand.
const A_FRAME_WHILE_FULL: usize = 8;
/// How long signing out and the last commits may take when the program ends.
const LAST_WORK: Duration = Duration::from_secs(2);

/// Makes the window look at what came.
pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

/// Whether the system may end the program by a signal in good order. A process has one such program at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signals {
    /// It may.
    Heed,
    /// That is for somebody else.
    Leave,
}

/// Comes back when the system wants the program to end.
async fn terminated(signals: Signals) {
    #[cfg(unix)]
    if signals == Signals::Heed {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
                return;
            }
            Err(error) => tracing::warn!(%error, "the program does not hear SIGTERM"),
        }
    }
    #[cfg(not(unix))]
    let _ = signals;
    std::future::pending().await
}

/// The way to the worker.
#[derive(Debug)]
pub(super) struct Worker {
    effects_tx: Option<mpsc::Sender<Effect>>,
    /// What did not fit into the queue. While something is here, a frame takes in few messages, so that what happens waits with
    /// the server instead of here; nothing is lost.
    waiting: VecDeque<Effect>,
    msgs_rx: mpsc::Receiver<Msg>,
    /// Set when everything is kept and the worker has ended.
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the threads. `data` is the directory of everything that this computer's user keeps; each profile has a folder in
    /// it.
    ///
    /// # Errors
    /// The system gives no threads.
    pub(super) fn start(
        data: &Path,
        profile: &Profile,
        wake: Wake,
        signals: Signals,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("callsign-worker")
            .enable_all()
            .build()?;
        let (effects_tx, effects_rx) = mpsc::channel(EFFECTS);
        let (msgs_tx, msgs_rx) = mpsc::channel(MSGS);
        let out = Out { msgs_tx, wake };
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let folders = Folders {
            server: data.join("server"),
            profile: data.join("profiles").join(profile.to_string()),
            name: profile.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("callsign-worker".to_owned())
            .spawn(move || {
                let wake = Arc::clone(&out.wake);
                let terminated = terminated(signals);
                runtime.block_on(session::run(folders, effects_rx, out, terminated));
                runtime.shutdown_timeout(LAST_WORK);
                ended.store(true, Ordering::Release);
                wake();
            })?;
        Ok(Self {
            effects_tx: Some(effects_tx),
            waiting: VecDeque::new(),
            msgs_rx,
            over,
            thread: Some(thread),
        })
    }

    /// Whether the worker has ended, as the system wished; then the window is to close.
    pub(super) fn over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// What came next, if anything, and if a frame that has taken in so many may take in one more.
    pub(super) fn next(&mut self, taken: usize) -> Option<Msg> {
        let most = match self.waiting.is_empty() {
            true => A_FRAME,
            false => A_FRAME_WHILE_FULL,
        };
        (taken < most).then(|| self.msgs_rx.try_recv().ok())?
    }

    /// Whether another frame has to come, though nothing new does.
    pub(super) fn has_more(&self) -> bool {
        !self.waiting.is_empty() || !self.msgs_rx.is_empty()
    }

    /// Hands effects over, in order. Never waits.
    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        self.waiting.extend(effects);
        let Some(effects_tx) = &self.effects_tx else {
            return;
        };
        while let Ok(place) = effects_tx.try_reserve() {
            let Some(effect) = self.waiting.pop_front() else {
                return;
            };
            place.send(effect);
        }
    }
}

/// Ends the session and the server in good order.
impl Drop for Worker {
    fn drop(&mut self) {
        self.effects_tx = None;
        // A worker that waits for room for a message must not wait for ever.
        self.msgs_rx.close();
        if let Some(thread) = self.thread.take() {
            // It has told of its own panic already.
            drop(thread.join());
        }
    }
}

/// Where things are kept.
struct Folders {
    /// What the server on this computer keeps, for all who use it.
    server: PathBuf,
    /// What this profile keeps.
    profile: PathBuf,
    /// What the profile is called.
    name: Profile,
}

/// The way from the worker to the window.
#[derive(Clone)]
struct Out {
    msgs_tx: mpsc::Sender<Msg>,
    wake: Wake,
}

impl Out {
    /// Says something. Without a window nobody has to hear it.
    async fn say(&self, msg: Msg) {
        if self.msgs_tx.send(msg).await.is_ok() {
            (self.wake)();
        }
    }

    /// The same for a thread of its own.
    fn say_blocking(&self, msg: Msg) {
        if self.msgs_tx.blocking_send(msg).is_ok() {
            (self.wake)();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::msg::NavMsg;

    #[test]
    fn a_frame_takes_in_few_while_effects_wait_and_nothing_is_lost() {
        let (effects_tx, mut effects_rx) = mpsc::channel(1);
        let (msgs_tx, msgs_rx) = mpsc::channel(MSGS);
        let mut worker = Worker {
            effects_tx: Some(effects_tx),
            waiting: VecDeque::new(),
            msgs_rx,
            over: Arc::default(),
            thread: None,
        };
        for _ in 0..MSGS {
            let msg = Msg::Nav(NavMsg::NoteSeen);
            msgs_tx.try_send(msg).expect("there is room");
        }
        let frame = |worker: &mut Worker| {
            let mut taken = 0;
            while worker.next(taken).is_some() {
                taken += 1;
            }
            taken
        };
        assert_eq!(frame(&mut worker), A_FRAME);
        assert!(worker.has_more());
        worker.perform(vec![Effect::SignOut, Effect::TryRingtone]);
        assert_eq!(frame(&mut worker), A_FRAME_WHILE_FULL);
        assert_eq!(effects_rx.try_recv().ok(), Some(Effect::SignOut));
        worker.perform(Vec::new());
        assert_eq!(effects_rx.try_recv().ok(), Some(Effect::TryRingtone));
        let mut taken = A_FRAME + A_FRAME_WHILE_FULL;
        while worker.has_more() {
            taken += frame(&mut worker);
        }
        assert_eq!(taken, MSGS);
    }
}
