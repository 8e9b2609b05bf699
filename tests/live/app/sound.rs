//! Calls that are heard: two apps, each at a sound server of its own, with null sinks for microphone and speaker.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use callsign::voice::wav::WavSource;

use super::desk::Desk;
use super::eyes::Eyes;
use super::person::Person;
use super::programs::{Running, wait};
use crate::likeness;

/// Samples a second of what is recorded.
const RATE: usize = 48_000;

/// A sound server with a microphone, into which a test speaks, and a speaker, at which it listens.
struct SoundServer {
    address: String,
    _server: Running,
}

impl SoundServer {
    fn start(folder: &Path, name: &str) -> Self {
        let home = folder.join(name);
        std::fs::create_dir_all(&home).expect("a folder");
        let socket = home.join("sound.socket");
        let native = format!(
            "--load=module-native-protocol-unix auth-anonymous=1 socket={}",
            socket.display()
        );
        let mut command = Command::new("pulseaudio");
        command
            .args([
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
            ])
            .args([
                "--load=module-null-sink sink_name=mouth",
                "--load=module-null-sink sink_name=ear",
            ])
            .arg(native)
            .env("HOME", &home)
            .env("XDG_RUNTIME_DIR", &home)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Self {
            address: format!("unix:{}", socket.display()),
            _server: Running::start(&mut command),
        };
        wait("a sound server", || server.pactl(&["info"]));
        assert!(server.pactl(&["set-default-sink", "ear"]));
        assert!(server.pactl(&["set-default-source", "mouth.monitor"]));
        server
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("PULSE_SERVER", &self.address);
        command
    }

    fn pactl(&self, words: &[&str]) -> bool {
        let mut command = self.command("pactl");
        let command = command.args(words).stdin(Stdio::null());
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// Says a file into the microphone.
    fn say(&self, file: &Path) -> Running {
        let mut command = self.command("paplay");
        Running::start(command.arg("--device=mouth").arg(file))
    }
}

/// What is recorded of a device, and when its first sample was there.
struct Recording {
    shared: Arc<Mutex<Recorded>>,
    _program: Running,
}

#[derive(Default)]
struct Recorded {
    samples: Vec<f32>,
    start: Option<Instant>,
}

impl Recording {
    fn start(server: &SoundServer, device: &str) -> Self {
        let mut command = server.command("parec");
        command
            .arg(format!("--device={device}"))
            .args([
                "--format=s16le",
                "--channels=1",
                "--rate=48000",
                "--latency-msec=10",
            ])
            .stdout(Stdio::piped());
        let mut program = Running::start(&mut command);
        let mut out = program.0.stdout.take().expect("piped");
        let shared: Arc<Mutex<Recorded>> = Arc::default();
        let writes = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut bytes = [0; 960];
            while out.read_exact(&mut bytes).is_ok() {
                let now = Instant::now();
                let mut recorded = writes.lock().expect("nobody panics with it");
                let samples = bytes.as_chunks::<2>().0.iter();
                recorded
                    .samples
                    .extend(samples.map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32_768.0));
                let length = recorded.samples.len() as u64 * 1_000_000 / RATE as u64;
                let start = now
                    .checked_sub(Duration::from_micros(length))
                    .expect("a time");
                // What came soonest says when it began.
                recorded.start = Some(recorded.start.map_or(start, |before| before.min(start)));
            }
        });
        let recording = Self {
            shared,
            _program: program,
        };
        wait("a recording", || recording.length() > 0);
        recording
    }

    fn length(&self) -> usize {
        self.shared
            .lock()
            .expect("nobody panics with it")
            .samples
            .len()
    }

    fn done(self) -> Recorded {
        std::mem::take(&mut *self.shared.lock().expect("nobody panics with it"))
    }
}

/// How loud something is, 200 times a second.
fn loudness(samples: &[f32]) -> Vec<f64> {
    likeness::loudness(samples, 200)
}

/// Somebody says a file; returns how alike to it what the other hears is, and how much later, in ms, for each stretch of
/// 1.5 s.
fn through(from: &SoundServer, to: &SoundServer, file: &Path) -> Vec<(f64, f64)> {
    let said = Recording::start(from, "mouth.monitor");
    let heard = Recording::start(to, "ear.monitor");
    let mut speaking = from.say(file);
    assert!(speaking.0.wait().expect("spoken").success());
    // What is under way comes as well.
    let end = heard.length() + RATE;
    wait("the end of it", || heard.length() >= end);
    let (said, heard) = (said.done(), heard.done());
    let (start, other) = (said.start.expect("begun"), heard.start.expect("begun"));
    let offset = other.saturating_duration_since(start).as_secs_f64() * 200.0
        - start.saturating_duration_since(other).as_secs_f64() * 200.0;
    let (said, heard) = (loudness(&said.samples), loudness(&heard.samples));
    let mut found = Vec::new();
    for (at, part) in said.chunks_exact(300).enumerate() {
        // Speech, with something to tell one part from another.
        if part.iter().filter(|level| **level > -40.0).count() < 100 {
            continue;
        }
        let best = (0..heard.len().saturating_sub(300))
            .map(|lag| (likeness::alike(part, &heard[lag..lag + 300]), lag))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let (likeness, lag) = best.expect("something was heard");
        let ms = (lag as f64 + offset - (at * 300) as f64) * 5.0;
        found.push((likeness, ms));
    }
    found
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[track_caller]
fn assert_through(name: &str, from: &SoundServer, to: &SoundServer, file: &Path) {
    let found = through(from, to, file);
    let likeness = median(found.iter().map(|(likeness, _)| *likeness).collect());
    let ms = median(found.iter().map(|(_, ms)| *ms).collect());
    println!("{name}: {likeness:.2} like what was said, {ms:.0} ms later: {found:.2?}");
    assert!(likeness > 0.75, "{name}: {likeness:.2}");
    // The bench has the figure; here much else goes on.
    assert!((0.0..600.0).contains(&ms), "{name}: {ms:.0} ms");
}

/// What comes out of a speaker for so long, in dBFS.
fn level(at: &SoundServer, time: Duration) -> f64 {
    let heard = Recording::start(at, "ear.monitor");
    let length = time.as_millis() as usize * RATE / 1_000;
    wait("a recording", || heard.length() >= length);
    let heard = heard.done();
    loudness(&heard.samples).into_iter().fold(-60.0, f64::max)
}

fn speech(folder: &Path, name: &str, voice: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    let mut command = Command::new("espeak-ng");
    command.args(["-v", voice, "-w"]).arg(&path).arg(text);
    assert!(command.status().expect("espeak-ng").success());
    let bytes = std::fs::read(&path).expect("a file");
    WavSource::read(&bytes).expect("a sound");
    path
}

#[test]
fn two_apps_hear_each_other_and_mute_hold_and_pulled_devices_are_followed() {
    let desk = Desk::new();
    let eyes = Eyes::open(&desk);
    let folder = tempfile::tempdir().expect("a folder");
    let [anns, bobs] = ["ann", "bob"].map(|name| SoundServer::start(folder.path(), name));
    let a = speech(
        folder.path(),
        "a.wav",
        "en-gb",
        "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. \
         It is easy to tell the depth of a well.",
    );
    let b = speech(
        folder.path(),
        "b.wav",
        "en-us+f3",
        "These days a chicken leg is a rare dish. Rice is often served in round bowls. \
         The juice of lemons makes fine punch.",
    );
    let ann = Person::signed_in_at(&desk, &eyes, "ann", 0, &anns.address);
    let bob = Person::signed_in_at(&desk, &eyes, "bob", 1200, &bobs.address);
    ann.write_to("bob");
    ann.click("Call bob");
    bob.click("Answer ann");
    ann.see_part("Opus");
    bob.see_part("Opus");

    // The first seconds are for noise, level and clocks to be learned.
    through(&anns, &bobs, &a);
    assert_through("ann to bob", &anns, &bobs, &a);
    assert_through("bob to ann", &bobs, &anns, &b);

    ann.click("Mute the call with bob");
    ann.see("Unmute the call with bob");
    let speaking = anns.say(&a);
    let muted = level(&bobs, Duration::from_secs(3));
    drop(speaking);
    println!("muted: {muted:.0} dBFS");
    assert!(muted < -50.0, "{muted:.0} dBFS");
    ann.click("Unmute the call with bob");
    assert_through("unmuted", &anns, &bobs, &a);

    bob.click("Hold the call with ann");
    ann.see("They put you on hold.");
    let tone = level(&anns, Duration::from_secs(6));
    println!("on hold: {tone:.0} dBFS");
    assert!((-50.0..-20.0).contains(&tone), "{tone:.0} dBFS");
    bob.click("Resume with ann");
    assert_through("resumed", &bobs, &anns, &b);

    // Bob's headset is pulled and plugged again.
    assert!(bobs.pactl(&["unload-module", "module-null-sink"]));
    bob.see("There is no speaker. Plug one in to hear them.");
    let plug = |sink: &str| {
        let name = format!("sink_name={sink}");
        assert!(bobs.pactl(&["load-module", "module-null-sink", &name]));
    };
    // Without its microphone at first: he listens.
    plug("ear");
    assert!(bobs.pactl(&["set-default-sink", "ear"]));
    bob.see("There is no microphone. They cannot hear you; plug one in.");
    through(&anns, &bobs, &a);
    assert_through("without a microphone", &anns, &bobs, &a);
    let nothing = level(&anns, Duration::from_secs(3));
    println!("without a microphone: {nothing:.0} dBFS");
    assert!(nothing < -50.0, "{nothing:.0} dBFS");
    plug("mouth");
    assert!(bobs.pactl(&["set-default-source", "mouth.monitor"]));
    bob.see_part("Opus");
    bob.see_no("There is no microphone. They cannot hear you; plug one in.");
    through(&bobs, &anns, &b);
    assert_through("plugged again", &bobs, &anns, &b);
    assert_through("plugged again", &anns, &bobs, &a);
    ann.click("Hang up on bob");
    bob.see("ann: They hung up");
}
