//! `callsign listen`: waits for calls, one after the other or several at once.

use std::collections::BTreeMap;

use super::desk::{Desk, Happened, say, say_call, say_sound};
use super::{ListenArgs, VerbError};
use crate::calls::SoundNews;
use crate::client::event::{CallEvent, CallRef, Event, SessionEvent};
use crate::protocol::KeysHeard;

/// A call that is not over.
#[derive(Default)]
struct Open {
    keys: KeysHeard,
    /// Whether its signaling is over, and whether its sound is.
    ended: bool,
    over: bool,
}

/// Until a signal comes, and every call is over and its file whole.
pub(super) async fn run(args: ListenArgs) -> Result<bool, VerbError> {
    let Some(mut desk) = Desk::open(&args.with).await? else {
        return Ok(true);
    };
    say("listening");
    let mut open: BTreeMap<CallRef, Open> = BTreeMap::new();
    let (mut stopping, mut hurrying, mut whole, mut over) = (false, false, true, None);
    while !(stopping && open.is_empty()) {
        match desk.next().await {
            Happened::Event(Event::Session(SessionEvent::InviteReceived {
                call, peer, ..
            })) => {
                say(&format!("call from {peer}"));
                open.insert(call, Open::default());
                if stopping {
                    drop(desk.session.call(call).channel_invite_refuse(""));
                } else if args.auto_answer {
                    answer(&desk, call);
                }
            }
            Happened::Event(Event::Session(SessionEvent::Logout { reason, .. })) => {
                over = Some(reason);
                stopping = true;
            }
            Happened::Event(Event::Call { call, event }) => {
                if let Some(of) = open.get_mut(&call) {
                    say_call(&event, &mut of.keys);
                    of.ended |= matches!(event, CallEvent::Ended(_));
                }
            }
            Happened::Event(Event::Session(_) | Event::Channel { .. }) => {}
            Happened::Sound(call, news) => {
                if let Some(of) = open.get_mut(&call) {
                    say_sound(&news, &mut of.keys);
                    of.over |= matches!(news, SoundNews::Over);
                }
            }
            // Nor for the files.
            Happened::Stop if hurrying => break,
            // Whoever says it twice does not want to wait for the server.
            Happened::Stop if stopping => {
                hurrying = true;
                for (call, of) in &mut open {
                    desk.sounds.end(*call);
                    of.ended = true;
                }
            }
            Happened::Stop => {
                stopping = true;
                for call in open.keys() {
                    // What still rings is declined, and then has no end any more.
                    drop(desk.session.call(*call).channel_invite_refuse(""));
                    drop(desk.session.call(*call).channel_invite_end());
                }
            }
            Happened::Over => stopping = true,
        }
        // The sound may be over before the server tells that the call is: the file is the last that is told of a call.
        open.retain(|call, of| {
            let done = of.ended && of.over;
            if done {
                whole &= told(&desk, *call);
            }
            !done
        });
    }
    desk.close().await;
    match over {
        Some(reason) => Err(VerbError::LoggedOut(reason)),
        None => Ok(whole),
    }
}

/// In a task of its own: other calls go on meanwhile.
fn answer(desk: &Desk, call: CallRef) {
    let sounds = desk.sounds.clone();
    tokio::spawn(async move {
        if let Err(error) = sounds.accept(call).await {
            eprintln!("not answered: {error}");
        }
    });
}

/// Tells where it is written what was heard. Says whether it is.
fn told(desk: &Desk, call: CallRef) -> bool {
    match desk.files.take(call) {
        Some(Ok(path)) => say(&format!("heard {}", path.display())),
        Some(Err(error)) => {
            eprintln!("error: {error}");
            return false;
        }
        None => {}
    }
    true
}
