//! The session of the account: performs effects in order, and pumps the SDK's events to the window.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use super::here::Here;
use super::keeping::Keep;
use super::login::{AtDoor, Elsewhere, Patience, SignInError, login, signed_in};
use super::notices::Notices;
use super::pump::pump;
use super::sound::Sounds;
use super::voice::{OwnDevices, Voice};
use super::{Folders, LAST_WORK, Out, log};
use crate::app::effect::{Effect, SecretEffect, Step};
use crate::app::msg::{
    CallMsg, ChatMsg, Credentials, Failure, Msg, Place, RoomMsg, SignInMsg, TakenIn,
};
use crate::app::platform::keyring::Keyring;
use crate::app::state::{CallNo, ConversationId, Purpose};
use crate::calls;
use crate::client::error::{CallError, SendError};
use crate::client::event::{CallRef, Sent};
use crate::client::{Keeper, Session, Signal};
use crate::net::tap::Tap;
use crate::protocol::{Account, ChannelName, Code, MessageId};

/// Performs effects until the window is gone, then signs out.
pub(super) async fn run(
    folders: Folders,
    mut effects_rx: mpsc::Receiver<Effect>,
    out: Out,
    terminated: impl Future<Output = ()>,
) {
    let mut terminated = std::pin::pin!(terminated);
    let recordings = folders.profile.join("recordings");
    let (keep, kept) = Keep::start(folders.profile, out.clone());
    let tap = Tap::default();
    let mut desk = Desk {
        here: Here::new(folders.server, tap.clone()),
        keep,
        login: None,
        at_work: None,
        sessions: 0,
        sounds: Sounds::start(),
        voice: Voice::new(),
        recordings,
        looking: None,
        testing: None,
        notices: Notices::start(out.clone()),
        watching: None,
        tone: None,
        tap,
        keyring: Keyring::start(&folders.name, {
            let out = out.clone();
            move |msg| out.say_blocking(Msg::Secret(msg))
        }),
        out,
    };
    loop {
        tokio::select! {
            effect = effects_rx.recv() => match effect {
                Some(effect) => desk.perform(effect).await,
                None => break,
            },
            answer = signed_in(&mut desk.login) => desk.signed_in(answer).await,
            () = &mut terminated => break,
        }
    }
    // What is to be kept is, whatever else was on its way.
    effects_rx.close();
    while let Some(effect) = effects_rx.recv().await {
        if matches!(
            effect,
            Effect::Store(_) | Effect::Secret(_) | Effect::Confirm(_)
        ) {
            desk.perform(effect).await;
        }
    }
    desk.sign_out().await;
    desk.here.stop().await;
    // What was to be kept or removed is, unless the keyring waits for somebody.
    if tokio::time::timeout(LAST_WORK, desk.into_keyring().end())
        .await
        .is_err()
    {
        tracing::warn!("the keyring did not answer in time");
    }
    kept.end(LAST_KEEPING).await;
}

/// How long the history may take at the end: longer than the rest, since what it does not take is lost.
const LAST_KEEPING: Duration = Duration::from_secs(10);

/// The worker's desk: at most one login on its way, or one session at work.
pub(super) struct Desk {
    pub(super) here: Here,
    keep: Keep,
    pub(super) out: Out,
    login: Option<JoinHandle<Result<AtDoor, SignInError>>>,
    at_work: Option<AtWork>,
    /// How many there have been.
    sessions: u64,
    pub(super) sounds: Sounds,
    pub(super) voice: Voice,
    /// The folder of calls that are kept.
    pub(super) recordings: PathBuf,
    /// Who looks for devices.
    pub(super) looking: Option<Ends>,
    /// Who lets somebody hear themselves.
    pub(super) testing: Option<Ends>,
    notices: Notices,
    /// Who looks at the server on this computer.
    pub(super) watching: Option<Ends>,
    /// Who reads a ringtone.
    pub(super) tone: Option<Ends>,
    /// What goes over the link can be seen there.
    pub(super) tap: Tap,
    keyring: Keyring,
}

/// A task that ends with this.
pub(super) struct Ends(pub(super) JoinHandle<()>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A session, and what runs for it. Dropping it ends its tasks.
struct AtWork {
    no: u64,
    signal: Signal,
    session: Session,
    calls: calls::Sounds<OwnDevices>,
    /// What tells it which events are kept.
    keeper: Keeper,
    /// The pump of events, and whoever waits for an answer.
    tasks: JoinSet<()>,
}

impl Desk {
    async fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::SignIn(credentials) => {
                self.sign_in(credentials, Patience::None, Elsewhere::Stays)
                    .await
            }
            Effect::SignOut => self.sign_out().await,
            Effect::Send { to, id, text } => self.send(to, id, &text),
            Effect::Join(name) => self.join(name),
            Effect::Leave(name) => self.leave(name),
            Effect::AskOnline(account) => self.ask_online(account),
            Effect::Invite {
                call,
                channel,
                peer,
            } => self.invite(call, &channel, &peer),
            Effect::Step { call, at, step } => self.step(call, at, step),
            Effect::Person(effect) => self.person(effect),
            Effect::Inspect(effect) => self.inspect(effect),
            Effect::Topic(room, topic) => self.topic(room, topic),
            Effect::Typing(to) => self.typing(to),
            Effect::Store(effect) => self.keep.perform(effect).await,
            Effect::Return(credentials) => {
                self.sign_in(credentials, Patience::Endless, Elsewhere::Stays)
                    .await
            }
            Effect::TellRead { peer, ids } => self.tell_read(peer, &ids),
            Effect::History { room, before } => self.history(room, before),
            Effect::Watch(accounts) => self.watch(&accounts),
            Effect::ShowMe { show, text } => self.show_me(show, &text),
            Effect::Ring(ring) => self.sounds.ring(ring),
            Effect::Tone(key) => self.sounds.key(key),
            Effect::Notify(notice) => self.notices.show(notice),
            Effect::Unnotify(id) => self.notices.close(id),
            Effect::Listen(listens) => self.listen(listens),
            Effect::ChooseFile(no, purpose) => self.choose_file(no, purpose),
            Effect::WriteFile(purpose, path, text) => self.write_file(purpose, path, text),
            Effect::WriteLog(path) => self.write_file(Purpose::Log, path, log::text()),
            Effect::Ringtone(ringtone) => self.ring_with(ringtone),
            Effect::TryRingtone => self.sounds.try_ring(),
            Effect::Server(effect) => self.server(effect).await,
            Effect::Secret(effect) => self.secret(effect).await,
            Effect::Sound(call, step) => self.sound(call, step),
            Effect::Audio(effect) => self.audio(effect),
            Effect::ShowFile(no, path) => self.show_file(no, path),
            Effect::TakeOver(credentials) => {
                self.sign_in(credentials, Patience::None, Elsewhere::Ends)
                    .await
            }
            Effect::Confirm(taken) => self.confirm(taken).await,
        }
    }

    /// The server need not tell again what is kept. A session that is over has no use for that.
    async fn confirm(&self, TakenIn { session, events }: TakenIn) {
        if let Some(at_work) = self.at_work.as_ref().filter(|work| work.no == session) {
            self.keep.confirm(at_work.keeper.clone(), events).await;
        }
    }

    /// Leaves all but the keyring, which is to do what it was asked for.
    fn into_keyring(self) -> Keyring {
        self.keyring
    }

    async fn secret(&mut self, effect: SecretEffect) {
        if let Some(refused) = self.keyring.order(effect) {
            self.out.say(Msg::Secret(refused)).await;
        }
    }

    async fn sign_in(
        &mut self,
        credentials: Credentials,
        patience: Patience,
        elsewhere: Elsewhere,
    ) {
        self.sign_out().await;
        if patience == Patience::None && credentials.place == Place::ThisComputer {
            // Whoever signs in here by hand wants it to run. What cannot be written is told by the sign-in.
            if let Err(error) = self.here.turn(true).await {
                tracing::warn!(%error, "the server's settings cannot be kept");
            }
        }
        let (here, tap) = (self.here.clone(), self.tap.clone());
        let login = login(here, tap, credentials, patience, elsewhere);
        self.login = Some(tokio::spawn(login));
    }

    async fn signed_in(&mut self, answer: Result<AtDoor, SignInError>) {
        let msg = match answer {
            Ok(AtDoor {
                signal,
                session,
                events,
                sound,
            }) => {
                self.sessions += 1;
                let no = self.sessions;
                let keeper = events.keeper();
                let mut tasks = JoinSet::new();
                let out = self.out.clone();
                let calls = self.voice.start(session.clone(), sound, out, &mut tasks);
                tasks.spawn(pump(no, events, calls.clone(), self.out.clone()));
                tasks.spawn(come_back_at_once(self.here.clone(), signal.clone()));
                self.at_work = Some(AtWork {
                    no,
                    signal,
                    session,
                    calls,
                    keeper,
                    tasks,
                });
                return;
            }
            Err(SignInError::Here(why)) => SignInMsg::NoServerHere(why),
            Err(SignInError::Login(failure)) => SignInMsg::Failed(failure),
        };
        self.out.say(Msg::SignIn(msg)).await;
    }

    async fn sign_out(&mut self) {
        if let Some(login) = self.login.take() {
            login.abort();
        }
        if let Some(at_work) = self.at_work.take() {
            drop(at_work.tasks);
            // What is in the history when the session ends need not be told in the next.
            let settled = tokio::time::timeout(LAST_WORK, self.keep.settled()).await;
            if settled.is_err() {
                tracing::warn!(
                    "signed out before all that came was in the history: it comes again"
                );
            }
            // It may have ended by itself, or the server may be gone; either way it is over.
            let said = tokio::time::timeout(LAST_WORK, at_work.signal.logout()).await;
            if said.is_err() {
                tracing::debug!("signed out without the server's word");
            }
        }
    }

    /// When our own server runs again, the session need not wait for its next try.
    pub(super) fn come_back_at_once(&mut self) {
        if let Some(at_work) = &mut self.at_work {
            let signal = at_work.signal.clone();
            at_work
                .tasks
                .spawn(come_back_at_once(self.here.clone(), signal));
        }
    }

    fn send(&mut self, to: ConversationId, id: MessageId, text: &str) {
        let (of, name) = (id.clone(), to.clone());
        let told = move |result: Result<Sent, SendError>| {
            let result = result
                .map(|sent| sent.sent_ms)
                .map_err(|error| unsent(&error));
            Some(Msg::Chat(ChatMsg::Sent {
                to: name,
                id: of,
                result,
            }))
        };
        match to {
            ConversationId::Person(peer) => {
                self.ask(
                    |session| session.message_instant_send_as(id, &peer, text),
                    told,
                );
            }
            ConversationId::Room(room) => self.ask(
                |session| session.channel(&room).message_channel_send_as(id, text),
                told,
            ),
        }
    }

    fn join(&mut self, name: ChannelName) {
        let of = name.clone();
        self.ask(
            |session| session.channel_join(&name),
            move |result| {
                let error = result.err()?;
                let failure = failure(error.code(), &error);
                Some(Msg::Room(RoomMsg::NotJoined(of, failure)))
            },
        );
    }

    fn leave(&mut self, name: ChannelName) {
        let of = name.clone();
        self.ask(
            |session| session.channel(&name).channel_leave(),
            move |result| {
                let error = result.err()?;
                let failure = failure(error.code(), &error);
                Some(Msg::Room(RoomMsg::NotLeft(of, failure)))
            },
        );
    }

    fn invite(&mut self, call: CallNo, channel: &ChannelName, peer: &Account) {
        let (channel, peer) = (channel.clone(), peer.clone());
        let Some(calls) = self.call_sounds() else {
            return;
        };
        self.ask(
            |_| async move { calls.invite(&channel, &peer, "{}").await },
            move |result| {
                Some(Msg::Call(match result {
                    Ok(placed) => CallMsg::Placed(call, placed.id()),
                    Err(error) => CallMsg::NotPlaced(call, failure(error.code(), &error)),
                }))
            },
        );
    }

    fn step(&mut self, call: CallNo, at: CallRef, step: Step) {
        let told = move |result: Result<(), CallError>| {
            let error = result.err()?;
            let failure = failure(error.code(), &error);
            Some(Msg::Call(CallMsg::StepFailed(call, step, failure)))
        };
        match step {
            Step::Accept => {
                let Some(calls) = self.call_sounds() else {
                    return;
                };
                self.ask(|_| async move { calls.accept(at).await }, told);
            }
            Step::Refuse => self.ask(|of| of.call(at).channel_invite_refuse(""), told),
            Step::End => self.ask(|of| of.call(at).channel_invite_end(), told),
            Step::Key(key) => {
                // By both ways, since they may hear only one of them; ours hears each once.
                if let Some(calls) = self.call_sounds() {
                    calls.order(at, calls::Order::Key(key));
                }
                self.ask(|of| of.call(at).channel_invite_dtmf(&[key]), told);
            }
        }
    }

    /// The sound of the calls of the session, if there is one.
    pub(super) fn call_sounds(&self) -> Option<calls::Sounds<OwnDevices>> {
        self.at_work.as_ref().map(|at_work| at_work.calls.clone())
    }

    /// Asks the session for something: at once, so that things stay in order; and tells the answer when it comes.
    pub(super) fn ask<T, F>(
        &mut self,
        question: impl FnOnce(&Session) -> F,
        told: impl FnOnce(T) -> Option<Msg> + Send + 'static,
    ) where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        // The state asks nothing without a session; one that just ended has said so, and all its questions ended with it.
        let Some(at_work) = &mut self.at_work else {
            return;
        };
        // What has been answered needs no place any more.
        while at_work.tasks.try_join_next().is_some() {}
        let answer = question(&at_work.session);
        let out = self.out.clone();
        at_work.tasks.spawn(async move {
            if let Some(msg) = told(answer.await) {
                out.say(msg).await;
            }
        });
    }
}

/// When the server on this computer is ours now, whoever had a link to the one before need not wait for the next try.
async fn come_back_at_once(here: Here, signal: Signal) {
    here.took_over().await;
    signal.woke();
}

/// Why a message was not sent. The end of the session is no refusal, wherever the message was by then.
fn unsent(error: &SendError) -> Failure {
    let code = match error {
        SendError::NotLoggedIn | SendError::Interrupted => Code::GeneralNotLogin,
        SendError::Refused { .. } | SendError::TimedOut { .. } | SendError::TooMany => error.code(),
    };
    failure(code, error)
}

pub(super) fn failure(code: Code, error: &dyn std::error::Error) -> Failure {
    let detail = error.to_string();
    Failure { code, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::kept::StoreEffect;
    use std::sync::Arc;

    #[test]
    fn the_end_of_the_session_refuses_no_message() {
        for error in [SendError::NotLoggedIn, SendError::Interrupted] {
            assert_eq!(unsent(&error).code, Code::GeneralNotLogin);
        }
        assert_eq!(unsent(&SendError::TooMany).code, Code::GeneralFailed);
    }

    #[tokio::test]
    async fn what_is_to_be_kept_is_when_the_system_ends_the_program() {
        let dir = tempfile::tempdir().expect("a directory");
        let folders = Folders {
            server: dir.path().join("server"),
            profile: dir.path().join("ann"),
            name: "ann".parse().expect("a profile"),
        };
        let (effects_tx, effects_rx) = mpsc::channel(64);
        for number in 0..64 {
            let setting = StoreEffect::Setting("last".to_owned(), Some(number.into()));
            effects_tx
                .try_send(Effect::Store(setting))
                .expect("there is room");
        }
        let (answers_tx, _answers_rx) = mpsc::channel(64);
        let (events_tx, _events_rx) = mpsc::channel(64);
        let wake = Arc::new(|| {});
        let out = Out {
            answers_tx,
            events_tx,
            wake,
        };
        run(folders, effects_rx, out, std::future::ready(())).await;
        let kept = std::fs::read_to_string(dir.path().join("ann/profile.json"));
        let kept = kept.expect("the profile's file");
        assert!(kept.contains("\"last\": 63"), "{kept}");
    }
}
