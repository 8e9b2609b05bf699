//! Notifications and sounds, with a real notification daemon and a real sound server.

use crate::calls;
use crate::desk::{Desk, at_a_desk};
use crate::window::{Bell, Window, signed_in, until};

/// Ann has called Bob; he is told, and it rings for both.
fn ringing(desk: &Desk) -> (tempfile::TempDir, Window, Window) {
    let (data, ann, bob) = calls::ringing();
    desk.see(1);
    desk.hear(2);
    (data, ann, bob)
}

#[test]
fn a_call_is_answered_from_its_notification_and_stops_ringing() {
    let name = "notices::a_call_is_answered_from_its_notification_and_stops_ringing";
    at_a_desk(name, "answer", |desk| {
        let (_data, mut ann, mut bob) = ringing(desk);
        desk.click();
        let talking = until(&mut [&mut bob, &mut ann], |windows| {
            windows
                .iter()
                .all(|window| window.shows_part("Connected · 0"))
        });
        assert!(talking);
        desk.see(0);
        // What each hears of the other, and no ring beside it.
        desk.hear(2);
        bob.press("End");
        ann.see("They hung up");
        desk.hear(0);
    });
}

#[test]
fn a_call_is_declined_from_its_notification() {
    let name = "notices::a_call_is_declined_from_its_notification";
    at_a_desk(name, "decline", |desk| {
        let (_data, mut ann, mut bob) = ringing(desk);
        desk.click();
        bob.see_no("is calling you");
        ann.see("Declined");
        desk.see(0);
        desk.hear(0);
    });
}

#[test]
fn a_calls_notification_goes_with_the_call_and_a_missed_one_is_told() {
    let name = "notices::a_calls_notification_goes_with_the_call_and_a_missed_one_is_told";
    at_a_desk(name, "default", |desk| {
        let (_data, mut ann, mut bob) = ringing(desk);
        ann.press("Cancel");
        bob.see("Calls, 1 missed");
        desk.hear(0);
        // The call's own goes, and one about the missed call comes: a click on that shows the calls.
        desk.click_until(|| {
            bob.draw();
            bob.shows_part("Call ann back: Missed call")
        });
        desk.see(0);
    });
}

#[test]
fn messages_are_told_by_conversation_until_they_are_read() {
    let name = "notices::messages_are_told_by_conversation_until_they_are_read";
    at_a_desk(name, "default", |desk| {
        let data = tempfile::tempdir().expect("a directory");
        let bell = Bell::default();
        let mut ann = signed_in("ann", data.path(), &bell);
        let mut bob = signed_in("bob", data.path(), &bell);
        ann.write_to("bob");
        for text in ["one", "two", "three"] {
            ann.type_text(text);
            ann.key(egui::Modifiers::NONE, egui::Key::Enter);
        }
        bob.see("Chats, 3 unread");
        desk.see_text("three");
        desk.see(1);
        desk.click();
        bob.see("Message ann");
        bob.see("three");
        desk.see(0);
    });
}
