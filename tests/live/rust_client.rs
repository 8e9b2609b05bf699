//! Our own SDK against the real server: everything it does, over TLS and without, through killed servers.

use callsign::client::Session;
use callsign::client::core::Status;
use callsign::client::event::{CallEvent, ChannelEvent, EndReason, Event, SessionEvent};
use callsign::net::tls::Identity;
use callsign::net::trust::Trust;
use callsign::net::ws;
use callsign::protocol::{AttrName, ChannelName, Dtmf, InviteMsg};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::ours::{account, heard, login, plain, sign_in, signal};
use crate::peer::{Peer, Sdk};
use crate::server::Server;

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

fn room() -> ChannelName {
    ChannelName::try_from("the red room").expect("a channel")
}

fn tls(server: &Server) -> ws::Server {
    ws::Server::at(&format!("wss://127.0.0.1:{}", server.tls_port())).expect("an address")
}

/// The text of a message.
fn message(event: Event) -> Option<String> {
    if let Event::Session(SessionEvent::MessageInstantReceive { msg, .. }) = event {
        Some(msg)
    } else {
        None
    }
}

#[test]
fn everything_that_the_reference_names() {
    let server = Server::start();
    runtime().block_on(async {
        let (alice, mut alice_hears) = sign_in(server.port(), "alice").await;
        let (bob, mut bob_hears) = sign_in(server.port(), "bob").await;
        assert_eq!(alice.get_status(), Status::LoggedIn);

        alice
            .message_instant_send(&account("bob"), "hello  bob ")
            .await
            .expect("sent");
        assert_eq!(heard(&mut bob_hears, message).await, "hello  bob ");

        let colour = AttrName::try_from("colour").expect("a name");
        alice
            .user_set_attr(&colour, json!({"a": 1}))
            .await
            .expect("set");
        assert_eq!(
            bob.user_get_attr(&account("alice"), &colour)
                .await
                .expect("there"),
            json!({"a": 1})
        );
        assert_eq!(
            bob.user_get_attr_all(&account("alice"))
                .await
                .expect("there")
                .len(),
            1
        );
        assert!(
            bob.user_query_user_status(&account("alice"))
                .await
                .expect("known")
        );
        assert!(
            !bob.user_query_user_status(&account("nobody"))
                .await
                .expect("known")
        );

        let channel = alice.channel_join(&room()).await.expect("joined");
        bob.channel_join(&room()).await.expect("joined");
        channel
            .channel_set_attr(&colour, json!("red"))
            .await
            .expect("set");
        channel
            .message_channel_send("all of you")
            .await
            .expect("sent");
        let said = heard(&mut bob_hears, |event| {
            if let Event::Channel {
                event: ChannelEvent::MessageReceive { msg, .. },
                ..
            } = event
            {
                Some(msg)
            } else {
                None
            }
        });
        assert_eq!(said.await, "all of you");
        let view = bob.channel(&room()).view().await.expect("a member");
        assert_eq!(view.attrs["colour"], "red");
        assert_eq!(view.users.len(), 2);
        assert_eq!(alice.channel_query_num(&room()).await.expect("known"), 2);
        assert!(
            alice
                .channel_query_user_isin(&room(), &account("bob"))
                .await
                .expect("known")
        );
        assert_eq!(
            alice
                .channel_query_userlist(&room())
                .await
                .expect("known")
                .1,
            view.users
        );
        assert_eq!(
            alice
                .channel_query_userlist_all(&room(), Some(1))
                .await
                .expect("known")
                .1
                .len(),
            1
        );
        channel.channel_del_attr(&colour).await.expect("deleted");
        channel.channel_clear_attr().await.expect("cleared");

        let calling = alice
            .channel_invite_user2(&room(), &account("bob"), "{}")
            .await
            .expect("called");
        let ringing = heard(&mut bob_hears, |event| {
            if let Event::Session(SessionEvent::InviteReceived { call, .. }) = event {
                Some(call)
            } else {
                None
            }
        });
        let ringing = bob.call(ringing.await);
        ringing
            .channel_invite_accept("yes")
            .await
            .expect("answered");
        heard(&mut alice_hears, |event| {
            matches!(
                event,
                Event::Call {
                    event: CallEvent::AcceptedByPeer { .. },
                    ..
                }
            )
            .then_some(())
        })
        .await;
        let keys: Vec<_> = "12#".chars().filter_map(Dtmf::from_char).collect();
        calling.channel_invite_dtmf(&keys).await.expect("pressed");
        let pressed = heard(&mut bob_hears, |event| {
            if let Event::Call {
                event: CallEvent::Msg(msg),
                ..
            } = event
            {
                Some(msg)
            } else {
                None
            }
        });
        assert_eq!(pressed.await, InviteMsg::Dtmf(keys));
        ringing
            .channel_invite_end_with("later")
            .await
            .expect("ended");
        let ended = heard(&mut alice_hears, |event| {
            if let Event::Call {
                event: CallEvent::Ended(reason),
                ..
            } = event
            {
                Some(reason)
            } else {
                None
            }
        });
        assert_eq!(
            ended.await,
            EndReason::EndByPeer {
                extra: "later".to_owned()
            }
        );

        channel.channel_leave().await.expect("left");
        alice.logout().await.expect("logged out");
        assert_eq!(alice.get_status(), Status::LoggedOut);
        while alice_hears.next().await.is_some() {}
        let late = alice.message_instant_send(&account("bob"), "late").await;
        assert_eq!(late.expect_err("no session").code().number(), 1003);
    });
}

/// What an invitation link would tell of the server's key.
fn fingerprint(server: &Server) -> String {
    let cert = server.certificate();
    let identity = Identity::from_files(&cert, &cert.with_file_name("key.pem"));
    identity.expect("its own").fingerprint().to_owned()
}

#[test]
fn the_server_is_who_it_should_be_or_there_is_no_link() {
    let server = Server::start();
    let fingerprint = fingerprint(&server);
    runtime().block_on(async {
        let pinned = Trust::Pinned(fingerprint);
        let wrong = Trust::Pinned("A".repeat(43));
        let ca = Trust::CaFile(server.certificate());
        for trust in [pinned, ca] {
            login(&signal(tls(&server).trusting(trust)), "alice")
                .await
                .expect("believed");
        }
        for trust in [wrong, Trust::System] {
            let refused = login(&signal(tls(&server).trusting(trust)), "alice").await;
            let error = refused.expect_err("not believed");
            assert_eq!(error.code().number(), 201, "{error}");
        }
    });
}

#[test]
fn the_server_is_found_by_whoever_names_it() {
    let server = Server::start();
    let fingerprint = fingerprint(&server);
    runtime().block_on(async {
        let lbs = ws::Server::named_by(&format!("http://127.0.0.1:{}", server.port()));
        login(&signal(lbs.expect("an address")), "alice")
            .await
            .expect("found");
        let lbs = ws::Server::named_by(&format!("https://127.0.0.1:{}", server.tls_port()));
        let lbs = lbs
            .expect("an address")
            .trusting(Trust::Pinned(fingerprint));
        login(&signal(lbs), "bob").await.expect("found");
    });
}

#[test]
fn one_session_at_a_time_and_no_server_is_told() {
    let mut server = Server::start();
    runtime().block_on(async {
        let signal = signal(plain(server.port()));
        let (session, _events) = login(&signal, "alice").await.expect("signed in");
        let again = login(&signal, "alice").await;
        assert_eq!(again.expect_err("signed in already").code().number(), 208);
        session.logout().await.expect("logged out");
        assert_eq!(
            session.logout().await.expect_err("twice").code().number(),
            108
        );
        login(&signal, "alice").await.expect("signed in again");
        signal.logout().await.expect("logged out");
        server.kill9();
        let error = login(&signal, "alice").await.expect_err("nobody is there");
        assert_eq!(error.code().number(), 201, "{error}");
    });
}

const MESSAGES: usize = 600;

/// The server is killed and started again, twice in the middle of a burst in both directions.
#[test]
fn a_killed_server_loses_doubles_and_reorders_nothing() {
    let mut server = Server::to_be_restarted("");
    runtime().block_on(async {
        let (alice, mut alice_hears) = sign_in(server.port(), "alice").await;
        let (bob, mut bob_hears) = sign_in(server.port(), "bob").await;
        let burst = |session: Session, peer: &'static str| async move {
            for number in 0..MESSAGES {
                let sent = session.message_instant_send(&account(peer), &number.to_string());
                // A window of one, so that the servers' ends fall into the middle.
                sent.await.expect("acknowledged in the end");
            }
        };
        let sending = [
            tokio::spawn(burst(alice, "bob")),
            tokio::spawn(burst(bob, "alice")),
        ];
        for count in 0..MESSAGES {
            if count == MESSAGES / 4 || count == MESSAGES / 2 {
                server.kill9();
                server.restart();
            }
            assert_eq!(heard(&mut bob_hears, message).await, count.to_string());
        }
        for count in 0..MESSAGES {
            assert_eq!(heard(&mut alice_hears, message).await, count.to_string());
        }
        for sending in sending {
            sending.await.expect("no panic");
        }
        // Nothing comes twice: what follows is what is sent now.
        let (carol, _) = sign_in(server.port(), "carol").await;
        for (peer, hears) in [("alice", &mut alice_hears), ("bob", &mut bob_hears)] {
            carol
                .message_instant_send(&account(peer), "last")
                .await
                .expect("sent");
            assert_eq!(heard(hears, message).await, "last");
        }
    });
}

/// The text of what was said in a channel, but for one's own.
fn said_by_bob(event: Event) -> Option<String> {
    if let Event::Channel {
        event: ChannelEvent::MessageReceive { account, msg, .. },
        ..
    } = event
        && account.as_str() == "bob"
    {
        Some(msg)
    } else {
        None
    }
}

fn call_event(event: Event) -> Option<CallEvent> {
    if let Event::Call { event, .. } = event {
        Some(event)
    } else {
        None
    }
}

/// Alice is on our SDK, Bob on the API maker's web SDK.
#[test]
fn it_talks_with_the_web_sdk() {
    let server = Server::start();
    let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
    runtime().block_on(async {
        let (alice, mut hears) = sign_in(server.port(), "alice").await;
        bob.message("alice", "hello");
        assert_eq!(heard(&mut hears, message).await, "hello");
        alice
            .message_instant_send(&account("bob"), "hello yourself")
            .await
            .expect("sent");
        bob.expect_message("alice", "hello yourself");

        let room = room();
        let channel = alice.channel_join(&room).await.expect("joined");
        let (number, list) = bob.join(room.as_str());
        assert_eq!(list[0], json!(["alice", alice.uid()]));
        let said = bob.ask("broadcast", json!({"on": number, "text": "all of you"}));
        assert_eq!(said, json!([]));
        assert_eq!(heard(&mut hears, said_by_bob).await, "all of you");
        channel.message_channel_send("and you").await.expect("sent");
        let of = format!("channel {number}");
        bob.expect(
            &of,
            "onMessageChannelReceive",
            json!(["bob", bob_uid(&list), "all of you"]),
        );
        bob.expect(
            &of,
            "onMessageChannelReceive",
            json!(["alice", alice.uid(), "and you"]),
        );

        // Alice calls, Bob answers, presses a key and hangs up.
        let calling = alice
            .channel_invite_user2(&room, &account("bob"), "{}")
            .await
            .expect("called");
        let rung = bob.next("onInviteReceived").args[0].clone();
        bob.run("accept", json!({"on": rung, "extra": "yes"}));
        let extra = String::new();
        assert_eq!(
            heard(&mut hears, call_event).await,
            CallEvent::ReceivedByPeer { extra }
        );
        let extra = "yes".to_owned();
        assert_eq!(
            heard(&mut hears, call_event).await,
            CallEvent::AcceptedByPeer { extra }
        );
        bob.run("dtmf", json!({"on": rung, "digits": "5"}));
        let five = Dtmf::from_char('5').into_iter().collect();
        assert_eq!(
            heard(&mut hears, call_event).await,
            CallEvent::Msg(InviteMsg::Dtmf(five))
        );
        bob.run("end", json!({"on": rung, "extra": ""}));
        let over = heard(&mut hears, call_event).await;
        assert!(
            matches!(over, CallEvent::Ended(EndReason::EndByPeer { .. })),
            "{over:?}"
        );
        assert_eq!(calling.view().await, Ok(None));

        // Bob calls, Alice answers and hangs up.
        let dialled = bob.run(
            "invite",
            json!({"channel": "room", "peer": "alice", "extra": "{}"}),
        );
        let ringing = heard(&mut hears, |event| {
            if let Event::Session(SessionEvent::InviteReceived { call, .. }) = event {
                Some(call)
            } else {
                None
            }
        });
        let ringing = alice.call(ringing.await);
        let at_bob = format!("call {dialled}");
        bob.expect(&at_bob, "onInviteReceivedByPeer", json!([""]));
        ringing
            .channel_invite_accept("yes")
            .await
            .expect("answered");
        bob.expect(&at_bob, "onInviteAcceptedByPeer", json!(["yes"]));
        ringing.channel_invite_end_with("bye").await.expect("ended");
        bob.expect(&at_bob, "onInviteEndByPeer", json!(["bye"]));
    });
}

/// Bob's number in a list that has him last.
fn bob_uid(list: &serde_json::Value) -> serde_json::Value {
    let list = list.as_array().expect("a list");
    let bob = list.last().expect("somebody");
    assert_eq!(bob[0], "bob");
    bob[1].clone()
}
