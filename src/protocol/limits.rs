//! Every size, rate and time of the service, each with its unit and its source. To change a limit, change it here.
//!
//! "Documented" means by the Signaling API's own pages; the rest is our decision. What an operator may set is
//! in [`Limits`]; its defaults are the constants.

use std::time::Duration;

/// The most Unicode characters of an account, channel or attribute name (documented: 128 visible characters).
pub const NAME_CHARS: usize = 128;
/// The most bytes of UTF-8 of a message, and of an invitation's `extra` (documented: 8 KB).
pub const CONTENT_BYTES: usize = 8192;
/// The most bytes of an attribute's value, as JSON text where it is not a string (documented: 8 KB).
pub const VALUE_BYTES: usize = 8192;
/// The most bytes of one incoming frame. Content of [`CONTENT_BYTES`] grows at most sixfold when it is escaped, so
/// everything within its limit fits, and most of what is too large still gets its own error, 1005.
pub const FRAME_BYTES: usize = 64 * 1024;
/// The most bytes of a token, and of what a compressed one inflates to; a real one has a few hundred.
pub const TOKEN_BYTES: usize = 4096;

/// How many members a list shows unless asked for more (documented: the latest 200).
pub const LIST_MEMBERS: usize = 200;
/// How many members `channel_query_userlist_all` shows by default (documented: 1000 * 1000).
pub const LIST_ALL_MEMBERS: usize = 1_000_000;
/// How many inbox messages one poll answers with at most; every known client asks for 30.
pub const POLL_MESSAGES: usize = 100;
/// How many attributes one user or one channel may have, and ...
pub const ATTRS: usize = 256;
/// ... how many bytes their names and values may take together, since joining sends them all in one frame.
pub const ATTRS_BYTES: usize = 256 * 1024;
/// Memory of all attributes of a server together, about. When more, setting one fails with 1005.
pub const ALL_ATTRS_BYTES: usize = 1 << 30;
/// Changes of attributes by one user a second; the excess fails. Besides the limit for each attribute of a channel.
pub const ATTR_CHANGES_PER_USER: u32 = 100;
/// Channels that one user joins a second; the excess fails with 300. Each is told to all members.
pub const JOINS_PER_USER: u32 = 20;
/// Members in an answer that count for one query, so that long lists use up the rate sooner.
pub const MEMBERS_PER_QUERY: usize = 200;
/// Up to how many accounts `_total_member_num` counts: they are remembered one by one.
pub const TOTAL_MEMBERS: usize = 1_000_000;
/// How many calls one account may be part of at a time; the next invitation fails with 705.
pub const CALLS_PER_ACCOUNT: usize = 100;
/// Bytes of all inboxes of a server together, kept in memory. When full, whatever would go into an inbox is refused: a
/// message with 400, an invitation with 705, another step of a call with 700.
pub const INBOXES_BYTES: usize = 1 << 30;
/// The part of [`INBOXES_BYTES`] that the messages of one sender may take; refused likewise.
pub const INBOXES_BYTES_PER_SENDER: usize = INBOXES_BYTES / 16;

/// Accounts that one call may name, so that its frame stays within [`FRAME_BYTES`].
pub const ACCOUNTS_PER_CALL: usize = 100;
/// Accounts, and subjects of attributes, that one session may watch.
pub const WATCHED: usize = 1000;
/// Watches of attributes that one user begins in a second; the excess fails. All of [`WATCHED`] at once, after a lost link,
/// so long as they are small: each counts for one more with every ...
pub const WATCHES_PER_USER: u32 = 1000;
/// ... so many bytes of its answer.
pub const ATTR_BYTES_PER_WATCH: usize = 8192;
/// Accounts that one account may block.
pub const BLOCKED: usize = 1000;
/// Blocked accounts of a server together, kept in memory. When more, blocking one fails with 1005.
pub const ALL_BLOCKED: usize = 1 << 20;
/// How often in a second a user may change what others see or hear of them (presence), or what they hear of others (blocks);
/// the excess fails with 1001. Each change may be told to many, or is written to the disk.
pub const OWN_CHANGES_PER_USER: u32 = 20;
/// Message ids that one receipt may name.
pub const RECEIPT_IDS: usize = 100;
/// The most bytes of the words beside a presence.
pub const PRESENCE_TEXT_BYTES: usize = 512;
/// Messages that one `channel_history` answers with at most.
pub const HISTORY_PAGE: usize = 100;
/// Bytes of text after which such an answer ends, though more was asked for.
pub const HISTORY_PAGE_BYTES: usize = 256 * 1024;
/// Messages in such an answer that count for one query.
pub const HISTORY_PER_QUERY: usize = 20;
/// Messages of all channels of a server together that are kept; 8 bytes of memory each. When more, the oldest of the channel
/// in which something is said gives way.
pub const ALL_HISTORY: usize = 1 << 25;
/// How long what a server says may be on its way: so long after it something must have come from a client before it counts as
/// heard.
pub const ON_ITS_WAY: Duration = Duration::from_secs(3);
/// How often channels are looked through for messages that have been kept long enough.
pub const HISTORY_SWEEP: Duration = Duration::from_secs(3600);
/// How long a record of a missed call waits for its account.
pub const MISSED_CALL_KEPT: Duration = TTL_MAX;
/// How long a receipt waits for a sender who is away.
pub const RECEIPT_KEPT: Duration = TTL_MAX;
/// Message ids whose receipts a session was told of, and is told of again when it comes back from a lost link: the latest of the
/// last [`RING_KEPT`]. When full, the oldest receipt is not told again.
pub const RECEIPTS_RECENT: usize = 256;
/// Receipts that wait for one account. When full, the oldest goes: a tick less is better than a message refused.
pub const RECEIPTS_WAITING: usize = 500;
/// How often one may say that one is typing to the same account or channel; what is more is dropped.
pub const TYPING_EVERY: Duration = Duration::from_secs(3);
/// To how many accounts and channels one may say so within that time; ...
pub const TYPING_TARGETS: usize = 100;
/// ... and how many may say so in one channel in a second, since each is told to all members. What is more is dropped.
pub const TYPING_PER_CHANNEL: u32 = 20;
/// How long it is remembered what the last login of an account could read, once the account is away: nothing waits for longer.
pub const ACCOUNT_KEPT: Duration = TTL_MAX;
/// How often accounts are looked through for those that stay away.
pub const ACCOUNTS_SWEEP: Duration = Duration::from_secs(24 * 3600);
/// How long a session that lost its link waits to be taken up again.
pub const RESUME_KEPT: Duration = Duration::from_secs(30);
/// Answers that a session keeps to calls that must not be done twice, for a client that makes them again when it comes
/// back. When full, the oldest goes; a client that has as many without an answer may see one done twice.
pub const ANSWERS_KEPT: usize = 256;
/// Events of a channel that are remembered for sessions that come back, and ...
pub const RING_EVENTS: usize = 256;
/// ... how many bytes of all channels together. When more, the channel in which something was said last forgets its oldest, and
/// whoever comes back to it is told that there is a gap; ...
pub const RINGS_BYTES: usize = 256 << 20;
/// ... for how long.
pub const RING_KEPT: Duration = Duration::from_secs(120);

/// Time to live of a message whose flag does not say (documented: what web clients send).
pub const TTL_DEFAULT: Duration = Duration::from_secs(3600);
/// The longest time to live: 30 days, what the Python client sends.
pub const TTL_MAX: Duration = Duration::from_secs(2_592_000);

/// How long an invitation waits for the callee's device to acknowledge it (documented: 20 s).
pub const INVITE_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest `_timeout` that an invitation may ask for (documented: 0-30 s); more is shortened to it.
pub const INVITE_TIMEOUT_MAX: Duration = Duration::from_secs(30);
/// How long a call outlives the lost link of a party before the others are told that it ended.
pub const CALL_SURVIVES: Duration = Duration::from_secs(30);

/// A session without any frame for so long is taken offline (a public support page says about 2 minutes).
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// A connection that does not sign in for so long is closed. Web clients open two at once and use one.
pub const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How many connections of one address (IPv6: one /64) may stand without having signed in, loopback aside; the next is
/// closed at once.
pub const STRANGERS_PER_ADDRESS: usize = 1024;
/// How long the socket stays open after a refused login, so that the answer is read (protocol page, section 4).
pub const REFUSED_LINGER: Duration = Duration::from_millis(50);
/// How long the socket stays open after `user_logout` is answered; the client closes it as a rule.
pub const LOGOUT_LINGER: Duration = Duration::from_secs(2);
/// How long a sender's message id is remembered, so that a repeat is not delivered again.
pub const SENT_ID_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How often ids are looked through for what may be forgotten.
pub const SENT_IDS_SWEEP: Duration = Duration::from_secs(3600);
/// How many ids of one sender are remembered at most; the oldest is forgotten first.
pub const SENT_IDS_PER_SENDER: usize = 10_000;

/// Frames waiting for one link. When as many wait and its client reads none for some seconds, the link is closed; the
/// client comes back and polls its inbox.
pub const OUTBOX_FRAMES: usize = 512;
/// Bytes waiting for one link, counted as the frames' text. When more, the link is closed at once; one frame larger
/// than this passes when nothing else waits.
pub const OUTBOX_BYTES: usize = 4 << 20;
/// Inputs waiting for the hub, over all links. When full, links are not read until there is room: TCP slows the senders.
pub const HUB_INPUTS: usize = 4096;

/// What an operator may set. Rates are per second; 0 switches a limit off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Channel messages of one user (documented: 60 a second).
    pub channel_messages_per_user: u32,
    /// Messages in one channel, unless its `_sendmsg_limit` says otherwise (documented: 200 a second).
    pub channel_messages: u32,
    /// Changes of one channel attribute, unless `_setattr_limit` says otherwise (documented: 10 a second).
    pub attribute_changes: u32,
    /// Queries of one user.
    pub queries_per_user: u32,
    /// Logins from one network address.
    pub logins_per_address: u32,
    /// Messages waiting in one inbox. A full inbox refuses with 400 before anything is acknowledged.
    pub inbox: u32,
    /// Members of one channel (documented: 10,000 users).
    pub members: u32,
    /// Channels that one session may be in, where it may be in many; special ones not counted.
    pub rooms: u32,
    /// Messages of one channel that are kept for its lasting members; 0 keeps none.
    pub history: u32,
    /// For how many days; 0 keeps none.
    pub history_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            channel_messages_per_user: 60,
            channel_messages: 200,
            attribute_changes: 10,
            queries_per_user: 100,
            logins_per_address: 20,
            inbox: 10_000,
            members: 10_000,
            rooms: 50,
            history: 10_000,
            history_days: 30,
        }
    }
}
