//! What one has set for this profile, whoever is signed in.

use crate::app::msg::SettingsMsg;
use crate::app::options::Theme;

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Light or dark; `None` follows the system.
    pub(crate) theme: Option<Theme>,
    /// How large everything is, in percent.
    pub(crate) scale: u16,
}

/// The sizes that one can choose, in percent.
pub(crate) const SCALES: [u16; 6] = [80, 100, 125, 150, 175, 200];

impl Settings {
    /// With a look that was asked for at the start.
    pub(crate) fn new(theme: Option<Theme>) -> Self {
        Self { theme, scale: 100 }
    }

    pub(super) fn update(&mut self, msg: SettingsMsg) {
        match msg {
            SettingsMsg::Theme(theme) => self.theme = theme,
            SettingsMsg::Scale(scale) if SCALES.contains(&scale) => self.scale = scale,
            // No view offers another.
            SettingsMsg::Scale(_) => {}
        }
    }
}
