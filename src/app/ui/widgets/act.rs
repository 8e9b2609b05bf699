//! Something that can be done, as a line of a menu or of a card: an icon and words, over the whole width.

use egui::accesskit::Role;
use egui::{Align, Align2, Sense, Ui, WidgetInfo};

use super::{CORNER, focus_ring, text_in};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, palette, size, space};

/// Such a line.
#[derive(Debug)]
pub(in crate::app::ui) struct Act<'a> {
    icon: Icon,
    label: &'a str,
    danger: bool,
    flush: bool,
}

impl<'a> Act<'a> {
    /// In a menu.
    pub(in crate::app::ui) fn new(icon: Icon, label: &'a str) -> Self {
        Self {
            icon,
            label,
            danger: false,
            flush: false,
        }
    }

    /// What ends or removes something.
    pub(in crate::app::ui) fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// Its icon stands where texts above and below it begin, and its ground reaches beyond them.
    pub(in crate::app::ui) fn flush(mut self) -> Self {
        self.flush = true;
        self
    }

    /// Whether it was clicked.
    pub(in crate::app::ui) fn show(self, ui: &mut Ui) -> bool {
        let palette = palette(ui);
        let wanted = egui::vec2(ui.available_width(), size::CONTROL);
        let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
        let label = self.label;
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
        let (inside, around) = match self.flush {
            true => (rect, rect.expand2(egui::vec2(space::ONE, 0.0))),
            false => (rect.shrink2(egui::vec2(space::ONE, 0.0)), rect),
        };
        let (mark, ink) = match self.danger {
            true => (palette.bad, palette.bad),
            false => (palette.muted, palette.text),
        };
        if response.hovered() {
            let fill = match response.is_pointer_button_down_on() {
                true => palette.line,
                false => palette.bg2,
            };
            ui.painter().rect_filled(around, CORNER, fill);
        }
        let at = inside.left_center();
        let font = Icon::font(size::ICON, false);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, self.icon.text(), font, mark);
        let mut words = inside;
        words.min.x += size::ICON + space::ONE_AND_HALF;
        text_in(ui, theme::body(label).color(ink), words, Align::Min);
        focus_ring(ui, &response, around, CORNER, palette);
        response.clicked()
    }
}
