//! An eframe window with nothing in it but its ground, which no app of this kind can cost less than. Without the ground nothing
//! would be drawn, and the driver's half of what drawing takes would be missing.

/// Makes this program that window.
pub(super) const ARGUMENT: &str = "--empty-window";

struct Empty;

impl eframe::App for Empty {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        egui::CentralPanel::default().show(ui, |_| {});
    }
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
