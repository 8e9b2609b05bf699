//! How clients find the server: the list that the API's load balancer gave (protocol page, section 2).

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use crate::net::addresses;
use crate::server::config::{Advertise, url_host};

/// The list of servers as addresses: `{"web":[["a.b.c.d",port],["a.b.c.d",port]]}`.
///
/// The server stands there twice, since SDKs of 1.2 throw at a list of one. The port is the plain listener's, as a number;
/// clients that want TLS add 1.
pub(crate) fn addresses(told: Option<&Advertise>, local: IpAddr, plain_port: u16) -> Value {
    let entry = json!([ipv4(told, local).to_string(), plain_port]);
    json!({ "web": [entry, entry] })
}

/// The same list as whole URLs, which only SDK 1.4.0 takes.
pub(crate) fn urls(told: Option<&Advertise>, local: IpAddr, tls_port: u16) -> Value {
    let host = told.map_or_else(|| url_host(local.to_canonical()), Advertise::url_host);
    let url = format!("wss://{host}:{tls_port}/");
    json!({ "web": [url, url] })
}

/// The list holds IPv4 addresses alone, so a connection over IPv6 is told the machine's IPv4 address, if it has one.
fn ipv4(told: Option<&Advertise>, local: IpAddr) -> Ipv4Addr {
    if let Some(address) = told.and_then(Advertise::ipv4) {
        return address;
    }
    match local.to_canonical() {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) if address.is_loopback() => Ipv4Addr::LOCALHOST,
        IpAddr::V6(_) => addresses::outward_ipv4().unwrap_or(Ipv4Addr::LOCALHOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn two_entries_of_the_connections_own_address_with_a_number_for_the_port() {
        let list = addresses(None, ip("203.0.113.7"), 7800).to_string();
        assert_eq!(
            list,
            r#"{"web":[["203.0.113.7",7800],["203.0.113.7",7800]]}"#
        );
    }

    #[test]
    fn the_list_holds_ipv4_alone() {
        let first = |told: Option<&Advertise>, local: &str| {
            addresses(told, ip(local), 1)["web"][0][0].clone()
        };
        assert_eq!(first(None, "::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(first(None, "::1"), "127.0.0.1");
        let address: Advertise = "198.51.100.1".parse().expect("a host");
        assert_eq!(first(Some(&address), "203.0.113.7"), "198.51.100.1");
        let name: Advertise = "sig.example.org".parse().expect("a host");
        assert_eq!(first(Some(&name), "203.0.113.7"), "203.0.113.7");
    }

    #[test]
    fn urls_take_any_host() {
        let list = urls(None, ip("203.0.113.7"), 7801).to_string();
        assert_eq!(
            list,
            r#"{"web":["wss://203.0.113.7:7801/","wss://203.0.113.7:7801/"]}"#
        );
        let name: Advertise = "sig.example.org".parse().expect("a host");
        let first = urls(Some(&name), ip("::1"), 7801)["web"][0].clone();
        assert_eq!(first, "wss://sig.example.org:7801/");
        assert_eq!(urls(None, ip("::1"), 1)["web"][0], "wss://[::1]:1/");
    }
}
