//! The app as a person uses it: two windows of it, found by what a screen reader would say, over a real server in this
//! process. No display is needed.

mod calls;
mod first_run;
mod kept;
mod offline;
mod rooms;
mod window;
