//! What happened, as the state is told: what a person did, what the worker has to report, what the SDK says.
//!
//! Views and the worker make these; [`State::update`](super::state::State::update) alone reads them.

mod inspect;
mod ringtone;
mod sound;
mod talk;
mod who;

use std::path::PathBuf;

use crate::client::event::{CallRef, Event};
use crate::protocol::token::Token;
use crate::protocol::{Account, Dtmf, Show};

use super::effect::{NoticeId, Step};
use super::kept::StoreMsg;
use super::state::{CallNo, ConversationId, Look, Pane, Purpose, Raise, Screen, Sound, Who};

pub(crate) use inspect::{ConsoleMsg, Direction, InspectMsg, WireFrame};
pub(crate) use ringtone::{Ringtone, Tune};
pub(crate) use sound::{AudioMsg, RecordMsg, SoundMsg, SoundWord};
pub(crate) use talk::{
    ChatMsg, ContactMsg, HeardMessage, HeardPage, PeopleMsg, RoomMsg, SearchMsg,
};
pub(crate) use who::{Credentials, Failure, Identity, Place, ServerAt};

/// One thing that happened. Each topic has its own words and its own file in `state/`.
#[derive(Clone, Debug)]
pub(crate) enum Msg {
    /// Signing in and out.
    SignIn(SignInMsg),
    /// The SDK's event, in order.
    Happened(Event),
    /// Where one is looking.
    Nav(NavMsg),
    /// Messages.
    Chat(ChatMsg),
    /// Rooms.
    Room(RoomMsg),
    /// Other accounts.
    People(PeopleMsg),
    /// Calls.
    Call(CallMsg),
    /// The history on this computer.
    Store(StoreMsg),
    /// Looking for words.
    Search(SearchMsg),
    /// What others see of oneself.
    Me(MeMsg),
    /// Notifications.
    Notice(NoticeMsg),
    /// The people whom one has added.
    Contact(ContactMsg),
    /// The attribute inspector.
    Inspect(InspectMsg),
    /// What is set for this profile.
    Settings(SettingsMsg),
    /// The system's keyring.
    Secret(SecretMsg),
    /// The panes beside a conversation.
    Panes(PanesMsg),
    /// The console.
    Console(ConsoleMsg),
    /// Files that are chosen.
    File(FileMsg),
    /// The server on this computer.
    Server(ServerMsg),
    /// The sound of calls.
    Sound(SoundMsg),
    /// Microphone and speaker.
    Audio(AudioMsg),
    /// That were all events so far.
    TakenIn(TakenIn),
}

/// How far a session's events have come: what they ask of the history has been asked when this comes, so it can be said to be kept
/// as soon as that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TakenIn {
    /// Which session, by the worker's number.
    pub(crate) session: u64,
    /// How many events, counted from its first.
    pub(crate) events: u64,
}

/// Signing in and out.
#[derive(Clone, Debug)]
pub(crate) enum SignInMsg {
    /// The card was sent off.
    Submitted(Credentials),
    /// No longer wanted.
    Cancelled,
    /// The server on this computer cannot be had; the sentence says why and what to do.
    NoServerHere(String),
    /// The worker is in.
    Done,
    /// The worker is not.
    Failed(Failure),
    /// Signing out, of one's own will.
    SignOut,
    /// The session that the account has elsewhere is to end.
    TakeOver,
}

/// The system's keyring.
#[derive(Clone, Debug)]
pub(crate) enum SecretMsg {
    /// Whether it has a token, and which.
    Found(Identity, Result<Option<Token>, KeyringTrouble>),
    /// Whether a token is kept.
    Kept(Identity, Result<(), KeyringTrouble>),
    /// Whether a token is removed.
    Forgotten(Identity, Result<(), KeyringTrouble>),
    /// Whether the token is to be asked for each time, and the keyring not to be used.
    AskEachTime(bool),
    /// The keyring is to be tried once more with what it could not do.
    Again,
    /// Nobody wants to wait for it.
    TypeInstead,
    /// What was said of it has been read.
    Seen,
}

/// Why the keyring does not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyringTrouble {
    /// It is locked, and nobody unlocked it.
    Locked,
    /// The system has none.
    Missing,
    /// Something else, in its words.
    Failed(String),
}

/// Where one is looking.
#[derive(Clone, Debug)]
pub(crate) enum NavMsg {
    /// Another screen, by the rail.
    Went(Screen),
    /// A conversation is shown; one that does not exist yet begins.
    Opened(ConversationId),
    /// No conversation is shown any more.
    Closed,
    /// The window got or lost the keyboard.
    Focus(bool),
    /// What was said about the history has been read.
    NoteSeen,
}

/// Calls.
#[derive(Clone, Debug)]
pub(crate) enum CallMsg {
    /// Call was pressed.
    Place(Account),
    /// The invitation went out, and the call has a number of the SDK's.
    Placed(CallNo, CallRef),
    /// The invitation did not go out.
    NotPlaced(CallNo, Failure),
    /// Answer was pressed.
    Answer(CallNo),
    /// Decline was pressed.
    Decline(CallNo),
    /// End or Cancel was pressed.
    End(CallNo),
    /// A key of the pad was pressed.
    Key(CallNo, Dtmf),
    /// A step of a call failed.
    StepFailed(CallNo, Step, Failure),
    /// The card of a call that is over was closed.
    Dismiss(CallNo),
    /// Decline was pressed, and something to say was written.
    DeclineWith(CallNo, String),
    /// Resume was pressed; the call that goes on meanwhile is put on hold.
    Resume(CallNo),
    /// A key of the dial pad was pressed, which is to be heard.
    Touched(Dtmf),
    /// Message was pressed at a call that is over.
    Write(CallNo),
}

/// What others see of oneself.
#[derive(Clone, Debug)]
pub(crate) enum MeMsg {
    /// A state was chosen.
    Chose(Show),
    /// A few words were written.
    Said(String),
    /// Nobody has touched anything for a while, or somebody does again.
    Idle(bool),
}

/// Notifications.
#[derive(Clone, Debug)]
pub(crate) enum NoticeMsg {
    /// One was clicked.
    Opened(NoticeId),
    /// Answer was pressed on one.
    Answered(NoticeId),
    /// Decline was pressed on one.
    Declined(NoticeId),
}

/// What is set for this profile.
#[derive(Clone, Debug)]
pub(crate) enum SettingsMsg {
    /// A look; none follows the system.
    Theme(Option<Look>),
    /// How large everything is, in percent.
    Scale(u16),
    /// Whether this raises a notification.
    Raise(Raise, bool),
    /// Whether this is heard.
    Hear(Sound, bool),
    /// What rings.
    Ringtone(Ringtone),
    /// That file does not ring; the sentence says why.
    NoRingtone(PathBuf, String),
    /// The ring is to be heard once.
    TryRingtone,
}

/// The server on this computer.
#[derive(Clone, Debug)]
pub(crate) enum ServerMsg {
    /// Who serves now.
    Is(Who),
    /// Whether it is to run.
    Turn(bool),
    /// It is to be called so.
    Rename(String),
    /// Somebody's session is to end.
    SendAway(Account),
    /// Something did not work; the sentence says why.
    Failed(String),
}

/// Files that are chosen.
#[derive(Clone, Debug)]
pub(crate) enum FileMsg {
    /// One is wanted.
    Ask(Purpose),
    /// The system has no dialog for that: the path is to be typed.
    NoDialog(Purpose),
    /// This one was chosen.
    Chosen(Purpose, PathBuf),
    /// None was.
    Cancelled,
    /// It was written, or a sentence says why not.
    Written(Purpose, Result<String, String>),
    /// What a dialog of the system said, which bears the number that it was opened under. It may be open for long.
    Dialog(u64, Box<FileMsg>),
}

/// The panes beside a conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PanesMsg {
    /// The list is to be so.
    List(Pane),
    /// The details are to be so.
    Details(Pane),
}
