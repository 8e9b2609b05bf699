//! What the state asks of the history on this computer, and what is answered. The worker alone has the history itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::msg::Identity;
use super::state::{CallNo, ConversationId};
use crate::protocol::{Account, ChannelName, Code, MessageId};
use crate::store::{
    CallRecord, ConversationView, Format, Found, Gap, Message, MessageRow, NewCall, NewMessage,
    Outcome, Person, Place, Put, Receipt, Room, Window,
};

/// The setting that says who was signed in, under `account`, and where. Never a token: that is for the system's keyring.
pub(crate) const SIGNED_IN: &str = "signed_in";

/// One thing to keep, to change or to look up. They are done in the order of asking, but for searches and exports, which
/// may take longer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StoreEffect {
    /// Open the history of an account, in the place of another's; or none. Answered by `Account`, if there is one to open.
    Account(Option<Identity>),
    /// Keep a message. Answered by `Kept`, always: what cannot be kept is at least shown.
    Put(Box<NewMessage>),
    /// Keep a page of a room's history. Answered by `Filled` or `NotFilled`.
    Fill(ConversationId, Vec<NewMessage>),
    /// The server has a message; since when, if that is known. Answered by `Changed`.
    Sent(MessageRow, Option<u64>),
    /// A message was refused. Answered by `Changed`.
    Refused(MessageRow, Code, String),
    /// A message that was refused goes out again. Answered by `Changed`.
    Retry(MessageRow),
    /// Messages of one's own have come further. Answered by `Changed`.
    Receipt {
        /// To whom they went.
        conversation: ConversationId,
        /// Who one is.
        me: Account,
        /// Which.
        ids: Vec<MessageId>,
        /// How far.
        receipt: Receipt,
    },
    /// Some messages of a conversation. Answered by `Page`.
    Load(ConversationId, Page),
    /// All of a conversation has been read. Answered by `Read`.
    MarkRead(ConversationId),
    /// A conversation is in the list from now on. Not answered.
    Begin(ConversationId, u64),
    /// What is typed, and when. Written down at once. Not answered.
    Draft(ConversationId, String, u64),
    /// Whether a conversation is silent, and since when. Not answered.
    Mute(ConversationId, bool, u64),
    /// A message is deleted here. Not answered.
    Delete(MessageRow),
    /// Everything that was said is deleted here. Not answered.
    Erase(ConversationId),
    /// The same, and it leaves the list. Not answered.
    Remove(ConversationId),
    /// Words to be found, under a number that the answer bears. Answered by `Found`.
    Search {
        /// Which search.
        no: u64,
        /// The words.
        query: String,
        /// Where; everywhere if nowhere.
        within: Option<ConversationId>,
        /// Only what is before this.
        before: Place,
    },
    /// Write a conversation into a file. Answered by `Exported`.
    Export {
        /// Which.
        conversation: ConversationId,
        /// How.
        format: Format,
        /// Where.
        path: PathBuf,
    },
    /// A room was joined or left. Not answered.
    Room(Room),
    /// Something may be missing of a room. Not answered.
    Gap(Gap),
    /// Nothing is missing of a room any more. Not answered.
    Whole(ChannelName),
    /// A setting of the profile, whoever is signed in, has a value, or none. Not answered.
    Setting(String, Option<Value>),
    /// A call begins. Not answered; until it is said to be over, the next start takes it for interrupted.
    CallBegan(CallNo, Box<NewCall>),
    /// Both are in, since a time in ms since the Unix epoch. Not answered.
    CallAnswered(CallNo, u64),
    /// It is over, at a time in ms since the Unix epoch, and how it ended. Not answered.
    CallEnded(CallNo, u64, Outcome),
    /// Another call stands for it: it is taken out. Not answered.
    CallGone(CallNo),
    /// A call was missed while nobody was here; it may have been told before. Not answered.
    CallMissed(Box<NewCall>, u64),
    /// Somebody has looked at the calls. Not answered.
    CallsSeen,
    /// Somebody was added, or is called something else. Not answered.
    Person(Person),
    /// Somebody was removed. Not answered.
    NoPerson(Account),
}

/// Which messages of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The latest.
    Latest,
    /// Those before a place.
    Before(Place),
    /// Those behind a place.
    After(Place),
    /// Those around a message.
    Around(MessageRow),
    /// Those around a time, in ms since the Unix epoch.
    At(u64),
}

/// What the history says.
#[derive(Clone, Debug)]
pub(crate) enum StoreMsg {
    /// The profile is open, and these are its settings; or it cannot be opened, and a sentence says why. Once, at the start.
    Opened(BTreeMap<String, Value>, Option<String>),
    /// The history of an account is open, and this is in it; or it cannot be opened, and a sentence says why. What comes
    /// before is of another account.
    Account(Box<Overview>, Option<String>),
    /// What became of a message that was to be kept.
    Kept(Put),
    /// What became of a page of a room's history.
    Filled(ConversationId, Vec<Put>),
    /// A page of a room's history could not be kept; that has been told.
    NotFilled(ConversationId),
    /// Messages that look different now.
    Changed(Vec<Message>),
    /// Messages of a conversation.
    Page(ConversationId, Page, Window),
    /// These were read just now: who sent them, and under which ids.
    Read(ConversationId, Vec<(Account, MessageId)>),
    /// Messages that were found.
    Found(u64, Found),
    /// How many messages were written into a file, or why none.
    Exported(Result<u64, String>),
    /// Something could not be kept or read; a sentence.
    Trouble(String),
}

/// What a start needs to know of a history.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Overview {
    /// Settings of the profile, by name.
    pub(crate) settings: BTreeMap<String, Value>,
    /// Conversations, the one that was active last first.
    pub(crate) conversations: Vec<ConversationView>,
    /// Rooms, joined or not.
    pub(crate) rooms: Vec<Room>,
    /// What is missing of rooms.
    pub(crate) gaps: Vec<Gap>,
    /// What was typed and neither acknowledged nor refused, in the order of typing.
    pub(crate) outbox: Vec<Message>,
    /// The people whom one has added.
    pub(crate) people: Vec<Person>,
    /// Calls, the latest first.
    pub(crate) calls: Vec<CallRecord>,
}
