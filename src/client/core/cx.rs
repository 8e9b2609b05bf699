//! What every topic of a session needs around it: the time, the timers, chance, and the way out for outputs and events.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::seed::Seed;
use super::timers::{Timer, Timers};
use super::{Answer, CommandError, LinkNo, Output, RequestNo, SessionRef};
use crate::client::event::{CallEvent, CallRef, ChannelEvent, ChannelView, Event, SessionEvent};
use crate::protocol::{Account, ChannelName, Presence, Receipt, Typing, limits};

/// Events that may wait for the application before its inbox is no longer polled: what comes then stays on the server,
/// which keeps it, until [`EVENTS_RESUME`] or fewer wait.
pub const EVENTS_PAUSE: usize = 512;
/// See [`EVENTS_PAUSE`].
pub const EVENTS_RESUME: usize = EVENTS_PAUSE / 2;
/// Events that may wait for the application before those of channels, receipts and errors are dropped and counted in
/// [`SessionEvent::Missed`], and what has only a latest waits to be told in one event: presence, watched attributes, whether the
/// link stands ([`SessionEvent::LinkLost`] and [`SessionEvent::LoginSuccess`]) and how a channel looks after a comeback
/// ([`ChannelEvent::Rejoined`]). That somebody is typing is dropped earlier, at [`EVENTS_PAUSE`], and not counted. The rest of the
/// way is for the page of messages that was asked for before the pause, and for what an application brings about itself: joining,
/// leaving, calling.
pub const EVENTS_MAX: usize = 2 * EVENTS_PAUSE;

/// The surroundings.
#[derive(Debug)]
pub(super) struct Cx {
    pub(super) now: Instant,
    pub(super) timers: Timers,
    pub(super) seed: Seed,
    out: Vec<Output>,
    session: SessionRef,
    links: u64,
    calls: u64,
    waiting: usize,
    /// Events told in this session.
    told: u64,
    missed: u64,
    /// What the application was not told yet of others' presence, since it is slow: of each the latest. Bounded by
    /// [`limits::WATCHED`].
    untold: BTreeMap<Account, Presence>,
    untold_link: UntoldLink,
    /// How channels looked when they were joined again, of those of which the application has not been told.
    untold_rejoined: BTreeMap<ChannelName, ChannelView>,
}

/// What the application knows of the link, and what it does not.
#[derive(Debug, Default)]
struct UntoldLink {
    /// Whether the last that it was told is that the link is lost.
    told_lost: bool,
    /// What has become of the link since.
    latest: Option<SessionEvent>,
}

impl Cx {
    pub(super) fn new(now: Instant, seed: u128) -> Self {
        Self {
            now,
            timers: Timers::default(),
            seed: Seed::new(seed),
            out: Vec::new(),
            session: SessionRef(0),
            links: 0,
            calls: 0,
            waiting: 0,
            told: 0,
            missed: 0,
            untold: BTreeMap::new(),
            untold_link: UntoldLink::default(),
            untold_rejoined: BTreeMap::new(),
        }
    }

    /// Begins a session: what is told from now on is told in it.
    pub(super) fn begin_session(&mut self) -> SessionRef {
        self.session.0 += 1;
        (self.waiting, self.told, self.missed) = (0, 0, 0);
        self.untold.clear();
        self.untold_link = UntoldLink::default();
        self.untold_rejoined.clear();
        self.session
    }

    pub(super) fn next_link(&mut self) -> LinkNo {
        self.links += 1;
        LinkNo(self.links)
    }

    pub(super) fn next_call(&mut self) -> CallRef {
        self.calls += 1;
        CallRef(self.calls)
    }

    pub(super) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// How many events were told in this session: the number of the latest.
    pub(super) fn told(&self) -> u64 {
        self.told
    }

    pub(super) fn put(&mut self, output: Output) {
        self.out.push(output);
    }

    pub(super) fn answer(&mut self, request: RequestNo, answer: Result<Answer, CommandError>) {
        self.put(Output::Answer { request, answer });
    }

    pub(super) fn set_timer(&mut self, timer: Timer, after: Duration) {
        self.timers.set(timer, self.now + after);
    }

    pub(super) fn tell(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::LinkLost | SessionEvent::LoginSuccess { .. } => self.tell_link(event),
            SessionEvent::Error { .. } if !self.has_room() => self.missed += 1,
            SessionEvent::Error { .. }
            | SessionEvent::Logout { .. }
            | SessionEvent::MessageInstantReceive { .. }
            | SessionEvent::MissedCall { .. }
            | SessionEvent::Presence(_)
            | SessionEvent::Receipt(_)
            | SessionEvent::Typing(_)
            | SessionEvent::AttrEntries { .. }
            | SessionEvent::AttrChanged(_)
            | SessionEvent::InviteReceived { .. }
            | SessionEvent::Missed { .. } => {
                self.tell_missed();
                self.push(Event::Session(event));
            }
        }
    }

    /// That the link is lost or back. Only the latest counts, so it can wait for a slow application, to which a link that was
    /// lost ten times meanwhile was lost once.
    fn tell_link(&mut self, event: SessionEvent) {
        self.untold_link.latest = Some(event);
        self.tell_missed();
    }

    pub(super) fn tell_call(&mut self, call: CallRef, event: CallEvent) {
        self.tell_missed();
        self.push(Event::Call { call, event });
    }

    pub(super) fn tell_channel(&mut self, channel: &ChannelName, event: ChannelEvent) {
        if !self.has_room() {
            match event {
                ChannelEvent::Rejoined(view) => {
                    self.untold_rejoined.insert(channel.clone(), view);
                    return;
                }
                // It is in or out by now, and need not be told what was before.
                ChannelEvent::Joined(_) | ChannelEvent::Left { .. } => {
                    self.untold_rejoined.remove(channel);
                }
                ChannelEvent::UserJoined { .. }
                | ChannelEvent::UserLeft { .. }
                | ChannelEvent::AttrUpdated { .. }
                | ChannelEvent::MessageReceive { .. } => {
                    self.missed += 1;
                    return;
                }
            }
        }
        self.tell_missed();
        self.push(Event::Channel {
            channel: channel.clone(),
            event,
        });
    }

    /// Whether the application takes its events fast enough for one more that can be told otherwise later.
    pub(super) fn has_room(&self) -> bool {
        self.waiting < EVENTS_MAX
    }

    /// How others are. Only the latest counts, so it can wait for a slow application.
    pub(super) fn tell_presence(&mut self, states: Vec<Presence>) {
        if self.has_room() {
            return self.tell(SessionEvent::Presence(states));
        }
        for state in states {
            let known = self.untold.contains_key(&state.account);
            if known || self.untold.len() < limits::WATCHED {
                self.untold.insert(state.account.clone(), state);
            }
        }
    }

    /// How far messages have come.
    pub(super) fn tell_receipt(&mut self, receipt: Receipt) {
        if self.has_room() {
            self.tell(SessionEvent::Receipt(receipt));
        } else {
            self.missed += 1;
        }
    }

    /// That somebody is writing, which is old news for a slow application.
    pub(super) fn tell_typing(&mut self, typing: Typing) {
        if !self.is_paused() {
            self.tell(SessionEvent::Typing(typing));
        }
    }

    /// Whether the application is so slow that its inbox is left alone.
    pub(super) fn is_paused(&self) -> bool {
        self.waiting >= EVENTS_PAUSE
    }

    /// The application took events; whether the inbox may be polled again that could not be before.
    pub(super) fn events_taken(&mut self, waiting: usize) -> bool {
        let paused = self.waiting > EVENTS_RESUME;
        self.waiting = waiting;
        self.tell_missed();
        paused && waiting <= EVENTS_RESUME
    }

    /// Tells what had to wait, if there is room: the link first, then channels, and then that something was missed, since their
    /// views may be older than that.
    fn tell_missed(&mut self) {
        if !self.has_room() {
            return;
        }
        if let Some(event) = self.untold_link.latest.take() {
            self.push_link(event);
        }
        for (channel, view) in std::mem::take(&mut self.untold_rejoined) {
            let event = ChannelEvent::Rejoined(view);
            self.push(Event::Channel { channel, event });
        }
        if self.missed > 0 {
            let events = std::mem::take(&mut self.missed);
            self.push(SessionEvent::Missed { events }.into());
        }
        if !self.untold.is_empty() {
            let states = std::mem::take(&mut self.untold).into_values();
            self.push(SessionEvent::Presence(states.collect()).into());
        }
    }

    fn push_link(&mut self, event: SessionEvent) {
        let lost = event == SessionEvent::LinkLost;
        let again = matches!(event, SessionEvent::LoginSuccess { again: true, .. });
        // A login that follows another without a word of the loss would surprise.
        if !self.untold_link.told_lost && again {
            self.push(SessionEvent::LinkLost.into());
        }
        if !(self.untold_link.told_lost && lost) {
            self.push(event.into());
        }
        self.untold_link.told_lost = lost;
    }

    fn push(&mut self, event: Event) {
        self.waiting += 1;
        self.told += 1;
        let session = self.session;
        self.out.push(Output::Event { session, event });
    }
}
