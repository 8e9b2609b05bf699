//! Files in the place of microphone and speaker, one to be written for each call.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{VerbError, WithArgs};
use crate::calls::Devices;
use crate::client::event::CallRef;
use crate::voice::device::WavDevice;
use crate::voice::wav::{WavSink, WavSource};

/// What is said in every call, and where it is written what is heard. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Files {
    source: WavSource,
    out: Option<PathBuf>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Files that were begun.
    count: usize,
    /// Those that are not whole yet.
    open: BTreeMap<CallRef, PathBuf>,
    /// Those that are, or why not. Whoever ends a call takes its own.
    done: BTreeMap<CallRef, Result<PathBuf, VerbError>>,
}

impl Files {
    /// Reads what is to be said. That nothing can be written is told before anybody is called.
    pub(super) fn read(args: &WithArgs) -> Result<Self, VerbError> {
        let source = match &args.wav_in {
            Some(path) => {
                let bytes = std::fs::read(path);
                let bytes = bytes.map_err(|error| VerbError::Read(path.clone(), error))?;
                WavSource::read(&bytes).map_err(|error| VerbError::Wav(path.clone(), error))?
            }
            None => WavSource::default(),
        };
        if let Some(out) = &args.wav_out {
            let folder = out.parent().filter(|folder| *folder != Path::new(""));
            if folder.is_some_and(|folder| !folder.is_dir()) {
                return Err(VerbError::NoFolder(out.clone()));
            }
        }
        Ok(Self {
            source,
            out: args.wav_out.clone(),
            shared: Arc::default(),
        })
    }

    /// The file of a call that is over, if one was begun.
    pub(super) fn take(&self, call: CallRef) -> Option<Result<PathBuf, VerbError>> {
        self.lock().done.remove(&call)
    }

    /// Nothing that holds the lock can panic in between.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, call: CallRef) -> Option<WavSink<BufWriter<File>>> {
        let out = self.out.as_ref()?;
        let mut shared = self.lock();
        shared.count += 1;
        let path = numbered(out, shared.count);
        let begun = File::create(&path).and_then(|file| WavSink::new(BufWriter::new(file)));
        match begun {
            Ok(sink) => {
                shared.open.insert(call, path);
                Some(sink)
            }
            Err(error) => {
                let failed = VerbError::Write(path, error);
                shared.done.insert(call, Err(failed));
                None
            }
        }
    }
}

impl Devices for Files {
    type Device = WavDevice<BufWriter<File>>;

    fn open(&self, call: CallRef) -> Self::Device {
        WavDevice::new(self.source.clone(), self.begin(call))
    }

    fn close(&self, call: CallRef, device: Self::Device) {
        let finished = device.finish().and_then(|file| match file {
            // What is still in memory is written, and that this went well is known.
            Some(file) => file.into_inner().map(drop).map_err(io::Error::from),
            None => Ok(()),
        });
        let mut shared = self.lock();
        if let Some(path) = shared.open.remove(&call) {
            let done = match finished {
                Ok(()) => Ok(path),
                Err(error) => Err(VerbError::Write(path, error)),
            };
            shared.done.insert(call, done);
        }
    }
}

/// `heard.wav`, `heard-2.wav`, `heard-3.wav` ...
fn numbered(path: &Path, count: usize) -> PathBuf {
    if count < 2 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{count}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_takes_the_file_of_another() {
        for (path, count, wanted) in [
            ("a/heard.wav", 1, "a/heard.wav"),
            ("a/heard.wav", 2, "a/heard-2.wav"),
            ("heard", 3, "heard-3"),
            ("a.b/x.y.wav", 10, "a.b/x.y-10.wav"),
        ] {
            assert_eq!(numbered(Path::new(path), count), Path::new(wanted));
        }
    }
}
