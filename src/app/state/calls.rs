//! Calls, from the first ring to the last word.

mod holding;

use std::time::{Duration, Instant};

use super::{CallLog, CallSound, Contacts, Cx, Ending, PastCall};
use crate::app::effect::{Effect, Step};
use crate::app::msg::{CallMsg, Failure};
use crate::client::event::{CallEvent, CallRef, EndReason};
use crate::protocol::{Account, ChannelName, Dtmf, InviteExtra, InviteMsg, KeyWay};

/// How the channels are called that are made up for one call between two (protocol page, section 18).
pub(crate) const CALL_CHANNEL: &str = "call-";

/// Events of a call that came before the SDK had told its number: few, since both come from one queue. When full, the
/// oldest goes.
const EARLY_EVENTS: usize = 16;

/// All calls that are not over, and those whose end is still shown. The newest is last.
#[derive(Debug)]
pub(crate) struct Calls {
    all: Vec<Call>,
    /// Those that were.
    pub(crate) log: CallLog,
    early: Vec<(CallRef, CallEvent)>,
    /// Those that were given up before the SDK had a number for them.
    given_up: Vec<CallNo>,
}

/// Our own number of a call, which it has before the SDK gives it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallNo(pub(crate) u64);

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Its number.
    pub(crate) no: CallNo,
    /// The SDK's number of it, once it is known.
    pub(super) at: Option<CallRef>,
    /// Whether it was made from here.
    pub(crate) outgoing: bool,
    /// When it began, in ms since the Unix epoch.
    pub(crate) started_ms: u64,
    /// The other party.
    pub(crate) peer: Account,
    /// What they are called here.
    pub(crate) name: String,
    /// The channel that it is about.
    pub(crate) channel: ChannelName,
    /// The number that the caller sent.
    pub(crate) number: Option<String>,
    /// How far it is.
    pub(crate) phase: CallPhase,
    /// Keys that were pressed here.
    pub(crate) keys_sent: String,
    /// Keys that were pressed there.
    pub(crate) keys_heard: String,
    /// Whether it waits while one talks to somebody else.
    pub(crate) held: bool,
    /// What is heard in it.
    pub(crate) sound: CallSound,
    /// What did not work last, though the call goes on.
    pub(crate) trouble: Option<Failure>,
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CallPhase {
    /// We call; their device has not said that it has the invitation.
    Calling,
    /// We call; their device rings.
    RingingThere,
    /// They call.
    RingingHere,
    /// We have answered; the server has not said yet that the call still exists.
    Answering,
    /// Both are in.
    Talking {
        /// Since when.
        since: Instant,
    },
    /// It is over.
    Ended {
        /// Why.
        outcome: Outcome,
        /// How long both were in, if they were.
        talked: Option<Duration>,
    },
}

/// Why a call is over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// As the SDK says.
    Ended(EndReason),
    /// The invitation did not go out, or a step failed.
    Failed(Failure),
}

impl Call {
    /// Whether it is over.
    pub(crate) fn over(&self) -> bool {
        matches!(self.phase, CallPhase::Ended { .. })
    }

    /// For how long one has talked.
    pub(crate) fn talked(&self, now: Instant) -> Duration {
        match self.phase {
            CallPhase::Talking { since } => now.saturating_duration_since(since),
            CallPhase::Calling
            | CallPhase::RingingThere
            | CallPhase::RingingHere
            | CallPhase::Answering
            | CallPhase::Ended { .. } => Duration::ZERO,
        }
    }

    /// On which channel, where that is a room and not made up for this call; and the number that the caller sent.
    pub(crate) fn about(&self) -> Option<String> {
        let channel = self.channel.as_str();
        let room = (!channel.starts_with(CALL_CHANNEL)).then(|| format!("on {channel}"));
        let words: Vec<_> = [room, self.number.clone()].into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(" · "))
    }

    fn end(&mut self, now: Instant, outcome: Outcome) {
        let talked = match self.phase {
            CallPhase::Talking { since } => Some(now.saturating_duration_since(since)),
            CallPhase::Ended { .. } => return,
            CallPhase::Calling
            | CallPhase::RingingThere
            | CallPhase::RingingHere
            | CallPhase::Answering => None,
        };
        self.phase = CallPhase::Ended { outcome, talked };
    }
}

impl Calls {
    /// None yet.
    pub(super) fn new(me: Account) -> Self {
        Self {
            all: Vec::new(),
            log: CallLog::new(me),
            early: Vec::new(),
            given_up: Vec::new(),
        }
    }

    /// Every call that is to be shown, the newest last.
    pub(crate) fn all(&self) -> &[Call] {
        &self.all
    }

    /// The call of this number.
    pub(super) fn find_mut(&mut self, no: CallNo) -> Option<&mut Call> {
        self.all.iter_mut().find(|call| call.no == no)
    }

    /// Those that ring here.
    pub(crate) fn ringing(&self) -> impl DoubleEndedIterator<Item = &Call> {
        let all = self.all.iter();
        all.filter(|call| call.phase == CallPhase::RingingHere)
    }

    /// Says who is called what here.
    pub(super) fn name(&mut self, contacts: &Contacts) {
        for call in &mut self.all {
            let name = contacts.name(&call.peer);
            if call.name != name {
                call.name = name.to_owned();
            }
        }
    }

    /// A call with somebody that is not over.
    pub(crate) fn with(&self, peer: &Account) -> Option<&Call> {
        self.all
            .iter()
            .find(|call| call.peer == *peer && !call.over())
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: CallMsg) {
        match msg {
            CallMsg::Place(peer) => self.place(cx, peer),
            CallMsg::Placed(no, at) => self.placed(cx, no, at),
            CallMsg::NotPlaced(no, failure) => self.failed(cx, no, failure),
            CallMsg::Answer(no) => self.answer(cx, no),
            CallMsg::Decline(no) => self.decline(cx, no),
            CallMsg::End(no) => self.hang_up(cx, no),
            CallMsg::Key(no, key) => self.key(cx, no, key),
            CallMsg::StepFailed(no, step, failure) => self.step_failed(cx, no, step, failure),
            CallMsg::Dismiss(no) | CallMsg::Write(no) => self.dismiss(no),
            CallMsg::DeclineWith(no, _) => self.decline(cx, no),
            CallMsg::Resume(no) => self.resume(cx, no),
            CallMsg::Touched(key) => cx.effects.push(Effect::Tone(key)),
        }
    }

    /// The card of a call that is over goes.
    fn dismiss(&mut self, no: CallNo) {
        self.all.retain(|call| call.no != no || !call.over());
    }

    /// Somebody calls.
    pub(super) fn received(
        &mut self,
        cx: &mut Cx<'_>,
        at: CallRef,
        channel: ChannelName,
        peer: Account,
        extra: &str,
        glare: bool,
    ) {
        let no = CallNo(cx.ids.number());
        // Of the same person at most one card: what is over makes room for what rings.
        self.all.retain(|call| call.peer != peer || !call.over());
        let call = Call {
            no,
            at: Some(at),
            outgoing: false,
            started_ms: cx.now.unix_ms,
            name: peer.to_string(),
            peer,
            channel,
            number: InviteExtra::parse(extra).src_num,
            phase: CallPhase::RingingHere,
            keys_sent: String::new(),
            keys_heard: String::new(),
            held: false,
            sound: CallSound::default(),
            trouble: None,
        };
        CallLog::began(cx, &call);
        self.all.push(call);
        if glare {
            // Both wanted to talk.
            self.answer(cx, no);
        }
    }

    pub(super) fn happened(&mut self, cx: &mut Cx<'_>, at: CallRef, event: CallEvent) {
        let Some(call) = self.all.iter_mut().find(|call| call.at == Some(at)) else {
            if self.early.len() == EARLY_EVENTS {
                self.early.remove(0);
            }
            self.early.push((at, event));
            return;
        };
        let since = cx.now.at;
        match event {
            CallEvent::ReceivedByPeer { .. } => call.phase = CallPhase::RingingThere,
            CallEvent::AcceptedByPeer { .. } | CallEvent::Accepted => {
                call.phase = CallPhase::Talking { since };
                let no = call.no;
                CallLog::answered(cx, no);
                self.hold_second(cx, no);
            }
            CallEvent::Msg(InviteMsg::Dtmf(keys)) => {
                for key in keys {
                    call.key_heard(since, KeyWay::Message, key);
                }
            }
            CallEvent::Msg(InviteMsg::Other(_)) => {}
            CallEvent::Ended(reason) => {
                let no = call.no;
                self.ended(cx, no, Outcome::Ended(reason));
            }
        }
    }

    /// Somebody called while the account was away.
    pub(super) fn missed(
        &mut self,
        cx: &mut Cx<'_>,
        peer: Account,
        channel: ChannelName,
        extra: &str,
        at_ms: u64,
    ) {
        let call = PastCall {
            no: CallNo(cx.ids.number()),
            outgoing: false,
            peer,
            channel,
            number: InviteExtra::parse(extra).src_num,
            started_ms: at_ms,
            ending: Ending::Missed,
            seen: false,
        };
        self.log.missed_away(cx, call);
    }

    /// A call is over: it goes into the history, and its card goes or says why.
    fn ended(&mut self, cx: &mut Cx<'_>, no: CallNo, outcome: Outcome) {
        let Some(call) = self.all.iter_mut().find(|call| call.no == no) else {
            return;
        };
        if call.over() {
            return;
        }
        let rang = call.phase == CallPhase::RingingHere;
        // Nobody has to be told what they did themselves, nor of a call that another one stands for, nor in the way of
        // what they do of one that they have missed.
        let silent = match &outcome {
            Outcome::Failed(_) => false,
            Outcome::Ended(
                EndReason::Glare
                | EndReason::Replaced
                | EndReason::EndByMyself
                | EndReason::RefusedByMyself,
            ) => true,
            Outcome::Ended(
                EndReason::RefusedByPeer { .. }
                | EndReason::EndByPeer { .. }
                | EndReason::NoAnswer
                | EndReason::Failed { .. }
                | EndReason::LinkLost
                | EndReason::LoggedOut,
            ) => rang,
        };
        call.end(cx.now.at, outcome);
        call.sound.recording.call_over();
        // Nor is it silent where something was kept.
        let silent = silent && !call.sound.recording.matters();
        match PastCall::of(call) {
            Some(past) => self.log.add(cx, past),
            None => CallLog::gone(cx, no),
        }
        if silent {
            self.all.retain(|call| call.no != no);
        }
    }

    /// The session is over, and with it every call.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        let open: Vec<_> = self.all.iter().map(|call| call.no).collect();
        for no in open {
            self.ended(cx, no, Outcome::Ended(EndReason::LoggedOut));
        }
    }

    fn place(&mut self, cx: &mut Cx<'_>, peer: Account) {
        if self.with(&peer).is_some() {
            return;
        }
        let Ok(channel) = ChannelName::try_from(cx.ids.name(CALL_CHANNEL)) else {
            return;
        };
        let no = CallNo(cx.ids.number());
        self.all.retain(|call| call.peer != peer);
        let call = Call {
            no,
            at: None,
            outgoing: true,
            started_ms: cx.now.unix_ms,
            name: peer.to_string(),
            peer: peer.clone(),
            channel: channel.clone(),
            number: None,
            phase: CallPhase::Calling,
            keys_sent: String::new(),
            keys_heard: String::new(),
            held: false,
            sound: CallSound::default(),
            trouble: None,
        };
        CallLog::began(cx, &call);
        self.all.push(call);
        self.hold_others(cx, no);
        cx.effects.push(Effect::Invite {
            call: no,
            channel,
            peer,
        });
    }

    fn placed(&mut self, cx: &mut Cx<'_>, no: CallNo, at: CallRef) {
        if self.given_up.contains(&no) {
            self.given_up.retain(|given_up| *given_up != no);
            let step = Step::End;
            cx.effects.push(Effect::Step { call: no, at, step });
        }
        if let Some(call) = self.all.iter_mut().find(|call| call.no == no) {
            call.at = Some(at);
        }
        let (now, later): (Vec<_>, Vec<_>) = self.early.drain(..).partition(|(of, _)| *of == at);
        self.early = later;
        for (at, event) in now {
            self.happened(cx, at, event);
        }
    }

    fn answer(&mut self, cx: &mut Cx<'_>, no: CallNo) {
        if let Some(call) = self.all.iter_mut().find(|call| call.no == no)
            && call.phase == CallPhase::RingingHere
        {
            call.phase = CallPhase::Answering;
            self.hold_others(cx, no);
            self.step(cx, no, Step::Accept);
        }
    }

    /// Over at once, whatever the server still has to say: nothing rings on while it is asked.
    fn decline(&mut self, cx: &mut Cx<'_>, no: CallNo) {
        let ringing = |call: &Call| call.no == no && call.phase == CallPhase::RingingHere;
        if self.all.iter().any(ringing) {
            self.step(cx, no, Step::Refuse);
            self.ended(cx, no, Outcome::Ended(EndReason::RefusedByMyself));
        }
    }

    /// The same for a call that was made from here, or that both are in.
    fn hang_up(&mut self, cx: &mut Cx<'_>, no: CallNo) {
        self.step(cx, no, Step::End);
        self.ended(cx, no, Outcome::Ended(EndReason::EndByMyself));
    }

    fn key(&mut self, cx: &mut Cx<'_>, no: CallNo, key: Dtmf) {
        if let Some(call) = self.all.iter_mut().find(|call| call.no == no)
            && matches!(call.phase, CallPhase::Talking { .. })
        {
            call.keys_sent.push(key.label());
            call.trouble = None;
            cx.effects.push(Effect::Tone(key));
            self.step(cx, no, Step::Key(key));
        }
    }

    fn step(&mut self, cx: &mut Cx<'_>, no: CallNo, step: Step) {
        let Some(call) = self.all.iter_mut().find(|call| call.no == no) else {
            return;
        };
        match call.at {
            Some(at) if !call.over() => cx.effects.push(Effect::Step { call: no, at, step }),
            Some(_) => {}
            // Nothing but giving up is possible yet.
            None => {
                self.given_up.push(no);
                self.ended(cx, no, Outcome::Ended(EndReason::EndByMyself));
            }
        }
    }

    fn failed(&mut self, cx: &mut Cx<'_>, no: CallNo, failure: Failure) {
        self.given_up.retain(|given_up| *given_up != no);
        self.ended(cx, no, Outcome::Failed(failure));
    }

    /// A key that did not get through is said, and the call goes on; without the other steps there is no call to go on with.
    fn step_failed(&mut self, cx: &mut Cx<'_>, no: CallNo, step: Step, failure: Failure) {
        let Some(call) = self.all.iter_mut().find(|call| call.no == no) else {
            return;
        };
        match step {
            Step::Key(_) => call.trouble = Some(failure),
            Step::Accept | Step::Refuse | Step::End => {
                self.ended(cx, no, Outcome::Failed(failure));
            }
        }
    }
}
