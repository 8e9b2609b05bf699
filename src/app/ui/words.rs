//! Sentences that more than one screen says.

use crate::app::state::{
    Body, Conversation, ConversationId, Home, Membership, Outcome, Presence, Room,
};
use crate::client::event::EndReason;
use crate::protocol::Account;

/// Whether somebody is there, where that is known.
pub(super) fn presence(presence: Presence) -> Option<&'static str> {
    match presence {
        Presence::Unknown => None,
        Presence::Online => Some("online"),
        Presence::Offline => Some("offline"),
    }
}

/// The line below a conversation's name.
pub(super) fn preview(home: &Home, id: &ConversationId, conversation: &Conversation) -> String {
    if !conversation.draft.trim().is_empty() && home.chats.opened() != Some(id) {
        return format!("Draft: {}", one_line(&conversation.draft));
    }
    let Some(last) = conversation.last() else {
        return match id {
            ConversationId::Person(_) => String::new(),
            ConversationId::Room(name) => home.rooms.get(name).map_or_else(String::new, room),
        };
    };
    match (&last.body, id) {
        (Body::Text(text), _) if last.from == *home.me() => format!("You: {}", one_line(text)),
        (Body::Text(text), ConversationId::Person(_)) => one_line(text),
        (Body::Text(text), ConversationId::Room(_)) => {
            format!("{}: {}", last.from, one_line(text))
        }
        (Body::Call(text), _) => text.clone(),
        (Body::Came, _) => came(&last.from),
        (Body::Went, _) => went(&last.from),
    }
}

/// The line below a room's name.
pub(super) fn room(room: &Room) -> String {
    let state = match &room.membership {
        Membership::Joining => "Joining…".to_owned(),
        Membership::Leaving => "Leaving…".to_owned(),
        Membership::Out(_) => "You are not in this room".to_owned(),
        Membership::In => match room.members.len() {
            1 => "1 member".to_owned(),
            members => format!("{members} members"),
        },
    };
    match room.topic() {
        Some(topic) => format!("{state} · {topic}"),
        None => state,
    }
}

/// Somebody came into a room.
pub(super) fn came(who: &Account) -> String {
    format!("{who} joined")
}

/// Somebody went.
pub(super) fn went(who: &Account) -> String {
    format!("{who} left")
}

/// Why a call is over: one line, and another with what can be done.
pub(super) fn outcome(outcome: &Outcome) -> (String, Option<String>) {
    let reason = match outcome {
        Outcome::Failed(failure) => {
            let sentence = format!("{} {}", failure.code.message(), failure.code.remedy());
            return (sentence, Some(failure.small_print()));
        }
        Outcome::Ended(reason) => reason,
    };
    let sentence = match reason {
        EndReason::RefusedByPeer { .. } => "Declined",
        EndReason::RefusedByMyself => "You declined",
        EndReason::EndByPeer { .. } => "They hung up",
        EndReason::EndByMyself => "You hung up",
        EndReason::NoAnswer => "No answer",
        EndReason::LinkLost => "The connection was lost",
        EndReason::LoggedOut => "You signed out",
        EndReason::Replaced | EndReason::Glare => "Another call took its place",
        EndReason::Failed { code, .. } => {
            let sentence = format!("{} {}", code.message(), code.remedy());
            return (
                sentence,
                Some(format!("{}, {}", code.name(), code.number())),
            );
        }
    };
    (sentence.to_owned(), None)
}

/// A text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
