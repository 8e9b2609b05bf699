//! The rail: where one can go, and at its foot who one is.

use egui::{Frame, Margin, Panel, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Avatar, Badge, Button, Field, Kind, Row, badge_at, field_ui, icon_button};
use super::words;
use crate::app::msg::{MeMsg, Msg, NavMsg, SignInMsg};
use crate::app::state::{Home, Link, Presence, Screen};
use crate::protocol::Show;

/// The rail. `words` are those that one is writing about oneself.
pub(super) fn rail_ui(ui: &mut Ui, home: &Home, words: &mut Option<String>, out: &mut Vec<Msg>) {
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
                me_ui(ui, home, words, out);
            });
        });
}

/// A place on the rail: its icon, its name, and how much there wants to be seen.
fn place_ui(ui: &mut Ui, home: &Home, screen: Screen, out: &mut Vec<Msg>) {
    let (icon, name, count) = match screen {
        Screen::Chats => (Icon::CHATS, "Chats", home.chats.unread()),
        Screen::People => (Icon::PEOPLE, "People", 0),
        Screen::Inspector => (Icon::INSPECT, "Inspector", 0),
        Screen::Settings => (Icon::SETTINGS, "Settings", 0),
        Screen::Calls => (Icon::CALL, "Calls", home.calls.log.missed()),
    };
    let spoken = match (screen, count) {
        (_, 0) => name.to_owned(),
        (Screen::Chats, unread) => format!("{name}, {unread} unread"),
        // Nothing is counted there.
        (Screen::People | Screen::Inspector | Screen::Settings, _) => name.to_owned(),
        (Screen::Calls, missed) => format!("{name}, {missed} missed"),
    };
    let response = icon_button(ui, icon, &spoken, home.screen == screen);
    let corner = response.rect.right_top() + egui::vec2(-space::HALF, space::ONE);
    badge_at(ui, corner, count, Badge::Urgent);
    if response.clicked() {
        out.push(Msg::Nav(NavMsg::Went(screen)));
    }
}

fn me_ui(ui: &mut Ui, home: &Home, text: &mut Option<String>, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let (presence, state) = own(home);
    let me = home.me().as_str();
    let wanted = egui::Vec2::splat(size::AVATAR);
    let (rect, response) = ui.allocate_exact_size(wanted, egui::Sense::click());
    let name = format!("You: {me}, {state}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &name));
    Avatar::person(me, presence).paint(ui, rect.center(), size::AVATAR);
    if response.has_focus() {
        let around = size::AVATAR / 2.0 + space::HALF / 2.0;
        ui.painter()
            .circle_stroke(rect.center(), around, palette.focus());
    }
    let close = egui::PopupCloseBehavior::CloseOnClickOutside;
    let menu = egui::Popup::menu(&response).close_behavior(close);
    let shown = menu.show(|ui| menu_ui(ui, home, &state, text, out));
    if shown.is_none() {
        *text = None;
    }
}

/// What others see of oneself, and a word for it.
fn own(home: &Home) -> (Presence, String) {
    match home.link {
        Link::Up => {
            let (show, text) = home.me.shown();
            let presence = Presence::from(show);
            let word = words::presence(presence).unwrap_or_default();
            let state = if text.is_empty() {
                word.to_owned()
            } else {
                format!("{word} · {text}")
            };
            (presence, state)
        }
        Link::Coming => (Presence::Offline, "connecting".to_owned()),
        Link::Lost => (Presence::Offline, "offline".to_owned()),
    }
}

/// Who one is, what others see, and the way out.
fn menu_ui(ui: &mut Ui, home: &Home, state: &str, text: &mut Option<String>, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    ui.set_width(size::LIST);
    ui.spacing_mut().item_spacing.y = space::HALF;
    ui.label(theme::strong(home.me().as_str()));
    ui.label(theme::small(state).color(palette.muted));
    ui.add_space(space::HALF);
    // A server that does not pass it on is not asked to.
    if home.people.granted() {
        for show in Show::SETTABLE {
            let row = Row {
                avatar: Avatar::person(home.me().as_str(), show.into()),
                name: words::show(show),
                spoken: words::show(show).to_owned(),
                about: about(show).to_owned(),
                when: String::new(),
                count: 0,
                selected: home.me.chosen() == show,
            };
            if row.show(ui).clicked() {
                out.push(Msg::Me(MeMsg::Chose(show)));
            }
        }
        ui.add_space(space::HALF);
        let words = text.get_or_insert_with(|| home.me.text().to_owned());
        let field = Field {
            name: "A few words",
            hint: "such as: back at three",
            ..Field::default()
        };
        let response = field_ui(ui, &field, words);
        // Leaving the line is enough; Enter leaves it too.
        if response.lost_focus() && *words != home.me.text() {
            out.push(Msg::Me(MeMsg::Said(words.clone())));
        }
        ui.add_space(space::ONE);
    }
    if Button::new(Kind::Quiet, "Sign out")
        .icon(Icon::SIGN_OUT)
        .show(ui)
    {
        out.push(Msg::SignIn(SignInMsg::SignOut));
        ui.close();
    }
}

/// What a choice does.
fn about(show: Show) -> &'static str {
    match show {
        Show::Available => "Away after ten idle minutes",
        Show::Away | Show::Busy => "Everything rings as ever",
        Show::Dnd => "Nothing rings, nothing is shown",
        Show::Offline => "",
    }
}
