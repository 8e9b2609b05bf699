//! What goes beyond 1.x (protocol page, section 18): who is granted what, and the road from a function to its topic.

use crate::protocol::limits::{self, Limits};
use crate::protocol::{
    Account, Addition, Additions, Cap, Caps, Code, Failure, GrantedLimits, ResumeKey, ServerInfo,
};

use super::app::App;
use super::attrs::Change;
use super::cx::{Answer, Cx, fail};
use super::settings::Settings;

/// What every session that asks for it is granted.
const GRANTED: Caps = Caps::NONE
    .with(Cap::Rooms)
    .with(Cap::V3)
    .with(Cap::Resume)
    .with(Cap::Presence)
    .with(Cap::Receipts)
    .with(Cap::Typing)
    .with(Cap::Block)
    .with(Cap::Attrs)
    .with(Cap::History);

/// What a client gets of what it asks for. History is for those who are members of many channels, where anything is kept.
pub(super) fn granted(asked: Caps, settings: &Settings) -> Caps {
    let limits = &settings.limits;
    let keeps = settings.keeps && limits.history > 0 && limits.history_days > 0;
    let caps = GRANTED.and(asked);
    if keeps && caps.has(Cap::Rooms) {
        caps
    } else {
        caps.without(Cap::History)
    }
}

/// What the answer to a login says beyond 1.x.
pub(super) fn told(
    settings: &Settings,
    caps: Caps,
    resume: Option<ResumeKey>,
    time_ms: u64,
) -> Box<Additions> {
    Box::new(Additions {
        caps,
        resume,
        resumed: None,
        time_ms,
        server: ServerInfo {
            name: settings.server_name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        limits: granted_limits(&settings.limits),
        ice: Vec::new(),
    })
}

fn granted_limits(limits: &Limits) -> GrantedLimits {
    GrantedLimits {
        content: limits::CONTENT_BYTES as u64,
        value: limits::VALUE_BYTES as u64,
        rooms: limits.rooms.into(),
        members: limits.members.into(),
        inbox: limits.inbox.into(),
        history: limits.history.into(),
        history_days: limits.history_days.into(),
        channel_messages_per_user: limits.channel_messages_per_user.into(),
        channel_messages: limits.channel_messages.into(),
        attribute_changes: limits.attribute_changes.into(),
        queries_per_user: limits.queries_per_user.into(),
        watched: limits::WATCHED as u64,
    }
}

impl App {
    /// Whether the session of an account has an addition.
    pub(super) fn has_cap(&self, account: &Account, cap: Cap) -> bool {
        let session = self.sessions.get(account);
        session.is_some_and(|session| session.caps.has(cap))
    }

    /// Counts a change of what an account shows others or hears of them, if it is within the rate.
    pub(super) fn allow_own_change(&mut self, cx: &Cx<'_>, from: &Account) -> Result<(), Failure> {
        let session = self.sessions.get_mut(from);
        let limit = limits::OWN_CHANGES_PER_USER;
        if session.is_some_and(|session| !session.own_changes.allow(cx.instant(), limit)) {
            let reason = format!("more than {limit} such changes in a second");
            return fail(Code::GeneralFailed, reason);
        }
        Ok(())
    }

    /// Answers a function beyond 1.x. To whom it was not granted it does not exist.
    #[rustfmt::skip] // one line a function
    pub(super) fn addition(&mut self, cx: &mut Cx<'_>, from: &Account, addition: Addition) -> Answer {
        if !self.has_cap(from, addition.cap()) {
            return unknown(&addition);
        }
        match addition {
            Addition::UserDelAttr { name } => self.change_user_attr(cx, from, Change::Delete(name)),
            Addition::UserClearAttr => self.change_user_attr(cx, from, Change::Clear),
            Addition::AttrWatch(subject) => self.attr_watch(cx, from, subject),
            Addition::AttrUnwatch(subject) => self.attr_unwatch(from, &subject),
            Addition::PresenceWatch { accounts } => self.presence_watch(cx, from, accounts),
            Addition::PresenceUnwatch { accounts } => self.presence_unwatch(cx, from, &accounts),
            Addition::PresenceSet { show, text, except } => self.presence_set(cx, from, show, text, except),
            Addition::UserReceipt { peer, ids, state } => self.user_receipt(cx, from, &peer, ids, state),
            Addition::UserTyping(to) => self.user_typing(cx, from, to),
            Addition::UserBlock { accounts } => self.user_block(cx, from, accounts),
            Addition::UserUnblock { accounts } => self.user_unblock(cx, from, accounts),
            // Is asked of the store, and does not come here.
            Addition::ChannelHistory { .. } => unknown(&addition),
        }
    }
}

fn unknown(addition: &Addition) -> Answer {
    let function = addition.function();
    fail(Code::GeneralUnknown, format!("unknown function {function}"))
}
