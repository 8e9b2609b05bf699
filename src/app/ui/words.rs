//! Sentences that more than one screen says.

use super::clock;
use super::icons::Icon;
use crate::app::state::{
    Body, CALL_INTERRUPTED, Conversation, ConversationId, Ending, Home, IN_A_CALL, MISSED_CALL,
    Membership, Now, Outcome, PastCall, Presence, Room, Status,
};
use crate::client::event::EndReason;
use crate::protocol::attr::BuiltInAttr;
use crate::protocol::{Account, Code, Show};

/// How somebody is, where that is known: `online`, `away · 12 min`, `busy · in a call`.
pub(super) fn status(status: &Status, now: Now) -> Option<String> {
    let word = presence(status.presence)?;
    let since = match (status.presence, status.since_ms) {
        (Presence::Away | Presence::Offline, since @ 1..) => {
            clock::ago(now.unix_ms.saturating_sub(since))
        }
        (
            Presence::Unknown
            | Presence::Online
            | Presence::Away
            | Presence::Busy
            | Presence::Dnd
            | Presence::Offline,
            _,
        ) => None,
    };
    // In a call says it all.
    if status.presence == Presence::Busy && status.text == IN_A_CALL {
        return Some(status.text.clone());
    }
    let text = Some(one_line(&status.text)).filter(|text| !text.is_empty());
    let words = [Some(word.to_owned()), since, text];
    Some(words.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

/// The word for how somebody is, where that is known.
pub(super) fn presence(presence: Presence) -> Option<&'static str> {
    match presence {
        Presence::Unknown => None,
        Presence::Online => Some("online"),
        Presence::Away => Some("away"),
        Presence::Busy => Some("busy"),
        Presence::Dnd => Some("do not disturb"),
        Presence::Offline => Some("offline"),
    }
}

/// What one may choose to be seen as.
pub(super) fn show(show: Show) -> &'static str {
    match show {
        Show::Available => "Available",
        Show::Away => "Away",
        Show::Busy => "Busy",
        Show::Dnd => "Do not disturb",
        Show::Offline => "Offline",
    }
}

/// How a call in the history went.
pub(super) fn ending(call: &PastCall) -> String {
    let what = match (&call.ending, call.outgoing) {
        (Ending::Talked(length), true) => format!("Outgoing · {}", clock::length(*length)),
        (Ending::Talked(length), false) => format!("Incoming · {}", clock::length(*length)),
        (Ending::Missed, _) => "Missed call".to_owned(),
        (Ending::Declined, _) => "You declined".to_owned(),
        (Ending::Refused, _) => "They declined".to_owned(),
        (Ending::Cancelled, _) => "You gave up".to_owned(),
        (Ending::NoAnswer, _) => "No answer".to_owned(),
        (Ending::Interrupted, _) => CALL_INTERRUPTED.to_owned(),
        (Ending::Failed(failure), _) => failed(failure.code, &call.peer).0,
    };
    match &call.number {
        Some(number) if *number != call.peer.as_str() => format!("{what} · {number}"),
        Some(_) | None => what,
    }
}

/// Why a call with somebody failed, and what to do about it.
fn failed(code: Code, peer: &Account) -> (String, &'static str) {
    if code == Code::InvitePeerOffline && is_number(peer.as_str()) {
        return (
            "This server has no phone gateway, and nobody here bears this number.".to_owned(),
            "Check the number, or ask whoever runs the server to connect it to a phone network.",
        );
    }
    if code == Code::InviteTimeout && is_number(peer.as_str()) && !peer.as_str().starts_with('+') {
        return (
            "Nobody here answers to this number.".to_owned(),
            "A telephone number begins with + (or 00) and the code of its country.",
        );
    }
    (code.message().to_owned(), code.remedy())
}

/// Whether this is a telephone number: digits, perhaps a plus before them.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// What a conversation is called: what the person is called here, or the room.
pub(super) fn name<'a>(home: &'a Home, id: &'a ConversationId) -> &'a str {
    match id {
        ConversationId::Person(account) => home.contacts.name(account),
        ConversationId::Room(room) => room.as_str(),
    }
}

/// The account of the person, or the room.
pub(super) fn callsign(id: &ConversationId) -> &str {
    match id {
        ConversationId::Person(account) => account.as_str(),
        ConversationId::Room(room) => room.as_str(),
    }
}

/// Who says or does something in a conversation.
pub(super) fn who<'a>(home: &'a Home, account: &'a Account) -> &'a str {
    if account == home.me() {
        "You"
    } else {
        home.contacts.name(account)
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
            format!("{}: {}", home.contacts.name(&last.from), one_line(text))
        }
        (Body::Call(text), _) => text.clone(),
        (Body::Came, _) => came(who(home, &last.from)),
        (Body::Went, _) => went(who(home, &last.from)),
    }
}

/// Who is writing: in a sentence, with names; nothing if nobody is.
pub(super) fn typing(home: &Home, writers: &[&Account]) -> Option<String> {
    let name = |account| home.contacts.name(account);
    match writers {
        [] => None,
        [one] => Some(format!("{} is typing…", name(one))),
        [one, other] => Some(format!("{} and {} are typing…", name(one), name(other))),
        [_, _, _, ..] => Some("Several people are typing…".to_owned()),
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

/// The icon of a line that stands for a call.
pub(super) fn call_icon(text: &str) -> Icon {
    if text == MISSED_CALL {
        Icon::CALL_MISSED
    } else {
        Icon::CALL
    }
}

/// Somebody came into a room.
pub(super) fn came(who: &str) -> String {
    format!("{who} joined")
}

/// Somebody went.
pub(super) fn went(who: &str) -> String {
    format!("{who} left")
}

/// Why a call is over: what happened and what can be done, and the code in small print.
pub(super) fn outcome(outcome: &Outcome, peer: &Account) -> (String, Option<String>) {
    let reason = match outcome {
        Outcome::Failed(failure) => {
            let (sentence, remedy) = failed(failure.code, peer);
            return (format!("{sentence} {remedy}"), Some(failure.small_print()));
        }
        Outcome::Ended(reason) => reason,
    };
    let sentence = match reason {
        EndReason::RefusedByPeer { .. } => "Declined",
        EndReason::RefusedByMyself => "You declined",
        EndReason::EndByPeer { .. } if reason.code() == Code::InviteNet => {
            "Their connection was lost"
        }
        EndReason::EndByPeer { .. } => "They hung up",
        EndReason::EndByMyself => "You hung up",
        EndReason::NoAnswer => "No answer",
        EndReason::LinkLost => "The connection was lost",
        EndReason::LoggedOut => "You signed out",
        EndReason::Replaced | EndReason::Glare => "Another call took its place",
        EndReason::Failed { code, .. } => {
            let (sentence, remedy) = failed(*code, peer);
            return (
                format!("{sentence} {remedy}"),
                Some(format!("{}, {}", code.name(), code.number())),
            );
        }
    };
    (sentence.to_owned(), None)
}

/// What a built-in attribute means, its unit and range.
pub(super) fn built_in(attr: BuiltInAttr) -> String {
    let meaning = match attr {
        BuiltInAttr::UserNotification => "1: joins and leaves are announced",
        BuiltInAttr::ChannelTtl => "seconds for which an empty room is kept",
        BuiltInAttr::MemberNum => "members now; kept by the server, read-only",
        BuiltInAttr::AutoUpdateNum => "seconds between updates of _member_num; 0 is never",
        BuiltInAttr::TotalMemberNum => "accounts that ever joined; kept by the server, read-only",
        BuiltInAttr::AutoUpdateTotalNum => {
            "seconds between updates of _total_member_num; 0 is never"
        }
        BuiltInAttr::SendMsgLimit => "messages a second in the room; 0 is no limit",
        BuiltInAttr::SetAttrLimit => "changes of one attribute a second; 0 is no limit",
    };
    match (attr.max(), default_of(attr)) {
        (Some(max), Some(default)) => format!("{meaning} · 0 to {max}, default {default}"),
        (Some(max), None) => format!("{meaning} · 0 to {max}"),
        (None, _) => meaning.to_owned(),
    }
}

/// What a built-in attribute is unless somebody sets it; none for those that the server keeps.
pub(super) fn default_of(attr: BuiltInAttr) -> Option<&'static str> {
    match attr {
        BuiltInAttr::UserNotification => Some("1"),
        BuiltInAttr::ChannelTtl => Some("7200"),
        BuiltInAttr::AutoUpdateNum | BuiltInAttr::AutoUpdateTotalNum => Some("0"),
        BuiltInAttr::SendMsgLimit => Some("200"),
        BuiltInAttr::SetAttrLimit => Some("10"),
        BuiltInAttr::MemberNum | BuiltInAttr::TotalMemberNum => None,
    }
}

/// A text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
