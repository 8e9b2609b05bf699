//! The hub and the codec by themselves: no socket, no disk. `cargo bench --bench hub`.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use callsign::hub::{Hub, Input, LinkId, Now, Output, Settings};
use callsign::protocol::token::Token;
use callsign::protocol::{
    Call, CallId, ClientFrame, Login, LoginRet, Request, ServerFrame, SessionLine, codec,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

/// Members of the channel.
const MEMBERS: usize = 1000;

criterion_group!(benches, hub, codec_of_frames);
criterion_main!(benches);

/// A hub with sessions, all in one channel.
struct World {
    hub: Hub,
    now: Now,
    lines: Vec<SessionLine>,
    calls: i64,
    seen: u64,
}

impl World {
    fn new(sessions: usize) -> Self {
        let now = Now {
            instant: Instant::now(),
            unix_ms: 1_700_000_000_000,
        };
        let mut settings = Settings::open([7; 32]);
        settings.limits.logins_per_address = 0;
        settings.limits.channel_messages = 0;
        settings.limits.channel_messages_per_user = 0;
        let mut world = Self {
            hub: Hub::new(settings, now),
            now,
            lines: Vec::new(),
            calls: 0,
            seen: 0,
        };
        for session in 0..sessions {
            world.sign_in(session);
        }
        world
    }

    fn sign_in(&mut self, session: usize) {
        let link = LinkId(session as u64);
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        drop(self.hub.handle(self.now, Input::Opened { link, peer }));
        let outputs = self.frame(session, ClientFrame::Login(Box::new(login(session))));
        let line = outputs.iter().find_map(|output| match output {
            Output::Send {
                frame: ServerFrame::LoginRet(LoginRet::Granted(grant)),
                ..
            } => Some(grant.line.clone()),
            Output::Send { .. }
            | Output::Fan { .. }
            | Output::Close { .. }
            | Output::Store(_)
            | Output::Query(_) => None,
        });
        self.lines.push(line.expect("is granted"));
        let join = Request::ChannelJoin {
            name: "room".try_into().expect("a name"),
        };
        drop(self.call(session, join));
    }

    fn frame(&mut self, session: usize, frame: ClientFrame) -> Vec<Output> {
        let link = LinkId(session as u64);
        self.hub.handle(self.now, Input::Frame { link, frame })
    }

    fn call(&mut self, session: usize, request: Request) -> Vec<Output> {
        self.calls += 1;
        let call = Call {
            id: CallId(self.calls),
            line: Some(self.lines[session].clone()),
            request: Ok(request),
        };
        self.frame(session, ClientFrame::Call(call))
    }

    /// A message from the first session to the second, which polls, and acknowledges the one before.
    fn message_and_poll(&mut self) -> [Vec<Output>; 2] {
        let sent = self.call(
            0,
            Request::UserSendMsg {
                peer: account(1).try_into().expect("a name"),
                ttl: std::time::Duration::from_secs(3600),
                content: WORDS.to_owned(),
                message_id: None,
            },
        );
        let poll = Request::UserGetMsg {
            ver_clear: self.seen,
            max: 30,
        };
        self.seen += 1;
        [sent, self.call(1, poll)]
    }
}

const WORDS: &str = "a few words, as people say them";

fn account(session: usize) -> String {
    format!("member-{session}")
}

fn login(session: usize) -> Login {
    Login {
        vid: "bench".to_owned(),
        account: account(session),
        token: Token::new("_no_need_token".to_owned()),
        device: "websdk".to_owned(),
        caps: callsign::protocol::Caps::NONE,
        resume: None,
        take_over: true,
    }
}

fn say() -> Request {
    Request::ChannelSendMsg {
        name: "room".try_into().expect("a name"),
        msg: WORDS.to_owned(),
        msg_id: None,
        force: false,
    }
}

fn hub(criterion: &mut Criterion) {
    let mut world = World::new(MEMBERS);
    criterion.bench_function("a channel message to 1,000 members", |bencher| {
        bencher.iter(|| black_box(world.call(0, say())));
    });
    let mut world = World::new(2);
    criterion.bench_function("a message, its poll and its acknowledgement", |bencher| {
        bencher.iter(|| black_box(world.message_and_poll()));
    });
    criterion.bench_function("1,000 logins and joins", |bencher| {
        bencher.iter_batched(|| (), |()| World::new(MEMBERS), BatchSize::PerIteration);
    });
}

fn codec_of_frames(criterion: &mut Criterion) {
    let mut world = World::new(2);
    let requests = [
        say(),
        Request::UserSendMsg {
            peer: account(1).try_into().expect("a name"),
            ttl: std::time::Duration::from_secs(3600),
            content: WORDS.to_owned(),
            message_id: None,
        },
        Request::UserGetMsg {
            ver_clear: 1,
            max: 30,
        },
    ];
    for request in requests {
        let name = request.function();
        let call = ClientFrame::Call(Call {
            id: CallId(1),
            line: Some(world.lines[0].clone()),
            request: Ok(request),
        });
        let text = codec::encode_client(&call);
        criterion.bench_function(&format!("decode {name}"), |bencher| {
            bencher.iter(|| codec::decode_client(black_box(&text)));
        });
    }
    let mut outputs = world.call(0, say());
    outputs.extend(world.message_and_poll().into_iter().flatten());
    for output in outputs {
        let (name, frame) = match output {
            Output::Fan { frame, .. } => ("a channel message".to_owned(), frame),
            Output::Send { link, frame } => (format!("what session {} is told", link.0), frame),
            Output::Close { .. } | Output::Store(_) | Output::Query(_) => continue,
        };
        let text = codec::encode_server(&frame);
        let name = format!("encode {name}, {} bytes", text.len());
        criterion.bench_function(&name, |bencher| {
            bencher.iter(|| codec::encode_server(black_box(&frame)));
        });
    }
}
