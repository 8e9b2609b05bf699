//! Messages at a fixed rate. Each one's time runs from when it was due, not from when it could be sent, until its receiver
//! has been told of it, has polled and has it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::p2p::{LAST, Pair, World, pairs};
use crate::report::{Line, Used, Watch};
use crate::{LatencyArgs, LoadError};

/// What is not counted at the beginning.
const WARM_UP: Duration = Duration::from_secs(1);

/// A pair, and when each message that is on its way was due.
struct Timed {
    pair: Pair,
    due: VecDeque<Instant>,
}

/// How long messages took.
#[derive(Default)]
struct Times {
    from: Cell<Option<Instant>>,
    taken: RefCell<Vec<Duration>>,
    received: Cell<u64>,
    /// That one more was received.
    came: Notify,
}

pub(crate) async fn run(args: LatencyArgs) -> Result<String, LoadError> {
    let world = Rc::new(World::new(0));
    let times = Rc::new(Times::default());
    let timed = |pair| {
        let due = VecDeque::new();
        Rc::new(RefCell::new(Timed { pair, due }))
    };
    let pairs = pairs(&args.target, args.pairs).await?;
    let pairs: Vec<_> = pairs.into_iter().map(timed).collect();
    let mut tasks = JoinSet::new();
    for pair in &pairs {
        tasks.spawn_local(follow(
            Rc::clone(&world),
            Rc::clone(&times),
            Rc::clone(pair),
        ));
    }
    let watch = Watch::start(&args.target);
    times.from.set(Some(Instant::now() + WARM_UP));
    tokio::select! {
        sent = send(&args, &pairs, &times) => {
            let sent = sent?;
            let used = watch.stop();
            report(&args, &times, sent, &used)
        }
        Some(ended) = tasks.join_next() => match ended {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => Err(LoadError::Closed),
        },
    }
}

/// Sends all messages and waits until they are received; returns how many there were.
async fn send(
    args: &LatencyArgs,
    pairs: &[Rc<RefCell<Timed>>],
    times: &Times,
) -> Result<u64, LoadError> {
    let mut ticks = ticks(args.rate, WARM_UP + args.seconds);
    let mut sent = 0;
    for pair in pairs.iter().cycle() {
        let Some(due) = ticks.recv().await else {
            break;
        };
        let mut timed = pair.borrow_mut();
        timed.due.push_back(due);
        let text = timed.pair.message_text();
        let connection = &mut timed.pair.sender.connection;
        connection.queue(&text);
        // So few bytes wait that the socket always takes them; if not, they are written with the next.
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(Err(error)) = connection.poll_flush(&mut context) {
            return Err(error);
        }
        sent += 1;
    }
    let all_came = async {
        while times.received.get() < sent {
            times.came.notified().await;
        }
    };
    if tokio::time::timeout(LAST, all_came).await.is_err() {
        return Err(LoadError::Wrong("messages are missing".to_owned()));
    }
    Ok(sent)
}

/// The times at which messages are due, each when it has come. A thread of its own keeps time, since the runtime does so
/// in whole milliseconds.
fn ticks(rate: u32, span: Duration) -> mpsc::UnboundedReceiver<Instant> {
    let (ticks_tx, ticks_rx) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let began = Instant::now();
        let interval = Duration::from_secs(1) / rate.max(1);
        let mut due = began;
        while due < began + span {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if ticks_tx.send(due).is_err() {
                return;
            }
            due += interval;
        }
    });
    ticks_rx
}

/// Receives, and takes the time of each message.
async fn follow(
    world: Rc<World>,
    times: Rc<Times>,
    timed: Rc<RefCell<Timed>>,
) -> Result<(), LoadError> {
    poll_fn(|context| {
        loop {
            let Timed { pair, due } = &mut *timed.borrow_mut();
            let answered = pair.poll_answers(context, &world)?;
            let received = pair.receiver.poll(context, &world, |_| {
                if let Some(due) = due.pop_front() {
                    times.received(due);
                }
            })?;
            if answered.is_pending() && received.is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

impl Times {
    fn received(&self, due: Instant) {
        self.received.set(self.received.get() + 1);
        self.came.notify_one();
        if self.from.get().is_some_and(|from| due >= from) {
            self.taken.borrow_mut().push(due.elapsed());
        }
    }
}

fn report(args: &LatencyArgs, times: &Times, sent: u64, used: &Used) -> Result<String, LoadError> {
    let mut taken = times.taken.take();
    taken.sort();
    let ms = |part: f64| {
        let last = taken.len().checked_sub(1)?;
        let at = (last as f64 * part).ceil() as usize;
        Some(taken[at].as_secs_f64() * 1000.0)
    };
    let (Some(p50), Some(p99), Some(max)) = (ms(0.5), ms(0.99), ms(1.0)) else {
        return Err(LoadError::Wrong("nothing was measured".to_owned()));
    };
    Ok(Line::new("latency")
        .figure("p50_ms", p50, 3)
        .figure("p99_ms", p99, 3)
        .figure("max_ms", max, 3)
        .figure("messages", sent as f64, 0)
        .figure("rate", f64::from(args.rate), 0)
        .used("message", sent as f64, used)
        .finish())
}
