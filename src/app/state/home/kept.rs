//! What the history has of a signed-in account, and what becomes of what it is given.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{ConversationId, Cx, Link};
use super::Home;
use crate::app::effect::Effect;
use crate::app::kept::{Overview, StoreEffect, StoreMsg};
use crate::store::{self, Attention, MessageKind, Way};

/// The setting that says that an account was told where its messages live.
const TOLD: &str = "told_where_messages_live:";
/// What it is told.
const MESSAGES_LIVE_HERE: &str = "Direct messages live on this computer: those that came to you on another one stay there. \
    Rooms bring along what was said in them.";

impl Home {
    /// What the history has of this account.
    pub(in crate::app::state) fn fill(&mut self, cx: &mut Cx<'_>, mut overview: Overview) {
        self.filled = true;
        self.tell_where_messages_live(cx, &overview.settings);
        self.me.fill(&overview.settings);
        let rooms = std::mem::take(&mut overview.rooms);
        self.calls.log.fill(cx, std::mem::take(&mut overview.calls));
        self.contacts.fill(std::mem::take(&mut overview.people));
        self.chats.fill(cx, &mut overview);
        let talked = self.chats.rooms().into_iter();
        let talked = talked.filter_map(|(id, _)| match id {
            ConversationId::Room(name) => Some(name.clone()),
            ConversationId::Person(_) => None,
        });
        self.rooms.fill(rooms, talked.collect());
        self.heard.fill(overview.gaps);
        if self.link == Link::Up {
            self.watch_listed(cx);
            self.rooms.rejoin(cx);
        }
    }

    /// Direct messages do not follow from one computer to another; whoever signs in on one is told so once.
    fn tell_where_messages_live(&mut self, cx: &mut Cx<'_>, settings: &BTreeMap<String, Value>) {
        let told = format!("{TOLD}{}", self.account);
        if std::mem::take(&mut self.elsewhere) && !settings.contains_key(&told) {
            let told = StoreEffect::Setting(told, Some(Value::Bool(true)));
            cx.effects.push(Effect::Store(told));
            self.note
                .get_or_insert_with(|| MESSAGES_LIVE_HERE.to_owned());
        }
    }

    /// The conversation that spoke last is the one to begin with.
    pub(in crate::app::state) fn open_latest(&mut self, cx: &mut Cx<'_>) {
        if let Some(latest) = self.chats.latest() {
            self.open(cx, latest);
        }
    }

    pub(in crate::app::state) fn stored(&mut self, cx: &mut Cx<'_>, msg: StoreMsg) {
        if !self.filled {
            return;
        }
        match msg {
            StoreMsg::Found(no, found) => self.search.found(cx, no, found),
            StoreMsg::Exported(Ok(1)) => self.note = Some("1 message was written.".to_owned()),
            StoreMsg::Exported(Ok(count)) => {
                self.note = Some(format!("{count} messages were written."));
            }
            StoreMsg::Exported(Err(why)) | StoreMsg::Trouble(why) => self.note = Some(why),
            StoreMsg::NotFilled(of) => self.heard.not_filled(&of),
            StoreMsg::Filled(of, puts) => {
                self.heard.filled(cx, &of, &puts);
                self.chats.filled(cx, &of, puts);
            }
            StoreMsg::Kept(put) => {
                if let store::Put::New(message) = &put {
                    self.told_of(message);
                }
                self.chats.stored(cx, StoreMsg::Kept(put));
            }
            StoreMsg::Opened(..)
            | StoreMsg::Account(..)
            | StoreMsg::Changed(_)
            | StoreMsg::Page(..)
            | StoreMsg::Read(..) => self.chats.stored(cx, msg),
        }
    }

    /// A message has come and is kept; whoever does not look at it is told.
    fn told_of(&mut self, message: &store::Message) {
        let said = &message.content;
        let unread = matches!(&said.way, Way::In(Attention::Unread | Attention::Mention));
        let muted = self
            .chats
            .get(&said.conversation)
            .is_some_and(|of| of.muted);
        if unread && said.kind == MessageKind::Text && !muted {
            let (of, from) = (said.conversation.clone(), said.source.clone());
            self.news.message(of, from, &said.text, &self.account);
        }
    }
}
