//! What a client may ask for beyond 1.x, and what it is granted (protocol page, section 18).
//!
//! A client that asks for nothing gets the 1.x service byte for byte; that is what [`Caps::NONE`] stands for.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cap {
    /// Membership of many channels at once.
    Rooms,
    /// Messages carry an id and the server's time.
    V3,
    /// A session that lost its link waits, and is taken up again without a gap.
    Resume,
    /// Who is there, and in which state.
    Presence,
    /// A sender learns that a message was delivered, and read.
    Receipts,
    /// That somebody is typing.
    Typing,
    /// Attributes with their time and author, and watched from outside a channel.
    Attrs,
    /// What was said in a channel is kept.
    History,
    /// Accounts that one does not want to hear from.
    Block,
}

impl Cap {
    /// All of them, in the order of the wire.
    pub const ALL: [Self; 9] = [
        Self::Rooms,
        Self::V3,
        Self::Resume,
        Self::Presence,
        Self::Receipts,
        Self::Typing,
        Self::Attrs,
        Self::History,
        Self::Block,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rooms => "rooms",
            Self::V3 => "v3",
            Self::Resume => "resume",
            Self::Presence => "presence",
            Self::Receipts => "receipts",
            Self::Typing => "typing",
            Self::Attrs => "attrs",
            Self::History => "history",
            Self::Block => "block",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cap| cap.name() == name)
    }
}

/// A set of additions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Caps(u16);

impl Caps {
    /// None: a 1.x client.
    pub const NONE: Self = Self(0);
    /// Every one that we know.
    pub const ALL: Self = Self((1 << Cap::ALL.len()) - 1);

    /// Whether one is in the set.
    #[must_use]
    pub fn has(self, cap: Cap) -> bool {
        self.0 & (1 << cap as u16) != 0
    }

    /// The set with one more.
    #[must_use]
    pub const fn with(self, cap: Cap) -> Self {
        Self(self.0 | (1 << cap as u16))
    }

    /// The set without one.
    #[must_use]
    pub fn without(self, cap: Cap) -> Self {
        Self(self.0 & !(1 << cap as u16))
    }

    /// What both sets have.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it is a 1.x client's.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// The names on the wire, in its order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let own = Cap::ALL.into_iter().filter(move |cap| self.has(*cap));
        own.map(Cap::name)
    }

    /// The additions of these names; what we do not know is left out, since it cannot be granted.
    #[must_use]
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = names.into_iter().filter_map(Cap::from_name);
        known.fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Caps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// By what a client takes up the session that it lost. Whoever has it has the session, so it is never logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResumeKey(Arc<str>);

impl ResumeKey {
    /// Takes the text as the server made it or a client repeats it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text, for the wire alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResumeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The session that a login wants to take up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Which one: from the last grant.
    pub key: ResumeKey,
    /// The number of the last channel event that was read; 0 if none was. What came later is given again.
    pub seen: u64,
}

/// What a client that asked for additions is told beyond 1.x.
#[derive(Clone, Debug, PartialEq)]
pub struct Additions {
    /// Those that it has.
    pub caps: Caps,
    /// By what the session is taken up, where that is granted.
    pub resume: Option<ResumeKey>,
    /// The channels of the session that was taken up; `None` if this is a new one.
    pub resumed: Option<Vec<ResumedChannel>>,
    /// The server's clock, in ms since the Unix epoch.
    pub time_ms: u64,
    /// Which server this is.
    pub server: ServerInfo,
    /// Sizes and rates.
    pub limits: GrantedLimits,
    /// Servers that help two clients to reach each other.
    pub ice: Vec<IceServer>,
}

/// A channel in which a client still is after it came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumedChannel {
    /// Which.
    pub name: super::ChannelName,
    /// Whether events are missing: more happened, or for longer, than the server remembers. Join again to see how the channel is.
    pub gap: bool,
}

/// Which server this is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerInfo {
    /// Its name, as its operator calls it.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a server allows; 0 is no limit, but where it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantedLimits {
    /// Bytes of a message, and of an invitation's `extra`.
    pub content: u64,
    /// Bytes of an attribute's value.
    pub value: u64,
    /// Channels at a time.
    pub rooms: u64,
    /// Members of a channel.
    pub members: u64,
    /// Messages waiting in an inbox.
    pub inbox: u64,
    /// Messages of a channel that are kept; 0: none.
    pub history: u64,
    /// For how many days.
    pub history_days: u64,
    /// Channel messages of a user in a second.
    pub channel_messages_per_user: u64,
    /// Messages of a channel in a second.
    pub channel_messages: u64,
    /// Changes of one attribute in a second.
    pub attribute_changes: u64,
    /// Queries of a user in a second.
    pub queries_per_user: u64,
    /// Accounts, and subjects of attributes, that a session may watch.
    pub watched: u64,
}

/// A STUN or TURN server (RFC 8489, RFC 8656), as WebRTC wants it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// Where it is.
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(default)]
    pub username: String,
    /// For TURN; a secret.
    #[serde(default)]
    pub credential: String,
    /// For how many seconds the credential is good.
    #[serde(default)]
    pub ttl: u64,
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .field("username", &self.username)
            .field("credential", &"***")
            .field("ttl", &self.ttl)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_knows_its_names_and_forgets_strange_ones() {
        let caps = Caps::from_names(["v3", "telepathy", "rooms"]);
        assert!(caps.has(Cap::V3) && caps.has(Cap::Rooms) && !caps.has(Cap::Block));
        assert_eq!(caps.names().collect::<Vec<_>>(), ["rooms", "v3"]);
        assert_eq!(caps.without(Cap::V3), Caps::NONE.with(Cap::Rooms));
        assert_eq!(caps.and(Caps::ALL), caps);
        assert_eq!(Caps::ALL.names().count(), Cap::ALL.len());
    }

    #[test]
    fn secrets_are_not_shown() {
        let server = IceServer {
            urls: vec!["turn:example.org".to_owned()],
            username: "1700000000:alice".to_owned(),
            credential: "hidden".to_owned(),
            ttl: 3600,
        };
        assert!(!format!("{server:?} {:?}", ResumeKey::new("hidden")).contains("hidden"));
    }
}
