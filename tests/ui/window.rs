//! A window of the app without a display, driven frame by frame until something is there.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use callsign::app::{App, Options, Profile};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use tempfile::TempDir;

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells a test that some worker has something new.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<(Mutex<u64>, Condvar)>);

impl Bell {
    fn ring(&self) {
        let (count, rung) = &*self.0;
        *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        rung.notify_all();
    }

    fn count(&self) -> u64 {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has been rung since the count was `seen`, or until `latest`.
    fn wait(&self, seen: u64, latest: Instant) {
        let (count, rung) = &*self.0;
        let count = count.lock().unwrap_or_else(PoisonError::into_inner);
        let left = latest.saturating_duration_since(Instant::now());
        drop(
            rung.wait_timeout_while(count, left, |count| *count == seen)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

/// A window.
pub(crate) struct Window {
    pub(crate) name: &'static str,
    harness: Harness<'static, App>,
    bell: Bell,
}

impl Window {
    /// Opens one of 1180 by 760 points, whose app keeps its data in `data`.
    pub(crate) fn open(name: &'static str, data: &Path, bell: &Bell) -> Self {
        Self::sized(name, data, bell, egui::vec2(1180.0, 760.0))
    }

    /// The same with another size.
    pub(crate) fn sized(name: &'static str, data: &Path, bell: &Bell, size: egui::Vec2) -> Self {
        let options = Options {
            profile: name.parse::<Profile>().expect("a profile"),
            server: None,
            theme: None,
            data: data.to_owned(),
        };
        let ring = bell.clone();
        let app = App::new(&options, move || ring.ring()).expect("threads");
        let frame = |ui: &mut egui::Ui, app: &mut App| {
            app.logic(ui.ctx());
            app.ui(ui);
        };
        let harness = Harness::builder()
            .with_size(size)
            .with_context_setup(callsign::app::install)
            .build_ui_state(frame, app);
        Self {
            name,
            harness,
            bell: bell.clone(),
        }
    }

    /// Draws frames until nothing moves, as far as it does within some.
    pub(crate) fn draw(&mut self) {
        self.harness.run_ok();
    }

    /// Presses what bears this name.
    #[track_caller]
    pub(crate) fn press(&mut self, name: &str) {
        self.see(name);
        self.harness.get_by_label(name).click();
        self.draw();
    }

    /// Presses what bears this name with the right button of the mouse.
    #[track_caller]
    pub(crate) fn right_click(&mut self, name: &str) {
        self.see(name);
        self.harness.get_by_label(name).click_secondary();
        self.draw();
    }

    /// Gives the keyboard to what bears this name.
    #[track_caller]
    pub(crate) fn focus(&mut self, name: &str) {
        self.see(name);
        self.harness.get_by_label(name).focus();
        self.draw();
    }

    /// Presses what copies something, and gives what was copied.
    #[track_caller]
    pub(crate) fn copy_by(&mut self, name: &str) -> String {
        self.see(name);
        self.harness.get_by_label(name).click();
        // The mouse moves, is pressed and let go, each in a frame.
        for _ in 0..8 {
            self.harness.step();
            let commands = &self.harness.output().platform_output.commands;
            let copied = commands.iter().find_map(|command| {
                if let egui::OutputCommand::CopyText(text) = command {
                    Some(text.clone())
                } else {
                    None
                }
            });
            if let Some(copied) = copied {
                return copied;
            }
        }
        panic!("{}: {name:?} copies nothing", self.name);
    }

    /// The names of everything that can be pressed, switched or typed into.
    pub(crate) fn controls(&self) -> Vec<String> {
        use egui::accesskit::Role;
        let nodes = self.harness.query_all(By::new());
        let controls = nodes.filter_map(|node| {
            let node = node.accesskit_node();
            let control = matches!(
                node.role(),
                Role::Button
                    | Role::Switch
                    | Role::RadioButton
                    | Role::CheckBox
                    | Role::ComboBox
                    | Role::Slider
                    | Role::Link
                    | Role::TextInput
                    | Role::MultilineTextInput
            );
            control.then(|| node.label()).flatten()
        });
        controls.collect()
    }

    /// Scrolls to what bears this name, and presses it.
    #[track_caller]
    pub(crate) fn reach(&mut self, name: &str) {
        self.see(name);
        self.harness.get_by_label(name).scroll_to_me();
        self.draw();
        self.press(name);
    }

    /// Types into what has the keyboard.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.draw();
    }

    /// Types so fast that it all comes in one frame; a line break is Enter.
    pub(crate) fn type_at_once(&mut self, text: &str) {
        for character in text.chars() {
            if character != '\n' {
                self.harness.event(egui::Event::Text(character.into()));
                continue;
            }
            for pressed in [true, false] {
                self.harness.event(egui::Event::Key {
                    key: egui::Key::Enter,
                    physical_key: None,
                    pressed,
                    repeat: false,
                    modifiers: egui::Modifiers::NONE,
                });
            }
        }
        self.draw();
    }

    /// Clicks into the line of this name and types.
    #[track_caller]
    pub(crate) fn fill(&mut self, name: &str, text: &str) {
        self.see(name);
        self.harness.get_by_label(name).focus();
        self.draw();
        self.type_text(text);
    }

    /// Clicks into the line of this name and types in the place of what is there.
    #[track_caller]
    pub(crate) fn replace(&mut self, name: &str, text: &str) {
        self.see(name);
        self.harness.get_by_label(name).focus();
        self.draw();
        self.key(egui::Modifiers::COMMAND, egui::Key::A);
        self.type_text(text);
    }

    /// Drops a file.
    pub(crate) fn drop_file(&mut self, name: &str) {
        let file = Arc::new(Dropped(name.into()));
        self.harness.input_mut().dropped_files.push(file);
        self.draw();
    }

    /// The name of what has the keyboard.
    pub(crate) fn focused(&self) -> Option<String> {
        let mut nodes = self.harness.query_all(By::new());
        let node = nodes.find(|node| node.accesskit_node().is_focused())?;
        node.accesskit_node().label()
    }

    /// Whether the switch of this name is on.
    #[track_caller]
    pub(crate) fn is_on(&mut self, name: &str) -> bool {
        self.see(name);
        let node = self.harness.get_by_label(name);
        node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    }

    /// Whether the choice of this name is the one.
    pub(crate) fn is_chosen(&self, name: &str) -> bool {
        let node = self.harness.get_by_label(name);
        let node = node.accesskit_node();
        node.toggled() == Some(egui::accesskit::Toggled::True) || node.is_selected() == Some(true)
    }

    /// Whether all of what bears this name is within the width of the window.
    #[track_caller]
    pub(crate) fn fits(&mut self, name: &str) -> bool {
        self.see(name);
        let window = self.harness.ctx.content_rect().x_range();
        let rect = self.harness.get_by_label(name).rect();
        window.contains(rect.left()) && window.contains(rect.right())
    }

    /// Whether it is dark.
    pub(crate) fn dark(&self) -> bool {
        self.harness.ctx.global_style().visuals.dark_mode
    }

    /// How large everything is.
    pub(crate) fn zoom(&self) -> f32 {
        self.harness.ctx.zoom_factor()
    }

    /// Presses a key together with others.
    pub(crate) fn key(&mut self, modifiers: egui::Modifiers, key: egui::Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.draw();
    }

    /// Whether something bears this name, or says these words.
    pub(crate) fn shows(&self, name: &str) -> bool {
        self.harness.query_all_by_label(name).next().is_some()
    }

    /// Opens the conversation with somebody.
    #[track_caller]
    pub(crate) fn write_to(&mut self, account: &str) {
        self.see_part("Chats");
        self.key(egui::Modifiers::COMMAND, egui::Key::N);
        self.fill("Callsign", account);
        self.press("Write");
        self.see(&format!("Message {account}"));
    }

    /// How often something bears this name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.harness.query_all_by_label(name).count()
    }

    /// Whether a name or words hold this.
    pub(crate) fn shows_part(&self, part: &str) -> bool {
        self.harness
            .query_all_by_label_contains(part)
            .next()
            .is_some()
    }

    /// Waits until something bears this name.
    #[track_caller]
    pub(crate) fn see(&mut self, name: &str) {
        let found = until(&mut [self], |windows| windows[0].shows(name));
        assert!(found, "{}: no {name:?} in\n{}", self.name, self.all());
    }

    /// Waits until something bears this name, which takes somebody else's window that goes on.
    #[track_caller]
    pub(crate) fn see_beside(&mut self, other: &mut Self, name: &str) {
        let found = until(&mut [self, other], |windows| windows[0].shows(name));
        assert!(found, "{}: no {name:?} in\n{}", self.name, self.all());
    }

    /// Waits until a name or words hold this, and gives them all.
    #[track_caller]
    pub(crate) fn name_with(&mut self, part: &str) -> String {
        self.see_part(part);
        let found = self.harness.get_by_label_contains(part);
        found.accesskit_node().label().expect("a name")
    }

    /// Waits until a name or words hold this.
    #[track_caller]
    pub(crate) fn see_part(&mut self, part: &str) {
        let found = until(&mut [self], |windows| windows[0].shows_part(part));
        assert!(found, "{}: no {part:?} in\n{}", self.name, self.all());
    }

    /// Waits until the line of this name holds a text.
    #[track_caller]
    pub(crate) fn see_value(&mut self, name: &str, value: &str) {
        let holds = |window: &Window| {
            let mut nodes = window.harness.query_all_by_label(name);
            nodes.any(|node| node.accesskit_node().value().as_deref() == Some(value))
        };
        let found = until(&mut [self], |windows| holds(windows[0]));
        assert!(found, "{}: {name:?} does not hold {value:?}", self.name);
    }

    /// Waits until nothing bears this name any more.
    #[track_caller]
    pub(crate) fn see_no(&mut self, name: &str) {
        let gone = until(&mut [self], |windows| !windows[0].shows(name));
        assert!(gone, "{}: {name:?} is still there", self.name);
    }

    /// Everything that a screen reader could say, for a test that fails.
    fn all(&self) -> String {
        let nodes = self.harness.query_all(By::new());
        let lines = nodes.filter_map(|node: Node<'_>| {
            let node = node.accesskit_node();
            let (label, value) = (node.label(), node.value());
            let text = label.as_ref().or(value.as_ref())?;
            Some(format!("{:?} {text:?}", node.role()))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A file that is dropped, and has nothing in it.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

/// A window whose account, named like it, is signed in on this computer.
pub(crate) fn signed_in(name: &'static str, data: &Path, bell: &Bell) -> Window {
    let mut window = Window::open(name, data, bell);
    window.fill("Your callsign", name);
    window.press("Sign in");
    window.see("Chats");
    window
}

/// Ann alone, signed in on this computer; her data go with the folder.
pub(crate) fn alone() -> (TempDir, Window) {
    let data = tempfile::tempdir().expect("a directory");
    let ann = signed_in("ann", data.path(), &Bell::default());
    (data, ann)
}

/// Ann and Bob, signed in by the server that Ann's window started.
pub(crate) fn two() -> (TempDir, Window, Window) {
    let data = tempfile::tempdir().expect("a directory");
    let bell = Bell::default();
    let ann = signed_in("ann", data.path(), &bell);
    let bob = signed_in("bob", data.path(), &bell);
    (data, ann, bob)
}

/// Draws all windows until something holds, waiting for the workers in between; whether it came to hold.
pub(crate) fn until(windows: &mut [&mut Window], holds: impl Fn(&[&mut Window]) -> bool) -> bool {
    let latest = Instant::now() + PATIENCE;
    loop {
        let bell = windows[0].bell.clone();
        let seen = bell.count();
        for window in windows.iter_mut() {
            window.draw();
        }
        if holds(windows) {
            return true;
        }
        if Instant::now() >= latest {
            return false;
        }
        bell.wait(seen, latest);
    }
}
