//! LAYER 1. The server's mind. Time and input in, outputs out: no clock, no socket, no task, no randomness.
//!
//! [`Hub::handle`] routes an input to the app it concerns; `app` routes a request to its topic: `inbox` and `messages`, `channels` (with
//! `channel`, the one channel), `lasting` and `history` (with `kept`), `attrs` (with `attr_table` and `watches`), `invites`, `sessions`,
//! `special`. Whatever a topic needs of its surroundings is in `cx`.

mod accounts;
mod additions;
mod app;
mod attr_table;
mod attrs;
mod auth;
mod blocks;
mod calls;
mod channel;
mod channels;
mod cx;
mod history;
mod inbox;
mod invites;
mod io;
mod kept;
mod lasting;
mod lines;
mod links;
mod logins;
mod messages;
mod persist;
mod presence;
mod rate;
mod receipts;
mod resume;
mod ring;
mod said;
mod sent_ids;
mod sessions;
mod settings;
mod special;
mod timers;
mod typing;
mod watches;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::protocol::{
    Account, AppId, Call, CallRet, ClientFrame, Code, Failure, Login, Request, ServerFrame, limits,
};

pub use history::{ChannelMessage, HistoryError, HistoryPage, HistoryQuery};
pub use io::{CloseStatus, Input, LinkId, Now, Output, Unreadable};
pub use lasting::LastingChannel;
pub use persist::{AttrOwner, LastLogin, Snapshot, StoreOp, StoredMessage};
pub use settings::{AppRules, Apps, Settings};

use app::App;
use cx::{Cx, Totals};
use history::{Asking, Outcome};
use inbox::Inbox;
use lines::Lines;
use links::{Link, Links};
use rate::Windows;
use timers::{Timer, Timers};

/// The signaling service of one process.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
    links: Links,
    apps: HashMap<AppId, App>,
    timers: Timers,
    lines: Lines,
    logins: Windows<IpAddr>,
    /// Logins that were too many in their second, in their order; one a connection.
    postponed: VecDeque<(LinkId, Login)>,
    first_msgid: u64,
    totals: Totals,
    asking: Asking,
    /// Apps in which somebody is to be told of others' presence at the end of this input.
    presence_news: BTreeSet<AppId>,
    draining: bool,
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
            links: Links::default(),
            apps: HashMap::new(),
            timers: Timers::default(),
            lines: Lines::new(settings.line_seed),
            logins: Windows::default(),
            postponed: VecDeque::new(),
            // Room for a thousand events in every millisecond since 1970, and still exact in a JavaScript number.
            first_msgid: now.unix_ms.saturating_mul(1000),
            totals: Totals::default(),
            asking: Asking::default(),
            presence_news: BTreeSet::new(),
            draining: false,
            settings,
        }
    }

    /// Takes back what an earlier process kept, and says what of it is over and to be forgotten. Only for a hub that
    /// has handled nothing.
    #[must_use]
    pub fn restore(&mut self, now: Now, snapshot: Snapshot) -> Vec<StoreOp> {
        let mut effects = (Vec::new(), Vec::new());
        for (id, account, ver) in snapshot.acked {
            let inboxes = &mut self.app(&id).inboxes;
            inboxes.insert(account, Inbox::restored(ver));
        }
        for message in snapshot.messages {
            let id = message.app.clone();
            self.app(&id);
            self.in_app(now, &id, &mut effects, |app, cx| {
                app.restore_message(cx, message);
            });
        }
        for (owner, name, entry) in snapshot.attrs {
            let id = owner.app().clone();
            self.app(&id);
            self.in_app(now, &id, &mut effects, |app, cx| {
                app.restore_attr(cx, owner, name, entry);
            });
        }
        for lasting in snapshot.lasting {
            let id = lasting.app.clone();
            self.app(&id);
            self.in_app(now, &id, &mut effects, |app, cx| {
                app.restore_lasting(cx, lasting);
            });
        }
        for (id, sender, message_id, forget_at_ms) in snapshot.sent_ids {
            self.app(&id);
            self.in_app(now, &id, &mut effects, |app, cx| {
                app.sent_ids.remember(&sender, message_id, forget_at_ms);
                app.watch_sent_ids(cx);
            });
        }
        for login in snapshot.accounts {
            let id = login.app.clone();
            self.app(&id);
            self.in_app(now, &id, &mut effects, |app, cx| {
                app.restore_account(cx, login);
            });
        }
        for (id, account, peer) in snapshot.blocks {
            self.app(&id);
            self.in_app(now, &id, &mut effects, |app, cx| {
                app.restore_block(cx, &account, peer);
            });
        }
        let emptied = snapshot.emptied.into_iter();
        let mut emptied: HashMap<_, _> = emptied
            .map(|(app, name, since_ms)| ((app, name), since_ms))
            .collect();
        let mut ids: Vec<_> = self.apps.keys().cloned().collect();
        ids.sort();
        for id in ids {
            self.in_app(now, &id, &mut effects, |app, cx| {
                app.settle_restored(cx, |name| emptied.remove(&(id.clone(), name.clone())));
            });
        }
        effects.0
    }

    /// What an input leads to, to be done in order.
    #[must_use]
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let mut effects = (Vec::new(), Vec::new());
        while let Some(timer) = self.timers.pop_due(now.instant) {
            // Nothing more is said while everybody is being sent away.
            if !self.draining {
                self.fire(now, timer, &mut effects);
            }
        }
        self.note_closing(&effects.1);
        match input {
            Input::Opened { link, peer } => self.opened(now, link, peer, &mut effects),
            Input::Frame { link, frame } => self.frame(now, link, frame, &mut effects),
            Input::Unreadable { link, what } => self.unreadable(now, link, &what, &mut effects),
            Input::Closed { link } => self.closed(now, link, &mut effects),
            Input::History { query, page } => self.history_read(query, page, &mut effects),
            Input::Tick => {}
            Input::Drain => self.drain(now, &mut effects),
            Input::SendAway { app, account } => self.send_away(now, &app, &account, &mut effects),
            Input::Rename { name } => self.settings.server_name = name,
        }
        for id in std::mem::take(&mut self.presence_news) {
            self.in_app(now, &id, &mut effects, App::tell_presence);
        }
        self.note_closing(&effects.1);
        let (ops, out) = effects;
        ops.into_iter().map(Output::Store).chain(out).collect()
    }

    /// What still comes on a connection that is being closed is not heard.
    fn note_closing(&mut self, out: &[Output]) {
        for output in out {
            if let Output::Close { link, .. } = output {
                self.links.close(*link);
            }
        }
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
            inbox_messages: self.totals.messages,
            inbox_bytes: self.totals.message_bytes,
        }
    }

    /// Who is signed in and can be reached now, in the order of their names.
    #[must_use]
    pub fn online(&self) -> Vec<(AppId, Account)> {
        let apps = self.apps.iter();
        let mut online: Vec<_> = apps
            .flat_map(|(id, app)| app.online().map(|account| (id.clone(), account.clone())))
            .collect();
        online.sort();
        online
    }

    /// Who has signed in on a connection.
    #[must_use]
    pub fn signed_in(&self, link: LinkId) -> Option<(&AppId, &Account)> {
        match self.links.get(link)? {
            Link::SignedIn { app, account } => Some((app, account)),
            Link::Waiting { .. } | Link::Postponed { .. } | Link::Closing => None,
        }
    }

    fn send_away(&mut self, now: Now, id: &AppId, account: &Account, effects: &mut Effects) {
        self.in_app(now, id, effects, |app, cx| {
            let why = "an administrator ended the session";
            app.send_away(cx, account, Code::LogoutKicked, why);
        });
    }

    fn opened(&mut self, now: Now, link: LinkId, peer: IpAddr, effects: &mut Effects) {
        let strangers = self.links.strangers_from(peer);
        self.links.set(link, Link::Waiting { peer });
        // A reverse proxy brings everybody from loopback.
        let crowd = strangers >= limits::STRANGERS_PER_ADDRESS && !peer.is_loopback();
        if self.draining || crowd {
            let now = Duration::ZERO;
            effects.1.push(close(link, now, CloseStatus::GoingAway));
            return;
        }
        let due = now.instant + limits::LOGIN_TIMEOUT;
        self.timers.set(due, Timer::LoginDue(link));
    }

    fn frame(&mut self, now: Now, link: LinkId, frame: ClientFrame, effects: &mut Effects) {
        self.in_session(now, link, effects, |app, cx, account| {
            let last = app.last_msgid();
            if let Some(session) = app.sessions.get_mut(account) {
                session.last_frame = cx.now.instant;
                session.certain.came(cx.now.instant, last);
            }
        });
        match frame {
            ClientFrame::Login(login) => self.login(now, link, *login, effects),
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

    /// Answers a call: what it keeps comes first, then the answer, then what the call leads to. Where the store must be asked,
    /// the answer follows.
    fn call(&mut self, now: Now, link: LinkId, call: Call, effects: &mut Effects) {
        let Call { id, line, request } = call;
        if matches!(self.links.get(link), Some(Link::Closing) | None) {
            return;
        }
        let in_slot = match &request {
            Ok(request) => Request::fails_in_slot(request.function()),
            Err(failure) => failure.in_slot,
        };
        let before = effects.1.len();
        let mut outcome = Outcome::Now(cx::fail(Code::GeneralNotLogin, "not logged in"));
        self.in_session(now, link, effects, |app, cx, account| {
            let own = app.sessions.get(account).map(|session| &session.line);
            outcome = if own.is_none() || own != line.as_ref() {
                let why = "the line is not this session's";
                Outcome::Now(cx::fail(Code::GeneralNotLogin, why))
            } else {
                match request {
                    Ok(request) => app.outcome(cx, account, id, request),
                    Err(failure) => Outcome::Now(Err(failure)),
                }
            };
        });
        let result = match outcome {
            Outcome::Now(result) => result,
            Outcome::Later(query) => return self.ask(link, id, query, effects),
        };
        let result = result.map_err(|failure| Failure { in_slot, ..failure });
        let frame = ServerFrame::CallRet(CallRet { id, result });
        effects.1.insert(before, Output::Send { link, frame });
    }

    fn unreadable(&mut self, now: Now, link: LinkId, what: &Unreadable, effects: &mut Effects) {
        let status = match what {
            Unreadable::TooLarge { .. } => CloseStatus::TooLarge,
            Unreadable::NotAFrame(_) | Unreadable::Binary => CloseStatus::Unreadable,
        };
        match self.links.get(link) {
            Some(Link::SignedIn { .. }) => {
                self.in_session(now, link, effects, |app, cx, account| {
                    app.dismiss(cx, account, Code::LogoutPacket, &what.to_string(), status);
                })
            }
            Some(Link::Waiting { .. } | Link::Postponed { .. }) => {
                effects.1.push(close(link, limits::REFUSED_LINGER, status));
            }
            Some(Link::Closing) | None => {}
        }
    }

    fn closed(&mut self, now: Now, link: LinkId, effects: &mut Effects) {
        self.in_session(now, link, effects, |app, cx, account| {
            app.link_lost(cx, account);
        });
        self.timers.cancel(&Timer::LoginDue(link));
        self.links.remove(link);
    }

    /// Clients that come back by themselves are only disconnected; the others have to be told (protocol page, section 11).
    fn drain(&mut self, now: Now, effects: &mut Effects) {
        self.draining = true;
        for id in self.apps.keys().cloned().collect::<Vec<_>>() {
            self.in_app(now, &id, effects, |app, cx| app.mark_all_away(cx));
        }
        let apps = self.apps.values_mut();
        let told: HashSet<LinkId> = apps
            .flat_map(|app| app.sessions.drain())
            .filter(|(_, session)| !session.comes_back && session.caps.is_empty())
            .map(|(_, session)| session.link)
            .collect();
        for link in self.links.in_order() {
            if told.contains(&link) {
                let text = sessions::ending_text(Code::LogoutOther, "the server stops");
                let frame = ServerFrame::Close(text);
                effects.1.push(Output::Send { link, frame });
            }
            let linger = limits::REFUSED_LINGER;
            effects.1.push(close(link, linger, CloseStatus::GoingAway));
        }
    }

    #[rustfmt::skip] // one line a timer
    fn fire(&mut self, now: Now, timer: Timer, effects: &mut Effects) {
        let idle = self.settings.idle_timeout;
        match timer {
            Timer::LoginDue(link) => self.login_due(link, effects),
            Timer::IdleDue(link) => self.in_session(now, link, effects, |app, cx, account| app.idle_due(cx, account, idle)),
            Timer::LoginsWait => self.logins_wait(now, effects),
            Timer::TokenExpires(link) => self.in_session(now, link, effects, |app, cx, account| app.token_due(cx, account)),
            Timer::ResumeExpires(app, account) => self.in_app(now, &app, effects, |app, cx| app.resume_expires(cx, &account)),
            Timer::HistoryExpires(app) => self.in_app(now, &app, effects, |app, cx| app.history_expires(cx)),
            Timer::SentIdsExpire(app) => self.in_app(now, &app, effects, |app, cx| app.sent_ids_expire(cx)),
            Timer::AccountsExpire(app) => self.in_app(now, &app, effects, |app, cx| app.accounts_expire(cx)),
            Timer::MessageExpires(app, account) => self.in_app(now, &app, effects, |app, cx| app.message_expires(cx, &account)),
            Timer::InviteExpires(app, call) => self.in_app(now, &app, effects, |app, cx| app.invite_expires(cx, call)),
            Timer::PartyLost(app, call, account) => self.in_app(now, &app, effects, |app, cx| app.party_lost(cx, call, &account)),
            Timer::RingExpires(app, name) => self.in_app(now, &app, effects, |app, cx| app.ring_expires(cx, &name)),
            Timer::ChannelExpires(app, name) => self.in_app(now, &app, effects, |app, cx| app.channel_expires(cx, &name)),
            Timer::NumDue(app, name, counted) => self.in_app(now, &app, effects, |app, cx| app.num_due(cx, &name, counted)),
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
            totals: &mut self.totals,
        };
        if let Some(app) = self.apps.get_mut(id) {
            act(app, &mut cx);
            if app.watches.has_news() {
                self.presence_news.insert(id.clone());
            }
            if app.is_empty() {
                // Its numbers are ids of messages, and never given again.
                self.first_msgid = self.first_msgid.max(app.last_msgid());
                self.apps.remove(id);
            }
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
        let Some(Link::SignedIn { app, account }) = self.links.get(link) else {
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

fn close(link: LinkId, linger: Duration, status: CloseStatus) -> Output {
    Output::Close {
        link,
        linger,
        status,
    }
}
