//! The token of a sign-in and the system's keyring: what is looked for there at the start, kept at sign-in and removed at
//! sign-out; and what is to be done where there is no keyring, or it is locked.
//!
//! Nothing waits for it: what is kept on this computer is shown meanwhile, and a token can be typed instead.

use std::collections::BTreeMap;

use serde_json::Value;

use super::home::Home;
use super::sign_in::{Card, Refusal};
use super::start::{self, Coming};
use super::{Cx, Link, Phase};
use crate::app::effect::{Effect, SecretEffect};
use crate::app::kept::StoreEffect;
use crate::app::msg::{Credentials, Identity, KeyringTrouble, SecretMsg};
use crate::protocol::token::Token;

/// The setting that says that the token is asked for each time.
const ASK: &str = "ask_for_token";

/// The setting that says whose tokens are still to be removed: there was no keyring when they signed out. Never a token.
const LEFT: &str = "tokens_left";
/// As many are remembered. When there is one more, the oldest is forgotten.
const LEFT_MAX: usize = 8;

/// What this profile has to do with the keyring.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    /// Whether the token is asked for each time, and kept nowhere.
    pub(crate) ask: bool,
    /// What it could not do last, until it can or that has been read.
    pub(crate) trouble: Option<Trouble>,
    /// Whose tokens are to be removed as soon as there is a keyring.
    left: Vec<Identity>,
    /// Those of them that are being removed since the start, of which nobody is told that there is none still.
    quiet: Vec<Identity>,
}

/// Something that the keyring did not do.
#[derive(Debug)]
pub(crate) struct Trouble {
    undone: Undone,
    why: KeyringTrouble,
}

/// What is still to be done.
#[derive(Debug)]
enum Undone {
    Keep(Identity, Token),
    Forget(Identity),
}

/// Why a token is to be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenWanted {
    /// That is how it is set.
    Ask,
    /// The keyring does not have it.
    Gone,
    /// Nobody wanted to wait for the keyring.
    Instead,
    /// The keyring does not give it.
    Keyring(KeyringTrouble),
}

impl Keyring {
    /// What is set. Tokens that were left somewhere are removed, if there is a keyring by now.
    pub(super) fn fill(&mut self, cx: &mut Cx<'_>, settings: &BTreeMap<String, Value>) {
        self.ask = settings.get(ASK) == Some(&Value::Bool(true));
        let left = settings.get(LEFT).and_then(Value::as_array);
        let left = left.into_iter().flatten().filter_map(start::identity);
        self.left = left.take(LEFT_MAX).collect();
        self.quiet.clone_from(&self.left);
        for of in self.left.iter().cloned() {
            cx.effects.push(Effect::Secret(SecretEffect::Forget(of)));
        }
    }

    /// A token is to be removed later, or has been, or is wanted again.
    fn leave(&mut self, cx: &mut Cx<'_>, of: &Identity, left: bool) {
        let before = self.left.clone();
        self.left.retain(|other| other != of);
        if left {
            self.left.push(of.clone());
            let over = self.left.len().saturating_sub(LEFT_MAX);
            self.left.drain(..over);
        }
        if self.left != before {
            let left: Vec<_> = self.left.iter().map(start::named).collect();
            let value = (!left.is_empty()).then_some(Value::Array(left));
            let setting = StoreEffect::Setting(LEFT.to_owned(), value);
            cx.effects.push(Effect::Store(setting));
        }
    }

    /// A token has been removed, or not.
    fn forgotten(&mut self, cx: &mut Cx<'_>, of: Identity, result: Result<(), KeyringTrouble>) {
        let was_quiet = self.quiet.contains(&of);
        self.quiet.retain(|other| *other != of);
        match &result {
            Ok(()) => self.leave(cx, &of, false),
            Err(KeyringTrouble::Missing) if was_quiet => return,
            Err(KeyringTrouble::Missing) => self.leave(cx, &of, true),
            Err(KeyringTrouble::Locked | KeyringTrouble::Failed(_)) => {}
        }
        if !(was_quiet && result.is_ok()) {
            self.done(result, || Some(Undone::Forget(of)));
        }
    }

    /// Somebody has signed in.
    pub(super) fn signed_in(&mut self, cx: &mut Cx<'_>, credentials: &Credentials) {
        self.trouble = None;
        if let Some(token) = credentials.token()
            && !self.ask
        {
            self.leave(cx, &credentials.identity(), false);
            let keep = SecretEffect::Keep(credentials.identity(), token.clone());
            cx.effects.push(Effect::Secret(keep));
        }
    }

    /// Somebody signs out. Their token goes, if they had one.
    pub(super) fn signed_out(&mut self, cx: &mut Cx<'_>, home: &Home) {
        let left =
            matches!(&self.trouble, Some(trouble) if matches!(trouble.undone, Undone::Forget(_)));
        self.trouble = None;
        if home.by_token && (!self.ask || left) {
            let forget = SecretEffect::Forget(home.identity.clone());
            cx.effects.push(Effect::Secret(forget));
        }
    }

    fn set_ask(&mut self, cx: &mut Cx<'_>, phase: &mut Phase, ask: bool) {
        self.ask = ask;
        let setting = StoreEffect::Setting(ASK.to_owned(), ask.then_some(Value::Bool(true)));
        cx.effects.push(Effect::Store(setting));
        // What could not be kept has left there what was kept before, unless there is no keyring to have it.
        let unkept = self
            .trouble
            .take_if(|trouble| matches!(trouble.undone, Undone::Keep(..)));
        let nowhere = unkept.is_some_and(|trouble| trouble.why == KeyringTrouble::Missing);
        match phase {
            Phase::Home(home) if ask && home.by_token && !nowhere => {
                let forget = SecretEffect::Forget(home.identity.clone());
                cx.effects.push(Effect::Secret(forget));
            }
            Phase::Home(home) if !ask => {
                if let Some(token) = home.token.clone() {
                    self.leave(cx, &home.identity, false);
                    let keep = SecretEffect::Keep(home.identity.clone(), token);
                    cx.effects.push(Effect::Secret(keep));
                }
            }
            Phase::Out(Card::Refused {
                why: Refusal::Token(wanted),
                ..
            }) if ask => *wanted = TokenWanted::Ask,
            Phase::Home(_) | Phase::Out(_) | Phase::Opening => {}
        }
    }

    fn done(
        &mut self,
        result: Result<(), KeyringTrouble>,
        undone: impl FnOnce() -> Option<Undone>,
    ) {
        self.trouble = match result {
            Ok(()) => None,
            Err(why) => undone().map(|undone| Trouble { undone, why }),
        };
    }

    fn again(&mut self, cx: &mut Cx<'_>) {
        let Some(trouble) = self.trouble.take() else {
            return;
        };
        cx.effects.push(Effect::Secret(match trouble.undone {
            Undone::Keep(of, token) => SecretEffect::Keep(of, token),
            Undone::Forget(of) => SecretEffect::Forget(of),
        }));
    }
}

impl Trouble {
    /// Whether another try may help.
    pub(crate) fn may_pass(&self) -> bool {
        self.why.may_pass()
    }

    /// Whether it helps to be asked for the token each time.
    pub(crate) fn may_ask(&self) -> bool {
        match self.undone {
            Undone::Keep(..) => true,
            Undone::Forget(_) => false,
        }
    }

    /// What people read: what is not done, why, and what they can do.
    pub(crate) fn sentence(&self) -> String {
        match (&self.undone, &self.why) {
            (Undone::Keep(..), KeyringTrouble::Locked) => "Your token is not kept: the system's keyring is locked. Unlock it, then try again; else you paste the token at the next start.".to_owned(),
            (Undone::Keep(..), KeyringTrouble::Missing) => "Your token is not kept: this system has no keyring. Start one, such as GNOME Keyring or KWallet, then start Callsign again; else you paste the token at the next start.".to_owned(),
            (Undone::Keep(..), KeyringTrouble::Failed(why)) => format!("Your token is not kept: the system's keyring failed ({why}). Try again; else you paste the token at the next start."),
            (Undone::Forget(_), KeyringTrouble::Locked) => "Your token is still in the system's keyring, which is locked. Unlock it, then try again; or remove there what is called callsign.".to_owned(),
            (Undone::Forget(_), KeyringTrouble::Missing) => "If the system's keyring has your token, it is still there: none is running. Callsign removes it at a start when there is one; or remove there what is called callsign.".to_owned(),
            (Undone::Forget(_), KeyringTrouble::Failed(why)) => format!("Your token may still be in the system's keyring, which failed ({why}). Try again; or remove there what is called callsign."),
        }
    }
}

impl KeyringTrouble {
    fn may_pass(&self) -> bool {
        match self {
            Self::Locked | Self::Failed(_) => true,
            Self::Missing => false,
        }
    }
}

impl TokenWanted {
    /// Whether the keyring may have it after another try.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Keyring(why) => why.may_pass(),
            Self::Instead => true,
            Self::Ask | Self::Gone => false,
        }
    }

    /// What people read: why, and what they can do.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Ask => "This profile asks for the token each time. Paste it, then sign in.".to_owned(),
            Self::Gone => "The system's keyring does not have your token. Paste it, then sign in.".to_owned(),
            Self::Instead => "Paste your token, then sign in.".to_owned(),
            Self::Keyring(KeyringTrouble::Locked) => "Your token is in the system's keyring, which is locked. Unlock it, then try again; or paste the token.".to_owned(),
            Self::Keyring(KeyringTrouble::Missing) => "Your token should be in the system's keyring, but none is running. Start it, then start Callsign again; or paste the token.".to_owned(),
            Self::Keyring(KeyringTrouble::Failed(why)) => format!("The system's keyring failed ({why}). Try again, or paste the token."),
        }
    }
}

pub(super) fn update(
    phase: &mut Phase,
    keyring: &mut Keyring,
    coming: &mut Option<Coming>,
    cx: &mut Cx<'_>,
    msg: SecretMsg,
) {
    match msg {
        SecretMsg::Found(of, found) => self::found(phase, cx, &of, found),
        SecretMsg::Kept(of, result) => keyring.done(result, || {
            let token = home_of(phase, &of)?.token.clone()?;
            Some(Undone::Keep(of, token))
        }),
        SecretMsg::Forgotten(of, result) => keyring.forgotten(cx, of, result),
        SecretMsg::AskEachTime(ask) => keyring.set_ask(cx, phase, ask),
        SecretMsg::Again => match phase {
            Phase::Out(Card::Refused {
                account,
                at,
                why: Refusal::Token(_),
            }) => {
                let identity = Identity {
                    account: account.clone(),
                    server: at.clone(),
                };
                *phase = start::again(coming, cx, identity);
            }
            Phase::Out(_) | Phase::Home(_) | Phase::Opening => keyring.again(cx),
        },
        SecretMsg::TypeInstead => wanted(phase, TokenWanted::Instead),
        SecretMsg::Seen => keyring.trouble = None,
    }
}

/// The keyring has answered whether it has the token of whoever comes back.
fn found(
    phase: &mut Phase,
    cx: &mut Cx<'_>,
    of: &Identity,
    found: Result<Option<Token>, KeyringTrouble>,
) {
    let Phase::Home(home) = phase else { return };
    if !home.finding || home.identity != *of {
        return;
    }
    match found {
        Ok(Some(token)) => {
            home.finding = false;
            home.token = Some(token);
            cx.effects.push(Effect::Return(home.credentials()));
        }
        Ok(None) => wanted(phase, TokenWanted::Gone),
        Err(why) => wanted(phase, TokenWanted::Keyring(why)),
    }
}

/// Whoever comes back has to type the token.
fn wanted(phase: &mut Phase, why: TokenWanted) {
    let Phase::Home(home) = phase else { return };
    if home.finding && home.link == Link::Coming {
        let Identity { account, server } = home.identity.clone();
        *phase = Phase::Out(Card::Refused {
            account,
            at: server,
            why: Refusal::Token(why),
        });
    }
}

fn home_of<'a>(phase: &'a Phase, of: &Identity) -> Option<&'a Home> {
    match phase {
        Phase::Home(home) if home.identity == *of => Some(home),
        Phase::Home(_) | Phase::Out(_) | Phase::Opening => None,
    }
}
