//! Pictures of the screens, of a state made up for it. Those that matter most are pinned: `tests/ui/pictures` has them, and
//! `UPDATE_SNAPSHOTS=1` paints them anew. `PICTURES=DIR` leaves all screens in all sizes there, to be looked at.

mod painter;
mod scenes;

use std::path::{Path, PathBuf};

use egui::{Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};

use super::Screens;
use crate::app::msg::{Msg, SettingsMsg};
use crate::app::state::Look;
use crate::app::state::tests::Story;
use painter::Painter;
use scenes::{SCENES, Scene};

/// The sizes that windows are looked at in.
const SIZES: [Vec2; 3] = [vec2(1400.0, 900.0), vec2(900.0, 600.0), vec2(360.0, 640.0)];
/// As in the drawings that the app is made after.
const PINNED_SIZE: Vec2 = vec2(1280.0, 800.0);

/// A state and its views.
struct Stage {
    story: Story,
    screens: Screens,
    out: Vec<Msg>,
}

impl Stage {
    fn frame(ui: &mut egui::Ui, stage: &mut Self) {
        let Self {
            story,
            screens,
            out,
        } = stage;
        screens.look(ui.ctx(), story.state.settings());
        super::root_ui(ui, &story.state, story.now, screens, out);
        for msg in std::mem::take(out) {
            // There is no world to do it in.
            drop(story.tell(msg));
        }
    }
}

/// A screen, drawn until nothing moves.
fn show(scene: &Scene, look: Look, size: Vec2) -> Harness<'static, Stage> {
    let mut story = (scene.story)();
    drop(story.tell(Msg::Settings(SettingsMsg::Theme(Some(look)))));
    let stage = Stage {
        story,
        screens: Screens::default(),
        out: Vec::new(),
    };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_context_setup(super::install)
        .renderer(Painter::default())
        .build_ui_state(Stage::frame, stage);
    harness.run_ok();
    (scene.act)(&mut harness);
    harness.run_ok();
    harness
}

/// Whatever bears a name stands within the window, however narrow that is.
#[test]
fn nothing_is_cut_off_at_the_edges_of_the_window() {
    let folder = std::env::var_os("PICTURES").map(PathBuf::from);
    let mut outside = Vec::new();
    for scene in &SCENES {
        for size in SIZES {
            let light = show(scene, Look::Light, size);
            outside.extend(
                beyond(&light, size).map(|what| format!("{} at {size}: {what}", scene.name)),
            );
            if let Some(folder) = &folder {
                leave(folder, light, scene, "light", size);
                leave(folder, show(scene, Look::Dark, size), scene, "dark", size);
            }
        }
    }
    assert!(outside.is_empty(), "{}", outside.join("\n"));
}

/// What bears a name and reaches beyond the left or the right edge. Above and below there may be more to scroll to.
fn beyond(harness: &Harness<'static, Stage>, size: Vec2) -> impl Iterator<Item = String> {
    harness.query_all(By::new()).filter_map(move |node| {
        let node = node.accesskit_node();
        let (name, place) = (node.label()?, node.bounding_box()?);
        let within = place.x0 >= -0.5 && place.x1 <= f64::from(size.x) + 0.5;
        (!within).then(|| format!("{name:?} from {} to {}", place.x0, place.x1))
    })
}

fn leave(
    folder: &Path,
    mut harness: Harness<'static, Stage>,
    scene: &Scene,
    look: &str,
    size: Vec2,
) {
    let picture = harness.render().expect("a picture");
    let name = format!("{}-{}-{look}.png", scene.name, size.x);
    picture.save(folder.join(name)).expect("saved");
}
