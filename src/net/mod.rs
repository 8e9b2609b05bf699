//! LAYER 2. What a link needs from the machine. Knows nothing of the hub, of sessions or of who asks.
//!
//! | file | feature | what |
//! |---|---|---|
//! | [`link`] | `client` | a stream and a sink of frames |
//! | [`ws`] | `client` | one over a WebSocket: finds the server and checks who it is |
//! | [`memory`] | `client` | one without a network |
//! | [`trust`] | `client` | whom to believe to be the server |
//! | [`tap`] | `client` | what goes over a link, for whoever wants to see it |
//! | [`mask`] | `client` | hides secrets in what people are shown |
//! | [`tls`] | `server` | who this server is |
//! | [`addresses`] | `server` | the machine's addresses |
//! | [`private`] | `server` | files that are their owner's alone |

#[cfg(feature = "server")]
pub mod addresses;
#[cfg(feature = "client")]
pub mod link;
#[cfg(feature = "client")]
pub mod mask;
#[cfg(feature = "client")]
pub mod memory;
#[cfg(feature = "server")]
pub mod private;
#[cfg(feature = "client")]
pub mod tap;
#[cfg(feature = "server")]
pub mod tls;
#[cfg(feature = "client")]
pub mod trust;
#[cfg(feature = "client")]
pub mod ws;
