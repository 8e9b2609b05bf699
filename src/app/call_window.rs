//! The window of calls: registered as soon as the app's own window stands, and shown by a command when there is a call. So a
//! call shows while the window of the app is hidden or minimised, and paints nothing. Where no window can be hidden, as under
//! Wayland, it is registered when there is a call.
//!
//! It is painted apart from the app, so that what it shows is a snapshot, and what is done in it waits to be taken in. That
//! snapshot is the one lock of the app, and nobody holds it for longer than a frame.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::{Context, Vec2, ViewportBuilder, ViewportCommand, ViewportId, WindowLevel};

use super::msg::Msg;
use super::state::{Audio, Call, CallPhase};
use super::ui;

/// The window, as the app has it.
#[derive(Debug)]
pub(super) struct CallWindow {
    /// What the app's own window is called: two profiles may be open beside each other.
    app: String,
    shared: Arc<Mutex<Shared>>,
    /// Whether it is there, shown or hidden: what is told to a window that is not gets lost.
    registered: bool,
    /// Whether it is on the screen.
    shown: bool,
    /// Whether windows can be hidden here.
    hides: bool,
}

/// What the app and the window share.
#[derive(Debug, Default)]
struct Shared {
    /// What the window is called.
    title: String,
    calls: Vec<Call>,
    audio: Audio,
    draft: ui::CallDraft,
    /// How large the window was asked to be.
    size: Vec2,
    out: Vec<Msg>,
}

impl CallWindow {
    /// Not shown, and not registered. `app` is what the app's own window is called.
    pub(super) fn new(app: &str) -> Self {
        // What decides it for the library that makes the windows decides it here.
        let wayland = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let shared = Shared {
            title: ui::call_window_title(&[], app),
            ..Shared::default()
        };
        Self {
            app: app.to_owned(),
            shared: Arc::new(Mutex::new(shared)),
            registered: false,
            shown: false,
            hides: !(cfg!(target_os = "linux")
                && ["WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
                    .into_iter()
                    .any(wayland)),
        }
    }

    /// What was done in it since.
    pub(super) fn done(&self) -> Vec<Msg> {
        std::mem::take(&mut self.lock().out)
    }

    /// Lets it show these calls; without any it goes.
    pub(super) fn show(&mut self, ctx: &Context, calls: &[Call], audio: &Audio) {
        if ctx.embed_viewports() {
            return;
        }
        let mut shared = self.lock();
        let listed = !calls.is_empty() && shared.audio != *audio;
        if shared.calls != calls || listed {
            shared.calls = calls.to_vec();
            shared.audio.clone_from(audio);
            // Also while the app's own window paints nothing, and so registers nothing.
            let title = ui::call_window_title(calls, &self.app);
            if shared.title != title {
                shared.title.clone_from(&title);
                ctx.send_viewport_cmd_to(id(), ViewportCommand::Title(title));
            }
            ctx.request_repaint_of(id());
        }
        drop(shared);
        let wanted = !calls.is_empty();
        if self.shown == wanted || (self.hides && !self.registered) {
            return;
        }
        self.shown = wanted;
        ctx.send_viewport_cmd_to(id(), ViewportCommand::Visible(wanted));
        if wanted {
            ctx.send_viewport_cmd_to(id(), ViewportCommand::Minimized(false));
            // Who is called may be typing elsewhere.
            let called = calls
                .iter()
                .any(|call| call.phase == CallPhase::RingingHere);
            let come = if called {
                ViewportCommand::RequestUserAttention(egui::UserAttentionType::Critical)
            } else {
                ViewportCommand::Focus
            };
            ctx.send_viewport_cmd_to(id(), come);
        }
    }

    /// Registers it; with every frame of the app, or it would be gone.
    pub(super) fn register(&mut self, ctx: &Context) {
        if ctx.embed_viewports() || !(self.hides || self.shown) {
            return;
        }
        self.registered = true;
        let usual = ui::call_window_size(&[], &Audio::default(), &ui::CallDraft::default());
        let builder = ViewportBuilder::default()
            .with_app_id("callsign")
            .with_title(&self.lock().title)
            .with_inner_size(usual)
            .with_resizable(false)
            .with_maximize_button(false)
            .with_window_level(WindowLevel::AlwaysOnTop)
            .with_active(false)
            .with_visible(!self.hides);
        let shared = Arc::clone(&self.shared);
        ctx.show_viewport_deferred(id(), builder, move |ui, _class| {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.frame(ui);
        });
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn frame(&mut self, ui: &mut egui::Ui) {
        ui::name_window(ui.ctx(), &self.title);
        ui::call_window_ui(
            ui,
            &self.calls,
            &self.audio,
            super::now(),
            &mut self.draft,
            &mut self.out,
        );
        let wanted = ui::call_window_size(&self.calls, &self.audio, &self.draft);
        if self.size != wanted {
            self.size = wanted;
            ui.ctx()
                .send_viewport_cmd(ViewportCommand::InnerSize(wanted));
        }
        if ui.input(|input| input.viewport().close_requested()) {
            ui.ctx().send_viewport_cmd(ViewportCommand::CancelClose);
            self.out.extend(ui::calls_closed(&self.calls));
        }
        if !self.out.is_empty() {
            ui.ctx().request_repaint_of(ViewportId::ROOT);
        }
    }
}

fn id() -> ViewportId {
    ViewportId::from_hash_of("calls")
}
