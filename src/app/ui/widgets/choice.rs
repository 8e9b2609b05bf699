//! One of several, each with an icon, a name and a word about it.

use egui::accesskit::Role;
use egui::{Align, Align2, CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

use super::{CORNER, focus_ring, text_in};
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
        let name = self.name;
        self.called(ui, name)
    }

    /// The same where others of this name stand near: who does not see it hears what it is for.
    pub(in crate::app::ui) fn show_for(self, ui: &mut Ui, what: &str) -> bool {
        let name = format!("{what}: {}", self.name);
        self.called(ui, &name)
    }

    fn called(self, ui: &mut Ui, called: &str) -> bool {
        let palette = palette(ui);
        let left = 2.0 * space::THREE;
        let room = ui.available_width() - left - size::CONTROL;
        let about = theme::small(self.about).color(palette.muted);
        let about = egui::WidgetText::from(about).into_galley(
            ui,
            Some(egui::TextWrapMode::Wrap),
            room,
            egui::TextStyle::Small,
        );
        // A line more where it needs one.
        let about_height = if self.about.is_empty() {
            -space::HALF
        } else {
            about.size().y
        };
        let height = size::ROW + space::ONE + about_height - space::TWO;
        let wanted = egui::vec2(ui.available_width(), height);
        let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
        let (name, chosen) = (self.name, self.chosen);
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, called));

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
        let at = egui::pos2(rect.left() + left, rect.top() + space::ONE_AND_HALF - 1.0);
        let head = if self.chosen {
            theme::strong(name)
        } else {
            theme::body(name)
        };
        let line = Rect::from_min_size(at, egui::vec2(room, space::PANE));
        text_in(ui, head, line, Align::Min);
        ui.painter()
            .galley(line.left_bottom(), about, palette.muted);
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
