//! What was said in rooms while one was away: looked up in the server's history, the newest first, until it meets what is
//! kept here; and what was said before that which is kept, when somebody scrolls there.
//!
//! As long as it is on its way from the newest to what is kept, there is a gap between. That is written down, so that whoever
//! is killed meanwhile goes on at the next start: first what is newer than all that is kept, then below where it had come to.

use std::collections::{BTreeMap, BTreeSet};

use super::Cx;
use super::chats::{Chats, ConversationId};
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::app::msg::{HeardMessage, HeardPage};
use crate::protocol::{Account, ChannelName};
use crate::store::{self, Attention, Gap, MessageKind, NewMessage, Put, Way};

/// Pages that are looked up of a room of which nothing is kept, of up to 100 messages each.
const PAGES: usize = 10;
/// Pages that are looked up to close a gap: as much as a server keeps, if it is not told to keep more.
const GAP_PAGES: usize = 100;
/// One's own messages have the server's time alone, whose clock may be behind ours by so much, in ms: an hour.
const CLOCKS_DIFFER: u64 = 60 * 60 * 1000;

/// What is being looked up.
#[derive(Debug, Default)]
pub(super) struct Heard {
    asked: BTreeMap<ChannelName, Asked>,
    /// How far back each room's history was looked up, since one came in.
    ends: BTreeMap<ChannelName, End>,
    /// Rooms of which something may be missing, as the history has it.
    gaps: BTreeMap<ChannelName, Gap>,
    /// How many pages of each room the history has yet to take.
    filling: BTreeMap<ChannelName, usize>,
}

/// Whether there may be older messages of a room at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Older {
    /// There are none, or it does not tell.
    No,
    /// There may be.
    Perhaps,
    /// They are being asked for.
    Asked,
}

/// Where looking up has ended.
#[derive(Clone, Copy, Debug)]
struct End {
    /// The event of the oldest message that came.
    event: Option<u64>,
    /// Whether the server has older ones.
    more: bool,
}

/// A room whose history is being asked for.
#[derive(Debug)]
struct Asked {
    /// Before which event it was asked last.
    before: Option<u64>,
    /// How many of the messages that come nobody has read.
    unread: u64,
    /// How many pages may still come.
    pages: usize,
    /// What is looked for.
    what: What,
    /// When it was asked for first.
    began_ms: u64,
    /// Where a search before this one had come to, and how many of the messages below that nobody has read.
    left: Option<(u64, u64)>,
    /// How many pages of a search before this one the history has yet to take.
    stale: usize,
}

/// What is looked for in a room's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// What is new, until something is known.
    New,
    /// What is older than all that is known, until there is something.
    Older,
}

impl Asked {
    /// Looks for something from now on.
    fn now(cx: &Cx<'_>, what: What, before: Option<u64>) -> Self {
        Self {
            before,
            unread: 0,
            pages: PAGES,
            what,
            began_ms: cx.now.unix_ms,
            left: None,
            stale: 0,
        }
    }

    /// Below which event the search goes on after a page that ends with one. What the search before this one had found is whole,
    /// and is passed over as soon as it is met.
    fn reached(&mut self, event: Option<u64>, puts: &[Put]) -> Option<u64> {
        let Some((below, unread)) = self.left else {
            return event;
        };
        let met = puts.iter().any(|put| match put {
            Put::Known(known) => was_there(&known.content, self.began_ms),
            Put::New(_) | Put::Forgotten => false,
        });
        let passed = event.is_some_and(|event| event <= below);
        if !met && !passed {
            return event;
        }
        self.left = None;
        self.unread += unread;
        Some(event.map_or(below, |event| event.min(below)))
    }
}

impl Heard {
    /// The history says of which rooms something is missing.
    pub(super) fn fill(&mut self, gaps: Vec<Gap>) {
        let named = gaps.into_iter().map(|gap| (gap.room.clone(), gap));
        self.gaps = named.collect();
    }

    /// Whether there may be older messages of a room at the server.
    pub(super) fn older(&self, room: &ChannelName) -> Older {
        let what = self.asked.get(room).map(|asked| asked.what);
        match (what, self.ends.get(room)) {
            (Some(What::Older), _) => Older::Asked,
            // First what is new.
            (Some(What::New), _) => Older::No,
            (None, Some(End { more: true, .. })) => Older::Perhaps,
            (None, Some(End { more: false, .. }) | None) => Older::No,
        }
    }

    /// Somebody wants to see what is older than that which is kept.
    pub(super) fn look_back(&mut self, cx: &mut Cx<'_>, room: &ChannelName) {
        if self.older(room) != Older::Perhaps {
            return;
        }
        let before = self.ends.get(room).and_then(|end| end.event);
        let asked = Asked::now(cx, What::Older, before);
        self.asked.insert(room.clone(), asked);
        let room = room.clone();
        cx.effects.push(Effect::History { room, before });
    }

    /// One is in a room, and so much was said in it meanwhile.
    pub(super) fn came_in(
        &mut self,
        cx: &mut Cx<'_>,
        chats: &Chats,
        room: &ChannelName,
        unread: u64,
    ) {
        let mut asked = Asked::now(cx, What::New, None);
        asked.unread = unread;
        asked.stale = self.filling.get(room).copied().unwrap_or_default();
        let was = self.gaps.get(room);
        // Where nothing is kept there is nothing to leave a gap to.
        let of = ConversationId::Room(room.clone());
        let kept = chats.get(&of).is_some_and(|of| of.last().is_some());
        if was.is_some() || kept {
            asked.pages = GAP_PAGES;
            let (mut since_ms, mut still_unread) = (asked.began_ms, 0);
            if let Some(was) = was {
                since_ms = since_ms.min(was.since_ms);
                still_unread = was.unread;
                match was.below {
                    Some(below) => asked.left = Some((below, was.unread)),
                    None => asked.unread += was.unread,
                }
            }
            let gap = Gap {
                room: room.clone(),
                below: None,
                since_ms,
                unread: unread + still_unread,
            };
            self.put_gap(cx, gap);
        }
        self.ends.remove(room);
        self.asked.insert(room.clone(), asked);
        let (room, before) = (room.clone(), None);
        cx.effects.push(Effect::History { room, before });
    }

    /// So many events were dropped, since we were slow; nobody knows of which rooms. They are looked up where the server keeps
    /// what was said.
    pub(super) fn missed(&mut self, cx: &mut Cx<'_>, chats: &Chats, events: u64) {
        let rooms: BTreeSet<_> = self.ends.keys().chain(self.asked.keys()).cloned().collect();
        for room in rooms {
            self.came_in(cx, chats, &room, events);
        }
    }

    /// Everything that was said in a room is deleted here.
    pub(super) fn erased(&mut self, room: &ChannelName) {
        self.gaps.remove(room);
    }

    /// One is out of a room.
    pub(super) fn went_out(&mut self, room: &ChannelName) {
        self.asked.remove(room);
        self.ends.remove(room);
    }

    /// The server has answered.
    pub(super) fn page(
        &mut self,
        cx: &mut Cx<'_>,
        chats: &Chats,
        me: &Account,
        room: ChannelName,
        page: HeardPage,
    ) {
        let asked = self.asked.get_mut(&room);
        // What was asked before the link went answers nothing that is asked now.
        let Some(asked) = asked.filter(|asked| asked.before == page.before) else {
            return;
        };
        asked.pages = asked.pages.saturating_sub(1);
        let last = page.messages.last().map(|message| message.event);
        let end = End {
            event: last,
            // A page without anything in it leads nowhere.
            more: page.more && last.is_some(),
        };
        self.ends.insert(room.clone(), end);
        *self.filling.entry(room.clone()).or_default() += 1;
        let of = ConversationId::Room(room);
        let mut unread = asked.unread;
        let mut messages = Vec::with_capacity(page.messages.len());
        for HeardMessage {
            id,
            from,
            text,
            at_ms,
            event: _,
        } in page.messages
        {
            let way = if from == *me {
                Way::Out(store::Delivery::Sent)
            } else if unread > 0 {
                unread -= 1;
                Way::In(chats.attention(&of, &text))
            } else {
                Way::In(Attention::Seen)
            };
            messages.push(NewMessage {
                conversation: of.clone(),
                id,
                source: from,
                way,
                kind: MessageKind::Text,
                text,
                server_ms: Some(at_ms),
                local_ms: cx.now.unix_ms,
                reply_to: None,
            });
        }
        // The oldest first, so that those of one millisecond stand in their order.
        messages.reverse();
        let fill = StoreEffect::Fill(of, messages);
        cx.effects.push(Effect::Store(fill));
    }

    /// The server has not answered: the search is over, until one comes in again.
    pub(super) fn not_heard(&mut self, room: &ChannelName, before: Option<u64>) {
        if self
            .asked
            .get(room)
            .is_some_and(|asked| asked.before == before)
        {
            self.asked.remove(room);
            // Or it would be asked again with each frame at the upper end.
            let (event, more) = (before, false);
            self.ends.insert(room.clone(), End { event, more });
        }
    }

    /// The history could not take a page: the search is over, until one comes in again.
    pub(super) fn not_filled(&mut self, of: &ConversationId) {
        if let ConversationId::Room(room) = of
            && self.is_own(room)
        {
            self.asked.remove(room);
        }
    }

    /// The history has taken a page. Where nothing of it was known, there may be a gap before it.
    pub(super) fn filled(&mut self, cx: &mut Cx<'_>, of: &ConversationId, puts: &[Put]) {
        let ConversationId::Room(room) = of else {
            return;
        };
        if !self.is_own(room) {
            return;
        }
        let (Some(asked), Some(end)) = (self.asked.get_mut(room), self.ends.get(room)) else {
            return;
        };
        let gap = self.gaps.get(room);
        let since_ms = gap.map(|gap| gap.since_ms);
        let is_new = |put: &Put| matches!(put, Put::New(_));
        let was_known = |put: &Put| match (put, since_ms) {
            (Put::New(_), _) | (Put::Forgotten, Some(_)) => false,
            (Put::Known(_) | Put::Forgotten, None) => true,
            (Put::Known(known), Some(since_ms)) => was_there(&known.content, since_ms),
        };
        let came = puts.iter().filter(|put| came_new(put)).count();
        asked.unread = asked.unread.saturating_sub(came as u64);
        let found = match asked.what {
            What::New => puts.iter().any(was_known),
            What::Older => puts.iter().any(is_new),
        };
        let mut next = end.event.filter(|_| end.more && asked.pages > 0);
        if asked.what == What::New
            && let Some(gap) = gap
        {
            if found || !end.more {
                self.close_gap(cx, room);
            } else {
                let reached = asked.reached(end.event, puts);
                let gap = Gap {
                    below: reached,
                    unread: asked.unread + asked.left.map_or(0, |(_, unread)| unread),
                    ..gap.clone()
                };
                next = next.and(reached);
                self.put_gap(cx, gap);
            }
        }
        let (Some(before), false) = (next, found) else {
            self.asked.remove(room);
            return;
        };
        let asked = self.asked.get_mut(room);
        if let Some(asked) = asked {
            asked.before = Some(before);
        }
        let (room, before) = (room.clone(), Some(before));
        cx.effects.push(Effect::History { room, before });
    }

    /// Whether a page that the history is done with is one of the search that goes on.
    fn is_own(&mut self, room: &ChannelName) -> bool {
        if let Some(filling) = self.filling.get_mut(room) {
            *filling = filling.saturating_sub(1);
        }
        match self.asked.get_mut(room) {
            Some(asked) if asked.stale > 0 => {
                asked.stale -= 1;
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    fn put_gap(&mut self, cx: &mut Cx<'_>, gap: Gap) {
        if self.gaps.get(&gap.room) != Some(&gap) {
            self.gaps.insert(gap.room.clone(), gap.clone());
            cx.effects.push(Effect::Store(StoreEffect::Gap(gap)));
        }
    }

    fn close_gap(&mut self, cx: &mut Cx<'_>, room: &ChannelName) {
        if self.gaps.remove(room).is_some() {
            let whole = StoreEffect::Whole(room.clone());
            cx.effects.push(Effect::Store(whole));
        }
    }
}

/// Whether somebody else's message was not here before.
fn came_new(put: &Put) -> bool {
    match put {
        Put::New(message) => matches!(message.content.way, Way::In(_)),
        Put::Known(_) | Put::Forgotten => false,
    }
}

/// Whether a message was here before a time. One's own may have been written long before it was sent.
fn was_there(message: &NewMessage, ms: u64) -> bool {
    match message.way {
        Way::In(_) => message.local_ms < ms,
        Way::Out(_) => {
            let sent = message.server_ms.map(|at_ms| at_ms + CLOCKS_DIFFER);
            message.local_ms < ms && sent.is_some_and(|at_ms| at_ms < ms)
        }
    }
}
