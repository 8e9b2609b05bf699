//! What was logged last, in memory and without secrets: for whoever wants to save it and send it to somebody.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::net::mask::Mask;

/// Lines that are held. When one more comes, the oldest goes.
const LINES: usize = 4000;
/// The longest line that is held, in bytes; what is longer is cut.
const LINE_BYTES: usize = 2000;

/// What the whole program has logged; a program has one log, as it has one standard error.
static LOG: Mutex<Log> = Mutex::new(Log::new());

/// Logs from now on: warnings to standard error, and what is of interest afterwards in memory. Once in a program.
pub(in crate::app) fn start() {
    let aloud = fmt::layer().with_ansi(false).with_writer(|| Aloud);
    let kept = fmt::layer().with_ansi(false).with_writer(|| Line);
    // What our libraries say of themselves is seldom of interest, and theirs to mask.
    let interest = Targets::new()
        .with_target("callsign", LevelFilter::DEBUG)
        .with_default(LevelFilter::WARN);
    let started = tracing_subscriber::registry()
        .with(aloud.with_filter(LevelFilter::WARN))
        .with(kept.with_filter(interest))
        .try_init();
    if let Err(error) = started {
        tracing::debug!(%error, "somebody logs already");
    }
}

/// All that is held, one line after the other.
pub(super) fn text() -> String {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    let version = env!("CARGO_PKG_VERSION");
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let mut text = format!("Callsign {version} on {os} {arch}\n");
    if log.gone > 0 {
        text.push_str(&format!("({} lines before these are gone)\n", log.gone));
    }
    text.extend(log.lines.iter().map(String::as_str));
    text
}

/// A secret that is never to be seen in the log, wherever it stands.
pub(super) fn hide(secret: &str) {
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    log.mask.hide(secret);
}

struct Log {
    mask: Mask,
    lines: VecDeque<String>,
    gone: u64,
}

impl Log {
    const fn new() -> Self {
        Self {
            mask: Mask::new(),
            lines: VecDeque::new(),
            gone: 0,
        }
    }

    fn add(&mut self, line: &str) {
        let mut line = self.mask.line(line);
        if line.len() > LINE_BYTES {
            line.truncate(line.floor_char_boundary(LINE_BYTES));
            line.push_str("…\n");
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
            self.gone += 1;
        }
        self.lines.push_back(line);
    }
}

/// Takes warnings, for standard error; without secrets, since it may end up in a file of the system's.
struct Aloud;

impl io::Write for Aloud {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        let line = log.mask.line(&String::from_utf8_lossy(bytes));
        drop(log);
        io::stderr().write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Takes what is logged; each event is written at once.
struct Line;

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        log.add(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_masked_and_the_oldest_go() {
        let mut log = Log::new();
        log.add("signing in token=007eJxSecretSecret to wss://h/?code=abc&x=1\n");
        let line = log.lines.front().expect("a line");
        assert_eq!(line, "signing in token=*** to wss://h/?code=***&x=1\n");
        log.mask.hide("a long secret");
        log.add("it said: a long secret\n");
        assert_eq!(log.lines.pop_back().as_deref(), Some("it said: ***\n"));
        for n in 0..LINES {
            log.add(&format!("{n}\n"));
        }
        assert_eq!((log.lines.len(), log.gone), (LINES, 1));
        log.add(&"é".repeat(LINE_BYTES));
        let last = log.lines.back().expect("a line");
        assert!(last.len() <= LINE_BYTES + 4 && last.ends_with("…\n"));
    }
}
