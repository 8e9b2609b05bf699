//! Who one is and where, and the way out.

use egui::Ui;

use crate::app::msg::{Msg, SignInMsg};
use crate::app::state::{Home, Keyring, Link};
use crate::app::ui::icons::Icon;
use crate::app::ui::keyring;
use crate::app::ui::theme::{self, palette};
use crate::app::ui::widgets::{Button, Kind};

/// The section.
pub(super) fn account_ui(ui: &mut Ui, home: &Home, keyring: &Keyring, out: &mut Vec<Msg>) {
    let state = match home.link {
        Link::Coming => "connecting",
        Link::Up => "online",
        Link::Lost => "offline, trying to come back",
    };
    let place = match home.server() {
        None => "on this computer".to_owned(),
        Some(server) => format!("at {}", server.url),
    };
    let text = format!("Signed in as {} {place} · {state}", home.me());
    ui.label(theme::body(text).color(palette(ui).muted));
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
