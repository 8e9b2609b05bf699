//! Apps that are killed, or end because the system does: nothing that was there is lost.

use super::desk::Desk;
use super::eyes::Eyes;
use super::person::Person;

#[test]
fn what_was_sent_read_or_typed_outlives_kill_9() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    // Whoever comes first serves.
    let bob = Person::signed_in(&desk, &eyes, "bob", 1200);
    let ann = Person::signed_in(&desk, &eyes, "ann", 0);
    ann.write_to("bob");
    ann.say("it is read");
    bob.click("ann");
    ann.see("read");
    // Nobody answers any more, and nobody hangs up either.
    bob.signal("STOP");
    ann.turn_to();
    ann.say("it waits");
    ann.type_text("it is not done");
    ann.see_typed("Message bob", "it is not done");
    ann.kill();
    bob.signal("CONT");

    let ann = Person::open(&desk, &eyes, "ann", 0);
    ann.see("it is read");
    ann.see_typed("Message bob", "it is not done");
    bob.see("it waits");
    bob.kill();
    let bob = Person::open(&desk, &eyes, "bob", 1200);
    bob.see("it waits");
    // What was read stays read.
    bob.see_no_part("unread");
}

#[test]
fn whoever_is_left_serves_when_the_one_who_did_is_killed() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    let bob = Person::signed_in(&desk, &eyes, "bob", 2400);
    let ann = Person::signed_in(&desk, &eyes, "ann", 0);
    let cy = Person::signed_in(&desk, &eyes, "cy", 1200);
    ann.write_to("cy");
    bob.kill();
    ann.say("are you there?");
    ann.see("delivered");
    cy.see("ann, online, 1 unread");
}

#[test]
fn the_system_ends_it_in_good_order() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    let ann = Person::signed_in(&desk, &eyes, "ann", 0);
    ann.write_to("bob");
    ann.type_text("and by the way");
    ann.see_typed("Message bob", "and by the way");
    ann.terminate();
    let ann = Person::open(&desk, &eyes, "ann", 0);
    ann.see_typed("Message bob", "and by the way");
    ann.terminate();
}

#[test]
fn a_call_that_kill_9_ends_is_in_both_histories() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    let bob = Person::signed_in(&desk, &eyes, "bob", 1200);
    let ann = Person::signed_in(&desk, &eyes, "ann", 0);
    ann.write_to("bob");
    ann.click("Call bob");
    // Answer is at the lower right of the window of calls; its name below it.
    bob.click_in_call("ann", 0.8, 0.8);
    for person in [&ann, &bob] {
        person.see_part("In a call with ");
    }
    // Neither can say that it is over.
    ann.kill();
    bob.kill();
    for (name, x, other) in [("bob", 1200, "ann"), ("ann", 0, "bob")] {
        let person = Person::open(&desk, &eyes, name, x);
        cut_off(&person, other);
        person.terminate();
    }
}

#[test]
fn a_call_that_the_system_ends_is_over_for_both_and_in_both_histories() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    let bob = Person::signed_in(&desk, &eyes, "bob", 1200);
    let ann = Person::signed_in(&desk, &eyes, "ann", 0);
    ann.write_to("bob");
    ann.click("Call bob");
    bob.click_in_call("ann", 0.8, 0.8);
    for person in [&ann, &bob] {
        person.see_part("In a call with ");
    }
    ann.terminate();
    bob.see_part("ann: ");
    bob.click("Calls");
    bob.see_part("Call ann back: Incoming · ");
    let ann = Person::open(&desk, &eyes, "ann", 0);
    cut_off(&ann, "bob");
    ann.terminate();
    bob.terminate();
}

/// The list of calls and the conversation say that Callsign ended in a call.
#[track_caller]
fn cut_off(person: &Person<'_>, other: &str) {
    person.click("Calls");
    person.see_part(&format!("Call {other} back: Call interrupted"));
    person.click("Chats");
    person.click(other);
    person.see_part("Call interrupted ·");
}
