//! People: added, named, blocked, removed; and the attributes that they and rooms have.

use egui::{Key, Modifiers};

use crate::window::{Bell, alone, signed_in, two};

#[test]
fn somebody_is_added_named_and_removed() {
    let (_data, mut ann, _bob) = two();
    ann.press("People");
    ann.press("Add a person");
    ann.fill("Callsign", "bob");
    ann.press("Add");
    ann.see("bob, online");

    ann.press("Change their name here");
    ann.fill("Their name here", "Bob from next door");
    ann.press("Save name");
    ann.see("Bob from next door, bob, online");

    ann.press("Remove from people");
    ann.see_part("Remove them from this list?");
    ann.press("Remove");
    ann.see("Nobody here yet");
}

#[test]
fn people_have_the_name_that_they_give_themselves() {
    let (_data, mut ann, mut bob) = two();
    bob.press("Inspector");
    bob.see("No attributes are set.");
    bob.press("Add");
    bob.fill("Name of the attribute", "name");
    bob.fill("Value", "Bob Karlsson");
    bob.press("Set");
    bob.see("\"Bob Karlsson\"");

    ann.press("People");
    ann.press("Add a person");
    ann.fill("Callsign", "bob");
    ann.press("Add");
    ann.see("Bob Karlsson, bob, online");
}

#[test]
fn nothing_is_heard_of_whoever_is_blocked() {
    let (_data, mut ann, mut bob) = two();
    ann.press("People");
    ann.press("Add a person");
    ann.fill("Callsign", "bob");
    ann.press("Add");
    ann.press("Block");
    ann.see("bob, blocked");

    bob.write_to("ann");
    bob.type_text("can you hear me?");
    bob.press("Send");
    bob.see("sent");
    ann.press("Unblock");
    ann.see("bob, online");
    bob.type_text("and now?");
    bob.key(Modifiers::NONE, Key::Enter);

    ann.see("Chats, 1 unread");
    ann.press("Chats, 1 unread");
    ann.press("bob, online, 1 unread");
    ann.see("and now?");
    assert!(!ann.shows("can you hear me?"));
}

#[test]
fn an_attribute_that_is_edited_here_is_seen_there() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut windows = ["ann", "bob"].map(|name| signed_in(name, data.path(), &bell));
    for window in &mut windows {
        window.key(Modifiers::COMMAND, Key::J);
        window.fill("Name of the room", "ops");
        window.press("Join");
    }
    let [ann, bob] = &mut windows;
    ann.see("Members · 2");
    bob.press("Attributes");
    bob.press("Open in the inspector");
    bob.see("Edit _channel_ttl");
    bob.see("_member_num is read-only");

    ann.press("Change the topic");
    ann.fill("What the room is about", "Releases");
    ann.press("Save topic");
    ann.see("Releases");
    bob.see("\"Releases\"");
    bob.see_part("set by ann");

    bob.press("Edit topic");
    bob.replace("New value of topic", "{\"primary\": ");
    bob.see_part("This is not JSON");
    bob.replace("New value of topic", "Incidents");
    bob.press("Save");
    ann.see("Incidents");

    bob.press("Edit _channel_ttl");
    bob.fill("New value of _channel_ttl", "9999999");
    bob.see_part("a whole number from 0 to 604800");
    bob.press("Cancel");

    bob.press("Changes");
    bob.see("topic = \"Incidents\"");
    bob.press("Queries");
    bob.press("channel_query_num");
    bob.see("2");

    bob.press("Attributes");
    bob.press("Delete all attributes");
    bob.see_part("Delete every attribute here?");
    assert!(ann.shows("Incidents"));
    bob.press("Delete all");
    ann.see("None yet");
}

#[test]
fn attributes_go_through_a_file() {
    let (data, mut ann) = alone();
    ann.press("Inspector");
    let file = data.path().join("mine.json");
    std::fs::write(&file, r#"{"name": "Ann", "oncall": {"until": 7}}"#).expect("written");
    let path = file.display().to_string();
    ann.press("Import");
    ann.replace("File to read", &path);
    ann.press("Read file");
    ann.see("\"Ann\"");
    ann.see("Unfold oncall");
    ann.press("Unfold oncall");
    ann.see_part("\"until\": 7");

    let other = data.path().join("copy.json");
    ann.press("Export");
    ann.replace("File to write", &other.display().to_string());
    ann.press("Write file");
    ann.see_part("Written to");
    let copy = std::fs::read_to_string(&other).expect("a copy");
    let copy: serde_json::Value = serde_json::from_str(&copy).expect("JSON");
    assert_eq!(
        copy,
        serde_json::json!({"name": "Ann", "oncall": {"until": 7}})
    );

    std::fs::write(&file, "[1, 2]").expect("written");
    ann.press("Import");
    ann.replace("File to read", &path);
    ann.press("Read file");
    ann.see_part("no object of names and values");
}

#[test]
fn looks_follow_the_settings() {
    let (_data, mut ann) = alone();
    ann.press("Settings");
    ann.press("Appearance");
    ann.press("Dark");
    assert!(ann.dark());
    // Where the system does not say, it is light.
    ann.press("As the system");
    assert!(!ann.dark());
    ann.press("Dark");
    ann.press("Light");
    assert!(!ann.dark());
    for percent in [80_u8, 100, 125, 150, 175, 200] {
        ann.press(&format!("{percent} %"));
        let wanted = f32::from(percent) / 100.0;
        assert!((ann.zoom() - wanted).abs() < 0.01, "{percent} %");
    }
    ann.press("Chats");
    ann.see("No conversations yet");
}
