//! Several accounts in one profile: each has its own history, and none sees another's.

use std::path::Path;

use callsign::protocol::{Account, MessageId};
use callsign::store::{Conversation, Delivery, MessageKind, NewMessage, Person, Store, Way};
use egui::{Key, Modifiers};

use crate::window::{Bell, Window, signed_in};

fn sign_out(window: &mut Window) {
    window.press("Settings");
    // Settings are at the section that was looked at last.
    if !window.shows("Sign out") {
        window.press("Account");
    }
    window.press("Sign out");
    window.see("Your callsign");
}

fn sign_in(window: &mut Window, account: &str) {
    window.replace("Your callsign", account);
    window.press("Sign in");
    window.see("Chats");
}

#[test]
fn nobody_sees_what_another_account_of_the_profile_has() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut window = signed_in("ann", data.path(), &bell);
    window.press("Settings");
    window.press("Appearance");
    window.press("Dark");
    window.press("People");
    window.press("Add a person");
    window.fill("Callsign", "cy");
    window.press("Add");
    window.press("Chats");
    window.write_to("bob");
    window.type_text("between us");
    window.key(Modifiers::NONE, Key::Enter);
    window.see("sent");
    window.type_text("half a thought");
    window.press("Call bob");
    window.see_part("offline");
    sign_out(&mut window);

    sign_in(&mut window, "dora");
    window.see("Nobody to talk to yet?");
    for hidden in ["bob", "between us", "half a thought"] {
        assert!(!window.shows_part(hidden), "{hidden}");
    }
    window.press("People");
    assert!(!window.shows_part("cy"), "the people of another");
    window.press("Calls");
    assert!(!window.shows_part("bob"), "the calls of another");
    window.key(Modifiers::COMMAND, Key::K);
    window.fill("Go to a person, a room or a message", "between");
    window.draw();
    assert!(!window.shows_part("between us"), "found");
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.dark(), "the look is the profile's");
    window.write_to("bob");
    assert!(!window.shows_part("half a thought"), "the draft of another");
    drop(window);

    // The last one comes back, with their own.
    let mut window = Window::open("ann", data.path(), &bell);
    window.see("You: dora, online");
    assert!(!window.shows_part("between us"));
    sign_out(&mut window);
    sign_in(&mut window, "ann");
    window.see("between us");
    window.see_value("Message bob", "half a thought");
    window.press("Calls");
    window.see_part("bob");
    window.press("People");
    window.see_part("cy");
}

/// What a profile's folder had before accounts had histories of their own.
fn old_history(folder: &Path, signed_in: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        let store = Store::open(&folder.join("history.db"))
            .expect("opened")
            .store;
        let message = NewMessage {
            conversation: Conversation::Person(Account::try_from("bob").expect("an account")),
            id: Some(MessageId::try_from("m1").expect("an id")),
            source: Account::try_from("ann").expect("an account"),
            kind: MessageKind::Text,
            text: "from before".to_owned(),
            way: Way::Out(Delivery::Sent),
            server_ms: Some(1_700_000_000_000),
            local_ms: 1_700_000_000_000,
            reply_to: None,
        };
        store.put_message(message).await.expect("kept");
        let person = Person {
            account: Account::try_from("cy").expect("an account"),
            name: String::new(),
            added_ms: Some(1),
            blocked: false,
        };
        store.put_person(person).await.expect("kept");
        let look = serde_json::json!({"theme": "dark", "scale": 100});
        store
            .put_setting("look".to_owned(), look)
            .await
            .expect("kept");
        if signed_in {
            let who = serde_json::json!({"account": "ann", "place": null});
            store
                .put_setting("signed_in".to_owned(), who)
                .await
                .expect("kept");
        }
        store.close().await;
    });
}

#[test]
fn a_history_of_before_is_taken_over_by_whoever_was_in() {
    let data = tempfile::tempdir().expect("a directory");
    let folder = data.path().join("profiles/ann");
    old_history(&folder, true);
    for _ in 0..2 {
        let mut window = Window::open("ann", data.path(), &Bell::default());
        window.see("from before");
        window.see("You: ann, online");
        assert!(window.dark(), "the look is kept");
        window.press("Calls");
        window.press("People");
        window.see_part("cy");
        window.press("Chats");
        assert!(!folder.join("history.db").exists(), "it is ann's now");
    }
}

#[test]
fn a_history_of_before_waits_for_whom_it_was_of() {
    let data = tempfile::tempdir().expect("a directory");
    old_history(&data.path().join("profiles/ann"), false);
    let mut window = Window::open("ann", data.path(), &Bell::default());
    window.see("Your callsign");
    assert!(window.dark(), "the look is kept");
    sign_in(&mut window, "dora");
    window.see("Nobody to talk to yet?");
    sign_out(&mut window);
    sign_in(&mut window, "ann");
    window.see("from before");
}
