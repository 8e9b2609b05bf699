//! Ctrl+K: goes to a person, a room or a message; in one conversation also to a date.

use egui::{Frame, Key, Margin, ScrollArea, Ui};

use super::theme::{self, palette, radius, size, space};
use super::widgets::{Avatar, Field, Row, field_ui, link_button};
use super::{clock, words};
use crate::app::msg::{ChatMsg, Msg, NavMsg, SearchMsg};
use crate::app::state::{ConversationId, Home, JumpTo, Message, Now, Presence};

/// Conversations that are listed at most; whoever looks for another types on.
const CONVERSATIONS: usize = 8;

/// The search, while it is open.
#[derive(Debug)]
pub(super) struct Find {
    query: String,
    within: Option<ConversationId>,
    fresh: bool,
}

impl Find {
    /// Everywhere, or in one conversation.
    pub(super) fn new(within: Option<ConversationId>) -> Self {
        Self {
            query: String::new(),
            within,
            fresh: true,
        }
    }
}

/// Shows it above everything else. Whether it is done with.
pub(super) fn find_ui(ui: &Ui, home: &Home, now: Now, find: &mut Find, out: &mut Vec<Msg>) -> bool {
    let palette = palette(ui);
    let frame = Frame::new()
        .fill(palette.bg1)
        .stroke(palette.divider())
        .corner_radius(radius::CARD)
        .shadow(palette.shadow())
        .inner_margin(Margin::same(16));
    let modal = egui::Modal::new(egui::Id::unique("find"))
        .frame(frame)
        .backdrop_color(palette.veil);
    let shown = modal.show(ui.ctx(), |ui| {
        let screen = ui.ctx().content_rect().size();
        ui.set_width((size::DIALOG * 1.25).min(screen.x - 2.0 * space::FOUR));
        ui.set_max_height(screen.y - 2.0 * space::FOUR - 2.0 * space::FOUR);
        content_ui(ui, home, now, find, out)
    });
    let done = shown.inner || shown.should_close();
    if done {
        out.push(Msg::Search(SearchMsg::Closed));
    }
    done
}

fn content_ui(ui: &mut Ui, home: &Home, now: Now, find: &mut Find, out: &mut Vec<Msg>) -> bool {
    let name = match &find.within {
        None => "Go to a person, a room or a message".to_owned(),
        Some(ConversationId::Person(peer)) => {
            let name = home.contacts.name(peer);
            format!("Search in the conversation with {name}")
        }
        Some(ConversationId::Room(room)) => format!("Search in #{room}"),
    };
    let field = Field {
        name: &name,
        hint: if find.within.is_some() {
            "words, or a date such as 2026-05-12"
        } else {
            "a name, or words"
        },
        ..Field::default()
    };
    let before = find.query.clone();
    let response = field_ui(ui, &field, &mut find.query);
    if std::mem::take(&mut find.fresh) {
        response.request_focus();
    }
    if find.query != before {
        let (query, within) = (find.query.trim().to_owned(), find.within.clone());
        out.push(Msg::Search(SearchMsg::For { query, within }));
    }
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(space::ONE);
    ScrollArea::vertical()
        .auto_shrink([false, true])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let gone = match &find.within {
                Some(of) => date_ui(ui, of, &find.query, enter, out),
                None => conversations_ui(ui, home, now, &find.query, enter, out),
            };
            messages_ui(ui, home, now, find.within.is_none(), out) || gone
        })
        .inner
}

/// Conversations whose names hold what was typed. Whether one was chosen.
fn conversations_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    query: &str,
    enter: bool,
    out: &mut Vec<Msg>,
) -> bool {
    let query = query.trim().trim_start_matches(['#', '@']).to_lowercase();
    let mut all = home.chats.rooms();
    all.extend(home.chats.people());
    all.retain(|(id, _)| {
        let named = |name: &str| name.to_lowercase().contains(&query);
        named(words::name(home, id)) || named(words::callsign(id))
    });
    all.sort_by_key(|(_, conversation)| std::cmp::Reverse(conversation.active_ms));
    for (at, (id, conversation)) in all.into_iter().take(CONVERSATIONS).enumerate() {
        let name = words::name(home, id);
        let row = Row {
            avatar: Avatar::of(id, presence(home, id)).called(name),
            name,
            spoken: format!("Go to {name}"),
            about: words::preview(home, id, conversation),
            when: clock::short(conversation.active_ms, now.unix_ms),
            count: conversation.unread,
            selected: false,
        };
        if row.show(ui).clicked() || at == 0 && enter {
            out.push(Msg::Nav(NavMsg::Opened(id.clone())));
            return true;
        }
    }
    false
}

/// A date that was typed. Whether one wants to go there.
fn date_ui(ui: &mut Ui, of: &ConversationId, query: &str, enter: bool, out: &mut Vec<Msg>) -> bool {
    let Some((name, at_ms)) = clock::begin_of(query.trim()) else {
        return false;
    };
    if link_button(ui, None, &format!("Go to {name}")) || enter {
        let (of, to) = (of.clone(), JumpTo::Time(at_ms));
        out.push(Msg::Chat(ChatMsg::Jump { of, to }));
        return true;
    }
    false
}

/// What was found. Whether one was chosen.
fn messages_ui(ui: &mut Ui, home: &Home, now: Now, everywhere: bool, out: &mut Vec<Msg>) -> bool {
    let search = &home.search;
    if search.query.is_empty() {
        return false;
    }
    let palette = palette(ui);
    for (of, line) in &search.found {
        if found_ui(ui, home, of, line, now, everywhere) {
            out.push(Msg::Nav(NavMsg::Opened(of.clone())));
            let (of, to) = (of.clone(), JumpTo::Line(line.row));
            out.push(Msg::Chat(ChatMsg::Jump { of, to }));
            return true;
        }
    }
    if search.busy {
        ui.label(theme::small("Searching…").color(palette.muted));
    } else if search.found.is_empty() {
        ui.label(theme::small("No message has these words.").color(palette.muted));
    } else if search.more() && link_button(ui, None, "Show older messages") {
        out.push(Msg::Search(SearchMsg::More));
    }
    false
}

fn found_ui(
    ui: &mut Ui,
    home: &Home,
    of: &ConversationId,
    line: &Message,
    now: Now,
    everywhere: bool,
) -> bool {
    let from = home.contacts.name(&line.from);
    let text = words::one_line(line.text().unwrap_or_default());
    let title = match of {
        ConversationId::Room(room) if everywhere => format!("{from} in #{room}"),
        ConversationId::Room(_) | ConversationId::Person(_) => from.to_owned(),
    };
    let row = Row {
        avatar: Avatar::person(line.from.as_str(), Presence::Unknown)
            .called(home.contacts.name(&line.from)),
        name: &title,
        spoken: format!("Message of {title}: {text}"),
        about: text,
        when: clock::short(line.at_ms, now.unix_ms),
        count: 0,
        selected: false,
    };
    row.show(ui).clicked()
}

fn presence(home: &Home, id: &ConversationId) -> Presence {
    match id {
        ConversationId::Person(account) => home.people.presence(account),
        ConversationId::Room(_) => Presence::Unknown,
    }
}
