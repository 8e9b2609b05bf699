//! Packets that wait for their turn, in memory that was taken once.

use super::codec::PACKET_MAX;

/// How many packets may wait: 1.28 s of 20 ms each. When full, the one whose turn comes first makes room: so much waiting is
/// no conversation, and the buffer leaps ahead anyway.
const SLOTS: usize = 64;

/// One packet, but for its bytes.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// Its first sample, counted by the sender.
    pub(super) time: u64,
    /// Its number.
    pub(super) sequence: u64,
    /// Whether it came as a copy beside a later packet.
    pub(super) copy: bool,
    length: usize,
    place: usize,
}

/// All that wait.
pub(super) struct Slots {
    slots: [Option<Slot>; SLOTS],
    bytes: Box<[[u8; PACKET_MAX]]>,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self {
            slots: [None; SLOTS],
            bytes: vec![[0; PACKET_MAX]; SLOTS].into_boxed_slice(),
        }
    }

    /// Keeps a packet. One that is there already stays, unless the new one is the packet itself and not a copy.
    pub(super) fn insert(&mut self, time: u64, sequence: u64, copy: bool, payload: &[u8]) {
        if payload.len() > PACKET_MAX || (self.holds(time) && copy) {
            return;
        }
        let place = self
            .place(|slot| slot.is_some_and(|slot| slot.time == time))
            .or_else(|| self.place(|slot| slot.is_none()))
            .or_else(|| self.first().map(|first| first.place));
        let Some(place) = place else { return };
        self.slots[place] = Some(Slot {
            time,
            sequence,
            copy,
            length: payload.len(),
            place,
        });
        self.bytes[place][..payload.len()].copy_from_slice(payload);
    }

    pub(super) fn holds(&self, time: u64) -> bool {
        self.slots.iter().flatten().any(|slot| slot.time == time)
    }

    pub(super) fn payload(&self, slot: Slot) -> &[u8] {
        &self.bytes[slot.place][..slot.length]
    }

    /// The packet whose turn comes first.
    pub(super) fn first(&self) -> Option<Slot> {
        self.slots
            .iter()
            .flatten()
            .min_by_key(|slot| slot.time)
            .copied()
    }

    /// The time of the latest one.
    pub(super) fn last(&self) -> Option<u64> {
        self.slots.iter().flatten().map(|slot| slot.time).max()
    }

    /// The time of the first packet from this time on.
    pub(super) fn first_from(&self, time: u64) -> Option<u64> {
        let times = self.slots.iter().flatten().map(|slot| slot.time);
        times.filter(|other| *other >= time).min()
    }

    /// Forgets all before this time.
    pub(super) fn forget_before(&mut self, time: u64) {
        for slot in &mut self.slots {
            if slot.is_some_and(|slot| slot.time < time) {
                *slot = None;
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.slots = [None; SLOTS];
    }

    fn place(&self, wanted: impl Fn(Option<Slot>) -> bool) -> Option<usize> {
        self.slots.iter().position(|slot| wanted(*slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_found_in_the_order_of_their_time() {
        let mut slots = Slots::new();
        for time in [3, 1, 2] {
            slots.insert(time, time, false, &[time as u8]);
        }
        assert_eq!(slots.first().map(|slot| slot.time), Some(1));
        slots.forget_before(2);
        assert_eq!(
            slots.first().map(|slot| slots.payload(slot)),
            Some(&[2_u8][..])
        );
        assert_eq!(slots.last(), Some(3));
    }

    #[test]
    fn a_copy_never_stands_in_for_the_packet() {
        let mut slots = Slots::new();
        slots.insert(1, 1, true, b"copy");
        slots.insert(1, 1, false, b"packet");
        slots.insert(1, 1, true, b"copy");
        assert_eq!(
            slots.first().map(|slot| slots.payload(slot)),
            Some(&b"packet"[..])
        );
    }

    #[test]
    fn when_it_is_full_the_first_makes_room() {
        let mut slots = Slots::new();
        for time in 0..=SLOTS as u64 {
            slots.insert(time, time, false, &[1]);
        }
        assert_eq!(slots.first().map(|slot| slot.time), Some(1));
        assert!(slots.holds(SLOTS as u64));
        slots.insert(500, 500, false, &[0; PACKET_MAX + 1]);
        assert!(!slots.holds(500), "longer than any packet");
    }
}
