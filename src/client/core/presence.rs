//! Presence: what the server forgets with a session, and the client asks for again in the next one.

use std::collections::BTreeSet;

use super::cx::Cx;
use super::pending::Purpose;
use super::session::Session;
use super::{CommandError, RequestNo};
use crate::client::event::SessionEvent;
use crate::protocol::{Account, Addition, Cap, Code, Reply, Request, Show, limits};

/// Whom the application watches, and what it shows of itself, as far as the server has agreed.
#[derive(Debug, Default)]
pub(super) struct Presences {
    watched: BTreeSet<Account>,
    own: Option<(Show, String, Vec<Account>)>,
    /// Whether the present session may be without them.
    owed: bool,
    /// Requests for them that the server has not answered.
    unanswered: usize,
}

impl Presences {
    /// The server has done something.
    fn done(&mut self, addition: &Addition) {
        match addition {
            Addition::PresenceWatch { accounts } => self.watched.extend(accounts.iter().cloned()),
            Addition::PresenceUnwatch { accounts } => {
                for account in accounts {
                    self.watched.remove(account);
                }
            }
            Addition::PresenceSet { show, text, except } => {
                self.own = Some((*show, text.clone(), except.clone()));
            }
            Addition::UserReceipt { .. }
            | Addition::UserTyping(_)
            | Addition::UserDelAttr { .. }
            | Addition::UserClearAttr
            | Addition::AttrWatch(_)
            | Addition::AttrUnwatch(_)
            | Addition::ChannelHistory { .. }
            | Addition::UserBlock { .. }
            | Addition::UserUnblock { .. } => {}
        }
    }

    /// What puts a new session into the state of the one before.
    fn again(&self) -> Vec<Addition> {
        let own = self.own.clone();
        let own = own.map(|(show, text, except)| Addition::PresenceSet { show, text, except });
        let watched: Vec<_> = self.watched.iter().cloned().collect();
        let watched = watched.chunks(limits::ACCOUNTS_PER_CALL);
        let watched = watched.map(|accounts| Addition::PresenceWatch {
            accounts: accounts.to_vec(),
        });
        own.into_iter().chain(watched).collect()
    }
}

impl Session {
    /// The answer to what the application asked for as it is on the wire.
    pub(super) fn invoked(
        &mut self,
        cx: &mut Cx,
        request: RequestNo,
        asked: &Request,
        result: Result<Reply, CommandError>,
    ) {
        if let (Request::Addition(addition), Ok(_)) = (asked, &result) {
            self.presences.done(addition);
        }
        cx.answer(request, result.map(super::Answer::Reply));
    }

    /// The session stands again. Where it is another than before, all is asked for again; and where that was not answered
    /// before the link was lost once more.
    pub(super) fn presence_again(&mut self, cx: &mut Cx, resumed: bool) {
        self.presences.owed |= !resumed;
        if !self.presences.owed || !self.has(Cap::Presence) {
            return;
        }
        let again = self.presences.again();
        self.presences.owed = !again.is_empty();
        self.presences.unanswered = again.len();
        for addition in again {
            self.ask(cx, Request::Addition(addition), Purpose::Restore);
        }
    }

    /// The server has done again what it had done, or not.
    pub(super) fn restored(
        &mut self,
        cx: &mut Cx,
        asked: &Request,
        result: Result<Reply, CommandError>,
    ) {
        // What was not answered in time is asked for again at the next login.
        if !matches!(result, Err(CommandError::TimedOut { .. })) {
            self.presences.unanswered = self.presences.unanswered.saturating_sub(1);
            self.presences.owed = self.presences.unanswered > 0;
        }
        if let Err(error) = result {
            not_restored(cx, asked, &error);
        }
    }
}

/// The server did not do again what it had done.
fn not_restored(cx: &mut Cx, asked: &Request, error: &CommandError) {
    let function = asked.function();
    cx.tell(SessionEvent::Error {
        code: error.code(),
        text: format!("{function} failed after the link came back: {error}"),
    });
}

/// What need not be asked, since the server would refuse it. A frame that is too large would cost the link.
pub(super) fn check(addition: &Addition) -> Result<(), CommandError> {
    let (what, size, most) = match addition {
        Addition::PresenceWatch { accounts }
        | Addition::PresenceUnwatch { accounts }
        | Addition::UserBlock { accounts }
        | Addition::UserUnblock { accounts } => {
            ("accounts", accounts.len(), limits::ACCOUNTS_PER_CALL)
        }
        Addition::PresenceSet { text, except, .. } => {
            let most = limits::ACCOUNTS_PER_CALL;
            if except.len() > most {
                return too_large("exceptions", most);
            }
            ("bytes of text", text.len(), limits::PRESENCE_TEXT_BYTES)
        }
        Addition::UserReceipt { ids, .. } => ("ids", ids.len(), limits::RECEIPT_IDS),
        Addition::UserTyping(_)
        | Addition::UserDelAttr { .. }
        | Addition::UserClearAttr
        | Addition::ChannelHistory { .. } => return Ok(()),
        // It would go round the core's own books.
        Addition::AttrWatch(_) | Addition::AttrUnwatch(_) => {
            return Err(CommandError::Refused {
                code: Code::GeneralUnknown,
                reason: format!("{} has a method of its own", addition.function()),
            });
        }
    };
    if size > most {
        return too_large(what, most);
    }
    Ok(())
}

fn too_large(what: &str, most: usize) -> Result<(), CommandError> {
    Err(CommandError::Refused {
        code: Code::GeneralLargeParam,
        reason: format!("more than {most} {what}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(count: usize) -> Vec<Account> {
        let names = (0..count).map(|n| format!("a{n}"));
        names
            .map(|name| Account::try_from(name.as_str()).expect("a name"))
            .collect()
    }

    #[test]
    fn what_was_agreed_is_asked_for_again_in_parts() {
        let mut presences = Presences::default();
        assert_eq!(presences.again(), []);
        let all = accounts(250);
        presences.done(&Addition::PresenceWatch {
            accounts: all.clone(),
        });
        presences.done(&Addition::PresenceUnwatch {
            accounts: all[..49].to_vec(),
        });
        let busy = Addition::PresenceSet {
            show: Show::Busy,
            text: "in a call".to_owned(),
            except: accounts(1),
        };
        presences.done(&busy);
        let again = presences.again();
        assert_eq!(again[0], busy);
        let parts: Vec<_> = (again[1..].iter())
            .filter_map(|addition| {
                if let Addition::PresenceWatch { accounts } = addition {
                    Some(accounts.len())
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(parts, [100, 100, 1]);
    }

    #[test]
    fn what_is_too_large_is_not_asked() {
        let most = limits::ACCOUNTS_PER_CALL;
        for (count, fits) in [(most, true), (most + 1, false)] {
            let watch = Addition::PresenceWatch {
                accounts: accounts(count),
            };
            assert_eq!(check(&watch).is_ok(), fits);
            let set = Addition::PresenceSet {
                show: Show::Dnd,
                text: String::new(),
                except: accounts(count),
            };
            assert_eq!(check(&set).is_ok(), fits);
        }
    }
}
