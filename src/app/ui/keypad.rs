//! The pad of twelve keys, for the mouse and for the keyboard.

use egui::accesskit::Role;
use egui::{Align2, FontId, Sense, Ui, WidgetInfo};

use super::fonts;
use super::theme::{letter, palette, radius, size, space};
use crate::protocol::Dtmf;

/// The keys as they stand on the pad, with the letters below them.
const KEYS: [[(char, &str); 3]; 4] = [
    [('1', ""), ('2', "ABC"), ('3', "DEF")],
    [('4', "GHI"), ('5', "JKL"), ('6', "MNO")],
    [('7', "PQRS"), ('8', "TUV"), ('9', "WXYZ")],
    [('*', ""), ('0', "+"), ('#', "")],
];

/// The pad; what was pressed goes to `pressed`.
pub(super) fn keypad_ui(ui: &mut Ui, mut pressed: impl FnMut(Dtmf)) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(space::ONE_AND_HALF, space::ONE);
        for row in KEYS {
            ui.horizontal(|ui| {
                let width = 3.0 * size::KEY.x + 2.0 * space::ONE_AND_HALF;
                ui.add_space(((ui.available_width() - width) / 2.0).max(0.0));
                for (key, letters) in row {
                    if key_ui(ui, key, letters)
                        && let Some(key) = Dtmf::from_char(key)
                    {
                        pressed(key);
                    }
                }
            });
        }
    });
    for key in typed(ui) {
        pressed(key);
    }
}

fn key_ui(ui: &mut Ui, key: char, letters: &str) -> bool {
    let palette = palette(ui);
    let (rect, response) = ui.allocate_exact_size(size::KEY, Sense::click());
    let name = match key {
        '*' => "Key star".to_owned(),
        '#' => "Key hash".to_owned(),
        digit => format!("Key {digit}"),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let fill = if response.is_pointer_button_down_on() {
        palette.soft
    } else if response.hovered() {
        palette.line
    } else {
        palette.bg2
    };
    ui.painter().rect_filled(rect, radius::COMPOSER, fill);
    let up = if letters.is_empty() { 0.0 } else { space::ONE };
    let at = rect.center() - egui::vec2(0.0, up);
    let font = FontId::new(letter::NUMBER, fonts::semibold());
    ui.painter()
        .text(at, Align2::CENTER_CENTER, key, font, palette.text);
    if !letters.is_empty() {
        let at = rect.center() + egui::vec2(0.0, space::ONE_AND_HALF);
        let font = FontId::proportional(letter::SMALL - 2.0);
        ui.painter()
            .text(at, Align2::CENTER_CENTER, letters, font, palette.muted);
    }
    if response.has_focus() {
        let inside = egui::StrokeKind::Inside;
        ui.painter()
            .rect_stroke(rect, radius::COMPOSER, palette.focus(), inside);
    }
    response.clicked()
}

/// Keys of the keyboard, unless something else has it.
fn typed(ui: &Ui) -> Vec<Dtmf> {
    if ui.ctx().text_edit_focused() {
        return Vec::new();
    }
    ui.input(|input| {
        let texts = input.events.iter().filter_map(|event| {
            if let egui::Event::Text(text) = event {
                Some(text.as_str())
            } else {
                None
            }
        });
        texts
            .flat_map(str::chars)
            .filter_map(Dtmf::from_char)
            .collect()
    })
}
