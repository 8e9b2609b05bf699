//! What rings when a call comes in.

use std::path::PathBuf;

use serde_json::Value;

/// A tune that comes with the program, or somebody's own file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ringtone {
    /// One of ours.
    Tune(Tune),
    /// A sound file on this computer.
    File(PathBuf),
}

/// A tune that comes with the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tune {
    /// Two rising thirds.
    #[default]
    Thirds,
    /// Wood.
    Marimba,
    /// The bells of a telephone on a table.
    Bell,
}

impl Tune {
    /// All of them, as they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::Thirds, Self::Marimba, Self::Bell];

    /// How it is kept.
    fn key(self) -> &'static str {
        match self {
            Self::Thirds => "thirds",
            Self::Marimba => "marimba",
            Self::Bell => "bell",
        }
    }
}

impl Default for Ringtone {
    fn default() -> Self {
        Self::Tune(Tune::default())
    }
}

impl Ringtone {
    /// As it is kept: a path is text; a tune has a name.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Tune(tune) => serde_json::json!({ "tune": tune.key() }),
            Self::File(path) => path.to_string_lossy().into(),
        }
    }

    /// What was kept. A tune that this version does not have is none.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        if let Some(path) = value.as_str() {
            return Some(Self::File(path.into()));
        }
        let key = value.get("tune")?.as_str()?;
        let tune = Tune::ALL.into_iter().find(|tune| tune.key() == key)?;
        Some(Self::Tune(tune))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let tunes = Tune::ALL.into_iter().map(Ringtone::Tune);
        for ringtone in tunes.chain([Ringtone::File("/music/mine.wav".into())]) {
            assert_eq!(
                Ringtone::from_value(&ringtone.to_value()),
                Some(ringtone.clone())
            );
        }
        assert_eq!(
            Ringtone::from_value(&serde_json::json!({"tune": "polka"})),
            None
        );
    }
}
