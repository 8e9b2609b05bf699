//! Messages as the store takes and gives them. Plain data.

use sha2::{Digest as _, Sha256};

use crate::protocol::{Account, ChannelName, Code, MessageId};

/// Whom one talks with, or where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conversation {
    /// Another account.
    Person(Account),
    /// Everybody in a room.
    Room(ChannelName),
}

/// A message of this store, by a number that is never used again. A message that arrived later has a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageRow(pub(crate) i64);

/// Where a message stands among all messages: by time, and within a millisecond by arrival. No two have the same.
///
/// It is also the cursor of everything that is read in pages. An outgoing message moves once, when its server time
/// becomes known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub(crate) i64);

/// The lower bits of a place: 1,024 messages of one millisecond, all conversations together. Any more are put into the
/// next.
const ARRIVAL_BITS: u32 = 10;
/// The latest time that a place can hold, in ms since the Unix epoch (year 144,683).
const LATEST_MS: u64 = 1 << 52;

impl Place {
    /// Before every message.
    pub const FIRST: Self = Self(i64::MIN);
    /// Behind every message.
    pub const LAST: Self = Self(i64::MAX);

    /// The first place of a millisecond, counted from the Unix epoch.
    #[must_use]
    pub fn at(time_ms: u64) -> Self {
        Self((time_ms.min(LATEST_MS) << ARRIVAL_BITS) as i64)
    }

    /// The first place of the millisecond behind this one's.
    pub(super) fn next_ms(self) -> Self {
        Self(((self.0 >> ARRIVAL_BITS) + 1) << ARRIVAL_BITS)
    }

    /// Its millisecond, counted from the Unix epoch.
    #[must_use]
    pub fn time_ms(self) -> u64 {
        u64::try_from(self.0 >> ARRIVAL_BITS).unwrap_or(0)
    }
}

/// Who wrote a message, and what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Somebody else's.
    In(Attention),
    /// One's own, from this device or another.
    Out(Delivery),
}

/// Whether somebody's message has been read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// Read, or nothing that asks to be.
    Seen,
    /// Not yet.
    Unread,
    /// Not yet, and it names the person who is to read it.
    Mention,
}

/// How far one's own message has come. It never goes back: a receipt that comes late changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Not acknowledged: it is in the outbox, also after the process was killed.
    Pending,
    /// The server has it.
    Sent,
    /// The receiver's device has it.
    Delivered,
    /// The receiver has read it.
    Read,
    /// It was refused. [`super::Store::retry`] makes it pending again.
    Failed {
        /// The API's code.
        code: Code,
        /// Why, for people.
        reason: String,
    },
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// What somebody wrote. Only this is searched.
    Text,
    /// A note of a call.
    Call,
    /// A note that the source came into the room.
    Joined,
    /// A note that the source left the room.
    Left,
}

/// The message that another answers, as its sender named it. It need not be here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    /// Who sent it.
    pub source: Account,
    /// Under which id.
    pub id: MessageId,
}

/// A message to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Where it belongs.
    pub conversation: Conversation,
    /// The sender's id of it, under which it is kept once, for ever.
    pub id: Option<MessageId>,
    /// Who sent it.
    pub source: Account,
    /// Whether it came in, or goes out.
    pub way: Way,
    /// What it is.
    pub kind: MessageKind,
    /// What it says.
    pub text: String,
    /// When the server accepted it, in ms since the Unix epoch; `None` while that is not known.
    pub server_ms: Option<u64>,
    /// When it was written or received here, in ms since the Unix epoch, by this computer's clock.
    pub local_ms: u64,
    /// What it answers.
    pub reply_to: Option<ReplyTo>,
}

/// A message that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number in this store.
    pub row: MessageRow,
    /// Where it stands.
    pub place: Place,
    /// Everything else.
    pub content: NewMessage,
}

/// What became of a message that was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new, and kept.
    New(Message),
    /// It was there already, and this is how it looks now. An echo of one's own message, which brings the server's
    /// time, makes it [`Delivery::Sent`] and gives it its place.
    Known(Message),
    /// It was there once and was deleted here, and so it stays away.
    Forgotten,
}

/// 128 bits of SHA-256 under which a message is kept once.
pub(super) type Dedup = [u8; 16];

impl NewMessage {
    /// What makes it the same message when it comes again. Without an id (older protocol) that is its time on the server
    /// and its text: an inbox that is read again after a crash has the same, and so has a call that was missed. `None` for what
    /// never comes twice.
    pub(super) fn dedup(&self) -> Option<Dedup> {
        match (&self.id, self.server_ms) {
            (Some(id), _) => Some(dedup(&self.conversation, &self.source, id)),
            (None, Some(time)) if self.kind == MessageKind::Text => {
                let time = time.to_be_bytes();
                let parts = [b"time".as_slice(), &time, self.text.as_bytes()];
                Some(hash(&self.conversation, &self.source, &parts))
            }
            (None, Some(time)) if self.kind == MessageKind::Call => {
                let time = time.to_be_bytes();
                let parts = [b"call".as_slice(), &time, self.text.as_bytes()];
                Some(hash(&self.conversation, &self.source, &parts))
            }
            (None, _) => None,
        }
    }
}

/// What makes a message with an id the same message.
pub(super) fn dedup(conversation: &Conversation, source: &Account, id: &MessageId) -> Dedup {
    hash(conversation, source, &[b"id", id.as_str().as_bytes()])
}

fn hash(conversation: &Conversation, source: &Account, parts: &[&[u8]]) -> Dedup {
    let mut hash = Sha256::new();
    let (kind, name): (&[u8], &str) = match conversation {
        Conversation::Person(account) => (b"person", account.as_str()),
        Conversation::Room(room) => (b"room", room.as_str()),
    };
    let first = [kind, name.as_bytes(), source.as_str().as_bytes()];
    for part in first.iter().chain(parts) {
        // With its length, so that no two rows of parts read alike.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut short = Dedup::default();
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: Option<&str>, server_ms: Option<u64>, text: &str) -> NewMessage {
        NewMessage {
            conversation: Conversation::Person(Account::try_from("ann").expect("a name")),
            id: id.map(|id| MessageId::try_from(id).expect("a name")),
            source: Account::try_from("ann").expect("a name"),
            way: Way::In(Attention::Unread),
            kind: MessageKind::Text,
            text: text.to_owned(),
            server_ms,
            local_ms: 1,
            reply_to: None,
        }
    }

    #[test]
    fn a_place_tells_its_time() {
        assert_eq!(Place::at(1_700_000_000_123).time_ms(), 1_700_000_000_123);
        assert!(Place::at(1) < Place::at(2) && Place::FIRST < Place::at(0));
        assert!(Place::at(u64::MAX) < Place::LAST);
    }

    #[test]
    fn the_id_alone_makes_a_message_the_same() {
        let first = message(Some("1"), Some(1), "one").dedup();
        assert!(first.is_some());
        assert_eq!(first, message(Some("1"), None, "other").dedup());
        assert_ne!(first, message(Some("2"), Some(1), "one").dedup());
    }

    #[test]
    fn the_same_id_elsewhere_or_of_somebody_else_is_another_message() {
        let first = message(Some("1"), None, "one");
        let mut room = first.clone();
        room.conversation = Conversation::Room(ChannelName::try_from("ann").expect("a name"));
        let mut bob = first.clone();
        bob.source = Account::try_from("bob").expect("a name");
        assert_ne!(first.dedup(), room.dedup());
        assert_ne!(first.dedup(), bob.dedup());
    }

    #[test]
    fn without_an_id_time_and_text_make_it_the_same() {
        let first = message(None, Some(5), "one").dedup();
        assert!(first.is_some());
        assert_eq!(first, message(None, Some(5), "one").dedup());
        assert_ne!(first, message(None, Some(6), "one").dedup());
        assert_ne!(first, message(None, Some(5), "two").dedup());
        assert_eq!(message(None, None, "one").dedup(), None);
    }
}
