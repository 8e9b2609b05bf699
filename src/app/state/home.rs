//! All that a signed-in account has, and what a person does with it.

mod kept;

use crate::protocol::Account;
use crate::protocol::token::Token;

use super::chats::{Chats, ConversationId};
use super::heard::{Heard, Older};
use super::news::{self, News};
use super::search::Search;
use super::{Calls, Console, Contacts, Cx, Files, Inspector, Me, Rooms, Serving, Typing};
use crate::app::effect::NoticeId;
use crate::app::msg::{
    CallMsg, ChatMsg, ContactMsg, Credentials, Identity, InspectMsg, NavMsg, NoticeMsg, RoomMsg,
    ServerAt,
};
use crate::app::state::People;

/// What whoever calls is told before there was a link.
const NO_CALLS_YET: &str = "Callsign is still connecting. Call again when it is.";

/// A signed-in account.
#[derive(Debug)]
pub(crate) struct Home {
    pub(super) account: Account,
    /// Who that is, and where.
    pub(super) identity: Identity,
    /// Whether the server lets one in by a token; it, once it is known.
    pub(crate) by_token: bool,
    pub(super) token: Option<Token>,
    /// Whether the keyring is looking for it.
    pub(crate) finding: bool,
    /// Where one is.
    pub(crate) screen: Screen,
    /// Whether the server is there at the moment.
    pub(crate) link: Link,
    /// Conversations.
    pub(crate) chats: Chats,
    /// Rooms.
    pub(crate) rooms: Rooms,
    /// Other accounts.
    pub(crate) people: People,
    /// Calls.
    pub(crate) calls: Calls,
    /// The people whom one has added.
    pub(crate) contacts: Contacts,
    /// The attribute inspector.
    pub(crate) inspector: Inspector,
    /// The frames of the link.
    pub(crate) console: Console,
    /// The server on this computer.
    pub(crate) serving: Serving,
    /// What became of a log that was to be written: a sentence.
    pub(crate) logged: Option<Result<String, String>>,
    /// Files that are being chosen.
    pub(crate) files: Files,
    /// Looking for words.
    pub(crate) search: Search,
    /// What is to be said of the history: what went wrong, or that something is done.
    pub(crate) note: Option<String>,
    /// Whether the history is this account's by now. What comes before is of whoever was in before.
    filled: bool,
    /// Who is writing.
    pub(crate) typing: Typing,
    pub(super) heard: Heard,
    /// Whether one has just signed in at a server of somebody else's, where one may have been from another computer.
    pub(super) elsewhere: bool,
    /// What others see of oneself.
    pub(crate) me: Me,
    /// What waits to be seen.
    pub(super) news: News,
    /// How often somebody wanted to see the window, from outside of it.
    pub(super) wanted: u64,
}

/// Where one can go by the rail. A screen that comes gets a variant here, an icon and a name in `ui/rail.rs`, and a view in
/// `ui/home.rs`; the compiler names the places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// Conversations.
    Chats,
    /// The people whom one has added.
    People,
    /// Attributes.
    Inspector,
    /// What one can set.
    Settings,
    /// The calls that were, and the dial pad.
    Calls,
}

impl Screen {
    /// All of them, in the order of the rail.
    pub(crate) const ALL: [Self; 5] = [
        Self::Chats,
        Self::People,
        Self::Calls,
        Self::Inspector,
        Self::Settings,
    ];
}

/// Whether the server is there. Without it what is asked waits; nothing is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It was not there since the start, and one is about to be.
    Coming,
    /// It is.
    Up,
    /// It is not, and the session tries to come back.
    Lost,
}

impl Home {
    pub(super) fn new(cx: &Cx<'_>, identity: Identity, link: Link) -> Self {
        let me = identity.account.clone();
        Self {
            identity,
            by_token: false,
            token: None,
            finding: false,
            screen: Screen::Chats,
            link,
            chats: Chats::new(me.clone(), link, cx.focused),
            rooms: Rooms::default(),
            people: People::default(),
            calls: Calls::new(me.clone()),
            contacts: Contacts::default(),
            inspector: Inspector::new(me.clone()),
            console: Console::default(),
            serving: Serving::default(),
            logged: None,
            files: Files::default(),
            search: Search::default(),
            note: None,
            filled: false,
            typing: Typing::default(),
            heard: Heard::default(),
            elsewhere: false,
            me: Me::new(&me),
            news: News::default(),
            wanted: 0,
            account: me,
        }
    }

    /// What signing in again takes.
    pub(super) fn credentials(&self) -> Credentials {
        Credentials::of(&self.identity, self.token.clone())
    }

    /// Where one is signed in; `None` on this computer.
    pub(crate) fn server(&self) -> Option<&ServerAt> {
        self.identity.server.as_ref()
    }

    /// Who is signed in.
    pub(crate) fn me(&self) -> &Account {
        &self.account
    }

    pub(super) fn nav(&mut self, cx: &mut Cx<'_>, msg: NavMsg) {
        match msg {
            NavMsg::Opened(conversation) => self.open(cx, conversation),
            NavMsg::Went(screen) => self.went(cx, screen),
            NavMsg::Closed => self.chats.close(),
            NavMsg::Focus(focused) => self.chats.focus(cx, focused),
            NavMsg::NoteSeen => self.note = None,
        }
    }

    /// Whether there may be older lines of a conversation elsewhere than here.
    pub(crate) fn older(&self, of: &ConversationId) -> Older {
        let all_here = self.chats.get(of).is_some_and(|of| !of.older());
        match of {
            ConversationId::Room(room) if all_here && self.link == Link::Up => {
                self.heard.older(room)
            }
            ConversationId::Room(_) | ConversationId::Person(_) => Older::No,
        }
    }

    pub(super) fn chat(&mut self, cx: &mut Cx<'_>, msg: ChatMsg) {
        match &msg {
            ChatMsg::Draft { to, text } if !text.trim().is_empty() => {
                self.typing.typed(cx, self.link, to);
            }
            ChatMsg::Send { to, .. } => self.typing.sent(to),
            ChatMsg::More { of, above: true } => {
                if let (ConversationId::Room(room), Older::Perhaps) = (of, self.older(of)) {
                    self.heard.look_back(cx, room);
                }
            }
            ChatMsg::Erase(ConversationId::Room(room)) => self.heard.erased(room),
            ChatMsg::Remove(ConversationId::Room(room)) => {
                self.heard.erased(room);
                self.rooms.give_up(cx, room);
                self.keep_room(cx, room, false);
            }
            ChatMsg::Draft { .. }
            | ChatMsg::More { above: false, .. }
            | ChatMsg::Retry { .. }
            | ChatMsg::Quote(..)
            | ChatMsg::Sent { .. }
            | ChatMsg::Jump { .. }
            | ChatMsg::Mute(..)
            | ChatMsg::Delete(..)
            | ChatMsg::Erase(ConversationId::Person(_))
            | ChatMsg::Remove(ConversationId::Person(_))
            | ChatMsg::Export { .. } => {}
        }
        self.chats.update(cx, msg);
    }

    pub(super) fn room(&mut self, cx: &mut Cx<'_>, msg: RoomMsg) {
        match msg {
            RoomMsg::Join(name) => {
                match self.link {
                    Link::Coming => self.rooms.join_later(name.clone()),
                    Link::Up | Link::Lost => self.rooms.join(cx, name.clone()),
                }
                self.open(cx, ConversationId::Room(name));
            }
            RoomMsg::Leave(name) => {
                self.rooms.leave(cx, name.clone());
                if self.rooms.get(&name).is_some_and(|room| !room.kept) {
                    self.keep_room(cx, &name, false);
                }
            }
            RoomMsg::Topic(name, topic) => self.rooms.set_topic(cx, name, topic),
            RoomMsg::NoTopic(name, failure) => self.rooms.no_topic(&name, failure),
            RoomMsg::NotJoined(name, failure) => self.rooms.not_joined(&name, failure),
            RoomMsg::NotLeft(name, failure) => self.rooms.not_left(&name, failure),
            RoomMsg::Heard(room, page) => {
                let (chats, me) = (&self.chats, &self.account);
                self.heard.page(cx, chats, me, room, page);
            }
            RoomMsg::NotHeard(room, before) => self.heard.not_heard(&room, before),
        }
    }

    pub(super) fn inspect(&mut self, cx: &mut Cx<'_>, msg: InspectMsg) {
        let wanted = matches!(msg, InspectMsg::Look(_));
        self.inspector.update(cx, msg);
        if wanted {
            self.went(cx, Screen::Inspector);
        }
    }

    /// Whether the frames of the link are to be told.
    pub(super) fn listens(&self) -> bool {
        (self.screen == Screen::Inspector || self.console.always()) && !self.console.paused()
    }

    pub(super) fn contact(&mut self, cx: &mut Cx<'_>, msg: ContactMsg) {
        if let ContactMsg::Add(account) | ContactMsg::Open(account) = &msg {
            self.people.look(cx, account);
        }
        self.contacts.update(cx, msg);
    }

    fn open(&mut self, cx: &mut Cx<'_>, conversation: ConversationId) {
        if let ConversationId::Person(account) = &conversation {
            self.people.look(cx, account);
        }
        // First, or what was open before would be taken for read.
        self.chats.open(cx, conversation);
        self.went(cx, Screen::Chats);
    }

    fn went(&mut self, cx: &mut Cx<'_>, screen: Screen) {
        self.screen = screen;
        let beside = screen == Screen::Chats && self.inspector.is_beside();
        self.inspector
            .show(cx, screen == Screen::Inspector || beside);
        self.serving.show(screen == Screen::Settings);
        self.chats.show(cx, screen == Screen::Chats);
        if screen == Screen::Calls {
            self.calls.log.saw(cx);
        }
    }

    pub(super) fn call(&mut self, cx: &mut Cx<'_>, msg: CallMsg) {
        if let CallMsg::DeclineWith(no, text) = &msg
            && let Some(call) = self.calls.all().iter().find(|call| call.no == *no)
        {
            let to = ConversationId::Person(call.peer.clone());
            let text = text.clone();
            self.chats.update(cx, ChatMsg::Send { to, text });
        }
        if let CallMsg::Write(no) = &msg
            && let Some(call) = self.calls.all().iter().find(|call| call.no == *no)
        {
            // The window of calls is not the one to write in.
            self.wanted += 1;
            self.open(cx, ConversationId::Person(call.peer.clone()));
        }
        if let CallMsg::Place(peer) = &msg {
            if self.link == Link::Coming {
                // There is no session yet that could call, or say why not.
                self.note = Some(NO_CALLS_YET.to_owned());
                return;
            }
            self.people.watch(cx, [peer]);
        }
        self.calls.update(cx, msg);
        // Whoever looks at the history sees what comes into it.
        if self.screen == Screen::Calls {
            self.calls.log.saw(cx);
        }
    }

    pub(super) fn notice(&mut self, cx: &mut Cx<'_>, msg: NoticeMsg) {
        match msg {
            NoticeMsg::Opened(NoticeId::Call(_)) => {}
            NoticeMsg::Opened(NoticeId::Missed(_)) => {
                self.wanted += 1;
                self.went(cx, Screen::Calls);
            }
            NoticeMsg::Opened(NoticeId::Chat(conversation)) => {
                self.wanted += 1;
                self.open(cx, conversation);
            }
            NoticeMsg::Answered(id) => {
                if let Some(no) = news::call_of(&id) {
                    self.calls.update(cx, CallMsg::Answer(no));
                }
            }
            NoticeMsg::Declined(id) => {
                if let Some(no) = news::call_of(&id) {
                    self.calls.update(cx, CallMsg::Decline(no));
                }
            }
        }
    }
}
