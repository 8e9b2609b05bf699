//! Counting what happens within a second.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// A second that begins with the first thing counted in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    began: Option<Instant>,
    count: u32,
}

const WINDOW: Duration = Duration::from_secs(1);

impl Window {
    /// Counts one thing, if there are fewer than `limit` in its second; 0 is no limit.
    pub(super) fn allow(&mut self, now: Instant, limit: u32) -> bool {
        self.allow_costly(now, limit, 1)
    }

    /// The same for a thing that counts for several.
    pub(super) fn allow_costly(&mut self, now: Instant, limit: u32, cost: u32) -> bool {
        if limit == 0 {
            return true;
        }
        if self.is_over(now) {
            *self = Self {
                began: Some(now),
                count: 0,
            };
        }
        let allowed = self.count < limit;
        if allowed {
            self.count = self.count.saturating_add(cost);
        }
        allowed
    }

    /// When its second is over.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.began.map(|began| began + WINDOW)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.began
            .is_none_or(|began| now.duration_since(began) >= WINDOW)
    }
}

/// A window for each of many keys; those whose second is over are forgotten when there are many.
#[derive(Debug)]
pub(super) struct Windows<Key> {
    by_key: HashMap<Key, Window>,
    sweep_at: usize,
}

const FEW: usize = 1024;

impl<Key> Default for Windows<Key> {
    fn default() -> Self {
        Self {
            by_key: HashMap::new(),
            sweep_at: FEW,
        }
    }
}

impl<Key: Eq + Hash> Windows<Key> {
    /// As [`Window::allow`], for one key.
    pub(super) fn allow(&mut self, now: Instant, key: Key, limit: u32) -> bool {
        if limit == 0 {
            return true;
        }
        if self.by_key.len() >= self.sweep_at {
            self.by_key.retain(|_, window| !window.is_over(now));
            self.sweep_at = FEW.max(2 * self.by_key.len());
        }
        self.by_key.entry(key).or_default().allow(now, limit)
    }

    /// When the second of a key is over, if it has one.
    pub(super) fn ends(&self, key: &Key) -> Option<Instant> {
        self.by_key.get(key)?.ends()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excess_of_a_second_is_refused_and_the_next_second_is_new() {
        let mut window = Window::default();
        let now = Instant::now();
        assert!((0..60).all(|_| window.allow(now, 60)));
        assert!(!window.allow(now + Duration::from_millis(999), 60));
        assert!(window.allow(now + WINDOW, 60));
    }

    #[test]
    fn no_limit_is_0() {
        let mut window = Window::default();
        let now = Instant::now();
        assert!((0..1000).all(|_| window.allow(now, 0)));
    }

    #[test]
    fn windows_that_are_over_are_forgotten() {
        let mut windows = Windows::default();
        let now = Instant::now();
        for key in 0..FEW {
            assert!(windows.allow(now, key, 1));
        }
        assert!(windows.allow(now + WINDOW, FEW, 1));
        assert_eq!(windows.by_key.len(), 1);
    }
}
