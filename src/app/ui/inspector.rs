//! The attribute inspector: subjects, and the pages of the one that is looked at.

use egui::{Align, CentralPanel, Frame, Key, Layout, Margin, Panel, ScrollArea, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{
    Avatar, Button, Field, Kind, Row, failure_ui, field_ui, icon_button, pane_head_ui, rows_ui,
    side_ui, tab_ui, title_ui,
};
use super::{console, inspect_asks, inspect_table, words};
use crate::app::msg::{FileMsg, InspectMsg, Msg};
use crate::app::state::{ConversationId, Home, Known, Now, Presence, Purpose, Tab, Trouble};
use crate::protocol::{Account, AttrSubject, ChannelName};

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    find: String,
    /// Whether a subject covers the list, where there is no room for both.
    covered: bool,
    /// The subject whose table is being changed.
    of: Option<AttrSubject>,
    pub(super) table: inspect_table::Draft,
    pub(super) asks: inspect_asks::Draft,
    console: console::Draft,
}

/// The screen.
pub(super) fn inspector_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    narrow: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let subject = home.inspector.subject();
    if draft.of.as_ref() != Some(subject) {
        // Whoever came from elsewhere came to see it; at first it is oneself.
        draft.covered =
            draft.of.is_some() || !matches!(subject, AttrSubject::Account(me) if me == home.me());
        draft.of = Some(subject.clone());
        draft.table = inspect_table::Draft::default();
    }
    let frame = Frame::new().fill(palette(ui).bg1);
    if narrow && !draft.covered {
        CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| subjects_ui(ui, home, draft, out));
        return;
    }
    if !narrow {
        let list = Panel::left("subjects")
            .default_size(size::LIST)
            .size_range(size::LIST_RANGE)
            .frame(frame);
        side_ui(ui, list, |ui| subjects_ui(ui, home, draft, out));
    }
    if !narrow && home.inspector.tab == Tab::Attributes {
        Panel::bottom("latest frames")
            .frame(frame.inner_margin(Margin::symmetric(20, 12)))
            .show_separator_line(false)
            .show(ui, |ui| console::latest_ui(ui, home));
    }
    CentralPanel::default().frame(frame).show(ui, |ui| {
        let margin = Margin::symmetric(if narrow { 8 } else { 20 }, 12);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            head_ui(ui, home, narrow, draft, out);
            if home.inspector.tab != Tab::Console {
                said_ui(ui, home);
            }
            match home.inspector.tab {
                Tab::Attributes => inspect_table::table_ui(ui, home, now, &mut draft.table, out),
                Tab::Queries => inspect_asks::queries_ui(ui, home, &mut draft.asks, out),
                Tab::Changes => inspect_asks::changes_ui(ui, home),
                Tab::Console => console::console_ui(ui, home, &mut draft.console, out),
            }
        });
    });
}

fn subjects_ui(ui: &mut Ui, home: &Home, draft: &mut Draft, out: &mut Vec<Msg>) {
    pane_head_ui(ui, |ui| {
        title_ui(ui, "Inspector", |_| {});
        find_ui(ui, draft, out);
    });
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let find = draft.find.trim().trim_start_matches('#').to_lowercase();
            let fits = |name: &str| name.to_lowercase().contains(&find);
            let me = [AttrSubject::Account(home.me().clone())];
            group_ui(ui, home, "Me", &me, draft, out);
            let rooms: Vec<_> = rooms(home)
                .into_iter()
                .filter(|name| fits(name.as_str()))
                .collect();
            let rooms: Vec<_> = rooms.into_iter().map(AttrSubject::Channel).collect();
            group_ui(ui, home, "Rooms", &rooms, draft, out);
            let people: Vec<_> = people(home)
                .into_iter()
                .filter(|account| fits(account.as_str()) || fits(home.contacts.name(account)))
                .map(AttrSubject::Account)
                .collect();
            group_ui(ui, home, "People", &people, draft, out);
        });
}

/// Finds a subject; Enter looks at one that is not in the list: `#ops` is a room, `ann` a person.
fn find_ui(ui: &mut Ui, draft: &mut Draft, out: &mut Vec<Msg>) {
    let field = Field {
        name: "Find a person or a room",
        hint: "ann, or #ops",
        wrong: None,
        secret: false,
    };
    let response = field_ui(ui, &field, &mut draft.find);
    if !(response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))) {
        return;
    }
    let typed = draft.find.trim();
    let subject = match typed.strip_prefix('#') {
        Some(room) => ChannelName::try_from(room).map(AttrSubject::Channel),
        None => Account::try_from(typed).map(AttrSubject::Account),
    };
    if let Ok(subject) = subject {
        draft.find.clear();
        draft.covered = true;
        out.push(Msg::Inspect(InspectMsg::Look(subject)));
    }
}

/// Rooms that one has been in, and the one that is looked at.
fn rooms(home: &Home) -> Vec<ChannelName> {
    let mut rooms: Vec<_> = (home.chats.rooms().into_iter())
        .filter_map(|(id, _)| match id {
            ConversationId::Room(name) => Some(name.clone()),
            ConversationId::Person(_) => None,
        })
        .collect();
    if let AttrSubject::Channel(name) = home.inspector.subject() {
        rooms.push(name.clone());
    }
    rooms.sort();
    rooms.dedup();
    rooms
}

/// People who were added or written to, and the one who is looked at.
fn people(home: &Home) -> Vec<Account> {
    let mut people: Vec<_> = home.contacts.listed().into_iter().cloned().collect();
    let talked = home.chats.people().into_iter();
    people.extend(talked.filter_map(|(id, _)| match id {
        ConversationId::Person(account) => Some(account.clone()),
        ConversationId::Room(_) => None,
    }));
    if let AttrSubject::Account(account) = home.inspector.subject() {
        people.push(account.clone());
    }
    people.retain(|account| account != home.me());
    people.sort();
    people.dedup();
    people
}

fn group_ui(
    ui: &mut Ui,
    home: &Home,
    name: &str,
    subjects: &[AttrSubject],
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    if subjects.is_empty() {
        return;
    }
    rows_ui(ui, Some(name), |ui| {
        for subject in subjects {
            if subject_ui(ui, home, subject) {
                draft.covered = true;
                out.push(Msg::Inspect(InspectMsg::Look(subject.clone())));
            }
        }
    });
}

fn subject_ui(ui: &mut Ui, home: &Home, subject: &AttrSubject) -> bool {
    let selected = home.inspector.subject() == subject;
    let (id, presence) = match subject {
        AttrSubject::Account(account) if account == home.me() => {
            (ConversationId::Person(account.clone()), Presence::Unknown)
        }
        AttrSubject::Account(account) => {
            let presence = home.people.presence(account);
            (ConversationId::Person(account.clone()), presence)
        }
        AttrSubject::Channel(name) => (ConversationId::Room(name.clone()), Presence::Unknown),
    };
    let name = name(home, subject);
    let about = match home.inspector.known() {
        Known::Live if selected => match home.inspector.entries().len() {
            1 => "1 attribute · live".to_owned(),
            count => format!("{count} attributes · live"),
        },
        Known::Asked | Known::Live | Known::Refused(_) => match subject {
            AttrSubject::Account(account) if account == home.me() => account.to_string(),
            AttrSubject::Account(_) => words::presence(presence).unwrap_or_default().to_owned(),
            AttrSubject::Channel(_) => String::new(),
        },
    };
    let row = Row {
        avatar: Avatar::of(&id, presence),
        name: &name,
        spoken: format!("Inspect {}", spoken(subject)),
        about,
        when: String::new(),
        count: 0,
        selected,
    };
    row.show(ui).clicked()
}

/// What a subject is called.
fn name(home: &Home, subject: &AttrSubject) -> String {
    match subject {
        AttrSubject::Account(account) if account == home.me() => "Me".to_owned(),
        AttrSubject::Account(account) => home.contacts.name(account).to_owned(),
        AttrSubject::Channel(name) => name.to_string(),
    }
}

fn spoken(subject: &AttrSubject) -> String {
    match subject {
        AttrSubject::Account(account) => account.to_string(),
        AttrSubject::Channel(name) => format!("#{name}"),
    }
}

fn head_ui(ui: &mut Ui, home: &Home, narrow: bool, draft: &mut Draft, out: &mut Vec<Msg>) {
    let attributes = home.inspector.tab == Tab::Attributes;
    let right = Layout::right_to_left(Align::Center);
    if narrow {
        ui.horizontal(|ui| {
            if icon_button(ui, Icon::BACK, "Back to subjects", false).clicked() {
                draft.covered = false;
            }
            ui.with_layout(right, |ui| {
                // Words of tools have no room beside the name.
                if attributes {
                    tools_ui(ui, home, true, draft, out);
                }
                let name = theme::title(spoken(home.inspector.subject()));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(name).truncate());
                });
            });
        });
        ui.horizontal(|ui| {
            // All of them beside each other, however narrow.
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.spacing_mut().button_padding.x = space::HALF;
            tabs_ui(ui, home, out);
        });
    } else {
        ui.horizontal(|ui| {
            tabs_ui(ui, home, out);
            let bare = ui.available_width() < size::TOOLS;
            if attributes {
                ui.with_layout(right, |ui| tools_ui(ui, home, bare, draft, out));
            }
        });
    }
    ui.add_space(space::ONE);
}

fn tabs_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    for tab in Tab::ALL {
        if tab_ui(ui, tab_name(tab), home.inspector.tab == tab) {
            out.push(Msg::Inspect(InspectMsg::Tab(tab)));
        }
    }
}

/// What can be done with the table, from right to left; without words if they have no room.
fn tools_ui(ui: &mut Ui, home: &Home, bare: bool, draft: &mut Draft, out: &mut Vec<Msg>) {
    let editable = home.inspector.editable();
    let subject = home.inspector.subject();
    let ask = |purpose| Msg::File(FileMsg::Ask(purpose));
    let add = Button::new(Kind::Primary, "Add").icon(Icon::ADD);
    if editable && add.bare(bare).show(ui) {
        draft.table.add();
    }
    if editable
        && Button::new(Kind::Quiet, "Import")
            .icon(Icon::IMPORT)
            .bare(bare)
            .show(ui)
    {
        out.push(ask(Purpose::ReadAttrs(subject.clone())));
    }
    if Button::new(Kind::Quiet, "Export")
        .icon(Icon::EXPORT)
        .bare(bare)
        .show(ui)
    {
        out.push(ask(Purpose::WriteAttrs(subject.clone())));
    }
    inspect_table::clear_button_ui(ui, home, &mut draft.table);
}

fn tab_name(tab: Tab) -> &'static str {
    match tab {
        Tab::Attributes => "Attributes",
        Tab::Queries => "Queries",
        Tab::Changes => "Changes",
        Tab::Console => "Console",
    }
}

/// What went wrong, or what is done.
pub(super) fn said_ui(ui: &mut Ui, home: &Home) {
    let palette = palette(ui);
    if let Known::Refused(failure) = home.inspector.known() {
        let text = "The server does not tell these attributes as they change.";
        ui.label(theme::body(text));
        failure_ui(ui, failure);
    }
    match home.inspector.trouble() {
        Some(Trouble::Refused(failure)) => failure_ui(ui, failure),
        Some(Trouble::File(why)) => {
            ui.label(theme::body(why).color(palette.bad));
        }
        None => {}
    }
    if let Some(note) = home.inspector.note() {
        ui.label(theme::body(note).color(palette.muted));
    }
}
