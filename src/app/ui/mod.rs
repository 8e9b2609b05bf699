//! What a person sees. Views read the state, keep what is being typed, and say what was done; they change nothing else.
//!
//! Every view is a function that ends in `_ui` and takes the state it shows, its own draft, and `out`, the list of what
//! happened. One file a screen; [`theme`] has every colour, size and space; [`widgets`] what screens share.

mod bar;
mod call;
mod call_bar;
mod call_ended;
mod call_record;
mod call_sound;
mod calls;
mod chats;
mod clock;
mod composer;
mod console;
mod conversation;
mod details;
mod devices;
mod dialogs;
mod file_path;
mod find;
mod fonts;
mod home;
mod icons;
mod inspect_asks;
mod inspect_table;
mod inspector;
mod keypad;
mod keyring;
mod lines;
mod menu;
mod message;
mod people;
#[cfg(test)]
mod pictures;
mod rail;
mod settings;
mod sign_in;
mod talk;
mod text;
mod theme;
mod widgets;
mod words;

pub(super) use call::{
    Draft as CallDraft, closed as calls_closed, titled as call_window_title,
    wanted as call_window_size, window_ui as call_window_ui,
};

use super::msg::Msg;
use super::state::{Audio, Keyring, Look, Now, Phase, Settings, State};

/// What the views keep: what is being typed, what is folded, what is open.
#[derive(Debug, Default)]
pub(super) struct Screens {
    sign_in: sign_in::Draft,
    home: home::Draft,
    /// When there was input last, in egui's seconds.
    last_input: f64,
    /// Whether the caret is to blink at all, as egui was told before the first frame.
    blinks: Option<bool>,
    /// What egui has been told of the settings.
    looks: Option<(Option<Look>, u16)>,
}

/// What is set for the profile, whoever is signed in.
#[derive(Clone, Copy)]
struct Set<'a> {
    settings: &'a Settings,
    keyring: &'a Keyring,
    audio: &'a Audio,
}

/// The caret blinks for so long after the last input, in seconds; then it rests, and no frame is drawn for it.
const CARET_BLINKS: f64 = 5.0;

impl Screens {
    /// Lets the caret rest when nobody types.
    pub(super) fn rest(&mut self, ctx: &egui::Context) {
        let (now, input) = ctx.input(|input| (input.time, !input.events.is_empty()));
        if input {
            self.last_input = now;
        }
        let blinking = ctx.global_style().visuals.text_cursor.blink;
        let blink = *self.blinks.get_or_insert(blinking) && now - self.last_input < CARET_BLINKS;
        if blinking != blink {
            ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = blink);
        }
    }

    /// Looks as it is set, from the next frame on.
    pub(super) fn look(&mut self, ctx: &egui::Context, settings: &Settings) {
        let looks = Some((settings.theme, settings.scale));
        if self.looks == looks {
            return;
        }
        self.looks = looks;
        ctx.set_theme(match settings.theme {
            None => egui::ThemePreference::System,
            Some(Look::Light) => egui::ThemePreference::Light,
            Some(Look::Dark) => egui::ThemePreference::Dark,
        });
        ctx.set_zoom_factor(f32::from(settings.scale) / 100.0);
    }

    /// The card is filled in with a server's address.
    pub(super) fn prefill(&mut self, server: &str) {
        self.sign_in.prefill(server);
    }
}

/// Gives egui our fonts and our look. Once, before the first frame.
pub(super) fn install(ctx: &egui::Context) {
    fonts::install(ctx);
    theme::install(ctx);
}

/// Tells screen readers what a window is called, which its title alone does not. With every frame of it.
pub(super) fn name_window(ctx: &egui::Context, name: &str) {
    ctx.accesskit_node_builder(egui::accesskit_root_id(), |window| window.set_label(name));
}

/// The window.
pub(super) fn root_ui(
    ui: &mut egui::Ui,
    state: &State,
    now: Now,
    screens: &mut Screens,
    out: &mut Vec<Msg>,
) {
    bar::bar_ui(ui, state.phase(), state.keyring(), out);
    match state.phase() {
        // For some milliseconds; the ground is enough.
        Phase::Opening => {
            let ground = egui::Frame::new().fill(theme::palette(ui).bg0);
            egui::CentralPanel::default().frame(ground).show(ui, |_| {});
        }
        Phase::Out(card) => {
            screens.home = home::Draft::default();
            let keyring = state.keyring();
            sign_in::sign_in_ui(ui, card, keyring, &mut screens.sign_in, out);
        }
        Phase::Home(home) => {
            screens.sign_in.forget_secret();
            let set = Set {
                settings: state.settings(),
                keyring: state.keyring(),
                audio: state.audio(),
            };
            let set = (set, state.panes());
            home::home_ui(ui, home, set, now, &mut screens.home, out);
        }
    }
}
