//! What random inputs must never break of watched attributes and of history: a second set of books, kept from what is answered
//! and told.

use std::collections::{BTreeMap, BTreeSet};

use callsign::hub::LinkId;
use callsign::protocol::{
    Account, Addition, AttrEntry, AttrName, AttrSubject, Cap, Caps, ChannelEvent, ChannelName,
    EnvelopeKind, Failure, Push, Reply, Request, WatchedChange, limits,
};
use fastrand::Rng;

/// What clients here may ask for.
const CAPS: [Cap; 4] = [Cap::Rooms, Cap::V3, Cap::Attrs, Cap::History];

/// What a client believes of the attributes of somebody.
type Mirror = BTreeMap<AttrName, AttrEntry>;

#[derive(Default)]
pub(crate) struct Rooms {
    /// The present session of each account.
    sessions: BTreeMap<String, Session>,
    /// Who (account, channel) is a member that lasts.
    lasting: BTreeSet<(String, String)>,
}

struct Session {
    link: LinkId,
    caps: Caps,
    watched: BTreeMap<AttrSubject, Mirror>,
}

/// Any of them, or none.
pub(crate) fn caps(rng: &mut Rng) -> Caps {
    let own = CAPS.into_iter().filter(|_| rng.u8(..4) > 0);
    let caps = own.fold(Caps::NONE, Caps::with);
    if rng.bool() { Caps::NONE } else { caps }
}

/// Any function.
pub(crate) fn addition(
    rng: &mut Rng,
    account: &Account,
    channel: &ChannelName,
    name: AttrName,
) -> Addition {
    let subject = if rng.bool() {
        AttrSubject::Account(account.clone())
    } else {
        AttrSubject::Channel(channel.clone())
    };
    match rng.u8(..10) {
        0..4 => Addition::AttrWatch(subject),
        4 => Addition::AttrUnwatch(subject),
        5 => Addition::UserDelAttr { name },
        6 => Addition::UserClearAttr,
        _ => Addition::ChannelHistory {
            name: channel.clone(),
            before: rng.bool().then(|| rng.u64(..)),
            max: rng.usize(0..limits::HISTORY_PAGE * 2),
        },
    }
}

/// Some built-in attributes are told though they are not shown at their default.
fn applications(mirror: &Mirror) -> Mirror {
    let own = mirror
        .iter()
        .filter(|(name, _)| !name.as_str().starts_with('_'));
    own.map(|(name, entry)| (name.clone(), entry.clone()))
        .collect()
}

impl Rooms {
    pub(crate) fn came(&mut self, link: LinkId, account: &str, caps: Caps) {
        let session = Session {
            link,
            caps,
            watched: BTreeMap::new(),
        };
        self.sessions.insert(account.to_owned(), session);
    }

    /// A connection is gone, or is being closed.
    pub(crate) fn went(&mut self, link: LinkId) {
        self.sessions.retain(|_, session| session.link != link);
    }

    /// Whether a session may be in many channels.
    pub(crate) fn has(&self, account: &str, cap: Cap) -> bool {
        let session = self.sessions.get(account);
        session.is_some_and(|session| session.caps.has(cap))
    }

    pub(crate) fn answered(
        &mut self,
        from: &str,
        request: &Request,
        result: &Result<Reply, Failure>,
    ) {
        let (Ok(reply), Some(session)) = (result, self.sessions.get_mut(from)) else {
            return;
        };
        let pair = |name: &ChannelName| (from.to_owned(), name.to_string());
        match (request, reply) {
            (Request::ChannelJoin { name }, Reply::Joined { unread, .. }) => {
                let lasts = session.caps.has(Cap::History);
                assert_eq!(unread.is_some(), lasts, "only who has history");
                if lasts {
                    let new = self.lasting.insert(pair(name));
                    assert!(
                        !new || *unread == Some(0),
                        "nothing is unread for who is new"
                    );
                }
            }
            (Request::ChannelLeave { name }, _) => {
                self.lasting.remove(&pair(name));
            }
            (Request::Addition(Addition::AttrWatch(subject)), Reply::AttrEntries { entries }) => {
                assert!(session.caps.has(Cap::Attrs));
                let before = session.watched.insert(subject.clone(), entries.clone());
                if let Some(before) = before {
                    assert_eq!(applications(&before), applications(entries), "{subject:?}");
                }
            }
            (Request::Addition(Addition::AttrUnwatch(subject)), _) => {
                session.watched.remove(subject);
            }
            (
                Request::Addition(Addition::ChannelHistory { name, before, max }),
                Reply::History { msgs, .. },
            ) => {
                assert!(session.caps.has(Cap::History));
                assert!(msgs.len() <= (*max).clamp(1, limits::HISTORY_PAGE));
                let numbers: Vec<_> = msgs.iter().map(|(msgid, _)| *msgid).collect();
                assert!(numbers.is_sorted_by(|a, b| a > b), "newest first");
                for (msgid, envelope) in msgs {
                    assert!(before.is_none_or(|before| *msgid < before));
                    assert_eq!(envelope.kind, EnvelopeKind::ChannelMsg);
                    let v3 = session.caps.has(Cap::V3);
                    assert_eq!(envelope.message_id().is_some(), v3);
                    let event = ChannelEvent::from_content(&envelope.content);
                    let Some(ChannelEvent::Msg { channel, .. }) = event else {
                        panic!("{event:?}");
                    };
                    assert_eq!(channel, *name);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn notified(&mut self, account: &str, push: &Push) {
        let Push::Attr(changed) = push else { return };
        let session = self.sessions.get_mut(account).expect("a session");
        let mirror = session.watched.get_mut(&changed.subject);
        let mirror = mirror.expect("nothing is told that is not watched");
        match &changed.change {
            WatchedChange::Update { name, value } => {
                let entry = AttrEntry {
                    value: value.clone(),
                    time_ms: changed.time_ms,
                    by: changed.by.clone(),
                };
                mirror.insert(name.clone(), entry);
            }
            WatchedChange::Del { name } => {
                let was_there = mirror.remove(name).is_some();
                let built_in = name.as_str().starts_with('_');
                assert!(was_there || built_in, "{name} was not there");
            }
            WatchedChange::Clear => mirror.clear(),
        }
    }

    /// Whether an account may leave a channel in which it is not.
    pub(crate) fn lasts(&self, account: &str, channel: &ChannelName) -> bool {
        let pair = (account.to_owned(), channel.to_string());
        self.has(account, Cap::History) && self.lasting.contains(&pair)
    }

    /// How many members that last there are.
    pub(crate) fn members(&self) -> usize {
        self.lasting.len()
    }
}
