//! Which topic of a signed-in account hears which event of the SDK.

use super::chats::{ConversationId, Said};
use super::{Cx, Home, Link, Phase, sign_in};
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::client::event::{ChannelEvent, Event, SessionEvent};
use crate::protocol::{Cap, ChannelName, Code};
use crate::store;

/// Routes an event of the SDK.
pub(super) fn happened(phase: &mut Phase, cx: &mut Cx<'_>, event: Event) {
    match (event, &mut *phase) {
        (Event::Session(SessionEvent::Logout { code, reason }), phase) => {
            sign_in::sent_away(phase, cx, code, reason);
        }
        (Event::Session(event), Phase::Home(home)) => home.session(cx, event),
        (Event::Channel { channel, event }, Phase::Home(home)) => home.channel(cx, channel, event),
        (Event::Call { call, event }, Phase::Home(home)) => home.calls.happened(cx, call, event),
        // What a session had to say that is over by now.
        (
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. },
            Phase::Opening | Phase::Out(_),
        ) => {}
    }
}

impl Home {
    fn session(&mut self, cx: &mut Cx<'_>, event: SessionEvent) {
        match event {
            SessionEvent::LoginSuccess {
                again, additions, ..
            } => {
                let grants = |cap| additions.as_ref().is_some_and(|has| has.caps.has(cap));
                let granted = grants(Cap::Presence);
                let blocks = grants(Cap::Block);
                self.people.grant(granted);
                self.typing.grant(grants(Cap::Typing));
                self.link = Link::Up;
                self.chats.link(cx, Link::Up);
                self.contacts.link_up(cx, blocks);
                for account in self.contacts.listed() {
                    self.people.look(cx, account);
                }
                self.watch_listed(cx);
                self.ask_again(cx);
                if !again {
                    self.rooms.rejoin(cx);
                    self.inspector.begin(cx);
                }
            }
            SessionEvent::LinkLost => {
                self.link = Link::Lost;
                self.chats.link(cx, Link::Lost);
                self.people.forget();
                self.typing.forget();
            }
            SessionEvent::MessageInstantReceive {
                account,
                msg,
                sent_ms,
                id,
                ..
            } => {
                // Who speaks is there.
                self.people.speaks(account.clone());
                self.people.watch(cx, [&account]);
                let said = Said {
                    to: ConversationId::Person(account.clone()),
                    from: account,
                    text: msg,
                    at_ms: sent_ms,
                    id,
                };
                self.typing.done(&said.to, &said.from);
                self.chats.received(cx, said);
            }
            SessionEvent::Receipt(receipt) => self.chats.receipt(cx, receipt),
            SessionEvent::InviteReceived {
                call,
                channel,
                peer,
                extra,
                glare,
            } => {
                self.people.speaks(peer.clone());
                self.people.watch(cx, [&peer]);
                self.calls.received(cx, call, channel, peer, &extra, glare);
            }
            SessionEvent::Presence(states) => {
                for state in states {
                    self.people.told(state);
                }
            }
            SessionEvent::AttrEntries { subject, entries } => {
                self.inspector.told(&subject, entries);
            }
            SessionEvent::AttrChanged(changed) => self.inspector.changed(changed),
            SessionEvent::MissedCall {
                peer,
                channel,
                extra,
                time_ms,
            } => self.calls.missed(cx, peer, channel, &extra, time_ms),
            SessionEvent::Typing(typing) => self.typing.told(cx.now.at, &self.account, typing),
            SessionEvent::Missed { events } => self.heard.missed(cx, &self.chats, events),
            // Logout is handled where the phase can change; errors that nobody asked for are logged by the worker.
            SessionEvent::Logout { .. } | SessionEvent::Error { .. } => {}
        }
    }

    /// Everybody in the list of chats is shown with how they are, those first with whom one spoke last; as many as the server
    /// tells of.
    pub(super) fn watch_listed(&mut self, cx: &mut Cx<'_>) {
        let listed = self.chats.people().into_iter();
        let listed = listed.filter_map(|(id, _)| match id {
            ConversationId::Person(account) => Some(account),
            ConversationId::Room(_) => None,
        });
        self.people.watch(cx, listed);
    }

    /// What was asked once is asked again, since the answers may have changed while the link was gone, or nobody was there to
    /// ask before there was one.
    fn ask_again(&mut self, cx: &mut Cx<'_>) {
        if let Some(ConversationId::Person(account)) = self.chats.opened() {
            self.people.look(cx, account);
        }
    }

    fn channel(&mut self, cx: &mut Cx<'_>, channel: ChannelName, event: ChannelEvent) {
        let given_up = self.rooms.given_up(&channel);
        match event {
            // What is still heard there brings it back into no list.
            ChannelEvent::UserJoined { .. }
            | ChannelEvent::UserLeft { .. }
            | ChannelEvent::MessageReceive { .. }
                if given_up => {}
            ChannelEvent::Joined(view) | ChannelEvent::Rejoined(view) => {
                self.keep_room(cx, &channel, !given_up);
                self.chats.came_in(cx, channel.clone());
                if let Some(unread) = view.unread {
                    self.heard.came_in(cx, &self.chats, &channel, unread);
                }
                let users = view.users.iter().map(|(account, _)| account);
                let others = users.filter(|account| **account != self.account);
                self.people.watch(cx, others);
                self.rooms.joined(channel, view);
            }
            ChannelEvent::Left { code } => {
                // Rooms that one did not leave by a wish of somebody are joined again.
                if code == Code::LeaveChannelByUser || code == Code::LeaveChannelKicked {
                    self.keep_room(cx, &channel, false);
                }
                self.chats.went_out(&channel);
                self.heard.went_out(&channel);
                self.rooms.left(&channel, code);
            }
            ChannelEvent::UserJoined { account, .. } => {
                self.rooms.user_joined(&channel, account.clone());
                self.people.watch(cx, [&account]);
                self.chats.came(cx, channel, account);
            }
            ChannelEvent::UserLeft { account, .. } => {
                self.rooms.user_left(&channel, &account);
                self.chats.went(cx, channel, account);
            }
            ChannelEvent::AttrUpdated { change, .. } => self.rooms.attr(&channel, change),
            ChannelEvent::MessageReceive {
                account,
                msg,
                sent_ms,
                id,
                ..
            } => {
                let said = Said {
                    to: ConversationId::Room(channel),
                    from: account,
                    text: msg,
                    at_ms: sent_ms,
                    id,
                };
                self.typing.done(&said.to, &said.from);
                self.chats.received(cx, said);
            }
        }
    }

    /// Whether a room is to be joined at the next start.
    pub(super) fn keep_room(&self, cx: &mut Cx<'_>, name: &ChannelName, joined: bool) {
        cx.effects
            .push(Effect::Store(StoreEffect::Room(store::Room {
                name: name.clone(),
                joined,
                since_ms: cx.now.unix_ms,
            })));
    }
}
