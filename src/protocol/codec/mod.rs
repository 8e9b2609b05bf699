//! Frame <-> text: the only room that knows the wire's JSON.
//!
//! Here are the frames, `[event, payload]`; `login` has both sides of signing in, `call` the functions and their arguments (`addition`
//! those beyond 1.x), `reply` the answers to them, `push` the notifications. Answers travel as JSON text inside a string, always: clients parse it a second time.

mod addition;
mod args;
mod call;
mod login;
mod push;
mod reply;
mod surrogates;

use serde::Serialize;
use serde_json::{Value, json};

use super::{ClientFrame, Code, ServerFrame, SessionLine};

/// Why a text is no frame that could be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON. Says where it stops being that.
    #[error("a frame is JSON: {0}")]
    NotJson(String),
    /// JSON, but not `[event, payload]`.
    #[error("a frame is [event, payload], with the event's name first")]
    NotAFrame,
    /// A known event whose payload has not the event's form.
    #[error("the payload of {event} is {form}")]
    Payload {
        /// The event.
        event: &'static str,
        /// The form it should have.
        form: &'static str,
    },
}

/// Reads a frame that a client sent. An unknown event is a frame, too; wrong arguments of a call are part of it, since
/// they are answered.
///
/// # Errors
/// If the text is not a frame, or is one that cannot be answered.
pub fn decode_client(text: &str) -> Result<ClientFrame, DecodeError> {
    let (event, payload) = event_and_payload(text)?;
    Ok(match event.as_str() {
        "call2" => ClientFrame::Call(call::decode(payload)?),
        "ping" => ClientFrame::Ping(number("ping", &payload)?),
        "login" => ClientFrame::Login(Box::new(login::decode(&payload))),
        "line_login" => ClientFrame::LineLogin {
            line: SessionLine::new(payload["line"].as_str().unwrap_or_default()),
        },
        "set_flag" => ClientFrame::SetFlag {
            binary: payload["binary"] == 1 || payload["binary"] == true,
        },
        _ => ClientFrame::Unknown { event },
    })
}

/// Writes a frame as a client sends it.
#[must_use]
pub fn encode_client(frame: &ClientFrame) -> String {
    match frame {
        ClientFrame::Login(login) => login::encode(login),
        ClientFrame::LineLogin { line } => text(&("line_login", json!({ "line": line.expose() }))),
        ClientFrame::Ping(number) => text(&("ping", number)),
        ClientFrame::Call(call) => call::encode(call),
        ClientFrame::SetFlag { binary } => {
            text(&("set_flag", json!({ "binary": u8::from(*binary) })))
        }
        ClientFrame::Unknown { event } => text(&(event, Value::Null)),
    }
}

/// Reads a frame that a server sent.
///
/// # Errors
/// If the text is not a frame, or has not the form of its event.
pub fn decode_server(text: &str) -> Result<ServerFrame, DecodeError> {
    let (event, payload) = event_and_payload(text)?;
    server_frame(event, payload)
}

fn server_frame(event: String, payload: Value) -> Result<ServerFrame, DecodeError> {
    Ok(match event.as_str() {
        "login_ret" => ServerFrame::LoginRet(login::decode_ret(&payload)?),
        "pong" => ServerFrame::Pong(number("pong", &payload)?),
        "call2-ret" => ServerFrame::CallRet(reply::decode(&payload)?),
        "notify" => ServerFrame::Notify(push::decode(&payload)?),
        "close" => ServerFrame::Close(words(&payload)),
        "kick" => ServerFrame::Kick(words(&payload)),
        "multi" => {
            let Value::Array(frames) = payload else {
                return Err(DecodeError::Payload {
                    event: "multi",
                    form: "a list of frames",
                });
            };
            let frames = frames
                .into_iter()
                .map(split_frame)
                .map(|frame| frame.and_then(|(event, payload)| server_frame(event, payload)));
            ServerFrame::Multi(frames.collect::<Result<_, _>>()?)
        }
        _ => ServerFrame::Unknown { event },
    })
}

/// Writes a frame for a client.
#[must_use]
pub fn encode_server(frame: &ServerFrame) -> String {
    match frame {
        ServerFrame::LoginRet(ret) => login::encode_ret(ret),
        ServerFrame::Pong(number) => text(&("pong", number)),
        ServerFrame::CallRet(ret) => reply::encode(ret),
        ServerFrame::Notify(push) => push::encode(push),
        ServerFrame::Close(reason) => text(&("close", reason)),
        ServerFrame::Kick(reason) => text(&("kick", reason)),
        ServerFrame::Multi(frames) => {
            let frames: Vec<String> = frames.iter().map(encode_server).collect();
            format!(r#"["multi",[{}]]"#, frames.join(","))
        }
        ServerFrame::Unknown { event } => text(&(event, Value::Null)),
    }
}

fn event_and_payload(text: &str) -> Result<(String, Value), DecodeError> {
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        // Web applications cut texts in the middle of an emoji; that costs the character, not the session.
        Err(error) => surrogates::mend(text)
            .and_then(|mended| serde_json::from_str(&mended).ok())
            .ok_or_else(|| DecodeError::NotJson(error.to_string()))?,
    };
    split_frame(value)
}

fn split_frame(value: Value) -> Result<(String, Value), DecodeError> {
    let Value::Array(parts) = value else {
        return Err(DecodeError::NotAFrame);
    };
    let mut parts = parts.into_iter();
    match parts.next() {
        Some(Value::String(event)) => Ok((event, parts.next().unwrap_or(Value::Null))),
        _ => Err(DecodeError::NotAFrame),
    }
}

/// The code beside a reason, which only our own server writes.
fn code_of(value: &Value) -> Option<Code> {
    Code::from_number(u16::try_from(value.as_u64()?).ok()?)
}

fn number(event: &'static str, payload: &Value) -> Result<i64, DecodeError> {
    payload.as_i64().ok_or(DecodeError::Payload {
        event,
        form: "a whole number",
    })
}

fn words(payload: &Value) -> String {
    args::text(payload).unwrap_or_default()
}

/// JSON text of what always has one: our own structures of strings, numbers and lists.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
