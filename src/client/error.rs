//! Why an operation of the SDK failed: one small error for each operation, each variant something a caller can do differently.
//!
//! Every error has the API's code ([`LoginError::code`] and so on).

use crate::client::core::CommandError;
use crate::protocol::Code;

/// Why a login failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// 208: log out first. Nothing changed.
    #[error("already logged in")]
    AlreadyLoggedIn,
    /// 208: the account is signed in elsewhere, and the options say that this session is not to end it. Ask whoever it is about,
    /// then log in with [`take_over`](crate::client::core::LoginOptions::take_over).
    #[error("the account is signed in elsewhere")]
    OnlineElsewhere,
    /// 203: `logout` was called meanwhile.
    #[error("the login was cancelled")]
    Cancelled,
    /// 201: check the network and the server's address, or try again later.
    #[error("the server cannot be reached: {reason}")]
    Unreachable {
        /// What went wrong.
        reason: String,
    },
    /// 204 to 207 and 209: another token or another account is needed.
    #[error("the server does not accept the account or the token: {reason}")]
    Rejected {
        /// Which of them.
        code: Code,
        /// What the server says.
        reason: String,
    },
    /// 200, 202: the server lets nobody in now, or not this app.
    #[error("the server refused: {reason}")]
    Refused {
        /// Which of them.
        code: Code,
        /// What the server says.
        reason: String,
    },
}

impl LoginError {
    /// The API's code for it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::AlreadyLoggedIn | Self::OnlineElsewhere => Code::LoginAlreadyLogin,
            Self::Cancelled => Code::LoginCancel,
            Self::Unreachable { .. } => Code::LoginNet,
            Self::Rejected { code, .. } | Self::Refused { code, .. } => *code,
        }
    }
}

impl From<CommandError> for LoginError {
    fn from(error: CommandError) -> Self {
        const REJECTED: [Code; 4] = [
            Code::LoginTokenExpired,
            Code::LoginTokenWrong,
            Code::LoginTokenKicked,
            Code::LoginInvalidUser,
        ];
        let (code, reason) = (error.code(), error.to_string());
        match error {
            CommandError::AlreadyLoggedIn => Self::AlreadyLoggedIn,
            CommandError::Refused { .. } if code == Code::LoginAlreadyLogin => {
                Self::OnlineElsewhere
            }
            CommandError::Refused { .. } if code == Code::LoginNet => Self::Unreachable { reason },
            CommandError::Refused { .. } if REJECTED.contains(&code) => {
                Self::Rejected { code, reason }
            }
            CommandError::Refused { .. } | CommandError::TooMany => Self::Refused { code, reason },
            CommandError::NotLoggedIn
            | CommandError::AlreadyLoggedOut
            | CommandError::Cancelled
            | CommandError::TimedOut { .. }
            | CommandError::Interrupted => Self::Cancelled,
        }
    }
}

/// Why a logout failed: there was no session (108).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("already logged out")]
pub struct AlreadyLoggedOut;

impl AlreadyLoggedOut {
    /// The API's code for it.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::LogoutAlreadyLogout
    }
}

/// Makes the error of an operation that the server answers.
macro_rules! operation {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum $name {
            /// 1003: the session is over. Log in anew.
            #[error("not logged in")]
            NotLoggedIn,
            /// The server refused, or the parameters are wrong (1004) or too large (1005).
            #[error("refused: {reason}")]
            Refused {
                /// Which of the API's codes.
                code: Code,
                /// Why.
                reason: String,
            },
            /// No answer in time. It may have been done.
            #[error("no answer in time")]
            TimedOut {
                /// 401, 501, or the code of the operation.
                code: Code,
            },
            /// 1001: the link was lost, or the session ended, before the answer. It may have been done; doing it again may do
            /// it twice.
            #[error("the link was lost before the answer")]
            Interrupted,
            /// 1001: too much waits for an answer already. Wait for some of it.
            #[error("too many requests wait for their answer")]
            TooMany,
        }

        impl $name {
            /// The API's code for it.
            #[must_use]
            pub fn code(&self) -> Code {
                match self {
                    Self::NotLoggedIn => Code::GeneralNotLogin,
                    Self::Refused { code, .. } | Self::TimedOut { code } => *code,
                    Self::Interrupted | Self::TooMany => Code::GeneralFailed,
                }
            }
        }

        impl From<CommandError> for $name {
            fn from(error: CommandError) -> Self {
                match error {
                    CommandError::NotLoggedIn
                    | CommandError::AlreadyLoggedIn
                    | CommandError::AlreadyLoggedOut
                    | CommandError::Cancelled => Self::NotLoggedIn,
                    CommandError::Refused { code, reason } => Self::Refused { code, reason },
                    CommandError::TimedOut { code } => Self::TimedOut { code },
                    CommandError::Interrupted => Self::Interrupted,
                    CommandError::TooMany => Self::TooMany,
                }
            }
        }
    };
}

operation!(
    /// Why a message was not acknowledged (400, 401). A lost link alone is no reason: a message goes out again by itself. It is
    /// `Interrupted` only if the session ended meanwhile, by a logout or for good, and the message had been sent; sending it again
    /// under the same id delivers it once. `NotLoggedIn` says that it never left.
    SendError
);
operation!(
    /// Why a query failed (500, 501). A server takes so many in a second ([`Limits`](crate::protocol::limits::Limits)), and what is
    /// asked while the link is away goes out at once when it is back: what is refused then (500) is to be asked again.
    QueryError
);
operation!(
    /// Why an attribute did not change (1001, 1004, 1005).
    AttrError
);
operation!(
    /// Why accounts are not watched, or others do not see what they should (1001, 1002, 1004, 1005).
    PresenceError
);
operation!(
    /// Why the list of blocked accounts is as it was, or cannot be had (1001, 1002, 1004, 1005).
    BlockError
);
operation!(
    /// Why a sender does not learn what was read (1002).
    ReceiptError
);
operation!(
    /// Why nobody is told that one is typing (1002).
    TypingError
);
operation!(
    /// Why a channel was not joined (300).
    JoinError
);
operation!(
    /// Why a channel was not left (600).
    LeaveError
);
operation!(
    /// Why an invitation did not go out (701, 705, 1005). What comes of one that did is told by events.
    InviteError
);
operation!(
    /// Why a step of a call failed (700: the call is over).
    CallError
);
