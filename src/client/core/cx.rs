//! What every topic of a session needs around it: the time, the timers, chance, and the way out for outputs and events.

use std::time::{Duration, Instant};

use super::seed::Seed;
use super::timers::{Timer, Timers};
use super::{Answer, CommandError, LinkNo, Output, RequestNo, SessionRef};
use crate::client::event::{CallEvent, CallRef, ChannelEvent, Event, SessionEvent};
use crate::protocol::ChannelName;

/// Events that may wait for the application before its inbox is no longer polled: what comes then stays on the server,
/// which keeps it, until [`EVENTS_RESUME`] or fewer wait.
pub const EVENTS_PAUSE: usize = 512;
/// See [`EVENTS_PAUSE`].
pub const EVENTS_RESUME: usize = EVENTS_PAUSE / 2;
/// Events that may wait for the application before those of channels are dropped, which nobody keeps, and counted in
/// [`SessionEvent::Missed`]; and those of watched attributes, which are told anew later. The rest of the way is for the page of messages that was asked for before the pause.
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
        }
    }

    /// Begins a session: what is told from now on is told in it.
    pub(super) fn begin_session(&mut self) -> SessionRef {
        self.session.0 += 1;
        (self.waiting, self.missed) = (0, 0);
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
