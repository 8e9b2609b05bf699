//! One call's sound: prepared while it rings, connected when it is answered, mended when the network changes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::prepare::{self, Prepared, Ways};
use super::record::{Keeping, Step};
use super::{Devices, NoSound, Order, SoundNews};
use crate::client::Call;
use crate::client::error::CallError;
use crate::client::event::CallRef;
use crate::protocol::{InviteMsg, VoiceError, VoiceMsg, with_voice};
use crate::voice::call::{self as sound, News, ORDERS};
use crate::voice::engine::Control;
use crate::voice::peer::PeerEvent;
use crate::voice::processing::Switches;

/// How long a new offer may go without an answer or a way before another is made.
const MEND: Duration = Duration::from_secs(5);

/// How the sound of a call begins.
pub(super) enum Begin {
    /// We call, and have offered this.
    Offered(Box<Prepared>),
    /// They call, and offer this.
    Called(String),
    /// There will be none.
    Nothing(NoSound),
}

/// What a line is told.
#[derive(Debug)]
pub(super) enum Word {
    /// We answer.
    Accept(oneshot::Sender<Result<(), CallError>>),
    /// They answered with this description, if any.
    AcceptedByPeer(Result<Option<String>, VoiceError>),
    /// They say something about the sound.
    Said(VoiceMsg),
    /// Our owner wants something.
    Order(Order),
}

/// The sound of one call, until nobody speaks to it any more.
pub(super) struct Line<D: Devices> {
    pub(super) call: Call,
    pub(super) ways: Ways,
    pub(super) switches: Switches,
    pub(super) devices: Arc<D>,
    pub(super) news_tx: mpsc::Sender<(CallRef, SoundNews)>,
    pub(super) words_rx: mpsc::Receiver<Word>,
}

/// A sound that goes both ways.
struct Going<T> {
    orders_tx: mpsc::Sender<sound::Order>,
    news_rx: mpsc::Receiver<News>,
    task: JoinHandle<T>,
    /// Whether we called: then we mend what breaks, and let go of our own offer where both made one.
    ours: bool,
    connected: bool,
    /// When to make another offer, as long as there is no way.
    mend_at: Option<Instant>,
    /// Whether an offer of ours has no answer yet.
    offered: bool,
    keeping: Keeping,
}

impl<D: Devices> Line<D> {
    pub(super) async fn run(mut self, begin: Begin) {
        let going = match begin {
            Begin::Offered(prepared) => self.called_by_us(*prepared).await,
            Begin::Called(offer) => {
                let prepared = prepare::answer(self.ways.clone(), offer).await;
                self.called_by_them(prepared).await
            }
            Begin::Nothing(why) => self.called_by_them(Err(why)).await,
        };
        if let Some(going) = going {
            self.go_on(going).await;
        }
        self.tell(SoundNews::Over).await;
    }

    /// Waits for their answer.
    async fn called_by_us(&mut self, mut prepared: Prepared) -> Option<Going<D::Device>> {
        while let Some(word) = self.words_rx.recv().await {
            let answer = match word {
                Word::AcceptedByPeer(answer) => answer,
                Word::Order(order) => {
                    self.before_sound(&order);
                    continue;
                }
                Word::Accept(_) | Word::Said(_) => continue,
            };
            let answer = match answer {
                Ok(Some(answer)) => answer,
                Ok(None) => return self.none(NoSound::TheirProgram).await,
                Err(error) => return self.none(error.into()).await,
            };
            // What is to be sent at once is told again by the first turn of the loop.
            if let Err(error) = prepared.peer.accept(std::time::Instant::now(), &answer) {
                return self.none(NoSound::Unfit(error)).await;
            }
            return self.start(prepared, true);
        }
        None
    }

    /// Waits for our own answer, and gives it.
    async fn called_by_them(
        &mut self,
        prepared: Result<Prepared, NoSound>,
    ) -> Option<Going<D::Device>> {
        while let Some(word) = self.words_rx.recv().await {
            let answer_tx = match word {
                Word::Accept(answer_tx) => answer_tx,
                // Ours, where nothing could be offered.
                Word::AcceptedByPeer(_) => break,
                Word::Order(order) => {
                    self.before_sound(&order);
                    continue;
                }
                Word::Said(_) => continue,
            };
            let prepared = prepared.and_then(|prepared| {
                let extra = with_voice("", &prepared.sdp)?;
                Ok((prepared, extra))
            });
            let extra = prepared.as_ref().map_or("", |(_, extra)| extra);
            // It is on its way with this; the sound need not wait until the server has passed it on.
            let accepted = self.call.channel_invite_accept(extra);
            tokio::spawn(async move {
                // Whoever answered may not wait any more.
                drop(answer_tx.send(accepted.await));
            });
            return match prepared {
                Ok((prepared, _)) => self.start(prepared, false),
                Err(why) => self.none(why).await,
            };
        }
        match prepared {
            Err(why) => self.none(why).await,
            Ok(_) => None,
        }
    }

    /// What is ordered while it rings: how the microphone is to sound is known when it is opened; all else is about sound that is
    /// not there yet.
    fn before_sound(&mut self, order: &Order) {
        match order {
            Order::Processing(switches) => self.switches = *switches,
            Order::Mute(_) | Order::Hold(_) | Order::Key(_) | Order::Record(_) | Order::Probe => {}
        }
    }

    async fn none(&mut self, why: NoSound) -> Option<Going<D::Device>> {
        tracing::debug!(%why, "a call without sound");
        self.tell(SoundNews::None(why)).await;
        // The way to this stays open, so that what is said is heard by nobody instead of being a fault.
        while self.words_rx.recv().await.is_some() {}
        None
    }

    fn start(&mut self, prepared: Prepared, ours: bool) -> Option<Going<D::Device>> {
        let device = self.devices.open(self.call.id());
        let (orders_tx, orders_rx) = mpsc::channel(ORDERS);
        let (news_tx, news_rx) = mpsc::channel(sound::NEWS);
        let (peer, link) = (prepared.peer, prepared.link);
        let call = sound::Call::new(peer, link, device, self.switches, news_tx);
        let call = call
            .inspect_err(|error| tracing::warn!(%error, "no codec"))
            .ok()?;
        Some(Going {
            orders_tx,
            news_rx,
            task: tokio::spawn(call.run(orders_rx)),
            ours,
            connected: false,
            mend_at: ours.then(|| Instant::now() + MEND),
            offered: false,
            keeping: Keeping::Off,
        })
    }

    /// Until nobody speaks to this any more, or the sound ends by itself.
    async fn go_on(&mut self, mut going: Going<D::Device>) {
        loop {
            let mend = async {
                match going.mend_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let order = tokio::select! {
                word = self.words_rx.recv() => match word {
                    Some(word) => self.word(&mut going, word),
                    None => break,
                },
                news = going.news_rx.recv() => match news {
                    Some(news) => self.news(&mut going, news).await,
                    None => break,
                },
                step = going.keeping.next() => self.kept(step).await,
                () = mend => {
                    going.mend_at = Some(Instant::now() + MEND);
                    Some(sound::Order::Restart)
                }
            };
            // A loop that has ended takes no orders.
            if let Some(order) = order
                && going.orders_tx.send(order).await.is_err()
            {
                break;
            }
        }
        drop(going.orders_tx);
        // What is told at the end has no place any more, and nobody must wait for it.
        going.news_rx.close();
        match going.task.await {
            Ok(device) => self.devices.close(self.call.id(), device),
            Err(error) => tracing::error!(%error, "the sound of a call broke"),
        }
        if let Some(over) = going.keeping.end().await {
            self.tell(SoundNews::Recorded(over)).await;
        }
    }

    /// What is said is to be kept: they are told first.
    fn keep<T>(&self, going: &mut Going<T>, path: PathBuf) {
        if !going.keeping.is_on() {
            let told = self.say(&VoiceMsg::Recorded(true));
            going.keeping = Keeping::Telling(path, told);
        }
    }

    /// What is said is not to be kept any more. The file is whole a little later.
    fn keep_no_more<T>(&self, going: &mut Going<T>) -> Option<sound::Order> {
        match going.keeping {
            Keeping::Off => None,
            Keeping::Telling(..) => {
                going.keeping = Keeping::Off;
                drop(self.say(&VoiceMsg::Recorded(false)));
                None
            }
            Keeping::On(..) => Some(sound::Order::Record(None)),
        }
    }

    async fn kept(&self, step: Step) -> Option<sound::Order> {
        match step {
            Step::Begin(recorder) => {
                self.tell(SoundNews::Recording).await;
                Some(sound::Order::Record(Some(recorder)))
            }
            Step::Over(over) => {
                drop(self.say(&VoiceMsg::Recorded(false)));
                self.tell(SoundNews::Recorded(over)).await;
                Some(sound::Order::Record(None))
            }
        }
    }

    fn word<T>(&self, going: &mut Going<T>, word: Word) -> Option<sound::Order> {
        match word {
            // Answered already.
            Word::Accept(_) | Word::AcceptedByPeer(_) => None,
            Word::Said(VoiceMsg::Offer(offer)) => {
                // Both made one: who called lets go of its own.
                if going.offered && !going.ours {
                    return None;
                }
                going.offered = false;
                // Theirs has its time, too.
                let later = Instant::now() + MEND;
                going.mend_at = going.mend_at.map(|_| later);
                Some(sound::Order::Offer(offer))
            }
            Word::Said(VoiceMsg::Answer(answer)) => {
                std::mem::take(&mut going.offered).then_some(sound::Order::Answer(answer))
            }
            Word::Said(VoiceMsg::Held(held)) => {
                self.tell_soon(SoundNews::TheyHold(held));
                None
            }
            Word::Said(VoiceMsg::Recorded(recorded)) => {
                self.tell_soon(SoundNews::TheyRecord(recorded));
                None
            }
            Word::Order(Order::Mute(muted)) => Some(sound::Order::Control(Control::Mute(muted))),
            Word::Order(Order::Hold(held)) => {
                drop(self.say(&VoiceMsg::Held(held)));
                Some(sound::Order::Control(Control::Hold(held)))
            }
            Word::Order(Order::Key(key)) => Some(sound::Order::Key(key)),
            Word::Order(Order::Processing(switches)) => {
                Some(sound::Order::Control(Control::Processing(switches)))
            }
            Word::Order(Order::Record(Some(path))) => {
                self.keep(going, path);
                None
            }
            Word::Order(Order::Record(None)) => self.keep_no_more(going),
            Word::Order(Order::Probe) => {
                (!going.connected && !going.offered).then_some(sound::Order::Restart)
            }
        }
    }

    async fn news<T>(&self, going: &mut Going<T>, news: News) -> Option<sound::Order> {
        match news {
            News::Peer(event) => return self.peer(going, event).await,
            News::Levels(levels, stats) => self.tell_soon(SoundNews::Levels(levels, stats)),
            News::Offer(offer) => {
                going.offered = true;
                going.mend_at = Some(Instant::now() + MEND);
                drop(self.say(&VoiceMsg::Offer(offer)));
            }
            News::Answer(answer) => drop(self.say(&VoiceMsg::Answer(answer))),
            News::Unfit(error) => {
                tracing::warn!(%error, "what they say of their sound is of no use");
            }
            News::Moved => return Some(sound::Order::Restart),
            News::Present {
                microphone,
                speaker,
            } => {
                let present = SoundNews::Present {
                    microphone,
                    speaker,
                };
                self.tell(present).await;
            }
        }
        None
    }

    async fn peer<T>(&self, going: &mut Going<T>, event: PeerEvent) -> Option<sound::Order> {
        let news = match event {
            PeerEvent::Connected => {
                (going.connected, going.mend_at) = (true, None);
                SoundNews::Connected
            }
            PeerEvent::Interrupted => {
                going.connected = false;
                // Who is called mends as well, but later: what both do at once is done twice.
                let wait = if going.ours { Duration::ZERO } else { MEND };
                // An offer that is on its way already, which interrupts by itself, has its time.
                going.mend_at.get_or_insert(Instant::now() + wait);
                SoundNews::Interrupted
            }
            PeerEvent::Closed => return Some(sound::Order::End),
            PeerEvent::Silent => SoundNews::Silent,
            PeerEvent::Heard => SoundNews::Heard,
            PeerEvent::Unheard => SoundNews::Unheard,
            PeerEvent::Arrives => SoundNews::Arrives,
            PeerEvent::Key(key) => SoundNews::Key(key),
            PeerEvent::Redundancy(_) => return None,
            PeerEvent::Line(line) => {
                self.tell_soon(SoundNews::Line(line));
                return None;
            }
        };
        self.tell(news).await;
        None
    }

    /// Says something to the other side, and whether the server has it. While the link is lost it waits there.
    fn say(&self, msg: &VoiceMsg) -> oneshot::Receiver<bool> {
        let (told_tx, told) = oneshot::channel();
        let extra = match msg.to_extra() {
            Ok(extra) => extra,
            Err(error) => {
                tracing::warn!(%error, "the other side is not told of a change");
                return told;
            }
        };
        let said = self.call.channel_invite_msg(InviteMsg::Other(extra));
        tokio::spawn(async move {
            let said = said.await;
            if let Err(error) = &said {
                tracing::debug!(%error, "the other side was not told of a change");
            }
            if told_tx.send(said.is_ok()).is_err() {
                tracing::trace!("nobody wants to know");
            }
        });
        told
    }

    /// Nobody may listen; then nobody misses it.
    async fn tell(&self, news: SoundNews) {
        drop(self.news_tx.send((self.call.id(), news)).await);
    }

    /// The same for what has only a latest: where too much waits, it is left out.
    fn tell_soon(&self, news: SoundNews) {
        if self.news_tx.try_send((self.call.id(), news)).is_err() {
            tracing::trace!("nobody takes in how loud a call is");
        }
    }
}
