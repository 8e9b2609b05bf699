//! The start: whoever was signed in comes back, with what is kept on this computer on the screen before there is a link.
//! And whose history is open: that of the account that is in, and no other's.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::home::Home;
use super::keyring::{Keyring, TokenWanted};
use super::sign_in::{Card, Refusal};
use super::{Cx, Link, Phase};
use crate::app::effect::{Effect, SecretEffect};
use crate::app::kept::{Overview, SIGNED_IN, StoreEffect};
use crate::app::msg::{Credentials, Identity, Place, ServerAt};
use crate::protocol::{Account, AppId};

/// Who was signed in when the program ended, and comes back as soon as their history is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coming {
    identity: Identity,
    /// Whether the server wanted a token, which no file keeps.
    token: bool,
}

/// The profile is open. Whoever comes back is to see their own history first: `coming` waits for it.
pub(super) fn opened(
    phase: &mut Phase,
    coming: &mut Option<Coming>,
    keyring: &Keyring,
    cx: &mut Cx<'_>,
    settings: &BTreeMap<String, Value>,
) {
    if !matches!(phase, Phase::Opening) {
        return;
    }
    let Some(kept) = settings.get(SIGNED_IN).and_then(read) else {
        *phase = Phase::Out(Card::Empty);
        return;
    };
    if kept.token && keyring.ask {
        let Identity { account, server } = kept.identity;
        *phase = Phase::Out(Card::Refused {
            account,
            at: server,
            why: Refusal::Token(TokenWanted::Ask),
        });
        return;
    }
    open(cx, kept.identity.clone());
    *coming = Some(kept);
}

/// Whoever was to come back by the keyring's token tries once more.
pub(super) fn again(coming: &mut Option<Coming>, cx: &mut Cx<'_>, identity: Identity) -> Phase {
    open(cx, identity.clone());
    let token = true;
    *coming = Some(Coming { identity, token });
    Phase::Opening
}

/// The history of an account is open.
pub(super) fn filled(
    phase: &mut Phase,
    coming: &mut Option<Coming>,
    cx: &mut Cx<'_>,
    overview: Overview,
) {
    match phase {
        Phase::Home(home) => {
            home.fill(cx, overview);
            if home.chats.opened().is_none() {
                home.open_latest(cx);
            }
        }
        Phase::Opening => {
            let Some(Coming { identity, token }) = coming.take() else {
                return;
            };
            let mut home = Home::new(cx, identity, Link::Coming);
            home.by_token = token;
            home.finding = token;
            cx.effects.push(if token {
                Effect::Secret(SecretEffect::Find(home.identity.clone()))
            } else {
                Effect::Return(home.credentials())
            });
            home.fill(cx, overview);
            home.open_latest(cx);
            *phase = Phase::Home(Box::new(home));
        }
        // Signed out meanwhile.
        Phase::Out(_) => {}
    }
}

/// Somebody has signed in: that is kept, and what is kept of before is looked at.
pub(super) fn signed_in(cx: &mut Cx<'_>, credentials: &Credentials) {
    let setting = StoreEffect::Setting(SIGNED_IN.to_owned(), Some(write(credentials)));
    cx.effects.push(Effect::Store(setting));
    open(cx, credentials.identity());
}

fn open(cx: &mut Cx<'_>, identity: Identity) {
    let history = StoreEffect::Account(Some(identity));
    cx.effects.push(Effect::Store(history));
}

/// Somebody has signed out, and is not to come back by themselves.
pub(super) fn signed_out(cx: &mut Cx<'_>) {
    let setting = StoreEffect::Setting(SIGNED_IN.to_owned(), None);
    cx.effects.push(Effect::Store(setting));
    cx.effects.push(Effect::Store(StoreEffect::Account(None)));
}

fn write(credentials: &Credentials) -> Value {
    let place = match &credentials.place {
        Place::ThisComputer => Value::Null,
        Place::Address { url, app, token } => {
            json!({"url": url, "app": app.as_str(), "token": token.is_some()})
        }
    };
    json!({"account": credentials.account.as_str(), "place": place})
}

/// Who somebody is, and where, as it is kept.
pub(super) fn named(of: &Identity) -> Value {
    let place = of.server.as_ref().map(|server| {
        let (url, app) = (&server.url, server.app.as_str());
        json!({"url": url, "app": app, "token": true})
    });
    json!({"account": of.account.as_str(), "place": place})
}

/// Who that is that was kept.
pub(super) fn identity(value: &Value) -> Option<Identity> {
    read(value).map(|kept| kept.identity)
}

fn read(value: &Value) -> Option<Coming> {
    let account = Account::try_from(value.get("account")?.as_str()?).ok()?;
    let (server, token) = match value.get("place")? {
        Value::Object(place) => address(place).map(|(server, token)| (Some(server), token))?,
        Value::Null => (None, false),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return None,
    };
    let identity = Identity { account, server };
    Some(Coming { identity, token })
}

fn address(place: &Map<String, Value>) -> Option<(ServerAt, bool)> {
    let url = place.get("url")?.as_str()?.to_owned();
    let app = AppId::try_from(place.get("app")?.as_str()?).ok()?;
    let wanted = place.get("token")?.as_bool()?;
    Some((ServerAt { url, app }, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::token::Token;

    #[test]
    fn who_was_signed_in_is_kept_without_the_token() {
        let account = Account::try_from("ann").expect("an account");
        let app = AppId::try_from("own").expect("an app");
        let url = "wss://example.org".to_owned();
        let place = Place::Address {
            url,
            app,
            token: Some(Token::new("a-secret")),
        };
        let credentials = Credentials { account, place };
        let written = write(&credentials);
        assert!(!written.to_string().contains("a-secret"));
        let kept = Coming {
            identity: credentials.identity(),
            token: true,
        };
        assert_eq!(read(&written), Some(kept));
    }
}
