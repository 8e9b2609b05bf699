//! What one has set for this profile, whoever is signed in. Each change is kept at once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Cx;
use crate::app::effect::{Effect, NoticeId};
use crate::app::kept::StoreEffect;
use crate::app::msg::{Ringtone, SettingsMsg};
use crate::app::state::ConversationId;

/// The setting that says how everything looks.
const LOOK: &str = "look";
/// Those that say what is told, what is heard, and what rings.
const RAISES: &str = "raises";
const SOUNDS: &str = "sounds";
const RINGTONE: &str = "ringtone";

/// Light or dark, whatever the system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// What raises a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raise {
    /// A message to oneself.
    Message,
    /// A message in a room that names one.
    Mention,
    /// A call that rings.
    Call,
    /// A call that was missed.
    Missed,
}

impl Raise {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Message, Self::Mention, Self::Call, Self::Missed];

    /// The one that a notification is raised by.
    pub(super) fn of(notice: &NoticeId) -> Self {
        match notice {
            NoticeId::Call(_) => Self::Call,
            NoticeId::Missed(_) => Self::Missed,
            NoticeId::Chat(ConversationId::Person(_)) => Self::Message,
            NoticeId::Chat(ConversationId::Room(_)) => Self::Mention,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Message => "messages",
            Self::Mention => "mentions",
            Self::Call => "calls",
            Self::Missed => "missed",
        }
    }
}

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sound {
    /// The ring.
    Ring,
    /// The tones of keys.
    Keys,
}

impl Sound {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Ring, Self::Keys];

    fn key(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Keys => "keys",
        }
    }
}

/// The settings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Light or dark; `None` follows the system.
    pub(crate) theme: Option<Look>,
    /// How large everything is, in percent.
    pub(crate) scale: u16,
    /// What raises a notification, in the order of [`Raise::ALL`].
    raises: [bool; 4],
    /// What is heard, in the order of [`Sound::ALL`].
    sounds: [bool; 2],
    /// What rings.
    ringtone: Ringtone,
    /// Why it does not.
    no_ringtone: Option<String>,
}

/// The sizes that one can choose, in percent.
pub(crate) const SCALES: [u16; 6] = [80, 100, 125, 150, 175, 200];

impl Settings {
    /// With a look that was asked for at the start.
    pub(crate) fn new(theme: Option<Look>) -> Self {
        Self {
            theme,
            scale: 100,
            raises: [true; 4],
            sounds: [true; 2],
            ringtone: Ringtone::default(),
            no_ringtone: None,
        }
    }

    /// Whether this raises a notification.
    pub(crate) fn raises(&self, what: Raise) -> bool {
        Raise::ALL
            .iter()
            .zip(self.raises)
            .any(|(one, on)| *one == what && on)
    }

    /// Whether this is heard.
    pub(crate) fn hears(&self, what: Sound) -> bool {
        Sound::ALL
            .iter()
            .zip(self.sounds)
            .any(|(one, on)| *one == what && on)
    }

    /// What rings.
    pub(crate) fn ringtone(&self) -> &Ringtone {
        &self.ringtone
    }

    /// Why the chosen file does not ring: a sentence.
    pub(crate) fn no_ringtone(&self) -> Option<&str> {
        self.no_ringtone.as_deref()
    }

    /// What is kept, unless another look was asked for at the start.
    pub(super) fn fill(&mut self, cx: &mut Cx<'_>, kept: &BTreeMap<String, Value>) {
        if let Some(kept) = kept.get(LOOK) {
            self.fill_look(kept);
        }
        let said = |name: &str, key: &str| kept.get(name)?.get(key)?.as_bool();
        for (one, on) in Raise::ALL.into_iter().zip(&mut self.raises) {
            *on = said(RAISES, one.key()).unwrap_or(true);
        }
        for (one, on) in Sound::ALL.into_iter().zip(&mut self.sounds) {
            *on = said(SOUNDS, one.key()).unwrap_or(true);
        }
        if let Some(ringtone) = kept.get(RINGTONE).and_then(Ringtone::from_value) {
            self.ringtone = ringtone;
            cx.effects.push(Effect::Ringtone(self.ringtone.clone()));
        }
    }

    fn fill_look(&mut self, kept: &Value) {
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

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: SettingsMsg) {
        match msg {
            SettingsMsg::Theme(theme) => {
                self.theme = theme;
                self.keep_look(cx);
            }
            SettingsMsg::Scale(scale) if SCALES.contains(&scale) => {
                self.scale = scale;
                self.keep_look(cx);
            }
            // No view offers another.
            SettingsMsg::Scale(_) => {}
            SettingsMsg::Raise(what, on) => self.raise(cx, what, on),
            SettingsMsg::Hear(what, on) => self.hear(cx, what, on),
            SettingsMsg::Ringtone(ringtone) => self.ring_with(cx, ringtone),
            SettingsMsg::NoRingtone(path, why) => {
                if self.ringtone == Ringtone::File(path) {
                    self.no_ringtone = Some(why);
                }
            }
            SettingsMsg::TryRingtone => cx.effects.push(Effect::TryRingtone),
        }
    }

    fn raise(&mut self, cx: &mut Cx<'_>, what: Raise, on: bool) {
        for (one, is) in Raise::ALL.into_iter().zip(&mut self.raises) {
            if one == what {
                *is = on;
            }
        }
        let all = Raise::ALL.into_iter().zip(self.raises);
        let all = all.map(|(one, on)| (one.key().to_owned(), on.into()));
        keep(cx, RAISES, Some(Value::Object(all.collect())));
    }

    fn hear(&mut self, cx: &mut Cx<'_>, what: Sound, on: bool) {
        for (one, is) in Sound::ALL.into_iter().zip(&mut self.sounds) {
            if one == what {
                *is = on;
            }
        }
        let all = Sound::ALL.into_iter().zip(self.sounds);
        let all = all.map(|(one, on)| (one.key().to_owned(), on.into()));
        keep(cx, SOUNDS, Some(Value::Object(all.collect())));
    }

    fn ring_with(&mut self, cx: &mut Cx<'_>, ringtone: Ringtone) {
        self.no_ringtone = None;
        keep(cx, RINGTONE, Some(ringtone.to_value()));
        self.ringtone = ringtone.clone();
        cx.effects.push(Effect::Ringtone(ringtone));
    }

    fn keep_look(&self, cx: &mut Cx<'_>) {
        let theme = self.theme.map(|theme| match theme {
            Look::Light => "light",
            Look::Dark => "dark",
        });
        let value = json!({ "theme": theme, "scale": self.scale });
        keep(cx, LOOK, Some(value));
    }
}

fn keep(cx: &mut Cx<'_>, name: &str, value: Option<Value>) {
    let setting = StoreEffect::Setting(name.to_owned(), value);
    cx.effects.push(Effect::Store(setting));
}
