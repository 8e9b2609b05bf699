//! The attributes of one user or one channel: a bounded table. Knows nothing of who may change it.

use serde_json::{Map, Value};

use crate::protocol::{AttrEntries, AttrEntry, AttrName, Code, Failure, limits};

use super::cx::fail;

/// The attributes of one user or one channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Attrs {
    by_name: AttrEntries,
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
    // Beside the value: when it was set, and by whom.
    const ENTRY: usize = size_of::<AttrEntry>() - size_of::<Value>();
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
    NODE + ENTRY + name.as_str().len() + of(value)
}

impl Attrs {
    pub(super) fn get(&self, name: &AttrName) -> Option<&Value> {
        self.by_name.get(name).map(|entry| &entry.value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Sets one, unless there would be too many or too much, here or in all tables together (`all` bytes).
    pub(super) fn set(
        &mut self,
        name: AttrName,
        entry: AttrEntry,
        all: &mut usize,
    ) -> Result<(), Failure> {
        let old = self.get(&name).map(|old| bytes(&name, old));
        let total = self.bytes - old.unwrap_or(0) + bytes(&name, &entry.value);
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
        if *all + memory(&name, &entry.value) > limits::ALL_ATTRS_BYTES {
            return fail(
                Code::GeneralLargeParam,
                "the server holds no more attributes now",
            );
        }
        self.put(name, entry, all);
        Ok(())
    }

    /// Sets one that is within the limits, or was when it was set first.
    pub(super) fn put(&mut self, name: AttrName, entry: AttrEntry, all: &mut usize) {
        self.delete(&name, all);
        self.bytes += bytes(&name, &entry.value);
        let memory = memory(&name, &entry.value);
        self.memory += memory;
        *all += memory;
        self.by_name.insert(name, entry);
    }

    /// Deletes one; whether it was there.
    pub(super) fn delete(&mut self, name: &AttrName, all: &mut usize) -> bool {
        let old = self.by_name.remove(name);
        if let Some(old) = &old {
            self.bytes -= bytes(name, &old.value);
            let memory = memory(name, &old.value);
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
            .map(|(name, entry)| (name.to_string(), entry.value.clone()))
            .collect()
    }

    /// Names and values with their times and authors.
    pub(super) fn entries(&self) -> &AttrEntries {
        &self.by_name
    }

    /// Bytes of names and values on the wire, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: Value) -> AttrEntry {
        AttrEntry {
            value,
            time_ms: 0,
            by: None,
        }
    }

    fn name(text: &str) -> AttrName {
        AttrName::try_from(text).expect("a name")
    }

    #[test]
    fn there_may_be_so_many_and_no_more() {
        let mut all = 0;
        let mut attrs = Attrs::default();
        for n in 0..limits::ATTRS {
            let set = attrs.set(name(&format!("a{n}")), entry(1.into()), &mut all);
            set.expect("room for it");
        }
        assert!(attrs.set(name("more"), entry(1.into()), &mut all).is_err());
        assert!(attrs.set(name("a0"), entry(2.into()), &mut all).is_ok());
        assert!(attrs.delete(&name("a0"), &mut all));
        assert!(attrs.set(name("more"), entry(1.into()), &mut all).is_ok());
    }

    #[test]
    fn all_of_one_owner_are_bounded() {
        let mut all = 0;
        let mut attrs = Attrs::default();
        let large = Value::from("x".repeat(limits::VALUE_BYTES));
        let fit = limits::ATTRS_BYTES / (limits::VALUE_BYTES + 3);
        for n in 0..fit {
            let set = attrs.set(name(&format!("a{n:02}")), entry(large.clone()), &mut all);
            set.expect("room for it");
        }
        assert!(
            attrs
                .set(name("one"), entry(large.clone()), &mut all)
                .is_err()
        );
        assert!(attrs.clear(&mut all));
        assert!(attrs.set(name("one"), entry(large), &mut all).is_ok());
        assert!(!Attrs::default().clear(&mut all));
    }

    #[test]
    fn all_of_all_owners_are_bounded_and_counted_to_the_end() {
        let mut all = limits::ALL_ATTRS_BYTES - 1000;
        let mut attrs = Attrs::default();
        let numbers = Value::from(vec![0; 1000]);
        assert!(attrs.set(name("a"), entry(numbers), &mut all).is_err());
        assert!(attrs.set(name("a"), entry("x".into()), &mut all).is_ok());
        assert!(attrs.set(name("a"), entry("xyz".into()), &mut all).is_ok());
        assert!(all > limits::ALL_ATTRS_BYTES - 1000);
        attrs.delete(&name("a"), &mut all);
        assert_eq!(all, limits::ALL_ATTRS_BYTES - 1000);
    }
}
