//! The start: whoever was signed in comes back, with what is kept on this computer on the screen before there is a link.

use serde_json::{Map, Value, json};

use super::home::Home;
use super::sign_in::{Card, Refusal};
use super::{Cx, Link, Phase};
use crate::app::effect::Effect;
use crate::app::kept::{Overview, StoreEffect};
use crate::app::msg::{Credentials, Place};
use crate::protocol::{Account, AppId};

/// The setting that says who was signed in, and where. Never a token: that is for the system's keyring.
const SIGNED_IN: &str = "signed_in";

/// What is said where a token is wanted.
const NO_TOKEN: &str =
    "This server lets you in with a token, which no file keeps. Paste it again, then sign in.";

/// Who was signed in when the program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    account: Account,
    place: Place,
    /// Whether the server wanted a token, which is not here.
    token: bool,
}

/// The history is open.
pub(super) fn opened(phase: &mut Phase, cx: &mut Cx<'_>, overview: Overview) {
    if !matches!(phase, Phase::Opening) {
        return;
    }
    let kept = overview.settings.get(SIGNED_IN).and_then(read);
    *phase = match kept {
        Some(Kept {
            account,
            place,
            token: false,
        }) => {
            let mut home = Home::new(account.clone(), Link::Coming);
            cx.effects
                .push(Effect::Return(Credentials { account, place }));
            home.fill(cx, overview);
            home.open_latest(cx);
            Phase::Home(Box::new(home))
        }
        // A token is asked for anew.
        Some(Kept { account, .. }) => Phase::Out(Card::Refused {
            account,
            why: Refusal::Here(NO_TOKEN.to_owned()),
        }),
        None => Phase::Out(Card::Empty),
    };
}

/// Somebody has signed in: that is kept, and what is kept of before is looked at.
pub(super) fn signed_in(cx: &mut Cx<'_>, credentials: &Credentials) {
    let setting = StoreEffect::Setting(SIGNED_IN.to_owned(), Some(write(credentials)));
    cx.effects.push(Effect::Store(setting));
    cx.effects.push(Effect::Store(StoreEffect::Overview));
}

/// Somebody has signed out, and is not to come back by themselves.
pub(super) fn signed_out(cx: &mut Cx<'_>) {
    let setting = StoreEffect::Setting(SIGNED_IN.to_owned(), None);
    cx.effects.push(Effect::Store(setting));
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

fn read(value: &Value) -> Option<Kept> {
    let account = Account::try_from(value.get("account")?.as_str()?).ok()?;
    let (place, token) = match value.get("place")? {
        Value::Object(place) => address(place)?,
        Value::Null => (Place::ThisComputer, false),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return None,
    };
    Some(Kept {
        account,
        place,
        token,
    })
}

fn address(place: &Map<String, Value>) -> Option<(Place, bool)> {
    let url = place.get("url")?.as_str()?.to_owned();
    let app = AppId::try_from(place.get("app")?.as_str()?).ok()?;
    let wanted = place.get("token")?.as_bool()?;
    let token = None;
    Some((Place::Address { url, app, token }, wanted))
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
            url: url.clone(),
            app: app.clone(),
            token: Some(Token::new("a-secret")),
        };
        let written = write(&Credentials {
            account: account.clone(),
            place,
        });
        assert!(!written.to_string().contains("a-secret"));
        let token = None;
        let place = Place::Address { url, app, token };
        let token = true;
        let kept = Kept {
            account,
            place,
            token,
        };
        assert_eq!(read(&written), Some(kept));
    }
}
