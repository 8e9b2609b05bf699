//! What one sets has an effect, and is there again after a start; the console shows what goes over the link.

use crate::window::{Bell, Window, alone, signed_in, two, until};

#[test]
fn the_console_shows_frames_without_their_secrets() {
    let (data, mut ann) = alone();
    ann.press("Inspector");
    // The latest frames are under the table.
    ann.see_part("Frame: ");
    ann.press("Console");
    ann.see_part("attr_watch");
    ann.press("Record also while I look elsewhere");
    ann.write_to("bob");
    ann.type_text("the build is green");
    ann.press("Send");
    ann.see("sent");
    ann.press("Inspector");
    ann.see_part("user_sendmsg");
    let sent = ann.name_with("the build is green");
    assert!(
        sent.starts_with("Sent ") && sent.contains("\"line\":\"***\""),
        "{sent}"
    );

    ann.fill("Filter", "USER_sendmsg GREEN");
    ann.see_part("Sent ");
    assert!(
        !ann.shows_part("Received "),
        "the answer does not hold these words"
    );
    ann.press("Received");
    ann.see("No frame holds what you look for.");
    ann.press("Both ways");
    ann.press(&sent);
    ann.see("Copy this frame");

    ann.press("Pause");
    ann.see_part("paused");
    let file = data.path().join("console.txt");
    ann.press("Save…");
    ann.replace("File to write", &file.display().to_string());
    ann.press("Save file");
    ann.see_part("Written to");
    let written = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(
        written.lines().count(),
        1,
        "what is shown is written: {written}"
    );
    assert!(
        written.contains("→") && written.contains("\"line\":\"***\""),
        "{written}"
    );
    ann.press("Clear");
    ann.see_part("Frames are listed here");
}

#[test]
fn settings_are_there_again_after_a_start() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut ann = signed_in("ann", data.path(), &bell);
    ann.press("Settings");
    ann.see_part("on this computer · online");
    ann.press("Notifications");
    let switches = [
        "Do not disturb",
        "Messages to me",
        "Messages in rooms that name me",
        "Calls that come in",
        "Missed calls",
        "Ring when somebody calls",
        "Tones of keys",
    ];
    for name in switches {
        let on = ann.is_on(name);
        assert_eq!(on, name != "Do not disturb", "{name}");
        ann.press(name);
        assert_eq!(ann.is_on(name), !on, "{name}");
    }
    let file = data.path().join("ring.wav");
    std::fs::write(&file, "no sound at all").expect("written");
    ann.press("Own file…");
    ann.replace("File to read", &file.display().to_string());
    ann.press("Use this file");
    ann.see_part("A bundled tune rings.");
    drop(ann);

    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see_part("ann, do not disturb");
    ann.press("Settings");
    ann.press("Notifications");
    for name in switches {
        assert_eq!(ann.is_on(name), name == "Do not disturb", "{name}");
    }
    ann.see_part("ring.wav does not ring");
    ann.press("Marimba");
    ann.see_part("a minute of it rings at most");
    ann.press("Try it");
    drop(ann);

    let mut ann = Window::open("ann", data.path(), &bell);
    ann.press("Settings");
    ann.press("Notifications");
    assert!(ann.is_on("Marimba"));
    assert!(!ann.is_on("Own file…"));
}

#[test]
fn the_log_is_saved() {
    let (data, mut ann) = alone();
    ann.press("Settings");
    ann.press("About");
    let file = data.path().join("log.txt");
    ann.press("Save the log…");
    ann.replace("File to write", &file.display().to_string());
    ann.press("Save file");
    ann.see_part("Written to");
    let log = std::fs::read_to_string(&file).expect("a file");
    assert!(log.starts_with("Callsign "), "{log}");
}

#[test]
fn somebody_is_sent_away_from_the_own_server() {
    let (_data, mut ann, mut bob) = two();
    ann.press("Settings");
    ann.press("Server on this computer");
    ann.see("Online · 2");
    ann.see("ann (you)");
    ann.press("Send bob away…");
    ann.press("Send away");
    bob.see("Sign in");
    bob.see_part("LOGOUT_E_KICKED");
    ann.see("Online · 1");
    bob.press("Sign in");
    ann.see("Online · 2");
    bob.press("Settings");
    bob.press("Server on this computer");
    bob.see_part("Another Callsign of yours runs it.");
}

#[test]
fn the_server_is_turned_off_and_on_again() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let mut ann = signed_in("ann", data.path(), &bell);
    let mut bob = signed_in("bob", data.path(), &bell);
    ann.press("Settings");
    ann.press("Server on this computer");
    ann.see("Online · 2");
    ann.replace("Name of the server", "The desk");
    ann.press("Save name");
    ann.see_no("Save name");
    ann.press("Run the server");
    ann.see("1 other is signed in on it, and will be offline until it is on again.");
    ann.press("Cancel");
    assert!(ann.is_on("Run the server"));
    ann.press("Run the server");
    ann.press("Turn it off");
    let off = until(&mut [&mut ann, &mut bob], |windows| {
        windows.iter().all(|window| window.shows_part("Offline."))
    });
    assert!(off, "the server still runs");
    ann.see_part("Nobody can sign in on this computer");
    assert!(!ann.is_on("Run the server"));
    drop(bob);

    // It stays off over a start, and says what to do; signing in by hand turns it on.
    drop(ann);
    let mut ann = Window::open("ann", data.path(), &bell);
    ann.see_part("Signing in on this computer turns it on again.");
    ann.press("Sign in");
    ann.press("Settings");
    ann.press("Server on this computer");
    ann.see("Online · 1");
    ann.see_value("Name of the server", "The desk");
    // Nobody else is there: nothing is asked.
    ann.press("Run the server");
    ann.see_part("Offline.");
    ann.press("Run the server");
    ann.see("Online · 1");
    ann.press("Account");
    ann.see_part("· online");
}

#[test]
fn settings_and_the_console_fit_a_narrow_window() {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let narrow = egui::vec2(360.0, 640.0);
    let mut ann = Window::sized("ann", data.path(), &bell, narrow);
    ann.fill("Your callsign", "ann");
    ann.press("Sign in");
    ann.press("Settings");
    for (section, names) in [
        ("Account", &["Sign out"][..]),
        ("Notifications", &["Do not disturb", "Own file…", "Try it"]),
        ("Appearance", &["As the system", "200 %"]),
        (
            "Server on this computer",
            &["Run the server", "Copy the folder"],
        ),
        ("About", &["Save the log…"]),
    ] {
        ann.press(section);
        for name in names {
            assert!(ann.fits(name), "{section}: {name}");
        }
        ann.press("Back to the settings");
    }
    ann.press("Inspector");
    ann.press("Inspect ann");
    ann.press("Console");
    for name in [
        "Filter",
        "Pause",
        "Save…",
        "Record also while I look elsewhere",
    ] {
        assert!(ann.fits(name), "{name}");
    }
}
