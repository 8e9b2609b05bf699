//! A browser on the other side: Chromium with the API maker's web SDK for signaling and its own WebRTC for sound (`browser/call.html`),
//! whose microphone is a file, too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use callsign::voice::RATE;
use callsign::voice::wav::{WavSink, WavSource};
use serde_json::json;
use tempfile::TempDir;

use super::process::{APP, Verb};
use super::{loudness, sentences, text};
use crate::likeness::alike;
use crate::peer::{Peer, node_modules};
use crate::server::Server;

/// Chromium without a window, as Debian calls it.
const BROWSER: &str = "chromium-headless-shell";
/// How long Bob lets Cy speak, and how long both take, in seconds. Where two who have never heard each other begin at the same time,
/// either's echo canceller takes the other for an echo at first.
const FIRST: usize = 5;
const BOTH: u32 = 10;

/// Cy, at a page.
struct Page {
    peer: Peer,
    _profile: TempDir,
}

impl Page {
    /// Opens the page, with a file for a microphone, and signs in.
    fn signed_in(server: &Server, microphone: &Path) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/browser/serve.js");
        // It is heard once: what comes again and again is like itself at many places.
        let microphone = format!(
            "--use-file-for-fake-audio-capture={}%noloop",
            text(microphone)
        );
        let mut command = Command::new("node");
        command
            .args([
                &program,
                &node_modules(),
                Path::new(BROWSER),
                profile.path(),
            ])
            .args([
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                &microphone,
            ]);
        let mut page = Self {
            peer: Peer::start("Chromium", "cy", &mut command),
            _profile: profile,
        };
        let url = format!("ws://127.0.0.1:{}", server.port());
        for (field, value) in [("account", "cy"), ("server", &url), ("app", APP)] {
            page.fill(field, value);
        }
        page.submit("sign-in");
        page.sees("idle");
        page
    }

    fn fill(&mut self, field: &str, value: &str) {
        self.peer
            .run("fill", json!({"field": field, "text": value}));
    }

    fn submit(&mut self, form: &str) {
        self.peer.run("submit", json!({ "form": form }));
    }

    fn click(&mut self, button: &str) {
        self.peer.run("click", json!({ "button": button }));
    }

    /// Waits until this is shown or said.
    fn sees(&self, what: &str) -> Vec<String> {
        let event = self.peer.next(what);
        let args = event.args.as_array().expect("arguments");
        // The first is when it was.
        let told = args.iter().skip(1).filter_map(|arg| arg.as_str());
        told.map(str::to_owned).collect()
    }

    /// Waits until the page has heard the call for that long.
    fn hears(&mut self, seconds: u32) {
        self.peer.run("hear", json!({ "seconds": seconds }));
    }

    /// Writes down what the page heard of the call.
    fn heard(&mut self, file: &Path) {
        self.peer.run("heard", json!({ "file": text(file) }));
    }
}

/// The same speech arrived, wherever it begins: neither side knows when the other's file began.
#[track_caller]
fn assert_speech(heard: &Path, said: &Path, not_said: &Path) {
    let heard = loudness(heard);
    let (right, wrong) = (
        best(&loudness(said), &heard),
        best(&loudness(not_said), &heard),
    );
    println!("like what was said {right:.2}, like something else {wrong:.2}");
    assert!(right > 0.8, "{right:.2} like what was said");
    assert!(wrong < 0.6, "{wrong:.2} like what was not said");
}

/// How alike three seconds from the middle of what was said are to where they fit best.
fn best(said: &[f64], heard: &[f64]) -> f64 {
    let part = &said[100..400];
    let fits = heard.windows(part.len()).map(|place| alike(part, place));
    fits.fold(0.0, f64::max)
}

/// The same, but not at once.
fn later(file: &Path) -> PathBuf {
    let spoken = WavSource::read(&std::fs::read(file).expect("a file")).expect("a sound");
    let later = file.with_extension("later.wav");
    let mut sink = WavSink::new(File::create(&later).expect("a file")).expect("begun");
    let silence = vec![0.0; FIRST * RATE as usize];
    for samples in [&silence, spoken.samples()] {
        sink.write(samples).expect("written");
    }
    sink.finish().expect("whole");
    later
}

fn files(folder: &Path) -> [PathBuf; 2] {
    ["cy.wav", "bob.wav"].map(|name| folder.join(name))
}

#[test]
fn a_browser_calls_and_hangs_up() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = sentences(folder.path());
    let [cy_hears, bob_hears] = files(folder.path());
    let b_later = later(&b);
    let listen = [
        &["listen", "--auto-answer"][..],
        &["--wav-in", text(&b_later), "--wav-out", text(&bob_hears)],
    ];
    let mut bob = Verb::start(&server, "bob", &listen.concat());
    bob.wait("listening");
    let mut page = Page::signed_in(&server, &a);
    page.fill("peer", "bob");
    page.submit("dial");
    page.sees("ringing");
    page.sees("talking");
    page.hears(BOTH);
    for key in ["1", "2", "#"] {
        page.click(key);
    }
    // One by one, by the sound, and at once, by the signaling: each counts once.
    for key in ["1", "2", "#"] {
        bob.wait(&format!("key {key}"));
    }
    page.heard(&cy_hears);
    page.click("hang-up");
    bob.wait("ended they hung up");
    bob.wait(&format!("heard {}", text(&bob_hears)));
    let keys = bob.said.iter().filter(|line| line.starts_with("key "));
    assert_eq!(keys.count(), 3, "{:?}", bob.said);
    assert_speech(&cy_hears, &b, &a);
    assert_speech(&bob_hears, &a, &b);
    // It is told where the browser is by a name alone that nobody else can look up: that is no hindrance.
    let told = page.peer.next("candidate").args;
    assert!(told[0].as_str().expect("an address").ends_with(".local"));
}

#[test]
fn a_browser_is_called_and_the_caller_hangs_up() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = sentences(folder.path());
    let [cy_hears, bob_hears] = files(folder.path());
    let mut page = Page::signed_in(&server, &a);
    let b_later = later(&b);
    let call = [
        &["call", "cy", "--for", "11s", "--keys", "12#"][..],
        &["--wav-in", text(&b_later), "--wav-out", text(&bob_hears)],
    ];
    let mut bob = Verb::start(&server, "bob", &call.concat());
    bob.wait("ringing");
    page.sees("ringing-here");
    page.click("answer");
    page.sees("talking");
    bob.wait("connected");
    assert_eq!(page.sees("keys"), ["12#"]);
    let (status, said, complaints) = bob.end();
    assert!(status.success(), "{said:?} {complaints}");
    assert_eq!(page.sees("over"), ["They hung up."]);
    page.heard(&cy_hears);
    assert_speech(&cy_hears, &b, &a);
    assert_speech(&bob_hears, &a, &b);
}
