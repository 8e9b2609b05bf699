//! What goes beyond 1.x (protocol page, section 18), for the golden files of both sides.

use callsign::protocol::token::Token;
use callsign::protocol::{
    Account, Addition, Additions, AttrChanged, AttrEntry, AttrSubject, Caps, ClientFrame, Envelope,
    GrantedLimits, IceServer, Login, LoginGrant, LoginRet, Presence, Push, Receipt, ReceiptState,
    Reply, Request, Resume, ResumeKey, ResumedChannel, ServerFrame, ServerInfo, SessionLine, Show,
    Typing, TypingTo, Uid, WatchedChange,
};
use serde_json::json;

fn name<T: for<'a> TryFrom<&'a str, Error: std::fmt::Debug>>(text: &str) -> T {
    T::try_from(text).expect("a name")
}

fn accounts() -> Vec<Account> {
    vec![name("bob"), name("李雷")]
}

/// Every function once.
pub(crate) fn requests() -> Vec<Request> {
    let additions = [
        Addition::PresenceWatch {
            accounts: accounts(),
        },
        Addition::PresenceUnwatch {
            accounts: accounts(),
        },
        Addition::PresenceSet {
            show: Show::Dnd,
            text: "at the dentist".to_owned(),
            except: vec![name("bob")],
        },
        Addition::UserReceipt {
            peer: name("bob"),
            ids: vec![name("m-1"), name("m-2")],
            state: ReceiptState::Read,
        },
        Addition::UserTyping(TypingTo::Peer(name("bob"))),
        Addition::UserDelAttr {
            name: name("colour"),
        },
        Addition::UserClearAttr,
        Addition::AttrWatch(AttrSubject::Channel(name("the room"))),
        Addition::AttrUnwatch(AttrSubject::Account(name("bob"))),
        Addition::ChannelHistory {
            name: name("the room"),
            before: Some(1042),
            max: 50,
        },
        Addition::UserBlock {
            accounts: accounts(),
        },
        Addition::UserUnblock {
            accounts: accounts(),
        },
    ];
    additions.into_iter().map(Request::Addition).collect()
}

/// A login that asks for everything and wants its session back.
pub(crate) fn login() -> ClientFrame {
    ClientFrame::Login(Box::new(Login {
        vid: "callsign".to_owned(),
        account: "alice".to_owned(),
        token: Token::new("_no_need_token"),
        device: "callsign/0.1.0".to_owned(),
        caps: Caps::ALL,
        resume: Some(Box::new(Resume {
            key: ResumeKey::new("77aa"),
            seen: 1042,
        })),
        take_over: true,
    }))
}

/// A login that ends no session that the account has elsewhere.
pub(crate) fn login_that_asks() -> ClientFrame {
    ClientFrame::Login(Box::new(Login {
        vid: "callsign".to_owned(),
        account: "alice".to_owned(),
        token: Token::new("_no_need_token"),
        device: "callsign/0.1.0".to_owned(),
        caps: Caps::NONE,
        resume: None,
        take_over: false,
    }))
}

/// What such a login is answered, for a new session and for one that was taken up.
pub(crate) fn grants() -> Vec<(String, ServerFrame)> {
    let gone = ResumedChannel {
        name: name("the room"),
        gap: true,
    };
    let grants = [
        ("login_ret_with_additions", None),
        ("login_ret_resumed", Some(vec![gone])),
    ];
    let frames = grants.into_iter().map(|(file, resumed)| {
        let grant = LoginGrant {
            line: SessionLine::new("9f0c"),
            uid: Uid(7),
            additions: Some(Box::new(additions(resumed))),
        };
        let frame = ServerFrame::LoginRet(LoginRet::Granted(grant));
        (file.to_owned(), frame)
    });
    frames.collect()
}

fn additions(resumed: Option<Vec<ResumedChannel>>) -> Additions {
    Additions {
        caps: Caps::ALL,
        resume: Some(ResumeKey::new("77aa")),
        resumed,
        time_ms: 1_700_000_000_000,
        server: ServerInfo {
            name: "Home".to_owned(),
            version: "0.1.0".to_owned(),
        },
        limits: GrantedLimits {
            content: 8192,
            value: 8192,
            rooms: 50,
            members: 10_000,
            inbox: 10_000,
            history: 10_000,
            history_days: 30,
            channel_messages_per_user: 60,
            channel_messages: 200,
            attribute_changes: 10,
            queries_per_user: 100,
            watched: 1000,
        },
        ice: vec![IceServer {
            urls: vec!["turn:198.51.100.1:3478".to_owned()],
            username: "1700003600:alice".to_owned(),
            credential: "c2VjcmV0".to_owned(),
            ttl: 3600,
        }],
    }
}

/// Every answer once, and those of 1.x that say more.
pub(crate) fn replies() -> Vec<Reply> {
    let line = r#"msg-v3 m-2 bob - v1:E:0 channel_msg 1700000000000 {"channel":"the room","account":"bob","uid":77,"msg":"hi"}"#;
    let said: Envelope = line.parse().expect("an envelope");
    let entry = AttrEntry {
        value: json!("ships"),
        time_ms: 1_700_000_000_000,
        by: Some(name("bob")),
    };
    let own = AttrEntry {
        value: json!(2),
        time_ms: 0,
        by: None,
    };
    vec![
        Reply::Sent {
            id: name("m-1"),
            sent_ms: 1_700_000_000_000,
        },
        Reply::AttrEntries {
            entries: [(name("topic"), entry), (name("_member_num"), own)].into(),
        },
        Reply::History {
            msgs: vec![(1041, said)],
            more: true,
        },
        Reply::Blocked {
            accounts: accounts(),
        },
    ]
}

/// Every notification once.
pub(crate) fn pushes() -> Vec<Push> {
    let changed = |subject, change| {
        Push::Attr(AttrChanged {
            subject,
            change,
            time_ms: 1_700_000_000_000,
            by: Some(name("bob")),
        })
    };
    vec![
        Push::Presence(vec![Presence {
            account: name("bob"),
            show: Show::Away,
            text: "lunch".to_owned(),
            since_ms: 1_700_000_000_000,
        }]),
        Push::Receipt(Receipt {
            peer: name("bob"),
            ids: vec![name("m-1")],
            state: ReceiptState::Delivered,
        }),
        Push::Typing(Typing {
            account: name("bob"),
            channel: None,
        }),
        Push::Typing(Typing {
            account: name("bob"),
            channel: Some(name("the room")),
        }),
        changed(
            AttrSubject::Account(name("bob")),
            WatchedChange::Update {
                name: name("colour"),
                value: json!("red"),
            },
        ),
        changed(
            AttrSubject::Channel(name("the room")),
            WatchedChange::Del {
                name: name("topic"),
            },
        ),
        changed(AttrSubject::Channel(name("the room")), WatchedChange::Clear),
    ]
}

#[test]
fn a_joined_channel_says_how_much_was_missed_where_it_is_known() {
    use callsign::protocol::codec::{decode_server, encode_server};
    use callsign::protocol::{CallId, CallRet};
    for unread in [None, Some(12)] {
        let reply = Reply::Joined {
            list: vec![(name("alice"), Uid(7))],
            attrs: serde_json::Map::new(),
            unread,
        };
        let frame = ServerFrame::CallRet(CallRet {
            id: CallId(7),
            result: Ok(reply),
        });
        let text = encode_server(&frame);
        assert_eq!(text.contains("unread"), unread.is_some(), "{text}");
        assert_eq!(decode_server(&text).expect("a frame"), frame);
    }
}

#[test]
fn wrong_arguments_are_named() {
    use callsign::protocol::codec::decode_client;
    for (call, expected) in [
        (
            r#"["call2",["presence_set",1,{"show":"offline"}]]"#,
            "1004 show must be available, away, busy or dnd",
        ),
        (
            r#"["call2",["presence_watch",1,{"accounts":["a b"]}]]"#,
            "1004 accounts contains white space",
        ),
        (
            r#"["call2",["user_receipt",1,{"peer":"a","ids":[],"state":"seen"}]]"#,
            "1004 state must be delivered or read",
        ),
        (r#"["call2",["user_typing",1,{}]]"#, "1004 name is missing"),
        (
            r#"["call2",["attr_watch",1,{}]]"#,
            "1004 channel is missing",
        ),
        (
            r#"["call2",["channel_history",1,{"name":"a","before":"5"}]]"#,
            "1004 before must be a whole number from 0 on, not in quotes",
        ),
    ] {
        let Ok(ClientFrame::Call(call)) = decode_client(call) else {
            panic!("{call} is no call")
        };
        let failure = call.request.expect_err("something wrong");
        let said = format!("{} {}", failure.code.number(), failure.reason);
        assert_eq!(said, expected);
    }
}
