//! What this is, what has changed, under which licences, and the log.

use egui::{Frame, Margin, Ui};

use super::{group_ui, note_ui, wrong_ui};
use crate::app::msg::{FileMsg, Msg};
use crate::app::state::{Home, Purpose};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, palette, space};
use crate::app::ui::widgets::{Act, Button, Kind};

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
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        folded_ui(ui, "What has changed", CHANGES);
        group_ui(ui, "Licences");
        ui.add_space(space::HALF);
        for (name, text) in LICENCES {
            folded_ui(ui, name, text);
        }
    });
    group_ui(ui, "Log");
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
    let id = ui.scope_id().with(name);
    let open = ui.data(|data| data.get_temp(id)).unwrap_or(false);
    let icon = if open { Icon::UNFOLDED } else { Icon::FOLDED };
    if Act::new(icon, name).flush().show(ui) {
        ui.data_mut(|data| data.insert_temp(id, !open));
    }
    if open {
        let margin = Margin::symmetric(0, 8);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            let text = theme::small(text).color(palette(ui).muted);
            ui.add(egui::Label::new(text).wrap().selectable(true));
        });
    }
}
