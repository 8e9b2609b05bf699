//! LAYER 1. The client's mind. Time and input in, outputs out: no clock, no socket, no task, no chance but the seed it is given.
//!
//! [`ClientCore::handle`] routes an input to the session it concerns; `session` routes a command or an answer to its topic:
//! `link` (connect, login, ping, come back), `pending` (requests that wait for their answer), `pace` (what goes out late, bit by bit), `inbox`, `channel`, `call`, `watch`. A session
//! that was left answers to `leaving`. Whatever a topic needs of its surroundings is in `cx`, every time it waits for in `timers`.
//!
//! What it promises, to be held over lost links and killed servers:
//!
//! - Every command is answered exactly once.
//! - A message goes out in order and is delivered once, however often the link is lost before it is acknowledged: it is
//!   sent again under the id it had.
//! - A message that comes is shown once, in its sender's order.
//! - With [`Acknowledge::Kept`], what the application has not said to keep is shown again in the account's next session.
//! - [`crate::client::event::ChannelView`] is what the server's list is, once what is on its way has come.

mod additions;
mod call;
mod channel;
mod cx;
mod inbox;
mod io;
mod leaving;
mod link;
mod pace;
mod pending;
mod presence;
mod seed;
mod session;
mod timers;
mod typing;
mod watch;

use std::time::Instant;

use crate::protocol::token::Token;
use crate::protocol::{Account, Code, ServerFrame};

pub use call::RING_TIMEOUT;
pub use channel::{REJOIN_EVERY, REJOIN_TRIES, REJOINS};
pub use cx::{EVENTS_MAX, EVENTS_PAUSE, EVENTS_RESUME};
pub use inbox::{ACK_DELAY, POLL_EVERY, SHOWN_KEPT, UNKEPT_PAUSE};
pub use io::{
    Acknowledge, Action, Answer, Command, CommandError, Input, LinkNo, LoginOptions, Output,
    Reconnect, RequestNo, SessionRef, Settings, Status,
};
pub use leaving::LOGOUT_TIMEOUT;
pub use link::{
    BACKOFF_FIRST, BACKOFF_MAX, BACKOFF_MAX_UNLIMITED, CONNECT_TIMEOUT, LOGIN_TIMEOUT, PING_EVERY,
    SILENCE, SILENCE_AFTER_WAKE, STEADY,
};
pub use pace::{LATE_EVERY, LATE_MESSAGES, LATE_TRIES};
pub use pending::{ANSWER_TIMEOUT, HANGUP_TIMEOUT_AWAY, MESSAGE_TIMEOUT, PENDING_MAX};
pub use typing::TYPING_PAUSE;
pub use watch::REWATCH_AFTER;

use cx::Cx;
use inbox::Shown;
use leaving::Leaving;
use session::{End, Session, fail_all};
use timers::Timer;

/// Sessions that were left and whose server has not answered yet. When one more is left, the oldest is closed.
pub const LEAVING_MAX: usize = 4;

/// The client of one app: one session at a time.
#[derive(Debug)]
pub struct ClientCore {
    settings: Settings,
    cx: Cx,
    session: Option<Session>,
    leaving: Vec<Leaving>,
    /// Of the session before this one: whose it was, and what it showed.
    shown: Option<(Account, Shown)>,
}

impl ClientCore {
    /// A client that is not signed in.
    #[must_use]
    pub fn new(settings: Settings, now: Instant) -> Self {
        Self {
            cx: Cx::new(now, settings.seed),
            settings,
            session: None,
            leaving: Vec::new(),
            shown: None,
        }
    }

    /// What an input leads to, to be done in order.
    #[must_use]
    pub fn handle(&mut self, now: Instant, input: Input) -> Vec<Output> {
        self.cx.now = now.max(self.cx.now);
        while let Some(timer) = self.cx.timers.pop_due(self.cx.now) {
            self.fire(timer);
            self.clear_away();
        }
        match input {
            Input::Command { request, command } => self.command(request, command),
            Input::LinkOpened { link } => self.link_opened(link),
            Input::Frame { link, frame } => self.frame(link, frame),
            Input::Unreadable { link, reason } => self.unreadable(link, reason),
            Input::LinkClosed { link, reason } => self.link_closed(link, reason),
            Input::Woke => self.in_session(Session::woke),
            Input::Tick => {}
            Input::EventsTaken {
                session,
                waiting,
                kept,
            } => self.events_taken(session, waiting, kept),
        }
        self.clear_away();
        self.cx.take_outputs()
    }

    /// When to call [`Self::handle`] with [`Input::Tick`], if nothing else happens before.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Instant> {
        self.cx.timers.next_due()
    }

    /// `getStatus`.
    #[must_use]
    pub fn status(&self) -> Status {
        self.session
            .as_ref()
            .map_or(Status::LoggedOut, Session::status)
    }

    fn command(&mut self, request: RequestNo, command: Command) {
        match command {
            Command::Login {
                account,
                token,
                options,
            } => self.login(request, account, token, options),
            Command::Logout { session } => self.logout(request, session),
            Command::Act { session, action } => match &mut self.session {
                Some(current) if current.id == session => {
                    current.act(&mut self.cx, request, action);
                }
                Some(_) | None => self.cx.answer(request, Err(CommandError::NotLoggedIn)),
            },
        }
    }

    fn login(&mut self, request: RequestNo, account: Account, token: Token, options: LoginOptions) {
        if self.session.is_some() {
            return self.cx.answer(request, Err(CommandError::AlreadyLoggedIn));
        }
        let mut session = Session::new(&mut self.cx, request, account, token, options);
        let before = self.shown.take();
        if let Some((_, shown)) = before.filter(|(account, _)| *account == session.account) {
            session.inbox.shown = shown;
        }
        self.session = Some(session);
    }

    fn logout(&mut self, request: RequestNo, which: Option<SessionRef>) {
        let meant = |session: &Session| which.is_none_or(|which| which == session.id);
        let Some(mut session) = self.session.take_if(|session| meant(session)) else {
            return self.cx.answer(request, Err(CommandError::AlreadyLoggedOut));
        };
        if let Some(link) = session.link.number().filter(|_| !session.is_in()) {
            self.cx.put(Output::CloseLink { link });
        }
        let code = if session.login.is_some() {
            Code::LoginCancel
        } else {
            Code::LogoutUser
        };
        let reason = code.cause().to_owned();
        session.tell_over(&mut self.cx, End { code, reason });
        let leaving = session.leave(&mut self.cx, request);
        fail_all(&mut self.cx, &mut session.pending);
        self.leaving.extend(leaving);
        self.shown = Some(session.into_shown());
        if self.leaving.len() > LEAVING_MAX {
            self.leaving.remove(0).finish(&mut self.cx);
        }
    }

    fn link_opened(&mut self, link: LinkNo) {
        match &mut self.session {
            Some(session) if session.link.number() == Some(link) => {
                session.link_opened(&mut self.cx, &self.settings);
            }
            Some(_) | None => {}
        }
    }

    fn frame(&mut self, link: LinkNo, frame: ServerFrame) {
        if let Some(place) = self.leaving.iter().position(|leaving| leaving.link == link) {
            if self.leaving[place].frame(&mut self.cx, frame) {
                self.leaving.remove(place).finish(&mut self.cx);
            }
            return;
        }
        self.on_link(link, |session, cx| session.frame(cx, frame));
    }

    fn unreadable(&mut self, link: LinkNo, text: String) {
        self.on_link(link, |session, cx| {
            if session.login.is_none() {
                let code = Code::LogoutPacket;
                cx.tell(crate::client::event::SessionEvent::Error { code, text });
            }
        });
    }

    fn link_closed(&mut self, link: LinkNo, reason: String) {
        if let Some(place) = self.leaving.iter().position(|leaving| leaving.link == link) {
            return self.leaving.remove(place).gone(&mut self.cx);
        }
        self.on_link(link, |session, cx| session.link_lost(cx, reason));
    }

    fn events_taken(&mut self, session: SessionRef, waiting: usize, kept: u64) {
        let current = self.session.as_mut();
        let Some(session) = current.filter(|current| current.id == session) else {
            return;
        };
        let resumed = self.cx.events_taken(waiting);
        session.inbox_kept(&mut self.cx, kept);
        if resumed {
            session.inbox_resumed(&mut self.cx);
            session.refresh_watches(&mut self.cx);
        }
    }

    /// What comes on a link that is not the session's any more reaches nobody.
    fn on_link(&mut self, link: LinkNo, act: impl FnOnce(&mut Session, &mut Cx)) {
        let session = self.session.as_mut();
        if let Some(session) = session.filter(|session| session.link.number() == Some(link)) {
            act(session, &mut self.cx);
        }
    }

    fn in_session(&mut self, act: impl FnOnce(&mut Session, &mut Cx)) {
        if let Some(session) = &mut self.session {
            act(session, &mut self.cx);
        }
    }

    #[rustfmt::skip] // one line a timer
    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Connect => self.in_session(|session, cx| session.link_late(cx, "the server could not be reached in time")),
            Timer::Login => self.in_session(|session, cx| session.link_late(cx, "the server did not answer the login in time")),
            Timer::Silence => self.in_session(|session, cx| session.link_late(cx, "nothing was heard from the server for too long")),
            Timer::Ping => self.in_session(Session::ping),
            Timer::Retry => self.in_session(Session::open_link),
            Timer::GiveUp => self.in_session(|session, _| session.give_up_link()),
            Timer::Answer => self.in_session(Session::answers_due),
            Timer::Poll => self.in_session(Session::poll),
            Timer::Rejoin => self.in_session(Session::rejoin_some),
            Timer::Late => self.in_session(Session::flush),
            Timer::Rewatch => self.in_session(Session::refresh_watches),
            Timer::Ring(call) => self.in_session(|session, cx| session.ring_over(cx, call)),
            Timer::Logout(link) => self.logout_late(link),
        }
    }

    fn logout_late(&mut self, link: LinkNo) {
        if let Some(place) = self.leaving.iter().position(|leaving| leaving.link == link) {
            self.leaving.remove(place).finish(&mut self.cx);
        }
    }

    /// Ends a session that is over.
    fn clear_away(&mut self) {
        let over = self.session.take_if(|session| session.over.is_some());
        let Some(mut session) = over else { return };
        if let Some(link) = session.link.number() {
            self.cx.put(Output::CloseLink { link });
        }
        fail_all(&mut self.cx, &mut session.pending);
        if let Some(end) = session.over.take() {
            session.tell_over(&mut self.cx, end);
        }
        self.shown = Some(session.into_shown());
    }
}
