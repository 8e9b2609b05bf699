//! What one can set. One file a section.

mod about;
mod account;
mod appearance;
mod audio;
mod notifications;
mod server;
mod shortcuts;

use egui::accesskit::Role;
use egui::{
    Align, CentralPanel, Frame, Margin, Panel, ScrollArea, Sense, StrokeKind, Ui, WidgetInfo,
};

use super::Set;
use super::icons::Icon;
use super::theme::{self, palette, radius, size, space};
use super::widgets::{icon_button, pane_head_ui, rows_ui, side_ui, text_in, title_ui};
use crate::app::msg::Msg;
use crate::app::state::Home;

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    section: Section,
    /// Whether a section covers the list, where there is no room for both.
    covered: bool,
    server: server::Draft,
}

/// Settings of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Account,
    Audio,
    Notifications,
    Appearance,
    Server,
    Shortcuts,
    About,
}

impl Section {
    const ALL: [Self; 7] = [
        Self::Account,
        Self::Audio,
        Self::Notifications,
        Self::Appearance,
        Self::Server,
        Self::Shortcuts,
        Self::About,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::Audio => "Audio",
            Self::Notifications => "Notifications",
            Self::Appearance => "Appearance",
            Self::Server => "Server on this computer",
            Self::Shortcuts => "Shortcuts",
            Self::About => "About",
        }
    }
}

/// The screen: the sections, and the one that is chosen; or one after the other.
pub(super) fn settings_ui(
    ui: &mut Ui,
    home: &Home,
    set: Set<'_>,
    narrow: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let frame = Frame::new().fill(palette(ui).bg1);
    if narrow && !draft.covered {
        CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| sections_ui(ui, None, draft));
        return;
    }
    if !narrow {
        let list = Panel::left("sections")
            .default_size(size::LIST)
            .size_range(size::LIST_RANGE)
            .frame(frame);
        side_ui(ui, list, |ui| {
            sections_ui(ui, Some(draft.section), draft);
        });
    }
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ScrollArea::vertical()
            .id_salt(draft.section.name())
            .auto_shrink([false, false])
            .show(ui, |ui| {
                let margin = Margin::symmetric(if narrow { 12 } else { 20 }, 14);
                Frame::new().inner_margin(margin).show(ui, |ui| {
                    ui.set_max_width(size::TEXT.min(ui.available_width()));
                    section_ui(ui, home, set, narrow, draft, out);
                });
            });
    });
    server::ask_ui(ui, home, &mut draft.server, out);
}

/// The list; `shown` is marked.
fn sections_ui(ui: &mut Ui, shown: Option<Section>, draft: &mut Draft) {
    pane_head_ui(ui, |ui| {
        title_ui(ui, "Settings", |_| {});
    });
    rows_ui(ui, None, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for section in Section::ALL {
            if choice_ui(ui, section.name(), shown == Some(section)) {
                draft.section = section;
                draft.covered = true;
            }
        }
    });
}

/// A line of the list. Whether it was clicked.
fn choice_ui(ui: &mut Ui, name: &str, on: bool) -> bool {
    let palette = palette(ui);
    let wanted = egui::vec2(ui.available_width(), size::TALL);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, on, name));
    let fill = match (on, response.hovered() || response.has_focus()) {
        (true, _) => palette.soft,
        (false, true) => palette.bg0,
        (false, false) => palette.bg1,
    };
    ui.painter().rect_filled(rect, radius::CONTROL, fill);
    if response.has_focus() {
        let ring = palette.focus();
        ui.painter()
            .rect_stroke(rect, radius::CONTROL, ring, StrokeKind::Inside);
    }
    let words = rect.shrink2(egui::vec2(space::ONE, 0.0));
    let ink = if on { palette.accent } else { palette.text };
    text_in(ui, theme::strong(name).color(ink), words, Align::Min);
    response.clicked()
}

fn section_ui(
    ui: &mut Ui,
    home: &Home,
    set: Set<'_>,
    narrow: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    ui.horizontal(|ui| {
        ui.set_height(size::CONTROL);
        if narrow && icon_button(ui, Icon::BACK, "Back to the settings", false).clicked() {
            draft.covered = false;
        }
        ui.label(theme::title(draft.section.name()));
    });
    ui.add_space(space::ONE);
    match draft.section {
        Section::Account => account::account_ui(ui, home, set.keyring, out),
        Section::Audio => audio::audio_ui(ui, set.audio, out),
        Section::Notifications => notifications::notifications_ui(ui, home, set.settings, out),
        Section::Appearance => appearance::appearance_ui(ui, set.settings, out),
        Section::Server => server::server_ui(ui, home, &mut draft.server, out),
        Section::Shortcuts => shortcuts::shortcuts_ui(ui),
        Section::About => about::about_ui(ui, home, out),
    }
}

/// The name of some settings that belong together.
fn group_ui(ui: &mut Ui, name: &str) {
    ui.add_space(space::TWO);
    ui.label(theme::small_strong(name).color(palette(ui).muted));
}

/// A line that explains.
fn note_ui(ui: &mut Ui, text: &str) {
    ui.label(theme::small(text).color(palette(ui).muted));
}

/// What went wrong, in a sentence.
fn wrong_ui(ui: &mut Ui, text: &str) {
    ui.label(theme::small(text).color(palette(ui).bad));
}
