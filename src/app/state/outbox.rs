//! What was said and not acknowledged: each message goes out under its id, in the order of typing, however often it takes.

use std::collections::BTreeSet;

use super::{ConversationId, Link};
use crate::app::effect::Effect;
use crate::protocol::{ChannelName, MessageId};
use crate::store::MessageRow;

/// The messages of one account that the server has not said that it has.
#[derive(Debug)]
pub(super) struct Outbox {
    all: Vec<Outgoing>,
    link: Link,
    /// Rooms that one is in: nothing can be said in others.
    inside: BTreeSet<ChannelName>,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) to: ConversationId,
    pub(super) row: MessageRow,
    pub(super) id: MessageId,
    pub(super) text: String,
    in_flight: bool,
}

impl Outbox {
    pub(super) fn new(link: Link) -> Self {
        Self {
            all: Vec::new(),
            link,
            inside: BTreeSet::new(),
        }
    }

    /// A message is kept, and may go out as soon as it can.
    pub(super) fn add(&mut self, to: ConversationId, row: MessageRow, id: MessageId, text: String) {
        let known = self.all.iter().any(|waits| waits.row == row);
        if !known {
            let in_flight = false;
            self.all.push(Outgoing {
                to,
                row,
                id,
                text,
                in_flight,
            });
        }
    }

    /// Whether a message is on its way right now.
    pub(super) fn in_flight(&self, row: MessageRow) -> bool {
        let mut all = self.all.iter();
        all.any(|waits| waits.row == row && waits.in_flight)
    }

    pub(super) fn link(&self) -> Link {
        self.link
    }

    /// The link went or came back. What was on its way when it went goes out again: it arrives once, by its id.
    pub(super) fn set_link(&mut self, link: Link) {
        self.link = link;
    }

    pub(super) fn came_in(&mut self, room: ChannelName) {
        self.inside.insert(room);
    }

    pub(super) fn went_out(&mut self, room: &ChannelName) {
        self.inside.remove(room);
    }

    /// Whether something can be said there now.
    fn open(&self, to: &ConversationId) -> bool {
        self.link == Link::Up
            && match to {
                ConversationId::Person(_) => true,
                ConversationId::Room(room) => self.inside.contains(room),
            }
    }

    /// Sends what waits and can go, in order; says which lines those are.
    pub(super) fn flush(&mut self, effects: &mut Vec<Effect>) -> Vec<(ConversationId, MessageRow)> {
        let mut gone = Vec::new();
        for at in 0..self.all.len() {
            if self.all[at].in_flight || !self.open(&self.all[at].to) {
                continue;
            }
            let waits = &mut self.all[at];
            waits.in_flight = true;
            effects.push(Effect::Send {
                to: waits.to.clone(),
                id: waits.id.clone(),
                text: waits.text.clone(),
            });
            gone.push((waits.to.clone(), waits.row));
        }
        gone
    }

    /// A message that could not go out waits again.
    pub(super) fn wait(&mut self, id: &MessageId) -> Option<&Outgoing> {
        let waits = self.all.iter_mut().find(|waits| waits.id == *id)?;
        waits.in_flight = false;
        Some(waits)
    }

    /// A message is done with.
    pub(super) fn take(&mut self, id: &MessageId) -> Option<Outgoing> {
        let at = self.all.iter().position(|waits| waits.id == *id)?;
        Some(self.all.remove(at))
    }

    /// A room has repeated a message without its id: the oldest that says the same is the one.
    pub(super) fn take_by_text(&mut self, to: &ConversationId, text: &str) -> Option<Outgoing> {
        let mut all = self.all.iter();
        let at = all.position(|waits| waits.to == *to && waits.text == text)?;
        Some(self.all.remove(at))
    }

    /// A message was deleted here.
    pub(super) fn forget(&mut self, row: MessageRow) {
        self.all.retain(|waits| waits.row != row);
    }

    /// A conversation was erased.
    pub(super) fn forget_all(&mut self, to: &ConversationId) {
        self.all.retain(|waits| waits.to != *to);
    }
}
