//! Links that are cut in the middle of everything, over real sockets: the session goes on (protocol page, section 18, `resume`).

use std::time::Duration;

use callsign::client::event::{ChannelEvent, Event, SessionEvent};
use callsign::client::{Events, Session};
use callsign::protocol::ChannelName;
use tokio::runtime::Runtime;

use crate::ours::{account, sign_in};
use crate::proxy::Proxy;
use crate::server::Server;

/// How long anything that must happen may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// Messages of each sender, to the other and to the room.
const MESSAGES: usize = 400;
/// How many of them wait for their acknowledgement at a time.
const WINDOW: usize = 16;

fn room(name: &str) -> ChannelName {
    ChannelName::try_from(name).expect("a channel")
}

/// Everything that a client is told until it has heard all that its peer says.
#[derive(Debug, Default)]
struct Told {
    direct: Vec<String>,
    in_room: Vec<String>,
    resumed: usize,
    began_anew: usize,
    members: Vec<ChannelEvent>,
}

async fn hears(mut events: Events, peer: &'static str) -> (Told, Events) {
    let mut told = Told::default();
    while told.direct.len() < MESSAGES || told.in_room.len() < MESSAGES {
        let next = tokio::time::timeout(DEADLINE, events.next()).await;
        let Ok(next) = next else {
            panic!(
                "{peer} was heard {} and {} times",
                told.direct.len(),
                told.in_room.len()
            )
        };
        match next.expect("the session goes on") {
            Event::Session(SessionEvent::MessageInstantReceive { msg, .. }) => {
                told.direct.push(msg)
            }
            Event::Session(SessionEvent::LoginSuccess {
                again: true,
                additions,
                ..
            }) => {
                let additions = additions.expect("a server of ours");
                if additions.resumed.is_some() {
                    told.resumed += 1;
                } else {
                    told.began_anew += 1;
                }
            }
            Event::Channel {
                event: ChannelEvent::MessageReceive { account, msg, .. },
                ..
            } => {
                if account.as_str() == peer {
                    told.in_room.push(msg);
                }
            }
            Event::Channel { event, .. } => told.members.push(event),
            Event::Session(_) | Event::Call { .. } => {}
        }
    }
    (told, events)
}

async fn burst(session: Session, peer: &'static str) {
    let room = session.channel(&room("the red room"));
    let mut waiting = std::collections::VecDeque::new();
    for number in 0..MESSAGES {
        let text = number.to_string();
        waiting.push_back((
            session.message_instant_send(&account(peer), &text),
            room.message_channel_send(&text),
        ));
        if waiting.len() > WINDOW
            && let Some((direct, in_room)) = waiting.pop_front()
        {
            direct.await.expect("acknowledged in the end");
            in_room.await.expect("acknowledged in the end");
        }
    }
    for (direct, in_room) in waiting {
        direct.await.expect("acknowledged in the end");
        in_room.await.expect("acknowledged in the end");
    }
}

/// Both links are cut again and again, after random numbers of bytes: nothing is lost, nothing comes twice, everything is in
/// order, and nobody is seen to leave.
#[test]
fn links_cut_in_the_middle_of_bursts_lose_double_and_reorder_nothing() {
    let seed = std::env::var("CALLSIGN_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("CALLSIGN_SEED={seed}");
    let server = Server::with_config(
        "[limits]\nchannel_messages_per_user = 0\nchannel_messages = 0\nlogins_per_address = 0\n",
    );
    let proxy = Proxy::to(server.port());
    Runtime::new().expect("a runtime").block_on(async {
        let (alice, alice_hears) = sign_in(proxy.port(), "alice").await;
        let (bob, bob_hears) = sign_in(proxy.port(), "bob").await;
        for session in [&alice, &bob] {
            session
                .channel_join(&room("the red room"))
                .await
                .expect("joined");
            session
                .channel_join(&room("a second one"))
                .await
                .expect("joined");
        }
        proxy.cut_at_random(fastrand::Rng::with_seed(seed));
        let sending = [
            tokio::spawn(burst(alice.clone(), "bob")),
            tokio::spawn(burst(bob.clone(), "alice")),
        ];
        let hearing = [
            tokio::spawn(hears(alice_hears, "bob")),
            tokio::spawn(hears(bob_hears, "alice")),
        ];
        for sending in sending {
            sending.await.expect("no panic");
        }
        let numbers: Vec<_> = (0..MESSAGES).map(|number| number.to_string()).collect();
        for (hearing, name) in hearing.into_iter().zip(["alice", "bob"]) {
            let (told, _events) = hearing.await.expect("no panic");
            assert_eq!(told.direct, numbers, "{name}");
            assert_eq!(told.in_room, numbers, "{name}");
            assert_eq!(
                (told.began_anew, told.resumed > 1),
                (0, true),
                "{name} {told:?}"
            );
            let comings = told.members.iter().filter(|event| {
                matches!(
                    event,
                    ChannelEvent::UserLeft { .. } | ChannelEvent::Left { .. }
                )
            });
            assert_eq!(comings.count(), 0, "{name} {:?}", told.members);
        }
        println!("{} cuts", proxy.cuts());
    });
}
