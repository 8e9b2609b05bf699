//! What the hub wants kept beyond the life of the process, and what it is given back at the next start.

use crate::protocol::{
    Account, AppId, AttrEntry, AttrName, Caps, ChannelName, EnvelopeKind, MessageId,
};

use super::{ChannelMessage, LastingChannel};

/// One thing to keep or to forget. The ops of one `handle` are committed together, and in order.
#[derive(Clone, Debug, PartialEq)]
pub enum StoreOp {
    /// Keep a message of an inbox.
    PutMessage(StoredMessage),
    /// An inbox is acknowledged up to and including a version: forget those messages, remember the version.
    AckInbox {
        /// Of which app.
        app: AppId,
        /// Whose.
        account: Account,
        /// The version.
        ver: u64,
    },
    /// Forget an inbox that is empty and whose owner is offline: its versions begin anew.
    DropInbox {
        /// Of which app.
        app: AppId,
        /// Whose.
        account: Account,
    },
    /// Forget single messages, whose time to live is over.
    DropMessages {
        /// Of which app.
        app: AppId,
        /// Whose.
        account: Account,
        /// Their versions.
        vers: Vec<u64>,
    },
    /// Set an attribute.
    SetAttr {
        /// Whose.
        owner: AttrOwner,
        /// Which.
        name: AttrName,
        /// To what, when, and by whom.
        entry: AttrEntry,
    },
    /// Delete an attribute.
    DelAttr {
        /// Whose.
        owner: AttrOwner,
        /// Which.
        name: AttrName,
    },
    /// Delete all attributes of an owner.
    ClearAttrs {
        /// Whose.
        owner: AttrOwner,
    },
    /// A channel with attributes lost its last member (`Some`: when, in ms since the Unix epoch) or has members again (`None`).
    ChannelEmptied {
        /// Of which app.
        app: AppId,
        /// Which channel.
        name: ChannelName,
        /// Since when it has been empty.
        since_ms: Option<u64>,
    },
    /// Keep a message of a channel.
    PutChannelMessage(ChannelMessage),
    /// Forget the messages of a channel up to and including a number.
    TrimHistory {
        /// Of which app.
        app: AppId,
        /// Which channel.
        channel: ChannelName,
        /// The number.
        up_to: u64,
    },
    /// An account is a lasting member of a channel, and there.
    PutMember {
        /// Of which app.
        app: AppId,
        /// Which channel.
        channel: ChannelName,
        /// Who.
        account: Account,
    },
    /// A lasting member is there (`None`), or is away and heard everything up to an event (`Some`: its number).
    MarkMember {
        /// Of which app.
        app: AppId,
        /// Which channel.
        channel: ChannelName,
        /// Who.
        account: Account,
        /// The number.
        heard: Option<u64>,
    },
    /// An account is no lasting member of a channel any more.
    DropMember {
        /// Of which app.
        app: AppId,
        /// Which channel.
        channel: ChannelName,
        /// Who.
        account: Account,
    },
    /// Remember that a sender's message id was accepted.
    PutSentId {
        /// Of which app.
        app: AppId,
        /// Who sent it.
        sender: Account,
        /// Its id.
        id: MessageId,
        /// When it may be forgotten, in ms since the Unix epoch.
        forget_at_ms: u64,
    },
    /// Remember what the last login of an account was granted beyond 1.x.
    PutAccount(LastLogin),
    /// The last login of an account was a 1.x client's, or is long ago.
    DropAccount {
        /// Of which app.
        app: AppId,
        /// Whose.
        account: Account,
    },
    /// An account wants to hear nothing of others any more.
    PutBlocks {
        /// Of which app.
        app: AppId,
        /// Who.
        account: Account,
        /// Of whom.
        peers: Vec<Account>,
    },
    /// An account wants to hear of others again.
    DropBlocks {
        /// Of which app.
        app: AppId,
        /// Who.
        account: Account,
        /// Of whom.
        peers: Vec<Account>,
    },
}

impl StoreOp {
    /// Whether answers need not wait for it: losing it costs a second delivery or a receipt, keeps something for longer, or
    /// counts as unread what was heard, but never loses a message or an attribute.
    #[must_use]
    pub fn can_wait(&self) -> bool {
        match self {
            Self::AckInbox { .. }
            | Self::DropInbox { .. }
            | Self::DropMessages { .. }
            | Self::TrimHistory { .. }
            | Self::MarkMember { .. }
            | Self::PutAccount(_)
            | Self::DropAccount { .. }
            | Self::ChannelEmptied {
                since_ms: Some(_), ..
            } => true,
            // An occupied channel that is taken for an empty one would expire at a restart.
            Self::ChannelEmptied { since_ms: None, .. } => false,
            Self::PutMessage(_)
            | Self::SetAttr { .. }
            | Self::DelAttr { .. }
            | Self::ClearAttrs { .. }
            | Self::PutChannelMessage(_)
            | Self::PutMember { .. }
            | Self::DropMember { .. }
            | Self::PutSentId { .. }
            | Self::PutBlocks { .. }
            | Self::DropBlocks { .. } => false,
        }
    }
}

/// Whose attribute it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AttrOwner {
    /// A user's.
    User(AppId, Account),
    /// A channel's.
    Channel(AppId, ChannelName),
}

/// A message that waits in an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// The app.
    pub app: AppId,
    /// Whose inbox.
    pub account: Account,
    /// Its version there.
    pub ver: u64,
    /// By which its receivers know it for ever, together with its sender.
    pub id: MessageId,
    /// What it is: an instant message, or what is kept for clients that read `msg-v3`.
    pub kind: EnvelopeKind,
    /// Who sent it.
    pub sender: Account,
    /// How long it was to live from `sent_ms` on, in seconds.
    pub ttl_s: u64,
    /// When it was accepted, in ms since the Unix epoch.
    pub sent_ms: u64,
    /// The content: a text, or JSON text, by kind.
    pub content: String,
}

/// The last login of an account, if it was granted more than 1.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastLogin {
    /// The app.
    pub app: AppId,
    /// Whose.
    pub account: Account,
    /// What it was granted.
    pub caps: Caps,
    /// When the session began, or ended if the account is away; in ms since the Unix epoch.
    pub since_ms: u64,
    /// Whether the session has ended. If not, and no process has it, nobody knows when it did.
    pub away: bool,
}

/// Everything that was kept, in the order in which [`super::Hub::restore`] takes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Inboxes' acknowledged versions.
    pub acked: Vec<(AppId, Account, u64)>,
    /// Messages, by version within an inbox.
    pub messages: Vec<StoredMessage>,
    /// Attributes.
    pub attrs: Vec<(AttrOwner, AttrName, AttrEntry)>,
    /// Since when channels have been empty, in ms since the Unix epoch.
    pub emptied: Vec<(AppId, ChannelName, u64)>,
    /// Channels with lasting members or kept messages.
    pub lasting: Vec<LastingChannel>,
    /// Accepted message ids (app, sender, id, forget at), oldest first.
    pub sent_ids: Vec<(AppId, Account, MessageId, u64)>,
    /// Last logins that were granted more than 1.x.
    pub accounts: Vec<LastLogin>,
    /// Who (app, account) wants to hear nothing of whom.
    pub blocks: Vec<(AppId, Account, Account)>,
}
