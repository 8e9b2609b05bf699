//! What is wrong with a screen, as far as a machine can tell: what is cut off, what lies on something else, what is too small
//! to be hit, what has no name, what cannot be read.

use std::path::PathBuf;

use egui::accesskit::Role;
use egui::{Id, Rect, Vec2, WidgetInfo, WidgetRect};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};

use super::painter::{Inked, is_private};
use super::scenes::{Scene, View};
use super::{SIZES, Shown, Stage, show};
use crate::app::state::Look;
use crate::app::ui::theme::contrast;
use crate::app::ui::theme::size::CLICKABLE;

/// Words must differ from their ground so much, and icons so much (WCAG 2.2, 1.4.3 and 1.4.11).
const WORDS: f32 = 4.5;
const ICONS: f32 = 3.0;

/// Fails if anything is wrong with a scene, in any size and look.
pub(super) fn look_through(scene: &Scene) {
    let folder = std::env::var_os("PICTURES").map(PathBuf::from);
    let sizes = match scene.view {
        View::Window => &SIZES[..],
        // A line at the top is where it is however high the window is.
        View::Beside => &[SIZES[0], SIZES[2]],
        // It has its own.
        View::Calls => &SIZES[2..],
    };
    let mut wrong = Vec::new();
    for (no, &size) in sizes.iter().enumerate() {
        for (look, name) in [(Look::Light, "light"), (Look::Dark, "dark")] {
            // What stands where is the same in the dark.
            let light = look == Look::Light;
            if !light && no > 0 && folder.is_none() {
                continue;
            }
            let mut shown = show(scene, look, size);
            let mut found = Vec::new();
            if light {
                found.extend(beyond(&shown.harness));
                found.extend(nameless(&shown.harness));
                found.extend(crowded(&shown.harness));
            }
            if no == 0 || folder.is_some() {
                let picture = shown.harness.render().expect("a picture");
                found.extend(illegible(&shown));
                if let Some(folder) = &folder {
                    let file = format!("{}-{}-{name}.png", scene.name, size.x);
                    picture.save(folder.join(file)).expect("saved");
                }
            }
            wrong.extend(
                found
                    .into_iter()
                    .map(|what| format!("{size} {name}: {what}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", scene.name, wrong.join("\n"));
}

/// What bears a name and reaches beyond the left or the right edge. Above and below there may be more to scroll to.
fn beyond(harness: &Harness<'static, Stage>) -> Vec<String> {
    let width = f64::from(harness.ctx.content_rect().width());
    let nodes = harness.query_all(By::new());
    let outside = nodes.filter_map(|node| {
        let node = node.accesskit_node();
        let (name, place) = (node.label()?, node.bounding_box()?);
        let within = place.x0 >= -0.5 && place.x1 <= width + 0.5;
        (!within).then(|| format!("{name:?} reaches from {} to {}", place.x0, place.x1))
    });
    outside.collect()
}

/// Names that are an icon's character, which nobody can read out, and controls without a name.
fn nameless(harness: &Harness<'static, Stage>) -> Vec<String> {
    let nodes = harness.query_all(By::new());
    let nameless = nodes.filter_map(|node| {
        let node = node.accesskit_node();
        let names = [node.label(), node.value()];
        let glyph = names.iter().flatten().any(|name| name.contains(is_private));
        let control = matches!(
            node.role(),
            Role::Button
                | Role::Tab
                | Role::Switch
                | Role::RadioButton
                | Role::CheckBox
                | Role::Link
                | Role::TextInput
                | Role::MultilineTextInput
                | Role::PasswordInput
        );
        let silent = control && node.label().is_none_or(|name| name.trim().is_empty());
        (glyph || silent).then(|| format!("{:?} has no name: {names:?}", node.role()))
    });
    nameless.collect()
}

/// Controls that lie on each other within one layer, and those that are too small. A dialog lies on the window, and is in
/// another layer; a link within words is as high as they are (WCAG 2.2, 2.5.8), and the edge of a pane is a line.
fn crowded(harness: &Harness<'static, Stage>) -> Vec<String> {
    let named = |rect: Rect| {
        let mut nodes = harness.query_all(By::new()).filter(|node| {
            let place = node.accesskit_node().bounding_box();
            let corner = place.map(|place| egui::pos2(place.x0 as f32, place.y0 as f32));
            corner.is_some_and(|corner| corner.distance(rect.min) < 1.0)
        });
        let found = nodes.find(|node| node.accesskit_node().label().is_some())?;
        let node = found.accesskit_node();
        Some((node.label()?, node.role()))
    };
    // Names are asked for when the context is free again.
    let layers: Vec<Vec<WidgetRect>> = harness.ctx.viewport(|viewport| {
        let layers = viewport.prev_pass.widgets.layers();
        layers.map(|(_, layer)| layer.to_vec()).collect()
    });
    let mut wrong = Vec::new();
    for layer in layers {
        let controls = layer
            .iter()
            .filter(|widget| widget.sense.senses_click() && widget.sense.is_focusable());
        let controls: Vec<(String, Rect, Rect)> = controls
            .filter_map(|widget| {
                let (name, role) = named(widget.rect)?;
                let exempt = matches!(role, Role::Link | Role::Splitter);
                (!exempt).then_some((name, widget.rect, widget.interact_rect))
            })
            .collect();
        for (no, (name, rect, seen)) in controls.iter().enumerate() {
            if rect.size().min_elem() < CLICKABLE - 0.5 {
                wrong.push(format!("{name:?} is small: {}", rect.size()));
            }
            for (other, _, also) in &controls[no + 1..] {
                let common = seen.intersect(*also);
                // Of those that lines have alike, only that of the line under the mouse is there.
                if name != other && common.is_positive() && common.size().min_elem() > 0.5 {
                    wrong.push(format!("{name:?} lies on {other:?}: {common}"));
                }
            }
        }
    }
    wrong
}

/// Words and icons that differ too little from what is below them.
fn illegible(shown: &Shown) -> Vec<String> {
    let inked = shown.inked.lock().expect("nobody panicked");
    assert!(inked.len() > 3, "nothing was read: {inked:?}");
    let illegible = inked.iter().filter_map(|one| {
        let Inked { text, ink, ground } = one;
        let least = if one.is_icon() { ICONS } else { WORDS };
        let found = contrast(*ink, *ground);
        (found < least).then(|| format!("{text:?} is {ink:?} on {ground:?}: {found}"))
    });
    illegible.collect()
}

#[test]
fn faults_are_found() {
    let frame = |ui: &mut egui::Ui, _: &mut Stage| {
        let at = Rect::from_min_size(egui::pos2(8.0, 8.0), Vec2::splat(40.0));
        for (name, at) in [
            ("one", at),
            ("other", at.translate(Vec2::splat(20.0))),
            ("", at.translate(Vec2::splat(-30.0))),
            ("far", at.translate(Vec2::splat(-30.0))),
        ] {
            let response = ui.interact(at, Id::unique(name), egui::Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        }
        let small = Rect::from_min_size(egui::pos2(200.0, 8.0), Vec2::splat(20.0));
        let response = ui.interact(small, Id::unique("small"), egui::Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "\u{e100}"));
        for grey in [100, 120, 130, 140, 255] {
            ui.painter().text(
                egui::pos2(300.0, 300.0),
                egui::Align2::CENTER_CENTER,
                format!("grey {grey}"),
                egui::FontId::proportional(14.0),
                egui::Color32::from_gray(grey),
            );
        }
    };
    let mut shown = show(super::scene("sign_in"), Look::Light, SIZES[2]);
    let stage = Stage {
        view: View::Window,
        story: crate::app::state::tests::Story::new(),
        screens: super::Screens::default(),
        calls: super::CallDraft::default(),
        out: Vec::new(),
    };
    let painter = super::Painter::default();
    shown.inked = std::sync::Arc::clone(&painter.inked);
    shown.harness = Harness::builder()
        .with_size(SIZES[2])
        .with_accessibility_check(false)
        .with_context_setup(crate::app::ui::install)
        .renderer(painter)
        .build_ui_state(frame, stage);
    shown.harness.run_ok();
    shown.harness.render().expect("a picture");
    assert_eq!(beyond(&shown.harness).len(), 1);
    assert_eq!(nameless(&shown.harness).len(), 2);
    let crowded = crowded(&shown.harness);
    let has = |what: &str| crowded.iter().any(|wrong| wrong.contains(what));
    assert!(has("lies on") && has("is small"), "{crowded:?}");
    assert!(!illegible(&shown).is_empty());
}
