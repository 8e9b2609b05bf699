//! Profiles to measure: signed in by the app itself, then given long histories.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use callsign::protocol::NameError;
use callsign::store::{Attention, Conversation, MessageKind, NewMessage, Store, Way};

use super::frames::Window;

/// The profile, and its account.
pub(super) const NAME: &str = "ann";
/// How many messages are written at a time.
const PAGE: usize = 500;

/// Signs in on this computer, and closes the window again.
pub(super) fn sign_in(data: &Path) {
    let mut window = Window::open(data);
    window.type_into("Your callsign", NAME);
    window.press("Sign in");
    window.until(|window| window.shows("Chats"));
}

/// People who have all said much: `person-0`, and so on, the first the latest to speak.
pub(super) fn conversations(data: &Path, people: usize, messages: usize) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = Store::open(&history(&super::profile(data)))
        .expect("a history")
        .store;
    runtime.block_on(async {
        for person in (0..people).rev() {
            let mut said = (0..messages).map(|number| message(person, number));
            loop {
                let page: Vec<_> = said.by_ref().take(PAGE).collect();
                if page.is_empty() {
                    break;
                }
                store.put_messages(page).await.expect("kept");
            }
        }
        store.close().await;
    });
}

fn message(person: usize, number: usize) -> NewMessage {
    let peer = format!("person-{person}");
    let out = number.is_multiple_of(3);
    let way = match out {
        true => Way::Out(callsign::store::Delivery::Read),
        false => Way::In(Attention::Seen),
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let now = u64::try_from(now.as_millis()).expect("fits");
    NewMessage {
        conversation: Conversation::Person(name(&peer)),
        id: Some(name(&format!("{person}-{number}"))),
        source: name(if out { NAME } else { &peer }),
        way,
        kind: MessageKind::Text,
        text: text(person, number),
        server_ms: Some(now - 1000 * (person as u64 + 1)),
        local_ms: now,
        reply_to: None,
    }
}

/// What marks a person's message, wherever it stands.
pub(super) fn mark(person: usize, number: usize) -> String {
    format!("({person}, {number})")
}

/// From a word to some lines.
fn text(person: usize, number: usize) -> String {
    let words = [
        "the build is green",
        "shipping at ten?",
        "the meeting is at three now",
        "see https://example.org/page",
    ];
    let lines = 1 + number % 7 / 5 * 2;
    let line = |line: usize| {
        let word = words[(number + line) % words.len()];
        format!("{word} {} ", mark(person, number)).repeat(1 + number % 4)
    };
    (0..lines).map(line).collect::<Vec<_>>().join("\n")
}

fn name<T: for<'a> TryFrom<&'a str, Error = NameError>>(text: &str) -> T {
    T::try_from(text).expect("a name")
}

/// The one history below a profile's folder.
fn history(folder: &Path) -> PathBuf {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "db") {
            return path;
        }
        if path.is_dir() {
            folders.push(path);
        }
    }
    history(folders.first().expect("a history"))
}
