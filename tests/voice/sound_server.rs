//! A call whose microphones and speakers are those of a sound server: PulseAudio with two null sinks. Each sink's monitor is
//! what a speaker plays into and a microphone hears.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use callsign::voice::device::pulse::{Choice, PulseDevice, devices};
use callsign::voice::device::{Device as _, Pace};
use callsign::voice::{BLOCK, RATE};
use tokio::sync::watch;

/// Tells the test within that it is, and where.
const WITHIN: &str = "CALLSIGN_TEST_SOUND";

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn server(folder: &Path) -> Running {
    let socket = folder.join("sound.socket");
    let native = format!(
        "--load=module-native-protocol-unix auth-anonymous=1 socket={}",
        socket.display()
    );
    let server = Command::new("pulseaudio")
        .args([
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
        ])
        .args([
            "--load=module-null-sink sink_name=one",
            "--load=module-null-sink sink_name=two",
        ])
        .arg(native)
        .env("HOME", folder)
        .env("XDG_RUNTIME_DIR", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pulseaudio (tests/run.sh installs it)");
    Running(server)
}

/// Runs this test once more, where the sound server is.
fn at_sound_server(name: &str, test: impl Future<Output = ()>) {
    if std::env::var_os(WITHIN).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(test);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let _server = server(folder.path());
    let socket = folder.path().join("sound.socket");
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args([name, "--exact", "--nocapture"])
        .env("PULSE_SERVER", format!("unix:{}", socket.display()))
        .env(WITHIN, folder.path())
        .status()
        .expect("this program");
    assert!(status.success(), "{status}");
}

/// Asks the server for something, in a thread that may wait.
async fn pactl(words: &'static [&'static str]) -> bool {
    let asked = tokio::task::spawn_blocking(move || {
        let mut command = Command::new("pactl");
        let command = command
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    });
    asked.await.is_ok_and(|said| said)
}

/// What the server says to that.
async fn pactl_says(words: Vec<String>) -> String {
    let asked = tokio::task::spawn_blocking(move || {
        let output = Command::new("pactl").args(words).output().expect("pactl");
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    asked.await.expect("no panic")
}

/// The first word of each line of a list that holds a text.
async fn listed(what: &str, holds: &str) -> Vec<String> {
    let words = ["list", "short", what].map(str::to_owned).to_vec();
    let list = pactl_says(words).await;
    let lines = list.lines().filter(|line| line.contains(holds));
    lines
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect()
}

/// The sinks into which something plays.
async fn played_into() -> Vec<String> {
    let words = ["list", "short", "sink-inputs"].map(str::to_owned).to_vec();
    let list = pactl_says(words).await;
    let lines = list.lines();
    lines
        .filter_map(|line| Some(line.split_whitespace().nth(1)?.to_owned()))
        .collect()
}

async fn wait_for_server() {
    let end = Instant::now() + Duration::from_secs(20);
    while !pactl(&["info"]).await {
        assert!(Instant::now() < end, "no sound server");
    }
}

/// One side: speaks into `speaker` and listens at `microphone`.
fn choice(microphone: &str, speaker: &str) -> Choice {
    Choice {
        microphone: Some(microphone.to_owned()),
        speaker: Some(speaker.to_owned()),
    }
}

/// Passes time: plays clicks of noise every half second, and returns when each was played and what was heard, by time.
async fn run(device: &mut PulseDevice, time: Duration) -> (Vec<Instant>, Vec<Instant>) {
    let (mut said, mut heard) = (Vec::new(), Vec::new());
    let mut random = fastrand::Rng::with_seed(1);
    let mut look = tokio::time::interval(Duration::from_millis(2));
    let (start, mut clicks, mut quiet) = (Instant::now(), Pace::default(), 0);
    let mut blocks = 0;
    while start.elapsed() < time {
        look.tick().await;
        let now = Instant::now();
        if clicks.due(now) {
            blocks += 1;
        }
        let mut block = [0.0; BLOCK];
        while device.wants(now) {
            block.fill(0.0);
            if blocks >= 50 {
                blocks = 0;
                block = std::array::from_fn(|_| random.f32() - 0.5);
                said.push(now);
            }
            device.play(&block);
        }
        while device.capture(now, &mut block) {
            let loud = block.iter().any(|sample| sample.abs() > 0.05);
            if loud && quiet > 10 {
                heard.push(now);
            }
            quiet = if loud { 0 } else { quiet + 1 };
        }
    }
    (said, heard)
}

#[test]
fn what_a_speaker_plays_a_microphone_hears_soon_and_again_after_a_device_was_pulled() {
    let name = "sound_server::what_a_speaker_plays_a_microphone_hears_soon_and_again_after_a_device_was_pulled";
    at_sound_server(name, async {
        wait_for_server().await;
        let found = devices().await.expect("devices");
        let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
        assert!(
            found.iter().all(|found| !found.microphone),
            "monitors are no microphones"
        );

        let (choice_tx, choice_rx) = watch::channel(choice("one.monitor", "one"));
        let mut device = PulseDevice::open(choice_rx);
        // It opens, and what the server needs to find its pace passes.
        run(&mut device, Duration::from_secs(2)).await;
        assert_eq!(device.present(), (true, true));
        let (said, heard) = run(&mut device, Duration::from_secs(6)).await;
        let mut delays: Vec<u128> = said
            .iter()
            .filter_map(|said| {
                let heard = heard.iter().find(|heard| *heard > said)?;
                Some(heard.duration_since(*said).as_millis())
            })
            .collect();
        delays.sort_unstable();
        println!("from play to capture: {delays:?} ms");
        assert!(
            delays.len() >= 8,
            "{} of {} heard",
            delays.len(),
            said.len()
        );
        let median = delays[delays.len() / 2];
        assert!(median < 150, "{median} ms, {RATE} Hz");

        // Another sink is chosen, and that one is pulled and plugged.
        choice_tx.send_replace(choice("two.monitor", "two"));
        run(&mut device, Duration::from_secs(2)).await;
        let (_, heard) = run(&mut device, Duration::from_secs(2)).await;
        assert!(heard.len() >= 2, "{} after the choice", heard.len());
        assert!(pactl(&["unload-module", "module-null-sink"]).await);
        run(&mut device, Duration::from_secs(2)).await;
        assert!(pactl(&["load-module", "module-null-sink", "sink_name=two"]).await);
        run(&mut device, Duration::from_secs(2)).await;
        let (_, heard) = run(&mut device, Duration::from_secs(2)).await;
        assert!(
            heard.len() >= 2,
            "{} after it was plugged again",
            heard.len()
        );
    });
}

#[test]
fn a_chosen_device_that_was_pulled_is_taken_back_when_it_is_plugged_again() {
    let name =
        "sound_server::a_chosen_device_that_was_pulled_is_taken_back_when_it_is_plugged_again";
    at_sound_server(name, async {
        wait_for_server().await;
        assert!(pactl(&["set-default-sink", "one"]).await);
        let (_choice_tx, choice_rx) = watch::channel(choice("two.monitor", "two"));
        let mut device = PulseDevice::open(choice_rx);
        run(&mut device, Duration::from_secs(2)).await;
        assert_eq!(played_into().await, listed("sinks", "two").await);

        for module in listed("modules", "sink_name=two").await {
            let words = vec!["unload-module".to_owned(), module];
            pactl_says(words).await;
        }
        run(&mut device, Duration::from_secs(2)).await;
        assert_eq!(device.present(), (true, true), "the other stands in");
        assert_eq!(played_into().await, listed("sinks", "one").await);
        let (_, heard) = run(&mut device, Duration::from_secs(2)).await;
        assert!(heard.len() >= 2, "{} by the other", heard.len());

        assert!(pactl(&["load-module", "module-null-sink", "sink_name=two"]).await);
        run(&mut device, Duration::from_secs(1)).await;
        let two = listed("sinks", "two").await;
        assert_eq!(two.len(), 1);
        assert_eq!(played_into().await, two);
        let (_, heard) = run(&mut device, Duration::from_secs(3)).await;
        assert!(heard.len() >= 2, "{} after it was back", heard.len());
    });
}
