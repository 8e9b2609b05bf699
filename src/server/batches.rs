//! Collects what the hub wants kept into batches for the store. Pure: knows when a batch is due, and how much is
//! under way, but not what an op means.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::hub::StoreOp;
use crate::protocol::limits;

use super::store::Batch;

/// Bytes of ops that are not committed yet, about. When more, the driver takes no inputs until a commit comes.
pub(super) const UNCOMMITTED_BYTES: usize = 64 << 20;
/// How long ops that can wait do so for one that cannot, with which they share a commit. A kill within that time
/// has the same effect as one right before the op.
pub(super) const RIDE_ALONG: Duration = Duration::from_millis(100);
/// What an op counts for, besides its content.
const OP_BYTES: usize = 256;

/// Ops on their way to the disk.
#[derive(Debug)]
pub(super) struct Batches {
    /// The batch that is being collected.
    open: Vec<StoreOp>,
    /// Its number.
    number: u64,
    /// When it is to be handed over; `None` while it is empty.
    due: Option<Instant>,
    open_bytes: usize,
    /// Batches that were handed over, with their bytes.
    under_way: VecDeque<(u64, usize)>,
    under_way_bytes: usize,
}

impl Batches {
    pub(super) fn new() -> Self {
        Self {
            open: Vec::new(),
            number: 1,
            due: None,
            open_bytes: 0,
            under_way: VecDeque::new(),
            under_way_bytes: 0,
        }
    }

    /// Takes an op. Returns the number of the batch that answers must wait for, if they must.
    pub(super) fn add(&mut self, op: StoreOp, now: Instant) -> Option<u64> {
        let can_wait = op.can_wait();
        let due = if can_wait { now + RIDE_ALONG } else { now };
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
        self.open_bytes += bytes(&op);
        self.open.push(op);
        (!can_wait).then_some(self.number)
    }

    /// When the open batch is to be handed over, if there is one.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The open batch; the next one begins. `unix_ms` is the time.
    pub(super) fn take(&mut self, unix_ms: u64) -> Batch {
        let batch = Batch {
            number: self.number,
            ops: std::mem::take(&mut self.open),
            unix_ms,
        };
        let bytes = std::mem::take(&mut self.open_bytes);
        self.under_way.push_back((self.number, bytes));
        self.under_way_bytes += bytes;
        self.number += 1;
        self.due = None;
        batch
    }

    /// All batches up to this one are committed.
    pub(super) fn committed(&mut self, number: u64) {
        while let Some((_, bytes)) = self.under_way.pop_front_if(|(own, _)| *own <= number) {
            self.under_way_bytes -= bytes;
        }
    }

    /// Whether more is under way than should be.
    pub(super) fn is_full(&self) -> bool {
        self.open_bytes + self.under_way_bytes > UNCOMMITTED_BYTES
    }

    /// Whether everything is committed.
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_none() && self.under_way.is_empty()
    }
}

/// About what an op takes in memory.
fn bytes(op: &StoreOp) -> usize {
    let content = match op {
        StoreOp::PutMessage(message) => message.content.len(),
        StoreOp::SetAttr { entry, .. } => {
            let text = entry.value.as_str();
            text.map_or(limits::VALUE_BYTES, str::len)
        }
        StoreOp::PutChannelMessage(message) => message.text.len(),
        StoreOp::DropMessages { vers, .. } => size_of_val(vers.as_slice()),
        StoreOp::PutBlocks { peers, .. } | StoreOp::DropBlocks { peers, .. } => {
            peers.len() * OP_BYTES
        }
        StoreOp::AckInbox { .. }
        | StoreOp::DropInbox { .. }
        | StoreOp::DelAttr { .. }
        | StoreOp::ClearAttrs { .. }
        | StoreOp::ChannelEmptied { .. }
        | StoreOp::TrimHistory { .. }
        | StoreOp::PutMember { .. }
        | StoreOp::MarkMember { .. }
        | StoreOp::DropMember { .. }
        | StoreOp::PutSentId { .. }
        | StoreOp::PutAccount(_)
        | StoreOp::DropAccount { .. } => 0,
    };
    OP_BYTES + content
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::AttrOwner;
    use crate::protocol::{Account, AppId, AttrEntry, AttrName};

    fn owner() -> AttrOwner {
        let app = AppId::try_from("demo").expect("a name");
        AttrOwner::User(app, Account::try_from("alice").expect("a name"))
    }

    fn urgent() -> StoreOp {
        StoreOp::ClearAttrs { owner: owner() }
    }

    fn patient() -> StoreOp {
        StoreOp::AckInbox {
            app: AppId::try_from("demo").expect("a name"),
            account: Account::try_from("alice").expect("a name"),
            ver: 1,
        }
    }

    #[test]
    fn what_cannot_wait_is_due_at_once_and_takes_the_rest_along() {
        let now = Instant::now();
        let mut batches = Batches::new();
        assert_eq!(batches.due(), None);
        assert_eq!(batches.add(patient(), now), None);
        assert_eq!(batches.due(), Some(now + RIDE_ALONG));
        let later = now + RIDE_ALONG / 2;
        assert_eq!(batches.add(urgent(), later), Some(1));
        assert_eq!(batches.due(), Some(later));
        assert_eq!(batches.add(patient(), later), None);
        let batch = batches.take(7);
        assert_eq!(batch.ops, [patient(), urgent(), patient()]);
        assert_eq!((batch.number, batch.unix_ms), (1, 7));
        assert_eq!(batches.due(), None);
        assert_eq!(batches.add(urgent(), later), Some(2));
    }

    #[test]
    fn what_can_wait_is_not_put_off_by_more_of_it() {
        let now = Instant::now();
        let mut batches = Batches::new();
        batches.add(patient(), now);
        batches.add(patient(), now + RIDE_ALONG / 2);
        assert_eq!(batches.due(), Some(now + RIDE_ALONG));
    }

    #[test]
    fn what_is_under_way_counts_until_it_is_committed() {
        let now = Instant::now();
        let mut batches = Batches::new();
        let large = || StoreOp::SetAttr {
            owner: owner(),
            name: AttrName::try_from("a").expect("a name"),
            entry: AttrEntry {
                value: "x".repeat(UNCOMMITTED_BYTES / 2).into(),
                time_ms: 0,
                by: None,
            },
        };
        batches.add(large(), now);
        assert_eq!(batches.take(0).number, 1);
        assert!(!batches.is_full());
        batches.add(large(), now);
        assert!(batches.is_full());
        assert_eq!(batches.take(0).number, 2);
        assert!(batches.is_full());
        batches.committed(1);
        assert!(!batches.is_full() && !batches.is_empty());
        batches.committed(2);
        assert!(batches.is_empty());
        assert_eq!(batches.under_way_bytes, 0);
    }
}
