//! From the sign-in card to the first message, room and call, between two windows on one computer.

use egui::{Key, Modifiers};

use crate::window::{Bell, Window, two};

#[test]
fn two_sign_in_on_one_computer_and_talk() {
    let (_data, mut ann, mut bob) = two();
    ann.write_to("bob");
    ann.type_text("shall we talk?");
    ann.key(Modifiers::NONE, Key::Enter);
    ann.see("shall we talk?");
    ann.see_beside(&mut bob, "delivered");

    bob.see("ann, online, 1 unread");
    bob.see("Chats, 1 unread");
    bob.press("ann, online, 1 unread");
    bob.see("shall we talk?");
    bob.see("New");
    assert!(!bob.shows("Chats, 1 unread"));
    bob.type_text("yes");
    bob.see_value("Message ann", "yes");
    bob.press("Send");
    // What is said goes out when it is kept, which takes a frame.
    bob.see("yes");
    ann.see("yes");
}

#[test]
fn a_callsign_that_is_none_is_said_so_and_cannot_be_sent_off() {
    let data = tempfile::tempdir().expect("a directory");
    let mut window = Window::open("ann", data.path(), &Bell::default());
    window.fill("Your callsign", "ann smith");
    window.see_part("1 to 128 visible characters");
    window.press("Sign in");
    assert!(!window.shows("Connecting…"));
}

#[test]
fn a_server_that_is_not_there_is_said_with_a_remedy() {
    let data = tempfile::tempdir().expect("a directory");
    let mut window = Window::open("ann", data.path(), &Bell::default());
    window.fill("Your callsign", "ann");
    window.press("Other address…");
    // Nobody listens on the port that TCP reserves.
    window.fill("Address", "ws://127.0.0.1:1");
    window.press("Sign in");
    window.see_part("The server cannot be reached. Check your network");
    window.see_part("LOGIN_E_NET, 201");
}

#[test]
fn whoever_is_left_takes_over_the_server() {
    let (_data, ann, mut bob) = two();
    // The first to sign in served. Its server ends with it.
    drop(ann);
    bob.write_to("ann");
    bob.type_text("are you there?");
    bob.press("Send");
    bob.see("sent");
    bob.see("You: bob, online");
}
