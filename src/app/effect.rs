//! What is to be done in the world, as the state decides it. The worker alone performs these.

use std::path::PathBuf;

use serde_json::Value;

use crate::client::event::CallRef;
use crate::protocol::token::Token;
use crate::protocol::{Account, AttrName, AttrSubject, ChannelName, Dtmf, MessageId, Show};

use super::kept::StoreEffect;
use super::msg::{Credentials, Identity, Ringtone, TakenIn};
use super::state::{AudioSet, CallNo, ConversationId, Purpose, Query};

/// One thing to do. What comes of it is told by a [`Msg`](super::msg::Msg), never by a return value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Sign in. Answered by `SignInMsg::Done`, `Failed` or `NoServerHere`.
    SignIn(Credentials),
    /// Sign out, or give up signing in. Not answered: what comes later from that session is dropped.
    SignOut,
    /// Send a message, under this id however often it is tried. Answered by `ChatMsg::Sent`.
    Send {
        /// To whom.
        to: ConversationId,
        /// Its id, which the server knows it by.
        id: MessageId,
        /// What it says.
        text: String,
    },
    /// Join a room. Answered by an event, or by `RoomMsg::NotJoined`.
    Join(ChannelName),
    /// Leave a room. Answered by an event, or by `RoomMsg::NotLeft`.
    Leave(ChannelName),
    /// Ask whether somebody is online. Answered by `PeopleMsg::Online`, if at all.
    AskOnline(Account),
    /// Call somebody. Answered by `CallMsg::Placed` or `NotPlaced`.
    Invite {
        /// Our own number of the call.
        call: CallNo,
        /// The channel that it is about.
        channel: ChannelName,
        /// Whom.
        peer: Account,
    },
    /// A step of a call. Only failures are answered, by `CallMsg::StepFailed`.
    Step {
        /// Our own number of the call.
        call: CallNo,
        /// The SDK's.
        at: CallRef,
        /// Which step.
        step: Step,
    },
    /// Something about the history on this computer; how it is answered stands there.
    Store(StoreEffect),
    /// Sign in as before, however long it takes until there is a server. Answered like `SignIn`, but never for want of a
    /// network.
    Return(Credentials),
    /// Tell somebody that messages of theirs were read. Not answered.
    TellRead {
        /// Whom.
        peer: Account,
        /// Which messages.
        ids: Vec<MessageId>,
    },
    /// Look up what was said in a room: the messages before an event, or the latest. Answered by `RoomMsg::Heard`, if at all.
    History {
        /// Which room.
        room: ChannelName,
        /// Before which event.
        before: Option<u64>,
    },
    /// Be told from now on how these are. Answered by events.
    Watch(Vec<Account>),
    /// Let others see this of oneself. Not answered.
    ShowMe {
        /// The state.
        show: Show,
        /// A few words beside it.
        text: String,
    },
    /// Ring so from now on. Not answered.
    Ring(Ring),
    /// Let a key be heard. Not answered.
    Tone(Dtmf),
    /// Show a notification, in the place of the one with the same id. Answered by `NoticeMsg`, if somebody touches it.
    Notify(Notice),
    /// Take a notification away. Not answered.
    Unnotify(NoticeId),
    /// Something about somebody; how it is answered stands there.
    Person(PersonEffect),
    /// Something of the inspector; how it is answered stands there.
    Inspect(InspectEffect),
    /// Set what a room is about; delete it, if empty. Only failures are answered, by `RoomMsg::NoTopic`.
    Topic(ChannelName, String),
    /// Tell whoever is in a conversation that one is writing there. Not answered.
    Typing(ConversationId),
    /// Tell every frame on the link from now on, by `ConsoleMsg::Frames`; or none any more.
    Listen(bool),
    /// Let somebody choose a file. Answered by `FileMsg::Dialog` under this number, with `Chosen`, `Cancelled` or `NoDialog`.
    ChooseFile(u64, Purpose),
    /// Write a text into a file. Answered by `FileMsg::Written`.
    WriteFile(Purpose, PathBuf, String),
    /// Write what was logged into a file. Answered by `FileMsg::Written`.
    WriteLog(PathBuf),
    /// Ring with this from now on. Answered by `SettingsMsg::NoRingtone` if it is no sound.
    Ringtone(Ringtone),
    /// Let the ring be heard once. Not answered.
    TryRingtone,
    /// Something about the server on this computer; how it is answered stands there.
    Server(ServerEffect),
    /// Something about a token in the system's keyring; how it is answered stands there.
    Secret(SecretEffect),
    /// Sign in, also if that ends the session that the account has elsewhere. Answered like `SignIn`.
    TakeOver(Credentials),
    /// When all that was asked of the history so far is done: tell the server that so many events of the session are kept, and need
    /// not be told again. Not answered.
    Confirm(TakenIn),
    /// Something about the sound of a call. Not answered.
    Sound(CallRef, SoundStep),
    /// Something about microphone and speaker; how it is answered stands there.
    Audio(AudioEffect),
    /// Show the folder of a file that was kept of a call. Answered by `RecordMsg::NotShown`, if it cannot be.
    ShowFile(CallNo, PathBuf),
}

/// Something about the server on this computer. What does not work is answered by `ServerMsg::Failed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerEffect {
    /// Tell who serves, and every change of that, by `ServerMsg::Is`; or not any more.
    Watch(bool),
    /// Let it run, or not, now and at later starts.
    Turn(bool),
    /// Let it be called so.
    Rename(String),
    /// End somebody's session for good.
    SendAway(Account),
}

/// Something about a token in the system's keyring, which may take as long as a person takes to unlock it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SecretEffect {
    /// Look for the token of a sign-in. Answered by `SecretMsg::Found`.
    Find(Identity),
    /// Keep it. Answered by `SecretMsg::Kept`.
    Keep(Identity, Token),
    /// Remove it, if it is there. Answered by `SecretMsg::Forgotten`.
    Forget(Identity),
}

/// What rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ring {
    /// Nothing.
    Silent,
    /// Somebody calls.
    Here,
    /// Somebody calls while one talks: a soft tone now and then.
    Waiting,
    /// The device of whoever is called rings.
    There,
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What it is about.
    pub(crate) id: NoticeId,
    /// Its first line.
    pub(crate) title: String,
    /// What it says.
    pub(crate) text: String,
}

/// What a notification is about. There is one for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NoticeId {
    /// A call that rings; it can be answered and declined there.
    Call(CallNo),
    /// Calls of somebody that were missed.
    Missed(Account),
    /// Messages of a conversation.
    Chat(ConversationId),
}

/// Something about somebody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PersonEffect {
    /// Ask what somebody calls themselves. Answered by `ContactMsg::Named`, if at all.
    AskName(Account),
    /// Ask who is blocked. Answered by `ContactMsg::Blocked`, if at all.
    AskBlocked,
    /// Block somebody. Answered by `ContactMsg::Blocked` or `NotBlocked`.
    Block(Account),
    /// Block somebody no longer. Answered likewise.
    Unblock(Account),
}

/// Something of the inspector.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum InspectEffect {
    /// Watch attributes. Answered by events, or by `InspectMsg::NotWatched`.
    Watch(AttrSubject),
    /// Watch them no longer. Not answered.
    Unwatch(AttrSubject),
    /// Change something. Only failures are answered, by `InspectMsg::NotChanged`; what changed is told by events.
    Change(AttrSubject, AttrStep),
    /// Ask a question. Answered by `InspectMsg::Answered`.
    Ask(Query),
    /// Read a JSON object from a file. Answered by `InspectMsg::Imported`.
    Import(AttrSubject, PathBuf),
}

/// A change of attributes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AttrStep {
    /// One gets a value.
    Set(AttrName, Value),
    /// One goes.
    Delete(AttrName),
    /// All go.
    Clear,
}

/// Something about microphone and speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AudioEffect {
    /// Use these from now on, also in calls that go on. Not answered.
    Use(AudioSet),
    /// Tell which devices there are, and every change, by `AudioMsg::Devices`; or not any more.
    Watch(bool),
    /// Let somebody hear themselves, told by `AudioMsg::TestIs`; or not any more.
    Test(bool),
}

/// Something about the sound of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SoundStep {
    /// They are to hear nothing of us, or something again.
    Mute(bool),
    /// They are to wait and hear a tone, or not any more.
    Hold(bool),
    /// What the first account says with the second is to be kept, or not any more. Answered by `SoundWord::Record`.
    Record(Option<(Account, Account)>),
}

/// A step of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Answer it.
    Accept,
    /// Decline it.
    Refuse,
    /// Hang up, or give up calling.
    End,
    /// Press a key of the pad.
    Key(Dtmf),
}
