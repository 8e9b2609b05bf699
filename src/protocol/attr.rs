//! The channel attributes that the service itself acts upon.

use serde_json::Value;

/// A built-in attribute of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuiltInAttr {
    /// `_userNotification`: whether joins and leaves are announced to the members.
    UserNotification,
    /// `_channel_ttl`: how many seconds an empty channel is kept.
    ChannelTtl,
    /// `_member_num`: how many members there are now; read-only.
    MemberNum,
    /// `_auto_update_num`: at most every how many seconds `_member_num` is sent, if it changed; 0 is never.
    AutoUpdateNum,
    /// `_total_member_num`: how many distinct accounts have joined since the channel was made; read-only.
    TotalMemberNum,
    /// `_auto_update_total_num`: the same as `_auto_update_num` for `_total_member_num`, which needs both.
    AutoUpdateTotalNum,
    /// `_sendmsg_limit`: messages a second; 0 is no limit.
    SendMsgLimit,
    /// `_setattr_limit`: changes of one attribute a second; 0 is no limit.
    SetAttrLimit,
}

/// Why a built-in attribute does not take a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttrError {
    /// The service keeps it itself.
    #[error("{name} is kept by the server and cannot be set")]
    ReadOnly {
        /// The attribute.
        name: &'static str,
    },
    /// Not a whole number in its range.
    #[error("{name} is a whole number from 0 to {max}")]
    OutOfRange {
        /// The attribute.
        name: &'static str,
        /// The highest value; the lowest is 0.
        max: u32,
    },
}

impl BuiltInAttr {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::UserNotification,
        Self::ChannelTtl,
        Self::MemberNum,
        Self::AutoUpdateNum,
        Self::TotalMemberNum,
        Self::AutoUpdateTotalNum,
        Self::SendMsgLimit,
        Self::SetAttrLimit,
    ];

    /// The built-in attribute of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        // Applications' own names are the common case, and none of ours begins otherwise.
        name.starts_with('_')
            .then(|| Self::ALL.into_iter().find(|attr| attr.name() == name))?
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UserNotification => "_userNotification",
            Self::ChannelTtl => "_channel_ttl",
            Self::MemberNum => "_member_num",
            Self::AutoUpdateNum => "_auto_update_num",
            Self::TotalMemberNum => "_total_member_num",
            Self::AutoUpdateTotalNum => "_auto_update_total_num",
            Self::SendMsgLimit => "_sendmsg_limit",
            Self::SetAttrLimit => "_setattr_limit",
        }
    }

    /// The highest value that may be set (seconds, or changes a second), or `None` if it is read-only.
    #[must_use]
    pub fn max(self) -> Option<u32> {
        match self {
            Self::UserNotification => Some(1),
            Self::ChannelTtl => Some(604_800),
            Self::AutoUpdateNum | Self::AutoUpdateTotalNum => Some(3600),
            Self::SendMsgLimit => Some(10_000),
            Self::SetAttrLimit => Some(1000),
            Self::MemberNum | Self::TotalMemberNum => None,
        }
    }

    /// The number that a value sets it to; a number in a string counts.
    ///
    /// # Errors
    /// If it is read-only, or the value is not a whole number in its range.
    pub fn parse(self, value: &Value) -> Result<u32, AttrError> {
        let name = self.name();
        let max = self.max().ok_or(AttrError::ReadOnly { name })?;
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number <= max)
            .ok_or(AttrError::OutOfRange { name, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_name_leads_back_to_its_attribute() {
        for attr in BuiltInAttr::ALL {
            assert_eq!(BuiltInAttr::from_name(attr.name()), Some(attr));
        }
        assert_eq!(BuiltInAttr::from_name("topic"), None);
        assert_eq!(BuiltInAttr::from_name("_my_own"), None);
    }

    #[test]
    fn numbers_and_numeric_strings_in_range_are_taken() {
        assert_eq!(BuiltInAttr::AutoUpdateNum.parse(&json!(30)), Ok(30));
        assert_eq!(BuiltInAttr::AutoUpdateNum.parse(&json!("30")), Ok(30));
        for wrong in [
            json!(3601),
            json!(-1),
            json!(1.5),
            json!(true),
            json!("x"),
            json!(null),
        ] {
            assert!(BuiltInAttr::AutoUpdateNum.parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_the_server_keeps_cannot_be_set() {
        assert_eq!(
            BuiltInAttr::MemberNum.parse(&json!(1)),
            Err(AttrError::ReadOnly {
                name: "_member_num"
            })
        );
    }
}
