//! What two programs say to each other about the sound of a call (protocol page, section 18): a description in the `extra`
//! of the invitation and of its acceptance, and messages within the call.
//!
//! What a description says is not known here: the room `voice` makes and reads them.

use serde_json::{Map, Value, json};

use super::limits;

/// The version of these words.
const VERSION: u64 = 1;
/// The name under which the description stands beside the documented fields.
const FIELD: &str = "_voice";

/// Why what a peer said about sound is of no use. The call itself goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoiceError {
    /// The whole `extra` would be longer than a call may carry.
    #[error("more than {} bytes about the sound of a call", limits::CONTENT_BYTES)]
    TooLong,
    /// It has not the form that it should have.
    #[error("what was said about the sound of the call cannot be read")]
    Malformed,
    /// It is from a program of another time.
    #[error("the sound of the call is of version {0}, which is not known here")]
    Version(u64),
}

/// The description in an invitation's or an acceptance's `extra`; `None` where its program carries no sound.
///
/// # Errors
/// There is something, and it is of no use.
pub fn voice_in(extra: &str) -> Result<Option<String>, VoiceError> {
    // An `extra` of any form is the application's own; only one that names us is ours to judge.
    let Ok(Value::Object(fields)) = serde_json::from_str(extra) else {
        return Ok(None);
    };
    let Some(voice) = fields.get(FIELD) else {
        return Ok(None);
    };
    if extra.len() > limits::CONTENT_BYTES {
        return Err(VoiceError::TooLong);
    }
    let fields = versioned(voice)?;
    let sdp = fields.get("sdp").and_then(Value::as_str);
    sdp.map(|sdp| Some(sdp.to_owned()))
        .ok_or(VoiceError::Malformed)
}

/// The same `extra` with a description beside what is there. An empty `extra` is one without fields.
///
/// # Errors
/// It is no JSON object, or becomes too long.
pub fn with_voice(extra: &str, sdp: &str) -> Result<String, VoiceError> {
    let mut fields: Map<String, Value> = match extra.trim() {
        "" => Map::new(),
        extra => serde_json::from_str(extra).map_err(|_| VoiceError::Malformed)?,
    };
    fields.insert(FIELD.to_owned(), json!({ "v": VERSION, "sdp": sdp }));
    short(Value::Object(fields).to_string())
}

/// What is said about the sound within a call: a `voip_invite_msg` of `{"msgtype":"voice","msgdata":{...}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceMsg {
    /// `{"v":1,"offer":"..."}`: whoever says this is to be reached in another way from now on, and wants to know the same.
    Offer(String),
    /// `{"v":1,"answer":"..."}`: the answer to it.
    Answer(String),
    /// `{"v":1,"held":true}`: whoever says this does not listen for a while, or does again.
    Held(bool),
    /// `{"v":1,"recorded":true}`: whoever says this keeps what is said from now on, or no longer.
    Recorded(bool),
}

impl VoiceMsg {
    /// Reads the `extra` of a `voip_invite_msg`; `None` if it is about something else.
    ///
    /// # Errors
    /// It is about sound, and of no use.
    pub fn parse(extra: &str) -> Result<Option<Self>, VoiceError> {
        let Ok(Value::Object(fields)) = serde_json::from_str(extra) else {
            return Ok(None);
        };
        if fields.get("msgtype").is_none_or(|kind| kind != "voice") {
            return Ok(None);
        }
        if extra.len() > limits::CONTENT_BYTES {
            return Err(VoiceError::TooLong);
        }
        let fields = versioned(fields.get("msgdata").ok_or(VoiceError::Malformed)?)?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let yes = |name: &str| fields.get(name).and_then(Value::as_bool);
        text("offer")
            .map(Self::Offer)
            .or_else(|| text("answer").map(Self::Answer))
            .or_else(|| yes("held").map(Self::Held))
            .or_else(|| yes("recorded").map(Self::Recorded))
            .map(Some)
            .ok_or(VoiceError::Malformed)
    }

    /// The `extra` that says it.
    ///
    /// # Errors
    /// It becomes too long.
    pub fn to_extra(&self) -> Result<String, VoiceError> {
        let data = match self {
            Self::Offer(sdp) => json!({ "v": VERSION, "offer": sdp }),
            Self::Answer(sdp) => json!({ "v": VERSION, "answer": sdp }),
            Self::Held(held) => json!({ "v": VERSION, "held": held }),
            Self::Recorded(recorded) => json!({ "v": VERSION, "recorded": recorded }),
        };
        short(json!({ "msgtype": "voice", "msgdata": data }).to_string())
    }
}

fn versioned(value: &Value) -> Result<&Map<String, Value>, VoiceError> {
    let fields = value.as_object().ok_or(VoiceError::Malformed)?;
    match fields.get("v").and_then(Value::as_u64) {
        Some(VERSION) => Ok(fields),
        Some(other) => Err(VoiceError::Version(other)),
        None => Err(VoiceError::Malformed),
    }
}

fn short(extra: String) -> Result<String, VoiceError> {
    if extra.len() > limits::CONTENT_BYTES {
        return Err(VoiceError::TooLong);
    }
    Ok(extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_rides_beside_the_documented_fields() {
        let extra = with_voice(r#"{"srcNum":"+123"}"#, "v=0\r\n").expect("it fits");
        assert_eq!(voice_in(&extra), Ok(Some("v=0\r\n".to_owned())));
        let fields: Value = serde_json::from_str(&extra).expect("JSON");
        assert_eq!(fields["srcNum"], "+123");
        assert_eq!(fields["_voice"]["v"], 1);
        assert_eq!(
            voice_in(&with_voice("", "x").expect("fits")),
            Ok(Some("x".to_owned()))
        );
        assert_eq!(with_voice("[1]", "x"), Err(VoiceError::Malformed));
    }

    #[test]
    fn a_program_without_sound_says_nothing_of_it() {
        for extra in ["", "hello", "[1]", "{", "{}", r#"{"srcNum":"1"}"#] {
            assert_eq!(voice_in(extra), Ok(None), "{extra}");
        }
    }

    #[test]
    fn what_is_of_no_use_is_told_as_such() {
        for extra in [
            r#"{"_voice":1}"#,
            r#"{"_voice":{}}"#,
            r#"{"_voice":{"v":1}}"#,
            r#"{"_voice":{"v":1,"sdp":7}}"#,
            r#"{"_voice":{"v":"1","sdp":"x"}}"#,
        ] {
            assert_eq!(voice_in(extra), Err(VoiceError::Malformed), "{extra}");
        }
        let later = r#"{"_voice":{"v":2,"sdp":"x"}}"#;
        assert_eq!(voice_in(later), Err(VoiceError::Version(2)));
        let long = "x".repeat(limits::CONTENT_BYTES);
        assert_eq!(with_voice("{}", &long), Err(VoiceError::TooLong));
        let long = format!(r#"{{"_voice":{{"v":1,"sdp":"{long}"}}}}"#);
        assert_eq!(voice_in(&long), Err(VoiceError::TooLong));
    }

    #[test]
    fn messages_say_what_they_mean() {
        for msg in [
            VoiceMsg::Offer("v=0".to_owned()),
            VoiceMsg::Answer("v=0".to_owned()),
            VoiceMsg::Held(true),
            VoiceMsg::Recorded(false),
        ] {
            let extra = msg.to_extra().expect("it fits");
            assert_eq!(VoiceMsg::parse(&extra), Ok(Some(msg)));
        }
        for other in ["", "{}", r#"{"msgtype":"dtmf","msgdata":"1"}"#] {
            assert_eq!(VoiceMsg::parse(other), Ok(None), "{other}");
        }
        for bad in [
            r#"{"msgtype":"voice"}"#,
            r#"{"msgtype":"voice","msgdata":{"v":1}}"#,
            r#"{"msgtype":"voice","msgdata":{"v":1,"offer":3}}"#,
        ] {
            assert_eq!(VoiceMsg::parse(bad), Err(VoiceError::Malformed), "{bad}");
        }
        let msg = VoiceMsg::Offer("x".repeat(limits::CONTENT_BYTES));
        assert_eq!(msg.to_extra(), Err(VoiceError::TooLong));
    }
}
