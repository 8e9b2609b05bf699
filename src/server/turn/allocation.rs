//! One address that is lent: until when, to speak with whom, and how much.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use turn_types::stun::message::TransactionId;

/// How long an allocation lasts unless its client asks for more (RFC 8656 §3.2).
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
/// The longest that is given at a time.
pub(super) const LONGEST: Duration = Duration::from_secs(3600);
/// How long a permission lasts (RFC 8656 §9).
const PERMISSION: Duration = Duration::from_secs(300);
/// How long a channel lasts (RFC 8656 §12).
const CHANNEL: Duration = Duration::from_secs(600);
/// The numbers that channels may have (RFC 8656 §12).
const NUMBERS: RangeInclusive<u16> = 0x4000..=0x4fff;
/// With how many addresses may be spoken at a time: a call names a dozen.
const PERMISSIONS: usize = 64;
/// How many channels there may be.
const CHANNELS: usize = 32;
/// Bytes a second each way. Our voice takes 10 kB/s at most, and that of browsers no more than this.
const RATE: u32 = 64_000;

/// What is lent to one client.
#[derive(Debug)]
pub(super) struct Allocation {
    /// Whose it is.
    pub(super) name: String,
    pub(super) user: String,
    /// The request that made it, which may come twice.
    pub(super) made_by: TransactionId,
    /// The socket.
    pub(super) local: SocketAddr,
    /// What the client is told.
    pub(super) lent: SocketAddr,
    pub(super) ends: Instant,
    permissions: HashMap<IpAddr, Instant>,
    channels: HashMap<u16, (SocketAddr, Instant)>,
    numbers: HashMap<SocketAddr, u16>,
    there: Bucket,
    here: Bucket,
}

/// Why a permission or a channel is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The number or the peer has another partner, or the number is none.
    Unfit,
    /// There are enough of them.
    TooMany,
}

impl Allocation {
    pub(super) fn new(
        now: Instant,
        name: String,
        user: String,
        made_by: TransactionId,
        [local, lent]: [SocketAddr; 2],
        lifetime: Duration,
    ) -> Self {
        Self {
            name,
            user,
            made_by,
            local,
            lent,
            ends: now + lifetime,
            permissions: HashMap::new(),
            channels: HashMap::new(),
            numbers: HashMap::new(),
            there: Bucket::new(now),
            here: Bucket::new(now),
        }
    }

    /// Lets a peer in.
    pub(super) fn permit(&mut self, now: Instant, peer: IpAddr) -> Result<(), Refused> {
        if !self.permissions.contains_key(&peer) && self.permissions.len() >= PERMISSIONS {
            self.permissions.retain(|_, ends| *ends > now);
            if self.permissions.len() >= PERMISSIONS {
                return Err(Refused::TooMany);
            }
        }
        self.permissions.insert(peer, now + PERMISSION);
        Ok(())
    }

    /// Whether a peer was let in.
    pub(super) fn permits(&self, now: Instant, peer: IpAddr) -> bool {
        self.permissions.get(&peer).is_some_and(|ends| *ends > now)
    }

    /// Gives a peer a number, and lets it in.
    pub(super) fn bind(
        &mut self,
        now: Instant,
        number: u16,
        peer: SocketAddr,
    ) -> Result<(), Refused> {
        if !NUMBERS.contains(&number) {
            return Err(Refused::Unfit);
        }
        self.channels.retain(|_, (_, ends)| *ends > now);
        self.numbers
            .retain(|_, number| self.channels.contains_key(number));
        let other_peer = self
            .channels
            .get(&number)
            .is_some_and(|(is, _)| *is != peer);
        let other_number = self.numbers.get(&peer).is_some_and(|is| *is != number);
        if other_peer || other_number {
            return Err(Refused::Unfit);
        }
        if !self.channels.contains_key(&number) && self.channels.len() >= CHANNELS {
            return Err(Refused::TooMany);
        }
        self.permit(now, peer.ip())?;
        self.channels.insert(number, (peer, now + CHANNEL));
        self.numbers.insert(peer, number);
        Ok(())
    }

    /// Whom a channel leads to.
    pub(super) fn peer(&self, now: Instant, number: u16) -> Option<SocketAddr> {
        let (peer, ends) = self.channels.get(&number)?;
        (*ends > now).then_some(*peer)
    }

    /// The channel of a peer.
    pub(super) fn number(&self, now: Instant, peer: SocketAddr) -> Option<u16> {
        let number = *self.numbers.get(&peer)?;
        self.peer(now, number).map(|_| number)
    }

    /// Whether so many bytes more may go to peers.
    pub(super) fn lets_out(&mut self, now: Instant, bytes: usize) -> bool {
        self.there.take(now, bytes)
    }

    /// Whether so many bytes more may come from peers.
    pub(super) fn lets_in(&mut self, now: Instant, bytes: usize) -> bool {
        self.here.take(now, bytes)
    }
}

/// A rate, with a second of it at once.
#[derive(Debug)]
struct Bucket {
    left: u32,
    at: Instant,
}

impl Bucket {
    fn new(now: Instant) -> Self {
        Self {
            left: RATE,
            at: now,
        }
    }

    fn take(&mut self, now: Instant, bytes: usize) -> bool {
        let passed = now
            .saturating_duration_since(self.at)
            .as_micros()
            .min(1_000_000);
        let more = passed * u128::from(RATE) / 1_000_000;
        // Less than a byte is left for later.
        if more > 0 {
            let more = u32::try_from(more).unwrap_or(RATE);
            self.left = self.left.saturating_add(more).min(RATE);
            self.at = now;
        }
        let left = u32::try_from(bytes)
            .ok()
            .and_then(|bytes| self.left.checked_sub(bytes));
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}
