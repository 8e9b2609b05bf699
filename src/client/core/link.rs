//! The link of a session: connects, signs in, pings, and comes back when it is lost (protocol page, sections 4, 5 and 11).

use std::time::{Duration, Instant};

use super::cx::Cx;
use super::session::{End, Session, login_frame};
use super::timers::Timer;
use super::{Answer, LinkNo, Output, Reconnect, Settings, Status};
use crate::client::event::{SessionEvent, code_in};
use crate::protocol::{
    Cap, ClientFrame, Code, LoginGrant, LoginRet, Push, ServerFrame, SessionLine,
};

/// How long a link may take to stand, finding the server included (201).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a login may take to be answered (201).
pub const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a ping is sent (protocol page, section 5).
pub const PING_EVERY: Duration = Duration::from_secs(10);
/// A link on which nothing was heard for so long is dead: two pings were not answered.
pub const SILENCE: Duration = Duration::from_secs(25);
/// The same right after the computer woke, when a dead link is likely.
pub const SILENCE_AFTER_WAKE: Duration = Duration::from_secs(3);
/// How long the first try to come back waits; each further one twice as long, spread by a quarter both ways ...
pub const BACKOFF_FIRST: Duration = Duration::from_millis(200);
/// ... up to this, so that 10 tries fit into 30 s ...
pub const BACKOFF_MAX: Duration = Duration::from_secs(4);
/// ... and up to this where there is no limit.
pub const BACKOFF_MAX_UNLIMITED: Duration = Duration::from_secs(30);
/// A session that stood for less than this does not begin anew with short waits, or a server that takes clients in and
/// loses them at once would get no rest. Its wait is [`BACKOFF_MAX`] at most, so that it is back before the server gives it up.
pub const STEADY: Duration = Duration::from_secs(10);
/// The doublings after which a wait is about [`BACKOFF_MAX`].
const STEPS_TO_MAX: u32 = 4;

/// How far the link is.
#[derive(Debug)]
pub(super) enum Link {
    /// There is none; a timer runs for the next try.
    None,
    /// It is being opened.
    Opening { link: LinkNo },
    /// It stands, and the login is not answered.
    SigningIn { link: LinkNo },
    /// The session stands on it.
    In {
        link: LinkNo,
        line: SessionLine,
        since: Instant,
        pings: i64,
    },
}

/// How hard a client has been trying to come back.
#[derive(Debug, Default)]
pub(super) struct Comeback {
    /// Tries since the link was lost.
    tries: u32,
    /// Doublings of the wait.
    step: u32,
}

impl Link {
    /// Its number, while there is one.
    pub(super) fn number(&self) -> Option<LinkNo> {
        match self {
            Self::None => None,
            Self::Opening { link } | Self::SigningIn { link } | Self::In { link, .. } => {
                Some(*link)
            }
        }
    }
}

impl Session {
    pub(super) fn status(&self) -> Status {
        if self.is_in() {
            Status::LoggedIn
        } else {
            Status::LoggingIn
        }
    }

    pub(super) fn is_in(&self) -> bool {
        matches!(self.link, Link::In { .. })
    }

    /// Whether there was no link at some time in the last `time`.
    pub(super) fn was_lost_within(&self, cx: &Cx, time: Duration) -> bool {
        match self.link {
            Link::In { since, .. } => cx.now.duration_since(since) < time,
            Link::None | Link::Opening { .. } | Link::SigningIn { .. } => true,
        }
    }

    /// Opens a link.
    pub(super) fn open_link(&mut self, cx: &mut Cx) {
        let link = cx.next_link();
        self.link = Link::Opening { link };
        cx.timers.cancel(Timer::Retry);
        cx.set_timer(Timer::Connect, CONNECT_TIMEOUT);
        cx.put(Output::OpenLink { link });
    }

    /// The link stands: the first frame is the login, and nothing else is sent before its answer.
    pub(super) fn link_opened(&mut self, cx: &mut Cx, settings: &Settings) {
        let Link::Opening { link } = self.link else {
            return;
        };
        self.link = Link::SigningIn { link };
        cx.timers.cancel(Timer::Connect);
        cx.set_timer(Timer::Login, LOGIN_TIMEOUT);
        let frame = login_frame(settings, self);
        cx.put(Output::Send { link, frame });
    }

    /// A frame came on the link.
    pub(super) fn frame(&mut self, cx: &mut Cx, frame: ServerFrame) {
        if self.over.is_some() {
            return;
        }
        if self.is_in() {
            cx.set_timer(Timer::Silence, SILENCE);
        }
        match frame {
            ServerFrame::LoginRet(ret) => self.login_answered(cx, ret),
            ServerFrame::CallRet(ret) => self.answered(cx, ret),
            ServerFrame::Notify(push) if self.is_in() => self.pushed(cx, push),
            ServerFrame::Close(text) => self.sent_away(cx, &text, Code::LogoutOther),
            ServerFrame::Kick(text) => self.sent_away(cx, &text, Code::LogoutKicked),
            ServerFrame::Multi(frames) => {
                for frame in frames {
                    self.frame(cx, frame);
                }
            }
            ServerFrame::Notify(_) | ServerFrame::Pong(_) | ServerFrame::Unknown { .. } => {}
        }
    }

    fn pushed(&mut self, cx: &mut Cx, push: Push) {
        match push {
            Push::Channel2 {
                msgid, envelope, ..
            } => self.channel_said(cx, msgid, &envelope),
            Push::Msg { .. }
            | Push::RecvMsg { .. }
            | Push::RecvMsgByMsgId { .. }
            | Push::Unknown { .. } => self.inbox_pushed(cx, push),
            Push::Presence(states) => cx.tell_presence(states),
            Push::Receipt(receipt) => cx.tell_receipt(receipt),
            Push::Typing(typing) => cx.tell_typing(typing),
            Push::Attr(changed) => self.attr_changed(cx, changed),
        }
    }

    fn login_answered(&mut self, cx: &mut Cx, ret: LoginRet) {
        let Link::SigningIn { link } = self.link else {
            return;
        };
        match ret {
            LoginRet::Granted(grant) => self.granted(cx, link, grant),
            LoginRet::Refused { reason, code } => self.refused(cx, link, code, reason),
        }
    }

    /// The session stands, for the first time or again.
    fn granted(&mut self, cx: &mut Cx, link: LinkNo, grant: LoginGrant) {
        let LoginGrant {
            line,
            uid,
            additions,
        } = grant;
        for timer in [Timer::Login, Timer::Retry, Timer::GiveUp] {
            cx.timers.cancel(timer);
        }
        cx.set_timer(Timer::Ping, PING_EVERY);
        cx.set_timer(Timer::Silence, SILENCE);
        self.link = Link::In {
            link,
            line,
            since: cx.now,
            pings: 0,
        };
        // Says that this client comes back by itself after a lost link, so that the server need not send it away.
        let frame = ClientFrame::SetFlag { binary: false };
        cx.put(Output::Send { link, frame });
        let login = self.login.take();
        let again = login.is_none();
        if let Some(request) = login {
            let session = self.id;
            cx.answer(request, Ok(Answer::LoggedIn { session, uid }));
        }
        self.additions = additions;
        let additions = self.additions.clone();
        let resumed = additions
            .as_ref()
            .and_then(|granted| granted.resumed.clone());
        cx.tell(SessionEvent::LoginSuccess {
            uid,
            again,
            additions,
        });
        // Channels come before what waits, since it may be for them.
        self.pending.set_aside();
        self.inbox_opened(cx);
        let channels = resumed.as_deref().unwrap_or_default();
        if again {
            self.rejoin(cx, channels);
            self.presence_again(cx, resumed.is_some());
            self.rewatch(cx);
        }
        self.pending.put_back();
        self.leave_unknown(cx, channels);
        if resumed.is_none() {
            self.interrupt(cx);
            self.calls_after_loss(cx);
        } else {
            self.ring_on(cx);
        }
        self.flush(cx);
    }

    fn refused(&mut self, cx: &mut Cx, link: LinkNo, code: Code, reason: String) {
        if self.login.is_some() {
            self.over = Some(End { code, reason });
            return;
        }
        let lasting = [
            (Code::LoginTokenExpired, Code::LogoutTokenExpired),
            (Code::LoginTokenKicked, Code::LogoutKicked),
            (Code::LoginTokenWrong, Code::LogoutOther),
            (Code::LoginInvalidUser, Code::LogoutOther),
        ];
        let Some((_, code)) = lasting.into_iter().find(|(refused, _)| *refused == code) else {
            // A server that is busy, stops or starts refuses for a while only.
            cx.put(Output::CloseLink { link });
            return self.link_lost(cx, reason);
        };
        self.over = Some(End { code, reason });
    }

    /// The server ends the session for good.
    fn sent_away(&mut self, cx: &mut Cx, text: &str, code: Code) {
        let code = code_in(text)
            .filter(|code| (100..200).contains(&code.number()))
            .unwrap_or(code);
        let reason = reason_in(text);
        if self.login.is_some() {
            let code = Code::LoginNet;
            self.over = Some(End { code, reason });
        } else if self.is_in() {
            self.over = Some(End { code, reason });
        } else if let Some(link) = self.link.number() {
            cx.put(Output::CloseLink { link });
            self.link_lost(cx, reason);
        }
    }

    /// The link is gone, or could not be opened.
    pub(super) fn link_lost(&mut self, cx: &mut Cx, reason: String) {
        for timer in [
            Timer::Connect,
            Timer::Login,
            Timer::Ping,
            Timer::Silence,
            Timer::Poll,
            Timer::Rejoin,
            Timer::Late,
        ] {
            cx.timers.cancel(timer);
        }
        let lost = std::mem::replace(&mut self.link, Link::None);
        if self.login.is_some() {
            let code = Code::LoginNet;
            self.over = Some(End { code, reason });
            return;
        }
        if let Link::In { since, .. } = lost {
            self.comeback.tries = 0;
            if cx.now.duration_since(since) >= STEADY {
                self.comeback.step = 0;
            }
            self.comeback.step = self.comeback.step.min(STEPS_TO_MAX);
            if let Reconnect::Limited { time, .. } = self.options.reconnect {
                cx.set_timer(Timer::GiveUp, time);
            }
            cx.tell(SessionEvent::LinkLost);
            self.pending.link_lost(cx.now);
            self.ring_alone(cx);
            if !self.has(Cap::Resume) {
                self.interrupt(cx);
            }
        }
        self.try_again(cx, reason);
    }

    /// The link did not do in time what it should have.
    pub(super) fn link_late(&mut self, cx: &mut Cx, reason: &str) {
        if let Some(link) = self.link.number() {
            cx.put(Output::CloseLink { link });
            self.link_lost(cx, reason.to_owned());
        }
    }

    fn try_again(&mut self, cx: &mut Cx, reason: String) {
        let most = match self.options.reconnect {
            Reconnect::Limited { count, .. } if self.comeback.tries >= count => {
                let code = Code::LogoutNet;
                self.over = Some(End { code, reason });
                return;
            }
            Reconnect::Limited { .. } => BACKOFF_MAX,
            Reconnect::Unlimited => BACKOFF_MAX_UNLIMITED,
        };
        let doubled = BACKOFF_FIRST.saturating_mul(1 << self.comeback.step.min(16));
        self.comeback.tries += 1;
        self.comeback.step += 1;
        let wait = doubled.min(most).mul_f64(cx.seed.spread());
        cx.set_timer(Timer::Retry, wait.min(most));
    }

    /// Coming back took too long.
    pub(super) fn give_up_link(&mut self) {
        self.over = Some(End {
            code: Code::LogoutNet,
            reason: "the link was lost and did not come back in time".to_owned(),
        });
    }

    /// A ping is due.
    pub(super) fn ping(&mut self, cx: &mut Cx) {
        if let Link::In { link, pings, .. } = &mut self.link {
            *pings += 1;
            let frame = ClientFrame::Ping(*pings);
            cx.put(Output::Send { link: *link, frame });
            cx.set_timer(Timer::Ping, PING_EVERY);
        }
    }

    /// The network came back or the computer woke: what waits is tried at once, what was begun on the network before is begun
    /// anew, and what stands is put to the test. Further tries begin with short waits again.
    pub(super) fn woke(&mut self, cx: &mut Cx) {
        match self.link {
            Link::None => self.open_anew(cx),
            Link::In { .. } => {
                self.ping(cx);
                cx.timers
                    .set_by(Timer::Silence, cx.now + SILENCE_AFTER_WAKE);
            }
            Link::Opening { link } | Link::SigningIn { link } => {
                cx.put(Output::CloseLink { link });
                cx.timers.cancel(Timer::Login);
                self.open_anew(cx);
            }
        }
    }

    fn open_anew(&mut self, cx: &mut Cx) {
        self.comeback.step = 0;
        self.open_link(cx);
    }
}

/// The reason in what `close` and `kick` carry: JSON of our server, or any text.
fn reason_in(text: &str) -> String {
    let fields: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let reason = fields
        .as_ref()
        .and_then(|fields| fields.get("reason")?.as_str());
    reason.unwrap_or(text).to_owned()
}
