//! `login` and `login_ret`: 1.x, and what a client that asks for additions says and is told beyond it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DecodeError, args, code_of, text};
use crate::protocol::token::Token;
use crate::protocol::{
    Additions, Caps, GrantedLimits, IceServer, Login, LoginGrant, LoginRet, Resume, ResumeKey,
    ResumedChannel, ServerInfo, SessionLine, Uid, reason,
};

/// Reads the payload of a login. Whatever is absent or has the wrong form is empty, so that the refusal can name it.
pub(super) fn decode(payload: &Value) -> Login {
    let field = |name: &str| args::text(&payload[name]).unwrap_or_default();
    let caps = payload["caps"].as_array().into_iter().flatten();
    let resume = payload["resume"].as_str().filter(|key| !key.is_empty());
    Login {
        vid: field("vid"),
        account: field("account"),
        token: Token::new(field("token")),
        device: field("device"),
        take_over: payload["take_over"] != false,
        caps: Caps::from_names(caps.filter_map(Value::as_str)),
        resume: resume.map(|key| {
            Box::new(Resume {
                key: ResumeKey::new(key),
                seen: payload["seen"].as_u64().unwrap_or_default(),
            })
        }),
    }
}

/// Writes the frame.
pub(super) fn encode(login: &Login) -> String {
    let mut payload = json!({
        "vid": login.vid, "account": login.account, "uid": 0,
        "token": login.token.expose(), "device": login.device, "ip": "",
    });
    if !login.caps.is_empty() {
        payload["caps"] = login.caps.names().collect();
    }
    if !login.take_over {
        payload["take_over"] = false.into();
    }
    if let Some(resume) = &login.resume {
        payload["resume"] = resume.key.expose().into();
        payload["seen"] = resume.seen.into();
    }
    text(&("login", payload))
}

/// A granted login as it is written.
#[derive(Serialize)]
struct Granted<'a> {
    result: &'a str,
    line: &'a str,
    uid: Uid,
    config_msg_set: u8,
    config_inst_msg_with_msgid: u8,
    #[serde(flatten)]
    additions: Option<WrittenAdditions<'a>>,
}

#[derive(Serialize)]
struct WrittenAdditions<'a> {
    caps: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<&'a str>,
    resumed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<&'a [ResumedChannel]>,
    time: u64,
    server: &'a ServerInfo,
    limits: GrantedLimits,
    ice: &'a [IceServer],
}

/// The same as it is read; a 1.x server writes none of it.
#[derive(Deserialize)]
struct ReadAdditions {
    caps: Vec<String>,
    #[serde(default)]
    resume: Option<String>,
    #[serde(default)]
    resumed: bool,
    #[serde(default)]
    channels: Vec<ResumedChannel>,
    #[serde(default)]
    time: u64,
    #[serde(default)]
    server: ServerInfo,
    #[serde(default)]
    limits: GrantedLimits,
    #[serde(default)]
    ice: Vec<IceServer>,
}

#[derive(Serialize)]
struct Refused<'a> {
    result: &'a str,
    reason: &'a str,
    code: u16,
}

/// Writes the frame of the answer.
pub(super) fn encode_ret(ret: &LoginRet) -> String {
    match ret {
        LoginRet::Granted(LoginGrant {
            line,
            uid,
            additions,
        }) => {
            let granted = Granted {
                result: "ok",
                line: line.expose(),
                uid: *uid,
                config_msg_set: 0,
                config_inst_msg_with_msgid: 0,
                additions: additions.as_deref().map(written),
            };
            text(&("login_ret", ("", text(&granted))))
        }
        LoginRet::Refused { reason, code } => {
            let refused = Refused {
                result: "failed",
                reason,
                code: code.number(),
            };
            text(&("login_ret", (reason, text(&refused))))
        }
    }
}

fn written(additions: &Additions) -> WrittenAdditions<'_> {
    WrittenAdditions {
        caps: additions.caps.names().collect(),
        resume: additions.resume.as_ref().map(ResumeKey::expose),
        resumed: additions.resumed.is_some(),
        channels: additions.resumed.as_deref(),
        time: additions.time_ms,
        server: &additions.server,
        limits: additions.limits,
        ice: &additions.ice,
    }
}

/// Reads the payload of the answer.
pub(super) fn decode_ret(payload: &Value) -> Result<LoginRet, DecodeError> {
    let slot = payload[0].as_str().ok_or_else(wrong)?;
    let inner: Value =
        serde_json::from_str(payload[1].as_str().ok_or_else(wrong)?).map_err(|_| wrong())?;
    if slot.is_empty() && inner["result"] == "ok" {
        return Ok(LoginRet::Granted(LoginGrant {
            line: SessionLine::new(inner["line"].as_str().ok_or_else(wrong)?),
            uid: serde_json::from_value(inner["uid"].clone()).map_err(|_| wrong())?,
            additions: decode_additions(inner)?,
        }));
    }
    let reason = [slot, inner["reason"].as_str().unwrap_or_default()]
        .into_iter()
        .find(|reason| !reason.is_empty());
    let reason = reason.unwrap_or("refused without a reason").to_owned();
    let code = code_of(&inner["code"]).unwrap_or_else(|| reason::login_failed_code(&reason));
    Ok(LoginRet::Refused { reason, code })
}

fn decode_additions(inner: Value) -> Result<Option<Box<Additions>>, DecodeError> {
    if !inner["caps"].is_array() {
        return Ok(None);
    }
    let read: ReadAdditions = serde_json::from_value(inner).map_err(|_| wrong())?;
    Ok(Some(Box::new(Additions {
        caps: Caps::from_names(read.caps.iter().map(String::as_str)),
        resume: read.resume.as_deref().map(ResumeKey::new),
        resumed: read.resumed.then_some(read.channels),
        time_ms: read.time,
        server: read.server,
        limits: read.limits,
        ice: read.ice,
    })))
}

fn wrong() -> DecodeError {
    DecodeError::Payload {
        event: "login_ret",
        form: "[err, text], and the text is JSON",
    }
}
