//! Ann, Bob and Cy: first run, messages, a room of three, a call.

use super::desk::{Desk, wait};
use super::eyes::Eyes;
use super::person::Person;

#[test]
fn three_people_talk_with_mouse_and_keyboard_alone() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    let ann = Person::open(&desk, &eyes, "ann", 0);
    ann.sign_in();
    let bob = Person::open(&desk, &eyes, "bob", 1200);
    bob.sign_in();
    ann.turn_to();
    ann.key("ctrl+n");
    ann.see("Callsign");
    ann.type_text("bob");
    ann.key("Return");
    ann.see("Message bob");
    ann.type_text("shall we talk?");
    ann.key("Return");
    ann.see("delivered");
    bob.click("ann, online, 1 unread");
    bob.see("shall we talk?");
}
