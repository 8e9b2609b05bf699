//! Presence, receipts, typing and blocking over real sockets (protocol page, section 18), beside a 1.x client that sees nothing of it.

use callsign::client::Events;
use callsign::client::event::{CallEvent, EndReason, Event, SessionEvent};
use callsign::protocol::{ChannelName, MessageId, Presence, Receipt, ReceiptState, Show, Typing};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::ours::{self, account, sign_in};
use crate::peer::{Peer, Sdk};
use crate::raw::Raw;
use crate::server::Server;

fn room() -> ChannelName {
    ChannelName::try_from("room").expect("a channel")
}

/// The first event of the session itself that is one.
async fn heard<T>(events: &mut Events, mut one: impl FnMut(SessionEvent) -> Option<T>) -> T {
    let of_session = |event| match event {
        Event::Session(event) => one(event),
        Event::Channel { .. } | Event::Call { .. } => None,
    };
    ours::heard(events, of_session).await
}

fn presence(event: SessionEvent) -> Option<Vec<Presence>> {
    if let SessionEvent::Presence(states) = event {
        Some(states)
    } else {
        None
    }
}

fn receipt(event: SessionEvent) -> Option<Receipt> {
    if let SessionEvent::Receipt(receipt) = event {
        Some(receipt)
    } else {
        None
    }
}

fn typing(event: SessionEvent) -> Option<Typing> {
    if let SessionEvent::Typing(typing) = event {
        Some(typing)
    } else {
        None
    }
}

/// A message's text and id.
fn message(event: SessionEvent) -> Option<(String, MessageId)> {
    if let SessionEvent::MessageInstantReceive { msg, id, .. } = event {
        Some((msg, id.expect("an id")))
    } else {
        None
    }
}

/// Waits until an account is seen so.
async fn sees(events: &mut Events, name: &str, show: Show) -> Presence {
    heard(events, |event| {
        let states = presence(event)?;
        let mut states = states.into_iter();
        states.find(|state| state.account.as_str() == name && state.show == show)
    })
    .await
}

#[test]
fn people_see_each_other_and_old_clients_see_nothing_of_it() {
    let mut server = Server::to_be_restarted("");
    // Two 1.x clients in the room: the API maker's SDK, and one that writes down every frame.
    let mut carol = Peer::signed_in(Sdk::Web, &server, "carol");
    let mut dave = Raw::signed_in(&server, "dave");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (alice, mut alice_hears) = sign_in(server.port(), "alice").await;
        let (bob, mut bob_hears) = sign_in(server.port(), "bob").await;

        let everybody = ["bob", "carol", "nobody"].map(account);
        alice.presence_watch(&everybody).await.expect("watched");
        let states = heard(&mut alice_hears, presence).await;
        let shows: Vec<_> = states.iter().map(|state| state.show).collect();
        assert_eq!(shows, [Show::Available, Show::Available, Show::Offline]);
        bob.presence_set(Show::Busy, "in a call", &[])
            .await
            .expect("set");
        let busy = sees(&mut alice_hears, "bob", Show::Busy).await;
        assert_eq!(busy.text, "in a call");

        // A message to each generation is delivered, and one is read.
        let to_bob = alice
            .message_instant_send(&account("bob"), "hello")
            .await
            .expect("sent");
        let (text, id) = heard(&mut bob_hears, message).await;
        assert_eq!((text.as_str(), &id), ("hello", &to_bob.id));
        let of = |peer: &str, id: &MessageId, state| Receipt {
            peer: account(peer),
            ids: vec![id.clone()],
            state,
        };
        let delivered = heard(&mut alice_hears, receipt).await;
        assert_eq!(delivered, of("bob", &to_bob.id, ReceiptState::Delivered));
        bob.receipt_read(&account("alice"), &[id])
            .await
            .expect("told");
        let read = heard(&mut alice_hears, receipt).await;
        assert_eq!(read, of("bob", &to_bob.id, ReceiptState::Read));
        let to_carol = alice
            .message_instant_send(&account("carol"), "hello")
            .await
            .expect("sent");
        carol.expect_message("alice", "hello");
        let delivered = heard(&mut alice_hears, receipt).await;
        assert_eq!(
            delivered,
            of("carol", &to_carol.id, ReceiptState::Delivered)
        );

        let in_room = alice.channel_join(&room()).await.expect("joined");
        bob.channel_join(&room()).await.expect("joined");
        carol.join("room");
        dave.ok("channel_join", json!({"name": "room"}));
        in_room.user_typing().await.expect("told");
        let channel = Some(room());
        let told = heard(&mut bob_hears, typing).await;
        assert_eq!(
            told,
            Typing {
                account: account("alice"),
                channel
            }
        );
        for name in ["bob", "carol", "dave"] {
            alice.user_typing(&account(name)).await.expect("told");
            alice
                .receipt_read(&account(name), std::slice::from_ref(&to_bob.id))
                .await
                .expect("told");
        }
        assert_eq!(heard(&mut bob_hears, typing).await.channel, None);

        // Bob does not want to be called, but by Carol; and hears nothing of Alice any more.
        bob.presence_set(Show::Dnd, "", &[account("carol")])
            .await
            .expect("set");
        alice
            .channel_invite_user2(&room(), &account("bob"), "{}")
            .await
            .expect("asked");
        let code = loop {
            if let Some(Event::Call {
                event: CallEvent::Ended(EndReason::Failed { code, .. }),
                ..
            }) = alice_hears.next().await
            {
                break code;
            }
        };
        assert_eq!(code.number(), 705);
        let list = bob.user_block(&[account("alice")]).await.expect("blocked");
        assert_eq!(list, [account("alice")]);
        alice
            .message_instant_send(&account("bob"), "unheard")
            .await
            .expect("sent");

        // The server is killed and started again: what was watched, shown and blocked is so still.
        server.kill9();
        server.restart();
        sees(&mut alice_hears, "bob", Show::Dnd).await;
        alice
            .message_instant_send(&account("bob"), "unheard, too")
            .await
            .expect("sent");
        assert_eq!(
            bob.user_block(&[]).await.expect("known"),
            [account("alice")]
        );
        let list = bob
            .user_unblock(&[account("alice")])
            .await
            .expect("unblocked");
        assert_eq!(list, []);
        alice
            .message_instant_send(&account("bob"), "heard")
            .await
            .expect("sent");
        assert_eq!(heard(&mut bob_hears, message).await.0, "heard");

        // Bob goes, and learns at the next login what was read meanwhile.
        let last = bob
            .message_instant_send(&account("alice"), "last")
            .await
            .expect("sent");
        let (_, id) = heard(&mut alice_hears, message).await;
        heard(&mut bob_hears, receipt).await;
        bob.logout().await.expect("logged out");
        let gone = sees(&mut alice_hears, "bob", Show::Offline).await;
        assert!(gone.since_ms > 0);
        alice
            .receipt_read(&account("bob"), &[id])
            .await
            .expect("told");
        let (_bob, mut bob_hears) = sign_in(server.port(), "bob").await;
        let kept = heard(&mut bob_hears, receipt).await;
        assert_eq!(kept, of("alice", &last.id, ReceiptState::Read));
        sees(&mut alice_hears, "bob", Show::Available).await;
    });

    // 1.4.0 came back by itself after the server was killed, and was told what 1.x clients are told.
    carol.next("onLoginSuccess");
    carol.settle();
    let callbacks = carol.callbacks();
    let expected = [
        "onLoginSuccess",
        "onMessageInstantReceive",
        "onChannelJoined",
        "onChannelUserList",
        "onChannelUserJoined",
        "onLoginSuccess",
    ];
    assert_eq!(callbacks, expected);
    let (frames, _) = dave.end();
    let kinds: Vec<_> = frames
        .iter()
        .map(|frame| (frame[0].clone(), frame[1][0].clone()))
        .collect();
    assert_eq!(
        kinds,
        Vec::<(Value, Value)>::new(),
        "dave joined last, and nothing was said since"
    );
}

/// Whoever was called while they were away finds so when they come back, also when the server was killed in between.
#[test]
fn a_missed_call_waits_for_whoever_was_away() {
    let mut server = Server::to_be_restarted("");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (bob, _) = sign_in(server.port(), "bob").await;
        bob.logout().await.expect("logged out");
        let (alice, _hears) = sign_in(server.port(), "alice").await;
        let call = alice
            .channel_invite_user2(&room(), &account("bob"), r#"{"srcNum":"+1"}"#)
            .await
            .expect("asked");
        call.channel_invite_end().await.expect("given up");
        // The end of the call has been answered, so the record of it is kept.
        server.kill9();
        server.restart();
        let (_bob, mut bob_hears) = sign_in(server.port(), "bob").await;
        let missed = heard(&mut bob_hears, |event| {
            if let SessionEvent::MissedCall { peer, extra, .. } = event {
                Some((peer, extra))
            } else {
                None
            }
        });
        let (peer, extra) = missed.await;
        assert_eq!(
            (peer, extra.as_str()),
            (account("alice"), r#"{"srcNum":"+1"}"#)
        );
    });
}
