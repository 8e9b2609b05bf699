//! The people whom one has added: the list, and somebody's card.

use egui::{CentralPanel, Frame, Key, Margin, Panel, ScrollArea, Ui};

use super::dialogs::Dialog;
use super::home;
use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{
    Act, Avatar, Button, Field, Kind, Row, failure_ui, field_ui, icon_button, icon_ui,
    pane_head_ui, rows_ui, side_ui, title_ui,
};
use super::{menu, words};
use crate::app::msg::{CallMsg, ContactMsg, InspectMsg, Msg, NavMsg};
use crate::app::state::{ConversationId, Home, NAME_CHARS, Now, Presence};
use crate::protocol::{Account, AttrSubject};

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Whose name is being changed, and what is typed.
    renaming: Option<(Account, String)>,
    /// Whose removal is being asked for.
    removing: Option<Account>,
}

impl Draft {
    /// Their name is to be typed.
    fn rename(&mut self, home: &Home, account: &Account) {
        let contact = home.contacts.get(account);
        let name = contact.map(|contact| contact.name.clone());
        self.renaming = Some((account.clone(), name.unwrap_or_default()));
    }
}

const RENAME: &str = "Change their name here";
const REMOVE: &str = "Remove from people";
/// Where nobody is listed.
const NOBODY: &str = "Nobody here yet";
const HOW: &str = "Add people by their callsign, or from a room that they are in.";

/// The screen.
pub(super) fn people_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    narrow: bool,
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    let frame = Frame::new().fill(palette(ui).bg1);
    match (narrow, home.contacts.opened()) {
        (true, None) => {
            CentralPanel::default()
                .frame(frame)
                .show(ui, |ui| list_ui(ui, home, now, true, draft, out));
        }
        (true, Some(account)) => {
            CentralPanel::default()
                .frame(frame)
                .show(ui, |ui| page_ui(ui, home, account, now, true, draft, out));
        }
        (false, opened) => {
            let list = Panel::left("people")
                .default_size(size::LIST)
                .size_range(size::LIST_RANGE)
                .frame(frame);
            side_ui(ui, list, |ui| {
                let alone = opened.is_some();
                list_ui(ui, home, now, alone, draft, out);
            });
            CentralPanel::default().frame(frame).show(ui, |ui| {
                if let Some(account) = opened {
                    page_ui(ui, home, account, now, false, draft, out);
                } else {
                    nobody_ui(ui, home, &mut draft.dialog);
                }
            });
        }
    }
}

/// The list. `alone` says that what is to be done where nobody is listed stands nowhere else.
fn list_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    alone: bool,
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    pane_head_ui(ui, |ui| {
        title_ui(ui, "People", |ui| {
            if icon_button(ui, Icon::ADD_PERSON, "Add a person", false).clicked() {
                draft.dialog = Some(Dialog::person());
            }
        });
    });
    if nobody(home) {
        if alone {
            empty_ui(ui, &mut draft.dialog);
        }
        return;
    }
    let (listed, blocked) = (home.contacts.listed(), home.contacts.blocked());
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let people = &mut draft.people;
            group_ui(ui, home, now, (None, &listed), people, out);
            group_ui(ui, home, now, (Some("Blocked"), &blocked), people, out);
        });
}

fn empty_ui(ui: &mut Ui, dialog: &mut Option<Dialog>) {
    let muted = palette(ui).muted;
    Frame::new().inner_margin(Margin::same(16)).show(ui, |ui| {
        ui.label(theme::strong(NOBODY));
        ui.label(theme::body(HOW).color(muted));
        ui.add_space(space::ONE);
        add_ui(ui, dialog);
    });
}

fn add_ui(ui: &mut Ui, dialog: &mut Option<Dialog>) {
    let button = Button::new(Kind::Primary, "Add somebody").icon(Icon::ADD_PERSON);
    if button.show(ui) {
        *dialog = Some(Dialog::person());
    }
}

fn nobody(home: &Home) -> bool {
    home.contacts.listed().is_empty() && home.contacts.blocked().is_empty()
}

fn group_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    (name, accounts): (Option<&str>, &[&Account]),
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    if accounts.is_empty() {
        return;
    }
    rows_ui(ui, name, |ui| {
        for account in accounts {
            row_ui(ui, home, now, account, draft, out);
        }
    });
}

fn row_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    account: &Account,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let name = home.contacts.name(account);
    let blocked = home.contacts.is_blocked(account);
    let presence = if blocked {
        Presence::Unknown
    } else {
        home.people.presence(account)
    };
    let state = match blocked {
        true => Some("blocked".to_owned()),
        false => words::status(home.people.status(account), now),
    };
    let mut about = Vec::new();
    if name != account.as_str() {
        about.push(account.as_str());
    }
    about.extend(state.as_deref());
    let mut spoken = vec![name];
    spoken.extend(&about);
    let row = Row {
        avatar: Avatar::person(account.as_str(), presence).called(name),
        name,
        spoken: spoken.join(", "),
        about: about.join(" · "),
        when: String::new(),
        count: 0,
        selected: home.contacts.opened() == Some(account),
    };
    let shown = row.show(ui);
    let open = Msg::Contact(ContactMsg::Open(account.clone()));
    if shown.clicked() {
        out.push(open.clone());
    }
    menu::context_menu(&shown).show(|ui| {
        menu::menu_frame(ui);
        menu::person_acts_ui(ui, home, account, out);
        // What is typed or asked stands on their card.
        if Act::new(Icon::EDIT, RENAME).show(ui) {
            draft.rename(home, account);
            out.push(open.clone());
            ui.close();
        }
        let (act, block) = block_of(home, account);
        if Act::new(Icon::BLOCK, act).show(ui) {
            out.push(block);
            ui.close();
        }
        let remove = Act::new(Icon::REMOVE_PERSON, REMOVE).danger();
        if home.contacts.get(account).is_some() && remove.show(ui) {
            draft.removing = Some(account.clone());
            out.push(open);
            ui.close();
        }
    });
}

/// What blocks somebody, or does so no longer.
fn block_of(home: &Home, account: &Account) -> (&'static str, Msg) {
    let blocked = home.contacts.is_blocked(account);
    let act = if blocked { "Unblock" } else { "Block" };
    let block = ContactMsg::Block(account.clone(), !blocked);
    (act, Msg::Contact(block))
}

/// Nobody is opened.
fn nobody_ui(ui: &mut Ui, home: &Home, dialog: &mut Option<Dialog>) {
    let palette = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() / 3.0);
        icon_ui(ui, Icon::PEOPLE, size::ROUND, palette.faint);
        if nobody(home) {
            ui.label(theme::title(NOBODY));
            ui.label(theme::body(HOW).color(palette.muted));
            ui.add_space(space::ONE);
            add_ui(ui, dialog);
        } else {
            ui.label(theme::title("Your people are on the left"));
            let about = "Choose somebody to write to them or to call them.";
            ui.label(theme::body(about).color(palette.muted));
        }
    });
}

fn page_ui(
    ui: &mut Ui,
    home: &Home,
    account: &Account,
    now: Now,
    narrow: bool,
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    if narrow {
        Frame::new().inner_margin(Margin::same(8)).show(ui, |ui| {
            if icon_button(ui, Icon::BACK, "Back to people", false).clicked() {
                out.push(Msg::Contact(ContactMsg::Close));
            }
        });
    }
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            Frame::new().inner_margin(Margin::same(16)).show(ui, |ui| {
                let wide = size::CARD.min(ui.available_width());
                ui.horizontal_top(|ui| {
                    ui.add_space((ui.available_width() - wide) / 2.0);
                    ui.vertical(|ui| {
                        ui.set_width(wide);
                        person_ui(ui, home, account, now, &mut draft.people, out);
                    });
                });
            });
        });
}

/// Somebody, and what one can do about them. Also in the details of a conversation.
pub(super) fn person_ui(
    ui: &mut Ui,
    home: &Home,
    account: &Account,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    ui.vertical_centered(|ui| {
        head_ui(ui, home, account, now);
        talk_ui(ui, home, account, out);
    });
    ui.add_space(space::TWO);
    // What can be done stands close, and what is asked of it does not.
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        name_ui(ui, home, account, draft, out);
        acts_ui(ui, home, account, draft, out);
    });
    if let Some(failure) = home.contacts.trouble(account) {
        ui.add_space(space::ONE);
        failure_ui(ui, failure);
    }
}

fn head_ui(ui: &mut Ui, home: &Home, account: &Account, now: Now) {
    let palette = palette(ui);
    let (name, blocked) = (
        home.contacts.name(account),
        home.contacts.is_blocked(account),
    );
    let presence = home.people.presence(account);
    ui.spacing_mut().item_spacing.y = space::HALF;
    ui.add_space(space::ONE);
    Avatar::person(account.as_str(), presence)
        .called(name)
        .show(ui, size::LARGE_AVATAR);
    ui.add_space(space::ONE);
    ui.add(egui::Label::new(theme::title(name)).truncate());
    if name != account.as_str() {
        let callsign = theme::body(account.as_str()).color(palette.muted);
        ui.add(egui::Label::new(callsign).truncate());
    }
    let about = match blocked {
        true => "Blocked: their messages and calls do not reach you.".to_owned(),
        false => words::status(home.people.status(account), now)
            .unwrap_or_else(|| "not known whether they are online".to_owned()),
    };
    ui.label(theme::body(about).color(palette.muted));
    ui.spacing_mut().item_spacing.y = space::ONE;
}

fn talk_ui(ui: &mut Ui, home: &Home, account: &Account, out: &mut Vec<Msg>) {
    let person = ConversationId::Person(account.clone());
    let open =
        home.chats.opened() == Some(&person) && home.screen == crate::app::state::Screen::Chats;
    if open {
        return;
    }
    ui.add_space(space::TWO);
    if Button::new(Kind::Primary, "Write")
        .icon(Icon::WRITE)
        .wide(ui)
        .show(ui)
    {
        out.push(Msg::Nav(NavMsg::Opened(person)));
    }
    if Button::new(Kind::Quiet, "Call")
        .icon(Icon::CALL)
        .wide(ui)
        .enabled(home.calls.with(account).is_none())
        .show(ui)
    {
        out.push(Msg::Call(CallMsg::Place(account.clone())));
    }
}

fn name_ui(ui: &mut Ui, home: &Home, account: &Account, draft: &mut Draft, out: &mut Vec<Msg>) {
    let renaming = draft.renaming.as_mut().filter(|(of, _)| of == account);
    let Some((_, typed)) = renaming else {
        if Act::new(Icon::EDIT, RENAME).flush().show(ui) {
            draft.rename(home, account);
        }
        return;
    };
    let long = typed.trim().chars().count() > NAME_CHARS;
    let field = Field {
        name: "Their name here",
        hint: "empty for the name of their own",
        wrong: long.then(|| format!("A name has at most {NAME_CHARS} characters.")),
        secret: false,
    };
    let response = field_ui(ui, &field, typed);
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let (mut save, mut cancel) = (enter && !long, false);
    ui.add_space(space::ONE);
    ui.horizontal(|ui| {
        save |= Button::new(Kind::Primary, "Save name")
            .enabled(!long)
            .show(ui);
        cancel = Button::new(Kind::Quiet, "Cancel").show(ui);
    });
    ui.add_space(space::ONE);
    if save {
        let rename = ContactMsg::Rename(account.clone(), typed.clone());
        out.push(Msg::Contact(rename));
    }
    if save || cancel {
        draft.renaming = None;
    }
}

fn acts_ui(ui: &mut Ui, home: &Home, account: &Account, draft: &mut Draft, out: &mut Vec<Msg>) {
    let added = home.contacts.get(account).is_some();
    if Act::new(Icon::INSPECT, "Show their attributes")
        .flush()
        .show(ui)
    {
        let subject = AttrSubject::Account(account.clone());
        out.push(Msg::Inspect(InspectMsg::Look(subject)));
    }
    let add = Act::new(Icon::ADD_PERSON, "Add to people").flush();
    if !added && add.show(ui) {
        out.push(Msg::Contact(ContactMsg::Add(account.clone())));
    }
    let (act, block) = block_of(home, account);
    if Act::new(Icon::BLOCK, act).flush().show(ui) {
        out.push(block);
    }
    if !added {
        return;
    }
    if draft.removing.as_ref() != Some(account) {
        let remove = Act::new(Icon::REMOVE_PERSON, REMOVE);
        if remove.danger().flush().show(ui) {
            draft.removing = Some(account.clone());
        }
        return;
    }
    ui.add_space(space::ONE);
    ui.label(theme::body(
        "Remove them from this list? Your conversation stays.",
    ));
    ui.add_space(space::ONE);
    ui.horizontal(|ui| {
        if Button::new(Kind::Danger, "Remove").show(ui) {
            out.push(Msg::Contact(ContactMsg::Remove(account.clone())));
            draft.removing = None;
        }
        if Button::new(Kind::Quiet, "Keep").show(ui) {
            draft.removing = None;
        }
    });
}
