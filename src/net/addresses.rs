//! The machine's own addresses, and the host names that the API's clients make of an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IPv4 addresses of this machine, loopback and link-local ones last; empty where they cannot be read.
///
/// The order is the system's otherwise, so the first is the best guess at how others reach this machine.
#[must_use]
pub fn local_ipv4() -> Vec<Ipv4Addr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<Ipv4Addr> = interfaces
        .iter()
        .filter_map(|interface| match interface.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
        .collect();
    addresses.sort_by_key(|address| (address.is_loopback(), address.is_link_local()));
    addresses.dedup();
    addresses
}

/// The first IPv4 address at which another machine could reach this one.
#[must_use]
pub fn outward_ipv4() -> Option<Ipv4Addr> {
    local_ipv4()
        .into_iter()
        .find(|address| !address.is_loopback())
}

/// The network that an address is counted as: an IPv4 address, or an IPv6 /64, which one customer of a provider has whole.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        single @ (IpAddr::V4(_) | IpAddr::V6(_)) => single,
    }
}

/// The host name that older clients make of a server's address, and check its certificate against:
/// dots to dashes, then a fixed suffix (protocol page, section 2).
#[must_use]
pub fn sdk_host_name(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{a}-{b}-{c}-{d}-sig-web.agora.io")
}

/// The names a certificate of this machine needs: its own for itself, each local IPv4 address with its form for older
/// clients, and the host that is told to others, if one is.
#[must_use]
pub fn certificate_names(advertised: Option<&str>) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(String::from).into();
    let mut addresses = vec![Ipv4Addr::LOCALHOST];
    addresses.extend(local_ipv4());
    if let Some(host) = advertised {
        names.push(host.to_owned());
        addresses.extend(host.parse::<Ipv4Addr>());
    }
    for address in addresses {
        names.push(address.to_string());
        names.push(sdk_host_name(address));
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_clients_make_a_name_of_an_address() {
        assert_eq!(
            sdk_host_name(Ipv4Addr::new(203, 0, 113, 7)),
            "203-0-113-7-sig-web.agora.io"
        );
    }

    #[test]
    fn a_certificate_names_the_machine_for_itself_for_others_and_for_older_clients() {
        let names = certificate_names(Some("203.0.113.7"));
        for name in [
            "localhost",
            "127.0.0.1",
            "::1",
            "127-0-0-1-sig-web.agora.io",
            "203.0.113.7",
            "203-0-113-7-sig-web.agora.io",
        ] {
            let count = names.iter().filter(|have| *have == name).count();
            assert_eq!(count, 1, "{name} in {names:?}");
        }
        assert!(certificate_names(Some("sig.example.org")).contains(&"sig.example.org".to_owned()));
    }

    #[test]
    fn loopback_is_never_how_others_reach_us() {
        assert!(outward_ipv4().is_none_or(|address| !address.is_loopback()));
    }

    #[test]
    fn a_network_is_an_ipv4_address_or_an_ipv6_64() {
        for (address, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:0:1:9:9:9:9", "2001:db8:0:1::"),
            ("::1", "::1"),
        ] {
            let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
            assert_eq!(network(parse(address)), parse(expected));
        }
    }
}
