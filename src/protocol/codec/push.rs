//! `notify`: `[kind, ...]`.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::addition::{AttrText, TypingText};
use super::{DecodeError, text};
use crate::protocol::{ChannelName, Envelope, Push};

/// Writes the frame.
pub(super) fn encode(push: &Push) -> String {
    match push {
        Push::Msg { ver } => text(&("notify", ("msg", ver))),
        // The second element is JSON text, not a list.
        Push::RecvMsg { ver, envelope } => {
            let inner = text(&(ver, envelope.to_string()));
            text(&("notify", ("recvmsg", inner)))
        }
        Push::RecvMsgByMsgId { envelope } => {
            text(&("notify", ("recvmsg_by_msgid", envelope.to_string())))
        }
        Push::Channel2 {
            cid,
            msgid,
            envelope,
        } => text(&("notify", ("channel2", cid, msgid, envelope.to_string()))),
        Push::Presence(states) => text(&("notify", ("presence", states))),
        Push::Receipt(receipt) => text(&("notify", ("receipt", receipt))),
        Push::Typing(typing) => text(&("notify", ("typing", TypingText::from(typing)))),
        Push::Attr(changed) => text(&("notify", ("attr", AttrText::from(changed)))),
        Push::Unknown { op } => text(&("notify", (op,))),
    }
}

/// Reads the payload.
pub(super) fn decode(payload: &Value) -> Result<Push, DecodeError> {
    let kind = payload[0].as_str().ok_or_else(wrong)?;
    Ok(match kind {
        "msg" => Push::Msg {
            ver: payload[1].as_u64().ok_or_else(wrong)?,
        },
        "recvmsg" => {
            let (ver, line): (u64, String) =
                serde_json::from_str(payload[1].as_str().unwrap_or_default())
                    .map_err(|_| wrong())?;
            Push::RecvMsg {
                ver,
                envelope: line.parse().map_err(|_| wrong())?,
            }
        }
        "recvmsg_by_msgid" => Push::RecvMsgByMsgId {
            envelope: envelope(&payload[1])?,
        },
        "channel2" => Push::Channel2 {
            cid: payload[1]
                .as_str()
                .and_then(|name| ChannelName::try_from(name).ok())
                .ok_or_else(wrong)?,
            msgid: payload[2].as_u64().ok_or_else(wrong)?,
            envelope: envelope(&payload[3])?,
        },
        "presence" => Push::Presence(read(&payload[1])?),
        "receipt" => Push::Receipt(read(&payload[1])?),
        "typing" => Push::Typing(read::<TypingText>(&payload[1])?.into()),
        "attr" => Push::Attr(read::<AttrText>(&payload[1])?.read().ok_or_else(wrong)?),
        _ => Push::Unknown {
            op: kind.to_owned(),
        },
    })
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    T::deserialize(value).map_err(|_| wrong())
}

fn envelope(value: &Value) -> Result<Envelope, DecodeError> {
    value
        .as_str()
        .and_then(|line| line.parse().ok())
        .ok_or_else(wrong)
}

fn wrong() -> DecodeError {
    DecodeError::Payload {
        event: "notify",
        form: "[kind, ...] in the form of its kind",
    }
}
