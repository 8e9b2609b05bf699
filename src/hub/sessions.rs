//! Who is signed in on which connection: a session begins, is displaced, and ends.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::protocol::token::Verified;
use crate::protocol::{
    Account, Additions, CallId, Cap, Caps, ChannelName, Code, EnvelopeKind, LoginGrant, LoginRet,
    Reply, Request, Resume, ResumeKey, ServerFrame, SessionLine, Uid, limits,
};

use super::app::App;
use super::cx::{Answer, Cx};
use super::kept::Certain;
use super::lasting::Away;
use super::presence::Own;
use super::rate::Window;
use super::receipts::Recent;
use super::timers::Timer;
use super::typing::Typed;
use super::{CloseStatus, LinkId};

/// One signed-in connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) link: LinkId,
    pub(super) line: SessionLine,
    pub(super) uid: Uid,
    /// What it was granted beyond 1.x.
    pub(super) caps: Caps,
    /// By what its client takes it up after a lost link, where that is granted.
    pub(super) resume: Option<ResumeKey>,
    /// Its latest calls that must not be done twice, and what they were answered.
    pub(super) answered: VecDeque<(CallId, Request, Answer)>,
    /// Whether it has lost its link and waits to be taken up.
    pub(super) detached: bool,
    /// Channels joined: one ordinary one, or special ones.
    pub(super) channels: Vec<ChannelName>,
    /// What the token proved, if there was one.
    pub(super) proof: Option<Verified>,
    /// When the last frame came.
    pub(super) last_frame: Instant,
    /// Which events of channels it heard.
    pub(super) certain: Certain,
    /// What the client says of the session that it had before, and that is gone.
    pub(super) before: Option<Box<Resume>>,
    /// Whether the client comes back by itself after a lost link, as 1.4.0 does, which says so by `set_flag`.
    pub(super) comes_back: bool,
    /// Whether it was told of messages and has not polled since.
    pub(super) announced: bool,
    /// Whether it has polled its inbox.
    pub(super) polled: bool,
    pub(super) channel_messages: Window,
    pub(super) queries: Window,
    pub(super) attr_changes: Window,
    pub(super) joins: Window,
    pub(super) watches: Window,
    pub(super) own_changes: Window,
    /// What others see of it.
    pub(super) presence: Own,
    pub(super) typed: Typed,
    /// Receipts that it was told of lately.
    pub(super) receipts: Recent,
}

impl Session {
    /// Where it was and what it heard there, for when its account comes again.
    pub(super) fn away(&self) -> Away {
        Away {
            channels: self.channels.clone(),
            certain: self.certain,
            last: self.resume.clone(),
        }
    }

    /// Where it is told what happens; nowhere while it waits to be taken up.
    pub(super) fn live(&self) -> Option<LinkId> {
        (!self.detached).then_some(self.link)
    }
}

/// A login that is to be granted.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) link: LinkId,
    pub(super) line: SessionLine,
    pub(super) proof: Option<Verified>,
    pub(super) caps: Caps,
    /// What the answer says beyond 1.x.
    pub(super) additions: Option<Box<Additions>>,
    /// The session that the client had before.
    pub(super) before: Option<Box<Resume>>,
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By its user.
    Logout,
    /// By a login elsewhere, or by the server.
    Kicked,
    /// Some time after its link, without having been taken up. Its calls have waited with it.
    Expired,
    /// With its link. Calls wait a while for the account to come back, as its client may do by itself.
    Lost { comes_back: bool },
}

impl App {
    /// Begins a session that was granted; one that the account has elsewhere is displaced.
    pub(super) fn login(&mut self, cx: &mut Cx<'_>, account: &Account, entry: Entry) {
        let Entry {
            link,
            line,
            proof,
            caps,
            additions,
            before,
        } = entry;
        self.displace(cx, account);
        let uid = self.uid(account);
        let grant = LoginGrant {
            line: line.clone(),
            uid,
            additions: additions.clone(),
        };
        cx.send(link, ServerFrame::LoginRet(LoginRet::Granted(grant)));
        let session = Session {
            link,
            line,
            uid,
            caps,
            resume: additions
                .as_ref()
                .and_then(|additions| additions.resume.clone()),
            answered: VecDeque::new(),
            detached: false,
            channels: Vec::new(),
            proof,
            last_frame: cx.instant(),
            certain: Certain::new(cx.instant(), self.last_msgid()),
            before,
            comes_back: false,
            announced: false,
            polled: false,
            channel_messages: Window::default(),
            queries: Window::default(),
            attr_changes: Window::default(),
            joins: Window::default(),
            watches: Window::default(),
            own_changes: Window::default(),
            presence: Own::new(cx.now.unix_ms),
            typed: Typed::default(),
            receipts: Recent::default(),
        };
        self.account_came(cx, account, caps);
        self.sessions.insert(account.clone(), session);
        if caps.has(Cap::Resume) {
            // A client that does not take its session up has no calls any more.
            self.end_calls(cx, account, Ending::Kicked);
        } else {
            self.keep_calls(cx, account);
        }
        self.presence_changed(account);
        self.tell_user_observers(cx, account, EnvelopeKind::ChannelUserJoin);
    }

    /// Ends the session that an account has elsewhere, since there is a new one.
    fn displace(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let Some(session) = self.sessions.get(account) else {
            return;
        };
        if !session.detached {
            let link = session.link;
            let text = ending_text(Code::LogoutKicked, "the account signed in elsewhere");
            // 1.4.0 learns from `kick` that it must not come back; the others know only `close`.
            cx.send(link, ServerFrame::Kick(text.clone()));
            cx.send(link, ServerFrame::Close(text));
            cx.close(link, limits::REFUSED_LINGER, CloseStatus::Normal);
        }
        self.end_session(cx, account, Ending::Kicked);
    }

    /// Ends a session at its user's wish. The client closes the link once it has the answer.
    pub(super) fn user_logout(&mut self, cx: &mut Cx<'_>, from: &Account) -> Answer {
        if let Some(session) = self.sessions.get(from) {
            cx.close(session.link, limits::LOGOUT_LINGER, CloseStatus::Normal);
        }
        self.end_session(cx, from, Ending::Logout);
        Ok(Reply::Done)
    }

    /// Ends the session of an account, whose link is closed by whoever calls this or is gone already.
    pub(super) fn end_session(&mut self, cx: &mut Cx<'_>, account: &Account, ending: Ending) {
        let Some(session) = self.sessions.remove(account) else {
            return;
        };
        cx.timers.cancel(&Timer::IdleDue(session.link));
        cx.timers.cancel(&Timer::TokenExpires(session.link));
        let timer = Timer::ResumeExpires(self.id.clone(), account.clone());
        cx.timers.cancel(&timer);
        self.mark_away(cx, account, &session.away());
        for channel in &session.channels {
            self.depart(cx, account, channel);
        }
        self.attr_watches.end(account);
        self.end_calls(cx, account, ending);
        self.account_went(cx, account);
        // Whoever is displaced may have lost its link without a word.
        if ending != Ending::Logout {
            self.receipts_lost(cx, account, session.receipts);
        }
        self.presence_ended(cx, account);
        if matches!(ending, Ending::Expired | Ending::Lost { .. }) {
            self.record_lost_invites(cx, account);
        }
        if let Some(inbox) = self.inboxes.get_mut(account) {
            let comes_back = ending == Ending::Lost { comes_back: true };
            let freed = inbox.end_session(|call| self.calls.is_pending(call), comes_back);
            self.dropped(cx, account, freed);
        }
        self.tell_user_observers(cx, account, EnvelopeKind::ChannelUserLeave);
    }

    /// Ends a session for a reason of the server's, and closes its link so that its client does the right thing:
    /// one that comes back by itself is only disconnected, all others have to be told.
    pub(super) fn dismiss(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        code: Code,
        reason: &str,
        status: CloseStatus,
    ) {
        let Some(session) = self.sessions.get(account) else {
            return;
        };
        let (link, comes_back) = (session.link, session.comes_back);
        let waits = session.resume.is_some();
        if !comes_back && !waits {
            cx.send(link, ServerFrame::Close(ending_text(code, reason)));
        }
        cx.close(link, limits::REFUSED_LINGER, status);
        self.link_lost(cx, account);
    }

    /// Ends a session for good: its client shall not come back by itself.
    pub(super) fn send_away(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        code: Code,
        reason: &str,
    ) {
        let Some(session) = self.sessions.get(account) else {
            return;
        };
        let link = session.link;
        cx.send(link, ServerFrame::Close(ending_text(code, reason)));
        cx.close(link, limits::REFUSED_LINGER, CloseStatus::Normal);
        self.end_session(cx, account, Ending::Kicked);
    }

    /// Who is signed in and has a link.
    pub(super) fn online(&self) -> impl Iterator<Item = &Account> {
        let live = self
            .sessions
            .iter()
            .filter(|(_, session)| !session.detached);
        live.map(|(account, _)| account)
    }

    /// The link of a session is gone.
    pub(super) fn link_lost(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let Some(session) = self.sessions.get(account) else {
            return;
        };
        if session.resume.is_some() {
            self.detach(cx, account);
        } else {
            let comes_back = session.comes_back;
            self.end_session(cx, account, Ending::Lost { comes_back });
        }
    }

    /// The token of a session may have expired; a distant end is looked at again and again.
    pub(super) fn token_due(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let Some(session) = self.sessions.get(account) else {
            return;
        };
        let Some(proof) = &session.proof else { return };
        let left_ms = proof
            .expires_s
            .saturating_mul(1000)
            .saturating_sub(cx.now.unix_ms);
        if left_ms == 0 {
            self.send_away(
                cx,
                account,
                Code::LogoutTokenExpired,
                "the token has expired",
            );
        } else {
            let timer = Timer::TokenExpires(session.link);
            cx.set_timer(Duration::from_millis(left_ms).min(LONG), timer);
        }
    }

    /// A session may have been silent for too long; if not, it is looked at again when it will have been.
    pub(super) fn idle_due(&mut self, cx: &mut Cx<'_>, account: &Account, idle_timeout: Duration) {
        let Some(session) = self.sessions.get(account) else {
            return;
        };
        let silent = cx.instant().duration_since(session.last_frame);
        if silent >= idle_timeout {
            let reason = "nothing was heard for too long";
            self.dismiss(cx, account, Code::LogoutNet, reason, CloseStatus::GoingAway);
        } else {
            cx.set_timer(idle_timeout - silent, Timer::IdleDue(session.link));
        }
    }
}

/// A timer's longest time; what is later is looked at again then.
const LONG: Duration = Duration::from_secs(24 * 3600);

/// What `close` and `kick` carry. 1.x clients do not look at it.
pub(super) fn ending_text(code: Code, reason: &str) -> String {
    serde_json::json!({ "reason": reason, "code": code.number() }).to_string()
}
