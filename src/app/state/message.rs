//! A line of a conversation, as people see it.

use crate::app::msg::Failure;
use crate::protocol::{Account, MessageId};
use crate::store::{self, Attention, MessageKind, MessageRow, Place, Way};

/// A line of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    /// Its number in the history.
    pub(crate) row: MessageRow,
    /// Where it stands among the others.
    pub(crate) place: Place,
    /// What the server knows it by, where that is known.
    pub(crate) id: Option<MessageId>,
    /// Who.
    pub(crate) from: Account,
    /// When, in ms since the Unix epoch: by the server's clock once it has it, else by ours.
    pub(crate) at_ms: u64,
    /// What.
    pub(crate) body: Body,
    /// How far it is.
    pub(crate) delivery: Delivery,
    /// Whether it had not been read when it was looked up.
    pub(crate) unread: bool,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Somebody's words.
    Text(String),
    /// A note of a call.
    Call(String),
    /// Somebody came into the room.
    Came,
    /// Somebody went.
    Went,
}

/// How far a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It came to us.
    Received,
    /// There is no link, or no room to say it in. It goes out when there is.
    Waiting,
    /// It is on its way; the server has not said that it has it.
    Pending,
    /// The server has it for good.
    Sent,
    /// The receiver's device has it.
    Delivered,
    /// The receiver has read it.
    Read,
    /// The server does not take it, or did not say that it does.
    Failed(Failure),
}

impl Message {
    /// As the history has it. What waits there may be on its way, which the outbox knows.
    pub(super) fn of(message: store::Message, in_flight: bool) -> Self {
        let store::Message {
            row,
            place,
            content,
        } = message;
        let unread = match content.way {
            Way::In(Attention::Unread | Attention::Mention) => true,
            Way::In(Attention::Seen) | Way::Out(_) => false,
        };
        Self {
            row,
            place,
            id: content.id,
            from: content.source,
            at_ms: content.server_ms.unwrap_or(content.local_ms),
            body: match content.kind {
                MessageKind::Text => Body::Text(content.text),
                MessageKind::Call => Body::Call(content.text),
                MessageKind::Joined => Body::Came,
                MessageKind::Left => Body::Went,
            },
            delivery: Delivery::of(content.way, in_flight),
            unread,
        }
    }

    /// Somebody's words, if it is those.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            Body::Call(_) | Body::Came | Body::Went => None,
        }
    }

    /// Whether a list shows it below a conversation's name: people come and go by the hundred.
    pub(super) fn tells(&self) -> bool {
        match &self.body {
            Body::Text(_) | Body::Call(_) => true,
            Body::Came | Body::Went => false,
        }
    }
}

impl Delivery {
    fn of(way: Way, in_flight: bool) -> Self {
        match way {
            Way::In(_) => Self::Received,
            Way::Out(store::Delivery::Pending) if in_flight => Self::Pending,
            Way::Out(store::Delivery::Pending) => Self::Waiting,
            Way::Out(store::Delivery::Sent) => Self::Sent,
            Way::Out(store::Delivery::Delivered) => Self::Delivered,
            Way::Out(store::Delivery::Read) => Self::Read,
            Way::Out(store::Delivery::Failed { code, reason }) => {
                let detail = reason;
                Self::Failed(Failure { code, detail })
            }
        }
    }
}

/// Whether words name somebody: their account stands in them as a word of its own.
pub(super) fn names(text: &str, who: &Account) -> bool {
    let (text, who) = (text.to_lowercase(), who.as_str().to_lowercase());
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(&who).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        !inside(before) && !inside(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_named_as_a_word_of_its_own() {
        let ann = Account::try_from("Ann").expect("an account");
        for text in [
            "ann",
            "hello @ann!",
            "ANN: look",
            "is it (ann)?",
            "annual? no, ann!",
        ] {
            assert!(names(text, &ann), "{text}");
        }
        for text in ["", "annual", "joann", "ann_2"] {
            assert!(!names(text, &ann), "{text}");
        }
    }
}
