//! Blocking: accounts that one does not want to hear from.

use super::core::CommandError;
use super::error::BlockError;
use super::session::{Session, strange};
use crate::protocol::{Account, Addition, Reply};

/// Beyond 1.x, where the server grants [`Cap::Block`](crate::protocol::Cap::Block).
impl Session {
    /// From now on, and over logins, nothing is heard of these accounts: their messages are dropped, their calls fail with 705,
    /// and they are not told why. What they say in channels is heard still. The answer is all that are blocked, by name; ask
    /// with nobody to see it.
    ///
    /// A hundred are asked for at a time; if some are refused, those before them are blocked.
    ///
    /// # Errors
    /// As future: more than 1,000 in all (1005), oneself (1004), not granted (1002), more than 20 such changes in a second
    /// (1001), or no answer.
    pub fn user_block(
        &self,
        accounts: &[Account],
    ) -> impl Future<Output = Result<Vec<Account>, BlockError>> + Send + use<> {
        blocked(self.in_parts(accounts, |accounts| Addition::UserBlock { accounts }))
    }

    /// These accounts are heard again; what they said meanwhile is gone. The answer is all that are still blocked.
    ///
    /// # Errors
    /// As future: not granted (1002), more than 20 such changes in a second (1001), or no answer.
    pub fn user_unblock(
        &self,
        accounts: &[Account],
    ) -> impl Future<Output = Result<Vec<Account>, BlockError>> + Send + use<> {
        blocked(self.in_parts(accounts, |accounts| Addition::UserUnblock { accounts }))
    }
}

async fn blocked(
    answered: impl Future<Output = Result<Reply, CommandError>> + Send,
) -> Result<Vec<Account>, BlockError> {
    let Reply::Blocked { accounts } = answered.await? else {
        return Err(strange().into());
    };
    Ok(accounts)
}
