//! The host that clients are told.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// A host without a port: an IP address, or a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advertise {
    /// An address.
    Address(IpAddr),
    /// A name, as ASCII.
    Name(String),
}

/// Why a text is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`advertise` takes an IP address or a host name, without scheme, port or path")]
pub struct AdvertiseError;

impl Advertise {
    /// The address, where it is of the only kind that a list of servers can hold.
    #[must_use]
    pub fn ipv4(&self) -> Option<Ipv4Addr> {
        match self {
            Self::Address(IpAddr::V4(address)) => Some(*address),
            Self::Address(IpAddr::V6(_)) | Self::Name(_) => None,
        }
    }

    /// How it stands in a URL.
    #[must_use]
    pub fn url_host(&self) -> String {
        match self {
            Self::Address(address) => url_host(*address),
            Self::Name(name) => name.clone(),
        }
    }
}

/// How an address stands in a URL: IPv6 in brackets.
#[must_use]
pub(crate) fn url_host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

impl FromStr for Advertise {
    type Err = AdvertiseError;

    fn from_str(text: &str) -> Result<Self, AdvertiseError> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Ok(Self::Address(address));
        }
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        // A name whose last label is a number would be read as an address by those we tell it to.
        let numeric_end = text
            .rsplit('.')
            .next()
            .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
        if text.len() > 253 || numeric_end || !text.split('.').all(label_fits) {
            return Err(AdvertiseError);
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Advertise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_name_and_nothing_more() {
        let host = |text: &str| text.parse::<Advertise>();
        assert_eq!(
            host("203.0.113.7").expect("a host").url_host(),
            "203.0.113.7"
        );
        assert_eq!(host("::1").expect("a host").url_host(), "[::1]");
        assert_eq!(host("[::1]").expect("a host").url_host(), "[::1]");
        assert_eq!(
            host("Sig.Example.org").expect("a host").url_host(),
            "sig.example.org"
        );
        for wrong in [
            "",
            "a b",
            "https://sig.example.org",
            "sig.example.org:7800",
            "203.0.113.7:7800",
            "sig.example.org/",
            "203.0.113",
            "203.0.113.777",
            "-a.org",
            "a..b",
        ] {
            assert_eq!(host(wrong), Err(AdvertiseError), "{wrong}");
        }
    }
}
