//! The icons in use, by what they mean here.

use egui::FontId;

use super::fonts;

/// An icon of Phosphor's. The filled one has the same place in its own font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Icon(char);

impl Icon {
    pub(super) const MICROPHONE: Self = Self('\u{e326}');
    pub(super) const MICROPHONE_OFF: Self = Self('\u{e328}');
    pub(super) const SPEAKER: Self = Self('\u{e44a}');
    pub(super) const RECORD: Self = Self('\u{e3ee}');
    pub(super) const HOLD: Self = Self('\u{e39e}');
    pub(super) const CHATS: Self = Self('\u{e17e}');
    pub(super) const WRITE: Self = Self('\u{e34c}');
    pub(super) const ROOM: Self = Self('\u{e2a2}');
    pub(super) const CALL: Self = Self('\u{e3b8}');
    pub(super) const CALLING: Self = Self('\u{e3ba}');
    pub(super) const HANG_UP: Self = Self('\u{e3bc}');
    pub(super) const KEY: Self = Self('\u{e2d6}');
    pub(super) const NOTE: Self = Self('\u{e2ce}');
    pub(super) const COPY: Self = Self('\u{e1ca}');
    pub(super) const REPLY: Self = Self('\u{e024}');
    pub(super) const GO_ON: Self = Self('\u{e3d0}');
    pub(super) const PAUSE: Self = Self('\u{e39e}');
    pub(super) const CLOSE: Self = Self('\u{e4f6}');
    pub(super) const KEYPAD: Self = Self('\u{e3c8}');
    pub(super) const DETAILS: Self = Self('\u{ec24}');
    pub(super) const LIST: Self = Self('\u{ec24}');
    pub(super) const SEND: Self = Self('\u{e396}');
    pub(super) const SENT: Self = Self('\u{e182}');
    pub(super) const DELIVERED: Self = Self('\u{e53a}');
    pub(super) const PENDING: Self = Self('\u{e19a}');
    pub(super) const FAILED: Self = Self('\u{e4e2}');
    pub(super) const RETRY: Self = Self('\u{e036}');
    pub(super) const BACK: Self = Self('\u{e058}');
    pub(super) const CAME: Self = Self('\u{e06c}');
    pub(super) const WENT: Self = Self('\u{e058}');
    pub(super) const COMPUTER: Self = Self('\u{e560}');
    pub(super) const ADDRESS: Self = Self('\u{e288}');
    pub(super) const CHOSEN: Self = Self('\u{e184}');
    pub(super) const FOLDED: Self = Self('\u{e13a}');
    pub(super) const UNFOLDED: Self = Self('\u{e136}');
    pub(super) const OFFLINE: Self = Self('\u{e1b6}');
    pub(super) const SIGN_OUT: Self = Self('\u{e42a}');
    pub(super) const MORE: Self = Self('\u{e208}');
    pub(super) const CALL_IN: Self = Self('\u{e3be}');
    pub(super) const CALL_OUT: Self = Self('\u{e3c0}');
    pub(super) const CALL_MISSED: Self = Self('\u{e3c4}');
    pub(super) const SEARCH: Self = Self('\u{e30c}');
    pub(super) const MENTION: Self = Self('\u{e0ac}');
    pub(super) const MUTED: Self = Self('\u{e0d4}');
    pub(super) const LOUD: Self = Self('\u{e0ce}');
    pub(super) const ERASE: Self = Self('\u{e0ae}');
    pub(super) const MESSAGE: Self = Self('\u{e168}');
    pub(super) const LEAVE: Self = Self('\u{e7e6}');
    pub(super) const PEOPLE: Self = Self('\u{e4d6}');
    pub(super) const ADD_PERSON: Self = Self('\u{e4d0}');
    pub(super) const REMOVE_PERSON: Self = Self('\u{e4ce}');
    pub(super) const BLOCK: Self = Self('\u{e3de}');
    pub(super) const INSPECT: Self = Self('\u{e434}');
    pub(super) const SETTINGS: Self = Self('\u{e270}');
    pub(super) const EDIT: Self = Self('\u{e3b4}');
    pub(super) const DELETE: Self = Self('\u{e4a6}');
    pub(super) const READ_ONLY: Self = Self('\u{e308}');
    pub(super) const ADD: Self = Self('\u{e3d4}');
    pub(super) const EXPORT: Self = Self('\u{e20c}');
    pub(super) const IMPORT: Self = Self('\u{e4c0}');

    /// Whether it is drawn filled within words: a receiver is seen better so, and other icons are not.
    pub(super) fn solid(self) -> bool {
        [Self::CALL, Self::CALLING, Self::HANG_UP].contains(&self)
    }

    /// What it is in its font.
    pub(super) fn text(self) -> String {
        self.0.to_string()
    }

    /// How to draw it with a painter.
    pub(super) fn font(size: f32, filled: bool) -> FontId {
        let family = if filled {
            fonts::icons_filled()
        } else {
            fonts::icons()
        };
        FontId::new(size, family)
    }
}
