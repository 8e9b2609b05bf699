//! The loop of one call: it brings microphone, engine, peer and sockets together, and decides nothing.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::BLOCK;
use super::codec::CodecError;
use super::device::Device;
use super::engine::{Control, Engine, Levels};
use super::jitter::JitterStats;
use super::link::{GATHER, Link, RELAY};
use super::peer::{Peer, PeerEvent, PeerInput, PeerOutput, SdpError};
use super::processing::Switches;
use super::record::Recorder;
use crate::protocol::Dtmf;

/// How often devices are looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How often it is looked whether this computer's addresses are still the same.
const FOLLOW: Duration = Duration::from_secs(1);
/// How often it is told how loud it is.
const LEVELS: Duration = Duration::from_millis(50);
/// Orders that wait. When full, whoever gives them waits.
pub const ORDERS: usize = 32;
/// News that wait. When full, levels and the state of the line are left out, and for all else the sound goes on unheard of.
pub const NEWS: usize = 64;

/// What its owner wants.
#[derive(Debug)]
pub enum Order {
    /// Something about the sound.
    Control(Control),
    /// A key is pressed.
    Key(Dtmf),
    /// They answered what we offered.
    Answer(String),
    /// The network has changed, or there is no way: a new offer is wanted, see [`News::Offer`]. While servers are still asked where we
    /// are, there is none; then [`News::Moved`] says when to ask again.
    Restart,
    /// They made a new offer: an answer is wanted, see [`News::Answer`].
    Offer(String),
    /// What is said is kept by this from now on, or no longer.
    Record(Option<Recorder>),
    /// It is over.
    End,
}

/// What it tells.
#[derive(Debug)]
pub enum News {
    /// Something happened on the way.
    Peer(PeerEvent),
    /// How loud both sides are, and what the jitter buffer did.
    Levels(Levels, JitterStats),
    /// This is to be brought to the other side, in a message of the call.
    Offer(String),
    /// This, too, as the answer to its offer.
    Answer(String),
    /// What the other side sent is of no use. The call goes on as it was.
    Unfit(SdpError),
    /// This computer's addresses have changed, and servers have said what they are now: an [`Order::Restart`] tells the other side.
    Moved,
    /// Whether there is a microphone, and whether there is a speaker: at the beginning, and when that changes.
    Present {
        /// Whether we can be heard.
        microphone: bool,
        /// Whether we can hear.
        speaker: bool,
    },
}

/// What a call is made of.
#[derive(Debug)]
pub struct Call<D> {
    peer: Peer,
    link: Link,
    engine: Engine,
    device: D,
    present: Option<(bool, bool)>,
    recorder: Option<Recorder>,
    /// The network has changed, and servers are asked where we are now: until when it is waited for them.
    settling: Option<Instant>,
    /// When relays were asked again, which lent nothing before.
    begged: Option<Instant>,
    news_tx: mpsc::Sender<News>,
}

impl<D: Device> Call<D> {
    /// Brings the parts together. Nothing happens before [`Call::run`].
    pub fn new(
        peer: Peer,
        link: Link,
        device: D,
        switches: Switches,
        news_tx: mpsc::Sender<News>,
    ) -> Result<Self, CodecError> {
        Ok(Self {
            peer,
            link,
            engine: Engine::new(switches)?,
            device,
            present: None,
            recorder: None,
            settling: None,
            begged: None,
            news_tx,
        })
    }

    /// Goes on until [`Order::End`], or until nobody can give orders, and gives the device back.
    pub async fn run(mut self, mut orders_rx: mpsc::Receiver<Order>) -> D {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut levels = interval(LEVELS);
        levels.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut follow = interval(FOLLOW);
        follow.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            self.settle();
            let wake = sleep_until(self.peer.next_wakeup().into());
            let input = tokio::select! {
                order = orders_rx.recv() => match order {
                    None | Some(Order::End) => break,
                    Some(order) => {
                        self.order(order).await;
                        continue;
                    }
                },
                datagram = self.link.receive() => Some(datagram),
                _ = look.tick() => {
                    self.sound();
                    continue;
                }
                _ = levels.tick() => {
                    self.tell(News::Levels(self.engine.levels(), self.engine.stats()));
                    self.look();
                    continue;
                }
                _ = follow.tick() => {
                    self.follow().await;
                    continue;
                }
                () = wake => None,
            };
            let input = input
                .as_ref()
                .map_or(PeerInput::Tick, |datagram| PeerInput::Datagram {
                    from: datagram.from,
                    to: datagram.to,
                    bytes: &datagram.bytes,
                });
            let now = Instant::now();
            let outputs = self.peer.handle(now, input);
            self.perform(now, outputs);
        }
        let now = Instant::now();
        let outputs = self.peer.close();
        self.perform(now, outputs);
        self.device
    }

    /// Whatever the devices have and want.
    fn sound(&mut self) {
        let now = Instant::now();
        let mut block = [0.0; BLOCK];
        while self.device.wants(now) {
            self.engine.speaker(now, &mut block);
            self.device.play(&block);
            if let Some(recorder) = &mut self.recorder {
                recorder.far(&block);
            }
        }
        while self.device.capture(now, &mut block) {
            self.send(now, &block);
            if let Some(recorder) = &mut self.recorder {
                recorder.near(self.engine.said());
            }
        }
    }

    /// The microphone's next block.
    fn send(&mut self, now: Instant, block: &[f32; BLOCK]) {
        let packet = match self.engine.microphone(block) {
            Ok(Some(packet)) => packet,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "a block was not sent");
                return;
            }
        };
        let outputs = self.peer.handle(
            now,
            PeerInput::Audio {
                time: packet.time,
                first: packet.first,
                payload: packet.payload,
            },
        );
        self.perform(now, outputs);
    }

    /// Whether the devices are there.
    fn look(&mut self) {
        let present = self.device.present();
        if self.present.replace(present) != Some(present) {
            let (microphone, speaker) = present;
            self.tell(News::Present {
                microphone,
                speaker,
            });
        }
    }

    /// Looks whether the network has changed.
    async fn follow(&mut self) {
        match self.link.follow().await {
            Ok(true) => self.settling = Some(Instant::now() + GATHER),
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "this computer does not tell its addresses"),
        }
    }

    /// Tells that the network has changed once it is known where we are now, or nobody says so in time.
    fn settle(&mut self) {
        let over = |until| self.link.is_settled() || Instant::now() >= until;
        // Where nobody takes it, it is told a little later.
        if self.settling.is_some_and(over) && self.news_tx.try_send(News::Moved).is_ok() {
            self.settling = None;
        }
    }

    /// Offers what we have now.
    fn restart(&mut self) {
        if self.settling.is_some() {
            // It is told soon that we moved, and asked for again.
            return;
        }
        let reach = self.link.reach();
        if reach.is_empty() {
            // Only through a relay, and none lends anything at present: an offer without a way would be of no use.
            let now = Instant::now();
            if self.begged.is_none_or(|at| now >= at + RELAY) && self.link.borrow_again() {
                self.begged = Some(now);
                self.settling = Some(now + RELAY);
            }
            return;
        }
        match self.peer.restart(&reach) {
            Ok(offer) => self.tell(News::Offer(offer)),
            Err(error) => self.tell(News::Unfit(error)),
        }
    }

    async fn order(&mut self, order: Order) {
        if matches!(order, Order::Restart | Order::Offer(_)) {
            self.follow().await;
        }
        let now = Instant::now();
        match order {
            Order::Control(control) => self.control(control),
            Order::Key(key) => self.key(now, key),
            Order::Answer(answer) => match self.peer.accept(now, &answer) {
                Ok(outputs) => self.perform(now, outputs),
                Err(error) => self.tell(News::Unfit(error)),
            },
            Order::Restart => self.restart(),
            Order::Offer(offer) => match self.peer.renew(now, &self.link.reach(), &offer) {
                Ok((answer, outputs)) => {
                    self.perform(now, outputs);
                    self.tell(News::Answer(answer));
                }
                Err(error) => self.tell(News::Unfit(error)),
            },
            Order::Record(recorder) => self.recorder = recorder,
            Order::End => {}
        }
    }

    fn key(&mut self, now: Instant, key: Dtmf) {
        if self.peer.takes_keys() {
            let outputs = self.peer.handle(now, PeerInput::Key(key));
            self.perform(now, outputs);
        } else {
            self.control(Control::Key { key, aloud: true });
        }
    }

    fn control(&mut self, control: Control) {
        if let Err(error) = self.engine.control(control) {
            tracing::warn!(%error, "the sound could not be changed");
        }
    }

    fn perform(&mut self, now: Instant, outputs: Vec<PeerOutput>) {
        for output in outputs {
            match output {
                PeerOutput::Send { from, to, bytes } => self.link.send(from, to, &bytes),
                PeerOutput::Audio {
                    sequence,
                    time,
                    copy,
                    payload,
                } => self.engine.packet(now, sequence, time, copy, &payload),
                PeerOutput::Event(event) => {
                    if let PeerEvent::Redundancy(copies) = event {
                        self.control(Control::Redundancy(copies));
                    }
                    if event == PeerEvent::Connected {
                        self.device.connected();
                    }
                    self.tell(News::Peer(event));
                }
            }
        }
    }

    fn tell(&self, news: News) {
        if let Err(mpsc::error::TrySendError::Full(news)) = self.news_tx.try_send(news) {
            tracing::debug!(?news, "nobody listens to the news of a call");
        }
    }
}
