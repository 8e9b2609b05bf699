//! Requests that wait for their answer, in order: sent, timed out, and sent again when the link comes back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::pace::LATE_TRIES;
use super::{Answer, CommandError, RequestNo};
use crate::client::event::CallRef;
use crate::protocol::{
    Addition, AttrSubject, CallId, ChannelName, Code, Failure, MessageId, Request, VoipStep, limits,
};

/// Requests of the application that may wait for their answer. When full, the next fails with
/// [`CommandError::TooMany`] and is not sent.
pub const PENDING_MAX: usize = 1024;
/// How long a message waits for its acknowledgement (401), lost links included: long enough to notice a dead link and to
/// come back. The end of a call and the refusal of one wait as long, since the peer's phone goes on until they are heard.
pub const MESSAGE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long the end or the refusal of a call waits once the link is lost: until the server has given up the session, and its
/// calls with it, even if it is slow to notice that the link is dead.
pub const HANGUP_TIMEOUT_AWAY: Duration =
    Duration::from_secs(limits::IDLE_TIMEOUT.as_secs() + limits::RESUME_KEPT.as_secs());
/// How long any other request waits for its answer, lost links included.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Joins on one link that were given up and whose late answers are still heard. When full, the oldest is forgotten.
const GIVEN_UP_MAX: usize = 64;

/// Who waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The application, for the reply as it is.
    Invoke(RequestNo),
    /// The application, for the acknowledgement of a message.
    Message(RequestNo, MessageId),
    /// The application, for a channel.
    Join(RequestNo, ChannelName),
    /// The core, for a channel that the client was in before the link was lost.
    Rejoin(ChannelName),
    /// The application, for being out.
    Leave(RequestNo, ChannelName),
    /// The inbox.
    Poll,
    /// A call; the application as well, where it asked.
    Step(CallRef, VoipStep, Option<RequestNo>),
    /// For a watch: the application, or the core itself after a lost link.
    Watch(Option<RequestNo>, AttrSubject),
    /// The application, for the end of a watch.
    Unwatch(RequestNo, AttrSubject),
    /// The application, for the end.
    Logout(RequestNo),
    /// The core, for what the server has forgotten with the session before this one.
    Restore,
    /// Nobody.
    Quiet,
}

/// What a lost link means for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterLoss {
    /// It goes out again: doing it twice is doing it once.
    Again,
    /// It may have been done, and must not be done twice.
    Interrupted,
    /// Whoever asked asks anew.
    Dropped,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) request: Request,
    pub(super) purpose: Purpose,
    /// Whether it is on the present link.
    sent: bool,
    /// Whether it ever was on any.
    ever_sent: bool,
    /// Whether it has waited for the link, or behind what has.
    late: bool,
    /// How often it was refused and taken back.
    refused: u32,
    due: Instant,
}

/// The requests, by their call ids, which rise.
#[derive(Debug, Default)]
pub(super) struct Pending {
    waiting: BTreeMap<i64, Waiting>,
    /// Empty but while a session is being taken up.
    aside: BTreeMap<i64, Waiting>,
    /// Joins on the present link that were given up, at most [`GIVEN_UP_MAX`].
    given_up: BTreeMap<i64, ChannelName>,
    last: i64,
}

impl Purpose {
    /// Who of the application waits.
    pub(super) fn request(&self) -> Option<RequestNo> {
        match self {
            Self::Invoke(request)
            | Self::Message(request, _)
            | Self::Join(request, _)
            | Self::Leave(request, _)
            | Self::Unwatch(request, _)
            | Self::Logout(request) => Some(*request),
            Self::Step(_, _, request) | Self::Watch(request, _) => *request,
            Self::Rejoin(_) | Self::Poll | Self::Restore | Self::Quiet => None,
        }
    }

    /// Whether it ends a call at the peer as well.
    fn hangs_up(&self) -> bool {
        matches!(self, Self::Step(_, VoipStep::Bye | VoipStep::Refuse, _))
    }

    /// How long its answer is waited for; `away` is whether there is no link to send it on.
    fn timeout(&self, away: bool) -> Duration {
        match self {
            Self::Step(..) if self.hangs_up() && away => HANGUP_TIMEOUT_AWAY,
            Self::Step(..) if self.hangs_up() => MESSAGE_TIMEOUT,
            Self::Message(..) => MESSAGE_TIMEOUT,
            Self::Invoke(_)
            | Self::Join(..)
            | Self::Rejoin(_)
            | Self::Leave(..)
            | Self::Poll
            | Self::Step(..)
            | Self::Watch(..)
            | Self::Unwatch(..)
            | Self::Logout(_)
            | Self::Restore
            | Self::Quiet => ANSWER_TIMEOUT,
        }
    }

    fn after_loss(&self, request: &Request) -> AfterLoss {
        match self {
            Self::Message(..)
            | Self::Join(..)
            | Self::Leave(..)
            | Self::Watch(Some(_), _)
            | Self::Unwatch(..) => AfterLoss::Again,
            Self::Invoke(_) => match request {
                // Somebody else may have changed them since.
                Request::ChannelSetAttr { .. }
                | Request::ChannelDelAttr { .. }
                | Request::ChannelClearAttr { .. } => AfterLoss::Interrupted,
                Request::UserGetMsg { .. }
                | Request::UserGetMsg2 { .. }
                | Request::UserSendMsg { .. }
                | Request::UserLogout
                | Request::UserQueryUserStatus { .. }
                | Request::UserSetAttr { .. }
                | Request::UserGetAttr { .. }
                | Request::UserGetAttrAll { .. }
                | Request::UserExtCall { .. }
                | Request::ChannelJoin { .. }
                | Request::ChannelLeave { .. }
                | Request::ChannelSendMsg { .. }
                | Request::ChannelQueryNum { .. }
                | Request::ChannelQueryUserIsIn { .. }
                | Request::ChannelQueryUserList { .. }
                | Request::ChannelQueryUserListAll { .. }
                | Request::Voip(..)
                | Request::Addition(_) => AfterLoss::Again,
            },
            Self::Step(_, step, _) => match step {
                // Keys pressed twice are another number.
                VoipStep::Msg => AfterLoss::Interrupted,
                // The call itself decides about its invitation when the session stands again.
                VoipStep::Invite
                | VoipStep::Ack
                | VoipStep::Accept
                | VoipStep::Refuse
                | VoipStep::Bye => AfterLoss::Again,
            },
            Self::Rejoin(_)
            | Self::Poll
            | Self::Watch(None, _)
            | Self::Logout(_)
            | Self::Restore
            | Self::Quiet => AfterLoss::Dropped,
        }
    }
}

impl Pending {
    /// Whether the application may ask for more.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= PENDING_MAX
    }

    /// Notes a request; `away` is whether there is no link to send it on.
    pub(super) fn add(
        &mut self,
        request: Request,
        purpose: Purpose,
        now: Instant,
        away: bool,
    ) -> CallId {
        self.last += 1;
        let timeout = purpose.timeout(away);
        let waiting = Waiting {
            request,
            purpose,
            sent: false,
            ever_sent: false,
            late: away,
            refused: 0,
            due: now + timeout,
        };
        self.waiting.insert(self.last, waiting);
        CallId(self.last)
    }

    /// Takes the request out that an answer is for.
    pub(super) fn take(&mut self, id: CallId) -> Option<Waiting> {
        self.waiting.remove(&id.0)
    }

    /// Takes out the channel of a join that was given up, whose answer came late.
    pub(super) fn take_given_up(&mut self, id: CallId) -> Option<ChannelName> {
        self.given_up.remove(&id.0)
    }

    /// Takes back what is to go out again, in the place it had.
    pub(super) fn take_back(&mut self, id: CallId, waiting: Waiting) {
        self.waiting.insert(id.0, waiting);
    }

    /// What is to be sent, oldest first; from now on it counts as sent. What has to wait stays: `waits`
    /// tells, of a request and whether it is late already.
    pub(super) fn unsent(
        &mut self,
        mut waits: impl FnMut(&Request, bool) -> bool,
    ) -> Vec<(CallId, Request)> {
        let unsent = self.waiting.iter_mut().filter(|(_, waiting)| !waiting.sent);
        unsent
            .filter_map(|(id, waiting)| {
                let waits = waits(&waiting.request, waiting.late);
                waiting.late |= waits;
                (!waits).then_some((id, waiting))
            })
            .map(|(id, waiting)| {
                (waiting.sent, waiting.ever_sent) = (true, true);
                (CallId(*id), waiting.request.clone())
            })
            .collect()
    }

    /// Sets aside all that waits, so that it goes out behind what is asked until it is put back.
    pub(super) fn set_aside(&mut self) {
        self.aside.append(&mut self.waiting);
    }

    /// Puts back what was set aside, under the ids it had.
    pub(super) fn put_back(&mut self) {
        self.waiting.append(&mut self.aside);
    }

    /// The link is gone. What was on it and is of no use any more goes.
    pub(super) fn link_lost(&mut self, now: Instant) {
        self.given_up.clear();
        self.waiting.retain(|_, waiting| {
            if waiting.purpose.hangs_up() {
                waiting.due = now + HANGUP_TIMEOUT_AWAY;
            }
            let sent = std::mem::replace(&mut waiting.sent, false);
            waiting.late = true;
            !sent || waiting.purpose.after_loss(&waiting.request) != AfterLoss::Dropped
        });
    }

    /// The session is lost, and what it would have known of: takes out what may have been done and must not be done twice.
    pub(super) fn take_interrupted(&mut self) -> Vec<Waiting> {
        let interrupted = |waiting: &Waiting| {
            let after = waiting.purpose.after_loss(&waiting.request);
            waiting.ever_sent && !waiting.sent && after == AfterLoss::Interrupted
        };
        let taken = self
            .waiting
            .extract_if(.., |_, waiting| interrupted(waiting));
        taken.map(|(_, waiting)| waiting).collect()
    }

    /// Whether the application waits for being in a channel.
    pub(super) fn joins(&self, channel: &ChannelName) -> bool {
        let mut waiting = self.waiting.values();
        waiting.any(|waiting| matches!(&waiting.purpose, Purpose::Join(_, name) if name == channel))
    }

    /// Whether the server may have let the client into such a channel without its knowing.
    pub(super) fn may_have_joined(&self, such: impl Fn(&ChannelName) -> bool) -> bool {
        let mut waiting = self.aside.values().chain(self.waiting.values());
        waiting.any(|waiting| {
            waiting.ever_sent && matches!(&waiting.purpose, Purpose::Join(_, name) if such(name))
        })
    }

    /// Whether the application waits for being out of a channel.
    pub(super) fn leaves(&self, channel: &ChannelName) -> bool {
        let mut waiting = self.aside.values().chain(self.waiting.values());
        waiting
            .any(|waiting| matches!(&waiting.purpose, Purpose::Leave(_, name) if name == channel))
    }

    /// Takes out what is to be said in a call that is over, but for what the application waits for: the server will tell
    /// it that there is no such call.
    pub(super) fn drop_call(&mut self, call: CallRef) {
        self.waiting.retain(
            |_, waiting| !matches!(waiting.purpose, Purpose::Step(of, _, None) if of == call),
        );
    }

    /// Takes the invitation of a call out; whether it was there and had never been sent.
    pub(super) fn take_unsent_invite(&mut self, call: CallRef) -> bool {
        self.take_invite(call, |waiting| !waiting.ever_sent)
    }

    /// Takes the invitation of a call out if it has been sent.
    pub(super) fn drop_sent_invite(&mut self, call: CallRef) {
        self.take_invite(call, |waiting| waiting.ever_sent);
    }

    /// Whether the invitation of a call waits and has never been sent.
    pub(super) fn has_unsent_invite(&self, call: CallRef) -> bool {
        self.waiting
            .values()
            .any(|waiting| waiting.is_invite(call) && !waiting.ever_sent)
    }

    fn take_invite(&mut self, call: CallRef, which: impl Fn(&Waiting) -> bool) -> bool {
        let before = self.waiting.len();
        self.waiting
            .retain(|_, waiting| !(waiting.is_invite(call) && which(waiting)));
        self.waiting.len() < before
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.values().map(|waiting| waiting.due).min()
    }

    /// Takes out what should have been answered by now, oldest first.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Waiting> {
        let due = |waiting: &Waiting| waiting.due <= now;
        let ids: Vec<i64> = (self.waiting.iter())
            .filter(|(_, waiting)| due(waiting))
            .map(|(id, _)| *id)
            .collect();
        for id in &ids {
            if let Some(waiting) = self.waiting.get(id).filter(|waiting| waiting.sent)
                && let Purpose::Join(_, name) | Purpose::Rejoin(name) = &waiting.purpose
            {
                if self.given_up.len() == GIVEN_UP_MAX {
                    self.given_up.pop_first();
                }
                self.given_up.insert(*id, name.clone());
            }
        }
        ids.iter()
            .filter_map(|id| self.waiting.remove(id))
            .collect()
    }

    /// Takes out everything, oldest first.
    pub(super) fn drain(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

impl Waiting {
    /// It was refused; whether it is to go out again, since it is late.
    pub(super) fn again(&mut self) -> bool {
        self.refused += 1;
        let again = self.late && self.refused < LATE_TRIES;
        self.sent &= !again;
        again
    }

    fn is_invite(&self, call: CallRef) -> bool {
        matches!(self.purpose, Purpose::Step(of, VoipStep::Invite, _) if of == call)
    }

    /// The call that it would have begun, if it is an invitation that never left.
    pub(super) fn unsent_invite(&self) -> Option<CallRef> {
        match self.purpose {
            Purpose::Step(call, VoipStep::Invite, _) if !self.ever_sent => Some(call),
            Purpose::Step(..)
            | Purpose::Invoke(_)
            | Purpose::Message(..)
            | Purpose::Join(..)
            | Purpose::Rejoin(_)
            | Purpose::Leave(..)
            | Purpose::Poll
            | Purpose::Watch(..)
            | Purpose::Unwatch(..)
            | Purpose::Logout(_)
            | Purpose::Restore
            | Purpose::Quiet => None,
        }
    }

    /// Why it failed, as its operation's error; where the server names no code, the operation's own.
    pub(super) fn refused(&self, failure: Failure) -> CommandError {
        let code = if failure.code == Code::General {
            self.other_code()
        } else {
            failure.code
        };
        CommandError::Refused {
            code,
            reason: failure.reason,
        }
    }

    /// That it was not answered in time, as its operation's error.
    pub(super) fn timed_out(&self) -> CommandError {
        let other = self.other_code();
        let code = if other == Code::SendMessageOther {
            Code::SendMessageTimeout
        } else if other == Code::QueryUserNumOther {
            Code::QueryUserNumTimeout
        } else {
            other
        };
        CommandError::TimedOut { code }
    }

    /// What came of it, as far as anybody will know: the session is over. What was ever sent may have been done.
    pub(super) fn abandoned(&self) -> Result<Answer, CommandError> {
        match self.purpose {
            Purpose::Logout(_) => Ok(Answer::Done),
            // Being in a channel is over in any case, and so is watching.
            Purpose::Join(..) | Purpose::Watch(..) | Purpose::Unwatch(..) => {
                Err(CommandError::NotLoggedIn)
            }
            Purpose::Invoke(_)
            | Purpose::Message(..)
            | Purpose::Rejoin(_)
            | Purpose::Leave(..)
            | Purpose::Poll
            | Purpose::Step(..)
            | Purpose::Restore
            | Purpose::Quiet => Err(if self.ever_sent {
                CommandError::Interrupted
            } else {
                CommandError::NotLoggedIn
            }),
        }
    }

    /// The code of its operation that says nothing more.
    fn other_code(&self) -> Code {
        match &self.request {
            Request::UserSendMsg { .. } | Request::ChannelSendMsg { .. } => Code::SendMessageOther,
            Request::UserQueryUserStatus { .. }
            | Request::UserGetAttr { .. }
            | Request::UserGetAttrAll { .. }
            | Request::ChannelQueryNum { .. }
            | Request::ChannelQueryUserIsIn { .. }
            | Request::ChannelQueryUserList { .. }
            | Request::ChannelQueryUserListAll { .. }
            | Request::UserGetMsg { .. }
            | Request::UserGetMsg2 { .. } => Code::QueryUserNumOther,
            Request::ChannelJoin { .. } => Code::JoinChannelOther,
            Request::ChannelLeave { .. } => Code::LeaveChannelOther,
            Request::Addition(Addition::ChannelHistory { .. } | Addition::AttrWatch(_)) => {
                Code::QueryUserNumOther
            }
            Request::Voip(..) => Code::InviteOther,
            Request::UserLogout
            | Request::UserSetAttr { .. }
            | Request::UserExtCall { .. }
            | Request::ChannelSetAttr { .. }
            | Request::ChannelDelAttr { .. }
            | Request::ChannelClearAttr { .. }
            | Request::Addition(_) => Code::GeneralFailed,
        }
    }
}
