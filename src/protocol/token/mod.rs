//! Tokens: SignalingToken 1, AccessToken 006 and 007, built and verified (protocol page, section 16).
//!
//! Owns what a token says and whom it is believed. Reads no clock: the caller brings the time, and the salt.
//!
//! | file | what |
//! |---|---|
//! | `signaling` | `1:app:expiry:digest`, what the API's own clients use |
//! | `access6` | `006...`, the older token of the maker's later services |
//! | `access7` | `007...`, the newer one |
//! | `pack` | numbers and texts as 006 and 007 lay them out |

mod access6;
mod access7;
mod pack;
mod signaling;

use std::fmt;
use std::str::FromStr;

use subtle::{Choice, ConstantTimeEq as _};

use super::{Account, AppId, Code, limits};

/// What a client sends where no token is needed (the API's reference).
const NO_NEED_TOKEN: &str = "_no_need_token";

/// A proof of identity, secret: `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes the text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the wire alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this stands for no token at all: nothing, or `_no_need_token`.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_empty() || self.0 == NO_NEED_TOKEN
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The secret of an app, which signs its tokens: `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(String);

impl Certificate {
    /// Takes the text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for tokens alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Which form of token. As text: `signaling`, `006`, `007`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// SignalingToken 1, for clients of the Signaling API.
    Signaling,
    /// AccessToken 006.
    Access006,
    /// AccessToken 007.
    Access007,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Signaling, Self::Access006, Self::Access007];
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signaling => "signaling",
            Self::Access006 => "006",
            Self::Access007 => "007",
        })
    }
}

/// A text that names no kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kind of a token is signaling, 006 or 007")]
pub struct UnknownKind;

impl FromStr for TokenKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or(UnknownKind)
    }
}

/// What a token is to say.
#[derive(Clone, Copy, Debug)]
pub struct TokenSpec<'a> {
    /// For which app.
    pub app: &'a AppId,
    /// The app's secret, which signs.
    pub certificate: &'a Certificate,
    /// For whom.
    pub account: &'a Account,
    /// When it is issued, in Unix seconds. Only 007 keeps it.
    pub issued_s: u64,
    /// The first Unix second at which it no longer counts.
    pub expires_s: u64,
    /// A random number that makes two tokens of the same second differ. SignalingToken has none.
    pub salt: u32,
}

/// Why a token cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// 006 has exactly 32 bytes for the app id.
    #[error("a token of kind 006 needs an app id of 32 bytes, this one has {bytes}")]
    AppWidth {
        /// How many this app id has.
        bytes: usize,
    },
    /// SignalingToken parts its fields by colons.
    #[error("a token of kind signaling cannot hold an app id with a colon")]
    AppColon,
    /// The expiry is not after the issue.
    #[error("the token would expire before it is issued")]
    NeverValid,
    /// 006 and 007 keep times in 32 bits.
    #[error("a token of kind {kind} cannot hold a time so far away")]
    TimeTooFar {
        /// Of which kind.
        kind: TokenKind,
    },
}

/// Builds a token.
///
/// # Errors
/// If the kind has no room for what the token is to say: see [`BuildError`].
pub fn build(kind: TokenKind, spec: &TokenSpec<'_>) -> Result<Token, BuildError> {
    if spec.expires_s <= spec.issued_s {
        return Err(BuildError::NeverValid);
    }
    match kind {
        TokenKind::Signaling => signaling::build(spec),
        TokenKind::Access006 => access6::build(spec),
        TokenKind::Access007 => access7::build(spec),
    }
    .map(Token)
}

/// What a token that was believed says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When it was issued, in Unix seconds. Only 007 says so.
    pub issued_s: Option<u64>,
    /// The first Unix second at which it no longer counts.
    pub expires_s: u64,
}

/// Why a token is not believed. The text is what a login answers with: old clients take their code from how it
/// begins (protocol page, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// None was given, or `_no_need_token`.
    #[error("TokenErrorNeedToken: this app asks for a token")]
    NeedToken,
    /// It is no token of a known kind, or is damaged.
    #[error("TokenErrorMalformed: this is no token")]
    Malformed,
    /// It is for another app.
    #[error("TokenErrorWrongApp: the token is for another app")]
    WrongApp,
    /// It is for another account. Only 006 and 007 can tell; the others answer with [`Self::WrongSignature`].
    #[error("TokenErrorWrongAccount: the token is for another account")]
    WrongAccount,
    /// No certificate of the app signed it for this account.
    #[error("TokenErrorWrongSignature: the account or the app's certificate does not match")]
    WrongSignature,
    /// It is for other services only, and does not let anybody sign in here.
    #[error("TokenErrorNoPrivilege: the token does not allow to sign in")]
    NoPrivilege,
    /// It was right, but is over. The text is exactly what clients compare with.
    #[error("TokenErrorExpired")]
    Expired {
        /// Since when, in Unix seconds.
        expires_s: u64,
    },
}

impl TokenError {
    /// The API's code for it: 204 for an expired token, 206 for all else.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Expired { .. } => Code::LoginTokenExpired,
            Self::NeedToken
            | Self::Malformed
            | Self::WrongApp
            | Self::WrongAccount
            | Self::WrongSignature
            | Self::NoPrivilege => Code::LoginTokenWrong,
        }
    }
}

/// Verifies a token of any kind for one app and account, at a time in Unix seconds. Any of the certificates may have
/// signed it (an app has several while it changes them); with none, nothing is believed.
///
/// # Errors
/// If the token is not believed. [`TokenError::Expired`] means that all else was right.
pub fn verify(
    token: &Token,
    app: &AppId,
    account: &Account,
    certificates: &[Certificate],
    now_s: u64,
) -> Result<Verified, TokenError> {
    if token.is_none() {
        return Err(TokenError::NeedToken);
    }
    let text = token.expose();
    if text.len() > limits::TOKEN_BYTES {
        return Err(TokenError::Malformed);
    }
    let claim = Claim {
        app,
        account,
        certificates,
    };
    let verified = if let Some(rest) = text.strip_prefix(signaling::PREFIX) {
        signaling::verify(rest, &claim)
    } else if let Some(rest) = text.strip_prefix(access6::PREFIX) {
        access6::verify(rest, &claim)
    } else if let Some(rest) = text.strip_prefix(access7::PREFIX) {
        access7::verify(rest, &claim)
    } else {
        Err(TokenError::Malformed)
    }?;
    // Last, so that only the owner of a right token learns that it was one.
    if now_s >= verified.expires_s {
        return Err(TokenError::Expired {
            expires_s: verified.expires_s,
        });
    }
    Ok(verified)
}

/// Who somebody says to be, and by whose signature they may prove it.
struct Claim<'a> {
    app: &'a AppId,
    account: &'a Account,
    certificates: &'a [Certificate],
}

impl Claim<'_> {
    /// Whether the digest by one of the certificates is the given one. Takes the same time wherever they differ.
    fn signed_by_one<const N: usize>(
        &self,
        given: &[u8],
        digest: impl Fn(&Certificate) -> [u8; N],
    ) -> Result<(), TokenError> {
        let mut found = Choice::from(0);
        for certificate in self.certificates {
            found |= digest(certificate).as_slice().ct_eq(given);
        }
        if bool::from(found) {
            Ok(())
        } else {
            Err(TokenError::WrongSignature)
        }
    }
}

#[cfg(test)]
mod tests;
