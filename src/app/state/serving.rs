//! The server on this computer, as far as somebody looks at its settings.

use std::path::PathBuf;

use super::Cx;
use crate::app::effect::{Effect, ServerEffect};
use crate::app::msg::ServerMsg;
use crate::protocol::Account;

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Serving {
    /// Who serves.
    pub(crate) who: Who,
    /// Whether it is to run, from when that was chosen until it is told to be so.
    wanted: Option<bool>,
    looking: bool,
    trouble: Option<String>,
}

/// Who serves on this computer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Who {
    /// Not known yet.
    #[default]
    Unknown,
    /// Nobody has needed it since the start.
    Nobody {
        /// Where its data is.
        data: PathBuf,
    },
    /// This program.
    We {
        /// Where it can be reached: `127.0.0.1:7800`.
        address: String,
        /// What it is called.
        name: String,
        /// Where its data is.
        data: PathBuf,
        /// Who is signed in.
        online: Vec<Account>,
    },
    /// Another Callsign of the same user.
    Another {
        /// Where it can be reached, if it can.
        address: Option<String>,
        /// Where its data is.
        data: PathBuf,
    },
    /// It is turned off.
    Off {
        /// Where its data is.
        data: PathBuf,
    },
    /// It cannot run: a sentence.
    Unable(String),
}

impl Serving {
    /// What did not work last: a sentence.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What the switch shows: what is wanted, while what was told last may be of before.
    pub(crate) fn is_on(&self, told: bool) -> bool {
        self.wanted.unwrap_or(told)
    }

    /// Who but oneself is signed in on our server.
    pub(crate) fn others(&self, me: &Account) -> usize {
        match &self.who {
            Who::We { online, .. } => online.iter().filter(|account| *account != me).count(),
            Who::Unknown
            | Who::Nobody { .. }
            | Who::Another { .. }
            | Who::Off { .. }
            | Who::Unable(_) => 0,
        }
    }

    /// Whether its settings are shown. Then it is to be watched.
    pub(super) fn looking(&self) -> bool {
        self.looking
    }

    /// The settings are shown, or not any more.
    pub(super) fn show(&mut self, looking: bool) {
        if self.looking != looking {
            self.looking = looking;
            self.trouble = None;
        }
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: ServerMsg) {
        match msg {
            ServerMsg::Is(who) => self.told(who),
            ServerMsg::Turn(on) => {
                self.wanted = Some(on);
                self.change(cx, ServerEffect::Turn(on));
            }
            ServerMsg::Rename(name) => self.change(cx, ServerEffect::Rename(name)),
            ServerMsg::SendAway(account) => self.change(cx, ServerEffect::SendAway(account)),
            ServerMsg::Failed(why) => {
                self.wanted = None;
                self.trouble = Some(why);
            }
        }
    }

    fn told(&mut self, who: Who) {
        let done = match &who {
            Who::Unknown => None,
            Who::Off { .. } => Some(false),
            Who::Nobody { .. } | Who::We { .. } | Who::Another { .. } => Some(true),
            // It is as little as it will be.
            Who::Unable(_) => self.wanted,
        };
        if done.is_some() && done == self.wanted {
            self.wanted = None;
        }
        self.who = who;
    }

    fn change(&mut self, cx: &mut Cx<'_>, effect: ServerEffect) {
        self.trouble = None;
        tell(cx, effect);
    }
}

fn tell(cx: &mut Cx<'_>, effect: ServerEffect) {
    cx.effects.push(Effect::Server(effect));
}
