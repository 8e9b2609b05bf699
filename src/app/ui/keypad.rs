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

/// How high the pad is.
pub(super) const HEIGHT: f32 = 4.0 * size::KEY.y + 3.0 * space::ONE_AND_HALF;

/// The pad; what was pressed goes to `pressed`.
pub(super) fn keypad_ui(ui: &mut Ui, mut pressed: impl FnMut(Dtmf)) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing = egui::Vec2::splat(space::ONE_AND_HALF);
        for row in KEYS {
            ui.horizontal(|ui| {
                let width = 3.0 * size::KEY.x + 2.0 * space::ONE_AND_HALF;
                ui.add_space(((ui.available_width() - width) / 2.0).max(0.0));
                for (key, letters) in row {
                    if key_ui(ui, size::KEY, key, letters)
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

/// The same keys on a bar: in a line, or in two where there is no room for one, and without letters.
pub(super) fn key_line_ui(ui: &mut Ui, mut pressed: impl FnMut(Dtmf)) {
    let keys = KEYS.as_flattened();
    let fits = |count: usize| {
        let gaps = (count - 1) as f32 * space::HALF;
        ((ui.available_width() - gaps) / count as f32).min(size::KEY.y)
    };
    let (count, width) = match fits(keys.len()) {
        width if width >= size::CONTROL => (keys.len(), width),
        _ => (keys.len() / 2, fits(keys.len() / 2)),
    };
    ui.spacing_mut().item_spacing = egui::Vec2::splat(space::HALF);
    for line in keys.chunks(count) {
        ui.horizontal(|ui| {
            for (key, _) in line {
                if key_ui(ui, egui::vec2(width, size::CONTROL), *key, "")
                    && let Some(key) = Dtmf::from_char(*key)
                {
                    pressed(key);
                }
            }
        });
    }
    for key in typed(ui) {
        pressed(key);
    }
}

fn key_ui(ui: &mut Ui, key_size: egui::Vec2, key: char, letters: &str) -> bool {
    let palette = palette(ui);
    let small = key_size.y < size::KEY.y;
    let (rect, response) = ui.allocate_exact_size(key_size, Sense::click());
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
    } else if small {
        palette.bg1
    } else {
        palette.bg2
    };
    let corner = if small {
        radius::CONTROL
    } else {
        radius::COMPOSER
    };
    ui.painter().rect_filled(rect, corner, fill);
    let up = if letters.is_empty() { 0.0 } else { space::ONE };
    let at = rect.center() - egui::vec2(0.0, up);
    let number = if small { letter::TITLE } else { letter::NUMBER };
    let font = FontId::new(number, fonts::semibold());
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
            .rect_stroke(rect, corner, palette.focus(), inside);
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
