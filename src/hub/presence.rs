//! Who is there, in which state, and who wants to know (protocol page, section 18, `presence`).
//!
//! Changes are gathered while one input is handled and told once at its end, so that nobody is told twice of one account.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::protocol::{Account, Code, Presence, Push, Reply, Show, limits};

use super::LinkId;
use super::app::App;
use super::cx::{Answer, Cx, fail};
use super::sessions::Session;

/// What others see of a session.
#[derive(Debug)]
pub(super) struct Own {
    show: Show,
    text: String,
    /// Since when it is so, in ms since the Unix epoch.
    since_ms: u64,
    /// Who may call all the same while it is [`Show::Dnd`].
    except: Vec<Account>,
}

impl Own {
    /// That of a session that begins.
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            show: Show::Available,
            text: String::new(),
            since_ms: now_ms,
            except: Vec::new(),
        }
    }

    /// Whether somebody's calls are not wanted now.
    pub(super) fn is_closed_to(&self, caller: &Account) -> bool {
        self.show == Show::Dnd && !self.except.contains(caller)
    }
}

/// Who watches whom in one app.
#[derive(Debug, Default)]
pub(super) struct Watches {
    of_watcher: HashMap<Account, HashSet<Account>>,
    watched: HashMap<Account, Watched>,
    /// Whose state others are to be told at the end of this input.
    changed: BTreeSet<Account>,
}

/// An account that somebody watches.
#[derive(Debug, Default)]
struct Watched {
    watchers: BTreeSet<Account>,
    /// When it went, in ms since the Unix epoch, if that was while it was watched; else 0.
    went_ms: u64,
}

impl Watches {
    /// How many accounts somebody watches.
    fn count(&self, watcher: &Account) -> usize {
        self.of_watcher.get(watcher).map_or(0, HashSet::len)
    }

    fn has(&self, watcher: &Account, account: &Account) -> bool {
        let watched = self.of_watcher.get(watcher);
        watched.is_some_and(|watched| watched.contains(account))
    }

    fn add(&mut self, watcher: &Account, account: &Account) {
        let own = self.of_watcher.entry(watcher.clone()).or_default();
        own.insert(account.clone());
        let watched = self.watched.entry(account.clone()).or_default();
        watched.watchers.insert(watcher.clone());
    }

    fn remove(&mut self, watcher: &Account, account: &Account) {
        if let Some(own) = self.of_watcher.get_mut(watcher) {
            own.remove(account);
            if own.is_empty() {
                self.of_watcher.remove(watcher);
            }
        }
        self.forget_watcher(watcher, account);
    }

    /// A watcher's session is over.
    fn remove_all(&mut self, watcher: &Account) {
        for account in self.of_watcher.remove(watcher).unwrap_or_default() {
            self.forget_watcher(watcher, &account);
        }
    }

    fn forget_watcher(&mut self, watcher: &Account, account: &Account) {
        if let Some(watched) = self.watched.get_mut(account) {
            watched.watchers.remove(watcher);
            if watched.watchers.is_empty() {
                self.watched.remove(account);
            }
        }
    }

    /// Whether somebody is to be told something.
    pub(super) fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }
}

impl App {
    /// Watches accounts, all of them or, if they are too many, none; tells how they are right after the answer.
    pub(super) fn presence_watch(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        accounts: Vec<Account>,
    ) -> Answer {
        self.limited(cx, from)?;
        let named: BTreeSet<_> = accounts.into_iter().collect();
        let new = named.iter();
        let new = new.filter(|account| !self.watches.has(from, account));
        let max = limits::WATCHED;
        if self.watches.count(from) + new.count() > max {
            let reason = format!("more than {max} watched accounts");
            return fail(Code::GeneralLargeParam, reason);
        }
        for account in &named {
            self.watches.add(from, account);
        }
        self.tell_states(cx, from, named.iter());
        Ok(Reply::Done)
    }

    pub(super) fn presence_unwatch(
        &mut self,
        cx: &Cx<'_>,
        from: &Account,
        accounts: &[Account],
    ) -> Answer {
        self.limited(cx, from)?;
        for account in accounts {
            self.watches.remove(from, account);
        }
        Ok(Reply::Done)
    }

    /// Sets what others see of oneself, until the session ends.
    pub(super) fn presence_set(
        &mut self,
        cx: &Cx<'_>,
        from: &Account,
        show: Show,
        text: String,
        except: Vec<Account>,
    ) -> Answer {
        self.allow_own_change(cx, from)?;
        if let Some(session) = self.sessions.get_mut(from) {
            let own = &mut session.presence;
            own.except = except;
            if (own.show, &own.text) != (show, &text) {
                (own.show, own.text) = (show, text);
                own.since_ms = cx.now.unix_ms;
                self.presence_changed(from);
            }
        }
        Ok(Reply::Done)
    }

    /// The state of an account is another now: those who watch it are told at the end of this input.
    pub(super) fn presence_changed(&mut self, account: &Account) {
        if self.watches.watched.contains_key(account) {
            self.watches.changed.insert(account.clone());
        }
    }

    /// The session of an account has ended: it is away, and watches nobody.
    pub(super) fn presence_ended(&mut self, cx: &Cx<'_>, account: &Account) {
        self.watches.remove_all(account);
        if let Some(watched) = self.watches.watched.get_mut(account) {
            watched.went_ms = cx.now.unix_ms;
            self.watches.changed.insert(account.clone());
        }
    }

    /// Tells what changed: each watcher once, and those who watch the same in one go.
    pub(super) fn tell_presence(&mut self, cx: &mut Cx<'_>) {
        let changed = std::mem::take(&mut self.watches.changed);
        let mut news: BTreeMap<&Account, Vec<&Account>> = BTreeMap::new();
        for account in &changed {
            let watched = self.watches.watched.get(account);
            let watchers = watched.into_iter().flat_map(|watched| &watched.watchers);
            for watcher in watchers {
                news.entry(watcher).or_default().push(account);
            }
        }
        let mut audiences: BTreeMap<Vec<&Account>, Vec<LinkId>> = BTreeMap::new();
        for (watcher, accounts) in news {
            let session = self.sessions.get(watcher);
            if let Some(link) = session.and_then(Session::live) {
                audiences.entry(accounts).or_default().push(link);
            }
        }
        for (accounts, links) in audiences {
            let states = accounts.into_iter().map(|account| self.state_of(account));
            cx.fan(links, Push::Presence(states.collect()));
        }
    }

    /// A session was taken up: what changed meanwhile it was not told.
    pub(super) fn presence_resumed(&self, cx: &mut Cx<'_>, account: &Account) {
        let watched = self.watches.of_watcher.get(account);
        let watched: BTreeSet<_> = watched.into_iter().flatten().collect();
        self.tell_states(cx, account, watched.into_iter());
    }

    /// Tells a session how accounts are; nothing if there are none.
    fn tell_states<'a>(
        &self,
        cx: &mut Cx<'_>,
        to: &Account,
        accounts: impl Iterator<Item = &'a Account>,
    ) {
        let states: Vec<_> = accounts.map(|account| self.state_of(account)).collect();
        if let Some(session) = self.sessions.get(to).filter(|_| !states.is_empty()) {
            cx.notify(session.link, Push::Presence(states));
        }
    }

    fn state_of(&self, account: &Account) -> Presence {
        let account = account.clone();
        match self.sessions.get(&account) {
            Some(session) => Presence {
                account,
                show: session.presence.show,
                text: session.presence.text.clone(),
                since_ms: session.presence.since_ms,
            },
            None => Presence {
                show: Show::Offline,
                text: String::new(),
                since_ms: self.went_ms(&account),
                account,
            },
        }
    }

    fn went_ms(&self, account: &Account) -> u64 {
        let watched = self.watches.watched.get(account);
        let seen = watched.map_or(0, |watched| watched.went_ms);
        seen.max(self.accounts.went_ms(account))
    }
}
