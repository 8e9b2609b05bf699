//! The app as people have it: its own processes on a real display, with mouse and keyboard alone.
//!
//! `desk` is the display, the window manager, the buses and the daemons; `eyes` reads the screen as a screen reader does; a
//! `person` has a running Callsign, a mouse and a keyboard. What is run is the debug build, unless `APP_UNDER_TEST` names another:
//! the gate tries the release build.

mod caught_up;
mod desk;
mod ended;
mod eyes;
mod person;
#[path = "../../support/programs.rs"]
mod programs;
mod sound;
mod talk;
