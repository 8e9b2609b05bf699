//! A row of a list: a face, a name, a line about it, when, and how many are new.

use egui::accesskit::Role;
use egui::{Align, Align2, Color32, Rect, Response, Sense, Ui, WidgetInfo};

use super::{Avatar, Badge, CORNER, badge_at, focus_ring, mention_at, text_in, width_of};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, palette, size, space};

/// What a row shows beside its words.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::app::ui) struct Marks {
    /// An icon before the line about it, and a colour for both.
    pub(in crate::app::ui) about: Option<(Icon, Color32)>,
    /// Whether the line about it is what happens right now.
    pub(in crate::app::ui) now: bool,
    /// Whether somebody is named in what is new.
    pub(in crate::app::ui) mention: bool,
    /// Whether it is silent.
    pub(in crate::app::ui) muted: bool,
    /// Whether the time goes below where the name would be cut off beside it, as half a number is none.
    pub(in crate::app::ui) whole: bool,
}

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
        self.show_marked(ui, Marks::default())
    }

    /// The same with what it shows beside its words. The name that is read out has to say it, too.
    pub(in crate::app::ui) fn show_marked(self, ui: &mut Ui, marks: Marks) -> Response {
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
        // A name alone stands in the middle.
        let up = match self.about.is_empty() && self.count == 0 {
            true => space::PANE / 2.0,
            false => space::PANE - space::HALF / 2.0,
        };
        let top = rect.center().y - up;
        let below = top + space::PANE - space::HALF / 2.0;
        let when = theme::small(&self.when).color(palette.faint);
        let name = theme::strong(self.name);
        let taken = width_of(ui, when.clone()) + space::ONE;
        let lower = marks.whole && width_of(ui, name.clone()) > right - left - taken;
        text_in(
            ui,
            when,
            line(if lower { below } else { top }, right),
            Align::Max,
        );
        let beside = |here: bool| match here && !self.when.is_empty() {
            true => right - taken,
            false => right,
        };
        let mut name_right = beside(!lower);
        if marks.muted {
            name_right -= size::SMALL_ICON + space::HALF;
        }
        let named = text_in(ui, name, line(top, name_right), Align::Min);
        if marks.muted {
            let font = Icon::font(size::SMALL_ICON, false);
            let at = egui::pos2(left + named + space::HALF, top + space::PANE / 2.0);
            let icon = Icon::MUTED.text();
            ui.painter()
                .text(at, Align2::LEFT_CENTER, icon, font, palette.faint);
        }
        let about_right = match (self.count > 0, marks.mention) {
            (false, _) => beside(lower),
            (true, false) => right - space::FOUR,
            (true, true) => right - space::FOUR - space::THREE,
        };
        let mut about_line = line(below, about_right);
        let colour = marks.about.map_or(palette.muted, |(_, colour)| colour);
        if let Some((icon, colour)) = marks.about {
            let font = Icon::font(size::SMALL_ICON, false);
            let at = about_line.left_center();
            ui.painter()
                .text(at, Align2::LEFT_CENTER, icon.text(), font, colour);
            about_line.min.x += size::SMALL_ICON + space::HALF;
        }
        let about = match marks.now {
            true => theme::small_strong(&self.about).color(palette.text),
            false => theme::small(&self.about).color(colour),
        };
        let cut = width_of(ui, about.clone()) > about_line.width();
        text_in(ui, about, about_line, Align::Min);
        let spot = egui::pos2(right - space::ONE, below + space::PANE / 2.0);
        let badge = if marks.muted {
            Badge::Silent
        } else {
            Badge::New
        };
        let wide = badge_at(ui, spot, self.count, badge);
        if marks.mention {
            let at = egui::pos2(spot.x - wide / 2.0 - space::ONE_AND_HALF, spot.y);
            mention_at(ui, at);
        }
        focus_ring(ui, &response, rect, CORNER, palette);
        match cut {
            true => response.on_hover_text(&self.about),
            false => response,
        }
    }
}
