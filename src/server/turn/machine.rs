//! Who has which address. Time and datagrams go in, datagrams come out; no socket, no clock.
//!
//! Of those who did not prove who they are, nothing is kept: nonces are computed, and unsigned answers are counted in a table
//! of one size. An answer is about as long as what asked for it, so the server is of little use to flood others with.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};
use turn_types::stun::attribute::XorMappedAddress;
use turn_types::stun::message::{BINDING, IntegrityKey, Message, MessageClass};

use super::allocation::Allocation;
use super::credentials::Secret;
use super::{Peers, words};
use crate::hub::Now;
use crate::net::addresses::network;

/// Addresses lent to one account at a time: a call takes one of each family, and may begin anew while the last one's still are.
pub(super) const PER_USER: usize = 10;
/// Addresses lent in all.
pub(super) const IN_ALL: usize = 1000;
/// Answers a second to those of one network who did not prove who they are.
const UNSIGNED: u8 = 100;
/// Networks are counted in so many places; two that share one share their answers.
const PLACES: usize = 4096;
/// How often it is looked for what has ended.
const LOOK: Duration = Duration::from_secs(1);

/// One client: where it is, and by which address of ours it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client {
    pub(super) at: SocketAddr,
    pub(super) by: SocketAddr,
}

/// What goes in.
#[derive(Debug)]
pub(super) enum Input<'a> {
    /// A datagram came to where we listen.
    Asked { client: Client, bytes: &'a [u8] },
    /// A datagram came to a socket that is lent.
    Came {
        local: SocketAddr,
        peer: SocketAddr,
        bytes: &'a [u8],
    },
    /// What [`Output::Open`] wanted, or that there is none.
    Opened {
        client: Client,
        local: Option<SocketAddr>,
    },
    /// Time has gone by.
    Tick,
}

/// What comes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// To a client.
    Answer { client: Client, bytes: Vec<u8> },
    /// From a socket that is lent, to a peer.
    Relay {
        local: SocketAddr,
        peer: SocketAddr,
        bytes: Vec<u8>,
    },
    /// A socket at this address is wanted, and [`Input::Opened`] at once.
    Open { client: Client, at: IpAddr },
    /// A socket is no longer wanted.
    Close { local: SocketAddr },
}

/// What stays the same.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) secret: Secret,
    pub(super) peers: Peers,
    /// Where we listen.
    pub(super) listens: Vec<SocketAddr>,
    /// The address at which others reach us, where it is not the socket's own.
    pub(super) outside: Option<IpAddr>,
    /// Other ports of this program, which nobody reaches through it.
    pub(super) ports: Vec<u16>,
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::server) struct Figures {
    /// Addresses that are lent now.
    pub(in crate::server) lent: u64,
    /// All that were.
    pub(in crate::server) lent_ever: u64,
    /// Questions for one's own address that were answered.
    pub(in crate::server) seen: u64,
    /// Requests that were refused, without those that had to bring a nonce first.
    pub(in crate::server) refused: u64,
    /// Bytes that were passed on to peers.
    pub(in crate::server) bytes_there: u64,
    /// Bytes that were passed on to clients.
    pub(in crate::server) bytes_here: u64,
    /// Datagrams that were not passed on.
    pub(in crate::server) dropped: u64,
}

/// The relay.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) rules: Rules,
    pub(super) allocations: HashMap<Client, Allocation>,
    /// Whose a socket is.
    pub(super) locals: HashMap<SocketAddr, Client>,
    /// Whose an address is, as others know it.
    pub(super) lent: HashMap<SocketAddr, Client>,
    pub(super) opening: HashMap<Client, Opening>,
    answered: Box<[u8]>,
    looked: Instant,
    pub(super) figures: Figures,
}

/// An allocation that waits for its socket.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) request: Vec<u8>,
    pub(super) name: String,
    pub(super) user: String,
    pub(super) key: IntegrityKey,
    pub(super) lifetime: Duration,
}

impl Turn {
    pub(super) fn new(now: Instant, rules: Rules) -> Self {
        Self {
            rules,
            allocations: HashMap::new(),
            locals: HashMap::new(),
            lent: HashMap::new(),
            opening: HashMap::new(),
            answered: vec![0; PLACES].into(),
            looked: now,
            figures: Figures::default(),
        }
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            lent: self.allocations.len() as u64,
            ..self.figures
        }
    }

    /// When it wants a [`Input::Tick`] at the latest; `None` while nothing is lent.
    pub(super) fn next_wakeup(&self) -> Option<Instant> {
        (!self.allocations.is_empty()).then(|| self.looked + LOOK)
    }

    /// The only way in and out.
    #[must_use]
    pub(super) fn handle(&mut self, now: Now, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        self.look(now.instant, &mut out);
        match input {
            Input::Tick => {}
            Input::Asked { client, bytes } => self.asked(now, client, bytes, &mut out),
            Input::Came { local, peer, bytes } => {
                if let Some(client) = self.locals.get(&local).copied() {
                    self.came(now.instant, client, peer, bytes, &mut out);
                }
            }
            Input::Opened { client, local } => self.opened(now, client, local, &mut out),
        }
        out
    }

    /// Ends what is over, once a second.
    fn look(&mut self, now: Instant, out: &mut Vec<Output>) {
        if now.saturating_duration_since(self.looked) < LOOK {
            return;
        }
        self.looked = now;
        self.answered.fill(0);
        let over = self.allocations.iter().filter(|(_, one)| one.ends <= now);
        let over: Vec<Client> = over.map(|(client, _)| *client).collect();
        for client in over {
            self.end(client, out);
        }
    }

    pub(super) fn end(&mut self, client: Client, out: &mut Vec<Output>) {
        if let Some(Allocation { local, lent, .. }) = self.allocations.remove(&client) {
            self.locals.remove(&local);
            self.lent.remove(&lent);
            out.push(Output::Close { local });
        }
    }

    fn asked(&mut self, now: Now, client: Client, bytes: &[u8], out: &mut Vec<Output>) {
        // The first two bits tell channels from messages (RFC 8656 §12).
        if bytes.first().is_some_and(|first| first >> 6 == 1) {
            self.channel(now.instant, client, bytes, out);
            return;
        }
        let Ok(message) = Message::from_bytes(bytes) else {
            self.figures.dropped += 1;
            return;
        };
        let answer = match (message.class(), message.method()) {
            (MessageClass::Indication, SEND) => {
                self.send(now.instant, client, &message, out);
                return;
            }
            (MessageClass::Request, BINDING) => self.binding(client, &message),
            (MessageClass::Request, ALLOCATE) => self.allocate(now, client, &message, bytes, out),
            (MessageClass::Request, REFRESH) => self.refresh(now, client, &message, out),
            (MessageClass::Request, CREATE_PERMISSION) => self.permit(now, client, &message),
            (MessageClass::Request, CHANNEL_BIND) => self.bind(now, client, &message),
            // What keeps a NAT open, and answers to what was never asked.
            _ => None,
        };
        out.extend(answer.map(|bytes| Output::Answer { client, bytes }));
    }

    /// Whether one more answer may go to somebody of whom nothing is known.
    pub(super) fn may_answer(&mut self, client: Client) -> bool {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let place = hasher.hash_one(network(client.at.ip())) as usize % PLACES;
        let answered = &mut self.answered[place];
        let may = *answered < UNSIGNED;
        if may {
            *answered += 1;
        } else {
            self.figures.dropped += 1;
        }
        may
    }

    /// Where the client is, as we see it.
    fn binding(&mut self, client: Client, request: &Message<'_>) -> Option<Vec<u8>> {
        if !self.may_answer(client) {
            return None;
        }
        let unknown = words::unknown(request);
        if !unknown.is_empty() {
            return words::not_understood(request, &unknown, None);
        }
        self.figures.seen += 1;
        let seen = XorMappedAddress::new(client.at, request.transaction_id());
        words::success(request, &[&seen], None)
    }
}
