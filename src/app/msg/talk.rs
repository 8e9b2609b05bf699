//! What is said, where, by whom: messages, rooms, other accounts.

use std::path::PathBuf;

use super::Failure;
use crate::app::state::{ConversationId, JumpTo};
use crate::protocol::{Account, ChannelName, MessageId};
use crate::store::{Format, MessageRow};

/// Messages.
#[derive(Clone, Debug)]
pub(crate) enum ChatMsg {
    /// Send was pressed.
    Send {
        /// To whom.
        to: ConversationId,
        /// What.
        text: String,
    },
    /// Retry was pressed at a message that had failed.
    Retry {
        /// In which conversation.
        to: ConversationId,
        /// Which one.
        id: MessageId,
    },
    /// What is typed, but not sent.
    Draft {
        /// To whom.
        to: ConversationId,
        /// What.
        text: String,
    },
    /// A message is to be answered, with its words.
    Quote(ConversationId, MessageRow),
    /// The server has a message for good, or does not take it.
    Sent {
        /// In which conversation.
        to: ConversationId,
        /// Which one.
        id: MessageId,
        /// How it went.
        /// How it went; since when the server has it, where that is known, in ms since the Unix epoch.
        result: Result<Option<u64>, Failure>,
    },
    /// One scrolls near the end of the lines that are held.
    More {
        /// In which conversation.
        of: ConversationId,
        /// Whether that is the upper end.
        above: bool,
    },
    /// One wants to see another part of a conversation.
    Jump {
        /// Of which.
        of: ConversationId,
        /// Which part.
        to: JumpTo,
    },
    /// Whether a conversation is silent.
    Mute(ConversationId, bool),
    /// A message is to be deleted here.
    Delete(ConversationId, MessageRow),
    /// Everything that was said is to be deleted here.
    Erase(ConversationId),
    /// The same, and the conversation leaves the list.
    Remove(ConversationId),
    /// A conversation is to be written into a file.
    Export {
        /// Which.
        conversation: ConversationId,
        /// How.
        format: Format,
        /// Where.
        path: PathBuf,
    },
}

/// Looking for words.
#[derive(Clone, Debug)]
pub(crate) enum SearchMsg {
    /// For these words; everywhere, if in no conversation.
    For {
        /// The words.
        query: String,
        /// Where.
        within: Option<ConversationId>,
    },
    /// What comes behind that which was found.
    More,
    /// No more.
    Closed,
}

/// Rooms.
#[derive(Clone, Debug)]
pub(crate) enum RoomMsg {
    /// Join was pressed.
    Join(ChannelName),
    /// Leave was pressed.
    Leave(ChannelName),
    /// A room is to be about something else; empty for nothing in particular.
    Topic(ChannelName, String),
    /// The topic was refused.
    NoTopic(ChannelName, Failure),
    /// Joining failed. That it went well is told by the SDK's own event.
    NotJoined(ChannelName, Failure),
    /// Leaving failed.
    NotLeft(ChannelName, Failure),
    /// What was said there.
    Heard(ChannelName, HeardPage),
    /// Nobody knows what was said there before an event, or at last.
    NotHeard(ChannelName, Option<u64>),
}

/// A page of what a server has kept of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeardPage {
    /// Before which event; the latest if none.
    pub(crate) before: Option<u64>,
    /// The newest first.
    pub(crate) messages: Vec<HeardMessage>,
    /// Whether there are older ones.
    pub(crate) more: bool,
}

/// A message that a server has kept of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeardMessage {
    /// The number of its event.
    pub(crate) event: u64,
    /// What the server knows it by.
    pub(crate) id: Option<MessageId>,
    /// Who.
    pub(crate) from: Account,
    /// What.
    pub(crate) text: String,
    /// When the server accepted it, in ms since the Unix epoch.
    pub(crate) at_ms: u64,
}

/// Other accounts.
#[derive(Clone, Debug)]
pub(crate) enum PeopleMsg {
    /// The server has answered whether somebody is online.
    Online(Account, bool),
}

/// The people whom one has added.
#[derive(Clone, Debug)]
pub(crate) enum ContactMsg {
    /// Somebody is to be in the list.
    Add(Account),
    /// Somebody is called so here; an empty name is what they call themselves.
    Rename(Account, String),
    /// Somebody is not to be in the list any more.
    Remove(Account),
    /// Somebody's card is shown.
    Open(Account),
    /// No card is shown any more.
    Close,
    /// Whether somebody is blocked.
    Block(Account, bool),
    /// What somebody calls themselves; empty for nothing.
    Named(Account, String),
    /// All who are blocked, as the server says.
    Blocked(Vec<Account>),
    /// The server does not block or unblock somebody.
    NotBlocked(Account, Failure),
}
