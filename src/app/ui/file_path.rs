//! Where a file is, typed by hand: for a desktop that has no dialog for that.

use egui::{Key, Ui};

use super::theme::{self, palette, space};
use super::widgets::{Button, Field, Kind, Width, field_ui, modal_ui};
use crate::app::msg::{FileMsg, Msg};
use crate::app::state::Purpose;

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    purpose: Option<Purpose>,
    path: String,
}

/// Shows it above everything else, if a path is wanted.
pub(super) fn path_ui(ui: &Ui, purpose: Option<&Purpose>, draft: &mut Draft, out: &mut Vec<Msg>) {
    let fresh = draft.purpose.as_ref() != purpose;
    if fresh {
        draft.purpose = purpose.cloned();
        draft.path = purpose.map_or(String::new(), |purpose| match purpose.writes() {
            true => format!("~/{}", purpose.name()),
            false => "~/".to_owned(),
        });
    }
    let Some(purpose) = purpose else { return };
    let (answer, close) = modal_ui(ui, "file path", Width::Usual, |ui| {
        content_ui(ui, purpose, &mut draft.path, fresh)
    });
    out.extend(match (answer, close) {
        (Some(msg), _) => Some(Msg::File(msg)),
        (None, true) => Some(Msg::File(FileMsg::Cancelled)),
        (None, false) => None,
    });
}

fn content_ui(ui: &mut Ui, purpose: &Purpose, path: &mut String, fresh: bool) -> Option<FileMsg> {
    ui.spacing_mut().item_spacing.y = space::TWO;
    ui.label(theme::title(purpose.title()));
    let about = "This desktop has no dialog for files, so say where it is.";
    ui.label(theme::body(about).color(palette(ui).muted));
    let field = Field {
        name: match purpose.writes() {
            true => "File to write",
            false => "File to read",
        },
        hint: "a path, such as ~/callsign.txt",
        ..Field::default()
    };
    let response = field_ui(ui, &field, path);
    if fresh {
        response.request_focus();
    }
    let mut go = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let typed = path.trim();
    let usable = !typed.is_empty() && !typed.ends_with('/');
    ui.horizontal(|ui| {
        go |= Button::new(Kind::Primary, purpose.action())
            .enabled(usable)
            .show(ui);
        if Button::new(Kind::Quiet, "Cancel").show(ui) {
            return Some(FileMsg::Cancelled);
        }
        (go && usable).then(|| FileMsg::Chosen(purpose.clone(), typed.into()))
    })
    .inner
}
