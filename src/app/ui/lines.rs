//! What was said in a conversation. Only what can be seen, and a little above and below it, is laid out.
//!
//! The height of a line is measured when it comes near, and guessed before. One line that is seen, the anchor, stays where it
//! is when heights above it turn out otherwise and when pages come and go at both ends, so nothing jumps. At the lower end the
//! end itself stays.

use std::collections::HashMap;

use egui::{Pos2, Rect, ScrollArea, Ui, UiBuilder, Vec2};

use super::icons::Icon;
use super::theme::{self, palette, radius, size, space};
use super::widgets::{divider, icon_button};
use super::{clock, menu, message};
use crate::app::msg::{ChatMsg, Msg};
use crate::app::state::{Conversation, ConversationId, Home, JumpTo, Message, Now, Older, Row};

/// How far above and below what is seen lines are laid out, in points: more than a turn of the wheel moves.
const BAND: f32 = 160.0;
/// How wide a letter is taken to be where nothing is measured, in points.
const LETTER: f32 = 7.0;
/// A guess may be wrong by so much, in points, and nobody sees it.
const SLACK: f32 = 0.5;

/// What the view keeps of the conversation that is shown.
#[derive(Debug, Default)]
pub(super) struct Lines {
    of: Option<ConversationId>,
    /// How high each line came out, for one width.
    heights: HashMap<Row, f32>,
    width: f32,
    /// A line, and how far below the upper edge of what is seen it begins.
    anchor: Option<(Row, f32)>,
    /// Whether the end is seen and is to stay so.
    at_end: bool,
    /// The last jump that was made.
    jumped: u64,
    /// The line that one has jumped to, and until when it stands out, in egui's seconds.
    lit: Option<(Row, f64)>,
}

/// A line that one has jumped to stands out for so long, in seconds.
const LIT: f64 = 2.0;
/// And goes within so long, in seconds.
const FADE: f32 = 0.3;

impl Lines {
    fn fit(&mut self, id: &ConversationId, width: f32) {
        if self.of.as_ref() != Some(id) {
            *self = Self {
                of: Some(id.clone()),
                at_end: true,
                ..Self::default()
            };
        }
        if (self.width - width).abs() > SLACK {
            self.heights.clear();
            self.width = width;
        }
    }

    fn height(&self, line: &Message) -> f32 {
        let known = self.heights.get(&line.row).copied();
        known.unwrap_or_else(|| guess(line, self.width))
    }

    /// Goes where the state wants it to, once.
    fn obey(&mut self, conversation: &Conversation, view: f32, now: f64) {
        let Some(jump) = conversation.jump else {
            return;
        };
        if jump.no == self.jumped {
            return;
        }
        self.jumped = jump.no;
        let target = match jump.to {
            JumpTo::End => None,
            JumpTo::Line(row) => Some(row),
            JumpTo::Time(at_ms) => {
                let mut lines = conversation.messages();
                let behind = lines.find(|line| line.at_ms >= at_ms);
                behind.map(|line| line.row)
            }
        };
        self.lit = match jump.to {
            JumpTo::Line(row) => Some((row, now + LIT)),
            JumpTo::End | JumpTo::Time(_) => None,
        };
        self.at_end = target.is_none();
        self.anchor = target.map(|row| (row, view / 4.0));
    }
}

/// How high a line may be, as long as nobody has seen it.
fn guess(line: &Message, width: f32) -> f32 {
    let Some(text) = line.text() else {
        return space::THREE;
    };
    let room = width.clamp(size::ROW, size::TEXT);
    let rows = text
        .lines()
        .map(|row| (row.len() as f32 * LETTER / room).ceil().max(1.0));
    rows.sum::<f32>().max(1.0) * space::PANE
}

/// The lines.
pub(super) fn lines_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    conversation: &Conversation,
    now: Now,
    keep: &mut Lines,
    out: &mut Vec<Msg>,
) {
    if !conversation.looked() {
        // For a millisecond or two.
        return;
    }
    if conversation.messages().len() == 0 {
        empty_ui(ui, id);
        return;
    }
    let view = ui.available_size();
    keep.fit(id, view.x);
    let time = ui.input(|input| input.time);
    keep.obey(conversation, view.y, time);
    fade(ui, keep, time);
    let tops = tops(conversation, keep, view.y);
    let end = tops.last().copied().unwrap_or_default() + space::ONE;
    let stuck = keep.at_end && !conversation.newer();
    let lowest = (end - view.y).max(0.0);
    let place = |row| conversation.messages().position(|line| line.row == row);
    let wanted = match keep.anchor {
        _ if stuck => Some(lowest),
        Some((row, below)) => place(row).map(|at| (tops[at] - below).clamp(0.0, lowest)),
        None => None,
    };
    // Where the end moves away because lines turn out higher, a spring would pull back to where it was a frame before.
    ui.spacing_mut().scroll.kinetic.rubber_band = false;
    let mut area = ScrollArea::vertical()
        .id_salt(("lines", id))
        .auto_shrink([false, false]);
    if let Some(offset) = wanted {
        area = area.vertical_scroll_offset(offset);
    }
    let shown = area.show_viewport(ui, |ui, seen| {
        ui.set_height(end);
        seen_ui(ui, home, id, conversation, now, (keep, &tops, seen), out)
    });
    let offset = shown.state.clamped_offset().y;
    let changed = shown.inner;
    keep.at_end = offset >= lowest - 1.0;
    // While something turns out otherwise, the line that was the anchor stays it, as long as it can be seen.
    let kept = keep.anchor.filter(|_| changed);
    let kept = kept.and_then(|(row, _)| Some((row, tops[place(row)?] - offset)));
    keep.anchor = kept
        .filter(|(_, below)| (0.0..view.y).contains(below))
        .or_else(|| {
            let at = tops.partition_point(|top| *top < offset);
            let line = conversation
                .line(at)
                .or_else(|| conversation.line(at.checked_sub(1)?));
            let line = line?;
            Some((line.row, tops[place(line.row)?] - offset))
        });
    more(home, conversation, id, (offset, lowest, view.y), out);
    if home.older(id) == Older::Asked && offset < view.y {
        older_ui(ui, shown.inner_rect);
    }
    if conversation.newer() || lowest - offset > view.y {
        latest_ui(ui, id, shown.inner_rect, out);
    }
}

/// What stands out goes by itself.
fn fade(ui: &Ui, keep: &mut Lines, time: f64) {
    let Some((_, until)) = keep.lit else {
        return;
    };
    if time < until {
        let left = (until - time) as f32;
        ui.ctx().request_repaint_after_secs(left);
    } else if time < until + f64::from(FADE) {
        ui.ctx().request_repaint();
    } else {
        keep.lit = None;
    }
}

/// Where each line begins, and behind them where the last one ends. Short conversations stand at the bottom, where one types.
fn tops(conversation: &Conversation, keep: &Lines, view: f32) -> Vec<f32> {
    let mut tops = Vec::with_capacity(conversation.messages().len() + 1);
    let mut top = 0.0;
    for line in conversation.messages() {
        tops.push(top);
        top += keep.height(line);
    }
    tops.push(top);
    let above = (view - top - space::ONE).max(0.0);
    for top in &mut tops {
        *top += above;
    }
    tops
}

/// Lays out what is seen. Whether something came out otherwise than it was taken to.
fn seen_ui(
    ui: &mut Ui,
    home: &Home,
    id: &ConversationId,
    conversation: &Conversation,
    now: Now,
    (keep, tops, seen): (&mut Lines, &[f32], Rect),
    out: &mut Vec<Msg>,
) -> bool {
    let origin = ui.max_rect().min;
    let width = ui.available_width();
    let time = ui.input(|input| input.time);
    let first = tops.partition_point(|top| *top < seen.top() - BAND);
    let first = first.saturating_sub(1);
    let mut changed = false;
    let mut before = first.checked_sub(1).and_then(|at| conversation.line(at));
    for (at, line) in conversation.messages().enumerate().skip(first) {
        let (top, taken) = (tops[at], tops[at + 1] - tops[at]);
        if top > seen.bottom() + BAND {
            break;
        }
        let place = Rect::from_min_size(origin + Vec2::new(0.0, top), Vec2::new(width, taken));
        if let Some((row, until)) = keep.lit
            && row == line.row
        {
            let share = 1.0 - ((time - until) as f32 / FADE).clamp(0.0, 1.0);
            let fill = palette(ui).soft.gamma_multiply(share);
            ui.painter().rect_filled(place, radius::CONTROL, fill);
        }
        let builder = UiBuilder::new().id_salt(line.row).max_rect(place);
        let shown = ui.scope_builder(builder, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            marks_ui(ui, conversation, before, line, now);
            message::message_ui(ui, home, id, before, line, out);
        });
        let whole = Rect::from_min_size(
            place.min,
            shown.response.rect.size().max(Vec2::new(width, 0.0)),
        );
        ui.push_id(line.row, |ui| {
            menu::message_menu_ui(ui, id, line, whole, out)
        });
        let height = shown.response.rect.height();
        if (height - keep.height(line)).abs() > SLACK {
            changed = true;
            if top + height > seen.top() && top < seen.bottom() {
                // It was painted where it does not belong.
                ui.ctx().request_discard("a line has a new height");
            }
        }
        keep.heights.insert(line.row, height);
        before = Some(line);
    }
    if changed {
        ui.ctx().request_repaint();
    }
    changed
}

/// Asks for more lines before somebody comes to the last of those that are held.
fn more(
    home: &Home,
    conversation: &Conversation,
    id: &ConversationId,
    (offset, lowest, view): (f32, f32, f32),
    out: &mut Vec<Msg>,
) {
    let of = || id.clone();
    let elsewhere = home.older(id) == Older::Perhaps && offset < view / 2.0;
    if conversation.older() && offset < 2.0 * view || elsewhere {
        let above = true;
        out.push(Msg::Chat(ChatMsg::More { of: of(), above }));
    } else if conversation.newer() && lowest - offset < 2.0 * view {
        let above = false;
        out.push(Msg::Chat(ChatMsg::More { of: of(), above }));
    }
}

/// Says that the server is being asked, above what is seen, so that nothing moves for it.
fn older_ui(ui: &mut Ui, inside: Rect) {
    let palette = palette(ui);
    let line = Rect::from_min_size(inside.min, Vec2::new(inside.width(), space::THREE));
    ui.painter().rect_filled(line, radius::CONTROL, palette.bg1);
    ui.scope_builder(UiBuilder::new().max_rect(line), |ui| {
        ui.vertical_centered(|ui| {
            let text = theme::small("Looking for older messages…");
            ui.label(text.color(palette.muted));
        });
    });
}

/// The way back to where one talks.
fn latest_ui(ui: &mut Ui, id: &ConversationId, inside: Rect, out: &mut Vec<Msg>) {
    let corner = inside.right_bottom() - Vec2::splat(size::CONTROL + space::TWO);
    let place = Rect::from_min_size(Pos2::new(corner.x, corner.y), Vec2::splat(size::CONTROL));
    let palette = palette(ui);
    ui.painter().rect(
        place,
        radius::CONTROL,
        palette.bg1,
        palette.divider(),
        egui::StrokeKind::Outside,
    );
    ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
        if icon_button(ui, Icon::UNFOLDED, "Go to the latest", false).clicked() {
            let (of, to) = (id.clone(), JumpTo::End);
            out.push(Msg::Chat(ChatMsg::Jump { of, to }));
        }
    });
}

/// The day, and where what is new begins.
fn marks_ui(
    ui: &mut Ui,
    conversation: &Conversation,
    before: Option<&Message>,
    line: &Message,
    now: Now,
) {
    let palette = palette(ui);
    let day = clock::day(line.at_ms);
    if before.is_none_or(|before| clock::day(before.at_ms) != day) {
        let name = clock::day_name(day, clock::day(now.unix_ms));
        mark_ui(ui, &name, palette.muted, palette.divider());
    }
    if conversation.new_from == Some(line.row) {
        let stroke = egui::Stroke::new(theme::stroke::LINE, palette.bad);
        mark_ui(ui, "New", palette.bad, stroke);
    }
}

fn mark_ui(ui: &mut Ui, name: &str, colour: egui::Color32, stroke: egui::Stroke) {
    ui.add_space(space::TWO);
    ui.horizontal(|ui| {
        let text = theme::small(name).color(colour);
        let words = egui::WidgetText::from(text.clone()).into_galley(
            ui,
            None,
            f32::INFINITY,
            egui::TextStyle::Small,
        );
        let side = ((ui.available_width() - words.size().x) / 2.0 - space::TWO).max(0.0);
        ui.scope(|ui| {
            ui.set_width(side);
            ui.centered_and_justified(|ui| divider(ui, stroke));
        });
        ui.add_space(space::HALF);
        ui.label(text);
        ui.add_space(space::HALF);
        divider(ui, stroke);
    });
    ui.add_space(space::ONE);
}

fn empty_ui(ui: &mut Ui, id: &ConversationId) {
    let palette = palette(ui);
    let about = match id {
        ConversationId::Person(peer) => format!(
            "This is the beginning of your conversation with {peer}. What you write waits for them if they are away."
        ),
        ConversationId::Room(room) => format!("Nothing has been said in {room} since you came in."),
    };
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() / 3.0);
        ui.label(theme::body(about).color(palette.muted));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_jumped_to_stands_out_for_a_while() {
        let mut keep = Lines {
            lit: Some((Row(1), LIT)),
            ..Lines::default()
        };
        let ctx = egui::Context::default();
        for (time, lit) in [(0.0, true), (LIT + 0.1, true), (LIT + 0.5, false)] {
            let mut frame = ctx.run_ui(egui::RawInput::default(), |ui| fade(ui, &mut keep, time));
            // Nobody paints it.
            frame.textures_delta.clear();
            assert_eq!(keep.lit.is_some(), lit, "after {time} s");
            let again = frame.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
            assert!(!lit || again.as_secs_f64() <= LIT, "it goes by itself");
        }
    }
}
