//! A row of a list: a face, a name, a line about it, when, and how many are new.

use egui::accesskit::Role;
use egui::{Align, Align2, Color32, Rect, Response, Sense, Ui, WidgetInfo};

use super::{Avatar, Badge, CORNER, badge_at, focus_ring, row_text};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, palette, size, space};

/// A row.
#[derive(Debug)]
pub(in crate::app::ui) struct Row<'a> {
    /// Whose.
    pub(in crate::app::ui) avatar: Avatar<'a>,
    /// The name.
    pub(in crate::app::ui) name: &'a str,
    /// What is read out: the name, and what only the eye would see otherwise.
    pub(in crate::app::ui) spoken: String,
    /// The line about it.
    pub(in crate::app::ui) about: String,
    /// When.
    pub(in crate::app::ui) when: String,
    /// How many are new.
    pub(in crate::app::ui) count: usize,
    /// Whether it is the one that is shown.
    pub(in crate::app::ui) selected: bool,
}

impl Row<'_> {
    /// Shows it over the width that is left.
    pub(in crate::app::ui) fn show(self, ui: &mut Ui) -> Response {
        self.show_marked(ui, None)
    }

    /// The same with an icon before the line about it, and both in a colour.
    pub(in crate::app::ui) fn show_marked(
        self,
        ui: &mut Ui,
        mark: Option<(Icon, Color32)>,
    ) -> Response {
        let palette = palette(ui);
        let wanted = egui::vec2(ui.available_width(), size::ROW);
        let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
        let (spoken, selected) = (&self.spoken, self.selected);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, spoken));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        if self.selected {
            ui.painter().rect_filled(rect, CORNER, palette.soft);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, CORNER, palette.bg0);
        }
        let face = egui::pos2(
            rect.left() + space::ONE + size::AVATAR / 2.0,
            rect.center().y,
        );
        self.avatar.paint(ui, face, size::AVATAR);

        let left = face.x + size::AVATAR / 2.0 + space::ONE_AND_HALF;
        let right = rect.right() - space::ONE;
        let line = |top: f32, right: f32| {
            let min = egui::pos2(left, top);
            Rect::from_min_max(min, egui::pos2(right, top + space::PANE))
        };
        let top = rect.center().y - space::PANE + space::HALF / 2.0;
        let when = theme::small(&self.when).color(palette.faint);
        let taken = row_text(ui, when, line(top, right), Align::Max);
        let name_right = right - if taken > 0.0 { taken + space::ONE } else { 0.0 };
        row_text(
            ui,
            theme::strong(self.name),
            line(top, name_right),
            Align::Min,
        );
        let below = top + space::PANE - space::HALF / 2.0;
        let about_right = if self.count > 0 {
            right - space::FOUR
        } else {
            right
        };
        let mut about_line = line(below, about_right);
        let colour = mark.map_or(palette.muted, |(_, colour)| colour);
        if let Some((icon, colour)) = mark {
            let font = Icon::font(size::SMALL_ICON, false);
            let at = about_line.left_center();
            ui.painter()
                .text(at, Align2::LEFT_CENTER, icon.text(), font, colour);
            about_line.min.x += size::SMALL_ICON + space::HALF;
        }
        let about = theme::small(&self.about).color(colour);
        row_text(ui, about, about_line, Align::Min);
        let spot = egui::pos2(right - space::ONE, below + space::PANE / 2.0);
        badge_at(ui, spot, self.count, Badge::New);
        focus_ring(ui, &response, rect, CORNER, palette);
        response
    }
}
