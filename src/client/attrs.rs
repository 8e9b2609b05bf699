//! Attributes beyond 1.x: deleting one's own, and watching anybody's from outside. The server must have granted `attrs`.

use super::core::{Action, Answer};
use super::error::{AttrError, QueryError};
use super::session::{Session, strange};
use crate::protocol::{Addition, AttrEntries, AttrName, AttrSubject, Reply, Request};

impl Session {
    /// `user_del_attr`: deletes an attribute of one's own account; also done if it was not set.
    ///
    /// # Errors
    /// As future: too many changes in a second, not granted (1002), or no answer.
    pub fn user_del_attr(
        &self,
        name: &AttrName,
    ) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        let name = name.clone();
        self.change(Request::Addition(Addition::UserDelAttr { name }))
    }

    /// `user_clear_attr`: deletes all attributes of one's own account.
    ///
    /// # Errors
    /// As with [`Self::user_del_attr`].
    pub fn user_clear_attr(&self) -> impl Future<Output = Result<(), AttrError>> + Send + use<> {
        self.change(Request::Addition(Addition::UserClearAttr))
    }

    /// `attr_watch`: the attributes of an account or a channel, joined or not, each with when and by whom it was set. From
    /// then on every change is told by [`SessionEvent::AttrChanged`](super::event::SessionEvent::AttrChanged); over lost
    /// links the client watches again by itself and tells what it finds.
    ///
    /// What is returned comes as [`SessionEvent::AttrEntries`](super::event::SessionEvent::AttrEntries), too, before the
    /// first change: whoever keeps a mirror takes both from the events.
    ///
    /// # Errors
    /// As future: too many watched (1005), a special channel of which one is no observer, not granted (1002), or no answer.
    pub fn attr_watch(
        &self,
        subject: &AttrSubject,
    ) -> impl Future<Output = Result<AttrEntries, QueryError>> + Send + use<> {
        let answered = self.act(Action::AttrWatch(subject.clone()));
        async {
            let Answer::Reply(Reply::AttrEntries { entries }) = answered.await? else {
                return Err(strange().into());
            };
            Ok(entries)
        }
    }

    /// `attr_unwatch`: no change is told any more once this is done.
    ///
    /// # Errors
    /// As future: no answer.
    pub fn attr_unwatch(
        &self,
        subject: &AttrSubject,
    ) -> impl Future<Output = Result<(), QueryError>> + Send + use<> {
        let answered = self.act(Action::AttrUnwatch(subject.clone()));
        async { Ok(answered.await.map(drop)?) }
    }
}
