//! The part of the app that touches the world: performs effects with the SDK and the embedded server, on its own threads.
//!
//! Knows no view. What it has to say goes into one bounded queue, and after each word it wakes the window.
//!
//! | file | what |
//! |---|---|
//! | `session`, `login` | signing in, and the session of the account: performs effects |
//! | `pump` | what a session tells |
//! | `others` | who is there, what was said in rooms, what was read |
//! | `inspect` | what people and the inspector ask, and files of attributes |
//! | `console` | the frames of the link |
//! | `files` | files that are chosen and written |
//! | `keeping`, `keep`, `folder` | the way to the history; does what is asked of it; whose it is, and the settings of the profile |
//! | `notices` | notifications of the desktop |
//! | `sound`, `tones`, `ringtone`, `bundled` | the ring and the tones of keys |
//! | `audio` | microphone and speaker |
//! | `voice` | the sound of calls |
//! | `recording` | where calls are kept |
//! | `log` | what was logged last |
//! | `rules`, `serving` | what is set for the server on this computer, and what is seen of it |
//! | `here` | the server on this computer: starts it, or finds the one that runs |

mod audio;
mod bundled;
mod console;
mod files;
mod folder;
mod here;
mod inspect;
mod keep;
mod keeping;
pub(super) mod log;
mod login;
mod notices;
mod others;
mod pump;
mod recording;
mod ringtone;
mod rules;
mod serving;
mod session;
mod sound;
mod tones;
mod voice;

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

/// What happens by itself, on its way to the window: what a session, the console and notifications have to say. When full, which
/// takes a window that draws no frame or is behind with effects, whoever tells it waits, and so does the SDK, whose own queue then
/// says what happens. Nobody who performs effects ever waits here.
const EVENTS: usize = 1024;
/// What comes of effects, on its way to the window, which takes it in before what happens by itself. An effect has one answer at most,
/// and there are no more effects without one than wait in [`EFFECTS`], for the history ([`keeping::ASKS`]) and for the server
/// ([`PENDING_MAX`](crate::client::core::PENDING_MAX)); so it is never full. If it were, the worker would wait.
const ANSWERS: usize = 4096;
/// Effects on their way to the worker. When full, the rest waits in [`Worker::waiting`] for the next frame.
const EFFECTS: usize = 256;
/// Effects that may wait for room in [`EFFECTS`], but for those of one message more and of what people do by hand. While any wait, what
/// happens by itself is not taken in; when full, answers neither: the worker goes on without us and makes room.
const WAITING: usize = 1024;
/// Messages that a frame takes in; the next one takes in the rest.
const A_FRAME: usize = 256;
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
    /// What did not fit into the queue: see [`WAITING`]. What happens meanwhile waits with the server; nothing is lost.
    waiting: VecDeque<Effect>,
    answers_rx: mpsc::Receiver<Msg>,
    events_rx: mpsc::Receiver<Msg>,
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
        let (answers_tx, answers_rx) = mpsc::channel(ANSWERS);
        let (events_tx, events_rx) = mpsc::channel(EVENTS);
        let out = Out {
            answers_tx,
            events_tx,
            wake,
        };
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
            answers_rx,
            events_rx,
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
        if taken >= A_FRAME || self.waiting.len() >= WAITING {
            return None;
        }
        let answer = self.answers_rx.try_recv().ok();
        answer.or_else(|| {
            let idle = self.waiting.is_empty();
            idle.then(|| self.events_rx.try_recv().ok())?
        })
    }

    /// Whether another frame has to come, though nothing new does.
    pub(super) fn has_more(&self) -> bool {
        !(self.waiting.is_empty() && self.answers_rx.is_empty() && self.events_rx.is_empty())
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
        self.answers_rx.close();
        self.events_rx.close();
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

/// The way from the worker to the window: one for what comes of effects, another for what happens by itself, so that whoever performs
/// effects never waits for a window that waits for them.
#[derive(Clone)]
struct Out {
    answers_tx: mpsc::Sender<Msg>,
    events_tx: mpsc::Sender<Msg>,
    wake: Wake,
}

impl Out {
    /// Says what came of an effect. Without a window nobody has to hear it.
    async fn say(&self, msg: Msg) {
        if self.answers_tx.send(msg).await.is_ok() {
            (self.wake)();
        }
    }

    /// Says what happened by itself, when there is room. Not for whoever performs effects.
    async fn tell(&self, msg: Msg) {
        if self.events_tx.send(msg).await.is_ok() {
            (self.wake)();
        }
    }

    /// The answer of a thread of its own.
    fn say_blocking(&self, msg: Msg) {
        if self.answers_tx.blocking_send(msg).is_ok() {
            (self.wake)();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::msg::NavMsg;

    /// A way to a window that is in the test's hands: what comes of effects, and what happens by itself.
    pub(super) fn out() -> (Out, mpsc::Receiver<Msg>, mpsc::Receiver<Msg>) {
        let (answers_tx, answers_rx) = mpsc::channel(ANSWERS);
        let (events_tx, events_rx) = mpsc::channel(EVENTS);
        let out = Out {
            answers_tx,
            events_tx,
            wake: Arc::new(|| {}),
        };
        (out, answers_rx, events_rx)
    }

    /// A worker whose other side is in the test's hands.
    struct Other {
        effects_rx: mpsc::Receiver<Effect>,
        answers_tx: mpsc::Sender<Msg>,
        events_tx: mpsc::Sender<Msg>,
    }

    fn pair() -> (Worker, Other) {
        let (effects_tx, effects_rx) = mpsc::channel(EFFECTS);
        let (answers_tx, answers_rx) = mpsc::channel(ANSWERS);
        let (events_tx, events_rx) = mpsc::channel(EVENTS);
        let worker = Worker {
            effects_tx: Some(effects_tx),
            waiting: VecDeque::new(),
            answers_rx,
            events_rx,
            over: Arc::default(),
            thread: None,
        };
        let other = Other {
            effects_rx,
            answers_tx,
            events_tx,
        };
        (worker, other)
    }

    fn msg() -> Msg {
        Msg::Nav(NavMsg::NoteSeen)
    }

    /// A frame in which each message makes so many effects; returns how many messages it took in.
    fn frame(worker: &mut Worker, each: usize) -> usize {
        let mut taken = 0;
        while worker.next(taken).is_some() {
            taken += 1;
            worker.perform(vec![Effect::TryRingtone; each]);
        }
        worker.perform(Vec::new());
        taken
    }

    #[test]
    fn while_effects_wait_only_answers_are_taken_in_and_in_the_end_everything() {
        let (mut worker, mut other) = pair();
        for _ in 0..EVENTS {
            other.events_tx.try_send(msg()).expect("there is room");
        }
        assert_eq!(frame(&mut worker, 0), A_FRAME);
        assert!(worker.has_more());
        worker.perform(vec![Effect::TryRingtone; EFFECTS + 1]);
        other.answers_tx.try_send(msg()).expect("there is room");
        assert_eq!(frame(&mut worker, 0), 1, "the answer alone");
        assert!(worker.has_more());
        assert_eq!(frame(&mut worker, 0), 0);
        while other.effects_rx.try_recv().is_ok() {}
        assert_eq!(frame(&mut worker, 0), 0, "there is room only now");
        let mut taken = A_FRAME;
        while worker.has_more() {
            taken += frame(&mut worker, 0);
        }
        assert_eq!(taken, EVENTS);
    }

    /// Events without end, of which each makes effects that are answered, and each answer another one: nothing grows without bound,
    /// nothing stands still, nothing is lost.
    #[tokio::test]
    async fn a_flood_fills_nothing_beyond_its_bound_and_stops_nobody() {
        const FLOOD: usize = 20_000;
        const EACH: usize = 3;
        let (mut worker, other) = pair();
        let Other {
            mut effects_rx,
            answers_tx,
            events_tx,
        } = other;
        let flood = tokio::spawn(async move {
            for _ in 0..FLOOD {
                events_tx.send(msg()).await.expect("a window");
            }
        });
        // Who performs effects is slow, and waits wherever it has to.
        let performs = tokio::spawn(async move {
            let mut done = 0;
            while effects_rx.recv().await.is_some() {
                done += 1;
                if done % EACH == 0 {
                    answers_tx.send(msg()).await.expect("a window");
                }
                tokio::task::yield_now().await;
            }
            done
        });
        let (mut most, mut taken, mut answered) = (0, 0, 0);
        while !flood.is_finished() || worker.has_more() || answered < FLOOD {
            let mut a_frame = 0;
            loop {
                let answers = worker.answers_rx.len();
                if worker.next(a_frame).is_none() {
                    break;
                }
                a_frame += 1;
                if worker.answers_rx.len() < answers {
                    answered += 1;
                } else {
                    taken += 1;
                    worker.perform(vec![Effect::TryRingtone; EACH]);
                }
                most = most.max(worker.waiting.len());
            }
            worker.perform(Vec::new());
            tokio::task::yield_now().await;
        }
        assert_eq!((taken, answered), (FLOOD, FLOOD));
        assert!(most < WAITING + EACH, "{most} effects waited");
        worker.effects_tx = None;
        assert_eq!(performs.await.expect("no panic"), FLOOD * EACH);
    }

    #[test]
    fn when_too_many_effects_wait_nothing_is_taken_in() {
        let (mut worker, mut other) = pair();
        for _ in 0..ANSWERS {
            other.answers_tx.try_send(msg()).expect("there is room");
        }
        let mut taken = 0;
        for _ in 0..100 {
            taken += frame(&mut worker, 5);
            assert!(worker.waiting.len() < WAITING + 5);
        }
        assert_eq!(taken, (EFFECTS + WAITING).div_ceil(5));
        while other.effects_rx.try_recv().is_ok() {}
        assert_eq!(frame(&mut worker, 0), 0, "there is room only now");
        assert_eq!(frame(&mut worker, 0), A_FRAME);
    }
}
