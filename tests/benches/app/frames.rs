//! What one frame costs of our code, without a display.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use callsign::app::{App, Options};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::desk::{HEIGHT, WIDTH};
use super::fill;

const PATIENCE: Duration = Duration::from_secs(30);
/// Frames in which one scrolls, and how far in each, in points.
const FRAMES: usize = 2000;
const SCROLL: f32 = 240.0;
/// Messages of the long conversations.
pub(super) const MESSAGES: usize = 100_000;
/// How often a conversation is opened.
const OPENED: usize = 20;

/// A window, and how long our code took in each frame.
pub(super) struct Window {
    harness: Harness<'static, App>,
    news: mpsc::Receiver<()>,
    took: Rc<RefCell<Vec<Duration>>>,
}

impl Window {
    pub(super) fn open(data: &Path) -> Self {
        let options = Options {
            profile: fill::NAME.parse().expect("a profile"),
            server: None,
            theme: None,
            data: data.to_owned(),
        };
        let (wake, news) = mpsc::sync_channel(1);
        // That it is full says as much.
        let app = App::new(&options, move || wake.try_send(()).unwrap_or(())).expect("threads");
        let took = Rc::<RefCell<Vec<Duration>>>::default();
        let times = Rc::clone(&took);
        let frame = move |ui: &mut egui::Ui, app: &mut App| {
            let began = Instant::now();
            app.logic(ui.ctx());
            app.ui(ui);
            times.borrow_mut().push(began.elapsed());
        };
        let harness = Harness::builder()
            .with_size(egui::vec2(WIDTH as f32, HEIGHT as f32))
            .with_context_setup(callsign::app::install)
            .build_ui_state(frame, app);
        Self {
            harness,
            news,
            took,
        }
    }

    pub(super) fn shows(&self, name: &str) -> bool {
        self.harness.query_all_by_label(name).next().is_some()
    }

    fn shows_part(&self, part: &str) -> bool {
        self.harness
            .query_all_by_label_contains(part)
            .next()
            .is_some()
    }

    pub(super) fn press(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.harness.step();
    }

    pub(super) fn type_into(&mut self, name: &str, text: &str) {
        self.until(|window| window.shows(name));
        self.harness.get_by_label(name).focus();
        self.harness.step();
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.harness.step();
    }

    /// Draws until something holds.
    pub(super) fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        let latest = Instant::now() + PATIENCE;
        self.harness.step();
        while !holds(self) {
            assert!(
                Instant::now() < latest,
                "it never came: {:?}",
                self.harness.root()
            );
            self.news.recv_timeout(Duration::from_millis(5)).ok();
            self.harness.step();
        }
    }
}

/// Opens a conversation of 100,000 messages, and scrolls through it.
pub(super) fn measure(data: &Path) {
    let mut window = Window::open(data);
    window.until(|window| window.shows("Message person-0"));
    let mut opened = Vec::new();
    for number in 0..OPENED {
        let person = (number + 1) % 2;
        let name = format!("person-{person}");
        // The very last one stands in the list as well.
        let last = fill::mark(person, MESSAGES - 2);
        let began = Instant::now();
        let conversation = window.harness.query_all_by_label_contains(&name).next();
        conversation.expect("in the list").click();
        window.until(|window| window.shows_part(&last));
        opened.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    opened.sort_by(f64::total_cmp);
    println!(
        "| 100,000 messages: from the click to the last lines, median (slowest of {OPENED}) | {:.1} ms ({:.1}) |",
        opened[OPENED / 2],
        opened[OPENED - 1]
    );

    let middle = egui::pos2(WIDTH as f32 * 0.5, HEIGHT as f32 * 0.5);
    window.harness.event(egui::Event::PointerMoved(middle));
    window.harness.step();
    window.took.borrow_mut().clear();
    for _ in 0..FRAMES {
        window.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, SCROLL),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: egui::Modifiers::NONE,
        });
        window.harness.step();
    }
    let mut took: Vec<_> = window
        .took
        .borrow()
        .iter()
        .map(|took| took.as_secs_f64() * 1000.0)
        .collect();
    took.sort_by(f64::total_cmp);
    let part = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
    println!(
        "| 100,000 messages: our code in a frame that scrolls, median (99 %, slowest of {FRAMES}) | {:.2} ms ({:.2}, {:.2}) |",
        part(0.5),
        part(0.99),
        part(1.0)
    );
}
