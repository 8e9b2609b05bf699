//! A page's name among others, of which one is shown.

use egui::accesskit::Role;
use egui::{Sense, Ui, WidgetInfo};

use super::{CORNER, focus_ring};
use crate::app::ui::theme::{self, palette, size, space, stroke};

/// A tab, which stands at the foot of the line that it is in. Whether it was pressed.
pub(in crate::app::ui) fn tab_ui(ui: &mut Ui, name: &str, on: bool) -> bool {
    let palette = palette(ui);
    let ink = if on { palette.text } else { palette.muted };
    let words = theme::strong(name).color(ink);
    let galley = egui::WidgetText::from(words).into_galley(
        ui,
        Some(egui::TextWrapMode::Extend),
        f32::INFINITY,
        egui::TextStyle::Button,
    );
    let aside = ui.spacing().button_padding.x.min(space::ONE);
    let wanted = egui::vec2(galley.size().x + 2.0 * aside, size::CONTROL);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, on, name));
    let at = egui::pos2(rect.left() + aside, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, ink);
    if on {
        let line = egui::Stroke::new(stroke::STRONG, palette.accent);
        ui.painter().hline(rect.x_range(), rect.bottom(), line);
    }
    focus_ring(ui, &response, rect, CORNER, palette);
    response.clicked()
}
