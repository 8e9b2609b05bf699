//! What the command line says, and where things are kept.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// How the app starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which identity.
    pub profile: Profile,
    /// The address that the sign-in card is filled in with.
    pub server: Option<String>,
    /// Light or dark whatever the system says.
    pub theme: Option<Theme>,
    /// The directory of everything that is kept for this computer's user.
    pub data: PathBuf,
}

/// A look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A text that is no look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a theme is light or dark")]
pub struct ThemeError;

impl FromStr for Theme {
    type Err = ThemeError;

    fn from_str(name: &str) -> Result<Self, ThemeError> {
        match name {
            "light" => Ok(Self::Light),
            "dark" => Ok(Self::Dark),
            _ => Err(ThemeError),
        }
    }
}

/// The name of an identity on this computer. Each has a window and a history of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile(String);

/// The most characters of a profile's name, which also names its folder.
const PROFILE_CHARS: usize = 64;
/// The one that is used unless another is named.
const USUAL: &str = "default";

/// A text that is no name of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a profile has 1 to {PROFILE_CHARS} letters, digits, - or _")]
pub struct ProfileError;

impl Default for Profile {
    fn default() -> Self {
        Self(USUAL.to_owned())
    }
}

impl Profile {
    /// Whether it is the one that is used unless another is named.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.0 == USUAL
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(name: &str) -> Result<Self, ProfileError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let length = 1..=PROFILE_CHARS;
        if length.contains(&name.len()) && name.chars().all(fits) {
            Ok(Self(name.to_owned()))
        } else {
            Err(ProfileError)
        }
    }
}

/// Where the platform wants programs to keep data: `~/.local/share/callsign` on Linux. `None` where it does not say.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    // The server's is beside it, and knows the platforms.
    let server = crate::server::config::default_data_dir()?;
    Some(server.with_file_name("callsign"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_name_folders_and_nothing_else() {
        for name in ["ann", "work-2", "A_b"] {
            assert!(name.parse::<Profile>().is_ok(), "{name}");
        }
        for name in ["", "..", "a/b", "a b", &"x".repeat(65)] {
            assert!(name.parse::<Profile>().is_err(), "{name}");
        }
        assert!(Profile::default().is_usual());
    }
}
