//! How speech sounds over a line: espeak-ng speaks, and PESQ (ITU-T P.862.2, wide band) judges.

use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;

use callsign::voice::processing::Switches;
use callsign::voice::wav::{WavSink, WavSource};

use crate::world::{Line, call};

/// Who says what. The first sentence is for both sides to learn how the line is, and is not judged.
const SENTENCES: [(&str, &str); 5] = [
    (
        "en-gb",
        "Before anything is judged, both sides need a few seconds to learn what their line is like, so this goes on for a little while.",
    ),
    (
        "en-gb",
        "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. It is easy to tell the depth of a well.",
    ),
    (
        "en-us+f3",
        "These days a chicken leg is a rare dish. Rice is often served in round bowls. The juice of lemons makes fine punch.",
    ),
    (
        "en-us+m3",
        "The box was thrown beside the parked truck. The hogs were fed chopped corn and garbage. Four hours of steady work faced us.",
    ),
    (
        "en-gb+f2",
        "A large size in stockings is hard to sell. The boy was there when the sun rose. A rod is used to catch pink salmon.",
    ),
];
/// Silence before each sentence, in samples.
const PAUSE: usize = 24_000;
/// What each side of a call may send, all headers included, in bits a second.
const MOST: u32 = 80_000;
/// The headers of IP and UDP of 50 packets a second, which the call itself does not see.
const HEADERS: u32 = 28 * 8 * 50;

fn live() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    target.join("live")
}

/// All sentences, and where each begins and ends.
fn speech() -> (Vec<f32>, Vec<(usize, usize)>) {
    let (mut all, mut places) = (Vec::new(), Vec::new());
    for (voice, text) in SENTENCES {
        let spoken = Command::new("espeak-ng")
            .args(["-v", voice, "-s", "160", "--stdout", text])
            .output()
            .expect("espeak-ng is installed");
        let source = WavSource::read(&spoken.stdout).expect("it speaks");
        all.extend(std::iter::repeat_n(0.0, PAUSE));
        let from = all.len();
        all.extend_from_slice(source.samples());
        places.push((from, all.len()));
    }
    all.extend(std::iter::repeat_n(0.0, PAUSE));
    (all, places)
}

/// The mean of PESQ over the sentences that are judged.
fn judge(name: &str, said: &[f32], heard: &[f32], places: &[(usize, usize)]) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, samples: &[f32]| {
        let mut sink = WavSink::new(Cursor::new(Vec::new())).expect("a file");
        sink.write(samples).expect("written");
        let bytes = sink.finish().expect("whole").into_inner();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let judged: Vec<String> = places[1..]
        .iter()
        .map(|(from, to)| format!("{from}:{to}"))
        .collect();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/voice/judge.py");
    let output = Command::new(live().join("voice-venv/bin/python"))
        .arg(script)
        .args([write("said.wav", said), write("heard.wav", heard)])
        .args(&judged)
        .output()
        .expect("Python is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let scores: Vec<f64> = text
        .split_whitespace()
        .filter_map(|score| score.parse().ok())
        .collect();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(scores.len(), judged.len(), "{name}: {text} {complaint}");
    println!("{name}: {scores:.2?}");
    scores.iter().sum::<f64>() / scores.len() as f64
}

/// How a line sounds. Returns the mean score.
pub(crate) fn score(name: &str, line: Line, switches: Switches) -> f64 {
    let (said, places) = speech();
    let heard = call(&said, line, 10, switches);
    let score = judge(name, &said, &heard.samples, &places);
    let (most, all) = (heard.most_sent + HEADERS, heard.sent + HEADERS);
    println!(
        "{name}: PESQ {score:.2}, {all} bit/s, at most {most}, {:?}",
        heard.stats
    );
    assert!(all <= MOST, "{name}: {all} bit/s");
    score
}

pub(crate) const OFF: Switches = Switches {
    echo: false,
    noise: false,
    gain: false,
};

pub(crate) fn lossy(loss: f64, burst: u32) -> Line {
    Line {
        loss,
        burst,
        ..Line::default()
    }
}
