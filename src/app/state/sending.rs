//! Saying something: into the history, into the outbox, to the server, and what becomes of it there.

use super::chats::{Chats, ConversationId, Said, put};
use super::{Cx, Delivery, Link};
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::app::msg::Failure;
use crate::protocol::{Code, MessageId, limits};
use crate::store::{self, MessageKind, NewMessage, Way};

impl Chats {
    pub(super) fn send(&mut self, cx: &mut Cx<'_>, to: ConversationId, text: &str) {
        let text = text.trim().to_owned();
        // The view says so before it comes to this; the text stays where it was typed.
        if text.is_empty() || text.len() > limits::CONTENT_BYTES {
            return;
        }
        let Some(id) = cx.ids.message() else {
            return;
        };
        let now_ms = cx.now.unix_ms;
        self.conversation(to.clone(), now_ms).sent(&text);
        let draft = StoreEffect::Draft(to.clone(), String::new(), now_ms);
        let message = NewMessage {
            conversation: to,
            id: Some(id),
            source: self.me.clone(),
            way: Way::Out(store::Delivery::Pending),
            kind: MessageKind::Text,
            text,
            server_ms: None,
            local_ms: now_ms,
            reply_to: None,
        };
        let message = Box::new(message);
        cx.effects.push(Effect::Store(StoreEffect::Put(message)));
        cx.effects.push(Effect::Store(draft));
    }

    pub(super) fn retry(&mut self, cx: &mut Cx<'_>, to: &ConversationId, id: &MessageId) {
        let Some(conversation) = self.all.get(to) else {
            return;
        };
        let Some((row, text)) = conversation.refused(id) else {
            return;
        };
        cx.effects.push(Effect::Store(StoreEffect::Retry(row)));
        self.outbox.add(to.clone(), row, id.clone(), text);
        self.deliver(to, row, Delivery::Waiting);
        self.flush(cx);
    }

    /// The server has a message for good, or does not take it.
    pub(super) fn sent(
        &mut self,
        cx: &mut Cx<'_>,
        to: &ConversationId,
        id: &MessageId,
        result: Result<Option<u64>, Failure>,
    ) {
        let failure = match result {
            Ok(at_ms) => {
                if let Some(done) = self.outbox.take(id) {
                    self.deliver(to, done.row, Delivery::Sent);
                    cx.effects
                        .push(Effect::Store(StoreEffect::Sent(done.row, at_ms)));
                }
                return;
            }
            Err(failure) => failure,
        };
        // Without a link there is no answer; it goes out again, under its id, and arrives once.
        // A session that is over has refused nothing either: it goes out with the next one.
        let lost = self.outbox.link() != Link::Up && failure.code == Code::SendMessageTimeout;
        if lost || failure.code == Code::GeneralNotLogin {
            if let Some(waits) = self.outbox.wait(id) {
                let row = waits.row;
                self.deliver(to, row, Delivery::Waiting);
            }
            return;
        }
        if let Some(refused) = self.outbox.take(id) {
            self.deliver(to, refused.row, Delivery::Failed(failure.clone()));
            let Failure { code, detail } = failure;
            let refused = StoreEffect::Refused(refused.row, code, detail);
            cx.effects.push(Effect::Store(refused));
        }
    }

    /// The room repeats what this account has said, here or with another client.
    pub(super) fn heard_myself(&mut self, cx: &mut Cx<'_>, said: Said) {
        let waited = match &said.id {
            Some(id) => self.outbox.take(id),
            None => self.outbox.take_by_text(&said.to, &said.text),
        };
        match waited {
            Some(done) => {
                self.deliver(&said.to, done.row, Delivery::Sent);
                let sent = StoreEffect::Sent(done.row, Some(said.at_ms));
                cx.effects.push(Effect::Store(sent));
            }
            // Acknowledged before, or said elsewhere. Without an id the two are not to be told apart.
            None if said.id.is_some() => {
                let way = Way::Out(store::Delivery::Sent);
                put(cx, said, way, MessageKind::Text);
            }
            None => {}
        }
    }

    pub(super) fn flush(&mut self, cx: &mut Cx<'_>) {
        for (to, row) in self.outbox.flush(cx.effects) {
            self.deliver(&to, row, Delivery::Pending);
        }
    }

    fn deliver(&mut self, to: &ConversationId, row: store::MessageRow, delivery: Delivery) {
        if let Some(conversation) = self.all.get_mut(to)
            && let Some(line) = conversation.held(row)
        {
            line.delivery = delivery;
        }
    }
}
