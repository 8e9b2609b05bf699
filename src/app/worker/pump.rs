//! The pump: brings what a session tells to the window, in order.

use super::Out;
use super::voice::OwnDevices;
use crate::app::msg::{Msg, SignInMsg, TakenIn};
use crate::calls::Sounds;
use crate::client::Events;
use crate::client::event::{Event, SessionEvent};

/// Tells every event until the session is over; and, if there were any that the server keeps until we do, how many were told: when
/// there are no more for now, and at the latest after [`UNSAID`].
///
/// That somebody is in goes the same way, behind what the session before has told.
pub(super) async fn pump(session: u64, mut events: Events, calls: Sounds<OwnDevices>, out: Out) {
    out.tell(Msg::SignIn(SignInMsg::Done)).await;
    let mut unsaid = 0;
    loop {
        let waiting = match unsaid {
            0 | UNSAID.. => None,
            _ => events.try_next(),
        };
        if unsaid > 0 && waiting.is_none() {
            let events = events.taken();
            out.tell(Msg::TakenIn(TakenIn { session, events })).await;
            unsaid = 0;
        }
        let event = match waiting {
            Some(event) => Some(event),
            None => events.next().await,
        };
        let Some(event) = event else { return };
        note(&event);
        calls.happened(&event);
        unsaid += usize::from(is_to_be_kept(&event));
        out.tell(Msg::Happened(event)).await;
    }
}

/// Events that are told before it is said that they were.
const UNSAID: usize = 32;

/// Whether the server keeps it until it is told that we do.
fn is_to_be_kept(event: &Event) -> bool {
    match event {
        Event::Session(
            SessionEvent::MessageInstantReceive { .. }
            | SessionEvent::MissedCall { .. }
            | SessionEvent::Receipt(_),
        ) => true,
        Event::Session(
            SessionEvent::LoginSuccess { .. }
            | SessionEvent::LinkLost
            | SessionEvent::Logout { .. }
            | SessionEvent::InviteReceived { .. }
            | SessionEvent::Presence(_)
            | SessionEvent::Typing(_)
            | SessionEvent::AttrEntries { .. }
            | SessionEvent::AttrChanged(_)
            | SessionEvent::Error { .. }
            | SessionEvent::Missed { .. },
        )
        | Event::Channel { .. }
        | Event::Call { .. } => false,
    }
}

/// Logs what went wrong where nobody asked.
fn note(event: &Event) {
    if let Event::Session(SessionEvent::Error { code, text }) = event {
        tracing::warn!(%text, code = code.number(), "something failed in the background");
    }
    if let Event::Session(SessionEvent::Missed { events }) = event {
        tracing::warn!(events, "events of rooms were missed");
    }
}
