//! Where one types. Enter sends, Shift+Enter breaks the line, Up in an empty line recalls what was sent last.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{
    Event, Frame, ImeEvent, Key, KeyboardShortcut, Margin, Modifiers, ScrollArea, Sense, TextEdit,
    Ui,
};

use super::icons::Icon;
use super::theme::{self, palette, radius, size, space};
use crate::app::msg::{ChatMsg, Msg};
use crate::app::state::{Conversation, ConversationId, Home};
use crate::protocol::limits;

/// The counter of bytes appears when this part of them is used up.
const NEARLY: usize = limits::CONTENT_BYTES / 10 * 9;

/// What is being typed, and to whom.
#[derive(Debug, Default)]
pub(super) struct Draft {
    to: Option<ConversationId>,
    text: String,
    /// How often the state had changed the draft.
    drafted: u64,
    /// Whether a file was dropped here, and nothing was typed since.
    dropped: bool,
    /// What was typed behind Enter in the same frame: it belongs to the next message.
    later: Vec<Event>,
}

/// The composer.
pub(super) fn composer_ui(
    ui: &mut Ui,
    home: &Home,
    to: &ConversationId,
    conversation: &Conversation,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    let fresh = draft.to.as_ref() != Some(to) || draft.drafted != conversation.drafted;
    if fresh {
        draft.drafted = conversation.drafted;
        draft.to = Some(to.clone());
        draft.text.clone_from(&conversation.draft);
        draft.dropped = false;
        draft.later.clear();
    }
    draft.dropped |= ui.input(|input| !input.raw.dropped_files.is_empty());
    let name = match to {
        ConversationId::Person(account) => format!("Message {}", home.contacts.name(account)),
        ConversationId::Room(room) => format!("Message #{room}"),
    };
    let id = ui.scope_id().with("words");
    let focused = ui.memory(|memory| memory.has_focus(id));
    let before = draft.text.clone();
    let recalled = focused && draft.text.is_empty() && pressed(ui, Key::ArrowUp);
    if recalled {
        draft.text = conversation
            .last_sent(home.me())
            .unwrap_or_default()
            .to_owned();
    }
    let enter = focused && entered(ui, &mut draft.later);
    let used = draft.text.trim().len();
    let over = used > limits::CONTENT_BYTES;
    let outline = match (over, focused) {
        (true, _) => egui::Stroke::new(theme::stroke::LINE, palette.bad),
        (false, true) => egui::Stroke::new(theme::stroke::LINE, palette.accent),
        (false, false) => palette.divider(),
    };
    let frame = Frame::new()
        .stroke(outline)
        .corner_radius(radius::COMPOSER)
        .inner_margin(Margin {
            left: 16,
            right: 10,
            top: 10,
            bottom: 10,
        });
    if fresh || recalled {
        to_end(ui, id, &draft.text);
    }
    let clicked = frame
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = space::ONE;
                let width = ui.available_width() - size::CONTROL - space::ONE;
                ui.vertical(|ui| {
                    ui.set_width(width);
                    words_ui(ui, id, &name, fresh, &mut draft.text);
                });
                send_ui(ui, used > 0 && !over)
            })
            .inner
        })
        .inner;
    // With what was typed in this frame.
    let used = draft.text.trim().len();
    let over = used > limits::CONTENT_BYTES;
    if used > NEARLY {
        counter_ui(ui, used);
    }
    if draft.dropped {
        let text = "Files cannot be sent yet. Send a link to it, or paste its text.";
        ui.label(theme::small(text).color(palette.warn));
    }
    if (enter || clicked) && used > 0 && !over {
        let text = std::mem::take(&mut draft.text);
        let to = to.clone();
        out.push(Msg::Chat(ChatMsg::Send { to, text }));
        ui.memory_mut(|memory| memory.request_focus(id));
    } else if draft.text != before {
        draft.dropped = false;
        let (to, text) = (to.clone(), draft.text.clone());
        out.push(Msg::Chat(ChatMsg::Draft { to, text }));
    }
}

/// Puts the caret behind what stands there without having been typed: a draft, a quote.
fn to_end(ui: &Ui, id: egui::Id, text: &str) {
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let end = CCursorRange::one(CCursor::new(text.chars().count()));
    state.cursor.set_char_range(Some(end));
    state.store(ui.ctx(), id);
}

fn words_ui(ui: &mut Ui, id: egui::Id, name: &str, fresh: bool, text: &mut String) {
    let palette = palette(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().max_height(size::COMPOSER);
    area.min_scrolled_height(size::CONTROL).show(ui, |ui| {
        let shift_enter = KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter);
        let edit = TextEdit::multiline(text)
            .id(id)
            .frame(Frame::NONE.inner_margin(Margin::symmetric(0, 8)))
            .desired_rows(1)
            .desired_width(f32::INFINITY)
            .return_key(shift_enter)
            .hint_text(theme::body(name).color(palette.faint));
        let response = ui.add(edit);
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_label(name));
        if fresh {
            response.request_focus();
        }
    });
}

/// Whether it was pressed.
fn send_ui(ui: &mut Ui, enabled: bool) -> bool {
    let palette = palette(ui);
    let sense = if enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(egui::Vec2::splat(size::CONTROL), sense);
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, enabled, "Send"));
    let (fill, ink) = if enabled {
        (palette.accent, palette.on_colour)
    } else {
        (palette.bg2, palette.faint)
    };
    ui.painter().rect_filled(rect, radius::CONTROL, fill);
    let font = Icon::font(size::ICON, true);
    let center = egui::Align2::CENTER_CENTER;
    ui.painter()
        .text(rect.center(), center, Icon::SEND.text(), font, ink);
    if response.has_focus() {
        let around = rect.expand(space::HALF / 2.0);
        let inside = egui::StrokeKind::Outside;
        ui.painter()
            .rect_stroke(around, radius::CONTROL, palette.focus(), inside);
    }
    response.on_hover_text("Send").clicked()
}

fn counter_ui(ui: &mut Ui, used: usize) {
    let palette = palette(ui);
    let most = limits::CONTENT_BYTES;
    let (text, colour) = if used > most {
        let over = used - most;
        (
            format!("{over} bytes too long. Make it shorter, or send it in parts."),
            palette.bad,
        )
    } else {
        (format!("{used} of {most} bytes"), palette.muted)
    };
    ui.label(theme::small(text).color(colour));
}

/// Takes a key away from the text, if it was pressed without any other.
fn pressed(ui: &Ui, key: Key) -> bool {
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, key))
}

/// Whether Enter was pressed. Where frames are slow, much is typed in one: what came before Enter is left to the text, and what
/// came behind it waits for the next frame.
fn entered(ui: &Ui, later: &mut Vec<Event>) -> bool {
    let entered = ui.input_mut(|input| {
        let mut events = std::mem::take(later);
        events.append(&mut input.events);
        let mut from = 0;
        let at = loop {
            let found = events.iter().skip(from).position(is_enter);
            let Some(at) = found.map(|found| from + found) else {
                input.events = events;
                return false;
            };
            if !events.iter().take(at).any(composes) {
                break at;
            }
            // It chose a word, and sends nothing.
            events.remove(at);
            from = at;
        };
        let behind = events.split_off(at + 1);
        events.pop();
        let (typed, other): (Vec<_>, Vec<_>) = behind.into_iter().partition(is_typed);
        events.extend(other);
        input.events = events;
        *later = typed;
        true
    });
    if !later.is_empty() {
        ui.ctx().request_repaint();
    }
    entered
}

fn is_enter(event: &Event) -> bool {
    matches!(event, Event::Key { key: Key::Enter, pressed: true, modifiers, .. } if modifiers.is_none())
}

fn is_typed(event: &Event) -> bool {
    matches!(
        event,
        Event::Key { .. } | Event::Text(_) | Event::Paste(_) | Event::Ime(_)
    )
}

/// Whether an input method is at work.
fn composes(event: &Event) -> bool {
    let Event::Ime(event) = event else {
        return false;
    };
    let chooses = matches!(event, ImeEvent::Preedit { text, .. } if !text.is_empty());
    chooses || matches!(event, ImeEvent::Commit(_))
}
