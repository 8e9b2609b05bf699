//! A line to type into, with its name above it and perhaps a word about what was typed.

use egui::{CornerRadius, Frame, Margin, Response, Stroke, TextEdit, Ui};

use super::CORNER;
use crate::app::ui::theme::{self, palette, size, space, stroke};

/// What a field shows beside the text.
#[derive(Debug, Default)]
pub(in crate::app::ui) struct Field<'a> {
    /// Its name.
    pub(in crate::app::ui) name: &'a str,
    /// What stands in it while it is empty.
    pub(in crate::app::ui) hint: &'a str,
    /// What is wrong with what was typed.
    pub(in crate::app::ui) wrong: Option<String>,
    /// Whether dots stand for what was typed.
    pub(in crate::app::ui) secret: bool,
}

/// A field. The response is that of the line itself.
pub(in crate::app::ui) fn field_ui(ui: &mut Ui, field: &Field<'_>, text: &mut String) -> Response {
    let palette = palette(ui);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::ONE;
        let name = ui.label(theme::small_strong(field.name));
        let id = ui.scope_id().with(field.name);
        let focused = ui.memory(|memory| memory.has_focus(id));
        let outline = match (&field.wrong, focused) {
            (Some(_), _) => Stroke::new(stroke::STRONG, palette.bad),
            (None, true) => palette.focus(),
            (None, false) => Stroke::new(stroke::STRONG, palette.bg2),
        };
        let frame = Frame::new()
            .fill(if focused { palette.bg1 } else { palette.bg2 })
            .stroke(outline)
            .corner_radius(CornerRadius::same(CORNER))
            .inner_margin(Margin::symmetric(12, 0));
        let response = frame
            .show(ui, |ui| {
                let edit = TextEdit::singleline(text)
                    .id(id)
                    .frame(Frame::NONE)
                    .margin(Margin::ZERO)
                    .password(field.secret)
                    .hint_text(theme::body(field.hint).color(palette.faint))
                    .align(egui::Align2::LEFT_CENTER)
                    .desired_width(f32::INFINITY)
                    .min_size(egui::vec2(0.0, size::TALL - 2.0 * stroke::STRONG));
                ui.add(edit)
            })
            .inner
            .labelled_by(name.id);
        if let Some(wrong) = &field.wrong {
            ui.label(theme::small(wrong).color(palette.bad));
        }
        response
    })
    .inner
}
