//! Who watches whose attributes from outside: `attr_watch`, and what watchers are told.

use std::collections::{BTreeSet, HashMap};

use crate::protocol::{
    Account, AttrChanged, AttrEntries, AttrSubject, Code, Push, Reply, WatchedChange, limits,
};

use super::app::App;
use super::channel::Channel;
use super::cx::{Answer, Cx, fail};

/// The watches of an app's sessions, both ways.
#[derive(Debug, Default)]
pub(super) struct AttrWatches {
    by_subject: HashMap<AttrSubject, BTreeSet<Account>>,
    by_watcher: HashMap<Account, BTreeSet<AttrSubject>>,
}

impl AttrWatches {
    fn add(&mut self, watcher: &Account, subject: AttrSubject) {
        let watchers = self.by_subject.entry(subject.clone()).or_default();
        watchers.insert(watcher.clone());
        let watched = self.by_watcher.entry(watcher.clone()).or_default();
        watched.insert(subject);
    }

    fn remove(&mut self, watcher: &Account, subject: &AttrSubject) {
        if let Some(watched) = self.by_watcher.get_mut(watcher)
            && watched.remove(subject)
            && watched.is_empty()
        {
            self.by_watcher.remove(watcher);
        }
        self.strike(watcher, subject);
    }

    /// The watcher's session is over.
    pub(super) fn end(&mut self, watcher: &Account) {
        for subject in self.by_watcher.remove(watcher).unwrap_or_default() {
            self.strike(watcher, &subject);
        }
    }

    fn strike(&mut self, watcher: &Account, subject: &AttrSubject) {
        if let Some(watchers) = self.by_subject.get_mut(subject)
            && watchers.remove(watcher)
            && watchers.is_empty()
        {
            self.by_subject.remove(subject);
        }
    }

    fn of(&self, watcher: &Account) -> Option<&BTreeSet<AttrSubject>> {
        self.by_watcher.get(watcher)
    }
}

impl App {
    /// Answers with all attributes of an account or a channel, and tells every change from now on. Watching what is
    /// watched already answers anew.
    pub(super) fn attr_watch(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        subject: AttrSubject,
    ) -> Answer {
        let special = match &subject {
            AttrSubject::Account(_) => None,
            AttrSubject::Channel(name) => name.special(),
        };
        if special.is_some() && !self.rules.observers.contains(from) {
            return fail(
                Code::GeneralFailed,
                "only observers of the app may watch a special channel",
            );
        }
        let watched = self.attr_watches.of(from);
        let known = watched.is_some_and(|watched| watched.contains(&subject));
        if !known && watched.is_some_and(|watched| watched.len() >= limits::WATCHED) {
            let reason = format!("one session watches at most {} attributes", limits::WATCHED);
            return fail(Code::GeneralLargeParam, reason);
        }
        let limit = limits::WATCHES_PER_USER;
        let cost = 1 + self.attr_bytes(&subject) / limits::ATTR_BYTES_PER_WATCH;
        let session = self.sessions.get_mut(from);
        if session.is_some_and(|session| {
            let cost = u32::try_from(cost).unwrap_or(u32::MAX);
            !session.watches.allow_costly(cx.now.instant, limit, cost)
        }) {
            return fail(Code::QueryUserNumOther, "too much is watched in a second");
        }
        let entries = self.attr_entries(cx, &subject);
        self.attr_watches.add(from, subject);
        Ok(Reply::AttrEntries { entries })
    }

    pub(super) fn attr_unwatch(&mut self, from: &Account, subject: &AttrSubject) -> Answer {
        self.attr_watches.remove(from, subject);
        Ok(Reply::Done)
    }

    fn attr_entries(&self, cx: &Cx<'_>, subject: &AttrSubject) -> AttrEntries {
        let entries = match subject {
            AttrSubject::Account(account) => {
                let attrs = self.users.get(account);
                attrs.map(|attrs| attrs.entries().clone())
            }
            AttrSubject::Channel(name) => {
                let channel = self.channels.get(name);
                channel.map(|channel| channel.shown_entries(cx.now.unix_ms))
            }
        };
        entries.unwrap_or_default()
    }

    fn attr_bytes(&self, subject: &AttrSubject) -> usize {
        match subject {
            AttrSubject::Account(account) => {
                let attrs = self.users.get(account);
                attrs.map_or(0, |attrs| attrs.bytes())
            }
            AttrSubject::Channel(name) => {
                let channel = self.channels.get(name);
                channel.map_or(0, Channel::attr_bytes)
            }
        }
    }

    /// Tells those who watch that something changed; `by` is nobody where the service did it.
    pub(super) fn tell_watchers(
        &self,
        cx: &mut Cx<'_>,
        subject: AttrSubject,
        change: WatchedChange,
        by: Option<Account>,
    ) {
        let Some(watchers) = self.attr_watches.by_subject.get(&subject) else {
            return;
        };
        let sessions = watchers
            .iter()
            .filter_map(|watcher| self.sessions.get(watcher));
        // Whoever comes back asks anew.
        let here = sessions.filter(|session| !session.detached);
        let links = here.map(|session| session.link).collect();
        let changed = AttrChanged {
            subject,
            change,
            time_ms: cx.now.unix_ms,
            by,
        };
        cx.fan(links, Push::Attr(changed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> Account {
        Account::try_from(name).expect("a name")
    }

    #[test]
    fn nothing_is_left_of_watches_that_end() {
        let mut watches = AttrWatches::default();
        let (alice, bob) = (account("alice"), account("bob"));
        let subject = AttrSubject::Account(bob.clone());
        watches.add(&alice, subject.clone());
        watches.add(&alice, subject.clone());
        watches.add(&bob, subject.clone());
        watches.remove(&bob, &AttrSubject::Account(alice.clone()));
        assert_eq!(watches.by_subject[&subject].len(), 2);
        watches.remove(&alice, &subject);
        watches.end(&alice);
        assert_eq!(watches.by_subject[&subject].len(), 1);
        watches.end(&bob);
        assert!(watches.by_subject.is_empty() && watches.by_watcher.is_empty());
    }
}
