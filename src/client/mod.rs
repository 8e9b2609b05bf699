//! The SDK: signs in, sends, joins, calls, and comes back by itself when the link is lost.
//!
//! | file | layer | what |
//! |---|---|---|
//! | [`core`] | 1 | the client's mind: time and input in, outputs out; no clock, no socket, no task |
//! | [`event`] | 1 | what an application is told |

pub mod core;
pub mod event;
