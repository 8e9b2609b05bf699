//! What goes into the core and what comes out of it.

use std::time::Duration;

use crate::client::event::{CallRef, CallView, ChannelView, Event, Sent};
use crate::protocol::token::Token;
use crate::protocol::{
    Account, AppId, AttrSubject, Caps, ChannelName, ClientFrame, Code, InviteMsg, MessageId, Reply,
    Request, ServerFrame, TypingTo, Uid,
};

/// A command of the application, by the number that its answer repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNo(pub u64);

/// A link, numbered by the core; a number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkNo(pub u64);

/// A session, from login to logout over all its links; numbered by the core, never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionRef(pub u64);

/// What a client is, whoever signs in with it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The app.
    pub app: AppId,
    /// What kind of client it says it is, such as `callsign/0.1.0`.
    pub device: String,
    /// Chance, given by whoever makes the core: message ids and the spread of reconnects come of it. No two cores may
    /// have the same one.
    pub seed: u128,
}

/// How a session behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginOptions {
    /// What to do when the link is lost.
    pub reconnect: Reconnect,
    /// How long a call may ring before the caller gives up; `None` for ever.
    pub ring_timeout: Option<Duration>,
    /// What to ask of the server beyond 1.x; it grants what it has.
    pub caps: Caps,
    /// Whether to end a session that the account has elsewhere. If not, signing in fails while there is one
    /// ([`OnlineElsewhere`](crate::client::error::LoginError::OnlineElsewhere)); a 1.x server does not know of that, and ends it.
    /// Only the login itself asks: coming back after a lost link always takes up what is the session's own.
    pub take_over: bool,
    /// When the server may forget a direct message.
    pub acknowledge: Acknowledge,
}

/// When the server may forget what waited in the inbox: messages, missed calls, receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// Soon after the application was told of it: one that is killed within that moment may lose it. What the 1.x SDKs do.
    #[default]
    Told,
    /// After the application has said that it keeps it ([`Keeper::kept`](crate::client::Keeper::kept)). What it never said so of
    /// is told again in the account's next session. While it says nothing, little more is told: see
    /// [`UNKEPT_PAUSE`](super::UNKEPT_PAUSE).
    Kept,
}

/// How long a client tries to come back after it lost its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// Until either limit is reached; then the session is over (102).
    Limited {
        /// `reconnect_count`: tries.
        count: u32,
        /// `reconnect_time`: since the link was lost.
        time: Duration,
    },
    /// For ever, at last every 30 s, and at once when the network or the computer wakes.
    Unlimited,
}

impl Default for Reconnect {
    /// 10 tries and 30 s (the API's reference).
    fn default() -> Self {
        Self::Limited {
            count: 10,
            time: Duration::from_secs(30),
        }
    }
}

impl Default for LoginOptions {
    fn default() -> Self {
        Self {
            reconnect: Reconnect::default(),
            ring_timeout: Some(super::call::RING_TIMEOUT),
            caps: Caps::ALL,
            take_over: true,
            acknowledge: Acknowledge::default(),
        }
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The application asks for something; it is answered exactly once.
    Command {
        /// Its number.
        request: RequestNo,
        /// What.
        command: Command,
    },
    /// A link that was asked for stands.
    LinkOpened {
        /// Which.
        link: LinkNo,
    },
    /// A frame came.
    Frame {
        /// On which link.
        link: LinkNo,
        /// The frame.
        frame: ServerFrame,
    },
    /// Something came that is no frame.
    Unreadable {
        /// On which link.
        link: LinkNo,
        /// What is wrong with it.
        reason: String,
    },
    /// A link is gone, or could not be opened.
    LinkClosed {
        /// Which.
        link: LinkNo,
        /// Why, for people.
        reason: String,
    },
    /// The network came back, or the computer woke.
    Woke,
    /// A time that [`super::ClientCore::next_wakeup`] named has come.
    Tick,
    /// The application took events, or keeps what they told.
    EventsTaken {
        /// Of which session.
        session: SessionRef,
        /// How many wait still.
        waiting: usize,
        /// How many it keeps, counted from the session's first.
        kept: u64,
    },
}

/// What an application asks for.
#[derive(Clone, Debug)]
pub enum Command {
    /// `login`.
    Login {
        /// Who.
        account: Account,
        /// With what proof.
        token: Token,
        /// How.
        options: LoginOptions,
    },
    /// `logout`, of a given session or of whichever there is. Cancels a login on its way.
    Logout {
        /// Which session.
        session: Option<SessionRef>,
    },
    /// Something within a session.
    Act {
        /// Which session.
        session: SessionRef,
        /// What.
        action: Action,
    },
}

/// What an application does within a session.
#[derive(Clone, Debug)]
pub enum Action {
    /// `messageInstantSend`.
    MessageSend {
        /// To whom.
        peer: Account,
        /// The text.
        msg: String,
        /// The application's own id of it, under which sending it again delivers it once; else the core makes one.
        id: Option<MessageId>,
    },
    /// `invoke`: a query, or a change of attributes.
    Invoke(Request),
    /// `user_typing`; answered at once, and said if it was not lately.
    Typing(TypingTo),
    /// `channelJoin`.
    ChannelJoin(ChannelName),
    /// `channelLeave`.
    ChannelLeave(ChannelName),
    /// `messageChannelSend`.
    ChannelSend {
        /// Where.
        channel: ChannelName,
        /// The text.
        msg: String,
        /// As with `MessageSend`.
        id: Option<MessageId>,
    },
    /// What a joined channel looks like; answered at once.
    ChannelView(ChannelName),
    /// `channelInviteUser2`; answered at once, and what comes of it is told by events.
    Invite {
        /// About which channel.
        channel: ChannelName,
        /// Whom.
        peer: Account,
        /// What the application adds.
        extra: String,
    },
    /// `channelInviteAccept`.
    Accept {
        /// Which call.
        call: CallRef,
        /// What the application adds.
        extra: String,
    },
    /// `channelInviteRefuse`.
    Refuse {
        /// Which call.
        call: CallRef,
        /// What the application adds.
        extra: String,
    },
    /// `channelInviteDTMF`, and other messages within a call.
    Say {
        /// Which call.
        call: CallRef,
        /// What.
        msg: InviteMsg,
    },
    /// `channelInviteEnd`.
    End {
        /// Which call.
        call: CallRef,
        /// What the application adds; else `cancelled` if nobody had answered.
        extra: Option<String>,
    },
    /// How far a call is; answered at once.
    CallView(CallRef),
    /// `attr_watch`: tells the attributes of an account or a channel, and every change from then on.
    AttrWatch(AttrSubject),
    /// `attr_unwatch`.
    AttrUnwatch(AttrSubject),
}

/// What to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a link to the server, and say when it stands or that it cannot.
    OpenLink {
        /// Under this number.
        link: LinkNo,
    },
    /// Send a frame.
    Send {
        /// On which link.
        link: LinkNo,
        /// The frame.
        frame: ClientFrame,
    },
    /// Close a link, after everything sent before has been written. Nothing more is heard of it.
    CloseLink {
        /// Which.
        link: LinkNo,
    },
    /// The answer to a command.
    Answer {
        /// Which command.
        request: RequestNo,
        /// The answer.
        answer: Result<Answer, CommandError>,
    },
    /// Tell the application.
    Event {
        /// In which session.
        session: SessionRef,
        /// What.
        event: Event,
    },
    /// A session is over: no event of it follows.
    SessionOver {
        /// Which.
        session: SessionRef,
    },
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing but that it was done.
    Done,
    /// To a login.
    LoggedIn {
        /// The session.
        session: SessionRef,
        /// The account's number.
        uid: Uid,
    },
    /// To a message that was accepted.
    Sent(Sent),
    /// To an `invoke`.
    Reply(Reply),
    /// To a join, and to the question for a view.
    Channel(ChannelView),
    /// To an invitation.
    Invited {
        /// The call.
        call: CallRef,
    },
    /// To the question for a call; `None` if it is over.
    Call(Option<CallView>),
}

/// Why a command came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no such session (any more): 1003. It was not done.
    #[error("not logged in")]
    NotLoggedIn,
    /// `login` while signed in or signing in: 208. Nothing changed.
    #[error("already logged in")]
    AlreadyLoggedIn,
    /// `logout` without a session: 108.
    #[error("already logged out")]
    AlreadyLoggedOut,
    /// `logout` while signing in: 203.
    #[error("the login was cancelled")]
    Cancelled,
    /// The server refused, or a check before sending did.
    #[error("{reason}")]
    Refused {
        /// Which of the API's codes.
        code: Code,
        /// Why.
        reason: String,
    },
    /// No answer in time. It may have been done.
    #[error("no answer in time")]
    TimedOut {
        /// 401, 501, or the `OTHER` of its group.
        code: Code,
    },
    /// The link was lost before the answer, and doing it twice would not be the same as doing it once; or the session ended
    /// before the answer of what had been sent. It may have been done.
    #[error("the link was lost before the answer")]
    Interrupted,
    /// [`super::PENDING_MAX`] requests wait for an answer already.
    #[error("too many requests wait for their answer")]
    TooMany,
}

impl CommandError {
    /// The API's code for it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NotLoggedIn => Code::GeneralNotLogin,
            Self::AlreadyLoggedIn => Code::LoginAlreadyLogin,
            Self::AlreadyLoggedOut => Code::LogoutAlreadyLogout,
            Self::Cancelled => Code::LoginCancel,
            Self::Refused { code, .. } | Self::TimedOut { code } => *code,
            Self::Interrupted | Self::TooMany => Code::GeneralFailed,
        }
    }
}

/// `getStatus`, with the reference's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// 0: not logged in.
    #[default]
    LoggedOut = 0,
    /// 1: connecting, logging in, or coming back after a lost link.
    LoggingIn = 1,
    /// 2: logged in.
    LoggedIn = 2,
}
