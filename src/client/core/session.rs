//! One session: what the application asks within it, and who gets the answers. Its link is in `link`, its topics each in a
//! file of their own.

use super::call::Calls;
use super::channel::{Channels, unexpected};
use super::cx::Cx;
use super::inbox::Inbox;
use super::link::{Comeback, Link};
use super::pace::Pace;
use super::pending::{Pending, Purpose, Waiting};
use super::presence::{self, Presences};
use super::timers::Timer;
use super::typing::Typed;
use super::watch::Watches;
use super::{Action, Answer, CommandError, LoginOptions, Output, RequestNo, SessionRef, Settings};
use crate::client::event::{EndReason, Sent, SessionEvent};
use crate::protocol::token::Token;
use crate::protocol::{
    Account, Additions, Call, CallRet, Cap, ChannelName, ClientFrame, Code, Login, MessageId,
    Reply, Request, Resume, limits,
};

/// A session, from login to logout, over all its links.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionRef,
    pub(super) account: Account,
    pub(super) token: Token,
    pub(super) options: LoginOptions,
    /// The login that is not answered yet.
    pub(super) login: Option<RequestNo>,
    pub(super) link: Link,
    /// What the server granted beyond 1.x, at the latest login.
    pub(super) additions: Option<Box<Additions>>,
    pub(super) comeback: Comeback,
    pub(super) pending: Pending,
    pub(super) pace: Pace,
    pub(super) inbox: Inbox,
    pub(super) channels: Channels,
    pub(super) calls: Calls,
    pub(super) presences: Presences,
    pub(super) typed: Typed,
    pub(super) watches: Watches,
    /// Set when it is over, until the core clears it away.
    pub(super) over: Option<End>,
}

/// Why a session is over, or never stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) code: Code,
    pub(super) reason: String,
}

impl Session {
    pub(super) fn new(
        cx: &mut Cx,
        login: RequestNo,
        account: Account,
        token: Token,
        options: LoginOptions,
    ) -> Self {
        let mut session = Self {
            id: cx.begin_session(),
            account,
            token,
            options,
            login: Some(login),
            link: Link::None,
            additions: None,
            comeback: Comeback::default(),
            pending: Pending::default(),
            pace: Pace::default(),
            inbox: Inbox::default(),
            channels: Channels::default(),
            calls: Calls::default(),
            presences: Presences::default(),
            typed: Typed::default(),
            watches: Watches::default(),
            over: None,
        };
        session.open_link(cx);
        session
    }

    /// Whether the server granted an addition.
    pub(super) fn has(&self, cap: Cap) -> bool {
        let additions = self.additions.as_ref();
        additions.is_some_and(|additions| additions.caps.has(cap))
    }

    /// What to say at the next login to take the session up again.
    fn resume(&self) -> Option<Box<Resume>> {
        let key = self.additions.as_ref()?.resume.clone()?;
        // How much was missed in a channel that is joined anew is known only from the answer to that, which may have been lost.
        let unknown = |name: &ChannelName| !self.channels.has(name);
        let unsure = self.channels.has_unanswered() || self.pending.may_have_joined(unknown);
        let seen = if self.has(Cap::History) && unsure {
            0
        } else {
            self.channels.seen()
        };
        Some(Box::new(Resume { key, seen }))
    }

    /// Something that the application does.
    #[rustfmt::skip] // one line an action
    pub(super) fn act(&mut self, cx: &mut Cx, request: RequestNo, action: Action) {
        if self.login.is_some() {
            return cx.answer(request, Err(CommandError::NotLoggedIn));
        }
        if let Err(error) = check(&action) {
            return cx.answer(request, Err(error));
        }
        if self.pending.is_full() && asks(&action) {
            return cx.answer(request, Err(CommandError::TooMany));
        }
        match action {
            Action::MessageSend { peer, msg, id } => self.send_message(cx, request, id, |id| Request::UserSendMsg { peer, ttl: limits::TTL_DEFAULT, content: msg, message_id: Some(id) }),
            Action::ChannelSend { channel, msg, id } => self.send_message(cx, request, id, |id| Request::ChannelSendMsg { name: channel, msg, msg_id: Some(id), force: false }),
            Action::Invoke(asked) => self.ask(cx, asked, Purpose::Invoke(request)),
            Action::Typing(to) => self.typing(cx, request, to),
            Action::ChannelJoin(name) => self.ask(cx, Request::ChannelJoin { name: name.clone() }, Purpose::Join(request, name)),
            Action::ChannelLeave(name) => self.ask(cx, Request::ChannelLeave { name: name.clone() }, Purpose::Leave(request, name)),
            Action::ChannelView(name) => self.channel_view(cx, request, &name),
            Action::Invite { channel, peer, extra } => self.invite(cx, request, channel, peer, extra),
            Action::Accept { call, extra } => self.accept(cx, request, call, extra),
            Action::Refuse { call, extra } => self.refuse(cx, request, call, extra),
            Action::Say { call, msg } => self.say(cx, request, call, &msg),
            Action::End { call, extra } => self.end(cx, request, call, extra),
            Action::CallView(call) => cx.answer(request, Ok(Answer::Call(self.calls.view(call).cloned()))),
            Action::AttrWatch(subject) => self.watch(cx, Some(request), subject),
            Action::AttrUnwatch(subject) => self.unwatch(cx, request, subject),
        }
    }

    fn send_message(
        &mut self,
        cx: &mut Cx,
        request: RequestNo,
        id: Option<MessageId>,
        asked: impl FnOnce(MessageId) -> Request,
    ) {
        // What makes sending it again safe.
        match id.or_else(|| cx.seed.message_id()) {
            Some(id) => self.ask(cx, asked(id.clone()), Purpose::Message(request, id)),
            None => cx.answer(request, Err(unexpected(Code::SendMessageOther))),
        }
    }

    /// Asks the server, now or when the session stands again.
    pub(super) fn ask(&mut self, cx: &mut Cx, request: Request, purpose: Purpose) {
        let away = !self.is_in();
        self.pending.add(request, purpose, cx.now, away);
        if let Some(due) = self.pending.next_due() {
            cx.timers.set_by(Timer::Answer, due);
        }
        self.flush(cx);
    }

    /// Sends what was not sent on this link, in order. What needs a channel that is still to be joined again waits for that,
    /// and what was written without a link goes out bit by bit.
    pub(super) fn flush(&mut self, cx: &mut Cx) {
        let every = self.late_every();
        let Link::In { link, line, .. } = &self.link else {
            return;
        };
        let (channels, pace) = (&self.channels, &mut self.pace);
        let mut held = false;
        let waits = |request: &Request, late: bool| {
            if needs_member(request).is_some_and(|name| channels.awaits(name)) {
                return true;
            }
            // Nothing said overtakes what was said before.
            let said = matches!(request, Request::ChannelSendMsg { .. });
            held |= said && late && !pace.allow(cx.now, every);
            said && held
        };
        let unsent = self.pending.unsent(waits);
        if let Some(next) = pace.next().filter(|_| held) {
            cx.timers.set(Timer::Late, next);
        }
        for (id, request) in unsent {
            let call = Call {
                id,
                line: Some(line.clone()),
                request: Ok(request),
            };
            cx.put(Output::Send {
                link: *link,
                frame: ClientFrame::Call(call),
            });
        }
    }

    /// An answer came. One that nobody waits for any more is late.
    pub(super) fn answered(&mut self, cx: &mut Cx, ret: CallRet) {
        let Some(waiting) = self.pending.take(ret.id) else {
            return self.joined_late(cx, ret);
        };
        let result = ret.result.map_err(|failure| waiting.refused(failure));
        if let Some(waiting) = self.unless_again(cx, ret.id, waiting, &result) {
            self.settle(cx, waiting, result);
        }
    }

    /// The answer to a join that was given up came after all. With lasting members the server tells only here how much was missed,
    /// and tells from now on what is said, so the client is in; without, it is leaving.
    fn joined_late(&mut self, cx: &mut Cx, ret: CallRet) {
        let Some(name) = self.pending.take_given_up(ret.id) else {
            return;
        };
        let Ok(reply @ Reply::Joined { .. }) = ret.result else {
            return;
        };
        let is_new = !self.channels.has(&name) || self.channels.awaits(&name);
        if self.has(Cap::History) && is_new && !self.pending.leaves(&name) {
            self.joined(cx, None, &name, reply);
        }
    }

    /// Some request has waited long enough.
    pub(super) fn answers_due(&mut self, cx: &mut Cx) {
        for waiting in self.pending.expire(cx.now) {
            if let Some(call) = waiting.unsent_invite() {
                self.end_call(cx, call, EndReason::LinkLost);
                continue;
            }
            let error = waiting.timed_out();
            if let Purpose::Join(_, name) | Purpose::Rejoin(name) = &waiting.purpose {
                // The server may have let the client in all the same, which then would not know.
                self.leave_unasked(cx, name);
                self.channels.unanswered(name);
            }
            self.settle(cx, waiting, Err(error));
        }
        if let Some(due) = self.pending.next_due() {
            cx.timers.set(Timer::Answer, due);
        }
    }

    /// What was on a link that was lost and cannot be done twice, unless the server remembers it with the session.
    pub(super) fn interrupt(&mut self, cx: &mut Cx) {
        for waiting in self.pending.take_interrupted() {
            self.settle(cx, waiting, Err(CommandError::Interrupted));
        }
    }

    #[rustfmt::skip] // one line a purpose
    fn settle(&mut self, cx: &mut Cx, waiting: Waiting, result: Result<Reply, CommandError>) {
        match (waiting.purpose, result) {
            (Purpose::Invoke(request), result) => self.invoked(cx, request, &waiting.request, result),
            (Purpose::Restore, result) => self.restored(cx, &waiting.request, result),
            (Purpose::Message(request, id), result) => cx.answer(request, result.map(|reply| Answer::Sent(Sent::of(id, &reply)))),
            (Purpose::Join(request, name), Ok(reply)) => self.joined(cx, Some(request), &name, reply),
            (Purpose::Join(request, name), Err(error)) => self.not_joined(cx, Some(request), &name, error),
            (Purpose::Rejoin(name), Ok(reply)) => self.joined(cx, None, &name, reply),
            (Purpose::Rejoin(name), Err(error)) => self.not_joined(cx, None, &name, error),
            (Purpose::Leave(request, name), result) => self.leave_answered(cx, request, &name, result),
            (Purpose::Poll, Ok(Reply::Messages { ver_clear, msgs })) => self.page(cx, ver_clear, msgs),
            (Purpose::Poll, Ok(_)) => self.poll_failed(cx, Code::LogoutPacket, unexpected(Code::LogoutPacket).to_string()),
            (Purpose::Poll, Err(error)) => self.poll_failed(cx, error.code(), format!("the inbox could not be polled: {error}")),
            (Purpose::Step(call, step, request), result) => self.stepped(cx, call, step, request, result.map(drop)),
            (Purpose::Watch(request, subject), result) => self.watch_answered(cx, request, subject, result),
            (Purpose::Unwatch(request, subject), result) => self.unwatch_answered(cx, request, &subject, result),
            (Purpose::Logout(request), _) => cx.answer(request, Ok(Answer::Done)),
            (Purpose::Quiet, _) => {}
        }
    }

    /// Whatever the server says, the client is out; but an unanswered wish may have gone unheard.
    fn leave_answered(
        &mut self,
        cx: &mut Cx,
        request: RequestNo,
        name: &ChannelName,
        result: Result<Reply, CommandError>,
    ) {
        if matches!(result, Err(CommandError::TimedOut { .. })) {
            // It may have been kept from being joined again.
            self.rejoin_some(cx);
        } else {
            self.left(cx, name, Code::LeaveChannelByUser);
        }
        cx.answer(request, result.map(|_| Answer::Done));
    }

    /// The session is over: whoever waits is told, and the application last. What `pending` holds is not touched if the
    /// link goes on to answer it.
    pub(super) fn tell_over(&mut self, cx: &mut Cx, end: End) {
        cx.timers.end_session();
        if let Some(login) = self.login.take() {
            let End { code, reason } = end;
            let error = if code == Code::LoginCancel {
                CommandError::Cancelled
            } else {
                CommandError::Refused { code, reason }
            };
            cx.answer(login, Err(error));
        } else {
            let (left, ended) = if end.code == Code::LogoutNet {
                (Code::LeaveChannelDisconn, EndReason::LinkLost)
            } else {
                (Code::LeaveChannelLogout, EndReason::LoggedOut)
            };
            self.left_all(cx, left);
            self.end_calls(cx, &ended);
            let End { code, reason } = end;
            cx.tell(SessionEvent::Logout { code, reason });
        }
        let session = self.id;
        cx.put(Output::SessionOver { session });
    }
}

/// Answers everybody who still waits, when nothing more will come.
pub(super) fn fail_all(cx: &mut Cx, pending: &mut Pending) {
    for waiting in pending.drain() {
        if let Some(request) = waiting.purpose.request() {
            cx.answer(request, waiting.abandoned());
        }
    }
}

/// What need not be asked of the server, since its answer is known. A frame that is too large would cost the link.
fn check(action: &Action) -> Result<(), CommandError> {
    let (what, bytes, most) = match action {
        Action::MessageSend { msg, .. } | Action::ChannelSend { msg, .. } => {
            ("a message", msg.len(), limits::CONTENT_BYTES)
        }
        Action::Invite { extra, .. }
        | Action::Accept { extra, .. }
        | Action::Refuse { extra, .. } => ("extra", extra.len(), limits::CONTENT_BYTES),
        Action::Say { msg, .. } => (
            "a message in a call",
            msg.to_extra().len(),
            limits::CONTENT_BYTES,
        ),
        Action::End { extra, .. } => {
            let bytes = extra.as_ref().map_or(0, String::len);
            ("extra", bytes, limits::CONTENT_BYTES)
        }
        Action::Invoke(request) => ("a value", invoked_bytes(request)?, limits::VALUE_BYTES),
        Action::Typing(_)
        | Action::ChannelJoin(_)
        | Action::ChannelLeave(_)
        | Action::ChannelView(_)
        | Action::CallView(_)
        | Action::AttrWatch(_)
        | Action::AttrUnwatch(_) => return Ok(()),
    };
    if bytes > most {
        return Err(CommandError::Refused {
            code: Code::GeneralLargeParam,
            reason: format!("{what} has more than {most} bytes"),
        });
    }
    Ok(())
}

/// The bytes of the value that a function takes. What would go round the core's own books is no function to `invoke`.
fn invoked_bytes(request: &Request) -> Result<usize, CommandError> {
    match request {
        Request::UserSetAttr { value, .. } | Request::ChannelSetAttr { value, .. } => {
            Ok(match value.as_str() {
                Some(text) => text.len(),
                None => value.to_string().len(),
            })
        }
        Request::UserQueryUserStatus { .. }
        | Request::UserGetAttr { .. }
        | Request::UserGetAttrAll { .. }
        | Request::ChannelDelAttr { .. }
        | Request::ChannelClearAttr { .. }
        | Request::ChannelQueryNum { .. }
        | Request::ChannelQueryUserIsIn { .. }
        | Request::ChannelQueryUserList { .. }
        | Request::ChannelQueryUserListAll { .. } => Ok(0),
        Request::Addition(addition) => presence::check(addition).map(|()| 0),
        Request::UserGetMsg { .. }
        | Request::UserGetMsg2 { .. }
        | Request::UserSendMsg { .. }
        | Request::UserLogout
        | Request::UserExtCall { .. }
        | Request::ChannelJoin { .. }
        | Request::ChannelLeave { .. }
        | Request::ChannelSendMsg { .. }
        | Request::Voip(..) => Err(CommandError::Refused {
            code: Code::GeneralUnknown,
            reason: format!("{} has a method of its own", request.function()),
        }),
    }
}

/// The channel in which the client must be for the server to do it.
fn needs_member(request: &Request) -> Option<&ChannelName> {
    match request {
        Request::ChannelSendMsg { name, .. } => Some(name),
        Request::ChannelSetAttr { channel, .. }
        | Request::ChannelDelAttr { channel, .. }
        | Request::ChannelClearAttr { channel } => Some(channel),
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
        | Request::ChannelQueryNum { .. }
        | Request::ChannelQueryUserIsIn { .. }
        | Request::ChannelQueryUserList { .. }
        | Request::ChannelQueryUserListAll { .. }
        | Request::Voip(..)
        | Request::Addition(_) => None,
    }
}

/// Whether the server is asked. Ending a call always finds room, or it could not be ended.
fn asks(action: &Action) -> bool {
    match action {
        Action::ChannelView(_)
        | Action::CallView(_)
        | Action::Refuse { .. }
        | Action::End { .. } => false,
        Action::MessageSend { .. }
        | Action::Invoke(_)
        | Action::Typing(_)
        | Action::ChannelJoin(_)
        | Action::ChannelLeave(_)
        | Action::ChannelSend { .. }
        | Action::Invite { .. }
        | Action::Accept { .. }
        | Action::Say { .. }
        | Action::AttrWatch(_)
        | Action::AttrUnwatch(_) => true,
    }
}

/// The frame that signs in. What a client asks for beyond 1.x belongs here, what it is granted in `link`.
pub(super) fn login_frame(settings: &Settings, session: &Session) -> ClientFrame {
    ClientFrame::Login(Box::new(Login {
        vid: settings.app.as_str().to_owned(),
        account: session.account.as_str().to_owned(),
        token: session.token.clone(),
        device: settings.device.clone(),
        caps: session.options.caps,
        resume: session.resume(),
        // Whoever comes back takes up what is their own.
        take_over: session.options.take_over || session.login.is_none(),
    }))
}
