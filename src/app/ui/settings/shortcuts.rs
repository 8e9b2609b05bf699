//! What keys do.

use egui::Ui;

use crate::app::ui::home;
use crate::app::ui::theme::{self, palette, size, space};

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
    ui.spacing_mut().interact_size.y = 0.0;
    ui.spacing_mut().item_spacing.y = space::ONE_AND_HALF;
    for (keys, what) in shortcuts {
        ui.horizontal_top(|ui| {
            let (from, room) = (ui.cursor().left(), size::KEYS);
            ui.label(theme::body(keys).monospace().color(palette.text));
            ui.add_space((from + room - ui.cursor().left()).max(0.0));
            ui.add(egui::Label::new(theme::body(what).color(palette.muted)).wrap());
        });
    }
}
