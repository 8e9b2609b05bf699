//! The app's history on real files: what `kill -9` and a disk without room cost, and random commands beside a model.

// The limit on files that stands for a full disk is set by a shell, in Linux's way.
#[cfg(target_os = "linux")]
mod disk;
mod kill9;
mod random;

use callsign::protocol::NameError;
use callsign::store::{Attention, Conversation, Delivery, MessageKind, NewMessage, Way};

/// The time at which these tests play, in ms since the Unix epoch.
const NOW: u64 = 1_700_000_000_000;

fn name<T: for<'a> TryFrom<&'a str, Error = NameError>>(text: &str) -> T {
    T::try_from(text).expect("a name")
}

fn ann() -> Conversation {
    Conversation::Person(name("ann"))
}

fn incoming(id: &str, server_ms: u64, text: &str) -> NewMessage {
    NewMessage {
        conversation: ann(),
        id: Some(name(id)),
        source: name("ann"),
        way: Way::In(Attention::Unread),
        kind: MessageKind::Text,
        text: text.to_owned(),
        server_ms: Some(server_ms),
        local_ms: NOW,
        reply_to: None,
    }
}

fn outgoing(id: &str, local_ms: u64, text: &str) -> NewMessage {
    NewMessage {
        source: name("me"),
        way: Way::Out(Delivery::Pending),
        server_ms: None,
        local_ms,
        ..incoming(id, NOW, text)
    }
}
