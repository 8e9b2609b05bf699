//! Something that is on or off.

use egui::accesskit::Role;
use egui::{Align, Sense, Ui, WidgetInfo};

use super::{CORNER, focus_ring, text_in};
use crate::app::ui::theme::{self, palette, size, space, stroke};

/// A switch with its name, over the width that is left. Whether it was turned just now.
pub(in crate::app::ui) fn switch_ui(ui: &mut Ui, name: &str, on: bool) -> bool {
    let palette = palette(ui);
    let wanted = egui::vec2(ui.available_width(), size::CONTROL);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Switch, true, on, name));
    let high = size::ICON;
    let track = egui::Rect::from_center_size(
        egui::pos2(rect.left() + high, rect.center().y),
        egui::vec2(high * 1.8, high),
    );
    let fill = if on { palette.accent } else { palette.faint };
    ui.painter().rect_filled(track, high / 2.0, fill);
    let inner = high / 2.0 - stroke::STRONG;
    let x = match on {
        true => track.right() - high / 2.0,
        false => track.left() + high / 2.0,
    };
    let knob = egui::pos2(x, track.center().y);
    ui.painter().circle_filled(knob, inner, palette.on_colour);
    let mut words = rect;
    words.min.x = track.right() + space::ONE_AND_HALF;
    text_in(ui, theme::body(name).color(palette.text), words, Align::Min);
    focus_ring(ui, &response, rect, CORNER, palette);
    response.clicked()
}
