//! The keys of a telephone's pad.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One DTMF key (ITU-T Q.23): the digits, `*`, `#` and the four letters that only old equipment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dtmf(char);

impl Dtmf {
    /// Every key, in the order of the pad, row by row.
    pub const ALL: [Self; 16] = [
        Self('1'),
        Self('2'),
        Self('3'),
        Self('A'),
        Self('4'),
        Self('5'),
        Self('6'),
        Self('B'),
        Self('7'),
        Self('8'),
        Self('9'),
        Self('C'),
        Self('*'),
        Self('0'),
        Self('#'),
        Self('D'),
    ];

    /// The key of a character; small letters count as capital ones.
    #[must_use]
    pub fn from_char(character: char) -> Option<Self> {
        let key = Self(character.to_ascii_uppercase());
        Self::ALL.contains(&key).then_some(key)
    }

    /// What stands on the key.
    #[must_use]
    pub fn label(self) -> char {
        self.0
    }
}

/// By which way a key is told. Ours tells each by both, since a peer may hear only one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyWay {
    /// By a message of the call.
    Message,
    /// Beside the sound.
    Sound,
}

/// How long the other way may take: as long as a lost link may, and somewhat more.
const OTHER_WAY: Duration = Duration::from_secs(60);
/// Keys that may wait for the other way. When full, the oldest is forgotten; if it then comes, it counts twice.
const KEYS: usize = 64;

/// Keys of one call that come by two ways, each heard once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysHeard(VecDeque<(Instant, KeyWay, Dtmf)>);

impl KeysHeard {
    /// A key came. Says whether it is a new one.
    pub fn is_new(&mut self, now: Instant, way: KeyWay, key: Dtmf) -> bool {
        self.0
            .retain(|(at, ..)| now.saturating_duration_since(*at) < OTHER_WAY);
        let other = self
            .0
            .iter()
            .position(|(_, other, same)| *other != way && *same == key);
        if let Some(place) = other {
            self.0.remove(place);
            return false;
        }
        if self.0.len() >= KEYS {
            self.0.pop_front();
        }
        self.0.push_back((now, way, key));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_comes_by_both_ways_is_heard_once() {
        use KeyWay::{Message, Sound};
        let now = Instant::now();
        let key = |label| Dtmf::from_char(label).expect("a key");
        let mut heard = KeysHeard::default();
        assert!(heard.is_new(now, Sound, key('1')));
        assert!(heard.is_new(now, Sound, key('1')), "pressed twice");
        assert!(!heard.is_new(now, Message, key('1')));
        assert!(!heard.is_new(now, Message, key('1')));
        assert!(heard.is_new(now, Message, key('1')), "a third time");
        assert!(!heard.is_new(now + Duration::from_secs(30), Sound, key('1')));
        // By one way alone.
        for _ in 0..2 * KEYS {
            assert!(heard.is_new(now, Message, key('2')));
        }
        let later = now + OTHER_WAY;
        assert!(heard.is_new(later, Sound, key('2')), "that is another one");
    }

    #[test]
    fn the_pad_has_sixteen_keys_and_no_others() {
        assert_eq!(Dtmf::from_char('#').map(Dtmf::label), Some('#'));
        assert_eq!(Dtmf::from_char('d').map(Dtmf::label), Some('D'));
        assert_eq!(Dtmf::from_char('E'), None);
        assert_eq!(Dtmf::from_char('+'), None);
    }
}
