//! What a call is answered with: one shape for each kind of answer, and the one shape of a failure.

use serde_json::{Map, Value};

use super::{Account, AttrEntries, AttrName, ChannelName, Code, Envelope, MessageId, Uid};

/// The answer to a call that succeeded.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Nothing but that it was done.
    Done,
    /// To `user_getmsg`.
    Messages {
        /// The version up to which the server has forgotten.
        ver_clear: u64,
        /// Messages above it, oldest first.
        msgs: Vec<(u64, Envelope)>,
    },
    /// To `user_getmsg2`.
    MessagesById {
        /// Messages by their id, oldest first.
        msgs: Vec<(String, Envelope)>,
    },
    /// To `user_query_user_status`.
    UserStatus {
        /// Whose.
        account: Account,
        /// Whether they are online.
        online: bool,
    },
    /// To `user_set_attr`: done, with an empty reason, as the API's pages show it.
    AttrSet,
    /// To `user_get_attr`; an attribute that is not set is `""`.
    UserAttr {
        /// Whose.
        account: Account,
        /// Which.
        name: AttrName,
        /// Its value.
        value: Value,
    },
    /// To `user_get_attr_all`.
    UserAttrs {
        /// Whose.
        account: Account,
        /// Names and values.
        attrs: Map<String, Value>,
    },
    /// To `channel_join`.
    Joined {
        /// The latest members, oldest first, the joiner among them.
        list: Vec<(Account, Uid)>,
        /// What was set.
        attrs: Map<String, Value>,
        /// How much was said since the account was here last; only where the channel's history is kept for it.
        unread: Option<u64>,
    },
    /// To `channel_query_num`.
    ChannelNum {
        /// Which channel.
        name: ChannelName,
        /// How many members.
        num: usize,
    },
    /// To `channel_query_user_isin`.
    ChannelIsIn {
        /// Which channel.
        name: ChannelName,
        /// Who.
        account: Account,
        /// Whether they are a member.
        is_in: bool,
    },
    /// To `user_sendmsg` and `channel_sendmsg` of a client whose messages carry ids.
    Sent {
        /// The id of the message: the sender's own, or the one that the server gave it.
        id: MessageId,
        /// When it was accepted, in ms since the Unix epoch. A repeat is answered with the time of the first.
        sent_ms: u64,
    },
    /// To `attr_watch`.
    AttrEntries {
        /// The attributes.
        entries: AttrEntries,
    },
    /// To `channel_history`.
    History {
        /// Messages by the number of their event, newest first.
        msgs: Vec<(u64, Envelope)>,
        /// Whether there are older ones.
        more: bool,
    },
    /// To `user_block` and `user_unblock`.
    Blocked {
        /// All whom the account blocks.
        accounts: Vec<Account>,
    },
    /// To both queries for a list of members.
    ChannelUsers {
        /// How many members in all.
        num: usize,
        /// The latest of them, oldest first.
        list: Vec<(Account, Uid)>,
    },
}

/// The answer to a call that failed: `{"result":"failed","reason":..,"code":..,"data":{"result":..}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which of the API's codes.
    pub code: Code,
    /// Why, for a person and for clients that tell reasons apart.
    pub reason: String,
    /// Whether the reason stands in the error slot of the frame, too: for calls whose outcome the
    /// application sees only as a callback (protocol page, section 6).
    pub in_slot: bool,
}

impl Failure {
    /// A failure for the answer's text alone.
    #[must_use]
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            in_slot: false,
        }
    }
}
