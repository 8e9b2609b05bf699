//! What the app costs: how soon it shows something, its memory, its rest, its frames. `cargo bench --bench app`, on Linux, with
//! `Xvfb`, `openbox` and `xdotool`; takes some minutes, and wants a quiet computer. `cargo bench --bench app -- frames` measures
//! the frames alone, and needs no display.
//!
//! The program is the release build; beside it stands an empty eframe window, so that a ratio comes from one run.

mod desk;
mod empty;
mod fill;
mod frames;
mod process;

use std::path::Path;
use std::time::Duration;

use desk::Desk;
use process::App;

/// The argument with which the frames alone are measured.
const FRAMES: &str = "frames";
/// How often each start is timed.
const STARTS: usize = 7;
/// How long it is watched at rest.
const REST: Duration = Duration::from_secs(20);
/// How long a window may take until everything is drawn and the caret rests.
const SETTLED: Duration = Duration::from_secs(12);
/// Conversations and messages of a person with much to say.
const CONVERSATIONS: usize = 50;
const MESSAGES: usize = 2000;

fn main() {
    // What cargo adds when it runs benches is not for us.
    if std::env::args().any(|argument| argument == empty::ARGUMENT) {
        empty::run();
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let folder = folder.path();
    println!("| what | figure |\n|---|---|");
    if !std::env::args().any(|argument| argument == FRAMES) {
        windows(folder);
    }
    let long = folder.join("long");
    fill::sign_in(&long);
    fill::conversations(&long, 2, frames::MESSAGES);
    frames::measure(&long);
}

/// What the whole program costs, in three states.
fn windows(folder: &Path) {
    let desk = Desk::new(folder);
    let fresh = folder.join("fresh");
    let empty = figures(&desk, "empty eframe window", || App::empty(&desk));
    let out = figures(&desk, "signed out", || App::start(&desk, &fresh));
    above("signed out", out, empty);

    let little = folder.join("little");
    fill::sign_in(&little);
    let idle = figures(&desk, "signed in", || App::start(&desk, &little));
    above("signed in", idle, empty);

    let much = folder.join("much");
    fill::sign_in(&much);
    fill::conversations(&much, CONVERSATIONS, MESSAGES);
    let what = format!("{CONVERSATIONS} conversations of {MESSAGES} messages");
    let idle = figures(&desk, &what, || App::start(&desk, &much));
    above(&what, idle, empty);
}

/// Prints the figures of a window; returns its memory in MB.
fn figures<'a>(desk: &'a Desk, what: &str, start: impl Fn() -> App<'a>) -> f64 {
    let settled = {
        let app = start();
        desk.pass(SETTLED);
        let picture = desk.picture();
        let memory = app.memory();
        println!("| {what}: memory (PSS) | {memory:.1} MB |");
        let visible = app.ticks_in(desk, REST);
        desk.minimise();
        desk.pass(Duration::from_secs(2));
        let minimised = app.ticks_in(desk, REST);
        println!(
            "| {what}: CPU ticks in {} s, visible and minimised | {visible}, {minimised} |",
            REST.as_secs()
        );
        (picture, memory)
    };
    let mut times: Vec<_> = (0..STARTS)
        .map(|_| {
            desk.clear();
            let (app, began) = (start(), std::time::Instant::now());
            let took = desk.until(&settled.0, began);
            drop(app);
            took.as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "| {what}: first complete picture, median of {STARTS} (fastest, slowest) | {:.0} ms ({:.0}, {:.0}) |",
        times[STARTS / 2],
        times[0],
        times[STARTS - 1]
    );
    settled.1
}

fn above(what: &str, memory: f64, empty: f64) {
    println!(
        "| {what}: memory above the empty window | {:.1} MB |",
        memory - empty
    );
}

/// Where the profile of the figures keeps its things.
fn profile(data: &Path) -> std::path::PathBuf {
    data.join("profiles").join(fill::NAME)
}
