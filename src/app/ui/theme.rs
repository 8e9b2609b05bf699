//! Every colour, size and space of the app, in light and dark. No view writes a literal one.
//!
//! The values are those of the design's tokens. What stands on what is in [`Palette::pairs`], and a test measures every
//! pair of it.

use egui::epaint::Shadow;
use egui::style::{WidgetVisuals, Widgets};
use egui::{
    Color32, CornerRadius, FontFamily, FontId, RichText, Stroke, TextStyle, Theme, Visuals,
};

use super::fonts;

/// Colours.
#[derive(Debug)]
pub(super) struct Palette {
    /// Window and rail.
    pub(super) bg0: Color32,
    /// Panes and cards.
    pub(super) bg1: Color32,
    /// Fields at rest, keys, code.
    pub(super) bg2: Color32,
    /// Dividers and outlines.
    pub(super) line: Color32,
    /// What is to be read.
    pub(super) text: Color32,
    /// What stands beside it.
    pub(super) muted: Color32,
    /// What is there if one looks for it.
    pub(super) faint: Color32,
    /// The one accent.
    pub(super) accent: Color32,
    /// Selection, own things, what is on.
    pub(super) soft: Color32,
    /// Answer, available.
    pub(super) ok: Color32,
    /// Away.
    pub(super) warn: Color32,
    /// Decline, errors.
    pub(super) bad: Color32,
    /// On accent, ok and bad.
    pub(super) on_colour: Color32,
    /// Under cards and popups.
    shadow: Color32,
    /// Over the window while a dialog is open.
    pub(super) veil: Color32,
}

/// Light.
static LIGHT: Palette = Palette {
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
static DARK: Palette = Palette {
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
pub(super) struct Face {
    pub(super) ground: Color32,
    pub(super) letter: Color32,
}

/// The faces that accounts and rooms share out among themselves.
pub(super) static FACES: [Face; 7] = [
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

/// Sizes, in points.
pub(super) mod size {
    /// A control.
    pub(crate) const CONTROL: f32 = 36.0;
    /// A control that a screen is about: Sign in, End.
    pub(crate) const TALL: f32 = 44.0;
    /// Nothing that can be clicked is smaller.
    pub(crate) const CLICKABLE: f32 = 32.0;
    /// An icon in a control.
    pub(crate) const ICON: f32 = 20.0;
    /// An icon within a line of text.
    pub(crate) const SMALL_ICON: f32 = 14.0;
    /// The face of a person or a room.
    pub(crate) const AVATAR: f32 = 36.0;
    /// The same on the card of a call.
    pub(crate) const LARGE_AVATAR: f32 = 88.0;
    /// The same in the head of a call.
    pub(crate) const MIDDLE_AVATAR: f32 = 48.0;
    /// The dot of presence.
    pub(crate) const DOT: f32 = 8.0;
    /// Round buttons of a call.
    pub(crate) const ROUND: f32 = 56.0;
    /// What can be on or off in a call.
    pub(crate) const TILE: f32 = 48.0;
    /// A key of the pad.
    pub(crate) const KEY: egui::Vec2 = egui::vec2(72.0, 56.0);
    /// The rail.
    pub(crate) const RAIL: f32 = 56.0;
    /// The list.
    pub(crate) const LIST: f32 = 288.0;
    /// The narrowest and the widest list.
    pub(crate) const LIST_RANGE: egui::Rangef = egui::Rangef {
        min: 240.0,
        max: 400.0,
    };
    /// The details.
    pub(crate) const DETAILS: f32 = 272.0;
    /// The narrowest and the widest details.
    pub(crate) const DETAILS_RANGE: egui::Rangef = egui::Rangef {
        min: 240.0,
        max: 400.0,
    };
    /// A row of a list.
    pub(crate) const ROW: f32 = 52.0;
    /// The head of a pane.
    pub(crate) const HEAD: f32 = 64.0;
    /// The sign-in card.
    pub(crate) const CARD: f32 = 420.0;
    /// A dialog.
    pub(crate) const DIALOG: f32 = 380.0;
    /// The keys of a shortcut.
    pub(crate) const KEYS: f32 = 104.0;
    /// A menu.
    pub(crate) const MENU: f32 = 220.0;
    /// The card of a call.
    pub(crate) const CALL: egui::Vec2 = egui::vec2(320.0, 400.0);
    /// The same with its pad open.
    pub(crate) const CALL_WITH_PAD: egui::Vec2 = egui::vec2(360.0, 600.0);
    /// The least width of that card while other calls are on it, whose buttons stand beside each other.
    pub(crate) const CALL_BESIDE: f32 = 384.0;
    /// A call that waits beside another.
    pub(crate) const WAITING: f32 = 92.0;
    /// The pad beside the list of calls.
    pub(crate) const DIAL: f32 = 280.0;
    /// Lines of text are no longer than one can follow with the eye.
    pub(crate) const TEXT: f32 = 720.0;
    /// Below this width the list and the conversation take turns.
    pub(crate) const NARROW: f32 = 720.0;
    /// How much room the tools of the inspector take with their words.
    pub(crate) const TOOLS: f32 = 424.0;
    /// When an attribute was changed, and by whom.
    pub(crate) const CHANGED: f32 = 140.0;
    /// Below this width the details do not fit beside the conversation.
    pub(crate) const NO_DETAILS: f32 = 1000.0;
    /// The most lines that the composer shows at once.
    pub(crate) const COMPOSER: f32 = 160.0;
}

/// Space, in points, in steps of eight; four within a control.
pub(super) mod space {
    /// Within a control.
    pub(crate) const HALF: f32 = 4.0;
    /// Between things that belong together.
    pub(crate) const ONE: f32 = 8.0;
    /// Between a control and its neighbour.
    pub(crate) const ONE_AND_HALF: f32 = 12.0;
    /// Between groups.
    pub(crate) const TWO: f32 = 16.0;
    /// Around the content of a pane.
    pub(crate) const PANE: f32 = 20.0;
    /// Between sections.
    pub(crate) const THREE: f32 = 24.0;
    /// Around the content of a card.
    pub(crate) const FOUR: f32 = 32.0;
}

/// Corners, in points.
pub(super) mod radius {
    /// Controls.
    pub(crate) const CONTROL: u8 = 8;
    /// Faces of rooms.
    pub(crate) const ROOM: u8 = 10;
    /// The composer, and keys.
    pub(crate) const COMPOSER: u8 = 12;
    /// Cards.
    pub(crate) const CARD: u8 = 16;
}

/// Outlines, in points.
pub(super) mod stroke {
    /// Dividers and outlines.
    pub(crate) const LINE: f32 = 1.0;
    /// What has the keyboard, or is chosen.
    pub(crate) const STRONG: f32 = 2.0;
}

/// Heights of lines, in points.
mod line {
    pub(super) const TITLE: f32 = 24.0;
    pub(super) const BODY: f32 = 20.0;
    pub(super) const SMALL: f32 = 16.0;
    pub(super) const NUMBER: f32 = 32.0;
}

/// Sizes of letters, in points.
pub(super) mod letter {
    /// Titles.
    pub(crate) const TITLE: f32 = 18.0;
    /// What is to be read.
    pub(crate) const BODY: f32 = 14.0;
    /// What stands beside it.
    pub(crate) const SMALL: f32 = 12.0;
    /// Keys of the pad, and digits that were pressed.
    pub(crate) const NUMBER: f32 = 20.0;
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
    pub(super) fn shadow(&self) -> Shadow {
        Shadow {
            offset: [0, 8],
            blur: 32,
            spread: 0,
            color: self.shadow,
        }
    }

    /// A divider.
    pub(super) fn divider(&self) -> Stroke {
        Stroke::new(stroke::LINE, self.line)
    }

    /// Around what has the keyboard.
    pub(super) fn focus(&self) -> Stroke {
        Stroke::new(stroke::STRONG, self.accent)
    }
}

/// The colours of this place.
pub(super) fn palette(ui: &egui::Ui) -> &'static Palette {
    if ui.visuals().dark_mode {
        &DARK
    } else {
        &LIGHT
    }
}

/// A title.
pub(super) fn title(text: impl Into<String>) -> RichText {
    let text = RichText::new(text).text_style(TextStyle::Heading);
    text.line_height(Some(line::TITLE))
}

/// What is to be read.
pub(super) fn body(text: impl Into<String>) -> RichText {
    let text = RichText::new(text).text_style(TextStyle::Body);
    text.line_height(Some(line::BODY))
}

/// The same, for names.
pub(super) fn strong(text: impl Into<String>) -> RichText {
    body(text).family(fonts::semibold())
}

/// What stands beside it.
pub(super) fn small(text: impl Into<String>) -> RichText {
    let text = RichText::new(text).text_style(TextStyle::Small);
    text.line_height(Some(line::SMALL))
}

/// The same, for headings of groups and labels of fields.
pub(super) fn small_strong(text: impl Into<String>) -> RichText {
    small(text).family(fonts::semibold())
}

/// Digits that were pressed.
pub(super) fn number(text: impl Into<String>) -> RichText {
    let text = RichText::new(text).size(letter::NUMBER);
    text.line_height(Some(line::NUMBER))
}

/// Gives egui this look, in both themes; which one is shown follows the system.
pub(super) fn install(ctx: &egui::Context) {
    ctx.set_theme(egui::ThemePreference::System);
    // Where the system does not say.
    ctx.options_mut(|options| options.fallback_theme = Theme::Light);
    for (theme, palette) in [(Theme::Light, &LIGHT), (Theme::Dark, &DARK)] {
        ctx.style_mut_of(theme, |style| {
            style.visuals = visuals(theme, palette);
            style.text_styles = [
                (
                    TextStyle::Heading,
                    FontId::new(letter::TITLE, fonts::semibold()),
                ),
                (
                    TextStyle::Body,
                    FontId::new(letter::BODY, FontFamily::Proportional),
                ),
                (
                    TextStyle::Button,
                    FontId::new(letter::BODY, fonts::semibold()),
                ),
                (
                    TextStyle::Small,
                    FontId::new(letter::SMALL, FontFamily::Proportional),
                ),
                (
                    TextStyle::Monospace,
                    FontId::new(letter::SMALL, FontFamily::Monospace),
                ),
            ]
            .into();
            let spacing = &mut style.spacing;
            spacing.item_spacing = egui::vec2(space::ONE, space::ONE);
            spacing.button_padding = egui::vec2(space::ONE_AND_HALF, space::ONE);
            spacing.interact_size.y = size::CLICKABLE;
            spacing.scroll = egui::style::ScrollStyle::floating();
            style.interaction.selectable_labels = false;
            style.animation_time = 0.14;
        });
    }
}

fn visuals(theme: Theme, palette: &Palette) -> Visuals {
    let mut visuals = theme.default_visuals();
    let state = |fill: Color32, outline: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(stroke::LINE, outline),
        corner_radius: CornerRadius::same(radius::CONTROL),
        fg_stroke: Stroke::new(stroke::LINE, text),
        expansion: 0.0,
    };
    visuals.widgets = Widgets {
        noninteractive: state(palette.bg1, palette.line, palette.text),
        inactive: state(palette.bg2, palette.bg2, palette.text),
        hovered: state(palette.bg2, palette.line, palette.text),
        active: state(palette.soft, palette.accent, palette.text),
        open: state(palette.bg2, palette.line, palette.text),
    };
    visuals.selection.bg_fill = palette.accent.gamma_multiply(0.3);
    visuals.selection.stroke = palette.focus();
    visuals.hyperlink_color = palette.accent;
    visuals.weak_text_color = Some(palette.faint);
    visuals.extreme_bg_color = palette.bg1;
    visuals.text_edit_bg_color = Some(Color32::TRANSPARENT);
    visuals.code_bg_color = palette.bg2;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    visuals.panel_fill = palette.bg1;
    visuals.window_fill = palette.bg1;
    visuals.window_stroke = palette.divider();
    visuals.window_corner_radius = CornerRadius::same(radius::CARD);
    visuals.menu_corner_radius = CornerRadius::same(radius::CONTROL);
    visuals.window_shadow = palette.shadow();
    visuals.popup_shadow = Shadow {
        offset: [0, 2],
        blur: 12,
        ..palette.shadow()
    };
    visuals.text_cursor.stroke = Stroke::new(stroke::STRONG, palette.accent);
    visuals
}

#[cfg(test)]
pub(super) mod tests {
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
