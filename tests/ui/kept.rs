//! What is there again after a start: whoever was in, what was said, what was typed, what was read.

use egui::{Key, Modifiers};

use crate::window::{Bell, Window, alone, signed_in, until};

#[test]
fn a_start_shows_what_was_there_and_signs_in_by_itself() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut bob = signed_in("bob", data.path(), &bell);
    let mut ann = signed_in("ann", data.path(), &bell);
    ann.write_to("bob");
    ann.type_text("shall we talk?");
    ann.key(Modifiers::NONE, Key::Enter);
    ann.see_beside(&mut bob, "delivered");
    ann.type_text("and by the way");
    drop(ann);

    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see("shall we talk?");
    ann.see("delivered");
    ann.see("You: ann, online");
    // What was typed is still in its place.
    ann.see_value("Message bob", "and by the way");
    ann.key(Modifiers::NONE, Key::Enter);
    ann.see("and by the way");
    bob.press("ann, online, 2 unread");
    bob.see("and by the way");
    let read = until(&mut [&mut ann, &mut bob], |windows| {
        windows[0].shows("read")
    });
    assert!(read, "nobody was told what was read");

    // What was read stays read.
    drop(bob);
    let mut bob = Window::open("bob", data.path(), &bell);
    bob.see("and by the way");
    assert!(bob.shows("Chats") && !bob.shows("New"));
}

/// What the window has not taken in is in no history, and the server has not been told that it is.
#[test]
fn what_came_while_no_frame_was_drawn_is_there_at_the_next_start() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut ann = signed_in("ann", data.path(), &bell);
    let bob = signed_in("bob", data.path(), &bell);
    ann.write_to("bob");
    for text in ["one", "two", "three"] {
        ann.type_text(text);
        ann.key(Modifiers::NONE, Key::Enter);
        ann.see(text);
    }
    ann.see("sent");
    assert!(!ann.shows("delivered"));
    drop(bob);

    let mut bob = Window::open("bob", data.path(), &bell);
    bob.press("ann, online, 3 unread");
    for text in ["one", "two", "three"] {
        bob.see(text);
        assert_eq!(bob.count(text), 1, "{text}");
    }
    ann.see_beside(&mut bob, "read");
}

#[test]
fn what_waited_goes_out_after_a_start() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let bob = signed_in("bob", data.path(), &bell);
    let mut ann = signed_in("ann", data.path(), &bell);
    ann.key(Modifiers::COMMAND, Key::J);
    ann.fill("Name of the room", "#ops");
    ann.press("Join");
    ann.see("Message #ops");
    ann.type_text("the build is green");
    ann.press("Send");
    ann.see("sent");
    drop(ann);
    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see("the build is green");
    // The room is joined again by itself.
    ann.see("Members · 1");
    drop((ann, bob));
}

#[test]
fn words_are_found_and_shown_where_they_were_said() {
    let (_data, mut ann) = alone();
    ann.write_to("bob");
    for text in ["the quick fox", "jumps over", "the lazy dog"] {
        ann.type_text(text);
        ann.key(Modifiers::NONE, Key::Enter);
        ann.see(text);
    }
    ann.write_to("cy");
    ann.key(Modifiers::COMMAND, Key::K);
    ann.fill("Go to a person, a room or a message", "quick");
    ann.press("Message of ann: the quick fox");
    ann.see("Message bob");
    ann.see("the lazy dog");

    // Also a conversation by its name.
    ann.key(Modifiers::COMMAND, Key::K);
    ann.fill("Go to a person, a room or a message", "cy");
    ann.press("Go to cy");
    ann.see("Message cy");
}

#[test]
fn a_conversation_is_written_into_a_file_and_erased() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut ann = signed_in("ann", data.path(), &bell);
    ann.write_to("bob");
    ann.type_text("keep this");
    ann.key(Modifiers::NONE, Key::Enter);
    ann.see("sent");
    let file = data.path().join("bob.txt");
    ann.press("More about this conversation");
    ann.press("Export…");
    ann.replace("File to write", &file.display().to_string());
    ann.press("Export");
    ann.see("1 message was written.");
    let written = std::fs::read_to_string(&file).expect("a file");
    assert!(written.contains("keep this"), "{written}");

    ann.press("More about this conversation");
    ann.press("Erase…");
    ann.press("Erase");
    ann.see_no("keep this");
    drop(ann);
    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see("Message bob");
    assert!(!ann.shows("keep this"));
}

#[test]
fn calls_people_and_the_look_are_there_again() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let bob = signed_in("bob", data.path(), &bell);
    let mut ann = signed_in("ann", data.path(), &bell);
    ann.write_to("bob");
    ann.press("Call bob");
    ann.see("Ringing…");
    ann.press("Cancel");
    ann.press("Calls");
    ann.press("People");
    ann.press("Add a person");
    ann.fill("Callsign", "bob");
    ann.press("Add");
    ann.press("Change their name here");
    ann.fill("Their name here", "Bob from next door");
    ann.press("Save name");
    ann.press("Settings");
    ann.press("Appearance");
    ann.press("Dark");
    drop(ann);

    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see("Chats");
    assert!(ann.dark(), "the look is kept");
    ann.press("Calls");
    ann.see_part("You gave up");
    ann.press("People");
    ann.see_part("Bob from next door");
    drop(bob);
}
