//! [`Call`]: what a party of a call can do, with the API's names.

use super::core::{Action, Answer};
use super::error::CallError;
use super::event::{CallRef, CallView};
use super::session::{Session, strange};
use crate::protocol::{Dtmf, InviteMsg};

/// A call. Cheap to clone; dropping it ends nothing. What happens in it comes as
/// [`Event::Call`](super::event::Event::Call).
#[derive(Clone, Debug)]
pub struct Call {
    session: Session,
    call: CallRef,
}

impl Call {
    pub(super) fn new(session: Session, call: CallRef) -> Self {
        Self { session, call }
    }

    /// Its number, which its events bear.
    #[must_use]
    pub fn id(&self) -> CallRef {
        self.call
    }

    /// How far it is; `None` if it is over. The server is not asked.
    ///
    /// # Errors
    /// As future: the session has ended.
    pub fn view(&self) -> impl Future<Output = Result<Option<CallView>, CallError>> + Send + use<> {
        let answered = self.session.act(Action::CallView(self.call));
        async {
            let Answer::Call(view) = answered.await? else {
                return Err(strange().into());
            };
            Ok(view)
        }
    }

    /// `channelInviteAccept`: answers. Done when the server has passed it on, and so both are in.
    ///
    /// # Errors
    /// As future: the call is over (700), or the answer did not get through.
    pub fn channel_invite_accept(
        &self,
        extra: &str,
    ) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
        let (call, extra) = (self.call, extra.to_owned());
        self.step(Action::Accept { call, extra })
    }

    /// `channelInviteRefuse`: declines.
    ///
    /// # Errors
    /// As future: the call is over (700).
    pub fn channel_invite_refuse(
        &self,
        extra: &str,
    ) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
        let (call, extra) = (self.call, extra.to_owned());
        self.step(Action::Refuse { call, extra })
    }

    /// `channelInviteDTMF`: keys of the pad.
    ///
    /// # Errors
    /// As future: the call is over (700), or the link was lost before the answer.
    pub fn channel_invite_dtmf(
        &self,
        keys: &[Dtmf],
    ) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
        self.channel_invite_msg(InviteMsg::Dtmf(keys.to_vec()))
    }

    /// Whatever else parties say to each other within a call; the peer hears `onInviteMsg`.
    ///
    /// # Errors
    /// As with [`Self::channel_invite_dtmf`].
    pub fn channel_invite_msg(
        &self,
        msg: InviteMsg,
    ) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
        let call = self.call;
        self.step(Action::Say { call, msg })
    }

    /// `channelInviteEnd`: hangs up, or gives up while it rings.
    ///
    /// # Errors
    /// As future: the call is over already (700).
    pub fn channel_invite_end(&self) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
        let (call, extra) = (self.call, None);
        self.step(Action::End { call, extra })
    }

    /// The same with a word for the peer.
    ///
    /// # Errors
    /// As with [`Self::channel_invite_end`].
    pub fn channel_invite_end_with(
        &self,
        extra: &str,
    ) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
        let (call, extra) = (self.call, Some(extra.to_owned()));
        self.step(Action::End { call, extra })
    }

    fn step(&self, action: Action) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
        let answered = self.session.act(action);
        async { Ok(answered.await.map(drop)?) }
    }
}
