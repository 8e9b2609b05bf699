//! What waits to be written to one link: a bounded queue from the driver to the link's task. Knows no protocol.
//!
//! **When full**, [`OutboxTx::push`] says so and the driver cuts the link: whoever reads so slowly comes back and polls
//! its inbox, and nobody else waits for it. Full are [`limits::OUTBOX_BYTES`], [`MOST_FRAMES`], or
//! [`limits::OUTBOX_FRAMES`] of which none was taken for [`PATIENCE`]. The driver may release in one go what a
//! commit held back for long, so many frames alone do not show that a client does not read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::hub::CloseStatus;
use crate::protocol::limits;

/// Frames that wait at most, however well the client reads: what bounds the memory of tiny ones.
const MOST_FRAMES: usize = 64 * limits::OUTBOX_FRAMES;
/// How long a client may read nothing at all while [`limits::OUTBOX_FRAMES`] wait for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// After a burst the queue keeps room for so many frames, and gives the rest back.
const KEPT_CAPACITY: usize = 16;

/// A new, empty outbox: the driver's end and the link's.
pub(super) fn outbox() -> (OutboxTx, OutboxRx) {
    let shared = Arc::new(Mutex::new(Outbox::default()));
    (OutboxTx(Arc::clone(&shared)), OutboxRx(shared))
}

/// The driver's end. When it is dropped, the link is cut.
#[derive(Debug)]
pub(super) struct OutboxTx(Arc<Mutex<Outbox>>);

/// The link's end. All waiting on it must happen in one task, since it wakes one.
#[derive(Debug)]
pub(super) struct OutboxRx(Arc<Mutex<Outbox>>);

/// There is no room for a frame: the link must be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// How a link ends in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    /// How long the client may take to close it first.
    pub(super) linger: Duration,
    /// The status of the close frame.
    pub(super) status: CloseStatus,
}

/// The next thing for a link to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Write a frame.
    Write {
        /// The frame.
        frame: Utf8Bytes,
        /// Whether another waits behind it, which [`OutboxRx::next_frame`] has at once.
        more: bool,
    },
    /// Everything is written: close.
    Close(Closing),
    /// The link is cut: end at once.
    Cut,
}

#[derive(Debug, Default)]
struct Outbox {
    frames: VecDeque<Utf8Bytes>,
    /// Bytes of `frames`, and of the frame that the link is writing now.
    bytes: usize,
    /// Bytes of the frame that the link took last; it is written when the link comes back.
    writing: usize,
    /// Frames that were ever queued.
    queued: u64,
    /// Since when it is long, and how many frames had been taken by then.
    long_since: Option<(Instant, u64)>,
    closing: Option<Closing>,
    cut: bool,
    gone: bool,
    waker: Option<Waker>,
}

impl OutboxTx {
    /// Queues a frame. Never waits. What comes for a link that is closing or gone is thrown away.
    pub(super) fn push(&self, frame: Utf8Bytes, now: Instant) -> Result<(), Full> {
        self.change(|outbox| outbox.push(frame, now))
    }

    /// Lets the link close once everything pushed so far has been written. The first call counts.
    pub(super) fn close(&self, closing: Closing) {
        self.change(|outbox| {
            outbox.closing.get_or_insert(closing);
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Outbox) -> T) -> T {
        let mut outbox = lock(&self.0);
        let changed = change(&mut outbox);
        let waker = outbox.waker.take();
        drop(outbox);
        if let Some(waker) = waker {
            waker.wake();
        }
        changed
    }
}

impl Drop for OutboxTx {
    fn drop(&mut self) {
        self.change(|outbox| {
            outbox.cut = true;
            outbox.frames = VecDeque::new();
        });
    }
}

impl OutboxRx {
    /// The next thing to do, when there is one. Asking says that the frame before is written.
    ///
    /// Whoever waits for anything else must wait for [`Self::cut`] as well.
    pub(super) async fn next(&self) -> Next {
        std::future::poll_fn(|context| self.poll(context, Outbox::next)).await
    }

    /// The next frame, if one waits, and whether another waits behind it. Asking says that the frame before is written.
    pub(super) fn next_frame(&self) -> Option<(Utf8Bytes, bool)> {
        lock(&self.0).next_frame()
    }

    /// Returns when the link is cut: it is to end at once, whatever it is doing.
    pub(super) async fn cut(&self) {
        std::future::poll_fn(|context| self.poll(context, |outbox| outbox.cut.then_some(()))).await;
    }

    fn poll<T>(
        &self,
        context: &Context<'_>,
        take: impl FnOnce(&mut Outbox) -> Option<T>,
    ) -> Poll<T> {
        let mut outbox = lock(&self.0);
        if let Some(taken) = take(&mut outbox) {
            return Poll::Ready(taken);
        }
        match &mut outbox.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for OutboxRx {
    fn drop(&mut self) {
        let mut outbox = lock(&self.0);
        outbox.gone = true;
        outbox.frames = VecDeque::new();
    }
}

impl Outbox {
    fn push(&mut self, frame: Utf8Bytes, now: Instant) -> Result<(), Full> {
        if self.gone || self.closing.is_some() {
            return Ok(());
        }
        let bytes = self.bytes + frame.len();
        let alone = self.frames.is_empty() && self.writing == 0;
        let large = bytes > limits::OUTBOX_BYTES && !alone;
        if large || self.frames.len() >= MOST_FRAMES || self.is_stuck(now) {
            return Err(Full);
        }
        self.bytes = bytes;
        self.queued += 1;
        self.frames.push_back(frame);
        Ok(())
    }

    /// Whether many frames wait, and none was taken for long.
    fn is_stuck(&mut self, now: Instant) -> bool {
        if self.frames.len() < limits::OUTBOX_FRAMES {
            self.long_since = None;
            return false;
        }
        let taken = self.queued - self.frames.len() as u64;
        match self.long_since {
            Some((since, before)) if before == taken => {
                now.saturating_duration_since(since) >= PATIENCE
            }
            Some(_) | None => {
                self.long_since = Some((now, taken));
                false
            }
        }
    }

    fn next(&mut self) -> Option<Next> {
        if self.cut {
            return Some(Next::Cut);
        }
        match self.next_frame() {
            Some((frame, more)) => Some(Next::Write { frame, more }),
            None => self.closing.map(Next::Close),
        }
    }

    fn next_frame(&mut self) -> Option<(Utf8Bytes, bool)> {
        self.bytes -= std::mem::take(&mut self.writing);
        let Some(frame) = self.frames.pop_front() else {
            self.frames.shrink_to(KEPT_CAPACITY);
            return None;
        };
        self.writing = frame.len();
        Some((frame, !self.frames.is_empty()))
    }
}

/// A panic elsewhere leaves the queue as sound as it was: no change to it can stop half-way.
fn lock(outbox: &Mutex<Outbox>) -> MutexGuard<'_, Outbox> {
    outbox.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    fn frame(bytes: usize) -> Utf8Bytes {
        Utf8Bytes::from("x".repeat(bytes))
    }

    fn push(tx: &OutboxTx, frame: Utf8Bytes) -> Result<(), Full> {
        tx.push(frame, Instant::now())
    }

    fn closing(status: CloseStatus) -> Closing {
        Closing {
            linger: Duration::ZERO,
            status,
        }
    }

    /// Counts how often it was woken.
    #[derive(Default)]
    struct Alarm(AtomicUsize);

    impl Wake for Alarm {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn frames_come_in_order_and_the_close_comes_last() {
        let (tx, rx) = outbox();
        assert_eq!(push(&tx, frame(1)), Ok(()));
        assert_eq!(push(&tx, frame(2)), Ok(()));
        tx.close(closing(CloseStatus::Refused));
        tx.close(closing(CloseStatus::Normal));
        assert_eq!(push(&tx, frame(3)), Ok(()));
        for (bytes, more) in [(1, true), (2, false)] {
            let frame = frame(bytes);
            assert_eq!(rx.next().await, Next::Write { frame, more });
        }
        assert_eq!(rx.next().await, Next::Close(closing(CloseStatus::Refused)));
    }

    #[test]
    fn many_frames_may_wait_for_a_client_that_reads_and_not_for_one_that_does_not() {
        let (tx, rx) = outbox();
        let start = Instant::now();
        let late = start + PATIENCE;
        for _ in 0..=limits::OUTBOX_FRAMES {
            assert_eq!(tx.push(frame(1), start), Ok(()));
        }
        rx.next_frame().expect("a frame waits");
        assert_eq!(tx.push(frame(1), late), Ok(()), "it has read since");
        assert_eq!(tx.push(frame(1), late + PATIENCE / 2), Ok(()));
        assert_eq!(tx.push(frame(1), late + PATIENCE), Err(Full));
        while rx.next_frame().is_some() {}
        assert_eq!(tx.push(frame(1), late + PATIENCE), Ok(()));
    }

    #[test]
    fn tiny_frames_are_bounded_too() {
        let (tx, rx) = outbox();
        for _ in 0..MOST_FRAMES {
            assert_eq!(push(&tx, frame(1)), Ok(()));
        }
        assert_eq!(push(&tx, frame(1)), Err(Full));
        rx.next_frame().expect("a frame waits");
        assert_eq!(push(&tx, frame(1)), Ok(()));
    }

    #[test]
    fn it_holds_so_many_bytes_the_frame_being_written_among_them() {
        let (tx, rx) = outbox();
        assert_eq!(push(&tx, frame(limits::OUTBOX_BYTES - 1)), Ok(()));
        assert_eq!(push(&tx, frame(2)), Err(Full));
        assert_eq!(push(&tx, frame(1)), Ok(()));
        rx.next_frame().expect("a frame waits");
        assert_eq!(push(&tx, frame(1)), Err(Full));
        rx.next_frame().expect("a frame waits");
        assert_eq!(push(&tx, frame(1)), Ok(()));
    }

    #[test]
    fn one_larger_frame_passes_when_nothing_else_waits() {
        let (tx, rx) = outbox();
        let large = limits::OUTBOX_BYTES + 1;
        assert_eq!(push(&tx, frame(large)), Ok(()));
        assert_eq!(push(&tx, frame(1)), Err(Full));
        rx.next_frame().expect("a frame waits");
        assert_eq!(push(&tx, frame(1)), Err(Full));
        assert_eq!(rx.next_frame(), None);
        assert_eq!(push(&tx, frame(1)), Ok(()));
        assert_eq!(push(&tx, frame(large)), Err(Full));
    }

    #[test]
    fn a_burst_leaves_no_large_queue_behind() {
        let (tx, rx) = outbox();
        for _ in 0..limits::OUTBOX_FRAMES {
            assert_eq!(push(&tx, frame(1)), Ok(()));
        }
        while rx.next_frame().is_some() {}
        assert!(lock(&rx.0).frames.capacity() <= 2 * KEPT_CAPACITY);
    }

    #[test]
    fn every_change_wakes_the_link() {
        let (tx, rx) = outbox();
        let alarm = Arc::new(Alarm::default());
        let waker = Waker::from(Arc::clone(&alarm));
        let context = Context::from_waker(&waker);
        let woken = |change: &dyn Fn(&OutboxTx)| {
            while let Poll::Ready(Next::Write { .. }) = rx.poll(&context, Outbox::next) {}
            let before = alarm.0.load(Ordering::Relaxed);
            change(&tx);
            alarm.0.load(Ordering::Relaxed) - before
        };
        assert_eq!(woken(&|tx| assert_eq!(push(tx, frame(1)), Ok(()))), 1);
        assert_eq!(woken(&|tx| tx.close(closing(CloseStatus::Normal))), 1);
    }

    #[tokio::test]
    async fn a_link_is_cut_when_the_driver_lets_go_of_it() {
        let (tx, rx) = outbox();
        assert_eq!(push(&tx, frame(1)), Ok(()));
        drop(tx);
        rx.cut().await;
        assert_eq!(rx.next().await, Next::Cut);
        assert_eq!(rx.next_frame(), None);
    }

    #[test]
    fn nothing_is_queued_for_a_link_that_is_gone() {
        let (tx, rx) = outbox();
        drop(rx);
        assert_eq!(push(&tx, frame(1)), Ok(()));
        assert!(lock(&tx.0).frames.is_empty());
    }
}
