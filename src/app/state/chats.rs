//! Conversations: what was said, what waits to be sent, what has not been read.
//!
//! Whatever is said goes into the history first, and stands in a conversation as the history has it; what is to go out goes
//! out when it is kept. So what people see is there after any end of the process, and each message stands once.

use std::collections::BTreeMap;

use super::conversation::{Conversation, Jump, JumpTo};
use super::message::{self, Message};
use super::outbox::Outbox;
use super::{Cx, Link};
use crate::app::effect::Effect;
use crate::app::kept::{Overview, Page, StoreEffect, StoreMsg};
use crate::app::msg::ChatMsg;
use crate::protocol::{Account, ChannelName, MessageId, Receipt, ReceiptState};
use crate::store::{self, Attention, MessageKind, NewMessage, Put, Way, Window};

/// Whom one talks to.
pub(crate) use crate::store::Conversation as ConversationId;

/// All conversations.
#[derive(Debug)]
pub(crate) struct Chats {
    pub(super) me: Account,
    pub(super) all: BTreeMap<ConversationId, Conversation>,
    opened: Option<ConversationId>,
    /// Whether the window has the keyboard: else nobody reads what is shown.
    focused: bool,
    /// Whether conversations are on the screen, and not something else.
    shown: bool,
    pub(super) outbox: Outbox,
}

/// Something that somebody said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) to: ConversationId,
    pub(super) from: Account,
    pub(super) text: String,
    pub(super) at_ms: u64,
    pub(super) id: Option<MessageId>,
}

impl Chats {
    pub(super) fn new(me: Account, link: Link, focused: bool) -> Self {
        Self {
            me,
            all: BTreeMap::new(),
            opened: None,
            focused,
            shown: true,
            outbox: Outbox::new(link),
        }
    }

    /// The conversation that is shown.
    pub(crate) fn opened(&self) -> Option<&ConversationId> {
        self.opened.as_ref()
    }

    /// One of them.
    pub(crate) fn get(&self, id: &ConversationId) -> Option<&Conversation> {
        self.all.get(id)
    }

    /// Those with rooms, or those with people, the one that spoke last on top.
    pub(crate) fn rooms(&self) -> Vec<(&ConversationId, &Conversation)> {
        self.sorted(|id| matches!(id, ConversationId::Room(_)))
    }

    /// Those with people, likewise.
    pub(crate) fn people(&self) -> Vec<(&ConversationId, &Conversation)> {
        self.sorted(|id| matches!(id, ConversationId::Person(_)))
    }

    /// Whether there is none yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many messages nobody has read, but for those of conversations that are silent.
    pub(crate) fn unread(&self) -> usize {
        let loud = self.all.values().filter(|of| !of.muted);
        loud.map(|conversation| conversation.unread).sum()
    }

    /// Whether somebody reads this one at the moment.
    pub(super) fn looks_at(&self, id: &ConversationId) -> bool {
        self.focused && self.shown && self.opened.as_ref() == Some(id)
    }

    fn sorted(
        &self,
        of: impl Fn(&ConversationId) -> bool,
    ) -> Vec<(&ConversationId, &Conversation)> {
        let mut some: Vec<_> = self.all.iter().filter(|(id, _)| of(id)).collect();
        some.sort_by_key(|(_, conversation)| std::cmp::Reverse(conversation.active_ms));
        some
    }

    /// The history says what there is: conversations, and what waits to go out.
    pub(super) fn fill(&mut self, cx: &mut Cx<'_>, overview: &mut Overview) {
        for view in std::mem::take(&mut overview.conversations) {
            let id = view.conversation.clone();
            // What came meanwhile is in the history, too.
            if self.opened.as_ref() != Some(&id) {
                self.all.insert(id, Conversation::listed(view));
            }
        }
        for waits in std::mem::take(&mut overview.outbox) {
            let store::Message { row, content, .. } = waits;
            // Of another account that used this profile.
            if content.source != self.me {
                continue;
            }
            if let Some(id) = content.id {
                self.outbox.add(content.conversation, row, id, content.text);
            }
        }
        self.flush(cx);
    }

    /// The conversation that spoke last.
    pub(super) fn latest(&self) -> Option<ConversationId> {
        let latest = self.sorted(|_| true);
        latest.first().map(|(id, _)| (*id).clone())
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: ChatMsg) {
        match msg {
            ChatMsg::Send { to, text } => self.send(cx, to, &text),
            ChatMsg::Retry { to, id } => self.retry(cx, &to, &id),
            ChatMsg::Draft { to, text } => self.draft(cx, to, text),
            ChatMsg::Quote(to, row) => self.quote(cx, to, row),
            ChatMsg::Sent { to, id, result } => self.sent(cx, &to, &id, result),
            ChatMsg::More { of, above } => self.more(cx, of, above),
            ChatMsg::Jump { of, to } => self.jump(cx, of, to),
            ChatMsg::Mute(of, muted) => self.mute(cx, of, muted),
            ChatMsg::Delete(of, row) => self.delete(cx, &of, row),
            ChatMsg::Erase(of) => self.erase(cx, of),
            ChatMsg::Remove(of) => self.remove(cx, of),
            ChatMsg::Export {
                conversation,
                format,
                path,
            } => cx.effects.push(Effect::Store(StoreEffect::Export {
                conversation,
                format,
                path,
            })),
        }
    }

    /// The history has answered.
    pub(super) fn stored(&mut self, cx: &mut Cx<'_>, msg: StoreMsg) {
        match msg {
            StoreMsg::Kept(put) => self.kept(cx, put),
            StoreMsg::Changed(messages) => self.changed(messages),
            StoreMsg::Page(of, page, window) => self.page(&of, page, window),
            StoreMsg::Read(of, messages) => self.was_read(cx, of, messages),
            // These are not about what is said.
            StoreMsg::Opened(..)
            | StoreMsg::Account(..)
            | StoreMsg::Filled(..)
            | StoreMsg::NotFilled(_)
            | StoreMsg::Found(..)
            | StoreMsg::Exported(_)
            | StoreMsg::Trouble(_) => {}
        }
    }

    pub(super) fn open(&mut self, cx: &mut Cx<'_>, id: ConversationId) {
        if self.opened.as_ref() != Some(&id) {
            self.close();
        }
        if !self.all.contains_key(&id) {
            let begin = StoreEffect::Begin(id.clone(), cx.now.unix_ms);
            cx.effects.push(Effect::Store(begin));
        }
        let now_ms = cx.now.unix_ms;
        let conversation = self.conversation(id.clone(), now_ms);
        if conversation.look() {
            let load = StoreEffect::Load(id.clone(), Page::Latest);
            cx.effects.push(Effect::Store(load));
        }
        self.opened = Some(id);
        self.mark_read(cx);
    }

    pub(super) fn close(&mut self) {
        if let Some(id) = self.opened.take()
            && let Some(conversation) = self.all.get_mut(&id)
        {
            conversation.look_away();
        }
    }

    pub(super) fn focus(&mut self, cx: &mut Cx<'_>, focused: bool) {
        self.focused = focused;
        self.mark_read(cx);
    }

    /// Conversations are on the screen, or something else is.
    pub(super) fn show(&mut self, cx: &mut Cx<'_>, shown: bool) {
        self.shown = shown;
        self.mark_read(cx);
    }

    /// Whoever has the window in front of them has read what is open.
    fn mark_read(&mut self, cx: &mut Cx<'_>) {
        if let (true, Some(id)) = (self.focused && self.shown, &self.opened)
            && let Some(conversation) = self.all.get_mut(id)
            && conversation.unread > 0
        {
            (conversation.unread, conversation.mentions) = (0, 0);
            let mark = StoreEffect::MarkRead(id.clone());
            cx.effects.push(Effect::Store(mark));
        }
    }

    /// The link went, or came back; then what waited for it goes out.
    pub(super) fn link(&mut self, cx: &mut Cx<'_>, link: Link) {
        self.outbox.set_link(link);
        self.flush(cx);
    }

    /// One is in a room: what waited for that goes out.
    pub(super) fn came_in(&mut self, cx: &mut Cx<'_>, room: ChannelName) {
        self.outbox.came_in(room);
        self.flush(cx);
    }

    pub(super) fn went_out(&mut self, room: &ChannelName) {
        self.outbox.went_out(room);
    }

    /// Somebody said something, perhaps oneself: a room repeats to all what one of them says.
    pub(super) fn received(&mut self, cx: &mut Cx<'_>, said: Said) {
        if said.from == self.me {
            self.heard_myself(cx, said);
            return;
        }
        let attention = self.attention(&said.to, &said.text);
        put(cx, said, Way::In(attention), MessageKind::Text);
    }

    /// Whether what is said now is read at once.
    pub(super) fn attention(&self, to: &ConversationId, text: &str) -> Attention {
        match to {
            _ if self.looks_at(to) => Attention::Seen,
            ConversationId::Room(_) if message::names(text, &self.me) => Attention::Mention,
            ConversationId::Room(_) | ConversationId::Person(_) => Attention::Unread,
        }
    }

    pub(super) fn came(&mut self, cx: &mut Cx<'_>, room: ChannelName, who: Account) {
        notice(cx, room, who, MessageKind::Joined);
    }

    pub(super) fn went(&mut self, cx: &mut Cx<'_>, room: ChannelName, who: Account) {
        notice(cx, room, who, MessageKind::Left);
    }

    /// Receivers have messages, or have read them.
    pub(super) fn receipt(&mut self, cx: &mut Cx<'_>, receipt: Receipt) {
        let Receipt { peer, ids, state } = receipt;
        let receipt = match state {
            ReceiptState::Delivered => store::Receipt::Delivered,
            ReceiptState::Read => store::Receipt::Read,
        };
        cx.effects.push(Effect::Store(StoreEffect::Receipt {
            conversation: ConversationId::Person(peer),
            me: self.me.clone(),
            ids,
            receipt,
        }));
    }

    fn draft(&mut self, cx: &mut Cx<'_>, to: ConversationId, text: String) {
        let now_ms = cx.now.unix_ms;
        self.conversation(to.clone(), now_ms)
            .draft
            .clone_from(&text);
        let draft = StoreEffect::Draft(to, text, now_ms);
        cx.effects.push(Effect::Store(draft));
    }

    /// The words of a line stand quoted in what is being typed, before it.
    fn quote(&mut self, cx: &mut Cx<'_>, to: ConversationId, row: store::MessageRow) {
        let conversation = self.all.get_mut(&to);
        if let Some(text) = conversation.and_then(|conversation| conversation.quote(row)) {
            self.draft(cx, to, text);
        }
    }

    fn kept(&mut self, cx: &mut Cx<'_>, put: Put) {
        match put {
            Put::New(message) => self.new_line(cx, message, true),
            Put::Known(message) => self.changed(vec![message]),
            Put::Forgotten => {}
        }
    }

    /// The history has taken a page of what was said in a room.
    pub(super) fn filled(&mut self, cx: &mut Cx<'_>, of: &ConversationId, puts: Vec<Put>) {
        for put in puts {
            match put {
                Put::New(message) => self.new_line(cx, message, false),
                Put::Known(message) => self.changed(vec![message]),
                Put::Forgotten => {}
            }
        }
        if self.opened.as_ref() == Some(of) {
            self.mark_read(cx);
        }
    }

    fn new_line(&mut self, cx: &mut Cx<'_>, message: store::Message, live: bool) {
        let to = message.content.conversation.clone();
        let (way, id) = (message.content.way.clone(), message.content.id.clone());
        let opened = self.opened.as_ref() == Some(&to);
        let line = Message::of(message, false);
        let row = line.row;
        let now_ms = cx.now.unix_ms;
        let text = line.text().map(str::to_owned);
        let conversation = self.conversation(to.clone(), now_ms);
        conversation.add(line);
        match way {
            Way::In(Attention::Seen) => {
                if let (ConversationId::Person(peer), Some(id), true) = (&to, id, live) {
                    let (peer, ids) = (peer.clone(), vec![id]);
                    cx.effects.push(Effect::TellRead { peer, ids });
                }
            }
            Way::In(attention @ (Attention::Unread | Attention::Mention)) => {
                if conversation.unread == 0 && opened {
                    conversation.new_from = Some(row);
                }
                conversation.unread += 1;
                conversation.mentions += usize::from(attention == Attention::Mention);
                // Somebody has begun to look while it was being kept.
                if live && opened {
                    self.mark_read(cx);
                }
            }
            Way::Out(store::Delivery::Pending) => {
                if conversation.newer() && opened {
                    self.jump(cx, to.clone(), JumpTo::End);
                }
                if let (Some(id), Some(text)) = (id, text) {
                    self.outbox.add(to, row, id, text);
                }
                self.flush(cx);
            }
            Way::Out(
                store::Delivery::Sent
                | store::Delivery::Delivered
                | store::Delivery::Read
                | store::Delivery::Failed { .. },
            ) => {}
        }
    }

    fn changed(&mut self, messages: Vec<store::Message>) {
        for message in messages {
            let in_flight = self.outbox.in_flight(message.row);
            let of = message.content.conversation.clone();
            if let Some(conversation) = self.all.get_mut(&of) {
                conversation.change(Message::of(message, in_flight));
            }
        }
    }

    fn page(&mut self, of: &ConversationId, page: Page, window: Window) {
        let outbox = &self.outbox;
        if let Some(conversation) = self.all.get_mut(of) {
            conversation.page(page, window, |line| outbox.in_flight(line.row));
            if page == Page::Latest {
                conversation.mark_new();
            }
        }
    }

    fn was_read(
        &mut self,
        cx: &mut Cx<'_>,
        of: ConversationId,
        messages: Vec<(Account, MessageId)>,
    ) {
        if let ConversationId::Person(peer) = of {
            let ids = messages.into_iter().map(|(_, id)| id).collect();
            cx.effects.push(Effect::TellRead { peer, ids });
        }
    }

    fn more(&mut self, cx: &mut Cx<'_>, of: ConversationId, above: bool) {
        let conversation = self.all.get_mut(&of);
        if let Some(page) = conversation.and_then(|conversation| conversation.more(above)) {
            cx.effects.push(Effect::Store(StoreEffect::Load(of, page)));
        }
    }

    /// Goes to a line, which may be out of the window.
    fn jump(&mut self, cx: &mut Cx<'_>, of: ConversationId, to: JumpTo) {
        let (no, now_ms) = (cx.ids.number(), cx.now.unix_ms);
        let conversation = self.conversation(of.clone(), now_ms);
        if let Some(page) = conversation.go(Jump { no, to }) {
            cx.effects.push(Effect::Store(StoreEffect::Load(of, page)));
        }
    }

    fn mute(&mut self, cx: &mut Cx<'_>, of: ConversationId, muted: bool) {
        let now_ms = cx.now.unix_ms;
        self.conversation(of.clone(), now_ms).muted = muted;
        let mute = StoreEffect::Mute(of, muted, now_ms);
        cx.effects.push(Effect::Store(mute));
    }

    fn delete(&mut self, cx: &mut Cx<'_>, of: &ConversationId, row: store::MessageRow) {
        self.outbox.forget(row);
        if let Some(conversation) = self.all.get_mut(of) {
            conversation.remove(row);
        }
        cx.effects.push(Effect::Store(StoreEffect::Delete(row)));
    }

    fn erase(&mut self, cx: &mut Cx<'_>, of: ConversationId) {
        self.outbox.forget_all(&of);
        if let Some(conversation) = self.all.get_mut(&of) {
            conversation.erase();
        }
        cx.effects.push(Effect::Store(StoreEffect::Erase(of)));
    }

    fn remove(&mut self, cx: &mut Cx<'_>, of: ConversationId) {
        self.outbox.forget_all(&of);
        if self.opened.as_ref() == Some(&of) {
            self.opened = None;
        }
        self.all.remove(&of);
        cx.effects.push(Effect::Store(StoreEffect::Remove(of)));
    }

    pub(super) fn conversation(&mut self, id: ConversationId, now_ms: u64) -> &mut Conversation {
        let begun = || Conversation::begun(now_ms);
        self.all.entry(id).or_insert_with(begun)
    }
}

pub(super) fn put(cx: &mut Cx<'_>, said: Said, way: Way, kind: MessageKind) {
    let message = NewMessage {
        conversation: said.to,
        id: said.id,
        source: said.from,
        way,
        kind,
        text: said.text,
        server_ms: Some(said.at_ms),
        local_ms: cx.now.unix_ms,
        reply_to: None,
    };
    let message = Box::new(message);
    cx.effects.push(Effect::Store(StoreEffect::Put(message)));
}

fn notice(cx: &mut Cx<'_>, room: ChannelName, who: Account, kind: MessageKind) {
    let said = Said {
        to: ConversationId::Room(room),
        from: who,
        text: String::new(),
        at_ms: cx.now.unix_ms,
        id: None,
    };
    put(cx, said, Way::In(Attention::Seen), kind);
}
