//! One app: everything that its accounts share, and the road from a request to its topic.

use std::collections::HashMap;

use crate::protocol::{
    Account, AppId, ChannelName, Code, Failure, Push, Reply, Request, Uid, limits,
};

use super::attrs::{Attrs, Change};
use super::channel::Channel;
use super::cx::{Answer, Cx, fail};
use super::inbox::{Freed, Inbox};
use super::invites::Calls;
use super::sent_ids::SentIds;
use super::sessions::Session;
use super::{AppRules, StoreOp};

/// One app. Apps never see each other.
#[derive(Debug)]
pub(super) struct App {
    pub(super) id: AppId,
    pub(super) rules: AppRules,
    pub(super) sessions: HashMap<Account, Session>,
    pub(super) inboxes: HashMap<Account, Inbox>,
    pub(super) users: HashMap<Account, Attrs>,
    pub(super) channels: HashMap<ChannelName, Channel>,
    pub(super) calls: Calls,
    pub(super) sent_ids: SentIds,
    /// The number of the last channel event. One counter for all channels: clients drop an event whose number is not
    /// above the last one they saw, in whatever channel that was (protocol page, section 9).
    msgid: u64,
}

impl App {
    /// An app without anybody; `first_msgid` is above every number that an earlier process gave.
    pub(super) fn new(id: AppId, rules: AppRules, first_msgid: u64) -> Self {
        Self {
            id,
            rules,
            sessions: HashMap::new(),
            inboxes: HashMap::new(),
            users: HashMap::new(),
            channels: HashMap::new(),
            calls: Calls::default(),
            sent_ids: SentIds::default(),
            msgid: first_msgid,
        }
    }

    pub(super) fn next_msgid(&mut self) -> u64 {
        self.msgid += 1;
        self.msgid
    }

    /// The number of an account, as this app shows it.
    pub(super) fn uid(&self, account: &Account) -> Uid {
        if self.rules.uid_zero {
            return Uid(0);
        }
        let session = self.sessions.get(account);
        session.map_or_else(|| Uid::of(&self.id, account), |session| session.uid)
    }

    /// The code as this app's clients are told it.
    pub(super) fn code(&self, code: Code) -> Code {
        if self.rules.legacy_codes {
            code.legacy()
        } else {
            code
        }
    }

    /// Answers a request of an account that has a session.
    pub(super) fn request(&mut self, cx: &mut Cx<'_>, from: &Account, request: Request) -> Answer {
        let in_slot = Request::fails_in_slot(request.function());
        self.route(cx, from, request).map_err(|failure| Failure {
            code: self.code(failure.code),
            in_slot,
            ..failure
        })
    }

    #[rustfmt::skip] // one line a function
    fn route(&mut self, cx: &mut Cx<'_>, from: &Account, request: Request) -> Answer {
        match request {
            Request::UserGetMsg { ver_clear, max } => self.user_getmsg(cx, from, ver_clear, max),
            Request::UserGetMsg2 { .. } => fail(Code::GeneralFailed, "inboxes are in version mode; use user_getmsg"),
            Request::UserSendMsg { peer, ttl, content, message_id } => self.user_sendmsg(cx, from, peer, ttl, content, message_id),
            Request::UserLogout => self.user_logout(cx, from),
            Request::UserQueryUserStatus { account } => self.limited(cx, from)?.user_status(account),
            Request::UserSetAttr { name, value } => self.user_set_attr(cx, from, name, value),
            Request::UserGetAttr { account, name } => self.limited(cx, from)?.user_get_attr(account, name),
            Request::UserGetAttrAll { account } => self.limited(cx, from)?.user_get_attr_all(account),
            Request::UserExtCall { package, .. } => fail(Code::GeneralFailed, format!("there is no service {package:?}")),
            Request::ChannelJoin { name } => self.channel_join(cx, from, name),
            Request::ChannelLeave { name } => self.channel_leave(cx, from, &name),
            Request::ChannelSendMsg { name, msg, msg_id, force } => self.channel_sendmsg(cx, from, &name, msg, msg_id, force),
            Request::ChannelSetAttr { channel, name, value } => self.change_channel_attr(cx, from, channel, Change::Set(name, value)),
            Request::ChannelDelAttr { channel, name } => self.change_channel_attr(cx, from, channel, Change::Delete(name)),
            Request::ChannelClearAttr { channel } => self.change_channel_attr(cx, from, channel, Change::Clear),
            Request::ChannelQueryNum { name } => self.limited(cx, from)?.channel_num(name),
            Request::ChannelQueryUserIsIn { name, account } => self.limited(cx, from)?.channel_is_in(name, account),
            Request::ChannelQueryUserList { name } => self.limited(cx, from)?.channel_users(&name, limits::LIST_MEMBERS),
            Request::ChannelQueryUserListAll { name, num } => self.limited(cx, from)?.channel_users(&name, num),
            Request::Voip(step, args) => self.voip(cx, from, step, args),
        }
    }

    /// The app, if the account has not asked too much in this second.
    fn limited(&mut self, cx: &Cx<'_>, from: &Account) -> Result<&Self, Failure> {
        let limit = cx.limits.queries_per_user;
        if let Some(session) = self.sessions.get_mut(from)
            && !session.queries.allow(cx.now.instant, limit)
        {
            let reason = format!("more than {limit} queries in a second");
            return fail(Code::QueryUserNumOther, reason);
        }
        Ok(self)
    }

    fn user_status(&self, account: Account) -> Answer {
        Ok(Reply::UserStatus {
            online: self.sessions.contains_key(&account),
            account,
        })
    }

    fn user_getmsg(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        ver_clear: u64,
        max: usize,
    ) -> Answer {
        let Some(session) = self.sessions.get_mut(from) else {
            return fail(Code::GeneralNotLogin, "not logged in");
        };
        let inbox = self.inboxes.entry(from.clone()).or_default();
        let freed = inbox.acknowledge(ver_clear);
        let page = inbox.page(max.clamp(1, limits::POLL_MESSAGES), cx.now.unix_ms);
        // Clients do not ask for the next page by themselves (protocol page, section 8).
        session.announced = page.more;
        if page.more {
            let ver = inbox.last();
            cx.notify(session.link, Push::Msg { ver });
        }
        let link = session.link;
        cx.waiting.remove(&freed);
        if !freed.stored.is_empty() {
            cx.store(StoreOp::AckInbox {
                app: self.id.clone(),
                account: from.clone(),
                ver: page.ver_clear,
            });
        }
        for call in page.new_invites {
            self.calls.invitation_delivered(call, link);
        }
        Ok(Reply::Messages {
            ver_clear: page.ver_clear,
            msgs: page.msgs,
        })
    }

    /// Keeps the books when messages leave an inbox for another reason than that they were acknowledged.
    pub(super) fn dropped(&mut self, cx: &mut Cx<'_>, account: &Account, freed: Freed) {
        cx.waiting.remove(&freed);
        if !freed.stored.is_empty() {
            cx.store(StoreOp::DropMessages {
                app: self.id.clone(),
                account: account.clone(),
                vers: freed.stored,
            });
        }
        self.tidy_inbox(cx, account);
    }

    /// Forgets an inbox that nobody needs; the next login sees versions from 1 on, as every login may.
    pub(super) fn tidy_inbox(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let empty = self.inboxes.get(account).is_some_and(Inbox::is_empty);
        if !empty || self.sessions.contains_key(account) {
            return;
        }
        if self
            .inboxes
            .remove(account)
            .is_some_and(|inbox| inbox.stored)
        {
            cx.store(StoreOp::DropInbox {
                app: self.id.clone(),
                account: account.clone(),
            });
        }
    }
}
