//! What rides in the steps of a call: the content of their messages, and the documented fields of `extra`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Account, ChannelName, Dtmf, limits};

/// The content of every `voip_*` message, as its receiver sees it. The Python client requires all four fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoipContent {
    /// The channel that names the call.
    pub channel: ChannelName,
    /// The other party.
    pub peer: Account,
    /// Their number; or, where an app asks for it, the invitation's `extra` (see `extra_as_peeruid`).
    pub peeruid: Value,
    /// What the application adds.
    pub extra: String,
}

impl VoipContent {
    /// As the content of an envelope.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The content in an envelope's, if it has its form.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// The documented fields of an invitation's `extra`. Read leniently: whatever is not understood is as if absent,
/// and the text itself is passed on unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InviteExtra {
    /// `_require_peer_online` is 1: fail at once if the peer is offline.
    pub require_peer_online: bool,
    /// `_timeout`: how long to wait for the peer's device, shortened to the limit; `None` for the default. 0 is the
    /// default, too, since a call that fails before it rings is of no use to anybody.
    pub timeout: Option<Duration>,
    /// `srcNum`: the number that a called telephone shows.
    pub src_num: Option<String>,
    /// `destMediaUid`: the uid under which the callee joins the media channel.
    pub dest_media_uid: Option<u64>,
}

impl InviteExtra {
    /// Reads what is there.
    #[must_use]
    pub fn parse(extra: &str) -> Self {
        let Ok(Value::Object(fields)) = serde_json::from_str(extra) else {
            return Self::default();
        };
        let number = |name: &str| match fields.get(name) {
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::Bool(yes)) => Some(f64::from(u8::from(*yes))),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => None,
        };
        Self {
            require_peer_online: number("_require_peer_online") == Some(1.0),
            timeout: number("_timeout")
                .filter(|seconds| *seconds > 0.0)
                .map(|seconds| {
                    Duration::from_secs_f64(seconds.min(limits::INVITE_TIMEOUT_MAX.as_secs_f64()))
                }),
            src_num: fields
                .get("srcNum")
                .and_then(Value::as_str)
                .map(str::to_owned),
            dest_media_uid: fields.get("destMediaUid").and_then(Value::as_u64),
        }
    }
}

/// What a `voip_invite_msg` says within a call: its `extra`, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum InviteMsg {
    /// `{"msgtype":"dtmf","msgdata":"12#"}`: keys of the pad.
    Dtmf(Vec<Dtmf>),
    /// Anything else, which is the application's own.
    Other(String),
}

impl InviteMsg {
    /// Reads the `extra` of a `voip_invite_msg`.
    #[must_use]
    pub fn parse(extra: &str) -> Self {
        Self::parse_dtmf(extra).map_or_else(|| Self::Other(extra.to_owned()), Self::Dtmf)
    }

    fn parse_dtmf(extra: &str) -> Option<Vec<Dtmf>> {
        let fields: Value = serde_json::from_str(extra).ok()?;
        (fields.get("msgtype")? == "dtmf").then_some(())?;
        fields
            .get("msgdata")?
            .as_str()?
            .chars()
            .map(Dtmf::from_char)
            .collect()
    }

    /// The `extra` that says it.
    #[must_use]
    pub fn to_extra(&self) -> String {
        match self {
            Self::Dtmf(keys) => {
                let keys: String = keys.iter().map(|key| key.label()).collect();
                serde_json::json!({ "msgtype": "dtmf", "msgdata": keys }).to_string()
            }
            Self::Other(extra) => extra.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_fields_are_read() {
        let extra = InviteExtra::parse(
            r#"{"_require_peer_online":1,"_timeout":5,"srcNum":"+123","destMediaUid":9}"#,
        );
        assert!(extra.require_peer_online);
        assert_eq!(extra.timeout, Some(Duration::from_secs(5)));
        assert_eq!(extra.src_num.as_deref(), Some("+123"));
        assert_eq!(extra.dest_media_uid, Some(9));
    }

    #[test]
    fn a_long_timeout_is_shortened_and_0_is_the_default() {
        assert_eq!(
            InviteExtra::parse(r#"{"_timeout":180}"#).timeout,
            Some(limits::INVITE_TIMEOUT_MAX)
        );
        assert_eq!(
            InviteExtra::parse(r#"{"_timeout":"7"}"#).timeout,
            Some(Duration::from_secs(7))
        );
        assert_eq!(InviteExtra::parse(r#"{"_timeout":0}"#).timeout, None);
        assert_eq!(InviteExtra::parse(r#"{"_timeout":-1}"#).timeout, None);
    }

    #[test]
    fn whatever_is_not_understood_is_as_if_absent() {
        for extra in [
            "",
            "hello",
            "[1]",
            "{",
            r#"{"_require_peer_online":{}}"#,
            r#"{"_timeout":"soon"}"#,
        ] {
            assert_eq!(InviteExtra::parse(extra), InviteExtra::default(), "{extra}");
        }
    }

    #[test]
    fn dtmf_is_understood_and_the_rest_is_passed_on() {
        let extra = r#"{"msgtype":"dtmf","msgdata":"12#"}"#;
        let InviteMsg::Dtmf(keys) = InviteMsg::parse(extra) else {
            panic!("no keys in {extra}")
        };
        assert_eq!(
            keys.iter().map(|key| key.label()).collect::<String>(),
            "12#"
        );
        assert_eq!(
            InviteMsg::parse(&InviteMsg::Dtmf(keys.clone()).to_extra()),
            InviteMsg::Dtmf(keys)
        );
        let not_keys = r#"{"msgtype":"dtmf","msgdata":"hello"}"#;
        assert_eq!(
            InviteMsg::parse(not_keys),
            InviteMsg::Other(not_keys.to_owned())
        );
    }
}
