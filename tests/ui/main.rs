//! The app as a person uses it: two windows of it, found by what a screen reader would say, over a real server in this
//! process. No display is needed.

mod accounts;
mod calls;
mod desk;
mod devices;
mod first_run;
mod kept;
#[cfg(target_os = "linux")]
mod keyring;
#[cfg(target_os = "linux")]
mod keyring_daemon;
mod menus;
mod notices;
mod offline;
mod people;
#[path = "../support/programs.rs"]
mod programs;
mod rooms;
mod server;
mod settings;
mod take_over;
mod talk;
mod window;
