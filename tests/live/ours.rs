//! What the tests of our own SDK have in common: signing in, and waiting for an event.

use std::time::Duration;

use callsign::client::core::{LoginOptions, Reconnect};
use callsign::client::error::LoginError;
use callsign::client::event::Event;
use callsign::client::{Events, Session, Signal};
use callsign::net::ws;
use callsign::protocol::token::Token;
use callsign::protocol::{Account, AppId};

/// How long anything that must happen may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// The token that servers take which ask for none.
pub(crate) fn no_token() -> Token {
    Token::new("_no_need_token")
}

pub(crate) fn account(name: &str) -> Account {
    Account::try_from(name).expect("an account")
}

pub(crate) fn plain(port: u16) -> ws::Server {
    ws::Server::at(&format!("ws://127.0.0.1:{port}")).expect("an address")
}

pub(crate) fn signal(server: ws::Server) -> Signal {
    Signal::new(AppId::try_from("callsign-tests").expect("an app"), server)
}

/// Signs in, to come back however long it takes.
pub(crate) async fn login(signal: &Signal, name: &str) -> Result<(Session, Events), LoginError> {
    let options = LoginOptions {
        reconnect: Reconnect::Unlimited,
        ..LoginOptions::default()
    };
    signal.login(&account(name), no_token(), options).await
}

/// The same, by what listens at this port.
pub(crate) async fn sign_in(port: u16, name: &str) -> (Session, Events) {
    login(&signal(plain(port)), name).await.expect("signed in")
}

/// The first event that is one.
pub(crate) async fn heard<T>(events: &mut Events, mut one: impl FnMut(Event) -> Option<T>) -> T {
    let heard = async {
        loop {
            let event = events.next().await.expect("the session goes on");
            if let Some(found) = one(event) {
                return found;
            }
        }
    };
    tokio::time::timeout(DEADLINE, heard)
        .await
        .expect("heard in time")
}
