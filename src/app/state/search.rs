//! Looking for words: in one conversation, or everywhere.

use super::message::Message;
use super::{ConversationId, Cx};
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::app::msg::SearchMsg;
use crate::store::{Found, Place};

/// The search that is shown; there is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Search {
    no: u64,
    /// The words.
    pub(crate) query: String,
    /// Where; everywhere, if in no conversation.
    pub(crate) within: Option<ConversationId>,
    /// What was found, the newest first, each with its conversation.
    pub(crate) found: Vec<(ConversationId, Message)>,
    /// Whether the history is still looking.
    pub(crate) busy: bool,
    next: Option<Place>,
}

impl Search {
    /// Whether there may be more.
    pub(crate) fn more(&self) -> bool {
        self.next.is_some()
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: SearchMsg) {
        match msg {
            SearchMsg::For { query, within } => {
                let nothing = query.trim().is_empty();
                *self = Self {
                    no: cx.ids.number(),
                    query,
                    within,
                    ..Self::default()
                };
                if !nothing {
                    self.ask(cx, Place::LAST);
                }
            }
            SearchMsg::More => {
                if let (false, Some(next)) = (self.busy, self.next) {
                    self.ask(cx, next);
                }
            }
            SearchMsg::Closed => *self = Self::default(),
        }
    }

    fn ask(&mut self, cx: &mut Cx<'_>, before: Place) {
        self.busy = true;
        cx.effects.push(Effect::Store(StoreEffect::Search {
            no: self.no,
            query: self.query.clone(),
            within: self.within.clone(),
            before,
        }));
    }

    /// The history has found something. A page may be empty and still not be the last.
    pub(super) fn found(&mut self, cx: &mut Cx<'_>, no: u64, found: Found) {
        if no != self.no {
            // Of words that are no longer looked for.
            return;
        }
        self.busy = false;
        let nothing = found.messages.is_empty();
        let messages = found.messages.into_iter();
        self.found.extend(messages.map(|message| {
            let of = message.content.conversation.clone();
            (of, Message::of(message, false))
        }));
        self.next = found.next;
        if let (true, Some(next)) = (nothing, self.next) {
            self.ask(cx, next);
        }
    }
}
