//! Channels that the session is in: who is there and what is set, mirrored from the server's events (protocol page, section 9).

use std::collections::BTreeMap;
use std::time::Duration;

use super::cx::Cx;
use super::pending::Purpose;
use super::session::Session;
use super::timers::Timer;
use super::{Answer, CommandError, RequestNo};
use crate::client::event::{AttrChange, ChannelEvent, ChannelView, SessionEvent};
use crate::protocol::{
    Account, Cap, ChannelEvent as WireEvent, ChannelName, Code, Envelope, EnvelopeKind, Reply,
    Request, ResumedChannel, Uid,
};

/// Channels that are joined again at a time, fewer than [`crate::protocol::limits::JOINS_PER_USER`] so that the application may join some
/// meanwhile; the next as many after ...
pub const REJOINS: usize = 15;
/// ... so long.
pub const REJOIN_EVERY: Duration = Duration::from_secs(1);
/// How often joining a channel again may be refused (300) before the client takes itself to be out.
pub const REJOIN_TRIES: u32 = 5;

/// The channels.
#[derive(Debug, Default)]
pub(super) struct Channels {
    joined: BTreeMap<ChannelName, Joined>,
    /// The number of the last event of any of them.
    seen: u64,
    /// Whether a join was given up without an answer, though the server may have let the client in. Until the next login, which
    /// says so.
    unanswered: bool,
}

/// A channel that the session is in, or was when the link was lost.
#[derive(Debug, Default)]
struct Joined {
    view: ChannelView,
    /// Events rise over all channels of an app; one that does not is a late one.
    last_msgid: u64,
    /// Set while the server is to say anew how it looks.
    awaited: Option<Awaited>,
}

/// How far joining again is.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    /// The number of the last event before the server was to say anew how the channel looks. What was missed after it is not known
    /// until it does, whatever is heard meanwhile.
    known: u64,
    /// Whether the server has been asked, on this link.
    asked: bool,
    /// How often it has refused.
    refused: u32,
}

impl Channels {
    /// The number of the last event up to which everything in all channels was heard, or is known to have been missed.
    pub(super) fn seen(&self) -> u64 {
        let awaited = self.joined.values().filter_map(|joined| joined.awaited);
        let known = awaited.map(|awaited| awaited.known);
        known.fold(self.seen, u64::min)
    }

    /// Whether the client takes itself to be in a channel.
    pub(super) fn has(&self, name: &ChannelName) -> bool {
        self.joined.contains_key(name)
    }

    /// Whether a join was given up of which the server has not been told that its answer never came.
    pub(super) fn has_unanswered(&self) -> bool {
        self.unanswered
    }

    /// A join was given up; where the client knows that it is in, nothing was missed by that.
    pub(super) fn unanswered(&mut self, name: &ChannelName) {
        self.unanswered |= !self.has(name) || self.awaits(name);
    }

    pub(super) fn view(&self, name: &ChannelName) -> Option<&ChannelView> {
        self.joined.get(name).map(|joined| &joined.view)
    }

    /// Whether the client is to be in a channel and does not know yet that it is.
    pub(super) fn awaits(&self, name: &ChannelName) -> bool {
        let joined = self.joined.get(name);
        joined.is_some_and(|joined| joined.awaited.is_some())
    }
}

impl Session {
    /// The application wants a channel's present view.
    pub(super) fn channel_view(&self, cx: &mut Cx, request: RequestNo, name: &ChannelName) {
        let answer = match self.channels.view(name) {
            Some(view) => Ok(Answer::Channel(view.clone())),
            None => Err(CommandError::Refused {
                code: Code::GeneralFailed,
                reason: format!("not a member of {name}"),
            }),
        };
        cx.answer(request, answer);
    }

    /// The session stands again: joins again where the server has forgotten it, or where events are missing. `resumed` are
    /// the channels that it has not forgotten.
    pub(super) fn rejoin(&mut self, cx: &mut Cx, resumed: &[ResumedChannel]) {
        let whole = |name: &ChannelName| {
            let mut resumed = resumed.iter();
            resumed.any(|channel| channel.name == *name && !channel.gap)
        };
        let forgotten = |name: &ChannelName| resumed.iter().all(|channel| channel.name != *name);
        let seen = self.channels.seen;
        // The login said so.
        self.channels.unanswered = false;
        for (name, joined) in &mut self.channels.joined {
            if forgotten(name) {
                // Another server may number anew.
                joined.last_msgid = 0;
            }
            // An answer that was lost with a link is asked for again.
            if joined.awaited.is_some() || !whole(name) {
                joined.awaited = Some(Awaited {
                    known: joined.awaited.map_or(seen, |awaited| awaited.known),
                    asked: false,
                    refused: 0,
                });
            }
        }
        self.rejoin_some(cx);
    }

    /// Joins again as many channels as the server allows at a time, but for those that the application is leaving; the rest
    /// follows.
    pub(super) fn rejoin_some(&mut self, cx: &mut Cx) {
        if !self.is_in() {
            return;
        }
        let mut again = Vec::new();
        for (name, joined) in &mut self.channels.joined {
            let Some(awaited) = &mut joined.awaited else {
                continue;
            };
            if awaited.asked || self.pending.leaves(name) {
                continue;
            }
            if again.len() == REJOINS {
                cx.timers.set_by(Timer::Rejoin, cx.now + REJOIN_EVERY);
                break;
            }
            awaited.asked = true;
            again.push(name.clone());
        }
        for name in again {
            let request = Request::ChannelJoin { name: name.clone() };
            self.ask(cx, request, Purpose::Rejoin(name));
        }
    }

    /// Whether joining a channel again is tried once more: what the server refuses may be only too many joins at a time.
    fn rejoins_later(&mut self, cx: &mut Cx, name: &ChannelName, error: &CommandError) -> bool {
        let CommandError::Refused { code, .. } = error else {
            return false;
        };
        let joined = self.channels.joined.get_mut(name);
        let Some(awaited) = joined.and_then(|joined| joined.awaited.as_mut()) else {
            return false;
        };
        awaited.asked = false;
        awaited.refused += 1;
        let later = *code == Code::JoinChannelOther && awaited.refused < REJOIN_TRIES;
        if later {
            cx.timers.set_by(Timer::Rejoin, cx.now + REJOIN_EVERY);
        }
        later
    }

    /// Leaves the channels that the server has not forgotten and the client does not know. A join whose answer was lost goes
    /// out again by itself; what else the client does not know it does not want.
    pub(super) fn leave_unknown(&mut self, cx: &mut Cx, resumed: &[ResumedChannel]) {
        for ResumedChannel { name, .. } in resumed {
            if !self.channels.joined.contains_key(name) && !self.pending.joins(name) {
                self.leave_unasked(cx, name);
            }
        }
    }

    /// Leaves a channel of which the application does not know that the client is in it. Where membership lasts, leaving would
    /// end it, so the server may rather go on believing.
    pub(super) fn leave_unasked(&mut self, cx: &mut Cx, name: &ChannelName) {
        if !self.has(Cap::History) {
            let request = Request::ChannelLeave { name: name.clone() };
            self.ask(cx, request, Purpose::Quiet);
        }
    }

    /// The server has let the client in; `request` is whom to tell, if it was not the core itself that asked.
    pub(super) fn joined(
        &mut self,
        cx: &mut Cx,
        request: Option<RequestNo>,
        name: &ChannelName,
        reply: Reply,
    ) {
        let Reply::Joined {
            list: users,
            attrs,
            unread,
        } = reply
        else {
            return self.not_joined(cx, request, name, unexpected(Code::JoinChannelOther));
        };
        if name.special().is_none() && !self.has(Cap::Rooms) {
            self.leave_others(cx, name);
        }
        let view = ChannelView {
            users,
            attrs,
            unread,
        };
        let was_in = self.channels.has(name);
        let joined = self.channels.joined.entry(name.clone()).or_default();
        // What was told before the answer may be told once more after a lost link, so its number stays.
        joined.view.clone_from(&view);
        joined.awaited = None;
        match request {
            Some(request) => {
                cx.tell_channel(name, ChannelEvent::Joined(view.clone()));
                cx.answer(request, Ok(Answer::Channel(view)));
            }
            None if was_in => cx.tell_channel(name, ChannelEvent::Rejoined(view)),
            None => cx.tell_channel(name, ChannelEvent::Joined(view)),
        }
        // What is to be said there has waited.
        self.flush(cx);
    }

    /// The server has not let the client in.
    pub(super) fn not_joined(
        &mut self,
        cx: &mut Cx,
        request: Option<RequestNo>,
        name: &ChannelName,
        error: CommandError,
    ) {
        if let Some(request) = request {
            return cx.answer(request, Err(error));
        }
        if self.rejoins_later(cx, name, &error) {
            return;
        }
        let (code, text) = (
            error.code(),
            format!("{name} could not be joined again: {error}"),
        );
        cx.tell(SessionEvent::Error { code, text });
        self.left(cx, name, Code::LeaveChannelDisconn);
    }

    /// The client is out of a channel, if it was in it.
    pub(super) fn left(&mut self, cx: &mut Cx, name: &ChannelName, code: Code) {
        if self.channels.joined.remove(name).is_some() {
            cx.tell_channel(name, ChannelEvent::Left { code });
            // What was to be said there need not wait for its refusal.
            self.flush(cx);
        }
    }

    /// The client is out of all channels.
    pub(super) fn left_all(&mut self, cx: &mut Cx, code: Code) {
        for name in std::mem::take(&mut self.channels.joined).into_keys() {
            cx.tell_channel(&name, ChannelEvent::Left { code });
        }
    }

    /// Without `rooms`, joining an ordinary channel leaves the ordinary one before it: the server has done so already.
    fn leave_others(&mut self, cx: &mut Cx, joined: &ChannelName) {
        let others = self.channels.joined.keys();
        let others: Vec<_> = others
            .filter(|name| *name != joined && name.special().is_none())
            .cloned()
            .collect();
        for name in others {
            self.left(cx, &name, Code::LeaveChannelByUser);
        }
    }

    /// Something happened in a channel.
    pub(super) fn channel_said(&mut self, cx: &mut Cx, msgid: u64, envelope: &Envelope) {
        let Some(event) = WireEvent::from_content(&envelope.content) else {
            return cx.tell(SessionEvent::Error {
                code: Code::LogoutPacket,
                text: format!("the content of a {} cannot be read", envelope.kind.name()),
            });
        };
        self.channels.seen = msgid.max(self.channels.seen);
        let name = match &event {
            WireEvent::Msg { channel, .. }
            | WireEvent::Member { channel, .. }
            | WireEvent::AttrUpdate { channel, .. } => channel.clone(),
        };
        // An event of a channel that was just left is late; others are not for this client.
        let Some(joined) = self.channels.joined.get_mut(&name) else {
            return;
        };
        if msgid <= joined.last_msgid {
            return;
        }
        joined.last_msgid = msgid;
        let event = match event {
            WireEvent::Msg {
                account, uid, msg, ..
            } => ChannelEvent::MessageReceive {
                account,
                uid,
                msg,
                sent_ms: envelope.sent_ms,
                msgid,
                id: envelope.message_id(),
            },
            WireEvent::Member { account, uid, .. } => {
                let here = envelope.kind == EnvelopeKind::ChannelUserJoin;
                if !here && account == self.account {
                    return self.left(cx, &name, Code::LeaveChannelKicked);
                }
                joined.view.member(here, account, uid)
            }
            WireEvent::AttrUpdate {
                account,
                name,
                value,
                r#type,
                ..
            } => {
                let change = match r#type.as_str() {
                    "del" => AttrChange::Del { name },
                    "clear" => AttrChange::Clear,
                    _ => AttrChange::Update { name, value },
                };
                joined.view.change(&change);
                ChannelEvent::AttrUpdated { change, account }
            }
        };
        cx.tell_channel(&name, event);
    }
}

impl ChannelView {
    fn member(&mut self, here: bool, account: Account, uid: Uid) -> ChannelEvent {
        self.users.retain(|(other, _)| *other != account);
        if here {
            self.users.push((account.clone(), uid));
            ChannelEvent::UserJoined { account, uid }
        } else {
            ChannelEvent::UserLeft { account, uid }
        }
    }

    fn change(&mut self, change: &AttrChange) {
        match change {
            AttrChange::Update { name, value } => {
                self.attrs.insert(name.clone(), value.clone());
            }
            AttrChange::Del { name } => {
                self.attrs.remove(name);
            }
            AttrChange::Clear => self.attrs.clear(),
        }
    }
}

/// An answer of another form than the question has.
pub(super) fn unexpected(code: Code) -> CommandError {
    CommandError::Refused {
        code,
        reason: "the server's answer has not the form of the question".to_owned(),
    }
}
