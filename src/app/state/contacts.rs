//! The people whom one has added: what they are called here, who is blocked, whose card is open.

use std::collections::{BTreeMap, BTreeSet};

use super::Cx;
use crate::app::effect::{Effect, PersonEffect};
use crate::app::kept::StoreEffect;
use crate::app::msg::{ContactMsg, Failure};
use crate::protocol::Account;
use crate::store::Person;

/// The most characters of a name that one gives to somebody.
pub(crate) const NAME_CHARS: usize = 64;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    added: BTreeMap<Account, Contact>,
    /// What accounts call themselves: their attribute `name`.
    own_names: BTreeMap<Account, String>,
    blocked: BTreeSet<Account>,
    opened: Option<Account>,
    /// What did not work last, and with whom.
    trouble: Option<(Account, Failure)>,
}

/// Somebody who was added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contact {
    /// What they are called here; empty for what they call themselves.
    pub(crate) name: String,
    /// When they were added, in ms since the Unix epoch.
    pub(crate) added_ms: u64,
}

impl Contacts {
    /// What somebody is to be called: the name given here, else the one of their own, else the account.
    pub(crate) fn name<'a>(&'a self, account: &'a Account) -> &'a str {
        let given = self.added.get(account).map(|contact| contact.name.as_str());
        let own = || self.own_names.get(account).map(String::as_str);
        given
            .filter(|name| !name.is_empty())
            .or_else(own)
            .unwrap_or_else(|| account.as_str())
    }

    /// What is known of somebody who was added.
    pub(crate) fn get(&self, account: &Account) -> Option<&Contact> {
        self.added.get(account)
    }

    /// Everybody who was added and is not blocked, by the name that is shown.
    pub(crate) fn listed(&self) -> Vec<&Account> {
        let listed = self.added.keys();
        self.sorted(listed.filter(|account| !self.blocked.contains(account)))
    }

    /// Everybody who is blocked, by the name that is shown.
    pub(crate) fn blocked(&self) -> Vec<&Account> {
        self.sorted(self.blocked.iter())
    }

    /// Whether somebody is blocked.
    pub(crate) fn is_blocked(&self, account: &Account) -> bool {
        self.blocked.contains(account)
    }

    /// Whose card is open.
    pub(crate) fn opened(&self) -> Option<&Account> {
        self.opened.as_ref()
    }

    /// What did not work last with somebody.
    pub(crate) fn trouble(&self, account: &Account) -> Option<&Failure> {
        let (with, failure) = self.trouble.as_ref()?;
        (with == account).then_some(failure)
    }

    fn sorted<'a>(&'a self, accounts: impl Iterator<Item = &'a Account>) -> Vec<&'a Account> {
        let mut accounts: Vec<_> = accounts.collect();
        accounts.sort_by_cached_key(|account| self.name(account).to_lowercase());
        accounts
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: ContactMsg) {
        match msg {
            ContactMsg::Add(account) => self.add(cx, account),
            ContactMsg::Rename(account, name) => self.rename(cx, &account, &name),
            ContactMsg::Remove(account) => self.remove(cx, &account),
            ContactMsg::Open(account) => self.open(cx, account),
            ContactMsg::Close => self.opened = None,
            ContactMsg::Block(account, block) => self.block(cx, account, block),
            ContactMsg::Named(account, name) => self.named(account, name),
            ContactMsg::Blocked(accounts) => self.blocked = accounts.into_iter().collect(),
            ContactMsg::NotBlocked(account, failure) => self.trouble = Some((account, failure)),
        }
    }

    /// The server is there, at first or again; whether it keeps who is blocked.
    pub(super) fn link_up(&self, cx: &mut Cx<'_>, blocks: bool) {
        if blocks {
            cx.effects.push(Effect::Person(PersonEffect::AskBlocked));
        }
        for account in self.added.keys() {
            ask(cx, account);
        }
    }

    fn add(&mut self, cx: &mut Cx<'_>, account: Account) {
        let added_ms = cx.now.unix_ms;
        if !self.added.contains_key(&account) {
            let name = String::new();
            let contact = Contact { name, added_ms };
            self.added.insert(account.clone(), contact);
            self.keep(cx, &account);
        }
        self.open(cx, account);
    }

    fn rename(&mut self, cx: &mut Cx<'_>, account: &Account, name: &str) {
        let name: String = name.trim().chars().take(NAME_CHARS).collect();
        // Whoever gives somebody a name wants to have them in the list.
        let added_ms = cx.now.unix_ms;
        let contact = self.added.entry(account.clone()).or_insert(Contact {
            name: String::new(),
            added_ms,
        });
        contact.name = name;
        self.keep(cx, account);
    }

    /// What the history has; what has changed since stands.
    pub(super) fn fill(&mut self, kept: Vec<Person>) {
        for person in kept {
            if let Some(added_ms) = person.added_ms {
                let name = person.name;
                let contact = Contact { name, added_ms };
                self.added.entry(person.account).or_insert(contact);
            }
        }
    }

    fn keep(&self, cx: &mut Cx<'_>, account: &Account) {
        if let Some(contact) = self.added.get(account) {
            let person = Person {
                account: account.clone(),
                name: contact.name.clone(),
                added_ms: Some(contact.added_ms),
                // The server keeps who is blocked.
                blocked: false,
            };
            cx.effects.push(Effect::Store(StoreEffect::Person(person)));
        }
    }

    fn remove(&mut self, cx: &mut Cx<'_>, account: &Account) {
        if self.added.remove(account).is_some() {
            let gone = StoreEffect::NoPerson(account.clone());
            cx.effects.push(Effect::Store(gone));
        }
        if !self.blocked.contains(account) {
            self.opened.take_if(|opened| opened == account);
        }
    }

    fn open(&mut self, cx: &mut Cx<'_>, account: Account) {
        ask(cx, &account);
        self.trouble = None;
        self.opened = Some(account);
    }

    fn block(&mut self, cx: &mut Cx<'_>, account: Account, block: bool) {
        self.trouble = None;
        let effect = if block {
            PersonEffect::Block(account)
        } else {
            PersonEffect::Unblock(account)
        };
        cx.effects.push(Effect::Person(effect));
    }

    fn named(&mut self, account: Account, name: String) {
        let name: String = name.trim().chars().take(NAME_CHARS).collect();
        if name.is_empty() {
            self.own_names.remove(&account);
        } else {
            self.own_names.insert(account, name);
        }
    }
}

/// Asks what somebody calls themselves.
fn ask(cx: &mut Cx<'_>, account: &Account) {
    let name = PersonEffect::AskName(account.clone());
    cx.effects.push(Effect::Person(name));
}
