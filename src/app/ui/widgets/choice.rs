//! One of several, each with an icon, a name and a word about it.

use egui::accesskit::Role;
use egui::{Align, Align2, CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

use super::{CORNER, focus_ring, row_text};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, palette, size, space, stroke};

/// A choice.
#[derive(Debug)]
pub(in crate::app::ui) struct Choice<'a> {
    /// Its icon.
    pub(in crate::app::ui) icon: Icon,
    /// Its name.
    pub(in crate::app::ui) name: &'a str,
    /// A word about it.
    pub(in crate::app::ui) about: &'a str,
    /// Whether it is the one.
    pub(in crate::app::ui) chosen: bool,
}

impl Choice<'_> {
    /// Whether it was chosen just now.
    pub(in crate::app::ui) fn show(self, ui: &mut Ui) -> bool {
        let palette = palette(ui);
        let height = size::ROW + space::ONE;
        let wanted = egui::vec2(ui.available_width(), height);
        let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
        let (name, chosen) = (self.name, self.chosen);
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, name));

        let (fill, outline, ink) = if self.chosen {
            (palette.soft, palette.focus(), palette.accent)
        } else {
            let outline = Stroke::new(stroke::LINE, palette.line);
            let fill = if response.hovered() {
                palette.bg0
            } else {
                palette.bg1
            };
            (fill, outline, palette.muted)
        };
        let corner = CornerRadius::same(CORNER);
        ui.painter()
            .rect(rect, corner, fill, outline, StrokeKind::Inside);
        let at = egui::pos2(rect.left() + space::THREE, rect.center().y);
        let font = Icon::font(size::ICON, false);
        ui.painter()
            .text(at, Align2::CENTER_CENTER, self.icon.text(), font, ink);
        let left = rect.left() + 2.0 * space::THREE;
        let right = rect.right() - size::CONTROL;
        let line = |top: f32, height: f32| {
            Rect::from_min_max(egui::pos2(left, top), egui::pos2(right, top + height))
        };
        let top = rect.center().y - space::THREE + space::HALF;
        let head = if self.chosen {
            theme::strong(name)
        } else {
            theme::body(name)
        };
        row_text(ui, head, line(top, space::PANE), Align::Min);
        let about = theme::small(self.about).color(palette.muted);
        row_text(ui, about, line(top + space::PANE, space::PANE), Align::Min);
        if self.chosen {
            let at = egui::pos2(rect.right() - space::PANE, rect.center().y);
            let font = Icon::font(size::SMALL_ICON, true);
            ui.painter().text(
                at,
                Align2::CENTER_CENTER,
                Icon::CHOSEN.text(),
                font,
                palette.accent,
            );
        }
        focus_ring(ui, &response, rect.expand(space::HALF), CORNER, palette);
        response.clicked()
    }
}
