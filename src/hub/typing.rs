//! That somebody is writing (protocol page, section 18, `typing`): passed on at once or dropped, never kept.

use std::time::Instant;

use crate::protocol::{Account, Cap, ChannelName, Code, Push, Reply, Typing, TypingTo, limits};

use super::LinkId;
use super::app::App;
use super::cx::{Answer, Cx, fail};

/// To whom a session said so in the last [`limits::TYPING_EVERY`]; at most [`limits::TYPING_TARGETS`], and what is more is
/// dropped.
#[derive(Debug, Default)]
pub(super) struct Typed(Vec<(TypingTo, Instant)>);

impl Typed {
    /// Whether it may be said now; if so, it counts.
    fn allow(&mut self, now: Instant, to: &TypingTo) -> bool {
        self.0
            .retain(|(_, said)| now.duration_since(*said) < limits::TYPING_EVERY);
        let said = self.0.iter().any(|(other, _)| other == to);
        let allowed = !said && self.0.len() < limits::TYPING_TARGETS;
        if allowed {
            self.0.push((to.clone(), now));
        }
        allowed
    }
}

impl App {
    /// Passes it on to whoever reads it. What comes too often is dropped, and answered as if it were not.
    pub(super) fn user_typing(&mut self, cx: &mut Cx<'_>, from: &Account, to: TypingTo) -> Answer {
        if let TypingTo::Channel(name) = &to {
            let channel = self.channels.get(name);
            if !channel.is_some_and(|channel| channel.has(from)) {
                return fail(Code::SendMessageOther, "sender must be in the channel");
            }
        }
        let session = self.sessions.get_mut(from);
        if !session.is_some_and(|session| session.typed.allow(cx.now.instant, &to)) {
            return Ok(Reply::Done);
        }
        match to {
            TypingTo::Peer(peer) => self.typing_to(cx, from, &peer),
            TypingTo::Channel(name) => self.typing_in(cx, from, name),
        }
        Ok(Reply::Done)
    }

    fn typing_to(&self, cx: &mut Cx<'_>, from: &Account, peer: &Account) {
        if let Some(link) = self.reads_typing(peer, from) {
            let typing = Typing {
                account: from.clone(),
                channel: None,
            };
            cx.notify(link, Push::Typing(typing));
        }
    }

    fn typing_in(&mut self, cx: &mut Cx<'_>, from: &Account, name: ChannelName) {
        let Some(channel) = self.channels.get_mut(&name) else {
            return;
        };
        let limit = limits::TYPING_PER_CHANNEL;
        if !channel.typing.allow(cx.now.instant, limit) {
            return;
        }
        let Some(channel) = self.channels.get(&name) else {
            return;
        };
        let others = channel.accounts().filter(|account| *account != from);
        let links = others.filter_map(|account| self.reads_typing(account, from));
        let links = links.collect();
        let typing = Typing {
            account: from.clone(),
            channel: Some(name),
        };
        cx.fan(links, Push::Typing(typing));
    }

    /// Where an account is told that another is writing, if it reads that and wants to.
    fn reads_typing(&self, account: &Account, from: &Account) -> Option<LinkId> {
        let session = self.sessions.get(account)?;
        let reads = session.caps.has(Cap::Typing) && !self.blocks.has(account, from);
        session.live().filter(|_| reads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(name: usize) -> TypingTo {
        let name = format!("a{name}");
        TypingTo::Peer(Account::try_from(name.as_str()).expect("a name"))
    }

    #[test]
    fn it_is_said_to_each_once_in_three_seconds() {
        let (now, mut typed) = (Instant::now(), Typed::default());
        assert!(typed.allow(now, &to(1)) && typed.allow(now, &to(2)));
        let soon = now + limits::TYPING_EVERY / 2;
        assert!(!typed.allow(soon, &to(1)));
        assert!(typed.allow(now + limits::TYPING_EVERY, &to(1)));
    }

    #[test]
    fn too_many_targets_at_a_time_are_dropped() {
        let (now, mut typed) = (Instant::now(), Typed::default());
        assert!((0..limits::TYPING_TARGETS).all(|name| typed.allow(now, &to(name))));
        assert!(!typed.allow(now, &to(limits::TYPING_TARGETS)));
        let later = now + limits::TYPING_EVERY;
        assert!(typed.allow(later, &to(limits::TYPING_TARGETS)));
        assert_eq!(typed.0.len(), 1);
    }
}
