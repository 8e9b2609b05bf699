//! The handles and the driver over links in memory, with a server that says what a test wants.

use tokio::sync::mpsc;

use super::core::{Acknowledge, EVENTS_MAX, EVENTS_PAUSE, LoginOptions, Reconnect, Status};
use super::event::{ChannelEvent, Event, SessionEvent};
use super::{Events, Session, Signal};
use crate::net::link::Heard;
use crate::net::memory::{InProcess, ServerEnd, in_process};
use crate::protocol::token::Token;
use crate::protocol::{
    Account, AppId, Call, CallRet, ChannelName, ClientFrame, Envelope, LoginGrant, LoginRet, Push,
    Reply, Request, ServerFrame, SessionLine, Uid,
};

fn account(name: &str) -> Account {
    Account::try_from(name).expect("an account")
}

fn signal(server: InProcess) -> Signal {
    Signal::new(AppId::try_from("app").expect("an app"), server)
}

async fn login(signal: &Signal) -> Result<(Session, Events), super::error::LoginError> {
    let options = LoginOptions {
        reconnect: Reconnect::Unlimited,
        ..LoginOptions::default()
    };
    signal
        .login(&account("alice"), Token::new(""), options)
        .await
}

/// Lets a client in on its next link, and answers nothing else.
async fn let_in(ends: &mut mpsc::Receiver<ServerEnd>) -> ServerEnd {
    let mut end = ends.recv().await.expect("a link");
    let first = end.incoming.recv().await;
    assert!(matches!(first, Some(ClientFrame::Login(_))), "{first:?}");
    let grant = LoginGrant {
        line: SessionLine::new("line"),
        uid: Uid(7),
        additions: None,
    };
    say(&end, ServerFrame::LoginRet(LoginRet::Granted(grant))).await;
    end
}

async fn say(end: &ServerEnd, frame: ServerFrame) {
    end.outgoing
        .send(Heard::Frame(frame))
        .await
        .expect("a client");
}

/// Answers everything with the same until the client asks for something else, which is returned.
async fn next_call(end: &mut ServerEnd, wanted: fn(&Request) -> bool) -> Call {
    loop {
        let frame = end.incoming.recv().await.expect("a client");
        let ClientFrame::Call(call) = frame else {
            continue;
        };
        if wanted(call.request.as_ref().expect("a request")) {
            return call;
        }
    }
}

async fn answer(end: &ServerEnd, call: &Call, reply: Reply) {
    let (id, result) = (call.id, Ok(reply));
    say(end, ServerFrame::CallRet(CallRet { id, result })).await;
}

fn envelope(ver: usize) -> Envelope {
    let line = format!("msg-v2 bob alice v1:E:9 instant 5 {ver}");
    line.parse().expect("an envelope")
}

#[tokio::test]
async fn a_future_that_is_dropped_takes_nothing_back() {
    let (server, mut ends) = in_process();
    let signal = signal(server);
    let (session, mut end) = tokio::join!(login(&signal), let_in(&mut ends));
    let (session, _events) = session.expect("signed in");
    assert_eq!(signal.get_status(), Status::LoggedIn);
    drop(session.message_instant_send(&account("bob"), "one"));
    drop(session.message_instant_send(&account("bob"), "two"));
    for text in ["one", "two"] {
        let is_message = |request: &Request| matches!(request, Request::UserSendMsg { .. });
        let call = next_call(&mut end, is_message).await;
        let Ok(Request::UserSendMsg { content, .. }) = call.request else {
            panic!("not asked for")
        };
        assert_eq!(content, text);
    }
}

#[tokio::test]
async fn whoever_lets_go_of_everything_is_signed_out() {
    let (server, mut ends) = in_process();
    let signal = signal(server);
    let (session, mut end) = tokio::join!(login(&signal), let_in(&mut ends));
    drop((session, signal));
    let is_logout = |request: &Request| matches!(request, Request::UserLogout);
    let call = next_call(&mut end, is_logout).await;
    answer(&end, &call, Reply::Done).await;
    assert_eq!(end.incoming.recv().await, None, "the link is closed");
}

#[tokio::test]
async fn listening_alone_keeps_the_session() {
    let (server, mut ends) = in_process();
    let signal = signal(server);
    let (session, mut end) = tokio::join!(login(&signal), let_in(&mut ends));
    let (session, mut events) = session.expect("signed in");
    drop((session, signal));
    let is_poll = |request: &Request| matches!(request, Request::UserGetMsg { .. });
    let call = next_call(&mut end, is_poll).await;
    let (ver_clear, msgs) = (0, vec![(1, envelope(1))]);
    answer(&end, &call, Reply::Messages { ver_clear, msgs }).await;
    while let Some(event) = events.next().await {
        if matches!(
            event,
            Event::Session(SessionEvent::MessageInstantReceive { .. })
        ) {
            return;
        }
    }
    panic!("the session ended");
}

/// Signs in as one who says what is kept, is given two messages, and keeps the first so many; returns what the client acknowledges when it
/// signs out then, if anything.
async fn acknowledged_after_keeping(kept: u64) -> Option<u64> {
    let (server, mut ends) = in_process();
    let signal = signal(server);
    let options = LoginOptions {
        acknowledge: Acknowledge::Kept,
        ..LoginOptions::default()
    };
    let login = signal.login(&account("alice"), Token::new(""), options);
    let (session, mut end) = tokio::join!(login, let_in(&mut ends));
    let (session, mut events) = session.expect("signed in");
    let keeper = events.keeper();
    let is_poll = |request: &Request| matches!(request, Request::UserGetMsg { .. });
    let call = next_call(&mut end, is_poll).await;
    let (ver_clear, msgs) = (0, vec![(1, envelope(1)), (2, envelope(2))]);
    answer(&end, &call, Reply::Messages { ver_clear, msgs }).await;
    let mut messages = Vec::new();
    while messages.len() < 2 {
        let event = events.next().await.expect("the session goes on");
        if let Event::Session(SessionEvent::MessageInstantReceive { .. }) = event {
            messages.push(events.taken());
        }
    }
    // What nobody was told yet cannot be kept.
    let first = messages[0];
    keeper.kept(match kept {
        0 => first - 1,
        1 => first,
        more => more,
    });
    drop(session.logout());
    let is_either =
        |request: &Request| matches!(request, Request::UserGetMsg { .. } | Request::UserLogout);
    let call = next_call(&mut end, is_either).await;
    let Ok(Request::UserGetMsg { ver_clear, .. }) = call.request else {
        return None;
    };
    Some(ver_clear)
}

#[tokio::test]
async fn only_what_is_said_to_be_kept_is_acknowledged() {
    assert_eq!(acknowledged_after_keeping(0).await, None);
    assert_eq!(acknowledged_after_keeping(1).await, Some(1));
    assert_eq!(acknowledged_after_keeping(u64::MAX).await, Some(2));
}

/// The consequence of a slow consumer, as [`Events`] has it.
#[tokio::test]
async fn a_slow_application_blocks_nobody_and_is_told_what_it_missed() {
    let (server, mut ends) = in_process();
    let signal = signal(server);
    let (session, mut end) = tokio::join!(login(&signal), let_in(&mut ends));
    let (session, mut events) = session.expect("signed in");
    let room = ChannelName::try_from("room").expect("a channel");
    let is_join = |request: &Request| matches!(request, Request::ChannelJoin { .. });
    let joined = async {
        let call = next_call(&mut end, is_join).await;
        let reply = Reply::Joined {
            list: Vec::new(),
            attrs: serde_json::Map::new(),
            unread: None,
        };
        answer(&end, &call, reply).await;
    };
    let (channel, ()) = tokio::join!(session.channel_join(&room), joined);
    let channel = channel.expect("joined");
    let count = EVENTS_MAX + 100;
    for msgid in 1..=count {
        let line = format!(
            r#"msg-v2 bob - v1:E:0 channel_msg 5 {{"channel":"room","account":"bob","uid":1,"msg":"{msgid}"}}"#
        );
        let envelope = line.parse().expect("an envelope");
        let (cid, msgid) = (room.clone(), msgid as u64);
        let push = Push::Channel2 {
            cid,
            msgid,
            envelope,
        };
        say(&end, ServerFrame::Notify(push)).await;
    }
    // Answers still come, in order behind all that.
    assert!(channel.view().await.is_ok());
    say(&end, ServerFrame::Notify(Push::Msg { ver: 1 })).await;
    assert!(channel.view().await.is_ok());

    let (mut heard, mut missed) = (0, 0);
    while heard + missed < count {
        let event = events.next().await.expect("the session goes on");
        if let Event::Session(SessionEvent::Missed { events }) = event {
            missed += usize::try_from(events).expect("a small number");
        } else if let Event::Channel { event, .. } = event
            && matches!(event, ChannelEvent::MessageReceive { .. })
        {
            heard += 1;
        }
    }
    assert!(heard >= EVENTS_PAUSE, "{heard}");
    assert!(missed > 0);
}
