//! What every topic of a session needs around it: the time, the timers, chance, and the way out for outputs and events.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::seed::Seed;
use super::timers::{Timer, Timers};
use super::{Answer, CommandError, LinkNo, Output, RequestNo, SessionRef};
use crate::client::event::{CallEvent, CallRef, ChannelEvent, Event, SessionEvent};
use crate::protocol::{Account, ChannelName, Presence, Receipt, Typing, limits};

/// Events that may wait for the application before its inbox is no longer polled: what comes then stays on the server,
/// which keeps it, until [`EVENTS_RESUME`] or fewer wait.
pub const EVENTS_PAUSE: usize = 512;
/// See [`EVENTS_PAUSE`].
pub const EVENTS_RESUME: usize = EVENTS_PAUSE / 2;
/// Events that may wait for the application before those of channels and receipts are dropped and counted in
/// [`SessionEvent::Missed`], and presence and watched attributes wait to be told in one event. That somebody is typing is dropped
/// earlier, at [`EVENTS_PAUSE`], and not counted. The rest of the way is for the page of messages that was asked for before the
/// pause.
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
    missed: u64,
    /// What the application was not told yet of others' presence, since it is slow: of each the latest. Bounded by
    /// [`limits::WATCHED`].
    untold: BTreeMap<Account, Presence>,
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
            missed: 0,
            untold: BTreeMap::new(),
        }
    }

    /// Begins a session: what is told from now on is told in it.
    pub(super) fn begin_session(&mut self) -> SessionRef {
        self.session.0 += 1;
        (self.waiting, self.missed) = (0, 0);
        self.untold.clear();
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
        self.tell_missed();
        self.push(Event::Session(event));
    }

    pub(super) fn tell_call(&mut self, call: CallRef, event: CallEvent) {
        self.tell_missed();
        self.push(Event::Call { call, event });
    }

    pub(super) fn tell_channel(&mut self, channel: &ChannelName, event: ChannelEvent) {
        if !self.has_room() && !is_own(&event) {
            self.missed += 1;
            return;
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

    fn tell_missed(&mut self) {
        if self.missed > 0 && self.has_room() {
            let events = std::mem::take(&mut self.missed);
            self.push(SessionEvent::Missed { events }.into());
        }
        if !self.untold.is_empty() && self.waiting < EVENTS_MAX {
            let states = std::mem::take(&mut self.untold).into_values();
            self.push(SessionEvent::Presence(states.collect()).into());
        }
    }

    fn push(&mut self, event: Event) {
        self.waiting += 1;
        let session = self.session;
        self.out.push(Output::Event { session, event });
    }
}

/// Whether an event is about the client's own membership: those are few, and never dropped.
fn is_own(event: &ChannelEvent) -> bool {
    match event {
        ChannelEvent::Joined(_) | ChannelEvent::Rejoined(_) | ChannelEvent::Left { .. } => true,
        ChannelEvent::UserJoined { .. }
        | ChannelEvent::UserLeft { .. }
        | ChannelEvent::AttrUpdated { .. }
        | ChannelEvent::MessageReceive { .. } => false,
    }
}
