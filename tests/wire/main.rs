//! Golden frames: every frame, function, answer and notification as it stands on the wire.
//!
//! A golden file is one line of text, `tests/wire/golden/<side>/<name>.json`. Run with `UPDATE_GOLDEN=1` to write the files anew, and
//! read the difference before you commit it.

mod additions;
mod client_frames;
mod server_frames;

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Compares frames with their golden files, both ways, and the names of the files with those of the frames.
fn check<Frame: PartialEq + std::fmt::Debug>(
    side: &str,
    frames: &[(String, Frame)],
    encode: impl Fn(&Frame) -> String,
    decode: impl Fn(&str) -> Frame,
) {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/wire/golden", side]
        .iter()
        .collect();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if update {
        std::fs::create_dir_all(&folder).expect("a folder for golden files");
    }
    for (name, frame) in frames {
        let path = folder.join(format!("{name}.json"));
        let text = encode(frame);
        if update {
            std::fs::write(&path, format!("{text}\n")).expect("room for a golden file");
        }
        let golden = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{name} has no golden file: {error}"));
        assert_eq!(text, golden.trim_end(), "{name} is written differently");
        assert_eq!(decode(&golden), *frame, "{name} is read differently");
    }
    let named: BTreeSet<String> = frames
        .iter()
        .map(|(name, _)| format!("{name}.json"))
        .collect();
    assert_eq!(named.len(), frames.len(), "two frames share a name");
    let files: BTreeSet<String> = std::fs::read_dir(&folder)
        .expect("the golden files")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a plain name")
        })
        .collect();
    assert_eq!(files, named, "golden files and frames are the same set");
}
