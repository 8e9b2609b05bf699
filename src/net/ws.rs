//! A link over a WebSocket: finds the server, checks who it is, and carries frames as text.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _, future, stream};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::link::{Connect, Heard, Link, LinkError, OpenError, Opening};
use super::tap::Tap;
use super::trust::Trust;
use crate::protocol::{AppId, ClientFrame, codec};

/// How long one host may take to take a connection (protocol page, section 3); then the next is tried.
pub const HOST_TIMEOUT: Duration = Duration::from_secs(6);
/// The largest frame from a server that is read: a channel's members and attributes come in one.
pub const FRAME_BYTES: usize = 16 << 20;
/// The largest answer of a server that names others.
const ANSWER_BYTES: u64 = 64 * 1024;

/// Where a server is.
#[derive(Debug)]
pub struct Server {
    place: Place,
    trust: Trust,
    tls: OnceLock<Arc<ClientConfig>>,
    tap: Tap,
}

#[derive(Clone, Debug)]
enum Place {
    /// It is one of these.
    At(Vec<Address>),
    /// One of these knows.
    Asked(Vec<Address>),
}

/// A host with its port, from a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

/// A text that is no address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no address: it begins with {1}, then comes the host")]
pub struct AddressError(String, &'static str);

impl Server {
    /// A server at a URL: `ws://host:port/`, or `wss://host:port/` with TLS.
    ///
    /// # Errors
    /// The text is no such URL.
    pub fn at(url: &str) -> Result<Self, AddressError> {
        let address = url.parse::<Address>().ok();
        let address = address.filter(|_| url.starts_with("ws"));
        let address = address.ok_or_else(|| AddressError(url.to_owned(), "ws:// or wss://"))?;
        Ok(Self::new(Place::At(vec![address])))
    }

    /// A server that another one names: `https://host`, where `/getaddr` is asked (LBS). With `https` the link has TLS, too.
    ///
    /// # Errors
    /// The text is no such URL.
    pub fn named_by(url: &str) -> Result<Self, AddressError> {
        let address = url.parse::<Address>().ok();
        let address = address.filter(|_| url.starts_with("http"));
        let address = address.ok_or_else(|| AddressError(url.to_owned(), "http:// or https://"))?;
        Ok(Self::new(Place::Asked(vec![address])))
    }

    /// The same, or else another: whichever answers first in this order.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        let (Place::At(own) | Place::Asked(own)) = &mut self.place;
        let (Place::At(others) | Place::Asked(others)) = other.place;
        own.extend(others);
        self
    }

    /// The same, believed by other means than the system's authorities.
    #[must_use]
    pub fn trusting(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self.tls = OnceLock::new();
        self
    }

    /// The same; what goes over its links can be seen there.
    #[must_use]
    pub fn tapped(mut self, tap: Tap) -> Self {
        self.tap = tap;
        self
    }

    fn new(place: Place) -> Self {
        Self {
            place,
            trust: Trust::default(),
            tls: OnceLock::new(),
            tap: Tap::default(),
        }
    }

    async fn open(&self, app: &AppId) -> Result<Link, OpenError> {
        match &self.place {
            Place::At(addresses) => self.first(addresses).await,
            Place::Asked(addresses) => {
                let mut last = OpenError::NoServer;
                for address in addresses {
                    let found = self.ask(address, app).await;
                    let opened = match found {
                        Ok(found) => self.first(&found).await,
                        Err(error) => Err(error),
                    };
                    match opened {
                        Ok(link) => return Ok(link),
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
        }
    }

    async fn first(&self, addresses: &[Address]) -> Result<Link, OpenError> {
        let mut last = OpenError::NoServer;
        for address in addresses {
            let opened = tokio::time::timeout(HOST_TIMEOUT, self.dial(address));
            match opened.await {
                Ok(Ok(link)) => return Ok(link),
                Ok(Err(error)) => last = error,
                Err(_) => last = address.late(),
            }
        }
        Err(last)
    }

    async fn dial(&self, address: &Address) -> Result<Link, OpenError> {
        let stream = address.connect().await?;
        if address.tls {
            let stream = self.secure(address, stream).await?;
            shake_hands(address, stream, self.tap.clone()).await
        } else {
            shake_hands(address, stream, self.tap.clone()).await
        }
    }

    async fn secure(
        &self,
        address: &Address,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, OpenError> {
        let config = match self.tls.get() {
            Some(config) => Arc::clone(config),
            None => Arc::clone(self.tls.get_or_init({
                let config = self.trust.client_config()?;
                || config
            })),
        };
        let failed = |source| OpenError::Tls {
            host: address.to_string(),
            source,
        };
        let name = ServerName::try_from(address.host.clone())
            .map_err(|error| failed(std::io::Error::other(error)))?;
        let connector = TlsConnector::from(config);
        connector.connect(name, stream).await.map_err(failed)
    }

    /// Asks a server which servers there are (protocol page, section 2).
    async fn ask(&self, address: &Address, app: &AppId) -> Result<Vec<Address>, OpenError> {
        let asked = async {
            let stream = address.connect().await?;
            if address.tls {
                let stream = self.secure(address, stream).await?;
                get_addresses(address, app, stream).await
            } else {
                get_addresses(address, app, stream).await
            }
        };
        let answered = tokio::time::timeout(HOST_TIMEOUT, asked).await;
        answered.unwrap_or_else(|_| Err(address.late()))
    }
}

impl Connect for Server {
    fn connect<'a>(&'a self, app: &'a AppId) -> Opening<'a> {
        Box::pin(self.open(app))
    }
}

impl FromStr for Address {
    type Err = ();

    fn from_str(url: &str) -> Result<Self, ()> {
        let uri: Uri = url.parse().map_err(|_| ())?;
        let tls = match uri.scheme_str() {
            Some("wss" | "https") => true,
            Some("ws" | "http") => false,
            Some(_) | None => return Err(()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(())?;
        // An IPv6 address stands in brackets in a URL, and nowhere else.
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            tls,
            host,
            port,
            path: path.to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Address {
    async fn connect(&self) -> Result<TcpStream, OpenError> {
        let failed = |source| OpenError::Connect {
            host: self.to_string(),
            source,
        };
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(failed)?;
        // Frames are small, and each is waited for.
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    }

    fn late(&self) -> OpenError {
        OpenError::Late {
            host: self.to_string(),
        }
    }

    fn names_none(&self, reason: impl fmt::Display) -> OpenError {
        OpenError::NotFound {
            host: self.to_string(),
            reason: reason.to_string(),
        }
    }

    /// An address in an answer to this one: a whole URL, or host and port. TLS is on the port behind the plain one.
    fn named(&self, entry: &serde_json::Value) -> Option<Self> {
        if let Some(url) = entry.as_str() {
            return url.parse().ok();
        }
        let port = u16::try_from(entry[1].as_u64()?).ok()?;
        Some(Self {
            tls: self.tls,
            host: entry[0].as_str()?.to_owned(),
            port: if self.tls { port.checked_add(1)? } else { port },
            path: "/".to_owned(),
        })
    }
}

async fn get_addresses<S>(
    address: &Address,
    app: &AppId,
    mut stream: S,
) -> Result<Vec<Address>, OpenError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let path = address.path.trim_end_matches('/');
    // 1.0, so that the answer ends with the connection and comes in one piece.
    let request = format!(
        "GET {path}/getaddr?vid={} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n",
        escaped(app.as_str())
    );
    let failed = |source| OpenError::Connect {
        host: address.to_string(),
        source,
    };
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut answer = Vec::new();
    let mut limited = stream.take(ANSWER_BYTES);
    limited.read_to_end(&mut answer).await.map_err(failed)?;
    parse_addresses(address, &answer)
}

fn parse_addresses(address: &Address, answer: &[u8]) -> Result<Vec<Address>, OpenError> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(body)) = head.parse(answer) else {
        return Err(address.names_none("the answer is no HTTP"));
    };
    if head.code != Some(200) {
        let code = head.code.unwrap_or_default();
        return Err(address.names_none(format!("the answer is HTTP {code}")));
    }
    let body: serde_json::Value = serde_json::from_slice(&answer[body..])
        .map_err(|_| address.names_none("the answer is no JSON"))?;
    let entries = body["web"].as_array().into_iter().flatten();
    let mut found: Vec<Address> = Vec::new();
    for entry in entries.filter_map(|entry| address.named(entry)) {
        // Some are told twice for the sake of older clients.
        if !found.contains(&entry) {
            found.push(entry);
        }
    }
    if found.is_empty() {
        return Err(address.names_none("the answer has no address"));
    }
    Ok(found)
}

/// Percent-encoded (RFC 3986, section 2.1).
fn escaped(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| match plain(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

async fn shake_hands<S>(address: &Address, stream: S, tap: Tap) -> Result<Link, OpenError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: WsError| OpenError::Handshake {
        host: address.to_string(),
        reason: error.to_string(),
    };
    let scheme = if address.tls { "wss" } else { "ws" };
    let url = format!("{scheme}://{address}{}", address.path);
    let request = url.into_client_request().map_err(failed)?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(FRAME_BYTES))
        .max_frame_size(Some(FRAME_BYTES));
    let shaken = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
    let (ws, _) = shaken.await.map_err(failed)?;
    Ok(link(ws, tap))
}

fn link<S>(ws: WebSocketStream<S>, tap: Tap) -> Link
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sink, messages) = ws.split();
    let sent = tap.clone();
    let outgoing = sink
        .sink_map_err(|error| LinkError(error.to_string()))
        .with(move |frame: ClientFrame| {
            let text = codec::encode_client(&frame);
            sent.sent(&text);
            future::ready(Ok(Message::text(text)))
        });
    let incoming = stream::unfold(Some((messages, tap)), |open| async {
        let (mut messages, tap) = open?;
        loop {
            let heard = match messages.next().await {
                Some(Ok(Message::Text(text))) => {
                    tap.heard(&text);
                    match codec::decode_server(&text) {
                        Ok(frame) => Heard::Frame(frame),
                        Err(error) => Heard::Unreadable(error.to_string()),
                    }
                }
                Some(Ok(Message::Binary(_))) => {
                    Heard::Unreadable("a binary message, which was not asked for".to_owned())
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(_))) | None => {
                    let reason = "the server closed the link".to_owned();
                    return Some((Heard::Closed(reason), None));
                }
                Some(Err(error)) => return Some((Heard::Closed(error.to_string()), None)),
            };
            return Some((heard, Some((messages, tap))));
        }
    });
    Link {
        outgoing: Box::pin(outgoing),
        incoming: Box::pin(incoming),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Address {
        url.parse().expect("an address")
    }

    #[test]
    fn a_url_names_host_port_and_whether_it_is_secure() {
        let server = address("wss://sig.example.org:8001/x?y");
        assert!(server.tls);
        assert_eq!(server.to_string(), "sig.example.org:8001");
        assert_eq!(server.path, "/x?y");
        assert_eq!(address("ws://[::1]").to_string(), "[::1]:80");
        assert!(Server::at("https://sig.example.org").is_err());
        assert!(Server::at("sig.example.org").is_err());
        assert!(Server::named_by("wss://sig.example.org").is_err());
        assert!(Server::named_by("https://").is_err());
    }

    #[test]
    fn the_servers_named_are_tried_once_each_with_tls_on_the_next_port() {
        let answer = b"HTTP/1.0 200 OK\r\n\r\n{\"web\":[[\"192.0.2.7\",8000],[\"192.0.2.7\",8000],\"wss://b/\"]}";
        let found = parse_addresses(&address("https://a"), answer).expect("addresses");
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.7:8001", "b:443"]);
        let found = parse_addresses(&address("http://a"), answer).expect("addresses");
        assert_eq!(found[0].to_string(), "192.0.2.7:8000");
        assert!(!found[0].tls);
    }

    #[test]
    fn what_names_no_server_says_why() {
        for (answer, reason) in [
            ("", "no HTTP"),
            ("HTTP/1.1 503 No\r\n\r\n", "HTTP 503"),
            ("HTTP/1.1 200 OK\r\n\r\nhello", "no JSON"),
            (
                "HTTP/1.1 200 OK\r\n\r\n{\"web\":[[\"a\",\"8000\"]]}",
                "no address",
            ),
        ] {
            let error = parse_addresses(&address("https://a"), answer.as_bytes());
            let text = error.expect_err("no address").to_string();
            assert!(text.contains(reason), "{text}");
        }
    }

    #[test]
    fn app_ids_are_escaped() {
        assert_eq!(escaped("a-b_c.d~1"), "a-b_c.d~1");
        assert_eq!(escaped("a&b=é"), "a%26b%3D%C3%A9");
    }
}
