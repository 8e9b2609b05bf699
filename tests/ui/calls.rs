//! Calls between two windows, from the first ring to the last word.

use egui::{Key, Modifiers};

use crate::server::Own;
use crate::window::{Bell, Window, alone, signed_in, two, until};

/// Ann has called Bob, and it rings.
pub(crate) fn ringing() -> (tempfile::TempDir, Window, Window) {
    let (data, mut ann, mut bob) = two();
    ann.write_to("bob");
    ann.press("Call bob");
    bob.see("is calling you");
    ann.see("Ringing…");
    (data, ann, bob)
}

#[test]
fn a_call_is_answered_keys_are_heard_and_it_ends_for_both() {
    let (_data, mut ann, mut bob) = ringing();
    bob.press("Answer");
    ann.see_part("Connected · 0");
    bob.see_part("Connected · 0");
    ann.press("Keypad");
    ann.press("Key 4");
    ann.press("Key hash");
    ann.see("4 #");
    bob.see("They pressed 4 #");
    bob.press("End");
    ann.see("They hung up");
    bob.see_no("End");
    ann.press("Close");
    ann.see_no("They hung up");
}

#[test]
fn a_call_is_declined() {
    let (_data, mut ann, mut bob) = ringing();
    bob.press("Decline");
    ann.see("Declined");
    bob.see_no("is calling you");
}

#[test]
fn a_caller_gives_up() {
    let (_data, mut ann, mut bob) = ringing();
    ann.press("Cancel");
    bob.see("Calls, 1 missed");
    bob.see_no("is calling you");
    ann.see_no("Ringing…");
}

#[test]
fn a_ringing_call_is_answered_from_the_keyboard() {
    let (_data, mut ann, mut bob) = ringing();
    bob.key(Modifiers::COMMAND, Key::Enter);
    ann.see_part("Connected · 0");
}

#[test]
fn calling_a_number_without_a_gateway_says_so() {
    let (_data, mut ann) = alone();
    ann.write_to("+442079460958");
    ann.press("Call +442079460958");
    ann.see_part("INVITE_E_PEEROFFLINE, 703");
    ann.see_part("This server has no phone gateway");
    ann.see("Close");
}

#[test]
fn a_call_is_declined_with_a_message() {
    let (_data, mut ann, mut bob) = ringing();
    bob.press("Message");
    bob.fill("Or your own words", "in an hour");
    bob.press("Decline and send");
    ann.see("Declined");
    // Bob's message goes out when it is kept.
    let came = until(&mut [&mut ann, &mut bob], |windows| {
        windows[0].shows("in an hour")
    });
    assert!(came, "nothing came with the decline");
    bob.see_no("is calling you");
}

#[test]
fn a_second_call_is_answered_while_the_first_is_held() {
    let (data, mut ann, mut bob) = ringing();
    bob.press("Answer");
    ann.see_part("Connected · 0");
    let mut cy = signed_in("cy", data.path(), &Bell::default());
    cy.write_to("bob");
    cy.press("Call bob");
    bob.see("is calling you as well");
    bob.press("Hold and answer");
    cy.see_part("Connected · 0");
    bob.see_part("On hold · 0");
    bob.press("Resume");
    // Keys go to the one that one talks to.
    bob.press("Keypad");
    bob.press("Key 7");
    ann.see("They pressed 7");
    cy.draw();
    assert!(!cy.shows("They pressed 7"));
    bob.press("End this call");
    cy.see("They hung up");
    bob.press("End");
    ann.see("They hung up");
}

#[test]
fn numbers_are_dialled_on_the_pad_and_callsigns_are_called_from_it() {
    let (_data, mut ann, mut bob) = two();
    ann.key(Modifiers::COMMAND, Key::D);
    ann.see("No calls yet");
    for key in ["Key 0", "Key 0", "Key 4", "Key 4"] {
        ann.press(key);
    }
    ann.press("Call");
    ann.see_part("This server has no phone gateway");
    ann.press("Close");
    ann.see_part("Call +44 back: This server has no phone gateway");
    ann.fill("Number or callsign", "bob");
    ann.press("Call");
    bob.see("is calling you");
    bob.press("Decline");
    ann.see("Declined");
    ann.press("Close");
    ann.see_part("Call bob back: They declined");
}

#[test]
fn a_missed_call_is_called_back_with_one_click() {
    let (_data, mut ann, mut bob) = ringing();
    ann.press("Cancel");
    bob.press("Calls, 1 missed");
    bob.see("Calls");
    let name = bob.name_with("Call ann back: Missed call");
    bob.press(&name);
    ann.see("is calling you");
    ann.press("Answer");
    bob.see_part("Connected · 0");
    bob.press("End");
    bob.see_part("Call ann back: Outgoing · 00:0");
}

#[test]
fn others_see_that_one_is_in_a_call_or_away_or_not_to_be_disturbed() {
    let (data, mut ann, mut bob) = ringing();
    bob.press("Answer");
    ann.see_part("Connected · 0");
    let mut cy = signed_in("cy", data.path(), &Bell::default());
    cy.write_to("bob");
    cy.see("in a call");
    bob.press("End");
    cy.see("online");
    let me = bob.name_with("You: bob");
    bob.press(&me);
    bob.press("Do not disturb");
    cy.see("do not disturb");
    bob.fill("A few words", "writing");
    bob.key(Modifiers::NONE, Key::Enter);
    cy.see("do not disturb · writing");
    cy.press("Call bob");
    cy.see_part("INVITE_E_CANTRECV, 705");
    // Whatever the call had told Bob would have come before this.
    cy.press("Close");
    cy.fill("Message bob", "later, then");
    cy.press("Send");
    bob.see("Chats, 1 unread");
    assert!(!bob.shows("is calling you"));
}

/// The server within the app has no relay.
#[test]
fn who_hides_their_address_has_no_sound_without_a_relay_and_is_told_what_to_do() {
    let (_data, mut ann, mut bob) = two();
    ann.press("Settings");
    ann.press("Audio");
    assert!(!ann.is_on("Hide my address in calls"));
    ann.press("Hide my address in calls");
    ann.press("Chats");
    ann.write_to("bob");
    ann.press("Call bob");
    bob.press("Answer");
    ann.see_part("switch off “Hide my address in calls”");
    ann.press("End");
    bob.press("Close");

    // Also whoever is called.
    bob.write_to("ann");
    bob.press("Call ann");
    ann.press("Answer");
    ann.see_part("switch off “Hide my address in calls”");
    ann.press("End");
    bob.press("Close");
    ann.press("Settings");
    assert!(ann.is_on("Hide my address in calls"));
    ann.press("Hide my address in calls");
    bob.press("Call ann");
    ann.press("Answer");
    // It can be recorded, so there is a way for sound.
    ann.see("Record");
}

/// What they tell each other names no address but those that the relay lends.
#[test]
fn two_who_hide_their_addresses_talk_through_the_relay() {
    let server = Own::with_relay();
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let sign_in = |name: &'static str| {
        let mut window = Window::open(name, data.path(), &bell);
        window.fill("Your callsign", name);
        window.press("Other address…");
        window.fill("Address", &format!("ws://{}", server.address));
        window.press("Sign in");
        window.see("Chats");
        window.press("Settings");
        window.press("Audio");
        window.press("Hide my address in calls");
        window.press("Inspector");
        window.press("Console");
        window.press("Record also while I look elsewhere");
        window.press("Chats");
        window
    };
    let (mut ann, mut bob) = (sign_in("ann"), sign_in("bob"));
    ann.write_to("bob");
    ann.press("Call bob");
    bob.press("Answer");
    ann.see("Record");
    bob.see("Record");
    assert!(server.figure("turn_bytes_to_clients_total") > 0);
    bob.press("End");
    ann.see("They hung up");
    for (window, step) in [
        (&mut ann, "voip_invite\""),
        (&mut bob, "voip_invite_accept\""),
    ] {
        window.press("Inspector");
        window.fill("Filter", step);
        window.press("Sent");
        let told = window.name_with("a=candidate");
        assert!(told.contains("typ relay"), "{told}");
        assert!(
            !told.contains("typ host") && !told.contains("typ srflx"),
            "{told}"
        );
    }
    drop((ann, bob));
    server.stop();
}

/// The recordings of a profile's account.
fn recordings(data: &std::path::Path, name: &str) -> Vec<std::path::PathBuf> {
    let folder = data
        .join("profiles")
        .join(name)
        .join("recordings")
        .join(name);
    let files = std::fs::read_dir(folder).into_iter().flatten();
    files.map(|file| file.expect("a file").path()).collect()
}

#[test]
fn a_call_is_recorded_with_consent_and_both_see_it() {
    let (data, mut ann, mut bob) = ringing();
    bob.press("Answer");
    ann.press("Record");
    ann.see("They are told that you record.");
    ann.press("Do not record");
    ann.see_no("They are told that you record.");
    bob.draw();
    assert!(!bob.shows("They record this call."));
    ann.press("Record");
    ann.press("Start recording");
    ann.see("Recording");
    bob.see("They record this call.");
    ann.press("Record");
    ann.see_part("Recorded: 20");
    bob.see_no("They record this call.");
    // Another, to the end of the call.
    ann.press("Record");
    ann.press("Start recording");
    bob.see("They record this call.");
    ann.see("Recording");
    ann.press("End");
    ann.see_part("Recorded: 20");
    ann.see("Show the recording");
    let files = recordings(data.path(), "ann");
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).expect("a file");
        let data = u32::from_le_bytes([bytes[40], bytes[41], bytes[42], bytes[43]]);
        assert_eq!(bytes.len(), data as usize + 44, "{}", file.display());
    }
    assert!(recordings(data.path(), "bob").is_empty());
}
