//! Microphones and speakers, with a real sound server.

use std::time::{Duration, Instant};

use crate::calls::ringing;
use crate::desk::{Desk, at_a_desk};
use crate::window::{Window, alone, until};

/// How soon another device is heard.
const SOON: Duration = Duration::from_secs(1);

/// A desk with two microphones and two speakers, of which the system prefers those of the desk.
fn equip(desk: &Desk) {
    for name in ["desk-speaker", "headset"] {
        desk.plug("module-null-sink", name);
    }
    for name in ["desk-microphone", "headset-microphone"] {
        desk.plug("module-null-source", name);
    }
    desk.prefer("sink", "desk-speaker");
    desk.prefer("source", "desk-microphone");
}

/// Chooses a device, and waits until it is the one.
#[track_caller]
fn choose(desk: &Desk, window: &mut Window, choice: &str, name: &str) {
    window.reach(choice);
    let start = Instant::now();
    desk.use_of(name, 1);
    let time = start.elapsed();
    println!("{name} after {time:?}");
    assert!(time < SOON, "{name} after {time:?}");
}

#[test]
fn microphone_and_speaker_are_chosen_while_one_talks() {
    let name = "devices::microphone_and_speaker_are_chosen_while_one_talks";
    at_a_desk(name, "default", |desk| {
        equip(desk);
        let (_data, mut ann, mut bob) = ringing();
        bob.press("Answer");
        ann.see("How loud you hear them");
        desk.use_of("desk-speaker", 2);
        desk.use_of("desk-microphone", 2);
        ann.press("Microphone and speaker");
        choose(desk, &mut ann, "Speaker: headset", "headset");
        choose(
            desk,
            &mut ann,
            "Microphone: headset-microphone",
            "headset-microphone",
        );
        // Bob's are his own.
        desk.use_of("desk-speaker", 1);
        desk.use_of("desk-microphone", 1);
        // One that comes meanwhile is listed.
        desk.plug("module-null-sink", "monitor-speaker");
        ann.see("Speaker: monitor-speaker");
        ann.reach("Speaker: Follow the system");
        desk.use_of("desk-speaker", 2);
        // Keys take the place of the list, and with the call it goes.
        ann.press("Keypad");
        ann.see_no("Speaker: headset");
        ann.press("Microphone and speaker");
        ann.see("Speaker: headset");
        bob.press("End");
        ann.see("They hung up");
        assert!(!ann.shows("Speaker: headset"));
        desk.hear(0);
        // What was chosen is chosen for the next call, too.
        ann.press("Close");
        ann.press("Settings");
        ann.press("Audio");
        ann.see("Microphone: headset-microphone");
        assert!(ann.is_chosen("Microphone: headset-microphone"));
        assert!(ann.is_chosen("Speaker: Follow the system"));
    });
}

#[test]
fn it_rings_at_a_device_of_its_own() {
    let name = "devices::it_rings_at_a_device_of_its_own";
    at_a_desk(name, "default", |desk| {
        equip(desk);
        let (_data, mut ann, mut bob) = ringing();
        ann.press("Cancel");
        bob.see("Calls, 1 missed");
        bob.press("Settings");
        bob.press("Audio");
        bob.reach("Rings at: headset");
        ann.press("Call bob");
        bob.see("is calling you");
        ann.see("Ringing…");
        desk.use_of("headset", 1);
        // What the caller hears, which is part of the call.
        desk.use_of("desk-speaker", 1);
        bob.press("Answer");
        ann.see("How loud you hear them");
        desk.use_of("headset", 0);
        desk.use_of("desk-speaker", 2);
    });
}

#[test]
fn one_hears_oneself_in_the_settings_and_sees_how_loud_one_is() {
    let name = "devices::one_hears_oneself_in_the_settings_and_sees_how_loud_one_is";
    at_a_desk(name, "default", |desk| {
        equip(desk);
        let (_data, mut ann) = alone();
        ann.press("Settings");
        ann.press("Audio");
        ann.reach("Speaker: headset");
        assert_eq!(desk.used("desk-microphone"), 0, "nobody listens yet");
        ann.reach("Test");
        ann.see("How loud you are");
        desk.use_of("desk-microphone", 1);
        desk.use_of("headset", 1);
        ann.see("How loud it is");
        // To its end.
        ann.see("Test");
        desk.use_of("desk-microphone", 0);
        // Who looks elsewhere ends it.
        ann.reach("Test");
        desk.use_of("desk-microphone", 1);
        ann.press("Chats");
        desk.use_of("desk-microphone", 0);
    });
}

/// The only source is what the speaker plays: whoever took it for a microphone would send the others back to themselves.
#[test]
fn who_has_no_microphone_is_rung_answers_and_listens() {
    let name = "devices::who_has_no_microphone_is_rung_answers_and_listens";
    at_a_desk(name, "default", |desk| {
        let (_data, mut ann, mut bob) = ringing();
        desk.hear(2);
        bob.press("Answer");
        for window in [&mut ann, &mut bob] {
            window.see("There is no microphone. They cannot hear you; plug one in.");
        }
        // Both listen, and nothing is recorded.
        desk.hear(2);
        assert_eq!(desk.used("null.monitor"), 0);
        // One that is plugged in is taken.
        desk.plug("module-null-source", "desk-microphone");
        desk.prefer("source", "desk-microphone");
        desk.use_of("desk-microphone", 2);
        let words = "There is no microphone. They cannot hear you; plug one in.";
        let heard = until(&mut [&mut ann, &mut bob], |windows| {
            windows.iter().all(|window| !window.shows(words))
        });
        assert!(heard, "it is still missed");
        bob.press("End");
        ann.see("They hung up");
    });
}
