//! How long packets must wait so that nearly all of them are there when their turn comes: learnt from when they arrive.

/// How finely delays are told apart, in samples: 2.5 ms.
const STEP: i64 = 120;
/// How many steps: longer than 600 ms nobody waits.
const STEPS: usize = 240;
/// How much of what was learnt stays with each packet: half of it is gone after 3.5 s.
const KEEP: f32 = 0.996;
/// Which share of the packets is to be in time.
const IN_TIME: f32 = 0.985;
/// What a call begins with, in samples, before it knows better: 30 ms, for so many packets' worth.
const FIRST: (i64, f32) = (1440, 1.5);
/// The fastest way that a packet took is remembered for eight stretches of so many packets, 16 s in all. So clocks may drift
/// apart, and a route may change.
const STRETCH: u32 = 100;
/// What did not happen in four pieces of so many packets, 0.9 to 1.2 s, is not waited for any more, however often it did
/// before: a computer or a network that stalled once must not delay a whole call.
const PIECE: u32 = 15;
/// Where all packets of a piece are so much later than the fastest way, that way is of the past: 300 ms. A sender without
/// its microphone counts no time.
const PAST: i64 = 14_400;
/// What is waited beyond the delay of packets, in samples: 5 ms, since sound is asked for in pieces.
const MARGIN: i64 = 240;

/// A piece without packets.
const NONE: (i64, i64) = (i64::MAX, i64::MIN);

/// Delays are in samples of our clock. The way of a packet is its arrival less its own time: it says nothing by itself, as
/// the clocks have nothing to do with each other, but the fastest way is taken for no delay.
#[derive(Debug)]
pub(super) struct Delay {
    /// The fastest way in each stretch of packets, the present one first.
    fastest: [i64; 8],
    packets: u32,
    /// The fastest and the slowest way in each of the last pieces, the present one first.
    pieces: [(i64, i64); 4],
    in_piece: u32,
    /// The step that the first of `shares` stands for.
    origin: Option<i64>,
    /// Which share of the packets arrives with so many steps of delay.
    shares: Box<[f32; STEPS]>,
    /// How much the present shares weigh against a new packet, at most `1 / (1 - KEEP)`.
    weight: f32,
    target: i64,
    jitter: f32,
    last: Option<i64>,
}

impl Delay {
    pub(super) fn new() -> Self {
        let mut shares = Box::new([0.0; STEPS]);
        shares[(FIRST.0 / STEP) as usize] = 1.0;
        Self {
            fastest: [i64::MAX; 8],
            packets: 0,
            pieces: [NONE; 4],
            in_piece: 0,
            origin: None,
            shares,
            weight: FIRST.1,
            target: FIRST.0 + MARGIN,
            jitter: 0.0,
            last: None,
        }
    }

    /// A packet has come by this way.
    pub(super) fn arrived(&mut self, way: i64) {
        if self.packets >= STRETCH {
            self.packets = 0;
            self.fastest.rotate_right(1);
            self.fastest[0] = way;
        }
        self.packets += 1;
        self.fastest[0] = self.fastest[0].min(way);
        self.add_to_piece(way);
        if let Some(last) = self.last.replace(way) {
            // RFC 3550 §6.4.1.
            self.jitter += ((way - last).abs() as f32 - self.jitter) / 16.0;
        }
        self.move_origin();
        let step = (way - self.fastest()).max(0) / STEP;
        let step = usize::try_from(step).unwrap_or(0).min(STEPS - 1);
        let keep = self.weight / (self.weight + 1.0);
        for share in self.shares.iter_mut() {
            *share *= keep;
        }
        self.shares[step] += 1.0 - keep;
        self.weight = (self.weight + 1.0).min(1.0 / (1.0 - KEEP));
        let slowest = self.pieces.iter().map(|piece| piece.1).max();
        let lately = slowest.map_or(0, |way| {
            // A little more than that, since clocks drift apart.
            ((way - self.fastest()) / STEP + 3) * STEP
        });
        self.target = self.quantile().min(lately) + MARGIN;
    }

    fn add_to_piece(&mut self, way: i64) {
        if self.in_piece >= PIECE {
            let fastest = self.pieces[0].0;
            if fastest.saturating_sub(self.fastest()) > PAST {
                self.fastest = [fastest.min(way); 8];
                self.pieces = [NONE; 4];
            }
            self.in_piece = 0;
            self.pieces.rotate_right(1);
            self.pieces[0] = NONE;
        }
        self.in_piece += 1;
        let (fastest, slowest) = &mut self.pieces[0];
        *fastest = way.min(*fastest);
        *slowest = way.max(*slowest);
    }

    /// The fastest way of late: what counts as no delay.
    pub(super) fn fastest(&self) -> i64 {
        let fastest = self.fastest.iter().min().copied().unwrap_or_default();
        if fastest == i64::MAX { 0 } else { fastest }
    }

    /// How long after the fastest way a packet's turn should come. Where lost packets can be made up from later ones, those
    /// that come so many samples later are waited for as well.
    pub(super) fn target(&self, reach: u64) -> i64 {
        self.target + reach as i64
    }

    /// The jitter of RFC 3550 §6.4.1, in samples.
    pub(super) fn jitter(&self) -> f32 {
        self.jitter
    }

    /// The sender began anew: its times mean something else now. What is known of the network stays.
    pub(super) fn restart(&mut self) {
        self.fastest = [i64::MAX; 8];
        self.packets = 0;
        self.pieces = [NONE; 4];
        self.in_piece = 0;
        self.origin = None;
        self.last = None;
    }

    /// All shares count from the fastest way: when that changes, they move.
    fn move_origin(&mut self) {
        let now = self.fastest().div_euclid(STEP);
        let moved = now - self.origin.replace(now).unwrap_or(now);
        let by = usize::try_from(moved.unsigned_abs())
            .unwrap_or(STEPS)
            .min(STEPS);
        if moved > 0 {
            let nearer: f32 = self.shares[..by].iter().sum();
            self.shares.copy_within(by.., 0);
            self.shares[STEPS - by..].fill(0.0);
            self.shares[0] += nearer;
        } else if moved < 0 {
            let farther: f32 = self.shares[STEPS - by..].iter().sum();
            self.shares.copy_within(..STEPS - by, by);
            self.shares[..by].fill(0.0);
            self.shares[STEPS - 1] += farther;
        }
    }

    fn quantile(&self) -> i64 {
        let mut late = 1.0 - IN_TIME;
        for (step, share) in self.shares.iter().enumerate().rev() {
            late -= share;
            if late < 0.0 {
                return (step as i64 + 1) * STEP;
            }
        }
        STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 48;

    fn after(delay: &mut Delay, ways: impl Iterator<Item = i64>) -> i64 {
        for way in ways {
            delay.arrived(way);
        }
        delay.target(0) / MS
    }

    #[test]
    fn it_is_short_where_packets_come_evenly_and_long_where_they_do_not() {
        let mut delay = Delay::new();
        assert_eq!(delay.target(0), 35 * MS, "before anything is known");
        let even = after(&mut delay, (0..500).map(|_| 0));
        assert!(even <= 8, "{even} ms");
        let mut random = fastrand::Rng::with_seed(1);
        let uneven = after(&mut delay, (0..500).map(|_| random.i64(0..60 * MS)));
        assert!((55..70).contains(&uneven), "{uneven} ms");
        let even = after(&mut delay, (0..2_000).map(|_| 0));
        assert!(even <= 8, "{even} ms, long after");
    }

    #[test]
    fn one_late_packet_changes_nothing_and_a_burst_does() {
        let mut delay = Delay::new();
        after(&mut delay, (0..500).map(|_| 0));
        let one = after(&mut delay, std::iter::once(200 * MS));
        assert!(one <= 8, "{one} ms");
        let burst = after(&mut delay, (0..8).map(|i| (160 - i * 20) * MS));
        assert!(burst > 60, "{burst} ms");
    }

    #[test]
    fn what_was_long_late_and_is_no_more_is_not_waited_for() {
        let mut delay = Delay::new();
        after(&mut delay, (0..500).map(|_| 0));
        let uneven = after(&mut delay, (0..500).map(|i| (i % 10) * 20 * MS));
        assert!(uneven > 160, "{uneven} ms");
        let later = after(&mut delay, (0..60).map(|_| 0));
        assert!(later <= 13, "{later} ms, a second later");
    }

    #[test]
    fn a_sender_that_lost_a_second_is_met_where_it_now_is() {
        let mut delay = Delay::new();
        after(&mut delay, (0..500).map(|_| 0));
        after(&mut delay, (0..31).map(|_| 1_000 * MS));
        assert_eq!(delay.fastest(), 1_000 * MS);
        let later = after(&mut delay, (0..60).map(|_| 1_000 * MS));
        assert!(later <= 13, "{later} ms");
    }

    #[test]
    fn clocks_that_drift_apart_are_followed() {
        for drift in [10, -10] {
            let mut delay = Delay::new();
            // 200 ppm of a packet's 960 samples are a fifth of a sample; twice that here.
            let target = after(&mut delay, (0..20_000).map(|i| i * drift / 25));
            assert!(target < 20, "{target} ms at {drift}");
        }
    }

    #[test]
    fn a_longer_route_becomes_the_new_normal() {
        let mut delay = Delay::new();
        after(&mut delay, (0..500).map(|_| 0));
        let at_once = after(&mut delay, (0..100).map(|_| 100 * MS));
        assert!(at_once > 95, "{at_once} ms over the old way");
        let later = after(&mut delay, (0..1_000).map(|_| 100 * MS));
        assert!(later <= 8, "{later} ms over the new way");
        assert_eq!(delay.fastest(), 100 * MS);
    }
}
