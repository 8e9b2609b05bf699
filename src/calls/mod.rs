//! Calls that are heard: brings the signaling of a call and its sound together, for the app and for headless verbs alike.
//!
//! [`Sounds`] is told every event of a session, invites and answers in its name, and tells by [`SoundNews`] what becomes of the
//! sound. Descriptions ride in the `extra` of invitation and acceptance (protocol page, section 18); a call with a program that
//! sends none goes on without sound, and that is told. Who rings, and what a person sees, is not known here.
//!
//! | file | what |
//! |---|---|
//! | `sounds` | the handle: events and orders find their call |
//! | `line` | one call's sound, from the preparation to the last packet |
//! | `prepare` | sockets, ways, and the description that names them |
//! | `record` | keeps what is said, once the other side knows |

mod line;
mod prepare;
mod record;
mod sounds;

pub use prepare::PrepareError;
pub use record::{RecordError, Recording};
pub use sounds::{Order, Sounds, SoundsTold};

use crate::client::event::CallRef;
use crate::protocol::{Dtmf, VoiceError};
use crate::voice::device::Device;
use crate::voice::engine::Levels;
use crate::voice::jitter::JitterStats;
use crate::voice::link::{Policy, Scope};
use crate::voice::peer::{Line, SdpError};
use crate::voice::processing::Switches;

/// Where the sound of calls comes from and goes to.
pub trait Devices: Send + Sync + 'static {
    /// A microphone and a speaker.
    type Device: Device + 'static;

    /// A call was answered, by whichever side. Not before is a microphone opened.
    fn open(&self, call: CallRef) -> Self::Device;

    /// The call is over, and nothing more will be heard.
    fn close(&self, call: CallRef, device: Self::Device);
}

/// How calls are to sound, and over which addresses they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundOptions {
    /// Which addresses of this computer are named to the other side.
    pub scope: Scope,
    /// Which ways a call may take at all. Where only relays may be used and none lends an address, a call has no sound, and
    /// that is told as [`PrepareError::NoRelay`].
    pub policy: Policy,
    /// What is done with the microphone's sound at the beginning of a call.
    pub switches: Switches,
}

impl SoundOptions {
    /// For a server at this address: whoever speaks to one on this computer may call somebody on this computer.
    #[must_use]
    pub fn for_server(url: &str) -> Self {
        let host = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = host.split(['/', '?']).next().unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let name = name.trim_matches(['[', ']']);
        let here = name.eq_ignore_ascii_case("localhost")
            || name
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        Self {
            scope: match here {
                true => Scope::ThisComputerToo,
                false => Scope::Network,
            },
            policy: Policy::Any,
            switches: Switches::default(),
        }
    }
}

/// What becomes of the sound of a call.
#[derive(Debug)]
pub enum SoundNews {
    /// There is a way to the other side: for the first time, or again.
    Connected,
    /// There is none at present; a new one is looked for.
    Interrupted,
    /// Nothing was heard from them for three seconds.
    Silent,
    /// They are heard again.
    Heard,
    /// They tell that nothing of what is said here arrives.
    Unheard,
    /// It arrives again.
    Arrives,
    /// They pressed a key, which was told beside the sound.
    Key(Dtmf),
    /// How the line is, every second.
    Line(Line),
    /// How loud both sides are, 20 times a second.
    Levels(Levels, JitterStats),
    /// Whether there is a microphone, and whether there is a speaker.
    Present {
        /// Whether we can be heard.
        microphone: bool,
        /// Whether we can hear.
        speaker: bool,
    },
    /// They put us on hold, or listen again.
    TheyHold(bool),
    /// They keep what is said from now on, or no longer.
    TheyRecord(bool),
    /// What is said is kept from now on, and they know.
    Recording,
    /// It is not kept any more.
    Recorded(Result<Recording, RecordError>),
    /// The call goes on without sound.
    None(NoSound),
    /// The sound is over, and the devices are closed: the last that is told of a call, whether it was heard or not.
    Over,
}

/// Why a call has no sound.
#[derive(Debug, thiserror::Error)]
pub enum NoSound {
    /// Their program carries none.
    #[error("their program carries no sound")]
    TheirProgram,
    /// What they said of it is of no use.
    #[error(transparent)]
    Theirs(#[from] VoiceError),
    /// Their description is of no use.
    #[error("what they say of their sound is of no use: {0}")]
    Unfit(SdpError),
    /// There is no way out of this computer.
    #[error(transparent)]
    Here(#[from] PrepareError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_this_computer_is_known_by_its_address() {
        for url in [
            "ws://127.0.0.1:7800",
            "wss://localhost:7801/x",
            "ws://[::1]:7800",
            "http://LOCALHOST",
        ] {
            let scope = SoundOptions::for_server(url).scope;
            assert_eq!(scope, Scope::ThisComputerToo, "{url}");
        }
        for url in [
            "ws://10.0.0.1:7800",
            "wss://callsign.example",
            "wss://[fd00::1]:1",
            "",
        ] {
            assert_eq!(SoundOptions::for_server(url).scope, Scope::Network, "{url}");
        }
    }
}
