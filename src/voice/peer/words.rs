//! What a peer takes, and what it tells.

use std::net::SocketAddr;
use std::time::Duration;

use str0m::RtcError;

use crate::protocol::Dtmf;

/// After so long without a packet of sound the other side is not heard: 3 s. In silence one comes every 0.4 s.
pub const SILENT_AFTER: Duration = Duration::from_secs(3);

/// Where we can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// At a socket of ours.
    Host(SocketAddr),
    /// At an address that a STUN server saw, behind which stands a socket of ours.
    Reflexive {
        /// What the server saw.
        seen: SocketAddr,
        /// Our socket.
        base: SocketAddr,
    },
    /// At an address that a TURN server lends. Datagrams from and to it go through the server, so they are given and taken
    /// with this address as ours.
    Relayed {
        /// What the server lent.
        lent: SocketAddr,
        /// The socket with which we speak to the server.
        base: SocketAddr,
    },
}

/// What goes in.
#[derive(Debug)]
pub enum PeerInput<'a> {
    /// Time has gone by: at [`Peer::next_wakeup`](super::Peer::next_wakeup), or any other moment.
    Tick,
    /// A datagram has come to an address of ours.
    Datagram {
        /// Who sent it.
        from: SocketAddr,
        /// The address of ours: of a [`Reach::Host`], or what is lent.
        to: SocketAddr,
        /// What it says.
        bytes: &'a [u8],
    },
    /// A packet of sound is to be sent.
    Audio {
        /// Its first sample, counted at [`RATE`](crate::voice::RATE) as one likes.
        time: u32,
        /// Whether it is the first after a silence.
        first: bool,
        /// What it says, by [`Encoder`](crate::voice::codec::Encoder).
        payload: &'a [u8],
    },
    /// A key of the pad is pressed.
    Key(Dtmf),
}

/// What comes out.
#[derive(Clone, Debug, PartialEq)]
pub enum PeerOutput {
    /// A datagram is to be sent.
    Send {
        /// From this address of ours.
        from: SocketAddr,
        /// To this one.
        to: SocketAddr,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// A packet of sound has come, for [`Jitter::insert`](crate::voice::jitter::Jitter::insert).
    Audio {
        /// Its number, extended.
        sequence: u64,
        /// Its time, extended.
        time: u64,
        /// Whether it came beside a later one.
        copy: bool,
        /// What it says.
        payload: Vec<u8>,
    },
    /// Something happened.
    Event(PeerEvent),
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PeerEvent {
    /// There is a way, and it is encrypted: for the first time, or again.
    Connected,
    /// There is no way at present. It may come back by itself; a [`Peer::restart`](super::Peer::restart) makes it sooner where networks changed.
    Interrupted,
    /// It will not come back.
    Closed,
    /// Nothing was heard from them for [`SILENT_AFTER`].
    Silent,
    /// They are heard again.
    Heard,
    /// They tell that nothing of what we send arrives.
    Unheard,
    /// It arrives again.
    Arrives,
    /// They pressed a key: once for each time they did.
    Key(Dtmf),
    /// From now on each packet brings so many of those before along: none, one or two. The encoder should use fewer bits
    /// meanwhile.
    Redundancy(u8),
    /// How the line is, every second.
    Line(Line),
}

/// How the line is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// There and back.
    pub round_trip: Option<Duration>,
    /// The share of our packets that did not arrive, 0.0 to 1.0, as they tell.
    pub lost_there: Option<f32>,
    /// The share of theirs that did not.
    pub lost_here: Option<f32>,
    /// How unevenly our packets arrive there, and theirs here (RFC 3550 §6.4.1).
    pub jitter_there: Option<Duration>,
    /// See above.
    pub jitter_here: Option<Duration>,
    /// Bits a second that were sent in the last one, all headers but IP's and UDP's.
    pub sent: u32,
    /// The same of those that came.
    pub received: u32,
}

/// Why an offer or an answer is of no use.
#[derive(Debug, thiserror::Error)]
pub enum SdpError {
    /// It is longer than a call's `extra` may be, or names too many addresses.
    #[error("too much for one call")]
    TooMuch,
    /// It is no session description, or not one that goes with ours.
    #[error("not a description of a call")]
    Malformed(#[source] RtcError),
    /// There is no sound in it that we understand.
    #[error("without any sound that we understand")]
    NoAudio,
    /// An answer to nothing that was offered.
    #[error("nothing was offered")]
    NotAsked,
}
