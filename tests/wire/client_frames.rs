//! What clients send.

use std::time::Duration;

use callsign::protocol::codec::{decode_client, encode_client};
use callsign::protocol::token::Token;
use callsign::protocol::{
    Call, CallId, Caps, ClientFrame, Login, Request, SessionLine, VoipArgs, VoipStep,
};
use serde_json::json;

use crate::additions;

fn name<T: for<'a> TryFrom<&'a str, Error: std::fmt::Debug>>(text: &str) -> T {
    T::try_from(text).expect("a name")
}

/// Every function once: there are as many golden files.
fn requests() -> Vec<Request> {
    let mut requests = vec![
        Request::UserGetMsg {
            ver_clear: 41,
            max: 30,
        },
        Request::UserGetMsg2 {
            clear_msgs: vec!["m-1".to_owned(), "m-2".to_owned()],
            max: 30,
        },
        Request::UserSendMsg {
            peer: name("bob"),
            ttl: Duration::from_secs(3600),
            content: "hello  bob \"quoted\" \u{1f600}".to_owned(),
            message_id: Some(name("m-1")),
        },
        Request::UserLogout,
        Request::UserQueryUserStatus {
            account: name("bob"),
        },
        Request::UserSetAttr {
            name: name("colour"),
            value: json!("red"),
        },
        Request::UserGetAttr {
            account: name("bob"),
            name: name("colour"),
        },
        Request::UserGetAttrAll {
            account: name("bob"),
        },
        Request::UserExtCall {
            package: "shop".to_owned(),
            func: "buy".to_owned(),
        },
        Request::ChannelJoin {
            name: name("the room"),
        },
        Request::ChannelLeave {
            name: name("the room"),
        },
        Request::ChannelSendMsg {
            name: name("the room"),
            msg: "hello".to_owned(),
            msg_id: Some(name("m-2")),
            force: true,
        },
        Request::ChannelSetAttr {
            channel: name("the room"),
            name: name("seats"),
            value: json!({ "left": [1, 2] }),
        },
        Request::ChannelDelAttr {
            channel: name("the room"),
            name: name("seats"),
        },
        Request::ChannelClearAttr {
            channel: name("the room"),
        },
        Request::ChannelQueryNum {
            name: name("the room"),
        },
        Request::ChannelQueryUserIsIn {
            name: name("the room"),
            account: name("李雷"),
        },
        Request::ChannelQueryUserList {
            name: name("the room"),
        },
        Request::ChannelQueryUserListAll {
            name: name("the room"),
            num: 1000,
        },
    ];
    requests.extend(VoipStep::ALL.map(|step| {
        let extra = match step {
            VoipStep::Invite => r#"{"_require_peer_online":1,"srcNum":"+123"}"#,
            VoipStep::Msg => r#"{"msgtype":"dtmf","msgdata":"12#"}"#,
            VoipStep::Ack | VoipStep::Accept | VoipStep::Refuse | VoipStep::Bye => "",
        };
        let args = VoipArgs {
            channel: name("the room"),
            peer: name("bob"),
            extra: extra.to_owned(),
        };
        Request::Voip(step, args)
    }));
    requests.extend(additions::requests());
    requests
}

fn call(request: Request) -> ClientFrame {
    ClientFrame::Call(Call {
        id: CallId(7),
        line: Some(SessionLine::new("9f0c")),
        request: Ok(request),
    })
}

#[test]
fn every_function_is_written_and_read_as_its_golden_file() {
    let frames: Vec<_> = (requests().into_iter())
        .map(|request| (request.function().to_owned(), call(request)))
        .collect();
    assert_eq!(
        frames.len(),
        25 + 12,
        "a function that is new has its golden file"
    );
    check("calls", &frames);
}

#[test]
fn every_other_event_is_written_and_read_as_its_golden_file() {
    let frames = [
        ClientFrame::Login(Box::new(Login {
            vid: "0123456789abcdef0123456789abcdef".to_owned(),
            account: "alice".to_owned(),
            token: Token::new("_no_need_token"),
            device: "websdk".to_owned(),
            caps: Caps::NONE,
            resume: None,
            take_over: true,
        })),
        ClientFrame::LineLogin {
            line: SessionLine::new("9f0c"),
        },
        ClientFrame::Ping(3),
        ClientFrame::SetFlag { binary: true },
        ClientFrame::Unknown {
            event: "wave".to_owned(),
        },
    ];
    let mut frames: Vec<_> = (frames.into_iter())
        .map(|frame| (event(&frame).to_owned(), frame))
        .collect();
    frames.push(("login_with_additions".to_owned(), additions::login()));
    frames.push(("login_that_asks".to_owned(), additions::login_that_asks()));
    check("client", &frames);
}

/// The file of an event. A new variant does not compile until it has one.
fn event(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Login(_) => "login",
        ClientFrame::LineLogin { .. } => "line_login",
        ClientFrame::Ping(_) => "ping",
        ClientFrame::Call(_) => "call2",
        ClientFrame::SetFlag { .. } => "set_flag",
        ClientFrame::Unknown { .. } => "unknown",
    }
}

fn check(side: &str, frames: &[(String, ClientFrame)]) {
    crate::check(side, frames, encode_client, |text| {
        decode_client(text).expect("a frame")
    });
}

/// What is wrong with a call, as its answer says it.
fn problem(call: &str) -> String {
    let ClientFrame::Call(call) = decode_client(call).expect("a frame that can be answered") else {
        panic!("{call} is no call");
    };
    let failure = call.request.expect_err("something wrong");
    format!("{} {}", failure.code.number(), failure.reason)
}

#[test]
fn wrong_arguments_are_named() {
    for (call, expected) in [
        (r#"["call2",["fly",1,{}]]"#, "1002 unknown function fly"),
        (r#"["call2",[5,1,{}]]"#, "1004 function must be a text"),
        (
            r#"["call2",["user_logout",1]]"#,
            "1004 args must be an object",
        ),
        (
            r#"["call2",["user_getmsg",1,{}]]"#,
            "1004 ver_clear is missing",
        ),
        (
            r#"["call2",["user_getmsg",1,{"ver_clear":"5"}]]"#,
            "1004 ver_clear must be a whole number from 0 on, not in quotes",
        ),
        (
            r#"["call2",["user_getmsg",1,{"ver_clear":-1}]]"#,
            "1004 ver_clear must be a whole number from 0 on, not in quotes",
        ),
        (
            r#"["call2",["user_getmsg2",1,{"clear_msgs":[{}]}]]"#,
            "1004 clear_msgs must be a list of texts",
        ),
        (
            r#"["call2",["channel_join",1,{"name":""}]]"#,
            "1004 name is empty",
        ),
        (
            r#"["call2",["channel_join",1,{"name":"a\u0007b"}]]"#,
            "1004 name contains a control character",
        ),
        (
            r#"["call2",["channel_join",1,{"name":["a"]}]]"#,
            "1004 name must be a text",
        ),
        (
            r#"["call2",["channel_sendmsg",1,{"name":"a","msg":"x","force":"yes"}]]"#,
            "1004 force must be true or false",
        ),
        (
            r#"["call2",["voip_invite",1,{"channelName":"a","peer":"b c"}]]"#,
            "1004 peer contains white space",
        ),
    ] {
        assert_eq!(problem(call), expected, "{call}");
    }
}

#[test]
fn what_is_over_its_size_is_named() {
    let long = "n".repeat(129);
    let large = "c".repeat(8193);
    let join = json!(["call2", ["channel_join", 1, { "name": long }]]);
    let invite =
        json!(["call2", ["voip_invite", 1, { "channelName": "a", "peer": "b", "extra": large }]]);
    let set = json!(["call2", ["user_set_attr", 1, { "name": "a", "value": [large] }]]);
    assert_eq!(
        problem(&join.to_string()),
        "1005 name has more than 128 characters"
    );
    assert_eq!(
        problem(&invite.to_string()),
        "1005 extra has more than 8192 bytes"
    );
    assert_eq!(
        problem(&set.to_string()),
        "1005 value has more than 8192 bytes"
    );
}

#[test]
fn what_is_no_frame_says_why() {
    for (text, expected) in [
        (
            "",
            "a frame is JSON: EOF while parsing a value at line 1 column 0",
        ),
        (
            "{}",
            "a frame is [event, payload], with the event's name first",
        ),
        (
            "[7, 8]",
            "a frame is [event, payload], with the event's name first",
        ),
        (r#"["ping","1"]"#, "the payload of ping is a whole number"),
        (
            r#"["call2",["f","1",{}]]"#,
            "the payload of call2 is [function, id, args], and the id is a whole number",
        ),
    ] {
        assert_eq!(
            decode_client(text).expect_err("no frame").to_string(),
            expected,
            "{text}"
        );
    }
}

/// A login is always answered, so whatever is wrong with it is left to the refusal.
#[test]
fn a_login_of_any_form_can_be_refused() {
    for text in [
        r#"["login"]"#,
        r#"["login",5]"#,
        r#"["login",{"account":["a"]}]"#,
    ] {
        let Ok(ClientFrame::Login(login)) = decode_client(text) else {
            panic!("{text} is no login")
        };
        assert!(login.names().is_err());
    }
}

#[test]
fn names_that_are_numbers_are_their_text() {
    let text = r#"["login",{"vid":5,"account":4711,"token":7}]"#;
    let Ok(ClientFrame::Login(login)) = decode_client(text) else {
        panic!("{text} is no login")
    };
    let (app, account) = login.names().expect("names");
    assert_eq!(
        (app.as_str(), account.as_str(), login.token.expose()),
        ("5", "4711", "7")
    );
}
