//! The SDK: signs in, sends, joins, calls, and comes back by itself when the link is lost.
//!
//! # A tour
//!
//! [`Signal`] is the client of one app. Signing in gives a [`Session`], which does things, and [`Events`], which tells what
//! happens. Nothing blocks: every method hands over at once and in order, and the future that it returns is the answer.
//!
#![cfg_attr(
    all(feature = "client", feature = "server"),
    doc = r##"
```
# #[tokio::main(flavor = "current_thread")]
# async fn main() -> Result<(), Box<dyn std::error::Error>> {
use callsign::client::core::LoginOptions;
use callsign::client::event::{CallEvent, ChannelEvent, Event, SessionEvent};
use callsign::client::{Events, Session, Signal};
use callsign::net::ws::Server;
use callsign::protocol::token::Token;
use callsign::protocol::{Account, AppId, ChannelName};

// A server of our own, in this process. Yours is at `wss://...`, or named by `https://...` (`Server::named_by`).
let own = callsign::server::Server::bind(callsign::server::Config::default()).await?;
let url = format!("ws://{}", own.plain_addr());
tokio::spawn(own.serve());

/// Signs an account in.
async fn sign_in(url: &str, account: &Account) -> Result<(Session, Events), Box<dyn std::error::Error>> {
    let signal = Signal::new(AppId::try_from("tour")?, Server::at(url)?);
    let token = Token::new("_no_need_token");
    Ok(signal.login(account, token, LoginOptions::default()).await?)
}

let (alice, bob) = (Account::try_from("alice")?, Account::try_from("bob")?);
let (alices, mut alice_hears) = sign_in(&url, &alice).await?;
let (bobs, mut bob_hears) = sign_in(&url, &bob).await?;

// A message is on the server once its future is done, and reaches its receiver once, online or not.
alices.message_instant_send(&bob, "shall we talk?").await?;
while let Some(event) = bob_hears.next().await {
    if let Event::Session(SessionEvent::MessageInstantReceive { account, msg, .. }) = event {
        assert_eq!((account, msg.as_str()), (alice.clone(), "shall we talk?"));
        break;
    }
}

// A channel: what is said in it comes to all members, the sender as well.
let room = ChannelName::try_from("the red room")?;
let alices_room = alices.channel_join(&room).await?;
bobs.channel_join(&room).await?;
alices_room.message_channel_send("hello").await?;
while let Some(event) = bob_hears.next().await {
    if let Event::Channel { event: ChannelEvent::MessageReceive { msg, .. }, .. } = event {
        assert_eq!(msg, "hello");
        break;
    }
}
assert_eq!(alices.channel_query_num(&room).await?, 2);

// A call: whoever is invited answers, and both are told how it goes on.
let calling = alices.channel_invite_user2(&room, &bob, "{}").await?;
while let Some(event) = bob_hears.next().await {
    if let Event::Session(SessionEvent::InviteReceived { call, .. }) = event {
        bobs.call(call).channel_invite_accept("").await?;
        break;
    }
}
while let Some(event) = alice_hears.next().await {
    if let Event::Call { event: CallEvent::AcceptedByPeer { .. }, .. } = event {
        break;
    }
}
calling.channel_invite_end().await?;
alices.logout().await?;
# Ok(())
# }
```
"##
)]
//! # Beyond 1.x
//!
//! What [`LoginOptions`](core::LoginOptions) ask for and the server grants ([`Additions`](crate::protocol::Additions) in
//! `LoginSuccess`): many channels at once; messages with ids and times; who is there ([`Session::presence_watch`],
//! [`Session::presence_set`]); how far messages have come ([`SessionEvent::Receipt`](event::SessionEvent::Receipt),
//! [`Session::receipt_read`]); who is writing ([`Session::user_typing`], [`Channel::user_typing`]); attributes with their time and
//! author, watched from anywhere ([`Session::attr_watch`]); what was said in a channel while one was away
//! ([`Channel::history`]); and whom one does not want to hear from ([`Session::user_block`]). A server that grants less answers
//! the rest with 1002.
//!
#![cfg_attr(
    all(feature = "client", feature = "server"),
    doc = r##"
```
# #[tokio::main(flavor = "current_thread")]
# async fn main() -> Result<(), Box<dyn std::error::Error>> {
# use callsign::client::Signal;
# use callsign::client::core::LoginOptions;
# use callsign::client::event::{Event, SessionEvent};
# use callsign::net::ws::Server;
# use callsign::protocol::token::Token;
# use callsign::protocol::{Account, AppId};
use callsign::protocol::Show;
# let own = callsign::server::Server::bind(callsign::server::Config::default()).await?;
# let url = format!("ws://{}", own.plain_addr());
# tokio::spawn(own.serve());
# let (alice, bob) = (Account::try_from("alice")?, Account::try_from("bob")?);
# let signal = |url: &str| Ok::<_, Box<dyn std::error::Error>>(Signal::new(AppId::try_from("tour")?, Server::at(url)?));
# let token = || Token::new("_no_need_token");
# let (alices, mut alice_hears) = signal(&url)?.login(&alice, token(), LoginOptions::default()).await?;
# let (bobs, mut bob_hears) = signal(&url)?.login(&bob, token(), LoginOptions::default()).await?;
// Who is there: the present state at once, and every change from then on.
alices.presence_watch(&[bob.clone()]).await?;
bobs.presence_set(Show::Away, "lunch", &[]).await?;
while let Some(event) = alice_hears.next().await {
    if let Event::Session(SessionEvent::Presence(states)) = event
        && states.iter().any(|state| state.show == Show::Away && state.text == "lunch")
    {
        break;
    }
}

// How far a message has come: delivered by itself, read when its receiver says so.
let sent = alices.message_instant_send(&bob, "back at two?").await?;
while let Some(event) = bob_hears.next().await {
    if let Event::Session(SessionEvent::MessageInstantReceive { id: Some(id), .. }) = event {
        bobs.receipt_read(&alice, &[id]).await?;
        break;
    }
}
while let Some(event) = alice_hears.next().await {
    if let Event::Session(SessionEvent::Receipt(receipt)) = event {
        assert_eq!(receipt.ids, [sent.id]);
        break;
    }
}
# Ok(())
# }
```
"##
)]
//! # When the link is lost
//!
//! The session stays. It tells [`SessionEvent::LinkLost`](event::SessionEvent::LinkLost) and tries again, as
//! [`LoginOptions`](core::LoginOptions) say: 10 tries within 30 s, or for ever. What is asked meanwhile waits. Then it tells
//! [`SessionEvent::LoginSuccess`](event::SessionEvent::LoginSuccess) again, and sends what was not acknowledged, in order and under
//! the ids it had, so that it arrives once. Messages that came meanwhile are there.
//!
//! A server of ours keeps the session for 30 s: channels, watches and calls go on as if nothing had been, and what happened in
//! channels meanwhile is told in order. After that, after its restart, or where it says that there is a gap, the client joins its
//! channels again ([`ChannelEvent::Rejoined`](event::ChannelEvent::Rejoined)), watches what it watched, and its calls are over; what was
//! said meanwhile is in the channels' history. With a 1.x server it always is so, except that a call that both are in goes on.
//!
//! # When the application is killed
//!
//! A message is acknowledged to the server soon after the application was told of it, so whoever is killed within that moment may lose it.
//! An application with a history of its own signs in with [`Acknowledge::Kept`](core::Acknowledge::Kept) and says by a
//! [`Keeper`] what is in there; nothing else is acknowledged, and what was not comes again in the next session, where the history knows by
//! sender and id what it has. What was said in channels is looked up in their history.
//!
//! # Files
//!
//! | file | layer | what |
//! |---|---|---|
//! | [`core`] | 1 | the client's mind: time and input in, outputs out; no clock, no socket, no task |
//! | [`event`] | 1 | what an application is told |
//! | `signal`, `session`, `channel`, `call`, `presence`, `receipts`, `typing`, `blocks`, `attrs`, `history` | 2 | cheap handles, each method named as the API names it |
//! | `events` | 2 | the queue of events of one session |
//! | `error` | 2 | one small error for each operation |
//! | `driver` | 2 | the loop between the core and links |

pub mod core;
pub mod event;

#[cfg(feature = "client")]
mod attrs;
#[cfg(feature = "client")]
mod blocks;
#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod channel;
#[cfg(feature = "client")]
mod driver;
#[cfg(feature = "client")]
pub mod error;
#[cfg(feature = "client")]
mod events;
#[cfg(feature = "client")]
mod handle;
#[cfg(feature = "client")]
mod history;
#[cfg(feature = "client")]
mod presence;
#[cfg(feature = "client")]
mod receipts;
#[cfg(feature = "client")]
mod session;
#[cfg(feature = "client")]
mod signal;
#[cfg(all(test, feature = "client"))]
mod tests;
#[cfg(feature = "client")]
mod typing;

#[cfg(feature = "client")]
pub use call::Call;
#[cfg(feature = "client")]
pub use channel::Channel;
#[cfg(feature = "client")]
pub use events::{Events, Keeper};
#[cfg(feature = "client")]
pub use history::{HistoryMessage, HistoryPage};
#[cfg(feature = "client")]
pub use session::Session;
#[cfg(feature = "client")]
pub use signal::{LogLevel, Signal};
