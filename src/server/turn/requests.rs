//! What clients ask for by requests that they sign: an address, longer, and with whom to speak.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use turn_types::AddressFamily;
use turn_types::attribute::{
    ChannelNumber, Lifetime, RequestedAddressFamily, RequestedTransport, XorRelayedAddress,
};
use turn_types::stun::attribute::{ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use turn_types::stun::message::{IntegrityKey, Message};
use turn_types::stun::prelude::AttributeWrite;

use super::allocation::{Allocation, LIFETIME, LONGEST, Refused};
use super::credentials::{Named, Secret};
use super::machine::{Client, IN_ALL, Opening, Output, PER_USER, Turn};
use super::{REALM, is_any, words};
use crate::hub::Now;

/// What relayed datagrams are carried by: UDP (RFC 8656 §18.8).
const UDP: u8 = 17;

/// A request whose sender proved who it is.
struct Proven {
    name: String,
    named: Named,
    key: IntegrityKey,
}

impl Turn {
    /// Who asks (RFC 8489 §9.2.4); else what it is answered.
    fn proven(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
    ) -> Result<Proven, Option<Vec<u8>>> {
        let now_s = now.unix_ms / 1000;
        let name = request.attribute::<Username>();
        let nonce = request.attribute::<Nonce>();
        let (Ok(name), Ok(nonce)) = (name, nonce) else {
            return Err(self.challenge(now_s, client, request, ErrorCode::UNAUTHORIZED));
        };
        if !self.rules.secret.is_fresh(nonce.nonce(), client.at, now_s) {
            return Err(self.challenge(now_s, client, request, ErrorCode::STALE_NONCE));
        }
        let name = name.username().to_owned();
        let key = words::key(&name, self.rules.secret.password(&name));
        let named = Secret::read(&name).filter(|_| words::is_signed(request, &key));
        let Some(named) = named else {
            self.figures.refused += 1;
            return Err(self.challenge(now_s, client, request, ErrorCode::UNAUTHORIZED));
        };
        let unknown = words::unknown(request);
        if !unknown.is_empty() {
            return Err(words::not_understood(request, &unknown, Some(&key)));
        }
        Ok(Proven { name, named, key })
    }

    fn challenge(
        &mut self,
        now_s: u64,
        client: Client,
        request: &Message<'_>,
        code: u16,
    ) -> Option<Vec<u8>> {
        if !self.may_answer(client) {
            return None;
        }
        let nonce = Nonce::new(&self.rules.secret.nonce(client.at, now_s)).ok()?;
        let realm = Realm::new(REALM).ok()?;
        words::failure(request, code, &[&realm, &nonce], None)
    }

    fn refuse(&mut self, request: &Message<'_>, code: u16, key: &IntegrityKey) -> Option<Vec<u8>> {
        self.figures.refused += 1;
        words::failure(request, code, &[], Some(key))
    }

    pub(super) fn allocate(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) -> Option<Vec<u8>> {
        let Proven { name, named, key } = match self.proven(now, client, request) {
            Ok(proven) => proven,
            Err(answer) => return answer,
        };
        if let Some(made) = self.allocations.get(&client) {
            // Its answer was lost: it is given again.
            if made.made_by == request.transaction_id() && made.name == name {
                return allocated(now.instant, client, request, made, &key);
            }
            return self.refuse(request, ErrorCode::ALLOCATION_MISMATCH, &key);
        }
        // Whoever was signed in then may not be any more.
        if named.until_s <= now.unix_ms / 1000 {
            return self.refuse(request, ErrorCode::UNAUTHORIZED, &key);
        }
        match request.attribute::<RequestedTransport>() {
            Ok(wanted) if wanted.protocol() == UDP => {}
            Ok(_) => {
                return self.refuse(request, ErrorCode::UNSUPPORTED_TRANSPORT_PROTOCOL, &key);
            }
            Err(_) => return self.refuse(request, ErrorCode::BAD_REQUEST, &key),
        }
        let family = request.attribute::<RequestedAddressFamily>();
        let family = family.map_or(AddressFamily::IPV4, |wanted| wanted.family());
        let Some(at) = self.lends_at(client, family) else {
            return self.refuse(request, ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED, &key);
        };
        let all = self.allocations.len() + self.opening.len();
        let own = self.allocations.values().map(|one| &one.user);
        let own = own.chain(self.opening.values().map(|one| &one.user));
        if own.filter(|user| **user == named.user).count() >= PER_USER {
            return self.refuse(request, ErrorCode::ALLOCATION_QUOTA_REACHED, &key);
        }
        if all >= IN_ALL {
            return self.refuse(request, ErrorCode::INSUFFICIENT_CAPACITY, &key);
        }
        let opening = Opening {
            request: bytes.to_vec(),
            name,
            user: named.user,
            key,
            lifetime: lifetime(request).unwrap_or(LIFETIME).max(LIFETIME),
        };
        self.opening.insert(client, opening);
        out.push(Output::Open { client, at });
        None
    }

    /// Where a socket of a family is lent: by which the client came, or another on which we listen.
    fn lends_at(&self, client: Client, family: AddressFamily) -> Option<IpAddr> {
        let fits = |address: &SocketAddr| AddressFamily::from(address) == family;
        let listens = self.rules.listens.iter().copied();
        let mut fitting = [client.by].into_iter().chain(listens).filter(fits);
        fitting.find(|at| !is_any(at.ip())).map(|at| at.ip())
    }

    pub(super) fn opened(
        &mut self,
        now: Now,
        client: Client,
        local: Option<SocketAddr>,
        out: &mut Vec<Output>,
    ) {
        let Some(opening) = self.opening.remove(&client) else {
            out.extend(local.map(|local| Output::Close { local }));
            return;
        };
        let Ok(request) = Message::from_bytes(&opening.request) else {
            return;
        };
        let answer = match local {
            None => self.refuse(&request, ErrorCode::INSUFFICIENT_CAPACITY, &opening.key),
            Some(local) => {
                let outside = self.rules.outside;
                let outside = outside.filter(|ip| ip.is_ipv4() == local.is_ipv4());
                let outside = outside.filter(|_| !local.ip().is_loopback());
                let lent = SocketAddr::new(outside.unwrap_or(local.ip()), local.port());
                let made = Allocation::new(
                    now.instant,
                    opening.name,
                    opening.user,
                    request.transaction_id(),
                    [local, lent],
                    opening.lifetime,
                );
                let answer = allocated(now.instant, client, &request, &made, &opening.key);
                self.allocations.insert(client, made);
                self.locals.insert(local, client);
                self.lent.insert(lent, client);
                self.figures.lent_ever += 1;
                answer
            }
        };
        out.extend(answer.map(|bytes| Output::Answer { client, bytes }));
    }

    /// Who asks, where it has an allocation.
    fn owner(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
    ) -> Result<IntegrityKey, Option<Vec<u8>>> {
        let Proven { name, key, .. } = self.proven(now, client, request)?;
        match self.allocations.get(&client) {
            None => Err(self.refuse(request, ErrorCode::ALLOCATION_MISMATCH, &key)),
            Some(made) if made.name != name => {
                Err(self.refuse(request, ErrorCode::WRONG_CREDENTIALS, &key))
            }
            Some(_) => Ok(key),
        }
    }

    pub(super) fn refresh(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
        out: &mut Vec<Output>,
    ) -> Option<Vec<u8>> {
        let key = match self.owner(now, client, request) {
            Ok(key) => key,
            Err(answer) => return answer,
        };
        let made = self.allocations.get_mut(&client)?;
        if let Ok(family) = request.attribute::<RequestedAddressFamily>()
            && family.family() != AddressFamily::from(&made.lent)
        {
            return self.refuse(request, ErrorCode::PEER_ADDRESS_FAMILY_MISMATCH, &key);
        }
        let wanted = lifetime(request).unwrap_or(LIFETIME);
        let given = if wanted.is_zero() {
            self.end(client, out);
            wanted
        } else {
            let given = wanted.max(LIFETIME);
            made.ends = now.instant + given;
            given
        };
        let given = Lifetime::new(u32::try_from(given.as_secs()).unwrap_or(u32::MAX));
        words::success(request, &[&given], Some(&key))
    }

    pub(super) fn permit(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
    ) -> Option<Vec<u8>> {
        let key = match self.owner(now, client, request) {
            Ok(key) => key,
            Err(answer) => return answer,
        };
        let peers = words::peers(request);
        let refused = if peers.is_empty() {
            Some(ErrorCode::BAD_REQUEST)
        } else {
            peers.iter().find_map(|peer| self.forbids(client, *peer))
        };
        if let Some(code) = refused {
            return self.refuse(request, code, &key);
        }
        let made = self.allocations.get_mut(&client)?;
        for peer in peers {
            if made.permit(now.instant, peer.ip()).is_err() {
                return self.refuse(request, ErrorCode::INSUFFICIENT_CAPACITY, &key);
            }
        }
        words::success(request, &[], Some(&key))
    }

    pub(super) fn bind(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
    ) -> Option<Vec<u8>> {
        let key = match self.owner(now, client, request) {
            Ok(key) => key,
            Err(answer) => return answer,
        };
        let number = request.attribute::<ChannelNumber>();
        let peer = words::peers(request).first().copied();
        let (Ok(number), Some(peer)) = (number, peer) else {
            return self.refuse(request, ErrorCode::BAD_REQUEST, &key);
        };
        if let Some(code) = self.forbids(client, peer) {
            return self.refuse(request, code, &key);
        }
        let made = self.allocations.get_mut(&client)?;
        match made.bind(now.instant, number.channel(), peer) {
            Ok(()) => words::success(request, &[], Some(&key)),
            Err(Refused::Unfit) => self.refuse(request, ErrorCode::BAD_REQUEST, &key),
            Err(Refused::TooMany) => self.refuse(request, ErrorCode::INSUFFICIENT_CAPACITY, &key),
        }
    }
}

/// That an address is lent, and which.
fn allocated(
    now: Instant,
    client: Client,
    request: &Message<'_>,
    made: &Allocation,
    key: &IntegrityKey,
) -> Option<Vec<u8>> {
    let id = request.transaction_id();
    let left = made.ends.saturating_duration_since(now).as_secs();
    let lent = XorRelayedAddress::new(made.lent, id);
    let lifetime = Lifetime::new(u32::try_from(left).unwrap_or(u32::MAX));
    let seen = XorMappedAddress::new(client.at, id);
    let words: [&dyn AttributeWrite; 3] = [&lent, &lifetime, &seen];
    words::success(request, &words, Some(key))
}

/// How long a request wants it to last, at most as long as we give.
fn lifetime(request: &Message<'_>) -> Option<Duration> {
    let wanted = request.attribute::<Lifetime>().ok()?;
    Some(Duration::from_secs(wanted.seconds().into()).min(LONGEST))
}
