//! A chat in the terminal: `cargo run --example chat --features client -- ws://127.0.0.1:7800 alice`.
//!
//! `@bob hello` sends to an account, `/join room` goes into a channel, `/leave` out of it, anything else is said there;
//! `/quit` ends. The token, if the server wants one, is read from `CALLSIGN_TOKEN`.

use std::error::Error;
use std::io::BufRead as _;

use callsign::client::core::{LoginOptions, Reconnect};
use callsign::client::event::{ChannelEvent, Event, SessionEvent};
use callsign::client::{Channel, Session, Signal};
use callsign::net::ws::Server;
use callsign::protocol::token::Token;
use callsign::protocol::{Account, AppId, ChannelName};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(name)) = (args.next(), args.next()) else {
        return Err("usage: chat <ws://host:port> <account> [app]".into());
    };
    let app = AppId::try_from(args.next().unwrap_or_else(|| "chat".to_owned()))?;
    let token = std::env::var("CALLSIGN_TOKEN").unwrap_or_else(|_| "_no_need_token".to_owned());
    let options = LoginOptions {
        reconnect: Reconnect::Unlimited,
        ..LoginOptions::default()
    };
    let signal = Signal::new(app, Server::at(&url)?);
    let me = Account::try_from(name)?;
    let (session, mut events) = signal.login(&me, Token::new(token), options).await?;

    let mut lines = lines();
    let mut room = None;
    // A message may wait a minute for a link that is lost. Events and lines go on meanwhile.
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => show(&me, event),
                None => return Ok(()),
            },
            Some(done) = under_way.join_next() => match done? {
                Ok(Done::Joined(joined)) => room = Some(joined),
                Ok(Done::Nothing) => {}
                Err(error) => println!("! {error}"),
            },
            line = lines.recv() => match line.as_deref() {
                Some("/quit") | None => {
                    session.logout().await?;
                    return Ok(());
                }
                Some(line) => match Wish::parse(line, &mut room) {
                    Ok(wish) => {
                        under_way.spawn(wish.fulfil(session.clone()));
                    }
                    Err(error) => println!("! {error}"),
                },
            },
        }
    }
}

/// What the user types. Reading it blocks, so it has a thread of its own.
fn lines() -> mpsc::Receiver<String> {
    let (lines_tx, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines_tx.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// What a line asks for.
enum Wish {
    Tell(Account, String),
    Join(ChannelName),
    Leave(Channel),
    Say(Channel, String),
}

/// What came of it.
enum Done {
    Joined(Channel),
    Nothing,
}

type Failed = Box<dyn Error + Send + Sync>;

impl Wish {
    /// Reads a line; `room` is where the user is, and is emptied by leaving.
    fn parse(line: &str, room: &mut Option<Channel>) -> Result<Self, Failed> {
        if let Some((peer, text)) = line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            return Ok(Self::Tell(Account::try_from(peer)?, text.to_owned()));
        }
        if let Some(name) = line.strip_prefix("/join ") {
            return Ok(Self::Join(ChannelName::try_from(name)?));
        }
        let nowhere = "@account text, or /join room";
        if line == "/leave" {
            return Ok(Self::Leave(room.take().ok_or(nowhere)?));
        }
        let room = room.clone().ok_or(nowhere)?;
        Ok(Self::Say(room, line.to_owned()))
    }

    async fn fulfil(self, session: Session) -> Result<Done, Failed> {
        match self {
            Self::Tell(peer, text) => {
                session.message_instant_send(&peer, &text).await?;
            }
            Self::Join(name) => return Ok(Done::Joined(session.channel_join(&name).await?)),
            Self::Leave(room) => room.channel_leave().await?,
            Self::Say(room, text) => {
                room.message_channel_send(&text).await?;
            }
        }
        Ok(Done::Nothing)
    }
}

fn show(me: &Account, event: Event) {
    match event {
        Event::Session(SessionEvent::MessageInstantReceive { account, msg, .. }) => {
            println!("{account} to you: {msg}");
        }
        Event::Session(SessionEvent::LinkLost) => println!("* the link is lost; trying again"),
        Event::Session(SessionEvent::LoginSuccess { again, .. }) => {
            println!("* signed in{}", if again { " again" } else { "" });
        }
        Event::Session(SessionEvent::Logout { code, reason }) => {
            println!("* {} {reason} ({})", code.message(), code.number());
        }
        Event::Session(SessionEvent::MissedCall { peer, .. }) => {
            println!("* {peer} called while you were away");
        }
        Event::Session(
            SessionEvent::Error { .. }
            | SessionEvent::Presence(_)
            | SessionEvent::Receipt(_)
            | SessionEvent::Typing(_)
            | SessionEvent::AttrEntries { .. }
            | SessionEvent::AttrChanged(_)
            | SessionEvent::InviteReceived { .. }
            | SessionEvent::Missed { .. },
        )
        | Event::Call { .. } => {}
        Event::Channel { channel, event } => show_in(me, &channel, event),
    }
}

fn show_in(me: &Account, channel: &ChannelName, event: ChannelEvent) {
    match event {
        ChannelEvent::Joined(view) | ChannelEvent::Rejoined(view) => {
            let names: Vec<_> = view.users.iter().map(|(name, _)| name.as_str()).collect();
            println!("* {channel}: {}", names.join(", "));
        }
        ChannelEvent::Left { code } => println!("* {channel}: {}", code.message()),
        ChannelEvent::UserJoined { account, .. } => println!("* {channel}: {account} came"),
        ChannelEvent::UserLeft { account, .. } => println!("* {channel}: {account} left"),
        ChannelEvent::MessageReceive { account, msg, .. } if account != *me => {
            println!("{account} in {channel}: {msg}");
        }
        ChannelEvent::MessageReceive { .. } | ChannelEvent::AttrUpdated { .. } => {}
    }
}
