//! The screen of calls: those that were, and the dial pad.

use egui::{CentralPanel, Frame, Key, Margin, Panel, ScrollArea, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{
    Avatar, Button, Field, Kind, Marks, Row, field_ui, icon_button, pane_head_ui, side_ui, title_ui,
};
use super::{clock, keypad, menu, words};
use crate::app::msg::{CallMsg, Msg};
use crate::app::state::{Ending, Home, Now, PastCall};
use crate::protocol::{Account, NameError};

/// What the views of this screen keep.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Whom to call.
    number: String,
    /// Whether the pad covers the list, where there is no room for both.
    pad: bool,
    /// The line is to get the keyboard.
    fresh: bool,
}

impl Draft {
    /// Shows the pad, ready to be typed at.
    pub(super) fn dial(&mut self) {
        self.pad = true;
        self.fresh = true;
    }

    /// Whom it names. Numbers are written in many ways; only what is to be dialled counts.
    fn callee(&self) -> Result<Account, NameError> {
        let typed = self.number.trim();
        let bare: String = typed
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/'))
            .collect();
        if !words::is_number(&bare) {
            return Account::try_from(typed);
        }
        // The pad has no plus; two noughts stand for it, as they do where one dials abroad.
        match bare.strip_prefix("00") {
            Some(abroad) if !abroad.is_empty() => Account::try_from(format!("+{abroad}").as_str()),
            Some(_) | None => Account::try_from(bare.as_str()),
        }
    }
}

/// The screen.
pub(super) fn calls_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    narrow: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let frame = Frame::new().fill(palette(ui).bg1);
    if narrow {
        CentralPanel::default().frame(frame).show(ui, |ui| {
            if draft.pad {
                pad_ui(ui, home, true, draft, out);
            } else {
                history_ui(ui, home, now, true, draft, out);
            }
        });
        return;
    }
    let list = Panel::left("calls")
        .default_size(size::LIST)
        .size_range(size::LIST_RANGE)
        .frame(frame);
    side_ui(ui, list, |ui| history_ui(ui, home, now, false, draft, out));
    CentralPanel::default()
        .frame(frame)
        .show(ui, |ui| pad_ui(ui, home, false, draft, out));
}

/// The calls that were.
fn history_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    alone: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    pane_head_ui(ui, |ui| {
        title_ui(ui, "Calls", |ui| {
            if alone && icon_button(ui, Icon::KEYPAD, "Dial pad", false).clicked() {
                draft.dial();
            }
        });
    });
    let calls = home.calls.log.all();
    if calls.is_empty() {
        let margin = Margin::same(16);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.label(theme::strong("No calls yet"));
            let about = "Calls that you make, take or miss are listed here.";
            ui.label(theme::body(about).color(palette.muted));
        });
        return;
    }
    let margin = Margin::symmetric(8, 0);
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show_rows(ui, size::ROW, calls.len(), |ui, seen| {
                for call in calls.range(seen) {
                    past_ui(ui, home, call, now, out);
                }
            });
    });
}

fn past_ui(ui: &mut Ui, home: &Home, call: &PastCall, now: Now, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let about = words::ending(call);
    let when = clock::short(call.started_ms, now.unix_ms);
    let mark = match (&call.ending, call.outgoing) {
        (Ending::Missed, _) => (Icon::CALL_MISSED, palette.bad),
        (Ending::Interrupted | Ending::Failed(_), true) => (Icon::CALL_OUT, palette.bad),
        (Ending::Interrupted | Ending::Failed(_), false) => (Icon::CALL_IN, palette.bad),
        (
            Ending::Talked(_)
            | Ending::Declined
            | Ending::Refused
            | Ending::Cancelled
            | Ending::NoAnswer,
            true,
        ) => (Icon::CALL_OUT, palette.muted),
        (
            Ending::Talked(_)
            | Ending::Declined
            | Ending::Refused
            | Ending::Cancelled
            | Ending::NoAnswer,
            false,
        ) => (Icon::CALL_IN, palette.muted),
    };
    let name = home.contacts.name(&call.peer);
    let presence = home.people.presence(&call.peer);
    let row = Row {
        avatar: Avatar::person(call.peer.as_str(), presence).called(name),
        name,
        spoken: format!("Call {name} back: {about}, {when}"),
        about,
        when,
        count: 0,
        selected: false,
    };
    let marks = Marks {
        about: Some(mark),
        whole: true,
        ..Marks::default()
    };
    let shown = row.show_marked(ui, marks);
    if shown.clicked() {
        out.push(Msg::Call(CallMsg::Place(call.peer.clone())));
    }
    menu::context_menu(&shown).show(|ui| {
        menu::menu_frame(ui);
        menu::person_acts_ui(ui, home, &call.peer, out);
    });
}

/// The dial pad. `covers` says that it hides the list, and so has a way back.
fn pad_ui(ui: &mut Ui, home: &Home, covers: bool, draft: &mut Draft, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    if covers {
        let margin = Margin::symmetric(16, 14);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.horizontal(|ui| {
                let escape = ui.input(|input| input.key_pressed(Key::Escape));
                if icon_button(ui, Icon::BACK, "Back to calls", false).clicked() || escape {
                    draft.pad = false;
                }
                ui.label(theme::title("Dial pad"));
            });
        });
    }
    let wide = size::DIAL.min(ui.available_width() - 2.0 * space::TWO);
    let aside = (ui.available_width() - wide) / 2.0;
    let above = if covers {
        space::ONE
    } else {
        (ui.available_height() / 2.0 - size::DIAL).max(space::FOUR)
    };
    ui.add_space(above);
    ui.horizontal_top(|ui| {
        ui.add_space(aside);
        ui.vertical(|ui| {
            ui.set_width(wide);
            ui.spacing_mut().item_spacing.y = space::TWO;
            dial_ui(ui, home, palette, draft, out);
        });
    });
}

fn dial_ui(
    ui: &mut Ui,
    home: &Home,
    palette: &theme::Palette,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let callee = draft.callee();
    let wrong = match &callee {
        Ok(account) if account == home.me() => Some("That is you.".to_owned()),
        Ok(_) | Err(NameError::Empty) => None,
        Err(error) => Some(format!(
            "A name has 1 to 128 visible characters: this {error}."
        )),
    };
    let callee = callee.ok().filter(|account| account != home.me());
    let field = Field {
        name: "Number or callsign",
        hint: "such as +44 20 7946 0958, or bob",
        wrong,
        secret: false,
    };
    let response = field_ui(ui, &field, &mut draft.number);
    if std::mem::take(&mut draft.fresh) {
        response.request_focus();
    }
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    keypad::keypad_ui(ui, |key| {
        draft.number.push(key.label());
        out.push(Msg::Call(CallMsg::Touched(key)));
    });
    let call = Button::new(Kind::Primary, "Call")
        .icon(Icon::CALL)
        .wide(ui)
        .enabled(callee.is_some());
    let pressed = call.show(ui);
    if !draft.number.is_empty() {
        ui.vertical_centered(|ui| {
            if super::widgets::link_button(ui, Some(Icon::ERASE), "Delete the last") {
                draft.number.pop();
            }
        });
    }
    if let Some(peer) = callee
        && (pressed || enter)
    {
        out.push(Msg::Call(CallMsg::Place(peer)));
        draft.number.clear();
    }
    let keys = ui.ctx().format_shortcut(&super::home::DIAL);
    ui.vertical_centered(|ui| {
        let hint = format!("{keys} comes here from everywhere");
        ui.label(theme::small(hint).color(palette.faint));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dialled_however_they_are_written() {
        for (typed, dialled) in [
            ("+44 (20) 7946-0958", "+442079460958"),
            (" 030/123.456 ", "030123456"),
            ("0044 20", "+4420"),
            ("00", "00"),
            ("bob", "bob"),
            ("a-b.c", "a-b.c"),
            ("*31#", "*31#"),
        ] {
            let number = typed.to_owned();
            let draft = Draft {
                number,
                ..Draft::default()
            };
            let callee = draft.callee().expect("an account");
            assert_eq!(callee.as_str(), dialled, "{typed}");
        }
        assert_eq!(Draft::default().callee(), Err(NameError::Empty));
    }
}
