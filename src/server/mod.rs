//! LAYER 3. The server: the hub on real sockets and a real disk.
//!
//! The data path, from a socket that has asked for a WebSocket to the hub and back:
//!
//! ```text
//! accept_websocket -> HubHandle::serve_link -> one task a link -> queue of inputs -> driver -> Hub
//!                                 socket <- one task a link <- its outbox <- driver <-'
//!                                                     store (its own thread) <-'
//! ```
//!
//! * [`store::DataDir::take`] claims a data directory, [`store::Store::start`] opens what is kept in it, or
//!   [`store::Store::none`] keeps nothing.
//! * [`driver::start`] runs a hub on it and returns a [`HubHandle`], and a task that ends after
//!   [`HubHandle::drain`] or with the error that stopped the server.
//! * [`accept_websocket`] completes a handshake whose head was read, [`HubHandle::serve_link`] takes it from there.

mod batches;
pub mod clock;
pub mod driver;
mod event;
mod handle;
mod held;
mod link;
mod outbox;
pub mod store;
mod ws;

pub use handle::{HubHandle, ServerStats};
pub use ws::accept_websocket;
