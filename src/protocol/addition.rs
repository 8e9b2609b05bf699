//! The functions and notifications beyond 1.x (protocol page, section 18): presence, receipts, typing, attributes watched from
//! outside, history, blocking.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Account, AttrName, Cap, ChannelName, MessageId};

/// A function that a client may call if it was granted the addition that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum Addition {
    /// `presence_watch`: tells the present state of accounts at once, and every change from then on.
    PresenceWatch {
        /// Whose.
        accounts: Vec<Account>,
    },
    /// `presence_unwatch`.
    PresenceUnwatch {
        /// Whose.
        accounts: Vec<Account>,
    },
    /// `presence_set`: what others see of oneself, as long as the session lasts.
    PresenceSet {
        /// The state.
        show: Show,
        /// A few words beside it.
        text: String,
        /// Who may call all the same while it is [`Show::Dnd`].
        except: Vec<Account>,
    },
    /// `user_receipt`: tells a sender how far messages of theirs have come.
    UserReceipt {
        /// The sender of the messages.
        peer: Account,
        /// Which messages.
        ids: Vec<MessageId>,
        /// How far.
        state: ReceiptState,
    },
    /// `user_typing`: tells that one is writing.
    UserTyping(TypingTo),
    /// `user_del_attr`: deletes an attribute of one's own account.
    UserDelAttr {
        /// Which.
        name: AttrName,
    },
    /// `user_clear_attr`: deletes all attributes of one's own account.
    UserClearAttr,
    /// `attr_watch`: the attributes of an account or a channel with their times and authors, and every change from then on.
    AttrWatch(AttrSubject),
    /// `attr_unwatch`.
    AttrUnwatch(AttrSubject),
    /// `channel_history`: what was said in a channel of which one is a member.
    ChannelHistory {
        /// Which channel.
        name: ChannelName,
        /// Only what came before this event's number; `None` for the latest.
        before: Option<u64>,
        /// How many messages.
        max: usize,
    },
    /// `user_block`: from now on nothing is heard of these accounts. Answered with all that are blocked.
    UserBlock {
        /// Whom; nobody, to ask who is blocked.
        accounts: Vec<Account>,
    },
    /// `user_unblock`. Answered with all that are still blocked.
    UserUnblock {
        /// Whom.
        accounts: Vec<Account>,
    },
}

impl Addition {
    /// The function's name on the wire.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::PresenceWatch { .. } => "presence_watch",
            Self::PresenceUnwatch { .. } => "presence_unwatch",
            Self::PresenceSet { .. } => "presence_set",
            Self::UserReceipt { .. } => "user_receipt",
            Self::UserTyping(_) => "user_typing",
            Self::UserDelAttr { .. } => "user_del_attr",
            Self::UserClearAttr => "user_clear_attr",
            Self::AttrWatch(_) => "attr_watch",
            Self::AttrUnwatch(_) => "attr_unwatch",
            Self::ChannelHistory { .. } => "channel_history",
            Self::UserBlock { .. } => "user_block",
            Self::UserUnblock { .. } => "user_unblock",
        }
    }

    /// Whether doing it twice is doing it once.
    #[must_use]
    pub fn may_be_repeated(&self) -> bool {
        match self {
            Self::UserDelAttr { .. } | Self::UserClearAttr => false,
            Self::PresenceWatch { .. }
            | Self::PresenceUnwatch { .. }
            | Self::PresenceSet { .. }
            | Self::UserReceipt { .. }
            | Self::UserTyping(_)
            | Self::AttrWatch(_)
            | Self::AttrUnwatch(_)
            | Self::ChannelHistory { .. }
            | Self::UserBlock { .. }
            | Self::UserUnblock { .. } => true,
        }
    }

    /// What a session must have been granted to call it.
    #[must_use]
    pub fn cap(&self) -> Cap {
        match self {
            Self::PresenceWatch { .. }
            | Self::PresenceUnwatch { .. }
            | Self::PresenceSet { .. } => Cap::Presence,
            Self::UserReceipt { .. } => Cap::Receipts,
            Self::UserTyping(_) => Cap::Typing,
            Self::UserDelAttr { .. }
            | Self::UserClearAttr
            | Self::AttrWatch(_)
            | Self::AttrUnwatch(_) => Cap::Attrs,
            Self::ChannelHistory { .. } => Cap::History,
            Self::UserBlock { .. } | Self::UserUnblock { .. } => Cap::Block,
        }
    }
}

/// What others see of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    /// Signed in; also what is seen of a 1.x client.
    Available,
    /// Signed in, but nobody is in front of it.
    Away,
    /// Signed in and busy, such as in a call.
    Busy,
    /// Do not disturb: calls are answered with 705.
    Dnd,
    /// Not signed in. Nobody sets it.
    #[default]
    Offline,
}

impl Show {
    /// Those that one may set, in the order in which a person chooses.
    pub const SETTABLE: [Self; 4] = [Self::Available, Self::Away, Self::Busy, Self::Dnd];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Dnd => "dnd",
            Self::Offline => "offline",
        }
    }
}

/// The state of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    from = "(Account, Show, String, u64)",
    into = "(Account, Show, String, u64)"
)]
pub struct Presence {
    /// Whose.
    pub account: Account,
    /// The state.
    pub show: Show,
    /// A few words beside it.
    pub text: String,
    /// Since when, in ms since the Unix epoch; 0 if the server does not know.
    pub since_ms: u64,
}

impl From<(Account, Show, String, u64)> for Presence {
    fn from((account, show, text, since_ms): (Account, Show, String, u64)) -> Self {
        Self {
            account,
            show,
            text,
            since_ms,
        }
    }
}

impl From<Presence> for (Account, Show, String, u64) {
    fn from(presence: Presence) -> Self {
        let Presence {
            account,
            show,
            text,
            since_ms,
        } = presence;
        (account, show, text, since_ms)
    }
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptState {
    /// Its receiver's device has it. The server says so by itself.
    Delivered,
    /// Its receiver has seen it.
    Read,
}

/// That messages of one's own have come further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Their receiver.
    pub peer: Account,
    /// Which.
    pub ids: Vec<MessageId>,
    /// How far.
    pub state: ReceiptState,
}

/// To whom one is writing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypingTo {
    /// To an account.
    Peer(Account),
    /// To a channel.
    Channel(ChannelName),
}

/// That somebody is writing, to oneself or in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Who.
    pub account: Account,
    /// In which channel; `None` to oneself.
    pub channel: Option<ChannelName>,
}

/// Whose attributes are watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttrSubject {
    /// An account's.
    Account(Account),
    /// A channel's.
    Channel(ChannelName),
}

/// The value of an attribute, and how it came to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    from = "(Value, u64, Option<Account>)",
    into = "(Value, u64, Option<Account>)"
)]
pub struct AttrEntry {
    /// Its value.
    pub value: Value,
    /// When it was set, in ms since the Unix epoch; 0 if the server does not know.
    pub time_ms: u64,
    /// Who set it; `None` for what the service itself keeps, and where the server does not know.
    pub by: Option<Account>,
}

impl From<(Value, u64, Option<Account>)> for AttrEntry {
    fn from((value, time_ms, by): (Value, u64, Option<Account>)) -> Self {
        Self { value, time_ms, by }
    }
}

impl From<AttrEntry> for (Value, u64, Option<Account>) {
    fn from(entry: AttrEntry) -> Self {
        (entry.value, entry.time_ms, entry.by)
    }
}

/// Attributes with how they came to their values.
pub type AttrEntries = BTreeMap<AttrName, AttrEntry>;

/// A change of watched attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct AttrChanged {
    /// Whose.
    pub subject: AttrSubject,
    /// What changed.
    pub change: WatchedChange,
    /// When, in ms since the Unix epoch.
    pub time_ms: u64,
    /// Who changed it; `None` for what the service itself keeps.
    pub by: Option<Account>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchedChange {
    /// One has a value now.
    Update {
        /// Which.
        name: AttrName,
        /// Its value.
        value: Value,
    },
    /// One is gone.
    Del {
        /// Which.
        name: AttrName,
    },
    /// All are gone.
    Clear,
}
