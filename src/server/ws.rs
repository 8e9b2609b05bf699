//! The WebSocket layer of a link: its handshake's answer, its buffers, large frames in pieces. Knows no frame's meaning.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use crate::protocol::limits;

/// What is read at once: most frames are smaller, and every idle link keeps a buffer of this size.
const READ_BUFFER: usize = 4096;
/// How much is collected before it is written.
const WRITE_BUFFER: usize = 4096;
/// A larger frame is sent as several WebSocket frames of about this size (RFC 6455, section 5.4), since the buffer
/// that a frame is copied to is kept for the life of its link.
const PIECE_BYTES: usize = 16 * 1024;
/// What may wait in the write buffer: what was collected, a piece, and a control frame or two. It cannot get full,
/// since nothing is added before what is over [`WRITE_BUFFER`] has been written.
const MAX_WRITE_BUFFER: usize = WRITE_BUFFER + 2 * PIECE_BYTES;

/// Answers a WebSocket handshake (101) and takes the stream over. `key` is the request's `Sec-WebSocket-Key`,
/// `leftover` what was read behind the request's head. No subprotocol and no extension is agreed on.
///
/// # Errors
/// If the answer cannot be written.
pub(super) async fn accept_websocket<S>(
    mut stream: S,
    key: &str,
    leftover: Vec<u8>,
) -> io::Result<WebSocketStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;
    let config = Some(config());
    Ok(if leftover.is_empty() {
        WebSocketStream::from_raw_socket(stream, Role::Server, config).await
    } else {
        WebSocketStream::from_partially_read(stream, leftover, Role::Server, config).await
    })
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(limits::FRAME_BYTES))
        .max_frame_size(Some(limits::FRAME_BYTES))
}

/// A text as one WebSocket message, or as several pieces of one if it is large.
pub(super) fn pieces(text: Utf8Bytes) -> impl Iterator<Item = Message> {
    let mut rest = Some((0, text));
    std::iter::from_fn(move || {
        let (start, text) = rest.take()?;
        if text.len() <= PIECE_BYTES {
            return Some(Message::Text(text));
        }
        let end = text.floor_char_boundary(start + PIECE_BYTES);
        let kind = if start == 0 {
            Data::Text
        } else {
            Data::Continue
        };
        let is_last = end == text.len();
        let bytes: &Bytes = text.as_ref();
        let piece = Frame::message(bytes.slice(start..end), OpCode::Data(kind), is_last);
        if !is_last {
            rest = Some((end, text));
        }
        Some(Message::Frame(piece))
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::io::{AsyncReadExt as _, DuplexStream};

    /// The stream of a client that has read the server's answer, the server's side, and the answer.
    async fn accepted<S>(
        (mut client, server): (DuplexStream, S),
        leftover: Vec<u8>,
    ) -> (DuplexStream, WebSocketStream<S>, String)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // The key and its answer are the example of RFC 6455, section 1.3.
        let accept = accept_websocket(server, "dGhlIHNhbXBsZSBub25jZQ==", leftover);
        let read = async {
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\n") {
                answer.push(client.read_u8().await.expect("is answered"));
            }
            String::from_utf8(answer).expect("is text")
        };
        let (ws, answer) = tokio::join!(accept, read);
        (client, ws.expect("is answered"), answer)
    }

    /// A client and the server's side of it, over a socket that holds `room` bytes on the way.
    pub(in crate::server) async fn client(
        room: usize,
    ) -> (WebSocketStream<DuplexStream>, WebSocketStream<DuplexStream>) {
        client_over(tokio::io::duplex(room)).await
    }

    /// The same over two given ends.
    pub(in crate::server) async fn client_over<S>(
        ends: (DuplexStream, S),
    ) -> (WebSocketStream<DuplexStream>, WebSocketStream<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (client, ws, _) = accepted(ends, Vec::new()).await;
        let config = Some(WebSocketConfig::default());
        let client = WebSocketStream::from_raw_socket(client, Role::Client, config).await;
        (client, ws)
    }

    #[tokio::test]
    async fn the_answer_proves_that_the_request_was_read() {
        let (_client, _ws, answer) = accepted(tokio::io::duplex(64), Vec::new()).await;
        let lines: Vec<_> = answer.lines().collect();
        assert_eq!(lines[0], "HTTP/1.1 101 Switching Protocols");
        assert!(lines.contains(&"Upgrade: websocket"));
        assert!(lines.contains(&"Connection: Upgrade"));
        assert!(lines.contains(&"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[tokio::test]
    async fn what_came_with_the_request_is_read_first() {
        // A masked text frame "Hello" (RFC 6455, section 5.7).
        let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec();
        let (client, mut ws, _) = accepted(tokio::io::duplex(64), hello).await;
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        client.send(Message::text("again")).await.expect("is sent");
        for expected in ["Hello", "again"] {
            let message = ws.next().await.expect("comes").expect("is sound");
            assert_eq!(message, Message::text(expected));
        }
    }

    #[tokio::test]
    async fn a_large_text_arrives_whole() {
        let (mut client, mut ws) = client(1 << 20).await;
        for bytes in [1, PIECE_BYTES, PIECE_BYTES + 1, 10 * PIECE_BYTES + 7] {
            // A character of three bytes stands across each border.
            let text: String = "€".repeat(bytes / 3 + 1);
            for piece in pieces(Utf8Bytes::from(text.as_str())) {
                ws.feed(piece).await.expect("is written");
            }
            ws.flush().await.expect("is written");
            let message = client.next().await.expect("comes").expect("is sound");
            assert_eq!(message, Message::text(text));
        }
    }

    #[test]
    fn each_piece_is_text_by_itself() {
        let text = Utf8Bytes::from("€".repeat(PIECE_BYTES));
        let mut count = 0;
        for piece in pieces(text) {
            let Message::Frame(frame) = piece else {
                panic!("{piece} is no frame");
            };
            assert!(frame.payload().len() <= PIECE_BYTES);
            assert!(std::str::from_utf8(frame.payload()).is_ok());
            count += 1;
        }
        assert_eq!(count, 4);
    }
}
