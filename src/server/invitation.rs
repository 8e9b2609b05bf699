//! Invitations of people to this server: a link with a code that is exchanged for a token, once.
//!
//! Who holds the code gets the account, so only its hash is kept, and it runs out after [`CODE_LIFE`].

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use rusqlite::Connection;

use super::config::App;
use super::store::{self, codes};
use crate::protocol::token::{self, Token, TokenKind, TokenSpec};
use crate::protocol::{Account, AppId, NameError};

/// How long a code may be exchanged (protocol page, section 20).
pub(super) const CODE_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How long the token that it is exchanged for is good, unless the invitation says otherwise.
pub(super) const TOKEN_VALIDITY: Duration = Duration::from_secs(365 * 24 * 3600);
/// The app id of an invitation on a server that lists no app.
pub(super) const DEFAULT_APP: &str = "callsign";

/// The secret of an invitation: 128 random bits, base64url without padding.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Code(String);

/// What a code is exchanged for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exchanged {
    /// Who was invited.
    pub account: Account,
    /// Their token, or `_no_need_token` where the app has no certificate.
    pub token: Token,
    /// When it expires, in Unix seconds.
    pub expires_s: u64,
}

/// Why a code is not made, or not exchanged.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    /// Nobody was invited with it.
    #[error("this code is not known")]
    Unknown,
    /// It was used, it is too old, or its app is served no more.
    #[error("this invitation was used already or is too old: ask for a new one")]
    Gone,
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] store::OpenError),
    /// The database failed.
    #[error("the invitations cannot be read or written")]
    Store(#[from] rusqlite::Error),
    /// The database holds a name that is none.
    #[error("the invitation holds a name that is none")]
    Name(#[from] NameError),
    /// The token cannot be made.
    #[error("the token cannot be made")]
    Token(#[from] token::BuildError),
    /// The system gave no random number.
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
}

impl Code {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes),
        ))
    }

    /// One that somebody brought.
    #[must_use]
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the link alone.
    #[must_use]
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Keeps a new invitation of an account, and returns its code.
///
/// # Errors
/// [`ExchangeError::Store`] or [`ExchangeError::Random`].
pub(super) fn invite(
    connection: &Connection,
    app: &AppId,
    account: &Account,
    token_validity: Duration,
    now_s: u64,
) -> Result<Code, ExchangeError> {
    let code = Code::random()?;
    let expires_at_ms = now_s
        .saturating_add(CODE_LIFE.as_secs())
        .saturating_mul(1000);
    let kept = codes::Code {
        app: app.to_string(),
        account: account.to_string(),
        token_valid_s: token_validity.as_secs(),
        expires_at_ms,
    };
    codes::put(connection, code.expose(), &kept)?;
    Ok(code)
}

/// Exchanges a code, which then is used up.
///
/// # Errors
/// See [`ExchangeError`].
pub(super) fn exchange(
    apps: &[App],
    connection: &Connection,
    code: &Code,
    now_s: u64,
) -> Result<Exchanged, ExchangeError> {
    let redeemed = codes::redeem(connection, code.expose(), now_s.saturating_mul(1000))?;
    let (app, account, token_valid_s) = match redeemed {
        codes::Redeem::Redeemed {
            app,
            account,
            token_valid_s,
        } => (
            AppId::try_from(app)?,
            Account::try_from(account)?,
            token_valid_s,
        ),
        codes::Redeem::Gone => return Err(ExchangeError::Gone),
        codes::Redeem::Unknown => return Err(ExchangeError::Unknown),
    };
    let expires_s = now_s.saturating_add(token_valid_s);
    let token = token_for(apps, &app, &account, now_s, expires_s)?;
    Ok(Exchanged {
        account,
        token,
        expires_s,
    })
}

/// The token of an invited account.
///
/// # Errors
/// All of [`ExchangeError`] that do not come from the database.
pub(crate) fn token_for(
    apps: &[App],
    app: &AppId,
    account: &Account,
    issued_s: u64,
    expires_s: u64,
) -> Result<Token, ExchangeError> {
    let certificate = match apps.iter().find(|have| have.id == *app) {
        Some(app) => app.rules.certificates.first(),
        None if apps.is_empty() => None,
        None => return Err(ExchangeError::Gone),
    };
    let Some(certificate) = certificate else {
        return Ok(Token::new("_no_need_token"));
    };
    let spec = TokenSpec {
        app,
        certificate,
        account,
        issued_s,
        expires_s,
        salt: getrandom::u32()?,
    };
    Ok(token::build(TokenKind::Signaling, &spec)?)
}

/// The link that is given to the invited. `host` is as it stands in a URL, `port` the one of TLS; `fingerprint` lets the app
/// know the server without anybody else's word.
#[must_use]
pub(super) fn link(host: &str, port: u16, app: &AppId, code: &Code, fingerprint: &str) -> String {
    let app = percent_encoded(app.as_str());
    let code = code.expose();
    format!("callsign://{host}:{port}/?app={app}&code={code}&fp={fingerprint}")
}

/// All but the unreserved characters of RFC 3986, section 2.3.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::token::{Certificate, verify};
    use crate::server::store::{self, Durability};

    const NOW_S: u64 = 1_700_000_000;

    struct World {
        connection: Connection,
        code: Code,
        _dir: tempfile::TempDir,
    }

    fn invited(app: &str) -> World {
        let dir = tempfile::tempdir().expect("a directory");
        let connection = store::open(dir.path(), Durability::Process).expect("opened");
        let app = AppId::try_from(app).expect("an app id");
        let alice = Account::try_from("alice").expect("a name");
        let validity = Duration::from_secs(3600);
        let code = invite(&connection, &app, &alice, validity, NOW_S).expect("kept");
        World {
            connection,
            code,
            _dir: dir,
        }
    }

    #[test]
    fn a_code_becomes_a_token_of_the_first_certificate_once() {
        let world = invited("one");
        let apps = [App::of("one", &["new", "old"])];
        let got = exchange(&apps, &world.connection, &world.code, NOW_S).expect("exchanged");
        assert_eq!(got.account.as_str(), "alice");
        assert_eq!(got.expires_s, NOW_S + 3600);
        let new = [Certificate::new("new")];
        verify(&got.token, &apps[0].id, &got.account, &new, NOW_S).expect("a good token");
        let again = exchange(&apps, &world.connection, &world.code, NOW_S);
        assert!(matches!(again, Err(ExchangeError::Gone)), "{again:?}");
    }

    #[test]
    fn an_old_code_is_gone_and_a_wrong_one_unknown() {
        let world = invited("one");
        let late_s = NOW_S + CODE_LIFE.as_secs() + 1;
        let late = exchange(&[], &world.connection, &world.code, late_s);
        assert!(matches!(late, Err(ExchangeError::Gone)), "{late:?}");
        let wrong = exchange(&[], &world.connection, &Code::new("guess"), NOW_S);
        assert!(matches!(wrong, Err(ExchangeError::Unknown)), "{wrong:?}");
    }

    #[test]
    fn without_a_certificate_no_token_is_needed() {
        for apps in [vec![], vec![App::of("one", &[])]] {
            let world = invited("one");
            let got = exchange(&apps, &world.connection, &world.code, NOW_S).expect("exchanged");
            assert!(got.token.is_none());
        }
    }

    #[test]
    fn an_app_that_is_served_no_more_takes_its_invitations_with_it() {
        let world = invited("one");
        let got = exchange(
            &[App::of("two", &["x"])],
            &world.connection,
            &world.code,
            NOW_S,
        );
        assert!(matches!(got, Err(ExchangeError::Gone)), "{got:?}");
    }

    #[test]
    fn a_link_says_where_what_and_who_the_server_is() {
        let app = AppId::try_from("a&b=é").expect("an app id");
        let text = link("[::1]", 7801, &app, &Code::new("c0de"), "f-p");
        assert_eq!(
            text,
            "callsign://[::1]:7801/?app=a%26b%3D%C3%A9&code=c0de&fp=f-p"
        );
    }

    #[test]
    fn codes_are_long_differ_and_are_never_shown() {
        let (one, two) = (
            Code::random().expect("random"),
            Code::random().expect("random"),
        );
        assert_ne!(one, two);
        assert_eq!(one.0.len(), 22);
        assert_eq!(format!("{one:?}"), "***");
    }
}
