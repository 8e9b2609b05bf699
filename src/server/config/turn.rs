//! Whether there is a relay, and where.

use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use crate::server::turn::{PORT, Peers};

/// A relay for voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnConfig {
    /// Where it listens, by UDP. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Which addresses may be reached through it.
    pub peers: Peers,
}

/// What `turn` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnKey {
    /// There is none.
    Off,
    /// At this port of the address at which the server listens.
    Port(u16),
    /// Here.
    At(SocketAddr),
}

/// What is said of something that is none of these.
const FORM: &str = "expected a port, ADDRESS:PORT, or `off`";

impl TurnKey {
    /// Where it is to listen, beside a server at this address.
    pub(super) fn listen(self, server: SocketAddr) -> Option<SocketAddr> {
        match self {
            Self::Off => None,
            Self::Port(port) => Some(SocketAddr::new(server.ip(), port)),
            Self::At(address) => Some(address),
        }
    }
}

impl FromStr for TurnKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" | "off" | "false" => Ok(Self::Off),
            "on" | "true" => Ok(Self::Port(PORT)),
            _ => {
                let port = text.parse().map(Self::Port);
                port.or_else(|_| text.parse().map(Self::At).map_err(|_| FORM))
            }
        }
    }
}

impl<'de> Deserialize<'de> for TurnKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => text,
            toml::Value::Boolean(on) => on.to_string(),
            toml::Value::Integer(port) => port.to_string(),
            toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => return Err(de::Error::custom(FORM)),
        };
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_a_port_or_an_address() {
        let server: SocketAddr = "192.0.2.1:7800".parse().expect("an address");
        let listen = |text: &str| {
            let key: TurnKey = text.parse().expect("understood");
            key.listen(server).map(|at| at.to_string())
        };
        assert_eq!(listen("off"), None);
        assert_eq!(listen(""), None);
        assert_eq!(listen("true").as_deref(), Some("192.0.2.1:3478"));
        assert_eq!(listen("5000").as_deref(), Some("192.0.2.1:5000"));
        assert_eq!(listen("[::1]:3478").as_deref(), Some("[::1]:3478"));
        for wrong in ["-1", "70000", "example.org:3478", "yes"] {
            assert_eq!(wrong.parse::<TurnKey>(), Err(FORM), "{wrong}");
        }
    }
}
