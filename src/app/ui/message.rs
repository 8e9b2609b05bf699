//! A line of a conversation. Lines of one sender within some minutes stand under one name.

use egui::text::{LayoutJob, TextFormat};
use egui::{Sense, TextStyle, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{Avatar, failure_ui, link_button};
use super::{clock, words};
use crate::app::msg::{ChatMsg, Msg};
use crate::app::state::{Body, ConversationId, Delivery, Home, Message, Presence};

/// Lines of one sender this close together, in ms, stand under one name: 5 minutes.
const TOGETHER_MS: u64 = 5 * 60 * 1000;

/// A line.
pub(super) fn message_ui(
    ui: &mut Ui,
    home: &Home,
    of: &ConversationId,
    before: Option<&Message>,
    line: &Message,
    out: &mut Vec<Msg>,
) {
    // Lines are as high as their letters.
    ui.spacing_mut().interact_size.y = 0.0;
    match &line.body {
        Body::Call(text) => notice_ui(ui, Icon::CALL, text, line),
        Body::Came => notice_ui(ui, Icon::CAME, &words::came(&line.from), line),
        Body::Went => notice_ui(ui, Icon::WENT, &words::went(&line.from), line),
        Body::Text(text) => {
            let together = before.is_some_and(|before| together(before, line));
            ui.add_space(if together { 0.0 } else { space::ONE_AND_HALF });
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::ONE_AND_HALF;
                if together {
                    ui.add_space(size::AVATAR + space::ONE_AND_HALF);
                } else {
                    let presence = Presence::Unknown;
                    Avatar::person(line.from.as_str(), presence).show(ui, size::AVATAR);
                }
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing = egui::vec2(space::ONE, 0.0);
                    if !together {
                        name_ui(ui, home, line);
                    }
                    text_ui(ui, of, line, text, out);
                });
            });
        }
    }
}

fn together(before: &Message, line: &Message) -> bool {
    matches!(before.body, Body::Text(_))
        && before.from == line.from
        && line.at_ms.saturating_sub(before.at_ms) < TOGETHER_MS
        && clock::day(before.at_ms) == clock::day(line.at_ms)
}

fn name_ui(ui: &mut Ui, home: &Home, line: &Message) {
    let palette = palette(ui);
    ui.horizontal(|ui| {
        let name = if line.from == *home.me() {
            "You"
        } else {
            line.from.as_str()
        };
        ui.label(theme::strong(name));
        let when = theme::small(clock::time(line.at_ms));
        ui.label(when.color(palette.faint));
    });
}

/// The words, and after the last of them how far they are.
fn text_ui(ui: &mut Ui, of: &ConversationId, line: &Message, text: &str, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let mark = match &line.delivery {
        Delivery::Received => None,
        Delivery::Waiting => Some((Icon::PENDING, "waiting for the connection", palette.faint)),
        Delivery::Pending => Some((Icon::PENDING, "sending", palette.faint)),
        Delivery::Sent => Some((Icon::SENT, "sent", palette.faint)),
        Delivery::Delivered => Some((Icon::DELIVERED, "delivered", palette.faint)),
        Delivery::Read => Some((Icon::DELIVERED, "read", palette.accent)),
        Delivery::Failed(_) => Some((Icon::FAILED, "not sent", palette.bad)),
    };
    let mut job = LayoutJob::default();
    job.wrap.max_width = ui.available_width().min(size::TEXT);
    let style = ui.style();
    let format = TextFormat {
        font_id: TextStyle::Body.resolve(style),
        color: palette.text,
        line_height: Some(space::PANE),
        ..TextFormat::default()
    };
    // Whoever looks for the text finds it alone; the mark beside it has its own name.
    job.append(text, 0.0, format);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(space::HALF, 0.0);
        ui.add(egui::Label::new(job).selectable(true));
        if let Some((icon, name, colour)) = mark {
            let wanted = egui::Vec2::splat(size::SMALL_ICON);
            let (rect, response) = ui.allocate_exact_size(wanted, Sense::hover());
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, name)
            });
            let font = Icon::font(size::SMALL_ICON, false);
            let center = egui::Align2::CENTER_CENTER;
            ui.painter()
                .text(rect.center(), center, icon.text(), font, colour);
            response.on_hover_text(name);
        }
    });
    if let (Delivery::Failed(failure), Some(id)) = (&line.delivery, &line.id) {
        failure_ui(ui, failure);
        if link_button(ui, Some(Icon::RETRY), "Retry") {
            let (to, id) = (of.clone(), id.clone());
            out.push(Msg::Chat(ChatMsg::Retry { to, id }));
        }
    }
}

fn notice_ui(ui: &mut Ui, icon: Icon, text: &str, line: &Message) {
    let palette = palette(ui);
    ui.add_space(space::ONE);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::HALF;
        ui.add_space(size::AVATAR + space::ONE);
        ui.label(icon.rich(size::SMALL_ICON).color(palette.faint));
        let when = clock::time(line.at_ms);
        ui.label(theme::small(format!("{text} · {when}")).color(palette.muted));
    });
}
