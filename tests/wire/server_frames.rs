//! What servers send.

use callsign::protocol::codec::{decode_server, encode_server};
use callsign::protocol::{
    CallId, CallRet, Code, Envelope, EnvelopeKind, Failure, LoginGrant, LoginRet, Push, Reply,
    ServerFrame, SessionLine, Typing, Uid, VoipContent, WatchedChange,
};
use serde_json::{Value, json};

use crate::additions;

fn name<T: for<'a> TryFrom<&'a str, Error: std::fmt::Debug>>(text: &str) -> T {
    T::try_from(text).expect("a name")
}

fn envelope(line: &str) -> Envelope {
    line.parse().expect("an envelope")
}

fn map(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().expect("an object").clone()
}

/// The file of an answer. A new variant does not compile until it has one.
fn reply_name(reply: &Reply) -> &'static str {
    match reply {
        Reply::Done => "done",
        Reply::Messages { .. } => "messages",
        Reply::MessagesById { .. } => "messages_by_id",
        Reply::UserStatus { .. } => "user_status",
        Reply::AttrSet => "attr_set",
        Reply::UserAttr { .. } => "user_attr",
        Reply::UserAttrs { .. } => "user_attrs",
        Reply::Joined { .. } => "joined",
        Reply::ChannelNum { .. } => "channel_num",
        Reply::ChannelIsIn { .. } => "channel_is_in",
        Reply::ChannelUsers { .. } => "channel_users",
        Reply::Sent { .. } => "sent",
        Reply::AttrEntries { .. } => "attr_entries",
        Reply::History { .. } => "history",
        Reply::Blocked { .. } => "blocked",
    }
}

#[test]
fn every_answer_is_written_and_read_as_its_golden_file() {
    let msgs = (42..).zip(inbox()).collect();
    let by_id = envelope("msg-v3 m-1 alice bob v1:E:3600 instant 1700000000000 hello");
    let list = vec![(name("alice"), Uid(77)), (name("bob"), Uid(78))];
    let replies = [
        Reply::Done,
        Reply::Messages {
            ver_clear: 41,
            msgs,
        },
        Reply::MessagesById {
            msgs: vec![("m-1".to_owned(), by_id)],
        },
        Reply::UserStatus {
            account: name("bob"),
            online: true,
        },
        Reply::AttrSet,
        Reply::UserAttr {
            account: name("bob"),
            name: name("colour"),
            value: Value::Null,
        },
        Reply::UserAttrs {
            account: name("bob"),
            attrs: map(json!({ "colour": "red" })),
        },
        Reply::Joined {
            list: list.clone(),
            attrs: map(json!({ "topic": "ships" })),
            unread: None,
        },
        Reply::ChannelNum {
            name: name("the room"),
            num: 2,
        },
        Reply::ChannelIsIn {
            name: name("the room"),
            account: name("bob"),
            is_in: false,
        },
        Reply::ChannelUsers { num: 2, list },
    ];
    let mut frames: Vec<_> = (replies.into_iter().chain(additions::replies()))
        .map(|reply| (reply_name(&reply).to_owned(), ret(Ok(reply))))
        .collect();
    for (name, in_slot) in [("failure", false), ("failure_in_slot", true)] {
        let failure = Failure {
            in_slot,
            ..Failure::new(Code::InvitePeerOffline, "peer offline")
        };
        frames.push((name.to_owned(), ret(Err(failure))));
    }
    check("answers", &frames);
}

/// A message of every kind that an inbox holds.
fn inbox() -> Vec<Envelope> {
    let voip = VoipContent {
        channel: name("the room"),
        peer: name("alice"),
        peeruid: json!(77),
        extra: r#"{"hi":1}"#.to_owned(),
    };
    let kinds = EnvelopeKind::ALL.into_iter().filter(|kind| match kind {
        EnvelopeKind::Instant | EnvelopeKind::Voip(_) | EnvelopeKind::VoipInviteFailed => true,
        EnvelopeKind::ChannelMsg
        | EnvelopeKind::ChannelUserJoin
        | EnvelopeKind::ChannelUserLeave
        | EnvelopeKind::ChannelAttrUpdate => false,
        // No inbox of a 1.x client.
        EnvelopeKind::MissedCall | EnvelopeKind::Receipt => false,
    });
    let envelopes = kinds.map(|kind| {
        let content = if kind == EnvelopeKind::Instant {
            "hello  bob ".to_owned()
        } else {
            voip.to_text()
        };
        envelope(&format!(
            "msg-v2 alice bob v1:E:3600 {} 1700000000000 {content}",
            kind.name()
        ))
    });
    envelopes.collect()
}

fn ret(result: Result<Reply, Failure>) -> ServerFrame {
    ServerFrame::CallRet(CallRet {
        id: CallId(7),
        result,
    })
}

/// The file of a notification. A new variant does not compile until it has one.
fn push_name(push: &Push) -> String {
    match push {
        Push::Msg { .. } => "msg".to_owned(),
        Push::RecvMsg { .. } => "recvmsg".to_owned(),
        Push::RecvMsgByMsgId { .. } => "recvmsg_by_msgid".to_owned(),
        Push::Channel2 { envelope, .. } => format!("channel2_{}", envelope.kind.name()),
        Push::Presence(_) => "presence".to_owned(),
        Push::Receipt(_) => "receipt".to_owned(),
        Push::Typing(Typing { channel: None, .. }) => "typing".to_owned(),
        Push::Typing(_) => "typing_in_channel".to_owned(),
        Push::Attr(changed) => match changed.change {
            WatchedChange::Update { .. } => "attr_update".to_owned(),
            WatchedChange::Del { .. } => "attr_del".to_owned(),
            WatchedChange::Clear => "attr_clear".to_owned(),
        },
        Push::Unknown { .. } => "unknown".to_owned(),
    }
}

#[test]
fn every_notification_is_written_and_read_as_its_golden_file() {
    let event = |kind: &str, content: &str| {
        let line = format!("msg-v2 bob - v1:E:0 {kind} 1700000000000 {content}");
        Push::Channel2 {
            cid: name("the room"),
            msgid: 1042,
            envelope: envelope(&line),
        }
    };
    let member = r#"{"channel":"the room","account":"bob","uid":77}"#;
    let pushes = [
        Push::Msg { ver: 42 },
        Push::RecvMsg {
            ver: 42,
            envelope: envelope("msg-v2 alice bob v1:E:9 instant 1700000000000 hello"),
        },
        Push::RecvMsgByMsgId {
            envelope: envelope("msg-v3 m-1 alice bob v1:E:9 instant 1700000000000 hello"),
        },
        event(
            "channel_msg",
            r#"{"channel":"the room","account":"bob","uid":77,"msg":"hi"}"#,
        ),
        event("channel_user_join", member),
        event("channel_user_leave", member),
        event(
            "channel_attr_update",
            r#"{"channel":"the room","account":"bob","uid":77,"name":"topic","value":"ships","type":"update"}"#,
        ),
        Push::Unknown {
            op: "wave".to_owned(),
        },
    ];
    let frames: Vec<_> = (pushes.into_iter().chain(additions::pushes()))
        .map(|push| (push_name(&push), ServerFrame::Notify(push)))
        .collect();
    check("notifications", &frames);
}

/// The file of an event. A new variant does not compile until it has one.
fn event_name(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::LoginRet(LoginRet::Granted(_)) => "login_ret",
        ServerFrame::LoginRet(LoginRet::Refused { .. }) => "login_ret_refused",
        ServerFrame::Pong(_) => "pong",
        ServerFrame::CallRet(_) => "call2-ret",
        ServerFrame::Notify(_) => "notify",
        ServerFrame::Close(_) => "close",
        ServerFrame::Kick(_) => "kick",
        ServerFrame::Multi(_) => "multi",
        ServerFrame::Unknown { .. } => "unknown",
    }
}

#[test]
fn every_other_event_is_written_and_read_as_its_golden_file() {
    let grant = LoginGrant {
        line: SessionLine::new("9f0c"),
        uid: Uid(305_419_896),
        additions: None,
    };
    let refused = LoginRet::Refused {
        reason: "TokenErrorExpired".to_owned(),
        code: Code::LoginTokenExpired,
    };
    let frames = [
        ServerFrame::LoginRet(LoginRet::Granted(grant)),
        ServerFrame::LoginRet(refused),
        ServerFrame::Pong(3),
        ServerFrame::Close("the server stops".to_owned()),
        ServerFrame::Kick("the account signed in elsewhere".to_owned()),
        ServerFrame::Multi(vec![
            ServerFrame::Pong(3),
            ServerFrame::Notify(Push::Msg { ver: 42 }),
        ]),
        ServerFrame::Unknown {
            event: "wave".to_owned(),
        },
    ];
    let mut frames: Vec<_> = (frames.into_iter())
        .map(|frame| (event_name(&frame).to_owned(), frame))
        .collect();
    frames.extend(additions::grants());
    check("server", &frames);
}

fn check(side: &str, frames: &[(String, ServerFrame)]) {
    crate::check(side, frames, encode_server, |text| {
        decode_server(text).expect("a frame")
    });
}

/// Protocol page, section 4: other servers fill only the slot, or only the text.
#[test]
fn a_refusal_is_read_from_the_slot_or_the_text() {
    for text in [
        r#"["login_ret",["TokenErrorExpired","{}"]]"#,
        r#"["login_ret",["","{\"result\":\"failed\",\"reason\":\"TokenErrorExpired\"}"]]"#,
    ] {
        let frame = decode_server(text).expect("a frame");
        let expected = LoginRet::Refused {
            reason: "TokenErrorExpired".to_owned(),
            code: Code::LoginTokenExpired,
        };
        assert_eq!(frame, ServerFrame::LoginRet(expected), "{text}");
    }
}

#[test]
fn what_is_no_frame_of_its_event_says_so() {
    for text in [
        r#"["login_ret",["","not JSON"]]"#,
        r#"["login_ret",{}]"#,
        r#"["call2-ret",["7","","{}"]]"#,
        r#"["call2-ret",[7,"","not JSON"]]"#,
        r#"["notify",["channel2","room","9","msg-v2 a - v1:E:0 channel_msg 1 {}"]]"#,
        r#"["notify",{}]"#,
        r#"["multi",5]"#,
    ] {
        assert!(decode_server(text).is_err(), "{text}");
    }
}
