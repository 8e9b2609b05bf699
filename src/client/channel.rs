//! [`Channel`]: what a member of a channel can do, with the API's names.

use serde_json::Value;

use super::core::{Action, Answer, CommandError};
use super::error::{AttrError, LeaveError, QueryError, SendError};
use super::event::{ChannelView, Sent};
use super::session::{Session, sent, strange};
use crate::protocol::{AttrName, ChannelName, MessageId};

/// A channel. Cheap to clone. What happens in it comes as [`Event::Channel`](super::event::Event::Channel).
#[derive(Clone, Debug)]
pub struct Channel {
    session: Session,
    name: ChannelName,
}

impl Channel {
    pub(super) fn new(session: Session, name: ChannelName) -> Self {
        Self { session, name }
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ChannelName {
        &self.name
    }

    /// Who is there and what is set, as the events so far say; the server is not asked.
    ///
    /// # Errors
    /// As future: the client is not a member.
    pub fn view(&self) -> impl Future<Output = Result<ChannelView, QueryError>> + Send + use<> {
        let answered = self.session.act(Action::ChannelView(self.name.clone()));
        async {
            let Answer::Channel(view) = answered.await? else {
                return Err(strange().into());
            };
            Ok(view)
        }
    }

    /// `messageChannelSend`: a message to all members, which the sender hears, too. Done when the server has it; over lost
    /// links it is sent again by itself, and is heard once. What is written without a link goes out when it is back, in order,
    /// at most 50 in a second, so that none is refused for being too many.
    ///
    /// # Errors
    /// As future: too large, too many in a second, not a member, or not acknowledged within 60 s.
    pub fn message_channel_send(
        &self,
        msg: &str,
    ) -> impl Future<Output = Result<Sent, SendError>> + Send + use<> {
        self.send(msg, None)
    }

    /// The same under an id of one's own: whoever sends it again under this id within 7 days still sends it once.
    ///
    /// # Errors
    /// As with [`Self::message_channel_send`].
    pub fn message_channel_send_as(
        &self,
        id: MessageId,
        msg: &str,
    ) -> impl Future<Output = Result<Sent, SendError>> + Send + use<> {
        self.send(msg, Some(id))
    }

    pub(super) fn act(
        &self,
        action: Action,
    ) -> impl Future<Output = Result<Answer, CommandError>> + Send + use<> {
        self.session.act(action)
    }

    fn send(
        &self,
        msg: &str,
        id: Option<MessageId>,
    ) -> impl Future<Output = Result<Sent, SendError>> + Send + use<> {
        let (channel, msg) = (self.name.clone(), msg.to_owned());
        sent(self.session.act(Action::ChannelSend { channel, msg, id }))
    }

    /// `channelLeave`.
    ///
    /// # Errors
    /// As future: not a member, or no answer.
    pub fn channel_leave(&self) -> impl Future<Output = Result<(), LeaveError>> + Send + use<> {
        let answered = self.session.act(Action::ChannelLeave(self.name.clone()));
        async { Ok(answered.await.map(drop)?) }
    }

    /// `channelSetAttr`. The built-in attributes are those of [`BuiltInAttr`](crate::protocol::attr::BuiltInAttr).
    ///
    /// # Errors
    /// As future: too large, refused, no answer, or the link was lost before it.
    pub fn channel_set_attr(
        &self,
        name: &AttrName,
        value: Value,
    ) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        self.session.channel_set_attr(&self.name, name, value)
    }

    /// `channelDelAttr`.
    ///
    /// # Errors
    /// As with [`Self::channel_set_attr`].
    pub fn channel_del_attr(
        &self,
        name: &AttrName,
    ) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        self.session.channel_del_attr(&self.name, name)
    }

    /// `channelClearAttr`.
    ///
    /// # Errors
    /// As with [`Self::channel_set_attr`].
    pub fn channel_clear_attr(&self) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        self.session.channel_clear_attr(&self.name)
    }
}
