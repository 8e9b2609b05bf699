//! Attributes of users and of channels: the bounded table, and the functions that read and change it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::protocol::attr::BuiltInAttr;
use crate::protocol::{
    Account, AppId, AttrName, ChannelEvent, ChannelName, Code, EnvelopeKind, Failure, Reply, limits,
};

use super::app::App;
use super::cx::{Answer, Cx, fail};
use super::{AttrOwner, StoreOp};

/// The attributes of one user or one channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Attrs {
    by_name: BTreeMap<AttrName, Value>,
    /// Bytes on the wire, about.
    bytes: usize,
    /// Bytes in memory, about: a list of numbers takes many times its text.
    memory: usize,
}

/// What an attribute's name and value count for.
fn bytes(name: &AttrName, value: &Value) -> usize {
    let value = match value {
        Value::String(text) => text.len(),
        Value::Array(_) | Value::Object(_) => value.to_string().len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    };
    name.as_str().len() + value
}

/// What a name and a value take in memory.
fn memory(name: &AttrName, value: &Value) -> usize {
    const NODE: usize = 64;
    fn of(value: &Value) -> usize {
        NODE + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(of).sum(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| NODE + key.len() + of(value))
                .sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }
    NODE + name.as_str().len() + of(value)
}

impl Attrs {
    pub(super) fn get(&self, name: &AttrName) -> Option<&Value> {
        self.by_name.get(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Sets one, unless there would be too many or too much, here or in all tables together (`all` bytes).
    pub(super) fn set(
        &mut self,
        name: AttrName,
        value: Value,
        all: &mut usize,
    ) -> Result<(), Failure> {
        let old = self.get(&name).map(|old| bytes(&name, old));
        let total = self.bytes - old.unwrap_or(0) + bytes(&name, &value);
        if old.is_none() && self.by_name.len() >= limits::ATTRS {
            let reason = format!("there are {} attributes already", limits::ATTRS);
            return fail(Code::GeneralLargeParam, reason);
        }
        if total > limits::ATTRS_BYTES {
            let reason = format!(
                "all attributes together may have {} bytes",
                limits::ATTRS_BYTES
            );
            return fail(Code::GeneralLargeParam, reason);
        }
        if *all + memory(&name, &value) > limits::ALL_ATTRS_BYTES {
            return fail(
                Code::GeneralLargeParam,
                "the server holds no more attributes now",
            );
        }
        self.put(name, value, all);
        Ok(())
    }

    /// Sets one that is within the limits, or was when it was set first.
    pub(super) fn put(&mut self, name: AttrName, value: Value, all: &mut usize) {
        self.delete(&name, all);
        self.bytes += bytes(&name, &value);
        let memory = memory(&name, &value);
        self.memory += memory;
        *all += memory;
        self.by_name.insert(name, value);
    }

    /// Deletes one; whether it was there.
    pub(super) fn delete(&mut self, name: &AttrName, all: &mut usize) -> bool {
        let old = self.by_name.remove(name);
        if let Some(old) = &old {
            self.bytes -= bytes(name, old);
            let memory = memory(name, old);
            self.memory -= memory;
            *all -= memory;
        }
        old.is_some()
    }

    /// Deletes all; whether there were any.
    pub(super) fn clear(&mut self, all: &mut usize) -> bool {
        *all -= std::mem::take(&mut self.memory);
        self.bytes = 0;
        !std::mem::take(&mut self.by_name).is_empty()
    }

    /// Names and values, as an answer shows them.
    pub(super) fn to_map(&self) -> Map<String, Value> {
        let entries = self.by_name.iter();
        entries
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect()
    }
}

/// A change of a channel's attributes.
pub(super) enum Change {
    Set(AttrName, Value),
    Delete(AttrName),
    Clear,
}

impl Change {
    /// The name, value and type of the event.
    fn event(&self) -> (String, Value, &'static str) {
        match self {
            Self::Set(name, value) => (name.to_string(), value.clone(), "update"),
            Self::Delete(name) => (name.to_string(), "".into(), "del"),
            Self::Clear => (String::new(), "".into(), "clear"),
        }
    }

    fn op(&self, owner: AttrOwner) -> StoreOp {
        match self {
            Self::Set(name, value) => StoreOp::SetAttr {
                owner,
                name: name.clone(),
                value: value.clone(),
            },
            Self::Delete(name) => StoreOp::DelAttr {
                owner,
                name: name.clone(),
            },
            Self::Clear => StoreOp::ClearAttrs { owner },
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
        self.allow_change(cx, from)?;
        let attrs = self.users.entry(from.clone()).or_default();
        let set = attrs.set(name.clone(), value.clone(), &mut cx.totals.attr_bytes);
        if attrs.is_empty() {
            self.users.remove(from);
        }
        set?;
        let owner = AttrOwner::User(self.id.clone(), from.clone());
        cx.store(StoreOp::SetAttr { owner, name, value });
        Ok(Reply::AttrSet)
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
        self.built_ins_changed(cx, &name);
        Ok(Reply::Done)
    }

    /// Takes back an attribute that an earlier process kept.
    pub(super) fn restore_attr(
        &mut self,
        cx: &mut Cx<'_>,
        owner: AttrOwner,
        name: AttrName,
        value: Value,
    ) {
        let all = &mut cx.totals.attr_bytes;
        match owner {
            AttrOwner::User(_, account) => {
                let attrs = self.users.entry(account).or_default();
                attrs.put(name, value, all);
            }
            AttrOwner::Channel(_, channel) => {
                let channel = self.channels.entry(channel).or_default();
                channel.restore_attr(name, value, all);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> AttrName {
        AttrName::try_from(text).expect("a name")
    }

    #[test]
    fn there_may_be_so_many_and_no_more() {
        let mut all = 0;
        let mut attrs = Attrs::default();
        for n in 0..limits::ATTRS {
            let set = attrs.set(name(&format!("a{n}")), 1.into(), &mut all);
            set.expect("room for it");
        }
        assert!(attrs.set(name("more"), 1.into(), &mut all).is_err());
        assert!(attrs.set(name("a0"), 2.into(), &mut all).is_ok());
        assert!(attrs.delete(&name("a0"), &mut all));
        assert!(attrs.set(name("more"), 1.into(), &mut all).is_ok());
    }

    #[test]
    fn all_of_one_owner_are_bounded() {
        let mut all = 0;
        let mut attrs = Attrs::default();
        let large = Value::from("x".repeat(limits::VALUE_BYTES));
        let fit = limits::ATTRS_BYTES / (limits::VALUE_BYTES + 3);
        for n in 0..fit {
            let set = attrs.set(name(&format!("a{n:02}")), large.clone(), &mut all);
            set.expect("room for it");
        }
        assert!(attrs.set(name("one"), large.clone(), &mut all).is_err());
        assert!(attrs.clear(&mut all));
        assert!(attrs.set(name("one"), large, &mut all).is_ok());
        assert!(!Attrs::default().clear(&mut all));
    }

    #[test]
    fn all_of_all_owners_are_bounded_and_counted_to_the_end() {
        let mut all = limits::ALL_ATTRS_BYTES - 1000;
        let mut attrs = Attrs::default();
        let numbers = Value::from(vec![0; 1000]);
        assert!(attrs.set(name("a"), numbers, &mut all).is_err());
        assert!(attrs.set(name("a"), "x".into(), &mut all).is_ok());
        assert!(attrs.set(name("a"), "xyz".into(), &mut all).is_ok());
        assert!(all > limits::ALL_ATTRS_BYTES - 1000);
        attrs.delete(&name("a"), &mut all);
        assert_eq!(all, limits::ALL_ATTRS_BYTES - 1000);
    }
}
