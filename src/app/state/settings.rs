//! What one has set for this profile, whoever is signed in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Cx;
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::app::msg::SettingsMsg;

/// The setting that says how everything looks.
const LOOK: &str = "look";

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

    /// What is kept, unless another look was asked for at the start.
    pub(super) fn fill(&mut self, kept: &BTreeMap<String, Value>) {
        let Some(kept) = kept.get(LOOK) else { return };
        let theme = match kept["theme"].as_str() {
            Some("light") => Some(Look::Light),
            Some("dark") => Some(Look::Dark),
            Some(_) | None => None,
        };
        self.theme = self.theme.or(theme);
        let scale = kept["scale"]
            .as_u64()
            .and_then(|scale| u16::try_from(scale).ok());
        if let Some(scale) = scale.filter(|scale| SCALES.contains(scale)) {
            self.scale = scale;
        }
    }

    fn keep(self, cx: &mut Cx<'_>) {
        let theme = self.theme.map(|theme| match theme {
            Look::Light => "light",
            Look::Dark => "dark",
        });
        let value = json!({ "theme": theme, "scale": self.scale });
        let setting = StoreEffect::Setting(LOOK.to_owned(), Some(value));
        cx.effects.push(Effect::Store(setting));
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: SettingsMsg) {
        match msg {
            SettingsMsg::Theme(theme) => self.theme = theme,
            SettingsMsg::Scale(scale) if SCALES.contains(&scale) => self.scale = scale,
            // No view offers another.
            SettingsMsg::Scale(_) => {}
        }
        self.keep(cx);
    }
}
