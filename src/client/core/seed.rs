//! Everything that must differ between clients or between tries, drawn from one seed.

use crate::protocol::MessageId;

/// A source of message ids and of spread. The same seed gives the same ones.
#[derive(Debug)]
pub(super) struct Seed {
    prefix: u64,
    ids: u64,
    state: u64,
}

impl Seed {
    pub(super) fn new(seed: u128) -> Self {
        let bytes = seed.to_be_bytes();
        let half = |at: usize| {
            bytes[at..at + 8]
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        };
        Self {
            prefix: half(0),
            ids: 0,
            state: half(8),
        }
    }

    /// An id that no other message of any client has.
    pub(super) fn message_id(&mut self) -> Option<MessageId> {
        self.ids += 1;
        MessageId::try_from(format!("{:016x}-{:x}", self.prefix, self.ids)).ok()
    }

    /// A number from 0.75 to 1.25, so that clients that lost one server do not come back in step.
    pub(super) fn spread(&mut self) -> f64 {
        // SplitMix64 (Steele, Lea, Flood 2014): good enough to spread, never to hide.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // 16 bits are exact in any float.
        let sixteen = u16::try_from(mixed >> 48).unwrap_or_default();
        0.75 + f64::from(sixteen) / f64::from(u16::MAX) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_within_a_client_and_between_clients() {
        let (mut one, mut two) = (Seed::new(1 << 64), Seed::new(2 << 64));
        let ids = [one.message_id(), one.message_id(), two.message_id()];
        assert!(ids.iter().all(Option::is_some));
        assert_ne!(ids[0], ids[1]);
        assert_ne!(ids[0], ids[2]);
    }

    #[test]
    fn the_spread_stays_within_a_quarter_and_moves() {
        let mut seed = Seed::new(7);
        let drawn: Vec<f64> = (0..1000).map(|_| seed.spread()).collect();
        assert!(drawn.iter().all(|value| (0.75..=1.25).contains(value)));
        assert!(drawn.iter().any(|value| *value < 0.8));
        assert!(drawn.iter().any(|value| *value > 1.2));
    }
}
