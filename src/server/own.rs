//! A part of a task that is polled only when it was itself woken. Knows nothing of what the part does.
//!
//! A link reads and writes in one task. Whoever wakes the task to write need not have the socket asked whether there is
//! something to read: that cost a fifth of a delivery.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// A future that is polled at first, and then whenever its own waker was called.
pub(super) struct Own<'a, F> {
    future: Pin<&'a mut F>,
    alarm: Arc<Alarm>,
    waker: Waker,
}

struct Alarm {
    rang: AtomicBool,
    task: AtomicWaker,
}

impl<'a, F> Own<'a, F> {
    pub(super) fn new(future: Pin<&'a mut F>) -> Self {
        let alarm = Arc::new(Alarm {
            rang: AtomicBool::new(true),
            task: AtomicWaker::new(),
        });
        Self {
            future,
            waker: Waker::from(Arc::clone(&alarm)),
            alarm,
        }
    }
}

impl<F: Future> Future for Own<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        // Before looking: who rings afterwards wakes the task.
        this.alarm.task.register(context.waker());
        if !this.alarm.rang.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let mut context = Context::from_waker(&this.waker);
        this.future.as_mut().poll(&mut context)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        self.task.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;
    use tokio::sync::Notify;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn it_is_polled_only_when_it_was_woken() {
        let (news, polls) = (Notify::new(), AtomicUsize::new(0));
        let mut told = pin!(news.notified());
        let part = pin!(std::future::poll_fn(|context| {
            polls.fetch_add(1, Ordering::Relaxed);
            told.as_mut().poll(context)
        }));
        let mut own = Own::new(part);
        let task = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut context = Context::from_waker(&waker);
        for _ in 0..3 {
            assert!(Pin::new(&mut own).poll(&mut context).is_pending());
        }
        assert_eq!(polls.load(Ordering::Relaxed), 1);
        news.notify_one();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        assert!(Pin::new(&mut own).poll(&mut context).is_ready());
        assert_eq!(polls.load(Ordering::Relaxed), 2);
    }
}
