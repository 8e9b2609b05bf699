//! What is to be said above everything else, in one bar: of several things the most urgent one.

use egui::{Align, Frame, Label, Layout, Margin, Panel, Ui};

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{icon_button, icon_ui, link_button};
use crate::app::msg::{Msg, NavMsg, SecretMsg};
use crate::app::state::{Home, Keyring, Link, Phase};

/// What is said, and what can be done about it.
struct Bar {
    icon: Icon,
    text: String,
    /// Whether it is of no use to do anything.
    quiet: bool,
    acts: Vec<(&'static str, Msg)>,
    /// What says that it was read.
    close: Option<Msg>,
}

/// The bar, if there is something to be said.
pub(super) fn bar_ui(ui: &mut Ui, phase: &Phase, keyring: &Keyring, out: &mut Vec<Msg>) {
    let home = match phase {
        Phase::Home(home) => Some(&**home),
        Phase::Opening | Phase::Out(_) => None,
    };
    // One waits for the keyring, then for the server; what else there is can be read at any time.
    let bar = home
        .and_then(finding)
        .or_else(|| home.and_then(offline))
        .or_else(|| trouble(keyring))
        .or_else(|| home.and_then(note));
    if let Some(bar) = bar {
        show_ui(ui, bar, out);
    }
}

/// The keyring is looking for the token.
fn finding(home: &Home) -> Option<Bar> {
    home.finding.then(|| Bar {
        icon: Icon::KEY,
        text: "Waiting for the system's keyring, which has your token. It may want to be unlocked."
            .to_owned(),
        quiet: false,
        acts: vec![(
            "Paste the token instead",
            Msg::Secret(SecretMsg::TypeInstead),
        )],
        close: None,
    })
}

/// Without a link: what is there stays, and what is sent waits.
fn offline(home: &Home) -> Option<Bar> {
    let text = match home.link {
        Link::Up => return None,
        Link::Coming => "Connecting… What you send waits until then.",
        Link::Lost => "Offline. What you send waits until you are back.",
    };
    Some(Bar {
        icon: Icon::OFFLINE,
        text: text.to_owned(),
        quiet: true,
        acts: Vec::new(),
        close: None,
    })
}

/// What the keyring did not do.
fn trouble(keyring: &Keyring) -> Option<Bar> {
    let trouble = keyring.trouble.as_ref()?;
    let mut acts = Vec::new();
    if trouble.may_pass() {
        acts.push(("Try again", Msg::Secret(SecretMsg::Again)));
    }
    if trouble.may_ask() {
        let ask = SecretMsg::AskEachTime(true);
        acts.push((super::keyring::ASK, Msg::Secret(ask)));
    }
    Some(Bar {
        icon: Icon::KEY,
        text: trouble.sentence(),
        quiet: false,
        acts,
        close: Some(Msg::Secret(SecretMsg::Seen)),
    })
}

/// What is to be said of the history, until it has been read.
fn note(home: &Home) -> Option<Bar> {
    let text = home.note.clone()?;
    Some(Bar {
        icon: Icon::NOTE,
        text,
        quiet: false,
        acts: Vec::new(),
        close: Some(Msg::Nav(NavMsg::NoteSeen)),
    })
}

fn show_ui(ui: &mut Ui, bar: Bar, out: &mut Vec<Msg>) {
    let palette = palette(ui);
    let narrow = ui.available_width() < size::NARROW;
    let (fill, ink) = match bar.quiet {
        true => (palette.bg2, palette.warn),
        false => (palette.soft, palette.accent),
    };
    let frame = Frame::new().fill(fill).inner_margin(match narrow {
        true => Margin::symmetric(12, 6),
        false => Margin::symmetric(20, 4),
    });
    let (acts, close) = (bar.acts, bar.close);
    let shown = Panel::top("bar")
        .frame(frame)
        .show_separator_line(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::vec2(space::ONE_AND_HALF, 0.0);
            let mut done = None;
            let line = egui::vec2(ui.available_width(), size::CONTROL);
            ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
                if let Some(close) = close
                    && icon_button(ui, Icon::CLOSE, "Close this note", false).clicked()
                {
                    done = Some(close);
                }
                if !narrow {
                    for (name, msg) in acts.iter().rev() {
                        if link_button(ui, None, name) {
                            done = Some(msg.clone());
                        }
                    }
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    icon_ui(ui, bar.icon, size::ICON, ink);
                    ui.add(Label::new(theme::small(&bar.text)).wrap());
                });
            });
            if narrow && !acts.is_empty() {
                ui.horizontal_wrapped(|ui| {
                    ui.add_space(size::ICON + space::ONE_AND_HALF);
                    for (name, msg) in &acts {
                        if link_button(ui, None, name) {
                            done = Some(msg.clone());
                        }
                    }
                });
            }
            done
        });
    out.extend(shown.inner);
}
