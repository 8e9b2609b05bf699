//! Receipts: what was read. That a message was delivered the server says by itself.

use super::error::ReceiptError;
use super::session::Session;
use crate::protocol::{Account, Addition, MessageId, ReceiptState, Request, limits};

/// Beyond 1.x, where the server grants [`Cap::Receipts`](crate::protocol::Cap::Receipts).
impl Session {
    /// Tells a sender that messages of theirs were read, by the ids that came with them. Whether people want that to be told is
    /// the application's to ask. The sender hears it as [`SessionEvent::Receipt`](super::event::SessionEvent::Receipt), now or
    /// when they come back, if their client reads receipts.
    ///
    /// # Errors
    /// As future: not granted (1002), refused, or no answer.
    pub fn receipt_read(
        &self,
        peer: &Account,
        ids: &[MessageId],
    ) -> impl Future<Output = Result<(), ReceiptError>> + Send + use<> {
        // All are handed over now, and in order.
        let parts = ids.chunks(limits::RECEIPT_IDS).map(|ids| {
            self.query(Request::Addition(Addition::UserReceipt {
                peer: peer.clone(),
                ids: ids.to_vec(),
                state: ReceiptState::Read,
            }))
        });
        let parts: Vec<_> = parts.collect();
        async {
            for answered in parts {
                answered.await?;
            }
            Ok(())
        }
    }
}
