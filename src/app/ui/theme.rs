//! Every colour, size and space of the app, in light and dark. No view writes a literal one.
//!
//! The values are those of the design's tokens. What stands on what is in [`Palette::pairs`], and a test measures every
//! pair of it.

mod colour;

use egui::epaint::Shadow;
use egui::style::{WidgetVisuals, Widgets};
use egui::{
    Color32, CornerRadius, FontFamily, FontId, RichText, Stroke, TextStyle, Theme, Visuals,
};

use super::fonts;

#[cfg(test)]
pub(super) use colour::tests::contrast;
use colour::{DARK, LIGHT};
pub(super) use colour::{FACES, Palette, palette};

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
    pub(crate) const CALL: egui::Vec2 = egui::vec2(320.0, 456.0);
    /// The same with its pad open.
    pub(crate) const CALL_WITH_PAD: egui::Vec2 = egui::vec2(360.0, 648.0);
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
