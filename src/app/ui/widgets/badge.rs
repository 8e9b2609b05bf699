//! A count on a spot of colour.

use egui::{Align2, Color32, CornerRadius, FontId, Pos2, Rect, Ui};

use crate::app::ui::fonts;
use crate::app::ui::theme::{letter, palette, size, space};

/// Counts above this are written as "99+".
const MOST: usize = 99;

/// What a count is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app::ui) enum Badge {
    /// Something new.
    New,
    /// Something that wants to be seen.
    Urgent,
}

/// Paints a count around a point; nothing for 0. Whatever it stands on says the number in its name.
pub(in crate::app::ui) fn badge_at(ui: &Ui, center: Pos2, count: usize, badge: Badge) {
    if count == 0 {
        return;
    }
    let palette = palette(ui);
    let fill: Color32 = match badge {
        Badge::New => palette.accent,
        Badge::Urgent => palette.bad,
    };
    let text = if count > MOST {
        format!("{MOST}+")
    } else {
        count.to_string()
    };
    let font = FontId::new(letter::SMALL - 1.0, fonts::semibold());
    let galley = ui.painter().layout_no_wrap(text, font, palette.on_colour);
    let height = size::DOT + space::ONE + space::HALF / 2.0;
    let width = (galley.size().x + space::ONE).max(height);
    let rect = Rect::from_center_size(center, egui::vec2(width, height));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(u8::MAX / 2), fill);
    let at = Align2::CENTER_CENTER
        .align_size_within_rect(galley.size(), rect)
        .min;
    ui.painter().galley(at, galley, palette.on_colour);
}
