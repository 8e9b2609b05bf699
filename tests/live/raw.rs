//! A WebSocket with nothing on top: frames made by hand, for what no SDK would send.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::server::Server;

/// How long to wait for what must come.
const DEADLINE: Duration = Duration::from_secs(20);

/// A connection.
pub(crate) struct Raw {
    socket: WebSocket<TcpStream>,
    /// The key of the session, once signed in.
    line: String,
    calls: i64,
    /// What came while an answer was waited for.
    waiting: VecDeque<Value>,
}

/// What came.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    /// A frame.
    Frame(Value),
    /// The server's close frame, with its status.
    Closed(Option<u16>),
    /// The end of the connection without a close frame.
    Cut,
}

/// The answer to a call.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The error slot.
    pub(crate) error: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn is_ok(&self) -> bool {
        self.error.is_empty() && self.body["result"] == "ok"
    }

    /// The code of a failure. Its form is the one that every client understands (section 6).
    pub(crate) fn code(&self) -> u64 {
        let body = &self.body;
        assert_eq!(body["result"], "failed", "{self:?}");
        assert!(
            body["reason"]
                .as_str()
                .is_some_and(|reason| !reason.is_empty()),
            "{self:?}"
        );
        assert!(
            body["data"]["result"]
                .as_str()
                .is_some_and(|reason| !reason.is_empty()),
            "{self:?}"
        );
        body["code"].as_u64().expect("a failure carries its code")
    }
}

impl Raw {
    /// Connects to the plain port; nobody has signed in yet.
    pub(crate) fn connect(server: &Server) -> Self {
        Self::try_connect(server).expect("the server takes connections")
    }

    /// The same, where the server may be gone.
    pub(crate) fn try_connect(server: &Server) -> Option<Self> {
        let stream = TcpStream::connect(("127.0.0.1", server.port())).ok()?;
        stream
            .set_read_timeout(Some(DEADLINE))
            .expect("a timeout can be set");
        stream
            .set_write_timeout(Some(DEADLINE))
            .expect("a timeout can be set");
        stream
            .set_nodelay(true)
            .expect("a socket option can be set");
        let (socket, _) = tungstenite::client("ws://127.0.0.1/", stream).ok()?;
        Some(Self {
            socket,
            line: String::new(),
            calls: 0,
            waiting: VecDeque::new(),
        })
    }

    /// Connects and signs in, with no token.
    pub(crate) fn signed_in(server: &Server, account: &str) -> Self {
        let mut raw = Self::connect(server);
        let (error, body) = raw.login(account);
        assert_eq!(
            (error.as_str(), &body["result"]),
            ("", &json!("ok")),
            "{account} signs in"
        );
        raw.line = body["line"].as_str().expect("a line").to_owned();
        raw
    }

    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// Signs in: the error slot and the body of `login_ret`.
    pub(crate) fn login(&mut self, account: &str) -> (String, Value) {
        self.send(&login_frame(account));
        let answer = self.frame();
        assert_eq!(answer[0], "login_ret");
        let error = answer[1][0].as_str().expect("an error slot").to_owned();
        (error, inner(&answer[1][1]))
    }

    pub(crate) fn send(&mut self, frame: &Value) {
        self.try_send_text(&frame.to_string())
            .expect("the server reads");
    }

    pub(crate) fn try_send_text(&mut self, text: &str) -> tungstenite::Result<()> {
        self.try_send(Message::text(text))
    }

    pub(crate) fn try_send(&mut self, message: Message) -> tungstenite::Result<()> {
        self.socket.send(message)
    }

    /// The bare socket below the WebSocket.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    /// Sends a call in the name of this session, without waiting; its number.
    pub(crate) fn start(&mut self, function: &str, args: Value) -> i64 {
        let call = self.next_call(function, args);
        self.send(&call);
        self.calls
    }

    /// The same, where the server may be gone.
    pub(crate) fn try_start(&mut self, function: &str, args: Value) -> tungstenite::Result<i64> {
        let call = self.next_call(function, args);
        self.try_send_text(&call.to_string())?;
        Ok(self.calls)
    }

    /// Calls and waits for the answer.
    pub(crate) fn call(&mut self, function: &str, args: Value) -> Answer {
        let id = self.start(function, args);
        self.answer(id)
    }

    /// Calls, and the call must succeed.
    pub(crate) fn ok(&mut self, function: &str, args: Value) -> Value {
        let answer = self.call(function, args);
        assert!(answer.is_ok(), "{function}: {answer:?}");
        answer.body
    }

    /// Waits for the answer to a call.
    pub(crate) fn answer(&mut self, id: i64) -> Answer {
        loop {
            match self.read() {
                Incoming::Frame(frame) if frame[0] == "call2-ret" && frame[1][0] == id => {
                    return answer(&frame);
                }
                Incoming::Frame(frame) => self.waiting.push_back(frame),
                end @ (Incoming::Closed(_) | Incoming::Cut) => {
                    panic!("{end:?} instead of an answer to call {id}")
                }
            }
        }
    }

    /// The next frame, whatever it is.
    pub(crate) fn frame(&mut self) -> Value {
        if let Some(frame) = self.waiting.pop_front() {
            return frame;
        }
        match self.read() {
            Incoming::Frame(frame) => frame,
            end @ (Incoming::Closed(_) | Incoming::Cut) => panic!("{end:?} instead of a frame"),
        }
    }

    /// What comes next on the wire.
    pub(crate) fn read(&mut self) -> Incoming {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    return Incoming::Frame(
                        serde_json::from_str(&text).expect("the server speaks JSON"),
                    );
                }
                Ok(Message::Close(close)) => {
                    return Incoming::Closed(close.map(|close| close.code.into()));
                }
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Ok(Message::Binary(_)) => panic!("a binary frame for a client that did not ask"),
                Err(tungstenite::Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    panic!("nothing came within {DEADLINE:?}")
                }
                Err(_) => return Incoming::Cut,
            }
        }
    }

    /// Reads to the end of the connection: the frames before it, and the end.
    pub(crate) fn end(&mut self) -> (Vec<Value>, Incoming) {
        let mut frames = Vec::from_iter(self.waiting.drain(..));
        loop {
            match self.read() {
                Incoming::Frame(frame) => frames.push(frame),
                end @ (Incoming::Closed(_) | Incoming::Cut) => return (frames, end),
            }
        }
    }

    fn next_call(&mut self, function: &str, mut args: Value) -> Value {
        self.calls += 1;
        if args.get("line").is_none() {
            args["line"] = json!(self.line);
        }
        json!(["call2", [function, self.calls, args]])
    }
}

pub(crate) fn login_frame(account: &str) -> Value {
    json!(["login", {"vid": "callsign-tests", "account": account, "uid": 0, "token": "_no_need_token",
        "device": "websdk", "ip": ""}])
}

fn answer(frame: &Value) -> Answer {
    Answer {
        error: frame[1][1].as_str().expect("an error slot").to_owned(),
        body: inner(&frame[1][2]),
    }
}

/// JSON in a string, as all answers are (section 13).
pub(crate) fn inner(text: &Value) -> Value {
    serde_json::from_str(text.as_str().expect("JSON in a string")).expect("JSON in a string")
}
