//! The window of somebody who is signed in: rail, list, conversation, details; and what lies above them.

use std::time::Duration;

use egui::{CentralPanel, Frame, Key, KeyboardShortcut, Margin, Modifiers, Panel, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::link_button;
use super::{
    Set, call, call_bar, calls, chats, conversation, details, dialogs, find, inspector, people,
    rail, settings,
};
use crate::app::msg::{CallMsg, Msg, NavMsg};
use crate::app::state::{Home, Link, Now, Screen};

/// What the views of this screen keep.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) conversation: conversation::Draft,
    pub(super) dialog: Option<dialogs::Dialog>,
    pub(super) find: Option<find::Find>,
    pub(super) calls: call::Draft,
    pub(super) call_bar: call_bar::Draft,
    /// The screen of calls.
    pub(super) history: calls::Draft,
    /// What one is writing about oneself.
    pub(super) words: Option<String>,
    pub(super) people: people::Draft,
    pub(super) inspector: inspector::Draft,
    pub(super) about: details::Draft,
    /// Whether the details are wanted, where there is room for them.
    pub(super) details: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            conversation: conversation::Draft::default(),
            dialog: None,
            find: None,
            calls: call::Draft::default(),
            call_bar: call_bar::Draft::default(),
            history: calls::Draft::default(),
            words: None,
            people: people::Draft::default(),
            inspector: inspector::Draft::default(),
            about: details::Draft::default(),
            details: true,
        }
    }
}

/// New message.
pub(super) const NEW: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::N);
/// Join a room.
pub(super) const JOIN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::J);
/// Go to a person, a room or a message.
pub(super) const FIND: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::K);
/// The dial pad.
pub(super) const DIAL: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::D);
/// Answer the call that rings.
pub(super) const ANSWER: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Enter);

/// The window.
pub(super) fn home_ui(
    ui: &mut Ui,
    home: &Home,
    set: Set<'_>,
    now: Now,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    shortcuts(ui, home, draft, out);
    let narrow = ui.available_width() < size::NARROW;
    // Where there is no room for both, a conversation covers the rail, and has a way back.
    let covered = home.screen == Screen::Chats && home.chats.opened().is_some();
    if !(narrow && covered) {
        rail::rail_ui(ui, home, &mut draft.words, out);
    }
    offline_ui(ui, home);
    note_ui(ui, home, out);
    // Elsewhere calls are a card in this window.
    if !ui.ctx().embed_viewports() {
        call_bar::call_bar_ui(ui, home.calls.all(), now, &mut draft.call_bar, out);
    }
    match home.screen {
        Screen::Chats => talk_ui(ui, home, now, narrow, draft, out),
        Screen::People => people::people_ui(ui, home, now, narrow, draft, out),
        Screen::Inspector => {
            inspector::inspector_ui(ui, home, now, narrow, &mut draft.inspector, out);
        }
        Screen::Settings => settings::settings_ui(ui, home, set, out),
        Screen::Calls => calls::calls_ui(ui, home, now, narrow, &mut draft.history, out),
    }
    if let Some(dialog) = &mut draft.dialog
        && dialogs::dialog_ui(ui, now, dialog, out) == dialogs::Done::Yes
    {
        draft.dialog = None;
    }
    if let Some(open) = &mut draft.find
        && find::find_ui(ui, home, now, open, out)
    {
        draft.find = None;
    }
    // Where calls have a window of their own, they are there.
    if ui.ctx().embed_viewports() {
        call::cards_ui(ui, home.calls.all(), now, &mut draft.calls, out);
    }
    // How long somebody has been away is told by the minute.
    if home.people.any_away() {
        ui.ctx().request_repaint_after(Duration::from_secs(60));
    }
}

/// Conversations: the list, the one that is open, and its details; or one after the other.
fn talk_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    narrow: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    match (narrow, home.chats.opened()) {
        (true, None) => {
            let frame = Frame::new().fill(palette(ui).bg1);
            CentralPanel::default().frame(frame).show(ui, |ui| {
                chats::chats_ui(ui, home, now, narrow, &mut draft.dialog, out);
            });
        }
        (true, Some(opened)) => {
            conversation::conversation_ui(ui, home, opened, now, true, draft, out);
        }
        (false, _) => {
            let frame = Frame::new().fill(palette(ui).bg1);
            Panel::left("list")
                .default_size(size::LIST)
                .size_range(size::LIST_RANGE)
                .frame(frame)
                .show(ui, |ui| {
                    chats::chats_ui(ui, home, now, narrow, &mut draft.dialog, out)
                });
            wide_ui(ui, home, now, draft, out);
        }
    }
}

fn wide_ui(ui: &mut Ui, home: &Home, now: Now, draft: &mut Draft, out: &mut Vec<Msg>) {
    let Some(opened) = home.chats.opened() else {
        nothing_ui(ui, home, draft);
        return;
    };
    let room = ui.ctx().content_rect().width() >= size::NO_DETAILS;
    if room && draft.details {
        let frame = Frame::new().fill(palette(ui).bg1);
        Panel::right("details")
            .default_size(size::DETAILS)
            .size_range(size::DETAILS_RANGE)
            .frame(frame)
            .show(ui, |ui| {
                details::details_ui(ui, home, opened, now, &mut draft.about, out);
            });
    }
    conversation::conversation_ui(ui, home, opened, now, !room, draft, out);
}

/// Nothing is open yet.
fn nothing_ui(ui: &mut Ui, home: &Home, draft: &mut Draft) {
    let palette = palette(ui);
    let (title, about) = if home.chats.is_empty() {
        let about = "Write to somebody by their callsign, or join a room by its name.";
        ("Nobody to talk to yet?", about)
    } else {
        (
            "Your conversations are on the left",
            "Or begin another one.",
        )
    };
    let frame = Frame::new().fill(palette.bg1);
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() / 3.0);
            ui.label(Icon::CHATS.rich(size::ROUND).color(palette.faint));
            ui.label(theme::title(title));
            ui.label(theme::body(about).color(palette.muted));
            ui.add_space(space::ONE);
            dialogs::openers_ui(ui, &mut draft.dialog);
        });
    });
}

/// What is to be said of the history, until it has been read.
fn note_ui(ui: &mut Ui, home: &Home, out: &mut Vec<Msg>) {
    let Some(note) = &home.note else {
        return;
    };
    let frame = Frame::new()
        .fill(palette(ui).soft)
        .inner_margin(Margin::symmetric(20, 8));
    Panel::top("note")
        .frame(frame)
        .show_separator_line(false)
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(theme::small(note));
                if link_button(ui, None, "Close this note") {
                    out.push(Msg::Nav(NavMsg::NoteSeen));
                }
            });
        });
}

/// Without a link: what is there stays, and what is sent waits.
fn offline_ui(ui: &mut Ui, home: &Home) {
    let text = match home.link {
        Link::Up => return,
        Link::Coming => "Connecting… What you send waits until then.",
        Link::Lost => "Offline. Trying to come back; what you send waits and goes out then.",
    };
    let palette = palette(ui);
    let frame = Frame::new()
        .fill(palette.bg2)
        .inner_margin(Margin::symmetric(20, 8));
    Panel::top("offline")
        .frame(frame)
        .show_separator_line(false)
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(Icon::OFFLINE.rich(size::SMALL_ICON).color(palette.warn));
                ui.label(theme::small(text));
            });
        });
}

fn shortcuts(ui: &Ui, home: &Home, draft: &mut Draft, out: &mut Vec<Msg>) {
    let pressed =
        |shortcut: &KeyboardShortcut| ui.input_mut(|input| input.consume_shortcut(shortcut));
    if pressed(&NEW) {
        draft.dialog = Some(dialogs::Dialog::message());
    }
    if pressed(&JOIN) {
        draft.dialog = Some(dialogs::Dialog::room());
    }
    if pressed(&FIND) {
        draft.find = Some(find::Find::new(None));
    }
    if pressed(&DIAL) {
        draft.history.dial();
        out.push(Msg::Nav(NavMsg::Went(Screen::Calls)));
    }
    if let Some(call) = home.calls.ringing().next_back()
        && pressed(&ANSWER)
    {
        out.push(Msg::Call(CallMsg::Answer(call.no)));
    }
    // Esc closes the topmost thing: a dialog by itself, else the conversation where it covers the list.
    let narrow = ui.available_width() < size::NARROW;
    let escape = KeyboardShortcut::new(Modifiers::NONE, Key::Escape);
    if draft.dialog.is_none()
        && draft.find.is_none()
        && narrow
        && home.chats.opened().is_some()
        && pressed(&escape)
    {
        out.push(Msg::Nav(NavMsg::Closed));
    }
}
