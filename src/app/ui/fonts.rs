//! The fonts that are shipped: Inter, JetBrains Mono, and Phosphor's icons. Whatever else a text needs (Chinese, Arabic,
//! emoji) comes from the system's fonts, which egui asks for by itself.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

const INTER: &str = "Inter";
const INTER_SEMIBOLD: &str = "Inter SemiBold";
const MONO: &str = "JetBrains Mono";
const ICONS: &str = "Phosphor";
const ICONS_FILLED: &str = "Phosphor Fill";

/// For names and titles.
pub(super) fn semibold() -> FontFamily {
    FontFamily::Name(INTER_SEMIBOLD.into())
}

/// Icons at rest.
pub(super) fn icons() -> FontFamily {
    FontFamily::Name(ICONS.into())
}

/// Icons of what is on.
pub(super) fn icons_filled() -> FontFamily {
    FontFamily::Name(ICONS_FILLED.into())
}

/// Gives egui the fonts.
pub(super) fn install(ctx: &egui::Context) {
    let mut fonts = FontDefinitions::empty();
    let files: [(&str, &'static [u8], FontFamily); 5] = [
        (
            INTER,
            include_bytes!("../../../assets/fonts/Inter-Regular.ttf"),
            FontFamily::Proportional,
        ),
        (
            INTER_SEMIBOLD,
            include_bytes!("../../../assets/fonts/Inter-SemiBold.ttf"),
            semibold(),
        ),
        (
            MONO,
            include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf"),
            FontFamily::Monospace,
        ),
        (
            ICONS,
            include_bytes!("../../../assets/fonts/Phosphor.ttf"),
            icons(),
        ),
        (
            ICONS_FILLED,
            include_bytes!("../../../assets/fonts/Phosphor-Fill.ttf"),
            icons_filled(),
        ),
    ];
    for (name, data, family) in files {
        let data = Arc::new(FontData::from_static(data));
        fonts.font_data.insert(name.to_owned(), data);
        fonts.families.insert(family, vec![name.to_owned()]);
    }
    ctx.set_fonts(fonts);
}
