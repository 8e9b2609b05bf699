//! One of a few words beside each other, of which one is chosen.

use egui::accesskit::Role;
use egui::{Sense, Stroke, StrokeKind, Ui, WidgetInfo};

use super::{CORNER, focus_ring};
use crate::app::ui::theme::{self, palette, size, space, stroke};

/// A word that can be chosen.
#[derive(Debug)]
pub(in crate::app::ui) struct Toggle<'a> {
    name: &'a str,
    on: bool,
}

impl<'a> Toggle<'a> {
    /// The word, and whether it is the chosen one.
    pub(in crate::app::ui) fn new(name: &'a str, on: bool) -> Self {
        Self { name, on }
    }

    /// Whether it was chosen just now.
    pub(in crate::app::ui) fn show(self, ui: &mut Ui) -> bool {
        let palette = palette(ui);
        let (fill, outline, ink) = if self.on {
            (palette.soft, palette.accent, palette.accent)
        } else {
            (palette.bg1, palette.line, palette.text)
        };
        let words = theme::body(self.name).color(ink);
        let galley = egui::WidgetText::from(words).into_galley(
            ui,
            Some(egui::TextWrapMode::Extend),
            f32::INFINITY,
            egui::TextStyle::Button,
        );
        let wanted = egui::vec2(galley.size().x + 2.0 * space::TWO, size::CONTROL);
        let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
        let (name, on) = (self.name, self.on);
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, name));
        let fill = match response.hovered() && !on {
            true => palette.bg0,
            false => fill,
        };
        let outline = Stroke::new(stroke::LINE, outline);
        ui.painter()
            .rect(rect, CORNER, fill, outline, StrokeKind::Inside);
        let at = rect.center() - galley.size() / 2.0;
        ui.painter().galley(at, galley, ink);
        focus_ring(ui, &response, rect, CORNER, palette);
        response.clicked()
    }
}
