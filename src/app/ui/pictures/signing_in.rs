//! What has happened before somebody is in, or when they are out again.

use super::stories::at_work;
use crate::app::msg::{Credentials, KeyringTrouble, Msg, Place, SecretMsg, SignInMsg};
use crate::app::state::tests::{Story, account, failure};
use crate::client::event::SessionEvent;
use crate::protocol::token::Token;
use crate::protocol::{AppId, Code};

pub(super) fn refused() -> Story {
    let mut story = Story::new();
    let credentials = Credentials {
        account: account("ann"),
        place: Place::ThisComputer,
    };
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    let why = failure(Code::LoginTokenExpired);
    story.tell(Msg::SignIn(SignInMsg::Failed(why)));
    story
}

/// Somebody else's server, which wants a token.
fn elsewhere() -> Credentials {
    Credentials {
        account: account("ann"),
        place: Place::Address {
            url: "wss://sig.example.org".to_owned(),
            app: AppId::try_from("callsign").expect("an app"),
            token: Some(Token::new("hush")),
        },
    }
}

pub(super) fn connecting() -> Story {
    let mut story = Story::new();
    story.tell(Msg::SignIn(SignInMsg::Submitted(elsewhere())));
    story
}

/// Ann is signed in elsewhere.
pub(super) fn taken() -> Story {
    let mut story = connecting();
    let why = failure(Code::LoginAlreadyLogin);
    story.tell(Msg::SignIn(SignInMsg::Failed(why)));
    story
}

/// The token is refused.
pub(super) fn token() -> Story {
    let mut story = connecting();
    let why = failure(Code::LoginTokenWrong);
    story.tell(Msg::SignIn(SignInMsg::Failed(why)));
    story
}

/// There is no server on this computer.
pub(super) fn no_server() -> Story {
    let mut story = Story::new();
    let credentials = Credentials {
        account: account("ann"),
        place: Place::ThisComputer,
    };
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    let why =
        "The server on this computer is turned off. Signing in on this computer turns it on again.";
    story.tell(Msg::SignIn(SignInMsg::NoServerHere(why.to_owned())));
    story
}

/// Somebody else signed in with the account.
pub(super) fn displaced() -> Story {
    let mut story = at_work();
    story.hear(SessionEvent::Logout {
        code: Code::LogoutKicked,
        reason: String::new(),
    });
    story
}

/// The token could not be kept: the keyring is locked.
pub(super) fn unkept() -> Story {
    unkept_by(KeyringTrouble::Locked)
}

/// The token could not be kept, for this reason.
pub(super) fn unkept_by(why: KeyringTrouble) -> Story {
    let mut story = Story::new();
    let credentials = elsewhere();
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials.clone())));
    story.tell(Msg::SignIn(SignInMsg::Done));
    let kept = SecretMsg::Kept(credentials.identity(), Err(why));
    story.tell(Msg::Secret(kept));
    story
}
