//! With whom may be spoken through this server. A relay that lets anybody send anywhere is a way into whatever stands beside
//! it: its own other ports, a cloud's metadata service, a house's printers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Which addresses may be reached through the relay. Addresses that it lends itself always may, and the other ports of its
/// own addresses never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peers {
    /// Those of the internet.
    #[default]
    Public,
    /// Those of private networks as well.
    Private,
    /// Also this machine's loopback, and what is reached without a router. For trials and tests.
    Any,
}

impl Peers {
    /// Whether an address may be reached, as far as its kind goes.
    pub(super) fn allow(self, ip: IpAddr) -> bool {
        least(ip).is_some_and(|least| self >= least)
    }
}

impl FromStr for Peers {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "public" => Ok(Self::Public),
            "private" => Ok(Self::Private),
            "any" => Ok(Self::Any),
            _ => Err("expected `public`, `private` or `any`"),
        }
    }
}

/// The least that has to be allowed for an address; `None` for those that nobody has.
fn least(ip: IpAddr) -> Option<Peers> {
    match ip {
        IpAddr::V4(ip) => least_v4(ip),
        IpAddr::V6(ip) => least_v6(ip),
    }
}

/// By the registry of special addresses (RFC 6890).
fn least_v4(ip: Ipv4Addr) -> Option<Peers> {
    match ip.octets() {
        [0 | 224..=255, ..] => None,
        [127, ..] | [169, 254, ..] => Some(Peers::Any),
        [10, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        | [100, 64..=127, ..]
        | [192, 0, 0 | 2, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Some(Peers::Private),
        _ => Some(Peers::Public),
    }
}

fn least_v6(ip: Ipv6Addr) -> Option<Peers> {
    let segments = ip.segments();
    match segments {
        // An address of version 4, which has its own family.
        [0, 0, 0, 0, 0, 0xffff, ..] => None,
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfe80..=0xfebf, ..] => Some(Peers::Any),
        [0, 0, 0, 0, 0, 0, ..] | [0xff00..=0xffff, ..] => None,
        // Own networks; and ways to addresses of version 4: NAT64, Teredo, 6to4.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..]
        | [0x64, 0xff9b, ..]
        | [0x2001, 0 | 0xdb8, ..]
        | [0x2002, ..] => Some(Peers::Private),
        _ => Some(Peers::Public),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internet_is_open_and_what_is_near_is_not() {
        for (ip, least) in [
            ("8.8.8.8", Some(Peers::Public)),
            ("2a00:1450::1", Some(Peers::Public)),
            ("10.1.2.3", Some(Peers::Private)),
            ("172.31.0.1", Some(Peers::Private)),
            ("172.32.0.1", Some(Peers::Public)),
            ("192.168.1.1", Some(Peers::Private)),
            ("100.64.0.1", Some(Peers::Private)),
            ("fd00::1", Some(Peers::Private)),
            ("64:ff9b::7f00:1", Some(Peers::Private)),
            ("2002:7f00:1::", Some(Peers::Private)),
            ("127.0.0.1", Some(Peers::Any)),
            ("::1", Some(Peers::Any)),
            ("169.254.169.254", Some(Peers::Any)),
            ("fe80::1", Some(Peers::Any)),
            ("0.0.0.0", None),
            ("::", None),
            ("224.0.0.1", None),
            ("255.255.255.255", None),
            ("ff02::1", None),
            ("::ffff:8.8.8.8", None),
        ] {
            let ip: IpAddr = ip.parse().expect("an address");
            for peers in [Peers::Public, Peers::Private, Peers::Any] {
                let allowed = least.is_some_and(|least| peers >= least);
                assert_eq!(peers.allow(ip), allowed, "{peers:?} {ip}");
            }
        }
    }
}
