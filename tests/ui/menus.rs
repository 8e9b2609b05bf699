//! Menus by the right button of the mouse and by the menu key.

use egui::{Key, Modifiers};

use crate::window::{Bell, Window, two};

/// The menu key where there is none.
fn menu_key(window: &mut Window) {
    window.key(Modifiers::SHIFT, Key::F10);
}

#[test]
fn a_message_is_answered_by_the_menu_at_it() {
    let (_data, mut ann, mut bob) = two();
    ann.write_to("bob");
    ann.type_at_once("at ten?\n");
    bob.write_to("ann");
    bob.see("at ten?");
    bob.right_click("at ten?");
    bob.see("Copy text");
    bob.key(Modifiers::NONE, Key::Escape);
    bob.see_no("Copy text");
    bob.right_click("at ten?");
    bob.press("Reply");
    bob.type_text("fine");
    bob.see_value("Message ann", "> ann: at ten?\nfine");
}

#[test]
fn a_conversation_is_silenced_by_keys_alone() {
    let (_data, mut ann, _bob) = two();
    ann.write_to("bob");
    ann.focus("bob, online");
    menu_key(&mut ann);
    ann.see("Search here");
    let mut at = ann.focused();
    while at.as_deref() != Some("Mute") {
        ann.key(Modifiers::NONE, Key::ArrowDown);
        let next = ann.focused();
        assert_ne!(next, at, "the keys stay at {at:?}");
        at = next;
    }
    ann.key(Modifiers::NONE, Key::Enter);
    ann.see("bob, online, muted");
    ann.see_no("Search here");
}

#[test]
fn what_a_click_does_shows_no_menu() {
    let (_data, mut ann, _bob) = two();
    ann.write_to("bob");
    ann.press("bob, online");
    ann.see_no("Search here");
    ann.see("Message bob");
}

#[test]
fn whoever_called_is_written_to_from_the_list_of_calls() {
    let (_data, mut ann, mut bob) = two();
    ann.write_to("bob");
    ann.press("Call bob");
    bob.see("is calling you");
    ann.press("Cancel");
    bob.see("Calls, 1 missed");
    bob.press("Calls, 1 missed");
    let row = bob.name_with("Call ann back");
    bob.right_click(&row);
    bob.press("Write");
    bob.see("Message ann");
}

#[test]
fn somebody_is_named_and_removed_by_the_menu_at_them() {
    let data = tempfile::tempdir().expect("a directory");
    let narrow = egui::vec2(360.0, 640.0);
    let mut ann = Window::sized("ann", data.path(), &Bell::default(), narrow);
    ann.fill("Your callsign", "ann");
    ann.press("Sign in");
    ann.press("People");
    ann.press("Add a person");
    ann.fill("Callsign", "bob");
    ann.press("Add");
    ann.press("Back to people");
    let row = ann.name_with("bob");
    ann.right_click(&row);
    ann.press("Change their name here");
    ann.fill("Their name here", "Bob from next door");
    ann.press("Save name");
    ann.press("Back to people");
    let row = ann.name_with("Bob from next door, bob");
    ann.right_click(&row);
    ann.press("Remove from people");
    ann.press("Remove");
    ann.see("Nobody here yet");
}
