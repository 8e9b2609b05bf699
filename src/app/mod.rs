//! LAYER 4. The desktop app.
//!
//! ```text
//! click -> Msg -> State::update -> Effect -> worker -> SDK -> ... -> event -> Msg -> State::update -> next frame
//! ```
//!
//! | part | what it is | may know |
//! |---|---|---|
//! | `msg`, `effect`, `kept` | what happened, what to do | `protocol`, `client::event`, the plain data of `store` |
//! | `state` | all behaviour: no egui, no tokio, no clock | those |
//! | `ui` | what a person sees; reads the state, says what was done | `state`, `msg` |
//! | `worker` | performs effects, on its own threads | `client`, `server`, `net`, `store`, `platform` |
//! | `platform` | what the system has: the keyring | `msg`, `effect`, `protocol` |
//! | `verbs` | what is done without a window | `client`, `net`, `voice`, `calls` |
//! | `cli` | the command line | `options`, `verbs` |
//! | `call_window` | the window that calls have of their own | `state`, `ui`, `msg` |
//! | this file | the glue with eframe | all of these |
//!
//! [`App::logic`] takes in what the worker has to say, also while the window is hidden; [`App::ui`] paints. Neither waits for
//! anything. Without anything new there is no frame.

mod call_window;
pub mod cli;
mod effect;
mod kept;
mod msg;
mod options;
mod platform;
mod state;
mod ui;
pub mod verbs;
mod worker;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use call_window::CallWindow;
use msg::{MeMsg, Msg, NavMsg};
use state::{Look, Now, Phase, State};
use worker::{Signals, Wake, Worker};

pub use options::{Options, Profile, ProfileError, Theme, ThemeError, data_dir};

/// The least that a window may be, and what it is at first, in points.
const LEAST: [f32; 2] = [360.0, 480.0];
const USUAL: [f32; 2] = [1180.0, 760.0];

/// Without input for so long, somebody is away.
const AWAY: Duration = Duration::from_secs(10 * 60);

/// When a frame comes that takes in what the one before had to leave.
const NEXT_FRAME: Duration = Duration::from_millis(16);

/// Why the app does not open.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system gives no threads.
    #[error("the system does not let us have threads")]
    Worker(#[from] io::Error),
    /// There is no window to be had.
    #[error("no window can be opened: {0}")]
    Window(String),
}

/// The app of one profile: its state, what its views keep, and the way to its worker.
#[derive(Debug)]
pub struct App {
    /// What the window is called.
    title: String,
    state: State,
    screens: ui::Screens,
    worker: Worker,
    calls: CallWindow,
    out: Vec<Msg>,
    /// Whether a screen has been painted, rather than the ground alone.
    stands: bool,
    focused: bool,
    /// When somebody touched something last, and whether that is long ago.
    touched: Instant,
    idle: bool,
}

impl App {
    /// Starts the worker. `wake` is called, from its threads, whenever there is something new: draw a frame then. Its egui
    /// context must have our look ([`install`]).
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(options: &Options, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        Self::start(options, wake, Signals::Leave)
    }

    fn start(
        options: &Options,
        wake: impl Fn() + Send + Sync + 'static,
        signals: Signals,
    ) -> io::Result<Self> {
        let wake: Wake = Arc::new(wake);
        let mut screens = ui::Screens::default();
        if let Some(server) = &options.server {
            screens.prefill(server);
        }
        let title = title(&options.profile);
        Ok(Self {
            calls: CallWindow::new(&title),
            title,
            state: State::new(
                RandomState::new().build_hasher().finish(),
                options.theme.map(look),
            ),
            screens,
            worker: Worker::start(&options.data, &options.profile, wake, signals)?,
            out: Vec::new(),
            stands: false,
            focused: true,
            touched: Instant::now(),
            idle: false,
        })
    }

    /// Takes in what the worker has to say. Also called while the window is hidden.
    pub fn logic(&mut self, ctx: &egui::Context) {
        let now = now();
        let focused = ctx.input(|input| input.focused);
        if focused != self.focused {
            self.focused = focused;
            self.take_in(now, Msg::Nav(NavMsg::Focus(focused)));
        }
        let wanted = self.state.wanted();
        let mut taken = 0;
        while let Some(msg) = self.worker.next(taken) {
            self.take_in(now, msg);
            taken += 1;
        }
        for msg in self.calls.done() {
            self.touched = now.at;
            self.take_in(now, msg);
        }
        if self.state.wanted() > wanted {
            come_forward(ctx);
        }
        if self.worker.over() {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        self.away(ctx, now);
        self.calls.show(ctx, self.state.calls(), self.state.audio());
        // What did not fit last time.
        self.worker.perform(Vec::new());
        if self.worker.has_more() {
            ctx.request_repaint_after(NEXT_FRAME);
        }
    }

    /// Paints a frame, and takes in what was done in it.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        let now = now();
        ui::name_window(ui.ctx(), &self.title);
        if self.stands {
            self.calls.register(ui.ctx());
        }
        self.screens.rest(ui.ctx());
        self.screens.look(ui.ctx(), self.state.settings());
        ui::root_ui(ui, &self.state, now, &mut self.screens, &mut self.out);
        if !self.stands && !matches!(self.state.phase(), Phase::Opening) {
            // A second window takes its time, which the first is not to wait for.
            self.stands = true;
            ui.ctx().request_repaint();
        }
        if self.out.is_empty() {
            return;
        }
        for msg in std::mem::take(&mut self.out) {
            self.take_in(now, msg);
        }
        // What was painted is no longer what is.
        ui.ctx().request_repaint();
    }

    /// Whoever has touched nothing for a while is away.
    fn away(&mut self, ctx: &egui::Context, now: Now) {
        if ctx.input(|input| !input.events.is_empty()) {
            self.touched = now.at;
        }
        let left = AWAY.saturating_sub(now.at.saturating_duration_since(self.touched));
        let idle = left.is_zero();
        if idle != self.idle {
            self.idle = idle;
            self.take_in(now, Msg::Me(MeMsg::Idle(idle)));
        }
        if !idle {
            ctx.request_repaint_after(left);
        }
    }

    fn take_in(&mut self, now: Now, msg: Msg) {
        let effects = self.state.update(now, msg);
        self.worker.perform(effects);
    }
}

/// Logs from now on: warnings to standard error, and what may be of interest afterwards in memory, from where it can be saved
/// under Settings. Once in a program.
pub fn start_log() {
    worker::log::start();
}

/// Gives an egui context our fonts and our look. Once, before its first frame.
pub fn install(ctx: &egui::Context) {
    ui::install(ctx);
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        App::logic(self, ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        App::ui(self, ui);
    }
}

/// Opens the window, and comes back when it is closed.
///
/// # Errors
/// No window can be had, or no threads.
pub fn run(options: Options) -> Result<(), RunError> {
    let title = title(&options.profile);
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_app_id("callsign")
            .with_title(&title)
            .with_inner_size(USUAL)
            .with_min_inner_size(LEAST),
        ..eframe::NativeOptions::default()
    };
    let start = move |cc: &eframe::CreationContext<'_>| {
        install(&cc.egui_ctx);
        let waker = cc.egui_ctx.clone();
        let app = App::start(&options, move || waker.request_repaint(), Signals::Heed)?;
        Ok(Box::new(app) as Box<dyn eframe::App>)
    };
    eframe::run_native(&title, native, Box::new(start))
        .map_err(|error| RunError::Window(error.to_string()))
}

/// What the window of a profile is called.
fn title(profile: &Profile) -> String {
    match profile.is_usual() {
        true => "Callsign".to_owned(),
        false => format!("Callsign ({profile})"),
    }
}

/// Shows the window, wherever it is: somebody wants to see it.
fn come_forward(ctx: &egui::Context) {
    use egui::ViewportCommand;
    for command in [
        ViewportCommand::Visible(true),
        ViewportCommand::Minimized(false),
        ViewportCommand::RequestUserAttention(egui::UserAttentionType::Critical),
        ViewportCommand::Focus,
    ] {
        ctx.send_viewport_cmd(command);
    }
}

/// The look that was asked for at the start.
fn look(theme: Theme) -> Look {
    match theme {
        Theme::Light => Look::Light,
        Theme::Dark => Look::Dark,
    }
}

/// The time on both clocks.
fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH);
    Now {
        at: Instant::now(),
        unix_ms: unix.map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        }),
    }
}
