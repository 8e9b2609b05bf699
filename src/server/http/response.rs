//! An answer to an HTTP request. Each is the last of its connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// How long a client may take to take an answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// How long, and ...
const FAREWELL_TIME: Duration = Duration::from_secs(2);
/// ... for how many bytes we listen on after an answer, so that a client that is still sending its body gets to read it: a
/// socket closed over unread bytes takes the answer with it.
const FAREWELL_BYTES: u64 = 256 * 1024;

/// A status with what explains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// The status code.
    pub(crate) status: u16,
    /// Headers beyond those that every answer has.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// What the body is.
    pub(crate) content_type: &'static str,
    /// The body.
    pub(crate) body: String,
}

impl Response {
    /// A sentence for a person; its line end is added.
    pub(crate) fn text(status: u16, sentence: impl Into<String>) -> Self {
        let mut body = sentence.into();
        body.push('\n');
        Self {
            status,
            headers: Vec::new(),
            content_type: "text/plain; charset=utf-8",
            body,
        }
    }

    /// JSON.
    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json",
            body: value.to_string(),
        }
    }

    /// Nothing, well.
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            headers: Vec::new(),
            content_type: "",
            body: String::new(),
        }
    }

    /// With one more header.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Writes it, without its body for a `HEAD` request, and ends the connection.
    ///
    /// # Errors
    /// The connection broke, or the client does not take the answer.
    pub(crate) async fn finish<S>(self, stream: &mut S, head_only: bool) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let text = self.render(head_only);
        let writing = async {
            stream.write_all(text.as_bytes()).await?;
            stream.shutdown().await
        };
        tokio::time::timeout(ANSWER_TIME, writing).await??;
        let mut rest = stream.take(FAREWELL_BYTES);
        let mut nowhere = tokio::io::sink();
        let listening = tokio::io::copy(&mut rest, &mut nowhere);
        match tokio::time::timeout(FAREWELL_TIME, listening).await {
            Ok(Ok(_)) | Err(_) => Ok(()),
            Ok(Err(error)) => Err(error),
        }
    }

    fn render(&self, head_only: bool) -> String {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, phrase(self.status));
        let mut line = |name: &str, value: &str| {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        };
        line("Connection", "close");
        line("Cache-Control", "no-store");
        line("X-Content-Type-Options", "nosniff");
        for (name, value) in &self.headers {
            line(name, value);
        }
        // A 204 has neither body nor length (RFC 9110, section 8.6).
        if self.status != 204 {
            line("Content-Type", self.content_type);
            line("Content-Length", &self.body.len().to_string());
        }
        text.push_str("\r\n");
        if !head_only {
            text.push_str(&self.body);
        }
        text
    }
}

/// The reason phrase of the statuses that we send.
fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        410 => "Gone",
        411 => "Length Required",
        413 => "Content Too Large",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_long_it_is_and_that_it_is_the_last() {
        let text = Response::text(404, "nothing here")
            .with("Allow", "GET")
            .render(false);
        assert!(
            text.starts_with("HTTP/1.1 404 Not Found\r\nConnection: close\r\n"),
            "{text}"
        );
        assert!(text.contains("\r\nAllow: GET\r\n"), "{text}");
        assert!(
            text.ends_with("Content-Length: 13\r\n\r\nnothing here\n"),
            "{text}"
        );
    }

    #[test]
    fn a_head_request_gets_the_head_alone() {
        let text = Response::text(200, "ok").render(true);
        assert!(text.ends_with("Content-Length: 3\r\n\r\n"), "{text}");
    }

    #[test]
    fn no_content_has_no_length() {
        let text = Response::no_content().render(false);
        assert!(
            !text.contains("Content-Length") && !text.contains("Content-Type:"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_client_that_is_still_sending_gets_the_answer() {
        let (mut client, mut server) = tokio::io::duplex(1024);
        let answering = tokio::spawn(async move {
            Response::text(413, "too large")
                .finish(&mut server, false)
                .await
        });
        client.write_all(&[b'x'; 10_000]).await.expect("taken");
        client.shutdown().await.expect("ended");
        let mut text = String::new();
        client.read_to_string(&mut text).await.expect("read");
        assert!(text.contains("413 Content Too Large"), "{text}");
        answering.await.expect("ran").expect("no error");
    }
}
