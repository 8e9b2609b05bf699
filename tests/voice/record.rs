//! A call that is recorded: what both say is in the file, each on its own side.

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use callsign::voice::call::{Call, NEWS, News, ORDERS, Order};
use callsign::voice::device::WavDevice;
use callsign::voice::link::Link;
use callsign::voice::peer::{Peer, PeerEvent};
use callsign::voice::processing::Switches;
use callsign::voice::record::Recorder;
use callsign::voice::wav::{WavSink, WavSource};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::delay::{bursts, delay};
use crate::likeness::likeness;
use crate::side::bind;

/// A file that is still there when its writer is gone.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Cursor<Vec<u8>>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for Kept {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.lock().expect("no panic").seek(to)
    }
}

type Device = WavDevice<Cursor<Vec<u8>>>;

struct Side {
    orders_tx: mpsc::Sender<Order>,
    news_rx: mpsc::Receiver<News>,
    running: JoinHandle<Device>,
}

fn side(peer: Peer, link: Link, says: &[f32]) -> Side {
    let mut file = WavSink::new(Cursor::new(Vec::new())).expect("a file");
    file.write(says).expect("written");
    let file = file.finish().expect("whole").into_inner();
    let device = WavDevice::new(WavSource::read(&file).expect("a sound"), None);
    let switches = Switches {
        echo: false,
        noise: false,
        gain: false,
    };
    let (news_tx, news_rx) = mpsc::channel(NEWS);
    let (orders_tx, orders_rx) = mpsc::channel(ORDERS);
    let call = Call::new(peer, link, device, switches, news_tx).expect("a call");
    Side {
        orders_tx,
        news_rx,
        running: tokio::spawn(call.run(orders_rx)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_call_holds_both_voices_each_on_its_own_side() {
    let (one, other) = (bind().await, bind().await);
    let now = Instant::now();
    let (mut caller, offer) = Peer::offer(now, &one.reach()).expect("an offer");
    let (callee, answer) = Peer::answer(now, &other.reach(), &offer).expect("an answer");
    // What is to be sent at once is told again by ICE.
    drop(caller.accept(now, &answer).expect("it is accepted"));
    let says = [bursts(5, 1), bursts(5, 2)];
    let mut one = side(caller, one, &says[0]);
    let other = side(callee, other, &says[1]);
    while let Some(news) = one.news_rx.recv().await {
        if matches!(news, News::Peer(PeerEvent::Connected)) {
            break;
        }
    }
    let kept = Kept::default();
    let file = kept.clone();
    let (recorder, recorded) = Recorder::start(move || Ok(file));
    let order = Order::Record(Some(recorder));
    one.orders_tx.send(order).await.expect("it goes on");
    let listening = async { while one.news_rx.recv().await.is_some() {} };
    // That it lasts so long is what is wanted.
    let ended = tokio::time::timeout(Duration::from_secs(6), listening).await;
    assert!(ended.is_err(), "the call ended by itself");
    // The end of the call is the end of the file.
    one.orders_tx.send(Order::End).await.expect("it ends");
    one.running.await.expect("it ran");
    let missed = recorded.await.expect("no panic").expect("written");
    assert_eq!(missed, Duration::ZERO);
    drop(other.orders_tx);
    other.running.await.expect("it ran");

    let bytes = kept.0.lock().expect("no panic").get_ref().clone();
    assert_eq!(bytes[22..24], [2, 0], "two channels");
    let samples: Vec<f32> = bytes[44..]
        .chunks_exact(2)
        .map(|sample| f32::from(i16::from_le_bytes([sample[0], sample[1]])) / 32_768.0)
        .collect();
    let of = |side: usize| -> Vec<f32> { samples[side..].iter().step_by(2).copied().collect() };
    let sides = [of(0), of(1)];
    assert!(sides[0].len() > 5 * 48_000, "{} samples", sides[0].len());
    // A burst of each voice is found where it was said, and not on the other's side.
    let mut likenesses = [[0.0_f32; 2]; 2];
    for (said, kept) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
        let at = 2 * 48_000 + 24_000;
        let part = &says[said][at..at + 12_000];
        let heard = &sides[kept][2 * 48_000..][..72_000];
        let lag = delay(part, heard);
        let like = likeness(part, &heard[lag..]);
        println!("voice {said} on side {kept}: {like:.2} after {lag} samples");
        likenesses[said][kept] = like;
    }
    let [[own, strayed], [crossed, theirs]] = likenesses;
    // The microphone's sound is as it was; theirs came through a codec that keeps no waveforms.
    assert!(own > 0.95 && theirs > 0.3, "{likenesses:?}");
    assert!(strayed < 0.15 && crossed < 0.15, "{likenesses:?}");
}
