//! What a store keeps of a hub's ops, in memory: another process finds it as the real one would give it back.

use std::collections::{BTreeMap, BTreeSet};

use callsign::hub::{
    AttrOwner, ChannelMessage, HistoryPage, HistoryQuery, LastLogin, LastingChannel, Snapshot,
    StoreOp, StoredMessage,
};
use callsign::protocol::{Account, AppId, AttrEntry, AttrName, ChannelName, MessageId};

#[derive(Debug, Default)]
pub(crate) struct Store {
    inbox: BTreeMap<(AppId, Account, u64), StoredMessage>,
    acked: BTreeMap<(AppId, Account), u64>,
    attrs: BTreeMap<(String, AttrName), (AttrOwner, AttrEntry)>,
    emptied: BTreeMap<(AppId, ChannelName), u64>,
    history: BTreeMap<(AppId, ChannelName, u64), ChannelMessage>,
    members: BTreeMap<(AppId, ChannelName, Account), Option<u64>>,
    sent_ids: Vec<(AppId, Account, MessageId, u64)>,
    accounts: BTreeMap<(AppId, Account), LastLogin>,
    blocks: BTreeSet<(AppId, Account, Account)>,
}

impl Store {
    pub(crate) fn apply(&mut self, op: StoreOp) {
        match op {
            StoreOp::PutMessage(message) => {
                let key = (message.app.clone(), message.account.clone(), message.ver);
                let old = self.inbox.insert(key, message);
                assert_eq!(old, None, "no message takes another's version");
            }
            StoreOp::AckInbox { app, account, ver } => {
                self.forget(&app, &account, |kept| kept <= ver);
                self.acked.insert((app, account), ver);
            }
            StoreOp::DropInbox { app, account } => {
                self.forget(&app, &account, |_| true);
                self.acked.remove(&(app, account));
            }
            StoreOp::DropMessages { app, account, vers } => {
                self.forget(&app, &account, |kept| vers.contains(&kept));
            }
            StoreOp::SetAttr { owner, name, entry } => {
                let key = (format!("{owner:?}"), name);
                self.attrs.insert(key, (owner, entry));
            }
            StoreOp::DelAttr { owner, name } => {
                self.attrs.remove(&(format!("{owner:?}"), name));
            }
            StoreOp::ClearAttrs { owner } => {
                let cleared = format!("{owner:?}");
                self.attrs.retain(|(owner, _), _| *owner != cleared);
            }
            StoreOp::ChannelEmptied {
                app,
                name,
                since_ms: Some(since_ms),
            } => {
                self.emptied.insert((app, name), since_ms);
            }
            StoreOp::ChannelEmptied {
                app,
                name,
                since_ms: None,
            } => {
                self.emptied.remove(&(app, name));
            }
            StoreOp::PutChannelMessage(message) => {
                let key = (message.app.clone(), message.channel.clone(), message.msgid);
                let old = self.history.insert(key, message);
                assert_eq!(old, None, "no message takes another's number");
            }
            StoreOp::TrimHistory {
                app,
                channel,
                up_to,
            } => self
                .history
                .retain(|(of, name, msgid), _| *of != app || *name != channel || *msgid > up_to),
            StoreOp::PutMember {
                app,
                channel,
                account,
            } => {
                self.members.insert((app, channel, account), None);
            }
            StoreOp::MarkMember {
                app,
                channel,
                account,
                heard,
            } => {
                if let Some(mark) = self.members.get_mut(&(app, channel, account)) {
                    *mark = heard;
                }
            }
            StoreOp::DropMember {
                app,
                channel,
                account,
            } => {
                let was = self.members.remove(&(app, channel, account));
                assert!(was.is_some(), "only a member leaves");
            }
            StoreOp::PutSentId {
                app,
                sender,
                id,
                forget_at_ms,
            } => {
                self.sent_ids.push((app, sender, id, forget_at_ms));
            }
            StoreOp::PutAccount(login) => {
                let key = (login.app.clone(), login.account.clone());
                self.accounts.insert(key, login);
            }
            StoreOp::DropAccount { app, account } => {
                let known = self.accounts.remove(&(app, account));
                assert!(known.is_some(), "nothing is forgotten that was not known");
            }
            StoreOp::PutBlocks {
                app,
                account,
                peers,
            } => {
                for peer in peers {
                    let is_new = self.blocks.insert((app.clone(), account.clone(), peer));
                    assert!(is_new, "nobody is blocked twice");
                }
            }
            StoreOp::DropBlocks {
                app,
                account,
                peers,
            } => {
                for peer in peers {
                    let was = self.blocks.remove(&(app.clone(), account.clone(), peer));
                    assert!(was, "nobody is unblocked who was not blocked");
                }
            }
        }
    }

    fn forget(&mut self, app: &AppId, account: &Account, gone: impl Fn(u64) -> bool) {
        self.inbox
            .retain(|(own, owner, ver), _| own != app || owner != account || !gone(*ver));
    }

    /// How many rows there are of inboxes: messages, and how far they are acknowledged.
    pub(crate) fn inbox_rows(&self) -> usize {
        self.inbox.len() + self.acked.len()
    }

    /// What is kept of channels, as a reader finds it.
    pub(crate) fn page(&self, query: &HistoryQuery) -> HistoryPage {
        let kept = self.history.values().rev();
        let mut kept = kept.filter(|message| {
            message.app == query.app
                && message.channel == query.channel
                && message.msgid >= query.from
                && query.before.is_none_or(|before| message.msgid < before)
                && message.sent_ms > query.since_ms
        });
        let messages = kept.by_ref().take(query.max).cloned().collect();
        let more = kept.next().is_some();
        HistoryPage { messages, more }
    }

    /// How many rows there are of channels: messages and lasting members.
    pub(crate) fn channel_rows(&self) -> (usize, usize) {
        (self.history.len(), self.members.len())
    }

    fn lasting(&self) -> Vec<LastingChannel> {
        let of_messages = self.history.keys().map(|(app, name, _)| (app, name));
        let of_members = self.members.keys().map(|(app, name, _)| (app, name));
        let channels: BTreeSet<_> = of_messages.chain(of_members).collect();
        let lasting = channels.into_iter().map(|(app, name)| LastingChannel {
            app: app.clone(),
            name: name.clone(),
            members: self
                .members
                .iter()
                .filter(|((of, channel, _), _)| of == app && channel == name)
                .map(|((_, _, account), heard)| (account.clone(), *heard))
                .collect(),
            messages: self
                .history
                .values()
                .filter(|message| message.app == *app && message.channel == *name)
                .map(|message| (message.msgid, message.sent_ms))
                .collect(),
        });
        lasting.collect()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let attrs = self.attrs.iter();
        let acked = self.acked.iter();
        let emptied = self.emptied.iter();
        Snapshot {
            acked: acked
                .map(|((app, account), ver)| (app.clone(), account.clone(), *ver))
                .collect(),
            messages: self.inbox.values().cloned().collect(),
            attrs: attrs
                .map(|((_, name), (owner, entry))| (owner.clone(), name.clone(), entry.clone()))
                .collect(),
            emptied: emptied
                .map(|((app, name), since)| (app.clone(), name.clone(), *since))
                .collect(),
            lasting: self.lasting(),
            sent_ids: self.sent_ids.clone(),
            accounts: self.accounts.values().cloned().collect(),
            blocks: self.blocks.iter().cloned().collect(),
        }
    }
}
