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

/// Where the effect of each control is seen: its section, its name, the file and the test. Audio has tests of its own, since what it
/// shows depends on the devices that are there.
const EFFECTS: &[(&str, &[&str], &str, &str)] = &[
    (
        "Account",
        &["Sign out"],
        ACCOUNTS,
        "fn nobody_sees_what_another_account_of_the_profile_has",
    ),
    (
        "Notifications",
        &["Do not disturb"],
        STATE,
        "fn not_to_be_disturbed_is_kept",
    ),
    (
        "Notifications",
        &[
            "Messages to me",
            "Messages in rooms that name me",
            "Calls that come in",
        ],
        STATE,
        "fn only_what_is_to_raise_a_notification_does",
    ),
    (
        "Notifications",
        &["Missed calls"],
        STATE,
        "fn a_missed_call_is_told_if_that_is_wanted",
    ),
    (
        "Notifications",
        &["Ring when somebody calls", "Tones of keys"],
        STATE,
        "fn the_ring_and_the_tones_of_keys_can_be_silent",
    ),
    (
        "Notifications",
        &["Thirds", "Marimba", "Bell", "Own file…", "Try it"],
        STATE,
        "fn an_own_ringtone_is_kept_and_what_is_no_sound_says_so",
    ),
    (
        "Appearance",
        &[
            "As the system",
            "Light",
            "Dark",
            "80 %",
            "100 %",
            "125 %",
            "150 %",
            "175 %",
            "200 %",
        ],
        PEOPLE,
        "fn looks_follow_the_settings",
    ),
    (
        "Server on this computer",
        &["Run the server", "Name of the server"],
        HERE,
        "fn the_server_is_turned_off_and_on_again",
    ),
    (
        "Server on this computer",
        &["Copy the address", "Copy the folder"],
        HERE,
        "fn where_the_server_is_can_be_copied",
    ),
    ("About", &["Save the log…"], HERE, "fn the_log_is_saved"),
    (
        "About",
        &[
            "What has changed",
            "Callsign: MIT",
            "Callsign: or Apache-2.0",
            "Inter: SIL Open Font Licence 1.1",
            "JetBrains Mono: SIL OFL 1.1",
            "Phosphor icons: MIT",
        ],
        HERE,
        "fn what_has_changed_and_the_licences_can_be_read",
    ),
];
const HERE: &str = include_str!("settings.rs");
const PEOPLE: &str = include_str!("people.rs");
const ACCOUNTS: &str = include_str!("accounts.rs");
const STATE: &str = include_str!("../../src/app/state/tests/settings.rs");

#[test]
fn every_control_of_the_settings_has_a_test_that_sees_its_effect() {
    let (_data, mut ann) = alone();
    ann.press("Settings");
    // There is nothing to press among the shortcuts but what is on every screen.
    ann.press("Shortcuts");
    ann.see("Send what is written");
    let everywhere = ann.controls();
    for section in [
        "Account",
        "Notifications",
        "Appearance",
        "Server on this computer",
        "About",
    ] {
        let listed: Vec<_> = EFFECTS.iter().filter(|(of, ..)| *of == section).collect();
        ann.press(section);
        for (_, names, source, test) in &listed {
            assert!(source.contains(test), "{section}: no {test}");
            for name in *names {
                ann.see(name);
            }
        }
        for control in ann.controls() {
            let known = listed
                .iter()
                .any(|(_, names, ..)| names.contains(&&*control));
            assert!(
                known || everywhere.contains(&control),
                "{section}: nobody sees what {control:?} does"
            );
        }
    }
}

#[test]
fn where_the_server_is_can_be_copied() {
    let (data, mut ann) = alone();
    ann.press("Settings");
    ann.press("Server on this computer");
    let address = ann.copy_by("Copy the address");
    assert!(address.starts_with("ws://127.0.0.1:"), "{address}");
    let folder = ann.copy_by("Copy the folder");
    let folder = std::path::PathBuf::from(folder);
    assert!(folder.starts_with(data.path()) && folder.is_dir());
}

#[test]
fn what_has_changed_and_the_licences_can_be_read() {
    let (_data, mut ann) = alone();
    ann.press("Settings");
    ann.press("About");
    for (name, part) in [
        ("What has changed", "# Changelog"),
        ("Callsign: MIT", "Permission is hereby granted"),
        ("Callsign: or Apache-2.0", "Apache License"),
        (
            "Inter: SIL Open Font Licence 1.1",
            "The Inter Project Authors",
        ),
        (
            "JetBrains Mono: SIL OFL 1.1",
            "The JetBrains Mono Project Authors",
        ),
        ("Phosphor icons: MIT", "Phosphor Icons"),
    ] {
        assert!(!ann.shows_part(part), "{name}");
        ann.press(name);
        ann.see_part(part);
        ann.press(name);
        assert!(!ann.shows_part(part), "{name}");
    }
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
