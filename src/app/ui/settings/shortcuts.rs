//! What keys do.

use egui::Ui;

use crate::app::ui::home;
use crate::app::ui::theme::{self, palette, space};

/// The section.
pub(super) fn shortcuts_ui(ui: &mut Ui) {
    let palette = palette(ui);
    let keys = |shortcut| ui.ctx().format_shortcut(shortcut);
    let shortcuts = [
        (keys(&home::FIND), "Go to a person, a room or a message"),
        (keys(&home::NEW), "Write a message"),
        (keys(&home::JOIN), "Join a room"),
        (keys(&home::DIAL), "Open the dial pad"),
        (keys(&home::ANSWER), "Answer the call that rings"),
        ("Enter".to_owned(), "Send what is written"),
        ("Shift+Enter".to_owned(), "Begin another line"),
        ("Up".to_owned(), "Bring back the last text that was sent"),
        ("Esc".to_owned(), "Close what is on top"),
    ];
    egui::Grid::new("shortcuts")
        .num_columns(2)
        .spacing([space::THREE, space::ONE])
        .show(ui, |ui| {
            for (keys, what) in shortcuts {
                ui.label(theme::body(keys).monospace().color(palette.text));
                ui.label(theme::body(what).color(palette.muted));
                ui.end_row();
            }
        });
}
