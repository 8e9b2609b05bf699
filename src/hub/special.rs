//! What the service itself says in channels: the two special channels, in which servers watch an app, and the numbers of
//! members that a channel may ask to be told.

use crate::protocol::{
    Account, AttrName, AttrSubject, ChannelEvent, ChannelName, EnvelopeKind, SpecialChannel, Uid,
    WatchedChange,
};

use super::app::App;
use super::channel::Counted;
use super::cx::Cx;
use super::timers::Timer;

impl App {
    /// Tells those who watch the app's accounts that one came (`ChannelUserJoin`) or went (`ChannelUserLeave`).
    pub(super) fn tell_user_observers(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        kind: EnvelopeKind,
    ) {
        for channel in self.watched(SpecialChannel::UserOnline) {
            let event = ChannelEvent::Member {
                channel: channel.clone(),
                account: account.clone(),
                uid: self.uid(account),
            };
            self.tell_members(cx, &channel, account, kind, &event, None);
        }
    }

    /// Tells those who watch the app's channels that somebody joined or left one.
    pub(super) fn tell_channel_observers(
        &mut self,
        cx: &mut Cx<'_>,
        name: &ChannelName,
        account: &Account,
        kind: EnvelopeKind,
    ) {
        let service = Account::service();
        let event = if kind == EnvelopeKind::ChannelUserJoin {
            "join"
        } else {
            "leave"
        };
        for channel in self.watched(SpecialChannel::ChannelEvent) {
            let msg = serde_json::json!({ "channel": name, "account": account, "event": event });
            let event = ChannelEvent::Msg {
                channel: channel.clone(),
                account: service.clone(),
                uid: Uid(0),
                msg: msg.to_string(),
            };
            self.tell_members(
                cx,
                &channel,
                &service,
                EnvelopeKind::ChannelMsg,
                &event,
                None,
            );
        }
    }

    /// The spellings of a special channel in which somebody is.
    fn watched(&self, which: SpecialChannel) -> Vec<ChannelName> {
        if self.rules.observers.is_empty() {
            return Vec::new();
        }
        let spellings = which.spellings().into_iter();
        spellings
            .filter(|name| self.channels.contains_key(name))
            .collect()
    }

    /// The members of a channel changed, or how often their numbers are told: sets the timers that are missing.
    pub(super) fn member_nums_changed(&mut self, cx: &mut Cx<'_>, name: &ChannelName) {
        let Some(channel) = self.channels.get(name) else {
            return;
        };
        for counted in Counted::ALL {
            let timer = Timer::NumDue(self.id.clone(), name.clone(), counted);
            match channel.told_every(counted) {
                Some(every) => cx.timers.set_earlier(cx.now.instant + every, timer),
                None => cx.timers.cancel(&timer),
            }
        }
    }

    /// A built-in attribute may have changed: what it governs is looked at again.
    pub(super) fn built_ins_changed(&mut self, cx: &mut Cx<'_>, name: &ChannelName) {
        self.member_nums_changed(cx, name);
        self.channel_expires(cx, name);
    }

    /// A number of a channel may be told again: many changes are one event, and none is none.
    pub(super) fn num_due(&mut self, cx: &mut Cx<'_>, name: &ChannelName, counted: Counted) {
        let channel = self.channels.get_mut(name);
        let Some(num) = channel.and_then(|channel| channel.tell(counted)) else {
            return;
        };
        let service = Account::service();
        let event = ChannelEvent::AttrUpdate {
            channel: name.clone(),
            account: service.clone(),
            uid: Uid(0),
            name: counted.attr().name().to_owned(),
            value: num.into(),
            r#type: "update".to_owned(),
        };
        self.tell_members(
            cx,
            name,
            &service,
            EnvelopeKind::ChannelAttrUpdate,
            &event,
            None,
        );
        if let Ok(attr) = AttrName::try_from(counted.attr().name()) {
            let change = WatchedChange::Update {
                name: attr,
                value: num.into(),
            };
            self.tell_watchers(cx, AttrSubject::Channel(name.clone()), change, None);
        }
    }
}
