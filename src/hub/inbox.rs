//! The inbox of one account: messages with rising versions, until they are acknowledged or their time is over.

use std::collections::VecDeque;
use std::time::Duration;

use crate::protocol::{Account, Envelope, EnvelopeKind, EnvelopeVersion, MessageId, VoipStep};

/// Messages of one account, oldest first.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// Up to here the client has seen everything.
    acked: u64,
    /// The version of the latest message ever put here.
    last: u64,
    entries: VecDeque<Entry>,
    /// Whether the store knows of it.
    pub(super) stored: bool,
}

#[derive(Debug)]
struct Entry {
    ver: u64,
    envelope: Envelope,
    keep: Keep,
    /// Whether a session has been given it.
    delivered: bool,
    /// Whether it is for a session that may come back, and only for that.
    for_return: bool,
    /// Whether the client has acted on it.
    dealt_with: bool,
}

/// How long a message is kept, if it is not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Until a time, in ms since the Unix epoch; over restarts.
    Until(u64),
    /// As long as the call of that number, and the session to which it was delivered; never over restarts.
    Call(u64),
}

/// A page of an inbox.
pub(super) struct Page {
    pub(super) ver_clear: u64,
    pub(super) msgs: Vec<(u64, Envelope)>,
    /// Whether messages are left behind it.
    pub(super) more: bool,
    /// The invitations on it that nobody had been given before, by the number of their call.
    pub(super) new_invites: Vec<u64>,
}

/// What leaving messages amounts to, for the books of the hub.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Freed {
    /// The sender and the bytes of each.
    pub(super) messages: Vec<(Account, usize)>,
    /// Versions of messages that the store holds.
    pub(super) stored: Vec<u64>,
}

/// What a message counts for, besides its content.
const ENTRY_BYTES: usize = 256;

fn bytes(envelope: &Envelope) -> usize {
    ENTRY_BYTES + envelope.content.len()
}

impl Inbox {
    /// An inbox as it was kept: with nothing in it, acknowledged up to `acked`.
    pub(super) fn restored(acked: u64) -> Self {
        Self {
            acked,
            last: acked,
            stored: true,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Puts a message; returns its version and its bytes.
    pub(super) fn put(&mut self, envelope: Envelope, keep: Keep) -> (u64, usize) {
        self.restore(self.last + 1, envelope, keep)
    }

    /// Puts a message of a call for a session that has lost its link and may come back.
    pub(super) fn put_for_return(&mut self, envelope: Envelope, keep: Keep) -> (u64, usize) {
        let put = self.put(envelope, keep);
        if let Some(entry) = self.entries.back_mut() {
            entry.for_return = true;
        }
        put
    }

    /// Puts a message back under the version it had.
    pub(super) fn restore(&mut self, ver: u64, envelope: Envelope, keep: Keep) -> (u64, usize) {
        let bytes = bytes(&envelope);
        self.last = ver.max(self.last);
        self.stored |= matches!(keep, Keep::Until(_));
        self.entries.push_back(Entry {
            ver,
            envelope,
            keep,
            delivered: false,
            for_return: false,
            dealt_with: false,
        });
        (ver, bytes)
    }

    /// The instant messages that a session was given up to a version, by sender and id.
    pub(super) fn shown_up_to(&self, ver: u64) -> impl Iterator<Item = (&Account, &MessageId)> {
        let shown = self
            .entries
            .iter()
            .take_while(move |entry| entry.ver <= ver);
        shown.filter(|entry| entry.delivered).filter_map(|entry| {
            let envelope = &entry.envelope;
            match (envelope.kind, &envelope.version) {
                (EnvelopeKind::Instant, EnvelopeVersion::V3 { id }) => Some((&envelope.source, id)),
                _ => None,
            }
        })
    }

    /// Messages of a kind that no session has been given, oldest first.
    pub(super) fn unread_of(&self, kind: EnvelopeKind) -> impl Iterator<Item = (u64, &Envelope)> {
        let unread = self.entries.iter().filter(|entry| !entry.delivered);
        let of_kind = unread.filter(move |entry| entry.envelope.kind == kind);
        of_kind.map(|entry| (entry.ver, &entry.envelope))
    }

    /// Forgets one message.
    pub(super) fn drop_one(&mut self, ver: u64) -> Freed {
        self.remove(|entry| entry.ver == ver)
    }

    /// The invitation of a call needs no trace any more: its callee's device has dealt with it.
    pub(super) fn invite_dealt_with(&mut self, call: u64) {
        let mut entries = self.entries.iter_mut();
        if let Some(entry) = entries.find(|entry| entry.invitation() == Some(call)) {
            entry.dealt_with = true;
        }
    }

    /// Invitations that were on their way to a session that is lost, and that its client may never have seen: of calls that are
    /// `over`, and with what they say.
    pub(super) fn lost_invites(&self, over: impl Fn(u64) -> bool) -> Vec<Envelope> {
        let entries = self.entries.iter();
        let lost = entries.filter(|entry| {
            entry.delivered && !entry.dealt_with && entry.invitation().is_some_and(&over)
        });
        lost.map(|entry| entry.envelope.clone()).collect()
    }

    /// Forgets what is acknowledged. A fresh login's 0 moves nothing back, and nobody can acknowledge what was never put.
    pub(super) fn acknowledge(&mut self, ver: u64) -> Freed {
        self.acked = ver.min(self.last).max(self.acked);
        let acked = self.acked;
        self.remove(|entry| entry.ver <= acked)
    }

    /// The messages above the acknowledged version, at most `max` of them; with their ids where the client reads them.
    pub(super) fn page(&mut self, max: usize, now_ms: u64, with_ids: bool) -> Page {
        let mut msgs = Vec::new();
        let mut new_invites = Vec::new();
        let mut more = false;
        for entry in &mut self.entries {
            if entry.is_over(now_ms) {
                continue;
            }
            if msgs.len() == max {
                more = true;
                break;
            }
            if let (Some(call), false) = (entry.invitation(), entry.delivered) {
                new_invites.push(call);
            }
            entry.delivered = true;
            let envelope = if with_ids {
                entry.envelope.clone()
            } else {
                entry.envelope.to_v2()
            };
            msgs.push((entry.ver, envelope));
        }
        Page {
            ver_clear: self.acked,
            msgs,
            more,
            new_invites,
        }
    }

    /// Forgets messages of some kinds.
    pub(super) fn drop_kinds(&mut self, gone: impl Fn(EnvelopeKind) -> bool) -> Freed {
        self.remove(|entry| gone(entry.envelope.kind))
    }

    /// Forgets what outlived its time.
    pub(super) fn expire(&mut self, now_ms: u64) -> Freed {
        self.remove(|entry| entry.is_over(now_ms))
    }

    /// How long it is until the next message outlives its time.
    pub(super) fn next_expiry(&self, now_ms: u64) -> Option<Duration> {
        let until = self.entries.iter().filter_map(|entry| match entry.keep {
            Keep::Until(until_ms) => Some(until_ms),
            Keep::Call(_) => None,
        });
        until
            .min()
            .map(|until_ms| Duration::from_millis(until_ms.saturating_sub(now_ms)))
    }

    /// What the invitation of a call says, if nobody has been given it.
    pub(super) fn unseen_invite(&self, call: u64) -> Option<&Envelope> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.invitation() == Some(call) && !entry.delivered)?;
        Some(&entry.envelope)
    }

    /// Withdraws the invitation of a call, if nobody has been given it.
    pub(super) fn withdraw_invite(&mut self, call: u64) -> Option<Freed> {
        let freed = self.remove(|entry| entry.invitation() == Some(call) && !entry.delivered);
        (freed != Freed::default()).then_some(freed)
    }

    /// Forgets what only the ending session could understand: messages about calls. An invitation that waits for its
    /// callee's device (`pending`) is for the next session, and what nobody was given is for a session that `comes_back`.
    pub(super) fn end_session(&mut self, pending: impl Fn(u64) -> bool, comes_back: bool) -> Freed {
        for entry in &mut self.entries {
            if entry.invitation().is_some_and(&pending) {
                entry.delivered = false;
            } else if let Keep::Call(_) = entry.keep {
                entry.for_return = comes_back && !entry.delivered;
            }
        }
        self.remove(|entry| match entry.keep {
            Keep::Until(_) => false,
            Keep::Call(_) => !entry.for_return && !entry.invitation().is_some_and(&pending),
        })
    }

    /// A session asks for the first time: whether it is the one that came back is known now.
    pub(super) fn first_poll(&mut self, came_back: bool) -> Freed {
        if !came_back {
            return self.remove(|entry| entry.for_return);
        }
        for entry in &mut self.entries {
            entry.for_return = false;
        }
        Freed::default()
    }

    fn remove(&mut self, gone: impl Fn(&Entry) -> bool) -> Freed {
        let mut freed = Freed::default();
        self.entries.retain(|entry| {
            let gone = gone(entry);
            if gone {
                let sender = entry.envelope.source.clone();
                freed.messages.push((sender, bytes(&entry.envelope)));
                if let Keep::Until(_) = entry.keep {
                    freed.stored.push(entry.ver);
                }
            }
            !gone
        });
        freed
    }
}

impl Entry {
    fn is_over(&self, now_ms: u64) -> bool {
        match self.keep {
            Keep::Until(until_ms) => until_ms <= now_ms,
            Keep::Call(_) => false,
        }
    }

    /// The call whose invitation this is.
    fn invitation(&self) -> Option<u64> {
        match (self.keep, self.envelope.kind) {
            (Keep::Call(call), EnvelopeKind::Voip(VoipStep::Invite)) => Some(call),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(kind: EnvelopeKind) -> Envelope {
        format!("msg-v2 a b v1:E:9 {} 1 hello", kind.name())
            .parse()
            .expect("an envelope")
    }

    fn instant() -> Envelope {
        envelope(EnvelopeKind::Instant)
    }

    fn versions(inbox: &mut Inbox, now_ms: u64) -> Vec<u64> {
        let page = inbox.page(30, now_ms, false);
        page.msgs.into_iter().map(|(ver, _)| ver).collect()
    }

    #[test]
    fn versions_count_from_1_and_acknowledged_ones_go() {
        let mut inbox = Inbox::default();
        for _ in 0..3 {
            inbox.put(instant(), Keep::Until(100));
        }
        assert_eq!(versions(&mut inbox, 0), [1, 2, 3]);
        assert_eq!(inbox.acknowledge(2).stored, [1, 2]);
        assert_eq!(versions(&mut inbox, 0), [3]);
        inbox.acknowledge(0);
        assert_eq!(inbox.page(30, 0, false).ver_clear, 2);
    }

    #[test]
    fn ids_are_shown_to_clients_that_read_them() {
        let mut inbox = Inbox::default();
        let line = "msg-v3 m-1 a b v1:E:9 instant 1 hello";
        inbox.put(line.parse().expect("an envelope"), Keep::Until(100));
        for (with_ids, form) in [(true, line), (false, "msg-v2 a b v1:E:9 instant 1 hello")] {
            let page = inbox.page(30, 0, with_ids);
            assert_eq!(page.msgs[0].1.to_string(), form);
        }
    }

    #[test]
    fn nobody_acknowledges_what_was_never_put() {
        let mut inbox = Inbox::default();
        inbox.put(instant(), Keep::Until(100));
        inbox.acknowledge(u64::MAX);
        inbox.put(instant(), Keep::Until(100));
        assert_eq!(versions(&mut inbox, 0), [2]);
    }

    #[test]
    fn a_full_page_says_that_more_is_left() {
        let mut inbox = Inbox::default();
        for _ in 0..3 {
            inbox.put(instant(), Keep::Until(100));
        }
        assert!(inbox.page(2, 0, false).more);
        assert!(!inbox.page(3, 0, false).more);
    }

    #[test]
    fn what_outlived_its_time_is_neither_shown_nor_kept() {
        let mut inbox = Inbox::default();
        inbox.put(instant(), Keep::Until(100));
        inbox.put(instant(), Keep::Until(200));
        assert_eq!(inbox.next_expiry(50), Some(Duration::from_millis(50)));
        assert_eq!(versions(&mut inbox, 100), [2]);
        assert_eq!(inbox.expire(100).stored, [1]);
        assert_eq!(inbox.len(), 1);
    }

    #[test]
    fn an_invitation_can_be_withdrawn_until_it_is_delivered() {
        let mut inbox = Inbox::default();
        let invite = envelope(EnvelopeKind::Voip(VoipStep::Invite));
        inbox.put(invite.clone(), Keep::Call(7));
        inbox.put(invite, Keep::Call(8));
        assert!(inbox.withdraw_invite(7).is_some());
        assert_eq!(inbox.page(30, 0, false).new_invites, [8]);
        assert!(inbox.withdraw_invite(8).is_none());
    }

    #[test]
    fn a_session_leaves_messages_and_pending_invitations_behind() {
        let mut inbox = Inbox::default();
        inbox.put(instant(), Keep::Until(100));
        inbox.put(envelope(EnvelopeKind::Voip(VoipStep::Bye)), Keep::Call(1));
        inbox.put(
            envelope(EnvelopeKind::Voip(VoipStep::Invite)),
            Keep::Call(2),
        );
        assert_eq!(versions(&mut inbox, 0), [1, 2, 3]);
        inbox.end_session(|call| call == 2, false);
        let page = inbox.page(30, 0, false);
        assert_eq!((page.msgs.len(), page.new_invites), (2, vec![2]));
        inbox.end_session(|_| false, false);
        assert_eq!(versions(&mut inbox, 0), [1]);
    }

    #[test]
    fn what_nobody_was_given_waits_for_a_session_that_comes_back() {
        for came_back in [false, true] {
            let mut inbox = Inbox::default();
            let bye = envelope(EnvelopeKind::Voip(VoipStep::Bye));
            inbox.put(bye.clone(), Keep::Call(1));
            assert_eq!(versions(&mut inbox, 0), [1]);
            inbox.put(bye.clone(), Keep::Call(1));
            inbox.end_session(|_| false, true);
            inbox.put_for_return(bye, Keep::Call(1));
            inbox.first_poll(came_back);
            let expected: &[u64] = if came_back { &[2, 3] } else { &[] };
            assert_eq!(versions(&mut inbox, 0), expected);
        }
    }
}
