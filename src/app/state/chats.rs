//! Conversations: what was said, what waits to be sent, what has not been read.
//!
//! A conversation holds the latest [`WINDOW`] messages. What is older is for the store, which pages it in; nothing here
//! grows with a history's length.

use std::collections::{BTreeMap, VecDeque};

use super::{Cx, Link};
use crate::app::effect::Effect;
use crate::app::msg::{ChatMsg, Failure};
use crate::protocol::{Account, ChannelName, Code, MessageId, limits};

/// Messages of one conversation that are held in memory: some screens full. When one more comes, the oldest goes.
pub(crate) const WINDOW: usize = 500;

/// Whom one talks to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ConversationId {
    /// A room.
    Room(ChannelName),
    /// A person.
    Person(Account),
}

/// All conversations.
#[derive(Debug)]
pub(crate) struct Chats {
    me: Account,
    all: BTreeMap<ConversationId, Conversation>,
    opened: Option<ConversationId>,
    /// Whether the window has the keyboard: else nobody reads what is shown.
    focused: bool,
    link: Link,
}

/// One conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    messages: VecDeque<Message>,
    /// Messages since somebody looked.
    pub(crate) unread: usize,
    /// The first message that had not been read when somebody came to look; for the line that says "New".
    pub(crate) new_from: Option<u64>,
    /// What is typed, but not sent.
    pub(crate) draft: String,
    /// The last text that was sent from here, for the key Up.
    pub(crate) last_sent: Option<String>,
}

/// A line of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    /// Its number in this process; later lines have higher ones.
    pub(crate) no: u64,
    /// What the server knows it by, where that is known.
    pub(crate) id: Option<MessageId>,
    /// Who.
    pub(crate) from: Account,
    /// When, in ms since the Unix epoch: by the server's clock once it has it, else by ours.
    pub(crate) at_ms: u64,
    /// What.
    pub(crate) body: Body,
    /// How far it is.
    pub(crate) delivery: Delivery,
    /// Whether the room has repeated it; of what others say, and of what is said to a person, always.
    heard: bool,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Somebody's words.
    Text(String),
    /// Somebody came into the room.
    Came,
    /// Somebody went.
    Went,
}

/// How far a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It came to us.
    Received,
    /// There is no link. It goes out when there is one.
    Waiting,
    /// It is on its way; the server has not said that it has it.
    Pending,
    /// The server has it for good.
    Sent,
    /// The server does not take it, or did not say that it does.
    Failed(Failure),
}

impl Chats {
    pub(super) fn new(me: Account) -> Self {
        Self {
            me,
            all: BTreeMap::new(),
            opened: None,
            focused: true,
            link: Link::Up,
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

    /// How many messages nobody has read.
    pub(crate) fn unread(&self) -> usize {
        self.all
            .values()
            .map(|conversation| conversation.unread)
            .sum()
    }

    /// Whether somebody reads this one at the moment.
    pub(super) fn looks_at(&self, id: &ConversationId) -> bool {
        self.focused && self.opened.as_ref() == Some(id)
    }

    fn sorted(
        &self,
        of: impl Fn(&ConversationId) -> bool,
    ) -> Vec<(&ConversationId, &Conversation)> {
        let mut some: Vec<_> = self.all.iter().filter(|(id, _)| of(id)).collect();
        some.sort_by_key(|(_, conversation)| {
            std::cmp::Reverse(conversation.messages.back().map_or(0, |last| last.no))
        });
        some
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: ChatMsg) {
        match msg {
            ChatMsg::Send { to, text } => self.send(cx, to, text),
            ChatMsg::Retry { to, id } => self.retry(cx, to, &id),
            ChatMsg::Draft { to, text } => self.conversation(to).draft = text,
            ChatMsg::Sent { to, id, result } => self.sent(&to, &id, result),
        }
    }

    pub(super) fn open(&mut self, id: ConversationId) {
        if self.opened.as_ref() != Some(&id) {
            self.close();
        }
        self.conversation(id.clone()).unread = 0;
        self.opened = Some(id);
    }

    pub(super) fn close(&mut self) {
        if let Some(id) = self.opened.take() {
            self.conversation(id).new_from = None;
        }
    }

    pub(super) fn focus(&mut self, focused: bool) {
        self.focused = focused;
        if let (true, Some(id)) = (focused, self.opened.clone()) {
            self.conversation(id).unread = 0;
        }
    }

    /// The link went, or came back; then what waited for it goes out, in the order in which it was written.
    pub(super) fn link(&mut self, cx: &mut Cx<'_>, link: Link) {
        self.link = link;
        if link == Link::Lost {
            return;
        }
        let mut waiting = Vec::new();
        for (to, conversation) in &mut self.all {
            for message in &mut conversation.messages {
                if let (Delivery::Waiting, Body::Text(text), Some(id)) =
                    (&message.delivery, &message.body, &message.id)
                {
                    waiting.push((message.no, to.clone(), id.clone(), text.clone()));
                    message.delivery = Delivery::Pending;
                }
            }
        }
        waiting.sort_by_key(|(no, ..)| *no);
        let sends = waiting.into_iter();
        cx.effects
            .extend(sends.map(|(_, to, id, text)| Effect::Send { to, id, text }));
    }

    /// Somebody said something, perhaps oneself: a room repeats to all what one of them says.
    pub(super) fn received(
        &mut self,
        cx: &mut Cx<'_>,
        to: ConversationId,
        from: Account,
        text: String,
        at_ms: u64,
    ) {
        if from == self.me {
            self.heard_myself(cx, to, text, at_ms);
            return;
        }
        let seen = self.looks_at(&to);
        let no = cx.ids.number();
        let conversation = self.conversation(to);
        if !seen {
            if conversation.unread == 0 {
                conversation.new_from = Some(no);
            }
            conversation.unread += 1;
        }
        conversation.push(Message {
            no,
            id: None,
            from,
            at_ms,
            body: Body::Text(text),
            delivery: Delivery::Received,
            heard: true,
        });
    }

    pub(super) fn came(&mut self, cx: &mut Cx<'_>, room: ChannelName, who: Account) {
        self.notice(cx, room, who, Body::Came);
    }

    pub(super) fn went(&mut self, cx: &mut Cx<'_>, room: ChannelName, who: Account) {
        self.notice(cx, room, who, Body::Went);
    }

    fn notice(&mut self, cx: &mut Cx<'_>, room: ChannelName, from: Account, body: Body) {
        let notice = Message {
            no: cx.ids.number(),
            id: None,
            from,
            at_ms: cx.now.unix_ms,
            body,
            delivery: Delivery::Received,
            heard: true,
        };
        self.conversation(ConversationId::Room(room)).push(notice);
    }

    fn send(&mut self, cx: &mut Cx<'_>, to: ConversationId, text: String) {
        let text = text.trim().to_owned();
        // The view says so before it comes to this; the text stays where it was typed.
        if text.is_empty() || text.len() > limits::CONTENT_BYTES {
            return;
        }
        let Some(id) = cx.ids.message() else {
            return;
        };
        let (no, from) = (cx.ids.number(), self.me.clone());
        let heard = matches!(to, ConversationId::Person(_));
        let delivery = self.on_its_way();
        let conversation = self.conversation(to.clone());
        conversation.draft.clear();
        conversation.new_from = None;
        conversation.last_sent = Some(text.clone());
        conversation.push(Message {
            no,
            id: Some(id.clone()),
            from,
            at_ms: cx.now.unix_ms,
            body: Body::Text(text.clone()),
            delivery: delivery.clone(),
            heard,
        });
        if delivery == Delivery::Pending {
            cx.effects.push(Effect::Send { to, id, text });
        }
    }

    /// What becomes of a message that is sent now.
    fn on_its_way(&self) -> Delivery {
        match self.link {
            Link::Up => Delivery::Pending,
            Link::Lost => Delivery::Waiting,
        }
    }

    fn retry(&mut self, cx: &mut Cx<'_>, to: ConversationId, id: &MessageId) {
        let delivery = self.on_its_way();
        let conversation = self.conversation(to.clone());
        let failed = conversation.own(id).filter(|message| message.failed());
        let Some(message) = failed else {
            return;
        };
        let Body::Text(text) = message.body.clone() else {
            return;
        };
        message.delivery = delivery.clone();
        if delivery == Delivery::Pending {
            let id = id.clone();
            cx.effects.push(Effect::Send { to, id, text });
        }
    }

    fn sent(&mut self, to: &ConversationId, id: &MessageId, result: Result<(), Failure>) {
        let lost = self.link == Link::Lost;
        let conversation = self.all.get_mut(to);
        if let Some(message) = conversation.and_then(|conversation| conversation.own(id)) {
            message.delivery = match (result, &message.delivery) {
                // The room has repeated it already, whatever became of the answer.
                (_, Delivery::Sent) | (Ok(()), _) => Delivery::Sent,
                // Without a link there is no answer; it goes out again, under its id, and arrives once.
                (Err(failure), _) if lost && failure.code == Code::SendMessageTimeout => {
                    Delivery::Waiting
                }
                (Err(failure), _) => Delivery::Failed(failure),
            };
        }
    }

    /// The room repeats what this account has said. A 1.x event bears no id, so the oldest message that says the same and
    /// has not been heard is the one.
    fn heard_myself(&mut self, cx: &mut Cx<'_>, to: ConversationId, text: String, at_ms: u64) {
        let (no, from) = (cx.ids.number(), self.me.clone());
        let conversation = self.conversation(to);
        let mut messages = conversation.messages.iter_mut();
        let said = messages.find(|message| {
            !message.heard && matches!(&message.body, Body::Text(said) if *said == text)
        });
        match said {
            Some(message) => {
                message.delivery = Delivery::Sent;
                message.at_ms = at_ms;
                message.heard = true;
            }
            None => conversation.push(Message {
                no,
                id: None,
                from,
                at_ms,
                body: Body::Text(text),
                delivery: Delivery::Sent,
                heard: true,
            }),
        }
    }

    fn conversation(&mut self, id: ConversationId) -> &mut Conversation {
        self.all.entry(id).or_default()
    }
}

impl Conversation {
    /// Its latest messages, oldest first.
    pub(crate) fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.iter()
    }

    fn push(&mut self, message: Message) {
        if self.messages.len() >= WINDOW {
            // What is not sent yet stays, however old it is.
            let settled = self
                .messages
                .iter()
                .position(|old| !matches!(old.delivery, Delivery::Waiting | Delivery::Pending));
            self.messages.remove(settled.unwrap_or(0));
        }
        self.messages.push_back(message);
    }

    fn own(&mut self, id: &MessageId) -> Option<&mut Message> {
        let mut messages = self.messages.iter_mut().rev();
        messages.find(|message| message.id.as_ref() == Some(id))
    }
}

impl Message {
    fn failed(&self) -> bool {
        matches!(self.delivery, Delivery::Failed(_))
    }
}
