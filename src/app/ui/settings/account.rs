//! Who one is and where, and the way out.

use egui::Ui;

use crate::app::msg::{Msg, SignInMsg};
use crate::app::state::{Home, Link};
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, palette};
use crate::app::ui::widgets::{Button, Kind};

/// The section.
pub(super) fn account_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    let state = match home.link {
        Link::Coming => "connecting",
        Link::Up => "online",
        Link::Lost => "offline, trying to come back",
    };
    let place = home.place.as_deref().unwrap_or_default();
    let text = format!("Signed in as {} {place} · {state}", home.me());
    ui.label(theme::body(text).color(palette(ui).muted));
    if Button::new(Kind::Quiet, "Sign out")
        .icon(Icon::SIGN_OUT)
        .show(ui)
    {
        out.push(Msg::SignIn(SignInMsg::SignOut));
    }
}
