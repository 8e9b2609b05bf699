//! Calls: an invitation, what follows it, and every way in which it ends.
//!
//! The hub forwards each step to the other party and knows just enough to never tell a session of a call that it cannot
//! know: the Python client dies of that (protocol page, section 10).

use crate::protocol::{
    Account, Cap, ChannelName, Code, Envelope, EnvelopeKind, EnvelopeVersion, Failure, InviteExtra,
    MessageId, Reply, VoipArgs, VoipContent, VoipStep, limits,
};

use super::StoredMessage;
use super::app::App;
use super::calls::{Call, Party, Phase, Role};
use super::cx::{Answer, Cx, fail};
use super::inbox::Keep;
use super::sessions::Ending;
use super::timers::Timer;

/// What a party can be told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hears {
    /// Its session knows the call.
    Now,
    /// Its link is lost, or its client has not shown yet that it is the one that comes back.
    OnReturn,
    /// It does not know the call, or does so no more.
    Nothing,
}

impl App {
    /// One step of a call, from one of its parties.
    pub(super) fn voip(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        step: VoipStep,
        args: VoipArgs,
    ) -> Answer {
        match step {
            VoipStep::Invite => self.invite(cx, from, args),
            VoipStep::Ack => {
                self.answer(cx, from, step, args, &[Phase::Sent], Some(Phase::Ringing))
            }
            VoipStep::Accept => self.answer(
                cx,
                from,
                step,
                args,
                &[Phase::Sent, Phase::Ringing],
                Some(Phase::Talking),
            ),
            VoipStep::Refuse => {
                self.answer(cx, from, step, args, &[Phase::Sent, Phase::Ringing], None)
            }
            VoipStep::Msg => self.say(cx, from, args),
            VoipStep::Bye => self.bye(cx, from, &args),
        }
    }

    fn invite(&mut self, cx: &mut Cx<'_>, from: &Account, args: VoipArgs) -> Answer {
        let VoipArgs {
            channel,
            peer: dialed,
            extra,
        } = args;
        let callee = self.callee_of(&dialed)?;
        if callee == *from {
            return fail(Code::InviteCantRecv, "nobody can call themselves");
        }
        let wishes = InviteExtra::parse(&extra);
        let online = self.sessions.contains_key(&callee);
        if !self.takes_calls_of(&callee, from) {
            // Whoever is blocked learns no more than anybody else.
            if wishes.require_peer_online && !online {
                return fail(Code::InvitePeerOffline, "peer offline");
            }
            let reason = format!("{dialed} does not want to be disturbed");
            return fail(Code::InviteCantRecv, reason);
        }
        self.replace_call(cx, from, &channel, &dialed)?;
        if wishes.require_peer_online && !online {
            return fail(Code::InvitePeerOffline, "peer offline");
        }
        let busy =
            |account: &Account| self.calls.ids_of(account).len() >= limits::CALLS_PER_ACCOUNT;
        let is_gateway = |account: &Account| self.rules.gateway.as_ref() == Some(account);
        if [from, &callee]
            .into_iter()
            .any(|account| busy(account) && !is_gateway(account))
        {
            return fail(Code::InviteCantRecv, "too many calls at a time");
        }
        self.room_for(cx, from, &callee)
            .or_else(|why| fail(Code::InviteCantRecv, why))?;
        let link = self.sessions.get(from).map(|session| session.link);
        let call = Call {
            channel,
            caller: Party::new(from.clone(), link),
            callee: Party::new(callee, None),
            dialed,
            phase: Phase::Sent,
        };
        let id = self.calls.add(call.clone());
        let timeout = wishes.timeout.unwrap_or(limits::INVITE_TIMEOUT);
        cx.set_timer(timeout, Timer::InviteExpires(self.id.clone(), id));
        let kind = EnvelopeKind::Voip(VoipStep::Invite);
        let envelope = self.envelope(cx, &call, Role::Callee, kind, extra);
        self.put(cx, &call.callee.account, envelope, Keep::Call(id));
        Ok(Reply::Done)
    }

    /// Whether an account wants to be called by another now.
    fn takes_calls_of(&self, callee: &Account, caller: &Account) -> bool {
        let session = self.sessions.get(callee);
        let closed = session.is_some_and(|session| session.presence.is_closed_to(caller));
        !closed && !self.blocks.has(callee, caller)
    }

    /// Clients keep one call for a channel and a peer: a new invitation replaces one that was answered, and one of a
    /// login that is over. Another that is pending stands.
    fn replace_call(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        channel: &ChannelName,
        dialed: &Account,
    ) -> Result<(), Failure> {
        let Some(id) = self.calls.find(from, Role::Caller, channel, dialed) else {
            return Ok(());
        };
        let Some(call) = self.calls.by_id.get(&id) else {
            return Ok(());
        };
        if call.phase == Phase::Talking {
            self.remove_call(cx, id);
        } else if self.hears(&call.caller) == Hears::Now {
            return fail(
                Code::InviteReinvite,
                "already inviting this peer on this channel",
            );
        } else {
            let extra = self.reason_extra("disconnected", Code::InviteOther);
            self.end_call(cx, id, Role::Caller, Some(extra));
        }
        Ok(())
    }

    /// Who answers for a dialed account: a number that nobody is signed in under is the gateway's.
    fn callee_of(&self, dialed: &Account) -> Result<Account, Failure> {
        if !dialed.is_number() || self.sessions.contains_key(dialed) {
            return Ok(dialed.clone());
        }
        match &self.rules.gateway {
            Some(gateway) => Ok(gateway.clone()),
            None => fail(Code::InvitePeerOffline, "this server has no phone gateway"),
        }
    }

    /// The callee's device acknowledges, or the callee accepts or refuses (then no phase follows).
    fn answer(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        step: VoipStep,
        args: VoipArgs,
        phases: &[Phase],
        next: Option<Phase>,
    ) -> Answer {
        let id = self
            .calls
            .find(from, Role::Callee, &args.channel, &args.peer);
        let call = id.and_then(|id| Some((id, self.calls.by_id.get(&id)?)));
        let Some((id, call)) = call.filter(|(_, call)| phases.contains(&call.phase)) else {
            return fail(Code::InviteOther, "there is no such call any more");
        };
        self.room_for(cx, from, &call.caller.account)
            .or_else(|why| fail(Code::InviteOther, why))?;
        let mut call = call.clone();
        // Whoever answers an invitation has it, wherever it came from.
        call.callee.link = self.sessions.get(from).map(|session| session.link);
        self.withdraw(cx, id, from);
        if let Some(inbox) = self.inboxes.get_mut(from) {
            inbox.invite_dealt_with(id);
        }
        match next {
            Some(phase) => {
                call.phase = phase;
                let timer = Timer::InviteExpires(self.id.clone(), id);
                cx.timers.cancel(&timer);
                self.calls.by_id.insert(id, call.clone());
            }
            None => drop(self.remove_call(cx, id)),
        }
        let kind = EnvelopeKind::Voip(step);
        self.tell_party(cx, id, &call, Role::Caller, kind, args.extra);
        Ok(Reply::Done)
    }

    /// Either party says something within the call.
    fn say(&mut self, cx: &mut Cx<'_>, from: &Account, args: VoipArgs) -> Answer {
        let roles = [Role::Caller, Role::Callee];
        let found = roles.into_iter().find_map(|role| {
            let id = self.calls.find(from, role, &args.channel, &args.peer)?;
            Some((id, role, self.calls.by_id.get(&id)?.clone()))
        });
        let Some((id, role, call)) = found else {
            return fail(Code::InviteOther, "there is no such call any more");
        };
        let peer = &call.party(role.other()).account;
        self.room_for(cx, from, peer)
            .or_else(|why| fail(Code::InviteOther, why))?;
        let kind = EnvelopeKind::Voip(VoipStep::Msg);
        self.tell_party(cx, id, &call, role.other(), kind, args.extra);
        Ok(Reply::Done)
    }

    /// Either party ends the call. What ended already needs no ending; and two who called each other on one channel
    /// have one call between them, of whose end the other is told once.
    fn bye(&mut self, cx: &mut Cx<'_>, from: &Account, args: &VoipArgs) -> Answer {
        let mut told = false;
        for role in [Role::Caller, Role::Callee] {
            if let Some(id) = self.calls.find(from, role, &args.channel, &args.peer) {
                let extra = (!told).then(|| args.extra.clone());
                told |= self.end_call(cx, id, role, extra);
            }
        }
        Ok(Reply::Done)
    }

    /// Ends a call by one party; the other is told `extra`, if it knows of it and there is something to tell. Returns
    /// whether it was.
    fn end_call(&mut self, cx: &mut Cx<'_>, id: u64, by: Role, extra: Option<String>) -> bool {
        let Some(call) = self.remove_call(cx, id) else {
            return false;
        };
        let unseen = match by {
            Role::Caller => self.withdraw_missed(cx, id, &call),
            Role::Callee => self.withdraw(cx, id, &call.callee.account),
        };
        let Some(extra) = extra.filter(|_| by == Role::Callee || !unseen) else {
            return false;
        };
        let kind = EnvelopeKind::Voip(VoipStep::Bye);
        self.tell_party(cx, id, &call, by.other(), kind, extra)
    }

    /// Forgets a call and its timers.
    fn remove_call(&mut self, cx: &mut Cx<'_>, id: u64) -> Option<Call> {
        let call = self.calls.remove(id)?;
        cx.timers.cancel(&Timer::InviteExpires(self.id.clone(), id));
        for party in [&call.caller, &call.callee] {
            let account = party.account.clone();
            cx.timers
                .cancel(&Timer::PartyLost(self.id.clone(), id, account));
        }
        Some(call)
    }

    /// Takes an invitation back that nobody has been given.
    fn withdraw(&mut self, cx: &mut Cx<'_>, id: u64, callee: &Account) -> bool {
        let inbox = self.inboxes.get_mut(callee);
        let freed = inbox.and_then(|inbox| inbox.withdraw_invite(id));
        let withdrawn = freed.is_some();
        self.dropped(cx, callee, freed.unwrap_or_default());
        withdrawn
    }

    /// The same, when the caller gave up or was given up: an account whose client reads it finds that it was called.
    fn withdraw_missed(&mut self, cx: &mut Cx<'_>, id: u64, call: &Call) -> bool {
        let callee = &call.callee.account;
        let inbox = self.inboxes.get(callee);
        let content = inbox
            .and_then(|inbox| inbox.unseen_invite(id))
            .map(|invite| invite.content.clone());
        let withdrawn = self.withdraw(cx, id, callee);
        if let Some(content) = content {
            let caller = call.name_across(Role::Callee).clone();
            self.record_missed(cx, callee, caller, content);
        }
        withdrawn
    }

    /// Leaves a record of a call that an account missed, if its client reads it.
    fn record_missed(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        caller: Account,
        content: String,
    ) {
        let reads = self.accounts.last_caps(account).has(Cap::V3);
        if !reads || self.room_for(cx, &caller, account).is_err() {
            return;
        }
        let record = StoredMessage {
            app: self.id.clone(),
            account: account.clone(),
            ver: 0,
            id: MessageId::numbered(self.next_msgid()),
            kind: EnvelopeKind::MissedCall,
            sender: caller,
            ttl_s: limits::MISSED_CALL_KEPT.as_secs(),
            sent_ms: cx.now.unix_ms,
            content,
        };
        self.keep(cx, record);
    }

    /// A session is lost with what was on its way to it: calls that are over by now, and that its client may never have heard of.
    pub(super) fn record_lost_invites(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let inbox = self.inboxes.get(account);
        let lost =
            inbox.map(|inbox| inbox.lost_invites(|call| !self.calls.by_id.contains_key(&call)));
        for invite in lost.unwrap_or_default() {
            self.record_missed(cx, account, invite.source, invite.content);
        }
    }

    /// The callee's device did not acknowledge in time.
    pub(super) fn invite_expires(&mut self, cx: &mut Cx<'_>, id: u64) {
        let Some(call) = self.remove_call(cx, id) else {
            return;
        };
        let extra = self.reason_extra("timeout", Code::InviteTimeout);
        if !self.withdraw_missed(cx, id, &call) {
            let bye = EnvelopeKind::Voip(VoipStep::Bye);
            self.tell_party(cx, id, &call, Role::Callee, bye, extra.clone());
        }
        let failed = EnvelopeKind::VoipInviteFailed;
        self.tell_party(cx, id, &call, Role::Caller, failed, extra);
    }

    /// The session of an account ended: so do its calls, at once or after a while.
    pub(super) fn end_calls(&mut self, cx: &mut Cx<'_>, account: &Account, ending: Ending) {
        for id in self.calls.ids_of(account).to_vec() {
            let Some(call) = self.calls.by_id.get_mut(&id) else {
                continue;
            };
            let role = call.role_of(account);
            let is_pending = call.phase == Phase::Sent;
            let party = call.party_mut(role);
            if role == Role::Callee && is_pending {
                // An invitation that its device has not acknowledged waits for the next login.
                party.link = None;
                continue;
            }
            match ending {
                Ending::Logout | Ending::Kicked => {
                    let extra = self.reason_extra("disconnected", Code::InviteOther);
                    self.end_call(cx, id, role, Some(extra));
                }
                Ending::Expired => {
                    let extra = self.reason_extra("disconnected", Code::InviteNet);
                    self.end_call(cx, id, role, Some(extra));
                }
                Ending::Lost { comes_back } => {
                    party.comes_back = comes_back;
                    let timer = Timer::PartyLost(self.id.clone(), id, account.clone());
                    cx.set_timer(limits::CALL_SURVIVES, timer);
                }
            }
        }
    }

    /// An account is back before its calls were given up.
    pub(super) fn keep_calls(&self, cx: &mut Cx<'_>, account: &Account) {
        for id in self.calls.ids_of(account) {
            let timer = Timer::PartyLost(self.id.clone(), *id, account.clone());
            cx.timers.cancel(&timer);
        }
    }

    /// A party's link was lost some time ago, and the account did not come back.
    pub(super) fn party_lost(&mut self, cx: &mut Cx<'_>, id: u64, account: &Account) {
        if let Some(role) = self.calls.by_id.get(&id).map(|call| call.role_of(account)) {
            let extra = self.reason_extra("disconnected", Code::InviteNet);
            self.end_call(cx, id, role, Some(extra));
        }
    }

    /// The `extra` of what the hub itself says in a call.
    fn reason_extra(&self, reason: &str, code: Code) -> String {
        serde_json::json!({ "reason": reason, "code": self.code(code).number() }).to_string()
    }

    /// Puts a step into a party's inbox, if it can know the call and there is room; whether it did.
    fn tell_party(
        &mut self,
        cx: &mut Cx<'_>,
        id: u64,
        call: &Call,
        to: Role,
        kind: EnvelopeKind,
        extra: String,
    ) -> bool {
        let party = call.party(to);
        let hears = self.hears(party);
        let envelope = self.envelope(cx, call, to, kind, extra);
        if self.room_for(cx, &envelope.source, &party.account).is_err() {
            return false;
        }
        match hears {
            Hears::Nothing => return false,
            Hears::Now => drop(self.put(cx, &party.account, envelope, Keep::Call(id))),
            Hears::OnReturn => self.put_for_return(cx, &party.account, envelope, Keep::Call(id)),
        }
        true
    }

    /// What a party can be told: only a session that sent or was given the invitation in this login knows the call, or
    /// one of 1.4.0, which keeps its calls when it comes back, and says so before it polls.
    fn hears(&self, party: &Party) -> Hears {
        let Some(knew) = party.link else {
            return Hears::Nothing;
        };
        match self.sessions.get(&party.account) {
            Some(session) if session.link == knew || session.comes_back => Hears::Now,
            Some(session) if session.polled => Hears::Nothing,
            Some(_) | None if party.comes_back => Hears::OnReturn,
            Some(_) | None => Hears::Nothing,
        }
    }

    fn envelope(
        &mut self,
        cx: &Cx<'_>,
        call: &Call,
        to: Role,
        kind: EnvelopeKind,
        extra: String,
    ) -> Envelope {
        let number = self.next_msgid();
        let peer = call.name_across(to);
        let invites = kind == EnvelopeKind::Voip(VoipStep::Invite);
        let peeruid = if invites && self.rules.extra_as_peeruid {
            extra.clone().into()
        } else {
            self.uid(peer).0.into()
        };
        let content = VoipContent {
            channel: call.channel.clone(),
            peer: peer.clone(),
            peeruid,
            extra,
        };
        let destination = match to {
            Role::Callee => &call.dialed,
            Role::Caller => &call.caller.account,
        };
        Envelope {
            version: EnvelopeVersion::V3 {
                id: MessageId::numbered(number),
            },
            source: peer.clone(),
            destination: Some(destination.clone()),
            ttl_s: limits::TTL_DEFAULT.as_secs(),
            kind,
            sent_ms: cx.now.unix_ms,
            content: content.to_text(),
        }
    }
}
