//! From a connection to a session: logins are counted, may have to wait for their turn, and are granted or refused.

use std::net::IpAddr;
use std::time::Duration;

use crate::protocol::{Cap, Code, Login, LoginRet, ServerFrame, limits};

use super::additions;
use super::auth::{self, Refusal};
use super::links::Link;
use super::sessions::Entry;
use super::timers::Timer;
use super::{CloseStatus, Effects, Hub, LinkId, Now, Output, close};

impl Hub {
    pub(super) fn login(&mut self, now: Now, link: LinkId, login: Login, effects: &mut Effects) {
        match self.links.get(link) {
            Some(Link::Waiting { peer }) => {
                // 1.4.0 gives up for good if it is refused while it reconnects, so whoever is too many in a second waits,
                // as long as anybody may take to sign in.
                let peer = *peer;
                let limit = self.settings.limits.logins_per_address;
                let counted = !self.takes_up(&login);
                if counted && !self.logins.allow(now.instant, peer, limit) {
                    self.links.set(link, Link::Postponed { peer });
                    self.postponed.push_back((link, login));
                    self.watch_postponed(now, peer);
                    return;
                }
            }
            Some(Link::SignedIn { .. }) => {
                let refusal = Refusal::new(Code::LoginAlreadyLogin, "already signed in");
                effects.1.push(refused(link, refusal));
                return;
            }
            Some(Link::Postponed { .. } | Link::Closing) | None => return,
        }
        self.answer_login(now, link, &login, effects);
    }

    /// Whether a login takes up a session, which would be over before its turn comes where many lost their links at once.
    fn takes_up(&self, login: &Login) -> bool {
        let resume = login.resume.as_deref();
        let session = resume.and_then(|_| {
            let (app, account) = login.names().ok()?;
            self.apps.get(&app)?.sessions.get(&account)
        });
        session.is_some_and(|session| session.is_resumed_by(resume))
    }

    /// When logins of an address may be looked at again.
    fn watch_postponed(&mut self, now: Now, peer: IpAddr) {
        let at = self.logins.ends(&peer).unwrap_or(now.instant);
        self.timers.set_earlier(at, Timer::LoginsWait);
    }

    /// Looks at the logins that were too many, in their order.
    pub(super) fn logins_wait(&mut self, now: Now, effects: &mut Effects) {
        for (link, login) in std::mem::take(&mut self.postponed) {
            let Some(Link::Postponed { peer }) = self.links.get(link) else {
                continue;
            };
            let (peer, limit) = (*peer, self.settings.limits.logins_per_address);
            if self.logins.allow(now.instant, peer, limit) {
                self.answer_login(now, link, &login, effects);
            } else {
                self.postponed.push_back((link, login));
                self.watch_postponed(now, peer);
            }
        }
    }

    fn answer_login(&mut self, now: Now, link: LinkId, login: &Login, effects: &mut Effects) {
        self.timers.cancel(&Timer::LoginDue(link));
        if let Err(refusal) = self.grant(now, link, login, effects) {
            effects.1.push(refused(link, refusal));
            let linger = limits::REFUSED_LINGER;
            effects.1.push(close(link, linger, CloseStatus::Refused));
        }
    }

    fn grant(
        &mut self,
        now: Now,
        link: LinkId,
        login: &Login,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let (id, account, rules) = auth::app_and_account(&self.settings.apps, login)?;
        let proof = auth::proof(&id, &rules, &account, login, now.unix_ms / 1000)?;
        let session = self
            .apps
            .get(&id)
            .and_then(|app| app.sessions.get(&account));
        auth::newer(session, proof.as_ref())?;
        auth::not_displaced(session, login.resume.as_deref())?;
        auth::alone(session, login)?;

        let idle = self.settings.idle_timeout;
        if !idle.is_zero() {
            self.timers.set(now.instant + idle, Timer::IdleDue(link));
        }
        let ends = proof.is_some() && self.settings.end_at_token_expiry;
        let caps = additions::granted(login.caps, &self.settings);
        let resume = caps.has(Cap::Resume).then(|| self.lines.make_resume());
        let additions = (!login.caps.is_empty())
            .then(|| additions::told(&self.settings, caps, resume, now.unix_ms));
        let entry = Entry {
            link,
            line: self.lines.make(),
            proof,
            caps,
            additions,
            before: login.resume.clone(),
        };
        self.app(&id);
        self.in_app(now, &id, effects, |app, cx| {
            let session = app.sessions.get(&account);
            let resume = login.resume.as_deref();
            match resume.filter(|_| {
                session.is_some_and(|session| session.is_resumed_by(resume) && session.caps == caps)
            }) {
                Some(resume) => app.resume(cx, &account, entry, resume.seen),
                None => app.login(cx, &account, entry),
            }
            if ends {
                app.token_due(cx, &account);
            }
        });
        let signed_in = Link::SignedIn { app: id, account };
        self.links.set(link, signed_in);
        Ok(())
    }

    pub(super) fn login_due(&mut self, link: LinkId, effects: &mut Effects) {
        match self.links.get(link) {
            Some(Link::Waiting { .. }) => {
                effects
                    .1
                    .push(close(link, Duration::ZERO, CloseStatus::Refused));
            }
            Some(Link::Postponed { .. }) => {
                let why = "too many logins from this address";
                effects
                    .1
                    .push(refused(link, Refusal::new(Code::LoginFailed, why)));
                let linger = limits::REFUSED_LINGER;
                effects.1.push(close(link, linger, CloseStatus::Refused));
            }
            Some(Link::SignedIn { .. } | Link::Closing) | None => {}
        }
    }
}

fn refused(link: LinkId, refusal: Refusal) -> Output {
    let Refusal { code, reason } = refusal;
    let frame = ServerFrame::LoginRet(LoginRet::Refused { reason, code });
    Output::Send { link, frame }
}
