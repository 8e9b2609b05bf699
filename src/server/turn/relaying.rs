//! What goes through: from clients to peers, and back.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::channel::ChannelData;
use turn_types::stun::attribute::ErrorCode;
use turn_types::stun::message::Message;

use super::machine::{Client, Output, Turn};
use super::{Peers, words};

impl Turn {
    /// Why nobody may be let in from an address, if so. Of our own addresses anybody may be; [`Self::reaches`] looks again.
    pub(super) fn forbids(&self, client: Client, peer: SocketAddr) -> Option<u16> {
        let lent = self.allocations.get(&client).map(|made| made.lent)?;
        if lent.is_ipv4() != peer.is_ipv4() {
            return Some(ErrorCode::PEER_ADDRESS_FAMILY_MISMATCH);
        }
        let allowed = self.is_own(peer.ip()) || self.rules.peers.allow(peer.ip());
        (!allowed).then_some(ErrorCode::FORBIDDEN)
    }

    fn is_own(&self, ip: IpAddr) -> bool {
        let mut listens = self.rules.listens.iter().map(SocketAddr::ip);
        self.rules.outside == Some(ip) || listens.any(|own| own == ip)
    }

    /// Whether something may be sent there that is not lent.
    fn reaches(&self, peer: SocketAddr) -> bool {
        let rules = &self.rules;
        let listening = rules.listens.iter().any(|own| own.port() == peer.port());
        let serving = listening || rules.ports.contains(&peer.port());
        let own = self.is_own(peer.ip()) && (rules.peers < Peers::Any || serving);
        peer.port() != 0 && !own && rules.peers.allow(peer.ip())
    }

    pub(super) fn send(
        &mut self,
        now: Instant,
        client: Client,
        indication: &Message<'_>,
        out: &mut Vec<Output>,
    ) {
        let peer = indication.attribute::<XorPeerAddress>();
        let data = indication.attribute::<Data>();
        let (Ok(peer), Ok(data)) = (peer, data) else {
            self.figures.dropped += 1;
            return;
        };
        let peer = peer.addr(indication.transaction_id());
        self.pass_on(now, client, peer, data.data(), out);
    }

    pub(super) fn channel(
        &mut self,
        now: Instant,
        client: Client,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) {
        let made = self.allocations.get(&client);
        let data = ChannelData::parse(bytes).ok();
        let peer = data.and_then(|data| made?.peer(now, data.id()));
        if let (Some(peer), Some(data)) = (peer, data) {
            self.pass_on(now, client, peer, data.data(), out);
        } else {
            self.figures.dropped += 1;
        }
    }

    /// From a client to a peer.
    fn pass_on(
        &mut self,
        now: Instant,
        client: Client,
        peer: SocketAddr,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) {
        let other = self.lent.get(&peer).copied();
        let reaches = other.is_some() || self.reaches(peer);
        let made = self.allocations.get_mut(&client);
        let made = made.filter(|made| reaches && made.permits(now, peer.ip()));
        let Some(made) = made.and_then(|made| made.lets_out(now, bytes.len()).then_some(made))
        else {
            self.figures.dropped += 1;
            return;
        };
        let (local, lent) = (made.local, made.lent);
        self.figures.bytes_there += bytes.len() as u64;
        match other {
            // Both have their addresses from us, so nothing has to leave, nor to come back.
            Some(other) => self.came(now, other, lent, bytes, out),
            None => out.push(Output::Relay {
                local,
                peer,
                bytes: bytes.to_vec(),
            }),
        }
    }

    /// From a peer to a client.
    pub(super) fn came(
        &mut self,
        now: Instant,
        client: Client,
        peer: SocketAddr,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) {
        let made = self.allocations.get_mut(&client);
        let made = made.filter(|made| made.permits(now, peer.ip()));
        let made = made.and_then(|made| made.lets_in(now, bytes.len()).then_some(made));
        let message = made.and_then(|made| match made.number(now, peer) {
            Some(number) => words::channel_data(number, bytes),
            None => words::data(peer, bytes),
        });
        match message {
            Some(message) => {
                self.figures.bytes_here += bytes.len() as u64;
                out.push(Output::Answer {
                    client,
                    bytes: message,
                });
            }
            None => self.figures.dropped += 1,
        }
    }
}
