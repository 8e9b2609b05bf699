//! What others see of oneself: what one chose, or what is so by itself.

use crate::app::msg::MeMsg;
use crate::protocol::{Show, limits};

/// What stands beside the state during a call, if one has nothing to say oneself.
pub(crate) const IN_A_CALL: &str = "in a call";

/// One's own state.
#[derive(Debug)]
pub(crate) struct Me {
    chosen: Show,
    text: String,
    idle: bool,
    in_call: bool,
}

impl Default for Me {
    fn default() -> Self {
        Self {
            chosen: Show::Available,
            text: String::new(),
            idle: false,
            in_call: false,
        }
    }
}

impl Me {
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

    pub(super) fn update(&mut self, msg: MeMsg) {
        match msg {
            // Nobody is offline by wish: that is what signing out is for.
            MeMsg::Chose(Show::Offline) => {}
            MeMsg::Chose(show) => self.chosen = show,
            MeMsg::Said(text) => self.text = cut(text.trim()),
            MeMsg::Idle(idle) => self.idle = idle,
        }
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
