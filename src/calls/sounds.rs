//! The sound of all calls of a session: every event and every order finds its call.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::line::{Begin, Line, Word};
use super::prepare::{self, Ways};
use super::{Devices, NoSound, SoundNews, SoundOptions};
use crate::client::error::{CallError, InviteError};
use crate::client::event::{CallEvent, CallRef, Event, SessionEvent};
use crate::client::{Call, Session};
use crate::protocol::{
    Account, ChannelName, Dtmf, IceServer, InviteMsg, VoiceMsg, voice_in, with_voice,
};
use crate::voice::link::{Policy, Scope};
use crate::voice::processing::Switches;

/// What is told and not yet heard. When full, levels are left out, and the sound of the call waits with all else.
const NEWS: usize = 256;
/// Words to one call. When full, which takes a flood of messages of the other side, further ones are lost.
const WORDS: usize = 64;
/// Words of calls that are not known yet: few, since the answer to the invitation is on its way. When full, the oldest goes.
const EARLY: usize = 32;

/// Where it is told what becomes of the sound of calls.
pub type SoundsTold = mpsc::Receiver<(CallRef, SoundNews)>;

/// What the owner of a call wants of its sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// They are to hear nothing, or something again.
    Mute(bool),
    /// They are to wait and hear a tone, or not any more. They are told.
    Hold(bool),
    /// A key is pressed: they are told beside the sound, or hear its tone where their program does not understand that.
    Key(Dtmf),
    /// What is done with the sound of the microphone.
    Processing(Switches),
    /// What is said is kept in a new file of this name, whose folder is there, from now on, as soon as they are told so; or no longer.
    Record(Option<PathBuf>),
    /// The network may have changed: the computer slept, or the link came back.
    Probe,
}

/// The sound of all calls of one session. Cheap to clone. When the last is gone, so is all sound.
pub struct Sounds<D: Devices> {
    shared: Arc<Shared<D>>,
}

struct Shared<D> {
    session: Session,
    scope: Scope,
    policy: Mutex<Policy>,
    switches: Mutex<Switches>,
    /// The servers that help to find ways, as the last login names them.
    ice: Mutex<Vec<IceServer>>,
    devices: Arc<D>,
    news_tx: mpsc::Sender<(CallRef, SoundNews)>,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    /// Calls that are not over. When its sender is gone, a line ends.
    open: BTreeMap<CallRef, mpsc::Sender<Word>>,
    /// What came of calls whose number the invitation has not told yet; `None` stands for the end.
    early: VecDeque<(CallRef, Option<Word>)>,
    /// Invitations whose number is not told yet.
    inviting: usize,
}

impl<D: Devices> Clone for Sounds<D> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<D: Devices> std::fmt::Debug for Sounds<D> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Sounds({} calls)", self.lines().open.len())
    }
}

impl<D: Devices> Sounds<D> {
    /// For the calls of a session.
    #[must_use]
    pub fn new(session: Session, options: SoundOptions, devices: D) -> (Self, SoundsTold) {
        let (news_tx, news_rx) = mpsc::channel(NEWS);
        let shared = Shared {
            session,
            scope: options.scope,
            policy: Mutex::new(options.policy),
            switches: Mutex::new(options.switches),
            ice: Mutex::default(),
            devices: Arc::new(devices),
            news_tx,
            lines: Mutex::default(),
        };
        let sounds = Self {
            shared: Arc::new(shared),
        };
        (sounds, news_rx)
    }

    /// Something happened in the session. To be told of every event, in order, before whoever answers it.
    pub fn happened(&self, event: &Event) {
        match event {
            Event::Session(SessionEvent::InviteReceived { call, extra, .. }) => {
                self.called(*call, extra);
            }
            Event::Session(SessionEvent::LoginSuccess {
                again, additions, ..
            }) => {
                let ice = additions.as_ref().map(|has| has.ice.clone());
                *lock(&self.shared.ice) = ice.unwrap_or_default();
                if !again {
                    return;
                }
                for words_tx in self.lines().open.values() {
                    say(words_tx, Word::Order(Order::Probe));
                }
            }
            Event::Session(SessionEvent::Logout { .. }) => self.lines().open.clear(),
            Event::Call { call, event } => self.call_happened(*call, event),
            Event::Session(_) | Event::Channel { .. } => {}
        }
    }

    /// Calls somebody, as [`Session::channel_invite_user2`], with an offer of sound beside what `extra` says.
    ///
    /// # Errors
    /// As with that.
    pub async fn invite(
        &self,
        channel: &ChannelName,
        peer: &Account,
        extra: &str,
    ) -> Result<Call, InviteError> {
        let prepared = prepare::offer(self.ways()).await;
        let prepared = prepared.map_err(NoSound::from).and_then(|prepared| {
            let extra = with_voice(extra, &prepared.sdp)?;
            Ok((prepared, extra))
        });
        let (begin, extra) = match prepared {
            Ok((prepared, extra)) => (Begin::Offered(Box::new(prepared)), extra),
            Err(why) => (Begin::Nothing(why), extra.to_owned()),
        };
        self.lines().inviting += 1;
        let invited = Inviting(&self.shared.lines);
        let call = self
            .shared
            .session
            .channel_invite_user2(channel, peer, &extra)
            .await;
        if let Ok(call) = &call {
            self.open(call.id(), begin);
        }
        drop(invited);
        call
    }

    /// Answers a call, with our description where theirs was of use.
    ///
    /// # Errors
    /// As with [`Call::channel_invite_accept`].
    pub async fn accept(&self, call: CallRef) -> Result<(), CallError> {
        let words_tx = self.lines().open.get(&call).cloned();
        let (answer_tx, answered) = oneshot::channel();
        let asked = match words_tx {
            Some(words_tx) => words_tx.send(Word::Accept(answer_tx)).await.is_ok(),
            None => false,
        };
        match answered.await {
            Ok(answer) if asked => answer,
            // It is over already; the SDK says so in its words.
            Ok(_) | Err(_) => {
                let call = self.shared.session.call(call);
                call.channel_invite_accept("").await
            }
        }
    }

    /// Wants something of the sound of a call. Without effect where it has none.
    pub fn order(&self, call: CallRef, order: Order) {
        if let Some(words_tx) = self.lines().open.get(&call) {
            say(words_tx, Word::Order(order));
        }
    }

    /// The sound of a call ends, whether or not the server tells that the call does.
    pub fn end(&self, call: CallRef) {
        drop(self.lines().open.remove(&call));
    }

    /// What is done with the sound of microphones from now on, in calls that go on and those to come.
    pub fn process(&self, switches: Switches) {
        *lock(&self.shared.switches) = switches;
        for words_tx in self.lines().open.values() {
            say(words_tx, Word::Order(Order::Processing(switches)));
        }
    }

    /// Which ways calls may take that begin from now on. Those that are there go on as they are.
    pub fn go_by(&self, policy: Policy) {
        *lock(&self.shared.policy) = policy;
    }

    /// Nothing that holds the lock can panic in between.
    fn lines(&self) -> MutexGuard<'_, Lines> {
        lock(&self.shared.lines)
    }

    fn ways(&self) -> Ways {
        Ways {
            scope: self.shared.scope,
            policy: *lock(&self.shared.policy),
            ice: lock(&self.shared.ice).clone(),
        }
    }

    fn called(&self, call: CallRef, extra: &str) {
        let begin = match voice_in(extra) {
            Ok(Some(offer)) => Begin::Called(offer),
            Ok(None) => Begin::Nothing(NoSound::TheirProgram),
            Err(error) => Begin::Nothing(error.into()),
        };
        self.open(call, begin);
    }

    fn open(&self, call: CallRef, begin: Begin) {
        let (words_tx, words_rx) = mpsc::channel(WORDS);
        let line = Line {
            call: self.shared.session.call(call),
            ways: self.ways(),
            switches: *lock(&self.shared.switches),
            devices: Arc::clone(&self.shared.devices),
            news_tx: self.shared.news_tx.clone(),
            words_rx,
        };
        tokio::spawn(line.run(begin));
        let mut lines = self.lines();
        let (mine, others) = std::mem::take(&mut lines.early)
            .into_iter()
            .partition::<VecDeque<_>, _>(|(of, _)| *of == call);
        lines.early = others;
        for (_, word) in mine {
            match word {
                Some(word) => say(&words_tx, word),
                // What is sent is still heard, and then that nobody speaks.
                None => return,
            }
        }
        lines.open.insert(call, words_tx);
    }

    fn call_happened(&self, call: CallRef, event: &CallEvent) {
        let word = match event {
            CallEvent::ReceivedByPeer { .. } => return,
            CallEvent::AcceptedByPeer { extra } => Some(Word::AcceptedByPeer(voice_in(extra))),
            CallEvent::Accepted => return,
            CallEvent::Msg(InviteMsg::Other(extra)) => match VoiceMsg::parse(extra) {
                Ok(Some(msg)) => Some(Word::Said(msg)),
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "a message about sound was of no use");
                    return;
                }
            },
            CallEvent::Msg(InviteMsg::Dtmf(_)) => return,
            CallEvent::Ended(_) => None,
        };
        let mut lines = self.lines();
        match (lines.open.get(&call), word) {
            (Some(words_tx), Some(word)) => say(words_tx, word),
            (Some(_), None) => drop(lines.open.remove(&call)),
            (None, word) if lines.inviting > 0 => {
                if lines.early.len() >= EARLY {
                    lines.early.pop_front();
                }
                lines.early.push_back((call, word));
            }
            (None, _) => {}
        }
    }
}

/// Counts an invitation whose number is not told yet, also if nobody waits for it any more.
struct Inviting<'a>(&'a Mutex<Lines>);

impl Drop for Inviting<'_> {
    fn drop(&mut self) {
        let mut lines = lock(self.0);
        lines.inviting = lines.inviting.saturating_sub(1);
        if lines.inviting == 0 {
            lines.early.clear();
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn say(words_tx: &mpsc::Sender<Word>, word: Word) {
    if let Err(mpsc::error::TrySendError::Full(_)) = words_tx.try_send(word) {
        tracing::warn!("a call is told more than it takes in");
    }
}
