//! Attributes that are watched from outside: begun again each time the link comes back, since what was told on a lost link may
//! not have come.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cx::Cx;
use super::pending::Purpose;
use super::session::Session;
use super::timers::Timer;
use super::{Answer, CommandError, RequestNo};
use crate::client::event::SessionEvent;
use crate::protocol::{Addition, AttrChanged, AttrEntries, AttrSubject, Cap, Code, Reply, Request};

/// How long after a refusal for the moment a watch is begun again.
pub const REWATCH_AFTER: Duration = Duration::from_secs(1);

/// What is watched.
#[derive(Debug, Default)]
pub(super) struct Watches {
    watched: BTreeSet<AttrSubject>,
    /// Of which the application does not know the latest, and will be told all.
    stale: BTreeSet<AttrSubject>,
}

impl Session {
    /// Begins to watch for the application, or again for the core itself.
    pub(super) fn watch(&mut self, cx: &mut Cx, request: Option<RequestNo>, subject: AttrSubject) {
        let asked = Request::Addition(Addition::AttrWatch(subject.clone()));
        self.ask(cx, asked, Purpose::Watch(request, subject));
    }

    pub(super) fn unwatch(&mut self, cx: &mut Cx, request: RequestNo, subject: AttrSubject) {
        let asked = Request::Addition(Addition::AttrUnwatch(subject.clone()));
        self.ask(cx, asked, Purpose::Unwatch(request, subject));
    }

    /// The session stands again.
    pub(super) fn rewatch(&mut self, cx: &mut Cx) {
        self.watches.stale = self.watches.watched.clone();
        self.refresh_watches(cx);
    }

    /// Asks anew for everything of which the application does not know the latest.
    pub(super) fn refresh_watches(&mut self, cx: &mut Cx) {
        if self.is_in() && self.has(Cap::Attrs) {
            for subject in std::mem::take(&mut self.watches.stale) {
                self.watch(cx, None, subject);
            }
        }
    }

    pub(super) fn watch_answered(
        &mut self,
        cx: &mut Cx,
        request: Option<RequestNo>,
        subject: AttrSubject,
        result: Result<Reply, CommandError>,
    ) {
        let error = match result {
            Ok(Reply::AttrEntries { entries }) => {
                self.watches.watched.insert(subject.clone());
                if let Some(request) = request {
                    let entries = entries.clone();
                    cx.answer(request, Ok(Answer::Reply(Reply::AttrEntries { entries })));
                }
                return self.tell_entries(cx, subject, entries);
            }
            Ok(_) => super::channel::unexpected(Code::GeneralFailed),
            Err(error) => error,
        };
        if let Some(request) = request {
            if matches!(error, CommandError::TimedOut { .. }) {
                // The server may have begun all the same.
                let unwatch = Addition::AttrUnwatch(subject.clone());
                self.watches.watched.remove(&subject);
                self.ask(cx, Request::Addition(unwatch), Purpose::Quiet);
            }
            return cx.answer(request, Err(error));
        }
        let code = error.code();
        if matches!(code, Code::QueryUserNumOther | Code::QueryUserNumTimeout) {
            self.watches.stale.insert(subject);
            cx.timers.set_by(Timer::Rewatch, cx.now + REWATCH_AFTER);
            return;
        }
        self.watches.watched.remove(&subject);
        let what = match &subject {
            AttrSubject::Account(account) => account.as_str(),
            AttrSubject::Channel(channel) => channel.as_str(),
        };
        let text = format!("the attributes of {what} are watched no longer: {error}");
        cx.tell(SessionEvent::Error { code, text });
    }

    /// Whatever the server says, the application hears no more of it.
    pub(super) fn unwatch_answered(
        &mut self,
        cx: &mut Cx,
        request: RequestNo,
        subject: &AttrSubject,
        result: Result<Reply, CommandError>,
    ) {
        self.watches.watched.remove(subject);
        self.watches.stale.remove(subject);
        cx.answer(request, result.map(|_| Answer::Done));
    }

    /// Something changed. One that comes when the application has too many events waiting is not told, but all
    /// entries are once it has taken them.
    pub(super) fn attr_changed(&mut self, cx: &mut Cx, changed: AttrChanged) {
        if !self.watches.watched.contains(&changed.subject) {
            return;
        }
        if cx.has_room() {
            cx.tell(SessionEvent::AttrChanged(changed));
        } else {
            self.watches.stale.insert(changed.subject);
        }
    }

    fn tell_entries(&mut self, cx: &mut Cx, subject: AttrSubject, entries: AttrEntries) {
        if cx.has_room() {
            cx.tell(SessionEvent::AttrEntries { subject, entries });
        } else {
            self.watches.stale.insert(subject);
        }
    }
}
