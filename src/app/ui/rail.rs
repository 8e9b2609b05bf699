//! The rail: where one can go, and at its foot who one is.

use egui::{Frame, Margin, Panel, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Avatar, Badge, badge_at, icon_button};
use crate::app::msg::{Msg, NavMsg, SignInMsg};
use crate::app::state::{Home, Link, Presence, Screen};

/// The rail.
pub(super) fn rail_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let frame = Frame::new()
        .fill(palette.bg0)
        .inner_margin(Margin::symmetric(10, 12));
    Panel::left("rail")
        .exact_size(size::RAIL)
        .resizable(false)
        .frame(frame)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::ONE_AND_HALF;
            for screen in Screen::ALL {
                place_ui(ui, home, screen, out);
            }
            ui.with_layout(egui::Layout::bottom_up(egui::Align::Center), |ui| {
                me_ui(ui, home, out)
            });
        });
}

/// A place on the rail: its icon, its name, and how much there wants to be seen.
fn place_ui(ui: &mut Ui, home: &Home, screen: Screen, out: &mut Vec<Msg>) {
    let (icon, name, count) = match screen {
        Screen::Chats => (Icon::CHATS, "Chats", home.chats.unread()),
    };
    let spoken = match (screen, count) {
        (_, 0) => name.to_owned(),
        (Screen::Chats, unread) => format!("{name}, {unread} unread"),
    };
    let response = icon_button(ui, icon, &spoken, home.screen == screen);
    let corner = response.rect.right_top() + egui::vec2(-space::HALF, space::ONE);
    badge_at(ui, corner, count, Badge::Urgent);
    if response.clicked() {
        out.push(Msg::Nav(NavMsg::Went(screen)));
    }
}

fn me_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let presence = match home.link {
        Link::Up => Presence::Online,
        Link::Coming | Link::Lost => Presence::Offline,
    };
    let me = home.me().as_str();
    let wanted = egui::Vec2::splat(size::AVATAR);
    let (rect, response) = ui.allocate_exact_size(wanted, egui::Sense::click());
    let state = match home.link {
        Link::Up => "online",
        Link::Coming => "connecting",
        Link::Lost => "offline",
    };
    let name = format!("You: {me}, {state}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &name));
    Avatar::person(me, presence).paint(ui, rect.center(), size::AVATAR);
    if response.has_focus() {
        let around = size::AVATAR / 2.0 + space::HALF / 2.0;
        ui.painter()
            .circle_stroke(rect.center(), around, palette.focus());
    }
    egui::Popup::menu(&response).show(|ui| {
        ui.set_min_width(size::LIST_RANGE.min - size::RAIL);
        ui.label(theme::strong(me));
        ui.label(theme::small(state).color(palette.muted));
        ui.add_space(space::HALF);
        if super::widgets::Button::new(super::widgets::Kind::Quiet, "Sign out")
            .icon(Icon::SIGN_OUT)
            .show(ui)
        {
            out.push(Msg::SignIn(SignInMsg::SignOut));
            ui.close();
        }
    });
}
