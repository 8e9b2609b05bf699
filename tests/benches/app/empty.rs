//! An eframe window with nothing in it, which no app of this kind can cost less than.

/// Makes this program that window.
pub(super) const ARGUMENT: &str = "--empty-window";

struct Empty;

impl eframe::App for Empty {
    fn ui(&mut self, _ui: &mut egui::Ui, _frame: &mut eframe::Frame) {}
}

pub(super) fn run() {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1180.0, 760.0]),
        ..eframe::NativeOptions::default()
    };
    eframe::run_native(
        "Callsign's measure",
        options,
        Box::new(|_| Ok(Box::new(Empty))),
    )
    .expect("a window");
}
