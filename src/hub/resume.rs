//! A session that lost its link waits to be taken up again, and nobody notices (protocol page, section 18, `resume`).

use crate::protocol::{
    Account, CallId, Cap, ChannelName, LoginGrant, LoginRet, Push, Request, Resume, ResumedChannel,
    ServerFrame, limits,
};

use super::app::App;
use super::cx::{Answer, Cx};
use super::kept::Certain;
use super::ring::Heard;
use super::sessions::{Ending, Entry, Session};
use super::timers::Timer;
use super::{CloseStatus, LinkId};

impl Session {
    /// Whether a login takes this session up.
    pub(super) fn is_resumed_by(&self, login: Option<&Resume>) -> bool {
        let key = login.map(|resume| &resume.key);
        key.is_some() && self.resume.as_ref() == key
    }
}

impl App {
    /// Answers a request. One that came before its link was lost, and comes again with the session, is answered as it was
    /// and not done twice.
    pub(super) fn request_once(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        id: CallId,
        request: Request,
    ) -> Answer {
        let once = self.has_cap(from, Cap::Resume) && !request.may_be_repeated();
        if !once {
            return self.request(cx, from, request);
        }
        let session = self.sessions.get(from);
        let mut answered = session.into_iter().flat_map(|session| &session.answered);
        // A client that counts its calls anew on each link asks something else under a number that was.
        if let Some((.., answer)) = answered.find(|(of, asked, _)| (of, asked) == (&id, &request)) {
            return answer.clone();
        }
        let answer = self.request(cx, from, request.clone());
        if let Some(session) = self.sessions.get_mut(from) {
            session.answered.push_back((id, request, answer.clone()));
            if session.answered.len() > limits::ANSWERS_KEPT {
                session.answered.pop_front();
            }
        }
        answer
    }

    /// The link of a session is gone; the session stays for a while.
    pub(super) fn detach(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let Some(session) = self.sessions.get_mut(account) else {
            return;
        };
        session.detached = true;
        // It polls when it is back, and is not to be told before.
        session.announced = true;
        cx.timers.cancel(&Timer::IdleDue(session.link));
        cx.timers.cancel(&Timer::TokenExpires(session.link));
        for name in &session.channels {
            if let Some(channel) = self.channels.get_mut(name) {
                channel.relink(account, None);
            }
        }
        let timer = Timer::ResumeExpires(self.id.clone(), account.clone());
        cx.set_timer(limits::RESUME_KEPT, timer);
    }

    /// Nobody took a session up in time.
    pub(super) fn resume_expires(&mut self, cx: &mut Cx<'_>, account: &Account) {
        self.end_session(cx, account, Ending::Expired);
    }

    /// A client takes its session up: it is told what it did not hear, and goes on.
    pub(super) fn resume(&mut self, cx: &mut Cx<'_>, account: &Account, entry: Entry, seen: u64) {
        let last = self.last_msgid();
        let Some(session) = self.sessions.get_mut(account) else {
            return;
        };
        let certain = session.certain;
        session.certain.resumed(cx.now.instant, last);
        let old = std::mem::replace(&mut session.link, entry.link);
        // A link that died without a word is closed, so that nothing more is heard on it.
        if !std::mem::replace(&mut session.detached, false) {
            cx.close(old, std::time::Duration::ZERO, CloseStatus::GoingAway);
        }
        cx.timers.cancel(&Timer::IdleDue(old));
        cx.timers.cancel(&Timer::TokenExpires(old));
        let timer = Timer::ResumeExpires(self.id.clone(), account.clone());
        cx.timers.cancel(&timer);
        session.line = entry.line.clone();
        session.proof = entry.proof;
        session.last_frame = cx.now.instant;
        session.before = None;
        (session.polled, session.announced) = (false, false);
        let mut additions = entry.additions;
        // The same key as before: this answer may be lost with its link, too, and the client comes with the key that it has.
        if let Some(additions) = &mut additions {
            additions.resume.clone_from(&session.resume);
        }
        let (uid, channels) = (session.uid, session.channels.clone());
        let v3 = session.caps.has(Cap::V3);
        self.calls.relink(account, old, entry.link);
        let (unheard, resumed) = self.unheard(cx, account, entry.link, &channels, (seen, certain));
        if let Some(additions) = &mut additions {
            additions.resumed = Some(resumed);
        }
        let grant = LoginGrant {
            line: entry.line,
            uid,
            additions,
        };
        let granted = ServerFrame::LoginRet(LoginRet::Granted(grant));
        cx.send(entry.link, granted);
        for (name, heard) in unheard {
            let push = Push::Channel2 {
                cid: name,
                msgid: heard.msgid,
                envelope: if v3 {
                    heard.envelope
                } else {
                    heard.envelope.to_v2()
                },
            };
            cx.notify(entry.link, push);
        }
        self.presence_resumed(cx, account);
        self.receipts_resumed(cx, account);
    }

    /// What a member of channels did not hear, in order, and where more than that is missing. From now on it hears on `link`.
    fn unheard(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        link: LinkId,
        channels: &[ChannelName],
        (seen, certain): (u64, Certain),
    ) -> (Vec<(ChannelName, Heard)>, Vec<ResumedChannel>) {
        let (mut unheard, mut resumed) = (Vec::new(), Vec::new());
        for name in channels {
            let Some(channel) = self.channels.get_mut(name) else {
                continue;
            };
            channel.relink(account, Some(link));
            let rings = &mut cx.totals.ring_bytes;
            let (events, gap, since) = channel.unheard(cx.now.instant, account, seen, rings);
            unheard.extend(events.into_iter().map(|heard| (name.clone(), heard)));
            // Whoever says to have heard nothing may not have heard either how much it missed before it came, and may not even
            // know that it is there: that is told again when it joins, however late.
            let gap = gap || seen == 0 && channel.lasting.is_unsure(account, certain);
            if gap {
                channel.lasting.misses(account, seen, since, certain);
            }
            let name = name.clone();
            resumed.push(ResumedChannel { name, gap });
        }
        unheard.sort_by_key(|(_, heard)| heard.msgid);
        (unheard, resumed)
    }
}
