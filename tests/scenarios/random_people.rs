//! What random inputs must never break of presence, receipts, typing and blocking: a second set of books, kept from what is
//! answered and told.

use std::collections::{BTreeMap, BTreeSet};

use callsign::hub::LinkId;
use callsign::protocol::{
    Account, Addition, Cap, Caps, Code, EnvelopeKind, Failure, MessageId, Push, ReceiptState,
    Reply, Request, Show, TypingTo, VoipStep, limits,
};
use fastrand::Rng;

/// What clients here may ask for.
const CAPS: [Cap; 4] = [Cap::Presence, Cap::Receipts, Cap::Typing, Cap::Block];

#[derive(Default)]
pub(crate) struct People {
    /// The present session of each account.
    sessions: BTreeMap<String, Session>,
    /// Who wants to hear nothing of whom.
    blocks: BTreeSet<(String, String)>,
    /// Texts that must never be heard by anybody.
    dropped: BTreeSet<String>,
    texts: u64,
}

struct Session {
    link: LinkId,
    caps: Caps,
    shows: (Show, String),
    except: Vec<Account>,
    watches: BTreeSet<String>,
    /// How it was told that others are.
    told: BTreeMap<String, (Show, String)>,
}

/// Any of them, or none.
pub(crate) fn caps(rng: &mut Rng) -> Caps {
    let own = CAPS.into_iter().filter(|_| rng.bool());
    let caps = own.fold(Caps::NONE, Caps::with);
    if rng.u8(..3) == 0 { Caps::NONE } else { caps }
}

/// Any function.
pub(crate) fn addition(rng: &mut Rng, account: &Account, room: TypingTo) -> Addition {
    let accounts = vec![account.clone()];
    match rng.u8(..9) {
        0 | 1 => Addition::PresenceWatch { accounts },
        2 => Addition::PresenceUnwatch { accounts },
        3 | 4 => Addition::PresenceSet {
            show: Show::SETTABLE[rng.usize(..4)],
            text: rng.u8(..3).to_string(),
            except: accounts,
        },
        5 => Addition::UserReceipt {
            peer: account.clone(),
            ids: vec![MessageId::numbered(rng.u64(..9))],
            state: ReceiptState::Read,
        },
        6 => Addition::UserTyping(if rng.bool() {
            TypingTo::Peer(account.clone())
        } else {
            room
        }),
        7 => Addition::UserBlock { accounts },
        _ => Addition::UserUnblock { accounts },
    }
}

impl People {
    /// A text that nobody has said before.
    pub(crate) fn text(&mut self) -> String {
        self.texts += 1;
        format!("hello {}", self.texts)
    }

    pub(crate) fn came(&mut self, link: LinkId, account: &str, caps: Caps) {
        let session = Session {
            link,
            caps,
            shows: (Show::Available, String::new()),
            except: Vec::new(),
            watches: BTreeSet::new(),
            told: BTreeMap::new(),
        };
        self.sessions.insert(account.to_owned(), session);
    }

    /// A connection is gone, or is being closed.
    pub(crate) fn went(&mut self, link: LinkId) {
        self.sessions.retain(|_, session| session.link != link);
    }

    fn blocks(&self, account: &Account, peer: &str) -> bool {
        let pair = (account.to_string(), peer.to_owned());
        self.blocks.contains(&pair)
    }

    pub(crate) fn answered(
        &mut self,
        from: &str,
        request: &Request,
        result: &Result<Reply, Failure>,
    ) {
        match (request, result) {
            (Request::Addition(addition), Ok(reply)) => self.done(from, addition, reply),
            (Request::UserSendMsg { peer, content, .. }, Ok(_)) if self.blocks(peer, from) => {
                self.dropped.insert(content.clone());
            }
            (Request::Voip(VoipStep::Invite, args), Ok(_)) => {
                let callee = self.sessions.get(args.peer.as_str());
                let closed = callee.is_some_and(|callee| {
                    let excepted = callee.except.iter().any(|other| other.as_str() == from);
                    callee.shows.0 == Show::Dnd && !excepted
                });
                assert!(!closed, "{} does not want to be disturbed", args.peer);
                assert!(
                    !self.blocks(&args.peer, from),
                    "{} blocks {from}",
                    args.peer
                );
            }
            (Request::UserGetMsg { .. }, Ok(Reply::Messages { msgs, .. })) => {
                let reads = self.has(from, Cap::Receipts);
                for (_, envelope) in msgs {
                    assert!(!self.dropped.contains(&envelope.content), "of the blocked");
                    assert!(reads || envelope.kind != EnvelopeKind::Receipt);
                }
            }
            _ => {}
        }
        if let (Request::Addition(addition), Err(failure)) = (request, result)
            && !self.has(from, addition.cap())
        {
            // Or the call named no session, or a wrong line.
            let codes = [Code::GeneralUnknown, Code::GeneralNotLogin];
            assert!(codes.contains(&failure.code), "{failure:?}");
        }
    }

    fn has(&self, account: &str, cap: Cap) -> bool {
        let session = self.sessions.get(account);
        session.is_some_and(|session| session.caps.has(cap))
    }

    fn done(&mut self, from: &str, addition: &Addition, reply: &Reply) {
        assert!(
            self.has(from, addition.cap()),
            "{addition:?} was not granted"
        );
        let session = self.sessions.get_mut(from).expect("a session");
        match addition {
            Addition::PresenceWatch { accounts } => {
                let names = accounts.iter().map(ToString::to_string);
                session.watches.extend(names);
            }
            Addition::PresenceUnwatch { accounts } => {
                for account in accounts {
                    session.watches.remove(account.as_str());
                }
            }
            Addition::PresenceSet { show, text, except } => {
                session.shows = (*show, text.clone());
                session.except.clone_from(except);
            }
            Addition::UserBlock { accounts } => {
                for account in accounts {
                    self.blocks.insert((from.to_owned(), account.to_string()));
                }
                self.check_list(from, reply);
            }
            Addition::UserUnblock { accounts } => {
                for account in accounts {
                    self.blocks.remove(&(from.to_owned(), account.to_string()));
                }
                self.check_list(from, reply);
            }
            Addition::UserReceipt { .. }
            | Addition::UserTyping(_)
            | Addition::UserDelAttr { .. }
            | Addition::UserClearAttr
            | Addition::AttrWatch(_)
            | Addition::AttrUnwatch(_)
            | Addition::ChannelHistory { .. } => {}
        }
    }

    fn check_list(&self, from: &str, reply: &Reply) {
        let Reply::Blocked { accounts } = reply else {
            panic!("{reply:?}");
        };
        let listed = accounts.iter().map(Account::as_str);
        let own = self.blocks.iter().filter(|(account, _)| account == from);
        assert!(listed.eq(own.map(|(_, peer)| peer.as_str())));
    }

    pub(crate) fn notified(&mut self, account: &str, push: &Push) {
        let cap = match push {
            Push::Presence(_) => Cap::Presence,
            Push::Receipt(_) => Cap::Receipts,
            Push::Typing(_) => Cap::Typing,
            Push::Msg { .. }
            | Push::RecvMsg { .. }
            | Push::RecvMsgByMsgId { .. }
            | Push::Channel2 { .. }
            | Push::Attr(_)
            | Push::Unknown { .. } => return,
        };
        assert!(self.has(account, cap), "{account} did not ask for {push:?}");
        let blocks = |peer: &Account| {
            let pair = (account.to_owned(), peer.to_string());
            self.blocks.contains(&pair)
        };
        match push {
            Push::Typing(typing) => assert!(!blocks(&typing.account)),
            Push::Receipt(receipt) => {
                assert!(!blocks(&receipt.peer));
                assert!((1..=limits::RECEIPT_IDS).contains(&receipt.ids.len()));
            }
            Push::Presence(states) => {
                let names: BTreeSet<_> = states.iter().map(|state| &state.account).collect();
                assert_eq!(names.len(), states.len(), "nobody is told twice");
                let session = self.sessions.get_mut(account).expect("a session");
                for state in states {
                    let shows = (state.show, state.text.clone());
                    session.told.insert(state.account.to_string(), shows);
                }
            }
            Push::Msg { .. }
            | Push::RecvMsg { .. }
            | Push::RecvMsgByMsgId { .. }
            | Push::Channel2 { .. }
            | Push::Attr(_)
            | Push::Unknown { .. } => {}
        }
    }

    /// Whoever watches has been told how the others are.
    pub(crate) fn check(&self) {
        let offline = (Show::Offline, String::new());
        for (watcher, session) in &self.sessions {
            for other in &session.watches {
                let truth = self
                    .sessions
                    .get(other)
                    .map_or(&offline, |other| &other.shows);
                assert_eq!(
                    session.told.get(other),
                    Some(truth),
                    "{other} as {watcher} sees"
                );
            }
        }
    }
}
