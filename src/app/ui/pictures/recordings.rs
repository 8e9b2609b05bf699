//! What has happened before a call is painted that is recorded, or whose line or sound is not as it should be.

use super::stories::talking;
use crate::app::msg::{CallMsg, Msg, RecordMsg, SoundMsg, SoundWord};
use crate::app::state::tests::Story;
use crate::app::state::{Quality, RecordWord};
use crate::client::event::CallRef;

/// Both record the call.
pub(super) fn recording() -> Story {
    let mut story = talking();
    let no = story.here().calls.all()[0].no;
    for msg in [RecordMsg::Ask, RecordMsg::Agree] {
        story.tell(Msg::Sound(SoundMsg::Record(no, msg)));
    }
    for word in [
        SoundWord::TheyRecord(true),
        SoundWord::Record(RecordWord::On),
    ] {
        story.tell(Msg::Sound(SoundMsg::Told(CallRef(1), word)));
    }
    story
}

/// In a call whose line is so slow, and loses so much, in ms and percent.
fn line(round_trip_ms: u32, lost: f32) -> Story {
    let mut story = talking();
    let quality = SoundWord::Quality(Quality {
        round_trip_ms: Some(round_trip_ms),
        lost: (Some(lost), Some(0.0)),
        jitter_ms: Some(40),
        kbits: (33, 31),
    });
    story.tell(Msg::Sound(SoundMsg::Told(CallRef(1), quality)));
    story
}

/// The line is not good.
pub(super) fn worse() -> Story {
    line(250, 4.0)
}

/// The line is bad, and there is no microphone.
pub(super) fn bad() -> Story {
    let mut story = line(900, 30.0);
    let word = SoundWord::Present(false, true);
    story.tell(Msg::Sound(SoundMsg::Told(CallRef(1), word)));
    story
}

/// Ann hung up, and the recording is there.
pub(super) fn recorded() -> Story {
    let mut story = recording();
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::End(no)));
    let path =
        "/home/ann/.local/share/callsign/profiles/ann/recordings/ann/2026-11-23 22.31.05 bob.wav";
    let word = SoundWord::Record(RecordWord::Over(Ok((path.into(), None))));
    story.tell(Msg::Sound(SoundMsg::Told(CallRef(1), word)));
    story
}
