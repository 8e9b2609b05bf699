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
    bytes: usize,
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

impl Attrs {
    pub(super) fn get(&self, name: &AttrName) -> Option<&Value> {
        self.by_name.get(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Sets one, unless there would be too many or too much.
    pub(super) fn set(&mut self, name: AttrName, value: Value) -> Result<(), Failure> {
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
        self.put(name, value);
        Ok(())
    }

    /// Sets one that is within the limits, or was when it was set first.
    pub(super) fn put(&mut self, name: AttrName, value: Value) {
        self.delete(&name);
        self.bytes += bytes(&name, &value);
        self.by_name.insert(name, value);
    }

    /// Deletes one; whether it was there.
    pub(super) fn delete(&mut self, name: &AttrName) -> bool {
        let old = self.by_name.remove(name);
        if let Some(old) = &old {
            self.bytes -= bytes(name, old);
        }
        old.is_some()
    }

    /// Deletes all; whether there were any.
    pub(super) fn clear(&mut self) -> bool {
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
        let attrs = self.users.entry(from.clone()).or_default();
        attrs.set(name.clone(), value.clone())?;
        let owner = AttrOwner::User(self.id.clone(), from.clone());
        cx.store(StoreOp::SetAttr { owner, name, value });
        Ok(Reply::AttrSet)
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
        let unknown = !self.channels.contains_key(&name);
        if unknown && !matches!(change, Change::Set(..)) {
            return Ok(Reply::Done);
        }
        let now = cx.instant();
        let channel = self.channels.entry(name.clone()).or_default();
        let result = channel.change(now, cx.limits.attribute_changes, &change);
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
    pub(super) fn restore_attr(&mut self, owner: AttrOwner, name: AttrName, value: Value) {
        match owner {
            AttrOwner::User(_, account) => self.users.entry(account).or_default().put(name, value),
            AttrOwner::Channel(_, channel) => {
                self.channels
                    .entry(channel)
                    .or_default()
                    .restore_attr(name, value);
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
        let mut attrs = Attrs::default();
        for n in 0..limits::ATTRS {
            attrs
                .set(name(&format!("a{n}")), 1.into())
                .expect("room for it");
        }
        assert!(attrs.set(name("more"), 1.into()).is_err());
        assert!(attrs.set(name("a0"), 2.into()).is_ok());
        assert!(attrs.delete(&name("a0")));
        assert!(attrs.set(name("more"), 1.into()).is_ok());
    }

    #[test]
    fn all_together_are_bounded() {
        let mut attrs = Attrs::default();
        let large = Value::from("x".repeat(limits::VALUE_BYTES));
        let fit = limits::ATTRS_BYTES / (limits::VALUE_BYTES + 3);
        for n in 0..fit {
            attrs
                .set(name(&format!("a{n:02}")), large.clone())
                .expect("room for it");
        }
        assert!(attrs.set(name("one"), large.clone()).is_err());
        assert!(attrs.clear());
        assert!(attrs.set(name("one"), large).is_ok());
        assert!(!Attrs::default().clear());
    }
}
