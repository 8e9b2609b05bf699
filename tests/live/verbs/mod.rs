//! `callsign call` and `callsign listen`: two processes, the real server, files for microphone and speaker, and no display and
//! no sound server anywhere.

mod browser;
mod process;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use callsign::client::event::{CallEvent, Event, SessionEvent};
use callsign::client::{Events, Session};
use callsign::protocol::ChannelName;
use callsign::voice::wav::WavSource;

use self::process::Verb;
use crate::likeness;
use crate::ours::{account, heard, sign_in};
use crate::server::Server;
use crate::turn;

fn speak(folder: &Path, name: &str, voice: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    let status = Command::new("espeak-ng")
        .args(["-v", voice, "-w"])
        .arg(&path)
        .arg(text)
        .status()
        .expect("espeak-ng (tests/run.sh installs it)");
    assert!(status.success());
    path
}

/// What Ann says, and what Bob says.
fn sentences(folder: &Path) -> [PathBuf; 2] {
    [
        speak(
            folder,
            "a.wav",
            "en-gb",
            "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background.",
        ),
        speak(
            folder,
            "b.wav",
            "en-us+f3",
            "Rice is often served in round bowls, and the juice of many lemons makes fine punch.",
        ),
    ]
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// How loud a file is, 100 times a second.
fn loudness(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).expect("a file");
    let source = WavSource::read(&bytes).expect("a sound");
    likeness::loudness(source.samples(), 100)
}

/// How alike two sounds are in their ups and downs: 1 for the same. The median over stretches of 1.5 s, each where it is most
/// alike within a second, since a busy computer stretches sound here and there. Of the first second, in which noise is learned
/// and the level found, nothing is said.
fn like(said: &[f64], heard: &[f64]) -> f64 {
    let mut found: Vec<f64> = Vec::new();
    for at in (100..said.len().saturating_sub(150)).step_by(75) {
        let part = &said[at..at + 150];
        let best = (at.saturating_sub(20)..at + 80)
            .filter_map(|from| Some(likeness::alike(part, heard.get(from..from + 150)?)));
        found.push(best.fold(0.0, f64::max));
    }
    found.sort_by(f64::total_cmp);
    found.get(found.len() / 2).copied().unwrap_or(0.0)
}

#[track_caller]
fn assert_heard(heard: &Path, said: &Path, not_said: &Path) {
    let heard = loudness(heard);
    let (right, wrong) = (
        like(&loudness(said), &heard),
        like(&loudness(not_said), &heard),
    );
    println!("like what was said {right:.2}, like something else {wrong:.2}");
    assert!(right > 0.7, "{right:.2} like what was said");
    assert!(right > wrong + 0.1, "{wrong:.2} like what was not said");
}

#[test]
fn two_processes_hear_each_other_and_the_next_call_has_a_file_of_its_own() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = sentences(folder.path());
    let [ann_hears, bob_hears] = ["ann.wav", "bob.wav"].map(|name| folder.path().join(name));
    let mut bob = Verb::start(
        &server,
        "bob",
        &[
            "listen",
            "--auto-answer",
            "--raw",
            "--wav-in",
            text(&b),
            "--wav-out",
            text(&bob_hears),
        ],
    );
    bob.wait("listening");
    let arguments = [
        "call",
        "bob",
        "--raw",
        "--wav-in",
        text(&a),
        "--wav-out",
        text(&ann_hears),
    ];
    let with = |more: &[&'static str]| [&arguments[..], more].concat();
    let ann = Verb::start(&server, "ann", &with(&["--for", "8s", "--keys", "12#"]));
    let (status, said, complaints) = ann.end();
    assert!(status.success(), "{said:?} {complaints}");
    let file = format!("heard {}", ann_hears.display());
    assert_eq!(
        said,
        [
            "ringing",
            "answered",
            "connected",
            "ended we hung up",
            &file
        ]
    );
    bob.wait("ended they hung up");
    assert_heard(&ann_hears, &b, &a);
    // Last, also where the sound is over before the server tells of the end.
    bob.wait(&format!("heard {}", bob_hears.display()));
    assert_heard(&bob_hears, &a, &b);
    let keys: Vec<_> = bob
        .said
        .iter()
        .filter(|line| line.starts_with("key "))
        .collect();
    assert_eq!(keys, ["key 1", "key 2", "key #"]);

    let first = std::fs::read(&bob_hears).expect("a file");
    let ann = Verb::start(&server, "ann", &with(&["--for", "1s"]));
    assert!(ann.end().0.success());
    bob.wait(&format!(
        "heard {}",
        folder.path().join("bob-2.wav").display()
    ));
    assert_eq!(std::fs::read(&bob_hears).expect("a file"), first);
    bob.signal("TERM");
    let (status, said, complaints) = bob.end();
    assert!(status.success(), "{said:?} {complaints}");
}

/// As people have it: echo and noise are taken away, and the level is found.
#[test]
fn two_processes_hear_each_other_by_the_usual_processing() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = sentences(folder.path());
    let [ann_hears, bob_hears] = ["ann.wav", "bob.wav"].map(|name| folder.path().join(name));
    let [a_in, b_in] = [text(&a), text(&b)].map(|path| ["--wav-in", path]);
    let [ann_out, bob_out] = [text(&ann_hears), text(&bob_hears)].map(|path| ["--wav-out", path]);
    let listen = [&["listen", "--auto-answer"][..], &b_in, &bob_out].concat();
    let mut bob = Verb::start(&server, "bob", &listen);
    bob.wait("listening");
    let call = [&["call", "bob", "--for", "9s"][..], &a_in, &ann_out].concat();
    let (status, said, complaints) = Verb::start(&server, "ann", &call).end();
    assert!(status.success(), "{said:?} {complaints}");
    bob.wait(&format!("heard {}", text(&bob_hears)));
    assert_heard(&ann_hears, &b, &a);
    assert_heard(&bob_hears, &a, &b);
}

#[test]
fn who_calls_somebody_absent_is_told_has_asked_the_relay_and_can_give_up_at_once() {
    let server = Server::with_config(turn::RELAY);
    let mut ann = Verb::start(&server, "ann", &["call", "bob"]);
    ann.wait_complaint("bob is not signed in: the call waits 20 s for them");
    // Nobody else asks: she knew of it before she called.
    assert!(turn::figure(&server, "turn_allocations_made_total") > 0);
    let start = Instant::now();
    ann.signal("TERM");
    let (status, said, complaints) = ann.end();
    assert_eq!(status.code(), Some(1), "{said:?} {complaints}");
    assert_eq!(said, ["ended we hung up"]);
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// Neither side names an address of its own, and all that is said is counted by the relay.
#[test]
fn two_who_hide_hear_each_other_through_the_relay_alone() {
    let server = Server::with_config(turn::RELAY);
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = sentences(folder.path());
    let [ann_hears, bob_hears] = ["ann.wav", "bob.wav"].map(|name| folder.path().join(name));
    let with = |verb: &[&'static str], says: &Path, hears: &Path| {
        let mut all: Vec<String> = verb.iter().map(|&word| word.to_owned()).collect();
        all.extend(["--relay-only", "--raw", "--wav-in", text(says)].map(str::to_owned));
        all.extend(["--wav-out", text(hears)].map(str::to_owned));
        all
    };
    let listen = with(&["listen", "--auto-answer"], &b, &bob_hears);
    let listen: Vec<&str> = listen.iter().map(String::as_str).collect();
    let mut bob = Verb::start(&server, "bob", &listen);
    bob.wait("listening");
    let call = with(&["call", "bob", "--for", "8s"], &a, &ann_hears);
    let call: Vec<&str> = call.iter().map(String::as_str).collect();
    let (status, said, complaints) = Verb::start(&server, "ann", &call).end();
    assert!(status.success(), "{said:?} {complaints}");
    bob.wait(&format!("heard {}", text(&bob_hears)));
    assert_heard(&ann_hears, &b, &a);
    assert_heard(&bob_hears, &a, &b);
    // Eight seconds both ways at 32 kbit/s and no less than half of that: none of it took another way.
    let relayed = turn::figure(&server, "turn_bytes_to_clients_total");
    assert!(relayed > 2 * 8 * 2_000, "{relayed} bytes were relayed");
}

#[test]
fn who_hides_without_a_relay_calls_nobody_and_is_told_why() {
    let server = Server::start();
    let mut bob = Verb::start(&server, "bob", &["listen", "--auto-answer"]);
    bob.wait("listening");
    for arguments in [
        &["call", "bob", "--relay-only"][..],
        &["listen", "--relay-only"],
    ] {
        let (status, said, complaints) = Verb::start(&server, "ann", arguments).end();
        assert_eq!(status.code(), Some(1), "{said:?}");
        assert_eq!(said, Vec::<String>::new());
        assert!(complaints.contains("no relay"), "{complaints}");
    }
    bob.signal("TERM");
    let (_, said, _) = bob.end();
    assert_eq!(said, ["listening"], "nobody called");
}

/// The server stands still: the end is not confirmed, and whoever stops it twice does not wait for that.
#[test]
fn who_is_stopped_twice_leaves_a_whole_file_as_well() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = sentences(folder.path());
    let [ann_hears, bob_hears] = ["ann.wav", "bob.wav"].map(|name| folder.path().join(name));
    let listen = [
        "listen",
        "--auto-answer",
        "--wav-in",
        text(&b),
        "--wav-out",
        text(&bob_hears),
    ];
    let mut bob = Verb::start(&server, "bob", &listen);
    bob.wait("listening");
    let call = [
        "call",
        "bob",
        "--wav-in",
        text(&a),
        "--wav-out",
        text(&ann_hears),
    ];
    let mut ann = Verb::start(&server, "ann", &call);
    ann.wait("connected");
    bob.wait("connected");
    server.signal("STOP");
    for (verb, hears) in [(ann, &ann_hears), (bob, &bob_hears)] {
        verb.signal("TERM");
        verb.signal("INT");
        let (_, said, complaints) = verb.end();
        let file = format!("heard {}", text(hears));
        assert_eq!(said.last(), Some(&file), "{said:?} {complaints}");
        WavSource::read(&std::fs::read(hears).expect("a file")).expect("a sound");
    }
    server.signal("CONT");
}

#[test]
fn a_server_that_does_not_answer_keeps_nobody_from_stopping() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    for (signal, arguments, code) in [
        ("TERM", &["call", "bob"][..], 1),
        ("INT", &["listen"][..], 0),
    ] {
        let verb = Verb::start_at(port, "ann", arguments);
        let (_link, _) = silent.accept().expect("a link");
        let start = Instant::now();
        verb.signal(signal);
        let (status, said, complaints) = verb.end();
        assert_eq!(status.code(), Some(code), "{said:?} {complaints}");
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

#[test]
fn who_hangs_up_by_a_signal_leaves_a_whole_file_and_an_end_for_the_other() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let hears = folder.path().join("ann.wav");
    let mut bob = Verb::start(&server, "bob", &["listen", "--auto-answer"]);
    bob.wait("listening");
    let mut ann = Verb::start(&server, "ann", &["call", "bob", "--wav-out", text(&hears)]);
    ann.wait("connected");
    ann.signal("INT");
    let (status, said, _) = ann.end();
    assert!(status.success(), "it was answered: {said:?}");
    WavSource::read(&std::fs::read(&hears).expect("a file")).expect("a sound");
    bob.wait("ended they hung up");
    // The other way round.
    let mut ann = Verb::start(&server, "ann", &["call", "bob"]);
    ann.wait("connected");
    bob.signal("TERM");
    let (status, said, _) = ann.end();
    assert!(status.success(), "{said:?}");
    assert!(said.contains(&"ended they hung up".to_owned()), "{said:?}");
    assert!(bob.end().0.success());
}

/// Bob, with a program of his own, answers the next call so.
async fn answer_with(session: &Session, events: &mut Events, extra: &str) {
    let call = heard(events, |event| match event {
        Event::Session(SessionEvent::InviteReceived { call, .. }) => Some(call),
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
    })
    .await;
    let call = session.call(call);
    call.channel_invite_accept(extra).await.expect("answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_carries_no_sound_or_nonsense_gets_a_call_without() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let hears = folder.path().join("ann.wav");
    let (session, mut events) = sign_in(server.port(), "bob").await;
    let long = format!(r#"{{"_voice":{{"v":1,"sdp":"{}"}}}}"#, "a=".repeat(4_000));
    for (extra, why) in [
        ("", "their program carries no sound"),
        ("{}", "their program carries no sound"),
        (r#"{"_voice":7}"#, "cannot be read"),
        (r#"{"_voice":{"v":9,"sdp":""}}"#, "version 9"),
        (r#"{"_voice":{"v":1,"sdp":"v=0\r\nm=audio"}}"#, "of no use"),
        (long.as_str(), "of no use"),
    ] {
        let arguments = ["call", "bob", "--for", "300ms", "--wav-out", text(&hears)];
        let ann = Verb::start(&server, "ann", &arguments);
        answer_with(&session, &mut events, extra).await;
        let (status, said, complaints) = tokio::task::spawn_blocking(|| ann.end())
            .await
            .expect("it ended");
        assert!(status.success(), "{extra}: {said:?} {complaints}");
        assert!(complaints.contains(why), "{extra}: {complaints}");
        assert!(!hears.exists(), "nothing was heard");
    }
    // Declined, and nobody there to be called at all.
    let ann = Verb::start(&server, "ann", &["call", "bob"]);
    let call = heard(&mut events, |event| match event {
        Event::Session(SessionEvent::InviteReceived { call, .. }) => Some(call),
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
    })
    .await;
    let refused = session.call(call).channel_invite_refuse("").await;
    refused.expect("declined");
    let (status, said, _) = tokio::task::spawn_blocking(|| ann.end())
        .await
        .expect("it ended");
    assert_eq!(status.code(), Some(1), "{said:?}");
    assert!(said.contains(&"ended they declined".to_owned()), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_offers_nonsense_is_answered_without_sound_and_the_next_is_heard() {
    let server = Server::start();
    let mut bob = Verb::start(&server, "bob", &["listen", "--auto-answer"]);
    bob.wait("listening");
    let (session, mut events) = sign_in(server.port(), "ann").await;
    let channel = ChannelName::try_from("call-1").expect("a name");
    let long = format!(r#"{{"_voice":{{"v":1,"sdp":"{}"}}}}"#, "a=".repeat(4_000));
    for extra in [
        "",
        "{}",
        r#"{"_voice":[]}"#,
        r#"{"_voice":{"v":1,"sdp":"v"}}"#,
        &long,
    ] {
        let call = session.channel_invite_user2(&channel, &account("bob"), extra);
        let call = call.await.expect("called");
        let answer = heard(&mut events, |event| match event {
            Event::Call {
                event: CallEvent::AcceptedByPeer { extra },
                ..
            } => Some(extra),
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
        })
        .await;
        assert_eq!(answer, "", "{extra}");
        call.channel_invite_end().await.expect("it ends");
        heard(&mut events, |event| match event {
            Event::Call {
                event: CallEvent::Ended(_),
                ..
            } => Some(()),
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
        })
        .await;
    }
    let cy = Verb::start(&server, "cy", &["call", "bob", "--for", "1s"]);
    let (status, said, _) = tokio::task::spawn_blocking(|| cy.end())
        .await
        .expect("it ended");
    assert!(status.success(), "{said:?}");
    assert!(said.contains(&"connected".to_owned()), "{said:?}");
}

#[test]
fn without_a_server_a_call_says_so() {
    let server = Server::start();
    let port = server.port();
    drop(server);
    let server = Server::start();
    let url = format!("ws://127.0.0.1:{port}");
    assert_ne!(server.port(), port);
    let ended = Command::new(env!("CARGO_BIN_EXE_callsign"))
        .args(["call", "bob", "--account", "ann", "--server", &url])
        .output()
        .expect("callsign");
    assert_eq!(ended.status.code(), Some(1));
    let complaints = String::from_utf8_lossy(&ended.stderr);
    assert!(complaints.contains("cannot be reached"), "{complaints}");
}
