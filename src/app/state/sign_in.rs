//! Signing in and out.

use crate::protocol::{Account, Code};

use super::home::Home;
use super::{Cx, Link, Phase, start};
use crate::app::effect::Effect;
use crate::app::msg::{Credentials, Failure, Place, SignInMsg};

/// The sign-in card.
#[derive(Debug, Default)]
pub(crate) enum Card {
    /// To be filled in.
    #[default]
    Empty,
    /// Sent off.
    Waiting(Credentials),
    /// To be filled in anew, and why.
    Refused {
        /// Who tried, so that nothing is typed twice.
        account: Account,
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
}

pub(super) fn update(phase: &mut Phase, cx: &mut Cx<'_>, msg: SignInMsg) {
    if let (SignInMsg::SignOut, Phase::Home(home)) = (&msg, &mut *phase) {
        home.calls.leave(cx);
    }
    let next = match (msg, &*phase) {
        (SignInMsg::Submitted(credentials), Phase::Out(Card::Empty | Card::Refused { .. })) => {
            cx.effects.push(Effect::SignIn(credentials.clone()));
            Phase::Out(Card::Waiting(credentials))
        }
        (SignInMsg::Cancelled, Phase::Out(Card::Waiting(_))) => {
            cx.effects.push(Effect::SignOut);
            Phase::Out(Card::Empty)
        }
        (SignInMsg::NoServerHere(why), Phase::Out(Card::Waiting(Credentials { account, .. }))) => {
            let account = account.clone();
            let why = Refusal::Here(why);
            Phase::Out(Card::Refused { account, why })
        }
        (SignInMsg::Failed(failure), Phase::Out(Card::Waiting(Credentials { account, .. }))) => {
            refused(account, failure)
        }
        (SignInMsg::Done, Phase::Out(Card::Waiting(credentials))) => {
            start::signed_in(cx, credentials);
            let me = credentials.account.clone();
            let mut home = Home::new(me, Link::Up);
            home.elsewhere = matches!(credentials.place, Place::Address { .. });
            Phase::Home(Box::new(home))
        }
        // Whoever came back by themselves is shown what there is meanwhile.
        (SignInMsg::Failed(failure), Phase::Home(home)) if home.link == Link::Coming => {
            refused(home.me(), failure)
        }
        (SignInMsg::NoServerHere(why), Phase::Home(home)) if home.link == Link::Coming => {
            let account = home.me().clone();
            let why = Refusal::Here(why);
            Phase::Out(Card::Refused { account, why })
        }
        (SignInMsg::SignOut, Phase::Home(_)) => {
            start::signed_out(cx);
            cx.effects.push(Effect::SignOut);
            Phase::Out(Card::Empty)
        }
        // Too late, or pressed twice.
        (
            SignInMsg::Submitted(_)
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
    *phase = refused(home.me(), failure);
}

fn refused(account: &Account, failure: Failure) -> Phase {
    Phase::Out(Card::Refused {
        account: account.clone(),
        why: Refusal::Server(failure),
    })
}
