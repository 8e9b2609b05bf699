//! Calls: every phase, both roles, every way to end (protocol page, sections 10 and 18).
//!
//! A call is known on the wire by its channel and peer; two who call each other have two calls of the same name, which the
//! role tells apart.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cx::Cx;
use super::pending::{ANSWER_TIMEOUT, Purpose};
use super::session::Session;
use super::timers::Timer;
use super::{Answer, CommandError, RequestNo};
use crate::client::event::{
    CallEvent, CallPhase, CallRef, CallRole, CallView, EndReason, SessionEvent, code_in,
};
use crate::protocol::{
    Account, Cap, ChannelName, Code, Envelope, EnvelopeKind, InviteMsg, Request, VoipArgs,
    VoipContent, VoipStep, limits,
};

/// How long a call rings before the caller gives up, unless the login's options say otherwise (protocol page, section 18).
pub const RING_TIMEOUT: Duration = Duration::from_secs(60);

/// What the client itself says when it ends a call.
const CANCELLED: &str = r#"{"reason":"cancelled"}"#;
const NO_ANSWER: &str = r#"{"reason":"no_answer"}"#;
const GLARE: &str = r#"{"reason":"glare"}"#;
const BUSY: &str = r#"{"reason":"busy","code":705}"#;
const LINK_LOST: &str = r#"{"reason":"disconnected","code":702}"#;

/// The calls that have not ended.
#[derive(Debug, Default)]
pub(super) struct Calls(BTreeMap<CallRef, CallView>);

impl Calls {
    pub(super) fn view(&self, call: CallRef) -> Option<&CallView> {
        self.0.get(&call)
    }

    /// The latest call under a name, in a role.
    fn find(&self, channel: &ChannelName, peer: &Account, role: CallRole) -> Option<CallRef> {
        let mut calls = self.0.iter().rev();
        calls
            .find(|(_, view)| view.channel == *channel && view.peer == *peer && view.role == role)
            .map(|(call, _)| *call)
    }

    /// What rings here.
    fn ringing_here(&self) -> impl Iterator<Item = CallRef> + use<'_> {
        let calls = self.0.iter();
        calls
            .filter(|(_, view)| view.phase == CallPhase::RingingHere)
            .map(|(call, _)| *call)
    }

    /// The call by which this client is asking a peer and has no answer yet.
    fn asking(&self, peer: &Account) -> Option<CallRef> {
        let mut calls = self.0.iter();
        calls
            .find(|(_, view)| view.peer == *peer && view.is_asking())
            .map(|(call, _)| *call)
    }
}

impl CallView {
    /// Whether this client calls and has no answer yet.
    fn is_asking(&self) -> bool {
        match self.phase {
            CallPhase::Inviting | CallPhase::RingingThere => true,
            CallPhase::RingingHere | CallPhase::Answering | CallPhase::Talking => false,
        }
    }
}

/// What the application does.
impl Session {
    pub(super) fn invite(
        &mut self,
        cx: &mut Cx,
        request: RequestNo,
        channel: ChannelName,
        peer: Account,
        extra: String,
    ) {
        let before = self.calls.find(&channel, &peer, CallRole::Caller);
        let asking = before
            .and_then(|call| self.calls.view(call))
            .is_some_and(CallView::is_asking);
        if asking {
            let reason = "already inviting this peer on this channel".to_owned();
            let code = Code::InviteReinvite;
            return cx.answer(request, Err(CommandError::Refused { code, reason }));
        }
        if self.calls.0.len() >= limits::CALLS_PER_ACCOUNT {
            let reason = "too many calls at a time".to_owned();
            let code = Code::InviteCantRecv;
            return cx.answer(request, Err(CommandError::Refused { code, reason }));
        }
        // The server knows one call of a name; a new one takes the place of the old.
        if let Some(before) = before {
            self.end_call(cx, before, EndReason::Replaced);
        }
        let call = cx.next_call();
        let view = CallView {
            channel,
            peer,
            role: CallRole::Caller,
            phase: CallPhase::Inviting,
        };
        self.calls.0.insert(call, view.clone());
        if let Some(timeout) = self.options.ring_timeout {
            cx.set_timer(Timer::Ring(call), timeout);
        }
        cx.answer(request, Ok(Answer::Invited { call }));
        self.step(cx, call, &view, VoipStep::Invite, extra, None);
    }

    pub(super) fn accept(&mut self, cx: &mut Cx, request: RequestNo, call: CallRef, extra: String) {
        let ringing = self.calls.0.get_mut(&call);
        let Some(view) = ringing.filter(|view| view.phase == CallPhase::RingingHere) else {
            return no_such_call(cx, request);
        };
        view.phase = CallPhase::Answering;
        cx.timers.cancel(Timer::Ring(call));
        let view = view.clone();
        self.step(cx, call, &view, VoipStep::Accept, extra, Some(request));
    }

    pub(super) fn refuse(&mut self, cx: &mut Cx, request: RequestNo, call: CallRef, extra: String) {
        let ringing = self.calls.view(call);
        let Some(view) = ringing
            .filter(|view| view.phase == CallPhase::RingingHere)
            .cloned()
        else {
            return no_such_call(cx, request);
        };
        self.end_call(cx, call, EndReason::RefusedByMyself);
        self.step(cx, call, &view, VoipStep::Refuse, extra, Some(request));
    }

    pub(super) fn say(&mut self, cx: &mut Cx, request: RequestNo, call: CallRef, msg: &InviteMsg) {
        match self.calls.view(call).cloned() {
            Some(view) => {
                let extra = msg.to_extra();
                self.step(cx, call, &view, VoipStep::Msg, extra, Some(request));
            }
            None => no_such_call(cx, request),
        }
    }

    pub(super) fn end(
        &mut self,
        cx: &mut Cx,
        request: RequestNo,
        call: CallRef,
        extra: Option<String>,
    ) {
        let Some(view) = self.calls.view(call).cloned() else {
            return no_such_call(cx, request);
        };
        self.end_call(cx, call, EndReason::EndByMyself);
        if self.pending.take_unsent_invite(call) {
            return cx.answer(request, Ok(Answer::Done));
        }
        let cancelled = if view.is_asking() { CANCELLED } else { "" };
        let extra = extra.unwrap_or_else(|| cancelled.to_owned());
        self.step(cx, call, &view, VoipStep::Bye, extra, Some(request));
    }

    fn step(
        &mut self,
        cx: &mut Cx,
        call: CallRef,
        view: &CallView,
        step: VoipStep,
        extra: String,
        request: Option<RequestNo>,
    ) {
        let args = VoipArgs {
            channel: view.channel.clone(),
            peer: view.peer.clone(),
            extra,
        };
        self.ask(
            cx,
            Request::Voip(step, args),
            Purpose::Step(call, step, request),
        );
    }
}

/// What the server answers and what time brings.
impl Session {
    /// A step was answered, or not in time.
    pub(super) fn stepped(
        &mut self,
        cx: &mut Cx,
        call: CallRef,
        step: VoipStep,
        request: Option<RequestNo>,
        result: Result<(), CommandError>,
    ) {
        if let Some(request) = request {
            cx.answer(request, result.clone().map(|()| Answer::Done));
        }
        match (step, result) {
            (VoipStep::Invite, Err(CommandError::TimedOut { code })) => {
                self.invite_unanswered(cx, call, code);
            }
            (VoipStep::Invite, Err(error)) => {
                let (code, extra) = (error.code(), error.to_string());
                self.end_call(cx, call, EndReason::Failed { code, extra });
            }
            (VoipStep::Accept, Ok(())) => {
                if let Some(view) = self.calls.0.get_mut(&call) {
                    view.phase = CallPhase::Talking;
                    cx.tell_call(call, CallEvent::Accepted);
                }
            }
            (VoipStep::Accept, Err(error)) => {
                let Some(view) = self.calls.view(call).cloned() else {
                    return;
                };
                let (code, extra) = (error.code(), error.to_string());
                self.end_call(cx, call, EndReason::Failed { code, extra });
                // An answer that was sent twice over a lost link may have been heard the first time.
                self.step(cx, call, &view, VoipStep::Bye, LINK_LOST.to_owned(), None);
            }
            (VoipStep::Invite, Ok(()))
            | (VoipStep::Ack | VoipStep::Refuse | VoipStep::Msg | VoipStep::Bye, _) => {}
        }
    }

    /// Nobody knows whether the invitation was heard. If it was, the peer's device rings, and would go on.
    fn invite_unanswered(&mut self, cx: &mut Cx, call: CallRef, code: Code) {
        let reason = if self.was_lost_within(cx, ANSWER_TIMEOUT) {
            EndReason::LinkLost
        } else {
            let extra = CommandError::TimedOut { code }.to_string();
            EndReason::Failed { code, extra }
        };
        self.give_up(cx, call, reason, LINK_LOST);
    }

    /// A call has rung long enough.
    pub(super) fn ring_over(&mut self, cx: &mut Cx, call: CallRef) {
        let reason = match self.calls.view(call).map(|view| view.role) {
            Some(CallRole::Caller) => EndReason::NoAnswer,
            // It rang on without a server, which cannot tell that nobody calls any more.
            Some(CallRole::Callee) => EndReason::LinkLost,
            None => return,
        };
        self.give_up(cx, call, reason, NO_ANSWER);
    }

    /// The link is lost. A server that was killed, or that has only 1.x, may never tell the end of what rings here; so it rings
    /// no longer than whoever calls would wait.
    pub(super) fn ring_alone(&mut self, cx: &mut Cx) {
        let latest = cx.now + self.options.ring_timeout.unwrap_or(RING_TIMEOUT);
        for call in self.calls.ringing_here() {
            cx.timers.set_by(Timer::Ring(call), latest);
        }
    }

    /// The server has the session as it was, and will tell the end of what rings here.
    pub(super) fn ring_on(&mut self, cx: &mut Cx) {
        for call in self.calls.ringing_here() {
            cx.timers.cancel(Timer::Ring(call));
        }
    }

    /// The session stands again, and nobody says which of its calls the server still has. A call that this client began and
    /// that was not answered is over (702); one that was goes on, and so does one that rings here: if it is over, its answer
    /// will tell.
    pub(super) fn calls_after_loss(&mut self, cx: &mut Cx) {
        if self.has(Cap::Resume) {
            // The server has given up the session, and its calls with it.
            return self.forget_calls(cx);
        }
        let asking = self.calls.0.iter().filter(|(_, view)| view.is_asking());
        for call in asking.map(|(call, _)| *call).collect::<Vec<_>>() {
            if !self.pending.has_unsent_invite(call) {
                self.pending.drop_sent_invite(call);
                self.give_up(cx, call, EndReason::LinkLost, LINK_LOST);
            }
        }
    }

    /// All calls are over of which the server knew; an invitation that has not gone out yet still will.
    fn forget_calls(&mut self, cx: &mut Cx) {
        for call in self.calls.0.keys().copied().collect::<Vec<_>>() {
            if !self.pending.has_unsent_invite(call) {
                self.pending.drop_call(call);
                self.end_call(cx, call, EndReason::LinkLost);
            }
        }
    }

    /// Ends a call that this client began.
    fn give_up(&mut self, cx: &mut Cx, call: CallRef, reason: EndReason, extra: &str) {
        let Some(view) = self.calls.view(call).cloned() else {
            return;
        };
        self.end_call(cx, call, reason);
        if !self.pending.take_unsent_invite(call) {
            self.step(cx, call, &view, VoipStep::Bye, extra.to_owned(), None);
        }
    }

    /// All calls are over with the session.
    pub(super) fn end_calls(&mut self, cx: &mut Cx, reason: &EndReason) {
        for call in self.calls.0.keys().copied().collect::<Vec<_>>() {
            self.end_call(cx, call, reason.clone());
        }
    }

    pub(super) fn end_call(&mut self, cx: &mut Cx, call: CallRef, reason: EndReason) {
        cx.timers.cancel(Timer::Ring(call));
        if self.calls.0.remove(&call).is_some() {
            cx.tell_call(call, CallEvent::Ended(reason));
        }
    }
}

/// What the peer does.
impl Session {
    /// A message of a call came to the inbox.
    pub(super) fn voip_said(&mut self, cx: &mut Cx, envelope: &Envelope) {
        let Ok(content) = serde_json::from_str::<VoipContent>(&envelope.content) else {
            return cx.tell(SessionEvent::Error {
                code: Code::LogoutPacket,
                text: format!("the content of a {} cannot be read", envelope.kind.name()),
            });
        };
        let step = match envelope.kind {
            EnvelopeKind::Voip(step) => step,
            EnvelopeKind::VoipInviteFailed => return self.invite_failed(cx, &content),
            EnvelopeKind::Instant
            | EnvelopeKind::MissedCall
            | EnvelopeKind::Receipt
            | EnvelopeKind::ChannelMsg
            | EnvelopeKind::ChannelUserJoin
            | EnvelopeKind::ChannelUserLeave
            | EnvelopeKind::ChannelAttrUpdate => return,
        };
        match step {
            VoipStep::Invite => self.invited(cx, content),
            VoipStep::Ack => self.peer_rings(cx, content),
            VoipStep::Accept => self.peer_accepted(cx, content),
            VoipStep::Refuse => self.peer_refused(cx, content),
            VoipStep::Msg => self.peer_said(cx, &content),
            VoipStep::Bye => self.peer_ended(cx, &content),
        }
    }

    fn invited(&mut self, cx: &mut Cx, content: VoipContent) {
        let view = CallView {
            channel: content.channel,
            peer: content.peer,
            role: CallRole::Callee,
            phase: CallPhase::RingingHere,
        };
        let call = cx.next_call();
        let ours = self.calls.asking(&view.peer);
        // Of two who call each other at once, the invitation of the account that sorts first stands.
        if ours.is_some() && self.account < view.peer {
            return self.step(cx, call, &view, VoipStep::Refuse, GLARE.to_owned(), None);
        }
        if self.calls.0.len() >= limits::CALLS_PER_ACCOUNT {
            return self.step(cx, call, &view, VoipStep::Refuse, BUSY.to_owned(), None);
        }
        if let Some(ours) = ours {
            self.yield_to(cx, ours, &view);
        }
        if let Some(before) = self.calls.find(&view.channel, &view.peer, CallRole::Callee) {
            self.end_call(cx, before, EndReason::Replaced);
        }
        self.calls.0.insert(call, view.clone());
        self.step(cx, call, &view, VoipStep::Ack, String::new(), None);
        cx.tell(SessionEvent::InviteReceived {
            call,
            channel: view.channel,
            peer: view.peer,
            extra: content.extra,
            glare: ours.is_some(),
        });
    }

    /// Our own call gives way to the peer's. On one channel the server would take the end of the one for the end of
    /// both, so there the peer ends ours, by refusing it.
    fn yield_to(&mut self, cx: &mut Cx, ours: CallRef, theirs: &CallView) {
        let Some(view) = self.calls.view(ours).cloned() else {
            return;
        };
        self.end_call(cx, ours, EndReason::Glare);
        if !self.pending.take_unsent_invite(ours) && view.channel != theirs.channel {
            self.step(cx, ours, &view, VoipStep::Bye, GLARE.to_owned(), None);
        }
    }

    /// The call by which this client is asking that peer on that channel.
    fn asked(&self, content: &VoipContent) -> Option<CallRef> {
        let call = self
            .calls
            .find(&content.channel, &content.peer, CallRole::Caller)?;
        self.calls.view(call)?.is_asking().then_some(call)
    }

    fn peer_rings(&mut self, cx: &mut Cx, content: VoipContent) {
        let Some(call) = self.asked(&content) else {
            return;
        };
        self.set_phase(call, CallPhase::RingingThere);
        let extra = content.extra;
        cx.tell_call(call, CallEvent::ReceivedByPeer { extra });
    }

    fn peer_accepted(&mut self, cx: &mut Cx, content: VoipContent) {
        let Some(call) = self.asked(&content) else {
            return;
        };
        self.set_phase(call, CallPhase::Talking);
        cx.timers.cancel(Timer::Ring(call));
        let extra = content.extra;
        cx.tell_call(call, CallEvent::AcceptedByPeer { extra });
    }

    fn peer_refused(&mut self, cx: &mut Cx, content: VoipContent) {
        if let Some(call) = self.asked(&content) {
            let extra = content.extra;
            self.end_call(cx, call, EndReason::RefusedByPeer { extra });
        }
    }

    fn invite_failed(&mut self, cx: &mut Cx, content: &VoipContent) {
        if let Some(call) = self.asked(content) {
            let code = code_in(&content.extra).unwrap_or(Code::InviteOther);
            let extra = content.extra.clone();
            self.end_call(cx, call, EndReason::Failed { code, extra });
        }
    }

    /// The calls of one name, in either role.
    fn named(&self, content: &VoipContent) -> impl Iterator<Item = CallRef> + use<> {
        let find = |role| self.calls.find(&content.channel, &content.peer, role);
        [find(CallRole::Caller), find(CallRole::Callee)]
            .into_iter()
            .flatten()
    }

    fn peer_said(&mut self, cx: &mut Cx, content: &VoipContent) {
        if let Some(call) = self.named(content).next() {
            cx.tell_call(call, CallEvent::Msg(InviteMsg::parse(&content.extra)));
        }
    }

    fn peer_ended(&mut self, cx: &mut Cx, content: &VoipContent) {
        for call in self.named(content) {
            let extra = content.extra.clone();
            self.end_call(cx, call, EndReason::EndByPeer { extra });
        }
    }

    fn set_phase(&mut self, call: CallRef, phase: CallPhase) {
        if let Some(view) = self.calls.0.get_mut(&call) {
            view.phase = phase;
        }
    }
}

fn no_such_call(cx: &mut Cx, request: RequestNo) {
    let (code, reason) = (
        Code::InviteOther,
        "there is no such call any more".to_owned(),
    );
    cx.answer(request, Err(CommandError::Refused { code, reason }));
}
