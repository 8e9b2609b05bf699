//! What was said in a channel. The server must have granted `history`.

use super::channel::Channel;
use super::core::{Action, Answer};
use super::error::QueryError;
use super::session::strange;
use crate::protocol::{
    Account, Addition, ChannelEvent, Envelope, MessageId, Reply, Request, Uid, limits,
};

/// A page of what was said in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first.
    pub messages: Vec<HistoryMessage>,
    /// Whether there are older ones: ask for those before the last one's `msgid`.
    pub more: bool,
}

/// A message of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryMessage {
    /// The number of its event, as
    /// [`ChannelEvent::MessageReceive`](super::event::ChannelEvent::MessageReceive) has it. A message that was heard comes
    /// again under the same number.
    pub msgid: u64,
    /// By which it is known for ever, together with its sender; `None` unless the server granted `v3`.
    pub id: Option<MessageId>,
    /// Who sent it.
    pub account: Account,
    /// Their number.
    pub uid: Uid,
    /// The text.
    pub msg: String,
    /// When the server accepted it, in ms since the Unix epoch.
    pub sent_ms: u64,
}

impl Channel {
    /// `channel_history`: what was said in the channel, newest first, also while one was away; only messages before the event
    /// `before`, if it is given. At most `max` messages, and at most 100 whatever is asked for; fewer, if they are long.
    ///
    /// Being a member is enough; with `history` one stays so, present or not, until [`Channel::channel_leave`].
    ///
    /// # Errors
    /// As future: not a member (300), too much asked in a second (500), not granted (1002), or no answer (501).
    pub fn history(
        &self,
        before: Option<u64>,
        max: usize,
    ) -> impl Future<Output = Result<HistoryPage, QueryError>> + Send + use<> {
        let asked = Addition::ChannelHistory {
            name: self.name().clone(),
            before,
            max: max.min(limits::HISTORY_PAGE),
        };
        let answered = self.act(Action::Invoke(Request::Addition(asked)));
        async {
            let Answer::Reply(Reply::History { msgs, more }) = answered.await? else {
                return Err(strange().into());
            };
            let messages = msgs.into_iter();
            let messages = messages.filter_map(|(msgid, envelope)| message(msgid, envelope));
            Ok(HistoryPage {
                messages: messages.collect(),
                more,
            })
        }
    }
}

/// The message in an envelope; what is none is left out, as it is when it comes by itself.
fn message(msgid: u64, envelope: Envelope) -> Option<HistoryMessage> {
    let ChannelEvent::Msg {
        account, uid, msg, ..
    } = ChannelEvent::from_content(&envelope.content)?
    else {
        return None;
    };
    Some(HistoryMessage {
        msgid,
        id: envelope.message_id(),
        account,
        uid,
        msg,
        sent_ms: envelope.sent_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_left_out() {
        let read = |content: &str| {
            let line = format!("msg-v3 m-1 bob - v1:E:0 channel_msg 5 {content}");
            message(7, line.parse().expect("an envelope"))
        };
        let found = read(r#"{"channel":"room","account":"bob","uid":3,"msg":"hi"}"#);
        let found = found.expect("a message");
        assert_eq!((found.msgid, found.sent_ms, found.uid), (7, 5, Uid(3)));
        assert_eq!((found.account.as_str(), found.msg.as_str()), ("bob", "hi"));
        assert_eq!(found.id.as_ref().map(MessageId::as_str), Some("m-1"));
        assert_eq!(read("nothing"), None);
        assert_eq!(read(r#"{"channel":"room","account":"bob","uid":3}"#), None);
    }
}
