//! `[event, payload]`: the frames of both directions. Knows nothing of their JSON, which is the codec's.

use super::{
    Account, Additions, AppId, Caps, Code, Failure, Push, Reply, Request, Resume, SessionLine, Uid,
    token::Token,
};

/// What a client may send.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientFrame {
    /// `login`: the first frame of a connection.
    Login(Box<Login>),
    /// `line_login`: to take up a session by its line. No known client ever sends it; no answer is defined.
    LineLogin {
        /// The line of the session.
        line: SessionLine,
    },
    /// `ping`: every 10 s from login on. Answered with the same number.
    Ping(i64),
    /// `call2`: a function of the API.
    Call(Call),
    /// `set_flag`: what the client can read beyond 1.3, sent by 1.4.0 right after login.
    SetFlag {
        /// Whether the server may send compressed binary frames.
        binary: bool,
    },
    /// An event that we do not know. It is ignored, as the API's clients do.
    Unknown {
        /// Its name.
        event: String,
    },
}

/// `login`: who signs in to which app, and with what proof. Names are checked by whoever answers, since each has an error of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// The app id as sent.
    pub vid: String,
    /// The account as sent; a number is taken as its text.
    pub account: String,
    /// The proof.
    pub token: Token,
    /// What kind of client this is: `websdk`, `javasdk`, ours.
    pub device: String,
    /// What it asks for beyond 1.x.
    pub caps: Caps,
    /// The session that it wants to take up.
    pub resume: Option<Box<Resume>>,
    /// Whether it ends a session that the account has elsewhere, as every 1.x client does. One that does not is refused
    /// while there is such a session.
    pub take_over: bool,
}

/// `login_ret`.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginRet {
    /// The session stands.
    Granted(LoginGrant),
    /// It does not; the socket is closed soon after.
    Refused {
        /// What the old clients tell their codes from: `TokenErrorExpired`, `kick`, `wrong account ...`.
        reason: String,
        /// The code of the refusal.
        code: Code,
    },
}

/// What a successful login answers.
#[derive(Clone, Debug, PartialEq)]
pub struct LoginGrant {
    /// The key of the session.
    pub line: SessionLine,
    /// The account's number.
    pub uid: Uid,
    /// What a client that asked for additions is told; `None` for a 1.x client, and from a 1.x server.
    pub additions: Option<Box<Additions>>,
}

/// `call2`: a request with its line and the id that its answer repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Repeated in the answer.
    pub id: CallId,
    /// The session the client claims; `None` where it is absent or not a text.
    pub line: Option<SessionLine>,
    /// What is asked, or the answer to a question that was not understood.
    pub request: Result<Request, Failure>,
}

/// The id of a call: the web clients count from 1, the Python client from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct CallId(pub i64);

/// What a server may send.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerFrame {
    /// `login_ret`: the first frame of a connection; nothing may come before it.
    LoginRet(LoginRet),
    /// `pong`: the number of the ping.
    Pong(i64),
    /// `call2-ret`: the answer to a call, exactly once.
    CallRet(CallRet),
    /// `notify`: what the server says unasked.
    Notify(Push),
    /// `close`: the session is over; clients do not come back after it.
    Close(String),
    /// `kick`: the account signed in elsewhere. Only 1.4.0 understands it; a `close` follows.
    Kick(String),
    /// `multi`: several frames in one, in order. Only 1.4.0 understands it.
    Multi(Vec<ServerFrame>),
    /// An event that we do not know.
    Unknown {
        /// Its name.
        event: String,
    },
}

/// `call2-ret`.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRet {
    /// The id of the call.
    pub id: CallId,
    /// What came of it.
    pub result: Result<Reply, Failure>,
}

impl Login {
    /// The names of the login, checked.
    ///
    /// # Errors
    /// The code and the text that the old clients tell apart: app before account.
    pub fn names(&self) -> Result<(AppId, Account), (Code, String)> {
        let app = AppId::try_from(self.vid.as_str())
            .map_err(|error| (Code::LoginFailed, format!("the app id {error}")))?;
        // Clients make code 209 of a text that begins so.
        let account = Account::try_from(self.account.as_str())
            .map_err(|error| (Code::LoginInvalidUser, format!("wrong account: it {error}")))?;
        Ok((app, account))
    }
}
