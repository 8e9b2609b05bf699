//! What was said in rooms while one was away: looked up in the server's history, the newest first, until it meets what is
//! kept here.

use std::collections::BTreeMap;

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
pub(super) struct Heard(BTreeMap<ChannelName, Asked>);

/// A room whose history is being asked for.
#[derive(Debug)]
struct Asked {
    /// How many of the messages that come nobody has read.
    unread: u64,
    /// How many pages may still come.
    pages: usize,
    /// Before which event to go on, if all that came was new.
    next: Option<u64>,
}

impl Heard {
    /// One is in a room, and so much was said in it meanwhile.
    pub(super) fn came_in(&mut self, cx: &mut Cx<'_>, room: &ChannelName, unread: u64) {
        let (pages, next) = (PAGES, None);
        let asked = Asked {
            unread,
            pages,
            next,
        };
        self.0.insert(room.clone(), asked);
        let (room, before) = (room.clone(), None);
        cx.effects.push(Effect::History { room, before });
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
        let Some(asked) = self.0.get_mut(&room) else {
            return;
        };
        asked.pages = asked.pages.saturating_sub(1);
        let last = messages.last().map(|message| message.event);
        asked.next = last.filter(|_| more && asked.pages > 0);
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

    /// The history has taken a page. Where nothing of it was known, there may be a gap before it.
    pub(super) fn filled(&mut self, cx: &mut Cx<'_>, of: &ConversationId, puts: &[Put]) {
        let ConversationId::Room(room) = of else {
            return;
        };
        let known = |put: &Put| match put {
            Put::New(_) => false,
            Put::Known(_) | Put::Forgotten => true,
        };
        let before = self.0.get(room).and_then(|asked| asked.next);
        if before.is_none() || puts.iter().any(known) {
            self.0.remove(room);
            return;
        }
        let room = room.clone();
        cx.effects.push(Effect::History { room, before });
    }
}
