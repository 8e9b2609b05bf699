//! Rooms that keep what is said, and attributes watched from outside, over real sockets and real disks (protocol page, section 18),
//! beside a 1.x client that sees nothing of either.

use callsign::client::event::{ChannelEvent, ChannelView, Event, SessionEvent};
use callsign::client::{Channel, HistoryMessage};
use callsign::protocol::{AttrChanged, AttrName, AttrSubject, ChannelName, WatchedChange};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::ours::{account, heard, sign_in};
use crate::peer::{Peer, Sdk};
use crate::server::Server;

/// Messages on their way while the server is killed.
const BURST: usize = 200;

fn attr(name: &str) -> AttrName {
    AttrName::try_from(name).expect("a name")
}

fn room() -> ChannelName {
    ChannelName::try_from("room").expect("a channel")
}

fn joined(event: Event) -> Option<ChannelView> {
    if let Event::Channel {
        event: ChannelEvent::Joined(view) | ChannelEvent::Rejoined(view),
        ..
    } = event
    {
        Some(view)
    } else {
        None
    }
}

fn changed(event: Event) -> Option<AttrChanged> {
    if let Event::Session(SessionEvent::AttrChanged(changed)) = event {
        Some(changed)
    } else {
        None
    }
}

/// Everything that is kept, oldest first, read page by page.
async fn all(channel: &Channel) -> Vec<HistoryMessage> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = channel.history(before, 30).await.expect("read");
        before = page.messages.last().map(|message| message.msgid);
        all.extend(page.messages);
        if !page.more {
            break;
        }
    }
    all.reverse();
    assert!(all.is_sorted_by(|a, b| a.msgid < b.msgid));
    all
}

fn texts(messages: &[HistoryMessage]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.msg.as_str())
        .collect()
}

#[test]
fn rooms_keep_what_is_said_and_old_clients_see_nothing_of_it() {
    let mut server = Server::to_be_restarted("");
    let mut carol = Peer::signed_in(Sdk::Web, &server, "carol");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (alice, mut alice_hears) = sign_in(server.port(), "alice").await;
        let (bob, mut bob_hears) = sign_in(server.port(), "bob").await;
        let at_alice = alice.channel_join(&room()).await.expect("joined");
        bob.channel_join(&room()).await.expect("joined");
        assert_eq!(heard(&mut bob_hears, joined).await.unread, Some(0));
        let (at_room, _) = carol.join("room");
        bob.logout().await.expect("logged out");

        at_alice.message_channel_send("one").await.expect("sent");
        carol.run("broadcast", json!({"on": at_room, "text": "two"}));
        let at_carol = heard(&mut alice_hears, |event| match event {
            Event::Channel {
                event: ChannelEvent::MessageReceive { msg, id, .. },
                ..
            } if msg == "two" => Some(id),
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
        });
        let id = at_carol.await;
        let sent = at_alice.message_channel_send("three").await.expect("sent");
        assert_eq!(alice.channel_query_num(&room()).await.expect("told"), 2);

        let (bob, mut bob_hears) = sign_in(server.port(), "bob").await;
        let at_bob = bob.channel_join(&room()).await.expect("joined");
        assert_eq!(heard(&mut bob_hears, joined).await.unread, Some(3));
        let page = at_bob.history(None, 2).await.expect("read");
        assert_eq!(
            (texts(&page.messages), page.more),
            (vec!["three", "two"], true)
        );
        assert_eq!(page.messages[0].id.as_ref(), Some(&sent.id));
        assert_eq!(page.messages[0].account, account("alice"));
        assert_eq!(
            (&page.messages[1].id, page.messages[1].account.as_str()),
            (&id, "carol")
        );
        assert_eq!(texts(&all(&at_bob).await), ["one", "two", "three"]);

        // The server is killed in the middle of a burst.
        let burst: Vec<_> = (0..BURST)
            .map(|n| at_alice.message_channel_send(&format!("burst {n}")))
            .collect();
        let mut acknowledged = 3;
        for (n, sent) in burst.into_iter().enumerate() {
            if n == BURST / 4 {
                server.kill9();
                server.restart();
            }
            if sent.await.is_ok() {
                acknowledged += 1;
            }
        }
        let kept = all(&at_bob).await;
        assert_eq!(kept.len(), acknowledged, "each once");
        let numbers: Vec<_> = kept[3..]
            .iter()
            .map(|message| {
                message.msg["burst ".len()..]
                    .parse::<usize>()
                    .expect("ours")
            })
            .collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "in order: {numbers:?}");

        // Leaving ends it, while away as well.
        bob.logout().await.expect("logged out");
        let (bob, _bob_hears) = sign_in(server.port(), "bob").await;
        let at_bob = bob.channel(&room());
        at_bob.channel_leave().await.expect("left");
        let refused = at_bob.history(None, 9).await.expect_err("not a member");
        assert_eq!(refused.code().number(), 300);
    });
    // 1.4.0 came back by itself, and rejoins nothing; what it was told is what 1.x clients are told.
    carol.next("onLoginSuccess");
    carol.settle();
    let known = [
        "onLoginSuccess",
        "onChannelJoined",
        "onChannelUserList",
        "onChannelUserLeaved",
        "onChannelUserJoined",
        "onMessageChannelReceive",
    ];
    for callback in carol.callbacks() {
        assert!(known.contains(&callback.as_str()), "{callback}");
    }
}

#[test]
fn attributes_are_watched_from_outside_over_a_killed_server() {
    let mut server = Server::to_be_restarted("");
    let mut carol = Peer::signed_in(Sdk::Web, &server, "carol");
    carol.join("room");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (alice, mut alice_hears) = sign_in(server.port(), "alice").await;
        let (bob, _bob_hears) = sign_in(server.port(), "bob").await;
        bob.user_set_attr(&attr("name"), json!("Bob"))
            .await
            .expect("set");
        let of_bob = AttrSubject::Account(account("bob"));
        let of_room = AttrSubject::Channel(room());
        let entries = alice.attr_watch(&of_bob).await.expect("watched");
        let entry = &entries[&attr("name")];
        assert_eq!(
            (&entry.value, &entry.by),
            (&json!("Bob"), &Some(account("bob")))
        );
        assert!(entry.time_ms > 1_700_000_000_000);
        assert!(
            alice
                .attr_watch(&of_room)
                .await
                .expect("watched")
                .is_empty()
        );

        bob.channel_set_attr(&room(), &attr("topic"), json!({"tea": 1}))
            .await
            .expect("set");
        let change = heard(&mut alice_hears, changed).await;
        assert_eq!(
            (change.subject, change.by),
            (of_room.clone(), Some(account("bob")))
        );
        let topic = WatchedChange::Update {
            name: attr("topic"),
            value: json!({"tea": 1}),
        };
        assert_eq!(change.change, topic);
        bob.user_del_attr(&attr("name")).await.expect("deleted");
        let change = heard(&mut alice_hears, changed).await;
        assert_eq!(change.change, WatchedChange::Del { name: attr("name") });

        server.kill9();
        server.restart();
        let told = heard(&mut alice_hears, |event| match event {
            Event::Session(SessionEvent::AttrEntries { subject, entries })
                if subject == of_room =>
            {
                Some(entries)
            }
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
        });
        let entry = &told.await[&attr("topic")];
        assert_eq!(
            (&entry.value, &entry.by),
            (&json!({"tea": 1}), &Some(account("bob")))
        );
        bob.user_set_attr(&attr("colour"), json!("red"))
            .await
            .expect("set");
        let change = heard(&mut alice_hears, changed).await;
        assert_eq!(change.subject, of_bob);
        alice.attr_unwatch(&of_bob).await.expect("done");
        bob.user_clear_attr().await.expect("cleared");
        let nothing = alice.attr_watch(&of_bob).await.expect("watched");
        assert!(nothing.is_empty());
    });
    carol.next("onLoginSuccess");
    carol.settle();
    let callbacks = carol.callbacks();
    let expected = [
        "onLoginSuccess",
        "onChannelJoined",
        "onChannelUserList",
        "onChannelAttrUpdated",
        "onLoginSuccess",
    ];
    assert_eq!(callbacks, expected);
}
