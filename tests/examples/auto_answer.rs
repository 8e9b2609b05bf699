//! A bot that answers: `cargo run --example auto_answer --features client -- ws://127.0.0.1:7800 echo`.
//!
//! It accepts every call, says back the keys that it hears, and echoes messages. The token, if the server wants one, is read
//! from `CALLSIGN_TOKEN`.

use std::error::Error;

use callsign::client::core::{LoginOptions, Reconnect};
use callsign::client::event::{CallEvent, Event, SessionEvent};
use callsign::client::{Session, Signal};
use callsign::net::ws::Server;
use callsign::protocol::token::Token;
use callsign::protocol::{Account, AppId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(name)) = (args.next(), args.next()) else {
        return Err("usage: auto_answer <ws://host:port> <account> [app]".into());
    };
    let app = AppId::try_from(args.next().unwrap_or_else(|| "chat".to_owned()))?;
    let token = std::env::var("CALLSIGN_TOKEN").unwrap_or_else(|_| "_no_need_token".to_owned());
    let options = LoginOptions {
        reconnect: Reconnect::Unlimited,
        ..LoginOptions::default()
    };
    let signal = Signal::new(app, Server::at(&url)?);
    let (session, mut events) = signal
        .login(&Account::try_from(name)?, Token::new(token), options)
        .await?;
    println!("ready");
    while let Some(event) = events.next().await {
        answer(&session, event);
    }
    Ok(())
}

/// Nothing here waits: what is handed over goes out in order, and events go on coming.
fn answer(session: &Session, event: Event) {
    match event {
        Event::Session(SessionEvent::InviteReceived { call, peer, .. }) => {
            println!("{peer} calls");
            drop(session.call(call).channel_invite_accept(""));
        }
        Event::Session(SessionEvent::MessageInstantReceive { account, msg, .. }) => {
            drop(session.message_instant_send(&account, &msg));
        }
        Event::Call {
            call,
            event: CallEvent::Msg(msg),
        } => drop(session.call(call).channel_invite_msg(msg)),
        Event::Call {
            event: CallEvent::Ended(reason),
            ..
        } => println!("over: {reason:?}"),
        Event::Session(SessionEvent::Logout { code, reason }) => {
            println!("{} {reason}", code.message());
        }
        Event::Session(
            SessionEvent::LoginSuccess { .. }
            | SessionEvent::LinkLost
            | SessionEvent::Error { .. }
            | SessionEvent::MissedCall { .. }
            | SessionEvent::Presence(_)
            | SessionEvent::Receipt(_)
            | SessionEvent::Typing(_)
            | SessionEvent::AttrEntries { .. }
            | SessionEvent::AttrChanged(_)
            | SessionEvent::Missed { .. },
        )
        | Event::Channel { .. }
        | Event::Call { .. } => {}
    }
}
