//! Calls: an invitation, what follows it, and every way in which it ends.
//!
//! The hub forwards each step to the other party and knows just enough to never tell a session of a call that it cannot
//! know: the Python client dies of that (protocol page, section 10).

use std::collections::HashMap;

use crate::protocol::{
    Account, ChannelName, Code, Envelope, EnvelopeKind, EnvelopeVersion, Failure, InviteExtra,
    Reply, VoipArgs, VoipContent, VoipStep, limits,
};

use super::LinkId;
use super::app::App;
use super::cx::{Answer, Cx, fail};
use super::inbox::Keep;
use super::sessions::Ending;
use super::timers::Timer;

/// The calls of one app that have not ended.
#[derive(Debug, Default)]
pub(super) struct Calls {
    by_id: HashMap<u64, Call>,
    by_account: HashMap<Account, Vec<u64>>,
    last_id: u64,
}

/// One call.
#[derive(Clone, Debug)]
struct Call {
    channel: ChannelName,
    caller: Party,
    callee: Party,
    /// Whom the caller called: the callee, or the telephone number that a gateway answers for.
    dialed: Account,
    phase: Phase,
}

/// A party, and the connection on which it came to know of the call.
#[derive(Clone, Debug)]
struct Party {
    account: Account,
    link: Option<LinkId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The callee's device has not acknowledged the invitation; a timer runs.
    Sent,
    /// It has; a person is asked, for as long as it takes.
    Ringing,
    /// The callee accepted.
    Talking,
}

/// Which party of a call an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Caller,
    Callee,
}

impl Call {
    fn party(&self, role: Role) -> &Party {
        match role {
            Role::Caller => &self.caller,
            Role::Callee => &self.callee,
        }
    }

    fn role_of(&self, account: &Account) -> Role {
        if self.caller.account == *account {
            Role::Caller
        } else {
            Role::Callee
        }
    }

    /// The name under which a party knows the other.
    fn name_across(&self, role: Role) -> &Account {
        match role {
            Role::Caller => &self.dialed,
            Role::Callee => &self.caller.account,
        }
    }
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// A session has been given the invitation of a call: from now on it can be told more of it.
    pub(super) fn invitation_delivered(&mut self, id: u64, link: LinkId) {
        if let Some(call) = self.by_id.get_mut(&id) {
            call.callee.link = Some(link);
        }
    }

    fn add(&mut self, call: Call) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        for account in [&call.caller.account, &call.callee.account] {
            self.by_account.entry(account.clone()).or_default().push(id);
        }
        self.by_id.insert(id, call);
        id
    }

    fn remove(&mut self, id: u64) -> Option<Call> {
        let call = self.by_id.remove(&id)?;
        for account in [&call.caller.account, &call.callee.account] {
            if let Some(ids) = self.by_account.get_mut(account) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    self.by_account.remove(account);
                }
            }
        }
        Some(call)
    }

    fn ids_of(&self, account: &Account) -> &[u64] {
        self.by_account.get(account).map_or(&[], Vec::as_slice)
    }

    /// The latest call of an account in a role, under the names by which it knows it.
    fn find(
        &self,
        account: &Account,
        role: Role,
        channel: &ChannelName,
        peer: &Account,
    ) -> Option<u64> {
        self.ids_of(account).iter().rev().copied().find(|id| {
            self.by_id.get(id).is_some_and(|call| {
                call.channel == *channel
                    && call.party(role).account == *account
                    && call.name_across(role) == peer
            })
        })
    }
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
        if dialed == *from {
            return fail(Code::InviteCantRecv, "nobody can call themselves");
        }
        if let Some(id) = self.calls.find(from, Role::Caller, &channel, &dialed) {
            if self
                .calls
                .by_id
                .get(&id)
                .is_some_and(|call| call.phase != Phase::Talking)
            {
                return fail(
                    Code::InviteReinvite,
                    "already inviting this peer on this channel",
                );
            }
            // Clients keep one call for a channel and a peer; a new invitation replaces it.
            self.calls.remove(id);
        }
        let callee = self.callee_of(&dialed)?;
        let wishes = InviteExtra::parse(&extra);
        let online = self.sessions.contains_key(&callee);
        if wishes.require_peer_online && !online {
            return fail(Code::InvitePeerOffline, "peer offline");
        }
        let busy =
            |account: &Account| self.calls.ids_of(account).len() >= limits::CALLS_PER_ACCOUNT;
        let is_gateway = self.rules.gateway.as_ref() == Some(&callee);
        if busy(from) || (busy(&callee) && !is_gateway) {
            return fail(Code::InviteCantRecv, "too many calls at a time");
        }
        let link = self.sessions.get(from).map(|session| session.link);
        let id = self.calls.add(Call {
            channel,
            caller: Party {
                account: from.clone(),
                link,
            },
            callee: Party {
                account: callee,
                link: None,
            },
            dialed,
            phase: Phase::Sent,
        });
        let timeout = wishes.timeout.unwrap_or(limits::INVITE_TIMEOUT);
        cx.set_timer(timeout, Timer::InviteExpires(self.id.clone(), id));
        if let Some(call) = self.calls.by_id.get(&id).cloned() {
            self.tell_party(
                cx,
                id,
                &call,
                Role::Callee,
                EnvelopeKind::Voip(VoipStep::Invite),
                extra,
            );
        }
        Ok(Reply::Done)
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
        let call = id.and_then(|id| Some((id, self.calls.by_id.get_mut(&id)?)));
        let Some((id, call)) = call.filter(|(_, call)| phases.contains(&call.phase)) else {
            return fail(Code::InviteOther, "there is no such call any more");
        };
        // Whoever answers an invitation has it, wherever it came from.
        call.callee.link = self.sessions.get(from).map(|session| session.link);
        call.phase = next.unwrap_or(call.phase);
        let call = call.clone();
        if next.is_none() {
            self.calls.remove(id);
        }
        self.tell_party(
            cx,
            id,
            &call,
            Role::Caller,
            EnvelopeKind::Voip(step),
            args.extra,
        );
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
        let waiting = self.inboxes.get(&call.party(role.other()).account);
        let limit = cx.limits.inbox as usize;
        if limit > 0 && waiting.is_some_and(|inbox| inbox.len() >= limit) {
            return fail(Code::InviteOther, "the peer's inbox is full");
        }
        let kind = EnvelopeKind::Voip(VoipStep::Msg);
        self.tell_party(cx, id, &call, role.other(), kind, args.extra);
        Ok(Reply::Done)
    }

    /// Either party ends the call. What ended already needs no ending; and two who called each other on one channel
    /// have one call between them, which ends once.
    fn bye(&mut self, cx: &mut Cx<'_>, from: &Account, args: &VoipArgs) -> Answer {
        let mut told = false;
        for role in [Role::Caller, Role::Callee] {
            match self.calls.find(from, role, &args.channel, &args.peer) {
                Some(id) if told => drop(self.calls.remove(id)),
                Some(id) => {
                    self.end_call(cx, id, role, args.extra.clone());
                    told = true;
                }
                None => {}
            }
        }
        Ok(Reply::Done)
    }

    /// Ends a call by one party: the other is told if it knows of it; else it never will.
    fn end_call(&mut self, cx: &mut Cx<'_>, id: u64, by: Role, extra: String) {
        let Some(call) = self.calls.remove(id) else {
            return;
        };
        if by == Role::Caller && self.withdraw(cx, id, &call.callee.account) {
            return;
        }
        self.tell_party(
            cx,
            id,
            &call,
            by.other(),
            EnvelopeKind::Voip(VoipStep::Bye),
            extra,
        );
    }

    /// Takes an invitation back that nobody has been given.
    fn withdraw(&mut self, cx: &mut Cx<'_>, id: u64, callee: &Account) -> bool {
        let inbox = self.inboxes.get_mut(callee);
        let freed = inbox.and_then(|inbox| inbox.withdraw_invite(id));
        let withdrawn = freed.is_some();
        self.dropped(cx, callee, freed.unwrap_or_default());
        withdrawn
    }

    /// The callee's device did not acknowledge in time.
    pub(super) fn invite_expires(&mut self, cx: &mut Cx<'_>, id: u64) {
        let pending = self
            .calls
            .by_id
            .get(&id)
            .is_some_and(|call| call.phase == Phase::Sent);
        let Some(call) = pending.then(|| self.calls.remove(id)).flatten() else {
            return;
        };
        let extra = self.reason_extra("timeout", Code::InviteTimeout);
        if !self.withdraw(cx, id, &call.callee.account) {
            self.tell_party(
                cx,
                id,
                &call,
                Role::Callee,
                EnvelopeKind::Voip(VoipStep::Bye),
                extra.clone(),
            );
        }
        self.tell_party(
            cx,
            id,
            &call,
            Role::Caller,
            EnvelopeKind::VoipInviteFailed,
            extra,
        );
    }

    /// The session of an account ended: so do its calls, at once or after a while.
    pub(super) fn end_calls(&mut self, cx: &mut Cx<'_>, account: &Account, ending: Ending) {
        for id in self.calls.ids_of(account).to_vec() {
            let Some(call) = self.calls.by_id.get(&id) else {
                continue;
            };
            let role = call.role_of(account);
            if call.party(role).link.is_none() {
                // An invitation that nobody has been given waits for the next login.
                continue;
            }
            match ending {
                Ending::Logout | Ending::Kicked => {
                    let extra = self.reason_extra("disconnected", Code::InviteOther);
                    self.end_call(cx, id, role, extra);
                }
                Ending::Lost => {
                    let timer = Timer::PartyLost(self.id.clone(), id, account.clone());
                    cx.set_timer(limits::CALL_SURVIVES, timer);
                }
            }
        }
    }

    /// A party's link was lost some time ago; if the account did not come back, its call ends.
    pub(super) fn party_lost(&mut self, cx: &mut Cx<'_>, id: u64, account: &Account) {
        if self.sessions.contains_key(account) {
            return;
        }
        if let Some(role) = self.calls.by_id.get(&id).map(|call| call.role_of(account)) {
            let extra = self.reason_extra("disconnected", Code::InviteNet);
            self.end_call(cx, id, role, extra);
        }
    }

    /// The `extra` of what the hub itself says in a call.
    fn reason_extra(&self, reason: &str, code: Code) -> String {
        serde_json::json!({ "reason": reason, "code": self.code(code).number() }).to_string()
    }

    /// Puts a step into a party's inbox, if its session can know the call.
    fn tell_party(
        &mut self,
        cx: &mut Cx<'_>,
        id: u64,
        call: &Call,
        to: Role,
        kind: EnvelopeKind,
        extra: String,
    ) {
        let (party, peer) = (call.party(to), call.name_across(to));
        let invites = kind == EnvelopeKind::Voip(VoipStep::Invite);
        let knows = self.sessions.get(&party.account).is_some_and(|session| {
            party.link == Some(session.link) || (session.comes_back && party.link.is_some())
        });
        if !invites && !knows {
            return;
        }
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
        let destination = if to == Role::Callee {
            &call.dialed
        } else {
            &party.account
        };
        let envelope = Envelope {
            version: EnvelopeVersion::V2,
            source: peer.clone(),
            destination: Some(destination.clone()),
            ttl_s: limits::TTL_DEFAULT.as_secs(),
            kind,
            sent_ms: cx.now.unix_ms,
            content: content.to_text(),
        };
        let account = party.account.clone();
        self.put(cx, &account, envelope, Keep::Call(id));
    }
}

impl Role {
    fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}
