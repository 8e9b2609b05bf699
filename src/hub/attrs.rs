//! Attributes of users and of channels: the functions that read and change them.

use serde_json::Value;

use crate::protocol::attr::BuiltInAttr;
use crate::protocol::{
    Account, AppId, AttrEntry, AttrName, AttrSubject, ChannelEvent, ChannelName, Code,
    EnvelopeKind, Failure, Reply, WatchedChange, limits,
};

use super::app::App;
use super::attr_table::Attrs;
use super::cx::{Answer, Cx, fail};
use super::{AttrOwner, StoreOp};

/// A change of the attributes of a user or a channel.
pub(super) enum Change {
    Set(AttrName, AttrEntry),
    Delete(AttrName),
    Clear,
}

impl Change {
    /// The name, value and type of the event.
    fn event(&self) -> (String, Value, &'static str) {
        match self {
            Self::Set(name, entry) => (name.to_string(), entry.value.clone(), "update"),
            Self::Delete(name) => (name.to_string(), "".into(), "del"),
            Self::Clear => (String::new(), "".into(), "clear"),
        }
    }

    fn op(&self, owner: AttrOwner) -> StoreOp {
        match self {
            Self::Set(name, entry) => StoreOp::SetAttr {
                owner,
                name: name.clone(),
                entry: entry.clone(),
            },
            Self::Delete(name) => StoreOp::DelAttr {
                owner,
                name: name.clone(),
            },
            Self::Clear => StoreOp::ClearAttrs { owner },
        }
    }

    /// What those are told who watch from outside.
    fn watched(self) -> WatchedChange {
        match self {
            Self::Set(name, entry) => WatchedChange::Update {
                name,
                value: entry.value,
            },
            Self::Delete(name) => WatchedChange::Del { name },
            Self::Clear => WatchedChange::Clear,
        }
    }
}

impl App {
    pub(super) fn user_set_attr(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        name: AttrName,
        value: Value,
    ) -> Answer {
        let set = Change::Set(name, set_now(cx, from, value));
        self.change_user_attr(cx, from, set)?;
        Ok(Reply::AttrSet)
    }

    /// Changes an attribute of the user's own account; those who watch are told.
    pub(super) fn change_user_attr(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        change: Change,
    ) -> Answer {
        self.allow_change(cx, from)?;
        let all = &mut cx.totals.attr_bytes;
        let attrs = self.users.entry(from.clone()).or_default();
        let changed = match &change {
            Change::Set(name, entry) => attrs.set(name.clone(), entry.clone(), all).map(|()| true),
            Change::Delete(name) => Ok(attrs.delete(name, all)),
            Change::Clear => Ok(attrs.clear(all)),
        };
        if attrs.is_empty() {
            self.users.remove(from);
        }
        if changed? {
            cx.store(change.op(AttrOwner::User(self.id.clone(), from.clone())));
            let subject = AttrSubject::Account(from.clone());
            self.tell_watchers(cx, subject, change.watched(), Some(from.clone()));
        }
        Ok(Reply::Done)
    }

    /// Counts a change of attributes, if the user has not made too many in this second.
    fn allow_change(&mut self, cx: &Cx<'_>, from: &Account) -> Result<(), Failure> {
        let session = self.sessions.get_mut(from);
        let limit = limits::ATTR_CHANGES_PER_USER;
        if session.is_some_and(|session| !session.attr_changes.allow(cx.instant(), limit)) {
            let reason = format!("more than {limit} changes of attributes in a second");
            return fail(Code::GeneralFailed, reason);
        }
        Ok(())
    }

    pub(super) fn user_get_attr(&self, account: Account, name: AttrName) -> Answer {
        let value = self.users.get(&account).and_then(|attrs| attrs.get(&name));
        Ok(Reply::UserAttr {
            value: value.cloned().unwrap_or_else(|| "".into()),
            account,
            name,
        })
    }

    pub(super) fn user_get_attr_all(&self, account: Account) -> Answer {
        let attrs = self.users.get(&account).map(Attrs::to_map);
        Ok(Reply::UserAttrs {
            attrs: attrs.unwrap_or_default(),
            account,
        })
    }

    pub(super) fn channel_set_attr(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        channel: ChannelName,
        name: AttrName,
        value: Value,
    ) -> Answer {
        let set = Change::Set(name, set_now(cx, from, value));
        self.change_channel_attr(cx, from, channel, set)
    }

    /// Changes an attribute of any channel, also of one that nobody is in; the members are told.
    pub(super) fn change_channel_attr(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        name: ChannelName,
        change: Change,
    ) -> Answer {
        if name.special().is_some() {
            return fail(
                Code::GeneralFailed,
                "nobody sets attributes of a special channel",
            );
        }
        self.allow_change(cx, from)?;
        let unknown = !self.channels.contains_key(&name);
        if unknown && !matches!(change, Change::Set(..)) {
            return Ok(Reply::Done);
        }
        let now = cx.instant();
        let channel = self.channels.entry(name.clone()).or_default();
        let result = channel.change(
            now,
            cx.limits.attribute_changes,
            &change,
            &mut cx.totals.attr_bytes,
        );
        if unknown {
            self.channel_emptied(cx, &name);
        }
        if !result? {
            return Ok(Reply::Done);
        }
        cx.store(change.op(AttrOwner::Channel(self.id.clone(), name.clone())));
        let (attr, value, r#type) = change.event();
        let event = ChannelEvent::AttrUpdate {
            channel: name.clone(),
            account: from.clone(),
            uid: self.uid(from),
            name: attr,
            value,
            r#type: r#type.to_owned(),
        };
        self.tell_members(
            cx,
            &name,
            from,
            EnvelopeKind::ChannelAttrUpdate,
            &event,
            None,
        );
        let subject = AttrSubject::Channel(name.clone());
        self.tell_watchers(cx, subject, change.watched(), Some(from.clone()));
        self.built_ins_changed(cx, &name);
        Ok(Reply::Done)
    }

    /// Takes back an attribute that an earlier process kept.
    pub(super) fn restore_attr(
        &mut self,
        cx: &mut Cx<'_>,
        owner: AttrOwner,
        name: AttrName,
        entry: AttrEntry,
    ) {
        let all = &mut cx.totals.attr_bytes;
        match owner {
            AttrOwner::User(_, account) => {
                let attrs = self.users.entry(account).or_default();
                attrs.put(name, entry, all);
            }
            AttrOwner::Channel(_, channel) => {
                let channel = self.channels.entry(channel).or_default();
                channel.restore_attr(name, entry, all);
            }
        }
    }
}

impl AttrOwner {
    /// The app of the owner.
    #[must_use]
    pub fn app(&self) -> &AppId {
        match self {
            Self::User(app, _) | Self::Channel(app, _) => app,
        }
    }
}

/// A value that is set now.
fn set_now(cx: &Cx<'_>, by: &Account, value: Value) -> AttrEntry {
    AttrEntry {
        value,
        time_ms: cx.now.unix_ms,
        by: Some(by.clone()),
    }
}

/// The number that a built-in attribute is set to, if it is one.
pub(super) fn built_in(
    name: &AttrName,
    value: &Value,
) -> Result<Option<(BuiltInAttr, u32)>, Failure> {
    let Some(attr) = BuiltInAttr::from_name(name.as_str()) else {
        return Ok(None);
    };
    let number = attr
        .parse(value)
        .or_else(|error| fail(Code::GeneralWrongParam, error.to_string()))?;
    Ok(Some((attr, number)))
}
