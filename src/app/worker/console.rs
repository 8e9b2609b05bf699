//! The frames of the link, for the console: as long as somebody listens, and without secrets, which the tap has hidden.

use super::session::Desk;
use crate::app::msg::{ConsoleMsg, Direction, Msg, WireFrame};
use crate::net::tap::Tapped;

/// Frames that are told at once.
const AT_ONCE: usize = 64;

impl Desk {
    /// Somebody listens, or not any more.
    pub(super) fn listen(&mut self, listens: bool) {
        if !listens {
            return self.tap.shut();
        }
        let mut frames_rx = self.tap.open();
        let out = self.out.clone();
        // It ends when the tap is shut.
        tokio::spawn(async move {
            let mut frames = Vec::with_capacity(AT_ONCE);
            while frames_rx.recv_many(&mut frames, AT_ONCE).await > 0 {
                let told = frames.drain(..).map(wire).collect();
                out.tell(Msg::Console(ConsoleMsg::Frames(told))).await;
            }
        });
    }
}

fn wire(frame: Tapped) -> WireFrame {
    let Tapped {
        sent,
        at_ms,
        bytes,
        text,
        missed,
    } = frame;
    WireFrame {
        direction: match sent {
            true => Direction::Sent,
            false => Direction::Received,
        },
        at_ms,
        bytes,
        text,
        missed,
    }
}
