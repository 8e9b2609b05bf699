//! How everything looks.

use egui::Ui;

use super::group_ui;
use crate::app::msg::{Msg, SettingsMsg};
use crate::app::state::{Look, SCALES, Settings};
use crate::app::ui::widgets::Toggle;

/// The section.
pub(super) fn appearance_ui(ui: &mut Ui, set: &Settings, out: &mut Vec<Msg>) {
    group_ui(ui, "Theme");
    ui.horizontal_wrapped(|ui| {
        for (theme, name) in [
            (None, "As the system"),
            (Some(Look::Light), "Light"),
            (Some(Look::Dark), "Dark"),
        ] {
            if Toggle::new(name, set.theme == theme).show(ui) {
                out.push(Msg::Settings(SettingsMsg::Theme(theme)));
            }
        }
    });
    group_ui(ui, "Size of text and controls");
    ui.horizontal_wrapped(|ui| {
        for scale in SCALES {
            if Toggle::new(&format!("{scale} %"), set.scale == scale).show(ui) {
                out.push(Msg::Settings(SettingsMsg::Scale(scale)));
            }
        }
    });
}
