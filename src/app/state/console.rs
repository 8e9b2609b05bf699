//! The console: the raw frames of the link, as far as somebody listens, without their secrets.

use std::collections::VecDeque;

use crate::app::msg::{ConsoleMsg, Direction, WireFrame};

/// Frames that are held. When one more comes, the oldest goes.
pub(crate) const FRAMES: usize = 2000;
/// Bytes of their texts that are held. When more come, the oldest frames go.
pub(crate) const BYTES: usize = 4 << 20;

/// The console.
#[derive(Debug, Default)]
pub(crate) struct Console {
    frames: VecDeque<Line>,
    bytes: usize,
    /// Frames that were passed over, or have gone.
    lost: u64,
    paused: bool,
    always: bool,
    filter: String,
    only: Option<Direction>,
    /// The number of the next frame.
    next: u64,
    note: Option<Result<String, String>>,
}

/// A frame that is held.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its number, by which it is known while others come and go.
    pub(crate) no: u64,
    /// The frame.
    pub(crate) frame: WireFrame,
    fits: bool,
}

impl Console {
    /// The frames that are to be shown, the latest last.
    pub(crate) fn shown(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.frames.iter().filter(|line| line.fits)
    }

    /// How many frames are held.
    pub(crate) fn held(&self) -> usize {
        self.frames.len()
    }

    /// How many frames are not here any more, or never were, since there were too many.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether what comes is not taken in.
    pub(crate) fn paused(&self) -> bool {
        self.paused
    }

    /// Whether frames are recorded also while nobody looks.
    pub(crate) fn always(&self) -> bool {
        self.always
    }

    /// What a frame must hold to be shown.
    pub(crate) fn filter(&self) -> &str {
        &self.filter
    }

    /// Which way it must have gone, if one of them alone.
    pub(crate) fn only(&self) -> Option<Direction> {
        self.only
    }

    /// What became of a file: a sentence.
    pub(crate) fn note(&self) -> Option<&Result<String, String>> {
        self.note.as_ref()
    }

    pub(super) fn update(&mut self, msg: ConsoleMsg) {
        match msg {
            ConsoleMsg::Frames(frames) => self.take(frames),
            ConsoleMsg::Pause(paused) => self.paused = paused,
            ConsoleMsg::Always(always) => self.always = always,
            ConsoleMsg::Filter(filter) => {
                self.filter = filter;
                self.sift();
            }
            ConsoleMsg::Only(only) => {
                self.only = only;
                self.sift();
            }
            ConsoleMsg::Clear => {
                self.frames.clear();
                self.bytes = 0;
                self.lost = 0;
            }
        }
    }

    /// What is shown, for a file or the clipboard: a line for each frame.
    pub(crate) fn text(&self, time: impl Fn(u64) -> String) -> String {
        let mut text = String::new();
        for Line { frame, .. } in self.shown() {
            let way = frame.direction.arrow();
            let (at, bytes) = (time(frame.at_ms), frame.bytes);
            text.push_str(&format!("{at} {way} {bytes} B {}\n", frame.text));
        }
        text
    }

    /// It was written into a file, or not.
    pub(super) fn saved(&mut self, note: Result<String, String>) {
        self.note = Some(note);
    }

    fn take(&mut self, frames: Vec<WireFrame>) {
        if self.paused {
            return;
        }
        for frame in frames {
            self.lost += frame.missed;
            self.bytes += frame.text.len();
            let fits = self.fits(&frame);
            self.next += 1;
            let no = self.next;
            self.frames.push_back(Line { no, frame, fits });
            while self.frames.len() > FRAMES || self.bytes > BYTES {
                let Some(gone) = self.frames.pop_front() else {
                    return;
                };
                self.bytes -= gone.frame.text.len();
                self.lost += 1;
            }
        }
    }

    fn sift(&mut self) {
        let mut frames = std::mem::take(&mut self.frames);
        for line in &mut frames {
            line.fits = self.fits(&line.frame);
        }
        self.frames = frames;
    }

    /// Whether it holds every word of the filter, in whatever case.
    fn fits(&self, frame: &WireFrame) -> bool {
        if self.only.is_some_and(|only| only != frame.direction) {
            return false;
        }
        if self.filter.trim().is_empty() {
            return true;
        }
        let text = frame.text.to_lowercase();
        let filter = self.filter.to_lowercase();
        filter.split_whitespace().all(|word| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> WireFrame {
        WireFrame {
            direction: Direction::Received,
            at_ms: 1,
            bytes: text.len(),
            text: text.to_owned(),
            missed: 0,
        }
    }

    fn shown(console: &Console) -> Vec<&str> {
        let lines = console.shown();
        lines.map(|line| line.frame.text.as_str()).collect()
    }

    #[test]
    fn the_filter_finds_words_and_directions_also_in_what_comes_later() {
        let mut console = Console::default();
        let mut sent = frame("Ping 1");
        sent.direction = Direction::Sent;
        console.update(ConsoleMsg::Frames(vec![sent, frame("pong 1")]));
        console.update(ConsoleMsg::Filter("NG 1".to_owned()));
        console.update(ConsoleMsg::Frames(vec![frame("pong 2"), frame("1 ping")]));
        assert_eq!(shown(&console), ["Ping 1", "pong 1", "1 ping"]);
        console.update(ConsoleMsg::Only(Some(Direction::Sent)));
        assert_eq!(shown(&console), ["Ping 1"]);
        console.update(ConsoleMsg::Only(None));
        console.update(ConsoleMsg::Filter(" ".to_owned()));
        assert_eq!(console.shown().count(), 4);
    }

    #[test]
    fn nothing_is_taken_in_while_it_is_paused() {
        let mut console = Console::default();
        console.update(ConsoleMsg::Pause(true));
        console.update(ConsoleMsg::Frames(vec![frame("a")]));
        assert_eq!(console.held(), 0);
        console.update(ConsoleMsg::Pause(false));
        console.update(ConsoleMsg::Frames(vec![frame("b")]));
        assert_eq!(shown(&console), ["b"]);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_large() {
        let mut console = Console::default();
        let many = (0..FRAMES + 5).map(|n| frame(&n.to_string())).collect();
        console.update(ConsoleMsg::Frames(many));
        assert_eq!((console.held(), console.lost()), (FRAMES, 5));
        assert_eq!(shown(&console).first(), Some(&"5"));
        console.update(ConsoleMsg::Clear);
        let large = frame(&"x".repeat(BYTES / 3));
        console.update(ConsoleMsg::Frames(vec![large; 5]));
        assert_eq!((console.held(), console.lost()), (3, 2));
        assert!(console.bytes <= BYTES);
    }
}
