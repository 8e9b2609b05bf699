//! What is heard in a call, and what is heard of us.

use std::time::{Duration, Instant};

use super::calls::Call;
use super::recording::Recording;
use crate::app::msg::SoundWord;
use crate::protocol::{KeyWay, KeysHeard};

/// The sound of one call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CallSound {
    /// Whether there is a way for it.
    pub(crate) way: SoundWay,
    /// Whether they are not to hear us.
    pub(crate) muted: bool,
    /// Whether nothing is heard from them, though there is a way.
    pub(crate) silent: bool,
    /// Whether they tell that nothing of ours arrives.
    pub(crate) unheard: bool,
    /// Whether they put us on hold.
    pub(crate) they_hold: bool,
    /// Whether they record.
    pub(crate) they_record: bool,
    /// Whether we do.
    pub(crate) recording: Recording,
    /// Whether there is a microphone, and whether there is a speaker, once that is known.
    pub(crate) present: Option<(bool, bool)>,
    /// How loud we are there, and they are here: 0.0 to 1.0.
    pub(crate) levels: (f32, f32),
    /// How the line is, once that is known.
    pub(crate) quality: Option<Quality>,
    /// Keys that came by one way and may come by the other.
    keys: KeysHeard,
}

/// Whether there is a way for sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SoundWay {
    /// It is being made.
    Coming,
    /// There is one.
    There,
    /// It was lost, and another is looked for.
    Lost,
    /// There will be none; a sentence says why.
    Without(String),
}

/// How the line is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quality {
    /// There and back, in ms.
    pub(crate) round_trip_ms: Option<u32>,
    /// What is lost of what we send and of what they send, in percent.
    pub(crate) lost: (Option<f32>, Option<f32>),
    /// How unevenly theirs arrives, in ms.
    pub(crate) jitter_ms: Option<u32>,
    /// How much is sent and how much comes, in kbit/s.
    pub(crate) kbits: (u32, u32),
}

/// When no way for sound was found by then, something stands in it.
const NO_WAY: Duration = Duration::from_secs(5);
/// What is said then.
const NO_WAY_YET: &str = "No sound yet: no way between you is found. Check your network; behind some networks the server has to relay.";

impl Default for CallSound {
    fn default() -> Self {
        Self {
            way: SoundWay::Coming,
            muted: false,
            silent: false,
            unheard: false,
            they_hold: false,
            they_record: false,
            recording: Recording::Off,
            present: None,
            levels: (0.0, 0.0),
            quality: None,
            keys: KeysHeard::default(),
        }
    }
}

impl CallSound {
    /// The sound has ended, and the call has not.
    fn end(&mut self) {
        if !matches!(self.way, SoundWay::Without(_)) {
            let why = "The sound has ended. Hang up and call again.";
            self.way = SoundWay::Without(why.to_owned());
        }
    }

    /// Whether both can hear each other at present.
    pub(crate) fn there(&self) -> bool {
        self.way == SoundWay::There
    }

    /// What is wrong when one has talked for so long, in a sentence with its remedy; the worst first.
    pub(crate) fn trouble(&self, talked: Duration) -> Option<String> {
        match &self.way {
            SoundWay::Without(why) => return Some(why.clone()),
            SoundWay::Lost => {
                return Some("The sound is interrupted. A new way is looked for.".to_owned());
            }
            SoundWay::Coming => return (talked >= NO_WAY).then(|| NO_WAY_YET.to_owned()),
            SoundWay::There => {}
        }
        let trouble = match (self.present, self.silent, self.unheard) {
            (Some((_, false)), ..) => "There is no speaker. Plug one in to hear them.",
            (_, true, _) if !self.they_hold => {
                "Nothing heard from them for 3 s. They may have to check their microphone."
            }
            (_, _, true) => "Nothing of what you say arrives there. Check your network.",
            (Some((false, _)), ..) => "There is no microphone. They cannot hear you; plug one in.",
            _ => return None,
        };
        Some(trouble.to_owned())
    }
}

impl Call {
    /// Something is told of the sound.
    pub(super) fn sound_told(&mut self, now: Instant, word: SoundWord) {
        let sound = &mut self.sound;
        match word {
            SoundWord::Connected => {
                sound.way = SoundWay::There;
                (sound.silent, sound.unheard) = (false, false);
            }
            SoundWord::Interrupted => sound.way = SoundWay::Lost,
            SoundWord::Without(why) => sound.way = SoundWay::Without(why),
            SoundWord::Over => sound.end(),
            SoundWord::Silent(silent) => sound.silent = silent,
            SoundWord::Unheard(unheard) => sound.unheard = unheard,
            SoundWord::TheyHold(held) => sound.they_hold = held,
            SoundWord::TheyRecord(recorded) => sound.they_record = recorded,
            SoundWord::Present(microphone, speaker) => sound.present = Some((microphone, speaker)),
            SoundWord::Levels(microphone, speaker) => sound.levels = (microphone, speaker),
            SoundWord::Quality(quality) => sound.quality = Some(quality),
            SoundWord::Record(word) => sound.record_told(word),
            SoundWord::Key(key) => self.key_heard(now, KeyWay::Sound, key),
        }
    }

    /// They pressed a key. It comes by two ways, and counts once.
    pub(super) fn key_heard(&mut self, now: Instant, way: KeyWay, key: crate::protocol::Dtmf) {
        if self.sound.keys.is_new(now, way, key) {
            self.keys_heard.push(key.label());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_says_which_way_is_meant() {
        let mut sound = CallSound::default();
        assert_eq!(sound.trouble(Duration::ZERO), None);
        let late = sound.trouble(NO_WAY).expect("said");
        assert!(late.contains("No sound yet"), "{late}");
        sound.way = SoundWay::There;
        sound.present = Some((false, true));
        assert!(
            sound
                .trouble(Duration::ZERO)
                .is_some_and(|text| text.contains("no microphone"))
        );
        sound.unheard = true;
        assert!(
            sound
                .trouble(Duration::ZERO)
                .is_some_and(|text| text.contains("what you say"))
        );
        sound.silent = true;
        assert!(
            sound
                .trouble(Duration::ZERO)
                .is_some_and(|text| text.contains("heard from them"))
        );
        sound.they_hold = true;
        assert!(
            sound
                .trouble(Duration::ZERO)
                .is_some_and(|text| text.contains("what you say"))
        );
        sound.way = SoundWay::Lost;
        assert!(
            sound
                .trouble(Duration::ZERO)
                .is_some_and(|text| text.contains("interrupted"))
        );
    }
}
