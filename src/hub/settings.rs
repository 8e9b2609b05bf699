//! What an operator decides, as the hub needs it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::protocol::limits::{self, Limits};
use crate::protocol::token::Certificate;
use crate::protocol::{Account, AppId};

/// The rules of a hub.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which apps there are.
    pub apps: Apps,
    /// Sizes and rates.
    pub limits: Limits,
    /// A session without any frame for so long is taken offline.
    pub idle_timeout: Duration,
    /// Whether a session ends (105) when its token expires.
    pub end_at_token_expiry: bool,
    /// The secret from which session lines are made; random at each start.
    pub line_seed: [u8; 32],
    /// What the server is called.
    pub server_name: String,
    /// Whether anything outlives the process. Where not, no history is granted.
    pub keeps: bool,
}

impl Settings {
    /// Any app id, no token: for one's own computer and for tests.
    #[must_use]
    pub fn open(line_seed: [u8; 32]) -> Self {
        Self {
            apps: Apps::Any,
            limits: Limits::default(),
            idle_timeout: limits::IDLE_TIMEOUT,
            end_at_token_expiry: false,
            line_seed,
            server_name: "Callsign".to_owned(),
            keeps: true,
        }
    }
}

/// Which apps a hub serves.
#[derive(Clone, Debug)]
pub enum Apps {
    /// Every app id, each with the rules of [`AppRules::default`].
    Any,
    /// These alone; any other is refused with 202.
    Listed(HashMap<AppId, AppRules>),
}

/// The rules of one app.
#[derive(Clone, Debug, Default)]
pub struct AppRules {
    /// Secrets that tokens may be made with; several while one replaces another.
    pub certificates: Vec<Certificate>,
    /// Whether a login needs a token.
    pub token_required: bool,
    /// Who may join the special channels.
    pub observers: HashSet<Account>,
    /// Whether every uid is 0, as the letter of the API's reference says.
    pub uid_zero: bool,
    /// Whether 701-705 are told as 700, as the old service did.
    pub legacy_codes: bool,
    /// Whether the callee's `peeruid` holds the invitation's `extra`, for 1.2 and 1.3 web apps that show it
    /// (they read it there by mistake; protocol page, section 10).
    pub extra_as_peeruid: bool,
    /// Which account takes calls to telephone numbers.
    pub gateway: Option<Account>,
}
