//! LAYER 2. What a link needs from the machine: its addresses, its TLS identity, files that are its owner's alone.
//!
//! Knows nothing of the hub, of accounts or of who asks.

pub mod addresses;
pub mod private;
pub mod tls;
