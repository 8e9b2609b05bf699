//! A session that its user has left: its link stays until the server has answered what was sent on it, so that nobody who
//! waits for a message's acknowledgement is let down. Nothing else that comes on it is heard.

use std::time::Duration;

use super::cx::Cx;
use super::link::Link;
use super::pending::{Pending, Purpose};
use super::session::{Session, fail_all};
use super::timers::Timer;
use super::{Answer, CommandError, LinkNo, Output, RequestNo};
use crate::client::event::Sent;
use crate::protocol::{Call, CallId, CallRet, ClientFrame, Request, ServerFrame};

/// How long the server may take to answer a logout; then the link is closed without it.
pub const LOGOUT_TIMEOUT: Duration = Duration::from_secs(2);

/// What is left of a session.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) link: LinkNo,
    logout: CallId,
    pending: Pending,
}

impl Session {
    /// Says goodbye on the link, if the session stands on one; else `request` is answered at once.
    pub(super) fn leave(&mut self, cx: &mut Cx, request: RequestNo) -> Option<Leaving> {
        let Link::In { link, line, .. } = std::mem::replace(&mut self.link, Link::None) else {
            cx.answer(request, Ok(Answer::Done));
            return None;
        };
        let mut pending = std::mem::take(&mut self.pending);
        if let Some(acknowledgement) = self.last_acknowledgement() {
            pending.add(acknowledgement, Purpose::Quiet, cx.now, false);
        }
        let logout = pending.add(Request::UserLogout, Purpose::Logout(request), cx.now, false);
        for (id, asked) in pending.unsent(|_, _| false) {
            let call = Call {
                id,
                line: Some(line.clone()),
                request: Ok(asked),
            };
            let frame = ClientFrame::Call(call);
            cx.put(Output::Send { link, frame });
        }
        cx.set_timer(Timer::Logout(link), LOGOUT_TIMEOUT);
        Some(Leaving {
            link,
            logout,
            pending,
        })
    }
}

impl Leaving {
    /// A frame came; whether it was the last that matters.
    pub(super) fn frame(&mut self, cx: &mut Cx, frame: ServerFrame) -> bool {
        match frame {
            ServerFrame::CallRet(ret) => self.answered(cx, ret),
            ServerFrame::Multi(frames) => frames.into_iter().any(|frame| self.frame(cx, frame)),
            ServerFrame::Close(_) | ServerFrame::Kick(_) => true,
            ServerFrame::LoginRet(_)
            | ServerFrame::Pong(_)
            | ServerFrame::Notify(_)
            | ServerFrame::Unknown { .. } => false,
        }
    }

    fn answered(&mut self, cx: &mut Cx, ret: CallRet) -> bool {
        if ret.id == self.logout {
            return true;
        }
        let Some(waiting) = self.pending.take(ret.id) else {
            return false;
        };
        let result = ret.result.map_err(|failure| waiting.refused(failure));
        match waiting.purpose {
            Purpose::Message(request, id) => {
                cx.answer(
                    request,
                    result.map(|reply| Answer::Sent(Sent::of(id, &reply))),
                );
            }
            Purpose::Invoke(request) => cx.answer(request, result.map(Answer::Reply)),
            Purpose::Leave(request, _) | Purpose::Step(_, _, Some(request)) => {
                cx.answer(request, result.map(|_| Answer::Done));
            }
            // Being in a channel is over already, and so is watching.
            Purpose::Join(request, _)
            | Purpose::Watch(Some(request), _)
            | Purpose::Unwatch(request, _) => cx.answer(request, Err(CommandError::NotLoggedIn)),
            Purpose::Logout(request) => cx.answer(request, Ok(Answer::Done)),
            Purpose::Rejoin(_)
            | Purpose::Poll
            | Purpose::Step(_, _, None)
            | Purpose::Watch(None, _)
            | Purpose::Restore
            | Purpose::Quiet => {}
        }
        false
    }

    /// Nothing more is waited for.
    pub(super) fn finish(self, cx: &mut Cx) {
        let link = self.link;
        self.gone(cx);
        cx.put(Output::CloseLink { link });
    }

    /// The link is gone.
    pub(super) fn gone(mut self, cx: &mut Cx) {
        cx.timers.cancel(Timer::Logout(self.link));
        fail_all(cx, &mut self.pending);
    }
}
