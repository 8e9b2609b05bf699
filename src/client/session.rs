//! [`Session`]: what a signed-in account can do, with the API's names. Every method hands over at once and in order; its future is
//! the answer, and dropping it takes nothing back.

use serde_json::{Map, Value};

use super::call::Call;
use super::channel::Channel;
use super::core::{Action, Answer, Command, CommandError, SessionRef, Status};
use super::error::{AlreadyLoggedOut, AttrError, InviteError, JoinError, QueryError, SendError};
use super::event::{CallRef, Sent};
use super::handle::Handle;
use crate::protocol::{
    Account, AttrName, ChannelName, Code, MessageId, Reply, Request, Uid, limits,
};

/// A signed-in account. Cheap to clone. After `logout`, or once the session has ended otherwise, every method fails with 1003.
#[derive(Clone, Debug)]
pub struct Session {
    handle: Handle,
    session: SessionRef,
    uid: Uid,
}

impl Session {
    pub(super) fn new(handle: Handle, session: SessionRef, uid: Uid) -> Self {
        Self {
            handle,
            session,
            uid,
        }
    }

    /// The account's number.
    #[must_use]
    pub fn uid(&self) -> Uid {
        self.uid
    }

    /// `getStatus`, as on [`Signal`](super::Signal).
    #[must_use]
    pub fn get_status(&self) -> Status {
        self.handle.shared.status()
    }

    /// `logout`. Done when the server has answered; a login may follow at once.
    ///
    /// # Errors
    /// As future: the session has ended already.
    pub fn logout(&self) -> impl Future<Output = Result<(), AlreadyLoggedOut>> + Send + use<> {
        let session = Some(self.session);
        let answered = self.handle.command(Command::Logout { session }, None);
        async { answered.await.map(drop).map_err(|_| AlreadyLoggedOut) }
    }

    /// `messageInstantSend`: a message to an account, online or not. Done when the server has it for good; over lost links
    /// it is sent again by itself and arrives once.
    ///
    /// # Errors
    /// As future: too large, refused, or not acknowledged within 60 s.
    pub fn message_instant_send(
        &self,
        peer: &Account,
        msg: &str,
    ) -> impl Future<Output = Result<Sent, SendError>> + Send + use<> {
        self.send(peer, msg, None)
    }

    /// The same under an id of one's own: whoever sends it again under this id within 7 days, after a timeout or a restart,
    /// still sends it once.
    ///
    /// # Errors
    /// As with [`Self::message_instant_send`].
    pub fn message_instant_send_as(
        &self,
        id: MessageId,
        peer: &Account,
        msg: &str,
    ) -> impl Future<Output = Result<Sent, SendError>> + Send + use<> {
        self.send(peer, msg, Some(id))
    }

    /// `channelJoin`. Without `rooms`, the ordinary channel before it is left. After a lost link the client joins again by
    /// itself.
    ///
    /// # Errors
    /// As future: refused (full, special), or no answer.
    pub fn channel_join(
        &self,
        name: &ChannelName,
    ) -> impl Future<Output = Result<Channel, JoinError>> + Send + use<> {
        let answered = self.act(Action::ChannelJoin(name.clone()));
        let channel = self.channel(name);
        async { Ok(answered.await.map(|_| channel)?) }
    }

    /// The handle of a channel, joined or not.
    #[must_use]
    pub fn channel(&self, name: &ChannelName) -> Channel {
        Channel::new(self.clone(), name.clone())
    }

    /// `channelInviteUser2`: calls an account about a channel. `extra` is JSON by contract; the documented fields are
    /// those of [`InviteExtra`](crate::protocol::InviteExtra).
    ///
    /// What comes of the call is told by [`CallEvent`](super::event::CallEvent)s. It ends by itself after 60 s without an
    /// answer, unless the login's options say otherwise.
    ///
    /// # Errors
    /// As future: already calling this peer on this channel, too many calls, or `extra` is too large.
    pub fn channel_invite_user2(
        &self,
        channel: &ChannelName,
        peer: &Account,
        extra: &str,
    ) -> impl Future<Output = Result<Call, InviteError>> + Send + use<> {
        let answered = self.act(Action::Invite {
            channel: channel.clone(),
            peer: peer.clone(),
            extra: extra.to_owned(),
        });
        let session = self.clone();
        async move {
            let Answer::Invited { call } = answered.await? else {
                return Err(strange().into());
            };
            Ok(session.call(call))
        }
    }

    /// The handle of a call, such as one that [`SessionEvent::InviteReceived`](super::event::SessionEvent::InviteReceived)
    /// names.
    #[must_use]
    pub fn call(&self, call: CallRef) -> Call {
        Call::new(self.clone(), call)
    }

    pub(super) fn act(
        &self,
        action: Action,
    ) -> impl Future<Output = Result<Answer, CommandError>> + Send + use<> {
        self.handle.act(self.session, action)
    }

    fn send(
        &self,
        peer: &Account,
        msg: &str,
        id: Option<MessageId>,
    ) -> impl Future<Output = Result<Sent, SendError>> + Send + use<> {
        let (peer, msg) = (peer.clone(), msg.to_owned());
        sent(self.act(Action::MessageSend { peer, msg, id }))
    }
}

/// `invoke`, one method for each function of the reference.
impl Session {
    /// `user_query_user_status`: whether an account is online.
    ///
    /// # Errors
    /// As future: refused, or no answer.
    pub fn user_query_user_status(
        &self,
        account: &Account,
    ) -> impl Future<Output = Result<bool, QueryError>> + Send + use<> {
        let account = account.clone();
        let answered = self.query(Request::UserQueryUserStatus { account });
        async {
            let Reply::UserStatus { online, .. } = answered.await? else {
                return Err(strange().into());
            };
            Ok(online)
        }
    }

    /// `user_set_attr`: sets an attribute of one's own account.
    ///
    /// # Errors
    /// As future: too large, refused, or no answer.
    pub fn user_set_attr(
        &self,
        name: &AttrName,
        value: Value,
    ) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        self.change(Request::UserSetAttr {
            name: name.clone(),
            value,
        })
    }

    /// `user_get_attr`: an attribute of an account; `""` if it is not set.
    ///
    /// # Errors
    /// As future: refused, or no answer.
    pub fn user_get_attr(
        &self,
        account: &Account,
        name: &AttrName,
    ) -> impl Future<Output = Result<Value, QueryError>> + Send + use<> {
        let answered = self.query(Request::UserGetAttr {
            account: account.clone(),
            name: name.clone(),
        });
        async {
            let Reply::UserAttr { value, .. } = answered.await? else {
                return Err(strange().into());
            };
            Ok(value)
        }
    }

    /// `user_get_attr_all`: all attributes of an account.
    ///
    /// # Errors
    /// As future: refused, or no answer.
    pub fn user_get_attr_all(
        &self,
        account: &Account,
    ) -> impl Future<Output = Result<Map<String, Value>, QueryError>> + Send + use<> {
        let account = account.clone();
        let answered = self.query(Request::UserGetAttrAll { account });
        async {
            let Reply::UserAttrs { attrs, .. } = answered.await? else {
                return Err(strange().into());
            };
            Ok(attrs)
        }
    }

    /// `channel_query_num`: how many are in a channel.
    ///
    /// # Errors
    /// As future: refused, or no answer.
    pub fn channel_query_num(
        &self,
        name: &ChannelName,
    ) -> impl Future<Output = Result<usize, QueryError>> + Send + use<> {
        let answered = self.query(Request::ChannelQueryNum { name: name.clone() });
        async {
            let Reply::ChannelNum { num, .. } = answered.await? else {
                return Err(strange().into());
            };
            Ok(num)
        }
    }

    /// `channel_query_user_isin`: whether an account is in a channel.
    ///
    /// # Errors
    /// As future: refused, or no answer.
    pub fn channel_query_user_isin(
        &self,
        name: &ChannelName,
        account: &Account,
    ) -> impl Future<Output = Result<bool, QueryError>> + Send + use<> {
        let answered = self.query(Request::ChannelQueryUserIsIn {
            name: name.clone(),
            account: account.clone(),
        });
        async {
            let Reply::ChannelIsIn { is_in, .. } = answered.await? else {
                return Err(strange().into());
            };
            Ok(is_in)
        }
    }

    /// `channel_query_userlist`: how many are in a channel, and the latest 200 of them, oldest first.
    ///
    /// # Errors
    /// As future: refused, or no answer.
    pub fn channel_query_userlist(
        &self,
        name: &ChannelName,
    ) -> impl Future<Output = Result<(usize, Vec<(Account, Uid)>), QueryError>> + Send + use<> {
        self.user_list(Request::ChannelQueryUserList { name: name.clone() })
    }

    /// `channel_query_userlist_all`: the same for the latest `num`, 1,000,000 unless given.
    ///
    /// # Errors
    /// As future: refused, or no answer.
    pub fn channel_query_userlist_all(
        &self,
        name: &ChannelName,
        num: Option<usize>,
    ) -> impl Future<Output = Result<(usize, Vec<(Account, Uid)>), QueryError>> + Send + use<> {
        self.user_list(Request::ChannelQueryUserListAll {
            name: name.clone(),
            num: num.unwrap_or(limits::LIST_ALL_MEMBERS),
        })
    }

    /// `channel_set_attr`: sets an attribute of any channel.
    ///
    /// # Errors
    /// As future: too large, refused, no answer, or the link was lost before it.
    pub fn channel_set_attr(
        &self,
        channel: &ChannelName,
        name: &AttrName,
        value: Value,
    ) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        self.change(Request::ChannelSetAttr {
            channel: channel.clone(),
            name: name.clone(),
            value,
        })
    }

    /// `channel_del_attr`: deletes an attribute of any channel.
    ///
    /// # Errors
    /// As with [`Self::channel_set_attr`].
    pub fn channel_del_attr(
        &self,
        channel: &ChannelName,
        name: &AttrName,
    ) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        self.change(Request::ChannelDelAttr {
            channel: channel.clone(),
            name: name.clone(),
        })
    }

    /// `channel_clear_attr`: deletes all attributes of any channel.
    ///
    /// # Errors
    /// As with [`Self::channel_set_attr`].
    pub fn channel_clear_attr(
        &self,
        channel: &ChannelName,
    ) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        let channel = channel.clone();
        self.change(Request::ChannelClearAttr { channel })
    }

    fn user_list(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<(usize, Vec<(Account, Uid)>), QueryError>> + Send + use<> {
        let answered = self.query(request);
        async {
            let Reply::ChannelUsers { num, list } = answered.await? else {
                return Err(strange().into());
            };
            Ok((num, list))
        }
    }

    pub(super) fn change(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        let answered = self.query(request);
        async { Ok(answered.await.map(drop)?) }
    }

    pub(super) fn query(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Reply, CommandError>> + Send + use<> {
        let answered = self.act(Action::Invoke(request));
        async {
            let Answer::Reply(reply) = answered.await? else {
                return Err(strange());
            };
            Ok(reply)
        }
    }
}

/// What is known of a message that was acknowledged.
pub(super) async fn sent(
    answered: impl Future<Output = Result<Answer, CommandError>> + Send,
) -> Result<Sent, SendError> {
    let Answer::Sent(sent) = answered.await? else {
        return Err(strange().into());
    };
    Ok(sent)
}

/// An answer of another form than the question has.
pub(super) fn strange() -> CommandError {
    CommandError::Refused {
        code: Code::LogoutPacket,
        reason: "the server's answer has not the form of the question".to_owned(),
    }
}
