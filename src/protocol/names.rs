//! The names of the protocol, each a type that is checked once, at the edge.
//!
//! Whoever holds an [`Account`] holds a valid one: there is no other way to build it than [`TryFrom`].

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::limits;

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// More characters than the limit.
    #[error("has more than {max} characters")]
    TooLong {
        /// The most Unicode characters allowed.
        max: usize,
    },
    /// A control character, which no name may hold.
    #[error("contains a control character")]
    Control,
    /// U+FFFD, which stands for what could not be read: different names would become one.
    #[error("contains half a character")]
    Broken,
    /// White space, which accounts, apps, lines and ids may not hold.
    #[error("contains white space")]
    Space,
}

/// Whether a name may hold white space.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spaces {
    Allowed,
    Forbidden,
}

fn check(text: &str, max: usize, spaces: Spaces) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    // Bytes bound characters from above, so the common short name is never counted.
    if text.len() > max && text.chars().count() > max {
        return Err(NameError::TooLong { max });
    }
    for character in text.chars() {
        if character.is_control() {
            return Err(NameError::Control);
        }
        if character == char::REPLACEMENT_CHARACTER {
            return Err(NameError::Broken);
        }
        if spaces == Spaces::Forbidden && character.is_whitespace() {
            return Err(NameError::Space);
        }
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:expr, $spaces:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = NameError;

            fn try_from(text: &str) -> Result<Self, NameError> {
                check(text, $max, $spaces)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::try_from(text.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name!(
    /// Who somebody is within an app: 1 to 128 visible characters without white space.
    Account,
    limits::NAME_CHARS,
    Spaces::Forbidden
);
name!(
    /// The name of a channel: 1 to 128 characters; spaces are allowed, control characters are not.
    ChannelName,
    limits::NAME_CHARS,
    Spaces::Allowed
);
name!(
    /// The name of an attribute of a user or a channel: 1 to 128 characters.
    AttrName,
    limits::NAME_CHARS,
    Spaces::Allowed
);
name!(
    /// The application that accounts and channels belong to (`vid` on the wire). Apps never see each other.
    AppId,
    limits::NAME_CHARS,
    Spaces::Forbidden
);
name!(
    /// An id that a sender gives a message, so that sending it again delivers it once.
    MessageId,
    limits::NAME_CHARS,
    Spaces::Forbidden
);

impl Account {
    /// The account under which the service itself speaks in channels. It may be a user's name as well: nothing is
    /// decided by it.
    #[must_use]
    pub fn service() -> Self {
        Self("_agora_system".into())
    }

    /// Whether the account is a telephone number (`+...`, `tel:`, `sip:`), which a gateway may answer for.
    #[must_use]
    pub fn is_number(&self) -> bool {
        ["+", "tel:", "sip:"]
            .iter()
            .any(|prefix| self.0.starts_with(prefix))
    }
}

impl MessageId {
    /// The id that a server gives a message whose sender gave none: a number that rises over all messages of an app.
    #[must_use]
    pub fn numbered(number: u64) -> Self {
        Self(number.to_string().into())
    }
}

/// One of the channels in which servers watch an app. They are never destroyed, and nobody speaks in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialChannel {
    /// `_agora_user_online`: every account of the app that comes or goes.
    UserOnline,
    /// `_agora_channel_event`: every join and leave of a channel of the app.
    ChannelEvent,
}

impl SpecialChannel {
    /// Its names: with one leading underscore, and with two.
    #[must_use]
    pub fn spellings(self) -> [ChannelName; 2] {
        let [one, two] = match self {
            Self::UserOnline => ["_agora_user_online", "__agora_user_online"],
            Self::ChannelEvent => ["_agora_channel_event", "__agora_channel_event"],
        };
        [ChannelName(one.into()), ChannelName(two.into())]
    }
}

impl ChannelName {
    /// Which special channel this is, if any. Both spellings count, with one leading underscore (the
    /// API reference) and with two (its pages in other languages).
    #[must_use]
    pub fn special(&self) -> Option<SpecialChannel> {
        match self.as_str() {
            "_agora_user_online" | "__agora_user_online" => Some(SpecialChannel::UserOnline),
            "_agora_channel_event" | "__agora_channel_event" => Some(SpecialChannel::ChannelEvent),
            _ => None,
        }
    }
}

/// The key of a session, which its client repeats in every call. Not to be guessed, and so not to be logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionLine(Arc<str>);

impl SessionLine {
    /// Takes the text as the server made it or a client repeated it.
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

impl fmt::Debug for SessionLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The number that stands for an account within an app: 31 bits, and 0 only where an app asks for it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Uid(pub u32);

impl Uid {
    /// The uid of an account: always the same for the same app and account, never 0.
    ///
    /// A hash keeps uids stable over restarts and nodes without a table; among 1,000 accounts of one
    /// channel the chance that any two share a uid is 1 in 4,000.
    #[must_use]
    pub fn of(app: &AppId, account: &Account) -> Self {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        hash.update(app.as_str().as_bytes());
        hash.update([0]);
        hash.update(account.as_str().as_bytes());
        let digest = hash.finalize();
        let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) & 0x7fff_ffff;
        Self(number.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_1_to_128_characters_without_space_or_control() {
        assert!(Account::try_from("alice").is_ok());
        assert!(Account::try_from("李雷").is_ok());
        assert!(Account::try_from("é".repeat(128).as_str()).is_ok());
        assert_eq!(Account::try_from(""), Err(NameError::Empty));
        assert_eq!(Account::try_from("a b"), Err(NameError::Space));
        assert_eq!(Account::try_from("a\u{3000}b"), Err(NameError::Space));
        assert_eq!(Account::try_from("a\u{7}b"), Err(NameError::Control));
        assert_eq!(Account::try_from("a\u{fffd}"), Err(NameError::Broken));
        assert_eq!(
            Account::try_from("é".repeat(129).as_str()),
            Err(NameError::TooLong { max: 128 })
        );
    }

    #[test]
    fn a_channel_name_may_hold_spaces_but_no_control_character() {
        assert!(ChannelName::try_from("the red room").is_ok());
        assert_eq!(ChannelName::try_from("a\nb"), Err(NameError::Control));
    }

    #[test]
    fn serde_goes_through_the_same_door() {
        assert!(serde_json::from_str::<Account>("\"bob\"").is_ok());
        assert!(serde_json::from_str::<Account>("\"b ob\"").is_err());
    }

    #[test]
    fn special_channels_have_one_or_two_underscores() {
        let special = |text: &str| ChannelName::try_from(text).expect("a name").special();
        assert_eq!(
            special("_agora_user_online"),
            Some(SpecialChannel::UserOnline)
        );
        assert_eq!(
            special("__agora_channel_event"),
            Some(SpecialChannel::ChannelEvent)
        );
        assert_eq!(special("___agora_channel_event"), None);
    }

    #[test]
    fn a_uid_is_stable_31_bits_and_differs_between_apps() {
        let alice = Account::try_from("alice").expect("a name");
        let one = AppId::try_from("one").expect("a name");
        let two = AppId::try_from("two").expect("a name");
        assert_eq!(Uid::of(&one, &alice), Uid::of(&one, &alice));
        assert_ne!(Uid::of(&one, &alice), Uid::of(&two, &alice));
        assert!(Uid::of(&one, &alice).0 <= i32::MAX as u32);
    }
}
