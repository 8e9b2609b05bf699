//! The inspector's other pages: questions of the API, one click each, and what changed while one looked.

use egui::{RichText, ScrollArea, Ui};

use super::clock;
use super::theme::{self, palette, space};
use super::widgets::{Button, Field, Kind, divider, failure_ui, field_ui};
use crate::app::msg::{InspectMsg, Msg};
use crate::app::state::{Home, Query};
use crate::protocol::{Account, AttrChanged, AttrSubject, WatchedChange};

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Who is asked about in a room.
    member: String,
}

/// Questions, and what was answered.
pub(super) fn queries_ui(ui: &mut Ui, home: &Home, draft: &mut Draft, out: &mut Vec<Msg>) {
    let queries = match home.inspector.subject() {
        AttrSubject::Account(account) => vec![
            Query::Status(account.clone()),
            Query::UserAttrs(account.clone()),
        ],
        AttrSubject::Channel(room) => {
            let field = Field {
                name: "Account to look for in the room",
                hint: "empty for yourself",
                wrong: None,
                secret: false,
            };
            field_ui(ui, &field, &mut draft.member);
            let member = Account::try_from(draft.member.trim()).unwrap_or(home.me().clone());
            vec![
                Query::Members(room.clone()),
                Query::IsIn(room.clone(), member),
                Query::List(room.clone()),
                Query::ListAll(room.clone()),
            ]
        }
    };
    ui.add_space(space::ONE);
    ui.horizontal_wrapped(|ui| {
        for query in queries {
            if Button::new(Kind::Quiet, query.function()).show(ui) {
                out.push(Msg::Inspect(InspectMsg::Ask(query)));
            }
        }
    });
    ui.add_space(space::ONE);
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            for (query, answer) in home.inspector.answers().rev() {
                let palette = palette(ui);
                divider(ui, palette.divider());
                let asked = format!("{} {}", query.function(), query.about());
                ui.label(theme::small(asked).color(palette.muted));
                match answer {
                    None => {
                        ui.label(theme::body("…").color(palette.muted));
                    }
                    Some(Ok(text)) => wire_ui(ui, text),
                    Some(Err(failure)) => failure_ui(ui, failure),
                }
            }
        });
}

/// What changed while one looked, the latest on top.
pub(super) fn changes_ui(ui: &mut Ui, home: &Home) {
    let mut changes = home.inspector.changes().rev().peekable();
    if changes.peek().is_none() {
        let text = "Nothing has changed while you looked. What changes is listed here as it does.";
        ui.label(theme::body(text).color(palette(ui).muted));
        return;
    }
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            for changed in changes {
                let palette = palette(ui);
                divider(ui, palette.divider());
                ui.label(theme::small(how(changed)).color(palette.muted));
                match &changed.change {
                    WatchedChange::Update { name, value } => {
                        wire_ui(ui, &format!("{name} = {value}"));
                    }
                    WatchedChange::Del { name } => wire_ui(ui, name.as_str()),
                    WatchedChange::Clear => {}
                }
            }
        });
}

/// `update · 09:12 · by ann`.
fn how(changed: &AttrChanged) -> String {
    let kind = match changed.change {
        WatchedChange::Update { .. } => "update",
        WatchedChange::Del { .. } => "del",
        WatchedChange::Clear => "clear",
    };
    let by = match &changed.by {
        Some(account) => format!("by {account}"),
        None => "by the server".to_owned(),
    };
    format!("{kind} · {} · {by}", clock::time(changed.time_ms))
}

fn wire_ui(ui: &mut Ui, text: &str) {
    let text = RichText::new(text).monospace().color(palette(ui).text);
    ui.add(egui::Label::new(text).wrap().selectable(true));
}
