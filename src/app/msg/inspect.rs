//! What is looked at closely: attributes, and the frames of the link.

use serde_json::{Map, Value};

use super::Failure;
use crate::app::state::{Query, Tab};
use crate::protocol::{AttrName, AttrSubject};

/// The attribute inspector.
#[derive(Clone, Debug)]
pub(crate) enum InspectMsg {
    /// Somebody's or a channel's attributes are to be shown.
    Look(AttrSubject),
    /// Another of its pages is shown.
    Tab(Tab),
    /// An attribute of whom one looks at gets a value.
    Set(AttrName, Value),
    /// One of them goes.
    Delete(AttrName),
    /// All of them go.
    ClearAll,
    /// A question was clicked.
    Ask(Query),
    /// Its answer.
    Answered(Query, Result<String, Failure>),
    /// The server does not tell these attributes.
    NotWatched(AttrSubject, Failure),
    /// A change was refused.
    NotChanged(AttrSubject, Failure),
    /// What was read for whom, or a sentence says why nothing was.
    Imported(AttrSubject, Result<Map<String, Value>, String>),
    /// These are shown beside a conversation, or none any more.
    Beside(Option<AttrSubject>),
}

/// The console.
#[derive(Clone, Debug)]
pub(crate) enum ConsoleMsg {
    /// Frames went by.
    Frames(Vec<WireFrame>),
    /// Whether what comes is not taken in.
    Pause(bool),
    /// Whether frames are recorded also while nobody looks.
    Always(bool),
    /// What a frame must hold to be shown.
    Filter(String),
    /// Which way it must have gone.
    Only(Option<Direction>),
    /// All that was recorded goes.
    Clear,
}

/// A frame on the link, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WireFrame {
    /// Which way it went.
    pub(crate) direction: Direction,
    /// When, in ms since the Unix epoch.
    pub(crate) at_ms: u64,
    /// How many bytes it has on the wire.
    pub(crate) bytes: usize,
    /// What it says.
    pub(crate) text: String,
    /// How many before it were passed over.
    pub(crate) missed: u64,
}

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the server.
    Sent,
    /// From it.
    Received,
}

impl Direction {
    /// How it is drawn.
    pub(crate) fn arrow(self) -> &'static str {
        match self {
            Self::Sent => "→",
            Self::Received => "←",
        }
    }
}
