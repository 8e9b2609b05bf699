//! The arguments of a call, read one by one, so that an error can name the one that is wrong.

use serde_json::{Map, Value};

use crate::protocol::{Code, MessageId, NameError, limits};

/// Why the arguments of a call were not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// No such function.
    #[error("unknown function {function}")]
    UnknownFunction { function: String },
    /// An argument is absent or has the wrong form.
    #[error("{argument} {problem}")]
    Wrong {
        argument: &'static str,
        problem: String,
    },
    /// An argument is over its size.
    #[error("{argument} {problem}")]
    Large {
        argument: &'static str,
        problem: String,
    },
}

impl CallError {
    /// The code of the failing answer.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::UnknownFunction { .. } => Code::GeneralUnknown,
            Self::Wrong { .. } => Code::GeneralWrongParam,
            Self::Large { .. } => Code::GeneralLargeParam,
        }
    }
}

/// The arguments of one call.
pub(super) struct Args<'a>(pub(super) &'a Map<String, Value>);

impl Args<'_> {
    /// A text; a number counts as its text, since 1.3 and older send names as the application gave them.
    pub(super) fn text(&self, argument: &'static str) -> Result<String, CallError> {
        let value = self.0.get(argument).ok_or_else(|| missing(argument))?;
        text(value).ok_or_else(|| wrong(argument, "must be a text"))
    }

    /// A text that may be absent.
    pub(super) fn text_or_empty(&self, argument: &'static str) -> Result<String, CallError> {
        match self.0.get(argument) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(_) => self.text(argument),
        }
    }

    /// A checked name.
    pub(super) fn name<Name>(&self, argument: &'static str) -> Result<Name, CallError>
    where
        Name: for<'t> TryFrom<&'t str, Error = NameError>,
    {
        Name::try_from(&self.text(argument)?).map_err(|error| name_error(argument, error))
    }

    /// The sender's own id of a message; empty is none.
    pub(super) fn message_id(
        &self,
        argument: &'static str,
    ) -> Result<Option<MessageId>, CallError> {
        match self.text_or_empty(argument)?.as_str() {
            "" => Ok(None),
            id => MessageId::try_from(id)
                .map(Some)
                .map_err(|error| name_error(argument, error)),
        }
    }

    /// A text of at most [`limits::CONTENT_BYTES`].
    pub(super) fn content(&self, argument: &'static str) -> Result<String, CallError> {
        sized(argument, self.text(argument)?, limits::CONTENT_BYTES)
    }

    /// The same, where absent is empty.
    pub(super) fn content_or_empty(&self, argument: &'static str) -> Result<String, CallError> {
        self.sized_or_empty(argument, limits::CONTENT_BYTES)
    }

    /// A text of at most `max` bytes; absent is empty.
    pub(super) fn sized_or_empty(
        &self,
        argument: &'static str,
        max: usize,
    ) -> Result<String, CallError> {
        sized(argument, self.text_or_empty(argument)?, max)
    }

    /// A whole number from 0 on, as a number.
    pub(super) fn number(&self, argument: &'static str) -> Result<u64, CallError> {
        let value = self.0.get(argument).ok_or_else(|| missing(argument))?;
        value
            .as_u64()
            .ok_or_else(|| wrong(argument, "must be a whole number from 0 on, not in quotes"))
    }

    /// The same, with a value for when it is absent.
    pub(super) fn count(&self, argument: &'static str, default: usize) -> Result<usize, CallError> {
        match self.0.get(argument) {
            None | Some(Value::Null) => Ok(default),
            Some(_) => Ok(usize::try_from(self.number(argument)?).unwrap_or(usize::MAX)),
        }
    }

    /// A yes or no; absent is no.
    pub(super) fn flag(&self, argument: &'static str) -> Result<bool, CallError> {
        match self.0.get(argument) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(yes)) => Ok(*yes),
            Some(Value::Number(number)) => Ok(number.as_f64() != Some(0.0)),
            Some(Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                Err(wrong(argument, "must be true or false"))
            }
        }
    }

    /// Any JSON of at most [`limits::VALUE_BYTES`].
    pub(super) fn value(&self, argument: &'static str) -> Result<Value, CallError> {
        let value = self.0.get(argument).ok_or_else(|| missing(argument))?;
        let bytes = match value {
            Value::String(text) => text.len(),
            Value::Array(_) | Value::Object(_) => value.to_string().len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        };
        if bytes > limits::VALUE_BYTES {
            return Err(large(argument, limits::VALUE_BYTES));
        }
        Ok(value.clone())
    }

    /// A list of at most `max` checked names.
    pub(super) fn names<Name>(
        &self,
        argument: &'static str,
        max: usize,
    ) -> Result<Vec<Name>, CallError>
    where
        Name: for<'t> TryFrom<&'t str, Error = NameError>,
    {
        let texts = self.texts(argument)?;
        if texts.len() > max {
            return Err(CallError::Large {
                argument,
                problem: format!("has more than {max} entries"),
            });
        }
        let names = texts.iter().map(|text| Name::try_from(text));
        names
            .collect::<Result<_, _>>()
            .map_err(|error| name_error(argument, error))
    }

    /// Whether an argument is there.
    pub(super) fn has(&self, argument: &'static str) -> bool {
        self.0.get(argument).is_some_and(|value| !value.is_null())
    }

    /// A list of texts.
    pub(super) fn texts(&self, argument: &'static str) -> Result<Vec<String>, CallError> {
        let list = self.0.get(argument).ok_or_else(|| missing(argument))?;
        list.as_array()
            .and_then(|list| list.iter().map(text).collect())
            .ok_or_else(|| wrong(argument, "must be a list of texts"))
    }
}

/// A text, or a number as its text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn wrong(argument: &'static str, problem: &str) -> CallError {
    CallError::Wrong {
        argument,
        problem: problem.to_owned(),
    }
}

fn missing(argument: &'static str) -> CallError {
    wrong(argument, "is missing")
}

fn large(argument: &'static str, bytes: usize) -> CallError {
    CallError::Large {
        argument,
        problem: format!("has more than {bytes} bytes"),
    }
}

fn sized(argument: &'static str, text: String, max: usize) -> Result<String, CallError> {
    if text.len() > max {
        return Err(large(argument, max));
    }
    Ok(text)
}

fn name_error(argument: &'static str, error: NameError) -> CallError {
    let problem = error.to_string();
    match error {
        NameError::TooLong { .. } => CallError::Large { argument, problem },
        NameError::Empty | NameError::Control | NameError::Broken | NameError::Space => {
            CallError::Wrong { argument, problem }
        }
    }
}
