//! What may not be told before something is durable: outputs of the hub that wait for a commit, in one line.
//! Pure: knows neither links nor the store.
//!
//! An op that cannot wait is a barrier: everything that the hub puts out behind it, for whomever, stays here until the
//! op's batch is committed. One line for all keeps what each link sees in the hub's order.

use std::collections::VecDeque;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::hub::{HistoryQuery, LinkId};

use super::outbox::Closing;

/// Bytes of held outputs, what holds them together included. When more, the driver takes no inputs until a commit comes;
/// the inputs' own queue then fills, and TCP slows the senders.
pub(super) const HELD_BYTES: usize = 64 << 20;

/// Something to do that must not come before a commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Send a frame.
    Send(LinkId, Utf8Bytes),
    /// Send one frame to many.
    Fan(Vec<LinkId>, Utf8Bytes),
    /// Close a link in order.
    Close(LinkId, Closing),
    /// Ask for what is kept.
    Ask(HistoryQuery),
}

impl Delivery {
    fn bytes(&self) -> usize {
        let own = match self {
            Self::Send(_, text) => text.len(),
            Self::Fan(links, text) => text.len() + size_of_val(links.as_slice()),
            Self::Close(..) | Self::Ask(_) => 0,
        };
        own + size_of::<Entry>()
    }
}

#[derive(Debug)]
struct Entry {
    /// The batch that must be committed first.
    after: u64,
    delivery: Delivery,
}

/// The line of outputs.
#[derive(Debug, Default)]
pub(super) struct Held {
    line: VecDeque<Entry>,
    bytes: usize,
    /// The last batch with an op that cannot wait.
    barrier: u64,
    /// The last batch that is committed.
    committed: u64,
}

impl Held {
    /// From now on everything waits for a batch.
    pub(super) fn wait_for(&mut self, batch: u64) {
        self.barrier = self.barrier.max(batch);
    }

    /// Gives a delivery back if it may be done at once; otherwise it gets in line.
    pub(super) fn offer(&mut self, delivery: Delivery) -> Option<Delivery> {
        if self.line.is_empty() && self.barrier <= self.committed {
            return Some(delivery);
        }
        self.bytes += delivery.bytes();
        self.line.push_back(Entry {
            after: self.barrier,
            delivery,
        });
        None
    }

    /// All batches up to this one are committed.
    pub(super) fn committed(&mut self, batch: u64) {
        self.committed = self.committed.max(batch);
    }

    /// The next delivery that waits no longer.
    pub(super) fn release(&mut self) -> Option<Delivery> {
        let committed = self.committed;
        let free = self.line.pop_front_if(|entry| entry.after <= committed)?;
        self.bytes -= free.delivery.bytes();
        Some(free.delivery)
    }

    /// Whether [`Self::release`] has something.
    pub(super) fn has_free(&self) -> bool {
        let first = self.line.front();
        first.is_some_and(|entry| entry.after <= self.committed)
    }

    /// Whether it holds more than it should.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > HELD_BYTES
    }

    /// How many outputs are held.
    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether nothing is held.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(link: u64) -> Delivery {
        Delivery::Send(LinkId(link), Utf8Bytes::from_static("hello"))
    }

    fn released(held: &mut Held) -> Vec<Delivery> {
        std::iter::from_fn(|| held.release()).collect()
    }

    #[test]
    fn without_a_barrier_nothing_waits() {
        let mut held = Held::default();
        assert_eq!(held.offer(send(1)), Some(send(1)));
    }

    #[test]
    fn everything_behind_a_barrier_waits_for_its_batch() {
        let mut held = Held::default();
        held.wait_for(1);
        assert_eq!(held.offer(send(1)), None);
        assert_eq!(held.offer(send(2)), None);
        assert!(!held.has_free());
        assert_eq!(released(&mut held), []);
        held.committed(1);
        assert!(held.has_free());
        assert_eq!(released(&mut held), [send(1), send(2)]);
        assert_eq!(held.offer(send(3)), Some(send(3)));
    }

    #[test]
    fn a_commit_releases_up_to_the_next_barrier() {
        let mut held = Held::default();
        held.wait_for(1);
        assert_eq!(held.offer(send(1)), None);
        held.wait_for(3);
        assert_eq!(held.offer(send(2)), None);
        held.committed(2);
        assert_eq!(released(&mut held), [send(1)]);
        assert_eq!(held.len(), 1);
        held.committed(3);
        assert_eq!(released(&mut held), [send(2)]);
    }

    #[test]
    fn nothing_overtakes_what_is_released_but_not_yet_taken() {
        let mut held = Held::default();
        held.wait_for(1);
        assert_eq!(held.offer(send(1)), None);
        held.committed(1);
        assert_eq!(held.offer(send(2)), None);
        assert_eq!(released(&mut held), [send(1), send(2)]);
    }

    #[test]
    fn its_size_counts_texts_and_receivers_and_goes_back_to_nothing() {
        let mut held = Held::default();
        held.wait_for(1);
        let half = Utf8Bytes::from("x".repeat(HELD_BYTES / 2));
        assert_eq!(held.offer(Delivery::Send(LinkId(1), half)), None);
        assert!(!held.is_full());
        let links = vec![LinkId(1); HELD_BYTES / 2 / size_of::<LinkId>()];
        assert_eq!(
            held.offer(Delivery::Fan(links, Utf8Bytes::from_static("x"))),
            None
        );
        assert!(held.is_full());
        held.committed(1);
        assert_eq!(released(&mut held).len(), 2);
        assert!(held.is_empty());
        assert_eq!(held.bytes, 0);
    }
}
