//! A count on a spot of colour.

use egui::{Align2, Color32, CornerRadius, FontId, Pos2, Rect, Ui};

use crate::app::ui::fonts;
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{letter, palette, size, space};

/// Counts above this are written as "99+".
const MOST: usize = 99;

/// How high a spot is, in points.
const HEIGHT: f32 = size::DOT + space::ONE + space::HALF / 2.0;

/// What a count is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app::ui) enum Badge {
    /// Something new.
    New,
    /// Something that wants to be seen.
    Urgent,
    /// Something new that one does not want to be told.
    Silent,
}

/// Paints a count around a point; nothing for 0. Whatever it stands on says the number in its name. Says how wide it is.
pub(in crate::app::ui) fn badge_at(ui: &Ui, center: Pos2, count: usize, badge: Badge) -> f32 {
    if count == 0 {
        return 0.0;
    }
    let palette = palette(ui);
    let fill: Color32 = match badge {
        Badge::New => palette.accent,
        Badge::Urgent => palette.bad,
        Badge::Silent => palette.faint,
    };
    let text = if count > MOST {
        format!("{MOST}+")
    } else {
        count.to_string()
    };
    let font = FontId::new(letter::SMALL - 1.0, fonts::semibold());
    let galley = ui.painter().layout_no_wrap(text, font, palette.on_colour);
    let height = HEIGHT;
    let width = (galley.size().x + space::ONE).max(height);
    let rect = Rect::from_center_size(center, egui::vec2(width, height));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(u8::MAX / 2), fill);
    let at = Align2::CENTER_CENTER
        .align_size_within_rect(galley.size(), rect)
        .min;
    ui.painter().galley(at, galley, palette.on_colour);
    width
}

/// Paints the spot that says that one is named, around a point.
pub(in crate::app::ui) fn mention_at(ui: &Ui, center: Pos2) {
    let palette = palette(ui);
    ui.painter()
        .circle_filled(center, HEIGHT / 2.0, palette.bad);
    let font = Icon::font(letter::SMALL, false);
    let icon = Icon::MENTION.text();
    ui.painter()
        .text(center, Align2::CENTER_CENTER, icon, font, palette.on_colour);
}
