//! What is set for the server on this computer, in a file beside its data, for all Callsigns of one user.

use std::io;
use std::path::Path;

use serde_json::json;

use crate::net::private;

/// The file.
const FILE: &str = "settings.json";
/// The longest name of a server, in characters.
const NAME_CHARS: usize = 64;
/// What it is called that was given no name.
const USUAL_NAME: &str = "Callsign";

/// The rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// Whether it runs at all.
    pub(super) on: bool,
    /// What it is called.
    pub(super) name: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            on: true,
            name: USUAL_NAME.to_owned(),
        }
    }
}

impl Rules {
    /// As they are kept; what is missing or cannot be read is as usual.
    pub(super) fn read(dir: &Path) -> Self {
        let usual = Self::default();
        let Ok(text) = std::fs::read_to_string(dir.join(FILE)) else {
            return usual;
        };
        let kept: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        Self {
            on: kept["on"].as_bool().unwrap_or(usual.on),
            name: kept["name"].as_str().and_then(name).unwrap_or(usual.name),
        }
    }

    /// Keeps them, all at once.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        private::make_directory(dir)?;
        let text = json!({ "on": self.on, "name": self.name });
        private::replace(&dir.join(FILE), format!("{text:#}\n").as_bytes())
    }
}

/// A name that a server can have, of what was typed.
pub(super) fn name(typed: &str) -> Option<String> {
    let name = typed.trim();
    let fits = name.chars().count() <= NAME_CHARS && !name.chars().any(char::is_control);
    (!name.is_empty() && fits).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_kept_and_what_is_no_rule_is_as_usual() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(Rules::read(dir.path()), Rules::default());
        let rules = Rules {
            on: false,
            name: name(" The desk \u{e9} ").expect("a name"),
        };
        rules.write(dir.path()).expect("written");
        assert_eq!(Rules::read(dir.path()), rules);
        std::fs::write(dir.path().join(FILE), "[1").expect("written");
        assert_eq!(Rules::read(dir.path()), Rules::default());
        for none in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert_eq!(name(none), None, "{none:?}");
        }
    }
}
