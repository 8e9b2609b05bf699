//! A message to a user or a channel, as one line of text: `msg-v2` and `msg-v3`.
//!
//! Fields are parted by single spaces; the content is the rest of the line, spaces and all. No other
//! field may hold a space, or the old clients read the wrong fields.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Account, ChannelName, MessageId, Uid};

/// Which form the line takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvelopeVersion {
    /// `msg-v2`: the only form that every client reads.
    V2,
    /// `msg-v3`: with an id; 1.3.0 and 1.4.0 read it, and clients that asked for it.
    V3 {
        /// The id, by which its receivers know it for ever, together with its source.
        id: MessageId,
    },
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The form.
    pub version: EnvelopeVersion,
    /// Who sent it.
    pub source: Account,
    /// To whom; `None` for a channel, written `-`, since a channel's name may hold spaces.
    pub destination: Option<Account>,
    /// Time to live in seconds; 0 for channel events. On the wire `v1:E:<seconds>`.
    pub ttl_s: u64,
    /// What it is.
    pub kind: EnvelopeKind,
    /// When it was accepted, in ms since the Unix epoch.
    pub sent_ms: u64,
    /// The content: a text, or JSON text, by kind.
    pub content: String,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnvelopeKind {
    /// `instant`: a text from a user.
    Instant,
    /// A step of a call.
    Voip(VoipStep),
    /// `voip_invite_failed`: the service gave up an invitation.
    VoipInviteFailed,
    /// `missed_call`: somebody called while the account was away; only for accounts whose client reads `msg-v3`.
    MissedCall,
    /// `receipt`: what a `receipt` notification says, for a sender who was away.
    Receipt,
    /// `channel_msg`.
    ChannelMsg,
    /// `channel_user_join`.
    ChannelUserJoin,
    /// `channel_user_leave`.
    ChannelUserLeave,
    /// `channel_attr_update`.
    ChannelAttrUpdate,
}

/// One step of a call: the name of a function that a party calls and of the message that the other gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoipStep {
    /// `voip_invite`: the caller invites.
    Invite,
    /// `voip_invite_ack`: the callee's device has the invitation; sent by the SDK itself.
    Ack,
    /// `voip_invite_accept`: the callee answers.
    Accept,
    /// `voip_invite_refuse`: the callee declines.
    Refuse,
    /// `voip_invite_msg`: either party says something within the call, such as DTMF.
    Msg,
    /// `voip_invite_bye`: either party ends the call.
    Bye,
}

impl VoipStep {
    /// All of them, in the order of a call.
    pub const ALL: [Self; 6] = [
        Self::Invite,
        Self::Ack,
        Self::Accept,
        Self::Refuse,
        Self::Msg,
        Self::Bye,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Invite => "voip_invite",
            Self::Ack => "voip_invite_ack",
            Self::Accept => "voip_invite_accept",
            Self::Refuse => "voip_invite_refuse",
            Self::Msg => "voip_invite_msg",
            Self::Bye => "voip_invite_bye",
        }
    }
}

impl EnvelopeKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Instant,
        Self::Voip(VoipStep::Invite),
        Self::Voip(VoipStep::Ack),
        Self::Voip(VoipStep::Accept),
        Self::Voip(VoipStep::Refuse),
        Self::Voip(VoipStep::Msg),
        Self::Voip(VoipStep::Bye),
        Self::VoipInviteFailed,
        Self::MissedCall,
        Self::Receipt,
        Self::ChannelMsg,
        Self::ChannelUserJoin,
        Self::ChannelUserLeave,
        Self::ChannelAttrUpdate,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Voip(step) => step.name(),
            Self::VoipInviteFailed => "voip_invite_failed",
            Self::MissedCall => "missed_call",
            Self::Receipt => "receipt",
            Self::ChannelMsg => "channel_msg",
            Self::ChannelUserJoin => "channel_user_join",
            Self::ChannelUserLeave => "channel_user_leave",
            Self::ChannelAttrUpdate => "channel_attr_update",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Envelope {
    /// The id by which the message is known, where it has one.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId> {
        match &self.version {
            EnvelopeVersion::V2 => None,
            EnvelopeVersion::V3 { id } => Some(id.clone()),
        }
    }

    /// The message in the form that every client reads.
    #[must_use]
    pub fn to_v2(&self) -> Self {
        Self {
            version: EnvelopeVersion::V2,
            source: self.source.clone(),
            destination: self.destination.clone(),
            ttl_s: self.ttl_s,
            kind: self.kind,
            sent_ms: self.sent_ms,
            content: self.content.clone(),
        }
    }
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            EnvelopeVersion::V2 => write!(f, "msg-v2 ")?,
            EnvelopeVersion::V3 { id } => write!(f, "msg-v3 {id} ")?,
        }
        let destination = self.destination.as_ref().map_or("-", Account::as_str);
        let Self {
            source,
            ttl_s,
            sent_ms,
            content,
            ..
        } = self;
        write!(
            f,
            "{source} {destination} v1:E:{ttl_s} {} {sent_ms} {content}",
            self.kind.name()
        )
    }
}

/// Why a line is no envelope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Neither `msg-v2` nor `msg-v3`; clients skip such a line.
    #[error("unknown envelope form")]
    UnknownForm,
    /// Fewer fields than the form has.
    #[error("the envelope ends before its {0}")]
    Short(&'static str),
    /// A field that cannot be read.
    #[error("the envelope's {0} cannot be read")]
    Wrong(&'static str),
}

impl FromStr for Envelope {
    type Err = EnvelopeError;

    fn from_str(line: &str) -> Result<Self, EnvelopeError> {
        let mut rest = line;
        let mut field = |name: &'static str| {
            let (field, after) = rest.split_once(' ').ok_or(EnvelopeError::Short(name))?;
            rest = after;
            Ok(field)
        };
        let version = match field("form")? {
            "msg-v2" => EnvelopeVersion::V2,
            "msg-v3" => EnvelopeVersion::V3 {
                id: field("id")?
                    .try_into()
                    .map_err(|_| EnvelopeError::Wrong("id"))?,
            },
            _ => return Err(EnvelopeError::UnknownForm),
        };
        let source = field("source")?
            .try_into()
            .map_err(|_| EnvelopeError::Wrong("source"))?;
        let destination = match field("destination")? {
            "-" => None,
            account => Some(
                account
                    .try_into()
                    .map_err(|_| EnvelopeError::Wrong("destination"))?,
            ),
        };
        let ttl_s = parse_flag(field("flag")?).ok_or(EnvelopeError::Wrong("flag"))?;
        let kind = EnvelopeKind::from_name(field("type")?).ok_or(EnvelopeError::Wrong("type"))?;
        // An empty content may come without the space before it.
        let (time, content) = rest.split_once(' ').unwrap_or((rest, ""));
        let sent_ms = time.parse().map_err(|_| EnvelopeError::Wrong("time"))?;
        Ok(Self {
            version,
            source,
            destination,
            ttl_s,
            kind,
            sent_ms,
            content: content.to_owned(),
        })
    }
}

/// The seconds to live of a flag: `v1:E:<seconds>`.
pub(super) fn parse_flag(flag: &str) -> Option<u64> {
    flag.strip_prefix("v1:E:")?.parse().ok()
}

/// The content of a channel's events, as JSON text. Every field is there: the Python client requires all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChannelEvent {
    /// An attribute was set (`update`), deleted (`del`), or all were (`clear`).
    AttrUpdate {
        /// Where.
        channel: ChannelName,
        /// Who did it.
        account: Account,
        /// Their number.
        uid: Uid,
        /// Which attribute; empty for `clear`.
        name: String,
        /// Its value; empty for `del` and `clear`.
        value: Value,
        /// `update`, `del` or `clear`.
        r#type: String,
    },
    /// A message.
    Msg {
        /// Where.
        channel: ChannelName,
        /// Who sent it.
        account: Account,
        /// Their number.
        uid: Uid,
        /// The text.
        msg: String,
    },
    /// Somebody joined or left, by the envelope's kind.
    Member {
        /// Where.
        channel: ChannelName,
        /// Who.
        account: Account,
        /// Their number.
        uid: Uid,
    },
}

impl ChannelEvent {
    /// The event as the content of an envelope.
    #[must_use]
    pub fn to_content(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The event in an envelope's content, if there is one.
    #[must_use]
    pub fn from_content(content: &str) -> Option<Self> {
        serde_json::from_str(content).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "msg-v2 alice bob v1:E:3600 instant 1700000000000 hello  bob ";

    #[test]
    fn v2_keeps_every_space_of_the_content() {
        let envelope: Envelope = LINE.parse().expect("an envelope");
        assert_eq!(envelope.content, "hello  bob ");
        assert_eq!(envelope.kind, EnvelopeKind::Instant);
        assert_eq!(envelope.to_string(), LINE);
    }

    #[test]
    fn v3_has_its_id_before_the_source() {
        let line = "msg-v3 m-1 alice - v1:E:0 channel_msg 1700000000000 {}";
        let envelope: Envelope = line.parse().expect("an envelope");
        assert_eq!(
            envelope.version,
            EnvelopeVersion::V3 {
                id: MessageId::try_from("m-1").expect("an id")
            }
        );
        assert_eq!(envelope.destination, None);
        assert_eq!(envelope.to_string(), line);
    }

    #[test]
    fn empty_content_may_come_without_its_space() {
        let envelope: Envelope = "msg-v2 a b v1:E:1 instant 5".parse().expect("an envelope");
        assert_eq!(envelope.content, "");
    }

    #[test]
    fn what_is_no_envelope_says_why() {
        assert_eq!(
            "msg-v9 a b".parse::<Envelope>(),
            Err(EnvelopeError::UnknownForm)
        );
        assert_eq!(
            "msg-v2 a b".parse::<Envelope>(),
            Err(EnvelopeError::Short("destination"))
        );
        assert_eq!(
            "msg-v2 a b c instant 5 x".parse::<Envelope>(),
            Err(EnvelopeError::Wrong("flag"))
        );
    }

    #[test]
    fn every_kind_has_its_own_name() {
        for kind in EnvelopeKind::ALL {
            assert_eq!(EnvelopeKind::from_name(kind.name()), Some(kind));
        }
    }
}
