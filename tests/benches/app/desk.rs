//! A display whose memory is a file: what is on the screen is read without asking anybody.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The display, in pixels; the window that is measured covers it.
pub(super) const WIDTH: usize = 1180;
pub(super) const HEIGHT: usize = 760;
/// One row of so many is looked at.
const EVERY: usize = 5;
/// How much of a picture may differ: a caret, a dot of presence, a minute that has passed.
const DIFFERENT: f64 = 0.005;
/// How long a window may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A display, a window manager, and a bus of its own.
pub(super) struct Desk {
    display: String,
    screen: PathBuf,
    home: PathBuf,
    programs: Vec<Child>,
}

/// Rows of the screen.
pub(super) type Picture = Vec<u8>;

impl Desk {
    pub(super) fn new(folder: &Path) -> Self {
        let mut display = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-nolisten",
                "tcp",
                "-noreset",
                "-nocursor",
            ])
            .args(["-screen", "0", &format!("{WIDTH}x{HEIGHT}x24"), "-fbdir"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb");
        let mut number = String::new();
        BufReader::new(display.stdout.take().expect("piped"))
            .read_line(&mut number)
            .expect("a line");
        let mut desk = Self {
            display: format!(":{}", number.trim()),
            screen: folder.join("Xvfb_screen0"),
            home: folder.to_owned(),
            programs: Vec::new(),
        };
        // Windows without frames at the corner: a picture is the window.
        let config = folder.join("openbox.xml");
        let rules = "<openbox_config xmlns='http://openbox.org/3.4/rc'><applications>\
            <application class='*'><decor>no</decor><maximized>yes</maximized></application>\
            </applications></openbox_config>";
        std::fs::write(&config, rules).expect("written");
        let manager = desk
            .command("openbox")
            .arg("--config-file")
            .arg(&config)
            .stderr(Stdio::null())
            .spawn()
            .expect("openbox");
        desk.programs = vec![manager, display];
        while !desk.xdotool(&["get_num_desktops"]) {}
        // What lies under the pointer changes its colour, some time after the picture is complete.
        assert!(desk.xdotool(&["mousemove", "0", "0"]));
        desk
    }

    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.display)
            .env("HOME", &self.home)
            .env("XDG_RUNTIME_DIR", &self.home)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("PULSE_SERVER");
        command
    }

    /// Lets time pass.
    pub(super) fn pass(&self, time: Duration) {
        std::thread::sleep(time);
    }

    pub(super) fn minimise(&self) {
        assert!(self.xdotool(&[
            "search",
            "--onlyvisible",
            "--name",
            "Callsign",
            "windowminimize"
        ]));
    }

    /// What is on the screen.
    pub(super) fn picture(&self) -> Picture {
        let mut file = File::open(&self.screen).expect("the screen");
        let mut header = [0; 100];
        file.read_exact(&mut header).expect("a header");
        // X11/XWDFile.h: sizes in big-endian words; behind the header, 12 bytes for each colour, then rows.
        let word = |index: usize| {
            let bytes = header[index * 4..index * 4 + 4].try_into();
            u32::from_be_bytes(bytes.expect("four bytes")) as u64
        };
        let (begin, row) = (word(0) + 12 * word(19), word(12));
        let mut rows = Vec::new();
        let mut bytes = vec![0; usize::try_from(row).expect("fits")];
        for line in (0..HEIGHT).step_by(EVERY) {
            file.seek(SeekFrom::Start(begin + row * line as u64))
                .expect("a row");
            file.read_exact(&mut bytes).expect("a row");
            rows.extend_from_slice(&bytes);
        }
        rows
    }

    /// Waits until nothing of the last window is left.
    pub(super) fn clear(&self) {
        let latest = Instant::now() + PATIENCE;
        while self
            .picture()
            .chunks(4)
            .any(|pixel| pixel[..3] != [0, 0, 0])
        {
            assert!(Instant::now() < latest, "the screen does not get empty");
            self.pass(Duration::from_millis(20));
        }
    }

    /// How long after `began` the screen shows this picture.
    pub(super) fn until(&self, wanted: &Picture, began: Instant) -> Duration {
        let most = (wanted.len() as f64 / 4.0 * DIFFERENT) as usize;
        loop {
            let now = self.picture();
            let pixels = now.chunks(4).zip(wanted.chunks(4));
            if pixels.filter(|(now, wanted)| now != wanted).count() <= most {
                return began.elapsed();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the window never looks as it did"
            );
            self.pass(Duration::from_millis(2));
        }
    }

    fn xdotool(&self, arguments: &[&str]) -> bool {
        let mut command = self.command("xdotool");
        let status = command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        status.status().expect("xdotool").success()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for program in &mut self.programs {
            drop(program.kill());
            drop(program.wait());
        }
    }
}
