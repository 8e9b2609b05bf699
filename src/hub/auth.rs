//! Whether a login is granted, and if not, why.

use crate::protocol::token::{self, TokenError, Verified};
use crate::protocol::{Account, AppId, Code, Login, Resume};

use super::sessions::Session;
use super::{AppRules, Apps};

/// Why a login is refused: what clients are told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// The app and the account of a login, and the app's rules.
pub(super) fn app_and_account(
    apps: &Apps,
    login: &Login,
) -> Result<(AppId, Account, AppRules), Refusal> {
    let (app, account) = login
        .names()
        .map_err(|(code, reason)| Refusal::new(code, reason))?;
    match apps {
        Apps::Any => Ok((app, account, AppRules::default())),
        Apps::Listed(listed) => match listed.get(&app) {
            Some(rules) => Ok((app, account, rules.clone())),
            None => Err(Refusal::new(
                Code::LoginFailed,
                "this server does not serve the app",
            )),
        },
    }
}

/// What the token proves. `None`: nothing, and the app asks for nothing.
pub(super) fn proof(
    app: &AppId,
    rules: &AppRules,
    account: &Account,
    login: &Login,
    now_s: u64,
) -> Result<Option<Verified>, Refusal> {
    let asks_nothing = rules.certificates.is_empty() || login.token.is_none();
    if !rules.token_required && asks_nothing {
        return Ok(None);
    }
    let verified = token::verify(&login.token, app, account, &rules.certificates, now_s)?;
    Ok(Some(verified))
}

/// A client whose session was displaced by a login elsewhere stays out, also if it was asleep and did not hear of it. Only a
/// person's own login, which brings no key, displaces in turn.
pub(super) fn not_displaced(
    session: Option<&Session>,
    resume: Option<&Resume>,
) -> Result<(), Refusal> {
    let (Some(session), Some(resume)) = (session, resume) else {
        return Ok(());
    };
    // It may not have heard the answer to the login that made this session, and then brings the key that it brought then.
    let before = session.before.as_deref().map(|before| &before.key);
    if session.is_resumed_by(Some(resume)) || before == Some(&resume.key) {
        return Ok(());
    }
    Err(Refusal::new(Code::LoginTokenKicked, "kick"))
}

/// A client that displaces nobody, so that it can ask its user first, is let in only where the account has no other session. One
/// that waits for its client to come back is none: nobody would be displaced.
pub(super) fn alone(session: Option<&Session>, login: &Login) -> Result<(), Refusal> {
    let resume = login.resume.as_deref();
    let other = session.is_some_and(|session| !session.detached && !session.is_resumed_by(resume));
    if other && !login.take_over {
        let reason = "the account is signed in elsewhere";
        return Err(Refusal::new(Code::LoginAlreadyLogin, reason));
    }
    Ok(())
}

/// A token issued earlier does not displace the session of one issued later. Only tokens that say when they were issued
/// can be told apart so.
pub(super) fn newer(session: Option<&Session>, proof: Option<&Verified>) -> Result<(), Refusal> {
    let issued = |proof: Option<&Verified>| proof.and_then(|proof| proof.issued_s);
    let used = issued(session.and_then(|session| session.proof.as_ref()));
    match (used, issued(proof)) {
        // Clients tell this refusal by this word exactly.
        (Some(used), Some(new)) if new < used => Err(Refusal::new(Code::LoginTokenKicked, "kick")),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
