//! Every code of the API: its number and name, what raises it, what a person reads and can do.
//!
//! One table, one row a code (protocol page, section 19, and the API's reference). The wire carries only numbers and
//! the texts that clients take them from; section 4 has the rule for logins.

use serde::{Serialize, Serializer};

/// What the table says of one code.
struct Row {
    name: &'static str,
    raised: bool,
    cause: &'static str,
    message: &'static str,
    remedy: &'static str,
}

/// Makes [`Code`] from the table. `ours` is raised by Callsign, `never` is kept for completeness.
macro_rules! codes {
    (@raised ours) => { true };
    (@raised never) => { false };
    ($($code:ident = $number:literal, $name:literal, $raised:ident, $cause:literal,
        $message:literal, $remedy:literal;)*) => {
        /// A code of the API. Its text is the number; [`Code::message`] is for people.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = concat!($number, " `", $name, "`: ", $cause, ".")] $code = $number,)*
        }

        impl Code {
            /// Every code, by rising number.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            fn row(self) -> &'static Row {
                match self {
                    $(Self::$code => &Row {
                        name: $name,
                        raised: codes!(@raised $raised),
                        cause: $cause,
                        message: $message,
                        remedy: $remedy,
                    },)*
                }
            }
        }
    };
}

codes! {
    Success = 0, "SUCCESS", ours,
        "all went well",
        "Done.",
        "There is nothing to do.";

    LogoutOther = 100, "LOGOUT_E_OTHER", ours,
        "the server ended the session for a reason that has no code of its own; the text says which",
        "The server ended your session.",
        "Sign in again; if it happens again, ask whoever runs the server.";
    LogoutUser = 101, "LOGOUT_E_USER", ours,
        "the user signed out",
        "You are signed out.",
        "Sign in when you want to be reached again.";
    LogoutNet = 102, "LOGOUT_E_NET", ours,
        "the link was lost and every try to come back failed",
        "The connection to the server was lost.",
        "Check your network, then sign in again.";
    LogoutKicked = 103, "LOGOUT_E_KICKED", ours,
        "the account signed in elsewhere, or an administrator ended the session",
        "Your account signed in on another device.",
        "Sign in here to use this device instead; if it was not you, ask for a new token.";
    LogoutPacket = 104, "LOGOUT_E_PACKET", ours,
        "the other side sent what cannot be read",
        "The server and this program do not understand each other.",
        "Update the program, then sign in again.";
    LogoutTokenExpired = 105, "LOGOUT_E_TOKENEXPIRED", ours,
        "the token ran out and the server is set to end sessions then",
        "Your token has run out.",
        "Get a new token, then sign in again.";
    LogoutOldVersion = 106, "LOGOUT_E_OLDVERSION", never,
        "the client is older than the server allows",
        "This program is too old for the server.",
        "Update the program, then sign in again.";
    LogoutTokenWrong = 107, "LOGOUT_E_TOKENWRONG", never,
        "the token of the running session was found to be wrong",
        "Your token is no longer accepted.",
        "Get a new token, then sign in again.";
    LogoutAlreadyLogout = 108, "LOGOUT_E_ALREADY_LOGOUT", ours,
        "`logout` without a session",
        "You are already signed out.",
        "There is nothing to do.";

    LoginOther = 200, "LOGIN_E_OTHER", ours,
        "signing in failed and no other code fits",
        "Signing in failed.",
        "Try again; if it fails again, ask whoever runs the server.";
    LoginNet = 201, "LOGIN_E_NET", ours,
        "no server could be reached, or it did not answer in time",
        "The server cannot be reached.",
        "Check your network and the address of the server, then try again.";
    LoginFailed = 202, "LOGIN_E_FAILED", ours,
        "the server refused: the app is unknown to it, there were too many tries, or it is going down",
        "The server refused to let you in.",
        "Check the app id, wait a minute, then try again.";
    LoginCancel = 203, "LOGIN_E_CANCEL", ours,
        "`logout` while signing in",
        "Signing in was cancelled.",
        "Sign in again when you like.";
    LoginTokenExpired = 204, "LOGIN_E_TOKENEXPIRED", ours,
        "the token has expired",
        "Your token has expired.",
        "Get a new token; if this one should still count, check the clock and date of this device.";
    LoginOldVersion = 205, "LOGIN_E_OLDVERSION", never,
        "the client is older than the server allows",
        "This program is too old for the server.",
        "Update the program, then sign in again.";
    LoginTokenWrong = 206, "LOGIN_E_TOKENWRONG", ours,
        "the signature, app or account of the token does not match, or none was given where one is required",
        "Your token is not right for this account and app.",
        "Check the account and the app id, or get a token made for them.";
    LoginTokenKicked = 207, "LOGIN_E_TOKEN_KICKED", ours,
        "a token issued later for this account is in use elsewhere",
        "A newer token of your account is in use on another device.",
        "Use the newest token, or get a new one.";
    LoginAlreadyLogin = 208, "LOGIN_E_ALREADY_LOGIN", ours,
        "`login` while signed in, here or, where the client ends no other session, elsewhere; the call changes nothing",
        "You are already signed in.",
        "Sign out first, here or where you are signed in.";
    LoginInvalidUser = 209, "LOGIN_E_INVALID_USER", ours,
        "the account name is not allowed",
        "This account name is not allowed.",
        "Choose a name of 1 to 128 visible characters without spaces.";

    JoinChannelOther = 300, "JOINCHANNEL_E_OTHER", ours,
        "joining failed by a limit, the name or missing rights; the text says which",
        "You could not join the channel.",
        "Check the channel's name; a full channel may have room later.";

    SendMessageOther = 400, "SENDMESSAGE_E_OTHER", ours,
        "sending was refused; the text says why",
        "The message was not sent.",
        "Wait a moment, then send it again.";
    SendMessageTimeout = 401, "SENDMESSAGE_E_TIMEOUT", ours,
        "sending was not acknowledged in time",
        "The server did not confirm your message.",
        "Check your network, then send it again.";

    QueryUserNumOther = 500, "QUERYUSERNUM_E_OTHER", ours,
        "a query failed; the text says why",
        "The question to the server failed.",
        "Wait a moment, then try again.";
    QueryUserNumTimeout = 501, "QUERYUSERNUM_E_TIMEOUT", ours,
        "a query was not answered in time",
        "The server did not answer in time.",
        "Check your network, then try again.";
    QueryUserNumByUser = 502, "QUERYUSERNUM_E_BYUSER", never,
        "the user gave a query up",
        "The question to the server was cancelled.",
        "Ask again when you like.";

    LeaveChannelOther = 600, "LEAVECHANNEL_E_OTHER", ours,
        "the channel was left for a reason that has no code of its own",
        "You are no longer in the channel.",
        "Join again if you like.";
    LeaveChannelKicked = 601, "LEAVECHANNEL_E_KICKED", ours,
        "an administrator removed the user from the channel",
        "You were removed from the channel.",
        "Ask whoever runs the channel.";
    LeaveChannelByUser = 602, "LEAVECHANNEL_E_BYUSER", ours,
        "the user left the channel, or joined another where one may be in only one",
        "You left the channel.",
        "Join again when you like.";
    LeaveChannelLogout = 603, "LEAVECHANNEL_E_LOGOUT", ours,
        "the user left the channel by signing out",
        "You left the channel because you signed out.",
        "Sign in and join again when you like.";
    LeaveChannelDisconn = 604, "LEAVECHANNEL_E_DISCONN", ours,
        "the user left the channel because the link was lost",
        "You left the channel because the connection was lost.",
        "Join again once you are connected.";

    InviteOther = 700, "INVITE_E_OTHER", ours,
        "the call failed for a reason that has no code of its own",
        "The call failed.",
        "Call again; if it fails again, send a message instead.";
    InviteReinvite = 701, "INVITE_E_REINVITE", ours,
        "this caller is already inviting this peer on this channel",
        "You are already calling.",
        "Wait for an answer, or end the call and try again.";
    InviteNet = 702, "INVITE_E_NET", ours,
        "the link was lost while calling",
        "The connection was lost while calling.",
        "Call again once you are connected.";
    InvitePeerOffline = 703, "INVITE_E_PEEROFFLINE", ours,
        "the peer is offline and the caller asked that they be online",
        "The other side is offline.",
        "Call later, or send a message to be read later.";
    InviteTimeout = 704, "INVITE_E_TIMEOUT", ours,
        "the peer's device did not acknowledge the call in time",
        "The other side cannot be reached.",
        "Call later, or send a message to be read later.";
    InviteCantRecv = 705, "INVITE_E_CANTRECV", ours,
        "the peer does not take this call: blocked, not to be disturbed, or at a limit",
        "The other side does not take this call.",
        "Call later, or send a message.";

    General = 1000, "GENERAL_E", ours,
        "no other code fits",
        "Something went wrong.",
        "Try again; if it fails again, ask whoever runs the server.";
    GeneralFailed = 1001, "GENERAL_E_FAILED", ours,
        "the action failed; the text says why",
        "That did not work.",
        "Try again; if it fails again, ask whoever runs the server.";
    GeneralUnknown = 1002, "GENERAL_E_UNKNOWN", ours,
        "the server has no function of this name",
        "The server does not know this function.",
        "Check the function's name; a newer server may know it.";
    GeneralNotLogin = 1003, "GENERAL_E_NOT_LOGIN", ours,
        "an action without a session",
        "You are not signed in.",
        "Sign in, then try again.";
    GeneralWrongParam = 1004, "GENERAL_E_WRONG_PARAM", ours,
        "a parameter has the wrong form",
        "Something in the request has the wrong form.",
        "Check names and values, then try again.";
    GeneralLargeParam = 1005, "GENERAL_E_LARGE_PARAM", ours,
        "a parameter is over its size",
        "Something in the request is too long.",
        "Make the text shorter, then try again.";
}

impl Code {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The API's own name for it, such as `LOGIN_E_TOKENEXPIRED`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// When it is raised, for developers: a phrase without a full stop.
    #[must_use]
    pub fn cause(self) -> &'static str {
        self.row().cause
    }

    /// What a person reads: one sentence.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.row().message
    }

    /// What that person can do about it: one sentence.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        self.row().remedy
    }

    /// Whether Callsign's server or client ever raises it. The others are kept for completeness.
    #[must_use]
    pub fn raised_by_us(self) -> bool {
        self.row().raised
    }

    /// The code of a number, if there is one.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.number() == number)
    }

    /// The code that the old service would have given: 701 to 705 were all 700 (`legacy_codes`, protocol page,
    /// section 18).
    #[must_use]
    pub fn legacy(self) -> Self {
        if (701..=705).contains(&self.number()) {
            Self::InviteOther
        } else {
            self
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.number())
    }
}

/// The code that version 1.4.0 of the web client reports for the error text of a refused login (protocol page,
/// section 4). It cannot tell 202, which it reports as 201; and with no text at all it reports nothing.
#[must_use]
pub fn login_failed_code(err: &str) -> Code {
    match err {
        "kick" => Code::LoginTokenKicked,
        "TokenErrorExpired" => Code::LoginTokenExpired,
        text if text.starts_with("TokenError") => Code::LoginTokenWrong,
        text if text.starts_with("wrong account") => Code::LoginInvalidUser,
        _ => Code::LoginNet,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_number_of_the_list_exists_once() {
        let list: Vec<u16> = [0]
            .into_iter()
            .chain(100..=108)
            .chain(200..=209)
            .chain([300, 400, 401])
            .chain(500..=502)
            .chain(600..=604)
            .chain(700..=705)
            .chain(1000..=1005)
            .collect();
        let numbers: Vec<u16> = Code::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, list);
        for code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), Some(*code));
        }
        assert_eq!(Code::from_number(109), None);
    }

    #[test]
    fn every_name_is_of_its_own_and_of_its_group() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let group = match code.number() / 100 {
                0 => "SUCCESS",
                1 => "LOGOUT_E_",
                2 => "LOGIN_E_",
                3 => "JOINCHANNEL_E_",
                4 => "SENDMESSAGE_E_",
                5 => "QUERYUSERNUM_E_",
                6 => "LEAVECHANNEL_E_",
                7 => "INVITE_E_",
                _ => "GENERAL_E",
            };
            assert!(code.name().starts_with(group), "{code:?}");
            // The Rust name is the same words: LOGIN_E_TOKENEXPIRED, LoginTokenExpired.
            let words = code.name().replace("_E_", "_").replace('_', "");
            let words = words
                .strip_suffix('E')
                .filter(|_| *code == Code::General)
                .unwrap_or(&words);
            assert_eq!(words, format!("{code:?}").to_uppercase());
        }
    }

    #[test]
    fn every_text_reads_as_one_piece() {
        for code in Code::ALL {
            let cause = code.cause();
            assert!(cause.len() > 5 && cause.trim() == cause, "{code:?}");
            assert!(!cause.ends_with(['.', ',', ';', ':', '!']), "{code:?}");
            for sentence in [code.message(), code.remedy()] {
                assert!(sentence.trim() == sentence, "{code:?}");
                assert!(
                    sentence.starts_with(|first: char| first.is_uppercase()),
                    "{code:?}"
                );
                assert!(sentence.ends_with('.'), "{code:?}");
                assert!(
                    !sentence.ends_with("..") && !sentence.contains("  "),
                    "{code:?}"
                );
            }
            assert_ne!(code.message(), code.remedy());
        }
    }

    #[test]
    fn four_codes_are_kept_for_completeness() {
        let never: Vec<_> = Code::ALL
            .iter()
            .filter(|code| !code.raised_by_us())
            .map(|code| code.number())
            .collect();
        assert_eq!(never, [106, 107, 205, 502]);
    }

    #[test]
    fn legacy_folds_the_codes_of_calls_and_no_others() {
        for code in Code::ALL {
            let legacy = match code.number() {
                701..=705 => 700,
                number => number,
            };
            assert_eq!(code.legacy().number(), legacy);
        }
    }

    #[test]
    fn a_refused_login_reads_as_in_section_4() {
        for (text, number) in [
            ("kick", 207),
            ("kicked", 201),
            ("TokenErrorExpired", 204),
            ("TokenErrorExpired ", 206),
            ("TokenErrorNeedToken: ...", 206),
            ("wrong account: it is empty", 209),
            ("the app is unknown", 201),
            ("tokenerror", 201),
        ] {
            assert_eq!(login_failed_code(text).number(), number, "{text}");
        }
    }

    #[test]
    fn it_is_written_as_its_number() {
        let text = serde_json::to_string(&Code::GeneralWrongParam).expect("a number");
        assert_eq!(text, "1004");
    }
}
