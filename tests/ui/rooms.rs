//! A room of three.

use egui::{Key, Modifiers};

use crate::window::{Bell, signed_in};

#[test]
fn three_meet_in_a_room() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut windows = ["ann", "bob", "cy"].map(|name| signed_in(name, data.path(), &bell));
    for window in &mut windows {
        window.key(Modifiers::COMMAND, Key::J);
        window.fill("Name of the room", "#ops");
        window.press("Join");
        window.see("Message #ops");
    }
    let [ann, bob, cy] = &mut windows;
    for window in [&mut *ann, bob, cy] {
        window.see("Members · 3");
    }
    cy.type_text("shipping at ten?");
    cy.key(Modifiers::NONE, Key::Enter);
    cy.see("sent");
    for window in [&mut *ann, bob] {
        window.see("shipping at ten?");
    }

    // Once, though the room repeats it to whoever said it.
    assert_eq!(cy.count("shipping at ten?"), 1);

    bob.press("Leave the room");
    bob.see("Join again");
    ann.see("Members · 2");
    ann.see_part("bob left");
    bob.press("Join again");
    ann.see("Members · 3");
    bob.see("Message #ops");
}
