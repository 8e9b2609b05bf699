//! Rooms: which ones one is in, who else is, and what is set there.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Cx;
use crate::app::effect::Effect;
use crate::app::msg::Failure;
use crate::client::event::{AttrChange, ChannelView};
use crate::protocol::{Account, ChannelName, Code};
use crate::store;

/// The channel attribute that is a room's topic.
pub(crate) const TOPIC: &str = "topic";

/// The rooms that one has been in since signing in.
#[derive(Debug, Default)]
pub(crate) struct Rooms(BTreeMap<ChannelName, Room>);

/// A room.
#[derive(Debug)]
pub(crate) struct Room {
    /// Whether one is in.
    pub(crate) membership: Membership,
    /// Who is there, oneself among them, in the order in which they came. Empty while one is out.
    pub(crate) members: Vec<Account>,
    attrs: Map<String, Value>,
    /// Why the topic could not be set last.
    pub(crate) no_topic: Option<Failure>,
    /// Why one is still in, though one asked to leave.
    pub(crate) not_left: Option<Failure>,
    /// Whether one is to be in whenever there is a link.
    pub(crate) kept: bool,
}

/// Whether one is in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    /// Asked to be.
    Joining,
    /// One is.
    In,
    /// Asked to leave.
    Leaving,
    /// One is not: never was, or not any more, and why.
    Out(Failure),
}

impl Room {
    /// Whether one is a member, present or not: then one can leave.
    pub(crate) fn stays(&self) -> bool {
        self.kept || self.membership == Membership::In
    }

    fn new(membership: Membership) -> Self {
        Self {
            membership,
            members: Vec::new(),
            attrs: Map::new(),
            no_topic: None,
            not_left: None,
            kept: false,
        }
    }

    /// What it is about.
    pub(crate) fn topic(&self) -> Option<&str> {
        let topic = self.attrs.get(TOPIC)?.as_str()?;
        (!topic.is_empty()).then_some(topic)
    }
}

impl Rooms {
    /// One of them.
    pub(crate) fn get(&self, name: &ChannelName) -> Option<&Room> {
        self.0.get(name)
    }

    /// The history says which rooms there are, joined and left; and in which there is something to read.
    pub(super) fn fill(&mut self, rooms: Vec<store::Room>, talked: Vec<ChannelName>) {
        for kept in rooms {
            let room = self.room(kept.name);
            room.kept = kept.joined;
        }
        for name in talked {
            self.room(name);
        }
    }

    /// Joins every room that one was in.
    pub(super) fn rejoin(&mut self, cx: &mut Cx<'_>) {
        for (name, room) in &mut self.0 {
            if room.kept && matches!(room.membership, Membership::Out(_)) {
                room.membership = Membership::Joining;
                cx.effects.push(Effect::Join(name.clone()));
            }
        }
    }

    /// Before there is a session nobody can be asked: it is joined with those that one was in.
    pub(super) fn join_later(&mut self, name: ChannelName) {
        self.room(name).kept = true;
    }

    pub(super) fn join(&mut self, cx: &mut Cx<'_>, name: ChannelName) {
        let room = self.room(name.clone());
        match room.membership {
            Membership::In | Membership::Joining => {}
            Membership::Leaving | Membership::Out(_) => {
                room.membership = Membership::Joining;
                cx.effects.push(Effect::Join(name));
            }
        }
    }

    pub(super) fn leave(&mut self, cx: &mut Cx<'_>, name: ChannelName) {
        let Some(room) = self.0.get_mut(&name) else {
            return;
        };
        match room.membership {
            Membership::In => {
                room.membership = Membership::Leaving;
                room.not_left = None;
                cx.effects.push(Effect::Leave(name));
            }
            // Nobody can be asked to let one out: it is only not joined any more.
            Membership::Out(_) => room.kept = false,
            Membership::Joining | Membership::Leaving => {}
        }
    }

    /// One is to be out for good, however far in one is.
    pub(super) fn give_up(&mut self, cx: &mut Cx<'_>, name: &ChannelName) {
        let Some(room) = self.0.get_mut(name) else {
            return;
        };
        room.kept = false;
        match room.membership {
            Membership::In | Membership::Joining => {
                room.membership = Membership::Leaving;
                cx.effects.push(Effect::Leave(name.clone()));
            }
            Membership::Leaving | Membership::Out(_) => {}
        }
    }

    /// Whether one is on one's way out for good.
    pub(super) fn given_up(&self, name: &ChannelName) -> bool {
        self.get(name)
            .is_some_and(|room| room.membership == Membership::Leaving && !room.kept)
    }

    pub(super) fn not_joined(&mut self, name: &ChannelName, failure: Failure) {
        if let Some(room) = self.0.get_mut(name) {
            room.membership = Membership::Out(failure);
            room.members.clear();
        }
    }

    pub(super) fn set_topic(&mut self, cx: &mut Cx<'_>, name: ChannelName, topic: String) {
        if let Some(room) = self.0.get_mut(&name) {
            room.no_topic = None;
            let topic = topic.trim().to_owned();
            cx.effects.push(Effect::Topic(name, topic));
        }
    }

    pub(super) fn no_topic(&mut self, name: &ChannelName, failure: Failure) {
        if let Some(room) = self.0.get_mut(name) {
            room.no_topic = Some(failure);
        }
    }

    /// One is still in, or the server's own word will come.
    pub(super) fn not_left(&mut self, name: &ChannelName, failure: Failure) {
        if let Some(room) = self.0.get_mut(name) {
            let over = failure.code == Code::GeneralNotLogin;
            if over {
                room.membership = Membership::Out(failure);
            } else {
                room.membership = Membership::In;
                room.not_left = Some(failure);
            }
        }
    }

    pub(super) fn joined(&mut self, name: ChannelName, view: ChannelView) {
        // The way out was asked for after the way in, and is answered after it.
        let given_up = self.given_up(&name);
        let room = self.room(name);
        room.not_left = None;
        if !given_up {
            room.membership = Membership::In;
            room.kept = true;
        }
        room.members = view.users.into_iter().map(|(account, _)| account).collect();
        room.attrs = view.attrs;
    }

    pub(super) fn left(&mut self, name: &ChannelName, code: Code) {
        if let Some(room) = self.0.get_mut(name) {
            if code == Code::LeaveChannelByUser || code == Code::LeaveChannelKicked {
                room.kept = false;
            }
            let detail = String::new();
            room.membership = Membership::Out(Failure { code, detail });
            room.members.clear();
        }
    }

    pub(super) fn user_joined(&mut self, name: &ChannelName, account: Account) {
        if let Some(room) = self.0.get_mut(name)
            && !room.members.contains(&account)
        {
            room.members.push(account);
        }
    }

    pub(super) fn user_left(&mut self, name: &ChannelName, account: &Account) {
        if let Some(room) = self.0.get_mut(name) {
            room.members.retain(|member| member != account);
        }
    }

    pub(super) fn attr(&mut self, name: &ChannelName, change: AttrChange) {
        let Some(room) = self.0.get_mut(name) else {
            return;
        };
        match change {
            AttrChange::Update { name, value } => {
                room.attrs.insert(name, value);
            }
            AttrChange::Del { name } => {
                room.attrs.remove(&name);
            }
            AttrChange::Clear => room.attrs.clear(),
        }
    }

    fn room(&mut self, name: ChannelName) -> &mut Room {
        self.0.entry(name).or_insert_with(|| {
            let code = Code::LeaveChannelByUser;
            let detail = String::new();
            Room::new(Membership::Out(Failure { code, detail }))
        })
    }
}
