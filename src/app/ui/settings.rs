//! What one can set.

use egui::{CentralPanel, Frame, Margin, ScrollArea, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Button, Kind, Toggle};
use super::{Set, home, keyring};
use crate::app::msg::{Msg, SettingsMsg, SignInMsg};
use crate::app::state::{Home, Keyring, Link, Look, SCALES, Settings};

/// The licences of what is shipped.
const LICENCES: [(&str, &str); 4] = [
    ("Callsign", "MIT or Apache-2.0"),
    ("Inter", "SIL Open Font Licence 1.1"),
    ("JetBrains Mono", "SIL Open Font Licence 1.1"),
    ("Phosphor icons", "MIT"),
];

/// The screen.
pub(super) fn settings_ui(ui: &mut Ui, home: &Home, set: Set<'_>, out: &mut Vec<Msg>) {
    let frame = Frame::new().fill(palette(ui).bg1);
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                Frame::new().inner_margin(Margin::same(20)).show(ui, |ui| {
                    ui.set_max_width(size::TEXT);
                    ui.label(theme::title("Settings"));
                    section_ui(ui, "Account", |ui| account_ui(ui, home, set.keyring, out));
                    section_ui(ui, "Appearance", |ui| appearance_ui(ui, set.settings, out));
                    section_ui(ui, "Shortcuts", shortcuts_ui);
                    section_ui(ui, "About", about_ui);
                });
            });
    });
}

fn section_ui(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.add_space(space::THREE);
    ui.label(theme::strong(name));
    ui.add_space(space::HALF);
    content(ui);
}

fn account_ui(ui: &mut Ui, home: &Home, keyring: &Keyring, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let state = match home.link {
        Link::Coming => "connecting",
        Link::Up => "online",
        Link::Lost => "offline, trying to come back",
    };
    let text = format!("Signed in as {} · {state}", home.me());
    ui.label(theme::body(text).color(palette.muted));
    if home.by_token {
        keyring::ask_ui(ui, keyring, out);
    }
    if Button::new(Kind::Quiet, "Sign out")
        .icon(Icon::SIGN_OUT)
        .show(ui)
    {
        out.push(Msg::SignIn(SignInMsg::SignOut));
    }
}

fn appearance_ui(ui: &mut Ui, set: &Settings, out: &mut Vec<Msg>) {
    let muted = palette(ui).muted;
    ui.label(theme::small_strong("Theme").color(muted));
    ui.horizontal_wrapped(|ui| {
        for (theme, name) in [
            (None, "As the system"),
            (Some(Look::Light), "Light"),
            (Some(Look::Dark), "Dark"),
        ] {
            if Toggle::new(name, set.theme == theme).show(ui) {
                out.push(Msg::Settings(SettingsMsg::Theme(theme)));
            }
        }
    });
    ui.label(theme::small_strong("Size of text and controls").color(muted));
    ui.horizontal_wrapped(|ui| {
        for scale in SCALES {
            if Toggle::new(&format!("{scale} %"), set.scale == scale).show(ui) {
                out.push(Msg::Settings(SettingsMsg::Scale(scale)));
            }
        }
    });
}

fn shortcuts_ui(ui: &mut Ui) {
    let palette = palette(ui);
    let keys = |shortcut| ui.ctx().format_shortcut(shortcut);
    let shortcuts = [
        (keys(&home::NEW), "Write a message"),
        (keys(&home::JOIN), "Join a room"),
        (keys(&home::ANSWER), "Answer the call that rings"),
        ("Enter".to_owned(), "Send what is written"),
        ("Shift+Enter".to_owned(), "Begin another line"),
        ("Up".to_owned(), "Bring back the last text that was sent"),
        ("Esc".to_owned(), "Close what is on top"),
    ];
    egui::Grid::new("shortcuts")
        .num_columns(2)
        .spacing([space::THREE, space::ONE])
        .show(ui, |ui| {
            for (keys, what) in shortcuts {
                ui.label(theme::body(keys).monospace().color(palette.text));
                ui.label(theme::body(what).color(palette.muted));
                ui.end_row();
            }
        });
}

fn about_ui(ui: &mut Ui) {
    let palette = palette(ui);
    let version = format!("Callsign {}", env!("CARGO_PKG_VERSION"));
    ui.label(theme::body(version));
    for (what, licence) in LICENCES {
        let line = format!("{what}: {licence}");
        ui.label(theme::small(line).color(palette.muted));
    }
}
