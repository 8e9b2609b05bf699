//! Microphone, speaker, and what is done with their sound. Kept for the profile.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Call, CallNo, CallPhase, Cx};
use crate::app::effect::{AudioEffect, Effect};
use crate::app::kept::StoreEffect;
use crate::app::msg::AudioMsg;

/// The setting that says what is chosen.
const AUDIO: &str = "audio";

/// What is chosen, and what there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Audio {
    set: AudioSet,
    /// Whether somebody looks at them in the settings.
    looks: bool,
    /// In which call they are listed, and where.
    listed: Option<Listed>,
    /// All devices, while somebody looks at them; or a sentence that says why they are not known.
    devices: Option<Result<Vec<AudioDevice>, String>>,
    test: AudioTest,
}

/// A call in which devices are listed, and where it shows them.
pub(crate) type Listed = (CallNo, Place);

/// Where a call is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In its window, or its card.
    Window,
    /// In the bar at the top.
    Bar,
}

/// What is chosen. A device that is not named is the one that the system prefers, also when it prefers another later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AudioSet {
    /// The microphone of calls.
    pub(crate) microphone: Option<String>,
    /// Their speaker.
    pub(crate) speaker: Option<String>,
    /// Where it rings.
    pub(crate) ring: Option<String>,
    /// Whether what the speaker plays is taken out of what the microphone hears.
    pub(crate) echo: bool,
    /// Whether steady noise is.
    pub(crate) noise: bool,
    /// Whether soft and loud talkers are brought to one level.
    pub(crate) gain: bool,
    /// Whether calls go through the server's relay alone, so that others do not learn this computer's addresses.
    pub(crate) hide: bool,
}

impl Default for AudioSet {
    fn default() -> Self {
        Self {
            microphone: None,
            speaker: None,
            ring: None,
            echo: true,
            noise: true,
            gain: true,
            hide: false,
        }
    }
}

/// A device that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AudioDevice {
    /// By which it is chosen.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) description: String,
    /// Whether it is a microphone; else it is a speaker.
    pub(crate) microphone: bool,
    /// Whether the system prefers it.
    pub(crate) preferred: bool,
}

/// How far the test is in which one hears oneself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum AudioTest {
    /// None goes on.
    #[default]
    Off,
    /// One speaks, so loud: 0.0 to 1.0.
    Speaking(f32),
    /// One is played what one said.
    Playing(f32),
    /// There is no microphone.
    NoMicrophone,
    /// There is no speaker.
    NoSpeaker,
}

impl Audio {
    /// What is chosen.
    pub(crate) fn set(&self) -> &AudioSet {
        &self.set
    }

    /// All devices, once they are known; or why they are not.
    pub(crate) fn devices(&self) -> Option<Result<&[AudioDevice], &str>> {
        let devices = self.devices.as_ref()?;
        Some(devices.as_deref().map_err(String::as_str))
    }

    /// How far the test is.
    pub(crate) fn test(&self) -> AudioTest {
        self.test
    }

    /// Whether devices are listed in this call, there.
    pub(crate) fn listed_in(&self, call: &Call, place: Place) -> bool {
        self.listed == Some((call.no, place))
    }

    /// What is kept.
    pub(super) fn fill(&mut self, cx: &mut Cx<'_>, kept: &BTreeMap<String, Value>) {
        let Some(kept) = kept.get(AUDIO) else {
            return;
        };
        let device = |name: &str| kept[name].as_str().map(str::to_owned);
        let on = |name: &str| kept[name].as_bool().unwrap_or(true);
        self.set = AudioSet {
            microphone: device("microphone"),
            speaker: device("speaker"),
            ring: device("ring"),
            echo: on("echo"),
            noise: on("noise"),
            gain: on("gain"),
            hide: kept["hide"].as_bool().unwrap_or(false),
        };
        self.tell(cx);
    }

    /// Whether somebody looks. Devices are asked for only then, and a test ends with that.
    pub(super) fn show(&mut self, cx: &mut Cx<'_>, looks: bool) {
        self.watch(cx, looks, self.listed);
        if !looks {
            self.stop(cx);
        }
    }

    /// These calls there are now: a list goes with its own.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>, calls: &[Call]) {
        let talks = |(no, _): &Listed| {
            let mut all = calls.iter().filter(|call| call.no == *no);
            all.any(|call| matches!(call.phase, CallPhase::Talking { .. }) && !call.held)
        };
        let listed = self.listed.filter(talks);
        self.watch(cx, self.looks, listed);
    }

    fn watch(&mut self, cx: &mut Cx<'_>, looks: bool, listed: Option<Listed>) {
        let before = self.looks || self.listed.is_some();
        (self.looks, self.listed) = (looks, listed);
        let now = looks || listed.is_some();
        if now != before {
            cx.effects.push(Effect::Audio(AudioEffect::Watch(now)));
        }
        if !now {
            self.devices = None;
        }
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: AudioMsg) {
        match msg {
            AudioMsg::Set(set) => {
                self.set = set;
                self.tell(cx);
                self.keep(cx);
            }
            AudioMsg::Devices(devices) => self.devices = Some(devices),
            AudioMsg::List(listed) => self.watch(cx, self.looks, listed),
            AudioMsg::Test(true) => {
                self.test = AudioTest::Speaking(0.0);
                cx.effects.push(Effect::Audio(AudioEffect::Test(true)));
            }
            AudioMsg::Test(false) => self.stop(cx),
            // What a test says that was ended means nothing any more.
            AudioMsg::TestIs(_) if self.test == AudioTest::Off => {}
            AudioMsg::TestIs(test) => self.test = test,
        }
    }

    fn stop(&mut self, cx: &mut Cx<'_>) {
        if self.test != AudioTest::Off {
            self.test = AudioTest::Off;
            cx.effects.push(Effect::Audio(AudioEffect::Test(false)));
        }
    }

    fn tell(&self, cx: &mut Cx<'_>) {
        let using = AudioEffect::Use(self.set.clone());
        cx.effects.push(Effect::Audio(using));
    }

    fn keep(&self, cx: &mut Cx<'_>) {
        let set = &self.set;
        let value = json!({
            "microphone": set.microphone, "speaker": set.speaker, "ring": set.ring,
            "echo": set.echo, "noise": set.noise, "gain": set.gain, "hide": set.hide,
        });
        let setting = StoreEffect::Setting(AUDIO.to_owned(), Some(value));
        cx.effects.push(Effect::Store(setting));
    }
}
