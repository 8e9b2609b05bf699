//! What others see of oneself: what one chose, or what is so by itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Cx;
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::app::msg::MeMsg;
use crate::protocol::{Account, Show, limits};

/// What stands beside the state during a call, if one has nothing to say oneself.
pub(crate) const IN_A_CALL: &str = "in a call";

/// The setting that says what an account has chosen: a profile may have several.
const SHOWN: &str = "shown:";
/// What can be chosen, as it is kept.
const CHOICES: [Show; 4] = [Show::Available, Show::Away, Show::Busy, Show::Dnd];

/// One's own state.
#[derive(Debug)]
pub(crate) struct Me {
    /// Under which name it is kept.
    key: String,
    chosen: Show,
    text: String,
    idle: bool,
    in_call: bool,
}

impl Me {
    /// Nothing is chosen yet.
    pub(super) fn new(me: &Account) -> Self {
        Self {
            key: format!("{SHOWN}{me}"),
            chosen: Show::Available,
            text: String::new(),
            idle: false,
            in_call: false,
        }
    }

    /// What was chosen.
    pub(crate) fn chosen(&self) -> Show {
        self.chosen
    }

    /// A few words of one's own.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether one does not want to be disturbed.
    pub(crate) fn dnd(&self) -> bool {
        self.chosen == Show::Dnd
    }

    /// What others see: a choice stands over what is so by itself, and a call over an empty chair.
    pub(crate) fn shown(&self) -> (Show, String) {
        let show = match (self.chosen, self.in_call, self.idle) {
            (Show::Dnd | Show::Busy, ..) => self.chosen,
            (Show::Available | Show::Away | Show::Offline, true, _) => Show::Busy,
            (Show::Available, false, true) => Show::Away,
            (Show::Available | Show::Away | Show::Offline, false, _) => self.chosen,
        };
        let text = if self.text.is_empty() && self.in_call {
            IN_A_CALL.to_owned()
        } else {
            self.text.clone()
        };
        (show, text)
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: MeMsg) {
        match msg {
            // Nobody is offline by wish: that is what signing out is for.
            MeMsg::Chose(Show::Offline) => {}
            MeMsg::Chose(show) => {
                self.chosen = show;
                self.keep(cx);
            }
            MeMsg::Said(text) => {
                self.text = cut(text.trim());
                self.keep(cx);
            }
            MeMsg::Idle(idle) => self.idle = idle,
        }
    }

    /// What was chosen before the last end of the program.
    pub(super) fn fill(&mut self, kept: &BTreeMap<String, Value>) {
        let Some(kept) = kept.get(&self.key) else {
            return;
        };
        let show = kept["show"].as_str();
        let show = CHOICES.into_iter().find(|one| Some(one.name()) == show);
        if let Some(show) = show {
            self.chosen = show;
        }
        self.text = cut(kept["text"].as_str().unwrap_or_default());
    }

    fn keep(&self, cx: &mut Cx<'_>) {
        let value = json!({ "show": self.chosen.name(), "text": self.text });
        let setting = StoreEffect::Setting(self.key.clone(), Some(value));
        cx.effects.push(Effect::Store(setting));
    }

    pub(super) fn in_call(&mut self, in_call: bool) {
        self.in_call = in_call;
    }
}

/// As much as the server takes.
fn cut(text: &str) -> String {
    let most = text.floor_char_boundary(limits::PRESENCE_TEXT_BYTES);
    text.get(..most).unwrap_or_default().to_owned()
}
