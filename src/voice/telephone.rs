//! Keys of the pad between the packets of the voice (RFC 4733): each is told several times, and heard once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::protocol::Dtmf;

/// How long a key is held, in samples of the RTP clock: 100 ms.
const HELD: u16 = 4800;
/// From packet to packet of one key: 20 ms (RFC 4733 §2.5.1.2 asks for 50 at most), in samples and in time.
const STEP: (u16, Duration) = (960, Duration::from_millis(20));
/// How often the end is told (RFC 4733 §2.5.1.4).
const ENDS: u8 = 3;
/// From one key to the next: 60 ms of silence.
const PAUSE: Duration = Duration::from_millis(60);
/// Keys that wait. When full, further ones are not taken: nobody types so far ahead.
const WAITING: usize = 32;
/// How loud, in decibels below full scale.
const VOLUME: u8 = 10;

/// One report to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) bytes: [u8; 4],
    /// The first of a key: it carries the mark, and the time of all others.
    pub(super) first: bool,
}

/// Keys that are pressed here.
#[derive(Debug, Default)]
pub(super) struct Keys {
    waiting: VecDeque<Dtmf>,
    now: Option<Pressed>,
    next: Option<Instant>,
}

#[derive(Debug)]
struct Pressed {
    event: u8,
    lasted: u16,
    ends: u8,
}

impl Keys {
    /// A key is pressed. Says whether it is taken.
    pub(super) fn press(&mut self, key: Dtmf) -> bool {
        if self.waiting.len() >= WAITING {
            return false;
        }
        self.waiting.push_back(key);
        true
    }

    /// Whether keys are under way.
    pub(super) fn busy(&self) -> bool {
        self.now.is_some() || !self.waiting.is_empty()
    }

    /// When the next report is due.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        self.busy().then(|| self.next.unwrap_or(now))
    }

    /// The report that is due, if one is.
    pub(super) fn due(&mut self, now: Instant) -> Option<Report> {
        if self.next.is_some_and(|next| next > now) {
            return None;
        }
        let first = self.now.is_none();
        if first {
            let event = event(self.waiting.pop_front()?);
            self.now = Some(Pressed {
                event,
                lasted: 0,
                ends: 0,
            });
        }
        let pressed = self.now.as_mut()?;
        pressed.lasted = (pressed.lasted + STEP.0).min(HELD);
        let end = pressed.lasted >= HELD;
        pressed.ends += u8::from(end);
        let [high, low] = pressed.lasted.to_be_bytes();
        let bytes = [pressed.event, (u8::from(end) << 7) | VOLUME, high, low];
        let over = pressed.ends >= ENDS;
        self.next = Some(now + if over { PAUSE } else { STEP.1 });
        if over {
            self.now = None;
        }
        Some(Report { bytes, first })
    }
}

/// Keys that are pressed at the other side.
#[derive(Debug, Default)]
pub(super) struct Heard {
    last: Option<u64>,
}

impl Heard {
    /// A report has come, with the time of the packet that brought it; all reports of a key have the same. Returns the key
    /// when it is heard for the first time. Lost beginnings and ends do no harm, so no more than the time is looked at.
    pub(super) fn report(&mut self, time: u64, bytes: &[u8]) -> Option<Dtmf> {
        let (&event, rest) = bytes.split_first()?;
        if rest.len() < 3 || self.last.is_some_and(|last| time <= last) {
            return None;
        }
        let key = key(event)?;
        self.last = Some(time);
        Some(key)
    }
}

/// The number of a key (RFC 4733 §3.2).
fn event(key: Dtmf) -> u8 {
    let place = ORDER.iter().position(|label| *label == key.label());
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(0)
}

fn key(event: u8) -> Option<Dtmf> {
    Dtmf::from_char(*ORDER.get(usize::from(event))?)
}

const ORDER: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_told_seven_times_and_heard_once() {
        let (mut keys, mut heard) = (Keys::default(), Heard::default());
        let start = Instant::now();
        for key in Dtmf::ALL {
            assert!(keys.press(key));
        }
        let (mut got, mut reports, mut time) = (String::new(), 0, 0);
        for ms in 0..5_000_u64 {
            let Some(report) = keys.due(start + Duration::from_millis(ms)) else {
                continue;
            };
            reports += 1;
            if report.first {
                time = ms * 48;
            }
            got.extend(heard.report(time, &report.bytes).map(Dtmf::label));
        }
        let all: String = Dtmf::ALL.iter().map(|key| key.label()).collect();
        assert_eq!(got, all);
        assert_eq!(reports, 16 * 7);
        assert!(!keys.busy());
    }

    #[test]
    fn a_key_pressed_twice_is_heard_twice_and_lost_reports_do_not_matter() {
        let mut heard = Heard::default();
        let end = [5, 0x8a, 0x12, 0xc0];
        assert_eq!(heard.report(100, &end).map(Dtmf::label), Some('5'));
        assert_eq!(heard.report(100, &end), None);
        assert_eq!(heard.report(9_000, &end).map(Dtmf::label), Some('5'));
        assert_eq!(heard.report(100, &end), None, "late");
        assert_eq!(heard.report(20_000, &[99, 0, 0, 0]), None);
        assert_eq!(heard.report(20_000, &[1, 0]), None);
    }

    #[test]
    fn nobody_types_so_far_ahead() {
        let mut keys = Keys::default();
        let key = Dtmf::ALL[0];
        for _ in 0..WAITING {
            assert!(keys.press(key));
        }
        assert!(!keys.press(key));
    }
}
