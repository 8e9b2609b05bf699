//! What goes into the hub and what comes out of it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::protocol::{Account, AppId, ClientFrame, ServerFrame};

use super::{HistoryError, HistoryPage, HistoryQuery, StoreOp};

/// The time of an input, read by the driver.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For timers: never goes back.
    pub instant: Instant,
    /// For what outlives a process (tokens, times to live, message times): milliseconds since the Unix epoch.
    pub unix_ms: u64,
}

/// A connection, numbered by the driver; a number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection stands; nobody has signed in on it yet.
    Opened {
        /// Its number.
        link: LinkId,
        /// Where it comes from, as logins are counted: an address, or what stands for a network.
        peer: IpAddr,
    },
    /// A frame came in.
    Frame {
        /// On which connection.
        link: LinkId,
        /// The frame.
        frame: ClientFrame,
    },
    /// Something came in that is no frame.
    Unreadable {
        /// On which connection.
        link: LinkId,
        /// What is wrong with it.
        what: Unreadable,
    },
    /// The connection is gone, whoever ended it.
    Closed {
        /// Which one.
        link: LinkId,
    },
    /// The answer to an [`Output::Query`], once for each.
    History {
        /// The number of the question.
        query: u64,
        /// What is kept, or why it could not be read.
        page: Result<HistoryPage, HistoryError>,
    },
    /// A time that [`super::Hub::next_wakeup`] named has come.
    Tick,
    /// The server is about to stop: everybody is sent away in the way that lets them come back.
    Drain,
    /// An administrator ends somebody's session; its client does not come back by itself.
    SendAway {
        /// In which app.
        app: AppId,
        /// Whose.
        account: Account,
    },
    /// The server is called otherwise from now on. Who signs in is told.
    Rename {
        /// What it is called.
        name: String,
    },
}

/// Why an incoming message is no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON, or not `[event, payload]`, or a payload that cannot be answered.
    #[error("{0}")]
    NotAFrame(String),
    /// More than [`crate::protocol::limits::FRAME_BYTES`].
    #[error("a frame may have at most {max} bytes")]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// A binary message, which no client of this protocol sends.
    #[error("binary messages are not part of this protocol")]
    Binary,
}

/// What to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a frame.
    Send {
        /// On which connection.
        link: LinkId,
        /// The frame.
        frame: ServerFrame,
    },
    /// Send one frame to many, serialised once.
    Fan {
        /// On which connections.
        links: Vec<LinkId>,
        /// The frame.
        frame: ServerFrame,
    },
    /// Close a connection, after everything sent before has been written.
    Close {
        /// Which one.
        link: LinkId,
        /// How long to wait for the client to close it first.
        linger: Duration,
        /// The status of the WebSocket close frame.
        status: CloseStatus,
    },
    /// Keep something beyond the life of the process.
    ///
    /// What is to be kept stands before everything else of its input. Every other output behind it, in this and in later
    /// inputs, waits until it is durable, unless [`StoreOp::can_wait`].
    Store(StoreOp),
    /// Read what is kept, after everything that was to be kept before, and answer with [`Input::History`].
    Query(HistoryQuery),
}

/// Why a connection is closed, as the WebSocket status says it (RFC 6455, section 7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseStatus {
    /// 1000: the session is over.
    Normal,
    /// 1001: the server goes away; come back.
    GoingAway,
    /// 1007: not a frame of this protocol.
    Unreadable,
    /// 1008: refused.
    Refused,
    /// 1009: too large.
    TooLarge,
}

impl CloseStatus {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Unreadable => 1007,
            Self::Refused => 1008,
            Self::TooLarge => 1009,
        }
    }
}
