//! A session of a 1.x client: signs in, joins, calls. For what is done once; loads write their own frames.

use callsign::protocol::codec;
use callsign::protocol::token::Token;
use callsign::protocol::{
    Call, CallId, CallRet, ClientFrame, Login, LoginRet, Reply, Request, ServerFrame, SessionLine,
};

use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::{LoadError, Target};

/// A connection that has signed in.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) line: SessionLine,
    calls: i64,
}

/// Accounts that no earlier run has used: what waits in their inboxes would be counted.
pub(crate) struct Accounts(String);

impl Accounts {
    pub(crate) fn new() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ms = since.map_or(0, |since| since.as_millis());
        Self(format!("load-{ms:x}-"))
    }

    pub(crate) fn get(&self, number: usize) -> String {
        format!("{}{number}", self.0)
    }
}

impl Session {
    /// Connects and signs in.
    pub(crate) async fn open(target: &Target, account: &str) -> Result<Self, LoadError> {
        let connection = Connection::open(&target.url).await?;
        let mut session = Self {
            connection,
            line: SessionLine::new(""),
            calls: 0,
        };
        let login = ClientFrame::Login(Box::new(Login {
            vid: target.app.clone(),
            account: account.to_owned(),
            token: Token::new("_no_need_token".to_owned()),
            device: "websdk".to_owned(),
            caps: callsign::protocol::Caps::NONE,
            resume: None,
            take_over: true,
        }));
        let connection = &mut session.connection;
        connection.send(&codec::encode_client(&login)).await?;
        let granted = connection.wait_for(|text| {
            // Nothing comes before it.
            let frame = server_frame(text)?;
            let ServerFrame::LoginRet(ret) = frame else {
                return Err(LoadError::Wrong(format!("{frame:?} came unasked")));
            };
            match ret {
                LoginRet::Granted(grant) => Ok(Some(grant)),
                LoginRet::Refused { reason, .. } => Err(LoadError::Refused(format!(
                    "{reason} (--limit logins_per_address=0 on the server?)"
                ))),
            }
        });
        session.line = granted.await?.line;
        Ok(session)
    }

    /// Sends a frame and waits for no answer.
    pub(crate) async fn tell(&mut self, frame: &ClientFrame) -> Result<(), LoadError> {
        self.connection.send(&codec::encode_client(frame)).await
    }

    /// The text of a call, and its id.
    pub(crate) fn call_text(&mut self, request: Request) -> (String, i64) {
        self.calls += 1;
        let call = ClientFrame::Call(Call {
            id: CallId(self.calls),
            line: Some(self.line.clone()),
            request: Ok(request),
        });
        (codec::encode_client(&call), self.calls)
    }

    /// Calls a function; what else comes before its answer is passed over.
    pub(crate) async fn call(&mut self, request: Request) -> Result<Reply, LoadError> {
        let (text, own) = self.call_text(request);
        self.connection.send(&text).await?;
        let answer = self.connection.wait_for(|text| {
            let frame = server_frame(text)?;
            if let ServerFrame::CallRet(CallRet { id, result }) = frame
                && id == CallId(own)
            {
                return Ok(Some(result));
            }
            Ok(None)
        });
        answer
            .await?
            .map_err(|failure| LoadError::Refused(failure.reason))
    }
}

/// Makes many of something, so many at once.
pub(crate) async fn many<T: 'static, Making>(
    count: usize,
    at_once: usize,
    make: impl Fn(usize) -> Making,
) -> Result<Vec<T>, LoadError>
where
    Making: Future<Output = Result<T, LoadError>> + 'static,
{
    let mut making = JoinSet::new();
    let mut made = Vec::with_capacity(count);
    let mut begun = 0;
    while made.len() < count {
        while begun < count && making.len() < at_once {
            making.spawn_local(make(begun));
            begun += 1;
        }
        match making.join_next().await {
            Some(Ok(result)) => made.push(result?),
            Some(Err(_)) | None => return Err(LoadError::Closed),
        }
    }
    Ok(made)
}

fn server_frame(text: &[u8]) -> Result<ServerFrame, LoadError> {
    let text = std::str::from_utf8(text).map_err(|error| LoadError::Wrong(error.to_string()))?;
    codec::decode_server(text).map_err(|error| LoadError::Wrong(error.to_string()))
}

/// Whether a text is the answer to a call; an error if the call failed. An answer's text begins with its result.
pub(crate) fn is_answer(text: &[u8]) -> Result<bool, LoadError> {
    let Some(rest) = text.strip_prefix(br#"["call2-ret",["#) else {
        return Ok(false);
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if rest[digits..].starts_with(br#","","{\"result\":\"ok\""#) {
        return Ok(true);
    }
    let text = String::from_utf8_lossy(text);
    Err(LoadError::Refused(format!(
        "{text} (for channel messages, start it with --limit channel_messages_per_user=0 --limit channel_messages=0)"
    )))
}

/// How the end of a message's text says its number: eight digits behind a `#`.
pub(crate) fn numbered(number: u64) -> String {
    format!("#{:08}", number % 100_000_000)
}

/// The number at a `#`.
pub(crate) fn number_at(text: &[u8], at: usize) -> Option<u64> {
    let digits = text.get(at + 1..at + 9)?;
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = 10 * number + u64::from(digit - b'0');
    }
    Some(number)
}
