//! LAYER 0. The words both sides speak, in the API's own terms. Knows nothing of sockets, clocks or sessions.
//!
//! A WebSocket text message is one frame. A client may send a [`ClientFrame`], the server a
//! [`ServerFrame`]; [`codec`] alone knows how they look as JSON.

mod addition;
pub mod attr;
mod caps;
pub mod codec;
mod dtmf;
mod envelope;
mod frame;
mod invite;
pub mod limits;
mod names;
mod push;
pub mod reason;
mod reply;
mod request;
pub mod token;
mod voice;

pub use addition::{
    Addition, AttrChanged, AttrEntries, AttrEntry, AttrSubject, Presence, Receipt, ReceiptState,
    Show, Typing, TypingTo, WatchedChange,
};
pub use caps::{
    Additions, Cap, Caps, GrantedLimits, IceServer, Resume, ResumeKey, ResumedChannel, ServerInfo,
};
pub use dtmf::{Dtmf, KeyWay, KeysHeard};
pub use envelope::{
    ChannelEvent, Envelope, EnvelopeError, EnvelopeKind, EnvelopeVersion, VoipStep,
};
pub use frame::{Call, CallId, CallRet, ClientFrame, Login, LoginGrant, LoginRet, ServerFrame};
pub use invite::{InviteExtra, InviteMsg, VoipContent};
pub use names::{
    Account, AppId, AttrName, ChannelName, MessageId, NameError, SessionLine, SpecialChannel, Uid,
};
pub use push::Push;
pub use reason::Code;
pub use reply::{Failure, Reply};
pub use request::{Request, VoipArgs};
pub use voice::{VoiceError, VoiceMsg, voice_in, with_voice};
