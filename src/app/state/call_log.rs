//! The calls that were: who called whom, when, how long, and how it ended.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{Call, CallNo, CallPhase, ConversationId, Cx, Outcome};
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::app::msg::Failure;
use crate::client::event::EndReason;
use crate::protocol::{Account, ChannelName, Code};
use crate::store::{self, Attention, CallRecord, MessageKind, NewMessage, Way};

/// Calls that are held in memory. When one more comes, the oldest goes.
pub(crate) const CALLS: usize = 1000;

/// The line of a call that was missed.
pub(crate) const MISSED_CALL: &str = "Missed call";
/// The line of a call in which Callsign ended.
pub(crate) const CALL_INTERRUPTED: &str = "Call interrupted";

/// The calls that were, the latest first.
#[derive(Debug)]
pub(crate) struct CallLog {
    me: Account,
    calls: VecDeque<PastCall>,
    /// How many were missed of each account since the start and since somebody looked: those are news.
    news: BTreeMap<Account, usize>,
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
    /// Callsign ended while it went on.
    Interrupted,
    /// It could not be made, or broke off.
    Failed(Failure),
}

impl CallLog {
    /// None yet.
    /// Whose calls they are.
    pub(super) fn me(&self) -> &Account {
        &self.me
    }

    pub(super) fn new(me: Account) -> Self {
        let calls = VecDeque::new();
        let news = BTreeMap::new();
        Self { me, calls, news }
    }

    /// All of them, the latest first.
    pub(crate) fn all(&self) -> &VecDeque<PastCall> {
        &self.calls
    }

    /// How many calls were missed since somebody looked.
    pub(crate) fn missed(&self) -> usize {
        self.calls.iter().filter(|call| !call.seen).count()
    }

    /// Who called in vain since the start and since somebody looked, and how often. What was missed before is no news.
    pub(super) fn news(&self) -> &BTreeMap<Account, usize> {
        &self.news
    }

    /// Somebody has looked.
    pub(super) fn saw(&mut self, cx: &mut Cx<'_>) {
        if self.missed() > 0 {
            cx.effects.push(Effect::Store(StoreEffect::CallsSeen));
        }
        self.news.clear();
        for call in &mut self.calls {
            call.seen = true;
        }
    }

    /// What the history has, behind what has come since.
    pub(super) fn fill(&mut self, cx: &mut Cx<'_>, kept: Vec<CallRecord>) {
        let since = self.calls.back().map_or(u64::MAX, |call| call.started_ms);
        let older = kept.into_iter().filter(|kept| kept.call.started_ms < since);
        let room = CALLS.saturating_sub(self.calls.len());
        let older = older.filter_map(|kept| PastCall::kept(CallNo(cx.ids.number()), kept));
        self.calls.extend(older.take(room));
    }

    /// A call begins; from now on the history has it, whatever becomes of us.
    pub(super) fn began(cx: &mut Cx<'_>, call: &Call) {
        let begins = store::NewCall {
            outgoing: call.outgoing,
            peer: call.peer.clone(),
            channel: call.channel.clone(),
            number: call.number.clone(),
            started_ms: call.started_ms,
        };
        begin(cx, call.no, begins);
    }

    /// Both are in.
    pub(super) fn answered(cx: &mut Cx<'_>, no: CallNo) {
        let answered = StoreEffect::CallAnswered(no, cx.now.unix_ms);
        cx.effects.push(Effect::Store(answered));
    }

    /// Another call stands for one that began.
    pub(super) fn gone(cx: &mut Cx<'_>, no: CallNo) {
        cx.effects.push(Effect::Store(StoreEffect::CallGone(no)));
    }

    /// A call was missed that never began here. What a Callsign that was killed was told is told again.
    pub(super) fn missed_away(&mut self, cx: &mut Cx<'_>, call: PastCall) {
        let same = |other: &PastCall| {
            let told = (&other.peer, &other.channel, other.started_ms);
            other.ending == Ending::Missed && told == (&call.peer, &call.channel, call.started_ms)
        };
        if self.calls.iter().any(same) {
            return;
        }
        let missed = store::NewCall {
            outgoing: call.outgoing,
            peer: call.peer.clone(),
            channel: call.channel.clone(),
            number: call.number.clone(),
            started_ms: call.started_ms,
        };
        let kept = StoreEffect::CallMissed(Box::new(missed), cx.now.unix_ms);
        cx.effects.push(Effect::Store(kept));
        self.show(cx, call);
    }

    /// A call that began is over.
    pub(super) fn add(&mut self, cx: &mut Cx<'_>, call: PastCall) {
        let kept = StoreEffect::CallEnded(call.no, cx.now.unix_ms, call.ending.to_keep());
        cx.effects.push(Effect::Store(kept));
        self.show(cx, call);
    }

    /// Shows a call among the others, and as a line in the conversation.
    fn show(&mut self, cx: &mut Cx<'_>, call: PastCall) {
        if self.calls.len() == CALLS {
            self.calls.pop_back();
        }
        // A call that was missed while the account was away is told later than it happened.
        let later = |other: &PastCall| other.started_ms > call.started_ms;
        let place = self.calls.iter().take_while(|other| later(other)).count();
        let note = note(cx.now.unix_ms, &self.me, &call);
        cx.effects.push(Effect::Store(note));
        if call.ending == Ending::Missed {
            *self.news.entry(call.peer.clone()).or_default() += 1;
        }
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

impl Ending {
    /// As the history keeps it.
    fn to_keep(&self) -> store::Outcome {
        match self {
            Self::Talked(_) => store::Outcome::Talked,
            Self::Missed => store::Outcome::Missed,
            Self::Declined => store::Outcome::Declined,
            Self::Refused => store::Outcome::Refused,
            Self::Cancelled => store::Outcome::Cancelled,
            Self::NoAnswer => store::Outcome::NoAnswer,
            Self::Interrupted => store::Outcome::Interrupted,
            Self::Failed(Failure { code, detail }) => {
                let (code, reason) = (*code, detail.clone());
                store::Outcome::Failed { code, reason }
            }
        }
    }
}

impl PastCall {
    /// As the history kept it; nothing of a call that goes on.
    fn kept(no: CallNo, record: CallRecord) -> Option<Self> {
        let talked = record.ended_ms.zip(record.answered_ms);
        let talked = talked.map_or(0, |(ended, answered)| ended.saturating_sub(answered));
        let ending = match record.outcome? {
            store::Outcome::Talked => Ending::Talked(Duration::from_millis(talked)),
            store::Outcome::Missed => Ending::Missed,
            store::Outcome::Declined => Ending::Declined,
            store::Outcome::Refused => Ending::Refused,
            store::Outcome::Cancelled => Ending::Cancelled,
            store::Outcome::NoAnswer => Ending::NoAnswer,
            store::Outcome::Interrupted => Ending::Interrupted,
            store::Outcome::Failed { code, reason } => Ending::Failed(Failure {
                code,
                detail: reason,
            }),
        };
        let store::NewCall {
            outgoing,
            peer,
            channel,
            number,
            started_ms,
        } = record.call;
        Some(Self {
            no,
            outgoing,
            peer,
            channel,
            number,
            started_ms,
            ending,
            seen: record.seen,
        })
    }
}

fn begin(cx: &mut Cx<'_>, no: CallNo, begins: store::NewCall) {
    let began = StoreEffect::CallBegan(no, Box::new(begins));
    cx.effects.push(Effect::Store(began));
}

/// The line that stands for a call in the conversation with whoever it was with.
fn note(now_ms: u64, me: &Account, call: &PastCall) -> StoreEffect {
    let (source, way) = match call.outgoing {
        true => (me.clone(), Way::Out(store::Delivery::Sent)),
        // The badge of calls says what was missed.
        false => (call.peer.clone(), Way::In(Attention::Seen)),
    };
    StoreEffect::Put(Box::new(NewMessage {
        conversation: ConversationId::Person(call.peer.clone()),
        id: None,
        source,
        way,
        kind: MessageKind::Call,
        text: in_words(&call.ending).to_string(),
        server_ms: Some(call.started_ms),
        local_ms: now_ms,
        reply_to: None,
    }))
}

/// How a call went, as the line in the conversation says it; an export has the same words.
fn in_words(ending: &Ending) -> Cow<'static, str> {
    let talked = match ending {
        Ending::Talked(talked) => talked.as_secs(),
        Ending::Missed => return MISSED_CALL.into(),
        Ending::Declined => return "Call, you declined".into(),
        Ending::Refused => return "Call, they declined".into(),
        Ending::Cancelled => return "Call, given up".into(),
        Ending::NoAnswer => return "Call, no answer".into(),
        Ending::Interrupted => return CALL_INTERRUPTED.into(),
        Ending::Failed(_) => return "Call, not connected".into(),
    };
    match (talked / 3600, talked / 60 % 60, talked) {
        (0, 0, seconds) => format!("Call, {seconds} s").into(),
        (0, minutes, _) => format!("Call, {minutes} min").into(),
        (hours, minutes, _) => format!("Call, {hours} h {minutes} min").into(),
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
