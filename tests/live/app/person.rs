//! Somebody at the desk with a Callsign of their own.

use std::process::{Command, Stdio};

use super::desk::Desk;
use super::eyes::{Eyes, Seen};
use super::programs::{Running, said, wait};

/// A build to try in the place of the debug one.
const OTHER_BUILD: &str = "APP_UNDER_TEST";

/// AT-SPI's number of what is read only.
const LABEL: u32 = 29;

/// The most that a window manager's frame adds at the left, in pixels.
const FRAME: u32 = 50;

/// Somebody, whose window is open.
pub(super) struct Person<'a> {
    name: &'static str,
    desk: &'a Desk,
    eyes: &'a Eyes,
    app: Running,
}

impl<'a> Person<'a> {
    /// Opens the window of a profile at a place on the screen.
    pub(super) fn open(desk: &'a Desk, eyes: &'a Eyes, name: &'static str, x: u32) -> Self {
        Self::start(desk, eyes, name, x, |_| {})
    }

    /// The same, at a sound server, and signs in.
    pub(super) fn signed_in_at(
        desk: &'a Desk,
        eyes: &'a Eyes,
        name: &'static str,
        x: u32,
        sound: &str,
    ) -> Self {
        let person = Self::start(desk, eyes, name, x, |command| {
            command.env("PULSE_SERVER", sound);
        });
        person.sign_in();
        person
    }

    /// Opens the window with the address of a server, and signs in there.
    pub(super) fn signed_in_by(
        desk: &'a Desk,
        eyes: &'a Eyes,
        name: &'static str,
        server: &str,
    ) -> Self {
        let person = Self::start(desk, eyes, name, 0, |command| {
            command.args(["--server", server]);
        });
        person.sign_in();
        person
    }

    /// Starts the app of a profile, and looks at nothing of it.
    #[track_caller]
    pub(super) fn launch(desk: &Desk, name: &str, more: impl FnOnce(&mut Command)) -> Running {
        let build = std::env::var(OTHER_BUILD);
        let build = build.as_deref().unwrap_or(env!("CARGO_BIN_EXE_callsign"));
        let mut command = desk.command(build);
        command
            .args(["--profile", name, "--data"])
            .arg(desk.data())
            .stdout(Stdio::null());
        more(&mut command);
        Running::start(&mut command)
    }

    fn start(
        desk: &'a Desk,
        eyes: &'a Eyes,
        name: &'static str,
        x: u32,
        more: impl FnOnce(&mut Command),
    ) -> Self {
        let app = Self::launch(desk, name, more);
        let person = Self {
            name,
            desk,
            eyes,
            app,
        };
        person.stand_at(x);
        person
    }

    /// Moves the window there. Whoever only waits for it to move waits for ever where it stands there already.
    #[track_caller]
    fn stand_at(&self, x: u32) {
        let window = self.window(&self.title());
        let place = x.to_string();
        wait(&format!("{} at {x}", self.title()), || {
            self.desk.xdotool(&["windowmove", &window, &place, "0"]);
            let shape = self.geometry(&window);
            (f64::from(x)..f64::from(x + FRAME)).contains(&side(&shape, "X="))
        });
    }

    /// The same, and signs in.
    pub(super) fn signed_in(desk: &'a Desk, eyes: &'a Eyes, name: &'static str, x: u32) -> Self {
        let person = Self::open(desk, eyes, name, x);
        person.sign_in();
        person
    }

    /// Types one's callsign and signs in on this computer.
    fn sign_in(&self) {
        self.click("Your callsign");
        self.type_text(self.name);
        self.key("Return");
        self.see("Chats");
    }

    /// Waits until something bears this name.
    #[track_caller]
    pub(super) fn see(&self, name: &str) -> Seen {
        self.look(name, |seen| seen.name == name)
    }

    /// Waits until a name holds this.
    #[track_caller]
    pub(super) fn see_part(&self, part: &str) -> Seen {
        self.look(part, |seen| seen.name.contains(part))
    }

    /// Waits until nothing bears this name any more.
    #[track_caller]
    pub(super) fn see_no(&self, name: &str) {
        let what = format!("end of {name:?} at {}", self.name);
        self.eyes.wait(self.process(), &what, |all| {
            all.iter().all(|seen| seen.name != name).then_some(())
        });
    }

    /// Waits until no name holds this any more.
    #[track_caller]
    pub(super) fn see_no_part(&self, part: &str) {
        let what = format!("end of names with {part:?} at {}", self.name);
        self.eyes.wait(self.process(), &what, |all| {
            let none = all.iter().all(|seen| !seen.name.contains(part));
            none.then_some(())
        });
    }

    /// Waits until the line of this name holds a text.
    #[track_caller]
    pub(super) fn see_typed(&self, name: &str, text: &str) {
        wait(&format!("{text:?} in {name:?}"), || {
            self.eyes.text(&self.see(name)) == text
        });
    }

    /// Clicks on what bears this name, perhaps with its state behind a comma.
    #[track_caller]
    pub(super) fn click(&self, name: &str) {
        let bears = |seen: &Seen| {
            let state = seen.name.strip_prefix(name);
            state.is_some_and(|state| state.is_empty() || state.starts_with(", "))
        };
        // Words beside a control often bear its name.
        let find = || self.look(name, |seen| bears(seen) && seen.role != LABEL);
        self.come_forward(&find().window);
        // It may have moved while its window came.
        let (x, y) = self.eyes.middle(&find());
        let (x, y) = (x.to_string(), y.to_string());
        self.desk
            .xdotool(&["mousemove", "--sync", &x, &y, "click", "1"]);
    }

    /// Types into what has the keyboard.
    pub(super) fn type_text(&self, text: &str) {
        self.desk.xdotool(&["type", "--delay", "10", text]);
    }

    /// The same for what is on no key: the keyboard is given keys for it, and programs have to learn of them.
    pub(super) fn type_slowly(&self, text: &str) {
        self.desk.xdotool(&["type", "--delay", "300", text]);
    }

    /// Clicks into the window of calls, at these parts of its width and height, when the one in front is with `peer`.
    pub(super) fn click_in_call(&self, peer: &str, right: f64, down: f64) {
        let window = self.window(&format!("{peer} - {}", self.title()));
        let shape = self.geometry(&window);
        let at = |part: f64, side: f64| ((part * side).round() as u32).to_string();
        let (x, y) = (
            at(right, side(&shape, "WIDTH=")),
            at(down, side(&shape, "HEIGHT=")),
        );
        self.desk
            .xdotool(&["mousemove", "--window", &window, &x, &y, "click", "1"]);
    }

    /// Presses keys together: `ctrl+n`.
    pub(super) fn key(&self, keys: &str) {
        self.desk.xdotool(&["key", keys]);
    }

    /// Lets one's main window have the keyboard.
    pub(super) fn turn_to(&self) {
        self.come_forward(&self.title());
    }

    /// Writes to somebody for the first time.
    pub(super) fn write_to(&self, account: &str) {
        self.turn_to();
        self.key("ctrl+n");
        self.see("Callsign");
        self.type_text(account);
        self.key("Return");
        self.see(&format!("Message {account}"));
    }

    /// Sends what is said in the conversation that is open.
    pub(super) fn say(&self, text: &str) {
        self.type_text(text);
        self.key("Return");
        self.see(text);
    }

    /// Comes into a room.
    pub(super) fn join(&self, room: &str) {
        self.turn_to();
        self.key("ctrl+j");
        self.see("Name of the room");
        self.type_text(room);
        self.key("Return");
        self.see(&format!("Message #{room}"));
    }

    /// Makes one's main window an icon.
    pub(super) fn minimise(&self) {
        let window = self.window(&self.title());
        self.desk.xdotool(&["windowminimize", "--sync", &window]);
    }

    /// `kill -9`.
    pub(super) fn kill(mut self) {
        self.app.0.kill().expect("killed");
        self.app.0.wait().expect("over");
    }

    /// Sends a signal: `STOP`, `CONT`.
    #[track_caller]
    pub(super) fn signal(&self, name: &str) {
        let process = self.process().to_string();
        let kill = Command::new("kill").args(["-s", name, &process]).status();
        assert!(kill.expect("kill").success());
    }

    /// What the system sends before it ends.
    #[track_caller]
    pub(super) fn terminate(mut self) {
        self.signal("TERM");
        let status = self.app.0.wait().expect("over");
        assert!(status.success(), "{status}");
    }

    fn process(&self) -> u32 {
        self.app.0.id()
    }

    fn title(&self) -> String {
        format!("Callsign ({})", self.name)
    }

    #[track_caller]
    fn look(&self, what: &str, mut one: impl FnMut(&Seen) -> bool) -> Seen {
        let what = format!("{what:?} at {}", self.name);
        self.eyes.wait(self.process(), &what, |all| {
            all.iter().find(|seen| one(seen)).cloned()
        })
    }

    fn geometry(&self, window: &str) -> String {
        self.desk.xdotool(&["getwindowgeometry", "--shell", window])
    }

    fn come_forward(&self, title: &str) {
        let window = self.window(title);
        self.desk.xdotool(&["windowactivate", "--sync", &window]);
    }

    /// The display's number of one's window with this title, as soon as it is there.
    fn window(&self, title: &str) -> String {
        let process = self.process().to_string();
        let title = format!("^{}$", title.replace('(', "\\(").replace(')', "\\)"));
        let mut found = None;
        wait(&format!("window {title} of {}", self.name), || {
            let mut search = self.desk.command("xdotool");
            search.args(["search", "--onlyvisible", "--all", "--pid", &process]);
            let all = said(search.args(["--name", &title]));
            found = all.and_then(|all| all.lines().next().map(str::to_owned));
            found.is_some()
        });
        found.expect("waited for")
    }
}

/// A number of a window's geometry.
#[track_caller]
fn side(shape: &str, name: &str) -> f64 {
    let line = shape.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|side| side.parse().ok()).expect("a number")
}
