//! All screens of the app, and what a person does there. Each is looked through in a test of its own, so that they run beside
//! each other.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::Stage;
use super::devices;
use super::recordings;
use super::signing_in;
use super::stories::{self, on};
use crate::app::state::tests::{Story, account};
use crate::app::state::{Place, Screen, Tab, Who};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// The window, with calls as a card in it.
    Window,
    /// The window where calls have another one.
    Beside,
    /// The window of calls.
    Calls,
}

/// A screen to be shown.
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) view: View,
    /// What has happened.
    pub(super) story: fn() -> Story,
    /// What a person does then.
    pub(super) act: fn(&mut Harness<'static, Stage>),
}

/// Names scenes, lists them, and looks each of them through in a test.
macro_rules! scenes {
    ($($name:ident: $view:ident, $story:expr, $act:expr;)*) => {
        /// All scenes.
        pub(super) const SCENES: &[Scene] = &[$(Scene {
            name: stringify!($name),
            view: View::$view,
            story: $story,
            act: $act,
        }),*];

        $(#[test]
        fn $name() {
            super::checks::look_through(super::scene(stringify!($name)));
        })*
    };
}

scenes! {
    sign_in: Window, Story::new, still;
    sign_in_address: Window, Story::new, |harness| press(harness, "Other address…");
    sign_in_connecting: Window, signing_in::connecting, still;
    sign_in_refused: Window, signing_in::refused, still;
    sign_in_token: Window, signing_in::token, still;
    sign_in_no_server: Window, signing_in::no_server, still;
    take_over: Window, signing_in::taken, still;
    displaced: Window, signing_in::displaced, still;
    keyring: Window, signing_in::unkept, still;
    nothing_yet: Window, stories::online, still;
    nobody_yet: Window, || stories::empty(Screen::People), still;
    no_calls_yet: Window, || stories::empty(Screen::Calls), still;
    room: Window, stories::at_work, still;
    room_details: Window, stories::at_work, details;
    room_attributes: Window, stories::at_work, |harness| {
        details(harness);
        tab(harness, "Attributes");
        harness.run_ok();
        stories::entries(&mut harness.state_mut().story);
    };
    room_topic: Window, stories::at_work, |harness| {
        details(harness);
        press(harness, "Change the topic");
    };
    room_left: Window, stories::left, still;
    room_menu: Window, stories::at_work, |harness| press(harness, "More about this conversation");
    erase: Window, stories::at_work, |harness| {
        press(harness, "More about this conversation");
        harness.run_ok();
        press(harness, "Erase…");
    };
    marks: Window, stories::marks, still;
    marks_list: Window, || stories::closed(stories::marks()), still;
    person: Window, stories::person, still;
    person_details: Window, stories::person, details;
    unsent: Window, stories::unsent, still;
    offline: Window, stories::offline, still;
    long: Window, stories::long, |harness| assert!(at_end(harness), "not at its last line");
    new_message: Window, stories::at_work, |harness| key(harness, Key::N);
    join: Window, stories::at_work, |harness| key(harness, Key::J);
    find: Window, stories::at_work, |harness| key(harness, Key::K);
    found: Window, stories::at_work, |harness| {
        key(harness, Key::K);
        harness.run_ok();
        harness.event(egui::Event::Text("the".to_owned()));
        harness.run_ok();
        harness.state_mut().story.finds();
    };
    file_path: Window, stories::no_dialog, still;
    you: Window, || stories::closed(stories::at_work()), |harness| press(harness, "You: ann, online");
    people: Window, stories::people, still;
    people_rename: Window, stories::people, |harness| press(harness, "Change their name here");
    people_remove: Window, stories::people, |harness| press(harness, "Remove from people");
    calls: Window, stories::past_calls, still;
    dial_pad: Window, stories::past_calls, |harness| key(harness, Key::D);
    inspector: Window, stories::inspector, still;
    inspector_edit: Window, stories::inspector, |harness| press(harness, "Edit topic");
    queries: Window, || stories::page(Tab::Queries), still;
    changes: Window, || stories::page(Tab::Changes), still;
    console: Window, || stories::page(Tab::Console), still;
    settings: Window, || on(Screen::Settings), |harness| tab(harness, "Account");
    settings_audio: Window, || devices::known(we_serve()), |harness| tab(harness, "Audio");
    settings_no_audio: Window, || devices::none(we_serve()), |harness| tab(harness, "Audio");
    settings_notifications: Window, || on(Screen::Settings), |harness| tab(harness, "Notifications");
    settings_appearance: Window, || on(Screen::Settings), |harness| tab(harness, "Appearance");
    settings_server: Window, we_serve, |harness| tab(harness, "Server on this computer");
    settings_server_off: Window,
        || stories::serving(Who::Off { data: "/home/ann/.local/share/callsign/server".into() }),
        |harness| tab(harness, "Server on this computer");
    settings_send_away: Window, we_serve, |harness| {
        tab(harness, "Server on this computer");
        harness.run_ok();
        press(harness, "Send bob away…");
    };
    settings_shortcuts: Window, || on(Screen::Settings), |harness| tab(harness, "Shortcuts");
    settings_about: Window, || on(Screen::Settings), |harness| tab(harness, "About");
    call_card: Window, stories::talking, still;
    bar_ringing: Beside, stories::ringing, still;
    bar_talking: Beside, stories::held, |harness| press(harness, "Show the keys");
    call_ringing: Calls, stories::ringing, still;
    call_decline: Calls, stories::ringing, |harness| press(harness, "Message");
    call_calling: Calls, || stories::calling(false), still;
    call_rings_there: Calls, || stories::calling(true), still;
    call_talking: Calls, stories::talking, still;
    call_record: Calls, stories::talking, |harness| press(harness, "Record");
    call_recording: Calls, recordings::recording, still;
    call_recorded: Calls, recordings::recorded, still;
    bar_record: Beside, stories::talking, |harness| press(harness, "Record the call with bob");
    bar_recording: Beside, recordings::recording, still;
    bar_recorded: Beside, recordings::recorded, still;
    call_devices: Calls, || devices::listed(Place::Window), still;
    call_card_devices: Window, || devices::listed(Place::Window), still;
    bar_devices: Beside, || devices::listed(Place::Bar), still;
    call_worse: Calls, recordings::worse, still;
    call_bad: Calls, recordings::bad, still;
    bar_bad: Beside, recordings::bad, still;
    call_keypad: Calls, stories::talking, |harness| press(harness, "Keypad");
    call_waiting: Calls, stories::waiting, still;
    call_held: Calls, stories::held, still;
    call_ended: Calls, stories::ended, still;
    call_unanswered: Calls, stories::unanswered, still;
}

/// Whether the last line is seen.
fn at_end(harness: &Harness<'static, Stage>) -> bool {
    harness.query_by_label("Go to the latest").is_none()
        && harness
            .query_all_by_label_contains("Line 199 of MANY")
            .next()
            .is_some()
}

fn still(_: &mut Harness<'static, Stage>) {}

fn press(harness: &mut Harness<'static, Stage>, name: &str) {
    harness.get_by_label(name).click();
}

fn tab(harness: &mut Harness<'static, Stage>, name: &str) {
    harness.get_by_role_and_label(Role::Tab, name).click();
    harness.run_ok();
}

/// Where there is room they are there already.
fn details(harness: &mut Harness<'static, Stage>) {
    if harness
        .query_by_role_and_label(Role::Tab, "Attributes")
        .is_none()
    {
        press(harness, "Details");
        harness.run_ok();
    }
}

fn key(harness: &mut Harness<'static, Stage>, key: Key) {
    harness.key_press_modifiers(Modifiers::COMMAND, key);
}

/// Ann's own server.
fn we_serve() -> Story {
    stories::serving(Who::We {
        address: "127.0.0.1:7800".to_owned(),
        name: "Ann's desk".to_owned(),
        data: "/home/ann/.local/share/callsign/server".into(),
        online: ["ann", "bob", "cy"].map(account).into(),
    })
}
