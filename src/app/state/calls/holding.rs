//! One talks to one at a time: the others wait. And what is told of the sound of each.

use super::super::Cx;
use super::{Call, CallNo, CallPhase, Calls};
use crate::app::effect::{Effect, SoundStep};
use crate::app::msg::{SoundMsg, SoundWord};

impl Calls {
    /// Puts a call on hold, or goes on with it.
    fn hold(&mut self, cx: &mut Cx<'_>, no: CallNo, hold: bool) {
        let talking = |call: &Call| matches!(call.phase, CallPhase::Talking { .. });
        if let Some(call) = self.all.iter_mut().find(|call| call.no == no)
            && talking(call)
            && std::mem::replace(&mut call.held, hold) != hold
            && let Some(at) = call.at
        {
            cx.effects.push(Effect::Sound(at, SoundStep::Hold(hold)));
        }
    }

    /// Something about the sound of calls.
    pub(in crate::app::state) fn sound(&mut self, cx: &mut Cx<'_>, msg: SoundMsg) {
        match msg {
            SoundMsg::Told(at, word) => {
                // A file is whole only after the end of its call.
                let late = matches!(word, SoundWord::Record(_));
                let told = |call: &&mut Call| call.at == Some(at) && (late || !call.over());
                if let Some(call) = self.all.iter_mut().find(told) {
                    call.sound_told(cx.now.at, word);
                }
            }
            SoundMsg::Mute(no, muted) => {
                if let Some(call) = self.all.iter_mut().find(|call| call.no == no)
                    && let Some(at) = call.at
                {
                    call.sound.muted = muted;
                    cx.effects.push(Effect::Sound(at, SoundStep::Mute(muted)));
                }
            }
            SoundMsg::Hold(no) => self.hold(cx, no, true),
            SoundMsg::Record(no, msg) => self.record(cx, no, msg),
        }
    }

    /// One talks to one at a time.
    pub(super) fn hold_others(&mut self, cx: &mut Cx<'_>, no: CallNo) {
        let others: Vec<_> = self.all.iter().map(|call| call.no).collect();
        for other in others.into_iter().filter(|other| *other != no) {
            self.hold(cx, other, true);
        }
    }

    /// Whoever talks already goes on; who answered meanwhile waits. So nobody hears what is meant for somebody else.
    pub(super) fn hold_second(&mut self, cx: &mut Cx<'_>, no: CallNo) {
        let talking = |call: &Call| matches!(call.phase, CallPhase::Talking { .. }) && !call.held;
        if self.all.iter().any(|call| call.no != no && talking(call)) {
            self.hold(cx, no, true);
        }
    }

    pub(super) fn resume(&mut self, cx: &mut Cx<'_>, no: CallNo) {
        self.hold_others(cx, no);
        self.hold(cx, no, false);
    }
}
