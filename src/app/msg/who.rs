//! Who signs in where, and why something did not work: what several messages are about.

use crate::protocol::token::Token;
use crate::protocol::{Account, AppId, Code};

/// What signing in takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// Who.
    pub(crate) account: Account,
    /// Where.
    pub(crate) place: Place,
}

impl Credentials {
    /// Whoever that is, with a token where one is wanted.
    pub(crate) fn of(identity: &Identity, token: Option<Token>) -> Self {
        let place = match &identity.server {
            None => Place::ThisComputer,
            Some(ServerAt { url, app }) => Place::Address {
                url: url.clone(),
                app: app.clone(),
                token,
            },
        };
        let account = identity.account.clone();
        Self { account, place }
    }

    /// What it is let in with, if anything.
    pub(crate) fn token(&self) -> Option<&Token> {
        match &self.place {
            Place::ThisComputer => None,
            Place::Address { token, .. } => token.as_ref(),
        }
    }

    /// Who that is.
    pub(crate) fn identity(&self) -> Identity {
        let server = match &self.place {
            Place::ThisComputer => None,
            Place::Address { url, app, .. } => Some(ServerAt {
                url: plain(url),
                app: app.clone(),
            }),
        };
        let account = self.account.clone();
        Identity { account, server }
    }
}

/// An account and where it is one: the same name on another server may be somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Who.
    pub(crate) account: Account,
    /// Where; `None` on this computer.
    pub(crate) server: Option<ServerAt>,
}

/// Somebody else's server, and the app that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerAt {
    /// In one form, however it was typed.
    pub(crate) url: String,
    /// The app.
    pub(crate) app: AppId,
}

/// A URL without what makes no difference: the case of its host, and slashes at its end.
fn plain(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    let (server, path) = url.split_at(path);
    format!("{}{path}", server.to_lowercase())
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The one in this program, or in another Callsign of this computer's user.
    ThisComputer,
    /// Somebody else's.
    Address {
        /// `ws://`, `wss://`, or `https://` of one that names others.
        url: String,
        /// The app that it serves.
        app: AppId,
        /// What it lets in with; `None` where it takes anybody.
        token: Option<Token>,
    },
}

/// Why something did not work, in the API's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Which of the API's codes; it knows the sentence and the remedy.
    pub(crate) code: Code,
    /// What the server or the SDK adds.
    pub(crate) detail: String,
}

impl Failure {
    /// For small print: `LOGIN_E_NET, 201: connection refused`.
    pub(crate) fn small_print(&self) -> String {
        let (name, number) = (self.code.name(), self.code.number());
        if self.detail.is_empty() {
            format!("{name}, {number}")
        } else {
            format!("{name}, {number}: {}", self.detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_the_same_however_it_was_typed() {
        for (typed, found) in [
            ("wss://Sig.Example.org/", "wss://sig.example.org"),
            ("wss://sig.example.org/A/b/", "wss://sig.example.org/A/b"),
            ("ws://[::1]:7800", "ws://[::1]:7800"),
        ] {
            assert_eq!(plain(typed), found);
        }
    }
}
