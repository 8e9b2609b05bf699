//! Pictures of the screens, of a state made up for it. Those that matter most are pinned: `tests/ui/pictures` has them, and
//! `UPDATE_SNAPSHOTS=1` paints them anew. `PICTURES=DIR` leaves all screens in all sizes there, to be looked at.

mod checks;
mod devices;
mod failures;
mod painter;
mod pinned;
mod presses;
mod recordings;
mod scenes;
mod signing_in;
mod stories;

use std::sync::{Arc, Mutex};

use egui::{Vec2, vec2};
use egui_kittest::Harness;

use super::{CallDraft, Screens, call_window_size, call_window_ui};
use crate::app::msg::{Msg, SettingsMsg};
use crate::app::state::Look;
use crate::app::state::tests::Story;
use painter::{Inked, Painter};
use scenes::{SCENES, Scene, View};

/// The sizes that windows are looked at in.
const SIZES: [Vec2; 3] = [vec2(1400.0, 900.0), vec2(900.0, 600.0), vec2(360.0, 640.0)];

/// A state and its views.
struct Stage {
    view: View,
    story: Story,
    screens: Screens,
    calls: CallDraft,
    out: Vec<Msg>,
}

impl Stage {
    fn frame(ui: &mut egui::Ui, stage: &mut Self) {
        let Self {
            view,
            story,
            screens,
            calls,
            out,
        } = stage;
        screens.look(ui.ctx(), story.state.settings());
        // The harness leaves a margin, which no window has.
        let window = ui.ctx().viewport_rect();
        ui.scope_builder(egui::UiBuilder::new().max_rect(window), |ui| {
            ui.set_clip_rect(window);
            match view {
                View::Window | View::Beside => {
                    super::root_ui(ui, &story.state, story.now, screens, out);
                }
                View::Calls => {
                    let all = story.here().calls.all();
                    call_window_ui(ui, all, story.state.audio(), story.now, calls, out);
                }
            }
        });
        for msg in std::mem::take(out) {
            // There is no world to do it in.
            drop(story.tell(msg));
        }
    }
}

/// A screen that stands still.
struct Shown {
    harness: Harness<'static, Stage>,
    /// What was painted last.
    inked: Arc<Mutex<Vec<Inked>>>,
}

/// The scene of this name.
fn scene(name: &str) -> &'static Scene {
    let mut scenes = SCENES.iter();
    scenes.find(|scene| scene.name == name).expect("a scene")
}

/// A screen, drawn until nothing moves. The window of calls has a size of its own.
fn show(scene: &Scene, look: Look, size: Vec2) -> Shown {
    let mut story = (scene.story)();
    drop(story.tell(Msg::Settings(SettingsMsg::Theme(Some(look)))));
    let stage = Stage {
        view: scene.view,
        story,
        screens: Screens::default(),
        calls: CallDraft::default(),
        out: Vec::new(),
    };
    let painter = Painter::default();
    let inked = Arc::clone(&painter.inked);
    let beside = scene.view == View::Beside;
    let mut harness = Harness::builder()
        .with_size(size)
        .with_context_setup(move |ctx| {
            super::install(ctx);
            ctx.set_embed_viewports(!beside);
        })
        .renderer(painter)
        .build_ui_state(Stage::frame, stage);
    let fit = |harness: &mut Harness<'static, Stage>| {
        if scene.view == View::Calls {
            let stage = harness.state();
            let story = &stage.story;
            let all = story.here().calls.all();
            let size = call_window_size(all, story.state.audio(), &stage.calls);
            harness.set_size(size);
        }
        harness.run_ok();
    };
    fit(&mut harness);
    (scene.act)(&mut harness);
    harness.run_ok();
    // The mouse goes away.
    harness.event(egui::Event::PointerGone);
    fit(&mut harness);
    Shown { harness, inked }
}
