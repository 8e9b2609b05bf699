//! What did not work: a sentence, what to do about it, and the code in small print.

use egui::Ui;

use crate::app::msg::Failure;
use crate::app::ui::theme::{self, palette, space};

/// Says why something did not work.
pub(in crate::app::ui) fn failure_ui(ui: &mut Ui, failure: &Failure) {
    let palette = palette(ui);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::HALF;
        let code = failure.code;
        ui.label(theme::body(format!("{} {}", code.message(), code.remedy())).color(palette.bad));
        ui.label(theme::small(failure.small_print()).color(palette.faint));
    });
}
