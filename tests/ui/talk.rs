//! Conversations and what stands beside them: who writes, who called, invitations, details, panes that hide.

use egui::{Key, Modifiers, vec2};

use crate::window::{Bell, Window, signed_in, two, until};

fn join(window: &mut Window, room: &str) {
    window.key(Modifiers::COMMAND, Key::J);
    window.fill("Name of the room", room);
    window.press("Join");
    window.see(&format!("Message #{room}"));
}

#[test]
fn whoever_replies_types_behind_what_is_quoted() {
    let (_data, mut ann, mut bob) = two();
    ann.write_to("bob");
    ann.type_at_once("at ten?\n");
    bob.write_to("ann");
    bob.see("at ten?");
    bob.press("Message actions");
    bob.press("Reply");
    bob.type_text("fine");
    bob.see_value("Message ann", "> ann: at ten?\nfine");
}

#[test]
fn whoever_types_faster_than_frames_are_drawn_sends_each_line() {
    let (_data, mut ann, mut bob) = two();
    bob.write_to("ann");
    ann.write_to("bob");
    ann.type_at_once("one\ntwo\nthree\nand");
    for line in ["one", "two", "three"] {
        bob.see(line);
    }
    ann.see("three");
    ann.see_value("Message bob", "and");
}

#[test]
fn whoever_is_written_to_sees_it_and_reads_the_name_that_they_gave() {
    let (_data, mut ann, mut bob) = two();
    ann.write_to("bob");
    ann.press("Change their name here");
    ann.fill("Their name here", "Bo Karlsson");
    ann.press("Save name");
    ann.see("Message Bo Karlsson");

    bob.write_to("ann");
    bob.type_text("h");
    ann.see("Bo Karlsson is typing…");
    ann.see_part("Bo Karlsson, online, typing…");
    bob.type_text("ello");
    bob.key(Modifiers::NONE, Key::Enter);
    bob.see("hello");
    ann.see("hello");
    ann.see_no("Bo Karlsson is typing…");

    // Both names are looked for.
    ann.key(Modifiers::COMMAND, Key::K);
    ann.type_text("karls");
    ann.see("Go to Bo Karlsson");
    ann.key(Modifiers::COMMAND, Key::A);
    ann.type_text("bob");
    ann.see("Go to Bo Karlsson");
}

#[test]
fn a_missed_call_stands_in_the_conversation() {
    let (_data, mut ann, mut bob) = two();
    ann.write_to("bob");
    ann.press("Call bob");
    bob.see("is calling you");
    ann.press("Cancel");
    ann.see_part("Call, given up");
    bob.see("Calls, 1 missed");
    bob.press("ann, online");
    bob.see_part("Missed call ·");
}

#[test]
fn an_invitation_is_followed_by_a_click() {
    let (_data, mut ann, mut bob) = two();
    join(&mut ann, "ops");
    ann.press("Invite to this room");
    ann.fill("Whom to invite", "bob");
    ann.press("Invite");
    ann.see("Room ops");
    ann.write_to("bob");
    ann.see_beside(&mut bob, "delivered");
    bob.press("ann, online, 1 unread");
    bob.press("#ops");
    bob.see("Message #ops");
    bob.see("Members · 2");

    // Also from the person's side.
    ann.press("Invite to a room");
    ann.press("Invite to #ops");
    let invited = until(&mut [&mut ann], |windows| windows[0].count("#ops") == 2);
    assert!(invited, "nothing was sent");
    assert!(!ann.shows("Which room?"));
}

#[test]
fn members_can_be_written_to_called_and_added() {
    let (_data, mut ann, mut bob) = two();
    join(&mut ann, "ops");
    join(&mut bob, "ops");
    ann.press("Member bob, online");
    ann.press("Add to people");
    ann.press("Member bob, online");
    assert!(!ann.shows("Add to people"));
    ann.press("Write");
    ann.see("Message bob");
}

#[test]
fn a_room_that_names_one_says_so_and_a_silent_one_stays_silent() {
    let (_data, mut ann, mut bob) = two();
    join(&mut ann, "ops");
    join(&mut bob, "ops");
    ann.write_to("bob");
    bob.type_text("ann, are you there?");
    bob.press("Send");
    bob.see("sent");
    ann.see("Room ops, 1 unread, you are mentioned");
    ann.press("Room ops, 1 unread, you are mentioned");
    ann.press("Mute this room");
    ann.see("Room ops, muted");
    ann.press("Unmute this room");
    ann.see("Room ops");
}

#[test]
fn attributes_are_changed_beside_the_conversation() {
    let (_data, mut ann, mut bob) = two();
    join(&mut ann, "ops");
    join(&mut bob, "ops");
    ann.press("Attributes");
    ann.see("Edit _channel_ttl");
    ann.press("Add attribute");
    ann.fill("Name of the attribute", "topic");
    ann.fill("Value", "Releases");
    ann.press("Set");
    ann.see("\"Releases\"");
    bob.see("Releases");
    bob.see_part("members · Releases");
    ann.press("Delete topic");
    bob.see("None yet");
    // One's own room is looked at; with another conversation, that one.
    ann.write_to("bob");
    ann.see("No attributes are set.");
    assert!(!ann.shows("Add attribute"));
    ann.press("Open in the inspector");
    ann.see("Queries");
}

#[test]
fn without_room_the_details_take_turns_with_the_conversation() {
    for size in [vec2(360.0, 640.0), vec2(900.0, 600.0)] {
        let data = tempfile::tempdir().expect("a directory");
        let bell = Bell::default();
        let mut ann = Window::sized("ann", data.path(), &bell, size);
        ann.fill("Your callsign", "ann");
        ann.press("Sign in");
        ann.see("Chats");
        join(&mut ann, "ops");
        assert!(!ann.shows("Members · 1"));
        ann.press("Details");
        ann.see("Members · 1");
        assert!(!ann.shows("Message #ops"));
        ann.press("Back to the conversation");
        ann.see("Message #ops");
        ann.press("Details");
        ann.see("Members · 1");
        ann.key(Modifiers::NONE, Key::Escape);
        ann.see("Message #ops");
    }
}

#[test]
fn panes_that_were_hidden_stay_so() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let bob = signed_in("bob", data.path(), &bell);
    let mut ann = signed_in("ann", data.path(), &bell);
    join(&mut ann, "ops");
    ann.press("Details");
    ann.see_no("Members · 1");
    ann.press("Hide the list");
    ann.see("Show the list");
    drop(ann);
    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see("Message #ops");
    assert!(!ann.shows("Members · 1") && !ann.shows("Hide the list"));
    ann.press("Show the list");
    ann.see("Room ops");
    drop(bob);
}

#[test]
fn a_file_that_is_dropped_is_answered() {
    let (_data, mut ann, _bob) = two();
    ann.write_to("bob");
    ann.drop_file("notes.txt");
    ann.see_part("Files cannot be sent yet.");
    ann.type_text("then so");
    ann.see_no("Files cannot be sent yet. Send a link to it, or paste its text.");
    // What was sent last comes back with a key.
    ann.key(Modifiers::NONE, Key::Enter);
    ann.see("sent");
    ann.key(Modifiers::NONE, Key::ArrowUp);
    ann.see_value("Message bob", "then so");
}

#[test]
fn the_keyboard_alone_leaves_the_composer() {
    let (_data, mut ann, _bob) = two();
    ann.write_to("bob");
    assert_eq!(ann.focused().as_deref(), Some("Message bob"));
    ann.type_text("hello");
    ann.key(Modifiers::NONE, Key::Tab);
    assert_eq!(ann.focused().as_deref(), Some("Send"));
    ann.key(Modifiers::NONE, Key::Space);
    ann.see("sent");
}

#[test]
fn what_was_said_in_a_room_meanwhile_is_there_at_the_next_start() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut bob = signed_in("bob", data.path(), &bell);
    let mut ann = signed_in("ann", data.path(), &bell);
    join(&mut bob, "ops");
    join(&mut ann, "ops");
    bob.see("Members · 2");
    drop(ann);
    bob.see("Members · 1");
    bob.type_text("shipping at ten?");
    bob.key(Modifiers::NONE, Key::Enter);
    bob.see("sent");
    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see("shipping at ten?");
}
