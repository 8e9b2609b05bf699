//! How much waits for a speaker: as little as it has not gone without of late.

use crate::voice::BLOCK;

/// What waits at least and at most, in samples: 15 and 80 ms.
const READY: (usize, usize) = (720, 3_840);
/// By how much it grows where the speaker went without, in samples: 5 ms.
const GROWS: usize = 240;
/// So many blocks without a miss, at least and at most, before less will do: 1 and 32 s.
const PATIENCE: (u32, u32) = (100, 3_200);

/// It grows with each miss, and what was added halves each second without one. Where that was too soon, the next time is
/// waited twice as long.
#[derive(Debug)]
pub(super) struct Ready {
    samples: usize,
    /// Blocks since it last grew or shrank.
    blocks: u32,
    patience: u32,
    shrank: bool,
}

impl Ready {
    pub(super) fn new() -> Self {
        Self {
            samples: READY.0,
            blocks: 0,
            patience: PATIENCE.0,
            shrank: false,
        }
    }

    /// What should wait, in samples.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// The speaker went without.
    pub(super) fn missed(&mut self) {
        if self.shrank {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
        self.shrank = false;
        self.samples = (self.samples + GROWS).min(READY.1);
        self.blocks = 0;
    }

    /// A block was played.
    pub(super) fn played(&mut self) {
        self.blocks += 1;
        if self.blocks < self.patience {
            return;
        }
        self.blocks = 0;
        let over = self.samples - READY.0;
        if over == 0 || self.shrank {
            // It held for as long as that.
            self.patience = (self.patience / 2).max(PATIENCE.0);
        }
        self.shrank = over > 0;
        self.samples = READY.0 + if over <= BLOCK { 0 } else { over / 2 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds pass, in which each block finds so much waiting as is ready, and misses where `needs` is more.
    fn pass(ready: &mut Ready, seconds: u32, needs: usize) -> u32 {
        let mut misses = 0;
        for _ in 0..seconds * 100 {
            if ready.samples() < needs {
                ready.missed();
                misses += 1;
            }
            ready.played();
        }
        misses
    }

    #[test]
    fn what_a_stall_added_is_gone_two_seconds_later() {
        let mut ready = Ready::new();
        for _ in 0..100 {
            ready.missed();
        }
        assert_eq!(ready.samples(), READY.1, "never more");
        pass(&mut ready, 2, 0);
        assert!(ready.samples() <= READY.0 + 960, "{}", ready.samples());
        pass(&mut ready, 3, 0);
        assert_eq!(ready.samples(), READY.0);
    }

    #[test]
    fn a_speaker_that_always_needs_more_seldom_goes_without() {
        let mut ready = Ready::new();
        pass(&mut ready, 60, 1_440);
        let misses = pass(&mut ready, 60, 1_440);
        assert!(misses <= 8, "{misses} in a minute");
    }
}
