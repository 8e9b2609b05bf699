//! Signing in and out.

use crate::protocol::{Account, Code};

use super::home::Home;
use super::keyring::{Keyring, TokenWanted};
use super::{Cx, Link, Phase, start};
use crate::app::effect::Effect;
use crate::app::msg::{Credentials, Failure, Identity, ServerAt, SignInMsg};

/// The sign-in card.
#[derive(Debug, Default)]
pub(crate) enum Card {
    /// To be filled in.
    #[default]
    Empty,
    /// Sent off.
    Waiting(Credentials),
    /// The account is signed in elsewhere, and whoever signs in here ends that.
    TakeOver(Credentials),
    /// To be filled in anew, and why.
    Refused {
        /// Who tried, so that nothing is typed twice.
        account: Account,
        /// Where; `None` on this computer.
        at: Option<ServerAt>,
        /// Why.
        why: Refusal,
    },
}

/// Why nobody is in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The server does not let one in, or not any more.
    Server(Failure),
    /// The server on this computer cannot be had; a sentence with the remedy.
    Here(String),
    /// The token is to be typed.
    Token(TokenWanted),
    /// The account stays signed in elsewhere, as one wished.
    Elsewhere,
}

impl Refusal {
    /// Whether another token may be the remedy.
    pub(crate) fn wants_token(&self) -> bool {
        const OF_TOKENS: [Code; 5] = [
            Code::LoginTokenExpired,
            Code::LoginTokenWrong,
            Code::LoginTokenKicked,
            Code::LogoutTokenExpired,
            Code::LogoutTokenWrong,
        ];
        match self {
            Self::Server(failure) => OF_TOKENS.contains(&failure.code),
            Self::Token(_) => true,
            Self::Here(_) | Self::Elsewhere => false,
        }
    }
}

pub(super) fn update(phase: &mut Phase, keyring: &mut Keyring, cx: &mut Cx<'_>, msg: SignInMsg) {
    if let (SignInMsg::SignOut, Phase::Home(home)) = (&msg, &mut *phase) {
        home.calls.leave(cx);
    }
    let next = match (msg, &*phase) {
        (SignInMsg::Submitted(credentials), Phase::Out(Card::Empty | Card::Refused { .. })) => {
            cx.effects.push(Effect::SignIn(credentials.clone()));
            Phase::Out(Card::Waiting(credentials))
        }
        (SignInMsg::TakeOver, Phase::Out(Card::TakeOver(credentials))) => {
            cx.effects.push(Effect::TakeOver(credentials.clone()));
            Phase::Out(Card::Waiting(credentials.clone()))
        }
        (SignInMsg::Cancelled, Phase::Out(Card::TakeOver(credentials))) => {
            refused(credentials.identity(), Refusal::Elsewhere)
        }
        (SignInMsg::Cancelled, Phase::Out(Card::Waiting(_))) => {
            cx.effects.push(Effect::SignOut);
            Phase::Out(Card::Empty)
        }
        (SignInMsg::NoServerHere(why), Phase::Out(Card::Waiting(credentials))) => {
            refused(credentials.identity(), Refusal::Here(why))
        }
        (SignInMsg::Failed(failure), Phase::Out(Card::Waiting(credentials))) => {
            failed(credentials.clone(), failure)
        }
        (SignInMsg::Done, Phase::Out(Card::Waiting(credentials))) => {
            start::signed_in(cx, credentials);
            keyring.signed_in(cx, credentials);
            let mut home = Home::new(cx, credentials.identity(), Link::Up);
            home.elsewhere = home.identity.server.is_some();
            home.token = credentials.token().cloned();
            home.by_token = home.token.is_some();
            Phase::Home(Box::new(home))
        }
        // Whoever came back by themselves is shown what there is meanwhile.
        (SignInMsg::Failed(failure), Phase::Home(home)) if home.link == Link::Coming => {
            failed(home.credentials(), failure)
        }
        (SignInMsg::NoServerHere(why), Phase::Home(home)) if home.link == Link::Coming => {
            refused(home.identity.clone(), Refusal::Here(why))
        }
        (SignInMsg::SignOut, Phase::Home(home)) => {
            keyring.signed_out(cx, home);
            start::signed_out(cx);
            cx.effects.push(Effect::SignOut);
            Phase::Out(Card::Empty)
        }
        // Too late, or pressed twice.
        (
            SignInMsg::Submitted(_)
            | SignInMsg::TakeOver
            | SignInMsg::Cancelled
            | SignInMsg::NoServerHere(_)
            | SignInMsg::Failed(_)
            | SignInMsg::Done
            | SignInMsg::SignOut,
            Phase::Opening | Phase::Out(_) | Phase::Home(_),
        ) => return,
    };
    *phase = next;
}

/// The session is over, and it was not this program's wish.
pub(super) fn sent_away(phase: &mut Phase, cx: &mut Cx<'_>, code: Code, reason: String) {
    let Phase::Home(home) = phase else {
        return;
    };
    home.calls.leave(cx);
    let failure = Failure {
        code,
        detail: reason,
    };
    *phase = refused(home.identity.clone(), Refusal::Server(failure));
}

/// Signing in failed. Where the account is signed in elsewhere, somebody decides which of them stays.
fn failed(credentials: Credentials, failure: Failure) -> Phase {
    if failure.code == Code::LoginAlreadyLogin {
        Phase::Out(Card::TakeOver(credentials))
    } else {
        refused(credentials.identity(), Refusal::Server(failure))
    }
}

fn refused(identity: Identity, why: Refusal) -> Phase {
    let Identity { account, server } = identity;
    Phase::Out(Card::Refused {
        account,
        at: server,
        why,
    })
}
