//! One WebSocket connection: frames from the socket to the hub, frames from the outbox to the socket, and an orderly
//! end. Knows frames, but nothing of what they mean.
//!
//! Both ways go on independently within one task: a client that does not read is still heard, and waiting for room
//! in the hub's queue, which slows this client alone, keeps nothing from being written.

use std::pin::pin;
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
use super::own::Own;
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
    let (mut sink, mut stream) = ws.split();
    let mut readable = true;
    let ending = {
        let reading = pin!(read(&mut stream, link, events_tx, &mut readable));
        tokio::select! {
            biased;
            ending = write(&mut sink, outbox) => ending,
            () = Own::new(reading) => Ending::Gone,
        }
    };
    let closing = match ending {
        Ending::Cut => return,
        Ending::Gone => None,
        Ending::Closing(closing) => Some(closing),
    };
    // They are halves of one, so this always succeeds.
    let Ok(mut ws) = stream.reunite(sink) else {
        return;
    };
    let end = async {
        if let Some(closing) = closing {
            close(&mut ws, closing, readable).await;
        }
        // Ends TLS in order, too. Whether the client still cares makes no difference.
        timeout(CLOSE_WAIT, ws.get_mut().shutdown()).await.ok();
    };
    tokio::select! {
        biased;
        () = outbox.cut() => {}
        () = end => {}
    }
}

/// Why a link stops talking.
enum Ending {
    /// The hub wants it closed, in this way.
    Closing(Closing),
    /// The client has gone, or the socket is broken.
    Gone,
    /// The driver has cut it.
    Cut,
}

/// Writes what waits: all of it, then one flush. Returns when the link is to end, or cannot go on.
async fn write<S>(sink: &mut SplitSink<WebSocketStream<S>, Message>, outbox: &OutboxRx) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let (frame, more) = match outbox.next().await {
            Next::Write { frame, more } => (frame, more),
            Next::Close(closing) => return Ending::Closing(closing),
            Next::Cut => return Ending::Cut,
        };
        let written = tokio::select! {
            biased;
            written = write_waiting(sink, frame, more, outbox) => written,
            // Only asked when the socket takes no more for now.
            () = outbox.cut() => return Ending::Cut,
        };
        match written {
            Ok(()) => {}
            // The client has closed its end: the reading side sees to it that this is answered.
            Err(Error::Protocol(_) | Error::ConnectionClosed | Error::AlreadyClosed) => {
                outbox.cut().await;
                return Ending::Cut;
            }
            Err(_) => return Ending::Gone,
        }
    }
}

async fn write_waiting<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    first: Utf8Bytes,
    mut more: bool,
    outbox: &OutboxRx,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut next = Some(first);
    while let Some(frame) = next {
        for piece in ws::pieces(frame) {
            sink.feed(piece).await?;
        }
        next = None;
        if more && let Some((frame, another)) = outbox.next_frame() {
            (next, more) = (Some(frame), another);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::CloseStatus;
    use crate::protocol::ClientFrame;
    use crate::server::outbox::{OutboxTx, outbox};
    use crate::server::ws::tests::client_over;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};
    use std::time::Instant;
    use tokio::io::{DuplexStream, ReadBuf};
    use tokio::task::JoinHandle;
    use tokio_tungstenite::tungstenite::protocol::Role;

    /// Longer than any test takes.
    const LONG: Duration = Duration::from_secs(3600);

    /// A link between a client in the test and a driver in the test.
    struct World {
        client: WebSocketStream<DuplexStream>,
        events_rx: mpsc::Receiver<Event>,
        outbox_tx: Option<OutboxTx>,
        task: JoinHandle<()>,
        /// How often the link wrote to its socket.
        writes: Arc<AtomicUsize>,
    }

    impl World {
        /// `room` is how much the socket holds on its way, in bytes.
        async fn new(room: usize) -> Self {
            Self::with_waiting(room, &[]).await
        }

        /// The same, with frames that wait before the link begins.
        async fn with_waiting(room: usize, frames: &[&str]) -> Self {
            let (client, server) = tokio::io::duplex(room);
            let writes = Arc::new(AtomicUsize::new(0));
            let server = Counting(server, Arc::clone(&writes));
            let (outbox_tx, outbox_rx) = outbox();
            for frame in frames {
                let pushed = outbox_tx.push(Utf8Bytes::from(*frame), Instant::now());
                pushed.expect("has room");
            }
            let (events_tx, events_rx) = mpsc::channel(2);
            let (client, ws) = client_over((client, server)).await;
            let task = tokio::spawn(async move {
                run(ws, LinkId(1), &events_tx, &outbox_rx).await;
            });
            Self {
                client,
                events_rx,
                outbox_tx: Some(outbox_tx),
                task,
                writes,
            }
        }

        fn outbox(&self) -> &OutboxTx {
            self.outbox_tx.as_ref().expect("is not cut")
        }

        fn push(&self, frame: &str) {
            let pushed = self.outbox().push(Utf8Bytes::from(frame), Instant::now());
            pushed.expect("has room");
        }

        fn close(&self, linger: Duration, status: CloseStatus) {
            self.outbox().close(Closing { linger, status });
        }

        async fn send(&mut self, message: Message) {
            self.client.send(message).await.expect("is sent");
        }

        async fn heard(&mut self) -> What {
            self.events_rx.recv().await.expect("something comes").what
        }

        async fn received(&mut self) -> Message {
            let message = self.client.next().await.expect("something comes");
            message.expect("is sound")
        }

        /// The status of the close frame that comes next; the link ends once that is answered.
        async fn closed(mut self) -> u16 {
            let Message::Close(Some(frame)) = self.received().await else {
                panic!("is no close frame");
            };
            while self.client.next().await.is_some() {}
            self.task.await.expect("ends");
            frame.code.into()
        }
    }

    /// A stream that counts what is written to it.
    struct Counting(DuplexStream, Arc<AtomicUsize>);

    impl AsyncRead for Counting {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            Pin::new(&mut self.0).poll_read(context, buffer)
        }
    }

    impl AsyncWrite for Counting {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<std::io::Result<usize>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Pin::new(&mut self.0).poll_write(context, bytes)
        }

        fn poll_flush(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<std::io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(context)
        }

        fn poll_shutdown(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<std::io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(context)
        }
    }

    #[tokio::test]
    async fn frames_go_to_the_hub_and_what_is_none_is_said_so() {
        let mut world = World::new(1 << 20).await;
        world.send(Message::text(r#"["ping",7]"#)).await;
        assert!(matches!(
            world.heard().await,
            What::Frame(ClientFrame::Ping(7))
        ));
        world.send(Message::text("hello")).await;
        assert!(matches!(
            world.heard().await,
            What::Unreadable(Unreadable::NotAFrame(_))
        ));
        world.send(Message::binary(vec![1, 2])).await;
        assert!(matches!(
            world.heard().await,
            What::Unreadable(Unreadable::Binary)
        ));
        world.send(Message::text(r#"["ping",8]"#)).await;
        assert!(matches!(
            world.heard().await,
            What::Frame(ClientFrame::Ping(8))
        ));
    }

    #[tokio::test]
    async fn pings_of_the_socket_are_answered() {
        let mut world = World::new(1 << 20).await;
        world.send(Message::Ping("are you there".into())).await;
        assert_eq!(
            world.received().await,
            Message::Pong("are you there".into())
        );
    }

    #[tokio::test]
    async fn frames_that_wait_together_are_written_together() {
        let frames: Vec<_> = (0..8).map(|n| format!("frame {n}")).collect();
        let waiting: Vec<_> = frames.iter().map(String::as_str).collect();
        let mut world = World::with_waiting(1 << 20, &waiting).await;
        for frame in &frames {
            assert_eq!(world.received().await, Message::text(frame));
        }
        // One for the handshake, one for all of them.
        assert_eq!(world.writes.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_close_comes_behind_everything_else() {
        let mut world = World::with_waiting(64, &["one", "two"]).await;
        world.close(Duration::ZERO, CloseStatus::GoingAway);
        for frame in ["one", "two"] {
            assert_eq!(world.received().await, Message::text(frame));
        }
        assert_eq!(world.closed().await, 1001);
    }

    #[tokio::test]
    async fn a_client_may_close_first() {
        let mut world = World::new(1 << 20).await;
        world.close(LONG, CloseStatus::Refused);
        world.send(Message::Close(None)).await;
        while world.client.next().await.is_some() {}
        world.task.await.expect("ends");
    }

    #[tokio::test]
    async fn a_client_that_does_not_close_first_is_closed() {
        let world = World::new(1 << 20).await;
        world.close(Duration::from_millis(5), CloseStatus::Refused);
        assert_eq!(world.closed().await, 1008);
    }

    #[tokio::test]
    async fn a_client_that_closes_is_answered_whatever_it_is_being_sent() {
        let mut world = World::with_waiting(1 << 20, &["one"]).await;
        assert_eq!(world.received().await, Message::text("one"));
        world.send(Message::Close(None)).await;
        world.push("two");
        let mut last = None;
        while let Some(message) = world.client.next().await {
            last = Some(message.expect("the end is in order"));
        }
        assert_eq!(last, Some(Message::Close(None)));
        world.task.await.expect("ends");
    }

    #[tokio::test]
    async fn a_link_ends_when_its_client_vanishes() {
        let world = World::new(1 << 20).await;
        drop(world.client);
        world.task.await.expect("ends");
    }

    #[tokio::test]
    async fn a_frame_that_is_too_large_ends_in_a_close_that_the_client_can_read() {
        let mut world = World::new(512).await;
        let (mut client_tx, mut client_rx) = world.client.split();
        // It does not look for an answer before all is sent, and that does not fit on the way.
        let sending = tokio::spawn(async move {
            let large = Message::text("x".repeat(1 << 20));
            client_tx.send(large).await.expect("is sent");
        });
        let heard = world.events_rx.recv().await.expect("something comes");
        assert!(matches!(
            heard.what,
            What::Unreadable(Unreadable::TooLarge {
                max: limits::FRAME_BYTES
            })
        ));
        let outbox = world.outbox_tx.expect("is not cut");
        outbox.close(Closing {
            linger: Duration::ZERO,
            status: CloseStatus::TooLarge,
        });
        sending.await.expect("is sent");
        let message = client_rx.next().await.expect("comes").expect("is sound");
        assert!(matches!(message, Message::Close(Some(frame)) if u16::from(frame.code) == 1009));
    }

    #[tokio::test]
    async fn the_largest_frame_is_let_in() {
        let mut world = World::new(1 << 20).await;
        let padding = " ".repeat(limits::FRAME_BYTES - r#"["ping",1]"#.len());
        world
            .send(Message::text(format!(r#"["ping",1]{padding}"#)))
            .await;
        assert!(matches!(
            world.heard().await,
            What::Frame(ClientFrame::Ping(1))
        ));
    }

    #[tokio::test]
    async fn a_link_is_cut_although_its_client_does_not_read() {
        let mut world = World::with_waiting(64, &[&"x".repeat(1 << 20)]).await;
        world.outbox_tx = None;
        world.task.await.expect("ends");
    }

    /// Sends until the hub's queue is full and the link waits for it.
    async fn fill_hub(world: &mut World) {
        for n in 0..4 {
            world.send(Message::text(format!(r#"["ping",{n}]"#))).await;
        }
    }

    #[tokio::test]
    async fn a_link_that_waits_for_the_hub_is_still_written_to() {
        let mut world = World::new(1 << 20).await;
        fill_hub(&mut world).await;
        world.push("one");
        assert_eq!(world.received().await, Message::text("one"));
        for expected in 0..4 {
            assert!(matches!(
                world.heard().await,
                What::Frame(ClientFrame::Ping(n)) if n == expected
            ));
        }
    }

    #[tokio::test]
    async fn a_link_is_cut_although_it_waits_for_the_hub() {
        let mut world = World::new(1 << 20).await;
        fill_hub(&mut world).await;
        world.outbox_tx = None;
        world.task.await.expect("ends");
    }

    #[tokio::test]
    async fn an_idle_link_takes_little_memory() {
        let (client, server) = tokio::io::duplex(64);
        let (_outbox_tx, outbox_rx) = outbox();
        let (events_tx, _events_rx) = mpsc::channel(1);
        let ws = WebSocketStream::from_raw_socket(server, Role::Server, None).await;
        drop(client);
        let size = size_of_val(&run(ws, LinkId(1), &events_tx, &outbox_rx));
        assert!(size < 3072, "{size} bytes beside the socket's buffers");
    }
}
