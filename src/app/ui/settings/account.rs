//! Who one is and where, and the way out.

use egui::Ui;

use crate::app::msg::{Msg, SignInMsg};
use crate::app::state::{Home, Keyring, Link, Presence};
use crate::app::ui::icons::Icon;
use crate::app::ui::keyring;
use crate::app::ui::theme::{self, palette, size, space};
use crate::app::ui::widgets::{Avatar, Button, Kind};

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
    let me = home.me().as_str();
    ui.horizontal(|ui| {
        Avatar::person(me, Presence::Unknown).show(ui, size::MIDDLE_AVATAR);
        ui.add_space(space::HALF);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add_space(space::HALF);
            ui.add(egui::Label::new(theme::strong(me)).truncate());
            let about = theme::small(format!("{place} · {state}"));
            ui.label(about.color(palette(ui).muted));
        });
    });
    ui.add_space(space::ONE);
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
