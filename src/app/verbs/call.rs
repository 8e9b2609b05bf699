//! `callsign call`: calls somebody, says a file, and writes what is heard.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use tokio::time::{Instant, sleep_until};

use super::desk::{Desk, Happened, say, say_call, say_sound};
use super::{CallArgs, Keys, VerbError};
use crate::calls::{NoSound, Order, PrepareError, SoundNews};
use crate::client::Call;
use crate::client::event::{CallEvent, Event, SessionEvent};
use crate::protocol::{Account, ChannelName, KeysHeard, limits};

/// How the call went so far.
struct Going {
    call: Call,
    keys: KeysHeard,
    answered: bool,
    /// Whether the keys were pressed.
    pressed: bool,
    /// When to hang up.
    until: Option<Instant>,
    /// Whether it was ended by a signal.
    stopping: bool,
    /// Whether it was by two.
    hurrying: bool,
    /// Whether it was to go through a relay alone, and none lent an address.
    no_relay: bool,
    /// Whether the signaling and the sound are over.
    ended: (bool, bool),
}

/// Whether it was answered.
pub(super) async fn run(args: CallArgs) -> Result<bool, VerbError> {
    let Some(mut desk) = Desk::open(&args.with).await? else {
        return Ok(false);
    };
    let chance = RandomState::new().build_hasher().finish();
    let channel = ChannelName::try_from(format!("call-{chance:016x}"))?;
    let sounds = desk.sounds.clone();
    let inviting = sounds.invite(&channel, &args.peer, "{}");
    let Some(call) = desk.unless_stopped(inviting).await.transpose()? else {
        // With the session goes what was on its way.
        desk.close().await;
        return Ok(false);
    };
    tell_if_absent(&desk, &args.peer);
    let mut going = Going {
        call,
        keys: KeysHeard::default(),
        answered: false,
        pressed: false,
        until: None,
        stopping: false,
        hurrying: false,
        no_relay: false,
        ended: (false, false),
    };
    while going.ended != (true, true) {
        let until = going.until;
        let time = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let happened = tokio::select! {
            happened = desk.next() => happened,
            () = time => {
                end(&mut going);
                continue;
            }
        };
        match happened {
            Happened::Event(event) => heard(&desk, &mut going, &event, &args),
            Happened::Sound(of, news) if of == going.call.id() => {
                say_sound(&news, &mut going.keys);
                if matches!(news, SoundNews::Connected) {
                    press(&desk, &mut going, args.keys.as_ref());
                }
                if let SoundNews::None(NoSound::Here(PrepareError::NoRelay)) = news {
                    going.no_relay = true;
                    end(&mut going);
                }
                going.ended.1 |= matches!(news, SoundNews::Over);
            }
            Happened::Sound(..) => {}
            // Nor for the file.
            Happened::Stop if going.hurrying => break,
            // Whoever says it twice does not want to wait for the server.
            Happened::Stop if going.stopping => {
                going.hurrying = true;
                desk.sounds.end(going.call.id());
                going.ended.0 = true;
            }
            Happened::Stop => {
                going.stopping = true;
                end(&mut going);
            }
            Happened::Over => going.ended.0 = true,
        }
    }
    let written = desk.files.take(going.call.id()).transpose()?;
    if let Some(path) = written {
        say(&format!("heard {}", path.display()));
    }
    desk.close().await;
    match going.no_relay {
        true => Err(VerbError::NoRelay),
        false => Ok(going.answered),
    }
}

/// Its end is told like any other.
fn end(going: &mut Going) {
    going.until = None;
    drop(going.call.channel_invite_end());
}

/// Says what it is that takes so long, if nobody is there to be called.
fn tell_if_absent(desk: &Desk, peer: &Account) {
    let (asked, peer) = (desk.session.user_query_user_status(peer), peer.clone());
    tokio::spawn(async move {
        if let Ok(false) = asked.await {
            let time = limits::INVITE_TIMEOUT.as_secs();
            eprintln!("{peer} is not signed in: the call waits {time} s for them");
        }
    });
}

fn heard(desk: &Desk, going: &mut Going, event: &Event, args: &CallArgs) {
    match event {
        Event::Call { call, event } if *call == going.call.id() => {
            say_call(event, &mut going.keys);
            match event {
                CallEvent::AcceptedByPeer { .. } | CallEvent::Accepted => {
                    going.answered = true;
                    going.until = args.duration.map(|time| Instant::now() + time);
                }
                CallEvent::Ended(_) => going.ended.0 = true,
                CallEvent::ReceivedByPeer { .. } | CallEvent::Msg(_) => {}
            }
        }
        // One call at a time.
        Event::Session(SessionEvent::InviteReceived { call, glare, .. }) => {
            let other = desk.session.call(*call);
            drop(other.channel_invite_refuse(r#"{"reason":"busy","code":705}"#));
            if *glare {
                eprintln!("they called at the same moment");
            }
        }
        Event::Session(SessionEvent::LinkLost) => eprintln!("the link to the server is lost"),
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => {}
    }
}

/// By both ways, since they may hear only one of them; once, however often the way is made anew.
fn press(desk: &Desk, going: &mut Going, keys: Option<&Keys>) {
    let Some(Keys(keys)) = keys.filter(|_| !going.pressed) else {
        return;
    };
    going.pressed = true;
    for key in keys {
        desk.sounds.order(going.call.id(), Order::Key(*key));
    }
    drop(going.call.channel_invite_dtmf(keys));
}
