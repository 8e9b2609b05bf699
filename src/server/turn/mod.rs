//! STUN and TURN: how callers learn their addresses, and reach each other where no direct way leads (RFC 8489, RFC 8656),
//! over UDP, with credentials that are handed out at login.
//!
//! | file | what it is |
//! |---|---|
//! | `credentials` | names that expire, and passwords and nonces that are computed, so that nothing is kept of them |
//! | `peers` | with whom may be spoken through this server |
//! | `words` | requests read, answers written |
//! | `allocation` | one address that is lent |
//! | `machine` | who has which; time and datagrams go in, datagrams come out |
//! | `requests`, `relaying` | its two halves: what is asked for, and what goes through |
//! | `sockets` | the sockets, beside which nothing is decided |

mod allocation;
mod credentials;
mod machine;
mod peers;
mod relaying;
mod requests;
mod sockets;
mod words;

use std::net::IpAddr;

pub(super) use credentials::{Grants, Secret};
pub(super) use machine::Figures;
pub use peers::Peers;
pub(super) use sockets::{Door, Relay};

/// The port that STUN and TURN have by custom (RFC 8489 §18.6).
pub const PORT: u16 = 3478;
/// What passwords are made for beside name and secret. Clients take it as the server says it.
const REALM: &str = "callsign";

/// Whether an address is one at which no other machine is reached.
fn is_any(ip: IpAddr) -> bool {
    ip.to_canonical().is_unspecified()
}

#[cfg(test)]
mod tests;
