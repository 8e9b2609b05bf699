//! The web SDK beside ours: whatever ours asks for beyond 1.x, the application on the web SDK is told the same, callback by callback.

use callsign::client::core::LoginOptions;
use callsign::client::event::{CallEvent, Event, SessionEvent};
use callsign::protocol::{Caps, ChannelName, Show};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::ours::{account, no_token, plain, signal};
use crate::peer::{Peer, Sdk};
use crate::server::Server;

/// Everything that Bob's application is told, by whose callback it is, its name and its arguments.
fn told_beside(caps: Caps) -> Vec<(String, String, Value)> {
    let server = Server::start();
    let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
    Runtime::new().expect("a runtime").block_on(async {
        let options = LoginOptions {
            caps,
            ..LoginOptions::default()
        };
        let (alice, mut events) = signal(plain(server.port()))
            .login(&account("alice"), no_token(), options)
            .await
            .expect("signed in");
        let (number, _) = bob.join("room");
        let bobs_channel = format!("channel {number}");
        let room = ChannelName::try_from("room").expect("a channel");
        let channel = alice.channel_join(&room).await.expect("joined");
        bob.next("onChannelUserJoined");
        if !caps.is_empty() {
            alice
                .presence_watch(&[account("bob")])
                .await
                .expect("watched");
            alice.presence_set(Show::Busy, "", &[]).await.expect("set");
            alice.user_typing(&account("bob")).await.expect("told");
            channel.user_typing().await.expect("told");
            alice
                .user_block(&[account("mallory")])
                .await
                .expect("blocked");
        }
        for text in ["one", "two"] {
            channel.message_channel_send(text).await.expect("sent");
            alice
                .message_instant_send(&account("bob"), text)
                .await
                .expect("sent");
            bob.expect_message("alice", text);
            bob.expect(
                &bobs_channel,
                "onMessageChannelReceive",
                json!(["alice", alice.uid(), text]),
            );
        }
        bob.message("alice", "hello");
        let call = alice
            .channel_invite_user2(&room, &account("bob"), r#"{"hi":1}"#)
            .await
            .expect("calling");
        bob.next("onInviteReceived");
        loop {
            match events.next().await.expect("the session goes on") {
                Event::Call {
                    event: CallEvent::ReceivedByPeer { .. },
                    ..
                } => break,
                Event::Session(SessionEvent::Logout { .. }) => panic!("logged out"),
                Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => {}
            }
        }
        call.channel_invite_end().await.expect("ended");
        bob.next("onInviteEndByPeer");
        alice.logout().await.expect("logged out");
        bob.next("onChannelUserLeaved");
        bob.settle();
        bob.told()
    })
}

#[test]
fn the_web_sdk_is_told_the_same_whatever_we_ask_for() {
    let plain = told_beside(Caps::NONE);
    assert!(plain.len() > 8, "{plain:?}");
    assert_eq!(plain, told_beside(Caps::ALL));
}
