//! Channels of an app: who joins and leaves, what is said there, and what others may ask about it.

use std::time::Duration;

use crate::protocol::{
    Account, AttrSubject, Cap, ChannelEvent, ChannelName, Code, EnvelopeKind, Failure, MessageId,
    Reply, Uid, WatchedChange, limits,
};

use super::app::App;
use super::channel::{Counted, Member};
use super::cx::{Answer, Cx, fail};
use super::lasting::Away;
use super::said::Said;
use super::timers::Timer;
use super::{AttrOwner, StoreOp};

impl App {
    /// Joins; without `rooms`, an ordinary channel that the account is in is left first, since a 1.x client has one
    /// current channel.
    pub(super) fn channel_join(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        name: ChannelName,
    ) -> Answer {
        self.may_join(cx, from, &name)?;
        let uid = self.uid(from);
        let (own_uid, since) = (Uid::of(&self.id, from), self.last_msgid());
        let Some(session) = self.sessions.get_mut(from) else {
            return fail(Code::GeneralNotLogin, "not logged in");
        };
        let limit = limits::JOINS_PER_USER;
        if !session.joins.allow(cx.now.instant, limit) {
            let reason = format!("more than {limit} joins in a second");
            return fail(Code::JoinChannelOther, reason);
        }
        let (link, caps) = (session.link, session.caps);
        if !session.channels.contains(&name) {
            let many = session.caps.has(Cap::Rooms);
            let left = if many || name.special().is_some() {
                Vec::new()
            } else {
                std::mem::take(&mut session.channels)
            };
            session.channels.push(name.clone());
            let away = Away {
                channels: left,
                certain: session.certain,
                last: None,
            };
            self.mark_away(cx, from, &away);
            for channel in away.channels {
                self.depart(cx, from, &channel);
            }
            let channel = self.channels.entry(name.clone()).or_default();
            channel.join(
                Member {
                    account: from.clone(),
                    uid,
                    own_uid,
                    link: Some(link),
                    caps,
                    since,
                },
                &mut cx.totals.ring_bytes,
            );
            self.channel_occupied(cx, &name);
            self.announce(cx, &name, from, EnvelopeKind::ChannelUserJoin);
        }
        let unread = self.settle_in(cx, from, &name);
        let channel = self.channels.entry(name).or_default();
        Ok(Reply::Joined {
            list: channel.latest(limits::LIST_MEMBERS),
            attrs: channel.shown_attrs(),
            unread,
        })
    }

    /// Special channels are for observers. For a client with one current channel, a special and an ordinary channel exclude
    /// each other: neither leaves the other by itself. With `rooms` there is a limit instead.
    fn may_join(&self, cx: &Cx<'_>, from: &Account, name: &ChannelName) -> Result<(), Failure> {
        let special = name.special().is_some();
        if special && !self.rules.observers.contains(from) {
            return fail(
                Code::JoinChannelOther,
                "only observers of the app may join a special channel",
            );
        }
        let session = self.sessions.get(from);
        let joined = session.map_or(&[][..], |session| session.channels.as_slice());
        if self.has_cap(from, Cap::Rooms) {
            let rooms = joined.iter().filter(|other| other.special().is_none());
            let limit = cx.limits.rooms as usize;
            let new = !special && !joined.contains(name);
            if new && limit > 0 && rooms.count() >= limit {
                let reason = format!("in {limit} channels already; leave one first");
                return fail(Code::JoinChannelOther, reason);
            }
        } else if let Some(other) = joined
            .iter()
            .find(|other| other.special().is_some() != special)
        {
            return fail(Code::JoinChannelOther, format!("leave {other} first"));
        }
        if !special && self.has_cap(from, Cap::History) {
            self.may_last(cx, from, name)?;
        }
        let channel = self.channels.get(name);
        let full = channel.is_some_and(|channel| {
            let limit = cx.limits.members;
            limit > 0 && channel.num() >= limit as usize && !channel.has(from)
        });
        if full {
            return fail(Code::JoinChannelOther, format!("{name} is full"));
        }
        Ok(())
    }

    pub(super) fn channel_leave(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        name: &ChannelName,
    ) -> Answer {
        let session = self.sessions.get_mut(from);
        let place = session.and_then(|session| {
            let place = session.channels.iter().position(|joined| joined == name)?;
            Some(session.channels.remove(place))
        });
        match place {
            Some(name) => {
                self.depart(cx, from, &name);
                self.forget_member(cx, from, &name);
                Ok(Reply::Done)
            }
            // A lasting member may leave while away.
            None if self.has_cap(from, Cap::History) && self.forget_member(cx, from, name) => {
                Ok(Reply::Done)
            }
            None => fail(Code::LeaveChannelOther, format!("not a member of {name}")),
        }
    }

    /// Takes a member out of a channel, whose session has struck it off its list already.
    pub(super) fn depart(&mut self, cx: &mut Cx<'_>, account: &Account, name: &ChannelName) {
        let Some(channel) = self.channels.get_mut(name) else {
            return;
        };
        if !channel.leave(account, &mut cx.totals.ring_bytes) {
            return;
        }
        self.announce(cx, name, account, EnvelopeKind::ChannelUserLeave);
        let channel = self.channels.get(name);
        if channel.is_some_and(|channel| channel.is_left()) {
            self.channel_emptied(cx, name);
        }
    }

    /// Tells the others, and those who watch the app's channels, that somebody joined or left.
    fn announce(
        &mut self,
        cx: &mut Cx<'_>,
        name: &ChannelName,
        account: &Account,
        kind: EnvelopeKind,
    ) {
        if name.special().is_some() {
            return;
        }
        if self
            .channels
            .get(name)
            .is_some_and(|channel| channel.announces())
        {
            let event = ChannelEvent::Member {
                channel: name.clone(),
                account: account.clone(),
                uid: self.uid(account),
            };
            self.tell_members(cx, name, account, kind, &event, Some(account));
        }
        self.tell_channel_observers(cx, name, account, kind);
        self.member_nums_changed(cx, name);
    }

    /// Says something to every member of an ordinary channel, the sender included.
    pub(super) fn channel_sendmsg(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        name: &ChannelName,
        msg: String,
        msg_id: Option<MessageId>,
        force: bool,
    ) -> Answer {
        if let Some(first) = self.repeated(cx, from, msg_id.as_ref()) {
            return Ok(first);
        }
        if name.special().is_some() {
            return fail(Code::SendMessageOther, "nobody speaks in a special channel");
        }
        let now = cx.instant();
        let channel = self.channels.get_mut(name);
        if !force && !channel.as_ref().is_some_and(|channel| channel.has(from)) {
            return fail(Code::SendMessageOther, "sender must be in the channel");
        }
        let own_limit = cx.limits.channel_messages_per_user;
        if let Some(session) = self.sessions.get_mut(from)
            && !session.channel_messages.allow(now, own_limit)
        {
            return fail(
                Code::SendMessageOther,
                format!("more than {own_limit} channel messages in a second"),
            );
        }
        let limit = cx.limits.channel_messages;
        if channel.is_some_and(|channel| !channel.allow_message(now, limit)) {
            return fail(
                Code::SendMessageOther,
                "too many messages in the channel in this second",
            );
        }
        let id = self.remember_id(cx, from, msg_id);
        let event = ChannelEvent::Msg {
            channel: name.clone(),
            account: from.clone(),
            uid: self.uid(from),
            msg,
        };
        let said = Said {
            name,
            source: from,
            kind: EnvelopeKind::ChannelMsg,
            event: &event,
            except: None,
        };
        let msgid = self.tell(cx, &said, Some(id.clone()));
        self.keep_said(cx, name, msgid, id.clone(), event);
        Ok(self.sent(from, id, cx.now.unix_ms))
    }

    /// Everybody has left a channel, or nobody has been since it was made by setting an attribute.
    pub(super) fn channel_emptied(&mut self, cx: &mut Cx<'_>, name: &ChannelName) {
        let now = (cx.now.instant, cx.now.unix_ms);
        if let Some(channel) = self.channels.get_mut(name) {
            channel.empty_since = Some(now);
            if channel.outlives() {
                channel.emptied_stored = true;
                cx.store(StoreOp::ChannelEmptied {
                    app: self.id.clone(),
                    name: name.clone(),
                    since_ms: Some(now.1),
                });
            }
            self.channel_expires(cx, name);
        }
    }

    /// Somebody is in a channel again, or it is no more: since when it was empty is of no interest.
    fn channel_occupied(&mut self, cx: &mut Cx<'_>, name: &ChannelName) {
        let Some(channel) = self.channels.get_mut(name) else {
            return;
        };
        let timer = Timer::ChannelExpires(self.id.clone(), name.clone());
        cx.timers.cancel(&timer);
        if std::mem::take(&mut channel.emptied_stored) {
            cx.store(StoreOp::ChannelEmptied {
                app: self.id.clone(),
                name: name.clone(),
                since_ms: None,
            });
        }
    }

    /// An empty channel goes when it has been so for long enough; at once if it has nothing to keep.
    pub(super) fn channel_expires(&mut self, cx: &mut Cx<'_>, name: &ChannelName) {
        let Some(channel) = self.channels.get_mut(name) else {
            return;
        };
        let Some((since, since_ms)) = channel.empty_since else {
            return;
        };
        // Times to live go on while the server is down, so the wall clock counts, too.
        let by_wall = Duration::from_millis(cx.now.unix_ms.saturating_sub(since_ms));
        let empty_for = cx.now.instant.duration_since(since).max(by_wall);
        let kept = channel.ttl().saturating_sub(empty_for);
        if channel.outlives() && !kept.is_zero() {
            let timer = Timer::ChannelExpires(self.id.clone(), name.clone());
            cx.set_timer(kept, timer);
            return;
        }
        if channel.clear(&mut cx.totals.attr_bytes) {
            let owner = AttrOwner::Channel(self.id.clone(), name.clone());
            cx.store(StoreOp::ClearAttrs { owner });
            let subject = AttrSubject::Channel(name.clone());
            self.tell_watchers(cx, subject, WatchedChange::Clear, None);
        }
        self.forget_history(cx, name);
        self.channel_occupied(cx, name);
        self.channels.remove(name);
        for counted in Counted::ALL {
            let timer = Timer::NumDue(self.id.clone(), name.clone(), counted);
            cx.timers.cancel(&timer);
        }
    }

    /// Gives a channel that an earlier process kept its time: from when it was left, or from now if somebody was in it.
    pub(super) fn restore_emptied(
        &mut self,
        cx: &mut Cx<'_>,
        name: &ChannelName,
        since_ms: Option<u64>,
    ) {
        let Some(channel) = self.channels.get_mut(name) else {
            return;
        };
        if channel.lasting.has_members() {
            channel.emptied_stored = since_ms.is_some();
            return self.channel_occupied(cx, name);
        }
        match since_ms {
            Some(since_ms) => {
                channel.emptied_stored = true;
                channel.empty_since = Some((cx.now.instant, since_ms));
                self.channel_expires(cx, name);
            }
            None => self.channel_emptied(cx, name),
        }
    }

    pub(super) fn channel_num(&self, name: ChannelName) -> Answer {
        let num = self.channels.get(&name).map_or(0, |channel| channel.num());
        Ok(Reply::ChannelNum { name, num })
    }

    pub(super) fn channel_is_in(&self, name: ChannelName, account: Account) -> Answer {
        let channel = self.channels.get(&name);
        let is_in = channel.is_some_and(|channel| channel.has(&account));
        Ok(Reply::ChannelIsIn {
            name,
            account,
            is_in,
        })
    }

    pub(super) fn channel_users(&self, name: &ChannelName, max: usize) -> Answer {
        let channel = self.channels.get(name);
        Ok(Reply::ChannelUsers {
            num: channel.map_or(0, |channel| channel.num()),
            list: channel
                .map(|channel| channel.latest(max))
                .unwrap_or_default(),
        })
    }
}
