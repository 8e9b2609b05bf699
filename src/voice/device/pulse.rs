//! Microphone and speaker by PulseAudio, or what stands for it.
//!
//! The sound server's thread only moves samples between the server and two rings: it neither allocates nor locks there. A
//! task beside it opens the streams, looks whether they still move, and opens them anew where they do not, or where the
//! system now prefers other devices: a device that was pulled is made good for within a second, and one that was chosen is taken
//! back as soon as it is plugged again.

mod server;

use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, ChannelVolume, DEFAULT_SINK, DEFAULT_SOURCE, PlaybackStreamParams,
    RecordStreamParams, SampleFormat, SampleSpec,
};
use pulseaudio::{AsPlaybackSource as _, Client, ClientError, PlaybackStream, RecordStream};
use rtrb::{Consumer, Producer, RingBuffer};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use self::server::PATIENCE;
pub use self::server::{Found, PulseError, connect, devices};
use super::ready::Ready;
use super::{Device, Pace};
use crate::voice::{BLOCK, RATE};

/// What the server holds of each stream, in bytes: 10 ms. Without being told it would hold two seconds.
const HELD: u32 = RATE / 100 * 4;
/// What a ring holds, in samples: 200 ms. When it is full, what the microphone hears is lost.
const RING: usize = 9_600;
/// What may wait of the microphone, in samples: 60 ms. More is left out, since it would be late for ever.
const LATE: usize = 2_880;
/// How often it is looked whether all is well.
const LOOK: Duration = Duration::from_millis(250);
/// Looks without a sample moved before a stream counts as lost.
const STILL: u32 = 2;
/// The same for one that has not begun yet.
const WAKES: u32 = 8;

/// Which devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The microphone's name, or what the system prefers.
    pub microphone: Option<String>,
    /// The speaker's.
    pub speaker: Option<String>,
}

/// Microphone and speaker of a call. Where there is none, or no sound server at all, the call goes on with silence.
#[derive(Debug)]
pub struct PulseDevice {
    rings_rx: mpsc::Receiver<Ring>,
    microphone: Option<Consumer<f32>>,
    speaker: Option<Speaker>,
    /// For a microphone and a speaker that are not there.
    captured: Pace,
    played: Pace,
}

#[derive(Debug)]
struct Speaker {
    samples: Producer<f32>,
    ready: Ready,
    missed: Arc<AtomicU32>,
    seen: u32,
}

/// A stream was opened, or is gone.
#[derive(Debug)]
enum Ring {
    Microphone(Option<Consumer<f32>>),
    Speaker(Option<(Producer<f32>, Arc<AtomicU32>)>),
}

impl PulseDevice {
    /// Opens those that are chosen, and others as soon as others are, in a task of their own. The microphone is heard from
    /// now on.
    #[must_use]
    pub fn open(choice_rx: watch::Receiver<Choice>) -> Self {
        let (rings_tx, rings_rx) = mpsc::channel(8);
        tokio::spawn(keep(choice_rx, rings_tx));
        Self {
            rings_rx,
            microphone: None,
            speaker: None,
            captured: Pace::default(),
            played: Pace::default(),
        }
    }

    fn take_rings(&mut self) {
        while let Ok(ring) = self.rings_rx.try_recv() {
            match ring {
                Ring::Microphone(samples) => {
                    self.microphone = samples;
                    self.captured.restart();
                }
                Ring::Speaker(ring) => {
                    self.speaker = ring.map(|(samples, missed)| Speaker {
                        samples,
                        ready: Ready::new(),
                        missed,
                        seen: 0,
                    });
                    self.played.restart();
                }
            }
        }
    }
}

impl Device for PulseDevice {
    fn capture(&mut self, now: Instant, block: &mut [f32; BLOCK]) -> bool {
        self.take_rings();
        let Some(samples) = &mut self.microphone else {
            block.fill(0.0);
            return self.captured.due(now);
        };
        let waiting = samples.slots();
        if waiting > LATE
            && let Ok(late) = samples.read_chunk(waiting - BLOCK)
        {
            late.commit_all();
        }
        let Ok(chunk) = samples.read_chunk(BLOCK) else {
            return false;
        };
        for (sample, heard) in block.iter_mut().zip(chunk) {
            *sample = heard;
        }
        true
    }

    fn wants(&mut self, now: Instant) -> bool {
        self.take_rings();
        let Some(speaker) = &mut self.speaker else {
            return self.played.due(now);
        };
        let missed = speaker.missed.load(Ordering::Relaxed);
        if missed != speaker.seen {
            speaker.seen = missed;
            speaker.ready.missed();
        }
        RING - speaker.samples.slots() < speaker.ready.samples()
    }

    fn play(&mut self, block: &[f32; BLOCK]) {
        let Some(speaker) = &mut self.speaker else {
            return;
        };
        speaker.ready.played();
        if let Ok(chunk) = speaker.samples.write_chunk_uninit(BLOCK) {
            chunk.fill_from_iter(block.iter().copied());
        }
    }

    fn present(&self) -> (bool, bool) {
        (self.microphone.is_some(), self.speaker.is_some())
    }
}

/// The streams that are open, and what they did when last looked at.
struct Open {
    client: Client,
    preferred: (Option<CString>, Option<CString>),
    microphone: Option<(RecordStream, Watched)>,
    speaker: Option<(PlaybackStream, Watched)>,
    /// The server's numbers of the microphone and the speaker that are chosen, as they were when last looked at; none for one that is
    /// not there, and for which another stands in.
    chosen: (Option<u32>, Option<u32>),
}

/// Whether samples move.
struct Watched {
    moved: Arc<AtomicU32>,
    seen: u32,
    still: u32,
}

impl Watched {
    fn new(moved: Arc<AtomicU32>) -> Self {
        Self {
            moved,
            seen: 0,
            still: 0,
        }
    }

    /// Looks. `false` if nothing moved for too long.
    fn moves(&mut self) -> bool {
        let moved = self.moved.load(Ordering::Relaxed);
        self.still = if moved == self.seen {
            self.still + 1
        } else {
            0
        };
        self.seen = moved;
        // A device that slept takes its time.
        self.still <= if moved == 0 { WAKES } else { STILL }
    }
}

/// Keeps both streams open until the device is gone.
async fn keep(mut choice_rx: watch::Receiver<Choice>, rings_tx: mpsc::Sender<Ring>) {
    let mut open: Option<Open> = None;
    // Whoever chooses may be gone before the call is.
    let mut final_choice = false;
    loop {
        let choice = choice_rx.borrow_and_update().clone();
        if let Err(error) = tend(&mut open, &choice, &rings_tx).await {
            tracing::debug!(%error, "no sound");
            open = None;
            for gone in [Ring::Microphone(None), Ring::Speaker(None)] {
                if rings_tx.send(gone).await.is_err() {
                    return;
                }
            }
        }
        tokio::select! {
            () = rings_tx.closed() => return,
            changed = choice_rx.changed(), if !final_choice => {
                final_choice = changed.is_err();
                if let Some(open) = open.as_mut().filter(|_| !final_choice) {
                    (open.microphone, open.speaker) = (None, None);
                }
            }
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Opens what is not open, and what does not move, or is no longer preferred, anew.
async fn tend(
    open: &mut Option<Open>,
    choice: &Choice,
    rings_tx: &mpsc::Sender<Ring>,
) -> Result<(), PulseError> {
    if open.is_none() {
        *open = Some(Open {
            client: connect().await?,
            preferred: (None, None),
            microphone: None,
            speaker: None,
            chosen: (None, None),
        });
    }
    let Some(open) = open else { return Ok(()) };
    let server = timeout(PATIENCE, open.client.server_info())
        .await
        .map_err(|_| PulseError::Silent)??;
    let preferred = (server.default_source_name, server.default_sink_name);
    let chosen = chosen(&open.client, choice).await;
    // One that was chosen and comes, or comes back, takes the place of whatever stood in for it.
    let came = |now: Option<u32>, before: Option<u32>| now.is_some() && now != before;
    let (source, sink) = (
        came(chosen.0, open.chosen.0)
            || choice.microphone.is_none() && preferred.0 != open.preferred.0,
        came(chosen.1, open.chosen.1)
            || choice.speaker.is_none() && preferred.1 != open.preferred.1,
    );
    (open.preferred, open.chosen) = (preferred, chosen);
    let deaf = monitors(&open.preferred, choice.speaker.as_deref());
    if source
        || !open
            .microphone
            .as_mut()
            .is_some_and(|(_, watched)| watched.moves())
    {
        open.microphone = None;
        let named = match choice.microphone.as_deref() {
            None if deaf => None,
            name => record(&open.client, name).await,
        };
        let opened = match named {
            // One that is not there does not leave a call without any.
            None if choice.microphone.is_some() && !deaf => record(&open.client, None).await,
            named => named,
        };
        let (stream, ring) = opened.unzip();
        open.microphone = stream;
        drop(rings_tx.send(Ring::Microphone(ring)).await);
    }
    if sink
        || !open
            .speaker
            .as_mut()
            .is_some_and(|(_, watched)| watched.moves())
    {
        open.speaker = None;
        let named = playback(&open.client, choice.speaker.as_deref()).await;
        let opened = match named {
            None if choice.speaker.is_some() => playback(&open.client, None).await,
            named => named,
        };
        let (stream, ring) = opened.unzip();
        open.speaker = stream;
        drop(rings_tx.send(Ring::Speaker(ring)).await);
    }
    Ok(())
}

/// Whether the microphone that the system prefers hears nothing but a speaker of ours: so it is where there is none at all, and
/// whoever took it for one would send the others back to themselves.
fn monitors((source, sink): &(Option<CString>, Option<CString>), speaker: Option<&str>) -> bool {
    let source = source.as_ref().and_then(|source| source.to_str().ok());
    let sink = sink.as_ref().and_then(|sink| sink.to_str().ok());
    let heard = source.and_then(|source| source.strip_suffix(".monitor"));
    heard.is_some_and(|heard| [sink, speaker].contains(&Some(heard)))
}

/// The server's numbers of those that are chosen and there.
async fn chosen(client: &Client, choice: &Choice) -> (Option<u32>, Option<u32>) {
    let source = named(choice.microphone.as_deref());
    let sink = named(choice.speaker.as_deref());
    let source = source.map(|name| client.lookup_source_by_name(name));
    let sink = sink.map(|name| client.lookup_sink_by_name(name));
    (found(source).await, found(sink).await)
}

async fn found(looked: Option<impl Future<Output = Result<u32, ClientError>>>) -> Option<u32> {
    timeout(PATIENCE, looked?).await.ok()?.ok()
}

const SPEC: SampleSpec = SampleSpec {
    format: SampleFormat::Float32Le,
    channels: 1,
    sample_rate: RATE,
};

fn flags() -> StreamFlags {
    StreamFlags {
        adjust_latency: true,
        ..StreamFlags::default()
    }
}

type Microphone = ((RecordStream, Watched), Consumer<f32>);

async fn record(client: &Client, name: Option<&str>) -> Option<Microphone> {
    let (mut samples, ring) = RingBuffer::new(RING);
    let moved = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&moved);
    let sink = move |bytes: &[u8]| {
        counter.fetch_add(1, Ordering::Relaxed);
        let (whole, _) = bytes.as_chunks::<4>();
        let room = samples.slots().min(whole.len());
        if let Ok(chunk) = samples.write_chunk_uninit(room) {
            chunk.fill_from_iter(whole.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        }
    };
    let params = RecordStreamParams {
        sample_spec: SPEC,
        channel_map: ChannelMap::mono(),
        cvolume: Some(ChannelVolume::norm(1)),
        source_name: Some(named(name).unwrap_or_else(|| DEFAULT_SOURCE.to_owned())),
        buffer_attr: BufferAttr {
            fragment_size: HELD,
            ..BufferAttr::default()
        },
        flags: flags(),
        ..RecordStreamParams::default()
    };
    let opened = timeout(PATIENCE, client.create_record_stream(params, sink)).await;
    match opened {
        Ok(Ok(stream)) => Some(((stream, Watched::new(moved)), ring)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no microphone");
            None
        }
        Err(_) => None,
    }
}

type Playing = ((PlaybackStream, Watched), (Producer<f32>, Arc<AtomicU32>));

async fn playback(client: &Client, name: Option<&str>) -> Option<Playing> {
    let (ring, mut samples) = RingBuffer::<f32>::new(RING);
    let (moved, missed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (counter, missing) = (Arc::clone(&moved), Arc::clone(&missed));
    let source = move |bytes: &mut [u8]| {
        counter.fetch_add(1, Ordering::Relaxed);
        let (whole, _) = bytes.as_chunks_mut::<4>();
        let length = whole.len();
        let there = samples.slots().min(length);
        if there < length {
            missing.fetch_add(1, Ordering::Relaxed);
        }
        if let Ok(chunk) = samples.read_chunk(there) {
            for (bytes, sample) in whole.iter_mut().zip(chunk) {
                *bytes = sample.to_le_bytes();
            }
        }
        for bytes in &mut whole[there..] {
            *bytes = [0; 4];
        }
        length * 4
    };
    let params = PlaybackStreamParams {
        sample_spec: SPEC,
        channel_map: ChannelMap::mono(),
        cvolume: Some(ChannelVolume::norm(1)),
        sink_name: Some(named(name).unwrap_or_else(|| DEFAULT_SINK.to_owned())),
        buffer_attr: BufferAttr {
            target_length: HELD,
            ..BufferAttr::default()
        },
        flags: flags(),
        ..PlaybackStreamParams::default()
    };
    let source = source.as_playback_source();
    let opened = timeout(PATIENCE, client.create_playback_stream(params, source)).await;
    match opened {
        Ok(Ok(stream)) => Some(((stream, Watched::new(moved)), (ring, missed))),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no speaker");
            None
        }
        Err(_) => None,
    }
}

/// A name as the server takes it; one with a zero inside is none.
fn named(name: Option<&str>) -> Option<CString> {
    CString::new(name?).ok()
}
