//! The token in the system's keyring: a real one that is unlocked, locked, or missing.

use std::path::{Path, PathBuf};

use crate::desk::on_a_bus;
use crate::keyring_daemon::KeyringDaemon;
use crate::server::{Own, token};
use crate::window::{Bell, Window};

/// Ann's window, at first with a card to be filled in.
fn open(data: &Path) -> Window {
    // The card is seen as a whole.
    let size = egui::vec2(1180.0, 1000.0);
    Window::sized("ann", data, &Bell::default(), size)
}

/// Ann fills in the card for a server that wants a token, and is in.
fn sign_in(window: &mut Window, server: &Own) {
    window.fill("Your callsign", "ann");
    window.press("Other address…");
    window.fill("Address", &format!("ws://{}", server.address));
    window.press("I have a token");
    window.fill("Token", &token("ann"));
    window.press("Sign in");
    window.see("You: ann, online");
}

/// Ann has signed in with her token, beside a keyring of her own.
fn signed_in(folder: &Path, unlocked: bool) -> (KeyringDaemon, PathBuf, Own, Window) {
    let keyring = KeyringDaemon::start(folder, unlocked);
    let data = folder.join("data");
    let server = Own::with_tokens();
    let mut ann = open(&data);
    sign_in(&mut ann, &server);
    (keyring, data, server, ann)
}

/// No file below a folder has the token of an account.
fn assert_nowhere(folder: &Path, token: &str) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_nowhere(&path, token);
        } else {
            let content = std::fs::read(&path).expect("a file");
            let found = content
                .windows(token.len())
                .any(|part| part == token.as_bytes());
            assert!(!found, "{} has the token", path.display());
        }
    }
}

#[test]
fn a_token_is_kept_and_signs_in_after_a_start_until_one_signs_out() {
    let name = "keyring::a_token_is_kept_and_signs_in_after_a_start_until_one_signs_out";
    on_a_bus(name, |folder| {
        let (_keyring, data, server, mut ann) = signed_in(folder, true);
        ann.write_to("bob");
        assert!(!ann.shows_part("token"), "nothing is to be said of it");
        drop(ann);

        let mut ann = open(&data);
        ann.see("You: ann, online");
        ann.see("Message bob");
        // Everything but the token is in the profile.
        assert_nowhere(&data, &token("ann"));
        ann.press("Settings");
        ann.press("Sign out");
        ann.see("Your callsign");
        drop(ann);

        // The keyring has it no more: whoever would come back is asked for it.
        let profile = data.join("profiles/ann/profile.json");
        let kept = serde_json::json!({"settings": {"signed_in": {"account": "ann", "place":
            {"url": format!("ws://{}", server.address), "app": "callsign", "token": true}}}});
        std::fs::write(profile, kept.to_string()).expect("written");
        let mut ann = open(&data);
        ann.see_part("The system's keyring does not have your token.");
        ann.see_value("Your callsign", "ann");
        ann.see_value("Address", &format!("ws://{}", server.address));
        ann.fill("Token", &token("ann"));
        ann.press("Sign in");
        ann.see("You: ann, online");
        drop(ann);
        server.stop();
    });
}

#[test]
fn a_locked_keyring_is_explained_and_keeps_nobody_out() {
    let name = "keyring::a_locked_keyring_is_explained_and_keeps_nobody_out";
    on_a_bus(name, |folder| {
        let (keyring, data, server, ann) = signed_in(folder, true);
        drop(ann);

        keyring.lock();
        let mut ann = open(&data);
        ann.see_part("Your token is in the system's keyring, which is locked.");
        ann.press("Try the keyring again");
        // Nobody unlocked it.
        ann.see_part("Your token is in the system's keyring, which is locked.");
        ann.fill("Token", &token("ann"));
        ann.press("Sign in");
        ann.see("You: ann, online");
        ann.see_part("Your token is not kept: the system's keyring is locked.");
        keyring.unlock();
        ann.press("Try again");
        ann.see_no("Try again");
        drop(ann);

        keyring.lock();
        let mut ann = open(&data);
        ann.see_part("which is locked.");
        keyring.unlock();
        ann.press("Try the keyring again");
        ann.see("You: ann, online");

        // What cannot be removed is said, too.
        keyring.lock();
        ann.press("Settings");
        ann.press("Sign out");
        ann.see_part("Your token is still in the system's keyring");
        ann.see("Try again");
        drop(ann);
        server.stop();
    });
}

#[test]
fn a_keyring_that_was_never_unlocked_keeps_nothing_and_nobody_is_kept_out() {
    let name = "keyring::a_keyring_that_was_never_unlocked_keeps_nothing_and_nobody_is_kept_out";
    on_a_bus(name, |folder| {
        let (_keyring, data, server, mut ann) = signed_in(folder, false);
        ann.see_part("Your token is not kept: the system's keyring is locked.");
        ann.see("Try again");
        assert_nowhere(&data, &token("ann"));
        drop(ann);
        let mut ann = open(&data);
        ann.see_part("which is locked. Unlock it, then try again; or paste the token.");
        ann.fill("Token", &token("ann"));
        ann.press("Sign in");
        ann.see("You: ann, online");
        drop(ann);
        server.stop();
    });
}

#[test]
fn without_a_keyring_one_is_asked_each_time_and_nothing_is_written() {
    let name = "keyring::without_a_keyring_one_is_asked_each_time_and_nothing_is_written";
    on_a_bus(name, |folder| {
        let data = folder.join("data");
        let server = Own::with_tokens();
        let mut ann = open(&data);
        sign_in(&mut ann, &server);
        ann.see_part("this system has no keyring");
        assert!(!ann.shows("Try again"), "that would not help");
        assert_nowhere(&data, &token("ann"));
        drop(ann);
        let mut ann = open(&data);
        ann.see_part("but none is running");
        ann.press("Ask me each time");
        ann.see_part("This profile asks for the token each time.");
        ann.fill("Token", &token("ann"));
        ann.press("Sign in");
        ann.see("You: ann, online");
        assert!(!ann.shows_part("keyring"), "it is not asked any more");
        drop(ann);
        let mut ann = open(&data);
        ann.see_part("This profile asks for the token each time.");
        assert_nowhere(&data, &token("ann"));
        drop(ann);
        server.stop();
    });
}
