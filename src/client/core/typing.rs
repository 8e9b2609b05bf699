//! That the application's user is writing: said now and then, and only while there is a link.

use std::time::{Duration, Instant};

use super::cx::Cx;
use super::pending::Purpose;
use super::session::Session;
use super::{Answer, CommandError, RequestNo};
use crate::protocol::{Addition, Cap, Code, Request, TypingTo, limits};

/// How often it is said to the same account or channel. A little more than what the server lets pass, or what takes longer on its
/// way once would make the next one come too early.
pub const TYPING_PAUSE: Duration = limits::TYPING_EVERY.saturating_add(Duration::from_millis(500));

/// To whom it was said within [`TYPING_PAUSE`].
#[derive(Debug, Default)]
pub(super) struct Typed(Vec<(TypingTo, Instant)>);

impl Session {
    /// The application's user is writing. Nobody waits for what comes of it.
    pub(super) fn typing(&mut self, cx: &mut Cx, request: RequestNo, to: TypingTo) {
        let Typed(typed) = &mut self.typed;
        typed.retain(|(_, said)| cx.now.duration_since(*said) < TYPING_PAUSE);
        let is_new = typed.iter().all(|(other, _)| *other != to);
        let has_room = typed.len() < limits::TYPING_TARGETS;
        if self.is_in() {
            if !self.has(Cap::Typing) {
                let error = CommandError::Refused {
                    code: Code::GeneralUnknown,
                    reason: "the server does not pass on who is typing".to_owned(),
                };
                return cx.answer(request, Err(error));
            }
            if is_new && has_room {
                self.typed.0.push((to.clone(), cx.now));
                let addition = Addition::UserTyping(to);
                self.ask(cx, Request::Addition(addition), Purpose::Quiet);
            }
        }
        cx.answer(request, Ok(Answer::Done));
    }
}
