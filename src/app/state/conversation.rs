//! One conversation: a window onto its history, and what a list shows of it.
//!
//! The window holds at most [`WINDOW`] lines without a gap, wherever one looks, and none while nobody does. So nothing here
//! grows with the length of a history.

use std::collections::VecDeque;

use super::message::{Delivery, Message};
use crate::app::kept::Page;
use crate::protocol::{Account, MessageId};
use crate::store::{ConversationView, MessageRow, Window};

/// Lines of one conversation that are held in memory: some screens full. Where one scrolls on, lines of the other end go.
pub(crate) const WINDOW: usize = 500;

/// One conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    lines: VecDeque<Message>,
    /// Whether the history was asked and has answered.
    looked: Looked,
    /// Whether there are older lines than those held.
    older: bool,
    /// Whether there are newer lines than those held.
    newer: bool,
    /// The last line that a list shows.
    pub(super) last: Option<Message>,
    /// When something was last said, or else when it began, in ms since the Unix epoch.
    pub(crate) active_ms: u64,
    /// Messages since somebody looked.
    pub(crate) unread: usize,
    /// How many of those name whoever is to read them.
    pub(crate) mentions: usize,
    /// The first message that had not been read when somebody came to look; for the line that says "New".
    pub(crate) new_from: Option<MessageRow>,
    /// What is typed, but not sent.
    pub(crate) draft: String,
    /// The last text that was sent from here, for the key Up.
    last_sent: Option<String>,
    /// Whether it raises no notification and counts for no badge.
    pub(crate) muted: bool,
    /// How often the draft was changed by something else than typing.
    pub(crate) drafted: u64,
    /// Where the view is to go.
    pub(crate) jump: Option<Jump>,
    /// Where it is to go when the history has answered.
    going: Option<Jump>,
}

/// How far the window is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Looked {
    /// Nobody looks, and nothing is held.
    #[default]
    Away,
    /// The history was asked for a first page.
    Asked,
    /// There are lines.
    There,
    /// There are lines, and the history was asked for more.
    More,
}

/// A place in a conversation to go to. Each has another number, so that a view knows one that it has obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jump {
    /// Its number.
    pub(crate) no: u64,
    /// The line.
    pub(crate) to: JumpTo,
}

/// Which line to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JumpTo {
    /// This one, which is marked for a moment.
    Line(MessageRow),
    /// The first of or behind a time, in ms since the Unix epoch.
    Time(u64),
    /// The last.
    End,
}

impl Conversation {
    /// A new one, in which nothing was said.
    pub(super) fn begun(now_ms: u64) -> Self {
        Self {
            active_ms: now_ms,
            ..Self::default()
        }
    }

    /// As the history lists it.
    pub(super) fn listed(view: ConversationView) -> Self {
        let count = |n| usize::try_from(n).unwrap_or(usize::MAX);
        Self {
            last: view.last.map(|last| Message::of(last, false)),
            active_ms: view.active_ms,
            unread: count(view.unread),
            mentions: count(view.mentions),
            draft: view.draft,
            muted: view.muted,
            ..Self::default()
        }
    }

    /// The lines that are held, oldest first.
    pub(crate) fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.lines.iter()
    }

    /// One of them.
    pub(crate) fn line(&self, at: usize) -> Option<&Message> {
        self.lines.get(at)
    }

    /// The last line, whether it is held or not.
    pub(crate) fn last(&self) -> Option<&Message> {
        self.last.as_ref()
    }

    /// Whether there are older lines than those held.
    pub(crate) fn older(&self) -> bool {
        self.older
    }

    /// Whether there are newer lines than those held.
    pub(crate) fn newer(&self) -> bool {
        self.newer
    }

    /// Whether the lines are there; else the history is being asked.
    pub(crate) fn looked(&self) -> bool {
        matches!(self.looked, Looked::There | Looked::More)
    }

    /// The last text that was said from here.
    pub(crate) fn last_sent(&self, me: &Account) -> Option<&str> {
        let own = |line: &&Message| line.from == *me && line.text().is_some();
        let held = self.lines.iter().rev().find(own).and_then(Message::text);
        self.last_sent.as_deref().or(held)
    }

    pub(super) fn sent(&mut self, text: &str) {
        self.draft.clear();
        (self.new_from, self.jump) = (None, None);
        self.last_sent = Some(text.to_owned());
    }

    /// Somebody comes to look. Whether the history is to be asked for a first page.
    pub(super) fn look(&mut self) -> bool {
        let fresh = self.looked == Looked::Away;
        if fresh {
            self.looked = Looked::Asked;
        }
        fresh
    }

    /// Nobody looks any more.
    pub(super) fn look_away(&mut self) {
        self.lines.clear();
        self.looked = Looked::Away;
        (self.older, self.newer) = (false, false);
        self.new_from = None;
        (self.jump, self.going) = (None, None);
    }

    /// A part of the history is to be seen. What to ask for, if it is not held.
    pub(super) fn go(&mut self, jump: Jump) -> Option<Page> {
        let page = match jump.to {
            JumpTo::Line(row) if self.held(row).is_some() => None,
            JumpTo::End if self.looked() && !self.newer => None,
            JumpTo::Line(row) => Some(Page::Around(row)),
            JumpTo::Time(at_ms) => Some(Page::At(at_ms)),
            JumpTo::End => Some(Page::Latest),
        };
        if page.is_some() {
            self.going = Some(jump);
        } else {
            self.jump = Some(jump);
        }
        page
    }

    /// What to ask the history for, so that more can be seen above or below; nothing while it is being asked.
    pub(super) fn more(&mut self, above: bool) -> Option<Page> {
        let there = if above { self.older } else { self.newer };
        if self.looked != Looked::There || !there {
            return None;
        }
        let page = if above {
            Page::Before(self.lines.front()?.place)
        } else {
            Page::After(self.lines.back()?.place)
        };
        self.looked = Looked::More;
        Some(page)
    }

    /// The history has answered.
    pub(super) fn page(
        &mut self,
        page: Page,
        window: Window,
        in_flight: impl Fn(&Message) -> bool,
    ) {
        if self.looked == Looked::Away {
            // Whoever looked has gone.
            return;
        }
        let messages = window.messages.into_iter().map(|message| {
            let line = Message::of(message.clone(), false);
            match in_flight(&line) {
                true => Message::of(message, true),
                false => line,
            }
        });
        let messages: Vec<Message> = messages.collect();
        match page {
            Page::Latest | Page::Around(_) | Page::At(_) => {
                self.lines = messages.into();
                (self.older, self.newer) = (window.older, window.newer);
                self.looked = Looked::There;
                self.jump = self.going.take().or(self.jump);
                return;
            }
            // Too late: the window is elsewhere by now.
            Page::Before(place) if self.lines.front().map(|line| line.place) != Some(place) => {}
            Page::After(place) if self.lines.back().map(|line| line.place) != Some(place) => {}
            Page::Before(_) => {
                for line in messages.into_iter().rev() {
                    self.lines.push_front(line);
                }
                self.older = window.older;
                self.newer |= self.lines.len() > WINDOW;
                self.lines.truncate(WINDOW);
            }
            Page::After(_) => {
                self.lines.extend(messages);
                self.newer = window.newer;
                self.shed_oldest();
            }
        }
        if self.looked == Looked::More {
            self.looked = Looked::There;
        }
    }

    /// A line is new. It is held where the window reaches there.
    pub(super) fn add(&mut self, line: Message) {
        if line.tells() {
            self.active_ms = self.active_ms.max(line.place.time_ms());
            if self
                .last
                .as_ref()
                .is_none_or(|last| last.place < line.place)
            {
                self.last = Some(line.clone());
            }
        }
        self.hold(line);
        if !self.newer {
            self.shed_oldest();
        }
    }

    fn hold(&mut self, line: Message) {
        let at = self.lines.partition_point(|held| held.place < line.place);
        let beyond = at == self.lines.len() && self.newer || at == 0 && self.older;
        if self.looked() && !beyond {
            self.lines.insert(at, line);
        }
    }

    fn shed_oldest(&mut self) {
        while self.lines.len() > WINDOW {
            self.lines.pop_front();
            self.older = true;
        }
    }

    /// A line looks different now, and may stand elsewhere.
    pub(super) fn change(&mut self, mut line: Message) {
        if let Some(last) = &mut self.last
            && last.row == line.row
        {
            *last = line.clone();
        }
        if let Some(at) = self.lines.iter().position(|held| held.row == line.row) {
            line.unread = self.lines[at].unread;
            self.lines.remove(at);
            let at = self.lines.partition_point(|held| held.place < line.place);
            self.lines.insert(at, line);
        }
    }

    /// A line is gone.
    pub(super) fn remove(&mut self, row: MessageRow) {
        self.lines.retain(|line| line.row != row);
        if self.last.as_ref().is_some_and(|last| last.row == row) {
            let telling = self.lines.iter().rev().find(|line| line.tells());
            self.last = telling.cloned();
        }
    }

    /// Everything is gone.
    pub(super) fn erase(&mut self) {
        self.lines.clear();
        (self.older, self.newer) = (false, false);
        (self.unread, self.mentions) = (0, 0);
        (self.last, self.new_from, self.last_sent) = (None, None, None);
        self.draft.clear();
        self.drafted += 1;
    }

    /// The first line that nobody had read.
    pub(super) fn mark_new(&mut self) {
        self.new_from = self
            .lines
            .iter()
            .find(|line| line.unread)
            .map(|line| line.row);
    }

    /// Changes one of the lines that are held.
    pub(super) fn held(&mut self, row: MessageRow) -> Option<&mut Message> {
        self.lines.iter_mut().find(|line| line.row == row)
    }

    /// A message that was refused.
    pub(super) fn refused(&self, id: &MessageId) -> Option<(MessageRow, String)> {
        let mut lines = self.lines.iter();
        let failed = lines.find(|line| {
            line.id.as_ref() == Some(id) && matches!(line.delivery, Delivery::Failed(_))
        })?;
        Some((failed.row, failed.text()?.to_owned()))
    }

    /// What is to be typed now, with the words of a line quoted before it.
    pub(super) fn quote(&mut self, row: MessageRow) -> Option<String> {
        let line = self.lines.iter().find(|line| line.row == row)?;
        let (from, text) = (&line.from, line.text()?);
        let mut quoted = String::new();
        for (at, words) in text
            .lines()
            .filter(|line| !line.starts_with('>'))
            .enumerate()
        {
            let name = if at == 0 {
                format!("{from}: ")
            } else {
                String::new()
            };
            quoted.push_str(&format!("> {name}{words}\n"));
        }
        self.drafted += 1;
        Some(quoted + &self.draft)
    }
}
