//! The list of conversations.

use egui::accesskit::Role;
use egui::{Align, Align2, Margin, Rect, ScrollArea, Sense, Ui, WidgetInfo};

use super::dialogs::{self, Dialog};
use super::find::Find;
use super::home::{self, FIND};
use super::icons::Icon;
use super::theme::{self, palette, radius, size, space};
use super::widgets::{Avatar, Marks, Row, focus_ring, icon_button, text_in, title_ui};
use super::{clock, menu, words};
use crate::app::msg::{Msg, NavMsg, PanesMsg};
use crate::app::state::{Body, Conversation, ConversationId, Home, Now, Pane, Panes, Presence};

/// The list. `panes` are those beside each other; without them there is nothing beside it.
pub(super) fn chats_ui(
    ui: &mut Ui,
    home: &Home,
    panes: Option<&Panes>,
    now: Now,
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    let hides = panes.filter(|_| home.chats.opened().is_some());
    head_ui(ui, hides, draft, out);
    let (rooms, people) = (home.chats.rooms(), home.chats.people());
    if rooms.is_empty() && people.is_empty() {
        empty_ui(ui, panes.is_none(), &mut draft.dialog);
        return;
    }
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            group_ui(ui, home, now, ("Rooms", &rooms), draft, out);
            group_ui(ui, home, now, ("People", &people), draft, out);
        });
}

fn head_ui(ui: &mut Ui, hides: Option<&Panes>, draft: &mut home::Draft, out: &mut Vec<Msg>) {
    let margin = Margin {
        left: 16,
        right: 16,
        top: 14,
        bottom: 6,
    };
    egui::Frame::new().inner_margin(margin).show(ui, |ui| {
        title_ui(ui, "Chats", |ui| {
            if icon_button(ui, Icon::WRITE, "New message", false).clicked() {
                draft.dialog = Some(Dialog::message());
            }
            if icon_button(ui, Icon::ROOM, "Join a room", false).clicked() {
                draft.dialog = Some(Dialog::room());
            }
            if let Some(panes) = hides
                && icon_button(ui, Icon::LIST, "Hide the list", false).clicked()
            {
                let shown = false;
                let list = Pane {
                    shown,
                    ..panes.list
                };
                out.push(Msg::Panes(PanesMsg::List(list)));
            }
        });
        if search_ui(ui) {
            draft.find = Some(Find::new(None));
        }
    });
}

/// What looks like a field to search in, and opens the search. Whether it was pressed.
fn search_ui(ui: &mut Ui) -> bool {
    let palette = palette(ui);
    let wanted = egui::vec2(ui.available_width(), size::CONTROL);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Search"));
    ui.painter().rect_filled(rect, radius::CONTROL, palette.bg2);
    let at = rect.left_center() + egui::vec2(space::ONE_AND_HALF - space::HALF / 2.0, 0.0);
    let font = Icon::font(size::SMALL_ICON + space::HALF / 2.0, false);
    let icon = Icon::SEARCH.text();
    ui.painter()
        .text(at, Align2::LEFT_CENTER, icon, font, palette.muted);
    let line = rect.shrink2(egui::vec2(space::FOUR, 0.0));
    text_in(
        ui,
        theme::body("Search").color(palette.muted),
        line,
        Align::Min,
    );
    let keys = ui.ctx().format_shortcut(&FIND).replace('+', " ");
    let keys = theme::small(keys).color(palette.muted);
    let within = rect.shrink2(egui::vec2(space::ONE + space::HALF / 2.0, 0.0));
    let within = within.with_max_x(within.right() - space::ONE);
    let wide = text_in(ui, keys, within, Align::Max);
    let cap = Rect::from_center_size(
        egui::pos2(within.right() - wide / 2.0, rect.center().y),
        egui::vec2(wide + space::TWO - space::HALF, space::PANE),
    );
    let inside = egui::StrokeKind::Inside;
    ui.painter()
        .rect_stroke(cap, radius::CONTROL / 2, palette.divider(), inside);
    focus_ring(ui, &response, rect, radius::CONTROL, palette);
    response.clicked()
}

fn empty_ui(ui: &mut Ui, alone: bool, dialog: &mut Option<Dialog>) {
    let palette = palette(ui);
    egui::Frame::new()
        .inner_margin(Margin::same(16))
        .show(ui, |ui| {
            ui.label(theme::strong("No conversations yet"));
            let about = "Those you begin, and those that others begin with you, are listed here.";
            ui.label(theme::body(about).color(palette.muted));
            if alone {
                ui.add_space(space::ONE);
                dialogs::openers_ui(ui, dialog);
            }
        });
}

fn group_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    (name, conversations): (&str, &[(&ConversationId, &Conversation)]),
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    if conversations.is_empty() {
        return;
    }
    let heading = Margin {
        left: 16,
        right: 16,
        top: 12,
        bottom: 6,
    };
    egui::Frame::new().inner_margin(heading).show(ui, |ui| {
        let colour = palette(ui).muted;
        ui.label(theme::small_strong(name).color(colour));
    });
    egui::Frame::new()
        .inner_margin(Margin::symmetric(8, 0))
        .show(ui, |ui| {
            for (id, conversation) in conversations {
                row_ui(ui, home, now, (id, conversation), draft, out);
            }
        });
}

fn row_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    (id, conversation): (&ConversationId, &Conversation),
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    let presence = match id {
        ConversationId::Person(account) => home.people.presence(account),
        ConversationId::Room(_) => Presence::Unknown,
    };
    let name = words::name(home, id);
    let last = conversation.last();
    let writers = home.typing.of(id, now.at);
    let typing = match id {
        // Whose row it is says who.
        ConversationId::Person(_) => writers.first().map(|_| "typing…".to_owned()),
        ConversationId::Room(_) => words::typing(home, &writers),
    };
    let mut spoken = spoken(name, id, presence, conversation);
    if let Some(typing) = &typing {
        spoken.push_str(", ");
        spoken.push_str(typing);
    }
    let muted = palette(ui).muted;
    let marks = Marks {
        about: match (&typing, last.map(|last| &last.body)) {
            (None, Some(Body::Call(text))) => Some((words::call_icon(text), muted)),
            (None, Some(Body::Text(_) | Body::Came | Body::Went) | None) | (Some(_), _) => None,
        },
        now: typing.is_some(),
        mention: conversation.mentions > 0,
        whole: false,
        muted: conversation.muted,
    };
    let row = Row {
        avatar: Avatar::of(id, presence).called(name),
        name,
        spoken,
        about: typing.unwrap_or_else(|| words::preview(home, id, conversation)),
        when: last.map_or_else(String::new, |last| clock::short(last.at_ms, now.unix_ms)),
        count: conversation.unread,
        selected: home.chats.opened() == Some(id),
    };
    let shown = row.show_marked(ui, marks);
    if shown.clicked() {
        out.push(Msg::Nav(NavMsg::Opened(id.clone())));
    }
    menu::row_menu_ui(&shown, home, (id, conversation), draft, out);
}

/// A row for the ear: who, whether they are there, how much is new.
fn spoken(
    name: &str,
    id: &ConversationId,
    presence: Presence,
    conversation: &Conversation,
) -> String {
    let mut spoken = match id {
        ConversationId::Person(_) => name.to_owned(),
        ConversationId::Room(room) => format!("Room {room}"),
    };
    if let Some(word) = words::presence(presence) {
        spoken.push_str(", ");
        spoken.push_str(word);
    }
    let (unread, mentions) = (conversation.unread, conversation.mentions);
    if unread > 0 {
        spoken.push_str(&format!(", {unread} unread"));
    }
    if mentions > 0 {
        spoken.push_str(", you are mentioned");
    }
    if conversation.muted {
        spoken.push_str(", muted");
    }
    spoken
}
