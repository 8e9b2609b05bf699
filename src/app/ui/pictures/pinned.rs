//! The pictures that matter most, as they were when somebody last looked at them.

use std::path::PathBuf;

use egui::{Vec2, vec2};
use image::RgbaImage;

use super::{scene, show};
use crate::app::state::Look;

/// As in the drawings that the app is made after.
const PINNED_SIZE: Vec2 = vec2(1280.0, 800.0);

/// Colours that differ by no more than this, of 255, are the same.
const ALIKE: u8 = 8;

/// Fails if a screen does not look as it did. The picture that was painted instead is left in `target`.
fn looks_as_before(name: &str, look: Look, file: &str) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let kept = root.join("tests/ui/pictures").join(file);
    let mut shown = show(scene(name), look, PINNED_SIZE);
    let picture = shown.harness.render().expect("a picture");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        // Nothing shines through, and the file is smaller without.
        let opaque = image::DynamicImage::from(picture).into_rgb8();
        opaque.save(&kept).expect("saved");
        return;
    }
    let before = image::open(&kept)
        .expect("a picture as it was")
        .into_rgba8();
    let changed = match before.dimensions() == picture.dimensions() {
        true => differing(&before, &picture),
        false => usize::MAX,
    };
    if changed > 0 {
        let folder = root.join("target/pictures");
        std::fs::create_dir_all(&folder).expect("a folder");
        let found = folder.join(file);
        picture.save(&found).expect("saved");
        panic!(
            "{changed} pixels of {file} have changed: look at {}. If it is meant to look so, run the test with UPDATE_SNAPSHOTS=1.",
            found.display()
        );
    }
}

/// How many pixels differ.
fn differing(one: &RgbaImage, other: &RgbaImage) -> usize {
    let pixels = one.pixels().zip(other.pixels());
    let differ = pixels.filter(|(one, other)| {
        let mut parts = one.0[..3].iter().zip(other.0);
        parts.any(|(one, other)| one.abs_diff(other) > ALIKE)
    });
    differ.count()
}

/// Names pictures, and the scene and the look of each.
macro_rules! pinned {
    ($($name:ident: $scene:ident, $look:ident;)*) => {
        $(#[test]
        // Other systems name keys otherwise.
        #[cfg_attr(not(target_os = "linux"), ignore = "painted on Linux")]
        fn $name() {
            looks_as_before(stringify!($scene), Look::$look, concat!(stringify!($name), ".png"));
        })*
    };
}

pinned! {
    sign_in: sign_in, Light;
    room_light: marks, Light;
    room_dark: marks, Dark;
    person: person, Light;
    calls: calls, Dark;
    call: call_keypad, Light;
    inspector: inspector, Light;
    settings: settings_notifications, Dark;
}
