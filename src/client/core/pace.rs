//! What was written while the link was away goes out bit by bit, so that the server's rate lets it through.

use std::time::{Duration, Instant};

use super::CommandError;
use super::cx::Cx;
use super::pending::Waiting;
use super::session::Session;
use super::timers::Timer;
use crate::protocol::{CallId, Code, Reply, Request};

/// Messages to channels that go out at a time after a comeback ...
pub const LATE_MESSAGES: usize = 5;
/// ... so often: 50 in a second, where the server takes 60 (documented). Where it takes fewer, less often in proportion.
pub const LATE_EVERY: Duration = Duration::from_millis(100);
/// How often such a message may be refused (400) before its sender is told. Others may have filled the channel's own rate.
pub const LATE_TRIES: u32 = 5;
/// How long all of them wait after a refusal, since the server counts by the second.
const LATE_PAUSE: Duration = Duration::from_secs(1);

/// How many may go.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the next few may go.
    next: Option<Instant>,
    /// Of the present few.
    left: usize,
}

impl Pace {
    /// Counts one, if it may go now.
    pub(super) fn allow(&mut self, now: Instant, every: Duration) -> bool {
        if self.next.is_none_or(|next| next <= now) {
            self.next = Some(now + every);
            self.left = LATE_MESSAGES;
        }
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }

    /// When more may go, if any had to wait.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    fn pause(&mut self, until: Instant) {
        self.next = Some(until);
        self.left = 0;
    }
}

impl Session {
    /// How often a few late messages may go.
    pub(super) fn late_every(&self) -> Duration {
        let granted = self.additions.as_ref();
        let limit = granted.map_or(0, |granted| granted.limits.channel_messages_per_user);
        match u32::try_from(limit) {
            // 0 is no limit.
            Ok(0) | Err(_) => LATE_EVERY,
            // Five sixths of the rate.
            Ok(limit) => (Duration::from_secs(6) / limit).max(LATE_EVERY),
        }
    }

    /// Takes a late message back that was refused for now, perhaps; else hands the request out.
    pub(super) fn unless_again(
        &mut self,
        cx: &mut Cx,
        id: CallId,
        mut waiting: Waiting,
        result: &Result<Reply, CommandError>,
    ) -> Option<Waiting> {
        let Request::ChannelSendMsg { name, .. } = &waiting.request else {
            return Some(waiting);
        };
        let Err(CommandError::Refused { code, .. }) = result else {
            return Some(waiting);
        };
        let may_pass = *code == Code::SendMessageOther && self.channels.view(name).is_some();
        if !may_pass || !waiting.again() {
            return Some(waiting);
        }
        self.pace.pause(cx.now + LATE_PAUSE);
        cx.set_timer(Timer::Late, LATE_PAUSE);
        self.pending.take_back(id, waiting);
        None
    }
}
