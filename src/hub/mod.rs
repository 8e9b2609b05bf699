//! LAYER 1. The server's mind. Time and input in, outputs out: no clock, no socket, no task, no randomness.
//!
//! [`Hub::handle`] routes an input to the app it concerns; `app` routes a request to its topic: `inbox` and `messages`, `channels` (with
//! `channel`, the one channel), `attrs`, `invites`, `sessions`, `special`. Whatever a topic needs of its surroundings is in `cx`.

mod app;
mod attrs;
mod auth;
mod channel;
mod channels;
mod cx;
mod inbox;
mod invites;
mod io;
mod lines;
mod messages;
mod persist;
mod rate;
mod sent_ids;
mod sessions;
mod settings;
mod special;
mod timers;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::protocol::{
    Account, AppId, Call, CallRet, ClientFrame, Code, Failure, Login, LoginRet, ServerFrame, limits,
};

pub use io::{CloseStatus, Input, LinkId, Now, Output, Unreadable};
pub use persist::{AttrOwner, Snapshot, StoreOp, StoredMessage};
pub use settings::{AppRules, Apps, Settings};

use app::App;
use auth::Refusal;
use cx::{Cx, Waiting};
use inbox::Inbox;
use lines::Lines;
use rate::Windows;
use sessions::Ending;
use timers::{Timer, Timers};

/// The signaling service of one process.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
    links: HashMap<LinkId, Link>,
    apps: HashMap<AppId, App>,
    timers: Timers,
    lines: Lines,
    logins: Windows<IpAddr>,
    first_msgid: u64,
    waiting: Waiting,
    draining: bool,
}

/// How far a connection is.
#[derive(Debug)]
enum Link {
    /// Nobody has signed in on it.
    Waiting { peer: IpAddr },
    /// This account has; the session may be over, if another connection displaced it.
    SignedIn { app: AppId, account: Account },
    /// It is being closed; what still comes is not heard.
    Closing,
}

/// Figures about a hub, for its metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections, signed in or not.
    pub links: usize,
    /// Signed-in sessions.
    pub sessions: usize,
    /// Channels.
    pub channels: usize,
    /// Calls that have not ended.
    pub calls: usize,
    /// Messages waiting in inboxes.
    pub inbox_messages: usize,
    /// Their bytes.
    pub inbox_bytes: usize,
}

impl Hub {
    /// An empty hub. `now` seeds the counter of channel events, so that it rises over restarts.
    #[must_use]
    pub fn new(settings: Settings, now: Now) -> Self {
        Self {
            links: HashMap::new(),
            apps: HashMap::new(),
            timers: Timers::default(),
            lines: Lines::new(settings.line_seed),
            logins: Windows::default(),
            // Room for a thousand events in every millisecond since 1970, and still exact in a JavaScript number.
            first_msgid: now.unix_ms.saturating_mul(1000),
            waiting: Waiting::default(),
            draining: false,
            settings,
        }
    }

    /// Takes back what an earlier process kept, and says what of it is over and to be forgotten. Only for a hub that
    /// has handled nothing.
    #[must_use]
    pub fn restore(&mut self, now: Now, snapshot: Snapshot) -> Vec<StoreOp> {
        let mut effects = (Vec::new(), Vec::new());
        for (app, account, ver) in snapshot.acked {
            let inboxes = &mut self.app(&app).inboxes;
            inboxes.insert(account, Inbox::restored(ver));
        }
        for message in &snapshot.messages {
            self.app(&message.app);
            self.in_app(now, &message.app, &mut effects, |app, cx| {
                app.restore_message(cx, message);
            });
        }
        for (owner, name, value) in snapshot.attrs {
            self.app(owner.app()).restore_attr(owner, name, value);
        }
        for (app, sender, id, forget_at_ms) in snapshot.sent_ids {
            let sent_ids = &mut self.app(&app).sent_ids;
            sent_ids.remember(&sender, id, forget_at_ms, now.unix_ms);
        }
        let mut emptied: HashMap<_, _> = (snapshot.emptied.into_iter())
            .map(|(app, name, since_ms)| ((app, name), since_ms))
            .collect();
        for id in self.apps.keys().cloned().collect::<Vec<_>>() {
            self.in_app(now, &id, &mut effects, |app, cx| {
                for name in app.channels.keys().cloned().collect::<Vec<_>>() {
                    let since_ms = emptied.remove(&(app.id.clone(), name.clone()));
                    app.restore_emptied(cx, &name, since_ms);
                }
            });
        }
        effects.0
    }

    /// What an input leads to, to be done in order.
    #[must_use]
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let mut effects = (Vec::new(), Vec::new());
        while let Some(timer) = self.timers.pop_due(now.instant) {
            self.fire(now, timer, &mut effects);
        }
        match input {
            Input::Opened { link, peer } => self.opened(now, link, peer, &mut effects),
            Input::Frame { link, frame } => self.frame(now, link, frame, &mut effects),
            Input::Unreadable { link, what } => self.unreadable(now, link, &what, &mut effects),
            Input::Closed { link } => self.closed(now, link, &mut effects),
            Input::Tick => {}
            Input::Drain => self.drain(&mut effects),
        }
        let (ops, out) = effects;
        ops.into_iter().map(Output::Store).chain(out).collect()
    }

    /// When to call [`Self::handle`] with [`Input::Tick`], if nothing else happens before.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Instant> {
        self.timers.next_due()
    }

    /// Its figures now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let sum = |of: fn(&App) -> usize| self.apps.values().map(of).sum();
        Stats {
            links: self.links.len(),
            sessions: sum(|app| app.sessions.len()),
            channels: sum(|app| app.channels.len()),
            calls: sum(|app| app.calls.len()),
            inbox_messages: self.waiting.messages,
            inbox_bytes: self.waiting.bytes,
        }
    }

    fn opened(&mut self, now: Now, link: LinkId, peer: IpAddr, effects: &mut Effects) {
        if self.draining {
            self.links.insert(link, Link::Closing);
            effects
                .1
                .push(close(link, Duration::ZERO, CloseStatus::GoingAway));
            return;
        }
        self.links.insert(link, Link::Waiting { peer });
        let due = now.instant + limits::LOGIN_TIMEOUT;
        self.timers.set(due, Timer::LoginDue(link));
    }

    fn frame(&mut self, now: Now, link: LinkId, frame: ClientFrame, effects: &mut Effects) {
        self.in_session(now, link, effects, |app, cx, account| {
            if let Some(session) = app.sessions.get_mut(account) {
                session.last_frame = cx.now.instant;
            }
        });
        match frame {
            ClientFrame::Login(login) => self.login(now, link, &login, effects),
            ClientFrame::Call(call) => self.call(now, link, call, effects),
            ClientFrame::Ping(number) => self.in_session(now, link, effects, |_, cx, _| {
                cx.send(link, ServerFrame::Pong(number));
            }),
            ClientFrame::SetFlag { .. } => {
                self.in_session(now, link, effects, |app, _, account| {
                    if let Some(session) = app.sessions.get_mut(account) {
                        session.comes_back = true;
                    }
                })
            }
            // No client sends the one; the other is ignored, as clients ignore what they do not know.
            ClientFrame::LineLogin { .. } | ClientFrame::Unknown { .. } => {}
        }
    }

    fn login(&mut self, now: Now, link: LinkId, login: &Login, effects: &mut Effects) {
        let peer = match self.links.get(&link) {
            Some(Link::Waiting { peer }) => *peer,
            Some(Link::SignedIn { .. }) => {
                let refusal = Refusal::new(Code::LoginAlreadyLogin, "already signed in");
                effects.1.push(refused(link, refusal));
                return;
            }
            Some(Link::Closing) | None => return,
        };
        if let Err(refusal) = self.grant(now, link, peer, login, effects) {
            self.links.insert(link, Link::Closing);
            effects.1.push(refused(link, refusal));
            effects
                .1
                .push(close(link, limits::REFUSED_LINGER, CloseStatus::Refused));
        }
    }

    fn grant(
        &mut self,
        now: Now,
        link: LinkId,
        peer: IpAddr,
        login: &Login,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        if self.draining {
            return Err(Refusal::new(
                Code::LoginFailed,
                "the server is about to stop",
            ));
        }
        let limit = self.settings.limits.logins_per_address;
        if !self.logins.allow(now.instant, peer, limit) {
            return Err(Refusal::new(
                Code::LoginFailed,
                "too many logins from this address",
            ));
        }
        let (id, account, rules) = auth::app_and_account(&self.settings.apps, login)?;
        let proof = auth::proof(&id, &rules, &account, login, now.unix_ms / 1000)?;
        let session = self
            .apps
            .get(&id)
            .and_then(|app| app.sessions.get(&account));
        auth::newer(session, proof.as_ref())?;

        let at = |after| now.instant + after;
        let idle = self.settings.idle_timeout;
        if !idle.is_zero() {
            self.timers.set(at(idle), Timer::IdleDue(link));
        }
        if let (Some(proof), true) = (&proof, self.settings.end_at_token_expiry) {
            let left_ms = proof
                .expires_s
                .saturating_mul(1000)
                .saturating_sub(now.unix_ms);
            let left = Duration::from_millis(left_ms.min(A_YEAR_MS));
            self.timers.set(at(left), Timer::TokenExpires(link));
        }
        let line = self.lines.make();
        self.app(&id);
        self.in_app(now, &id, effects, |app, cx| {
            app.login(cx, &account, link, line, proof)
        });
        let signed_in = Link::SignedIn { app: id, account };
        self.links.insert(link, signed_in);
        Ok(())
    }

    /// Answers a call: what it keeps comes first, then the answer, then what the call leads to.
    fn call(&mut self, now: Now, link: LinkId, call: Call, effects: &mut Effects) {
        let Call { id, line, request } = call;
        if matches!(self.links.get(&link), Some(Link::Closing) | None) {
            return;
        }
        let before = effects.1.len();
        let mut result = Err(Failure::new(Code::GeneralNotLogin, "not logged in"));
        self.in_session(now, link, effects, |app, cx, account| {
            let own = app.sessions.get(account).map(|session| &session.line);
            result = if own.is_none() || own != line.as_ref() {
                cx::fail(Code::GeneralNotLogin, "the line is not this session's")
            } else {
                match request {
                    Ok(request) => app.request(cx, account, request),
                    Err(failure) => Err(failure),
                }
            };
        });
        let frame = ServerFrame::CallRet(CallRet { id, result });
        effects.1.insert(before, Output::Send { link, frame });
    }

    fn unreadable(&mut self, now: Now, link: LinkId, what: &Unreadable, effects: &mut Effects) {
        let status = match what {
            Unreadable::TooLarge { .. } => CloseStatus::TooLarge,
            Unreadable::NotAFrame(_) | Unreadable::Binary => CloseStatus::Unreadable,
        };
        match self.links.insert(link, Link::Closing) {
            Some(Link::SignedIn { app, account }) => {
                self.links.insert(link, Link::SignedIn { app, account });
                self.in_session(now, link, effects, |app, cx, account| {
                    app.dismiss(cx, account, Code::LogoutPacket, &what.to_string(), status);
                });
            }
            Some(Link::Waiting { .. }) => {
                effects.1.push(close(link, limits::REFUSED_LINGER, status));
            }
            Some(Link::Closing) => {}
            None => {
                self.links.remove(&link);
            }
        }
    }

    fn closed(&mut self, now: Now, link: LinkId, effects: &mut Effects) {
        self.in_session(now, link, effects, |app, cx, account| {
            app.end_session(cx, account, Ending::Lost);
        });
        self.links.remove(&link);
    }

    /// Clients that come back by themselves are only disconnected; the others have to be told (protocol page, section 11).
    fn drain(&mut self, effects: &mut Effects) {
        self.draining = true;
        let apps = self.apps.values_mut();
        let told: HashSet<LinkId> = apps
            .flat_map(|app| app.sessions.drain())
            .filter(|(_, session)| !session.comes_back)
            .map(|(_, session)| session.link)
            .collect();
        let mut links: Vec<_> = self.links.iter_mut().collect();
        links.sort_by_key(|(link, _)| **link);
        for (&link, state) in links {
            *state = Link::Closing;
            if told.contains(&link) {
                let frame = ServerFrame::Close("the server stops".to_owned());
                effects.1.push(Output::Send { link, frame });
            }
            effects
                .1
                .push(close(link, limits::REFUSED_LINGER, CloseStatus::GoingAway));
        }
    }

    #[rustfmt::skip] // one line a timer
    fn fire(&mut self, now: Now, timer: Timer, effects: &mut Effects) {
        let idle = self.settings.idle_timeout;
        match timer {
            Timer::LoginDue(link) => self.login_due(link, effects),
            Timer::IdleDue(link) => self.in_session(now, link, effects, |app, cx, account| app.idle_due(cx, account, idle)),
            Timer::TokenExpires(link) => self.in_session(now, link, effects, |app, cx, account| app.send_away(cx, account, Code::LogoutTokenExpired, "the token has expired")),
            Timer::MessageExpires(app, account) => self.in_app(now, &app, effects, |app, cx| app.message_expires(cx, &account)),
            Timer::InviteExpires(app, call) => self.in_app(now, &app, effects, |app, cx| app.invite_expires(cx, call)),
            Timer::PartyLost(app, call, account) => self.in_app(now, &app, effects, |app, cx| app.party_lost(cx, call, &account)),
            Timer::ChannelExpires(app, name) => self.in_app(now, &app, effects, |app, cx| app.channel_expiry_due(cx, &name)),
            Timer::NumDue(app, name, counted) => self.in_app(now, &app, effects, |app, cx| app.num_due(cx, &name, counted)),
        }
    }

    fn login_due(&mut self, link: LinkId, effects: &mut Effects) {
        if let Some(state @ Link::Waiting { .. }) = self.links.get_mut(&link) {
            *state = Link::Closing;
            effects
                .1
                .push(close(link, Duration::ZERO, CloseStatus::Refused));
        }
    }

    /// An app, made if nobody knew it.
    fn app(&mut self, id: &AppId) -> &mut App {
        let first_msgid = self.first_msgid;
        let apps = &self.settings.apps;
        self.apps.entry(id.clone()).or_insert_with(|| {
            let rules = match apps {
                Apps::Any => None,
                Apps::Listed(listed) => listed.get(id),
            };
            App::new(id.clone(), rules.cloned().unwrap_or_default(), first_msgid)
        })
    }

    /// Does something within an app, if there is one.
    fn in_app(
        &mut self,
        now: Now,
        id: &AppId,
        effects: &mut Effects,
        act: impl FnOnce(&mut App, &mut Cx<'_>),
    ) {
        let (ops, out) = effects;
        let mut cx = Cx {
            now,
            limits: &self.settings.limits,
            timers: &mut self.timers,
            out,
            ops,
            waiting: &mut self.waiting,
        };
        if let Some(app) = self.apps.get_mut(id) {
            act(app, &mut cx);
        }
    }

    /// Does something with the session of a connection, if it has one that stands.
    fn in_session(
        &mut self,
        now: Now,
        link: LinkId,
        effects: &mut Effects,
        act: impl FnOnce(&mut App, &mut Cx<'_>, &Account),
    ) {
        let Some(Link::SignedIn { app, account }) = self.links.get(&link) else {
            return;
        };
        let (app, account) = (app.clone(), account.clone());
        self.in_app(now, &app, effects, |app, cx| {
            let session = app.sessions.get(&account);
            if session.is_some_and(|session| session.link == link) {
                act(app, cx, &account);
            }
        });
    }
}

/// What to keep, and then what to do.
type Effects = (Vec<StoreOp>, Vec<Output>);

/// A bound for timers of tokens that hardly ever expire: 365 days.
const A_YEAR_MS: u64 = 365 * 24 * 3600 * 1000;

fn close(link: LinkId, linger: Duration, status: CloseStatus) -> Output {
    Output::Close {
        link,
        linger,
        status,
    }
}

fn refused(link: LinkId, refusal: Refusal) -> Output {
    let Refusal { code, reason } = refusal;
    let frame = ServerFrame::LoginRet(LoginRet::Refused { reason, code });
    Output::Send { link, frame }
}
