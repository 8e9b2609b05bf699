//! Presence: who is there, and what others see of oneself.

use super::core::CommandError;
use super::error::PresenceError;
use super::session::Session;
use crate::protocol::{Account, Addition, Reply, Request, Show, limits};

/// Beyond 1.x, where the server grants [`Cap::Presence`](crate::protocol::Cap::Presence).
impl Session {
    /// Watches accounts: [`SessionEvent::Presence`](super::event::SessionEvent::Presence) tells at once how each of them is,
    /// and every change from then on. It lasts as long as the session, over lost links as well.
    ///
    /// A hundred are asked for at a time; if some are refused, those before them are watched.
    ///
    /// # Errors
    /// As future: more than 1,000 in all (1005), not granted (1002), refused, or no answer.
    pub fn presence_watch(
        &self,
        accounts: &[Account],
    ) -> impl Future<Output = Result<(), PresenceError>> + Send + use<> {
        let answered = self.in_parts(accounts, |accounts| Addition::PresenceWatch { accounts });
        async { Ok(answered.await.map(drop)?) }
    }

    /// Watches accounts no longer. A change that is on its way may still come.
    ///
    /// # Errors
    /// As future: not granted (1002), refused, or no answer.
    pub fn presence_unwatch(
        &self,
        accounts: &[Account],
    ) -> impl Future<Output = Result<(), PresenceError>> + Send + use<> {
        let answered = self.in_parts(accounts, |accounts| Addition::PresenceUnwatch { accounts });
        async { Ok(answered.await.map(drop)?) }
    }

    /// Sets what others see: a state and a few words, at most 512 bytes. At first that is [`Show::Available`] without words. It
    /// lasts as long as the session, over lost links as well.
    ///
    /// With [`Show::Dnd`] calls are answered with 705, but for those of at most 100 accounts in `except`. Messages come as ever.
    ///
    /// # Errors
    /// As future: [`Show::Offline`] (1004), too large (1005), not granted (1002), more than 20 such changes in a second (1001),
    /// or no answer.
    pub fn presence_set(
        &self,
        show: Show,
        text: &str,
        except: &[Account],
    ) -> impl Future<Output = Result<(), PresenceError>> + Send + use<> {
        let addition = Addition::PresenceSet {
            show,
            text: text.to_owned(),
            except: except.to_vec(),
        };
        let answered = self.query(Request::Addition(addition));
        async { Ok(answered.await.map(drop)?) }
    }

    /// Names accounts to the server, as many as one call may have at a time; all calls are handed over now, and the last
    /// answer counts.
    pub(super) fn in_parts(
        &self,
        accounts: &[Account],
        addition: fn(Vec<Account>) -> Addition,
    ) -> impl Future<Output = Result<Reply, CommandError>> + Send + use<> {
        let ask = |accounts: &[Account]| {
            let addition = addition(accounts.to_vec());
            self.query(Request::Addition(addition))
        };
        let mut parts: Vec<_> = accounts
            .chunks(limits::ACCOUNTS_PER_CALL)
            .map(ask)
            .collect();
        if parts.is_empty() {
            parts.push(ask(&[]));
        }
        async {
            let mut last = Reply::Done;
            for answered in parts {
                last = answered.await?;
            }
            Ok(last)
        }
    }
}
