//! The SDK: signs in, sends, joins, calls, and comes back by itself when the link is lost.
//!
//! | file | layer | what |
//! |---|---|---|
//! | [`core`] | 1 | the client's mind: time and input in, outputs out; no clock, no socket, no task |
//! | [`event`] | 1 | what an application is told |
//! | `signal`, `session`, `channel`, `call` | 2 | cheap handles, each method named as the API names it |
//! | `events` | 2 | the queue of events of one session |
//! | [`error`] | 2 | one small error for each operation |
//! | `driver` | 2 | the loop between the core and links |

pub mod core;
pub mod event;

#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod channel;
#[cfg(feature = "client")]
mod driver;
#[cfg(feature = "client")]
pub mod error;
#[cfg(feature = "client")]
mod events;
#[cfg(feature = "client")]
mod handle;
#[cfg(feature = "client")]
mod session;
#[cfg(feature = "client")]
mod signal;

#[cfg(feature = "client")]
pub use call::Call;
#[cfg(feature = "client")]
pub use channel::Channel;
#[cfg(feature = "client")]
pub use events::Events;
#[cfg(feature = "client")]
pub use session::Session;
#[cfg(feature = "client")]
pub use signal::{LogLevel, Signal};
