//! What one has set for this profile, whoever is signed in.

use crate::app::msg::SettingsMsg;

/// Light or dark, whatever the system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Light or dark; `None` follows the system.
    pub(crate) theme: Option<Look>,
    /// How large everything is, in percent.
    pub(crate) scale: u16,
}

/// The sizes that one can choose, in percent.
pub(crate) const SCALES: [u16; 6] = [80, 100, 125, 150, 175, 200];

impl Settings {
    /// With a look that was asked for at the start.
    pub(crate) fn new(theme: Option<Look>) -> Self {
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
