//! One WebSocket connection: frames from the socket to the hub, frames from the outbox to the socket, and an orderly
//! end. Knows frames, but nothing of what they mean.
//!
//! Both ways go on independently within one task: a client that does not read is still heard, and waiting for room
//! in the hub's queue, which slows this client alone, keeps nothing from being written.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

use crate::hub::{LinkId, Unreadable};
use crate::protocol::{codec, limits};

use super::event::{Event, What};
use super::outbox::{Closing, Next, OutboxRx};
use super::ws;

/// How long a client may take to answer our close frame, and the stream to say goodbye.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// Serves a link until either side ends it or the driver cuts it. The socket is closed when this returns.
pub(super) async fn run<S>(
    ws: WebSocketStream<S>,
    link: LinkId,
    events_tx: &mpsc::Sender<Event>,
    outbox: &OutboxRx,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::select! {
        biased;
        () = outbox.cut() => {}
        () = talk(ws, link, events_tx, outbox) => {}
    }
}

async fn talk<S>(
    ws: WebSocketStream<S>,
    link: LinkId,
    events_tx: &mpsc::Sender<Event>,
    outbox: &OutboxRx,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, mut stream) = ws.split();
    let mut readable = true;
    let closing = tokio::select! {
        biased;
        closing = write(&mut sink, outbox) => closing,
        () = read(&mut stream, link, events_tx, &mut readable) => None,
    };
    // They are halves of one, so this always succeeds.
    let Ok(mut ws) = stream.reunite(sink) else {
        return;
    };
    if let Some(closing) = closing {
        close(&mut ws, closing, readable).await;
    }
    // Ends TLS in order, too. Whether the client still cares makes no difference.
    timeout(CLOSE_WAIT, ws.get_mut().shutdown()).await.ok();
}

/// Writes what waits: all of it, then one flush. Returns how to close when that comes, `None` if the socket is broken.
async fn write<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    outbox: &OutboxRx,
) -> Option<Closing>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let frame = match outbox.next().await {
            Next::Write(frame) => frame,
            Next::Close(closing) => return Some(closing),
        };
        match write_waiting(sink, frame, outbox).await {
            Ok(()) => {}
            // The client has closed its end: the reading side sees to it that this is answered.
            Err(Error::Protocol(_) | Error::ConnectionClosed | Error::AlreadyClosed) => {
                return std::future::pending().await;
            }
            Err(_) => return None,
        }
    }
}

async fn write_waiting<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    first: Utf8Bytes,
    outbox: &OutboxRx,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut next = Some(first);
    while let Some(frame) = next {
        for piece in ws::pieces(&frame) {
            sink.feed(piece).await?;
        }
        next = outbox.next_frame();
    }
    sink.flush().await
}

/// Hands what comes in to the hub, until the client has gone. Never returns once nothing can be read any more
/// (`readable` is then false): the hub decides how that ends.
async fn read<S>(
    stream: &mut SplitStream<WebSocketStream<S>>,
    link: LinkId,
    events_tx: &mpsc::Sender<Event>,
    readable: &mut bool,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = stream.next().await {
        let what = match message {
            Ok(Message::Text(text)) => decode(&text),
            Ok(Message::Binary(_)) => What::Unreadable(Unreadable::Binary),
            // Pings and the close are answered while reading goes on.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {
                continue;
            }
            Err(error) => match unreadable(&error) {
                Some(what) => {
                    *readable = false;
                    What::Unreadable(what)
                }
                None => return,
            },
        };
        if events_tx.send(Event { link, what }).await.is_err() {
            return;
        }
        if !*readable {
            std::future::pending::<()>().await;
        }
    }
}

fn decode(text: &str) -> What {
    match codec::decode_client(text) {
        Ok(frame) => What::Frame(frame),
        Err(error) => What::Unreadable(Unreadable::NotAFrame(error.to_string())),
    }
}

/// What the hub is told of an error of the WebSocket layer; `None` if the client has simply gone.
fn unreadable(error: &Error) -> Option<Unreadable> {
    match error {
        Error::Capacity(_) => Some(Unreadable::TooLarge {
            max: limits::FRAME_BYTES,
        }),
        Error::Utf8(_) => Some(Unreadable::NotAFrame("a text must be UTF-8".to_owned())),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(error) => Some(Unreadable::NotAFrame(error.to_string())),
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Io(_)
        | Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => None,
    }
}

/// Closes in order: the client has `linger` to do so first, then it gets a close frame and a moment to answer that.
async fn close<S>(ws: &mut WebSocketStream<S>, closing: Closing, readable: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let closed_first = timeout(closing.linger, until_closed(ws, readable));
    if closed_first.await.is_ok() {
        return;
    }
    let frame = CloseFrame {
        code: CloseCode::from(closing.status.number()),
        reason: Utf8Bytes::default(),
    };
    let answered = async {
        if ws.send(Message::Close(Some(frame))).await.is_ok() {
            until_closed(ws, readable).await;
        }
    };
    // A client that does not answer is left without another word.
    timeout(CLOSE_WAIT, answered).await.ok();
}

/// Throws away what still comes in, until the client has closed its end. Unread data would make the system reset
/// the connection, and with it throw away what the client has not read yet.
async fn until_closed<S>(ws: &mut WebSocketStream<S>, mut readable: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while readable {
        match ws.next().await {
            Some(Ok(_)) => {}
            Some(Err(_)) => readable = false,
            None => return,
        }
    }
    // An error ends this as the end of the stream does.
    tokio::io::copy(ws.get_mut(), &mut tokio::io::sink())
        .await
        .ok();
}
