//! The face of a person or a room: initials on a colour of their own.

use egui::{Align2, FontId, Pos2, Rect, Ui, Vec2};

use crate::app::state::{ConversationId, Presence};
use crate::app::ui::fonts;
use crate::app::ui::theme::{FACES, palette, radius, size, space};

/// Where the dot stands, as a part of the way from the middle of a face to the corner of its square.
const ON_THE_RIM: f32 = 0.78;

/// Whose face.
#[derive(Clone, Copy, Debug)]
pub(in crate::app::ui) enum Face<'a> {
    /// Round, with initials.
    Person(&'a str),
    /// Square, with a hash sign.
    Room(&'a str),
}

/// A face to be painted. It says nothing that the name beside it does not say, so it has no name of its own.
#[derive(Clone, Copy, Debug)]
pub(in crate::app::ui) struct Avatar<'a> {
    /// Whose.
    pub(in crate::app::ui) face: Face<'a>,
    /// Whether they are there, where that is known.
    pub(in crate::app::ui) presence: Presence,
    /// What they are called: for the initials. The colour is that of the account, whatever they are called.
    pub(in crate::app::ui) called: &'a str,
}

impl<'a> Avatar<'a> {
    /// A person's.
    pub(in crate::app::ui) fn person(account: &'a str, presence: Presence) -> Self {
        Self {
            face: Face::Person(account),
            presence,
            called: account,
        }
    }

    /// The same with the initials of what they are called.
    pub(in crate::app::ui) fn called(self, called: &'a str) -> Self {
        Self { called, ..self }
    }

    /// That of whom one talks to.
    pub(in crate::app::ui) fn of(conversation: &'a ConversationId, presence: Presence) -> Self {
        let (face, called) = match conversation {
            ConversationId::Person(account) => (Face::Person(account.as_str()), account.as_str()),
            ConversationId::Room(name) => (Face::Room(name.as_str()), name.as_str()),
        };
        Self {
            face,
            presence,
            called,
        }
    }

    /// Takes a place in the layout and paints it there.
    pub(in crate::app::ui) fn show(self, ui: &mut Ui, width: f32) {
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(width), egui::Sense::hover());
        self.paint(ui, rect.center(), width);
    }

    /// Paints it around a point.
    pub(in crate::app::ui) fn paint(self, ui: &Ui, center: Pos2, width: f32) {
        let painter = ui.painter();
        let name = match self.face {
            Face::Person(name) | Face::Room(name) => name,
        };
        let colours = &FACES[place(name)];
        let letters = match self.face {
            Face::Person(_) => {
                painter.circle_filled(center, width / 2.0, colours.ground);
                initials(self.called)
            }
            Face::Room(_) => {
                let rect = Rect::from_center_size(center, Vec2::splat(width));
                painter.rect_filled(rect, radius::ROOM, colours.ground);
                "#".to_owned()
            }
        };
        let font = FontId::new(width / 3.0, fonts::semibold());
        painter.text(center, Align2::CENTER_CENTER, letters, font, colours.letter);
        self.paint_presence(ui, center, width);
    }

    fn paint_presence(self, ui: &Ui, center: Pos2, width: f32) {
        let palette = palette(ui);
        let colour = match self.presence {
            Presence::Unknown => return,
            Presence::Online => palette.ok,
            Presence::Away => palette.warn,
            Presence::Busy | Presence::Dnd => palette.bad,
            Presence::Offline => palette.faint,
        };
        let at = center + Vec2::splat(width / 2.0 * ON_THE_RIM);
        let (dot, ring) = (size::DOT / 2.0, size::DOT / 2.0 + space::HALF / 2.0);
        ui.painter().circle_filled(at, ring, palette.bg1);
        match self.presence {
            Presence::Online | Presence::Busy => {
                ui.painter().circle_filled(at, dot, colour);
            }
            // Not by colour alone: a bar for do not disturb, half of a dot for away, a ring for who is not there.
            Presence::Dnd => {
                ui.painter().circle_filled(at, dot, colour);
                let bar = egui::Stroke::new(space::HALF / 2.0, palette.bg1);
                let half = dot - bar.width / 2.0;
                ui.painter()
                    .hline(at.x - half / 2.0..=at.x + half / 2.0, at.y, bar);
            }
            Presence::Away => {
                ui.painter().circle_filled(at, dot, colour);
                let hand = egui::Stroke::new(space::HALF / 2.0, palette.bg1);
                ui.painter()
                    .line_segment([at, at - egui::vec2(0.0, dot)], hand);
                ui.painter()
                    .line_segment([at, at + egui::vec2(dot, 0.0)], hand);
            }
            Presence::Offline | Presence::Unknown => {
                let stroke = egui::Stroke::new(space::HALF / 2.0, colour);
                ui.painter()
                    .circle_stroke(at, dot - stroke.width / 2.0, stroke);
            }
        }
    }
}

/// Which of the faces: FNV-1a over the name, so that it is the same on every computer.
fn place(name: &str) -> usize {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let faces = u32::try_from(FACES.len()).unwrap_or(1);
    usize::try_from(hash % faces).unwrap_or_default()
}

/// The first letters of the first two words, or of the one word that there is.
fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.chars().next().map(|first| (first, word)));
    let Some((first, word)) = words.next() else {
        return name.chars().take(1).collect();
    };
    let second = words.next().map(|(second, _)| second);
    // A single letter stands for itself in scripts that have no capitals.
    let second = second.or_else(|| word.chars().nth(1).filter(char::is_ascii));
    [Some(first), second]
        .into_iter()
        .flatten()
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_words() {
        for (name, letters) in [
            ("ana.ng", "AN"),
            ("bob", "BO"),
            ("x", "X"),
            ("+4420", "44"),
            ("李雷", "李"),
            ("...", "."),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    #[test]
    fn names_share_out_the_faces() {
        let mut used = [false; FACES.len()];
        for name in [
            "ann", "bob", "cy", "dina", "eli", "fay", "gus", "hal", "ivy", "jo", "kim", "lee",
        ] {
            used[place(name)] = true;
        }
        assert!(used.iter().filter(|used| **used).count() >= 5, "{used:?}");
    }
}
