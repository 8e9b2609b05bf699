//! The calls that were: who called whom, when, how long, and how it ended.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Call, CallNo, CallPhase, Cx, Outcome};
use crate::app::effect::Effect;
use crate::app::msg::Failure;
use crate::client::event::EndReason;
use crate::protocol::{Account, ChannelName, Code};

/// Calls that are held in memory. When one more comes, the oldest goes.
pub(crate) const CALLS: usize = 1000;

/// The calls that were, the latest first.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    calls: VecDeque<PastCall>,
}

/// A call that is over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PastCall {
    /// Its number.
    pub(crate) no: CallNo,
    /// Whether it was made from here.
    pub(crate) outgoing: bool,
    /// The other party.
    pub(crate) peer: Account,
    /// The channel that it was about.
    pub(crate) channel: ChannelName,
    /// The number that the caller showed.
    pub(crate) number: Option<String>,
    /// When it began, in ms since the Unix epoch.
    pub(crate) started_ms: u64,
    /// How it ended.
    pub(crate) ending: Ending,
    /// Whether somebody has looked at the history since.
    pub(crate) seen: bool,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    /// Both were in, for so long.
    Talked(Duration),
    /// Nobody answered it here.
    Missed,
    /// It was declined here.
    Declined,
    /// The peer declined it.
    Refused,
    /// It was given up here.
    Cancelled,
    /// The peer did not answer.
    NoAnswer,
    /// It could not be made, or broke off.
    Failed(Failure),
}

impl CallLog {
    /// All of them, the latest first.
    pub(crate) fn all(&self) -> &VecDeque<PastCall> {
        &self.calls
    }

    /// How many calls were missed since somebody looked.
    pub(crate) fn missed(&self) -> usize {
        self.calls.iter().filter(|call| !call.seen).count()
    }

    /// The same from one account.
    pub(crate) fn missed_from(&self, peer: &Account) -> usize {
        let missed = self.calls.iter().filter(|call| !call.seen);
        missed.filter(|call| call.peer == *peer).count()
    }

    /// Somebody has looked.
    pub(super) fn saw(&mut self) {
        for call in &mut self.calls {
            call.seen = true;
        }
    }

    /// A call is over.
    pub(super) fn add(&mut self, cx: &mut Cx<'_>, call: PastCall) {
        if self.calls.len() == CALLS {
            self.calls.pop_back();
        }
        cx.effects.push(Effect::KeepCall(call.clone()));
        // A call that was missed while the account was away is told later than it happened.
        let later = |other: &PastCall| other.started_ms > call.started_ms;
        let place = self.calls.iter().take_while(|other| later(other)).count();
        self.calls.insert(place, call);
    }
}

impl PastCall {
    /// What is to be remembered of a call that is over; nothing of one that another call stands for.
    pub(super) fn of(call: &Call) -> Option<Self> {
        let CallPhase::Ended { outcome, talked } = &call.phase else {
            return None;
        };
        let ending = match (talked, outcome) {
            (Some(talked), _) => Ending::Talked(*talked),
            (None, outcome) => ending(outcome, call.outgoing)?,
        };
        Some(Self {
            no: call.no,
            outgoing: call.outgoing,
            peer: call.peer.clone(),
            channel: call.channel.clone(),
            number: call.number.clone(),
            started_ms: call.started_ms,
            seen: ending != Ending::Missed,
            ending,
        })
    }
}

/// How a call ended in which nobody talked.
fn ending(outcome: &Outcome, outgoing: bool) -> Option<Ending> {
    let reason = match outcome {
        Outcome::Failed(failure) => return Some(Ending::Failed(failure.clone())),
        Outcome::Ended(reason) => reason,
    };
    Some(match (reason, outgoing) {
        (EndReason::Glare | EndReason::Replaced, _) => return None,
        (EndReason::RefusedByMyself | EndReason::EndByMyself, false) => Ending::Declined,
        (
            EndReason::EndByPeer { .. }
            | EndReason::RefusedByPeer { .. }
            | EndReason::NoAnswer
            | EndReason::Failed { .. }
            | EndReason::LinkLost
            | EndReason::LoggedOut,
            false,
        ) => Ending::Missed,
        (EndReason::RefusedByPeer { .. }, true) => Ending::Refused,
        (EndReason::EndByMyself | EndReason::RefusedByMyself | EndReason::LoggedOut, true) => {
            Ending::Cancelled
        }
        (EndReason::NoAnswer, true) => Ending::NoAnswer,
        (EndReason::EndByPeer { .. } | EndReason::Failed { .. } | EndReason::LinkLost, true) => {
            let code = reason.code();
            let detail = String::new();
            if code == Code::Success {
                Ending::NoAnswer
            } else {
                Ending::Failed(Failure { code, detail })
            }
        }
    })
}
