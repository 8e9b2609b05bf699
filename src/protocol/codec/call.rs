//! `call2`: `[function, id, args]`.

use std::time::Duration;

use serde_json::{Value, json};

use super::args::{Args, CallError, wrong};
use super::{DecodeError, addition, text};
use crate::protocol::envelope::parse_flag;
use crate::protocol::{Call, CallId, Failure, Request, SessionLine, VoipArgs, VoipStep, limits};

/// Reads the payload. What is wrong behind the id is part of the call, since it can be answered.
pub(super) fn decode(payload: Value) -> Result<Call, DecodeError> {
    let id = payload[1].as_i64().ok_or(DecodeError::Payload {
        event: "call2",
        form: "[function, id, args], and the id is a whole number",
    })?;
    let args = payload[2].as_object();
    let line = args
        .and_then(|args| args.get("line"))
        .and_then(Value::as_str)
        .map(SessionLine::new);
    let function = payload[0].as_str();
    let request = match (function, args) {
        (Some(function), Some(args)) => decode_request(function, &Args(args)),
        (None, _) => Err(wrong("function", "must be a text")),
        (Some(_), None) => Err(wrong("args", "must be an object")),
    };
    Ok(Call {
        id: CallId(id),
        line,
        request: request.map_err(|error| Failure {
            code: error.code(),
            reason: error.to_string(),
            in_slot: function.is_some_and(Request::fails_in_slot),
        }),
    })
}

fn decode_request(function: &str, args: &Args<'_>) -> Result<Request, CallError> {
    if let Some(step) = VoipStep::ALL
        .into_iter()
        .find(|step| step.name() == function)
    {
        return Ok(Request::Voip(step, voip_args(args)?));
    }
    Ok(match function {
        "user_getmsg" => Request::UserGetMsg {
            ver_clear: args.number("ver_clear")?,
            max: args.count("max", limits::POLL_MESSAGES)?,
        },
        "user_getmsg2" => Request::UserGetMsg2 {
            clear_msgs: args.texts("clear_msgs")?,
            max: args.count("max", limits::POLL_MESSAGES)?,
        },
        "user_sendmsg" => decode_sendmsg(args)?,
        "user_logout" => Request::UserLogout,
        "user_query_user_status" => Request::UserQueryUserStatus {
            account: args.name("account")?,
        },
        "user_set_attr" => Request::UserSetAttr {
            name: args.name("name")?,
            value: args.value("value")?,
        },
        "user_get_attr" => Request::UserGetAttr {
            account: args.name("account")?,
            name: args.name("name")?,
        },
        "user_get_attr_all" => Request::UserGetAttrAll {
            account: args.name("account")?,
        },
        "user_ext_call" => Request::UserExtCall {
            package: args.text_or_empty("package")?,
            func: args.text_or_empty("func")?,
        },
        "channel_join" => Request::ChannelJoin {
            name: args.name("name")?,
        },
        "channel_leave" => Request::ChannelLeave {
            name: args.name("name")?,
        },
        "channel_sendmsg" => Request::ChannelSendMsg {
            name: args.name("name")?,
            msg: args.content("msg")?,
            msg_id: args.message_id("msgID")?,
            force: args.flag("force")?,
        },
        "channel_set_attr" => Request::ChannelSetAttr {
            channel: args.name("channel")?,
            name: args.name("name")?,
            value: args.value("value")?,
        },
        "channel_del_attr" => Request::ChannelDelAttr {
            channel: args.name("channel")?,
            name: args.name("name")?,
        },
        "channel_clear_attr" => Request::ChannelClearAttr {
            channel: args.name("channel")?,
        },
        "channel_query_num" => Request::ChannelQueryNum {
            name: args.name("name")?,
        },
        "channel_query_user_isin" => Request::ChannelQueryUserIsIn {
            name: args.name("name")?,
            account: args.name("account")?,
        },
        "channel_query_userlist" => Request::ChannelQueryUserList {
            name: args.name("name")?,
        },
        "channel_query_userlist_all" => Request::ChannelQueryUserListAll {
            name: args.name("name")?,
            num: args.count("num", limits::LIST_ALL_MEMBERS)?,
        },
        _ => match addition::decode(function, args)? {
            Some(addition) => Request::Addition(addition),
            None => {
                return Err(CallError::UnknownFunction {
                    function: function.chars().take(limits::NAME_CHARS).collect(),
                });
            }
        },
    })
}

fn decode_sendmsg(args: &Args<'_>) -> Result<Request, CallError> {
    match args.text_or_empty("t")?.as_str() {
        "" | "instant" => {}
        _ => return Err(wrong("t", "must be instant")),
    }
    // A flag of another form has no time to live that we could read, and so the usual one.
    let ttl = parse_flag(&args.text_or_empty("flag")?)
        .map_or(limits::TTL_DEFAULT, Duration::from_secs)
        .min(limits::TTL_MAX);
    Ok(Request::UserSendMsg {
        peer: args.name("peer")?,
        ttl,
        content: args.content("content")?,
        message_id: args.message_id("messageID")?,
    })
}

fn voip_args(args: &Args<'_>) -> Result<VoipArgs, CallError> {
    Ok(VoipArgs {
        channel: args.name("channelName")?,
        peer: args.name("peer")?,
        extra: args.content_or_empty("extra")?,
    })
}

/// Writes the frame. What was not understood has no form of its own.
pub(super) fn encode(call: &Call) -> String {
    let (function, mut args) = match &call.request {
        Ok(request) => (request.function(), encode_args(request)),
        Err(_) => ("", json!({})),
    };
    if let Some(line) = &call.line {
        args["line"] = line.expose().into();
    }
    text(&("call2", (function, call.id, args)))
}

fn encode_args(request: &Request) -> Value {
    match request {
        Request::UserGetMsg { ver_clear, max } => json!({ "ver_clear": ver_clear, "max": max }),
        Request::UserGetMsg2 { clear_msgs, max } => json!({ "clear_msgs": clear_msgs, "max": max }),
        Request::UserSendMsg {
            peer,
            ttl,
            content,
            message_id,
        } => {
            let flag = format!("v1:E:{}", ttl.as_secs());
            let mut args =
                json!({ "peer": peer, "flag": flag, "t": "instant", "content": content });
            if let Some(id) = message_id {
                args["messageID"] = json!(id);
            }
            args
        }
        Request::UserLogout => json!({}),
        Request::UserQueryUserStatus { account } => json!({ "account": account }),
        Request::UserSetAttr { name, value } => json!({ "name": name, "value": value }),
        Request::UserGetAttr { account, name } => json!({ "account": account, "name": name }),
        Request::UserGetAttrAll { account } => json!({ "account": account }),
        Request::UserExtCall { package, func } => {
            json!({ "package": package, "func": func, "args": "", "callid": 0 })
        }
        Request::ChannelJoin { name } => json!({ "name": name }),
        Request::ChannelLeave { name } => json!({ "name": name }),
        Request::ChannelSendMsg {
            name,
            msg,
            msg_id,
            force,
        } => {
            let mut args = json!({ "name": name, "msg": msg });
            if let Some(id) = msg_id {
                args["msgID"] = json!(id);
            }
            if *force {
                args["force"] = json!(true);
            }
            args
        }
        Request::ChannelSetAttr {
            channel,
            name,
            value,
        } => json!({ "channel": channel, "name": name, "value": value }),
        Request::ChannelDelAttr { channel, name } => json!({ "channel": channel, "name": name }),
        Request::ChannelClearAttr { channel } => json!({ "channel": channel }),
        Request::ChannelQueryNum { name } => json!({ "name": name }),
        Request::ChannelQueryUserIsIn { name, account } => {
            json!({ "name": name, "account": account })
        }
        Request::ChannelQueryUserList { name } => json!({ "name": name }),
        Request::ChannelQueryUserListAll { name, num } => json!({ "name": name, "num": num }),
        Request::Voip(_, args) => {
            json!({ "channelName": args.channel, "peer": args.peer, "extra": args.extra })
        }
        Request::Addition(addition) => addition::encode(addition),
    }
}
