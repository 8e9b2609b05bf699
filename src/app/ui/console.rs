//! The console: the frames of the link, one a row; the one that is chosen in full below them.

use egui::accesskit::Role;
use egui::{
    Align, Align2, CornerRadius, Frame, Margin, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo,
};

use super::clock;
use super::icons::Icon;
use super::theme::{self, palette, radius, size, space};
use super::widgets::{Button, Field, Kind, Toggle, field_ui, switch_ui, text_in};
use crate::app::msg::{ConsoleMsg, Direction, FileMsg, Msg, WireFrame};
use crate::app::state::{Home, Link, Purpose};

/// How many frames are shown beside something else.
const LATEST: usize = 3;

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The number of the frame that is shown in full.
    chosen: Option<u64>,
}

/// The page.
pub(super) fn console_ui(ui: &mut Ui, home: &Home, draft: &mut Draft, out: &mut Vec<Msg>) {
    tools_ui(ui, home, out);
    about_ui(ui, home);
    let lines: Vec<_> = home.console.shown().collect();
    if lines.is_empty() {
        let text = match (home.console.held(), home.link) {
            (0, Link::Up) => {
                "Frames are listed here as they go by; a ping goes out every ten seconds."
            }
            (0, Link::Coming | Link::Lost) => {
                "There is no link. Frames are listed here as soon as there is one."
            }
            _ => "No frame holds what you look for.",
        };
        ui.label(theme::body(text).color(palette(ui).muted));
        return;
    }
    let chosen = draft
        .chosen
        .and_then(|no| lines.iter().find(|line| line.no == no));
    let below = match chosen {
        Some(_) => (ui.available_height() / 2.0).min(size::LIST),
        None => 0.0,
    };
    let height = ui.available_height() - below;
    let mut now_chosen = draft.chosen;
    Frame::new()
        .fill(palette(ui).bg2)
        .corner_radius(CornerRadius::same(radius::CONTROL))
        .inner_margin(Margin::symmetric(4, 4))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical()
                .id_salt("frames")
                .auto_shrink([false, false])
                .max_height(height - space::TWO)
                .stick_to_bottom(true)
                .show_rows(ui, size::CLICKABLE, lines.len(), |ui, range| {
                    for line in lines.get(range).unwrap_or_default() {
                        let on = draft.chosen == Some(line.no);
                        if frame_ui(ui, &line.frame, on) {
                            now_chosen = (!on).then_some(line.no);
                        }
                    }
                });
        });
    if let Some(line) = chosen {
        whole_ui(ui, &line.frame);
    }
    draft.chosen = now_chosen;
}

fn tools_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    let console = &home.console;
    let mut filter = console.filter().to_owned();
    let field = Field {
        name: "Filter",
        hint: "words that a frame must hold, such as notify ops",
        ..Field::default()
    };
    field_ui(ui, &field, &mut filter);
    if filter != console.filter() {
        out.push(Msg::Console(ConsoleMsg::Filter(filter)));
    }
    ui.add_space(space::HALF);
    let bare = ui.available_width() < size::TEXT;
    ui.horizontal_wrapped(|ui| {
        for (only, name) in [
            (None, "Both ways"),
            (Some(Direction::Sent), "Sent"),
            (Some(Direction::Received), "Received"),
        ] {
            if Toggle::new(name, console.only() == only).show(ui) {
                out.push(Msg::Console(ConsoleMsg::Only(only)));
            }
        }
        let (icon, pause) = match console.paused() {
            true => (Icon::GO_ON, "Go on"),
            false => (Icon::PAUSE, "Pause"),
        };
        let button = |name, icon| Button::new(Kind::Quiet, name).icon(icon).bare(bare);
        if button(pause, icon).show(ui) {
            out.push(Msg::Console(ConsoleMsg::Pause(!console.paused())));
        }
        let some = console.held() > 0;
        if button("Copy", Icon::COPY).enabled(some).show(ui) {
            ui.copy_text(console.text(clock::exact));
        }
        if button("Save…", Icon::EXPORT).enabled(some).show(ui) {
            let text = console.text(clock::exact);
            out.push(Msg::File(FileMsg::Ask(Purpose::Console(text))));
        }
        if button("Clear", Icon::ERASE).enabled(some).show(ui) {
            out.push(Msg::Console(ConsoleMsg::Clear));
        }
    });
    if switch_ui(ui, "Record also while I look elsewhere", console.always()) {
        out.push(Msg::Console(ConsoleMsg::Always(!console.always())));
    }
    ui.add_space(space::HALF);
}

/// How many there are, and what became of a file.
fn about_ui(ui: &mut Ui, home: &Home) {
    let console = &home.console;
    let palette = palette(ui);
    let mut about = match console.held() {
        1 => "1 frame".to_owned(),
        held => format!("{held} frames"),
    };
    if console.lost() > 0 {
        about += &format!(", {} before them are gone", console.lost());
    }
    if console.paused() {
        about += ", paused";
    }
    about += ". Tokens are never shown.";
    ui.label(theme::small(about).color(palette.muted));
    match console.note() {
        Some(Ok(said)) => drop(ui.label(theme::small(said).color(palette.muted))),
        Some(Err(why)) => drop(ui.label(theme::small(why).color(palette.bad))),
        None => {}
    }
}

/// One row. Whether it was clicked.
fn frame_ui(ui: &mut Ui, frame: &WireFrame, on: bool) -> bool {
    let palette = palette(ui);
    let wanted = egui::vec2(ui.available_width(), size::CLICKABLE);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    let at = clock::exact(frame.at_ms);
    let way = match frame.direction {
        Direction::Sent => "Sent",
        Direction::Received => "Received",
    };
    let spoken = format!("{way} {at}, {} bytes: {}", frame.bytes, frame.text);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &spoken));
    if on || response.has_focus() || response.hovered() {
        ui.painter().rect_filled(rect, radius::CONTROL, palette.bg1);
    }
    paint(ui, frame, rect);
    response.clicked()
}

/// When, which way, what, and how large, in one line.
fn paint(ui: &Ui, frame: &WireFrame, rect: Rect) {
    let palette = palette(ui);
    let at = clock::exact(frame.at_ms);
    let colour = match frame.direction {
        Direction::Sent => palette.ok,
        Direction::Received => palette.accent,
    };
    let mono = |text: &str| RichText::new(text).monospace().size(theme::letter::SMALL);
    let mut left = rect.shrink2(egui::vec2(space::ONE, 0.0));
    left.min.x += text_in(ui, mono(&at).color(palette.muted), left, Align::Min) + space::ONE;
    let font = egui::FontId::monospace(theme::letter::BODY);
    let arrow = frame.direction.arrow();
    ui.painter()
        .text(left.left_center(), Align2::LEFT_CENTER, arrow, font, colour);
    left.min.x += space::THREE;
    let bytes = format!("{} B", frame.bytes);
    left.max.x -= text_in(ui, mono(&bytes).color(palette.muted), left, Align::Max) + space::ONE;
    text_in(ui, mono(&frame.text).color(palette.text), left, Align::Min);
}

/// The last few frames, beside something else.
pub(super) fn latest_ui(ui: &mut Ui, home: &Home) {
    let mut latest: Vec<_> = home.console.shown().rev().take(LATEST).collect();
    latest.reverse();
    if latest.is_empty() {
        return;
    }
    Frame::new()
        .fill(palette(ui).bg2)
        .corner_radius(CornerRadius::same(radius::CONTROL))
        .inner_margin(Margin::symmetric(4, 8))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for line in latest {
                let wanted = egui::vec2(ui.available_width(), size::ICON);
                let (rect, response) = ui.allocate_exact_size(wanted, Sense::hover());
                let spoken = format!("Frame: {}", line.frame.text);
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
                paint(ui, &line.frame, rect);
            }
        });
}

/// All of a frame, to be read and copied.
fn whole_ui(ui: &mut Ui, frame: &WireFrame) {
    ui.add_space(space::ONE);
    if Button::new(Kind::Quiet, "Copy this frame").show(ui) {
        ui.copy_text(frame.text.clone());
    }
    ScrollArea::vertical()
        .id_salt("whole frame")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            let text = RichText::new(&frame.text).monospace();
            let text = text.color(palette(ui).text);
            ui.add(egui::Label::new(text).wrap().selectable(true));
        });
}
