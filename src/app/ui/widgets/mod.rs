//! Controls that screens share. Each is a real widget: it has a role, a name and a state, takes the keyboard, and shows it.

mod act;
mod avatar;
mod badge;
mod button;
mod choice;
mod failure;
mod field;
mod icon;
mod modal;
mod pane;
mod row;
mod switch;
mod tab;
mod toggle;

pub(super) use act::Act;
pub(super) use avatar::Avatar;
pub(super) use badge::{Badge, badge_at, mention_at};
pub(super) use button::{Button, Kind, icon_button, link_button, round_button, tile_button};
pub(super) use choice::Choice;
pub(super) use failure::failure_ui;
pub(super) use field::{Field, field_ui};
pub(super) use icon::{icon_ui, named_icon_ui};
pub(super) use modal::{Width, modal_ui};
pub(super) use pane::{pane_head_ui, rows_ui, side_ui, title_ui};
pub(super) use row::{Marks, Row};
pub(super) use switch::switch_ui;
pub(super) use tab::tab_ui;
pub(super) use toggle::Toggle;

use egui::{
    Align, AsIdSalt, Layout, Rect, Response, Stroke, StrokeKind, TextStyle, TextWrapMode, Ui,
    UiBuilder, WidgetText,
};

use super::theme::{Palette, radius};

/// What may be pressed below something that comes and goes by itself. egui counts the widgets above one for its identity, so
/// that a press would be lost where one comes or goes before the release.
pub(super) fn steady_ui<R>(
    ui: &mut Ui,
    name: impl AsIdSalt,
    layout: Layout,
    content: impl FnOnce(&mut Ui) -> R,
) -> R {
    let builder = UiBuilder::new()
        .scope_id(ui.scope_id().with(name))
        .layout(layout);
    ui.scope_builder(builder, content).inner
}

/// Paints a ring around what has the keyboard.
pub(super) fn focus_ring(ui: &Ui, response: &Response, rect: Rect, corner: u8, palette: &Palette) {
    if response.has_focus() {
        let ring = palette.focus();
        ui.painter()
            .rect_stroke(rect, corner, ring, StrokeKind::Inside);
    }
}

/// Paints a text into a row, cut with an ellipsis where it is too long, and says how wide it is.
pub(super) fn text_in(ui: &Ui, text: impl Into<WidgetText>, rect: Rect, align: Align) -> f32 {
    let galley = text.into().into_galley(
        ui,
        Some(TextWrapMode::Truncate),
        rect.width(),
        TextStyle::Body,
    );
    let size = galley.size();
    let x = match align {
        Align::Min => rect.left(),
        Align::Center => rect.center().x - size.x / 2.0,
        Align::Max => rect.right() - size.x,
    };
    let at = egui::pos2(x, rect.center().y - size.y / 2.0);
    let fallback = ui.visuals().text_color();
    ui.painter().galley(at, galley, fallback);
    size.x
}

/// How wide a line of text is where nothing is cut off.
pub(super) fn width_of(ui: &Ui, text: impl Into<WidgetText>) -> f32 {
    let wrap = Some(TextWrapMode::Extend);
    let galley = text.into().into_galley(ui, wrap, 0.0, TextStyle::Body);
    galley.size().x
}

/// Paints a divider across the width that is left.
pub(super) fn divider(ui: &mut Ui, stroke: Stroke) {
    let size = egui::vec2(ui.available_width(), stroke.width);
    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, stroke);
}

/// The corner of controls.
const CORNER: u8 = radius::CONTROL;
