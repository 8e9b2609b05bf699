//! Requests read, answers written.

use std::net::SocketAddr;

use turn_types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedAddressFamily, RequestedTransport, XorPeerAddress,
};
use turn_types::message::DATA;
use turn_types::stun::attribute::{
    AttributeType, ErrorCode, Fingerprint, MessageIntegrity, Nonce, Realm, Software, Username,
};
use turn_types::stun::message::{
    IntegrityAlgorithm, IntegrityKey, LongTermKeyCredentials, Message, MessageWriteVec,
};
use turn_types::stun::prelude::{
    AttributeStaticType as _, AttributeWrite, MessageWrite as _, MessageWriteExt as _,
};

use super::REALM;

/// Room for an answer, so that it need not grow.
const ROOM: usize = 192;
/// What may stand in a request that we understand. All else that has to be understood refuses it.
const KNOWN: [AttributeType; 11] = [
    Username::TYPE,
    Realm::TYPE,
    Nonce::TYPE,
    MessageIntegrity::TYPE,
    Fingerprint::TYPE,
    Software::TYPE,
    RequestedTransport::TYPE,
    RequestedAddressFamily::TYPE,
    Lifetime::TYPE,
    XorPeerAddress::TYPE,
    ChannelNumber::TYPE,
];

/// By what requests of a name are signed, and answers to it.
pub(super) fn key(name: &str, password: String) -> IntegrityKey {
    LongTermKeyCredentials::new(name.to_owned(), password, REALM.to_owned())
        .make_key(IntegrityAlgorithm::Sha1)
}

/// Whether a request was signed so.
pub(super) fn is_signed(request: &Message<'_>, key: &IntegrityKey) -> bool {
    request.validate_integrity_with_key(key).is_ok()
}

/// What a request has that has to be understood and is not.
pub(super) fn unknown(request: &Message<'_>) -> Vec<AttributeType> {
    request
        .iter_attributes()
        .map(|(_, attribute)| turn_types::stun::prelude::Attribute::get_type(&attribute))
        .filter(|kind| kind.comprehension_required() && !KNOWN.contains(kind))
        .collect()
}

/// All that a request wants to speak with.
pub(super) fn peers(request: &Message<'_>) -> Vec<SocketAddr> {
    let mut peers = Vec::new();
    // The attribute may stand there many times.
    while let Ok(peer) = request.nth_attribute::<XorPeerAddress>(peers.len()) {
        peers.push(peer.addr(request.transaction_id()));
    }
    peers
}

/// An answer with these words, signed where there is something to sign it by.
pub(super) fn success(
    request: &Message<'_>,
    words: &[&dyn AttributeWrite],
    key: Option<&IntegrityKey>,
) -> Option<Vec<u8>> {
    let answer = Message::builder_success(request, MessageWriteVec::with_capacity(ROOM));
    finish(answer, words, key)
}

/// A refusal.
pub(super) fn failure(
    request: &Message<'_>,
    code: u16,
    words: &[&dyn AttributeWrite],
    key: Option<&IntegrityKey>,
) -> Option<Vec<u8>> {
    let mut answer = Message::builder_error(request, MessageWriteVec::with_capacity(ROOM));
    let code = ErrorCode::builder(code).build().ok()?;
    answer.add_attribute(&code).ok()?;
    finish(answer, words, key)
}

/// The refusal of what we do not understand, which names it.
pub(super) fn not_understood(
    request: &Message<'_>,
    unknown: &[AttributeType],
    key: Option<&IntegrityKey>,
) -> Option<Vec<u8>> {
    let answer =
        Message::unknown_attributes(request, unknown, MessageWriteVec::with_capacity(ROOM));
    finish(answer, &[], key)
}

/// What came from a peer, for a client that has no channel for it.
pub(super) fn data(peer: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
    let room = MessageWriteVec::with_capacity(bytes.len() + 64);
    let mut indication = Message::builder_indication(DATA, room);
    let peer = XorPeerAddress::new(peer, indication.transaction_id());
    indication.add_attribute(&peer).ok()?;
    indication.add_attribute(&Data::new(bytes)).ok()?;
    Some(indication.finish())
}

/// The same, through a channel.
pub(super) fn channel_data(number: u16, bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(bytes.len()).ok()?;
    let mut message = Vec::with_capacity(bytes.len() + 4);
    message.extend(number.to_be_bytes());
    message.extend(length.to_be_bytes());
    message.extend(bytes);
    Some(message)
}

fn finish(
    mut answer: MessageWriteVec,
    words: &[&dyn AttributeWrite],
    key: Option<&IntegrityKey>,
) -> Option<Vec<u8>> {
    for word in words {
        answer.add_attribute(*word).ok()?;
    }
    if let Some(key) = key {
        answer
            .add_message_integrity_with_key(key, IntegrityAlgorithm::Sha1)
            .ok()?;
    }
    answer.add_fingerprint().ok()?;
    Some(answer.finish())
}
