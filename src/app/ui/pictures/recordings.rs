//! What has happened before a recorded call is painted.

use super::stories::talking;
use crate::app::msg::{CallMsg, Msg, RecordMsg, SoundMsg, SoundWord};
use crate::app::state::RecordWord;
use crate::app::state::tests::Story;
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
