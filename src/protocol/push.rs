//! `notify`: what the server says unasked.

use super::{AttrChanged, ChannelName, Envelope, Presence, Receipt, Typing};

/// The payload of a `notify` frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Push {
    /// `["msg", ver]`: the inbox reaches version `ver`; the client polls now. Every client understands it.
    Msg {
        /// The latest version.
        ver: u64,
    },
    /// `["recvmsg", "[ver, envelope]"]`: one message, delivered if `ver` is the next; web clients only.
    RecvMsg {
        /// Its version.
        ver: u64,
        /// The message.
        envelope: Envelope,
    },
    /// `["recvmsg_by_msgid", envelope]`: one message of an inbox in set mode; 1.3.0 and 1.4.0 only.
    RecvMsgByMsgId {
        /// The message, as `msg-v3`.
        envelope: Envelope,
    },
    /// `["channel2", cid, msgid, envelope]`: an event of a channel that the session has joined.
    Channel2 {
        /// The channel; 1.x clients do not look at it.
        cid: ChannelName,
        /// Rises over all channels of an app; clients drop an event that is not above the last.
        msgid: u64,
        /// The event.
        envelope: Envelope,
    },
    /// `["presence", [[account, show, text, since], ...]]`: the states of watched accounts, or their changes.
    Presence(Vec<Presence>),
    /// `["receipt", {"peer","ids","state"}]`: messages of one's own have come further.
    Receipt(Receipt),
    /// `["typing", {"peer"}]` or `["typing", {"name","account"}]`: somebody is writing.
    Typing(Typing),
    /// `["attr", {"account" | "channel","name","type","entry":[value,time,by]}]`: a watched attribute changed.
    Attr(AttrChanged),
    /// A kind that we do not know.
    Unknown {
        /// Its name.
        op: String,
    },
}
