//! A card above everything else, until it is done with.

use egui::{Frame, Margin, Ui};

use crate::app::ui::theme::{palette, radius, size, space};

/// How wide such a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app::ui) enum Width {
    /// For a question.
    Usual,
    /// For a list.
    Wide,
}

/// Shows it, and says what its content says, and whether somebody wants it gone by Esc or a click beside it.
pub(in crate::app::ui) fn modal_ui<R>(
    ui: &Ui,
    name: &'static str,
    width: Width,
    content: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    let palette = palette(ui);
    let (wanted, margin) = match width {
        Width::Usual => (size::DIALOG, 24),
        Width::Wide => (size::DIALOG * 1.25, 16),
    };
    let frame = Frame::new()
        .fill(palette.bg1)
        .stroke(palette.divider())
        .corner_radius(radius::CARD)
        .shadow(palette.shadow())
        .inner_margin(Margin::same(margin));
    let modal = egui::Modal::new(egui::Id::unique(name))
        .frame(frame)
        .backdrop_color(palette.veil);
    let shown = modal.show(ui.ctx(), |ui| {
        let screen = ui.ctx().content_rect().size();
        let around = 2.0 * space::FOUR + space::TWO;
        ui.set_width(wanted.min(screen.x - around));
        ui.set_max_height(screen.y - 4.0 * space::FOUR);
        content(ui)
    });
    let close = shown.should_close();
    (shown.inner, close)
}
