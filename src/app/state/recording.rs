//! Keeping what is said in a call: asked for, told to the other side, and where it is in the end.

use std::path::PathBuf;

use super::calls::{Call, CallNo, CallPhase, Calls};
use super::{CallSound, Cx};
use crate::app::effect::{Effect, SoundStep};
use crate::app::msg::RecordMsg;

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Recording {
    /// Nothing is kept.
    #[default]
    Off,
    /// It is wanted, and who wants it has to agree that the other side is told.
    Asked,
    /// The other side is being told.
    Telling,
    /// It is kept.
    On,
    /// It is over, and the file is being made whole.
    Ending,
    /// It is over, and the file is whole.
    Kept {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it, in a sentence; or with showing it.
        note: Option<String>,
    },
    /// It could not be kept, or not to the end; a sentence says why.
    Failed(String),
}

impl Recording {
    /// Whether something of it is to be known when the call is over.
    pub(super) fn matters(&self) -> bool {
        match self {
            Self::Off | Self::Asked | Self::Telling => false,
            Self::On | Self::Ending | Self::Kept { .. } | Self::Failed(_) => true,
        }
    }

    /// The call is over: what had not begun does not begin any more.
    pub(super) fn call_over(&mut self) {
        match self {
            Self::Asked | Self::Telling => *self = Self::Off,
            Self::On => *self = Self::Ending,
            Self::Off | Self::Ending | Self::Kept { .. } | Self::Failed(_) => {}
        }
    }
}

/// What is told of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RecordWord {
    /// It is kept from now on, and the other side knows.
    On,
    /// It is over: the file's place, and what is missing in it; or a sentence says why it is not kept.
    Over(Result<(PathBuf, Option<String>), String>),
}

impl CallSound {
    /// Something is told of what is kept.
    pub(super) fn record_told(&mut self, word: RecordWord) {
        self.recording = match word {
            // The call may be over by now, and the file not yet.
            RecordWord::On if self.recording == Recording::Telling => Recording::On,
            RecordWord::On => return,
            RecordWord::Over(Ok((path, note))) => Recording::Kept { path, note },
            RecordWord::Over(Err(why)) => Recording::Failed(why),
        };
    }
}

impl Calls {
    /// Something about keeping what is said.
    pub(super) fn record(&mut self, cx: &mut Cx<'_>, no: CallNo, msg: RecordMsg) {
        let me = self.log.me().clone();
        let Some(call) = self.find_mut(no) else {
            return;
        };
        let talking = matches!(call.phase, CallPhase::Talking { .. });
        let recording = &mut call.sound.recording;
        match msg {
            RecordMsg::Ask if talking => match recording {
                Recording::Off | Recording::Kept { .. } | Recording::Failed(_) => {
                    *recording = Recording::Asked;
                }
                Recording::Asked | Recording::Telling | Recording::On | Recording::Ending => {}
            },
            RecordMsg::Agree if talking && *recording == Recording::Asked => {
                *recording = Recording::Telling;
                let with = call.peer.clone();
                step(cx, call, SoundStep::Record(Some((me, with))));
            }
            RecordMsg::Stop => match recording {
                Recording::Asked => *recording = Recording::Off,
                Recording::Telling => {
                    *recording = Recording::Off;
                    step(cx, call, SoundStep::Record(None));
                }
                Recording::On => {
                    *recording = Recording::Ending;
                    step(cx, call, SoundStep::Record(None));
                }
                Recording::Off
                | Recording::Ending
                | Recording::Kept { .. }
                | Recording::Failed(_) => {}
            },
            RecordMsg::Show => {
                if let Recording::Kept { path, .. } = recording {
                    cx.effects.push(Effect::ShowFile(no, path.clone()));
                }
            }
            RecordMsg::NotShown(why) => {
                if let Recording::Kept { note, .. } = recording {
                    *note = Some(why);
                }
            }
            RecordMsg::Ask | RecordMsg::Agree => {}
        }
    }
}

fn step(cx: &mut Cx<'_>, call: &Call, step: SoundStep) {
    if let Some(at) = call.at {
        cx.effects.push(Effect::Sound(at, step));
    }
}
