//! What is said in a call, kept in a file: what the other side hears of us on the left, what we hear of them on the right.
//!
//! A thread writes. The loop of the call hands blocks over and never waits for it.

use std::collections::VecDeque;
use std::io::{self, Seek, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::BLOCK;
use super::device::BLOCK_TIME;
use super::wav::WavSink;

/// Blocks that wait for the disk: five seconds. When full, blocks are left out: silence stands for them, and it is told at the end.
const WAITING: usize = 500;
/// Blocks that one side may be ahead of the other, since microphone and speaker have clocks of their own. Beyond that, silence
/// stands for what the other has not brought.
const AHEAD: usize = 20;
/// After so many blocks the file's head says how long it is, for a computer that loses its power.
const WHOLE: u32 = 500;

/// 10 ms of both sides.
struct Pair {
    /// How many before this are left out.
    missed: u32,
    near: [f32; BLOCK],
    far: [f32; BLOCK],
}

/// Takes in what is said. The file is whole when this is gone and [`Recorded`] has come.
#[derive(Debug)]
pub struct Recorder {
    pairs_tx: SyncSender<Pair>,
    near: VecDeque<[f32; BLOCK]>,
    far: VecDeque<[f32; BLOCK]>,
    missed: u32,
}

/// What came of it: how much is missing since the disk was too slow, or why nothing more could be written.
pub type Recorded = JoinHandle<io::Result<Duration>>;

impl Recorder {
    /// Begins. What `open` gives is written to, on a thread of its own. Needs a runtime, which waits for the thread at its end.
    pub fn start<W: Write + Seek>(
        open: impl FnOnce() -> io::Result<W> + Send + 'static,
    ) -> (Self, Recorded) {
        let (pairs_tx, pairs_rx) = sync_channel(WAITING);
        let recorded = tokio::task::spawn_blocking(move || write(open()?, &pairs_rx));
        let recorder = Self {
            pairs_tx,
            near: VecDeque::with_capacity(AHEAD + 1),
            far: VecDeque::with_capacity(AHEAD + 1),
            missed: 0,
        };
        (recorder, recorded)
    }

    /// The other side hears this of us.
    pub fn near(&mut self, block: &[f32; BLOCK]) {
        self.near.push_back(*block);
        self.hand_over();
    }

    /// We hear this of them.
    pub fn far(&mut self, block: &[f32; BLOCK]) {
        self.far.push_back(*block);
        self.hand_over();
    }

    /// Never waits.
    fn hand_over(&mut self) {
        let silence = [0.0; BLOCK];
        let (near, far) = match (self.near.len(), self.far.len()) {
            (0, far) if far <= AHEAD => return,
            (near, 0) if near <= AHEAD => return,
            _ => (self.near.pop_front(), self.far.pop_front()),
        };
        let pair = Pair {
            missed: self.missed,
            near: near.unwrap_or(silence),
            far: far.unwrap_or(silence),
        };
        match self.pairs_tx.try_send(pair) {
            Ok(()) => self.missed = 0,
            Err(TrySendError::Full(_)) => {
                if self.missed == 0 {
                    tracing::warn!("the disk is too slow for the recording of a call");
                }
                self.missed = self.missed.saturating_add(1);
            }
            // The disk failed, which is told elsewhere.
            Err(TrySendError::Disconnected(_)) => {}
        }
    }
}

fn write<W: Write + Seek>(file: W, pairs_rx: &Receiver<Pair>) -> io::Result<Duration> {
    let mut sink = WavSink::stereo(io::BufWriter::new(file))?;
    let (mut missed, mut fresh) = (0_u32, 0_u32);
    let mut both = [0.0; 2 * BLOCK];
    while let Ok(pair) = pairs_rx.recv() {
        for _ in 0..pair.missed {
            sink.write(&[0.0; 2 * BLOCK])?;
        }
        missed = missed.saturating_add(pair.missed);
        for (both, (near, far)) in both
            .chunks_exact_mut(2)
            .zip(pair.near.iter().zip(&pair.far))
        {
            both.copy_from_slice(&[*near, *far]);
        }
        sink.write(&both)?;
        fresh += 1;
        if fresh >= WHOLE {
            sink.make_whole()?;
            fresh = 0;
        }
    }
    sink.finish()?;
    Ok(BLOCK_TIME.saturating_mul(missed))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, SeekFrom};
    use std::sync::mpsc::{Sender, channel};
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    /// A file that outlives its writer; it opens a gate before it takes anything, and has room for so much.
    struct File {
        bytes: Arc<Mutex<Cursor<Vec<u8>>>>,
        gate: Option<Receiver<()>>,
        room: usize,
    }

    impl Write for File {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(gate) = self.gate.take() {
                assert!(gate.recv().is_err(), "it is opened by its end");
            }
            let mut file = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            if file.position() as usize + bytes.len() > self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            file.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for File {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let mut file = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(to)
        }
    }

    type Bytes = Arc<Mutex<Cursor<Vec<u8>>>>;

    fn start(room: usize) -> (Recorder, Recorded, Bytes, Sender<()>) {
        let bytes = Bytes::default();
        let (gate_tx, gate) = channel();
        let file = File {
            bytes: Arc::clone(&bytes),
            gate: Some(gate),
            room,
        };
        let (recorder, recorded) = Recorder::start(move || Ok(file));
        (recorder, recorded, bytes, gate_tx)
    }

    /// The samples of one side.
    fn side(bytes: &Bytes, side: usize) -> Vec<i16> {
        let file = bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let data = file.get_ref();
        assert_eq!(data[22..24], [2, 0], "two channels");
        let length = u32::from_le_bytes([data[40], data[41], data[42], data[43]]);
        assert_eq!(data.len(), length as usize + 44);
        let samples = data[44..].chunks_exact(4);
        let of = |sample: &[u8]| i16::from_le_bytes([sample[2 * side], sample[2 * side + 1]]);
        samples.map(of).collect()
    }

    #[tokio::test]
    async fn both_sides_are_kept_each_on_its_own() {
        let (mut recorder, recorded, bytes, gate_tx) = start(usize::MAX);
        drop(gate_tx);
        for _ in 0..WHOLE {
            recorder.near(&[0.5; BLOCK]);
            recorder.far(&[-0.25; BLOCK]);
            // At the pace of the thread: this test is not about a slow one.
            tokio::task::yield_now().await;
        }
        drop(recorder);
        let missed = recorded.await.expect("no panic").expect("written");
        let (near, far) = (side(&bytes, 0), side(&bytes, 1));
        assert_eq!(near.len(), WHOLE as usize * BLOCK);
        assert_eq!(missed, Duration::ZERO);
        assert!(near.iter().all(|sample| *sample == 16_384));
        assert!(far.iter().all(|sample| *sample == -8_192));
    }

    #[tokio::test]
    async fn silence_stands_for_a_side_that_brings_nothing() {
        let (mut recorder, recorded, bytes, gate_tx) = start(usize::MAX);
        drop(gate_tx);
        for _ in 0..AHEAD + 100 {
            recorder.far(&[0.5; BLOCK]);
        }
        drop(recorder);
        recorded.await.expect("no panic").expect("written");
        assert_eq!(side(&bytes, 0), vec![0; 100 * BLOCK]);
        assert_eq!(side(&bytes, 1), vec![16_384; 100 * BLOCK]);
    }

    #[tokio::test]
    async fn a_disk_that_is_too_slow_leaves_a_gap_and_its_length() {
        let (mut recorder, recorded, bytes, gate_tx) = start(usize::MAX);
        let mut blocks = 0;
        while recorder.missed < 30 {
            recorder.near(&[0.5; BLOCK]);
            recorder.far(&[0.5; BLOCK]);
            blocks += 1;
            assert!(blocks < 2 * WAITING, "it waits for ever");
        }
        drop(gate_tx);
        // Until there is room again.
        while recorder.missed > 0 {
            recorder.near(&[0.5; BLOCK]);
            recorder.far(&[0.5; BLOCK]);
            blocks += 1;
            tokio::task::yield_now().await;
        }
        drop(recorder);
        let missed = recorded.await.expect("no panic").expect("written");
        assert!(missed >= Duration::from_millis(300), "{missed:?}");
        let near = side(&bytes, 0);
        assert_eq!(near.len(), blocks * BLOCK, "time goes on meanwhile");
        let silent = near.iter().filter(|sample| **sample == 0).count();
        assert_eq!(silent / BLOCK, missed.as_millis() as usize / 10);
    }

    #[tokio::test]
    async fn a_full_disk_ends_it_and_the_call_does_not_notice() {
        let (mut recorder, recorded, _, gate_tx) = start(100_000);
        drop(gate_tx);
        while !recorded.is_finished() {
            recorder.near(&[0.5; BLOCK]);
            recorder.far(&[0.5; BLOCK]);
            tokio::task::yield_now().await;
        }
        let error = recorded.await.expect("no panic").expect_err("it is full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        recorder.near(&[0.5; BLOCK]);
        recorder.far(&[0.5; BLOCK]);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_made_is_told() {
        let (_recorder, recorded) =
            Recorder::start(|| Err::<Cursor<Vec<u8>>, _>(io::ErrorKind::PermissionDenied.into()));
        let error = recorded.await.expect("no panic").expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
