//! What happens to the sound of calls.

use crate::app::state::{AudioDevice, AudioSet, AudioTest, CallNo, Listed, Quality, RecordWord};
use crate::client::event::CallRef;
use crate::protocol::Dtmf;

/// The sound of calls.
#[derive(Clone, Debug)]
pub(crate) enum SoundMsg {
    /// The worker tells something of a call's sound.
    Told(CallRef, SoundWord),
    /// They are to hear nothing of us, or something again.
    Mute(CallNo, bool),
    /// They are to wait. [`CallMsg::Resume`](super::CallMsg::Resume) ends it.
    Hold(CallNo),
    /// Something about keeping what is said.
    Record(CallNo, RecordMsg),
}

/// Keeping what is said in a call.
#[derive(Clone, Debug)]
pub(crate) enum RecordMsg {
    /// Record was pressed: whether they may be told is asked first.
    Ask,
    /// They may be told, and it is to begin.
    Agree,
    /// It is not wanted any more.
    Stop,
    /// The file is to be shown.
    Show,
    /// It cannot be shown; the sentence says why.
    NotShown(String),
}

/// Microphone and speaker.
#[derive(Clone, Debug)]
pub(crate) enum AudioMsg {
    /// Something else was chosen.
    Set(AudioSet),
    /// These there are, or a sentence says why that is not known.
    Devices(Result<Vec<AudioDevice>, String>),
    /// The test is wanted, or not any more.
    Test(bool),
    /// How far it is.
    TestIs(AudioTest),
    /// Devices are to be listed in this call, or in none.
    List(Option<Listed>),
}

/// What is told of a call's sound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SoundWord {
    /// There is a way for it.
    Connected,
    /// It is lost.
    Interrupted,
    /// There will be none; the sentence says why.
    Without(String),
    /// It has ended by itself, or with the call.
    Over,
    /// Whether nothing is heard from them.
    Silent(bool),
    /// Whether nothing of ours arrives there.
    Unheard(bool),
    /// Whether they put us on hold.
    TheyHold(bool),
    /// Whether they record.
    TheyRecord(bool),
    /// Whether there is a microphone, and whether there is a speaker.
    Present(bool, bool),
    /// How loud we are there, and they are here: 0.0 to 1.0.
    Levels(f32, f32),
    /// How the line is.
    Quality(Quality),
    /// They pressed a key.
    Key(Dtmf),
    /// What is said is kept, or not any more.
    Record(RecordWord),
}
