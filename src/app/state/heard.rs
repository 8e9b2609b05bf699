//! What was said in rooms while one was away: looked up in the server's history, the newest first, until it meets what is
//! kept here; and what was said before that which is kept, when somebody scrolls there.

use std::collections::{BTreeMap, BTreeSet};

use super::Cx;
use super::chats::{Chats, ConversationId};
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::app::msg::HeardMessage;
use crate::protocol::{Account, ChannelName};
use crate::store::{self, Attention, MessageKind, NewMessage, Put, Way};

/// Pages that are looked up after a time away, of up to 100 messages each.
const PAGES: usize = 10;

/// What is being looked up.
#[derive(Debug, Default)]
pub(super) struct Heard {
    asked: BTreeMap<ChannelName, Asked>,
    /// How far back each room's history was looked up, since one came in.
    ends: BTreeMap<ChannelName, End>,
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
    /// How many of the messages that come nobody has read.
    unread: u64,
    /// How many pages may still come.
    pages: usize,
    /// Before which event to go on, if what came says so.
    next: Option<u64>,
    /// What is looked for.
    what: What,
    /// When it was asked for first, if something was missed before: what came since then is known, and says nothing of that.
    since_ms: Option<u64>,
}

/// What is looked for in a room's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// What is new, until something is known.
    New,
    /// What is older than all that is known, until there is something.
    Older,
}

impl Heard {
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
        let asked = Asked {
            unread: 0,
            pages: PAGES,
            next: None,
            what: What::Older,
            since_ms: None,
        };
        self.asked.insert(room.clone(), asked);
        let room = room.clone();
        cx.effects.push(Effect::History { room, before });
    }

    /// One is in a room, and so much was said in it meanwhile.
    pub(super) fn came_in(&mut self, cx: &mut Cx<'_>, room: &ChannelName, unread: u64) {
        let (pages, next) = (PAGES, None);
        let what = What::New;
        let asked = Asked {
            unread,
            pages,
            next,
            what,
            since_ms: (unread > 0).then_some(cx.now.unix_ms),
        };
        self.ends.remove(room);
        self.asked.insert(room.clone(), asked);
        let (room, before) = (room.clone(), None);
        cx.effects.push(Effect::History { room, before });
    }

    /// So many events were dropped, since we were slow; nobody knows of which rooms. They are looked up where the server keeps
    /// what was said.
    pub(super) fn missed(&mut self, cx: &mut Cx<'_>, events: u64) {
        let rooms: BTreeSet<_> = self.ends.keys().chain(self.asked.keys()).cloned().collect();
        for room in rooms {
            self.came_in(cx, &room, events);
        }
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
        messages: Vec<HeardMessage>,
        more: bool,
    ) {
        let Some(asked) = self.asked.get_mut(&room) else {
            return;
        };
        asked.pages = asked.pages.saturating_sub(1);
        let last = messages.last().map(|message| message.event);
        asked.next = last.filter(|_| more && asked.pages > 0);
        let end = End {
            event: last,
            // A page without anything in it leads nowhere.
            more: more && last.is_some(),
        };
        self.ends.insert(room.clone(), end);
        let of = ConversationId::Room(room);
        let mut page = Vec::with_capacity(messages.len());
        for message in messages {
            let way = if message.from == *me {
                Way::Out(store::Delivery::Sent)
            } else if asked.unread > 0 {
                asked.unread -= 1;
                Way::In(chats.attention(&of, &message.text))
            } else {
                Way::In(Attention::Seen)
            };
            page.push(NewMessage {
                conversation: of.clone(),
                id: message.id,
                source: message.from,
                way,
                kind: MessageKind::Text,
                text: message.text,
                server_ms: Some(message.at_ms),
                local_ms: cx.now.unix_ms,
                reply_to: None,
            });
        }
        // The oldest first, so that those of one millisecond stand in their order.
        page.reverse();
        cx.effects.push(Effect::Store(StoreEffect::Fill(of, page)));
    }

    /// The history could not take a page: the search is over, until one comes in again.
    pub(super) fn not_filled(&mut self, of: &ConversationId) {
        if let ConversationId::Room(room) = of {
            self.asked.remove(room);
        }
    }

    /// The history has taken a page. Where nothing of it was known, there may be a gap before it.
    pub(super) fn filled(&mut self, cx: &mut Cx<'_>, of: &ConversationId, puts: &[Put]) {
        let ConversationId::Room(room) = of else {
            return;
        };
        let Some(asked) = self.asked.get(room) else {
            return;
        };
        let is_new = |put: &Put| matches!(put, Put::New(_));
        let was_known = |put: &Put| match (put, asked.since_ms) {
            (Put::New(_), _) => false,
            (Put::Known(_) | Put::Forgotten, None) | (Put::Forgotten, Some(_)) => true,
            (Put::Known(known), Some(since_ms)) => was_there(&known.content, since_ms),
        };
        let found = match asked.what {
            What::New => puts.iter().any(was_known),
            What::Older => puts.iter().any(is_new),
        };
        let before = asked.next;
        if before.is_none() || found {
            self.asked.remove(room);
            return;
        }
        let room = room.clone();
        cx.effects.push(Effect::History { room, before });
    }
}

/// Whether the server had a message before a time. One's own may have been written long before it was sent.
fn was_there(message: &NewMessage, ms: u64) -> bool {
    match message.way {
        Way::In(_) => message.local_ms < ms,
        Way::Out(_) => message.server_ms.is_some_and(|at_ms| at_ms < ms),
    }
}
