//! What a store keeps of a hub's ops, in memory: another process finds it as the real one would give it back.

use std::collections::BTreeMap;

use callsign::hub::{AttrOwner, Snapshot, StoreOp, StoredMessage};
use callsign::protocol::{Account, AppId, AttrEntry, AttrName, ChannelName, MessageId};

#[derive(Debug, Default)]
pub(crate) struct Store {
    inbox: BTreeMap<(AppId, Account, u64), StoredMessage>,
    acked: BTreeMap<(AppId, Account), u64>,
    attrs: BTreeMap<(String, AttrName), (AttrOwner, AttrEntry)>,
    emptied: BTreeMap<(AppId, ChannelName), u64>,
    sent_ids: Vec<(AppId, Account, MessageId, u64)>,
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
            StoreOp::PutSentId {
                app,
                sender,
                id,
                forget_at_ms,
            } => {
                self.sent_ids.push((app, sender, id, forget_at_ms));
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
            sent_ids: self.sent_ids.clone(),
        }
    }
}
