//! `POST /invite`: an invitation code for an account and its token.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::head::Head;
use super::response::Response;
use super::routes::Visit;
use super::throttle::Throttle;
use crate::server::config::App;
use crate::server::invitation::{self, Code, ExchangeError, Exchanged};
use crate::server::store::{self, Durability};

/// The most bytes of the request's body; a code takes 40.
const BODY_BYTES: usize = 1024;
/// How long the body may take.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The desk at which codes are exchanged.
#[derive(Debug)]
pub(crate) struct Desk {
    kept: Option<Kept>,
    throttle: Mutex<Throttle>,
}

#[derive(Clone, Debug)]
struct Kept {
    dir: PathBuf,
    durability: Durability,
    apps: Arc<[App]>,
}

#[derive(Deserialize)]
struct Body {
    code: String,
}

impl Desk {
    /// Exchanges the codes that are kept in a data directory.
    pub(crate) fn new(dir: PathBuf, durability: Durability, apps: &[App]) -> Self {
        Self {
            kept: Some(Kept {
                dir,
                durability,
                apps: apps.into(),
            }),
            throttle: Mutex::default(),
        }
    }

    /// For a server that keeps nothing, and so no invitations.
    pub(crate) fn closed() -> Self {
        Self {
            kept: None,
            throttle: Mutex::default(),
        }
    }

    /// Reads the body and answers.
    pub(crate) async fn answer<S>(&self, stream: &mut S, head: Head, visit: &Visit) -> Response
    where
        S: AsyncRead + Unpin,
    {
        let allowed = self
            .throttle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .allows(Instant::now(), visit.peer.ip());
        if !allowed {
            return Response::text(429, "too many attempts: wait a second")
                .with("Retry-After", "1");
        }
        let code = match code_of(stream, head).await {
            Ok(code) => code,
            Err(response) => return response,
        };
        let Some(kept) = self.kept.clone() else {
            return Response::text(404, "this server keeps no invitations");
        };
        match tokio::task::spawn_blocking(move || kept.exchange(&code)).await {
            Ok(Ok(exchanged)) => granted(&exchanged),
            Ok(Err(error)) => refused(&error),
            Err(_panicked) => Response::text(500, "the exchange failed"),
        }
    }
}

impl Kept {
    fn exchange(&self, code: &Code) -> Result<Exchanged, ExchangeError> {
        let connection = store::open(&self.dir, self.durability)?;
        invitation::exchange(&self.apps, &connection, code, crate::server::unix_s())
    }
}

async fn code_of<S: AsyncRead + Unpin>(stream: &mut S, head: Head) -> Result<Code, Response> {
    let length = match head.header("Content-Length").map(str::parse::<usize>) {
        Some(Ok(length)) => length,
        Some(Err(_)) => return Err(Response::text(400, "Content-Length must be a number")),
        None => return Err(Response::text(411, "the request needs a Content-Length")),
    };
    if length > BODY_BYTES {
        let sentence = format!("the body may have at most {BODY_BYTES} bytes");
        return Err(Response::text(413, sentence));
    }
    let mut body = head.leftover;
    body.truncate(length);
    let had = body.len();
    body.resize(length, 0);
    let reading = stream.read_exact(&mut body[had..]);
    match tokio::time::timeout(BODY_TIME, reading).await {
        Ok(Ok(_)) => {}
        Ok(Err(_)) => return Err(Response::text(400, "the body is shorter than it says")),
        Err(_) => return Err(Response::text(408, "the body did not come in time")),
    }
    match serde_json::from_slice::<Body>(&body) {
        Ok(Body { code }) => Ok(Code::new(&code)),
        // The parser's own words might quote the code.
        Err(_) => Err(Response::text(400, "the body must be {\"code\": \"...\"}")),
    }
}

fn granted(exchanged: &Exchanged) -> Response {
    let body = json!({
        "account": exchanged.account.as_str(),
        "token": exchanged.token.expose(),
        "expires": exchanged.expires_s,
    });
    Response::json(200, &body)
}

fn refused(error: &ExchangeError) -> Response {
    let status = match error {
        ExchangeError::Unknown => 404,
        ExchangeError::Gone => 410,
        ExchangeError::Open(_)
        | ExchangeError::Store(_)
        | ExchangeError::Name(_)
        | ExchangeError::Token(_)
        | ExchangeError::Random(_) => {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "an invitation could not be exchanged"
            );
            500
        }
    };
    Response::text(status, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Account, AppId};
    use tokio::io::AsyncWriteExt as _;

    struct World {
        desk: Desk,
        code: String,
        _dir: tempfile::TempDir,
    }

    fn world() -> World {
        let dir = tempfile::tempdir().expect("a directory");
        let connection = store::open(dir.path(), Durability::Process).expect("opened");
        let app = AppId::try_from("one").expect("an app id");
        let alice = Account::try_from("alice").expect("a name");
        let now_s = crate::server::unix_s();
        let validity = Duration::from_secs(3600);
        let code = invitation::invite(&connection, &app, &alice, validity, now_s).expect("kept");
        World {
            desk: Desk::new(dir.path().to_owned(), Durability::Process, &[]),
            code: code.expose().to_owned(),
            _dir: dir,
        }
    }

    async fn post(desk: &Desk, length: Option<&str>, body: &str) -> Response {
        let (mut client, mut server) = tokio::io::duplex(4096);
        let (early, late) = body.split_at(body.len() / 2);
        client.write_all(late.as_bytes()).await.expect("sent");
        client.shutdown().await.expect("ended");
        let head = Head {
            method: "POST".to_owned(),
            path: "/invite".to_owned(),
            minor_version: 1,
            headers: length
                .map(|length| ("content-length".to_owned(), length.to_owned()))
                .into_iter()
                .collect(),
            leftover: early.as_bytes().to_vec(),
        };
        let visit = Visit {
            local: "127.0.0.1:7801".parse().expect("an address"),
            peer: "192.0.2.9:5".parse().expect("an address"),
            secure: true,
        };
        desk.answer(&mut server, head, &visit).await
    }

    async fn exchange(desk: &Desk, code: &str) -> Response {
        let body = json!({ "code": code }).to_string();
        post(desk, Some(&body.len().to_string()), &body).await
    }

    #[tokio::test]
    async fn a_code_works_once() {
        let world = world();
        let first = exchange(&world.desk, &world.code).await;
        assert_eq!(first.status, 200, "{first:?}");
        let answer: serde_json::Value = serde_json::from_str(&first.body).expect("JSON");
        assert_eq!(answer["account"], "alice");
        assert_eq!(answer["token"], "_no_need_token");
        assert!(answer["expires"].as_u64() > Some(crate::server::unix_s() + 3000));
        assert_eq!(exchange(&world.desk, &world.code).await.status, 410);
        assert_eq!(exchange(&world.desk, "guess").await.status, 404);
    }

    #[tokio::test]
    async fn a_body_that_is_none_is_told_so() {
        let desk = Desk::closed();
        assert_eq!(post(&desk, None, "{}").await.status, 411);
        assert_eq!(post(&desk, Some("many"), "{}").await.status, 400);
        assert_eq!(post(&desk, Some("2"), "{}").await.status, 400);
        assert_eq!(post(&desk, Some("4"), "code").await.status, 400);
        assert_eq!(post(&desk, Some("40"), "{}").await.status, 400);
        assert_eq!(post(&desk, Some("1025"), "{}").await.status, 413);
        assert_eq!(exchange(&desk, "any").await.status, 404);
    }

    #[tokio::test]
    async fn guessing_is_slowed_down() {
        let desk = Desk::closed();
        let mut refused = 0;
        // Whatever the clock does meanwhile, more than ten of a hundred in a row come within one second.
        for _ in 0..100 {
            refused += usize::from(exchange(&desk, "guess").await.status == 429);
        }
        assert!(refused > 0);
    }
}
