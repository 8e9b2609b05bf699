//! What is said of the system's keyring: over everything else, since a token concerns whoever signs in.

use egui::{Frame, Margin, Panel, Ui};

use super::theme::{self, palette};
use super::widgets::{Toggle, link_button};
use crate::app::msg::{Msg, SecretMsg};
use crate::app::state::{Home, Keyring, Phase, TokenWanted};

/// What the toggle is called with which one is asked for a token each time.
const ASK: &str = "Ask me each time";

/// What the keyring did not do, and what can be done about it; or that it is waited for.
pub(super) fn keyring_ui(ui: &mut Ui, phase: &Phase, keyring: &Keyring, out: &mut Vec<Msg>) {
    if let Phase::Home(home) = phase {
        waiting_ui(ui, home, out);
    }
    let Some(trouble) = &keyring.trouble else {
        return;
    };
    bar_ui(ui, "keyring", &trouble.sentence(), |ui| {
        if trouble.may_pass() && link_button(ui, None, "Try again") {
            out.push(Msg::Secret(SecretMsg::Again));
        }
        if trouble.may_ask() && link_button(ui, None, ASK) {
            out.push(Msg::Secret(SecretMsg::AskEachTime(true)));
        }
        if link_button(ui, None, "Close this note") {
            out.push(Msg::Secret(SecretMsg::Seen));
        }
    });
}

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

fn waiting_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    if !home.finding {
        return;
    }
    let sentence =
        "Waiting for the system's keyring, which has your token. It may want to be unlocked.";
    bar_ui(ui, "keyring-waits", sentence, |ui| {
        if link_button(ui, None, "Paste the token instead") {
            out.push(Msg::Secret(SecretMsg::TypeInstead));
        }
    });
}

fn bar_ui(ui: &mut Ui, id: &'static str, sentence: &str, choices: impl FnOnce(&mut Ui)) {
    let frame = Frame::new()
        .fill(palette(ui).soft)
        .inner_margin(Margin::symmetric(20, 8));
    Panel::top(id)
        .frame(frame)
        .show_separator_line(false)
        .show(ui, |ui| {
            ui.label(theme::small(sentence));
            ui.horizontal_wrapped(choices);
        });
}
