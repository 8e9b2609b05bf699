//! A link as the client sees it: frames out, frames in, whatever carries them.

use std::pin::Pin;

use futures_util::{Sink, Stream};

use crate::protocol::{AppId, ClientFrame, ServerFrame};

/// A connection to a server: a sink of frames, and a stream of what comes.
pub struct Link {
    /// What is sent. Closing it says goodbye.
    pub outgoing: Outgoing,
    /// What comes. It ends with the link, as a rule after [`Heard::Closed`].
    pub incoming: Incoming,
}

/// Where frames go.
pub type Outgoing = Pin<Box<dyn Sink<ClientFrame, Error = LinkError> + Send>>;
/// Where they come from.
pub type Incoming = Pin<Box<dyn Stream<Item = Heard> + Send>>;

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

/// What comes on a link.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A frame.
    Frame(ServerFrame),
    /// Something that is no frame; the link goes on.
    Unreadable(String),
    /// The link is over, and why.
    Closed(String),
}

/// Why nothing more can be sent.
#[derive(Debug, thiserror::Error)]
#[error("the link is gone: {0}")]
pub struct LinkError(pub String);

/// Why no link could be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection to a host.
    #[error("no connection to {host}: {source}")]
    Connect {
        /// Host and port.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// No connection in time.
    #[error("no connection to {host} in time")]
    Late {
        /// Host and port.
        host: String,
    },
    /// The server did not prove who it is, or TLS failed otherwise.
    #[error("no secure connection to {host}: {source}")]
    Tls {
        /// Host and port.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// What to trust is not usable.
    #[error(transparent)]
    Trust(#[from] super::trust::TrustError),
    /// The server speaks, but not as a WebSocket.
    #[error("{host} does not answer as a signaling server: {reason}")]
    Handshake {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The server that knows the others did not name any.
    #[error("{host} names no server: {reason}")]
    NotFound {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// There is nothing to connect to any more.
    #[error("there is no server")]
    NoServer,
}

/// A link that is about to stand.
pub type Opening<'a> = Pin<Box<dyn Future<Output = Result<Link, OpenError>> + Send + 'a>>;

/// Whatever opens links: a server's address, or a server in the same process.
pub trait Connect: Send + Sync {
    /// Opens a link for an app. Dropping the future gives it up.
    fn connect<'a>(&'a self, app: &'a AppId) -> Opening<'a>;
}
