//! What is said of the system's keyring where one signs in or out. What it did not do stands in the bar.

use egui::Ui;

use super::theme::{self, palette};
use super::widgets::{Toggle, link_button};
use crate::app::msg::{Msg, SecretMsg};
use crate::app::state::{Keyring, TokenWanted};

/// What the toggle is called with which one is asked for a token each time.
pub(super) const ASK: &str = "Ask me each time";

/// Whether the token is asked for each time.
pub(super) fn ask_ui(ui: &mut Ui, keyring: &Keyring, out: &mut Vec<Msg>) {
    let muted = palette(ui).muted;
    if Toggle::new(ASK, keyring.ask).show(ui) {
        out.push(Msg::Secret(SecretMsg::AskEachTime(!keyring.ask)));
    }
    let about = if keyring.ask {
        "The token is kept nowhere; you paste it at each start."
    } else {
        "The token is kept in the system's keyring until you sign out."
    };
    ui.label(theme::small(about).color(muted));
}

/// Why a token is to be typed, and what else can be done.
pub(super) fn wanted_ui(ui: &mut Ui, wanted: &TokenWanted, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let colour = match wanted {
        TokenWanted::Ask | TokenWanted::Instead => palette.text,
        TokenWanted::Gone | TokenWanted::Keyring(_) => palette.bad,
    };
    ui.label(theme::body(wanted.sentence()).color(colour));
    if wanted.may_pass() && link_button(ui, None, "Try the keyring again") {
        out.push(Msg::Secret(SecretMsg::Again));
    }
}
