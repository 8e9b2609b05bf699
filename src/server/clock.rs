//! Reads the time for the hub. Knows nothing of what it is used for.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::hub::Now;

/// The two times of a [`Now`].
///
/// `instant` is the monotonic clock. `unix_ms` follows the wall clock, also over a suspend, during which the
/// monotonic clock of some systems stands still, and over a step forward. When the wall clock is set back,
/// `unix_ms` goes on at half speed until the wall clock has caught up: what was put in order by it stays in order,
/// and the difference ends by itself (an hour back is made good within two).
#[derive(Debug)]
pub(super) struct Clock {
    instant: Instant,
    /// Since the Unix epoch.
    unix: Duration,
}

impl Clock {
    /// A clock that stands at the present time.
    #[must_use]
    pub(super) fn new() -> Self {
        Self {
            instant: Instant::now(),
            unix: wall_clock(),
        }
    }

    /// The time now: neither part is ever before what an earlier call returned.
    pub(super) fn now(&mut self) -> Now {
        self.advance(Instant::now(), wall_clock())
    }

    fn advance(&mut self, instant: Instant, wall: Duration) -> Now {
        let passed = instant.saturating_duration_since(self.instant);
        self.instant += passed;
        self.unix = if wall >= self.unix {
            wall
        } else {
            self.unix + passed / 2
        };
        Now {
            instant: self.instant,
            unix_ms: u64::try_from(self.unix.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// The wall clock since the Unix epoch; 0 where it is set before that.
fn wall_clock() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that stands at 1,000 s of wall time, and a way to move on by seconds of both clocks.
    struct World {
        clock: Clock,
        start: Instant,
    }

    impl World {
        fn new() -> Self {
            let start = Instant::now();
            let unix = Duration::from_secs(1000);
            let clock = Clock {
                instant: start,
                unix,
            };
            Self { clock, start }
        }

        fn unix_ms(&mut self, monotonic_s: u64, wall_s: u64) -> u64 {
            let instant = self.start + Duration::from_secs(monotonic_s);
            self.clock
                .advance(instant, Duration::from_secs(wall_s))
                .unix_ms
        }
    }

    #[test]
    fn it_follows_the_wall_clock() {
        let mut world = World::new();
        assert_eq!(world.unix_ms(5, 1005), 1_005_000);
    }

    #[test]
    fn it_follows_the_wall_clock_over_a_suspend() {
        let mut world = World::new();
        assert_eq!(world.unix_ms(1, 9000), 9_000_000);
    }

    #[test]
    fn a_wall_clock_that_was_set_back_is_waited_for_at_half_speed() {
        let mut world = World::new();
        assert_eq!(world.unix_ms(2, 902), 1_001_000);
        assert_eq!(world.unix_ms(100, 1000), 1_050_000);
        assert_eq!(world.unix_ms(199, 1099), 1_099_000);
        assert_eq!(world.unix_ms(200, 1100), 1_100_000);
    }

    #[test]
    fn neither_time_goes_back() {
        let mut world = World::new();
        let later = world
            .clock
            .advance(world.start + Duration::from_secs(5), Duration::ZERO);
        let again = world.clock.advance(world.start, Duration::ZERO);
        assert_eq!(again.instant, later.instant);
        assert_eq!(again.unix_ms, later.unix_ms);
    }
}
