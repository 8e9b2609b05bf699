//! What an application is told: [`SessionEvent`], [`ChannelEvent`], [`CallEvent`], and the views they carry.
//!
//! Plain data, so that it can be kept, compared and drawn. Knows nothing of links, tasks or the wire.

use serde_json::{Map, Value};

use crate::protocol::{
    Account, Additions, AttrChanged, AttrEntries, AttrSubject, ChannelName, Code, InviteMsg,
    MessageId, Presence, Receipt, Reply, Typing, Uid,
};

/// One thing that happened, in the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// To the session as a whole.
    Session(SessionEvent),
    /// In a channel that the session has joined.
    Channel {
        /// Which one.
        channel: ChannelName,
        /// What.
        event: ChannelEvent,
    },
    /// In a call.
    Call {
        /// Which one.
        call: CallRef,
        /// What.
        event: CallEvent,
    },
}

/// A call of this client, by a number of its own that is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallRef(pub u64);

/// What happens to a session.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionEvent {
    /// `onLoginSuccess`: the session stands. Also after each time the link came back; channels follow as
    /// [`ChannelEvent::Rejoined`].
    LoginSuccess {
        /// The account's number.
        uid: Uid,
        /// Whether it stood before, and the link was lost in between.
        again: bool,
        /// What the server grants beyond 1.x; `None` from a 1.x server. It may differ each time.
        additions: Option<Box<Additions>>,
    },
    /// The link was lost; the client tries to come back. What is asked meanwhile waits. Followed by
    /// [`Self::LoginSuccess`] or [`Self::Logout`].
    LinkLost,
    /// `onLogout`: the session is over, and this is its last event.
    Logout {
        /// 100 to 105.
        code: Code,
        /// Why, as the server or the client puts it.
        reason: String,
    },
    /// `onError`: something failed that nobody asked for, or a frame could not be read. The session goes on.
    Error {
        /// Which of the API's codes.
        code: Code,
        /// What failed.
        text: String,
    },
    /// `onMessageInstantReceive`: a message from another account, shown once.
    MessageInstantReceive {
        /// Who sent it.
        account: Account,
        /// Always 0, as the API's reference has it.
        uid: Uid,
        /// The text.
        msg: String,
        /// When the server accepted it, in ms since the Unix epoch.
        sent_ms: u64,
        /// By which it is known for ever, together with its sender; `None` from a 1.x server.
        id: Option<MessageId>,
    },
    /// Somebody called while the account was away, and gave up or was given up.
    MissedCall {
        /// Who called.
        peer: Account,
        /// The channel that it was about.
        channel: ChannelName,
        /// What the caller's application added.
        extra: String,
        /// When the call was given up, in ms since the Unix epoch.
        time_ms: u64,
    },
    /// The states of watched accounts: all of them right after the watch began and each time the link came back, and
    /// what changes from then on.
    Presence(Vec<Presence>),
    /// Messages of one's own have come further. It may come twice, and never takes anything back.
    Receipt(Receipt),
    /// Somebody is writing. It is good for a few seconds, and there is no word of its end but the message.
    Typing(Typing),
    /// All watched attributes of an account or a channel: when the watch began, each time the link came back, and after changes
    /// that were not told because too many events waited. What was known of them before is void.
    AttrEntries {
        /// Whose.
        subject: AttrSubject,
        /// The attributes.
        entries: AttrEntries,
    },
    /// A watched attribute changed.
    AttrChanged(AttrChanged),
    /// `onInviteReceived`: somebody calls. Answer with `channel_invite_accept` or `channel_invite_refuse`.
    InviteReceived {
        /// The call.
        call: CallRef,
        /// The channel that it is about. Calling and joining are two things.
        channel: ChannelName,
        /// Who calls.
        peer: Account,
        /// What the caller's application adds.
        extra: String,
        /// Whether this client was calling that peer at the same moment. Its own call has just ended with
        /// [`EndReason::Glare`], and this one is to be answered at once, since both wanted to talk.
        glare: bool,
    },
    /// The application took its events too slowly, and some events of channels, receipts and errors were dropped. Messages and
    /// calls never are. What a channel looks like now is still known: ask for its view.
    Missed {
        /// How many.
        events: u64,
    },
}

/// A channel as this client sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelView {
    /// Who is there, in the order in which they came; the client itself among them. At most the latest 200 of those who
    /// were there at the time of joining, and everybody who came later.
    pub users: Vec<(Account, Uid)>,
    /// Its attributes.
    pub attrs: Map<String, Value>,
    /// How much was said while the account was away, as the client joined (again): rather too much than too little, since the
    /// server cannot know what was still on its way. The messages are in
    /// the channel's history. `None` where no history is kept.
    pub unread: Option<u64>,
}

/// What happens in a channel.
#[derive(Clone, Debug, PartialEq)]
pub enum ChannelEvent {
    /// `onChannelJoined`, `onChannelUserList` and the first `onChannelAttrUpdated`s: the client is in. With `history` also
    /// where the answer to a join came after that was given up.
    Joined(ChannelView),
    /// The link had been lost, and the client is in again. What happened in between is not known: this is how the
    /// channel looks now.
    Rejoined(ChannelView),
    /// `onChannelLeaved`: the client is out.
    Left {
        /// 600 to 604.
        code: Code,
    },
    /// `onChannelUserJoined`.
    UserJoined {
        /// Who.
        account: Account,
        /// Their number.
        uid: Uid,
    },
    /// `onChannelUserLeaved`.
    UserLeft {
        /// Who.
        account: Account,
        /// Their number.
        uid: Uid,
    },
    /// `onChannelAttrUpdated`, also for one's own changes.
    AttrUpdated {
        /// What changed.
        change: AttrChange,
        /// Who changed it.
        account: Account,
    },
    /// `onMessageChannelReceive`, also for one's own messages.
    MessageReceive {
        /// Who sent it.
        account: Account,
        /// Their number.
        uid: Uid,
        /// The text.
        msg: String,
        /// When the server accepted it, in ms since the Unix epoch.
        sent_ms: u64,
        /// The number of the event, by which the channel's history is asked for.
        msgid: u64,
        /// By which it is known for ever, together with its sender; `None` from a 1.x server.
        id: Option<MessageId>,
    },
}

/// A message that the server has accepted for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The id under which it is known.
    pub id: MessageId,
    /// When it was accepted, in ms since the Unix epoch; `None` from a 1.x server.
    pub sent_ms: Option<u64>,
}

impl Sent {
    /// What the answer to a message says.
    pub(crate) fn of(id: MessageId, reply: &Reply) -> Self {
        let sent_ms = if let Reply::Sent { sent_ms, .. } = reply {
            Some(*sent_ms)
        } else {
            None
        };
        Self { id, sent_ms }
    }
}

/// A change of a channel's attributes.
#[derive(Clone, Debug, PartialEq)]
pub enum AttrChange {
    /// `update`: one has a value now.
    Update {
        /// Which.
        name: String,
        /// Its value.
        value: Value,
    },
    /// `del`: one is gone.
    Del {
        /// Which.
        name: String,
    },
    /// `clear`: all are gone.
    Clear,
}

/// Who began a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallRole {
    /// This client.
    Caller,
    /// The peer.
    Callee,
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallPhase {
    /// This client calls; the peer's device has not said that it has the invitation.
    Inviting,
    /// This client calls; the peer is being asked.
    RingingThere,
    /// The peer calls; this client's user is being asked.
    RingingHere,
    /// This client has answered; the server has not said yet that the call still exists.
    Answering,
    /// Both are in.
    Talking,
}

/// A call as this client sees it, as long as it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallView {
    /// The channel that it is about.
    pub channel: ChannelName,
    /// The other party.
    pub peer: Account,
    /// Who began it.
    pub role: CallRole,
    /// How far it is.
    pub phase: CallPhase,
}

/// What happens in a call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallEvent {
    /// `onInviteReceivedByPeer`: the peer's device rings.
    ReceivedByPeer {
        /// What the peer adds.
        extra: String,
    },
    /// `onInviteAcceptedByPeer`: both are in.
    AcceptedByPeer {
        /// What the peer's application adds.
        extra: String,
    },
    /// The server has passed this client's answer on: both are in. The reference has no callback for it.
    Accepted,
    /// `onInviteMsg`: the peer says something within the call, such as DTMF.
    Msg(InviteMsg),
    /// The call is over, and this is its last event.
    Ended(EndReason),
}

/// Why a call is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// `onInviteRefusedByPeer`.
    RefusedByPeer {
        /// What the peer's application adds.
        extra: String,
    },
    /// This client's user declined.
    RefusedByMyself,
    /// `onInviteEndByPeer`: the peer hung up, gave up, or its session ended.
    EndByPeer {
        /// What the peer's application or the server adds, such as `{"reason":"disconnected"}`.
        extra: String,
    },
    /// `onInviteEndByMyself`.
    EndByMyself,
    /// Nobody answered for as long as the login's options allow; the client gave up.
    NoAnswer,
    /// `onInviteFailed`.
    Failed {
        /// 700 to 705, 1003 to 1005.
        code: Code,
        /// The server's reason: a text, or JSON with `reason` and `code`.
        extra: String,
    },
    /// The link was lost while calling, or did not come back.
    LinkLost,
    /// The session ended by logout or by the server.
    LoggedOut,
    /// The peer invited anew to the same channel.
    Replaced,
    /// Both called each other at the same moment; the other of the two calls stands.
    Glare,
}

impl EndReason {
    /// The code of the end; 0 if the call ended as calls do.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::RefusedByPeer { extra } | Self::EndByPeer { extra } => {
                code_in(extra).unwrap_or(Code::Success)
            }
            Self::RefusedByMyself | Self::EndByMyself | Self::Replaced | Self::Glare => {
                Code::Success
            }
            Self::Failed { code, .. } => *code,
            Self::NoAnswer | Self::LoggedOut => Code::InviteOther,
            Self::LinkLost => Code::InviteNet,
        }
    }
}

/// The code that stands beside the reason in an `extra` of the server's own.
pub(crate) fn code_in(extra: &str) -> Option<Code> {
    let fields: Value = serde_json::from_str(extra).ok()?;
    Code::from_number(u16::try_from(fields.get("code")?.as_u64()?).ok()?)
}

impl From<SessionEvent> for Event {
    fn from(event: SessionEvent) -> Self {
        Self::Session(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_reasons_carry_their_code() {
        let disconnected = EndReason::EndByPeer {
            extra: r#"{"reason":"disconnected","code":702}"#.to_owned(),
        };
        assert_eq!(disconnected.code(), Code::InviteNet);
        for extra in ["", "later", "{}", r#"{"code":"x"}"#, r#"{"code":70000}"#] {
            let extra = extra.to_owned();
            assert_eq!(EndReason::EndByPeer { extra }.code(), Code::Success);
        }
    }
}
