//! How often one network address may try something.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::net::addresses::network;

/// Attempts of one address in one window; more are refused.
pub(crate) const ATTEMPTS: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);
/// Addresses remembered at once. When full, and all were seen within the window, new ones are refused.
const ADDRESSES: usize = 4096;

/// Counts attempts by address.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    seen: HashMap<IpAddr, (Instant, u32)>,
}

impl Throttle {
    /// Whether an attempt is within the limit; it counts either way.
    pub(crate) fn allows(&mut self, now: Instant, address: IpAddr) -> bool {
        let key = network(address);
        if self.seen.len() >= ADDRESSES && !self.seen.contains_key(&key) {
            self.seen
                .retain(|_, (since, _)| now.saturating_duration_since(*since) < WINDOW);
            if self.seen.len() >= ADDRESSES {
                return false;
            }
        }
        let (since, count) = self.seen.entry(key).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= ATTEMPTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    #[test]
    fn ten_a_second_and_address() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        let one: IpAddr = "192.0.2.1".parse().expect("an address");
        let two: IpAddr = "192.0.2.2".parse().expect("an address");
        for _ in 0..ATTEMPTS {
            assert!(throttle.allows(start, one));
        }
        assert!(!throttle.allows(start, one));
        assert!(throttle.allows(start, two), "another address");
        assert!(throttle.allows(start + WINDOW, one), "another second");
    }

    #[test]
    fn one_ipv6_network_counts_as_one() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        for last in 0..u16::try_from(ATTEMPTS).expect("small") {
            let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last);
            assert!(throttle.allows(now, IpAddr::V6(address)));
        }
        let next = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9);
        assert!(!throttle.allows(now, IpAddr::V6(next)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        let address =
            |number: usize| IpAddr::from(u32::try_from(number).expect("small").to_be_bytes());
        for number in 0..ADDRESSES {
            assert!(throttle.allows(start, address(number)));
        }
        assert!(!throttle.allows(start, address(ADDRESSES)));
        assert!(throttle.allows(start + WINDOW, address(ADDRESSES)));
        assert_eq!(throttle.seen.len(), 1);
    }
}
