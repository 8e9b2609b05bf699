//! The window of somebody who is signed in: rail, list, conversation, details; and what lies above them.

use std::time::Duration;

use egui::{Key, KeyboardShortcut, Modifiers, Popup, Ui};

use super::theme::size;
use super::{
    Set, call, call_bar, calls, conversation, details, dialogs, file_path, find, inspector, people,
    rail, settings, talk,
};
use crate::app::msg::{CallMsg, Msg, NavMsg};
use crate::app::state::{ConversationId, Home, Now, Panes, Screen};

/// What the views of this screen keep.
#[derive(Debug, Default)]
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
    /// Whose details cover the conversation, where there is no room for both.
    pub(super) covered: Option<ConversationId>,
    pub(super) settings: settings::Draft,
    /// A path that is being typed.
    pub(super) path: file_path::Draft,
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
    (set, panes): (Set<'_>, &Panes),
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
    // Elsewhere calls are a card in this window.
    if !ui.ctx().embed_viewports() {
        let calls = home.calls.all();
        call_bar::call_bar_ui(ui, calls, set.audio, now, &mut draft.call_bar, out);
    }
    match home.screen {
        Screen::Chats => talk::talk_ui(ui, home, panes, now, draft, out),
        Screen::People => people::people_ui(ui, home, now, narrow, draft, out),
        Screen::Inspector => {
            inspector::inspector_ui(ui, home, now, narrow, &mut draft.inspector, out);
        }
        Screen::Settings => settings::settings_ui(ui, home, set, narrow, &mut draft.settings, out),
        Screen::Calls => calls::calls_ui(ui, home, now, narrow, &mut draft.history, out),
    }
    if let Some(dialog) = &mut draft.dialog
        && dialogs::dialog_ui(ui, dialog, out) == dialogs::Done::Yes
    {
        draft.dialog = None;
    }
    if let Some(open) = &mut draft.find
        && find::find_ui(ui, home, now, open, out)
    {
        draft.find = None;
    }
    file_path::path_ui(ui, home.files.typed(), &mut draft.path, out);
    // Where calls have a window of their own, they are there.
    if ui.ctx().embed_viewports() {
        let calls = home.calls.all();
        call::cards_ui(ui, calls, set.audio, now, &mut draft.calls, out);
    }
    // Whoever stops writing says no word of it.
    if let Some(next) = home.typing.next(now.at) {
        ui.ctx().request_repaint_after(next);
    }
    // How long somebody has been away is told by the minute.
    if home.people.any_away() {
        ui.ctx().request_repaint_after(Duration::from_secs(60));
    }
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
    // Esc closes the topmost thing: a dialog or a menu by itself, else the details where they cover the conversation, else
    // the conversation where it covers the list.
    let narrow = ui.available_width() < size::NARROW;
    let above = draft.dialog.is_some() || draft.find.is_some() || Popup::is_any_open(ui.ctx());
    let opened = home.chats.opened();
    if above || home.screen != Screen::Chats || opened.is_none() {
        return;
    }
    let covered = draft.covered.is_some() && draft.covered.as_ref() == opened;
    if (covered || narrow) && pressed(&KeyboardShortcut::new(Modifiers::NONE, Key::Escape)) {
        if covered {
            draft.covered = None;
        } else {
            out.push(Msg::Nav(NavMsg::Closed));
        }
    }
}
