//! Plays the ring and the tones, by PulseAudio or what stands for it. Where there is none nothing is heard, and nothing else
//! is different.

#[cfg(target_os = "linux")]
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::bundled;
use super::ringtone::Samples;
#[cfg(target_os = "linux")]
use super::tones;
use super::tones::{Sound, Source};
use crate::app::effect::Ring;
use crate::app::msg::Tune;
use crate::protocol::Dtmf;

/// Sounds that wait to be played. When full, which takes a sound server that stands still, further keys are not heard; a
/// ring waits for its turn in [`Sounds::ring`].
const ORDERS: usize = 16;
/// How long a sound server may take to answer, before it counts as none.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_secs(2);
/// How much the server holds of a sound, in bytes: 20 ms. So a ring stops at once.
#[cfg(target_os = "linux")]
const HELD: u32 = tones::RATE * 2 / 50;

/// The way to the player. It stops when this is gone.
#[derive(Clone, Debug)]
pub(super) struct Sounds {
    ring_tx: watch::Sender<Ring>,
    tone_tx: watch::Sender<Tone>,
    at_tx: watch::Sender<Option<String>>,
    keys_tx: mpsc::Sender<Touch>,
}

/// What rings when a call comes in.
#[derive(Clone, Debug)]
enum Tone {
    Tune(Tune),
    File(Samples),
}

/// What is heard once.
#[derive(Clone, Copy, Debug)]
enum Touch {
    /// A key.
    Key(Dtmf),
    /// The ring, as somebody who chooses one wants to hear it.
    Ring,
}

impl Sounds {
    /// Starts it. Nothing is connected to before there is something to be heard.
    pub(super) fn start() -> Self {
        let (ring_tx, ring_rx) = watch::channel(Ring::Silent);
        let (tone_tx, tone_rx) = watch::channel(Tone::Tune(Tune::default()));
        let (at_tx, at_rx) = watch::channel(None);
        let (keys_tx, keys_rx) = mpsc::channel(ORDERS);
        tokio::spawn(play(ring_rx, tone_rx, at_rx, keys_rx));
        Self {
            ring_tx,
            tone_tx,
            at_tx,
            keys_tx,
        }
    }

    /// Rings with this the next time.
    pub(super) fn set_tune(&self, tune: Tune) {
        self.tone_tx.send_replace(Tone::Tune(tune));
    }

    /// Rings with a file the next time.
    pub(super) fn set_ringtone(&self, samples: Samples) {
        self.tone_tx.send_replace(Tone::File(samples));
    }

    /// Rings at this device the next time; at the one that the system prefers, if it is none.
    pub(super) fn ring_at(&self, device: Option<String>) {
        self.at_tx.send_replace(device);
    }

    /// Lets the ring be heard once.
    pub(super) fn try_ring(&self) {
        self.touch(Touch::Ring);
    }

    /// Rings so from now on.
    pub(super) fn ring(&self, ring: Ring) {
        self.ring_tx.send_replace(ring);
    }

    /// Lets a key be heard.
    pub(super) fn key(&self, key: Dtmf) {
        self.touch(Touch::Key(key));
    }

    fn touch(&self, touch: Touch) {
        if self.keys_tx.try_send(touch).is_err() {
            tracing::debug!("a key was not heard");
        }
    }
}

async fn play(
    mut ring_rx: watch::Receiver<Ring>,
    tone_rx: watch::Receiver<Tone>,
    at_rx: watch::Receiver<Option<String>>,
    mut keys_rx: mpsc::Receiver<Touch>,
) {
    let mut player = player::Player::default();
    loop {
        tokio::select! {
            changed = ring_rx.changed() => {
                if changed.is_err() {
                    return;
                }
                let ring = *ring_rx.borrow_and_update();
                let tone = tone_rx.borrow().clone();
                // What rings here is to be heard in the room; all else is part of a call.
                let at = match ring {
                    Ring::Here => at_rx.borrow().clone(),
                    Ring::Silent | Ring::Waiting | Ring::There => None,
                };
                player.ring(source(ring, &tone), at.as_deref()).await;
            }
            key = keys_rx.recv() => match key {
                Some(Touch::Key(key)) => {
                    player.key(Source::once(bundled::key(key)), None).await;
                }
                Some(Touch::Ring) => {
                    let tone = tone_rx.borrow().clone();
                    let at = at_rx.borrow().clone();
                    player.key(Source::once(tone.samples()), at.as_deref()).await;
                }
                None => return,
            },
        }
    }
}

/// What is heard as long as it rings so; only a call that comes here has a tone of one's own.
fn source(ring: Ring, tone: &Tone) -> Option<Source> {
    match ring {
        Ring::Silent => None,
        Ring::Here => Some(Source::ring(tone.samples())),
        Ring::Waiting => Some(Source::Made(Sound::waiting())),
        Ring::There => Some(Source::Made(Sound::ringing())),
    }
}

impl Tone {
    fn samples(&self) -> Samples {
        match self {
            Self::Tune(tune) => bundled::tune(*tune),
            Self::File(samples) => Samples::clone(samples),
        }
    }
}

#[cfg(target_os = "linux")]
mod player {
    use std::ffi::CString;

    use pulseaudio::protocol::{
        ChannelMap, ChannelVolume, DEFAULT_SINK, PlaybackStreamParams, SampleFormat, SampleSpec,
        stream::{BufferAttr, StreamFlags},
    };
    use pulseaudio::{AsPlaybackSource as _, Client, PlaybackStream};

    use super::{HELD, PATIENCE, Source, tones};
    use crate::voice::device::pulse::{PulseError, connect};

    /// A link to the sound server while there is one, and what it plays.
    #[derive(Default)]
    pub(super) struct Player {
        client: Option<Client>,
        ring: Option<PlaybackStream>,
        key: Option<PlaybackStream>,
    }

    impl Player {
        /// Plays this in the place of the ring before; or nothing.
        pub(super) async fn ring(&mut self, sound: Option<Source>, at: Option<&str>) {
            // What the server still holds of it is dropped with it.
            self.ring = None;
            if let Some(sound) = sound {
                self.ring = self.play(sound, at).await;
            }
        }

        /// Plays a key, in the place of the one before.
        pub(super) async fn key(&mut self, sound: Source, at: Option<&str>) {
            self.key = None;
            self.key = self.play(sound, at).await;
        }

        async fn play(&mut self, sound: Source, at: Option<&str>) -> Option<PlaybackStream> {
            let sounding = async {
                match (self.start(sound.clone(), at).await, at) {
                    // A device that is not there does not keep it silent.
                    (Err(_), Some(_)) => self.start(sound, None).await,
                    (started, _) => started,
                }
            };
            let played = tokio::time::timeout(PATIENCE, sounding).await;
            match played {
                Ok(Ok(stream)) => Some(stream),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "nothing is heard");
                    self.client = None;
                    None
                }
                Err(_) => {
                    tracing::debug!("nothing is heard: the sound server does not answer");
                    self.client = None;
                    None
                }
            }
        }

        async fn start(
            &mut self,
            mut sound: Source,
            at: Option<&str>,
        ) -> Result<PlaybackStream, PulseError> {
            let client = match self.client.take() {
                Some(client) => client,
                None => connect().await?,
            };
            let params = PlaybackStreamParams {
                sample_spec: SampleSpec {
                    format: SampleFormat::S16Le,
                    channels: 1,
                    sample_rate: tones::RATE,
                },
                channel_map: ChannelMap::mono(),
                cvolume: Some(ChannelVolume::norm(1)),
                sink_name: Some(
                    at.and_then(|at| CString::new(at).ok())
                        .unwrap_or_else(|| DEFAULT_SINK.to_owned()),
                ),
                buffer_attr: BufferAttr {
                    target_length: HELD,
                    ..BufferAttr::default()
                },
                flags: StreamFlags {
                    adjust_latency: true,
                    ..StreamFlags::default()
                },
                ..PlaybackStreamParams::default()
            };
            let source = move |buffer: &mut [u8]| {
                let mut length = 0;
                for (pair, sample) in buffer.chunks_exact_mut(2).zip(&mut sound) {
                    pair.copy_from_slice(&sample.to_le_bytes());
                    length += pair.len();
                }
                length
            };
            let stream = client
                .create_playback_stream(params, source.as_playback_source())
                .await?;
            self.client = Some(client);
            Ok(stream)
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod player {
    use super::Source;

    /// There is no way to a sound server yet.
    #[derive(Default)]
    pub(super) struct Player;

    impl Player {
        pub(super) async fn ring(&mut self, _sound: Option<Source>, _at: Option<&str>) {}

        pub(super) async fn key(&mut self, _sound: Source, _at: Option<&str>) {}
    }
}
