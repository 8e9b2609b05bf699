//! One side of a call, with a file for a microphone and another for a speaker.

use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use callsign::voice::call::{Call, NEWS, News, ORDERS, Order};
use callsign::voice::device::WavDevice;
use callsign::voice::jitter::JitterStats;
use callsign::voice::link::Link;
use callsign::voice::peer::{Peer, PeerEvent, Reach};
use callsign::voice::processing::Switches;
use callsign::voice::wav::{WavSink, WavSource};
use tokio::sync::mpsc;

use crate::relay::Relay;

/// What one side heard, and what it was told.
pub(crate) struct Heard {
    /// All samples at 48 kHz, from the beginning of the call on.
    pub(crate) samples: Vec<f32>,
    pub(crate) events: Vec<PeerEvent>,
    pub(crate) stats: JitterStats,
}

/// A call over a relay: each side says its file, for so long. Returns what each heard.
pub(crate) async fn call(says: [&[f32]; 2], time: Duration, switches: Switches) -> [Heard; 2] {
    let links = (bind().await, bind().await);
    let own = [at(&links.0), at(&links.1)];
    let relay = Relay::start(own).await;
    let now = Instant::now();
    let (mut caller, offer) = Peer::offer(now, &links.0.reach()).expect("an offer");
    let offer = relay.disguise(0, own[0], &offer);
    let (callee, answer) = Peer::answer(now, &links.1.reach(), &offer).expect("an answer");
    let answer = relay.disguise(1, own[1], &answer);
    // What is to be sent at once is told again by ICE.
    drop(caller.accept(now, &answer).expect("it is accepted"));
    let heard = talk([(caller, links.0), (callee, links.1)], says, time, switches).await;
    drop(relay);
    heard
}

/// A call between two sides that have each other's descriptions.
pub(crate) async fn talk(
    sides: [(Peer, Link); 2],
    says: [&[f32]; 2],
    time: Duration,
    switches: Switches,
) -> [Heard; 2] {
    let [(caller, first), (callee, second)] = sides;
    let one = side(caller, first, says[0], time, switches);
    let other = side(callee, second, says[1], time, switches);
    let (one, other) = tokio::join!(one, other);
    [one, other]
}

pub(crate) async fn bind() -> Link {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Link::at(&[here]).await.expect("a socket")
}

fn at(link: &Link) -> SocketAddr {
    match link.reach().first() {
        Some(Reach::Host(address)) => *address,
        other => panic!("{other:?} is no socket"),
    }
}

async fn side(peer: Peer, link: Link, says: &[f32], time: Duration, switches: Switches) -> Heard {
    let mut file = WavSink::new(Cursor::new(Vec::new())).expect("a file");
    file.write(says).expect("written");
    let file = file.finish().expect("whole").into_inner();
    let source = WavSource::read(&file).expect("a sound");
    let sink = WavSink::new(Cursor::new(Vec::new())).expect("a file");
    let device = WavDevice::new(source, Some(sink));
    let (news_tx, mut news_rx) = mpsc::channel(NEWS);
    let (orders_tx, orders_rx) = mpsc::channel(ORDERS);
    let call = Call::new(peer, link, device, switches, news_tx).expect("a call");
    let running = tokio::spawn(call.run(orders_rx));
    let (mut events, mut stats) = (Vec::new(), JitterStats::default());
    let listening = async {
        while let Some(news) = news_rx.recv().await {
            match news {
                News::Peer(PeerEvent::Line(_)) => {}
                News::Peer(event) => events.push(event),
                News::Levels(_, now) => stats = now,
                News::Present { .. } => {}
                news @ (News::Offer(_) | News::Answer(_) | News::Unfit(_) | News::Moved) => {
                    panic!("{news:?}")
                }
            }
        }
    };
    // That it lasts so long is what is wanted.
    let ended = tokio::time::timeout(time, listening).await;
    assert!(ended.is_err(), "the call ended by itself");
    orders_tx.send(Order::End).await.expect("it ends");
    let device = running.await.expect("it ran");
    let file = device.finish().expect("written").expect("a file");
    let heard = WavSource::read(file.into_inner().as_slice()).expect("a sound");
    Heard {
        samples: heard.samples().to_vec(),
        events,
        stats,
    }
}
