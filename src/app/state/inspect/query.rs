//! Questions of the API, which one may ask about whom one looks at.

use crate::protocol::{Account, ChannelName};

/// A question of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    /// `user_query_user_status`
    Status(Account),
    /// `user_get_attr_all`
    UserAttrs(Account),
    /// `channel_query_num`
    Members(ChannelName),
    /// `channel_query_user_isin`
    IsIn(ChannelName, Account),
    /// `channel_query_userlist`
    List(ChannelName),
    /// `channel_query_userlist_all`
    ListAll(ChannelName),
}

impl Query {
    /// The function's name.
    pub(crate) fn function(&self) -> &'static str {
        match self {
            Self::Status(_) => "user_query_user_status",
            Self::UserAttrs(_) => "user_get_attr_all",
            Self::Members(_) => "channel_query_num",
            Self::IsIn(..) => "channel_query_user_isin",
            Self::List(_) => "channel_query_userlist",
            Self::ListAll(_) => "channel_query_userlist_all",
        }
    }

    /// What it is asked about.
    pub(crate) fn about(&self) -> String {
        match self {
            Self::Status(account) | Self::UserAttrs(account) => account.to_string(),
            Self::Members(name) | Self::List(name) | Self::ListAll(name) => format!("#{name}"),
            Self::IsIn(name, account) => format!("{account} in #{name}"),
        }
    }
}
