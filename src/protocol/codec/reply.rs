//! `call2-ret`: `[id, err, text]`, and the text is JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{DecodeError, code_of, text};
use crate::protocol::{
    Account, AttrEntries, AttrName, CallId, CallRet, ChannelName, Code, Envelope, Failure,
    MessageId, Reply, Uid,
};

/// The text of an answer, every field that any function has; which are there tells the answers apart.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Text {
    result: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    // A value that is null is there; serde would take it for absent.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "there",
        default
    )]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    isin: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<Vec<(Account, Uid)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attrs: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<MessageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<AttrEntries>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Vec<Account>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ver_clear: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msgs: Option<Vec<(Value, String)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<FailureData>,
}

/// Where 1.2 and later look for the reason; without it they fail inside (protocol page, section 6).
#[derive(Debug, Serialize, Deserialize)]
struct FailureData {
    result: String,
}

fn there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Writes the frame.
pub(super) fn encode(ret: &CallRet) -> String {
    match &ret.result {
        Ok(reply) => frame(ret.id, "", &success(reply)),
        Err(failure) => {
            let slot = if failure.in_slot {
                failure.reason.as_str()
            } else {
                ""
            };
            frame(ret.id, slot, &failed(failure))
        }
    }
}

fn frame(id: CallId, slot: &str, inner: &Text) -> String {
    text(&("call2-ret", (id, slot, text(inner))))
}

fn failed(failure: &Failure) -> Text {
    Text {
        result: "failed".to_owned(),
        reason: Some(failure.reason.clone()),
        code: Some(failure.code.number().into()),
        data: Some(FailureData {
            result: failure.reason.clone(),
        }),
        ..Text::default()
    }
}

fn success(reply: &Reply) -> Text {
    let ok = Text {
        result: "ok".to_owned(),
        ..Text::default()
    };
    match reply {
        Reply::Done => ok,
        Reply::AttrSet => Text {
            reason: Some(String::new()),
            ..ok
        },
        Reply::Messages { ver_clear, msgs } => Text {
            ver_clear: Some(*ver_clear),
            msgs: Some(lines(msgs, |ver| (*ver).into())),
            ..ok
        },
        Reply::MessagesById { msgs } => Text {
            msgs: Some(lines(msgs, |id| id.as_str().into())),
            ..ok
        },
        Reply::UserStatus { account, online } => Text {
            account: Some(account.clone()),
            status: Some(u8::from(*online)),
            ..ok
        },
        Reply::UserAttr {
            account,
            name,
            value,
        } => Text {
            account: Some(account.clone()),
            name: Some(name.to_string()),
            value: Some(value.clone()),
            ..ok
        },
        Reply::UserAttrs { account, attrs } => Text {
            account: Some(account.clone()),
            json: Some(attrs.clone()),
            ..ok
        },
        Reply::Joined {
            list,
            attrs,
            unread,
        } => Text {
            list: Some(list.clone()),
            attrs: Some(attrs.clone()),
            unread: *unread,
            ..ok
        },
        Reply::ChannelNum { name, num } => Text {
            name: Some(name.to_string()),
            num: Some(*num),
            ..ok
        },
        Reply::ChannelIsIn {
            name,
            account,
            is_in,
        } => Text {
            name: Some(name.to_string()),
            account: Some(account.clone()),
            isin: Some(u8::from(*is_in)),
            ..ok
        },
        Reply::Sent { id, sent_ms } => Text {
            id: Some(id.clone()),
            time: Some(*sent_ms),
            ..ok
        },
        Reply::AttrEntries { entries } => Text {
            entries: Some(entries.clone()),
            ..ok
        },
        Reply::History { msgs, more } => Text {
            msgs: Some(lines(msgs, |msgid| (*msgid).into())),
            more: Some(*more),
            ..ok
        },
        Reply::Blocked { accounts } => Text {
            accounts: Some(accounts.clone()),
            ..ok
        },
        Reply::ChannelUsers { num, list } => Text {
            num: Some(*num),
            list: Some(list.clone()),
            ..ok
        },
    }
}

fn lines<Key>(msgs: &[(Key, Envelope)], key: impl Fn(&Key) -> Value) -> Vec<(Value, String)> {
    msgs.iter()
        .map(|(id, envelope)| (key(id), envelope.to_string()))
        .collect()
}

/// Reads the payload.
pub(super) fn decode(payload: &Value) -> Result<CallRet, DecodeError> {
    let id = payload[0].as_i64().ok_or_else(wrong)?;
    let slot = payload[1].as_str().unwrap_or_default();
    let inner = payload[2].as_str().unwrap_or_default();
    let result = match serde_json::from_str::<Text>(inner) {
        Ok(text) if slot.is_empty() && text.result == "ok" => Ok(reply(text)?),
        Ok(text) => Err(failure(slot, text)),
        Err(_) if !slot.is_empty() => Err(failure(slot, Text::default())),
        Err(_) => return Err(wrong()),
    };
    Ok(CallRet {
        id: CallId(id),
        result,
    })
}

fn failure(slot: &str, text: Text) -> Failure {
    let reason = [slot.to_owned()]
        .into_iter()
        .chain(text.data.map(|data| data.result))
        .chain(text.reason)
        .find(|reason| !reason.is_empty());
    Failure {
        code: text
            .code
            .as_ref()
            .and_then(code_of)
            .unwrap_or(Code::General),
        reason: reason.unwrap_or_else(|| "failed without a reason".to_owned()),
        in_slot: !slot.is_empty(),
    }
}

fn reply(text: Text) -> Result<Reply, DecodeError> {
    Ok(match text {
        Text {
            msgs: Some(msgs),
            ver_clear: Some(ver_clear),
            ..
        } => Reply::Messages {
            ver_clear,
            msgs: envelopes(msgs, |ver| ver.as_u64())?,
        },
        Text {
            msgs: Some(msgs),
            more: Some(more),
            ..
        } => Reply::History {
            msgs: envelopes(msgs, |msgid| msgid.as_u64())?,
            more,
        },
        Text {
            id: Some(id),
            time: Some(sent_ms),
            ..
        } => Reply::Sent { id, sent_ms },
        Text {
            entries: Some(entries),
            ..
        } => Reply::AttrEntries { entries },
        Text {
            accounts: Some(accounts),
            ..
        } => Reply::Blocked { accounts },
        Text {
            msgs: Some(msgs), ..
        } => Reply::MessagesById {
            msgs: envelopes(msgs, |id| id.as_str().map(str::to_owned))?,
        },
        Text {
            account: Some(account),
            status: Some(status),
            ..
        } => Reply::UserStatus {
            account,
            online: status == 1,
        },
        Text {
            account: Some(account),
            name: Some(name),
            value: Some(value),
            ..
        } => Reply::UserAttr {
            account,
            name: AttrName::try_from(name).map_err(|_| wrong())?,
            value,
        },
        Text {
            account: Some(account),
            json: Some(attrs),
            ..
        } => Reply::UserAttrs { account, attrs },
        Text {
            list: Some(list),
            attrs: Some(attrs),
            unread,
            ..
        } => Reply::Joined {
            list,
            attrs,
            unread,
        },
        Text {
            account: Some(account),
            name: Some(name),
            isin: Some(isin),
            ..
        } => Reply::ChannelIsIn {
            name: channel(name)?,
            account,
            is_in: isin == 1,
        },
        Text {
            num: Some(num),
            list: Some(list),
            ..
        } => Reply::ChannelUsers { num, list },
        Text {
            num: Some(num),
            name: Some(name),
            ..
        } => Reply::ChannelNum {
            name: channel(name)?,
            num,
        },
        Text {
            reason: Some(_), ..
        } => Reply::AttrSet,
        Text { .. } => Reply::Done,
    })
}

fn channel(name: String) -> Result<ChannelName, DecodeError> {
    ChannelName::try_from(name).map_err(|_| wrong())
}

/// Lines that are no envelopes are left out, as the clients skip them.
fn envelopes<Key>(
    msgs: Vec<(Value, String)>,
    key: impl Fn(&Value) -> Option<Key>,
) -> Result<Vec<(Key, Envelope)>, DecodeError> {
    let mut envelopes = Vec::with_capacity(msgs.len());
    for (id, line) in msgs {
        let id = key(&id).ok_or_else(wrong)?;
        if let Ok(envelope) = line.parse() {
            envelopes.push((id, envelope));
        }
    }
    Ok(envelopes)
}

fn wrong() -> DecodeError {
    DecodeError::Payload {
        event: "call2-ret",
        form: "[id, err, text], and the text is JSON",
    }
}
