//! Rooms whose messages were missed: whatever happens on the way, nothing of them is missing in the end.

use std::ops::RangeInclusive;

use super::*;
use crate::app::msg::{HeardMessage, HeardPage};
use crate::protocol::MessageId;
use crate::store::Gap;

/// Messages of a page of this server.
const PAGE: usize = 4;

/// A server with one room, a disk, and an app that is killed now and then.
struct World {
    state: State,
    now: Now,
    /// How many messages were said; each has its number for a name and an event.
    said: u64,
    /// Up to which the app has heard; none while it is not there.
    heard: u64,
    here: bool,
    /// What is on its way to the disk, in order.
    writes: VecDeque<StoreEffect>,
    /// What the server was asked, and has not answered.
    asked: VecDeque<Option<u64>>,
    disk: Disk,
}

/// What outlives the app.
#[derive(Default)]
struct Disk {
    kept: Vec<store::Message>,
    deleted: Vec<u64>,
    gap: Option<Gap>,
}

impl Disk {
    fn put(&mut self, content: NewMessage) -> Put {
        let number = number(&content);
        if self.deleted.contains(&number) {
            return Put::Forgotten;
        }
        let mut kept = self.kept.iter();
        if let Some(known) = kept.find(|kept| kept.content.id == content.id) {
            return Put::Known(known.clone());
        }
        let row = i64::try_from(self.kept.len()).expect("not that many") + 1;
        let message = store::Message {
            row: MessageRow(row),
            place: store::Place::at(content.server_ms.expect("said")),
            content,
        };
        self.kept.push(message.clone());
        Put::New(message)
    }

    fn overview(&self) -> Overview {
        let last = self.kept.iter().max_by_key(|kept| kept.place);
        let view = |last: &store::Message| store::ConversationView {
            conversation: ops(),
            draft: String::new(),
            muted: false,
            active_ms: 1,
            read_mark: None,
            first_unread: None,
            unread: 0,
            mentions: 0,
            last: Some(last.clone()),
        };
        Overview {
            conversations: last.map(view).into_iter().collect(),
            rooms: vec![store::Room {
                name: room("ops"),
                joined: true,
                since_ms: 1,
            }],
            gaps: self.gap.clone().into_iter().collect(),
            ..Overview::default()
        }
    }

    /// The numbers of what is kept, and of what was deleted.
    fn numbers(&self) -> Vec<u64> {
        let kept = self.kept.iter().map(|kept| number(&kept.content));
        let mut all: Vec<_> = kept.chain(self.deleted.iter().copied()).collect();
        all.sort_unstable();
        all
    }
}

fn ops() -> ConversationId {
    ConversationId::Room(room("ops"))
}

fn number(message: &NewMessage) -> u64 {
    message.text.parse().expect("a number")
}

fn id(number: u64) -> Option<MessageId> {
    MessageId::try_from(number.to_string().as_str()).ok()
}

impl World {
    fn new(disk: Disk, now: Now, said: u64, heard: u64) -> Self {
        let mut world = Self {
            state: State::new(7, None),
            now,
            said,
            heard,
            here: false,
            writes: VecDeque::new(),
            asked: VecDeque::new(),
            disk,
        };
        // Nobody looks.
        world.tell(Msg::Nav(NavMsg::Focus(false)));
        world.tell(Msg::Store(StoreMsg::Opened(BTreeMap::new(), None)));
        let credentials = Credentials {
            account: account("ann"),
            place: Place::ThisComputer,
        };
        world.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
        world.tell(Msg::SignIn(SignInMsg::Done));
        let (uid, again, additions) = (Uid(1), false, None);
        world.happens(SessionEvent::LoginSuccess {
            uid,
            again,
            additions,
        });
        world
    }

    /// Another process, which finds what is on the disk.
    fn killed(mut self) -> Self {
        self.now.unix_ms += 1;
        Self::new(self.disk, self.now, self.said, self.heard)
    }

    fn happens(&mut self, event: impl Into<Event>) {
        self.tell(Msg::Happened(event.into()));
    }

    fn tell(&mut self, msg: Msg) {
        for effect in self.state.update(self.now, msg) {
            if let Effect::History { before, .. } = effect {
                self.asked.push_back(before);
            } else if let Effect::Store(effect) = effect {
                self.writes.push_back(effect);
            }
        }
    }

    /// One is in the room, again.
    fn comes_in(&mut self) {
        let view = ChannelView {
            unread: Some(self.said - self.heard),
            ..ChannelView::default()
        };
        (self.here, self.heard) = (true, self.said);
        self.happens(Event::Channel {
            channel: room("ops"),
            event: ChannelEvent::Joined(view),
        });
    }

    fn loses_the_link(&mut self) {
        self.here = false;
        self.happens(SessionEvent::LinkLost);
    }

    fn somebody_speaks(&mut self) {
        self.said += 1;
        self.now.unix_ms += 1;
        if !self.here {
            return;
        }
        self.heard = self.said;
        let event = ChannelEvent::MessageReceive {
            account: account("bob"),
            uid: Uid(2),
            msg: self.said.to_string(),
            sent_ms: self.said,
            msgid: self.said,
            id: id(self.said),
        };
        self.happens(Event::Channel {
            channel: room("ops"),
            event,
        });
    }

    /// The disk does what it was asked first.
    fn writes(&mut self) -> bool {
        let Some(effect) = self.writes.pop_front() else {
            return false;
        };
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the rest is of other stories"
        )]
        let answer = match effect {
            StoreEffect::Account(Some(_)) => {
                StoreMsg::Account(Box::new(self.disk.overview()), None)
            }
            StoreEffect::Put(message) => StoreMsg::Kept(self.disk.put(*message)),
            StoreEffect::Fill(of, page) => {
                let puts = page.into_iter().map(|message| self.disk.put(message));
                StoreMsg::Filled(of, puts.collect())
            }
            StoreEffect::Gap(gap) => {
                self.disk.gap = Some(gap);
                return true;
            }
            StoreEffect::Whole(_) => {
                self.disk.gap = None;
                return true;
            }
            _ => return true,
        };
        self.tell(Msg::Store(answer));
        true
    }

    /// The server answers what it was asked first.
    fn answers(&mut self) -> bool {
        let Some(before) = self.asked.pop_front() else {
            return false;
        };
        let events: RangeInclusive<u64> = 1..=before.map_or(self.said, |before| before - 1);
        let messages: Vec<_> = events.rev().take(PAGE).collect();
        let page = HeardPage {
            before,
            more: messages.last().is_some_and(|oldest| *oldest > 1),
            messages: messages.into_iter().map(heard).collect(),
        };
        self.tell(Msg::Room(RoomMsg::Heard(room("ops"), page)));
        true
    }

    /// Somebody deletes a message, but not all: where nothing is kept nothing can be missing.
    fn deletes(&mut self, which: usize) {
        if self.disk.kept.len() > 1 && self.writes.is_empty() {
            let gone = self.disk.kept.swap_remove(which % self.disk.kept.len());
            self.disk.deleted.push(number(&gone.content));
        }
    }

    fn settles(&mut self) {
        while self.writes() || self.answers() {}
    }
}

fn heard(event: u64) -> HeardMessage {
    HeardMessage {
        event,
        id: id(event),
        from: account("bob"),
        text: event.to_string(),
        at_ms: event,
    }
}

/// A world whose app is in the room, and has all that was said in it.
fn in_the_room(said: u64) -> World {
    let mut world = World::new(Disk::default(), Story::new().now, 0, 0);
    world.settles();
    world.comes_in();
    world.settles();
    for _ in 0..said {
        world.somebody_speaks();
    }
    world.settles();
    world
}

#[test]
fn whoever_is_killed_while_missed_messages_come_in_has_all_of_them_at_the_next_start() {
    let mut world = in_the_room(3);
    world = world.killed();
    for _ in 0..30 {
        world.somebody_speaks();
    }
    world.settles();
    world.comes_in();
    // Two pages of eight.
    for _ in 0..2 {
        world.answers();
        while world.writes() {}
    }
    assert_eq!(world.disk.numbers().len(), 3 + 2 * PAGE);
    assert_eq!(world.disk.gap.as_ref().map(|gap| gap.unread), Some(22));
    world = world.killed();
    world.settles();
    world.comes_in();
    world.settles();
    assert_eq!(world.disk.numbers(), Vec::from_iter(1..=33));
    let unread = |kept: &&store::Message| kept.content.way == Way::In(store::Attention::Unread);
    assert_eq!(world.disk.kept.iter().filter(unread).count(), 33);
    assert_eq!(world.disk.gap, None);
    // What is whole is not looked up again.
    world = world.killed();
    world.settles();
    world.comes_in();
    assert!(world.answers() && world.writes() && world.writes());
    while world.writes() {}
    assert!(world.asked.is_empty(), "one page is enough");
}

#[test]
fn nothing_is_missing_whatever_happens_while_missed_messages_come_in() {
    for seed in 0..400 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut world = in_the_room(random.u64(1..6));
        for _ in 0..random.usize(1..120) {
            match random.u8(0..16) {
                0 => {
                    world = world.killed();
                    world.settles();
                }
                1 => world.loses_the_link(),
                2 | 3 if !world.here => world.comes_in(),
                4 => (0..random.u8(1..20)).for_each(|_| world.somebody_speaks()),
                5 | 6 => world.somebody_speaks(),
                7 => world.deletes(random.usize(..)),
                8..=11 => drop(world.answers()),
                _ => drop(world.writes()),
            }
        }
        world.settles();
        if !world.here {
            world.comes_in();
        }
        world.settles();
        let numbers = world.disk.numbers();
        let first = numbers.first().copied().unwrap_or(1);
        assert_eq!(numbers, Vec::from_iter(first..=world.said), "seed {seed}");
        assert_eq!(world.disk.gap, None, "seed {seed}");
    }
}
