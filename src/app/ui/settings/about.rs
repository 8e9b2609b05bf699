//! What this is, what has changed, under which licences, and the log.

use egui::Ui;

use super::{note_ui, wrong_ui};
use crate::app::msg::{FileMsg, Msg};
use crate::app::state::{Home, Purpose};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, palette};
use crate::app::ui::widgets::{Button, Kind};

/// What has changed, from one version to the next.
const CHANGES: &str = include_str!("../../../../CHANGELOG.md");

/// The licences of what is shipped: of what, its name, and its text.
const LICENCES: [(&str, &str); 5] = [
    ("Callsign: MIT", include_str!("../../../../LICENSE-MIT")),
    (
        "Callsign: or Apache-2.0",
        include_str!("../../../../LICENSE-APACHE"),
    ),
    (
        "Inter: SIL Open Font Licence 1.1",
        include_str!("../../../../assets/fonts/LICENSE-Inter.txt"),
    ),
    (
        "JetBrains Mono: SIL OFL 1.1",
        include_str!("../../../../assets/fonts/LICENSE-JetBrainsMono.txt"),
    ),
    (
        "Phosphor icons: MIT",
        include_str!("../../../../assets/fonts/LICENSE-Phosphor.txt"),
    ),
];

/// The section.
pub(super) fn about_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    // The SDK is of the same package, and so of the same version.
    let version = env!("CARGO_PKG_VERSION");
    ui.label(theme::body(format!(
        "Callsign {version}, with its SDK {version}"
    )));
    folded_ui(ui, "What has changed", CHANGES);
    for (name, text) in LICENCES {
        folded_ui(ui, name, text);
    }
    if Button::new(Kind::Quiet, "Save the log…")
        .icon(Icon::EXPORT)
        .show(ui)
    {
        out.push(Msg::File(FileMsg::Ask(Purpose::Log)));
    }
    match &home.logged {
        Some(Ok(said)) => note_ui(ui, said),
        Some(Err(why)) => wrong_ui(ui, why),
        None => note_ui(
            ui,
            "What happened since the start, without tokens, for whoever helps you.",
        ),
    }
}

fn folded_ui(ui: &mut Ui, name: &str, text: &str) {
    let title = theme::body(name).color(palette(ui).text);
    egui::CollapsingHeader::new(title)
        .id_salt(name)
        .show(ui, |ui| {
            let text = theme::small(text).color(palette(ui).muted);
            ui.add(egui::Label::new(text).wrap().selectable(true));
        });
}
