//! Lasting members: joining with `history` makes an account one, until it leaves by its own wish, present or not (protocol page,
//! section 18). How far each has heard is remembered, so that it is told what it missed.

use crate::protocol::{Account, AppId, Cap, ChannelName, Code, Failure, ResumeKey, limits};

use super::StoreOp;
use super::app::App;
use super::cx::{Cx, fail};
use super::history::{keeps, kept_since};
use super::kept::{Certain, Mark, MarkState};
use super::messages::millis;

/// A channel with lasting members or kept messages, as the store gives it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastingChannel {
    /// The app.
    pub app: AppId,
    /// Its name.
    pub name: ChannelName,
    /// Its lasting members, with the number of the last event that each heard; `None` for those who were there.
    pub members: Vec<(Account, Option<u64>)>,
    /// The number of each kept message and when it was accepted, in ms since the Unix epoch; oldest first.
    pub messages: Vec<(u64, u64)>,
}

/// What is remembered of a session that ends.
#[derive(Debug)]
pub(super) struct Away {
    /// Where it was.
    pub(super) channels: Vec<ChannelName>,
    /// What it heard.
    pub(super) certain: Certain,
    /// By what it would have been taken up.
    pub(super) last: Option<ResumeKey>,
}

impl App {
    /// Whether an account may become a lasting member of one more channel.
    pub(super) fn may_last(
        &self,
        cx: &Cx<'_>,
        account: &Account,
        name: &ChannelName,
    ) -> Result<(), Failure> {
        let channel = self.channels.get(name);
        let is_one = channel.is_some_and(|channel| channel.lasting.has(account));
        let limit = cx.limits.rooms as usize;
        let many = self.lasting_of.get(account).copied().unwrap_or(0);
        if !is_one && limit > 0 && many >= limit {
            let reason = format!("a member of {limit} channels already; leave one first");
            return fail(Code::JoinChannelOther, reason);
        }
        Ok(())
    }

    /// An account is in a channel: with `history`, as a lasting member. Returns how many messages it has not heard, if it is one.
    pub(super) fn settle_in(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        name: &ChannelName,
    ) -> Option<u64> {
        let lasts = self.has_cap(account, Cap::History) && name.special().is_none();
        let (heard, now) = (self.last_msgid(), cx.instant());
        let session = self.sessions.get(account)?;
        let lasting = &mut self.channels.get_mut(name)?.lasting;
        let was = lasting.mark(account).map(|mark| mark.state.clone());
        let unread = match (&was, lasts) {
            (Some(_), _) => {
                let before = session.before.as_deref();
                lasting.comes(now, account, before, session.certain)
            }
            (None, false) => return None,
            (None, true) => {
                let state = MarkState::Here { since: now };
                lasting.add(account, Mark { heard, state });
                *self.lasting_of.entry(account.clone()).or_default() += 1;
                Some(0)
            }
        };
        let (app, channel, account) = (self.id.clone(), name.clone(), account.clone());
        match was {
            None => cx.store(StoreOp::PutMember {
                app,
                channel,
                account,
            }),
            Some(MarkState::Away { .. } | MarkState::Killed) => cx.store(StoreOp::MarkMember {
                app,
                channel,
                account,
                heard: None,
            }),
            Some(MarkState::Here { .. }) => {}
        }
        unread.filter(|_| lasts)
    }

    /// An account is away from channels.
    pub(super) fn mark_away(&mut self, cx: &mut Cx<'_>, account: &Account, away: &Away) {
        for name in &away.channels {
            let Some(channel) = self.channels.get_mut(name) else {
                continue;
            };
            let last = away.last.as_ref();
            if let Some(heard) = channel.lasting.goes(account, last, away.certain) {
                cx.store(StoreOp::MarkMember {
                    app: self.id.clone(),
                    channel: name.clone(),
                    account: account.clone(),
                    heard: Some(heard),
                });
            }
        }
    }

    /// The server stops: how far everybody has heard is kept.
    pub(super) fn mark_all_away(&mut self, cx: &mut Cx<'_>) {
        let sessions = self.sessions.iter();
        let mut present: Vec<_> = sessions
            .map(|(account, session)| (account.clone(), session.away()))
            .collect();
        present.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (account, away) in present {
            self.mark_away(cx, &account, &away);
            self.account_went(cx, &account);
        }
    }

    /// Ends a lasting membership; whether it was one.
    pub(super) fn forget_member(
        &mut self,
        cx: &mut Cx<'_>,
        account: &Account,
        name: &ChannelName,
    ) -> bool {
        let Some(channel) = self.channels.get_mut(name) else {
            return false;
        };
        if !channel.lasting.remove(account) {
            return false;
        }
        let is_left = channel.is_left();
        if let Some(many) = self.lasting_of.get_mut(account) {
            *many -= 1;
            if *many == 0 {
                self.lasting_of.remove(account);
            }
        }
        cx.store(StoreOp::DropMember {
            app: self.id.clone(),
            channel: name.clone(),
            account: account.clone(),
        });
        if is_left {
            self.channel_emptied(cx, name);
        }
        true
    }

    /// Ends all lasting memberships of an account that stays away for longer than anything is kept for it.
    pub(super) fn forget_memberships(&mut self, cx: &mut Cx<'_>, account: &Account) {
        if !self.lasting_of.contains_key(account) {
            return;
        }
        let channels = self.channels.iter();
        let mut names: Vec<_> = channels
            .filter(|(_, channel)| channel.lasting.has(account))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        for name in names {
            self.forget_member(cx, account, &name);
        }
    }

    /// Takes back what an earlier process knew of a channel's lasting members and of what was said there.
    pub(super) fn restore_lasting(&mut self, cx: &mut Cx<'_>, lasting: LastingChannel) {
        let LastingChannel {
            name,
            members,
            messages,
            ..
        } = lasting;
        // Numbers rise over restarts even where the clock was set back.
        if let Some((msgid, _)) = messages.last() {
            self.number_above(*msgid);
        }
        let certainly = certainly_heard(&messages);
        let channel = self.channels.entry(name.clone()).or_default();
        let kept = &mut channel.lasting.kept;
        for (msgid, sent_ms) in messages {
            kept.push(msgid, sent_ms);
        }
        let most = if keeps(cx) {
            cx.limits.history as usize
        } else {
            0
        };
        let gone = kept.expire(kept_since(cx)).max(kept.trim(most));
        cx.totals.kept += kept.len();
        for (account, heard) in members {
            let mark = match heard {
                Some(heard) => Mark {
                    heard,
                    state: MarkState::Away { last: None },
                },
                None => Mark {
                    heard: certainly,
                    state: MarkState::Killed,
                },
            };
            if heard.is_none() {
                // Who was there at this kill is not there at the next one, unless they come before it.
                cx.store(StoreOp::MarkMember {
                    app: self.id.clone(),
                    channel: name.clone(),
                    account: account.clone(),
                    heard: Some(certainly),
                });
            }
            if channel.lasting.add(&account, mark) {
                *self.lasting_of.entry(account).or_default() += 1;
            }
        }
        self.history_gone(cx, &name, gone, 0);
        self.watch_history(cx);
    }
}

/// The number of the last message that whoever was there when the server was killed has heard: the kill came after the last
/// message, and within so long the server notices that somebody is not there.
fn certainly_heard(messages: &[(u64, u64)]) -> u64 {
    let noticed = millis(limits::IDLE_TIMEOUT + limits::RESUME_KEPT);
    let Some((_, last_ms)) = messages.last() else {
        return 0;
    };
    let settled = last_ms.saturating_sub(noticed);
    let mut heard = messages.iter().rev();
    let heard = heard.find(|(_, sent_ms)| *sent_ms <= settled);
    heard.map_or(0, |(msgid, _)| *msgid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_long_before_a_kill_was_heard() {
        assert_eq!(certainly_heard(&[]), 0);
        let last = 1_000_000;
        assert_eq!(certainly_heard(&[(1, last)]), 0);
        let messages = [(1, 0), (2, last - 150_000), (3, last - 149_999), (4, last)];
        assert_eq!(certainly_heard(&messages), 2);
    }
}
