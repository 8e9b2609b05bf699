//! The server on this computer: whether it runs, what it is called, who is there.

use egui::{Key, Ui};

use super::{group_ui, note_ui, wrong_ui};
use crate::app::msg::{Msg, ServerMsg};
use crate::app::state::{Home, Who};
use crate::app::ui::theme::{self, palette, space};
use crate::app::ui::widgets::{
    Button, Field, Kind, Width, field_ui, link_button, modal_ui, switch_ui,
};
use crate::protocol::Account;

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The name that is being typed, and the one that it began with.
    name: Option<(String, String)>,
    asked: Option<Asked>,
}

/// What is asked before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    /// To turn the server off while others are there.
    Off,
    /// To end somebody's session.
    SendAway(Account),
}

/// The section.
pub(super) fn server_ui(ui: &mut Ui, home: &Home, draft: &mut Draft, out: &mut Vec<Msg>) {
    match &home.serving.who {
        Who::Unknown => note_ui(ui, "Looking…"),
        Who::Unable(why) => {
            wrong_ui(ui, why);
            if Button::new(Kind::Quiet, "Start it again").show(ui) {
                out.push(Msg::Server(ServerMsg::Turn(true)));
            }
        }
        Who::Nobody { data } => {
            on_ui(ui, home, draft, true, out);
            note_ui(ui, "It starts when somebody signs in on this computer.");
            place_ui(ui, None, data);
        }
        Who::Off { data } => {
            on_ui(ui, home, draft, false, out);
            note_ui(
                ui,
                "Nobody can sign in on this computer until it is on again. What was said is kept.",
            );
            place_ui(ui, None, data);
        }
        Who::Another { address, data } => {
            note_ui(
                ui,
                "Another Callsign of yours runs it. Its settings are there.",
            );
            place_ui(ui, address.as_deref(), data);
        }
        Who::We {
            address,
            name,
            data,
            online,
        } => {
            on_ui(ui, home, draft, true, out);
            name_ui(ui, name, draft, out);
            place_ui(ui, Some(address), data);
            online_ui(ui, home, online, draft);
        }
    }
    if let Some(why) = home.serving.trouble() {
        wrong_ui(ui, why);
    }
}

/// Asks before something that others would notice.
pub(super) fn ask_ui(ui: &Ui, home: &Home, draft: &mut Draft, out: &mut Vec<Msg>) {
    let Some(asked) = draft.asked.clone() else {
        return;
    };
    let (title, about, action, msg) = match &asked {
        Asked::Off => {
            let others = match home.serving.others(home.me()) {
                1 => "1 other is".to_owned(),
                others => format!("{others} others are"),
            };
            (
                "Turn the server off?".to_owned(),
                format!("{others} signed in on it, and will be offline until it is on again."),
                "Turn it off",
                ServerMsg::Turn(false),
            )
        }
        Asked::SendAway(account) => (
            format!("Send {account} away?"),
            "Their session ends. They can sign in again.".to_owned(),
            "Send away",
            ServerMsg::SendAway(account.clone()),
        ),
    };
    let (done, close) = modal_ui(ui, "ask about the server", Width::Usual, |ui| {
        ui.spacing_mut().item_spacing.y = space::TWO;
        ui.label(theme::title(title));
        ui.label(theme::body(about));
        ui.horizontal(|ui| {
            let go = Button::new(Kind::Danger, action).show(ui);
            if go {
                out.push(Msg::Server(msg));
            }
            Button::new(Kind::Quiet, "Cancel").show(ui) || go
        })
        .inner
    });
    if done || close {
        draft.asked = None;
    }
}

fn on_ui(ui: &mut Ui, home: &Home, draft: &mut Draft, told: bool, out: &mut Vec<Msg>) {
    let on = home.serving.is_on(told);
    if !switch_ui(ui, "Run the server", on) {
        return;
    }
    if on && home.serving.others(home.me()) > 0 {
        draft.asked = Some(Asked::Off);
    } else {
        out.push(Msg::Server(ServerMsg::Turn(!on)));
    }
}

fn name_ui(ui: &mut Ui, name: &str, draft: &mut Draft, out: &mut Vec<Msg>) {
    let (began, typed) = draft
        .name
        .get_or_insert_with(|| (name.to_owned(), name.to_owned()));
    if began != name {
        // It was renamed.
        name.clone_into(began);
        name.clone_into(typed);
    }
    let field = Field {
        name: "Name of the server",
        hint: "as others see it",
        ..Field::default()
    };
    let response = field_ui(ui, &field, typed);
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if typed.trim() == name {
        return;
    }
    if Button::new(Kind::Primary, "Save name").show(ui) || enter {
        out.push(Msg::Server(ServerMsg::Rename(typed.clone())));
    }
}

/// Where it is, to be read and copied.
fn place_ui(ui: &mut Ui, address: Option<&str>, data: &std::path::Path) {
    if let Some(address) = address {
        group_ui(ui, "Address");
        let url = format!("ws://{address}");
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::body(&url).monospace());
            if link_button(ui, None, "Copy the address") {
                ui.copy_text(url.clone());
            }
        });
    }
    group_ui(ui, "Data folder");
    let folder = data.display().to_string();
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::body(&folder).monospace());
        if link_button(ui, None, "Copy the folder") {
            ui.copy_text(folder.clone());
        }
    });
}

fn online_ui(ui: &mut Ui, home: &Home, online: &[Account], draft: &mut Draft) {
    group_ui(ui, &format!("Online · {}", online.len()));
    for account in online {
        ui.horizontal(|ui| {
            if account == home.me() {
                let you = format!("{account} (you)");
                ui.label(theme::body(you).color(palette(ui).muted));
                return;
            }
            ui.label(theme::body(account.as_str()));
            if link_button(ui, None, &format!("Send {account} away…")) {
                draft.asked = Some(Asked::SendAway(account.clone()));
            }
        });
    }
}
