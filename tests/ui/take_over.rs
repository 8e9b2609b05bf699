//! One account, two windows: nobody is sent away without a question, and whoever is says why.

use crate::server::Own;
use crate::window::{Bell, Window, signed_in};

fn sign_in(window: &mut Window, server: &Own) {
    window.fill("Your callsign", "ann");
    window.press("Other address…");
    window.fill("Address", &format!("ws://{}", server.address));
    window.press("Sign in");
}

#[test]
fn an_account_that_is_online_elsewhere_is_asked_about_first() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let server = Own::start(([127, 0, 0, 1], 0).into());
    let mut first = Window::open("first", data.path(), &bell);
    sign_in(&mut first, &server);
    first.see("You: ann, online");

    let mut second = Window::open("second", data.path(), &bell);
    sign_in(&mut second, &server);
    second.see("Take over?");
    second.see_part("ann is signed in elsewhere.");
    second.press("Cancel");
    second.see("ann stays signed in elsewhere.");
    // Nobody noticed.
    first.write_to("bob");
    first.type_text("still here");
    first.press("Send");
    first.see("sent");

    second.press("Sign in");
    second.press("Take over");
    second.see("You: ann, online");
    first.see_part("Your account signed in on another device.");
    first.see_part("Sign in here to use this device instead");
    first.see_part("LOGOUT_E_KICKED, 103");
    drop(first);

    // Displaced, it does not take over by itself at its next start either.
    let mut first = Window::open("first", data.path(), &bell);
    first.see("Take over?");
    first.press("Take over");
    first.see("You: ann, online");
    first.see("still here");
    second.see_part("LOGOUT_E_KICKED, 103");
    drop((first, second));
    server.stop();
}

#[test]
fn a_start_takes_up_what_its_own_program_left() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let bob = signed_in("bob", data.path(), &bell);
    let ann = signed_in("ann", data.path(), &bell);
    drop(ann);
    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see("You: ann, online");
    drop((ann, bob));
}
