//! What is said at the end: figures as `name=value` in one line, and how busy the generator itself was.

use std::fmt::Write as _;
use std::time::Instant;

use crate::{LoadError, Target};

/// Clock ticks a second in `/proc`, the same on every Linux there is.
const TICKS: f64 = 100.0;

/// A line of figures.
pub(crate) struct Line(String);

impl Line {
    pub(crate) fn new(load: &str) -> Self {
        Self(load.to_owned())
    }

    pub(crate) fn figure(mut self, name: &str, value: f64, digits: usize) -> Self {
        // Writing to a `String` does not fail.
        write!(self.0, " {name}={value:.digits$}").ok();
        self
    }

    /// What the server and this process used for so many things.
    pub(crate) fn used(self, thing: &str, count: f64, used: &Used) -> Self {
        let line = match used.server {
            Some(seconds) => {
                self.figure(&format!("server_us_per_{thing}"), seconds * 1e6 / count, 2)
            }
            None => self,
        };
        line.figure("generator", used.generator / used.seconds, 2)
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// How long something takes, and how much processor time.
pub(crate) struct Watch {
    began: Instant,
    server: Option<u32>,
    before: (Option<f64>, f64),
}

/// What it took, in seconds.
pub(crate) struct Used {
    pub(crate) seconds: f64,
    /// Of the server's processor time, if it is known.
    server: Option<f64>,
    /// Of this process's.
    generator: f64,
}

impl Watch {
    pub(crate) fn start(target: &Target) -> Self {
        let server = target.pid;
        Self {
            began: Instant::now(),
            server,
            before: busy(server),
        }
    }

    pub(crate) fn stop(&self) -> Used {
        let (server, generator) = busy(self.server);
        Used {
            seconds: self.began.elapsed().as_secs_f64(),
            server: server.zip(self.before.0).map(|(now, before)| now - before),
            generator: generator - self.before.1,
        }
    }
}

/// The processor time of the server and of this process so far.
fn busy(server: Option<u32>) -> (Option<f64>, f64) {
    let server = server.and_then(|pid| busy_seconds(&format!("/proc/{pid}/stat")));
    (server, busy_seconds("/proc/self/stat").unwrap_or(0.0))
}

/// The processor time of a process, if the system tells.
fn busy_seconds(path: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(path).ok()?;
    // The name of the program, in brackets, may hold spaces. The 14th and 15th fields are user and system time.
    let mut fields = stat.rsplit(')').next()?.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

/// The memory of a process that is in use, in bytes.
pub(crate) fn resident_bytes(pid: u32) -> Result<f64, LoadError> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0).ok_or(LoadError::Proc(path))
}
