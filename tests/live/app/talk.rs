//! Ann, Bob and Cy: first run, messages, a room of three, calls.

use super::desk::Desk;
use super::eyes::Eyes;
use super::person::Person;

/// Where windows stand, so that none covers another.
const LEFT: u32 = 0;
const MIDDLE: u32 = 1200;
const RIGHT: u32 = 2400;

#[test]
fn three_people_talk_with_mouse_and_keyboard_alone() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    let ann = Person::signed_in(&desk, &eyes, "ann", LEFT);
    let bob = Person::signed_in(&desk, &eyes, "bob", MIDDLE);

    ann.write_to("bob");
    ann.say("shall we talk?");
    ann.see("delivered");
    bob.click("ann");
    bob.see("shall we talk?");
    bob.click("Message ann");
    bob.type_slowly("你好");
    bob.key("Return");
    ann.see("你好");

    let cy = Person::signed_in(&desk, &eyes, "cy", RIGHT);
    for person in [&ann, &bob, &cy] {
        person.join("ops");
    }
    cy.say("shipping at ten?");
    for person in [&ann, &bob] {
        person.see("shipping at ten?");
    }

    ann.click("bob");
    ann.click("Call bob");
    bob.see("ann is calling you");
    desk.click_notification();
    for person in [&ann, &bob] {
        person.see_part("In a call with ");
    }
    ann.click("Show the keys");
    ann.click("Key 4");
    ann.click("Key hash");
    bob.see("They pressed 4 #");
    bob.click("Hang up on ann");
    ann.see("bob: They hung up");
    bob.see_no("Hang up on ann");

    for person in [ann, bob] {
        person.kill();
    }
    for (name, x, other, call) in [
        ("ann", LEFT, "bob", "Outgoing · "),
        ("bob", MIDDLE, "ann", "Incoming · "),
    ] {
        let person = Person::open(&desk, &eyes, name, x);
        person.click("Calls");
        person.see_part(&format!("Call {other} back: {call}"));
        person.click("Chats");
        person.click(other);
        person.see("shall we talk?");
        person.see("你好");
        person.click("Room ops");
        person.see("shipping at ten?");
    }
}

#[test]
fn a_call_comes_to_whoever_has_made_the_window_an_icon() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    let bob = Person::signed_in(&desk, &eyes, "bob", MIDDLE);
    bob.minimise();
    let ann = Person::signed_in(&desk, &eyes, "ann", LEFT);
    ann.write_to("bob");
    ann.click("Call bob");
    // Answer is at the lower right of the window of calls; its name below it.
    bob.click_in_call("ann", 0.8, 0.8);
    ann.see_part("In a call with ");
    ann.click("Hang up on bob");
    bob.see("ann: They hung up");
}
