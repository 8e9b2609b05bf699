//! The walls of the house: who may know whom, how long a file may be, what cores never touch.
//!
//! Each check is a function over one file's text, so that the samples at the end can show that it finds what it is for.

use std::fs;
use std::path::{Path, PathBuf};

/// Which parts of the crate the files of a folder may name, themselves included. A folder counts for those below it
/// that have no line of their own; a folder of `src` without any line is an error, so a new room gets its walls.
const LAYERS: &[(&str, &[&str])] = &[
    ("protocol", &["protocol"]),
    ("hub", &["protocol", "hub"]),
    (
        "client::core",
        &["protocol", "client::core", "client::event"],
    ),
    ("client", &["protocol", "net", "client"]),
    ("net", &["protocol", "net"]),
    ("server", &["protocol", "hub", "net", "server"]),
    ("voice", &["protocol", "voice"]),
    ("calls", &["protocol", "client", "voice", "calls"]),
    ("gateway", &["protocol", "client", "voice", "gateway"]),
    ("store", &["protocol", "store"]),
    (
        "app::state",
        &[
            "protocol",
            "client::event",
            // Rows, places and messages as plain data; the history itself is the worker's.
            "store",
            "app::kept",
            "app::msg",
            "app::effect",
            "app::state",
        ],
    ),
    (
        "app::ui",
        &[
            "protocol",
            "client::event",
            "app::msg",
            "app::state",
            "app::ui",
        ],
    ),
    (
        "app::msg",
        &[
            "protocol",
            "client::event",
            "store",
            "app::kept",
            "app::effect",
            "app::state",
        ],
    ),
    (
        "app::effect",
        &[
            "protocol",
            "client::event",
            "app::kept",
            "app::msg",
            "app::state",
        ],
    ),
    ("app::kept", &["protocol", "store", "app::state"]),
    (
        "app::worker",
        &[
            "protocol", "client", "net", "voice", "calls", "store", "server", "app",
        ],
    ),
    (
        "app::verbs",
        &["protocol", "client", "net", "voice", "calls", "app"],
    ),
    ("app", &["protocol", "server", "app"]),
    // Programs name the library from outside.
    ("bin", &[]),
];

/// Where time and chance come in as inputs, and nothing is read or written.
const CORES: &[&str] = &[
    "protocol",
    "hub",
    "client::core",
    "voice::codec",
    "voice::comfort",
    "voice::delay",
    "voice::engine",
    "voice::gain",
    "voice::jitter",
    "voice::level",
    "voice::mixer",
    "voice::peer",
    "voice::processing",
    "voice::redundancy",
    "voice::slots",
    "voice::stretch",
    "voice::telephone",
    "voice::tone",
    "voice::wav",
];

/// What those never name.
const NOT_IN_CORES: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "rand::",
    "getrandom",
    "std::env",
    "std::fs",
    "std::thread",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "tokio",
];

/// Queues that grow without end. Ours have a bound, and say what happens when it is reached.
const UNBOUNDED: &[&str] = &[
    "unbounded_channel",
    "UnboundedSender",
    "UnboundedReceiver",
    "mpsc::unbounded",
    "std::sync::mpsc::channel",
    "SegQueue",
];

/// The most lines of a file before its tests.
const LINES: usize = 500;

#[test]
fn every_file_keeps_to_its_layer() {
    assert_tidy(&sources(), layers);
}

#[test]
fn cores_read_no_clock_and_no_chance() {
    assert_tidy(&sources(), cores);
}

#[test]
fn no_queue_is_without_a_bound() {
    assert_tidy(&sources(), queues);
}

#[test]
fn no_file_is_longer_than_one_can_hold_in_mind() {
    assert_tidy(&sources(), length);
}

#[test]
fn every_file_says_first_what_it_is() {
    assert_tidy(&sources(), opening);
}

#[test]
fn what_is_left_to_do_names_its_issue() {
    let mut files = sources();
    for folder in ["tests", "resources", ".ci"] {
        collect(&root().join(folder), &mut files);
    }
    assert_tidy(&files, left_to_do);
}

/// One file, by its path from the package's folder.
struct File {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All of `src`. That it is found, and is what we think, is checked as well: no check may pass by seeing nothing.
fn sources() -> Vec<File> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    for path in ["src/lib.rs", "src/hub/mod.rs", "src/protocol/mod.rs"] {
        assert!(files.iter().any(|file| file.path == path), "no {path}");
    }
    files
}

/// The text files in a folder and below; none where the folder is not there.
fn collect(folder: &Path, files: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root()).expect("a path below the root");
            let path = path.to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
}

fn assert_tidy(files: &[File], check: fn(&File) -> Vec<String>) {
    let found: Vec<String> = files.iter().flat_map(check).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Files that name what their layer may not know.
fn layers(file: &File) -> Vec<String> {
    let Some(module) = file.module() else {
        return Vec::new();
    };
    let rule = LAYERS
        .iter()
        .filter(|(folder, _)| starts_with(&module, folder))
        .max_by_key(|(folder, _)| folder.len());
    let Some((folder, allowed)) = rule else {
        if ["src/lib.rs", "src/main.rs"].contains(&file.path.as_str()) {
            return Vec::new(); // the map, and args -> config -> run
        }
        return vec![format!("{}: no layer is given for it", file.path)];
    };
    let mut found = Vec::new();
    for (line, used) in paths(file, &module) {
        if !allowed.iter().any(|part| starts_with(&used, part)) {
            let used = used.join("::");
            let place = format!("{}:{line}", file.path);
            found.push(format!("{place}: {folder} must not know crate::{used}"));
        }
    }
    found
}

/// Cores that read a clock, a random source or the world.
fn cores(file: &File) -> Vec<String> {
    let core = file
        .module()
        .is_some_and(|module| CORES.iter().any(|core| starts_with(&module, core)));
    if !core {
        return Vec::new();
    }
    let code = bare(file.product());
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        for word in NOT_IN_CORES.iter().filter(|word| line.contains(*word)) {
            let place = format!("{}:{}", file.path, number + 1);
            found.push(format!("{place}: a core must not name {word}"));
        }
    }
    found
}

/// Queues that have no bound, in what is shipped.
fn queues(file: &File) -> Vec<String> {
    let code = bare(file.product());
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        // The standard library's takes no bound; its `sync_channel` and Tokio's `channel` take one.
        let bare_channel = line.split("mpsc::channel").skip(1).any(|rest| {
            rest.starts_with("()") || (rest.starts_with("::<") && rest.contains(">()"))
        });
        let named = UNBOUNDED.iter().any(|word| line.contains(word));
        if bare_channel || named {
            let place = format!("{}:{}", file.path, number + 1);
            found.push(format!("{place}: a queue must have a bound"));
        }
    }
    found
}

/// Files of more than [`LINES`] lines before their tests.
fn length(file: &File) -> Vec<String> {
    let lines = file.product().lines().count();
    if file.module().is_none() || lines <= LINES {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines, at most {LINES}", file.path)]
}

/// Files that do not begin by saying what they are.
fn opening(file: &File) -> Vec<String> {
    if file.module().is_none() || file.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![format!("{}: does not begin with //!", file.path)]
}

/// Marks of work left to do that name no issue, such as #123, on their line.
fn left_to_do(file: &File) -> Vec<String> {
    // Glued, so that this file does not find itself.
    const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        let named = line.split('#').skip(1);
        let mut named = named.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if words.any(|word| MARKS.contains(&word)) && named.next().is_none() {
            found.push(format!("{}:{}: names no issue", file.path, number + 1));
        }
    }
    found
}

impl File {
    /// Its place in the crate, `["hub", "io"]` for src/hub/io.rs; none if it is no Rust file of `src`.
    fn module(&self) -> Option<Vec<&str>> {
        let path = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        Some(
            path.strip_suffix("/mod")
                .unwrap_or(path)
                .split('/')
                .collect(),
        )
    }

    /// What comes before the tests; of a file of tests, nothing.
    fn product(&self) -> &str {
        if self.path.ends_with("/tests.rs") || self.path.contains("/tests/") {
            return "";
        }
        let tests = self.text.match_indices("#[cfg(test)]").find(|(at, mark)| {
            let next = self.text[at + mark.len()..].trim_start();
            next.starts_with("mod ")
        });
        &self.text[..tests.map_or(self.text.len(), |(at, _)| at)]
    }
}

/// Whether a place in the crate is in a part of it.
fn starts_with(path: &[impl AsRef<str>], part: &str) -> bool {
    let mut path = path.iter();
    part.split("::")
        .all(|name| path.next().is_some_and(|own| own.as_ref() == name))
}

/// Every path that begins at the crate's root, with its line: `crate::...` anywhere, and `super::...` that leaves the
/// file's own top folder (before the tests, whose modules stand one level deeper).
fn paths(file: &File, module: &[&str]) -> Vec<(usize, Vec<String>)> {
    let code = bare(&file.text);
    let product_end = file.product().len();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        push_paths(&code, at, &code[at + "crate::".len()..], &mut found);
    }
    let mut rest_from = 0;
    for (at, _) in code.match_indices("super::") {
        if at < rest_from || at >= product_end {
            continue;
        }
        let mut rest = &code[at..];
        let mut levels = 0;
        while let Some(next) = rest.strip_prefix("super::") {
            (rest, levels) = (next, levels + 1);
        }
        rest_from = code.len() - rest.len();
        if levels >= module.len() {
            push_paths(&code, at, rest, &mut found);
        }
    }
    found
}

fn push_paths(code: &str, at: usize, tree: &str, found: &mut Vec<(usize, Vec<String>)>) {
    let line = code[..at].lines().count().max(1);
    let mut paths = Vec::new();
    use_tree(tree, &[], &mut paths);
    found.extend(paths.into_iter().map(|path| (line, path)));
}

/// Reads a path or a tree of them, `a::{b, c::d}`, and returns what follows it.
fn use_tree<'a>(text: &'a str, before: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if let Some(rest) = rest.strip_prefix('}') {
                return rest;
            }
            let next = use_tree(rest, before, found);
            // A new name (`as x`) or anything else that is no path is passed over.
            let next = next.trim_start_matches(|c| c != ',' && c != '}');
            if next.is_empty() {
                return next;
            }
            rest = next;
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*')
        .unwrap_or(text.len());
    let mut path = before.to_vec();
    path.push(text[..end].to_owned());
    match text[end..].strip_prefix("::") {
        // `a::<T>` is a path that ends.
        Some(rest) if !rest.starts_with('<') => use_tree(rest, &path, found),
        _ => {
            found.push(path);
            &text[end..]
        }
    }
}

/// The code alone: comments and texts become blanks, lines and places stay.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = not_code(rest);
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let blank = |byte| if byte == b'\n' { '\n' } else { ' ' };
            out.extend(rest.bytes().take(skipped).map(blank));
            rest = &rest[skipped..];
        }
    }
    out
}

/// How many bytes of comment, text or character stand at the beginning.
fn not_code(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |end| end + 2);
    }
    if let Some(rest) = text.strip_prefix('r') {
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        if let Some(inner) = rest[hashes..].strip_prefix('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let end = inner
                .find(&close)
                .map_or(inner.len(), |end| end + close.len());
            return 1 + hashes + 1 + end;
        }
    }
    if let Some(inner) = text.strip_prefix('"') {
        return 1 + quoted(inner, '"');
    }
    // A character, and no lifetime: the second quote is near.
    if let Some(inner) = text.strip_prefix('\'') {
        let near = if inner.starts_with('\\') {
            inner.find('\'').is_some()
        } else {
            inner.chars().nth(1) == Some('\'')
        };
        if near {
            return 1 + quoted(inner, '\'');
        }
    }
    0
}

/// How many bytes until behind the closing quote.
fn quoted(inner: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    inner.len()
}

/// That each check finds what it is for.
mod proofs {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_layer_that_knows_too_much_is_found() {
        for (path, text) in [
            ("src/hub/io.rs", "use crate::server::Server;"),
            (
                "src/hub/io.rs",
                "use crate::{protocol, client::core::Link};",
            ),
            (
                "src/hub/io.rs",
                "use crate::{\n    protocol::{Account, Uid as U},\n    net,\n};",
            ),
            ("src/hub/io.rs", "fn f() { crate::net::dial(); }"),
            ("src/hub/io.rs", "use super::super::net::Link;"),
            ("src/hub/mod.rs", "use super::net;"),
            ("src/hub/deep/er.rs", "use crate::*;"),
            (
                "src/hub/io.rs",
                "#[cfg(test)]\nmod tests {\n    use crate::client::core;\n}",
            ),
            ("src/protocol/names.rs", "use crate::hub::Hub;"),
            ("src/client/core/link.rs", "use crate::client::driver;"),
            ("src/client/core/link.rs", "use crate::client;"),
            ("src/app/ui/chat.rs", "use crate::app::worker::Worker;"),
            ("src/app/ui/chat.rs", "use crate::client::Session;"),
            ("src/server/http.rs", "use crate::client::Signal;"),
            ("src/newroom/mod.rs", "//! A room without a layer."),
            ("src/newroom.rs", "//! A room without a layer."),
        ] {
            assert_eq!(layers(&file(path, text)).len(), 1, "{path} {text}");
        }
        let found = layers(&file("src/hub/io.rs", "//! Io.\n\nuse crate::net;\n"));
        assert_eq!(found, ["src/hub/io.rs:3: hub must not know crate::net"]);
    }

    #[test]
    fn a_layer_within_its_walls_is_not() {
        for (path, text) in [
            (
                "src/hub/io.rs",
                "use crate::{hub::{self, Hub}, protocol::Account};",
            ),
            ("src/hub/io.rs", "use super::super::protocol::Account;"),
            (
                "src/hub/deep/er.rs",
                "use super::super::sessions::Sessions;",
            ),
            (
                "src/hub/io.rs",
                "// not crate::net\nlet a = \"crate::net\"; let b = r#\"crate::net\"#;",
            ),
            (
                "src/hub/io.rs",
                "/* crate::net */ let q = '\"'; // \" crate::net",
            ),
            ("src/hub/io.rs", "pub(crate) fn f<'a>(x: &'a str) {}"),
            (
                "src/hub/io.rs",
                "#[cfg(test)]\nmod tests {\n    use super::super::net;\n}",
            ),
            (
                "src/server/driver.rs",
                "use crate::{hub, net, protocol, server::store};",
            ),
            (
                "src/app/worker.rs",
                "use crate::{client, server, store, voice};",
            ),
            (
                "src/client/core/link.rs",
                "use crate::client::event::SessionEvent;",
            ),
            ("src/lib.rs", "pub use crate::server::Server;"),
            ("src/bin/callsign-server.rs", "use callsign::server;"),
        ] {
            assert_eq!(layers(&file(path, text)), [""; 0], "{path} {text}");
        }
    }

    #[test]
    fn a_core_that_reads_the_clock_is_found() {
        for text in [
            "let now = Instant::now();",
            "let now = std::time::SystemTime::now();",
            "let n = fastrand::u8(..);",
            "let n: u8 = rand::random();",
            "use tokio::sync::mpsc;",
            "std::fs::read(path)",
        ] {
            assert_eq!(cores(&file("src/hub/io.rs", text)).len(), 1, "{text}");
            let in_server = cores(&file("src/server/driver.rs", text));
            assert_eq!(in_server, [""; 0], "{text}");
        }
        for text in [
            "// never Instant::now()",
            "now: Instant",
            "#[cfg(test)]\nmod tests {\n    let now = Instant::now();\n}",
        ] {
            assert_eq!(cores(&file("src/hub/io.rs", text)), [""; 0], "{text}");
        }
        let helper = "#[cfg(test)]\nfn f() {}\nfn g() { Instant::now() }";
        assert_eq!(cores(&file("src/hub/io.rs", helper)).len(), 1);
    }

    #[test]
    fn a_queue_without_a_bound_is_found() {
        for text in [
            "let (tx, rx) = mpsc::unbounded_channel();",
            "events_tx: UnboundedSender<Event>,",
            "let (tx, rx) = std::sync::mpsc::channel();",
            "use std::sync::mpsc::channel;",
            "use std::sync::mpsc; fn f() { mpsc::channel() }",
            "let (tx, rx) = mpsc::channel::<Vec<u8>>();",
        ] {
            assert_eq!(
                queues(&file("src/server/driver.rs", text)).len(),
                1,
                "{text}"
            );
        }
        for text in [
            "use tokio::sync::mpsc; fn f() { mpsc::channel(8) }",
            "let (tx, rx) = mpsc::channel::<Event>(8);",
            "let (tx, rx) = oneshot::channel();",
            "use std::sync::mpsc; fn f() { mpsc::sync_channel(8) }",
            "// never an unbounded_channel",
            "#[cfg(test)]\nmod tests {\n    use std::sync::mpsc::channel;\n}",
        ] {
            assert_eq!(
                queues(&file("src/server/driver.rs", text)),
                [""; 0],
                "{text}"
            );
        }
    }

    #[test]
    fn a_long_file_is_found() {
        let full = "x\n".repeat(LINES);
        let tests = format!("{full}#[cfg(test)]\nmod tests {{\n{full}}}\n");
        assert_eq!(length(&file("src/hub/io.rs", &full)), [""; 0]);
        assert_eq!(length(&file("src/hub/io.rs", &tests)), [""; 0]);
        assert_eq!(
            length(&file("src/hub/tests.rs", &(full.clone() + &full))),
            [""; 0]
        );
        assert_eq!(length(&file("src/hub/io.rs", &(full + "x\n"))).len(), 1);
    }

    #[test]
    fn a_file_without_an_opening_is_found() {
        assert_eq!(opening(&file("src/hub/mod.rs", "//! The hub.\n")), [""; 0]);
        assert_eq!(opening(&file("src/hub/mod.rs", "use std::fmt;\n")).len(), 1);
        assert_eq!(opening(&file("src/hub/mod.rs", "")).len(), 1);
    }

    #[test]
    fn a_mark_without_an_issue_is_found() {
        for mark in [concat!("TO", "DO"), concat!("FIX", "ME")] {
            let left = |text: &str| left_to_do(&file("tests/a.rs", text)).len();
            assert_eq!(left(&format!("fn f() {{}}\n// {mark}: later")), 1);
            assert_eq!(left(&format!("// {mark} # 3")), 1);
            assert_eq!(left(&format!("// {mark} (#12): later")), 0);
            assert_eq!(left(&format!("// {mark}S are many")), 0);
        }
    }
}
