//! What a person is to be told who does not look: rings, and notifications.
//!
//! After each change it is worked out anew what should ring and what should be shown; the difference to what does is what is
//! to be done. So nothing can be forgotten: a call's notification goes when the call does, whatever ended it.

use std::collections::BTreeMap;

use super::{CallNo, CallPhase, ConversationId, Cx, Home, Raise, Settings, Sound, message};
use crate::app::effect::{Effect, Notice, NoticeId, Ring};
use crate::protocol::{Account, Show};

/// The most bytes of a message that a notification shows.
const SHOWN_BYTES: usize = 200;

/// What waits to be seen in conversations that nobody looks at.
#[derive(Debug, Default)]
pub(crate) struct News {
    chats: BTreeMap<ConversationId, Unseen>,
}

/// Messages of a conversation that are worth a notification.
#[derive(Debug)]
struct Unseen {
    count: usize,
    from: Account,
    text: String,
}

/// What is done already.
#[derive(Debug)]
pub(super) struct Told {
    ring: Ring,
    notices: BTreeMap<NoticeId, Notice>,
    show: (Show, String),
}

impl Default for Told {
    fn default() -> Self {
        Self {
            ring: Ring::Silent,
            notices: BTreeMap::new(),
            show: (Show::Available, String::new()),
        }
    }
}

impl News {
    /// A message came that nobody saw.
    pub(super) fn message(&mut self, of: ConversationId, from: Account, text: &str, me: &Account) {
        let told = match &of {
            ConversationId::Person(_) => true,
            ConversationId::Room(_) => message::names(text, me),
        };
        if !told {
            return;
        }
        let count = self.chats.get(&of).map_or(0, |unseen| unseen.count) + 1;
        let most = text.floor_char_boundary(SHOWN_BYTES);
        let mut text = text.get(..most).unwrap_or_default().to_owned();
        if most == SHOWN_BYTES {
            text.push('…');
        }
        self.chats.insert(of, Unseen { count, from, text });
    }
}

impl Told {
    /// Tells what is new for somebody who is signed in.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>, home: &mut Home, set: &Settings) {
        home.news
            .chats
            .retain(|id, _| home.chats.get(id).is_some_and(|chat| chat.unread > 0));
        let talking = |call: &super::Call| !call.over() && call.phase != CallPhase::RingingHere;
        home.me.in_call(home.calls.all().iter().any(talking));
        home.calls.name(&home.contacts);
        self.ring(cx, ring(home, set));
        self.notices(cx, notices(home, set));
        let show = home.me.shown();
        if home.people.granted() && self.show != show {
            self.show = show.clone();
            let (show, text) = show;
            cx.effects.push(Effect::ShowMe { show, text });
        }
    }

    /// Nobody is signed in: nothing rings, and nothing is left on the screen.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        self.ring(cx, Ring::Silent);
        self.notices(cx, BTreeMap::new());
        self.show = Self::default().show;
    }

    fn ring(&mut self, cx: &mut Cx<'_>, ring: Ring) {
        if self.ring != ring {
            self.ring = ring;
            cx.effects.push(Effect::Ring(ring));
        }
    }

    fn notices(&mut self, cx: &mut Cx<'_>, wanted: BTreeMap<NoticeId, Notice>) {
        for id in self.notices.keys() {
            if !wanted.contains_key(id) {
                cx.effects.push(Effect::Unnotify(id.clone()));
            }
        }
        for (id, notice) in &wanted {
            if self.notices.get(id) != Some(notice) {
                cx.effects.push(Effect::Notify(notice.clone()));
            }
        }
        self.notices = wanted;
    }
}

/// What should ring.
fn ring(home: &Home, set: &Settings) -> Ring {
    let calls = home.calls.all();
    let talking = calls
        .iter()
        .any(|call| matches!(call.phase, CallPhase::Talking { .. } | CallPhase::Answering));
    let rings_here = home.calls.ringing().next().is_some();
    let rings_there = |call: &super::Call| call.phase == CallPhase::RingingThere;
    let heard = !home.me.dnd() && set.hears(Sound::Ring);
    match (rings_here && heard, talking) {
        (true, true) => Ring::Waiting,
        (true, false) => Ring::Here,
        (false, false) if calls.iter().any(rings_there) => Ring::There,
        (false, _) => Ring::Silent,
    }
}

/// What should be on the screen.
fn notices(home: &Home, set: &Settings) -> BTreeMap<NoticeId, Notice> {
    if home.me.dnd() {
        return BTreeMap::new();
    }
    let calls = home.calls.ringing().map(|call| {
        let about = call.about().unwrap_or_else(|| "Incoming call".to_owned());
        let title = format!("{} is calling you", call.name);
        (NoticeId::Call(call.no), title, about)
    });
    let missed = home.calls.log.news().iter().map(|(peer, times)| {
        let title = format!("Missed call from {}", home.contacts.name(peer));
        let about = match times {
            0 | 1 => "Click to see your calls".to_owned(),
            times => format!("{times} times"),
        };
        (NoticeId::Missed(peer.clone()), title, about)
    });
    let chats = home.news.chats.iter().map(|(id, unseen)| {
        let (mut title, text) = match id {
            ConversationId::Person(account) => {
                (home.contacts.name(account).to_owned(), unseen.text.clone())
            }
            ConversationId::Room(room) => {
                let text = format!("{}: {}", home.contacts.name(&unseen.from), unseen.text);
                (room.to_string(), text)
            }
        };
        if unseen.count > 1 {
            title = format!("{title} ({} new)", unseen.count);
        }
        (NoticeId::Chat(id.clone()), title, text)
    });
    let all = calls.chain(missed).chain(chats);
    let all = all.filter(|(id, ..)| set.raises(Raise::of(id)));
    all.map(|(id, title, text)| (id.clone(), Notice { id, title, text }))
        .collect()
}

/// Which call a notice is about, if it is about one that rings.
pub(super) fn call_of(id: &NoticeId) -> Option<CallNo> {
    match id {
        NoticeId::Call(no) => Some(*no),
        NoticeId::Missed(_) | NoticeId::Chat(_) => None,
    }
}
