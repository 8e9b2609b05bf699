//! The rail: where one can go, and at its foot who one is.

use egui::{Frame, Margin, Panel, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Avatar, Badge, badge_at, icon_button};
use crate::app::msg::{Msg, NavMsg, SignInMsg};
use crate::app::state::{Home, Link, Presence};

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
            chats_ui(ui, home, out);
            ui.with_layout(egui::Layout::bottom_up(egui::Align::Center), |ui| {
                me_ui(ui, home, out)
            });
        });
}

fn chats_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    let unread = home.chats.unread();
    let name = match unread {
        0 => "Chats".to_owned(),
        unread => format!("Chats, {unread} unread"),
    };
    let response = icon_button(ui, Icon::CHATS, &name, true);
    let corner = response.rect.right_top() + egui::vec2(-space::HALF, space::ONE);
    badge_at(ui, corner, unread, Badge::Urgent);
    if response.clicked() {
        out.push(Msg::Nav(NavMsg::Closed));
    }
}

fn me_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let presence = match home.link {
        Link::Up => Presence::Online,
        Link::Lost => Presence::Offline,
    };
    let me = home.me().as_str();
    let wanted = egui::Vec2::splat(size::AVATAR);
    let (rect, response) = ui.allocate_exact_size(wanted, egui::Sense::click());
    let state = match home.link {
        Link::Up => "online",
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
