//! One variant for each function that a client may call.

use std::time::Duration;

use serde_json::Value;

use super::{Account, Addition, AttrName, ChannelName, MessageId, VoipStep};

/// A function of the API with its arguments, checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// `user_getmsg`: acknowledges the inbox up to a version and asks for what is above it.
    UserGetMsg {
        /// The highest version that the client has seen; 0 right after login.
        ver_clear: u64,
        /// How many messages it takes.
        max: usize,
    },
    /// `user_getmsg2`: the same for an inbox in set mode.
    UserGetMsg2 {
        /// The message ids that the client has seen.
        clear_msgs: Vec<String>,
        /// How many messages it takes.
        max: usize,
    },
    /// `user_sendmsg`: an instant message to an account.
    UserSendMsg {
        /// To whom.
        peer: Account,
        /// How long it waits for its receiver.
        ttl: Duration,
        /// The text.
        content: String,
        /// The sender's own id of it, by which a repeat is known.
        message_id: Option<MessageId>,
    },
    /// `user_logout`: ends the session.
    UserLogout,
    /// `user_query_user_status`: whether an account is online.
    UserQueryUserStatus {
        /// Whose.
        account: Account,
    },
    /// `user_set_attr`: sets an attribute of one's own account.
    UserSetAttr {
        /// Which.
        name: AttrName,
        /// To what; any JSON.
        value: Value,
    },
    /// `user_get_attr`: an attribute of anyone.
    UserGetAttr {
        /// Whose.
        account: Account,
        /// Which.
        name: AttrName,
    },
    /// `user_get_attr_all`: all attributes of anyone.
    UserGetAttrAll {
        /// Whose.
        account: Account,
    },
    /// `user_ext_call`: a function of another service, of which there is none.
    UserExtCall {
        /// The service.
        package: String,
        /// Its function.
        func: String,
    },
    /// `channel_join`.
    ChannelJoin {
        /// Which channel.
        name: ChannelName,
    },
    /// `channel_leave`.
    ChannelLeave {
        /// Which channel.
        name: ChannelName,
    },
    /// `channel_sendmsg`: a message to all members of a channel.
    ChannelSendMsg {
        /// Which channel.
        name: ChannelName,
        /// The text.
        msg: String,
        /// The sender's own id of it, by which a repeat is known.
        msg_id: Option<MessageId>,
        /// Whether one may send without being a member.
        force: bool,
    },
    /// `channel_set_attr`: sets an attribute of any channel.
    ChannelSetAttr {
        /// Which channel.
        channel: ChannelName,
        /// Which attribute.
        name: AttrName,
        /// To what; any JSON.
        value: Value,
    },
    /// `channel_del_attr`.
    ChannelDelAttr {
        /// Which channel.
        channel: ChannelName,
        /// Which attribute.
        name: AttrName,
    },
    /// `channel_clear_attr`.
    ChannelClearAttr {
        /// Which channel.
        channel: ChannelName,
    },
    /// `channel_query_num`: how many members a channel has.
    ChannelQueryNum {
        /// Which channel.
        name: ChannelName,
    },
    /// `channel_query_user_isin`: whether an account is in a channel.
    ChannelQueryUserIsIn {
        /// Which channel.
        name: ChannelName,
        /// Who.
        account: Account,
    },
    /// `channel_query_userlist`: the latest 200 members.
    ChannelQueryUserList {
        /// Which channel.
        name: ChannelName,
    },
    /// `channel_query_userlist_all`: the latest `num` members.
    ChannelQueryUserListAll {
        /// Which channel.
        name: ChannelName,
        /// How many.
        num: usize,
    },
    /// `voip_invite` and the five functions that follow it: one step of a call.
    Voip(VoipStep, VoipArgs),
    /// A function beyond 1.x.
    Addition(Addition),
}

impl Request {
    /// The function's name on the wire.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::UserGetMsg { .. } => "user_getmsg",
            Self::UserGetMsg2 { .. } => "user_getmsg2",
            Self::UserSendMsg { .. } => "user_sendmsg",
            Self::UserLogout => "user_logout",
            Self::UserQueryUserStatus { .. } => "user_query_user_status",
            Self::UserSetAttr { .. } => "user_set_attr",
            Self::UserGetAttr { .. } => "user_get_attr",
            Self::UserGetAttrAll { .. } => "user_get_attr_all",
            Self::UserExtCall { .. } => "user_ext_call",
            Self::ChannelJoin { .. } => "channel_join",
            Self::ChannelLeave { .. } => "channel_leave",
            Self::ChannelSendMsg { .. } => "channel_sendmsg",
            Self::ChannelSetAttr { .. } => "channel_set_attr",
            Self::ChannelDelAttr { .. } => "channel_del_attr",
            Self::ChannelClearAttr { .. } => "channel_clear_attr",
            Self::ChannelQueryNum { .. } => "channel_query_num",
            Self::ChannelQueryUserIsIn { .. } => "channel_query_user_isin",
            Self::ChannelQueryUserList { .. } => "channel_query_userlist",
            Self::ChannelQueryUserListAll { .. } => "channel_query_userlist_all",
            Self::Voip(step, _) => step.name(),
            Self::Addition(addition) => addition.function(),
        }
    }

    /// Whether doing it twice is doing it once, by itself or by the id that it carries.
    #[must_use]
    pub fn may_be_repeated(&self) -> bool {
        match self {
            Self::Voip(..)
            | Self::UserSetAttr { .. }
            | Self::ChannelLeave { .. }
            | Self::ChannelSetAttr { .. }
            | Self::ChannelDelAttr { .. }
            | Self::ChannelClearAttr { .. } => false,
            Self::Addition(addition) => addition.may_be_repeated(),
            Self::UserGetMsg { .. }
            | Self::UserGetMsg2 { .. }
            | Self::UserSendMsg { .. }
            | Self::UserLogout
            | Self::UserQueryUserStatus { .. }
            | Self::UserGetAttr { .. }
            | Self::UserGetAttrAll { .. }
            | Self::UserExtCall { .. }
            | Self::ChannelJoin { .. }
            | Self::ChannelSendMsg { .. }
            | Self::ChannelQueryNum { .. }
            | Self::ChannelQueryUserIsIn { .. }
            | Self::ChannelQueryUserList { .. }
            | Self::ChannelQueryUserListAll { .. } => true,
        }
    }

    /// Whether the application sees the outcome of a function only as a callback, so that a failure stands in the
    /// answer's error slot, too: 1.1.3 looks nowhere else (protocol page, section 6).
    #[must_use]
    pub fn fails_in_slot(function: &str) -> bool {
        matches!(function, "user_sendmsg" | "channel_join") || function.starts_with("voip_")
    }
}

/// The arguments of every `voip_*` function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoipArgs {
    /// The channel that names the call. Calling joins nothing.
    pub channel: ChannelName,
    /// The other party, whoever calls.
    pub peer: Account,
    /// What the application adds; JSON text by contract, passed on unchanged.
    pub extra: String,
}
