//! A link without a network: both ends in one process.

use std::sync::Arc;

use futures_util::{sink, stream};
use tokio::sync::mpsc;

use super::link::{Connect, Heard, Link, LinkError, OpenError, Opening};
use crate::protocol::{AppId, ClientFrame};

/// Frames on their way in one direction. When full, whoever sends waits, as on a socket.
pub const FRAMES: usize = 64;

/// The server's end of a link.
#[derive(Debug)]
pub struct ServerEnd {
    /// What the client sends; it ends when the client closes the link.
    pub incoming: mpsc::Receiver<ClientFrame>,
    /// What the client hears; dropping it closes the link.
    pub outgoing: mpsc::Sender<Heard>,
}

/// A link and its other end.
#[must_use]
pub fn pair() -> (Link, ServerEnd) {
    let (up_tx, up_rx) = mpsc::channel(FRAMES);
    let (down_tx, down_rx) = mpsc::channel(FRAMES);
    let outgoing = sink::unfold(up_tx, |up_tx: mpsc::Sender<_>, frame| async {
        match up_tx.send(frame).await {
            Ok(()) => Ok(up_tx),
            Err(_) => Err(LinkError("the other end is closed".to_owned())),
        }
    });
    let incoming = stream::unfold(down_rx, |mut down_rx: mpsc::Receiver<Heard>| async {
        let heard = down_rx.recv().await?;
        Some((heard, down_rx))
    });
    let link = Link {
        outgoing: Box::pin(outgoing),
        incoming: Box::pin(incoming),
    };
    let end = ServerEnd {
        incoming: up_rx,
        outgoing: down_tx,
    };
    (link, end)
}

/// A server in the same process: each link's other end comes out of a queue.
#[derive(Clone, Debug)]
pub struct InProcess {
    ends: Arc<mpsc::Sender<ServerEnd>>,
}

/// A way to connect, and the ends of the links that were opened on it. When as many as [`FRAMES`] wait, the next client
/// waits; when the queue is dropped, there is no server any more.
#[must_use]
pub fn in_process() -> (InProcess, mpsc::Receiver<ServerEnd>) {
    let (ends_tx, ends_rx) = mpsc::channel(FRAMES);
    let ends = Arc::new(ends_tx);
    (InProcess { ends }, ends_rx)
}

impl Connect for InProcess {
    fn connect<'a>(&'a self, _: &'a AppId) -> Opening<'a> {
        Box::pin(async {
            let (link, end) = pair();
            let sent = self.ends.send(end).await;
            sent.map_err(|_| OpenError::NoServer)?;
            Ok(link)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ServerFrame;
    use futures_util::{SinkExt as _, StreamExt as _};

    #[tokio::test]
    async fn what_goes_in_at_one_end_comes_out_at_the_other() {
        let (mut link, mut end) = pair();
        link.outgoing
            .send(ClientFrame::Ping(1))
            .await
            .expect("room");
        assert_eq!(end.incoming.recv().await, Some(ClientFrame::Ping(1)));
        let pong = Heard::Frame(ServerFrame::Pong(1));
        end.outgoing.send(pong.clone()).await.expect("room");
        assert_eq!(link.incoming.next().await, Some(pong));
        drop(end);
        assert_eq!(link.incoming.next().await, None);
        assert!(link.outgoing.send(ClientFrame::Ping(2)).await.is_err());
    }
}
