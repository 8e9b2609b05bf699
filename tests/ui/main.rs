//! The app as a person uses it: two windows of it, found by what a screen reader would say, over a real server in this
//! process. No display is needed.

mod calls;
mod desk;
mod first_run;
mod kept;
mod notices;
mod offline;
mod people;
mod rooms;
mod settings;
mod talk;
mod window;
