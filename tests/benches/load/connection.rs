//! A WebSocket as a client has it, without a library: frames out of one shared buffer, and as few copies as can be.
//! Knows no frame's meaning.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

use crate::LoadError;

/// What is read at once, shared by all connections.
const SCRATCH: usize = 16 * 1024;
/// A text of one frame with this first byte is whole (RFC 6455, section 5.2).
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come yet.
    carry: Vec<u8>,
    /// What is still to be written.
    out: Vec<u8>,
}

/// Where reads go before they are looked at.
pub(crate) struct Scratch(Box<[u8]>);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(vec![0; SCRATCH].into_boxed_slice())
    }
}

impl Connection {
    /// Connects to `ws://HOST:PORT` and has the WebSocket agreed on.
    pub(crate) async fn open(url: &str) -> Result<Self, LoadError> {
        let wrong = || LoadError::Url(url.to_owned());
        let host = url.strip_prefix("ws://").ok_or_else(wrong)?;
        let host = host.trim_end_matches('/');
        if host.is_empty() || host.contains('/') {
            return Err(wrong());
        }
        let mut stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            // Byte by byte, so that nothing behind it is taken.
            answer.push(stream.read_u8().await?);
        }
        if !answer.starts_with(b"HTTP/1.1 101") {
            let answer = String::from_utf8_lossy(&answer);
            let status = answer.lines().next().unwrap_or_default();
            return Err(LoadError::Refused(status.to_owned()));
        }
        Ok(Self {
            stream,
            carry: Vec::new(),
            out: Vec::new(),
        })
    }

    /// Puts a text in line to be written.
    pub(crate) fn queue(&mut self, text: &str) {
        self.out.extend_from_slice(&frame(text));
    }

    /// Writes what is in line.
    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), LoadError>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.out))?;
            self.out.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once and hands over each whole text that has come.
    pub(crate) fn poll_texts(
        &mut self,
        context: &mut Context<'_>,
        scratch: &mut Scratch,
        mut take: impl FnMut(&[u8]) -> Result<(), LoadError>,
    ) -> Poll<Result<(), LoadError>> {
        let mut buffer = ReadBuf::new(&mut scratch.0);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        let read = buffer.filled();
        if read.is_empty() {
            return Poll::Ready(Err(LoadError::Closed));
        }
        let taken = if self.carry.is_empty() {
            let used = texts(read, &mut take)?;
            self.carry.extend_from_slice(&read[used..]);
            0
        } else {
            self.carry.extend_from_slice(read);
            texts(&self.carry, &mut take)?
        };
        self.carry.drain(..taken);
        Poll::Ready(Ok(()))
    }

    /// Writes a text and all before it.
    pub(crate) async fn send(&mut self, text: &str) -> Result<(), LoadError> {
        self.queue(text);
        std::future::poll_fn(|context| self.poll_flush(context)).await
    }

    /// Reads until a text comes that `pick` makes something of. Texts that come together with it are lost.
    pub(crate) async fn wait_for<T>(
        &mut self,
        mut pick: impl FnMut(&[u8]) -> Result<Option<T>, LoadError>,
    ) -> Result<T, LoadError> {
        let mut scratch = Scratch::new();
        let mut found = None;
        while found.is_none() {
            std::future::poll_fn(|context| {
                self.poll_texts(context, &mut scratch, |text| {
                    if found.is_none() {
                        found = pick(text)?;
                    }
                    Ok(())
                })
            })
            .await?;
        }
        found.ok_or(LoadError::Closed)
    }
}

/// A text as a client's WebSocket frame. It is masked, as the protocol wants it, with the mask that changes nothing.
pub(crate) fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![TEXT];
    match u16::try_from(text.len()) {
        Ok(len @ 0..126) => frame.push(0x80 | len.to_be_bytes()[1]),
        Ok(len) => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&len.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(text.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// Hands over the texts at the beginning of what was read; returns how many bytes they took.
fn texts(
    read: &[u8],
    take: &mut impl FnMut(&[u8]) -> Result<(), LoadError>,
) -> Result<usize, LoadError> {
    let mut used = 0;
    while let Some((kind, payload, len)) = first_frame(&read[used..]) {
        used += len;
        match kind {
            TEXT => take(payload)?,
            CLOSE => return Err(LoadError::Closed),
            other => {
                let what = format!("a WebSocket frame that begins with {other:#04x}");
                return Err(LoadError::Wrong(what));
            }
        }
    }
    Ok(used)
}

/// The first byte, the payload and the whole length of the first frame, if it is whole.
fn first_frame(read: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (kind, short) = (*read.first()?, *read.get(1)?);
    let (head, len) = match short {
        126 => (4, u64::from(u16::from_be_bytes(*read[2..].first_chunk()?))),
        127 => (10, u64::from_be_bytes(*read[2..].first_chunk()?)),
        short => (2, u64::from(short)),
    };
    let end = head + usize::try_from(len).ok()?;
    Some((kind, read.get(head..end)?, end))
}
