//! One channel: its members, its attributes, and what the built-in ones say. Knows nothing of sessions or frames.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::protocol::attr::BuiltInAttr;
use crate::protocol::{
    Account, AttrEntries, AttrEntry, AttrName, Cap, Caps, Code, Failure, Uid, limits,
};

use super::LinkId;
use super::attr_table::Attrs;
use super::attrs::{Change, built_in};
use super::cx::fail;
use super::kept::Lasting;
use super::rate::{Window, Windows};
use super::ring::{Heard, Ring};

/// One channel.
#[derive(Debug, Default)]
pub(super) struct Channel {
    /// In the order in which they joined.
    members: BTreeMap<u64, Member>,
    places: HashMap<Account, u64>,
    next_place: u64,
    attrs: Attrs,
    built_ins: BuiltIns,
    messages: Window,
    /// Members who said that they are writing.
    pub(super) typing: Window,
    /// Changes of each attribute; of all at once under no name.
    changes: Windows<Option<AttrName>>,
    /// Everybody who ever joined, as their own numbers; at most [`limits::TOTAL_MEMBERS`].
    ever: HashSet<Uid>,
    /// Since when nobody has been here: for timers, and in ms since the Unix epoch.
    pub(super) empty_since: Option<(Instant, u64)>,
    /// Whether the store knows since when.
    pub(super) emptied_stored: bool,
    /// The numbers that the members were told last.
    told: HashMap<Counted, usize>,
    /// What was said lately, while there are members who may come back.
    ring: Ring,
    /// How many of the members may come back after a lost link.
    resumable: usize,
    /// Who is a member also while away, and what is kept for them.
    pub(super) lasting: Lasting,
}

/// A member, with the connection on which they are told what happens.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) account: Account,
    /// The number that others are shown.
    pub(super) uid: Uid,
    /// The number of its own, which tells accounts apart also where all are shown as 0.
    pub(super) own_uid: Uid,
    /// None while its session waits to be taken up again.
    pub(super) link: Option<LinkId>,
    /// What its session was granted.
    pub(super) caps: Caps,
    /// The number of the last event before it joined.
    pub(super) since: u64,
}

/// Where the members of a channel are told, by the form of envelope that they read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Audience {
    pub(super) v2: Vec<LinkId>,
    pub(super) v3: Vec<LinkId>,
}

/// Which members a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    /// `_member_num`: those who are here.
    Now,
    /// `_total_member_num`: all who ever joined.
    Ever,
}

impl Counted {
    pub(super) const ALL: [Self; 2] = [Self::Now, Self::Ever];

    pub(super) fn attr(self) -> BuiltInAttr {
        match self {
            Self::Now => BuiltInAttr::MemberNum,
            Self::Ever => BuiltInAttr::TotalMemberNum,
        }
    }
}

/// What the built-in attributes that are set say.
#[derive(Debug, Default)]
struct BuiltIns(HashMap<BuiltInAttr, u32>);

/// How long an empty channel is kept unless it says otherwise (documented: 7200 s).
const TTL_DEFAULT: u32 = 7200;

impl BuiltIns {
    fn get(&self, attr: BuiltInAttr, default: u32) -> u32 {
        self.0.get(&attr).copied().unwrap_or(default)
    }
}

/// What a built-in attribute is if nobody sets it; limits have the operator's default.
fn default_of(attr: BuiltInAttr) -> Option<u32> {
    match attr {
        BuiltInAttr::UserNotification => Some(1),
        BuiltInAttr::ChannelTtl => Some(TTL_DEFAULT),
        BuiltInAttr::AutoUpdateNum | BuiltInAttr::AutoUpdateTotalNum => Some(0),
        BuiltInAttr::MemberNum
        | BuiltInAttr::TotalMemberNum
        | BuiltInAttr::SendMsgLimit
        | BuiltInAttr::SetAttrLimit => None,
    }
}

impl Channel {
    pub(super) fn num(&self) -> usize {
        self.members.len()
    }

    pub(super) fn has(&self, account: &Account) -> bool {
        self.places.contains_key(account)
    }

    /// Adds a member behind all others; whether they were none before.
    pub(super) fn join(&mut self, member: Member, rings: &mut usize) -> bool {
        if self.has(&member.account) {
            return false;
        }
        self.places.insert(member.account.clone(), self.next_place);
        if self.ever.len() < limits::TOTAL_MEMBERS {
            self.ever.insert(member.own_uid);
        }
        if member.caps.has(Cap::Resume) {
            if self.resumable == 0 {
                self.ring.clear(member.since, rings);
            }
            self.resumable += 1;
        }
        self.members.insert(self.next_place, member);
        self.next_place += 1;
        self.empty_since = None;
        true
    }

    pub(super) fn leave(&mut self, account: &Account, rings: &mut usize) -> bool {
        let place = self.places.remove(account);
        let Some(member) = place.and_then(|place| self.members.remove(&place)) else {
            return false;
        };
        if member.caps.has(Cap::Resume) {
            self.resumable -= 1;
            if self.resumable == 0 {
                self.ring.clear(0, rings);
            }
        }
        true
    }

    /// From now on a member is told on another connection, or on none.
    pub(super) fn relink(&mut self, account: &Account, link: Option<LinkId>) {
        let place = self.places.get(account);
        if let Some(member) = place.and_then(|place| self.members.get_mut(place)) {
            member.link = link;
        }
    }

    /// Remembers an event for members who may come back, if there are any; whether there are. `rings` are the bytes of what all
    /// channels remember.
    pub(super) fn remember(
        &mut self,
        now: Instant,
        rings: &mut usize,
        heard: impl FnOnce() -> Heard,
    ) -> bool {
        if self.resumable > 0 {
            self.ring.push(now, heard(), rings);
        }
        self.resumable > 0
    }

    /// Forgets what was said too long ago for anybody to come back to; whether something is left.
    pub(super) fn expire_ring(&mut self, now: Instant, rings: &mut usize) -> bool {
        self.ring.expire(now, rings);
        !self.ring.is_empty()
    }

    /// What a member has not heard who heard everything up to the event `seen`, whether more than that is missing, and the number
    /// of the last event before it joined.
    pub(super) fn unheard(
        &mut self,
        now: Instant,
        account: &Account,
        seen: u64,
        rings: &mut usize,
    ) -> (Vec<Heard>, bool, u64) {
        let member = self
            .places
            .get(account)
            .and_then(|place| self.members.get(place));
        let since = member.map_or(0, |member| member.since);
        let (events, gap) = self.ring.since(now, seen.max(since), rings);
        let own = events.filter(|heard| heard.except.as_ref() != Some(account));
        (own.cloned().collect(), gap, since)
    }

    /// The latest members, oldest first.
    pub(super) fn latest(&self, max: usize) -> Vec<(Account, Uid)> {
        let skip = self.num().saturating_sub(max);
        let members = self.members.values().skip(skip);
        members
            .map(|member| (member.account.clone(), member.uid))
            .collect()
    }

    /// Who is here, in the order in which they joined.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.members.values().map(|member| &member.account)
    }

    /// Where all members are told, except one.
    pub(super) fn audience(&self, except: Option<&Account>) -> Audience {
        let mut audience = Audience::default();
        audience.v2.reserve(self.members.len());
        for member in self.members.values() {
            let Some(link) = member.link.filter(|_| Some(&member.account) != except) else {
                continue;
            };
            if member.caps.has(Cap::V3) {
                audience.v3.push(link);
            } else {
                audience.v2.push(link);
            }
        }
        audience
    }

    /// Counts a message, if it is within the rate.
    pub(super) fn allow_message(&mut self, now: Instant, default: u32) -> bool {
        let limit = self.built_ins.get(BuiltInAttr::SendMsgLimit, default);
        self.messages.allow(now, limit)
    }

    /// Makes a change; whether anything is different now.
    pub(super) fn change(
        &mut self,
        now: Instant,
        default_limit: u32,
        change: &Change,
        all: &mut usize,
    ) -> Result<bool, Failure> {
        let (name, set) = match change {
            Change::Set(name, entry) => (Some(name), built_in(name, &entry.value)?),
            Change::Delete(name) => (Some(name), None),
            Change::Clear => (None, None),
        };
        let limit = self.built_ins.get(BuiltInAttr::SetAttrLimit, default_limit);
        if !self.changes.allow(now, name.cloned(), limit) {
            let reason = format!("more than {limit} changes of an attribute in a second");
            return fail(Code::GeneralFailed, reason);
        }
        match change {
            Change::Set(name, entry) => {
                self.attrs.set(name.clone(), entry.clone(), all)?;
                if let Some((attr, number)) = set {
                    self.built_ins.0.insert(attr, number);
                }
                Ok(true)
            }
            Change::Delete(name) => {
                if let Some(attr) = BuiltInAttr::from_name(name.as_str()) {
                    self.built_ins.0.remove(&attr);
                }
                Ok(self.attrs.delete(name, all))
            }
            Change::Clear => Ok(self.clear(all)),
        }
    }

    /// Forgets all attributes; whether there were any.
    pub(super) fn clear(&mut self, all: &mut usize) -> bool {
        self.built_ins = BuiltIns::default();
        self.attrs.clear(all)
    }

    /// Takes back an attribute that was set in an earlier process.
    pub(super) fn restore_attr(&mut self, name: AttrName, entry: AttrEntry, all: &mut usize) {
        if let Ok(Some((attr, number))) = built_in(&name, &entry.value) {
            self.built_ins.0.insert(attr, number);
        }
        self.attrs.put(name, entry, all);
    }

    /// What a member is shown: whatever was set, but built-in attributes at their default; and the numbers that the
    /// server keeps, while they are told.
    pub(super) fn shown_attrs(&self) -> Map<String, Value> {
        let mut shown = self.attrs.to_map();
        shown.retain(|name, _| self.shows(name));
        for (name, num) in self.told_nums() {
            shown.insert(name.to_owned(), num.into());
        }
        shown
    }

    /// The same with times and authors, as they are at `now_ms`; what the server keeps is by nobody.
    pub(super) fn shown_entries(&self, now_ms: u64) -> AttrEntries {
        let set = self.attrs.entries().iter();
        let mut shown: AttrEntries = set
            .filter(|(name, _)| self.shows(name.as_str()))
            .map(|(name, entry)| (name.clone(), entry.clone()))
            .collect();
        for (name, num) in self.told_nums() {
            if let Ok(name) = AttrName::try_from(name) {
                let entry = AttrEntry {
                    value: num.into(),
                    time_ms: now_ms,
                    by: None,
                };
                shown.insert(name, entry);
            }
        }
        shown
    }

    /// Whether an attribute that is set is shown.
    fn shows(&self, name: &str) -> bool {
        let Some(attr) = BuiltInAttr::from_name(name) else {
            return true;
        };
        let default = default_of(attr);
        default.is_none() || self.built_ins.0.get(&attr).copied() != default
    }

    /// The numbers that the server keeps, as far as they are told.
    fn told_nums(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let told = Counted::ALL
            .into_iter()
            .filter(|counted| self.told_every(*counted).is_some());
        told.map(|counted| (counted.attr().name(), self.count(counted)))
    }

    /// Bytes of its attributes on the wire, about.
    pub(super) fn attr_bytes(&self) -> usize {
        self.attrs.bytes()
    }

    /// Whether it has something to keep while it is empty.
    pub(super) fn outlives(&self) -> bool {
        !self.attrs.is_empty() || self.lasting.kept.len() > 0
    }

    /// Whether nobody is here and nobody will come back who has not left.
    pub(super) fn is_left(&self) -> bool {
        self.members.is_empty() && !self.lasting.has_members()
    }

    /// Whether joins and leaves are announced.
    pub(super) fn announces(&self) -> bool {
        self.built_ins.get(BuiltInAttr::UserNotification, 1) != 0
    }

    /// How long it is kept while it is empty.
    pub(super) fn ttl(&self) -> Duration {
        let seconds = self.built_ins.get(BuiltInAttr::ChannelTtl, TTL_DEFAULT);
        Duration::from_secs(seconds.into())
    }

    fn count(&self, counted: Counted) -> usize {
        match counted {
            Counted::Now => self.num(),
            Counted::Ever => self.ever.len(),
        }
    }

    /// How often a number is told, if at all.
    pub(super) fn told_every(&self, counted: Counted) -> Option<Duration> {
        let now = self.built_ins.get(BuiltInAttr::AutoUpdateNum, 0);
        let seconds = match counted {
            Counted::Ever if now > 0 => self.built_ins.get(BuiltInAttr::AutoUpdateTotalNum, 0),
            Counted::Now | Counted::Ever => now,
        };
        (seconds > 0).then(|| Duration::from_secs(seconds.into()))
    }

    /// The number to tell now, if it is asked for and another than last time.
    pub(super) fn tell(&mut self, counted: Counted) -> Option<usize> {
        self.told_every(counted)?;
        let num = self.count(counted);
        (self.told.insert(counted, num) != Some(num)).then_some(num)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn member(name: &str, link: u64) -> Member {
        Member {
            account: Account::try_from(name).expect("a name"),
            uid: Uid(0),
            own_uid: Uid(u32::try_from(link).expect("a small number")),
            link: Some(LinkId(link)),
            caps: Caps::NONE,
            since: 0,
        }
    }

    fn entry(value: Value) -> AttrEntry {
        AttrEntry {
            value,
            time_ms: 0,
            by: None,
        }
    }

    fn set(channel: &mut Channel, name: &str, value: Value) -> Result<bool, Failure> {
        let name = AttrName::try_from(name).expect("a name");
        let change = Change::Set(name, entry(value));
        channel.change(Instant::now(), 10, &change, &mut 0)
    }

    #[test]
    fn the_latest_members_are_shown_oldest_first() {
        let mut channel = Channel::default();
        for (link, name) in ["a", "b", "c"].into_iter().enumerate() {
            assert!(channel.join(member(name, link as u64), &mut 0));
        }
        assert!(!channel.join(member("a", 9), &mut 0));
        let names = |list: Vec<(Account, Uid)>| {
            list.into_iter()
                .map(|(account, _)| account.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(channel.latest(2)), ["b", "c"]);
        assert!(channel.leave(&member("b", 0).account, &mut 0));
        assert_eq!(names(channel.latest(9)), ["a", "c"]);
    }

    #[test]
    fn members_who_may_come_back_are_told_what_they_did_not_hear() {
        let now = Instant::now();
        let mut channel = Channel::default();
        let say = |channel: &mut Channel, msgid| {
            channel.remember(now, &mut 0, || Heard {
                msgid,
                envelope: format!("msg-v2 a - v1:E:0 channel_msg {msgid} {{}}")
                    .parse()
                    .expect("an envelope"),
                except: None,
            });
        };
        let caps = Caps::NONE.with(Cap::Resume).with(Cap::V3);
        say(&mut channel, 4);
        let ours = Member {
            caps,
            since: 4,
            ..member("a", 1)
        };
        let (account, later) = (
            ours.account.clone(),
            Member {
                caps,
                since: 5,
                ..member("b", 2)
            },
        );
        channel.join(ours, &mut 0);
        say(&mut channel, 5);
        channel.relink(&account, None);
        channel.join(later.clone(), &mut 0);
        say(&mut channel, 6);
        assert_eq!(channel.audience(None).v3, [LinkId(2)]);
        let numbers = |(heard, gap, _): (Vec<Heard>, bool, u64)| {
            (
                heard.iter().map(|heard| heard.msgid).collect::<Vec<_>>(),
                gap,
            )
        };
        // Whoever heard nothing in a channel missed nothing of before they joined.
        assert_eq!(
            numbers(channel.unheard(now, &account, 0, &mut 1_000_000)),
            (vec![5, 6], false)
        );
        assert_eq!(
            numbers(channel.unheard(now, &later.account, 0, &mut 1_000_000)),
            (vec![6], false)
        );
    }

    #[test]
    fn built_in_attributes_at_their_default_are_not_shown() {
        let mut channel = Channel::default();
        set(&mut channel, "_userNotification", json!("1")).expect("in range");
        set(&mut channel, "_channel_ttl", json!(60)).expect("in range");
        set(&mut channel, "topic", json!({"a": 1})).expect("any value");
        let shown = Value::Object(channel.shown_attrs());
        assert_eq!(shown, json!({"_channel_ttl": 60, "topic": {"a": 1}}));
        assert_eq!(channel.ttl(), Duration::from_secs(60));
    }

    #[test]
    fn the_numbers_are_shown_while_they_are_told() {
        let mut channel = Channel::default();
        channel.join(member("a", 1), &mut 0);
        set(&mut channel, "_auto_update_total_num", json!(5)).expect("in range");
        assert!(channel.told_every(Counted::Ever).is_none());
        set(&mut channel, "_auto_update_num", json!("30")).expect("in range");
        assert_eq!(channel.shown_attrs()["_member_num"], json!(1));
        assert_eq!(channel.shown_attrs()["_total_member_num"], json!(1));
    }

    #[test]
    fn read_only_and_out_of_range_values_are_refused() {
        let mut channel = Channel::default();
        for (name, value) in [("_member_num", json!(3)), ("_channel_ttl", json!(604_801))] {
            let failure = set(&mut channel, name, value).expect_err("refused");
            assert_eq!(failure.code, Code::GeneralWrongParam);
        }
    }

    #[test]
    fn clearing_restores_the_defaults() {
        let mut channel = Channel::default();
        set(&mut channel, "_userNotification", json!(0)).expect("in range");
        assert!(!channel.announces());
        let cleared = channel.change(Instant::now(), 10, &Change::Clear, &mut 1000);
        assert_eq!(cleared, Ok(true));
        assert!(channel.announces());
    }

    #[test]
    fn the_eleventh_change_of_an_attribute_in_a_second_is_refused() {
        let mut channel = Channel::default();
        let (now, mut all) = (Instant::now(), 0);
        let name = AttrName::try_from("topic").expect("a name");
        let change = Change::Set(name, entry(json!("x")));
        for _ in 0..10 {
            assert_eq!(channel.change(now, 10, &change, &mut all), Ok(true));
        }
        assert!(channel.change(now, 10, &change, &mut all).is_err());
    }
}
