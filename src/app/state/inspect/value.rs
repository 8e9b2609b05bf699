//! What may be set as an attribute, and what a text says as its value.

use serde_json::Value;

use crate::protocol::attr::BuiltInAttr;
use crate::protocol::{AttrName, AttrSubject};

/// Whether an attribute is anybody's to set at all.
pub(crate) fn may_set(name: &AttrName) -> bool {
    BuiltInAttr::from_name(name.as_str()).is_none_or(|built_in| built_in.max().is_some())
}

/// What a text says as the value of an attribute: JSON; anything that does not begin like JSON is a text.
///
/// # Errors
/// A sentence: it begins like JSON and is none, or the built-in attribute does not take it.
pub(crate) fn value_of(subject: &AttrSubject, name: &str, text: &str) -> Result<Value, String> {
    let text = text.trim();
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) if text.starts_with(['{', '[', '"']) => {
            return Err(format!("This is not JSON: {error}."));
        }
        Err(_) => Value::String(text.to_owned()),
    };
    if let (AttrSubject::Channel(_), Some(built_in)) = (subject, BuiltInAttr::from_name(name)) {
        built_in
            .parse(&value)
            .map_err(|error| format!("{error}."))?;
    }
    Ok(value)
}
