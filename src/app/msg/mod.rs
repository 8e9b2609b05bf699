//! What happened, as the state is told: what a person did, what the worker has to report, what the SDK says.
//!
//! Views and the worker make these; [`State::update`](super::state::State::update) alone reads them.

mod who;

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::client::event::{CallRef, Event};
use crate::protocol::token::Token;
use crate::protocol::{Account, AttrName, AttrSubject, ChannelName, Dtmf, MessageId, Show};

use super::effect::{NoticeId, Step};
use super::kept::StoreMsg;
use super::state::{
    CallNo, ConversationId, JumpTo, Look, Pane, Purpose, Query, Raise, Screen, Sound, Tab, Who,
};
use crate::store::{Format, MessageRow};

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

/// Messages.
#[derive(Clone, Debug)]
pub(crate) enum ChatMsg {
    /// Send was pressed.
    Send {
        /// To whom.
        to: ConversationId,
        /// What.
        text: String,
    },
    /// Retry was pressed at a message that had failed.
    Retry {
        /// In which conversation.
        to: ConversationId,
        /// Which one.
        id: MessageId,
    },
    /// What is typed, but not sent.
    Draft {
        /// To whom.
        to: ConversationId,
        /// What.
        text: String,
    },
    /// A message is to be answered, with its words.
    Quote(ConversationId, MessageRow),
    /// The server has a message for good, or does not take it.
    Sent {
        /// In which conversation.
        to: ConversationId,
        /// Which one.
        id: MessageId,
        /// How it went.
        /// How it went; since when the server has it, where that is known, in ms since the Unix epoch.
        result: Result<Option<u64>, Failure>,
    },
    /// One scrolls near the end of the lines that are held.
    More {
        /// In which conversation.
        of: ConversationId,
        /// Whether that is the upper end.
        above: bool,
    },
    /// One wants to see another part of a conversation.
    Jump {
        /// Of which.
        of: ConversationId,
        /// Which part.
        to: JumpTo,
    },
    /// Whether a conversation is silent.
    Mute(ConversationId, bool),
    /// A message is to be deleted here.
    Delete(ConversationId, MessageRow),
    /// Everything that was said is to be deleted here.
    Erase(ConversationId),
    /// The same, and the conversation leaves the list.
    Remove(ConversationId),
    /// A conversation is to be written into a file.
    Export {
        /// Which.
        conversation: ConversationId,
        /// How.
        format: Format,
        /// Where.
        path: PathBuf,
    },
}

/// Looking for words.
#[derive(Clone, Debug)]
pub(crate) enum SearchMsg {
    /// For these words; everywhere, if in no conversation.
    For {
        /// The words.
        query: String,
        /// Where.
        within: Option<ConversationId>,
    },
    /// What comes behind that which was found.
    More,
    /// No more.
    Closed,
}

/// Rooms.
#[derive(Clone, Debug)]
pub(crate) enum RoomMsg {
    /// Join was pressed.
    Join(ChannelName),
    /// Leave was pressed.
    Leave(ChannelName),
    /// A room is to be about something else; empty for nothing in particular.
    Topic(ChannelName, String),
    /// The topic was refused.
    NoTopic(ChannelName, Failure),
    /// Joining failed. That it went well is told by the SDK's own event.
    NotJoined(ChannelName, Failure),
    /// Leaving failed.
    NotLeft(ChannelName, Failure),
    /// What was said there, newest first; and whether there is more.
    Heard(ChannelName, Vec<HeardMessage>, bool),
}

/// A message that a server has kept of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeardMessage {
    /// The number of its event.
    pub(crate) event: u64,
    /// What the server knows it by.
    pub(crate) id: Option<MessageId>,
    /// Who.
    pub(crate) from: Account,
    /// What.
    pub(crate) text: String,
    /// When the server accepted it, in ms since the Unix epoch.
    pub(crate) at_ms: u64,
}

/// Other accounts.
#[derive(Clone, Debug)]
pub(crate) enum PeopleMsg {
    /// The server has answered whether somebody is online.
    Online(Account, bool),
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

/// The people whom one has added.
#[derive(Clone, Debug)]
pub(crate) enum ContactMsg {
    /// Somebody is to be in the list.
    Add(Account),
    /// Somebody is called so here; an empty name is what they call themselves.
    Rename(Account, String),
    /// Somebody is not to be in the list any more.
    Remove(Account),
    /// Somebody's card is shown.
    Open(Account),
    /// No card is shown any more.
    Close,
    /// Whether somebody is blocked.
    Block(Account, bool),
    /// What somebody calls themselves; empty for nothing.
    Named(Account, String),
    /// All who are blocked, as the server says.
    Blocked(Vec<Account>),
    /// The server does not block or unblock somebody.
    NotBlocked(Account, Failure),
}

/// The attribute inspector.
#[derive(Clone, Debug)]
pub(crate) enum InspectMsg {
    /// Somebody's or a channel's attributes are to be shown.
    Look(AttrSubject),
    /// Another of its pages is shown.
    Tab(Tab),
    /// An attribute of whom one looks at gets a value.
    Set(AttrName, Value),
    /// One of them goes.
    Delete(AttrName),
    /// All of them go.
    ClearAll,
    /// A question was clicked.
    Ask(Query),
    /// Its answer.
    Answered(Query, Result<String, Failure>),
    /// The server does not tell these attributes.
    NotWatched(AttrSubject, Failure),
    /// A change was refused.
    NotChanged(AttrSubject, Failure),
    /// What was read for whom, or a sentence says why nothing was.
    Imported(AttrSubject, Result<Map<String, Value>, String>),
    /// These are shown beside a conversation, or none any more.
    Beside(Option<AttrSubject>),
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
    /// The file that rings; none for the bundled tone.
    Ringtone(Option<PathBuf>),
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

/// The console.
#[derive(Clone, Debug)]
pub(crate) enum ConsoleMsg {
    /// Frames went by.
    Frames(Vec<WireFrame>),
    /// Whether what comes is not taken in.
    Pause(bool),
    /// Whether frames are recorded also while nobody looks.
    Always(bool),
    /// What a frame must hold to be shown.
    Filter(String),
    /// Which way it must have gone.
    Only(Option<Direction>),
    /// All that was recorded goes.
    Clear,
}

/// A frame on the link, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WireFrame {
    /// Which way it went.
    pub(crate) direction: Direction,
    /// When, in ms since the Unix epoch.
    pub(crate) at_ms: u64,
    /// How many bytes it has on the wire.
    pub(crate) bytes: usize,
    /// What it says.
    pub(crate) text: String,
    /// How many before it were passed over.
    pub(crate) missed: u64,
}

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the server.
    Sent,
    /// From it.
    Received,
}

impl Direction {
    /// How it is drawn.
    pub(crate) fn arrow(self) -> &'static str {
        match self {
            Self::Sent => "→",
            Self::Received => "←",
        }
    }
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
