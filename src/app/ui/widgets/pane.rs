//! What the lists at the left have in common: a head, groups of rows with their names.

use std::sync::Arc;

use egui::{Align, Frame, InnerResponse, Layout, Margin, Panel, Stroke, Ui};

use crate::app::ui::theme::{self, palette, size, stroke};

/// A pane at a side, with an edge that can be pulled: soft while it is pointed at, the accent while it is pulled.
pub(in crate::app::ui) fn side_ui<R>(
    ui: &mut Ui,
    pane: Panel,
    content: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<R> {
    let palette = palette(ui);
    let usual = Arc::clone(ui.style());
    // egui draws that edge like the words of a control in the same state.
    let widgets = &mut ui.visuals_mut().widgets;
    widgets.hovered.fg_stroke = Stroke::new(stroke::STRONG, palette.line);
    widgets.active.fg_stroke = palette.focus();
    let shown = pane.show(ui, |ui| {
        ui.set_style(Arc::clone(&usual));
        content(ui)
    });
    ui.set_style(usual);
    shown
}

/// The head of a list.
pub(in crate::app::ui) fn pane_head_ui<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = Margin {
        left: 16,
        right: 16,
        top: 14,
        bottom: 6,
    };
    Frame::new().inner_margin(margin).show(ui, content).inner
}

/// The title of a list, and what can be done with it, from right to left. Titles stand at one height on all screens.
pub(in crate::app::ui) fn title_ui(ui: &mut Ui, title: &str, tools: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_height(size::CONTROL);
        ui.label(theme::title(title));
        ui.with_layout(Layout::right_to_left(Align::Center), tools);
    });
}

/// Rows that belong together, under a name if they have one.
pub(in crate::app::ui) fn rows_ui<R>(
    ui: &mut Ui,
    name: Option<&str>,
    content: impl FnOnce(&mut Ui) -> R,
) -> R {
    if let Some(name) = name {
        let margin = Margin {
            left: 16,
            right: 16,
            top: 12,
            bottom: 6,
        };
        Frame::new().inner_margin(margin).show(ui, |ui| {
            let colour = palette(ui).muted;
            ui.label(theme::small_strong(name).color(colour));
        });
    }
    Frame::new()
        .inner_margin(Margin::symmetric(8, 0))
        .show(ui, content)
        .inner
}
