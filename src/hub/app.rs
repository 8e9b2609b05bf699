//! One app: everything that its accounts share, and the road from a request to its topic.

use std::collections::HashMap;

use crate::protocol::{
    Account, AppId, Cap, ChannelName, Code, Failure, Push, Reply, Request, Uid, limits,
};

use super::accounts::Accounts;
use super::attr_table::Attrs;
use super::attrs::Change;
use super::blocks::Blocks;
use super::calls::Calls;
use super::channel::Channel;
use super::cx::{Answer, Cx, fail};
use super::inbox::{Freed, Inbox};
use super::presence::Watches;
use super::sent_ids::SentIds;
use super::sessions::Session;
use super::timers::Timer;
use super::watches::AttrWatches;
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
    pub(super) attr_watches: AttrWatches,
    /// How many channels each account is a lasting member of.
    pub(super) lasting_of: HashMap<Account, usize>,
    pub(super) calls: Calls,
    pub(super) sent_ids: SentIds,
    pub(super) accounts: Accounts,
    pub(super) blocks: Blocks,
    pub(super) watches: Watches,
    /// Bytes that wait in inboxes, by their sender.
    pub(super) waiting_of: HashMap<Account, usize>,
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
            attr_watches: AttrWatches::default(),
            lasting_of: HashMap::new(),
            calls: Calls::default(),
            sent_ids: SentIds::default(),
            accounts: Accounts::default(),
            blocks: Blocks::default(),
            watches: Watches::default(),
            waiting_of: HashMap::new(),
            msgid: first_msgid,
        }
    }

    /// Whether nothing is left of it.
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
            && self.inboxes.is_empty()
            && self.users.is_empty()
            && self.channels.is_empty()
            && self.calls.len() == 0
            && self.sent_ids.is_empty()
            && self.accounts.is_empty()
            && self.blocks.is_empty()
    }

    pub(super) fn next_msgid(&mut self) -> u64 {
        self.msgid += 1;
        self.msgid
    }

    /// From now on every number is above one that an earlier process gave.
    pub(super) fn number_above(&mut self, msgid: u64) {
        self.msgid = self.msgid.max(msgid);
    }

    pub(super) fn last_msgid(&self) -> u64 {
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
        self.route(cx, from, request).map_err(|failure| Failure {
            code: self.code(failure.code),
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
            Request::ChannelSetAttr { channel, name, value } => self.channel_set_attr(cx, from, channel, name, value),
            Request::ChannelDelAttr { channel, name } => self.change_channel_attr(cx, from, channel, Change::Delete(name)),
            Request::ChannelClearAttr { channel } => self.change_channel_attr(cx, from, channel, Change::Clear),
            Request::ChannelQueryNum { name } => self.limited(cx, from)?.channel_num(name),
            Request::ChannelQueryUserIsIn { name, account } => self.limited(cx, from)?.channel_is_in(name, account),
            Request::ChannelQueryUserList { name } => self.limited_list(cx, from, &name, limits::LIST_MEMBERS)?.channel_users(&name, limits::LIST_MEMBERS),
            Request::ChannelQueryUserListAll { name, num } => self.limited_list(cx, from, &name, num)?.channel_users(&name, num),
            Request::Voip(step, args) => self.voip(cx, from, step, args),
            Request::Addition(addition) => self.addition(cx, from, addition),
        }
    }

    /// The app, if the account has not asked too much in this second.
    pub(super) fn limited(&mut self, cx: &Cx<'_>, from: &Account) -> Result<&Self, Failure> {
        self.limited_costly(cx, from, 1)
    }

    /// The same for a list of members, which counts for more the longer it is.
    fn limited_list(
        &mut self,
        cx: &Cx<'_>,
        from: &Account,
        name: &ChannelName,
        max: usize,
    ) -> Result<&Self, Failure> {
        let num = self.channels.get(name).map_or(0, Channel::num);
        let cost = 1 + num.min(max) / limits::MEMBERS_PER_QUERY;
        self.limited_costly(cx, from, u32::try_from(cost).unwrap_or(u32::MAX))
    }

    pub(super) fn limited_costly(
        &mut self,
        cx: &Cx<'_>,
        from: &Account,
        cost: u32,
    ) -> Result<&Self, Failure> {
        let limit = cx.limits.queries_per_user;
        if let Some(session) = self.sessions.get_mut(from)
            && !session.queries.allow_costly(cx.instant(), limit, cost)
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
        let seen = self.newly_seen(from, ver_clear);
        let Some(session) = self.sessions.get_mut(from) else {
            return fail(Code::GeneralNotLogin, "not logged in");
        };
        session.receipts.expire(cx.now.instant);
        let inbox = self.inboxes.entry(from.clone()).or_default();
        let mut freed = inbox.acknowledge(ver_clear);
        if !std::mem::replace(&mut session.polled, true) {
            let stale = inbox.first_poll(session.comes_back);
            freed.messages.extend(stale.messages);
        }
        let with_ids = session.caps.has(Cap::V3);
        let page = inbox.page(
            max.clamp(1, limits::POLL_MESSAGES),
            cx.now.unix_ms,
            with_ids,
        );
        // Clients do not ask for the next page by themselves (protocol page, section 8).
        session.announced = page.more;
        if page.more {
            let ver = inbox.last();
            cx.notify(session.link, Push::Msg { ver });
        }
        let link = session.link;
        self.count_freed(cx, &freed);
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
        self.tell_delivered(cx, from, seen);
        Ok(Reply::Messages {
            ver_clear: page.ver_clear,
            msgs: page.msgs,
        })
    }

    /// Keeps the books when messages leave an inbox for another reason than that they were acknowledged.
    pub(super) fn dropped(&mut self, cx: &mut Cx<'_>, account: &Account, freed: Freed) {
        self.count_freed(cx, &freed);
        if !freed.stored.is_empty() {
            cx.store(StoreOp::DropMessages {
                app: self.id.clone(),
                account: account.clone(),
                vers: freed.stored,
            });
        }
        self.tidy_inbox(cx, account);
    }

    fn count_freed(&mut self, cx: &mut Cx<'_>, freed: &Freed) {
        cx.totals.messages -= freed.messages.len();
        for (sender, bytes) in &freed.messages {
            cx.totals.message_bytes -= bytes;
            if let Some(waiting) = self.waiting_of.get_mut(sender) {
                *waiting -= bytes;
                if *waiting == 0 {
                    self.waiting_of.remove(sender);
                }
            }
        }
    }

    /// Gives everything that was restored its time, and forgets what is over.
    pub(super) fn settle_restored(
        &mut self,
        cx: &mut Cx<'_>,
        mut emptied_since: impl FnMut(&ChannelName) -> Option<u64>,
    ) {
        let mut channels: Vec<_> = self.channels.keys().cloned().collect();
        channels.sort();
        for name in channels {
            let since_ms = emptied_since(&name);
            self.restore_emptied(cx, &name, since_ms);
        }
        let mut accounts: Vec<_> = self.inboxes.keys().cloned().collect();
        accounts.sort();
        for account in accounts {
            self.message_expires(cx, &account);
        }
        let members = self.lasting_of.keys();
        let mut unknown: Vec<_> = members
            .filter(|account| !self.accounts.knows(account))
            .cloned()
            .collect();
        unknown.sort();
        for account in unknown {
            self.forget_memberships(cx, &account);
        }
    }

    /// Forgets an inbox that nobody needs; the next login sees versions from 1 on, as every login may.
    pub(super) fn tidy_inbox(&mut self, cx: &mut Cx<'_>, account: &Account) {
        let empty = self.inboxes.get(account).is_some_and(Inbox::is_empty);
        if !empty || self.sessions.contains_key(account) {
            return;
        }
        let timer = Timer::MessageExpires(self.id.clone(), account.clone());
        cx.timers.cancel(&timer);
        let inbox = self.inboxes.remove(account);
        if inbox.is_some_and(|inbox| inbox.stored) {
            cx.store(StoreOp::DropInbox {
                app: self.id.clone(),
                account: account.clone(),
            });
        }
    }
}
