//! What the system under the window has, each on a thread of its own, since it may let one wait. Knows nothing of the state
//! and of sessions.

pub(super) mod keyring;
