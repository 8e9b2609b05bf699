//! Every colour, in light and dark, and what stands on what.

use egui::epaint::Shadow;
use egui::{Color32, Stroke};

use super::stroke;

/// Colours.
#[derive(Debug)]
pub(in crate::app::ui) struct Palette {
    /// Window and rail.
    pub(in crate::app::ui) bg0: Color32,
    /// Panes and cards.
    pub(in crate::app::ui) bg1: Color32,
    /// Fields at rest, keys, code.
    pub(in crate::app::ui) bg2: Color32,
    /// Dividers and outlines.
    pub(in crate::app::ui) line: Color32,
    /// What is to be read.
    pub(in crate::app::ui) text: Color32,
    /// What stands beside it.
    pub(in crate::app::ui) muted: Color32,
    /// What is there if one looks for it.
    pub(in crate::app::ui) faint: Color32,
    /// The one accent.
    pub(in crate::app::ui) accent: Color32,
    /// Selection, own things, what is on.
    pub(in crate::app::ui) soft: Color32,
    /// Answer, available.
    pub(in crate::app::ui) ok: Color32,
    /// Away.
    pub(in crate::app::ui) warn: Color32,
    /// Decline, errors.
    pub(in crate::app::ui) bad: Color32,
    /// On accent, ok and bad.
    pub(in crate::app::ui) on_colour: Color32,
    /// Under cards and popups.
    shadow: Color32,
    /// Over the window while a dialog is open.
    pub(in crate::app::ui) veil: Color32,
}

/// Light.
pub(super) static LIGHT: Palette = Palette {
    bg0: Color32::from_rgb(0xF4, 0xF5, 0xF7),
    bg1: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    bg2: Color32::from_rgb(0xEC, 0xEE, 0xF2),
    line: Color32::from_rgb(0xE0, 0xE3, 0xE9),
    text: Color32::from_rgb(0x1A, 0x1D, 0x24),
    muted: Color32::from_rgb(0x59, 0x62, 0x74),
    faint: Color32::from_rgb(0x62, 0x6A, 0x7A),
    accent: Color32::from_rgb(0x2F, 0x5B, 0xE0),
    soft: Color32::from_rgb(0xE6, 0xED, 0xFF),
    ok: Color32::from_rgb(0x13, 0x74, 0x3F),
    warn: Color32::from_rgb(0x8A, 0x5A, 0x00),
    bad: Color32::from_rgb(0xC2, 0x28, 0x31),
    on_colour: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    shadow: Color32::from_black_alpha(28),
    veil: Color32::from_black_alpha(72),
};

/// Dark.
pub(super) static DARK: Palette = Palette {
    bg0: Color32::from_rgb(0x10, 0x12, 0x16),
    bg1: Color32::from_rgb(0x16, 0x19, 0x1F),
    bg2: Color32::from_rgb(0x1F, 0x23, 0x2B),
    line: Color32::from_rgb(0x2A, 0x2F, 0x39),
    text: Color32::from_rgb(0xE8, 0xEA, 0xEF),
    muted: Color32::from_rgb(0xA3, 0xAC, 0xBA),
    faint: Color32::from_rgb(0x8B, 0x94, 0xA4),
    accent: Color32::from_rgb(0x7C, 0x9D, 0xFF),
    soft: Color32::from_rgb(0x22, 0x2C, 0x47),
    ok: Color32::from_rgb(0x4C, 0xC3, 0x8A),
    warn: Color32::from_rgb(0xE2, 0xB6, 0x5B),
    bad: Color32::from_rgb(0xFF, 0x7B, 0x80),
    on_colour: Color32::from_rgb(0x0B, 0x10, 0x20),
    shadow: Color32::from_black_alpha(110),
    veil: Color32::from_black_alpha(140),
};

/// A face: a pale ground and a deep letter on it, the same in light and dark.
pub(in crate::app::ui) struct Face {
    pub(in crate::app::ui) ground: Color32,
    pub(in crate::app::ui) letter: Color32,
}

/// The faces that accounts and rooms share out among themselves.
pub(in crate::app::ui) static FACES: [Face; 7] = [
    face(0xE0_E8FF, 0x24_4BC4),
    face(0xFF_E1E1, 0xB0_2A33),
    face(0xDD_F4E5, 0x13_6B3B),
    face(0xFF_EFCC, 0x80_5300),
    face(0xEF_E1FF, 0x6A_35B0),
    face(0xD7_F3F3, 0x0B_6464),
    face(0xE6_E8ED, 0x4A_5263),
];

const fn face(ground: u32, letter: u32) -> Face {
    Face {
        ground: rgb(ground),
        letter: rgb(letter),
    }
}

const fn rgb(hex: u32) -> Color32 {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

impl Palette {
    /// What stands on what, and how much it must differ at least: text 4.5, icons and marks 3.
    #[cfg(test)]
    fn pairs(&self) -> Vec<(&'static str, Color32, Color32, f32)> {
        const TEXT: f32 = 4.5;
        const MARK: f32 = 3.0;
        let mut pairs = Vec::new();
        for (name, ground) in [
            ("bg0", self.bg0),
            ("bg1", self.bg1),
            ("bg2", self.bg2),
            ("soft", self.soft),
        ] {
            for colour in [self.text, self.muted, self.faint] {
                pairs.push((name, colour, ground, TEXT));
            }
            pairs.push((name, self.accent, ground, MARK));
            pairs.push((name, self.ok, ground, MARK));
            pairs.push((name, self.warn, ground, MARK));
            pairs.push((name, self.bad, ground, MARK));
        }
        for colour in [self.accent, self.ok, self.warn, self.bad] {
            pairs.push(("words on panes", colour, self.bg1, TEXT));
        }
        pairs.push(("what is on", self.accent, self.soft, TEXT));
        for ground in [self.accent, self.ok, self.bad, self.faint] {
            pairs.push(("on colour", self.on_colour, ground, TEXT));
        }
        pairs
    }

    /// The shadow of a card or a popup.
    pub(in crate::app::ui) fn shadow(&self) -> Shadow {
        Shadow {
            offset: [0, 8],
            blur: 32,
            spread: 0,
            color: self.shadow,
        }
    }

    /// A divider.
    pub(in crate::app::ui) fn divider(&self) -> Stroke {
        Stroke::new(stroke::LINE, self.line)
    }

    /// Around what has the keyboard.
    pub(in crate::app::ui) fn focus(&self) -> Stroke {
        Stroke::new(stroke::STRONG, self.accent)
    }
}

/// The colours of this place.
pub(in crate::app::ui) fn palette(ui: &egui::Ui) -> &'static Palette {
    if ui.visuals().dark_mode {
        &DARK
    } else {
        &LIGHT
    }
}

#[cfg(test)]
pub(in crate::app::ui) mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(colour: Color32) -> f32 {
        let channel = |value: u8| {
            let value = f32::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
    }

    /// Contrast ratio (WCAG 2.2, 1.4.3).
    pub(in crate::app::ui) fn contrast(one: Color32, other: Color32) -> f32 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn contrast_is_measured_as_the_standard_says() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
        assert!(
            (contrast(Color32::from_rgb(0x77, 0x77, 0x77), Color32::WHITE) - 4.48).abs() < 0.01
        );
    }

    #[test]
    fn every_pair_can_be_read() {
        for (theme, palette) in [("light", &LIGHT), ("dark", &DARK)] {
            for (name, colour, ground, least) in palette.pairs() {
                let found = contrast(colour, ground);
                assert!(
                    found >= least,
                    "{theme}, {name}: {colour:?} on {ground:?} is {found}"
                );
            }
        }
        for face in &FACES {
            assert!(
                contrast(face.letter, face.ground) >= 4.5,
                "{:?}",
                face.ground
            );
        }
    }
}
