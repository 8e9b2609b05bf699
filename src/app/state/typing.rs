//! Who is writing at the moment, and telling others that one is. Nothing of it is kept.

use std::time::{Duration, Instant};

use super::{ConversationId, Cx, Link};
use crate::app::effect::Effect;
use crate::protocol::{self, Account, limits};

/// For so long after its word somebody is taken to be writing. Whoever goes on says so every [`limits::TYPING_EVERY`].
const SHOWN: Duration = Duration::from_secs(2 * limits::TYPING_EVERY.as_secs());
/// So long one does not repeat that one is writing in the same conversation: somewhat longer than the server wants.
const PAUSE: Duration = limits::TYPING_EVERY.saturating_add(Duration::from_millis(500));
/// Writers that are known at most; of more nobody can read the names. When full, the oldest goes.
const WRITERS: usize = 100;

/// Who is writing where.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    writers: Vec<Writer>,
    /// Whether the server passes it on.
    granted: bool,
    /// Where one said last that one is writing, and when.
    said: Option<(ConversationId, Instant)>,
}

/// Somebody who is writing.
#[derive(Debug)]
struct Writer {
    to: ConversationId,
    who: Account,
    until: Instant,
}

impl Typing {
    /// Who is writing in a conversation.
    pub(crate) fn of<'a>(&'a self, id: &'a ConversationId, now: Instant) -> Vec<&'a Account> {
        let here = self.writers.iter().filter(|writer| writer.to == *id);
        here.filter(|writer| writer.until > now)
            .map(|writer| &writer.who)
            .collect()
    }

    /// How long it takes until somebody is no longer taken to be writing, if anybody is.
    pub(crate) fn next(&self, now: Instant) -> Option<Duration> {
        let ends = self.writers.iter().map(|writer| writer.until);
        ends.filter(|until| *until > now)
            .min()
            .map(|until| until - now)
    }

    /// The server says what it grants.
    pub(super) fn grant(&mut self, granted: bool) {
        self.granted = granted;
    }

    /// Without a link nobody says anything, nor that they stopped.
    pub(super) fn forget(&mut self) {
        self.writers.clear();
    }

    /// Somebody is writing.
    pub(super) fn told(&mut self, now: Instant, me: &Account, typing: protocol::Typing) {
        let protocol::Typing { account, channel } = typing;
        // Oneself, with another client.
        if account == *me {
            return;
        }
        let to = match channel {
            Some(room) => ConversationId::Room(room),
            None => ConversationId::Person(account.clone()),
        };
        self.writers
            .retain(|writer| writer.until > now && !(writer.to == to && writer.who == account));
        if self.writers.len() == WRITERS {
            self.writers.remove(0);
        }
        let (who, until) = (account, now + SHOWN);
        self.writers.push(Writer { to, who, until });
    }

    /// Somebody has said what they wrote, or went.
    pub(super) fn done(&mut self, to: &ConversationId, who: &Account) {
        self.writers
            .retain(|writer| writer.to != *to || writer.who != *who);
    }

    /// One is writing.
    pub(super) fn typed(&mut self, cx: &mut Cx<'_>, link: Link, to: &ConversationId) {
        let lately = |(at, when): &(ConversationId, Instant)| {
            at == to && cx.now.at.saturating_duration_since(*when) < PAUSE
        };
        if link != Link::Up || !self.granted || self.said.as_ref().is_some_and(lately) {
            return;
        }
        self.said = Some((to.clone(), cx.now.at));
        cx.effects.push(Effect::Typing(to.clone()));
    }

    /// What one wrote has gone out: what comes next is said anew.
    pub(super) fn sent(&mut self, to: &ConversationId) {
        self.said.take_if(|(at, _)| at == to);
    }
}
