//! What was said in a channel lately, for members whose link was lost and who come back (protocol page, section 18, `resume`).

use std::collections::VecDeque;
use std::time::Instant;

use crate::protocol::{Account, Envelope, limits};

/// One event, as every member is told it.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) msgid: u64,
    pub(super) envelope: Envelope,
    /// Who is not told: somebody's own coming and going.
    pub(super) except: Option<Account>,
}

/// The latest events: at most [`limits::RING_EVENTS`], of the last [`limits::RING_KEPT`]. When full, the oldest goes, and members
/// who did not hear it are told that there is a gap.
#[derive(Debug, Default)]
pub(super) struct Ring {
    events: VecDeque<(Instant, Heard)>,
    /// The number of the latest event that is not here any more.
    gone: u64,
    bytes: usize,
}

/// What an event counts for, besides its content.
const EVENT_BYTES: usize = 256;

fn bytes(heard: &Heard) -> usize {
    EVENT_BYTES + heard.envelope.content.len()
}

impl Ring {
    /// Remembers nothing any more; what comes after `msgid` may be remembered again.
    pub(super) fn clear(&mut self, msgid: u64, all: &mut usize) {
        *all -= std::mem::take(&mut self.bytes);
        self.events = VecDeque::new();
        self.gone = msgid;
    }

    /// Remembers an event. `all` are the bytes of all rings together; when they are too many, this one forgets.
    pub(super) fn push(&mut self, now: Instant, heard: Heard, all: &mut usize) {
        let bytes = bytes(&heard);
        self.bytes += bytes;
        *all += bytes;
        self.events.push_back((now, heard));
        self.expire(now, all);
        while self.events.len() > limits::RING_EVENTS
            || (*all > limits::RINGS_BYTES && !self.events.is_empty())
        {
            self.forget_oldest(all);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The events after a number, in order, and whether some after it are missing.
    pub(super) fn since(
        &mut self,
        now: Instant,
        seen: u64,
        all: &mut usize,
    ) -> (impl Iterator<Item = &Heard>, bool) {
        self.expire(now, all);
        let gap = self.gone > seen;
        let events = self.events.iter().map(|(_, heard)| heard);
        (events.filter(move |heard| heard.msgid > seen), gap)
    }

    /// Forgets what was too long ago.
    pub(super) fn expire(&mut self, now: Instant, all: &mut usize) {
        let old = |since: &Instant| now.duration_since(*since) > limits::RING_KEPT;
        while self.events.front().is_some_and(|(since, _)| old(since)) {
            self.forget_oldest(all);
        }
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
    }

    fn forget_oldest(&mut self, all: &mut usize) {
        if let Some((_, heard)) = self.events.pop_front() {
            self.gone = heard.msgid;
            let bytes = bytes(&heard);
            self.bytes -= bytes;
            *all -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn heard(msgid: u64) -> Heard {
        let line = format!("msg-v2 a - v1:E:0 channel_msg {msgid} {{}}");
        Heard {
            msgid,
            envelope: line.parse().expect("an envelope"),
            except: None,
        }
    }

    fn since(ring: &mut Ring, now: Instant, seen: u64) -> (Vec<u64>, bool) {
        let mut all = 1_000_000;
        let (events, gap) = ring.since(now, seen, &mut all);
        (events.map(|heard| heard.msgid).collect(), gap)
    }

    #[test]
    fn what_was_not_heard_is_given_in_order() {
        let (now, mut ring) = (Instant::now(), Ring::default());
        for msgid in 1..=3 {
            ring.push(now, heard(msgid), &mut 1000);
        }
        assert_eq!(since(&mut ring, now, 1), (vec![2, 3], false));
        assert_eq!(since(&mut ring, now, 3), (vec![], false));
    }

    #[test]
    fn too_many_events_leave_a_gap() {
        let (now, mut ring) = (Instant::now(), Ring::default());
        let (last, mut all) = (limits::RING_EVENTS as u64 + 5, 0);
        for msgid in 1..=last {
            ring.push(now, heard(msgid), &mut all);
        }
        let (events, gap) = since(&mut ring, now, 4);
        assert_eq!(
            (events.len(), events[0], gap),
            (limits::RING_EVENTS, 6, true)
        );
        assert!(!since(&mut ring, now, 5).1);
    }

    #[test]
    fn what_is_too_long_ago_leaves_a_gap() {
        let (start, mut ring) = (Instant::now(), Ring::default());
        ring.push(start, heard(1), &mut 1000);
        let later = start + limits::RING_KEPT;
        assert_eq!(since(&mut ring, later, 0), (vec![1], false));
        let too_late = later + Duration::from_millis(1);
        assert_eq!(since(&mut ring, too_late, 0), (vec![], true));
        assert_eq!(since(&mut ring, too_late, 1), (vec![], false));
    }

    #[test]
    fn all_rings_together_hold_only_so_much() {
        let (now, mut ring) = (Instant::now(), Ring::default());
        let mut all = limits::RINGS_BYTES - 600;
        for msgid in 1..=3 {
            ring.push(now, heard(msgid), &mut all);
        }
        assert!(all <= limits::RINGS_BYTES);
        assert_eq!(since(&mut ring, now, 1), (vec![2, 3], false));
        assert_eq!(since(&mut ring, now, 0), (vec![2, 3], true));
        ring.clear(3, &mut all);
        assert_eq!(all, limits::RINGS_BYTES - 600);
    }

    #[test]
    fn what_was_cleared_is_a_gap() {
        let (now, mut ring) = (Instant::now(), Ring::default());
        ring.push(now, heard(1), &mut 1000);
        ring.clear(7, &mut 1000);
        assert_eq!(since(&mut ring, now, 6), (vec![], true));
        assert_eq!(since(&mut ring, now, 7), (vec![], false));
    }
}
