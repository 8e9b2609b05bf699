//! Typing: that one's user is writing to somebody, or in a channel.

use super::channel::Channel;
use super::core::Action;
use super::error::TypingError;
use super::session::Session;
use crate::protocol::{Account, TypingTo};

/// Beyond 1.x, where the server grants [`Cap::Typing`](crate::protocol::Cap::Typing).
impl Session {
    /// Tells an account that one is writing to it, if its client reads that. Call it at every key that is pressed: it is said
    /// once in 3.5 s, only while there is a link, and never kept. There is no word of the end; the message is.
    ///
    /// # Errors
    /// As future: not granted (1002), or the session is over. What becomes of it on its way nobody is told.
    pub fn user_typing(
        &self,
        peer: &Account,
    ) -> impl Future<Output = Result<(), TypingError>> + Send + use<> {
        self.typing(TypingTo::Peer(peer.clone()))
    }

    fn typing(&self, to: TypingTo) -> impl Future<Output = Result<(), TypingError>> + Send + use<> {
        let answered = self.act(Action::Typing(to));
        async { Ok(answered.await.map(drop)?) }
    }
}

/// Beyond 1.x, where the server grants [`Cap::Typing`](crate::protocol::Cap::Typing).
impl Channel {
    /// Tells the other members that one is writing, as [`Session::user_typing`] does an account.
    ///
    /// # Errors
    /// As with [`Session::user_typing`].
    pub fn user_typing(&self) -> impl Future<Output = Result<(), TypingError>> + Send + use<> {
        self.session()
            .typing(TypingTo::Channel(self.name().clone()))
    }
}
