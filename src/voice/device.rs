//! Where sound comes from and where it goes: microphones and speakers, or files in their place.

#[cfg(target_os = "linux")]
pub mod pulse;
#[cfg(target_os = "linux")]
mod ready;

use std::io::{self, Seek, Write};
use std::time::{Duration, Instant};

use super::BLOCK;
use super::wav::{WavSink, WavSource};

/// A block's time.
pub(super) const BLOCK_TIME: Duration = Duration::from_millis(10);
/// What is made up for at once, at most, where nobody asked for long.
const BEHIND: Duration = Duration::from_millis(100);

/// A microphone and a speaker, by blocks of 10 ms. It never waits.
pub trait Device: Send {
    /// The microphone's next block, if it is there already.
    fn capture(&mut self, now: Instant, block: &mut [f32; BLOCK]) -> bool;
    /// Whether the speaker wants a block now.
    fn wants(&mut self, now: Instant) -> bool;
    /// The block that it wanted.
    fn play(&mut self, block: &[f32; BLOCK]);
    /// Whether there is a microphone, and whether there is a speaker.
    fn present(&self) -> (bool, bool);
    /// Both sides can hear each other: for the first time, or again.
    fn connected(&mut self) {}
}

/// Blocks at the pace of the clock, for what has none of its own.
#[derive(Debug, Default)]
pub struct Pace {
    next: Option<Instant>,
}

impl Pace {
    /// Whether one is due; then the next is, 10 ms later.
    pub fn due(&mut self, now: Instant) -> bool {
        let next = *self.next.get_or_insert(now);
        if next > now {
            return false;
        }
        // After a computer slept, what is long past is not made up for.
        let next = if now.duration_since(next) > BEHIND {
            now
        } else {
            next
        };
        self.next = Some(next + BLOCK_TIME);
        true
    }

    /// From now on anew.
    pub fn restart(&mut self) {
        self.next = None;
    }
}

/// No microphone and no speaker, where there is no way to them yet: silence at the pace of the clock.
#[derive(Debug, Default)]
pub struct NoDevice {
    captured: Pace,
    played: Pace,
}

impl Device for NoDevice {
    fn capture(&mut self, now: Instant, block: &mut [f32; BLOCK]) -> bool {
        block.fill(0.0);
        self.captured.due(now)
    }

    fn wants(&mut self, now: Instant) -> bool {
        self.played.due(now)
    }

    fn play(&mut self, _block: &[f32; BLOCK]) {}

    fn present(&self) -> (bool, bool) {
        (false, false)
    }
}

/// Files: what is said is read from one, once somebody can hear it, with silence before and after; and what is heard is written
/// into another.
#[derive(Debug)]
pub struct WavDevice<W: Write + Seek> {
    source: WavSource,
    speaks: bool,
    sink: Option<WavSink<W>>,
    failed: Option<io::Error>,
    captured: Pace,
    played: Pace,
}

impl<W: Write + Seek> WavDevice<W> {
    /// With nothing to write into, what is heard is lost.
    pub fn new(source: WavSource, sink: Option<WavSink<W>>) -> Self {
        Self {
            source,
            speaks: false,
            sink,
            failed: None,
            captured: Pace::default(),
            played: Pace::default(),
        }
    }

    /// Ends what is written: only now the file is whole. Tells what went wrong on the way, too.
    pub fn finish(self) -> io::Result<Option<W>> {
        match (self.failed, self.sink) {
            (Some(error), _) => Err(error),
            (None, Some(sink)) => sink.finish().map(Some),
            (None, None) => Ok(None),
        }
    }
}

impl<W: Write + Seek + Send> Device for WavDevice<W> {
    fn capture(&mut self, now: Instant, block: &mut [f32; BLOCK]) -> bool {
        let due = self.captured.due(now);
        if due && self.speaks {
            self.source.fill(block);
        } else if due {
            block.fill(0.0);
        }
        due
    }

    fn wants(&mut self, now: Instant) -> bool {
        self.played.due(now)
    }

    fn play(&mut self, block: &[f32; BLOCK]) {
        if let (Some(sink), None) = (&mut self.sink, &self.failed) {
            self.failed = sink.write(block).err();
        }
    }

    fn present(&self) -> (bool, bool) {
        (true, true)
    }

    fn connected(&mut self) {
        self.speaks = true;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn files_go_at_the_pace_of_the_clock_and_nothing_long_past_is_made_up() {
        let sink = WavSink::new(Cursor::new(Vec::new())).expect("a file");
        let mut device = WavDevice::new(WavSource::default(), Some(sink));
        let start = Instant::now();
        let mut count = |from: u64, to: u64| {
            let mut blocks = 0;
            for ms in from..to {
                while device.wants(start + Duration::from_millis(ms)) {
                    device.play(&[0.0; BLOCK]);
                    blocks += 1;
                }
            }
            blocks
        };
        assert_eq!(count(0, 1_000), 100);
        let later = count(3_600_000, 3_601_000);
        assert!((100..=111).contains(&later), "{later}");
        let bytes = device
            .finish()
            .expect("whole")
            .expect("a file")
            .into_inner();
        assert_eq!(bytes.len(), 44 + 960 * (100 + later));
    }
}
