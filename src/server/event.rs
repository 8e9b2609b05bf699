//! What links tell the driver.

use std::net::IpAddr;

use crate::hub::{LinkId, Unreadable};
use crate::protocol::ClientFrame;

use super::outbox::OutboxTx;

/// Something that happened on a link.
#[derive(Debug)]
pub(super) struct Event {
    /// Which.
    pub(super) link: LinkId,
    /// What.
    pub(super) what: What,
}

/// What happened. `Opened` comes first and `Closed` last.
#[derive(Debug)]
pub(super) enum What {
    /// The link stands.
    Opened {
        /// Where it comes from.
        peer: IpAddr,
        /// At which address of ours it arrived.
        local: IpAddr,
        /// Where what is sent to it goes.
        outbox: OutboxTx,
    },
    /// A frame came in.
    Frame(ClientFrame),
    /// Something came in that is no frame.
    Unreadable(Unreadable),
    /// The socket is closed.
    Closed,
}
