//! The head of an HTTP request: read whole, before anything is decided about the connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The most bytes of a request's head. When more, the answer is 431.
pub(crate) const HEAD_BYTES: usize = 8 * 1024;
/// The most header lines of a request.
const HEADERS: usize = 64;
/// How long a connection may take to send its first head.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(10);

/// What a request asks, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// `GET`, `POST`, ...
    pub(crate) method: String,
    /// What it is about, without the query.
    pub(crate) path: String,
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub(crate) minor_version: u8,
    /// The header lines as they came; a value that is no UTF-8 is shown as well as it can be.
    pub(crate) headers: Vec<(String, String)>,
    /// What came behind the head.
    pub(crate) leftover: Vec<u8>,
}

/// Why there is no head.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadError {
    /// The connection ended, or was never used: normal for clients that open two and use one.
    #[error("the connection ended before a request")]
    Closed,
    /// It took longer than [`HEAD_TIME`].
    #[error("the request did not come in time")]
    TimedOut,
    /// More than [`HEAD_BYTES`], or too many headers.
    #[error("the head of the request is too large")]
    TooLarge,
    /// Not HTTP/1.
    #[error("this is no HTTP/1 request")]
    Malformed,
    /// The connection broke.
    #[error("the connection broke")]
    Io(#[from] io::Error),
}

impl Head {
    /// Reads the head of a request.
    ///
    /// # Errors
    /// No head came, in time and within its size.
    pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Self, HeadError> {
        Self::read_within(HEAD_TIME, stream).await
    }

    async fn read_within<S: AsyncRead + Unpin>(
        time: Duration,
        stream: &mut S,
    ) -> Result<Self, HeadError> {
        tokio::time::timeout(time, Self::read_patiently(stream))
            .await
            .unwrap_or(Err(HeadError::TimedOut))
    }

    async fn read_patiently<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Self, HeadError> {
        let mut buffer = Vec::with_capacity(1024);
        loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(HeadError::Closed);
            }
            if let Some(head) = Self::parse(&mut buffer)? {
                return Ok(head);
            }
            if buffer.len() >= HEAD_BYTES {
                return Err(HeadError::TooLarge);
            }
        }
    }

    /// The head, if the buffer holds all of it; its rest then is the leftover.
    fn parse(buffer: &mut Vec<u8>) -> Result<Option<Self>, HeadError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(buffer) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLarge),
            Err(_) => return Err(HeadError::Malformed),
        };
        if length > HEAD_BYTES {
            return Err(HeadError::TooLarge);
        }
        let mut head = Self {
            method: request.method.unwrap_or_default().to_owned(),
            path: path_of(request.path.unwrap_or_default()).to_owned(),
            minor_version: request.version.unwrap_or(0),
            headers: request
                .headers
                .iter()
                .map(|header| {
                    let value = String::from_utf8_lossy(header.value).into_owned();
                    (header.name.to_owned(), value)
                })
                .collect(),
            leftover: Vec::new(),
        };
        head.leftover = buffer.split_off(length);
        Ok(Some(head))
    }

    /// The value of a header, whatever the case of its name; the first, if there are several.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// Whether one of a header's comma-separated values is this one, whatever its case.
    pub(crate) fn lists(&self, name: &str, value: &str) -> bool {
        self.headers
            .iter()
            .filter(|(have, _)| have.eq_ignore_ascii_case(name))
            .flat_map(|(_, values)| values.split(','))
            .any(|have| have.trim().eq_ignore_ascii_case(value))
    }
}

/// The path of a request target: without scheme and host, which a proxy may send, without query, without a second slash in
/// front, which a client makes whose base URL ends in one.
fn path_of(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
            rest.find(['/', '?']).map_or("/", |at| &rest[at..])
        }
        Some(_) | None => target,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let doubled = path.len() - path.trim_start_matches('/').len();
    match doubled {
        0 if path.is_empty() => "/",
        0 | 1 => path,
        more => &path[more - 1..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    async fn read(text: &[u8]) -> Result<Head, HeadError> {
        let (mut client, mut server) = tokio::io::duplex(64);
        let text = text.to_vec();
        let sender = tokio::spawn(async move {
            // A server that has seen enough closes, and then this fails: as it should.
            client.write_all(&text).await.is_ok()
        });
        let head = Head::read(&mut server).await;
        drop(server);
        sender.await.expect("sent");
        head
    }

    #[tokio::test]
    async fn a_head_comes_in_pieces_and_what_is_behind_it_is_kept() {
        let mut text = b"POST /invite?x=1 HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 4\r\nX: ".to_vec();
        text.extend(vec![b'x'; 500]);
        text.extend(b"\r\n\r\nbody");
        let head = read(&text).await.expect("a head");
        assert_eq!(
            (head.method.as_str(), head.path.as_str()),
            ("POST", "/invite")
        );
        assert_eq!(head.minor_version, 1);
        assert_eq!(head.header("Content-Length"), Some("4"));
        assert!(b"body".starts_with(&head.leftover));
    }

    #[tokio::test]
    async fn what_is_no_head_is_told_apart() {
        assert!(matches!(read(b"").await, Err(HeadError::Closed)));
        assert!(matches!(read(b"GET / HT").await, Err(HeadError::Closed)));
        let hello = read(b"\x16\x03\x01\x02\x00\x01\x00").await;
        assert!(matches!(hello, Err(HeadError::Malformed)), "{hello:?}");
        let mut long = b"GET / HTTP/1.1\r\nX: ".to_vec();
        long.extend(vec![b'x'; HEAD_BYTES]);
        assert!(matches!(read(&long).await, Err(HeadError::TooLarge)));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(HEADERS + 1));
        assert!(matches!(
            read(many.as_bytes()).await,
            Err(HeadError::TooLarge)
        ));
    }

    #[tokio::test]
    async fn a_head_that_never_ends_times_out() {
        let (mut client, mut server) = tokio::io::duplex(64);
        client.write_all(b"GET / HTTP/1.1\r\n").await.expect("sent");
        let head = Head::read_within(Duration::from_millis(1), &mut server).await;
        assert!(matches!(head, Err(HeadError::TimedOut)), "{head:?}");
    }

    #[test]
    fn a_path_is_found_in_every_form_of_target() {
        for (target, path) in [
            ("/getaddr", "/getaddr"),
            ("/getaddr?vid=a", "/getaddr"),
            ("//getaddr?vid=a", "/getaddr"),
            ("http://host:1/getaddr?vid=a", "/getaddr"),
            ("http://host:1", "/"),
            ("http://host:1?x", "/"),
            ("/?next=http://a/b", "/"),
            ("", "/"),
            ("*", "*"),
        ] {
            assert_eq!(path_of(target), path, "{target}");
        }
    }
}
