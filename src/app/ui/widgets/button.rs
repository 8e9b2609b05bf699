//! Buttons: with words, with an icon alone, round ones for calls, and words that look like a link.

use egui::accesskit::Role;
use egui::{Align2, Color32, CornerRadius, Rect, Response, Sense, Ui, Vec2, WidgetInfo};

use super::{CORNER, focus_ring};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, palette, radius, size, space};

/// What a button is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app::ui) enum Kind {
    /// The one thing to do here.
    Primary,
    /// Something else that one may do.
    Quiet,
    /// The same on a bar that has a colour.
    Raised,
    /// What ends or removes something.
    Danger,
    /// What takes a call.
    Answer,
}

/// A button with words.
#[derive(Debug)]
pub(in crate::app::ui) struct Button<'a> {
    label: &'a str,
    name: &'a str,
    kind: Kind,
    icon: Option<Icon>,
    bare: bool,
    size: Vec2,
    enabled: bool,
}

impl<'a> Button<'a> {
    /// As wide as its words.
    pub(in crate::app::ui) fn new(kind: Kind, label: &'a str) -> Self {
        Self {
            label,
            name: label,
            kind,
            icon: None,
            bare: false,
            size: egui::vec2(0.0, size::CONTROL),
            enabled: true,
        }
    }

    /// As wide as there is room, and tall.
    pub(in crate::app::ui) fn wide(mut self, ui: &Ui) -> Self {
        self.size = egui::vec2(ui.available_width(), size::TALL);
        self
    }

    /// So wide at least, as others beside it.
    pub(in crate::app::ui) fn width(mut self, width: f32) -> Self {
        self.size.x = width;
        self
    }

    /// What is read out, where several of the same words are to be told apart.
    pub(in crate::app::ui) fn named(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// Without its words, where there is no room for them; they are shown when one points at it.
    pub(in crate::app::ui) fn bare(mut self, bare: bool) -> Self {
        self.bare = bare;
        self
    }

    /// With an icon before the words.
    pub(in crate::app::ui) fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Whether it can be pressed.
    pub(in crate::app::ui) fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Whether it was pressed.
    pub(in crate::app::ui) fn show(self, ui: &mut Ui) -> bool {
        let palette = palette(ui);
        let (fill, ink) = match self.kind {
            Kind::Primary => (palette.accent, palette.on_colour),
            Kind::Quiet => (palette.bg2, palette.text),
            Kind::Raised => (palette.bg1, palette.text),
            Kind::Danger => (palette.bad, palette.on_colour),
            Kind::Answer => (palette.ok, palette.on_colour),
        };
        // What cannot be pressed recedes, and can still be read.
        let (fill, ink) = if self.enabled {
            (fill, ink)
        } else {
            (palette.bg2, palette.faint)
        };
        let label = if self.bare { "" } else { self.label };
        let words = theme::strong(label).color(ink);
        let galley = egui::WidgetText::from(words).into_galley(
            ui,
            Some(egui::TextWrapMode::Extend),
            f32::INFINITY,
            egui::TextStyle::Button,
        );
        let gap = if self.bare { 0.0 } else { space::ONE };
        let icon_width = self.icon.map_or(0.0, |_| size::ICON + gap);
        let content = galley.size().x + icon_width;
        let around = if self.bare { space::ONE } else { space::TWO };
        let width = self.size.x.max(content + 2.0 * around);
        let sense = if self.enabled {
            Sense::click()
        } else {
            Sense::hover()
        };
        let (rect, response) = ui.allocate_exact_size(egui::vec2(width, self.size.y), sense);
        let (name, enabled) = (self.name, self.enabled);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
        if ui.is_rect_visible(rect) {
            let fill = match self.enabled {
                true => pressed(fill, &response, ink),
                false => fill,
            };
            let corner = CornerRadius::same(CORNER);
            ui.painter().rect_filled(rect, corner, fill);
            let mut at = egui::pos2(rect.center().x - content / 2.0, rect.center().y);
            if let Some(icon) = self.icon {
                let font = Icon::font(size::ICON, icon.solid());
                ui.painter()
                    .text(at, Align2::LEFT_CENTER, icon.text(), font, ink);
                at.x += icon_width;
            }
            at.y -= galley.size().y / 2.0;
            ui.painter().galley(at, galley, ink);
            focus_ring(ui, &response, rect.expand(space::HALF), CORNER, palette);
        }
        let clicked = response.clicked();
        if self.bare {
            response.on_hover_text(self.name);
        }
        clicked
    }
}

/// A button with an icon alone; its name is read out, and shown when one points at it.
pub(in crate::app::ui) fn icon_button(ui: &mut Ui, icon: Icon, name: &str, on: bool) -> Response {
    let palette = palette(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size::CONTROL), Sense::click());
    let info = || WidgetInfo::selected(Role::Button, true, on, name);
    let plain = || WidgetInfo::labeled(Role::Button, true, name);
    if on {
        response.widget_info(info);
    } else {
        response.widget_info(plain);
    }
    let (fill, ink) = match (on, response.hovered()) {
        (true, _) => (palette.soft, palette.accent),
        (false, true) => (palette.bg2, palette.text),
        (false, false) => (Color32::TRANSPARENT, palette.muted),
    };
    ui.painter().rect_filled(rect, CORNER, fill);
    let font = Icon::font(size::ICON, on);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, icon.text(), font, ink);
    focus_ring(ui, &response, rect, CORNER, palette);
    response.on_hover_text(name)
}

/// A round button of a call, with its name below.
pub(in crate::app::ui) fn round_button(ui: &mut Ui, icon: Icon, name: &str, fill: Color32) -> bool {
    let palette = palette(ui);
    let label = theme::small(name).color(palette.muted);
    ui.vertical(|ui| {
        ui.set_width(size::ROUND + space::THREE);
        ui.with_layout(egui::Layout::top_down(egui::Align::Center), |ui| {
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(size::ROUND), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
            let quiet = fill == palette.bg2;
            let ink = if quiet {
                palette.text
            } else {
                palette.on_colour
            };
            let fill = pressed(fill, &response, ink);
            ui.painter()
                .circle_filled(rect.center(), size::ROUND / 2.0, fill);
            let font = Icon::font(size::ICON + space::HALF, !quiet);
            ui.painter()
                .text(rect.center(), Align2::CENTER_CENTER, icon.text(), font, ink);
            if response.has_focus() {
                let radius = size::ROUND / 2.0 + space::HALF;
                ui.painter()
                    .circle_stroke(rect.center(), radius, palette.focus());
            }
            // The button says it already.
            let at = ui.available_rect_before_wrap();
            let line = Rect::from_min_size(at.min, egui::vec2(at.width(), space::TWO));
            super::text_in(ui, label, line, egui::Align::Center);
            ui.advance_cursor_after_rect(line);
            response.clicked()
        })
        .inner
    })
    .inner
}

/// What can be on or off in a call, with its name below it.
pub(in crate::app::ui) fn tile_button(ui: &mut Ui, icon: Icon, name: &str, on: bool) -> bool {
    let palette = palette(ui);
    let wanted = egui::vec2(
        size::TILE + space::TWO,
        size::TILE + space::HALF + space::TWO,
    );
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, name));
    let middle = egui::pos2(rect.center().x, rect.top() + size::TILE / 2.0);
    let tile = Rect::from_center_size(middle, Vec2::splat(size::TILE));
    let (fill, ink) = match on {
        true => (palette.soft, palette.accent),
        false => (palette.bg2, palette.muted),
    };
    let fill = pressed(fill, &response, ink);
    ui.painter().rect_filled(tile, radius::COMPOSER, fill);
    let font = Icon::font(size::ICON, on);
    ui.painter()
        .text(middle, Align2::CENTER_CENTER, icon.text(), font, ink);
    let below = Rect::from_min_max(
        egui::pos2(rect.left(), rect.bottom() - space::TWO),
        rect.max,
    );
    let label = theme::small(name).color(palette.muted);
    super::text_in(ui, label, below, egui::Align::Center);
    focus_ring(ui, &response, tile, radius::COMPOSER, palette);
    response.clicked()
}

/// Words that do something small, in the colour of links; perhaps with an icon before them.
pub(in crate::app::ui) fn link_button(ui: &mut Ui, icon: Option<Icon>, label: &str) -> bool {
    let palette = palette(ui);
    let galley = egui::WidgetText::from(theme::small(label).color(palette.accent)).into_galley(
        ui,
        Some(egui::TextWrapMode::Extend),
        f32::INFINITY,
        egui::TextStyle::Small,
    );
    let icon_width = icon.map_or(0.0, |_| size::SMALL_ICON + space::HALF);
    let width = icon_width + galley.size().x;
    let size = egui::vec2(width.max(size::CLICKABLE), size::CLICKABLE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
    let mut at = rect.left_center();
    if let Some(icon) = icon {
        let font = Icon::font(size::SMALL_ICON, false);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, icon.text(), font, palette.accent);
        at.x += icon_width;
    }
    if response.hovered() {
        let below = at.y + galley.size().y / 2.0;
        let line = egui::Rangef::new(at.x, at.x + galley.size().x);
        let stroke = egui::Stroke::new(theme::stroke::LINE, palette.accent);
        ui.painter().hline(line, below, stroke);
    }
    at.y -= galley.size().y / 2.0;
    ui.painter().galley(at, galley, palette.accent);
    focus_ring(ui, &response, rect.expand(space::HALF), CORNER, palette);
    response.clicked()
}

/// A fill that answers the pointer.
fn pressed(fill: Color32, response: &Response, ink: Color32) -> Color32 {
    let towards = |part: f32| fill.lerp_to_gamma(ink, part);
    if response.is_pointer_button_down_on() {
        towards(0.16)
    } else if response.hovered() {
        towards(0.08)
    } else {
        fill
    }
}
