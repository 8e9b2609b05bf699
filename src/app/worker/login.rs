//! Signing in: finds the server, and tries as often as somebody has patience.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::here::Here;
use super::log;
use super::session::failure;
use crate::app::msg::{Credentials, Failure, Place};
use crate::calls::SoundOptions;
use crate::client::core::{Acknowledge, LoginOptions, Reconnect};
use crate::client::error::LoginError;
use crate::client::{Events, LogLevel, Session, Signal};
use crate::net::tap::Tap;
use crate::net::ws::Server;
use crate::protocol::token::Token;
use crate::protocol::{AppId, Code};

/// The app that Callsigns on one computer share.
pub(super) const OWN_APP: &str = "callsign";
/// What stands for a token where none is needed (protocol page, section 4).
const NO_TOKEN: &str = "_no_need_token";

/// A session whose events nobody has taken yet.
pub(super) struct AtDoor {
    pub(super) signal: Signal,
    pub(super) session: Session,
    pub(super) events: Events,
    /// How its calls are to sound.
    pub(super) sound: SoundOptions,
}

/// Why nobody is in.
pub(super) enum SignInError {
    /// No server on this computer.
    Here(String),
    /// The server's or the SDK's word.
    Login(Failure),
}

/// The login's answer, once there is one.
pub(super) async fn signed_in(
    login: &mut Option<JoinHandle<Result<AtDoor, SignInError>>>,
) -> Result<AtDoor, SignInError> {
    let Some(waiting) = login else {
        return std::future::pending().await;
    };
    let answer = waiting.await;
    *login = None;
    answer.unwrap_or_else(|error| {
        Err(SignInError::Login(Failure {
            code: Code::LoginOther,
            detail: error.to_string(),
        }))
    })
}

/// How long to try to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Once: somebody waits for the answer.
    None,
    /// Until there is a server.
    Endless,
}

/// What becomes of a session that the account has elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// It stays, and we are not let in.
    Stays,
    /// It ends.
    Ends,
}

/// Between two tries to sign in without anybody waiting; twice as long after each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(super) async fn login(
    here: Here,
    tap: Tap,
    credentials: Credentials,
    patience: Patience,
    elsewhere: Elsewhere,
) -> Result<AtDoor, SignInError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match login_once(here.clone(), tap.clone(), credentials.clone(), elsewhere).await {
            Err(SignInError::Login(Failure {
                code: Code::LoginNet,
                ..
            })) if patience == Patience::Endless => {
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
            answer => return answer,
        }
    }
}

async fn login_once(
    here: Here,
    tap: Tap,
    credentials: Credentials,
    elsewhere: Elsewhere,
) -> Result<AtDoor, SignInError> {
    // Whoever is at the server on this computer may be called by somebody who is, too.
    let mut sound = SoundOptions::for_server("localhost");
    let (signal, token) = match credentials.place {
        Place::ThisComputer => {
            let server = here.join().await.map_err(SignInError::Here)?;
            let app = AppId::try_from(OWN_APP).map_err(|error| {
                let failure = failure(Code::LoginFailed, &error);
                SignInError::Login(failure)
            })?;
            (Signal::new(app, server), None)
        }
        Place::Address { url, app, token } => {
            sound = SoundOptions::for_server(&url);
            let server = if url.starts_with("http") {
                Server::named_by(&url)
            } else {
                Server::at(&url)
            };
            let server =
                server.map_err(|error| SignInError::Login(failure(Code::LoginNet, &error)))?;
            (Signal::new(app, server.tapped(tap)), token)
        }
    };
    let token = token.unwrap_or_else(|| Token::new(NO_TOKEN));
    log::hide(token.expose());
    // What becomes of its links, for whoever saves the log.
    signal.set_do_log(true, LogLevel::Info);
    let options = LoginOptions {
        reconnect: Reconnect::Unlimited,
        take_over: elsewhere == Elsewhere::Ends,
        // What is not in the history yet is told again after a kill.
        acknowledge: Acknowledge::Kept,
        ..LoginOptions::default()
    };
    let (session, events) = signal
        .login(&credentials.account, token, options)
        .await
        .map_err(|error| SignInError::Login(login_failure(&error)))?;
    Ok(AtDoor {
        signal,
        session,
        events,
        sound,
    })
}

fn login_failure(error: &LoginError) -> Failure {
    let detail = match error {
        LoginError::AlreadyLoggedIn | LoginError::OnlineElsewhere | LoginError::Cancelled => {
            String::new()
        }
        LoginError::Unreachable { reason }
        | LoginError::Rejected { reason, .. }
        | LoginError::Refused { reason, .. } => reason.clone(),
    };
    let code = error.code();
    Failure { code, detail }
}
