//! Calls between two windows, from the first ring to the last word.

use egui::{Key, Modifiers};

use crate::window::{Bell, Window, signed_in};

/// Ann has called Bob, and it rings.
fn ringing() -> (tempfile::TempDir, Window, Window) {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut ann = signed_in("ann", data.path(), &bell);
    let mut bob = signed_in("bob", data.path(), &bell);
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
    bob.see("They hung up");
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
    let data = tempfile::tempdir().expect("a directory");
    let mut ann = signed_in("ann", data.path(), &Bell::default());
    ann.write_to("+442079460958");
    ann.press("Call +442079460958");
    ann.see_part("INVITE_E_PEEROFFLINE, 703");
    ann.see("Close");
}
